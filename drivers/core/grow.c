// SPDX-License-Identifier: GPL-2.0-only
/* Steps that take frames from Xen. */
#include "steps.h"

bool hb_is_usable(const struct hb_guest *g, unsigned long pfn)
{
	const struct hb_block *block = hb_blockmap_find(&g->map, pfn);

	return block && block->state == HB_BLOCK_ONLINE;
}

unsigned long hb_populate(struct hb_guest *g, const unsigned long *pfns,
			  unsigned int nr, unsigned int order)
{
	unsigned long size = 1UL << order, i, part;
	unsigned long done = g->ops->populate(g, pfns, nr, order);

	for (i = 0; i < done; i += part) {
		part = done - i < size ? done - i : size;
		hb_guest_unhold(g, pfns[i >> order], part);
		g->ops->mark_onlined(g, pfns[i >> order], part);
	}
	g->rescue.given += done;
	return done;
}

/*
 * A guest in need may have gone a part of the way by itself, or the host has changed its
 * mind: no further than to what is wanted now.  The lock is held.
 */
static u64 way_left(const struct hb_guest *g)
{
	u64 goal = hb_guest_goal(g), populated = hb_guest_populated(g);

	return goal > populated ? goal - populated : 0;
}

/* Half-way: what came of a unit is handed out, its other pages stay held, and it is broken. */
struct hb_outcome hb_step_grow_units(struct hb_guest *g,
				     const struct hb_move *step)
{
	struct hb_outcome outcome = { 0 };

	while (outcome.pages + HB_UNIT_PAGES <= step->pages && !outcome.cause) {
		unsigned long got = 0;
		struct hb_run unit;

		g->ops->lock(g);
		if (way_left(g) < HB_UNIT_PAGES) {
			g->ops->unlock(g);
			break;
		}
		unit = hb_blockmap_empty_unit(&g->map);
		if (unit.nr)
			got = hb_populate(g, &unit.pfn, 1, HB_UNIT_ORDER);
		if (unit.nr && got < HB_UNIT_PAGES)
			outcome.cause = g->ops->refusal(g, HB_UNIT_PAGES);
		g->ops->unlock(g);
		outcome.pages += got;
		if (!unit.nr)	/* its block went offline meanwhile */
			outcome.cause = HB_CAUSE_GUEST_BUSY;
	}
	return outcome;
}

/* Half-way: what came is handed out, the rest stays held. */
struct hb_outcome hb_step_grow_pages(struct hb_guest *g,
				     const struct hb_move *step)
{
	struct hb_outcome outcome = { 0 };

	while (outcome.pages < step->pages && !outcome.cause) {
		u64 want = step->pages - outcome.pages;
		unsigned long got;
		unsigned int nr;

		if (want > HB_UNIT_PAGES)
			want = HB_UNIT_PAGES;
		g->ops->lock(g);
		if (want > way_left(g))
			want = way_left(g);
		if (!want) {
			g->ops->unlock(g);
			break;
		}
		nr = hb_blockmap_held_pages(&g->map, g->pfns, want);
		got = nr ? hb_populate(g, g->pfns, nr, 0) : 0;
		if (got < nr)
			outcome.cause = g->ops->refusal(g, 1);
		g->ops->unlock(g);
		outcome.pages += got;
		if (!nr)
			outcome.cause = HB_CAUSE_GUEST_BUSY;
	}
	return outcome;
}
