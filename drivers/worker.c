// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker's thread, and the operations by which core/pass.c deals with the kernel and
 * with Xen.
 *
 * At its target the thread sleeps without a timer, unless there is something to tidy up, a
 * grant that it could not prepare for yet, or a statistic that somebody else had locked.
 */
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "core/pass.h"
#include "core/steps.h"
#include "debugfs.h"
#include "driver.h"
#include "events.h"
#include "mem/counters.h"
#include "mem/evacuate.h"
#include "mem/hotplug.h"
#include "mem/isolate.h"
#include "mem/online.h"
#include "mem/pages.h"
#include "mem/press.h"
#include "mem/reserve.h"
#include "mem/watermarks.h"
#include "report.h"
#include "stats.h"
#include "suspend.h"
#include "trace.h"
#include "worker.h"
#include "xen/extents.h"
#include "xen/intree.h"

static struct task_struct *thread;

/* ---- the lock */

static void op_lock(struct hb_guest *g)
{
	hb_lock();
}

static void op_unlock(struct hb_guest *g)
{
	hb_unlock();
}

/* The worker has it for one extent at a time. */
#define TRYLOCK_TRIES 20

static bool op_trylock(struct hb_guest *g)
{
	unsigned int i;

	for (i = 0; i < TRYLOCK_TRIES; i++) {
		if (hb_trylock())
			return true;
		usleep_range(500, 1000);
	}
	return false;
}

/* ---- Xen */

static unsigned long op_populate(struct hb_guest *g, const unsigned long *pfns,
				 unsigned int nr, unsigned int order)
{
	u64 begun = ktime_get_ns();
	unsigned long done = hb_extents_populate(pfns, nr, order);

	hb_assert_locked();
	hb_stats_count_moved(done);
	trace_hb_extent("populate", pfns[0], nr, order, done,
			ktime_get_ns() - begun);
	return done;
}

static bool op_release(struct hb_guest *g, const unsigned long *pfns,
		       unsigned int nr, unsigned int order)
{
	u64 begun = ktime_get_ns();
	bool all = hb_extents_release(pfns, nr, order);
	unsigned long done = all ? (unsigned long)nr << order : 0;

	hb_assert_locked();
	hb_stats_count_moved(done);
	trace_hb_extent("release", pfns[0], nr, order, done,
			ktime_get_ns() - begun);
	return all;
}

static enum hb_frame op_frame(struct hb_guest *g, unsigned long pfn)
{
	hb_assert_locked();
	return hb_extents_frame(pfn);
}

static unsigned int op_reach(struct hb_guest *g, unsigned long *pfns, unsigned int nr)
{
	hb_assert_locked();
	return hb_extents_reach(pfns, nr);
}

static enum hb_cause op_refusal(struct hb_guest *g, unsigned long pages)
{
	hb_assert_locked();
	return hb_extents_refusal(pages);
}

static enum hb_cause op_kept(struct hb_guest *g)
{
	hb_assert_locked();
	return hb_extents_kept();
}

static u64 op_xen_pages(struct hb_guest *g)
{
	hb_assert_locked();
	return hb_extents_current();
}

static bool op_probe(struct hb_guest *g, unsigned long pfn, unsigned int nr)
{
	return hb_extents_probe(pfn, nr);
}

static bool op_superpages(struct hb_guest *g)
{
	return hb_extents_superpages();
}

static bool op_removable(struct hb_guest *g)
{
	return hb_extents_removable();
}

/* ---- struct pages */

static bool op_alloc(struct hb_guest *g, unsigned int order, int node,
		     unsigned long *pfn)
{
	return hb_pages_alloc(order, node, pfn);
}

static void op_node_range(struct hb_guest *g, int node, unsigned long *from,
			  unsigned long *end)
{
	hb_isolate_range(node, from, end);
}

static int op_isolate(struct hb_guest *g, unsigned long pfn, unsigned long nr,
		      bool give, int node)
{
	if (node != HB_ANY_NODE &&
	    (pfn_to_nid(pfn) != node || pfn_to_nid(pfn + nr - 1) != node))
		return -EBUSY;
	return hb_isolate(pfn, nr, give);
}

