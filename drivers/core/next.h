/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How to follow the target: a snapshot in, one bounded step out.
 *
 * Where it is doubtful which pages have frames (the guest came from another host, or
 * Xen counts more than the books), that is asked before anything moves.
 *
 * Grow: whole empty units first, which restores superpages; then pages of
 * partly held units; then a block that is there but offline; then a new block.
 * A block in which something is broken the kernel does not put online: the next
 * one is.  For any other failure no new block is added, which might fail the same.
 * Single pages are for the remainder, or when Xen has no whole extents left.
 *
 * At the target: blocks that stay empty, as long as less could be filled than the guest may
 * take in need, where none can be made any more.
 *
 * Shrink: what is behind blocks that somebody took offline, which nobody uses; then
 * hot-added memory, from the top; then boot memory by whole units, first those that
 * are free and then those that can be evacuated; single pages for the remainder, or
 * when boot memory is too fragmented.  Never below the floor.  Blocks that came to be
 * empty wait for tidy.h to retire them, unless the guest cannot shrink further without
 * what their page descriptors take.
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
 *
 * Where nothing more can be given, something may be pressed out: press.h.
 *
 * While the host wants the guest still, nothing moves.
 */
#ifndef HB_CORE_NEXT_H
#define HB_CORE_NEXT_H

#include <core/port.h>
#include <hotballoon/keys.h>
#include "snapshot.h"

/* The most that one step moves: bounds how long a new target waits. */
#define HB_STEP_PAGES (32 * HB_MIB_PAGES)

/* Evacuating pages that are in use takes much longer than taking free ones. */
#define HB_STEP_EVACUATE_PAGES (16 * HB_MIB_PAGES)

/*
 * Units that cannot be evacuated lie together: what the kernel has for itself does.  So many
 * are tried, and each unit that was taken pays for some more, up to as many again; then the
 * rest of that memory is left for a later pass, as each try drains lists on all processors
 * and waits for writeback.  The price: what 2 MiB cost in single pages, on the way out and
 * back, are several tries (`make bench`, load).
 */
#define HB_STEP_REFUSALS 64
#define HB_STEP_REFUSALS_PAID 4

/*
 * So many steps in a row that changed nothing although they did not fail, and the pass
 * ends: whatever the reason, it must not spin.
 */
#define HB_PASS_IDLE_STEPS 64

enum hb_move_kind {
	HB_STEP_NONE,		/* at the target, or stopped by .cause */
#define HB_STEP(NAME, name, state, word, meaning) HB_STEP_##NAME,
#include "steps.def"
#undef HB_STEP
	HB_STEP_COUNT,
};

struct hb_move {
	enum hb_move_kind kind;
	u64 pages;		/* at most this many; ADD_BLOCK: what to probe for */
	u64 whole;		/* SHRINK_ADDED: a block with no more may go whole */
	bool movable_only;	/* of hot-added memory, not what the kernel itself can use */
	int node;		/* of boot memory: what is on this node */
	enum hb_cause cause;	/* with NONE: why short of the target */
	bool only_event;	/* with NONE: trying again later cannot help */
};

/* How a step ended. */
struct hb_outcome {
	u64 pages;		/* moved, or with blocks: 1 if it worked */
	enum hb_cause cause;	/* NONE if the step did all it was asked for */
	bool refused;		/* something was in use and could not be evacuated */
	bool exhausted;		/* all that is left was refused before */
};

/* What failed in this pass. */
struct hb_pass {
	unsigned int spent;		/* bit per hb_move_kind */
	int refusals;			/* less what was paid for */
	unsigned int idle_steps;	/* in a row */
	enum hb_cause cause;		/* of the last failure */
	bool progress;			/* anything moved */
	bool exhausted;			/* what was refused may be tried again */
	bool grown;			/* by more than was given back */
	bool block_later;		/* not yet again: one for what may be taken in need */
};

void hb_pass_begin(struct hb_pass *pass);

struct hb_move hb_plan(const struct hb_snapshot *now,
		       const struct hb_pass *pass);

/**
 * hb_pass_note() - take in how @step ended, for the next hb_plan()
 * @changed: are the books other than before it?
 */
void hb_pass_note(struct hb_pass *pass, const struct hb_move *step,
		  const struct hb_outcome *outcome, bool changed);

/*
 * Hot-added memory to be taken: as much of @pages as the floor allows, from where it
 * does; .pages is 0 if that is nothing.
 */
struct hb_move hb_plan_take_added(const struct hb_snapshot *now, u64 pages);

/*
 * Pages that the guest may take in need and that nothing is there for yet, although a block could
 * be.
 */
u64 hb_grant_lacking(const struct hb_snapshot *now);

#endif /* HB_CORE_NEXT_H */
