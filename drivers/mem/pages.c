// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/page_ref.h>

#include "../driver.h"
#include "../xen/extents.h"
#include "hotplug.h"
#include "pages.h"

/*
 * init_on_alloc cleared pages on their way here, init_on_free on their way into
 * the allocator.  Page poisoning switches both off.
 */
void hb_pages_clear(unsigned long pfn, unsigned long nr)
{
	unsigned long i;

	if (want_init_on_alloc(HB_GFP_BALLOON) || want_init_on_free())
		return;
	for (i = 0; i < nr; i++)
		clear_highpage(pfn_to_page(pfn + i));
}

void hb_pages_clear_parked(unsigned long pfn, unsigned long nr)
{
	unsigned long i;

	if (want_init_on_free())
		return;
	for (i = 0; i < nr; i++)
		clear_page(__va(PFN_PHYS(pfn + i)));
}

/* No branch in the loop: shrinking goes through every descriptor for this. */
bool hb_pages_poisoned(unsigned long pfn, unsigned long nr)
{
	const struct page *page = pfn_to_page(pfn);
	const struct page *end = page + nr;
	unsigned long flags = 0;

	for (; page < end; page++)
		flags |= hb_compat_page_flags(page);
	return flags & __PG_HWPOISON;
}

bool hb_pages_are_good(unsigned long pfn, unsigned long nr)
{
	if (!hb_pages_poisoned(pfn, nr))
		return true;
	hb_pages_put_back(pfn, nr);
	return false;
}

bool hb_pages_is_free_unit(unsigned long pfn)
{
	unsigned int order;

	for (order = HB_UNIT_ORDER; order <= HB_COMPAT_MAX_PAGE_ORDER; order++) {
		struct page *head = pfn_to_page(pfn & ~((1UL << order) - 1));

		if (PageBuddy(head) && page_private(head) >= order)
			return true;
	}
	return false;
}

/* Those of the page cache that are private have a mapping. */
bool hb_pages_is_for_grants(unsigned long pfn)
{
	struct page *page;

	if (IS_ENABLED(CONFIG_XEN_UNPOPULATED_ALLOC))
		return false;
	page = pfn_to_online_page(pfn);
	return page && !PageLRU(page) && !page->mapping &&
	       hb_compat_page_flags(page) & BIT(PG_private);
}

/*
 * Like the built-in driver: take what is free or easy to reclaim, leave the
 * reserves alone, and never wake the OOM killer.
 */
bool hb_pages_alloc(unsigned int order, int node, unsigned long *pfn)
{
	gfp_t gfp = HB_GFP_BALLOON;
	struct page *page;

	if (nr_online_nodes > 1)
		gfp |= __GFP_THISNODE;
	page = alloc_pages_node(node, gfp, order);
	if (!page)
		return false;
	if (order)
		split_page(page, order);
	*pfn = page_to_pfn(page);
	if (!hb_pages_are_good(*pfn, 1UL << order))
		return false;
	hb_pages_clear(*pfn, 1UL << order);
	return true;
}

/* Not free_contig_range(): that warns of somebody else's reference. */
void hb_pages_put_back(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	for (; pfn < end; pfn++)
		__free_page(pfn_to_page(pfn));
}

void hb_pages_hold(unsigned long pfn, unsigned long nr, bool managed)
{
	struct page *page = pfn_to_page(pfn);
	unsigned long i;

	hb_assert_locked();
	for (i = 0; i < nr; i++) {
		ClearPageReserved(page + i);
		hb_compat_set_page_offline(page + i);
	}
	if (managed)
		adjust_managed_page_count(page, -(long)nr);
}

/*
 * Free the unit at @page page by page; the first @merged of its tails have no reference, and
 * they and the next one (if there is one) are not marked offline any more.
 */
static void free_unmerged(struct page *page, unsigned int merged)
{
	unsigned int i;

	for (i = 1; i <= merged; i++) {
		/* Without a reference nobody else can get one. */
		set_page_count(page + i, 1);
		__free_page(page + i);
	}
	/* The reference to the next one is dropped, and it is his to free who has another. */
	for (i = merged + 2; i < HB_UNIT_PAGES; i++) {
		hb_compat_clear_page_offline(page + i);
		__free_page(page + i);
	}
	__free_page(page);
}

/*
 * All but the head of a larger page must have no reference, and the driver has one to each.
 * One way through the descriptors: that is most of what growing costs the guest.  The allocator
 * keeps a broken page out of use if it comes alone, not in a unit.
 */
static void free_unit(struct page *page)
{
	unsigned long flags = hb_compat_page_flags(page);
	struct page *end = page + HB_UNIT_PAGES;
	struct page *tail;

	hb_compat_clear_page_offline(page);
	for (tail = page + 1; tail < end; tail++) {
		hb_compat_clear_page_offline(tail);
		flags |= hb_compat_page_flags(tail);
		if (!page_ref_dec_and_test(tail)) {
			free_unmerged(page, tail - page - 1);
			return;
		}
	}
	if (flags & __PG_HWPOISON)
		free_unmerged(page, HB_UNIT_PAGES - 1);
	else
		__free_pages(page, HB_UNIT_ORDER);
}

