// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>

#include "../driver.h"
#include "isolate.h"
#include "reserve.h"

/*
 * Page tables of the direct map and of the descriptors, PV's table of machine frames,
 * and the kernel's small objects, 128 MiB of block at a time: 1 MiB.
 */
#define TABLE_PAGES_SHIFT 7

/* To spare means free: must not reclaim for a need that may never come. */
#define GFP_SPARE \
	((GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC) & \
	 ~__GFP_DIRECT_RECLAIM)

/* The same when the need is there. */
#define GFP_NEEDED (GFP_SPARE | __GFP_DIRECT_RECLAIM)

static LIST_HEAD(units);	/* order HB_UNIT_ORDER: descriptors like them whole */
static LIST_HEAD(singles);
static unsigned long reserved;	/* pages */

static unsigned long wanted(void)
{
	unsigned long descriptors = hb.map.block_pages * sizeof(struct page) /
				    PAGE_SIZE;

	return descriptors + (hb.map.block_pages >> TABLE_PAGES_SHIFT);
}

static bool take(struct list_head *list, unsigned int order, gfp_t gfp)
{
	struct page *page = alloc_pages(gfp, order);

	if (!page)
		return false;
	list_add(&page->lru, list);
	reserved += 1UL << order;
	return true;
}

/* Larger pages are a luxury that nothing is reclaimed for. */
static void fill(gfp_t gfp)
{
	unsigned long goal = wanted();

	while (reserved + HB_UNIT_PAGES <= goal &&
	       take(&units, HB_UNIT_ORDER, GFP_SPARE))
		;
	while (reserved < goal && take(&singles, 0, gfp))
		;
}

/* Whole runs, so a little more than is wanted may come. */
static void fill_by_evacuating(void)
{
	unsigned long goal = wanted(), i;

	while (reserved < goal) {
		struct hb_run run = hb_isolate_evacuate_boot();

		if (!run.nr)
			return;
		for (i = 0; i < run.nr; i++)
			list_add(&pfn_to_page(run.pfn + i)->lru, &singles);
		reserved += run.nr;
	}
}

void hb_reserve_refill(const struct hb_floor *spare)
{
	unsigned long goal = wanted();
	unsigned long missing = goal - min(goal, reserved);

	if (spare->take_boot >= missing)
		fill(GFP_SPARE);
	else if (spare->take_added >= missing)
		fill_by_evacuating();
}

bool hb_reserve_complete(void)
{
	fill(GFP_NEEDED);
	fill_by_evacuating();
	return reserved >= wanted();
}

static void give(struct list_head *list, unsigned int order)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		list_del(&page->lru);
		__free_pages(page, order);
	}
}

void hb_reserve_release(void)
{
	give(&units, HB_UNIT_ORDER);
	give(&singles, 0);
	reserved = 0;
}
