// SPDX-License-Identifier: GPL-2.0-only
#include "distress.h"
#include "floor.h"

/* Killed with enough available: it is in the wrong place, or in pieces. */
static u64 lacking_of(const struct hb_shortage *need, u64 reserve)
{
	u64 pages = reserve > need->available ? reserve - need->available : 0;

	return pages > HB_DISTRESS_STEP ? pages : HB_DISTRESS_STEP;
}

static void follow(struct hb_distress *distress, u64 lacking, bool killed)
{
	if (killed && (!distress->hold || lacking > distress->lacking))
		distress->lacking = lacking;
	else if (!distress->lacking || lacking >= distress->lacking + HB_DISTRESS_STEP)
		distress->lacking = lacking;
	else if (!distress->hold && lacking + HB_DISTRESS_STEP <= distress->lacking)
		distress->lacking = lacking;
	if (killed)
		distress->hold = HB_DISTRESS_HOLD;
	else if (distress->hold)
		distress->hold--;
}

bool hb_distress_look(struct hb_distress *distress, const struct hb_shortage *need)
{
	u64 reserve = hb_floor_reserve(need->managed);
	bool stalled = distress->seen && need->stalls != distress->stalls;
	bool confined = need->nodes > 1 && need->available >= reserve;
	bool killed = need->ooms != distress->ooms && !confined;
	bool starved = killed || need->available < reserve / 2 ||
		       (stalled && need->available < reserve);
	bool enough = need->available >= reserve / 8 * 5;

	distress->stalls = need->stalls;
	distress->ooms = need->ooms;
	distress->seen = true;
	distress->short_now = starved || (distress->lacking && !enough) ?
			      lacking_of(need, reserve) : 0;
	if (starved || distress->lacking)
		follow(distress, lacking_of(need, reserve), killed);
	if (stalled || killed || (distress->lacking && !enough))
		distress->quiet = 0;
	else if (distress->quiet < HB_DISTRESS_QUIET)
		distress->quiet++;
	if (distress->quiet < HB_DISTRESS_QUIET)
		return true;
	distress->lacking = 0;
	return false;
}