unsigned long mark_pages_onlined(unsigned long pfn, unsigned long nr_pages)
{
	struct page *page = pfn_to_page(pfn);
	bool unit = nr_pages == HB_UNIT_PAGES && IS_ALIGNED(pfn, HB_UNIT_PAGES);
	unsigned long i;

	hb_assert_locked();
	adjust_managed_page_count(page, nr_pages);
	if (unit)
		free_unit(page);
	for (i = 0; i < nr_pages && !unit; i++) {
		hb_compat_clear_page_offline(page + i);
		__free_page(page + i);
	}
	return nr_pages;
}

static bool clear_unmapped(unsigned long pfn, unsigned long nr)
{
	void *memory = memremap(PFN_PHYS(pfn), PFN_PHYS(nr), MEMREMAP_WB);

	if (!memory)
		return false;
	memset(memory, 0, PFN_PHYS(nr));
	memunmap(memory);
	return true;
}

bool hb_pages_clear_removed(const unsigned long *pfns, unsigned int nr)
{
	unsigned int i, run;

	for (i = 0; i < nr; i += run) {
		for (run = 1; i + run < nr; run++)
			if (pfns[i + run] != pfns[i] + run)
				break;
		if (!clear_unmapped(pfns[i], run))
			return false;
	}
	return true;
}

/* In page_private() of a page that hb_pages_leave() left: "hotballo". */
#define LEFT_MARK 0x6f6c6c6162746f68UL

void hb_pages_leave(void)
{
	unsigned long left = 0, from = 0, i;
	struct hb_run run;

	do {
		hb_lock();
		run = hb_blockmap_next_held(&hb.guest.map, from, HB_UNIT_PAGES);
		for (i = 0; i < run.nr; i++)
			set_page_private(pfn_to_page(run.pfn + i), LEFT_MARK);
		hb_unlock();
		from = run.pfn + run.nr;
		left += run.nr;
		cond_resched();
	} while (run.nr);
	if (left)
		pr_info("%lu MiB stay with Xen: load the module again to use them\n",
			left / HB_MIB_PAGES);
}

/* The mark alone is not believed. */
static bool was_left(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page && PageOffline(page) && page_count(page) &&
	       page_private(page) == LEFT_MARK &&
	       hb_extents_frame(pfn) == HB_FRAME_NONE;
}

static void find_left_in(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	for (; pfn < end; pfn++) {
		if (!was_left(pfn))
			continue;
		set_page_private(pfn_to_page(pfn), 0);
		hb_guest_hold(&hb.guest, pfn, 1);
	}
}

void hb_pages_find_left(void)
{
	const struct hb_block *block;
	unsigned long from = 0;

	for (;;) {
		hb_lock();
		block = hb_blockmap_next_block(&hb.guest.map, from);
		if (block) {
			from = max(from, block->start_pfn);
			find_left_in(from, HB_UNIT_PAGES);
			from += HB_UNIT_PAGES;
		}
		hb_unlock();
		if (!block)
			return;
		cond_resched();
	}
}

/* Held pages that the kernel counts as ballooned, by node; and of how many in all. */
static long ballooned[MAX_NUMNODES];
static unsigned long held_before;

/* Boot memory is always there; a block that is being added has no descriptors yet. */
static int node_of(const struct hb_block *block)
{
	return block->origin == HB_BLOCK_BOOT ? pfn_to_nid(block->start_pfn) :
						hb_hotplug_node();
}

/* Block by block: there may be many. */
static void count_blocks(long held[MAX_NUMNODES])
{
	const struct hb_blockmap *map = &hb.guest.map;
	const struct hb_block *block;
	unsigned long from = 0;

	do {
		hb_lock();
		block = hb_blockmap_next_block(map, from);
		if (block) {
			held[node_of(block)] += block->held;
			from = block->start_pfn + map->block_pages;
		}
		hb_unlock();
	} while (block);
}

void hb_pages_count_held(bool rests)
{
	bool many = nr_online_nodes > 1;
	static long held[MAX_NUMNODES];
	unsigned long now;
	int nid;

	hb_lock();
	now = hb.guest.map.held;
	hb_unlock();
	if (!HB_KERNEL_COUNTS_BALLOONED || now == held_before || (many && !rests))
		return;
	held_before = now;
	memset(held, 0, sizeof(held));
	if (many)
		count_blocks(held);
	else
		held[first_online_node] = now;
	for_each_online_node(nid) {
		hb_compat_count_ballooned(nid, held[nid] - ballooned[nid]);
		ballooned[nid] = held[nid];
	}
}

void hb_pages_uncount_held(void)
{
	int nid;

	for_each_online_node(nid) {
		hb_compat_count_ballooned(nid, -ballooned[nid]);
		ballooned[nid] = 0;
	}
}