static bool op_is_free(const void *owner, unsigned long pfn)
{
	hb_assert_locked();
	return hb_pages_is_free_unit(pfn);
}

static void op_put_back(struct hb_guest *g, unsigned long pfn, unsigned long nr)
{
	hb_pages_put_back(pfn, nr);
}

static void op_begin_hold(struct hb_guest *g)
{
	page_offline_begin();
}

static void op_end_hold(struct hb_guest *g)
{
	page_offline_end();
}

static void op_hold(struct hb_guest *g, unsigned long pfn, unsigned long nr)
{
	hb_assert_locked();
	hb_pages_hold(pfn, nr, true);
}

static void op_mark_onlined(struct hb_guest *g, unsigned long pfn,
			    unsigned long nr)
{
	hb_assert_locked();
	mark_pages_onlined(pfn, nr);
}

static void op_strand(struct hb_guest *g, unsigned long pfn)
{
	hb_assert_locked();
	pr_warn_ratelimited("page %#lx cannot be mapped again and stays unused: %lu of this guest's pages are lost until it reboots\n",
			    pfn, g->stranded + 1);
}

static void op_clear(struct hb_guest *g, const unsigned long *pfns,
		     unsigned int nr)
{
	unsigned int i;

	hb_assert_locked();
	for (i = 0; i < nr; i++)
		clear_page(__va(PFN_PHYS(pfns[i])));
}

static bool op_clear_removed(struct hb_guest *g, const unsigned long *pfns,
			     unsigned int nr)
{
	return hb_pages_clear_removed(pfns, nr);
}

static bool op_is_ram(struct hb_guest *g, unsigned long pfn)
{
	hb_assert_locked();
	return page_is_ram(pfn) &&
	       !(hb_intree_foreign_pages() && hb_pages_is_for_grants(pfn));
}

static void op_clear_parked(struct hb_guest *g, unsigned long pfn,
			    unsigned long nr)
{
	hb_assert_locked();
	hb_pages_clear_parked(pfn, nr);
}

/* ---- memory blocks */

static void *op_alloc_books(struct hb_guest *g, size_t bytes)
{
	return kvzalloc(bytes, GFP_KERNEL | __GFP_NOWARN);
}

static void op_free_books(struct hb_guest *g, void *books)
{
	kvfree(books);
}

static bool op_keep_driver(struct hb_guest *g)
{
	return try_module_get(THIS_MODULE);
}

static void op_let_driver_go(struct hb_guest *g)
{
	module_put(THIS_MODULE);
}

static bool op_present(struct hb_guest *g, unsigned long pfn)
{
	hb_assert_locked();
	return pfn_valid(pfn);
}

static int op_add(struct hb_guest *g, unsigned long pfn)
{
	int rc = prepare_online_pages(pfn, g->map.block_pages);

	if (rc)
		pr_warn_ratelimited("cannot add a memory block at %#llx (%d)\n",
				    (u64)PFN_PHYS(pfn), rc);
	return rc;
}

static int op_remove(struct hb_guest *g, unsigned long pfn)
{
	return hb_hotplug_remove(pfn, g->map.block_pages);
}

static int op_set_online(struct hb_guest *g, unsigned long pfn, bool movable)
{
	bool shadow = IS_ENABLED(CONFIG_KASAN_GENERIC);
	int rc;

	/* KASAN's part of what a block costs is due only now. */
	if (shadow)
		hb_reserve_release();
	rc = hb_online_set(pfn, movable ? "online_movable" : "online_kernel");
	if (shadow)
		hb_reserve_complete();
	/* The kernel says nothing. */
	if (rc == -EHWPOISON)
		pr_warn_ratelimited("something in the memory block at %#llx is broken: the kernel keeps it offline\n",
				    (u64)PFN_PHYS(pfn));
	return rc;
}

