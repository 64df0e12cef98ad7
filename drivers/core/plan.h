/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do next: a snapshot in, one bounded step out.
 *
 * Grow: whole empty units first, which restores superpages; then pages of
 * partly held units; then a block that is there but offline; then a new block.
 * Single pages are for the remainder, or when Xen has no whole extents left.
 *
 * Shrink: what is behind blocks that somebody took offline, which nobody uses; then
 * hot-added memory, from the top; then boot memory by whole units, first those that
 * are free and then those that can be evacuated; single pages for the remainder, or
 * when boot memory is too fragmented.  Never below the floor.  A hot-added block
 * that came to be empty is retired: offlined and, where the kernel can do it, removed.
 *
 * At the target: retire what is empty; mend units that Xen maps page by page, when
 * the guest has grown; and if boot memory had to be taken because hot-added memory
 * was busy, exchange them once it is not (@patient limits how long that is tried).
 *
 * The kernel's share of the floor holds for hot-added blocks that the kernel can use for
 * itself, too.
 *
 * Adding, onlining, offlining and removing blocks wait while somebody else's block
 * is on its way: the kernel does one at a time, and theirs may take for ever.
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
	HB_STEP_SHRINK_PARKED,	/* take what is behind blocks that are offline */
	HB_STEP_SHRINK_ADDED,	/* take hot-added memory, from the top */
	HB_STEP_SHRINK_UNITS,	/* take free whole units of boot memory */
	HB_STEP_SHRINK_BOOT,	/* evacuate whole units of boot memory */
	HB_STEP_SHRINK_PAGES,	/* take single pages of boot memory */
	HB_STEP_RETIRE_BLOCK,	/* offline and remove an empty block */
	HB_STEP_MEND_UNIT,	/* have Xen map a broken unit as one again */
	HB_STEP_COUNT,
};

struct hb_step {
	enum hb_step_kind kind;
	u64 pages;		/* at most this many; ADD_BLOCK: what to probe for */
	u64 whole;		/* SHRINK_ADDED: a block with no more may go whole */
	bool movable_only;	/* SHRINK_ADDED: not from what the kernel itself can use */
	enum hb_cause cause;	/* with NONE: why short of the target */
	bool only_event;	/* with NONE: trying again later cannot help */
	bool tidy_later;	/* with NONE, at the target: there is more to tidy up */
};

/*
 * How long hot-added memory that is busy is tried again when the guest is at its
 * target already: as long as the kernel's own hot-remove does.
 */
#define HB_PATIENCE_SECONDS 120

/* All counts in pages unless they say otherwise. */
struct hb_snapshot {
	u64 target;		/* what the host wants */
	u64 populated;		/* what the guest has */
	u64 usable_held;	/* held pages that could be handed out */
	u64 usable_empty_units;	/* units, all of whose pages are such */
	u64 boot_empty_units;	/* of those, in boot memory */
	u64 boot_held;		/* held pages in boot memory that could be handed out */
	u64 mendable_units;	/* complete units that Xen maps page by page */
	u64 parked_plugged;	/* pages with frames in our offline blocks */
	u64 added_plugged;	/* hot-added pages with frames, in online blocks */
	u64 added_movable;	/* of those, for movable pages only */
	u64 retirable;		/* our blocks that are empty and can go */
	u64 added_offline;	/* blocks of ours that are offline */
	u64 blocks_left;	/* blocks that the address window still has room for */
	struct hb_floor floor;
	bool unsettled;		/* populate-on-demand: touch little at a time */
	bool hotplug_busy;	/* somebody else's block goes online or offline */
	bool patient;		/* the target is not older than HB_PATIENCE_SECONDS */
};

/* What failed in this pass. */
struct hb_pass {
	unsigned int spent;		/* bit per hb_step_kind */
	enum hb_cause cause;		/* of the last failure */
	bool progress;			/* anything moved */
	bool grown;			/* and there may be units to mend since */
};

/* How a step ended. */
struct hb_outcome {
	u64 pages;		/* moved, or with blocks: 1 if it worked */
	enum hb_cause cause;	/* NONE if the step did all it was asked for */
};

/* Begin a new pass, or, with zeroed memory, the first. */
void hb_pass_begin(struct hb_pass *pass);

struct hb_step hb_plan(const struct hb_snapshot *now,
		       const struct hb_pass *pass);

/* Take in how @step ended, for the next hb_plan(). */
void hb_pass_note(struct hb_pass *pass, const struct hb_step *step,
		  const struct hb_outcome *outcome);

#endif /* HB_CORE_PLAN_H */
