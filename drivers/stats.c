// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "core/stats.h"
#include "mem/counters.h"
#include "mem/evacuate.h"
#include "stats.h"
#include "xen/agent.h"
#include "xen/bus.h"

/* xapi's graphs have a point each five seconds, and it looks at more with each new value. */
#define XAPI_INTERVAL_MS 10000

/* What the agent of Qubes OS has. */
#define QUBES_STEP_KIB 30000

static int tell_host(const struct hb_stats *stats);

static const struct {
	struct hb_audience audience;
	int (*tell)(const struct hb_stats *stats);
} listeners[] = {
	{ { .words = HB_STATS_ALL, .interval_ms = HB_STATS_INTERVAL_MS,
	    .step_kib = HB_STATS_STEP_KIB, .percent = true }, tell_host },
	{ { .words = HB_STATS_BIT(HB_STAT_TOTAL) | HB_STATS_BIT(HB_STAT_AVAILABLE),
	    .interval_ms = XAPI_INTERVAL_MS,
	    .step_kib = HB_STATS_STEP_KIB, .percent = true }, hb_agent_tell_xapi },
	{ { .words = HB_STATS_BIT(HB_STAT_USED), .interval_ms = HB_STATS_INTERVAL_MS,
	    .step_kib = QUBES_STEP_KIB }, hb_agent_tell_qubes },
};

static DEFINE_SPINLOCK(audience_lock);		/* taken with softirqs off */
static struct hb_audience audiences[ARRAY_SIZE(listeners)];

/* Whether they are told; guarded by switch_lock. */
static DEFINE_MUTEX(switch_lock);
static bool started, by_parameter = true, by_host = true;
static bool running;				/* all three */

static int told_domain;				/* the work item's */
static u64 moved_pages;				/* written with the lock held */
static u64 failed_steps;			/* by the worker */
static u64 cache_drops;				/* by the worker */
static atomic64_t rescues = ATOMIC64_INIT(0);
static atomic64_t oom_rescues = ATOMIC64_INIT(0);	/* of these */

static void stats_tick(struct timer_list *unused);
static struct timer_list ticker;

static void stats_work(struct work_struct *unused);
static DECLARE_WORK(telling, stats_work);

void hb_stats_count_moved(u64 pages)
{
	WRITE_ONCE(moved_pages, moved_pages + pages);
}

void hb_stats_count_failed(void)
{
	WRITE_ONCE(failed_steps, failed_steps + 1);
}

void hb_stats_count_cache_drop(void)
{
	WRITE_ONCE(cache_drops, cache_drops + 1);
}

void hb_stats_count_rescue(void)
{
	atomic64_inc(&rescues);
}

void hb_stats_count_oom_rescue(void)
{
	atomic64_inc(&oom_rescues);
}

static u64 now_ms(void)
{
	return ktime_get_boottime_ns() / NSEC_PER_MSEC;
}

static void read_stats(struct hb_stats *stats)
{
	*stats = (struct hb_stats){ 0 };
	hb_counters_read(stats);
	hb_stats_put(stats, HB_STAT_MOVED, READ_ONCE(moved_pages) * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_FAILED, READ_ONCE(failed_steps));
	hb_stats_put(stats, HB_STAT_RESCUES, atomic64_read(&rescues));
	hb_stats_put(stats, HB_STAT_OOM_RESCUES, atomic64_read(&oom_rescues));
	hb_stats_put(stats, HB_STAT_STUCK_SECONDS, hb_evacuate_stuck_seconds());
	hb_stats_put(stats, HB_STAT_CACHE_DROPS, READ_ONCE(cache_drops));
	hb_stats_derive(stats);
}

static int tell_host(const struct hb_stats *stats)
{
	static char line[HB_STATS_LINE];	/* one work item, one line */

	hb_stats_format(stats, line);
	return hb_bus_tell(HB_KEY_REPORT_STATS, line);
}

