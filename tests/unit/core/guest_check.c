// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's books and decisions against what is true of the guest in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guest_sim.h"

/* ---- every page */

#define LONGS_PER_UNIT (HB_UNIT_PAGES / BITS_PER_LONG)

static const unsigned long *unit_bits(const unsigned long *bits,
				      unsigned int unit)
{
	return bits + unit * LONGS_PER_UNIT;
}

/* A page is held or has a frame; the allocator has those that are in use. */
static unsigned int check_pages(struct guest *g, const struct hb_block *block,
				unsigned int slot, unsigned int i)
{
	unsigned int unit = slot * g->shape.block_units + i, held = 0, n;
	const unsigned long *frames = unit_bits(g->frames, unit);
	const unsigned long *owned = unit_bits(g->owned, unit);
	const unsigned long *unmapped = unit_bits(g->unmapped, unit);
	const unsigned long *page_held = unit_bits(block->page_held, i);
	bool online = g->kernel[slot].presence == SIM_ONLINE;

	for (n = 0; n < LONGS_PER_UNIT; n++) {
		sim_require(g, page_held[n] == ~frames[n]);
		sim_require(g, owned[n] == (online ? frames[n] & ~unmapped[n] : 0));
		if (page_held[n] == ~0UL)
			held += BITS_PER_LONG;
		else if (page_held[n])
			held += __builtin_popcountl(page_held[n]);
	}
	return held;
}

static unsigned int check_unit(struct guest *g, const struct hb_block *block,
			       unsigned int slot, unsigned int i)
{
	const struct sim_unit *unit =
		&g->units[slot * g->shape.block_units + i];
	unsigned int held = check_pages(g, block, slot, i);
	bool broken = test_bit(i, block->unit_broken);

	sim_require(g, held == block->unit_held[i]);
	sim_require(g, unit->owned >= unit->data + unit->kernel);
	if (!held && !unit->unsure)
		sim_require(g, broken == !unit->extent);
	return held;
}

/* ---- counters, from what the kernel says rather than from the block's state */

static bool is_usable(const struct guest *g, unsigned int slot)
{
	return g->kernel[slot].presence == SIM_ONLINE && !g->kernel[slot].leaving;
}

static void count_usable(const struct guest *g, unsigned int slot,
			 const struct hb_block *block, struct hb_blockmap *sum)
{
	bool added = block->origin != HB_BLOCK_BOOT;
	u64 plugged = 0;
	unsigned int i;

	for (i = 0; i < block->units; i++) {
		unsigned int held = block->unit_held[i];

		plugged += HB_UNIT_PAGES - held;
		sum->usable_held += held;
		sum->usable_empty_units += held == HB_UNIT_PAGES;
		sum->boot_empty_units += !added && held == HB_UNIT_PAGES;
		sum->boot_held += added ? 0 : held;
		sum->mendable_units += !held && test_bit(i, block->unit_broken);
	}
	if (added)
		sum->added_plugged += plugged;
	if (g->kernel[slot].movable) {
		sum->added_movable += added ? plugged : 0;
		sum->movable_blocks++;
		sum->movable_plugged += plugged;
	}
	if (block->origin == HB_BLOCK_OURS && !plugged)
		sum->empty_online++;
}

static void count_offline(const struct guest *g, unsigned int slot,
			  const struct hb_block *block, u64 held,
			  struct hb_blockmap *sum)
{
	bool going = g->way.active && g->way.slot == slot;
	bool parked = block->state == HB_BLOCK_PARKED;

	if (going)
		return;
	if (block->origin != HB_BLOCK_BOOT && !parked) {
		sum->added_offline += !block->refused;
		sum->added_refused += block->refused;
	}
	if (block->origin != HB_BLOCK_OURS)
		return;
	sum->parked_plugged += block->poisoned ? 0 : sim_block_pages(g) - held;
	if (!parked && held == sim_block_pages(g))
		sum->empty_offline++;
}

