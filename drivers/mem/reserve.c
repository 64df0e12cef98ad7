// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>

#include "../driver.h"
#include "reserve.h"
#include "watermarks.h"

/*
 * Page tables of the direct map and of the descriptors, PV's table of machine frames,
 * and the kernel's small objects, 128 MiB of block at a time: 1 MiB.
 */
#define TABLE_PAGES_SHIFT 7

/* KASAN's shadow, where the kernel has it: made when a block goes online. */
#define SHADOW_PAGES_SHIFT 3

/* To spare means free: must not reclaim for a need that may never come. */
#define GFP_SPARE \
	((GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC) & \
	 ~__GFP_DIRECT_RECLAIM)

/* The same when the need is there. */
#define GFP_NEEDED (GFP_SPARE | __GFP_DIRECT_RECLAIM)

static LIST_HEAD(units);	/* order HB_UNIT_ORDER: descriptors like them whole */
static LIST_HEAD(singles);
static unsigned long reserved;	/* pages */

unsigned long hb_reserve_cost(unsigned long block_pages)
{
	unsigned long descriptors = block_pages * sizeof(struct page) /
				    PAGE_SIZE;
	unsigned long shadow = 0;

	if (IS_ENABLED(CONFIG_KASAN_GENERIC))
		shadow = block_pages >> SHADOW_PAGES_SHIFT;
	return descriptors + (block_pages >> TABLE_PAGES_SHIFT) + shadow;
}

static unsigned long goal(void)
{
	return hb_reserve_cost(hb.guest.map.block_pages);
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
	while (reserved + HB_UNIT_PAGES <= goal() &&
	       take(&units, HB_UNIT_ORDER, GFP_SPARE))
		;
	while (reserved < goal() && take(&singles, 0, gfp))
		;
}

static unsigned long missing(void)
{
	return goal() - min(goal(), reserved);
}

void hb_reserve_refill(u64 spare)
{
	if (spare >= missing())
		fill(GFP_SPARE);
}

bool hb_reserve_complete(void)
{
	struct hb_pressure pressure;

	hb_watermarks_pressure(&pressure, 0);
	if (hb_floor_available_kernel(&pressure) >= missing())
		fill(GFP_NEEDED);
	return !missing();
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
