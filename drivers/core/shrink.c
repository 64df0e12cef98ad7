// SPDX-License-Identifier: GPL-2.0-only
/* Steps that give frames to Xen. */
#include "steps.h"

/*
 * Xen took a part of these held pages: ask of each.  What stayed goes back to the allocator, or
 * out of use if nobody can reach it.  The lock is held.
 */
static unsigned long keep_what_stayed(struct hb_guest *g,
				      const unsigned long *pfns,
				      unsigned int nr, unsigned int order)
{
	unsigned long size = 1UL << order, gone = 0, i;

	for (i = 0; i < (unsigned long)nr << order; i++) {
		unsigned long pfn = pfns[i >> order] + (i & (size - 1));

		switch (g->ops->frame(g, pfn)) {
		case HB_FRAME_NONE:
		case HB_FRAME_UNKNOWN:
			gone++;
			break;
		case HB_FRAME_THERE:
			hb_guest_unhold(g, pfn, 1);
			g->ops->mark_onlined(g, pfn, 1);
			break;
		case HB_FRAME_STRANDED:
			hb_guest_unhold(g, pfn, 1);
			g->ops->strand(g, pfn);
			g->stranded++;
			break;
		}
	}
	return gone;
}

/*
 * A block that is on its way offline has let its held pages go already: new ones would
 * confuse it.  Moves the extents that can be used to g->pfns and gives the others back.
 */
static unsigned int sort_out(struct hb_guest *g, const unsigned long *pfns,
			     unsigned int nr, unsigned int order)
{
	unsigned int i, kept = 0;

	for (i = 0; i < nr; i++) {
		if (hb_is_usable(g, pfns[i]))
			g->pfns[kept++] = pfns[i];
		else
			g->ops->put_back(g, pfns[i], 1UL << order);
	}
	return kept;
}

struct hb_outcome hb_surrender(struct hb_guest *g, const unsigned long *pfns,
			       unsigned int nr, unsigned int order)
{
	unsigned long size = 1UL << order;
	struct hb_outcome outcome = { 0 };
	unsigned int usable, i;

	if (!nr)
		return outcome;
	g->ops->begin_hold(g);
	g->ops->lock(g);
	usable = sort_out(g, pfns, nr, order);
	if (usable < nr)
		outcome.cause = HB_CAUSE_GUEST_BUSY;
	for (i = 0; i < usable; i++) {
		g->ops->hold(g, g->pfns[i], size);
		hb_guest_hold(g, g->pfns[i], size);
	}
	g->ops->end_hold(g);
	outcome.pages = (u64)usable << order;
	if (usable && !g->ops->release(g, g->pfns, usable, order)) {
		outcome.pages = keep_what_stayed(g, g->pfns, usable, order);
		if (outcome.pages < (u64)usable << order)
			outcome.cause = g->ops->kept(g);
	}
	g->ops->unlock(g);
	return outcome;
}

struct hb_outcome hb_surrender_run(struct hb_guest *g, struct hb_run run)
{
	struct hb_outcome outcome = { 0 }, one;
	unsigned int i;

	while (run.nr && !outcome.cause) {
		unsigned long part = HB_UNIT_PAGES;

		if (run.nr >= HB_UNIT_PAGES) {
			one = hb_surrender(g, &run.pfn, 1, HB_UNIT_ORDER);
		} else {
			part = run.nr;
			for (i = 0; i < part; i++)
				g->pfns[i] = run.pfn + i;
			one = hb_surrender(g, g->pfns, part, 0);
		}
		outcome.pages += one.pages;
		outcome.cause = one.cause;
		run.pfn += part;
		run.nr -= part;
	}
	if (run.nr)
		g->ops->put_back(g, run.pfn, run.nr);
	return outcome;
}

bool hb_is_in_need(struct hb_guest *g)
{
	bool needs;

	g->ops->lock(g);
	needs = g->rescue.total != g->rescue.looked;
	g->ops->unlock(g);
	return needs;
}

/* ---- whatever the allocator gives */

static unsigned int allocate(struct hb_guest *g, unsigned int nr,
			     unsigned int order, int node)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!g->ops->alloc(g, order, node, &g->pfns[i]))
			break;
	return i;
}

/* Pages by the number, with the floor's node.  Half-way: what Xen has taken is taken. */
static struct hb_outcome shrink_allocated(struct hb_guest *g,
					  const struct hb_move *step,
					  unsigned int order)
{
	unsigned int most = HB_UNIT_PAGES >> order;
	u64 left = step->pages >> order;
	struct hb_outcome outcome = { 0 };

	while (left && !outcome.cause && !hb_is_in_need(g)) {
		unsigned int want = left < most ? left : most;
		unsigned int got = allocate(g, want, order, step->node);
		struct hb_outcome one = hb_surrender(g, g->pfns, got, order);

		outcome.pages += one.pages;
		outcome.cause = one.cause;
		if (got < want)
			outcome.cause = HB_CAUSE_GUEST_BUSY;
		left -= got;
	}
	return outcome;
}

struct hb_outcome hb_step_shrink_units(struct hb_guest *g,
				       const struct hb_move *step)
{
	return shrink_allocated(g, step, HB_UNIT_ORDER);
}

struct hb_outcome hb_step_shrink_pages(struct hb_guest *g,
				       const struct hb_move *step)
{
	return shrink_allocated(g, step, 0);
}

/* ---- chosen memory */

/*
 * Units whose descriptors are read while the lock is held: each read may have to come
 * from memory, and giving one unit to Xen takes longer than this many.
 */
#define ASK_AT_ONCE 256