static int op_set_offline(struct hb_guest *g, unsigned long pfn)
{
	int rc;

	hb_events_begin_long_call();
	rc = hb_online_set(pfn, "offline");
	hb_events_end_long_call();
	return rc;
}

static void op_refill_reserve(struct hb_guest *g, u64 spare)
{
	hb_reserve_refill(spare);
}

static unsigned long op_block_cost(struct hb_guest *g)
{
	return hb_reserve_cost(g->map.block_pages);
}

static void op_let_go(struct hb_guest *g, const struct hb_block *block, bool go)
{
	hb_online_let_go(block, go);
}

static bool op_poisoned(struct hb_guest *g, const struct hb_block *block)
{
	return hb_online_is_poisoned(block);
}

static void op_quarantined(struct hb_guest *g, const struct hb_block *block,
			   enum hb_block_state before, enum hb_block_event event)
{
	hb_assert_locked();
	pr_err("memory block %lu is %s and cannot be told \"%s\": leaving it alone from now on\n",
	       block->start_pfn / g->map.block_pages,
	       hb_block_state_word(before), hb_block_event_word(event));
}

/* ---- surroundings */

static void op_pressure(struct hb_guest *g, struct hb_pressure *pressure)
{
	hb_watermarks_follow();
	hb_watermarks_pressure(pressure, hb_hotplug_node());
}

static void op_swap_room(struct hb_guest *g, struct hb_press_look *look)
{
	hb_counters_swap(look);
}

static void op_press(struct hb_guest *g, u64 pages)
{
	hb_press_out(pages);
}

static u64 op_now_us(struct hb_guest *g)
{
	return ktime_get_boottime_ns() / NSEC_PER_USEC;
}

static u32 op_random(struct hb_guest *g)
{
	return get_random_u32();
}

static unsigned int op_take_news(struct hb_guest *g)
{
	return hb_events_take();
}

static bool op_has_news(struct hb_guest *g)
{
	return hb_events_pending();
}

static bool op_breathe(struct hb_guest *g)
{
	if (freezing(current))
		hb_suspend_freeze(g);
	else
		cond_resched();
	/* Before a kexec the passes run in another thread. */
	return hb_events_is_worker() && kthread_should_stop();
}

static bool op_sync(struct hb_guest *g, u64 populated, u64 *target)
{
	hb_assert_locked();
	return hb_intree_sync(populated, target);
}

static void op_publish(struct hb_guest *g, const struct hb_status *report)
{
	bool rests = report->state == HB_STATE_IDLE || report->state == HB_STATE_WAITING;

	hb_pages_count_held(rests);
	hb_report_publish(report);
	/* The guest may go to sleep now. */
	if (rests)
		hb_stats_look();
}

/* ---- for people who look for faults */

static const char *const cause_word[] = HB_CAUSE_WORDS;

static void op_wrong(struct hb_guest *g, const char *what)
{
	hb_assert_locked();
	WARN_ONCE(1, "hotballoon: %s", what);
}

static void op_stepped(struct hb_guest *g, const struct hb_move *step,
		       const struct hb_outcome *outcome, u64 us)
{
	hb_debugfs_count(step, outcome, us);
	if (outcome->cause != HB_CAUSE_NONE)
		hb_stats_count_failed();
	if (step->kind == HB_STEP_PRESS && step->cause != HB_CAUSE_SWAPPING)
		hb_stats_count_cache_drop();
	if (!trace_hb_step_enabled())
		return;
	hb_lock();
	trace_hb_step(hb_steps[step->kind].word, step->pages, outcome->pages,
		      cause_word[outcome->cause], hb_guest_populated(g),
		      hb_guest_goal(g), us);
	hb_unlock();
}

static void op_rested(struct hb_guest *g, const struct hb_move *last,
		      const struct hb_snapshot *now, u64 ms)
{
	trace_hb_rest(cause_word[last->cause], now->populated, now->target,
		      ms == HB_REST_FOREVER ? -1 : (s64)ms);
}

static void op_drifted(struct hb_guest *g, s64 pages)
{
	if (pages)
		pr_warn_ratelimited("Xen counts %llu pages %s for this guest than it should (someone else took or gave memory)\n",
				    pages < 0 ? -pages : pages,
				    pages < 0 ? "less" : "more");
}

