// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>

#include "../driver.h"
#include "reserve.h"

/*
 * Page tables of the direct map and of the descriptors, PV's table of machine frames,
 * and the kernel's small objects, 128 MiB of block at a time: 1 MiB.
 */
#define TABLE_PAGES_SHIFT 7

/* Must not reclaim, least of all kill, for a need that may never come. */
#define GFP_RESERVE \
	((GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC) & \
	 ~__GFP_DIRECT_RECLAIM)

static LIST_HEAD(units);	/* order HB_UNIT_ORDER: descriptors like them whole */
static LIST_HEAD(singles);
static unsigned long reserved;	/* pages */

static unsigned long wanted(void)
{
	unsigned long descriptors = hb.map.block_pages * sizeof(struct page) /
				    PAGE_SIZE;

	return descriptors + (hb.map.block_pages >> TABLE_PAGES_SHIFT);
}

static bool take(struct list_head *list, unsigned int order)
{
	struct page *page = alloc_pages(GFP_RESERVE, order);

	if (!page)
		return false;
	list_add(&page->lru, list);
	reserved += 1UL << order;
	return true;
}

void hb_reserve_refill(u64 spare)
{
	unsigned long goal = wanted();

	if (reserved >= goal || spare < goal - reserved)
		return;
	while (goal - reserved >= HB_UNIT_PAGES && take(&units, HB_UNIT_ORDER))
		;
	while (reserved < goal && take(&singles, 0))
		;
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
