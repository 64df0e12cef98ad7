// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/timer.h>
#include <linux/wait.h>

#include "core/ops.h"
#include "events.h"

static struct task_struct *worker;
static DECLARE_WAIT_QUEUE_HEAD(worker_wait);
static atomic_t news;

/* No lock: what the worker does may be frozen half-way. */
static bool asleep;
static DECLARE_WAIT_QUEUE_HEAD(settled);

/* A kernel call that may take long gets this long, and is tried again later. */
#define LONG_CALL_MS 2000

static DEFINE_SPINLOCK(long_call_lock);
static bool in_long_call;		/* protected by long_call_lock */

void hb_events_set_worker(struct task_struct *task)
{
	WRITE_ONCE(worker, task);
	wake_up_all(&settled);
}

bool hb_events_is_worker(void)
{
	return current == READ_ONCE(worker);
}

/* Taken from any context, with interrupts off or on. */
static void interrupt_long_call(void)
{
	unsigned long flags;

	spin_lock_irqsave(&long_call_lock, flags);
	if (in_long_call && worker)
		send_sig(SIGINT, worker, 1);
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

void hb_events_begin_long_call(void)
{
	set_in_long_call(true);
	mod_timer(&long_call_timer, jiffies + msecs_to_jiffies(LONG_CALL_MS));
	/* What came before nobody would tell again. */
	if (hb_events_pending())
		interrupt_long_call();
}

void hb_events_end_long_call(void)
{
	set_in_long_call(false);
	timer_delete_sync(&long_call_timer);
	if (hb_events_is_worker())
		flush_signals(current);
}

void hb_events_raise(unsigned int bits)
{
	atomic_or(bits, &news);
	wake_up(&worker_wait);
	interrupt_long_call();
}

unsigned int hb_events_take(void)
{
	return atomic_xchg(&news, 0);
}

bool hb_events_pending(void)
{
	return atomic_read(&news);
}

void hb_events_sleep(u64 ms)
{
	long wait = MAX_SCHEDULE_TIMEOUT;

	if (ms < MSEC_PER_SEC * 3600ULL)
		wait = msecs_to_jiffies(ms);
	WRITE_ONCE(asleep, true);
	wake_up_all(&settled);
	/* The worker itself says whether it lets the guest be frozen. */
	wait_event_interruptible_timeout(worker_wait, hb_events_pending() ||
					 kthread_should_stop() ||
					 freezing(current), wait);
	WRITE_ONCE(asleep, false);
}

int hb_events_settle(void)
{
	return wait_event_killable(settled, READ_ONCE(asleep) || !READ_ONCE(worker));
}
