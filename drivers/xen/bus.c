// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <xen/xenbus.h>

#include "../core/text.h"
#include "bus.h"

#define REPORT_INTERVAL (HZ / 10)

static const char *const state_word[] = HB_STATE_WORDS;
static const char *const cause_word[] = HB_CAUSE_WORDS;

/* The report as xenstore has it; used by the work item only. */
static struct hb_report written;
static bool written_any;	/* cleared to have all of it written again */
static unsigned long written_at;

/* A value of memory/target that xenstore gave us: text, or why not. */
static void take_in(const char *text)
{
	enum hb_target_verdict verdict;
	char bad[HB_TARGET_TEXT];
	u64 pages;

	mutex_lock(&hb.lock);
	verdict = hb_target_update(&hb.target, text);
	pages = hb.target.valid ? hb.target.pages :
				  hb_ledger_populated(&hb.ledger);
	memcpy(bad, hb.target.bad, sizeof(bad));
	mutex_unlock(&hb.lock);

	if (verdict == HB_TARGET_BAD)
		pr_warn("%s is \"%s\", not a size in KiB: keeping %llu\n",
			HB_KEY_TARGET, bad, pages * HB_PAGE_KIB);
	hb_worker_wake();
}

/*
 * A restored or migrated guest is a new domain: the watch fires there, and the
 * report is not there.
 */
static void report_anew_if_gone(void)
{
	if (xenbus_exists(XBT_NIL, HB_KEY_REPORT_VERSION, ""))
		return;
	WRITE_ONCE(written_any, false);
	hb_bus_report();
}

static void target_changed(struct xenbus_watch *watch, const char *path,
			   const char *token)
{
	unsigned int length;
	char *text = xenbus_read(XBT_NIL, HB_KEY_TARGET, "", &length);

	report_anew_if_gone();
	if (IS_ERR(text))	/* no such key: nobody wants anything */
		return;
	/* A NUL inside would hide what follows it. */
	take_in(strlen(text) == length ? text : "(binary)");
	kfree(text);
}

static struct xenbus_watch target_watch = {
	.node = HB_KEY_TARGET,
	.callback = target_changed,
};

static bool watching;

static int write_number(const char *key, u64 now, u64 before)
{
	if (written_any && now == before)
		return 0;
	return xenbus_printf(XBT_NIL, key, "", "%llu", now);
}

static int write_word(const char *key, const char *now, const char *before)
{
	if (written_any && now == before)
		return 0;
	return xenbus_printf(XBT_NIL, key, "", "%s", now);
}

/* The cause goes before the state: who waits for "waiting" then finds it. */
static int write_report(const struct hb_report *now)
{
	int rc;

	rc = write_number(HB_KEY_REPORT_CURRENT, now->current_kib,
			  written.current_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_FLOOR, now->floor_kib,
				written.floor_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_MAX, now->max_kib,
				written.max_kib);
	rc = rc ?: write_word(HB_KEY_REPORT_CAUSE, cause_word[now->cause],
			      cause_word[written.cause]);
	rc = rc ?: write_word(HB_KEY_REPORT_STATE, state_word[now->state],
			      state_word[written.state]);
	rc = rc ?: write_number(HB_KEY_REPORT_GOAL, now->goal_kib,
				written.goal_kib);
	if (!rc && !written_any)
		rc = xenbus_printf(XBT_NIL, HB_KEY_REPORT_VERSION, "", "%d",
				   HB_REPORT_VERSION);
	return rc;
}

static void report_work(struct work_struct *work)
{
	struct hb_report now;
	int rc;

	hb_report_get(&now);
	written_at = jiffies;
	rc = write_report(&now);
	if (rc) {
		pr_warn_once("cannot write to %s (%d): the host will not see this guest's reports\n",
			     HB_KEY_REPORT_DIR, rc);
		written_any = false;	/* write all of it next time */
		return;
	}
	written = now;
	written_any = true;
}

static DECLARE_DELAYED_WORK(report, report_work);

void hb_bus_report(void)
{
	unsigned long due = READ_ONCE(written_at) + REPORT_INTERVAL;

	schedule_delayed_work(&report, time_before(jiffies, due) ?
			      due - jiffies : 0);
}

int hb_bus_start(void)
{
	written_any = false;
	written_at = jiffies - REPORT_INTERVAL;
	watching = !register_xenbus_watch(&target_watch);
	return watching ? 0 : -EIO;
}

void hb_bus_stop(void)
{
	if (watching)
		unregister_xenbus_watch(&target_watch);
	cancel_delayed_work_sync(&report);
	xenbus_rm(XBT_NIL, HB_KEY_REPORT_DIR, "");
}
