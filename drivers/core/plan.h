/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do next: a snapshot in, one bounded step out.
 *
 * Grow: whole empty units first, which restores superpages; then pages of
 * partly held units; then a block that is there but offline; then a new block.
 * Single pages are for the remainder, or when Xen has no whole extents left.
 *
 * Shrink: hot-added memory first, from the top; then boot memory by whole
 * units; single pages for the remainder, or when boot memory is too
 * fragmented.  Never below the floor.
 *
 * A source that failed is not asked again in the same pass (@spent).  When no
 * source is left the pass ends with a cause; the back-off or an event starts a
 * new pass with hb_pass_begin().
 */
#ifndef HB_CORE_PLAN_H
#define HB_CORE_PLAN_H

#include <core/port.h>
#include <hotballoon/keys.h>
#include "floor.h"

/* The most that one step moves: bounds how long a new target waits. */
#define HB_STEP_PAGES (32 * HB_MIB_PAGES)

/* Evacuating pages that are in use takes much longer than taking free ones. */
#define HB_STEP_EVACUATE_PAGES (16 * HB_MIB_PAGES)

enum hb_step_kind {
	HB_STEP_NONE,		/* at the target, or stopped by .cause */
	HB_STEP_GROW_UNITS,	/* populate whole empty units */
	HB_STEP_GROW_PAGES,	/* populate single held pages */
	HB_STEP_ONLINE_BLOCK,	/* online a block of ours that is offline */
	HB_STEP_ADD_BLOCK,	/* hot-add the next block */
	HB_STEP_SHRINK_ADDED,	/* take hot-added memory, from the top */
	HB_STEP_SHRINK_UNITS,	/* take whole units of boot memory */
	HB_STEP_SHRINK_PAGES,	/* take single pages of boot memory */
	HB_STEP_COUNT,
};

struct hb_step {
	enum hb_step_kind kind;
	u64 pages;		/* at most this many; ADD_BLOCK: what to probe for */
	enum hb_cause cause;	/* with NONE: why short of the target */
	bool only_event;	/* with NONE: trying again later cannot help */
};

/* All counts in pages unless they say otherwise. */
struct hb_snapshot {
	u64 target;		/* what the host wants */
	u64 populated;		/* what the guest has */
	u64 usable_held;	/* held pages that could be handed out */
	u64 usable_empty_units;	/* units, all of whose pages are such */
	u64 added_plugged;	/* hot-added pages with frames, in online blocks */
	u64 added_offline;	/* blocks of ours that are offline */
	u64 blocks_left;	/* blocks that the address window still has room for */
	struct hb_floor floor;
	bool unsettled;		/* populate-on-demand: touch little at a time */
};

/* What failed in this pass. */
struct hb_pass {
	unsigned int spent;		/* bit per hb_step_kind */
	enum hb_cause cause;		/* of the last failure */
	bool progress;			/* anything moved */
};

/* How a step ended. */
struct hb_outcome {
	u64 pages;		/* moved, or with blocks: 1 if it worked */
	enum hb_cause cause;	/* NONE if the step did all it was asked for */
};

void hb_pass_begin(struct hb_pass *pass);

struct hb_step hb_plan(const struct hb_snapshot *now,
		       const struct hb_pass *pass);

/* Take in how @step ended, for the next hb_plan(). */
void hb_pass_note(struct hb_pass *pass, const struct hb_step *step,
		  const struct hb_outcome *outcome);

#endif /* HB_CORE_PLAN_H */
