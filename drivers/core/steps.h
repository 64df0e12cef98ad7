/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each step of steps.def does.  All take the lock themselves, for one extent at a
 * time, and account for what they moved at once: a step that ends half-way leaves books
 * that are true.
 */
#ifndef HB_CORE_STEPS_H
#define HB_CORE_STEPS_H

#include "guest.h"

struct hb_outcome hb_step_verify(struct hb_guest *g,
				 const struct hb_move *step);
struct hb_outcome hb_step_grow_units(struct hb_guest *g,
				     const struct hb_move *step);
struct hb_outcome hb_step_grow_pages(struct hb_guest *g,
				     const struct hb_move *step);
struct hb_outcome hb_step_online_block(struct hb_guest *g,
				       const struct hb_move *step);
struct hb_outcome hb_step_add_block(struct hb_guest *g,
				    const struct hb_move *step);
struct hb_outcome hb_step_shrink_parked(struct hb_guest *g,
					const struct hb_move *step);
struct hb_outcome hb_step_shrink_added(struct hb_guest *g,
				       const struct hb_move *step);
struct hb_outcome hb_step_shrink_units(struct hb_guest *g,
				       const struct hb_move *step);
struct hb_outcome hb_step_shrink_boot(struct hb_guest *g,
				      const struct hb_move *step);
struct hb_outcome hb_step_shrink_pages(struct hb_guest *g,
				       const struct hb_move *step);
struct hb_outcome hb_step_press(struct hb_guest *g,
				const struct hb_move *step);
struct hb_outcome hb_step_retire_block(struct hb_guest *g,
				       const struct hb_move *step);
struct hb_outcome hb_step_exchange(struct hb_guest *g,
				   const struct hb_move *step);
struct hb_outcome hb_step_mend_unit(struct hb_guest *g,
				    const struct hb_move *step);

/* What a step does, and what is said of it. */
struct hb_step_row {
	struct hb_outcome (*carry_out)(struct hb_guest *g,
				       const struct hb_move *step);
	enum hb_state state;
	const char *word;
};

extern const struct hb_step_row hb_steps[HB_STEP_COUNT];

/* ---- parts that several steps have */

/**
 * hb_surrender() - give pages that alloc() or isolate() gave to Xen
 * @pfns: @nr extents of 2^@order pages, HB_UNIT_PAGES in all at most
 *
 * What Xen does not take, and what lies in a block that has begun to leave, goes back
 * to the allocator.
 *
 * Return: pages given, and the cause if that is not all.
 */
struct hb_outcome hb_surrender(struct hb_guest *g, const unsigned long *pfns,
			       unsigned int nr, unsigned int order);

/* The same for one run, units of which go as such. */
struct hb_outcome hb_surrender_run(struct hb_guest *g, struct hb_run run);

/**
 * hb_populate() - take frames for held pages and hand them out
 *
 * The lock is held, and the pages' blocks are online.
 *
 * Return: pages, in the order of the list.
 */
unsigned long hb_populate(struct hb_guest *g, const unsigned long *pfns,
			  unsigned int nr, unsigned int order);

/* Has a guest in need taken memory since the step was planned?  Takes the lock. */
bool hb_is_in_need(struct hb_guest *g);

/* Is the block at @pfn online, so that its held pages can be handed out?  Under lock. */
bool hb_is_usable(const struct hb_guest *g, unsigned long pfn);

#endif /* HB_CORE_STEPS_H */
