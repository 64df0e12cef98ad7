// SPDX-License-Identifier: GPL-2.0-only
#include "rescue.h"
#include "steps.h"

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

u64 hb_rescue_room(const struct hb_guest *g)
{
	u64 most = hb_guest_most(g), populated = hb_guest_populated(g);

	if (!g->target.valid || !g->ledger.settled || g->still || g->hibernates ||
	    g->verify.wanted || g->rescue.closed)
		return 0;
	return most > populated ? most - populated : 0;
}

/* A whole unit if it is wanted and Xen has one, else single pages; the lock is held. */
static u64 take_some(struct hb_guest *g, u64 want)
{
	struct hb_run unit = { 0 };
	unsigned int nr;
	u64 got = 0;

	if (want >= HB_UNIT_PAGES)
		unit = hb_blockmap_empty_unit(&g->map);
	if (unit.nr)
		got = hb_populate(g, &unit.pfn, 1, HB_UNIT_ORDER);
	if (got)
		return got;
	nr = hb_blockmap_held_pages(&g->map, g->rescue.pfns,
				    least(want, HB_UNIT_PAGES));
	return nr ? hb_populate(g, g->rescue.pfns, nr, 0) : 0;
}

static void count(struct hb_guest *g, u64 got)
{
	u64 populated = hb_guest_populated(g);

	/* What it wanted itself was too little: after the need, too, until it has looked again. */
	if (g->target.own && g->target.own < populated)
		g->target.own = populated;
	if (g->target.kept < populated)
		g->target.kept = populated;
	g->rescue.total += got;
}

u64 hb_rescue_take(struct hb_guest *g, u64 lacking)
{
	u64 want = lacking > HB_RESCUE_LEAST ? lacking : HB_RESCUE_LEAST;
	u64 taken = 0, got;

	want = least(want, HB_RESCUE_MOST);
	do {
		if (!g->ops->trylock(g))
			break;
		got = take_some(g, least(want - taken, hb_rescue_room(g)));
		if (got)
			count(g, got);
		g->ops->unlock(g);
		taken += got;
	} while (got && taken < want);
	return taken;
}

u64 hb_rescue_came(struct hb_guest *g)
{
	u64 given = READ_ONCE(g->rescue.given), came = given - g->rescue.told;

	g->rescue.told = given;
	return came;
}

bool hb_rescue_end(struct hb_guest *g, u64 total)
{
	u64 before;
	bool any;

	g->ops->lock(g);
	before = hb_guest_goal(g);
	if (g->rescue.total == total)
		g->target.kept = 0;
	any = hb_guest_goal(g) != before;
	g->ops->unlock(g);
	return any;
}

bool hb_rescue_close(struct hb_guest *g, bool anyway)
{
	bool may;

	g->ops->lock(g);
	may = anyway || hb_guest_may_be_saved(g);
	g->rescue.closed = may;
	g->ops->unlock(g);
	return may;
}

void hb_rescue_open(struct hb_guest *g)
{
	g->ops->lock(g);
	g->rescue.closed = false;
	g->ops->unlock(g);
}
