// SPDX-License-Identifier: GPL-2.0-only
#include "distress.h"
#include "floor.h"

/* Killed with enough available: it is in the wrong place, or in pieces. */
static u64 lacking_of(const struct hb_need *need, u64 reserve)
{
	u64 pages = reserve > need->available ? reserve - need->available : 0;

	return pages > HB_DISTRESS_STEP ? pages : HB_DISTRESS_STEP;
}

bool hb_distress_look(struct hb_distress *distress, const struct hb_need *need)
{
	u64 reserve = hb_floor_reserve(need->managed);
	u64 lacking = lacking_of(need, reserve);
	bool stalled = distress->seen && need->stalls != distress->stalls;
	bool killed = need->ooms != distress->ooms;
	bool starved = killed || need->available < reserve / 2 ||
		       (stalled && need->available < reserve);
	bool enough = need->available >= reserve / 8 * 5;

	distress->stalls = need->stalls;
	distress->ooms = need->ooms;
	distress->seen = true;
	if (starved && (!distress->lacking ||
			lacking >= distress->lacking + (killed ? 1 : HB_DISTRESS_STEP)))
		distress->lacking = lacking;
	if (stalled || killed || (distress->lacking && !enough))
		distress->quiet = 0;
	else if (distress->quiet < HB_DISTRESS_QUIET)
		distress->quiet++;
	if (distress->quiet < HB_DISTRESS_QUIET)
		return true;
	distress->lacking = 0;
	return false;
}
