// SPDX-License-Identifier: GPL-2.0-only
#include "zone.h"

bool hb_zone_is_movable(const struct hb_zone_input *in)
{
	if (in->policy != HB_ZONE_AUTO)
		return in->policy == HB_ZONE_MOVABLE;
	/* Once for the next block, and once to live on. */
	if (in->need || in->spare < 2 * in->cost)
		return false;
	return (in->movable + in->block) * 100 <= in->kernel * in->ratio;
}
