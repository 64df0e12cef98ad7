// SPDX-License-Identifier: GPL-2.0-only
/* Steps that improve the layout of memory and leave its size as it is. */
#include "steps.h"

/* What was given away comes back, as a unit if it was one and boot memory has room. */
static struct hb_outcome take_back(struct hb_guest *g, u64 pages)
{
	struct hb_move step = { .pages = pages };
	bool whole;

	g->ops->lock(g);
	whole = pages == HB_UNIT_PAGES && g->map.boot_empty_units;
	g->ops->unlock(g);
	return whole ? hb_step_grow_units(g, &step) :
		       hb_step_grow_pages(g, &step);
}

struct hb_outcome hb_step_exchange(struct hb_guest *g,
				   const struct hb_move *step)
{
	struct hb_outcome taken = hb_step_shrink_added(g, step), back;

	if (!taken.pages)
		return taken;
	/* Xen may have given the frames away meanwhile: then the guest grows again later. */
	back = take_back(g, taken.pages);
	if (back.cause)
		taken.cause = back.cause;
	return taken;
}

/* The held pages of the unit at @pfn get frames one by one, as far as Xen has any. */
static void populate_singly(struct hb_guest *g, unsigned long pfn)
{
	unsigned int nr = 0, i;

	for (i = 0; i < HB_UNIT_PAGES; i++)
		if (hb_blockmap_held_in(&g->map, pfn + i, 1))
			g->pfns[nr++] = pfn + i;
	if (nr)
		hb_populate(g, g->pfns, nr, 0);
}

/*
 * A unit whose frames are gone gets an extent, or single pages as far as there are.  If its
 * block is on its way offline meanwhile, it gets none: the guest grows again elsewhere.
 */
static struct hb_outcome populate_anew(struct hb_guest *g, unsigned long pfn)
{
	struct hb_outcome outcome = { .cause = HB_CAUSE_HOST_OUT_OF_MEMORY };
	unsigned long unit = pfn;

	g->ops->lock(g);
	if (!hb_is_usable(g, pfn)) {
		outcome.cause = HB_CAUSE_GUEST_BUSY;
	} else if (hb_blockmap_held_in(&g->map, pfn, HB_UNIT_PAGES) ==
		   HB_UNIT_PAGES &&
		   hb_populate(g, &unit, 1, HB_UNIT_ORDER) == HB_UNIT_PAGES) {
		outcome = (struct hb_outcome){ .pages = HB_UNIT_PAGES };
	} else {
		populate_singly(g, pfn);
	}
	g->ops->unlock(g);
	return outcome;
}

/*
 * What is in it moves elsewhere.  Half-way: a unit that cannot be isolated is as before; one
 * that Xen took in part, or does not give back whole, has fewer pages, and the guest grows
 * again like after any other loss.
 */
struct hb_outcome hb_step_mend_unit(struct hb_guest *g,
				    const struct hb_move *step)
{
	struct hb_outcome outcome = { .cause = HB_CAUSE_GUEST_BUSY }, gone;
	struct hb_run unit;

	g->ops->lock(g);
	unit = hb_blockmap_mendable_unit(&g->map);
	g->ops->unlock(g);
	if (!unit.nr)
		return outcome;
	if (g->ops->isolate(g, unit.pfn, unit.nr, false, HB_ANY_NODE)) {
		g->ops->lock(g);
		hb_blockmap_mark_busy(&g->map, unit.pfn);
		g->ops->unlock(g);
		return (struct hb_outcome){ .refused = true };
	}
	gone = hb_surrender_run(g, unit);
	if (!gone.pages)
		return gone;
	return populate_anew(g, unit.pfn);
}
