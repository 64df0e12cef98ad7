// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/vmstat.h>

#include "../driver.h"
#include "../events.h"
#include "press.h"

/* Looks, and how long after each other. */
#define LOOKS	25
#define LOOK_MS	10

/* What the allocator may wake kswapd for, and is given from every zone. */
#define GFP_WAKE (GFP_NOWAIT | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOWARN | __GFP_THISNODE)

static const char *const policy_word[] = HB_PRESS_POLICY_WORDS;

static int set_policy(const char *text, const struct kernel_param *param)
{
	int found = sysfs_match_string(policy_word, text);

	if (found < 0) {
		pr_err("swap=%s: use never, idle or always\n", text);
		return found;
	}
	WRITE_ONCE(hb.guest.swap_policy, found);
	hb_events_raise(HB_NEWS_LOOK);
	return 0;
}

static int get_policy(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", policy_word[READ_ONCE(hb.guest.swap_policy)]);
}

static const struct kernel_param_ops policy_ops = {
	.set = set_policy,
	.get = get_policy,
};

module_param_cb(swap, &policy_ops, NULL, 0644);
MODULE_PARM_DESC(swap, "what the guest swaps out to get below its floor: never, idle (the default: what is not needed again), always");

module_param_named(drop_caches, hb.guest.drop_caches, bool, 0644);
MODULE_PARM_DESC(drop_caches, "when the guest cannot get to its target for minutes it drops caches (default 1; 0: it keeps them)");

/* Of one zone; the worker's. */
struct marks {
	unsigned long low, high;	/* as they were */
	unsigned long raised;		/* what both are while they are raised; 0: nothing is */
};

/* The nodes whose zones are raised. */
static struct {
	int nid;
	struct marks zones[MAX_NR_ZONES];
} raised[HB_FLOOR_NODES];
static unsigned int nr_raised;

static void raise(struct zone *zone, struct marks *mark, unsigned long pages)
{
	mark->raised = 0;
	if (!managed_zone(zone))
		return;
	mark->low = READ_ONCE(zone->_watermark[WMARK_LOW]);
	mark->high = READ_ONCE(zone->_watermark[WMARK_HIGH]);
	mark->raised = max(mark->high, zone_page_state(zone, NR_FREE_PAGES)) + pages;
	WRITE_ONCE(zone->_watermark[WMARK_HIGH], mark->raised);
	WRITE_ONCE(zone->_watermark[WMARK_LOW], mark->raised);
}

/* Not what somebody else has computed meanwhile. */
static void lower(struct zone *zone, const struct marks *mark, unsigned int which,
		  unsigned long to)
{
	if (mark->raised && READ_ONCE(zone->_watermark[which]) == mark->raised)
		WRITE_ONCE(zone->_watermark[which], to);
}

/* With less free than the low watermark whoever allocates wakes kswapd first. */
static void wake_kswapd(int nid)
{
	struct page *page = alloc_pages_node(nid, GFP_WAKE, 0);

	if (page)
		__free_page(page);
}

/* It is woken by the low watermark, and works for the high one. */
static void begin(int nid, struct marks *of, unsigned long pages)
{
	struct zone *zones = NODE_DATA(nid)->node_zones;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		raise(&zones[i], &of[i], pages);
	wake_kswapd(nid);
	for (i = 0; i < MAX_NR_ZONES; i++)
		lower(&zones[i], &of[i], WMARK_LOW, of[i].low);
}

static void end(int nid, const struct marks *of)
{
	struct zone *zones = NODE_DATA(nid)->node_zones;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		lower(&zones[i], &of[i], WMARK_HIGH, of[i].high);
}

static unsigned long free_pages_now(void)
{
	return global_zone_page_state(NR_FREE_PAGES);
}

static void press(unsigned long pages, unsigned long enough)
{
	unsigned int looks;
	int nid;

	for_each_online_node(nid) {
		if (nr_raised == HB_FLOOR_NODES)
			break;
		raised[nr_raised].nid = nid;
		begin(nid, raised[nr_raised++].zones, pages);
	}
	for (looks = 0; looks < LOOKS && free_pages_now() < enough; looks++) {
		if (hb_events_pending())
			break;
		msleep(LOOK_MS);
	}
	while (nr_raised--)
		end(raised[nr_raised].nid, raised[nr_raised].zones);
	nr_raised = 0;
}

void hb_press_out(unsigned long pages)
{
	unsigned long enough = free_pages_now() + pages, now;
	unsigned int rounds = 0;

	/* Whoever exits meanwhile may free more than was asked for. */
	while ((now = free_pages_now()) < enough) {
		press(enough - now, enough);
		if (hb_events_pending() ||
		    !hb_press_again(++rounds, global_node_page_state(NR_WRITEBACK)))
			break;
	}
}