static struct hb_run next_run(struct hb_guest *g, struct hb_pick *pick)
{
	struct hb_run run;

	pick->budget = ASK_AT_ONCE;
	do {
		g->ops->lock(g);
		run = hb_blockmap_pick(&g->map, pick);
		g->ops->unlock(g);
	} while (pick->more);
	return run;
}

static void mark_busy(struct hb_guest *g, unsigned long pfn)
{
	g->ops->lock(g);
	hb_blockmap_mark_busy(&g->map, pfn);
	g->ops->unlock(g);
}

/*
 * Each isolation drains per-CPU lists everywhere, so as much as lies together is taken
 * at once; what fails together is tried unit by unit.  Half-way: what Xen has taken is
 * taken, and what cannot be isolated is in use as before and marked busy.
 */
static struct hb_outcome shrink_picked(struct hb_guest *g, struct hb_pick pick,
				       u64 pages, int node)
{
	struct hb_outcome outcome = { 0 }, one;
	u64 most = pages, whole = pick.whole;

	while (outcome.pages < pages && !outcome.cause && !hb_is_in_need(g)) {
		u64 left = pages - outcome.pages;
		struct hb_run run;
		int rc;

		pick.max = most < left ? most : left;
		pick.whole = whole > outcome.pages ? whole - outcome.pages : 0;
		run = next_run(g, &pick);
		outcome.exhausted = !run.nr;
		rc = run.nr ? g->ops->isolate(g, run.pfn, run.nr, true, node) : -ENOMEM;
		if (rc && run.nr > HB_UNIT_PAGES) {
			most = HB_UNIT_PAGES;
			continue;
		}
		if (rc && rc != -ENOMEM) {
			mark_busy(g, run.pfn);
			outcome.refused = true;
			break;
		}
		one = rc ? (struct hb_outcome){ .cause = HB_CAUSE_GUEST_BUSY } :
			   hb_surrender_run(g, run);
		outcome.pages += one.pages;
		outcome.cause = one.cause;
	}
	return outcome;
}

struct hb_outcome hb_step_shrink_added(struct hb_guest *g,
				       const struct hb_move *step)
{
	struct hb_pick pick = {
		.added = true,
		.movable_only = step->movable_only,
		.whole = step->whole,
		.is_free = g->ops->is_free,
		.owner = g,
	};

	return shrink_picked(g, pick, step->pages, HB_ANY_NODE);
}

struct hb_outcome hb_step_shrink_boot(struct hb_guest *g,
				      const struct hb_move *step)
{
	struct hb_pick pick = { .added = false };

	/* Another node's would be refused, and then taken for busy. */
	g->ops->node_range(g, step->node, &pick.from, &pick.end);
	return shrink_picked(g, pick, step->pages, step->node);
}

/* ---- what is behind blocks that are offline */

/*
 * Nobody uses these pages and nobody can begin to while the lock is held: the kernel
 * asks before it puts the block online.  Their descriptors say nothing; the map does.
 * What Xen does not take is not held, as before, and has lost its content; if nobody can
 * reach it, its block is not used any more.
 */
static struct hb_outcome release_parked(struct hb_guest *g, struct hb_run run)
{
	unsigned int order = run.nr == HB_UNIT_PAGES ? HB_UNIT_ORDER : 0;
	struct hb_outcome outcome = { .pages = run.nr };
	bool stranded = false;
	unsigned int i;

	for (i = 0; i < run.nr >> order; i++)
		g->pfns[i] = run.pfn + i;
	g->ops->clear_parked(g, run.pfn, run.nr);
	hb_guest_hold(g, run.pfn, run.nr);
	if (g->ops->release(g, g->pfns, run.nr >> order, order))
		return outcome;
	for (i = 0; i < run.nr; i++) {
		enum hb_frame frame = g->ops->frame(g, run.pfn + i);

		if (frame == HB_FRAME_NONE || frame == HB_FRAME_UNKNOWN)
			continue;
		stranded |= frame == HB_FRAME_STRANDED;
		hb_guest_unhold(g, run.pfn + i, 1);
		outcome.pages--;
		outcome.cause = g->ops->kept(g);
	}
	if (stranded)
		hb_guest_note(g, hb_blockmap_find(&g->map, run.pfn),
			      HB_EVENT_STRANDED);
	return outcome;
}

struct hb_outcome hb_step_shrink_parked(struct hb_guest *g,
					const struct hb_move *step)
{
	struct hb_outcome outcome = { 0 }, one;

	while (outcome.pages < step->pages && !outcome.cause) {
		u64 left = step->pages - outcome.pages;
		struct hb_run run;

		g->ops->lock(g);
		run = hb_blockmap_parked_run(&g->map, left < HB_UNIT_PAGES ?
						      left : HB_UNIT_PAGES);
		one = run.nr ? release_parked(g, run) :
			(struct hb_outcome){ .cause = HB_CAUSE_GUEST_BUSY };
		g->ops->unlock(g);
		outcome.pages += one.pages;
		outcome.cause = one.cause;
	}
	return outcome;
}

/* ---- what can be swapped or dropped */

static s64 margin(struct hb_guest *g)
{
	struct hb_pressure pressure;

	g->ops->pressure(g, &pressure);
	return hb_floor_margin(&pressure);
}

/* Nothing moves: what is free then is for the next step. */
struct hb_outcome hb_step_press(struct hb_guest *g, const struct hb_move *step)
{
	s64 before = margin(g);

	g->ops->press(g, step->pages);
	hb_press_note(&g->press, step->pages, margin(g) - before,
		      g->ops->now_us(g) / 1000);
	return (struct hb_outcome){ 0 };
}
