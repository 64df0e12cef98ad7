/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does a guest follow its target? Pure: two looks at it in, an answer out. One look
 * cannot tell: a report may have been left behind, or say what the driver does not do.
 */
#ifndef HB_FOLLOW_H
#define HB_FOLLOW_H

#include "results.h"

/*
 * Between the two looks. The kernel's own driver pauses up to 1.5 s when it adds memory,
 * and moves more than 100 MiB/s otherwise.
 */
#define HB_FOLLOW_MS 2000

enum hb_following {
	HB_FOLLOW_THERE,	/* at its target, or none that anybody expects to follow one now */
	HB_FOLLOW_MOVES,
	HB_FOLLOW_RESTS,	/* away from its target, and does not move */
	HB_FOLLOW_STALE,	/* the same, and its driver acts on another target */
};

struct hb_follow {
	enum hb_following kind;
	uint64_t gap_kib;	/* to its target; 0 if it is there */
	bool above;		/* it has to give memory back */
};

/* What can be said from one look: is it there, or must it be looked at again? */
bool hb_follow_is_there(const struct hb_domain *domain);

/* Does its driver report, and of another target than it has? It may have been told just now. */
bool hb_follow_is_stale(const struct hb_domain *domain);

struct hb_follow hb_follow_judge(const struct hb_domain *first, const struct hb_domain *second,
				 uint64_t elapsed_ms);

#endif
