// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <xen/xenbus.h>

#include "../core/text.h"
#include "../core/told.h"
#include "../driver.h"
#include "../events.h"
#include "../report.h"
#include "agent.h"
#include "bus.h"

#define REPORT_INTERVAL (HZ / 10)

/* A key that could not be read is read again after. */
#define READ_AGAIN	HZ

static const char *const state_word[] = HB_STATE_WORDS;
static const char *const cause_word[] = HB_CAUSE_WORDS;

/* The report as xenstore has it; used by the work item only. */
static struct hb_status written;
static struct hb_told told;
static unsigned long written_at;

/* The last epoch in which all of the report was written.  By the work item. */
static int complete_in = -1;

static atomic_t domain = ATOMIC_INIT(0);
static atomic_t epoch = ATOMIC_INIT(0);

/* A value of memory/target that xenstore gave us: text, or why not. */
static void take_in(const char *text)
{
	enum hb_target_verdict verdict;
	char bad[HB_TARGET_TEXT];
	u64 pages;
	bool news;

	hb_lock();
	verdict = hb_target_update(&hb.guest.target, text);
	news = hb_guest_is_news(&hb.guest, verdict);
	pages = hb_guest_target(&hb.guest);
	memcpy(bad, hb.guest.target.bad, sizeof(bad));
	hb_unlock();

	if (verdict == HB_TARGET_BAD)
		pr_warn("%s is \"%s\", not a size in KiB: keeping %llu\n",
			HB_KEY_TARGET, bad, pages * HB_PAGE_KIB);
	if (news)
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

/* The domain first: whoever is in this epoch is in this domain. */
void hb_bus_moved(void)
{
	atomic_inc(&domain);
	atomic_inc_return(&epoch);
	hb_events_raise(HB_NEWS_MOVED);
	hb_bus_report();
}

/*
 * Somebody has removed the report, and all that is told beside it: it is told again.  Without
 * a whole one in this epoch nobody has: it is on its way, or could not be written.
 */
static void look_for_report(void)
{
	/* Before the key is read: the report may become complete right after that. */
	bool complete = READ_ONCE(complete_in) == hb_bus_epoch();

	if (key_exists(HB_KEY_REPORT_VERSION, true))
		return;
	if (complete) {
		atomic_inc_return(&epoch);
		/* The statistics are looked at where a pass ends. */
		hb_events_raise(HB_NEWS_LOOK);
	}
	hb_bus_report();
}

/*
 * A key that is there but could not be read, for want of memory or because xenstored has
 * a moment: nobody would say again that it changed.  That the guest may read it xenstored says.
 */
static void read_again(struct work_struct *work);
static DECLARE_DELAYED_WORK(reader, read_again);

/* Nothing to learn from @text.  Return: because there is no such key. */
static bool is_absent(const char *text)
{
	if (PTR_ERR(text) == -ENOENT)
		return true;
	if (PTR_ERR(text) != -EACCES)
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
static void (*meminfo_made)(void);

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

/* Empty it is as domain 0 makes it. */
static void read_meminfo(void)
{
	char *text = xenbus_read(XBT_NIL, HB_KEY_QUBES_MEMINFO, "", NULL);

	if (IS_ERR(text)) {
		is_absent(text);
		return;
	}
	if (!*text)
		meminfo_made();
	kfree(text);
}

/* From reading a key until it counts: what was read before must not come after it. */
static DEFINE_MUTEX(reading);

static void read_one(void (*read)(void))
{
	mutex_lock(&reading);
	read();
	mutex_unlock(&reading);
}

static void key_changed(struct xenbus_watch *watch, const char *path, const char *token);
static void target_changed(struct xenbus_watch *watch, const char *path, const char *token);

/* What the host says, in the order in which it is heard. */
static struct host_key {
	struct xenbus_watch watch;
	void (*read)(void);
	const char *unheard;	/* what is so where it cannot be watched */
	bool watched;
} host_keys[] = {
	{ { .node = HB_KEY_SWAP, .callback = key_changed }, read_swap,
	  "this guest swaps out as its parameter says" },
	{ { .node = HB_KEY_STILL, .callback = key_changed }, read_still,
	  "this guest does not keep still when it is asked to" },
	{ { .node = HB_KEY_HEADROOM, .callback = key_changed }, read_headroom,
	  "this guest takes nothing above its target in need" },
	{ { .node = HB_KEY_STATS_WANTED, .callback = key_changed }, read_stats_wanted,
	  "this guest writes statistics, whether they are wanted or not" },
	{ { .node = HB_KEY_QUBES_MEMINFO, .callback = key_changed }, read_meminfo,
	  "this guest does not notice when domain 0 makes it" },
	{ { .node = HB_KEY_TARGET, .callback = target_changed }, read_target,
	  "this guest cannot be given a size" },
};

static struct host_key *const target_key = &host_keys[ARRAY_SIZE(host_keys) - 1];

static void read_again(struct work_struct *work)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(host_keys); i++)
		read_one(host_keys[i].read);
}

