// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/page-flags.h>

#include "../driver.h"
#include "../xen/extents.h"
#include "hotplug.h"
#include "pages.h"

/*
 * Like the built-in driver: take what is free or easy to reclaim, leave the
 * reserves alone, and never wake the OOM killer.
 */
#define GFP_BALLOON \
	(GFP_HIGHUSER | __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC)

/* Extents of the step at hand; used by the worker only. */
static unsigned long *step_pfns;

int hb_pages_init(void)
{
	step_pfns = kvcalloc(HB_EXTENTS_MAX_PAGES, sizeof(*step_pfns),
			     GFP_KERNEL);
	return step_pfns ? 0 : -ENOMEM;
}

void hb_pages_exit(void)
{
	kvfree(step_pfns);
	step_pfns = NULL;
}

void hb_pages_hold(unsigned long pfn, unsigned long nr, bool managed)
{
	struct page *page = pfn_to_page(pfn);
	unsigned long i;

	page_offline_begin();
	for (i = 0; i < nr; i++) {
		ClearPageReserved(page + i);
		set_page_count(page + i, 1);
		hb_compat_set_page_offline(page + i);
	}
	page_offline_end();
	if (managed)
		adjust_managed_page_count(page, -(long)nr);
}

void hb_pages_free(unsigned long pfn, unsigned long nr)
{
	struct page *page = pfn_to_page(pfn);
	unsigned int order = 0;
	unsigned long i;

	if (nr == HB_UNIT_PAGES && IS_ALIGNED(pfn, HB_UNIT_PAGES))
		order = HB_UNIT_ORDER;
	for (i = 0; i < nr; i++) {
		hb_compat_clear_page_offline(page + i);
		/* Of a larger page only the head has a reference. */
		if (order && i)
			set_page_count(page + i, 0);
	}
	adjust_managed_page_count(page, nr);
	for (i = 0; i < nr; i += 1UL << order)
		__free_pages(page + i, order);
}

/* In page_private() of a page that hb_pages_leave() left: "hotballo". */
#define LEFT_MARK 0x6f6c6c6162746f68UL

static struct hb_run next_held(unsigned long from_pfn)
{
	struct hb_run run;

	mutex_lock(&hb.lock);
	run = hb_blockmap_next_held(&hb.map, from_pfn, HB_UNIT_PAGES);
	mutex_unlock(&hb.lock);
	return run;
}

void hb_pages_leave(void)
{
	unsigned long left = 0, i;
	struct hb_run run;

	for (run = next_held(0); run.nr; run = next_held(run.pfn + run.nr)) {
		for (i = 0; i < run.nr; i++)
			set_page_private(pfn_to_page(run.pfn + i), LEFT_MARK);
		left += run.nr;
		cond_resched();
	}
	if (left)
		pr_info("%lu MiB stay with Xen: load the module again to use them\n",
			left / HB_MIB_PAGES);
}

static bool was_left(unsigned long pfn)
{
	struct page *page = pfn_to_online_page(pfn);

	return page && PageOffline(page) && page_count(page) == 1 &&
	       page_private(page) == LEFT_MARK;
}

/* How many pages from @pfn on were left, and are not marked any more. */
static unsigned long unmark_left(unsigned long pfn, unsigned long end)
{
	unsigned long nr;

	for (nr = 0; pfn + nr < end && was_left(pfn + nr); nr++)
		set_page_private(pfn_to_page(pfn + nr), 0);
	return nr;
}

/* Caller holds hb.lock. */
static void find_left_in(const struct hb_block *block)
{
	unsigned long pfn = block->start_pfn, nr;
	unsigned long end = pfn + hb.map.block_pages;

	for (; pfn < end; pfn += nr + 1) {
		nr = unmark_left(pfn, end);
		if (nr)
			WARN_ON_ONCE(hb_blockmap_hold(&hb.map, pfn, nr));
	}
}

void hb_pages_find_left(void)
{
	const struct hb_block *block;
	unsigned long pfn = 0;

	do {
		mutex_lock(&hb.lock);
		block = hb_blockmap_next_block(&hb.map, pfn);
		if (block) {
			find_left_in(block);
			pfn = block->start_pfn + hb.map.block_pages;
		}
		mutex_unlock(&hb.lock);
		cond_resched();
	} while (block);
}

/*
 * Xen does not clear what it takes from a living guest, and the next owner must
 * not read it.  Clear pages that the allocator returned, unless it just did:
 * init_on_alloc cleared them on their way here, init_on_free on their way into
 * the allocator.  Page poisoning switches both off.
 */
