// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/wait.h>

#include <xen/balloon.h>
#include <xen/xenbus.h>

#include "../core/ops.h"
#include "../events.h"
#include "../symbols.h"
#include "intree.h"

/* How long its watch may take to appear: xenstore connects early in the boot. */
#define WATCH_WAIT_MS	30000
#define WATCH_POLL_MS	20

/* So often its thread and watch are given back, while there is no memory or no xenstored. */
#define RETURN_TRIES	5
#define RETURN_PAUSE_MS	20

static struct {
	bool present;
	bool had_callback;
	/* Resolved by name; see drivers/xen/balloon.c and xen-balloon.c. */
	online_page_callback_t online_page;
	int (*thread)(void *unused);
	/* Guards balloon_stats but .target_pages; held while memory is freed, which may hang. */
	struct mutex *mutex;
	wait_queue_head_t *wait;	/* woken when somebody sets its target */
	struct xenbus_watch *watch;

	struct wait_queue_entry listener;
	/* populated - balloon_stats.current_pages: pages it never knew of */
	s64 offset;
	unsigned long current_pages;	/* what balloon_stats.current_pages shall be, */
	bool behind;			/* and is not yet */
	unsigned long target_seen;	/* balloon_stats.target_pages as we left it */
} intree;

bool hb_intree_present(void)
{
	return intree.present;
}

unsigned long hb_intree_stock(void)
{
	return READ_ONCE(balloon_stats.balloon_low) +
	       READ_ONCE(balloon_stats.balloon_high);
}

unsigned long hb_intree_foreign_pages(void)
{
	return intree.present ? balloon_stats.target_unpopulated : 0;
}

static void *need_symbol(const char *name)
{
	void *address = hb_symbol(name);

	if (!address)
		pr_err("the kernel's own balloon driver is active and cannot be taken over: no symbol %s (CONFIG_KPROBES, CONFIG_KALLSYMS_ALL); boot with initcall_blacklist=balloon_init to leave it out\n",
		       name);
	return address;
}

