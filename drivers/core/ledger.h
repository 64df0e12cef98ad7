/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The books: how many pages the guest has, counted the way memory/target counts.
 *
 *   capacity   pages of guest RAM that could have a frame: boot RAM and the
 *              hot-added blocks
 *   held       those without one (blockmap.h)
 *   populated  capacity - held: this is what is steered to the target
 *   gap        pages that Xen counts for the domain beside its RAM (on PVH the
 *              special pages and ACPI tables; none on PV): a constant
 *
 * Xen's own count of the domain is then populated + gap.  The gap is measured
 * from those counts alone, once they are comparable: while populate-on-demand
 * is unsettled, Xen has fewer frames than the guest believes.  It never
 * comes from memory/static-max, which toolstacks rewrite.  A guest that came from
 * another host has the gap of this one: it is measured anew.
 */
#ifndef HB_CORE_LEDGER_H
#define HB_CORE_LEDGER_H

#include <core/port.h>

struct hb_ledger {
	u64 capacity;
	u64 gap;
	bool settled;		/* @gap is measured */
	s64 drift;		/* Xen's count - ours, as last seen */
};

/* What hb_ledger_compare() found. */
enum hb_ledger_verdict {
	HB_LEDGER_TRUE,		/* both counts agree */
	HB_LEDGER_UNSETTLED,	/* populate-on-demand: not comparable yet */
	HB_LEDGER_DRIFTED,	/* they disagree, and did not before */
	HB_LEDGER_DRIFTING,	/* they still disagree */
};

/**
 * hb_ledger_compare() - check the books against Xen's count
 * @populated: our count
 * @xen_pages: XENMEM_current_reservation
 * @at_target: the guest is not larger than its target, so all of
 *	populate-on-demand that was to be given back has been
 *
 * Measures the gap when that is possible for the first time.
 */
enum hb_ledger_verdict hb_ledger_compare(struct hb_ledger *ledger,
					 u64 populated, u64 xen_pages,
					 bool at_target);

/* Measure the gap now: @populated has been verified page by page. */
void hb_ledger_measure(struct hb_ledger *ledger, u64 populated, u64 xen_pages);

#endif /* HB_CORE_LEDGER_H */
