/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is the guest there, still moving, or stuck? Pure: samples in, a verdict out.
 */
#ifndef HB_WAIT_H
#define HB_WAIT_H

#include <hotballoon.h>

enum hb_verdict {
	HB_WAIT_ON,
	HB_WAIT_ARRIVED,
	HB_WAIT_STUCK,		/* does not move any more */
	HB_WAIT_PAUSED,		/* cannot move: paused or shut down */
	HB_WAIT_GONE,		/* dying, or its directory in xenstore is gone */
	HB_WAIT_TIMEOUT,
	HB_WAIT_SUPERSEDED,	/* the target is not ours any more */
};

/* How fast a gap closes, over about the last second. */
struct hb_rate {
	uint64_t since_ms, gap_kib;	/* when the second began, and the gap then */
	uint64_t kib_s;
};

void hb_rate_start(struct hb_rate *rate, uint64_t gap_kib, uint64_t now_ms);
void hb_rate_follow(struct hb_rate *rate, uint64_t gap_kib, uint64_t now_ms);

struct hb_wait {
	uint64_t goal_kib;	/* the target */
	uint64_t timeout_ms;	/* 0: none */
	uint64_t start_ms, start_kib;
	/* The guest must come this window's gain nearer within the window. */
	uint64_t mark_ms, mark_gap_kib;
	/* Shorter mark, for a guest that says itself what holds it up. */
	uint64_t moved_ms, moved_gap_kib;
	bool moved;		/* at all */
	bool patient;		/* who waits has nobody else to ask: a guest that swaps may take its time */
	uint64_t running_ms;	/* when it was last seen running */
	struct hb_rate rate;
};

/* Does the guest report about what Xen counts? */
bool hb_wait_believes(const struct hb_domain *domain);
/* Where the guest is, counted as the target counts. */
uint64_t hb_wait_position(const struct hb_domain *domain);

/* What Xen may count beside the size of one that has got there. */
uint64_t hb_wait_tolerance_kib(const struct hb_domain *domain);

/* Is it there, as far as one look can tell? */
bool hb_wait_is_there(const struct hb_domain *domain, uint64_t goal_kib);
/* How far it has to go. */
uint64_t hb_wait_gap(const struct hb_domain *domain, uint64_t goal_kib);

void hb_wait_start(struct hb_wait *wait, const struct hb_domain *domain, uint64_t goal_kib,
		   uint64_t timeout_ms, uint64_t now_ms);
/* Has it come nearer in the last moments? */
bool hb_wait_moves(const struct hb_wait *wait, uint64_t now_ms);
/* What stood in its way has gone: it is judged anew, within the same time. */
void hb_wait_again(struct hb_wait *wait, const struct hb_domain *domain, uint64_t now_ms);
enum hb_verdict hb_wait_judge(struct hb_wait *wait, const struct hb_domain *domain,
			      uint64_t now_ms);

#endif