static int resolve(void)
{
	intree.thread = need_symbol("balloon_thread");
	intree.mutex = need_symbol("balloon_mutex");
	intree.wait = need_symbol("balloon_thread_wq");
	intree.watch = need_symbol("target_watch");
	/* Not there in kernels without CONFIG_XEN_BALLOON_MEMORY_HOTPLUG. */
	intree.online_page = hb_symbol("xen_online_page");
	if (!intree.thread || !intree.mutex || !intree.wait || !intree.watch)
		return -EOPNOTSUPP;
	if (!intree.watch->node || strcmp(intree.watch->node, HB_KEY_TARGET)) {
		pr_err("the kernel's target_watch is not the balloon driver's: boot with initcall_blacklist=balloon_init\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * Unregistering a watch that is not registered would be a BUG in the kernel.  It is
 * registered once xenstore is there; a list entry that is poisoned was taken out of the
 * list: by an earlier load, which could not put it back.
 */
static bool watch_is_registered(void)
{
	const struct list_head *next = READ_ONCE(intree.watch->list.next);

	return next && next != LIST_POISON1;
}

static bool watch_was_lost(void)
{
	return READ_ONCE(intree.watch->list.next) == LIST_POISON1;
}

static int take_watch(void)
{
	unsigned int waited;

	for (waited = 0; !READ_ONCE(intree.watch->list.next);
	     waited += WATCH_POLL_MS) {
		if (waited >= WATCH_WAIT_MS) {
			pr_err("the kernel's balloon driver has no watch on %s after %u s: is xenstore running?\n",
			       HB_KEY_TARGET, WATCH_WAIT_MS / 1000);
			return -ETIMEDOUT;
		}
		if (msleep_interruptible(WATCH_POLL_MS))
			return -EINTR;
	}
	if (watch_is_registered())
		unregister_xenbus_watch(intree.watch);
	return 0;
}

/* It fires at once: the thread goes on to the current target. */
static void return_watch(void)
{
	unsigned int tries;

	for (tries = 0; tries < RETURN_TRIES; tries++) {
		if (!register_xenbus_watch(intree.watch))
			return;
		msleep(RETURN_PAUSE_MS);
	}
	pr_err("cannot give the kernel's balloon driver its watch on %s back: this guest does not follow its target until hotballoon is loaded\n",
	       HB_KEY_TARGET);
}

/* Kernel threads by what they run, or without @function by the name that it gives its. */
static struct task_struct *find_thread(int (*function)(void *unused))
{
	struct task_struct *task, *found = NULL;

	rcu_read_lock();
	for_each_process(task) {
		if (!(task->flags & PF_KTHREAD))
			continue;
		if (function ? kthread_func(task) != (void *)function :
			       strcmp(task->comm, "xen-balloon"))
			continue;
		get_task_struct(task);
		found = task;
		break;
	}
	rcu_read_unlock();
	return found;
}

static bool has_thread(void)
{
	int (*function)(void *unused) = hb_symbol("balloon_thread");
	struct task_struct *task = find_thread(function);

	if (task)
		put_task_struct(task);
	return task;
}

/*
 * It is there if its thread is, or its watch, or an earlier load could not give the watch
 * back; that nobody has the online callback says nothing, it may be built without.
 */
static bool is_active(void)
{
	intree.watch = hb_symbol("target_watch");
	if (has_thread())
		return true;
	return intree.watch && (watch_is_registered() || watch_was_lost());
}

/* Ends after the batch that it may be in: its loop looks before each. */
static void retire_thread(void)
{
	struct task_struct *task = find_thread(intree.thread);

	if (!task) {
		pr_info("the kernel's balloon thread is not running\n");
		return;
	}
	kthread_stop(task);
	put_task_struct(task);
}

static void resume_thread(void)
{
	struct task_struct *task;
	unsigned int tries;

	for (tries = 0; tries < RETURN_TRIES; tries++) {
		task = kthread_run(intree.thread, NULL, "xen-balloon");
		if (!IS_ERR(task))
			return;
		msleep(RETURN_PAUSE_MS);
	}
	pr_err("cannot start the kernel's balloon thread again (%ld): this guest cannot balloon until hotballoon is loaded\n",
	       PTR_ERR(task));
}

/*
 * Runs in whatever context woke its thread.  Only a write of a target is news:
 * memory going online wakes it too.
 */
static int target_written(struct wait_queue_entry *entry, unsigned int mode,
			  int flags, void *key)
{
	if (READ_ONCE(balloon_stats.target_pages) != READ_ONCE(intree.target_seen))
		hb_events_raise(HB_NEWS_LOOK);
	return 0;
}

static void listen(void)
{
	intree.target_seen = READ_ONCE(balloon_stats.target_pages);
	init_waitqueue_func_entry(&intree.listener, target_written);
	add_wait_queue(intree.wait, &intree.listener);
}

/* Set ours; what was there before is put back by hb_intree_give_callback(). */
static int take_callback(online_page_callback_t online_page)
{
	int rc;

	intree.had_callback = intree.online_page &&
			      !restore_online_page_callback(intree.online_page);
	rc = set_online_page_callback(online_page);
	if (!rc)
		return 0;
	pr_err("the online-page callback belongs to neither the kernel's balloon driver nor anybody known: another hotplug driver is loaded\n");
	if (intree.had_callback &&
	    set_online_page_callback(intree.online_page))
		pr_err("cannot give the kernel's balloon driver its callback back\n");
	return -EBUSY;
}

void hb_intree_give_callback(online_page_callback_t online_page)
{
	if (restore_online_page_callback(online_page))
		pr_warn("the online-page callback was not ours any more\n");
	if (intree.had_callback &&
	    set_online_page_callback(intree.online_page))
		pr_err("cannot give the kernel's balloon driver its callback back\n");
}

int hb_intree_attach(online_page_callback_t online_page)
{
	int rc = 0;

	intree.online_page = NULL;
	intree.present = is_active();
	if (intree.present)
		rc = resolve() ?: take_watch();
	if (rc)
		goto absent;
	rc = take_callback(online_page);
	if (rc) {
		if (intree.present)
			return_watch();
		goto absent;
	}
	if (intree.present) {
		retire_thread();
		listen();
	}
	return 0;
absent:
	intree.present = false;
	return rc;
}

void hb_intree_detach(void)
{
	if (!intree.present)
		return;
	remove_wait_queue(intree.wait, &intree.listener);
	resume_thread();
	return_watch();
	intree.present = false;
}

/* Never asks for more than it has: it would balloon out memory to serve that. */
unsigned int hb_intree_adopt(struct page **pages, unsigned int max)
{
	unsigned int nr = min_t(unsigned long, hb_intree_stock(), max);

	if (!nr || xen_alloc_ballooned_pages(nr, pages))
		return 0;
	/*
	 * It now believes that somebody will map foreign frames there, and
	 * would hot-add memory to make up for them.
	 */
	mutex_lock(intree.mutex);
	balloon_stats.target_unpopulated -= nr;
	mutex_unlock(intree.mutex);
	return nr;
}

void hb_intree_return(struct page **pages, unsigned int nr)
{
	mutex_lock(intree.mutex);
	balloon_stats.target_unpopulated += nr;
	mutex_unlock(intree.mutex);
	xen_free_ballooned_pages(nr, pages);
}

void hb_intree_calibrate(u64 populated)
{
	if (intree.present)
		intree.offset = populated - balloon_stats.current_pages;
}

/* Whoever has the mutex may have it for as long as a disk takes: it is tried again later. */
static void write_current(unsigned long pages)
{
	bool free = mutex_trylock(intree.mutex);

	intree.current_pages = pages;
	WRITE_ONCE(intree.behind, !free);
	if (!free)
		return;
	balloon_stats.current_pages = pages;
	mutex_unlock(intree.mutex);
}

bool hb_intree_sync(u64 populated, u64 *target)
{
	unsigned long wish = max_t(s64, *target - intree.offset, 0);
	unsigned long seen = intree.target_seen;
	unsigned long found;

	if (!intree.present)
		return false;
	write_current(populated - intree.offset);

	/* .target_pages is written without the mutex, also by its sysfs file. */
	found = cmpxchg(&balloon_stats.target_pages, seen, wish);
	if (found == seen) {
		WRITE_ONCE(intree.target_seen, wish);
		return false;
	}
	WRITE_ONCE(intree.target_seen, found);
	*target = max_t(s64, found + intree.offset, 0);
	return true;
}

bool hb_intree_is_behind(void)
{
	return READ_ONCE(intree.behind);
}

void hb_intree_catch_up(void)
{
	if (intree.behind)
		write_current(intree.current_pages);
}

void hb_intree_settle(u64 populated)
{
	mutex_lock(intree.mutex);
	balloon_stats.current_pages = populated - intree.offset;
	intree.behind = false;
	mutex_unlock(intree.mutex);
}
