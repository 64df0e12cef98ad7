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
#include "counters.h"
#include "press.h"

/* Looks, and how long after each other: within some milliseconds kswapd has failed for good. */
#define LOOKS	125
#define LOOK_US	2000

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

/* Of one node; the worker's. */
struct pressed {
	int nid;
	bool raised;			/* its zones are */
	bool gave_up;			/* kswapd found nothing there */
	int failures;			/* of kswapd, before */
	struct marks zones[MAX_NR_ZONES];
};

static struct pressed nodes[HB_FLOOR_NODES];
static unsigned int nr_nodes;

/* What is wanted, and how it was before, in pages. */
struct goal {
	u64 pages;
	u64 free;
	u64 swapped;
};

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

static bool gave_up(const struct pressed *node)
{
	return hb_press_gave_up(node->failures,
				atomic_read(hb_compat_kswapd_failures(node->nid)));
}

/*
 * What kswapd could not do was this driver's to ask for, and must not count when others need it.
 * It may be about to count one more: the next that begins takes that for what was before.
 */
static void take_back_failures(struct pressed *node)
{
	node->gave_up = true;
	atomic_set(hb_compat_kswapd_failures(node->nid), 0);
}

/*
 * It is woken by the low watermark, and works for the high one.  Where nobody can wake it any more
 * nothing is raised: it can be woken the next time.
 */
static void begin(struct pressed *node, unsigned long pages)
{
	struct zone *zones = NODE_DATA(node->nid)->node_zones;
	int i;

	node->failures = atomic_read(hb_compat_kswapd_failures(node->nid));
	if (gave_up(node)) {
		take_back_failures(node);
		return;
	}
	node->raised = true;
	for (i = 0; i < MAX_NR_ZONES; i++)
		raise(&zones[i], &node->zones[i], pages);
	wake_kswapd(node->nid);
	for (i = 0; i < MAX_NR_ZONES; i++)
		lower(&zones[i], &node->zones[i], WMARK_LOW, node->zones[i].low);
}

static void end(struct pressed *node)
{
	struct zone *zones = NODE_DATA(node->nid)->node_zones;
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++)
		lower(&zones[i], &node->zones[i], WMARK_HIGH, node->zones[i].high);
	node->raised = false;
	if (gave_up(node))
		take_back_failures(node);
}

static u64 free_pages_now(void)
{
	return global_zone_page_state(NR_FREE_PAGES);
}

static bool is_there(const struct goal *goal)
{
	return free_pages_now() >= goal->free + goal->pages;
}

static u64 writing_now(void)
{
	return global_node_page_state(NR_WRITEBACK);
}

static u64 missing(const struct goal *goal)
{
	return hb_press_missing(goal->pages, free_pages_now() - goal->free,
				hb_counters_swapped_out() - goal->swapped, writing_now());
}

/* Return: whether it can come to anything yet. */
static bool look(const struct goal *goal)
{
	u64 pages = missing(goal);
	bool hope = writing_now();
	unsigned int i;

	for (i = 0; i < nr_nodes; i++) {
		struct pressed *node = &nodes[i];

		if (node->raised && (!pages || gave_up(node)))
			end(node);
		else if (!node->raised && !node->gave_up && pages)
			begin(node, pages);
		hope |= node->raised;
	}
	return hope;
}

static void find_nodes(void)
{
	int nid;

	nr_nodes = 0;
	for_each_online_node(nid)
		if (nr_nodes < HB_FLOOR_NODES)
			nodes[nr_nodes++] = (struct pressed){ .nid = nid };
}

/* A while: kswapd works for what is missing, and is let go when that is on its way. */
static void press(const struct goal *goal)
{
	unsigned int looks, i;

	find_nodes();
	for (looks = 0; looks < LOOKS && !is_there(goal); looks++) {
		if (hb_events_pending() || !look(goal))
			break;
		usleep_range(LOOK_US, LOOK_US + LOOK_US / 2);
	}
	for (i = 0; i < nr_nodes; i++)
		if (nodes[i].raised)
			end(&nodes[i]);
}

void hb_press_out(unsigned long pages)
{
	const struct goal goal = {
		.pages = pages,
		.free = free_pages_now(),
		.swapped = hb_counters_swapped_out(),
	};
	unsigned int rounds = 0;

	do {
		press(&goal);
	} while (!is_there(&goal) && !hb_events_pending() &&
		 hb_press_again(++rounds, writing_now()));
}
