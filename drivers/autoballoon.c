// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "autoballoon.h"
#include "core/autoballoon.h"
#include "driver.h"
#include "events.h"
#include "mem/counters.h"

/* Whether it looks; guarded by switch_lock. */
static DEFINE_MUTEX(switch_lock);
static bool started, by_parameter;
static bool running;				/* both */

/* An idle guest is not woken: it is looked at with whatever wakes it next. */
static void tick(struct timer_list *unused);
static struct timer_list ticker = __TIMER_INITIALIZER(tick, TIMER_DEFERRABLE);

static void look(struct work_struct *unused);
static DECLARE_WORK(looking, look);

static void tick(struct timer_list *unused)
{
	if (!READ_ONCE(running))
		return;
	schedule_work(&looking);
	mod_timer(&ticker, jiffies + msecs_to_jiffies(HB_AUTOBALLOON_MS));
}

static void look(struct work_struct *unused)
{
	struct hb_stats now = { 0 };

	hb_counters_read(&now);
	if (hb_autoballoon_look(&hb.guest, &now, ktime_get_boottime_ns() / NSEC_PER_MSEC))
		hb_events_raise(HB_NEWS_LOOK);
}

void hb_autoballoon_nudge(void)
{
	if (READ_ONCE(running) && time_after(jiffies, READ_ONCE(ticker.expires) + HZ))
		mod_timer(&ticker, jiffies);
}

bool hb_autoballoon_is_on(void)
{
	return READ_ONCE(running);
}

static void end(void)
{
	WRITE_ONCE(running, false);
	timer_delete_sync(&ticker);
	cancel_work_sync(&looking);
	if (hb_autoballoon_end(&hb.guest))
		hb_events_raise(HB_NEWS_LOOK);
}

static void set_switch(bool *which, bool on)
{
	mutex_lock(&switch_lock);
	*which = on;
	if (running && !on) {
		end();
	} else if (!running && started && by_parameter) {
		WRITE_ONCE(running, true);
		mod_timer(&ticker, jiffies);
	}
	mutex_unlock(&switch_lock);
}

void hb_autoballoon_start(void)
{
	set_switch(&started, true);
}

void hb_autoballoon_stop(void)
{
	set_switch(&started, false);
	/* A nudge may have been late. */
	timer_delete_sync(&ticker);
}

static int set_parameter(const char *text, const struct kernel_param *param)
{
	bool on;
	int rc = kstrtobool(text, &on);

	if (rc)
		pr_err("autoballoon=%s: use 0 or 1\n", text);
	else
		set_switch(&by_parameter, on);
	return rc;
}

static const struct kernel_param_ops parameter_ops = {
	.set = set_parameter,
	.get = param_get_bool,
};

module_param_cb(autoballoon, &parameter_ops, &by_parameter, 0644);
MODULE_PARM_DESC(autoballoon, "1: the guest gives back what it does not need, and takes it again up to the host's target (default 0)");