static bool is_due(unsigned int i, const struct hb_stats *now)
{
	bool due;

	spin_lock_bh(&audience_lock);
	due = hb_audience_due(&audiences[i], now, now_ms());
	spin_unlock_bh(&audience_lock);
	return due;
}

static void forget_all(void)
{
	unsigned int i;

	spin_lock_bh(&audience_lock);
	for (i = 0; i < ARRAY_SIZE(listeners); i++)
		audiences[i] = listeners[i].audience;
	spin_unlock_bh(&audience_lock);
}

static void stats_tick(struct timer_list *unused)
{
	bool due = hb_bus_domain() != READ_ONCE(told_domain);
	struct hb_stats now;
	unsigned int i;

	if (!READ_ONCE(running))
		return;
	read_stats(&now);
	for (i = 0; i < ARRAY_SIZE(listeners) && !due; i++)
		due = is_due(i, &now);
	if (due)
		schedule_work(&telling);
	mod_timer(&ticker, jiffies + HZ);
}

/* What could not be told is told with the next that moves: it would be old by now. */
static void tell(unsigned int i, const struct hb_stats *now)
{
	int rc = listeners[i].tell(now);

	if (rc)
		pr_warn_once("cannot write statistics (%d): the host does not see what this guest needs\n",
			     rc);
	spin_lock_bh(&audience_lock);
	hb_audience_told(&audiences[i], now, now_ms());
	spin_unlock_bh(&audience_lock);
}

static void stats_work(struct work_struct *unused)
{
	int domain = hb_bus_domain();
	struct hb_stats now;
	unsigned int i;

	if (domain != told_domain) {
		WRITE_ONCE(told_domain, domain);
		hb_agent_moved();
		forget_all();
	}
	read_stats(&now);
	for (i = 0; i < ARRAY_SIZE(listeners); i++)
		if (is_due(i, &now))
			tell(i, &now);
}

void hb_stats_nudge(void)
{
	if (READ_ONCE(running) && time_after(jiffies, READ_ONCE(ticker.expires) + HZ))
		mod_timer(&ticker, jiffies);
}

static void begin(void)
{
	forget_all();
	WRITE_ONCE(running, true);
	mod_timer(&ticker, jiffies);
}

static void end(void)
{
	WRITE_ONCE(running, false);
	timer_delete_sync(&ticker);
	cancel_work_sync(&telling);
	hb_bus_untell(HB_KEY_REPORT_STATS);
	hb_agent_untell();
}

/* switch_lock is held. */
static void follow(void)
{
	bool run = started && by_parameter && by_host;

	if (run && !running)
		begin();
	else if (!run && running)
		end();
}

static void set_switch(bool *which, bool on)
{
	mutex_lock(&switch_lock);
	*which = on;
	follow();
	mutex_unlock(&switch_lock);
}

void hb_stats_start(void)
{
	/* Whether another processor is busy is nothing to this one: see hb_stats_nudge(). */
	timer_setup(&ticker, stats_tick, TIMER_DEFERRABLE);
	told_domain = hb_bus_domain();
	hb_agent_moved();
	set_switch(&started, true);
}

void hb_stats_stop(void)
{
	set_switch(&started, false);
	/* A nudge may have been late. */
	timer_delete_sync(&ticker);
}

void hb_stats_host_wants(bool wanted)
{
	set_switch(&by_host, wanted);
}

static int set_parameter(const char *text, const struct kernel_param *param)
{
	bool on;
	int rc = kstrtobool(text, &on);

	if (rc)
		pr_err("stats=%s: use 0 or 1\n", text);
	else
		set_switch(&by_parameter, on);
	return rc;
}

static const struct kernel_param_ops parameter_ops = {
	.set = set_parameter,
	.get = param_get_bool,
};

module_param_cb(stats, &parameter_ops, &by_parameter, 0644);
MODULE_PARM_DESC(stats, "tell the host what the guest's memory is used for (default 1; 0: nothing is read)");
