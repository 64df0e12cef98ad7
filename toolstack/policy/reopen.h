/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a host that fails is given up, and opened anew: at once if it does not answer, after
 * some failures in a row otherwise; then after a second, and ever more rarely up to each half
 * minute, until it works. Pure: the time comes from the caller, any monotonic clock.
 */
#ifndef HB_REOPEN_H
#define HB_REOPEN_H

#include <stdbool.h>
#include <stdint.h>

/* All zero is one that is to be opened now, for the first time. */
struct hb_reopen {
	unsigned int failures;	/* in a row, since it was opened or worked */
	uint64_t at_ms;		/* not before that */
	unsigned int doublings;	/* of the time that is waited next */
};

enum hb_failure {
	HB_FAILURE_FIRST,	/* it may be for now: go on, and say so */
	HB_FAILURE_AGAIN,	/* go on */
	HB_FAILURE_LOST,	/* close it: hb_reopen_lost() */
};

/* Something of the host's has failed; no_answer: it does not answer at all. */
enum hb_failure hb_reopen_failed(struct hb_reopen *reopen, bool no_answer);
/* It is closed, or could not be opened. */
void hb_reopen_lost(struct hb_reopen *reopen, uint64_t now_ms);
/* It is open, which does not say that it works. */
void hb_reopen_opened(struct hb_reopen *reopen);
/* A whole round was done on it. */
void hb_reopen_works(struct hb_reopen *reopen);

#endif
