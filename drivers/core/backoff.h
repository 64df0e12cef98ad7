/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When to try again.  Each cause of being short of the target has its own
 * rhythm, and so has being at it without the blocks that need may ask for; none gives
 * up.  A new target or memory going online does not wait for it: such an event resets
 * the back-off.
 */
#ifndef HB_CORE_BACKOFF_H
#define HB_CORE_BACKOFF_H

#include <core/port.h>
#include <hotballoon/keys.h>

struct hb_backoff {
	enum hb_cause cause;
	unsigned int failures;	/* in a row, without progress, of @cause */
};

/* Nothing to wait for but an event. */
#define HB_BACKOFF_NEVER 0U

/**
 * hb_backoff_next() - note a failure and say how long to wait
 * @cause: why the guest is short of its target
 * @progress: pages moved since the last failure
 * @random: any 32 random bits; spreads guests that fail together
 *
 * Return: milliseconds, 3/4 to 5/4 of the cause's delay, which doubles with
 * each failure up to its limit; HB_BACKOFF_NEVER if only an event can help.
 */
unsigned int hb_backoff_next(struct hb_backoff *backoff, enum hb_cause cause,
			     bool progress, u32 random);

void hb_backoff_reset(struct hb_backoff *backoff);

#endif /* HB_CORE_BACKOFF_H */
