// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "autoballoon.h"
#include "core/autoballoon.h"
#include "driver.h"
#include "events.h"
#include "mem/commit.h"
#include "mem/counters.h"

/* Whether it looks; guarded by switch_lock. */
static DEFINE_MUTEX(switch_lock);
static bool started, by_parameter;
static bool running;				/* both */

static void look(struct work_struct *unused);
static DECLARE_WORK(looking, look);

void hb_autoballoon_tick(void)
{
	if (READ_ONCE(running))
		schedule_work(&looking);
}

static void look(struct work_struct *unused)
{
	struct hb_stats now = { 0 };
	struct hb_commit commit;
	u64 ms;

	mutex_lock(&switch_lock);
	if (running) {
		hb_counters_read(&now);
		commit = hb_commit_look();
		ms = ktime_get_boottime_ns() / NSEC_PER_MSEC;
		if (hb_autoballoon_look(&hb.guest, &now, &commit, ms))
			hb_events_raise(HB_NEWS_LOOK);
	}
	mutex_unlock(&switch_lock);
}

bool hb_autoballoon_is_on(void)
{
	return READ_ONCE(running);
}

static void set_switch(bool *which, bool on)
{
	bool was;

	mutex_lock(&switch_lock);
	was = running;
	*which = on;
	WRITE_ONCE(running, started && by_parameter);
	if (running && !was)
		schedule_work(&looking);
	if (was && !running && hb_autoballoon_end(&hb.guest))
		hb_events_raise(HB_NEWS_LOOK);
	mutex_unlock(&switch_lock);
}

void hb_autoballoon_start(void)
{
	set_switch(&started, true);
}

void hb_autoballoon_stop(void)
{
	set_switch(&started, false);
	cancel_work_sync(&looking);
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
