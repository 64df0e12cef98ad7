// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

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

enum job_state {
	JOB_NONE,
	JOB_ASKED,	/* the worker waits for it */
	JOB_DONE,	/* the worker fetches its outcome */
	JOB_LATE,	/* nobody waits any more; the module has a reference */
};

/* What the worker asks of the thread; the lock guards it. */
static struct {
	spinlock_t lock;
	enum job_state state;
	unsigned long pfn, nr;
	int rc;
	unsigned long begun;	/* jiffies */
} job = { .lock = __SPIN_LOCK_UNLOCKED(job.lock) };

static DECLARE_WAIT_QUEUE_HEAD(job_wait);
static struct task_struct *thread;

static enum job_state job_state(void)
{
	return READ_ONCE(job.state);
}

/* ---- the thread */

/* Return: whether somebody waits for the outcome. */
static bool deliver(int rc)
{
	bool wanted;

	spin_lock(&job.lock);
	wanted = job.state == JOB_ASKED;
	job.rc = rc;
	job.state = wanted ? JOB_DONE : JOB_NONE;
	spin_unlock(&job.lock);
	return wanted;
}

/* Once it is delivered, the next one may be asked for: what is needed of it is kept. */
static void do_job(void)
{
	unsigned long pfn = job.pfn, nr = job.nr, begun = job.begun;
	int rc = hb_compat_alloc_contig_range(pfn, pfn + nr,
					      GFP_KERNEL | __GFP_NOWARN);

	if (deliver(rc)) {
		wake_up_all(&job_wait);
		return;
	}
	if (!rc)
		hb_pages_put_back(pfn, nr);
	pr_info("nothing waits at %#llx any more, after %lu s\n",
		(u64)PFN_PHYS(pfn), (jiffies - begun) / HZ);
	hb_events_raise(HB_NEWS_LOOK);
	/* This code stays: who unloads the module waits for the thread to end. */
	module_put(THIS_MODULE);
}

static bool asked_or_ends(void)
{
	return job_state() == JOB_ASKED || kthread_should_stop();
}

static int evacuate_thread(void *unused)
{
	while (!kthread_should_stop()) {
		wait_event_interruptible(job_wait, asked_or_ends());
		if (job_state() == JOB_ASKED)
			do_job();
	}
	return 0;
}

int hb_evacuate_start(void)
{
	struct task_struct *task = kthread_run(evacuate_thread, NULL,
					       "hotballoon_evac");

	if (IS_ERR(task))
		return PTR_ERR(task);
	thread = task;
	return 0;
}

void hb_evacuate_stop(void)
{
	kthread_stop(thread);
	thread = NULL;
}

/* ---- the worker */

/* Is it written now, or read?  Of a large page the first one says so. */
static bool has_io(const struct page *page)
{
	const unsigned long read = BIT(PG_locked) | BIT(PG_uptodate);
	unsigned long flags = hb_compat_page_flags(page);

	return flags & BIT(PG_writeback) || (flags & read) == BIT(PG_locked);
}

/*
 * The kernel would wait for such pages.  What begins after this look is what the thread
 * is for.
 */
static bool any_has_io(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	for (; pfn < end; pfn++)
		if (has_io(pfn_to_page(pfn)))
			return true;
	return false;
}

/* Return: whether no other is under way. */
static bool ask(unsigned long pfn, unsigned long nr)
{
	bool none;

	spin_lock(&job.lock);
	none = job.state == JOB_NONE;
	if (none) {
		job.pfn = pfn;
		job.nr = nr;
		job.begun = jiffies;
		job.state = JOB_ASKED;
	}
	spin_unlock(&job.lock);
	return none;
}

/*
 * The worker will not wait any longer.  Not while the module is about to go, when nobody
 * could keep it here.  Return: whether the outcome is there after all.
 */
static bool give_up(void)
{
	bool done;

	if (!try_module_get(THIS_MODULE)) {
		wait_event(job_wait, job_state() == JOB_DONE);
		return true;
	}
	spin_lock(&job.lock);
	done = job.state == JOB_DONE;
	if (!done)
		job.state = JOB_LATE;
	spin_unlock(&job.lock);
	if (done)
		module_put(THIS_MODULE);
	return done;
}

static bool wait_for_outcome(unsigned long nr)
{
	unsigned long limit = LIMIT_MS + nr / HB_UNIT_PAGES * LIMIT_UNIT_MS;

	return wait_event_timeout(job_wait, job_state() == JOB_DONE,
				  msecs_to_jiffies(limit));
}

int hb_evacuate(unsigned long pfn, unsigned long nr)
{
	int rc;

	if (any_has_io(pfn, nr) || !ask(pfn, nr))
		return -EBUSY;
	wake_up_all(&job_wait);
	if (!wait_for_outcome(nr) && !give_up()) {
		pr_info("memory at %#llx cannot be moved: something waits there for a disk; going round it\n",
			(u64)PFN_PHYS(pfn));
		return -EBUSY;
	}
	spin_lock(&job.lock);
	rc = job.rc;
	job.state = JOB_NONE;
	spin_unlock(&job.lock);
	return rc;
}

unsigned long hb_evacuate_stuck_seconds(void)
{
	unsigned long seconds = (jiffies - READ_ONCE(job.begun)) / HZ;

	return job_state() == JOB_LATE ? max(seconds, 1UL) : 0;
}
