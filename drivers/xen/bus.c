// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <xen/xenbus.h>

#include "../core/text.h"
#include "../driver.h"
#include "../events.h"
#include "../report.h"
#include "agent.h"
#include "bus.h"

#define REPORT_INTERVAL (HZ / 10)

/* A report that could not be written is written again after 1, 2, 4 ... 64 s. */
#define RETRY_FIRST	HZ
#define RETRY_MOST	(64 * HZ)

/* A key that could not be read is read again after. */
#define READ_AGAIN	HZ

static const char *const state_word[] = HB_STATE_WORDS;
static const char *const cause_word[] = HB_CAUSE_WORDS;

/* The report as xenstore has it; used by the work item only. */
static struct hb_status written;
static bool written_any;	/* cleared to have all of it written again */
static unsigned long written_at;
static unsigned long retry_after;	/* jiffies; 0: the last one was written */

static atomic_t domain = ATOMIC_INIT(0);
static int written_domain;
static bool lost;		/* xenstore does not have it any more */

/* A value of memory/target that xenstore gave us: text, or why not. */
static void take_in(const char *text)
{
	enum hb_target_verdict verdict;
	char bad[HB_TARGET_TEXT];
	u64 pages;

	hb_lock();
	verdict = hb_target_update(&hb.guest.target, text);
	pages = hb_guest_target(&hb.guest);
	memcpy(bad, hb.guest.target.bad, sizeof(bad));
	hb_unlock();

	if (verdict == HB_TARGET_BAD)
		pr_warn("%s is \"%s\", not a size in KiB: keeping %llu\n",
			HB_KEY_TARGET, bad, pages * HB_PAGE_KIB);
	hb_events_raise(HB_NEWS_LOOK);
}

/* Is there a key?  What could not be read counts as @otherwise. */
static bool key_exists(const char *key, bool otherwise)
{
	char *text = xenbus_read(XBT_NIL, key, "", NULL);

	if (IS_ERR(text))
		return PTR_ERR(text) == -ENOENT ? false : otherwise;
	kfree(text);
	return true;
}

void hb_bus_moved(void)
{
	atomic_inc(&domain);
	hb_events_raise(HB_NEWS_MOVED);
	hb_bus_report();
}

/* Somebody has removed the report: the next one that looks for it finds it again. */
static void look_for_report(void)
{
	if (key_exists(HB_KEY_REPORT_VERSION, true))
		return;
	WRITE_ONCE(lost, true);
	hb_bus_report();
}

/*
 * A key that is there but could not be read, for want of memory or because xenstored has
 * a moment: nobody would say again that it changed.
 */
static void read_again(struct work_struct *work);
static DECLARE_DELAYED_WORK(reader, read_again);

/* Nothing to learn from @text.  Return: because there is no such key. */
static bool is_absent(const char *text)
{
	if (PTR_ERR(text) == -ENOENT)
		return true;
	schedule_delayed_work(&reader, READ_AGAIN);
	return false;
}

/* A NUL inside would hide what follows it. */
static const char *whole(const char *text, unsigned int length)
{
	return strlen(text) == length ? text : "(binary)";
}

static void read_target(void)
{
	unsigned int length;
	char *text = xenbus_read(XBT_NIL, HB_KEY_TARGET, "", &length);

	if (IS_ERR(text)) {	/* without the key nobody wants anything */
		is_absent(text);
		return;
	}
	take_in(whole(text, length));
	kfree(text);
	/* xapi builds a domain anew with what it has, whatever its target. */
	WRITE_ONCE(hb.guest.roomy,
		   key_exists(HB_KEY_DYNAMIC_MIN, READ_ONCE(hb.guest.roomy)));
}

/* Anything but "1" is no: the guest must not stay still for a typing error. */
static void read_still(void)
{
	char *text = xenbus_read(XBT_NIL, HB_KEY_STILL, "", NULL);
	bool still = false;

	if (!IS_ERR(text)) {
		still = !strcmp(text, "1");
		kfree(text);
	} else if (!is_absent(text)) {
		return;
	}
	hb_lock();
	hb.guest.still = still;
	hb_unlock();
	hb_events_raise(HB_NEWS_LOOK);
}

