// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
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

static int tell_host(const struct hb_stats *stats, int domain);

/* @tell: in this of the domains that the guest has been; returns 0 or a negative errno. */
static const struct {
	struct hb_audience audience;
	int (*tell)(const struct hb_stats *stats, int domain);
} listeners[] = {
	{ { .words = HB_STATS_ALL, .interval_ms = HB_STATS_INTERVAL_MS,
	    .step_kib = HB_STATS_STEP_KIB, .percent = true }, tell_host },
	{ { .words = HB_STATS_BIT(HB_STAT_TOTAL) | HB_STATS_BIT(HB_STAT_AVAILABLE),
	    .interval_ms = XAPI_INTERVAL_MS,
	    .step_kib = HB_STATS_STEP_KIB, .percent = true }, hb_agent_tell_xapi },
	{ { .words = HB_STATS_BIT(HB_STAT_USED), .interval_ms = HB_STATS_INTERVAL_MS,
	    .step_kib = QUBES_STEP_KIB }, hb_agent_tell_qubes },
};

static DEFINE_SPINLOCK(audience_lock);		/* taken with softirqs off, outside of jobs_lock */
static struct hb_audience audiences[ARRAY_SIZE(listeners)];

/* Whether they are told; guarded by switch_lock. */
static DEFINE_MUTEX(switch_lock);
static bool started, by_parameter = true, by_host = true;
static bool running;				/* all three */

static u64 moved_pages;				/* written with the lock held */
static u64 failed_steps;			/* by the worker */
static u64 cache_drops;				/* by the worker */
static atomic64_t rescues = ATOMIC64_INIT(0);
static atomic64_t oom_rescues = ATOMIC64_INIT(0);	/* of these */

static void stats_work(struct work_struct *unused);
static DECLARE_DELAYED_WORK(telling, stats_work);

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

static int tell_host(const struct hb_stats *stats, int domain)
{
	static char line[HB_STATS_LINE];	/* one work item, one line */

	hb_stats_format(stats, line);
	return hb_bus_tell(HB_KEY_REPORT_STATS, line);
}

/* audience_lock is held. */
static u64 wait_of(unsigned int i, const struct hb_stats *now)
{
	lockdep_assert_held(&audience_lock);
	return hb_audience_wait(&audiences[i], now, hb_bus_epoch(), now_ms());
}

static bool is_due(unsigned int i, const struct hb_stats *now)
{
	bool due;

	spin_lock_bh(&audience_lock);
	due = !wait_of(i, now);
	spin_unlock_bh(&audience_lock);
	return due;
}

/* Nothing was told to this one, or to any. */
static void forget(int (*whose)(const struct hb_stats *stats, int domain))
{
	unsigned int i;

	spin_lock_bh(&audience_lock);
	for (i = 0; i < ARRAY_SIZE(listeners); i++)
		if (!whose || whose == listeners[i].tell)
			audiences[i] = listeners[i].audience;
	spin_unlock_bh(&audience_lock);
}

/* What was seen is told when its time comes, though the guest sleeps by then. */
void hb_stats_look(void)
{
	u64 wait = HB_AUDIENCE_HAS_ALL;
	struct hb_stats now;
	unsigned int i;

	if (!READ_ONCE(running))
		return;
	spin_lock_bh(&audience_lock);
	/* With the lock held: nobody puts off by older numbers what newer ones made due. */
	read_stats(&now);
	for (i = 0; i < ARRAY_SIZE(listeners); i++)
		wait = min(wait, wait_of(i, &now));
	if (wait != HB_AUDIENCE_HAS_ALL) {
		cancel_delayed_work(&telling);
		schedule_delayed_work(&telling, msecs_to_jiffies(wait));
	}
	spin_unlock_bh(&audience_lock);
}

/* switch_lock is held. */
static void tell(unsigned int i, const struct hb_stats *now)
{
	/* In this order: hb_bus_moved(). */
	int epoch = hb_bus_epoch(), domain = hb_bus_domain();
	int rc = listeners[i].tell(now, domain);

	lockdep_assert_held(&switch_lock);
	if (rc)
		pr_warn_once("cannot write statistics (%d): the host does not see what this guest needs; trying again\n",
			     rc);
	spin_lock_bh(&audience_lock);
	if (rc)
		hb_audience_failed(&audiences[i], epoch, now_ms());
	else
		hb_audience_told(&audiences[i], now, epoch, now_ms());
	spin_unlock_bh(&audience_lock);
}

static void stats_work(struct work_struct *unused)
{
	struct hb_stats now;
	unsigned int i;

	mutex_lock(&switch_lock);
	if (running) {
		read_stats(&now);
		for (i = 0; i < ARRAY_SIZE(listeners); i++)
			if (is_due(i, &now))
				tell(i, &now);
	}
	mutex_unlock(&switch_lock);
	/* Some have to wait until their time comes, or what failed is tried again. */
	hb_stats_look();
}

/* switch_lock is held. */
static void follow(void)
{
	bool was = running;

	lockdep_assert_held(&switch_lock);
	WRITE_ONCE(running, started && by_parameter && by_host);
	if (running && !was) {
		forget(NULL);
		hb_stats_look();
	} else if (was && !running) {
		hb_bus_untell(HB_KEY_REPORT_STATS);
		hb_agent_untell(hb_bus_domain());
	}
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
	set_switch(&started, true);
}

void hb_stats_stop(void)
{
	set_switch(&started, false);
	cancel_delayed_work_sync(&telling);
}

void hb_stats_host_wants(bool wanted)
{
	set_switch(&by_host, wanted);
}

void hb_stats_meminfo_made(void)
{
	/* Whoever is being told without it is told by now. */
	mutex_lock(&switch_lock);
	forget(hb_agent_tell_qubes);
	hb_stats_look();
	mutex_unlock(&switch_lock);
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