static void clear_pages(struct page *page, unsigned long nr)
{
	unsigned long i;

	if (want_init_on_alloc(GFP_BALLOON) || want_init_on_free())
		return;
	for (i = 0; i < nr; i++)
		clear_highpage(page + i);
}

/* Why less was surrendered than asked for, if it was; used by the worker only. */
static enum hb_cause short_cause;

/*
 * A block that is on its way offline has let its held pages go already: new
 * ones would confuse it.  Give those extents back to the allocator.
 */
static unsigned int drop_unusable(unsigned long *pfns, unsigned int nr,
				  unsigned int order)
{
	unsigned int i, kept = 0;

	for (i = 0; i < nr; i++) {
		struct hb_block *block = hb_blockmap_find(&hb.map, pfns[i]);

		if (block && block->state == HB_BLOCK_ONLINE) {
			pfns[kept++] = pfns[i];
			continue;
		}
		hb_pages_hold(pfns[i], 1UL << order, true);
		hb_pages_free(pfns[i], 1UL << order);
		short_cause = HB_CAUSE_GUEST_BUSY;
	}
	return kept;
}

/*
 * Give held pages to Xen: @nr extents of the list.  What Xen does
 * not take goes back to the allocator.  Caller holds hb.lock.
 *
 * Return: pages given.
 */
static unsigned long release_held(unsigned long *pfns, unsigned int nr,
				  unsigned int order)
{
	unsigned long size = 1UL << order;
	unsigned long done = hb_extents_release(pfns, nr, order);
	unsigned long i;

	for (i = done; i < (unsigned long)nr << order;
	     i = round_down(i, size) + size)
		mark_pages_onlined(pfns[i >> order] + (i & (size - 1)),
				   size - (i & (size - 1)));
	return done;
}

/* Allocated pages become held ones, and go to Xen.  Caller holds hb.lock. */
static unsigned long surrender_locked(unsigned long *pfns, unsigned int nr,
				      unsigned int order)
{
	unsigned long size = 1UL << order;
	unsigned int i;

	short_cause = hb_extents_kept();
	nr = drop_unusable(pfns, nr, order);
	for (i = 0; i < nr; i++) {
		hb_pages_hold(pfns[i], size, true);
		WARN_ON_ONCE(hb_blockmap_hold(&hb.map, pfns[i], size));
	}
	hb.ledger.held = hb.map.held;
	return release_held(pfns, nr, order);
}

static unsigned long surrender(unsigned long *pfns, unsigned int nr,
			       unsigned int order)
{
	unsigned long done;

	mutex_lock(&hb.lock);
	done = surrender_locked(pfns, nr, order);
	mutex_unlock(&hb.lock);
	return done;
}

enum hb_cause hb_pages_short_cause(void)
{
	return short_cause;
}

unsigned long hb_pages_surrender(unsigned long pfn, unsigned long nr)
{
	unsigned int order = nr < HB_UNIT_PAGES ? 0 : HB_UNIT_ORDER;
	unsigned int i, extents = nr >> order;

	clear_pages(pfn_to_page(pfn), nr);
	for (i = 0; i < extents; i++)
		step_pfns[i] = pfn + ((unsigned long)i << order);
	return surrender(step_pfns, extents, order);
}

static unsigned int allocate(unsigned long *pfns, unsigned int nr,
			     unsigned int order)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct page *page = alloc_pages(GFP_BALLOON, order);

		if (!page)
			break;
		clear_pages(page, 1UL << order);
		pfns[i] = page_to_pfn(page);
	}
	return i;
}

static struct hb_outcome shrink(u64 pages, unsigned int order)
{
	unsigned int want = min_t(u64, pages, HB_EXTENTS_MAX_PAGES) >> order;
	unsigned int got = allocate(step_pfns, want, order);
	struct hb_outcome outcome = { 0 };

	if (got)
		outcome.pages = surrender(step_pfns, got, order);
	if (got < want)
		outcome.cause = HB_CAUSE_GUEST_BUSY;
	else if (outcome.pages < (u64)want << order)
		outcome.cause = short_cause;
	return outcome;
}

struct hb_outcome hb_pages_shrink_units(u64 pages)
{
	return shrink(pages, HB_UNIT_ORDER);
}

struct hb_outcome hb_pages_shrink_singles(u64 pages)
{
	return shrink(pages, 0);
}