/* Nothing is granted by a text that is no size. */
static u64 headroom_in(const char *text)
{
	char quoted[HB_TARGET_TEXT];
	u64 kib;

	if (!hb_text_to_u64(text, &kib))
		return kib / HB_PAGE_KIB;
	hb_text_quote(*text ? text : "(empty)", quoted, sizeof(quoted));
	pr_warn("%s is \"%s\", not a size in KiB: nothing is granted\n",
		HB_KEY_HEADROOM, quoted);
	return 0;
}

static void read_headroom(void)
{
	unsigned int length;
	char *text = xenbus_read(XBT_NIL, HB_KEY_HEADROOM, "", &length);
	u64 pages = 0;

	if (!IS_ERR(text)) {
		pages = headroom_in(whole(text, length));
		kfree(text);
	} else if (!is_absent(text)) {
		return;
	}
	hb_lock();
	hb.guest.rescue.headroom = pages;
	hb_unlock();
	hb_events_raise(HB_NEWS_LOOK);
}

static void (*host_wants_stats)(bool wanted);

/* Anything but "0" is yes. */
static void read_stats_wanted(void)
{
	char *text = xenbus_read(XBT_NIL, HB_KEY_STATS_WANTED, "", NULL);
	bool wanted = true;

	if (!IS_ERR(text)) {
		wanted = strcmp(text, "0");
		kfree(text);
	} else if (!is_absent(text)) {
		return;
	}
	host_wants_stats(wanted);
}

/* A word that says nothing is none. */
static void read_swap(void)
{
	unsigned int length, policy = HB_PRESS_POLICIES;
	char *text = xenbus_read(XBT_NIL, HB_KEY_SWAP, "", &length);
	char quoted[HB_TARGET_TEXT];

	if (!IS_ERR(text)) {
		policy = hb_press_policy_of(whole(text, length));
		hb_text_quote(*text ? text : "(empty)", quoted, sizeof(quoted));
		if (policy == HB_PRESS_POLICIES)
			pr_warn("%s is \"%s\": use never, idle or always\n",
				HB_KEY_SWAP, quoted);
		kfree(text);
	} else if (!is_absent(text)) {
		return;
	}
	WRITE_ONCE(hb.guest.swap_by_host, policy);
	hb_events_raise(HB_NEWS_LOOK);
}

/* From reading a key until it counts: what was read before must not come after it. */
static DEFINE_MUTEX(reading);

static void read_one(void (*read)(void))
{
	mutex_lock(&reading);
	read();
	mutex_unlock(&reading);
}

static void read_again(struct work_struct *work)
{
	read_one(read_swap);
	read_one(read_still);
	read_one(read_headroom);
	read_one(read_stats_wanted);
	read_one(read_target);
}

static void target_changed(struct xenbus_watch *watch, const char *path,
			   const char *token)
{
	look_for_report();
	read_one(read_target);
}

static struct xenbus_watch target_watch = {
	.node = HB_KEY_TARGET,
	.callback = target_changed,
};

static void still_changed(struct xenbus_watch *watch, const char *path,
			  const char *token)
{
	read_one(read_still);
}

static struct xenbus_watch still_watch = {
	.node = HB_KEY_STILL,
	.callback = still_changed,
};

static void headroom_changed(struct xenbus_watch *watch, const char *path,
			     const char *token)
{
	read_one(read_headroom);
}

static struct xenbus_watch headroom_watch = {
	.node = HB_KEY_HEADROOM,
	.callback = headroom_changed,
};

static void stats_wanted_changed(struct xenbus_watch *watch, const char *path,
				 const char *token)
{
	read_one(read_stats_wanted);
}

static struct xenbus_watch stats_wanted_watch = {
	.node = HB_KEY_STATS_WANTED,
	.callback = stats_wanted_changed,
};

static void swap_changed(struct xenbus_watch *watch, const char *path,
			 const char *token)
{
	read_one(read_swap);
}

static struct xenbus_watch swap_watch = {
	.node = HB_KEY_SWAP,
	.callback = swap_changed,
};

static bool watching, watching_still, watching_headroom, watching_stats, watching_swap;

int hb_bus_domain(void)
{
	return atomic_read(&domain);
}

int hb_bus_tell(const char *key, const char *text)
{
	return xenbus_write(XBT_NIL, key, "", text);
}

int hb_bus_tell_number(const char *key, u64 number)
{
	return xenbus_printf(XBT_NIL, key, "", "%llu", number);
}

