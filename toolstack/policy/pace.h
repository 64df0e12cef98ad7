/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When a manager looks at its host: at most ten times a second if somebody cannot wait, once
 * a second if something has happened, and else when it has said it would, or every so often.
 * Pure: the time comes from the caller, any monotonic clock, not 0.
 */
#ifndef HB_PACE_H
#define HB_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct hb_pace {
	uint64_t round_ms;	/* the next round is due */
	uint64_t last_ms;	/* the last one began; 0: none yet */
};

/* Look as soon as possible. */
void hb_pace_wake(struct hb_pace *pace, uint64_t now_ms);

/*
 * Something was heard, or nothing. due: it is of somebody who cannot wait, or all that was
 * decided is of others than are there. news: any.
 */
void hb_pace_hear(struct hb_pace *pace, bool due, bool news, uint64_t now_ms);

/* A round begins. Unless it comes to an end, the next is in a second. */
void hb_pace_begin(struct hb_pace *pace, uint64_t now_ms);

/* Domains are read, or sizes are set: until then, but one of them in any case. */
uint64_t hb_pace_until_ms(uint64_t now_ms);

/*
 * It came to its end. next_ms: when the decision wants to be looked at again, UINT64_MAX: not
 * at all; look_s: so often at least; idle: nothing of it was carried out, and it would be
 * decided again at once.
 */
void hb_pace_end(struct hb_pace *pace, uint64_t next_ms, unsigned int look_s, bool idle);

/* It could not: for want of something that may be there in a second. */
void hb_pace_put_off(struct hb_pace *pace, uint64_t now_ms);

/*
 * A domain was read that says something new: when it may be read again. That is soon, every_ms,
 * for some hundred times; who says something new all the time, and more often than a busy guest
 * does, is heard each second and a half then, until he has been quiet for a while. *paid_ms is
 * his; 0 at first.
 */
uint64_t hb_pace_read_ms(uint64_t *paid_ms, uint64_t now_ms, unsigned int every_ms);
/* Is that where he has come to? */
bool hb_pace_floods(uint64_t paid_ms, uint64_t now_ms);
/* The host could not be heard: when to try that again. */
uint64_t hb_pace_again_ms(uint64_t now_ms);

#endif
