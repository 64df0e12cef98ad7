// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/mm.h>

#include "../driver.h"
#include "isolate.h"
#include "pages.h"

static struct hb_run next_run(u64 max)
{
	struct hb_run run;

	mutex_lock(&hb.lock);
	run = hb_blockmap_added_run(&hb.map, max);
	mutex_unlock(&hb.lock);
	return run;
}

static void mark_busy(unsigned long pfn)
{
	mutex_lock(&hb.lock);
	hb_blockmap_mark_busy(&hb.map, pfn);
	mutex_unlock(&hb.lock);
}

/*
 * Each call drains per-CPU lists everywhere, so as much as lies together is taken
 * at once; what fails together is tried unit by unit.
 */
struct hb_outcome hb_isolate_shrink(u64 pages)
{
	struct hb_outcome outcome = { 0 };
	u64 most = pages;

	while (outcome.pages < pages) {
		struct hb_run run = next_run(min(most, pages - outcome.pages));
		unsigned long gone;
		int rc;

		if (!run.nr) {
			outcome.cause = HB_CAUSE_GUEST_BUSY;
			break;
		}
		rc = alloc_contig_range(run.pfn, run.pfn + run.nr,
					MIGRATE_MOVABLE, GFP_KERNEL);
		if (rc && run.nr > HB_UNIT_PAGES) {
			most = HB_UNIT_PAGES;
			continue;
		}
		if (rc == -ENOMEM) {
			/* Nowhere to move things to: do not press on. */
			outcome.cause = HB_CAUSE_GUEST_BUSY;
			break;
		}
		if (rc) {
			mark_busy(run.pfn);
			break;
		}
		gone = hb_pages_surrender(run.pfn, run.nr);
		outcome.pages += gone;
		if (gone < run.nr) {
			outcome.cause = HB_CAUSE_BACKEND_GONE;
			break;
		}
	}
	return outcome;
}