static void check_counters(struct guest *g, const struct hb_blockmap *sum)
{
	const struct hb_blockmap *map = &g->core.map;

	sim_require(g, map->held == sum->held);
	sim_require(g, map->usable_held == sum->usable_held);
	sim_require(g, map->usable_empty_units == sum->usable_empty_units);
	sim_require(g, map->boot_empty_units == sum->boot_empty_units);
	sim_require(g, map->boot_held == sum->boot_held);
	sim_require(g, map->mendable_units == sum->mendable_units);
	sim_require(g, map->added_plugged == sum->added_plugged);
	sim_require(g, map->added_movable == sum->added_movable);
	sim_require(g, map->parked_plugged == sum->parked_plugged);
	sim_require(g, map->movable_blocks == sum->movable_blocks);
	sim_require(g, map->movable_plugged == sum->movable_plugged);
	sim_require(g, map->added_offline == sum->added_offline);
	sim_require(g, map->added_refused == sum->added_refused);
	sim_require(g, map->empty_online == sum->empty_online);
	sim_require(g, map->empty_offline == sum->empty_offline);
	sim_require(g, map->in_transition == g->way.active);
}

/* What the driver believes of a block is so. */
static void check_state(struct guest *g, unsigned int slot,
			const struct hb_block *block)
{
	const struct sim_slot *kernel = &g->kernel[slot];
	bool going = g->way.active && g->way.slot == slot;

	switch (block->state) {
	case HB_BLOCK_ONLINE:
		sim_require(g, kernel->presence == SIM_ONLINE && !going);
		sim_require(g, kernel->referenced);
		sim_require(g, block->movable == kernel->movable);
		break;
	case HB_BLOCK_OFFLINE:
	case HB_BLOCK_PARKED:
		sim_require(g, kernel->presence == SIM_OFFLINE && !going);
		sim_require(g, !kernel->referenced);
		sim_require(g, kernel->parked ==
			       (block->state == HB_BLOCK_PARKED));
		break;
	case HB_BLOCK_GOING_ONLINE:
	case HB_BLOCK_GOING_OFFLINE:
		sim_require(g, going && !kernel->referenced);
		break;
	default:	/* no step ends in between */
		sim_fail(g, "a block is %s", hb_block_state_word(block->state));
	}
}

/* Xen's count, and the gap that was found. */
static void check_books(struct guest *g)
{
	unsigned int slot, kept = 0;
	u64 blocks = 0;

	for (slot = 0; slot < g->shape.slots; slot++) {
		const struct hb_block *block = g->slots[slot];

		blocks += block != NULL;
		kept += block && (block->origin == HB_BLOCK_OURS ||
				  block->keeps_module);
	}
	/* Each block that only the driver can deal with keeps it loaded. */
	sim_require(g, g->references == (int)kept);
	sim_require(g, g->core.ledger.capacity == blocks * sim_block_pages(g));
	sim_require(g, g->xen_pages + g->pod_outstanding ==
		       sim_populated(g) + g->gap);
	if (!g->core.ledger.settled)
		return;
	sim_require(g, g->core.ledger.gap + g->blurred == g->gap ||
		       g->core.verify.wanted);
	if (!g->blurred)
		sim_require(g, g->core.ledger.drift == 0);
}

/* No frame is where no block is. */
static void check_absent(struct guest *g, unsigned int slot)
{
	u64 start = slot * sim_block_pages(g), end = start + sim_block_pages(g);

	sim_require(g, find_next_bit(g->frames, end, start) == end);
}

void check_guest(struct guest *g)
{
	struct hb_blockmap sum = { 0 };
	unsigned int slot, i;

	/* It was built anew, and the books do not know yet. */
	if (g->core.verify.wanted)
		return;
	for (slot = 0; slot < g->shape.slots; slot++) {
		const struct hb_block *block = g->slots[slot];
		u64 held = 0;

		sim_require(g, !block == (g->kernel[slot].presence == SIM_ABSENT ||
					  g->kernel[slot].unknown));
		if (!block) {
			check_absent(g, slot);
			continue;
		}
		check_state(g, slot, block);
		for (i = 0; i < block->units; i++)
			held += check_unit(g, block, slot, i);
		sim_require(g, held == block->held);
		sum.held += held;
		if (is_usable(g, slot))
			count_usable(g, slot, block, &sum);
		else
			count_offline(g, slot, block, held, &sum);
	}
	check_counters(g, &sum);
	check_books(g);
	/* The driver's own check must agree: it is what runs in the field. */
	if (g->steps % 64 == 0 && hb_blockmap_check(&g->core.map))
		sim_fail(g, "%s", hb_blockmap_check(&g->core.map));
}

