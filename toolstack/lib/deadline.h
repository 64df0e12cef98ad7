/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No call to xenstore waits for ever: a healthy one answers within a millisecond, and
 * within seconds while it is replaced by another version of itself. Whoever has a time
 * limit of its own waits no longer than that, but a second at least, which ends what has
 * been begun.
 */
#ifndef HB_DEADLINE_H
#define HB_DEADLINE_H

#include "internal.h"

#define HB_CALL_MS 10000U
#define HB_CALL_LEAST_MS 1000U

/* What a call that begins now may take. */
unsigned int hb_call_limit_ms(struct hb_host *host);
/*
 * What a wait that begins now may take, most_ms at most: all waits together end with the time
 * limit and that second. 0: the caller does without what it would have to wait for.
 */
uint64_t hb_wait_limit_ms(struct hb_host *host, uint64_t most_ms);

/*
 * From now on in timeout_s all must be over, or as before if that is sooner; 0: as before.
 * Returns what hb_deadline_end() wants.
 */
uint64_t hb_deadline_begin(struct hb *hb, unsigned int timeout_s);
/* The same with all over now: what comes is not worth a wait. */
uint64_t hb_deadline_now(struct hb *hb);
void hb_deadline_end(struct hb *hb, uint64_t before);

#endif
