// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker: snapshot, plan, one bounded step, account, and again.
 *
 * A pass ends at the target or when nothing more can be done now; then the
 * worker sleeps until an event, or until the cause's back-off is over.  At its
 * target it sleeps without a timer.
 */
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/timer.h>
#include <linux/wait.h>

#include "core/backoff.h"
#include "driver.h"
#include "mem/hotplug.h"
#include "mem/isolate.h"
#include "mem/pages.h"
#include "mem/reserve.h"
#include "mem/watermarks.h"
#include "xen/bus.h"
#include "xen/extents.h"
#include "xen/intree.h"

static struct {
	struct task_struct *task;
	struct hb_pass pass;
	struct hb_backoff backoff;
	unsigned long patient_until;	/* jiffies */
	u64 spare;			/* pages the guest could give at the last look */
} worker;

static DECLARE_WAIT_QUEUE_HEAD(worker_wait);
static atomic_t worker_events;

static DEFINE_SPINLOCK(report_lock);
static struct hb_report report;		/* protected by report_lock */

/* A kernel call that may take long gets this long, and is tried again later. */
#define LONG_CALL_MS 2000

static DEFINE_SPINLOCK(long_call_lock);
static bool in_long_call;		/* protected by long_call_lock */

/* Taken from any context, with interrupts off or on. */
static void interrupt_long_call(void)
{
	unsigned long flags;

	spin_lock_irqsave(&long_call_lock, flags);
	if (in_long_call)
		send_sig(SIGINT, worker.task, 1);
	spin_unlock_irqrestore(&long_call_lock, flags);
}

static void long_call_timeout(struct timer_list *unused)
{
	interrupt_long_call();
}

static DEFINE_TIMER(long_call_timer, long_call_timeout);

static void set_in_long_call(bool in)
{
	unsigned long flags;

	spin_lock_irqsave(&long_call_lock, flags);
	in_long_call = in;
	spin_unlock_irqrestore(&long_call_lock, flags);
}

void hb_worker_begin_long_call(void)
{
	set_in_long_call(true);
	mod_timer(&long_call_timer, jiffies + msecs_to_jiffies(LONG_CALL_MS));
	/* What came before nobody would tell again. */
	if (atomic_read(&worker_events))
		interrupt_long_call();
}

void hb_worker_end_long_call(void)
{
	set_in_long_call(false);
	del_timer_sync(&long_call_timer);
	flush_signals(current);
}

bool hb_worker_is_current(void)
{
	return current == READ_ONCE(worker.task);
}

void hb_worker_wake(void)
{
	atomic_set(&worker_events, 1);
	wake_up(&worker_wait);
	interrupt_long_call();
}

void hb_report_get(struct hb_report *copy)
{
	spin_lock(&report_lock);
	*copy = report;
	spin_unlock(&report_lock);
}

static void publish(const struct hb_report *now)
{
	bool changed;

	spin_lock(&report_lock);
	changed = memcmp(&report, now, sizeof(report));
	report = *now;
	spin_unlock(&report_lock);
	if (changed)
		hb_bus_report();
}

u64 hb_ceiling(void)
{
	return hb.ledger.capacity +
	       (u64)hb_hotplug_blocks_left() * hb.map.block_pages;
}

/* Caller holds hb.lock. */
static u64 target_pages(void)
{
	return hb.target.valid ? hb.target.pages :
				 hb_ledger_populated(&hb.ledger);
}

static void take_snapshot(struct hb_snapshot *now)
{
	struct hb_floor_input pressure;

	hb_watermarks_follow();
	hb_watermarks_pressure(&pressure);
	mutex_lock(&hb.lock);
	now->target = target_pages();
	now->populated = hb_ledger_populated(&hb.ledger);
	now->usable_held = hb.map.usable_held;
	now->usable_empty_units = hb.map.usable_empty_units;
	now->boot_empty_units = hb.map.boot_empty_units;
	now->boot_held = hb.map.boot_held;
	/* PV guests' memory is mapped page by page whatever one does. */
	now->mendable_units = hb_extents_superpages() ?
			      hb.map.mendable_units : 0;
	now->parked_plugged = hb.map.parked_plugged;
	now->added_plugged = hb.map.added_plugged;
	now->added_movable = hb.map.added_movable;
	now->retirable = hb.map.empty_online +
			 (hb_extents_removable() ? hb.map.empty_offline : 0);
	now->added_offline = hb.map.added_offline;
	now->blocks_left = hb_hotplug_blocks_left();
	now->unsettled = !hb.ledger.settled;
	now->hotplug_busy = hb.map.in_transition;
	mutex_unlock(&hb.lock);
	now->floor = hb_floor_compute(&pressure);
	now->patient = time_before(jiffies, worker.patient_until);
	worker.spare = now->floor.take_boot;
}

static struct hb_outcome carry_out(const struct hb_step *step)
{
	switch (step->kind) {
	case HB_STEP_GROW_UNITS:
		return hb_pages_grow_units(step->pages);
	case HB_STEP_GROW_PAGES:
		return hb_pages_grow_singles(step->pages);
	case HB_STEP_ONLINE_BLOCK:
		return hb_hotplug_online_block();
	case HB_STEP_ADD_BLOCK:
		return hb_hotplug_add_block(step->pages);
	case HB_STEP_SHRINK_PARKED:
		return hb_pages_shrink_parked(step->pages);
	case HB_STEP_SHRINK_ADDED:
		return hb_isolate_shrink_added(step);
	case HB_STEP_SHRINK_UNITS:
		return hb_pages_shrink_units(step->pages);
	case HB_STEP_SHRINK_BOOT:
		return hb_isolate_shrink_boot(step->pages);
	case HB_STEP_SHRINK_PAGES:
		return hb_pages_shrink_singles(step->pages);
	case HB_STEP_RETIRE_BLOCK:
		return hb_hotplug_retire_block();
	case HB_STEP_MEND_UNIT:
		return hb_isolate_mend_unit();
	default:
		return (struct hb_outcome){ 0 };
	}
}

