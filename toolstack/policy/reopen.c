/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reopen.h"

#define FIRST_MS 1000ULL
#define MOST_MS 30000ULL
/* A host that fails so often in a row is opened anew. */
#define FAILURES_MAX 5

enum hb_failure hb_reopen_failed(struct hb_reopen *reopen, bool no_answer)
{
	reopen->failures++;
	if (no_answer || reopen->failures >= FAILURES_MAX)
		return HB_FAILURE_LOST;
	return reopen->failures == 1 ? HB_FAILURE_FIRST : HB_FAILURE_AGAIN;
}

void hb_reopen_lost(struct hb_reopen *reopen, uint64_t now_ms)
{
	const uint64_t after_ms = FIRST_MS << reopen->doublings;

	reopen->at_ms = now_ms + (after_ms < MOST_MS ? after_ms : MOST_MS);
	reopen->doublings += after_ms < MOST_MS;
}

void hb_reopen_opened(struct hb_reopen *reopen)
{
	reopen->failures = 0;
}

void hb_reopen_works(struct hb_reopen *reopen)
{
	reopen->failures = 0;
	reopen->doublings = 0;
}