void hb_bus_untell(const char *key)
{
	xenbus_rm(XBT_NIL, key, "");
}

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
static int write_report(const struct hb_status *now)
{
	int rc;

	rc = write_number(HB_KEY_REPORT_CURRENT, now->current_kib,
			  written.current_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_FLOOR, now->floor_kib,
				written.floor_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_MAX, now->max_kib,
				written.max_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_RESCUED, now->rescued_kib,
				written.rescued_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_SPARED, now->spared_kib,
				written.spared_kib);
	rc = rc ?: write_word(HB_KEY_REPORT_CAUSE, cause_word[now->cause],
			      cause_word[written.cause]);
	rc = rc ?: write_word(HB_KEY_REPORT_STATE, state_word[now->state],
			      state_word[written.state]);
	rc = rc ?: write_number(HB_KEY_REPORT_GOAL, now->goal_kib,
				written.goal_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_STILL, now->still, written.still);
	if (!rc && !written_any)
		rc = xenbus_printf(XBT_NIL, HB_KEY_REPORT_VERSION, "", "%d",
				   HB_REPORT_VERSION);
	return rc;
}

static void report_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(report, report_work);

static void report_failed(int rc)
{
	if (!retry_after)
		pr_warn("cannot write to %s (%d): the host does not see this guest's reports; trying again\n",
			HB_KEY_REPORT_DIR, rc);
	retry_after = retry_after ? min_t(unsigned long, 2 * retry_after,
					  RETRY_MOST) : RETRY_FIRST;
	written_any = false;
	schedule_delayed_work(&report, retry_after);
}

static void report_work(struct work_struct *work)
{
	int now_in = atomic_read(&domain);
	struct hb_status now;
	int rc;

	if (xchg(&lost, false) || now_in != written_domain)
		written_any = false;
	hb_report_get(&now);
	WRITE_ONCE(written_at, jiffies);
	rc = write_report(&now);
	if (rc) {
		report_failed(rc);
		return;
	}
	if (retry_after)
		pr_info("reports can be written again\n");
	retry_after = 0;
	if (!written_any)
		hb_agent_announce(now_in);
	written = now;
	written_domain = now_in;
	written_any = true;
	/* Some of it may have been written in the domain before. */
	if (atomic_read(&domain) != now_in)
		hb_bus_report();
}

/* News does not wait until what failed before is tried again. */
void hb_bus_report(void)
{
	unsigned long due = READ_ONCE(written_at) + REPORT_INTERVAL;

	cancel_delayed_work(&report);
	schedule_delayed_work(&report, time_before(jiffies, due) ?
			      due - jiffies : 0);
}

/* Without stillness a guest can be had; without a target it cannot. */
int hb_bus_start(void (*wants_stats)(bool wanted))
{
	host_wants_stats = wants_stats;
	written_any = false;
	lost = false;
	retry_after = 0;
	written_at = jiffies - REPORT_INTERVAL;
	hb_report_subscribe(hb_bus_report);
	watching_still = !register_xenbus_watch(&still_watch);
	if (!watching_still)
		pr_warn("cannot watch %s: this guest does not keep still when it is asked to\n",
			HB_KEY_STILL);
	watching_headroom = !register_xenbus_watch(&headroom_watch);
	if (!watching_headroom)
		pr_warn("cannot watch %s: this guest takes nothing above its target in need\n",
			HB_KEY_HEADROOM);
	watching_stats = !register_xenbus_watch(&stats_wanted_watch);
	watching_swap = !register_xenbus_watch(&swap_watch);
	watching = !register_xenbus_watch(&target_watch);
	return watching ? 0 : -EIO;
}

void hb_bus_stop(void)
{
	hb_report_subscribe(NULL);
	if (watching)
		unregister_xenbus_watch(&target_watch);
	if (watching_still)
		unregister_xenbus_watch(&still_watch);
	if (watching_headroom)
		unregister_xenbus_watch(&headroom_watch);
	if (watching_stats)
		unregister_xenbus_watch(&stats_wanted_watch);
	if (watching_swap)
		unregister_xenbus_watch(&swap_watch);
	cancel_delayed_work_sync(&reader);
	cancel_delayed_work_sync(&report);
	xenbus_rm(XBT_NIL, HB_KEY_REPORT_DIR, "");
	hb_agent_unannounce();
}