static void op_verified(struct hb_guest *g, u64 surplus, u64 missing)
{
	if (surplus)
		pr_info("gave %llu pages back to Xen that the guest had given away before\n",
			surplus);
	if (missing)
		pr_err("%llu pages had no memory behind them and have lost what was in them\n",
		       missing);
}

const struct hb_ops hb_kernel_ops = {
	.lock = op_lock,
	.unlock = op_unlock,
	.trylock = op_trylock,
	.populate = op_populate,
	.release = op_release,
	.frame = op_frame,
	.reach = op_reach,
	.refusal = op_refusal,
	.kept = op_kept,
	.xen_pages = op_xen_pages,
	.probe = op_probe,
	.superpages = op_superpages,
	.removable = op_removable,
	.alloc = op_alloc,
	.node_range = op_node_range,
	.isolate = op_isolate,
	.is_free = op_is_free,
	.put_back = op_put_back,
	.begin_hold = op_begin_hold,
	.end_hold = op_end_hold,
	.hold = op_hold,
	.mark_onlined = op_mark_onlined,
	.strand = op_strand,
	.clear = op_clear,
	.clear_removed = op_clear_removed,
	.is_ram = op_is_ram,
	.clear_parked = op_clear_parked,
	.alloc_books = op_alloc_books,
	.free_books = op_free_books,
	.keep_driver = op_keep_driver,
	.let_driver_go = op_let_driver_go,
	.present = op_present,
	.add = op_add,
	.remove = op_remove,
	.set_online = op_set_online,
	.set_offline = op_set_offline,
	.refill_reserve = op_refill_reserve,
	.block_cost = op_block_cost,
	.let_go = op_let_go,
	.poisoned = op_poisoned,
	.quarantined = op_quarantined,
	.pressure = op_pressure,
	.swap_room = op_swap_room,
	.press = op_press,
	.now_us = op_now_us,
	.random = op_random,
	.take_news = op_take_news,
	.has_news = op_has_news,
	.breathe = op_breathe,
	.sync = op_sync,
	.publish = op_publish,
	.wrong = op_wrong,
	.stepped = op_stepped,
	.rested = op_rested,
	.drifted = op_drifted,
	.verified = op_verified,
};

/* ---- the thread */

/* So soon the kernel's statistics are tried again, where somebody had them locked. */
#define SYNC_MS 1000ULL

static bool is_called(void)
{
	return hb_events_pending() || kthread_should_stop() || freezing(current) ||
	       signal_pending(current);
}

/* Until the next pass is due: for the kernel's statistics none is run before. */
static void rest(u64 ms)
{
	while (hb_intree_is_behind() && ms > SYNC_MS && !is_called()) {
		hb_events_sleep(SYNC_MS);
		hb_lock();
		hb_intree_catch_up();
		hb_unlock();
		if (ms != HB_REST_FOREVER)
			ms -= SYNC_MS;
	}
	hb_events_sleep(ms);
}

static int worker_thread(void *unused)
{
	unsigned int flags;

	set_freezable();
	/* The driver's own, not anybody's: see events.c. */
	allow_kernel_signal(SIGINT);
	/* Freeing memory for what it allocates, it would wait for disks, which may hang. */
	flags = memalloc_noio_save();
	while (!kthread_should_stop()) {
		hb_evacuate_look();
		rest(hb_pass_run(&hb.guest));
	}
	memalloc_noio_restore(flags);
	return 0;
}

int hb_worker_start(void)
{
	struct task_struct *task = kthread_create(worker_thread, NULL,
						  "hotballoon");

	if (IS_ERR(task))
		return PTR_ERR(task);
	thread = task;
	hb_events_set_worker(task);
	wake_up_process(task);
	return 0;
}

void hb_worker_stop(void)
{
	if (!thread)
		return;
	kthread_stop(thread);
	hb_events_set_worker(NULL);
	thread = NULL;
}
