// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/mm.h>

#include "../driver.h"
#include "isolate.h"
#include "pages.h"

/*
 * Units whose descriptors are read while hb.lock is held: each read may have to come
 * from memory, and giving one unit to Xen takes longer than this many.
 */
#define ASK_AT_ONCE 256

/*
 * Is all of the unit one free page of the allocator, or a part of one?  Looks without
 * the zone's lock: a wrong answer costs a needless evacuation.  Caller holds hb.lock,
 * and the unit's block is online.
 */
static bool unit_is_free(unsigned long pfn)
{
	unsigned int order;

	for (order = HB_UNIT_ORDER; order <= HB_COMPAT_MAX_PAGE_ORDER; order++) {
		struct page *head = pfn_to_page(pfn & ~((1UL << order) - 1));

		if (PageBuddy(head) && page_private(head) >= order)
			return true;
	}
	return false;
}

static struct hb_run next_run(struct hb_pick *pick)
{
	struct hb_run run;

	do {
		mutex_lock(&hb.lock);
		run = hb_blockmap_pick(&hb.map, pick);
		mutex_unlock(&hb.lock);
		cond_resched();
	} while (pick->more);
	return run;
}

static void mark_busy(unsigned long pfn)
{
	mutex_lock(&hb.lock);
	hb_blockmap_mark_busy(&hb.map, pfn);
	mutex_unlock(&hb.lock);
}

/*
 * What is in movable memory may go anywhere, what is elsewhere does not go into movable
 * memory: the kernel chooses so.
 *
 * Return: 0, -ENOMEM with nowhere to move things to, or another errno if busy.
 */
static int isolate(struct hb_run run)
{
	return alloc_contig_range(run.pfn, run.pfn + run.nr, MIGRATE_MOVABLE,
				  GFP_KERNEL | __GFP_NOWARN);
}

/* Some memory is not for giving away: it is little, and all that old devices can use. */
static int isolate_to_give(struct hb_run run)
{
	if (page_zonenum(pfn_to_page(run.pfn)) < ZONE_DMA32)
		return -EBUSY;
	return isolate(run);
}

/*
 * Each call drains per-CPU lists everywhere, so as much as lies together is taken
 * at once; what fails together is tried unit by unit.
 */
static struct hb_outcome shrink(struct hb_pick pick, u64 pages)
{
	struct hb_outcome outcome = { 0 };
	u64 most = pages, whole = pick.whole;

	while (outcome.pages < pages) {
		struct hb_run run;
		int rc;

		pick.max = min(most, pages - outcome.pages);
		pick.whole = whole - min(whole, outcome.pages);
		run = next_run(&pick);
		if (!run.nr) {
			outcome.cause = HB_CAUSE_GUEST_BUSY;
			break;
		}
		rc = isolate_to_give(run);
		if (rc && run.nr > HB_UNIT_PAGES) {
			most = HB_UNIT_PAGES;
			continue;
		}
		if (rc == -ENOMEM) {
			/* Do not press on. */
			outcome.cause = HB_CAUSE_GUEST_BUSY;
			break;
		}
		if (rc) {
			mark_busy(run.pfn);
			break;
		}
		rc = hb_pages_surrender(run.pfn, run.nr);
		outcome.pages += rc;
		if (rc < run.nr) {
			outcome.cause = hb_pages_short_cause();
			break;
		}
	}
	return outcome;
}

struct hb_outcome hb_isolate_shrink_added(const struct hb_step *step)
{
	struct hb_pick pick = {
		.added = true,
		.movable_only = step->movable_only,
		.whole = step->whole,
		.is_free = unit_is_free,
		.budget = ASK_AT_ONCE,
	};

	return shrink(pick, step->pages);
}

struct hb_outcome hb_isolate_shrink_boot(u64 pages)
{
	struct hb_pick pick = { .added = false };

	return shrink(pick, pages);
}

struct hb_outcome hb_isolate_mend_unit(void)
{
	struct hb_outcome outcome = { 0 };
	struct hb_run unit;

	mutex_lock(&hb.lock);
	unit = hb_blockmap_mendable_unit(&hb.map);
	mutex_unlock(&hb.lock);
	if (!unit.nr)
		outcome.cause = HB_CAUSE_GUEST_BUSY;
	else if (isolate(unit))
		mark_busy(unit.pfn);
	else if (hb_pages_renew_unit(unit.pfn))
		outcome.pages = unit.nr;
	else
		outcome.cause = HB_CAUSE_HOST_OUT_OF_MEMORY;
	return outcome;
}
