/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Held pages, as struct pages.
 *
 * A held page is PG_offline (dump tools and /proc/kcore leave it alone), has one
 * reference (so nobody can allocate or isolate it), is not reserved, and is not
 * part of its zone's managed pages, so that MemTotal tells what the guest has.
 * Adopted pages, pages out of the allocator, evacuated ranges and hot-added
 * pages that never had a frame all look the same.
 */
#ifndef HB_MEM_PAGES_H
#define HB_MEM_PAGES_H

#include <linux/mm_types.h>
#include <linux/types.h>

#include "../core/plan.h"

int hb_pages_init(void);
void hb_pages_exit(void);

/*
 * Pages that just came out of the allocator, or were adopted (@managed says
 * whether the zone still counts them), become held.
 */
void hb_pages_hold(unsigned long pfn, unsigned long nr, bool managed);

/*
 * Held pages that have frames again go to the allocator: a whole aligned unit as
 * one page of order HB_UNIT_ORDER, anything else page by page.
 */
void hb_pages_free(unsigned long pfn, unsigned long nr);

/*
 * Where the kernel's own driver is absent, nobody takes over held pages when the
 * module is unloaded.  They are marked and stay as they are, and a driver that is
 * loaded later finds them by the mark.
 */
void hb_pages_leave(void);
void hb_pages_find_left(void);

/* Steps of the plan on boot memory and on held pages; take hb.lock. */
struct hb_outcome hb_pages_grow_units(u64 pages);
struct hb_outcome hb_pages_grow_singles(u64 pages);
struct hb_outcome hb_pages_shrink_units(u64 pages);
struct hb_outcome hb_pages_shrink_singles(u64 pages);
struct hb_outcome hb_pages_shrink_parked(u64 pages);

/**
 * hb_pages_surrender() - give pages that alloc_contig_range() returned to Xen
 * @nr: whole units, which go as one extent each, or pages of one unit
 *
 * Clears them first.  What Xen does not take goes back to the allocator.  Takes
 * hb.lock.
 *
 * Return: pages given; if fewer, see hb_pages_short_cause().
 */
unsigned long hb_pages_surrender(unsigned long pfn, unsigned long nr);

/* Why the last pages that should have gone did not all go. */
enum hb_cause hb_pages_short_cause(void);

/**
 * hb_pages_renew_unit() - give a unit that alloc_contig_range() returned to Xen, and
 *	have it back as one extent
 *
 * Clears it first.  If Xen has no extent for it, single pages come back as far as Xen
 * has them, and the others stay held.  Takes hb.lock throughout: what is not held
 * before is not held in between for anybody else.
 *
 * Return: whether the unit is one extent now.
 */
bool hb_pages_renew_unit(unsigned long pfn);

#endif /* HB_MEM_PAGES_H */