/* Compare with Xen, keep the built-in driver's statistics true. */
static void account(void)
{
	enum hb_ledger_verdict verdict;
	u64 populated, target;
	bool written;

	mutex_lock(&hb.lock);
	populated = hb_ledger_populated(&hb.ledger);
	target = target_pages();
	verdict = hb_ledger_compare(&hb.ledger, hb_extents_current(),
				    hb.target.valid && populated <= target);
	written = hb_intree_sync(populated, &target);
	if (written)
		hb_target_set(&hb.target, target);
	mutex_unlock(&hb.lock);

	if (verdict == HB_LEDGER_DRIFTED)
		pr_warn_ratelimited("Xen counts %lld pages more for this guest than it should (someone else took or gave memory)\n",
				    hb.ledger.drift);
	if (written)
		atomic_set(&worker_events, 1);
}

static enum hb_state state_of(const struct hb_step *step)
{
	switch (step->kind) {
	case HB_STEP_NONE:
		return step->cause ? HB_STATE_WAITING : HB_STATE_IDLE;
	case HB_STEP_SHRINK_PARKED:
	case HB_STEP_SHRINK_ADDED:
	case HB_STEP_SHRINK_UNITS:
	case HB_STEP_SHRINK_BOOT:
	case HB_STEP_SHRINK_PAGES:
	case HB_STEP_RETIRE_BLOCK:
		return HB_STATE_SHRINKING;
	default:
		return HB_STATE_GROWING;
	}
}

static void report_step(const struct hb_step *step,
			const struct hb_snapshot *now)
{
	struct hb_report fresh = { .state = state_of(step),
				   .cause = step->cause };
	u64 take = min(now->floor.take_boot, now->populated);

	mutex_lock(&hb.lock);
	if (hb.target.bad[0])
		fresh.cause = HB_CAUSE_BAD_TARGET;
	fresh.current_kib = hb_ledger_populated(&hb.ledger) * HB_PAGE_KIB;
	fresh.goal_kib = target_pages() * HB_PAGE_KIB;
	fresh.max_kib = hb_ceiling() * HB_PAGE_KIB;
	mutex_unlock(&hb.lock);
	if (step->cause == HB_CAUSE_GUEST_FLOOR)
		fresh.floor_kib = (now->populated - take) * HB_PAGE_KIB;
	publish(&fresh);
}

static void begin_pass(void)
{
	hb_pass_begin(&worker.pass);
	mutex_lock(&hb.lock);
	hb_blockmap_clear_busy(&hb.map);
	mutex_unlock(&hb.lock);
}

/* Steps until the plan has no more; returns the one that ended it. */
static struct hb_step run_pass(void)
{
	struct hb_outcome outcome;
	struct hb_snapshot now;
	struct hb_step step;
	ktime_t begun;

	begin_pass();
	for (;;) {
		account();
		if (atomic_xchg(&worker_events, 0)) {
			hb_backoff_reset(&worker.backoff);
			worker.patient_until = jiffies +
					       HB_PATIENCE_SECONDS * HZ;
			begin_pass();
		}
		take_snapshot(&now);
		step = hb_plan(&now, &worker.pass);
		report_step(&step, &now);
		if (step.kind == HB_STEP_NONE || kthread_should_stop())
			return step;
		if (freezing(current))
			try_to_freeze();
		else
			cond_resched();
		begun = ktime_get();
		outcome = carry_out(&step);
		hb_debugfs_count(&step, &outcome,
				 ktime_us_delta(ktime_get(), begun));
		hb_pass_note(&worker.pass, &step, &outcome);
	}
}

static long sleep_after(const struct hb_step *step)
{
	unsigned int ms;

	if (!step->cause && !step->tidy_later) {
		hb_backoff_reset(&worker.backoff);
		return MAX_SCHEDULE_TIMEOUT;
	}
	if (step->only_event)
		return MAX_SCHEDULE_TIMEOUT;
	ms = hb_backoff_next(&worker.backoff,
			     step->cause ?: HB_CAUSE_GUEST_BUSY,
			     worker.pass.progress, get_random_u32());
	return ms == HB_BACKOFF_NEVER ? MAX_SCHEDULE_TIMEOUT :
					msecs_to_jiffies(ms);
}

static int worker_thread(void *unused)
{
	set_freezable();
	/* The driver's own, not anybody's: see interrupt_long_call(). */
	allow_kernel_signal(SIGINT);
	worker.patient_until = jiffies + HB_PATIENCE_SECONDS * HZ;
	while (!kthread_should_stop()) {
		struct hb_step last = run_pass();

		if (!last.kind && !last.cause)
			hb_reserve_refill(worker.spare);

		wait_event_freezable_timeout(worker_wait,
					     atomic_read(&worker_events) ||
					     kthread_should_stop(),
					     sleep_after(&last));
	}
	return 0;
}

int hb_worker_start(void)
{
	struct task_struct *task = kthread_create(worker_thread, NULL,
						  "hotballoon");

	if (IS_ERR(task))
		return PTR_ERR(task);
	WRITE_ONCE(worker.task, task);
	wake_up_process(task);
	return 0;
}

void hb_worker_stop(void)
{
	kthread_stop(worker.task);
	WRITE_ONCE(worker.task, NULL);
}
