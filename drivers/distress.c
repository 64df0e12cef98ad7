// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "core/distress.h"
#include "core/rescue.h"
#include "core/told.h"
#include "distress.h"
#include "driver.h"
#include "mem/counters.h"
#include "rescue.h"
#include "stats.h"
#include "trace.h"
#include "xen/bus.h"

static DEFINE_SPINLOCK(distress_lock);	/* taken with interrupts off */
static struct hb_distress distress;	/* guarded by it, and: */
static u64 ooms;
static struct hb_told told;		/* pages */

static struct workqueue_struct *queue;
static struct shrinker *shrinker;
static bool listening;			/* the OOM notifier is registered */

static void look_again(struct timer_list *unused);
static DEFINE_TIMER(looker, look_again);

static void distress_work(struct work_struct *unused);
static DECLARE_DELAYED_WORK(telling, distress_work);

/* Return: pages that are short now. */
static u64 look(bool oom)
{
	u64 begun = trace_hb_distress_enabled() ? ktime_get_ns() : 0;
	struct hb_shortage need;
	u64 lacking, pages;
	unsigned long flags;
	bool again, news;

	spin_lock_irqsave(&distress_lock, flags);
	hb_counters_need(&need);
	ooms += oom;
	need.ooms = ooms;
	again = hb_distress_look(&distress, &need);
	lacking = distress.lacking;
	pages = distress.short_now;
	news = hb_told_news(&told, hb_bus_epoch(), lacking);
	spin_unlock_irqrestore(&distress_lock, flags);
	if (begun)
		trace_hb_distress(oom, lacking, pages, news, ktime_get_ns() - begun);
	if (again)
		mod_timer(&looker, jiffies + msecs_to_jiffies(HB_DISTRESS_LOOK_MS));
	if (pages && !oom)
		hb_rescue_soon();
	if (lacking)
		hb_rescue_lasts();
	if (news)
		mod_delayed_work(queue, &telling, 0);
	return pages;
}

static void look_again(struct timer_list *unused)
{
	look(false);
}

/* Nobody is killed if anything was freed.  The kernel calls this under its oom_lock. */
static int before_oom_kill(struct notifier_block *nb, unsigned long unused, void *freed)
{
	u64 pages = look(true);

	if (pages && hb_rescue_now(pages))
		hb_stats_count_oom_rescue();
	*(unsigned long *)freed += hb_rescue_came(&hb.guest);
	return NOTIFY_OK;
}

static struct notifier_block oom_nb = { .notifier_call = before_oom_kill };

static unsigned long count_nothing(struct shrinker *unused, struct shrink_control *control)
{
	if (!timer_pending(&looker))
		mod_timer(&looker, jiffies + msecs_to_jiffies(HB_DISTRESS_LOOK_MS));
	return 0;
}

static unsigned long free_nothing(struct shrinker *unused, struct shrink_control *control)
{
	return SHRINK_STOP;
}

/* Of the last look, which a work item may be behind by a moment. */
static u64 short_now(void)
{
	unsigned long flags;
	u64 pages;

	spin_lock_irqsave(&distress_lock, flags);
	pages = distress.short_now;
	distress.short_now = 0;
	spin_unlock_irqrestore(&distress_lock, flags);
	return pages;
}

/* Return: whether what is lacked is yet to be told. */
static bool to_tell(int epoch, u64 *lacking)
{
	unsigned long flags;
	bool is_told;

	spin_lock_irqsave(&distress_lock, flags);
	*lacking = distress.lacking;
	is_told = hb_told_is(&told, epoch, *lacking);
	spin_unlock_irqrestore(&distress_lock, flags);
	return !is_told;
}

/* Return: milliseconds after which to tell again, or U64_MAX. */
static u64 note(int epoch, u64 lacking, int rc)
{
	unsigned long flags;
	u64 ms = U64_MAX;

	spin_lock_irqsave(&distress_lock, flags);
	if (rc)
		ms = hb_told_failed(&told, epoch, lacking);
	else
		hb_told_written(&told, epoch, lacking);
	/* It may have changed meanwhile, and nobody look any more. */
	if (hb_told_news(&told, hb_bus_epoch(), distress.lacking))
		ms = 0;
	spin_unlock_irqrestore(&distress_lock, flags);
	return ms;
}

static void distress_work(struct work_struct *unused)
{
	unsigned int flags;
	int epoch = hb_bus_epoch(), rc;
	u64 lacking, ms;

	if (!to_tell(epoch, &lacking))
		return;
	flags = memalloc_noreclaim_save();
	rc = hb_bus_tell_number(HB_KEY_REPORT_DISTRESS, lacking * HB_PAGE_KIB);
	memalloc_noreclaim_restore(flags);
	if (rc)
		pr_warn_once("cannot write %s (%d): the host does not see that this guest lacks memory; trying again\n",
			     HB_KEY_REPORT_DISTRESS, rc);
	ms = note(epoch, lacking, rc);
	if (ms != U64_MAX)
		queue_delayed_work(queue, &telling, msecs_to_jiffies(ms));
}

int hb_distress_start(void)
{
	int rc;

	queue = alloc_workqueue("hb_distress", WQ_MEM_RECLAIM | WQ_HIGHPRI | WQ_UNBOUND, 1);
	if (!queue)
		return -ENOMEM;
	rc = hb_rescue_start(short_now) ?: register_oom_notifier(&oom_nb);
	listening = !rc;
	if (!rc) {
		shrinker = hb_compat_register_shrinker(count_nothing, free_nothing);
		rc = shrinker ? 0 : -ENOMEM;
	}
	if (rc)
		hb_distress_stop();
	return rc;
}

void hb_distress_stop(void)
{
	if (shrinker)
		hb_compat_unregister_shrinker(shrinker);
	if (listening)
		unregister_oom_notifier(&oom_nb);
	shrinker = NULL;
	listening = false;
	if (!queue)
		return;
	timer_delete_sync(&looker);
	hb_rescue_stop();
	cancel_delayed_work_sync(&telling);
	destroy_workqueue(queue);
	queue = NULL;
}
