// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "report.h"

static DEFINE_SPINLOCK(report_lock);
static struct hb_status latest;		/* guarded by report_lock */

static DEFINE_MUTEX(subscriber_lock);
static void (*subscriber)(void);	/* guarded by subscriber_lock */

void hb_report_get(struct hb_status *report)
{
	spin_lock(&report_lock);
	*report = latest;
	spin_unlock(&report_lock);
}

static bool is_new(const struct hb_status *report)
{
	return report->state != latest.state || report->cause != latest.cause ||
	       report->current_kib != latest.current_kib ||
	       report->goal_kib != latest.goal_kib ||
	       report->floor_kib != latest.floor_kib ||
	       report->max_kib != latest.max_kib ||
	       report->rescued_kib != latest.rescued_kib ||
	       report->spared_kib != latest.spared_kib ||
	       report->still != latest.still;
}

void hb_report_publish(const struct hb_status *report)
{
	bool changed;

	spin_lock(&report_lock);
	changed = is_new(report);
	latest = *report;
	spin_unlock(&report_lock);
	if (!changed)
		return;
	mutex_lock(&subscriber_lock);
	if (subscriber)
		subscriber();
	mutex_unlock(&subscriber_lock);
}

void hb_report_subscribe(void (*changed)(void))
{
	mutex_lock(&subscriber_lock);
	subscriber = changed;
	mutex_unlock(&subscriber_lock);
}