static void key_changed(struct xenbus_watch *watch, const char *path, const char *token)
{
	read_one(container_of(watch, struct host_key, watch)->read);
}

static void target_changed(struct xenbus_watch *watch, const char *path, const char *token)
{
	look_for_report();
	key_changed(watch, path, token);
}

/* Read at once: nothing begins that the host has ruled out; an event comes later. */
static void listen_to(struct host_key *key)
{
	read_one(key->read);
	key->watched = !register_xenbus_watch(&key->watch);
	if (!key->watched)
		pr_warn("cannot watch %s: %s\n", key->watch.node, key->unheard);
}

static void stop_listening(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(host_keys); i++)
		if (host_keys[i].watched)
			unregister_xenbus_watch(&host_keys[i].watch);
}

int hb_bus_domain(void)
{
	return atomic_read(&domain);
}

int hb_bus_epoch(void)
{
	return atomic_read_acquire(&epoch);
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

static int write_number(const char *key, bool all, u64 now, u64 before)
{
	if (!all && now == before)
		return 0;
	return xenbus_printf(XBT_NIL, key, "", "%llu", now);
}

static int write_word(const char *key, bool all, const char *now, const char *before)
{
	if (!all && now == before)
		return 0;
	return xenbus_printf(XBT_NIL, key, "", "%s", now);
}

/* The cause goes before the state: who waits for "waiting" then finds it. */
static int write_report(const struct hb_status *now, bool all)
{
	int rc;

	rc = write_number(HB_KEY_REPORT_CURRENT, all, now->current_kib, written.current_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_FLOOR, all, now->floor_kib, written.floor_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_MAX, all, now->max_kib, written.max_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_RESCUED, all, now->rescued_kib, written.rescued_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_SPARED, all, now->spared_kib, written.spared_kib);
	rc = rc ?: write_word(HB_KEY_REPORT_CAUSE, all, cause_word[now->cause],
			      cause_word[written.cause]);
	rc = rc ?: write_word(HB_KEY_REPORT_STATE, all, state_word[now->state],
			      state_word[written.state]);
	rc = rc ?: write_number(HB_KEY_REPORT_GOAL, all, now->goal_kib, written.goal_kib);
	rc = rc ?: write_number(HB_KEY_REPORT_STILL, all, now->still, written.still);
	if (!rc && all)
		rc = xenbus_printf(XBT_NIL, HB_KEY_REPORT_VERSION, "", "%d",
				   HB_REPORT_VERSION);
	return rc;
}

static void report_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(report, report_work);

/* A part of it may have been written. */
static void report_failed(int now_in, int rc)
{
	unsigned int ms;

	if (!told.retry_ms)
		pr_warn("cannot write to %s (%d): the host does not see this guest's reports; trying again\n",
			HB_KEY_REPORT_DIR, rc);
	ms = hb_told_failed(&told, now_in, 0);
	hb_told_lost(&told);
	schedule_delayed_work(&report, msecs_to_jiffies(ms));
}

static void report_work(struct work_struct *work)
{
	int now_in = hb_bus_epoch(), rc;
	bool all = !hb_told_holds(&told, now_in);
	struct hb_status now;

	hb_report_get(&now);
	WRITE_ONCE(written_at, jiffies);
	rc = write_report(&now, all);
	if (rc) {
		report_failed(now_in, rc);
		return;
	}
	if (told.retry_ms)
		pr_info("reports can be written again\n");
	if (all)
		hb_agent_announce(hb_bus_domain());
	written = now;
	hb_told_written(&told, now_in, 0);
	WRITE_ONCE(complete_in, now_in);
	/* Some of it may have been written in the epoch before. */
	if (hb_bus_epoch() != now_in)
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

/* Without the others a guest can be had; without a target it cannot. */
int hb_bus_start(void (*wants_stats)(bool wanted), void (*made_meminfo)(void))
{
	unsigned int i;

	host_wants_stats = wants_stats;
	meminfo_made = made_meminfo;
	written_at = jiffies - REPORT_INTERVAL;
	hb_report_subscribe(hb_bus_report);
	for (i = 0; i < ARRAY_SIZE(host_keys); i++)
		listen_to(&host_keys[i]);
	return target_key->watched ? 0 : -EIO;
}

void hb_bus_stop(void)
{
	hb_report_subscribe(NULL);
	stop_listening();
	cancel_delayed_work_sync(&reader);
	cancel_delayed_work_sync(&report);
	xenbus_rm(XBT_NIL, HB_KEY_REPORT_DIR, "");
	hb_agent_unannounce(hb_bus_domain());
}