/* ---- a step */

static void check_size(struct guest *g, const struct hb_move *step)
{
	switch (step->kind) {
	case HB_STEP_SHRINK_ADDED:
	case HB_STEP_SHRINK_BOOT:
		sim_require(g, step->pages <= HB_STEP_EVACUATE_PAGES);
		break;
	case HB_STEP_EXCHANGE:
	case HB_STEP_MEND_UNIT:
	case HB_STEP_ADD_BLOCK:
		sim_require(g, step->pages <= HB_UNIT_PAGES);
		break;
	default:
		sim_require(g, step->pages <= HB_STEP_PAGES);
	}
}

/* A step with nothing to do would be repeated for ever. */
static void check_purpose(struct guest *g, const struct hb_snapshot *before,
			  const struct hb_move *step)
{
	bool growing = before->populated < before->target;
	bool shrinking = before->populated > before->target;

	bool tidy = g->core.tidy.active && !growing && !shrinking;

	switch (step->kind) {
	case HB_STEP_GROW_UNITS:
	case HB_STEP_GROW_PAGES:
		sim_require(g, growing && step->pages);
		break;
	case HB_STEP_ADD_BLOCK:
	case HB_STEP_ONLINE_BLOCK:
		sim_require(g, growing ? !before->usable_held :
			       !shrinking && hb_grant_lacking(before));
		sim_require(g, !before->hotplug_busy);
		break;
	case HB_STEP_RETIRE_BLOCK:
		sim_require(g, tidy || shrinking);
		sim_require(g, !before->hotplug_busy);
		break;
	case HB_STEP_EXCHANGE:
		sim_require(g, tidy && step->pages);
		break;
	case HB_STEP_MEND_UNIT:
		sim_require(g, tidy);
		break;
	case HB_STEP_VERIFY:
		sim_require(g, before->doubtful);
		break;
	case HB_STEP_PRESS:
		sim_require(g, shrinking && step->pages && step->pages <= HB_PRESS_PAGES);
		sim_require(g, !g->swap_free ||
			       (g->core.swap_policy != HB_PRESS_NEVER &&
				g->core.swap_by_host != HB_PRESS_NEVER));
		if (step->cause != HB_CAUSE_SWAPPING) {
			sim_require(g, g->core.drop_caches);
			break;
		}
		sim_require(g, g->report.cause == HB_CAUSE_SWAPPING ||
			       g->report.cause == HB_CAUSE_BAD_TARGET);
		sim_require(g, g->report.state == HB_STATE_SHRINKING);
		break;
	default:
		sim_require(g, shrinking && step->pages);
	}
}

/* Towards the target and not past it; at it, at most one unit is exchanged. */
static void check_direction(struct guest *g, const struct hb_snapshot *before)
{
	u64 now = sim_populated(g) - g->rescued;
	u64 low = before->target, high = before->populated;

	if (before->populated < before->target) {
		low = before->populated;
		high = before->target;
	} else if (before->populated == before->target) {
		low -= low < HB_UNIT_PAGES ? low : HB_UNIT_PAGES;
	}
	sim_require(g, now >= low && now <= high);
}

/*
 * 16 MiB and a sixteenth of the guest stay free, half of that for the kernel; what is
 * less already does not become less still.
 */
static void check_floor(struct guest *g)
{
	u64 reserve = 16 * HB_MIB_PAGES + g->managed / 16;

	if (reserve > 256 * HB_MIB_PAGES)
		reserve = 256 * HB_MIB_PAGES;
	if (g->taken)
		sim_require(g, g->free >= g->taken + reserve);
	if (g->kernel_taken)
		sim_require(g, g->kernel_free >= g->kernel_taken + reserve / 2);
}

