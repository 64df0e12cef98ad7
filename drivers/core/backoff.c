// SPDX-License-Identifier: GPL-2.0-only
#include "backoff.h"
#include "press.h"

/* Milliseconds. */
static const struct {
	unsigned int first;
	unsigned int limit;
} rhythm[HB_CAUSE_COUNT] = {
	/*
	 * At its target, and a block for what it may take in need cannot be made.  Nobody tells
	 * when there is room for it; but an idle guest is to sleep, and lacks nothing now.
	 */
	[HB_CAUSE_NONE]			= { 30000, 1800000 },
	/* Pins and writeback are short; a try costs a scan of what is busy. */
	[HB_CAUSE_GUEST_BUSY]		= { 250, 8000 },
	/* Looks at two counters: cheap, but guests seldom free much at once. */
	[HB_CAUSE_GUEST_FLOOR]		= { 1000, 8000 },
	/* A failing hypercall; nothing tells a guest that the host has memory. */
	[HB_CAUSE_HOST_OUT_OF_MEMORY]	= { 250, 4000 },
	/* Whoever raises Xen's limit mostly sets a target too, an event. */
	[HB_CAUSE_ABOVE_MAX]		= { 500, 8000 },
	/* Onlining takes locks and may fail for long. */
	[HB_CAUSE_OFFLINE_PENDING]	= { 500, 16000 },
	[HB_CAUSE_BACKEND_GONE]		= { 500, 16000 },
	/* A toolstack that enlarges the pool mostly sets a target, too. */
	[HB_CAUSE_PAGING_POOL]		= { 500, 16000 },
	/* Pressing has a rhythm of its own. */
	[HB_CAUSE_SWAPPING]		= { HB_PRESS_MS, HB_PRESS_MS },
	/* HB_CAUSE_STILL: the end of it is an event. */
};

void hb_backoff_reset(struct hb_backoff *backoff)
{
	backoff->cause = HB_CAUSE_NONE;
	backoff->failures = 0;
}

unsigned int hb_backoff_next(struct hb_backoff *backoff, enum hb_cause cause,
			     bool progress, u32 random)
{
	unsigned int delay = rhythm[cause].first;
	unsigned int i;

	if (progress || cause != backoff->cause)
		backoff->failures = 0;
	backoff->cause = cause;
	if (!delay)
		return HB_BACKOFF_NEVER;
	for (i = 0; i < backoff->failures && delay < rhythm[cause].limit; i++)
		delay *= 2;
	if (delay > rhythm[cause].limit)
		delay = rhythm[cause].limit;
	if (backoff->failures < UINT_MAX)
		backoff->failures++;
	return delay - delay / 4 + random % (delay / 2 + 1);
}
