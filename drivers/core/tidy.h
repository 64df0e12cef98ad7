/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Improving the layout of the guest's memory once it is at its target.
 *
 * Following the target is urgent and ends; this is neither.  It begins some time after
 * the target was reached, goes on in small batches with pauses between them, and ends
 * when there is nothing left to do, or when nothing has worked for a while.  A new
 * target comes first, and the host can have it rest (memory/still): what is changed here
 * is the guest's memory map, and Xen keeps no log of that while it copies the guest.
 *
 *   retire    offline and remove hot-added blocks that are empty.  Not at once: a target
 *             that moves over a block's edge would add and remove it each time.
 *   exchange  hot-added memory that was busy when it should have gone, for boot memory
 *             that went in its place.
 *   mend      units that Xen maps page by page: after growing, or when the guest came
 *             from another host, where it was built anew page by page.
 *
 * A batch ends with the first thing that cannot be done; that is tried again in a later
 * one.
 */
#ifndef HB_CORE_TIDY_H
#define HB_CORE_TIDY_H

#include "next.h"

/* After the target was reached, before anything is moved. */
#define HB_TIDY_DELAY_MS	1000
/* The same, before a block is retired. */
#define HB_TIDY_RETIRE_MS	3000
/* It ends so long after the target was reached, or after something worked. */
#define HB_TIDY_PATIENCE_MS	30000
/* When something could not be done, it is tried again so much later. */
#define HB_TIDY_RETRY_MS	1000
/* Units, or blocks, that one batch moves. */
#define HB_TIDY_BATCH		16
/* MiB a second; 0: none of this. */
#define HB_TIDY_RATE_DEFAULT	128
/* A pause is never shorter. */
#define HB_TIDY_PAUSE_MS	10

/* No wake-up is needed. */
#define HB_TIDY_NEVER		(~(u64)0)

struct hb_tidy {
	bool active;
	bool mend;		/* there may be units to mend */
	u64 since;		/* ms: the target was reached */
	u64 next;		/* ms: the next batch */
	u64 ends;		/* ms: unless something works */
	unsigned int spent;	/* in this batch: bit per hb_move_kind */
	unsigned int steps;	/* in this batch */
	u64 moved;		/* pages, in this batch */
};

/**
 * hb_tidy_begin() - the target was reached after memory had moved
 * @mend: and it has grown, or its memory may be mapped otherwise than before
 */
void hb_tidy_begin(struct hb_tidy *tidy, u64 now_ms, bool mend);

/**
 * hb_tidy_due() - when is the next batch?
 *
 * Return: milliseconds from now, 0 for at once, HB_TIDY_NEVER if it is over.
 */
u64 hb_tidy_due(const struct hb_tidy *tidy, u64 now_ms);

void hb_tidy_begin_batch(struct hb_tidy *tidy);

/* The next step of the batch; HB_STEP_NONE ends it. */
struct hb_move hb_tidy_plan(const struct hb_tidy *tidy,
			    const struct hb_snapshot *now, u64 now_ms);

void hb_tidy_note(struct hb_tidy *tidy, const struct hb_move *step,
		  const struct hb_outcome *outcome, u64 now_ms);

/**
 * hb_tidy_end_batch() - decide when and whether it goes on
 * @now: the guest after the batch
 * @rate: MiB a second
 */
void hb_tidy_end_batch(struct hb_tidy *tidy, const struct hb_snapshot *now,
		       u64 now_ms, unsigned int rate);

#endif /* HB_CORE_TIDY_H */