/* A step tells how much it has moved, and why not all; an exchange leaves the size alone. */
static void check_outcome(struct guest *g, const struct hb_snapshot *before,
			  const struct hb_move *step,
			  const struct hb_outcome *outcome)
{
	u64 now = sim_populated(g) - g->rescued;

	switch (step->kind) {
	case HB_STEP_GROW_UNITS:
	case HB_STEP_GROW_PAGES:
		sim_require(g, now - before->populated == outcome->pages);
		/* Nor any further than to what is wanted, whoever went there. */
		sim_require(g, sim_populated(g) <= hb_guest_goal(&g->core));
		sim_require(g, outcome->cause || outcome->pages == step->pages || g->rescued);
		break;
	case HB_STEP_SHRINK_PARKED:
	case HB_STEP_SHRINK_ADDED:
	case HB_STEP_SHRINK_UNITS:
	case HB_STEP_SHRINK_BOOT:
	case HB_STEP_SHRINK_PAGES:
		sim_require(g, before->populated - now == outcome->pages);
		sim_require(g, outcome->cause || outcome->refused || g->rescued ||
			       outcome->pages == step->pages);
		break;
	case HB_STEP_EXCHANGE:
	case HB_STEP_MEND_UNIT:
		sim_require(g, outcome->cause || g->rescued ||
			       now == before->populated);
		break;
	case HB_STEP_VERIFY:
		/* What it found may have been counted when the books of a PV guest began. */
		sim_require(g, now == before->populated ||
			       (!g->translated && before->populated - now <= g->surplus));
		break;
	default:
		sim_require(g, now == before->populated);
	}
}

void check_step(struct guest *g, const struct hb_snapshot *before,
		const struct hb_move *step, const struct hb_outcome *outcome)
{
	check_outcome(g, before, step, outcome);
	check_size(g, step);
	check_purpose(g, before, step);
	check_direction(g, before);
	check_floor(g);
	sim_require(g, !before->still);
	if (before->unsettled && step->kind != HB_STEP_SHRINK_ADDED)
		sim_require(g, g->taken <= HB_UNIT_PAGES);
}

/* ---- at the end of a pass */

static bool failed(const struct guest *g, enum hb_move_kind kind)
{
	return g->core.pass.spent & (1U << kind);
}

/* It gave up only when it had tried everything, and says why. */
void check_end(struct guest *g, u64 rest_ms)
{
	const struct hb_blockmap *map = &g->core.map;
	enum hb_cause cause = g->report.cause;
	u64 populated = sim_populated(g);
	u64 target = hb_guest_goal(&g->core);

	sim_require(g, g->report.current_kib == populated * HB_PAGE_KIB ||
		       g->core.tidy.active || !rest_ms || g->news);
	if (g->news || g->core.verify.wanted || g->core.still)
		return;
	if (populated == target) {
		sim_require(g, rest_ms != HB_REST_FOREVER || !g->core.tidy.active ||
			       !g->core.tidy_rate);
		return;
	}
	/* What was exchanged did not come back. */
	if (!rest_ms)
		return;
	sim_require(g, cause);
	/* Or somebody wrote no number: that is what the report says then. */
	if (g->core.pass.idle_steps >= HB_PASS_IDLE_STEPS ||
	    cause == HB_CAUSE_BAD_TARGET)
		return;
	if (populated < target && map->usable_held)
		sim_require(g, failed(g, HB_STEP_GROW_PAGES));
	if (populated < target && hb_guest_blocks_left(&g->core))
		sim_require(g, rest_ms != HB_REST_FOREVER);
	if (populated > target && cause != HB_CAUSE_GUEST_FLOOR &&
	    cause != HB_CAUSE_SWAPPING && cause != HB_CAUSE_PAGING_POOL)
		sim_require(g, failed(g, HB_STEP_SHRINK_PAGES));
	if (populated > target && map->parked_plugged)
		sim_require(g, failed(g, HB_STEP_SHRINK_PARKED));
}

void check_content(struct guest *g)
{
	sim_require(g, g->report.cause == HB_CAUSE_NONE);
	sim_require(g, g->report.state == HB_STATE_IDLE);
	sim_require(g, sim_populated(g) == hb_guest_goal(&g->core));
}
