// SPDX-License-Identifier: GPL-2.0-only
#include "stuck.h"

static bool is_known(const struct hb_stuck *stuck, u64 now_ms)
{
	return stuck->looks && now_ms - stuck->last_ms <= HB_STUCK_PAUSE_MS;
}

bool hb_stuck_look(struct hb_stuck *stuck, bool waits, u64 now_ms)
{
	if (!waits) {
		*stuck = (struct hb_stuck){ 0 };
		return false;
	}
	if (!is_known(stuck, now_ms))
		*stuck = (struct hb_stuck){ .since_ms = now_ms };
	else if (now_ms - stuck->last_ms < HB_STUCK_APART_MS)
		return false;
	else if (stuck->moments++ < HB_STUCK_MOMENTS)
		return true;
	stuck->last_ms = now_ms;
	stuck->looks++;
	stuck->moments = 0;
	return false;
}

u64 hb_stuck_seconds(const struct hb_stuck *stuck, u64 now_ms)
{
	if (!is_known(stuck, now_ms) || stuck->looks < HB_STUCK_LOOKS ||
	    stuck->last_ms - stuck->since_ms < HB_STUCK_MS)
		return 0;
	return (now_ms - stuck->since_ms) / 1000;
}
