/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For how long memory that the driver tried to move has been waiting for a disk or a lock.
 *
 * One page of it is looked at, again and again, until it does not wait any more.  That a page is
 * locked or being written is ordinary: it ends within moments, and the next one that is found is
 * another.  Only the same page that waits at each of some looks, for longer than a disk that works
 * takes, is told.  It may be another write of the same page, as of the end of a log that is written
 * again and again: so a look takes a while, and the moment between two writes ends it.  Nobody
 * looks while nothing is to move: what was seen is forgotten then.
 */
#ifndef HB_CORE_STUCK_H
#define HB_CORE_STUCK_H

#include <core/port.h>

/* It waited for so long, at so many looks with some time between them. */
#define HB_STUCK_MS		5000
#define HB_STUCK_LOOKS		3
#define HB_STUCK_APART_MS	1000

/* A look at a page that waited before goes on for so many, so long after each other: for 50 ms. */
#define HB_STUCK_MOMENTS	500
#define HB_STUCK_MOMENT_US	50

/* No more lies between two looks, or nobody knows: longer than a guest rests that cannot shrink. */
#define HB_STUCK_PAUSE_MS	15000

struct hb_stuck {
	u64 since_ms;		/* the first look at this page that waits */
	u64 last_ms;		/* the last one, */
	unsigned int looks;	/* of so many; 0: none is looked at */
	unsigned int moments;	/* of the look that goes on */
};

/**
 * hb_stuck_look() - a moment of a look at the page
 * @waits: whether it still does
 *
 * Another page may be looked at when it does not.
 *
 * Return: whether the look goes on, HB_STUCK_MOMENT_US later.
 */
bool hb_stuck_look(struct hb_stuck *stuck, bool waits, u64 now_ms);

/* Seconds that it has been waiting; 0: nothing is stuck. */
u64 hb_stuck_seconds(const struct hb_stuck *stuck, u64 now_ms);

#endif /* HB_CORE_STUCK_H */
