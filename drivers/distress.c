// SPDX-License-Identifier: GPL-2.0-only
#include <linux/oom.h>
#include <linux/sched/mm.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "autoballoon.h"
#include "core/distress.h"
#include "core/rescue.h"
#include "distress.h"
#include "driver.h"
#include "mem/counters.h"
#include "rescue.h"
#include "stats.h"
#include "xen/bus.h"

/* What could not be written is written again after 1, 2, 4 ... 64 s. */
#define RETRY_FIRST	HZ
#define RETRY_MOST	(64 * HZ)

static DEFINE_SPINLOCK(distress_lock);	/* taken with interrupts off */
static struct hb_distress distress;	/* guarded by it, and: */
static u64 ooms;

/* What is in xenstore; the work item's. */
static u64 told;
static int told_domain;
static u64 tried;			/* what could not be written; 0: nothing, or it is over */
static unsigned long retry_after;	/* jiffies; 0: the last one was written */

static struct workqueue_struct *queue;
static struct shrinker *shrinker;
static bool listening;			/* the OOM notifier is registered */

static void look_again(struct timer_list *unused);
static DEFINE_TIMER(looker, look_again);

static void distress_work(struct work_struct *unused);
static DECLARE_DELAYED_WORK(telling, distress_work);

/* In a new domain nothing has been told. */
static bool is_told(u64 lacking)
{
	if (hb_bus_domain() != READ_ONCE(told_domain))
		return !lacking;
	return lacking == READ_ONCE(told);
}

/* More than what waits for a retry does not wait for it. */
static void tell(u64 lacking)
{
	if (!lacking)
		WRITE_ONCE(tried, 0);
	if (is_told(lacking))
		return;
	if (lacking > READ_ONCE(tried))
		mod_delayed_work(queue, &telling, 0);
	else
		queue_delayed_work(queue, &telling, 0);
}

/* Return: pages that are short now. */
static u64 look(bool oom)
{
	struct hb_shortage need;
	u64 lacking, pages;
	unsigned long flags;
	bool again;

	spin_lock_irqsave(&distress_lock, flags);
	hb_counters_need(&need);
	ooms += oom;
	need.ooms = ooms;
	again = hb_distress_look(&distress, &need);
	lacking = distress.lacking;
	pages = distress.short_now;
	spin_unlock_irqrestore(&distress_lock, flags);
	if (again)
		mod_timer(&looker, jiffies + msecs_to_jiffies(HB_DISTRESS_LOOK_MS));
	if (pages && !oom)
		hb_rescue_soon();
	if (lacking)
		hb_rescue_lasts();
	tell(lacking);
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
	hb_stats_nudge();
	hb_autoballoon_nudge();
	return 0;
}

static unsigned long free_nothing(struct shrinker *unused, struct shrink_control *control)
{
	return SHRINK_STOP;
}

static u64 lacking_now(void)
{
	unsigned long flags;
	u64 lacking;

	spin_lock_irqsave(&distress_lock, flags);
	lacking = distress.lacking;
	spin_unlock_irqrestore(&distress_lock, flags);
	return lacking;
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

static void retry(int rc)
{
	pr_warn_once("cannot write %s (%d): the host does not see that this guest lacks memory; trying again\n",
		     HB_KEY_REPORT_DISTRESS, rc);
	retry_after = retry_after ? min_t(unsigned long, 2 * retry_after, RETRY_MOST) : RETRY_FIRST;
	queue_delayed_work(queue, &telling, retry_after);
}

static void distress_work(struct work_struct *unused)
{
	unsigned int flags = memalloc_noreclaim_save();
	int domain = hb_bus_domain(), rc;
	u64 lacking = lacking_now();

	rc = hb_bus_tell_number(HB_KEY_REPORT_DISTRESS, lacking * HB_PAGE_KIB);
	memalloc_noreclaim_restore(flags);
	if (rc) {
		WRITE_ONCE(tried, lacking);
		retry(rc);
		return;
	}
	retry_after = 0;
	WRITE_ONCE(told, lacking);
	WRITE_ONCE(told_domain, domain);
	/* It may have changed meanwhile, and nobody look any more. */
	if (!is_told(lacking_now()))
		queue_delayed_work(queue, &telling, 0);
}

int hb_distress_start(void)
{
	int rc;

	told_domain = hb_bus_domain();
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
