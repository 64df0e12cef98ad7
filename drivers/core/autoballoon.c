// SPDX-License-Identifier: GPL-2.0-only
#include "autoballoon.h"

/* In whole units, as those are what is cheap to give. */
static u64 up_to_units(u64 pages)
{
	pages += HB_UNIT_PAGES - 1;
	return pages - pages % HB_UNIT_PAGES;
}

static u64 band_of(u64 size)
{
	u64 part = size / HB_AUTOBALLOON_BAND_PART;

	if (part < HB_AUTOBALLOON_BAND_LEAST)
		return HB_AUTOBALLOON_BAND_LEAST;
	return part < HB_AUTOBALLOON_BAND_MOST ? part : HB_AUTOBALLOON_BAND_MOST;
}

static u64 in_use(const struct hb_usage *usage)
{
	return usage->total > usage->available ? usage->total - usage->available : 0;
}

/*
 * What programs took beyond what was free they took from the cache.  Had the host made the
 * guest this small, who knows what of that it needs; but its own steps are taken back where
 * they hurt, so what was left is in use.
 */
static void make_up(struct hb_estimate *e, const struct hb_usage *before, u64 unused_kib,
		    u64 size_kib)
{
	u64 grown = in_use(&e->last), want;

	if (!before->known || grown <= in_use(before) + unused_kib)
		return;
	want = size_kib + grown - in_use(before) - unused_kib;
	if (want > e->want_kib) {
		e->want_kib = want;
		e->why = HB_NEED_USES;
	}
}

/*
 * The size in pages at which its kernel can promise on.  Whom it refuses is not in distress, and
 * the floor only stops what goes down: nobody else would give that back.
 */
static u64 promised(const struct hb_commit *commit, u64 managed, u64 populated)
{
	u64 reserve = hb_floor_reserve(managed);
	u64 room = hb_floor_commit_room(commit, reserve);
	u64 needed = commit->committed + reserve;

	if (room)
		return populated > room ? populated - room : 0;
	if (needed <= commit->limit)
		return populated;
	return populated + (needed - commit->limit) * 100 / commit->percent;
}

/*
 * What is wanted from @now on, in pages; the lock is held.  On its way down it stops at @least
 * whatever is worth it: the floor would.
 */
static u64 choose(const struct hb_estimate *e, u64 least, u64 now, u64 populated)
{
	u64 want = up_to_units(e->want_kib / HB_PAGE_KIB), band = band_of(now);

	least = up_to_units(least);
	if (want < least)
		want = least;
	want = want >= now + band || want + band < now ? want : now;
	if (least > populated)
		least = populated;
	return want > least ? want : least;
}

bool hb_autoballoon_look(struct hb_guest *g, const struct hb_stats *stats,
			 const struct hb_commit *commit, u64 now_ms)
{
	const struct hb_usage usage = hb_usage_from_stats(stats->value, stats->known);
	struct hb_estimate *e = &g->estimate;
	u64 size_kib, unused_kib, before, least;
	struct hb_usage last;
	bool other;

	g->ops->lock(g);
	size_kib = hb_guest_populated(g) * HB_PAGE_KIB;
	before = hb_guest_goal(g);
	if (!g->target.own) {
		hb_estimate_start(e, size_kib);
		g->target.own = hb_guest_target(g);
	}
	last = e->last;
	unused_kib = e->unused_kib;
	hb_estimate_report(e, &usage, size_kib, now_ms);
	make_up(e, &last, unused_kib, size_kib);
	hb_estimate_pass(e, size_kib, true, now_ms);
	least = promised(commit, stats->value[HB_STAT_TOTAL] / HB_PAGE_KIB, size_kib / HB_PAGE_KIB);
	if (e->known)
		g->target.own = choose(e, least, hb_guest_wanted(g), size_kib / HB_PAGE_KIB);
	other = hb_guest_goal(g) != before;
	g->ops->unlock(g);
	return other;
}

bool hb_autoballoon_end(struct hb_guest *g)
{
	u64 before;
	bool other;

	g->ops->lock(g);
	before = hb_guest_goal(g);
	g->target.own = 0;
	other = hb_guest_goal(g) != before;
	g->ops->unlock(g);
	return other;
}
