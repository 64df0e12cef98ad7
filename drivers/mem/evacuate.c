// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "../core/stuck.h"
#include "../driver.h"
#include "../events.h"
#include "evacuate.h"
#include "pages.h"

/*
 * A disk under load answers within a second, and copying a unit takes less than a
 * millisecond, or ten where the host is overcommitted.
 */
#define LIMIT_MS	2000
#define LIMIT_UNIT_MS	10
/* Most take less, and as much a unit: no reference keeps the module for these. */
#define USUAL_MS	50

/* Each has a thread, and a range that the guest cannot use until it comes back. */
#define MOST_LATE	8

enum job_state {
	JOB_READY,	/* its thread waits for work */
	JOB_ASKED,	/* the worker waits for it */
	JOB_DONE,	/* the worker fetches its outcome */
	JOB_LATE,	/* nobody waits any more; it has a reference on the module */
};

/* What a thread does for the worker; the lock guards it. */
struct job {
	struct list_head late;
	enum job_state state;
	unsigned long pfn, nr;
	int rc;
	unsigned long begun;	/* jiffies */
	struct task_struct *thread;
};

static DEFINE_SPINLOCK(jobs_lock);	/* a timer takes it, too: with softirqs off */
static LIST_HEAD(late_jobs);	/* the oldest first */
static unsigned int nr_late;
static DECLARE_WAIT_QUEUE_HEAD(job_wait);
static struct job *current_job;	/* the worker's own; NULL after one was late */

/* A page that waited and was not touched: how long, under the lock, and which, the worker's. */
static struct hb_stuck stuck;
static unsigned long stuck_pfn;

static bool is_in(const struct job *job, enum job_state state)
{
	return READ_ONCE(job->state) == state;
}

/* ---- a thread */

/* Return: whether somebody waits for the outcome. */
static bool deliver(struct job *job, int rc)
{
	bool wanted;

	spin_lock_bh(&jobs_lock);
	wanted = job->state == JOB_ASKED;
	if (wanted) {
		job->rc = rc;
		job->state = JOB_DONE;
	} else {
		list_del(&job->late);
		nr_late--;
	}
	spin_unlock_bh(&jobs_lock);
	return wanted;
}

/* Nobody else knows of the job any more.  This code stays until the thread has left it. */
static void __noreturn end_late(struct job *job, int rc)
{
	if (!rc)
		hb_pages_put_back(job->pfn, job->nr);
	pr_info("nothing waits at %#llx any more, after %lu s\n",
		(u64)PFN_PHYS(job->pfn), (jiffies - job->begun) / HZ);
	kfree(job);
	hb_events_raise(HB_NEWS_LOOK);
	module_put_and_kthread_exit(0);
}

/* Once it is delivered, the job is the worker's again. */
static void do_job(struct job *job)
{
	int rc = hb_compat_alloc_contig_range(job->pfn, job->pfn + job->nr,
					      GFP_KERNEL | __GFP_NOWARN);

	if (!deliver(job, rc))
		end_late(job, rc);
	wake_up_all(&job_wait);
}

static int job_thread(void *data)
{
	struct job *job = data;

	while (!kthread_should_stop()) {
		wait_event_interruptible(job_wait, is_in(job, JOB_ASKED) ||
					 kthread_should_stop());
		if (is_in(job, JOB_ASKED))
			do_job(job);
	}
	return 0;
}

/* One that is late has the thread for as long as it takes: the next needs another. */
static int make_job(void)
{
	struct job *job = kzalloc(sizeof(*job), GFP_KERNEL);
	struct task_struct *task;

	if (!job)
		return -ENOMEM;
	task = kthread_create(job_thread, job, "hotballoon_evac");
	if (IS_ERR(task)) {
		kfree(job);
		return -ENOMEM;
	}
	job->thread = task;
	current_job = job;
	wake_up_process(task);
	return 0;
}

int hb_evacuate_start(void)
{
	return make_job();
}

/* What is late keeps the module, and nobody gets here. */
void hb_evacuate_stop(void)
{
	if (!current_job)
		return;
	kthread_stop(current_job->thread);
	kfree(current_job);
	current_job = NULL;
}

/* ---- the worker */

static u64 now_ms(void)
{
	return ktime_get_boottime_ns() / NSEC_PER_MSEC;
}

/* Whoever moves a page waits until it is unlocked and written. */
static bool waits(const struct page *page)
{
	return hb_compat_page_flags(page) & (BIT(PG_locked) | BIT(PG_writeback));
}

/* Return: the first page of the range that waits, or where it ends. */
static unsigned long first_that_waits(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	while (pfn < end && !waits(pfn_to_page(pfn)))
		pfn++;
	return pfn;
}