/* Caller holds hb.lock. */
static unsigned long populate(unsigned long *pfns, unsigned int nr,
			      unsigned int order)
{
	unsigned long size = 1UL << order;
	unsigned long done = hb_extents_populate(pfns, nr, order);
	unsigned long i;

	for (i = 0; i < done; i += size)
		mark_pages_onlined(pfns[i >> order], min(size, done - i));
	return done;
}

static struct hb_outcome grown(unsigned long done, unsigned long asked,
			       unsigned int order)
{
	struct hb_outcome outcome = { .pages = done };

	if (done < asked)
		outcome.cause = hb_extents_refusal(1UL << order);
	return outcome;
}

/*
 * One extent a time: finding the next empty unit wants the one before out of
 * the map, and a hypercall for 2 MiB is cheap beside what it does.
 */
struct hb_outcome hb_pages_grow_units(u64 pages)
{
	unsigned long done = 0;

	mutex_lock(&hb.lock);
	while (done + HB_UNIT_PAGES <= pages) {
		struct hb_run unit = hb_blockmap_empty_unit(&hb.map);
		unsigned long got;

		if (!unit.nr)
			break;
		got = populate(&unit.pfn, 1, HB_UNIT_ORDER);
		done += got;
		if (got < HB_UNIT_PAGES)
			break;
	}
	mutex_unlock(&hb.lock);
	return grown(done, pages, HB_UNIT_ORDER);
}

struct hb_outcome hb_pages_grow_singles(u64 pages)
{
	unsigned int want = min_t(u64, pages, HB_EXTENTS_MAX_PAGES);
	unsigned long done;
	unsigned int nr;

	mutex_lock(&hb.lock);
	nr = hb_blockmap_held_pages(&hb.map, step_pfns, want);
	done = populate(step_pfns, nr, 0);
	mutex_unlock(&hb.lock);
	return grown(done, nr, 0);
}

static unsigned int list_pages(unsigned long pfn, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		step_pfns[i] = pfn + i;
	return nr;
}

bool hb_pages_renew_unit(unsigned long pfn)
{
	unsigned long unit = pfn;
	unsigned long gone;
	bool renewed = false;

	clear_pages(pfn_to_page(pfn), HB_UNIT_PAGES);
	mutex_lock(&hb.lock);
	gone = surrender_locked(&unit, 1, HB_UNIT_ORDER);
	unit = pfn;
	if (gone == HB_UNIT_PAGES)
		renewed = populate(&unit, 1, HB_UNIT_ORDER);
	if (gone && !renewed)
		populate(step_pfns, list_pages(pfn, gone), 0);
	mutex_unlock(&hb.lock);
	return renewed;
}

/*
 * Nobody uses these pages and nobody can begin to while hb.lock is held: the kernel
 * asks before it puts the block online.  Their descriptors say nothing; the map does.
 * Caller holds hb.lock.
 */
static unsigned long release_parked(struct hb_run run)
{
	unsigned int order = run.nr == HB_UNIT_PAGES ? HB_UNIT_ORDER : 0;
	unsigned int extents = list_pages(run.pfn, run.nr >> order);
	unsigned long done, i;

	if (!want_init_on_free())
		for (i = 0; i < run.nr; i++)
			clear_page(__va(PFN_PHYS(run.pfn + i)));
	WARN_ON_ONCE(hb_blockmap_hold(&hb.map, run.pfn, run.nr));
	done = hb_extents_release(step_pfns, extents, order);
	if (done < run.nr)
		WARN_ON_ONCE(hb_blockmap_release(&hb.map, run.pfn + done,
						 run.nr - done));
	hb.ledger.held = hb.map.held;
	return done;
}

struct hb_outcome hb_pages_shrink_parked(u64 pages)
{
	struct hb_outcome outcome = { 0 };

	while (outcome.pages < pages && !outcome.cause) {
		struct hb_run run;
		unsigned long done;

		mutex_lock(&hb.lock);
		run = hb_blockmap_parked_run(&hb.map,
					     min_t(u64, pages - outcome.pages,
						   HB_UNIT_PAGES));
		done = run.nr ? release_parked(run) : 0;
		mutex_unlock(&hb.lock);
		outcome.pages += done;
		if (!run.nr)
			outcome.cause = HB_CAUSE_GUEST_BUSY;
		else if (done < run.nr)
			outcome.cause = hb_extents_kept();
	}
	return outcome;
}
