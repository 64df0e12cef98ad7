// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "core/rescue.h"
#include "driver.h"
#include "events.h"
#include "rescue.h"
#include "stats.h"
#include "trace.h"

/* Of its own: what is told to xenstore may hang there. */
static struct workqueue_struct *queue;
static u64 (*short_now)(void);

/* What is granted is taken before it comes to the OOM notifier. */
static void rescue_work(struct work_struct *unused);
static DECLARE_WORK(rescuing, rescue_work);

static void rescue_over(struct work_struct *unused);
static DECLARE_DELAYED_WORK(over, rescue_over);

/* Whoever is in need sets it anew before anything is taken: after that this one is of before. */
static void rescue_over(struct work_struct *unused)
{
	u64 total = READ_ONCE(hb.guest.rescue.total);

	/* Pairs with the atomic of mod_delayed_work(). */
	smp_rmb();
	if (!delayed_work_pending(&over) && hb_rescue_end(&hb.guest, total))
		hb_events_raise(HB_NEWS_LOOK);
}

static void rescue_work(struct work_struct *unused)
{
	u64 pages = short_now();

	if (pages)
		hb_rescue_now(pages);
}

unsigned long hb_rescue_now(u64 lacking)
{
	u64 begun = ktime_get_ns();
	unsigned long taken;

	mod_delayed_work(queue, &over, msecs_to_jiffies(HB_RESCUE_CALM_MS));
	taken = hb_rescue_take(&hb.guest, lacking);
	trace_hb_rescue(lacking, taken, ktime_get_ns() - begun);
	if (!taken)
		return 0;
	hb_stats_count_rescue();
	pr_info_ratelimited("took %lu KiB in need\n", taken * (unsigned long)HB_PAGE_KIB);
	hb_events_raise(HB_NEWS_LOOK);
	return taken;
}

void hb_rescue_soon(void)
{
	queue_work(queue, &rescuing);
}

void hb_rescue_lasts(void)
{
	if (READ_ONCE(hb.guest.target.kept))
		mod_delayed_work(queue, &over, msecs_to_jiffies(HB_RESCUE_CALM_MS));
}

int hb_rescue_start(u64 (*pages)(void))
{
	short_now = pages;
	queue = alloc_workqueue("hb_rescue", WQ_MEM_RECLAIM | WQ_HIGHPRI | WQ_UNBOUND, 1);
	return queue ? 0 : -ENOMEM;
}

void hb_rescue_stop(void)
{
	if (!queue)
		return;
	cancel_work_sync(&rescuing);
	cancel_delayed_work_sync(&over);
	destroy_workqueue(queue);
	queue = NULL;
}