/* Blocks go by the worker's hand only: a page that is there stays until it was looked at. */
static bool look_once(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);
	bool more;

	spin_lock_bh(&jobs_lock);
	more = hb_stuck_look(&stuck, page && waits(page), now_ms());
	spin_unlock_bh(&jobs_lock);
	return more;
}

/* Sleeps, but no more than once a second for about a twentieth of one: idle, as for no disk. */
static void look_at(unsigned long pfn)
{
	while (look_once(pfn))
		usleep_range_state(HB_STUCK_MOMENT_US, 2 * HB_STUCK_MOMENT_US, TASK_IDLE);
}

void hb_evacuate_look(void)
{
	if (stuck.looks)
		look_at(stuck_pfn);
}

/* The page that has been waiting for longest stays the one that is looked at. */
static void go_round(unsigned long pfn)
{
	hb_evacuate_look();
	if (stuck.looks)
		return;
	stuck_pfn = pfn;
	look_at(pfn);
}

static bool all_free(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	if ((pfn | nr) % HB_UNIT_PAGES)
		return false;
	for (; pfn < end; pfn += HB_UNIT_PAGES)
		if (!hb_pages_is_free_unit(pfn))
			return false;
	return true;
}

/*
 * With too many late only what is free is taken: nothing moves for it, so nothing waits.
 * Return: 0 if there is a thread for the range.
 */
static int prepare(unsigned long pfn, unsigned long nr)
{
	if (READ_ONCE(nr_late) >= MOST_LATE && !all_free(pfn, nr))
		return -EBUSY;
	return current_job ? 0 : make_job();
}

static void ask(struct job *job, unsigned long pfn, unsigned long nr)
{
	spin_lock_bh(&jobs_lock);
	job->pfn = pfn;
	job->nr = nr;
	job->begun = jiffies;
	job->state = JOB_ASKED;
	spin_unlock_bh(&jobs_lock);
	wake_up_all(&job_wait);
}

/*
 * The worker will not wait any longer: the thread has the worker's reference on the module from
 * now on, and nobody else knows of the job.  Return: false if the outcome is there after all.
 */
static bool leave(struct job *job)
{
	bool done;

	spin_lock_bh(&jobs_lock);
	done = job->state == JOB_DONE;
	if (!done) {
		job->state = JOB_LATE;
		list_add_tail(&job->late, &late_jobs);
		nr_late++;
	}
	spin_unlock_bh(&jobs_lock);
	if (!done)
		current_job = NULL;
	return !done;
}

static bool is_done_within(struct job *job, unsigned long ms)
{
	return wait_event_timeout(job_wait, is_in(job, JOB_DONE), msecs_to_jiffies(ms));
}

/*
 * What takes longer than usual keeps the module.  Unloading that begins before has to wait: a
 * thread may be in the module's code for as long as the disk takes, and nobody can keep a module
 * that is about to go.  Return: whether the outcome is there.
 */
static bool wait_for_outcome(struct job *job)
{
	unsigned long units_ms = job->nr / HB_UNIT_PAGES * LIMIT_UNIT_MS;

	if (is_done_within(job, USUAL_MS + units_ms))
		return true;
	if (!try_module_get(THIS_MODULE)) {
		wait_event(job_wait, is_in(job, JOB_DONE));
		return true;
	}
	if (!is_done_within(job, LIMIT_MS) && leave(job))
		return false;
	module_put(THIS_MODULE);
	return true;
}

int hb_evacuate(unsigned long pfn, unsigned long nr)
{
	unsigned long busy = first_that_waits(pfn, nr);
	struct job *job;
	int rc;

	if (busy < pfn + nr) {
		go_round(busy);
		return -EBUSY;
	}
	/* What begins after this look is what the thread is for. */
	rc = prepare(pfn, nr);
	if (rc)
		return rc;
	job = current_job;
	ask(job, pfn, nr);
	if (!wait_for_outcome(job)) {
		pr_info("memory at %#llx cannot be moved: something waits there, for a disk or a lock; going round it\n",
			(u64)PFN_PHYS(pfn));
		return -EBUSY;
	}
	spin_lock_bh(&jobs_lock);
	rc = job->rc;
	job->state = JOB_READY;
	spin_unlock_bh(&jobs_lock);
	return rc;
}

bool hb_evacuate_is_late(void)
{
	return READ_ONCE(nr_late);
}

unsigned long hb_evacuate_stuck_seconds(void)
{
	unsigned long seconds;
	struct job *job;

	spin_lock_bh(&jobs_lock);
	seconds = hb_stuck_seconds(&stuck, now_ms());
	job = list_first_entry_or_null(&late_jobs, struct job, late);
	if (job)
		seconds = max3((jiffies - job->begun) / HZ, seconds, 1UL);
	spin_unlock_bh(&jobs_lock);
	return seconds;
}
