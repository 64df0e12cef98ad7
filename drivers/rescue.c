// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "core/rescue.h"
#include "driver.h"
#include "events.h"
#include "rescue.h"
#include "trace.h"

static struct workqueue_struct *work_queue;	/* NULL: nothing is taken */
static u64 (*lacking_now)(void);

static void rescue_over(struct work_struct *unused);
static DECLARE_DELAYED_WORK(over, rescue_over);

static void look_later(void)
{
	mod_delayed_work(work_queue, &over, msecs_to_jiffies(HB_RESCUE_CALM_MS));
}

static void rescue_over(struct work_struct *unused)
{
	if (lacking_now())
		look_later();
	else if (hb_rescue_end(&hb.guest))
		hb_events_raise(HB_NEWS_LOOK);
}

unsigned long hb_rescue_now(u64 lacking)
{
	u64 begun = ktime_get_ns();
	unsigned long taken = hb_rescue_take(&hb.guest, lacking);

	trace_hb_rescue(lacking, taken, ktime_get_ns() - begun);
	if (!taken)
		return 0;
	pr_info_ratelimited("took %lu KiB in need\n", taken * (unsigned long)HB_PAGE_KIB);
	look_later();
	hb_events_raise(HB_NEWS_LOOK);
	return taken;
}

void hb_rescue_start(struct workqueue_struct *queue, u64 (*lacking)(void))
{
	work_queue = queue;
	lacking_now = lacking;
}

void hb_rescue_stop(void)
{
	cancel_delayed_work_sync(&over);
}
