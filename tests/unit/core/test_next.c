// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plan: a table of decisions, and what must be true of any decision.  Whole guests
 * follow it in test_schedules.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/next.h"

#include "random.h"

#define FLOOR(_added, _kernel) { .take_added = _added, \
				 .take_added_kernel = _kernel, .take_boot = _kernel }
#define PLENTY FLOOR(1 << 30, 1 << 30)
#define SPENT(_kind) (1U << HB_STEP_##_kind)

static const struct {
	const char *what;
	struct hb_snapshot now;
	struct hb_pass pass;
	struct hb_move step;
} decisions[] = {
	/* grow */
	{ "grow: whole units first, as many as a step may",
	  { .target = 100000, .usable_held = 60000, .usable_empty_units = 100 },
	  { 0 }, { .kind = HB_STEP_GROW_UNITS, .pages = 8192 } },
	{ "grow: no more units than there are",
	  { .target = 100000, .usable_held = 3000, .usable_empty_units = 2 },
	  { 0 }, { .kind = HB_STEP_GROW_UNITS, .pages = 1024 } },
	{ "grow: exactly one unit",
	  { .target = 512, .usable_held = 600, .usable_empty_units = 1 },
	  { 0 }, { .kind = HB_STEP_GROW_UNITS, .pages = 512 } },
	{ "grow: the remainder in pages",
	  { .target = 511, .usable_held = 60000, .usable_empty_units = 100 },
	  { 0 }, { .kind = HB_STEP_GROW_PAGES, .pages = 511 } },
	{ "grow: no more pages than there are",
	  { .target = 100000, .usable_held = 300 },
	  { 0 }, { .kind = HB_STEP_GROW_PAGES, .pages = 300 } },
	{ "grow: pages when Xen has no whole extents",
	  { .target = 100000, .usable_held = 60000, .usable_empty_units = 100 },
	  { .spent = SPENT(GROW_UNITS), .cause = HB_CAUSE_HOST_OUT_OF_MEMORY },
	  { .kind = HB_STEP_GROW_PAGES, .pages = 8192 } },
	{ "grow: Xen refuses",
	  { .target = 100000, .usable_held = 60000, .usable_empty_units = 100,
	    .blocks_left = 4 },
	  { .spent = SPENT(GROW_UNITS) | SPENT(GROW_PAGES),
	    .cause = HB_CAUSE_ABOVE_MAX },
	  { .cause = HB_CAUSE_ABOVE_MAX } },
	{ "grow: an offline block before a new one",
	  { .target = 100000, .added_offline = 1, .blocks_left = 4 },
	  { 0 }, { .kind = HB_STEP_ONLINE_BLOCK } },
	{ "grow: no new block while one cannot be onlined",
	  { .target = 100000, .added_offline = 1, .blocks_left = 4 },
	  { .spent = SPENT(ONLINE_BLOCK), .cause = HB_CAUSE_OFFLINE_PENDING },
	  { .cause = HB_CAUSE_OFFLINE_PENDING } },
	{ "grow: a new block beside one that the kernel refuses",
	  { .target = 100000, .added_refused = 1, .blocks_left = 4 },
	  { 0 }, { .kind = HB_STEP_ADD_BLOCK, .pages = 512 } },
	{ "grow: nothing is left but such a one",
	  { .target = 100000, .added_refused = 1 },
	  { 0 }, { .cause = HB_CAUSE_OFFLINE_PENDING, .only_event = true } },
	{ "grow: a new block",
	  { .target = 100000, .blocks_left = 4 },
	  { 0 }, { .kind = HB_STEP_ADD_BLOCK, .pages = 512 } },
	{ "grow: a new block for a few pages",
	  { .target = 100, .blocks_left = 4 },
	  { 0 }, { .kind = HB_STEP_ADD_BLOCK, .pages = 100 } },
	{ "grow: no hotplug while somebody else is at it",
	  { .target = 100000, .added_offline = 1, .blocks_left = 4,
	    .hotplug_busy = true },
	  { 0 }, { .cause = HB_CAUSE_OFFLINE_PENDING } },
	{ "grow: what is there does not wait for that",
	  { .target = 100000, .usable_held = 512, .usable_empty_units = 1,
	    .hotplug_busy = true },
	  { 0 }, { .kind = HB_STEP_GROW_UNITS, .pages = 512 } },
	{ "grow: the guest has no memory for a block",
	  { .target = 100000, .blocks_left = 4 },
	  { .spent = SPENT(ADD_BLOCK), .cause = HB_CAUSE_GUEST_BUSY },
	  { .cause = HB_CAUSE_GUEST_BUSY } },
	{ "grow: the window is full",
	  { .target = 100000 },
	  { 0 }, { .cause = HB_CAUSE_ABOVE_MAX, .only_event = true } },
	{ "grow: the window is full, somebody is at a block: an event will come",
	  { .target = 100000, .hotplug_busy = true },
	  { 0 }, { .cause = HB_CAUSE_ABOVE_MAX, .only_event = true } },
	{ "grow: empty blocks are not retired on the way",
	  { .target = 100000, .usable_held = 600, .usable_empty_units = 1,
	    .retirable = 1 },
	  { 0 }, { .kind = HB_STEP_GROW_UNITS, .pages = 512 } },

	/* shrink */
	{ "shrink: what nobody uses first, whatever the floor",
	  { .populated = 100000, .parked_plugged = 30000, .added_plugged = 50000,
	    .retirable = 1 },
	  { 0 }, { .kind = HB_STEP_SHRINK_PARKED, .pages = 8192 } },
	{ "shrink: no more of it than needed",
	  { .populated = 1000, .target = 700, .parked_plugged = 30000 },
	  { 0 }, { .kind = HB_STEP_SHRINK_PARKED, .pages = 300 } },
	{ "shrink: empty blocks wait until that is over",
	  { .populated = 100000, .added_plugged = 50000, .retirable = 1,
	    .floor = PLENTY },
	  { 0 },
	  { .kind = HB_STEP_SHRINK_ADDED, .pages = 4096, .whole = 100000 } },
	{ "shrink: unless their descriptors are what is left",
	  { .populated = 100000, .retirable = 1 },
	  { 0 }, { .kind = HB_STEP_RETIRE_BLOCK } },
	{ "shrink: or nothing else gives",
	  { .populated = 100000, .retirable = 1, .floor = PLENTY },
	  { .spent = SPENT(SHRINK_UNITS) | SPENT(SHRINK_BOOT) |
		     SPENT(SHRINK_PAGES), .cause = HB_CAUSE_GUEST_BUSY },
	  { .kind = HB_STEP_RETIRE_BLOCK } },
	{ "shrink: nothing is retired while somebody else is at a block",
	  { .populated = 100000, .retirable = 1, .hotplug_busy = true },
	  { 0 }, { .cause = HB_CAUSE_GUEST_FLOOR } },
	{ "shrink: nor again when it did not work",
	  { .populated = 100000, .retirable = 1 },
	  { .spent = SPENT(RETIRE_BLOCK), .cause = HB_CAUSE_OFFLINE_PENDING },
	  { .cause = HB_CAUSE_GUEST_FLOOR } },
	{ "shrink: the floor does not hide what the host must do",
	  { .populated = 100000 },
	  { .spent = SPENT(SHRINK_ADDED), .cause = HB_CAUSE_PAGING_POOL },
	  { .cause = HB_CAUSE_PAGING_POOL } },
	{ "shrink: that something is busy is how the floor looks",
	  { .populated = 100000 },
	  { .spent = SPENT(SHRINK_UNITS), .cause = HB_CAUSE_GUEST_BUSY },
	  { .cause = HB_CAUSE_GUEST_FLOOR } },
	{ "shrink: boot memory of the node that has it",
	  { .populated = 100000,
	    .floor = { .take_boot = 9000, .node = 3 } },
	  { 0 }, { .kind = HB_STEP_SHRINK_UNITS, .pages = 8192, .node = 3 } },
	{ "shrink: hot-added memory before boot memory",
	  { .populated = 100000, .added_plugged = 50000, .floor = PLENTY },
	  { 0 },
	  { .kind = HB_STEP_SHRINK_ADDED, .pages = 4096, .whole = 100000 } },
	{ "shrink: no more hot-added memory than there is",
	  { .populated = 100000, .added_plugged = 700, .floor = PLENTY },
	  { 0 },
	  { .kind = HB_STEP_SHRINK_ADDED, .pages = 700, .whole = 100000 } },
	{ "shrink: only movable blocks when the kernel has nothing to spare",
	  { .populated = 100000, .added_plugged = 50000, .added_movable = 3000,
	    .floor = FLOOR(20000, 400) },
	  { 0 },
	  { .kind = HB_STEP_SHRINK_ADDED, .pages = 3000, .whole = 19968,
	    .movable_only = true } },
	{ "shrink: as much of others as the kernel can spare",
	  { .populated = 100000, .added_plugged = 50000,
	    .floor = FLOOR(20000, 1300) },
	  { 0 },
	  { .kind = HB_STEP_SHRINK_ADDED, .pages = 1024, .whole = 19968 } },
	{ "shrink: nothing of others when it can spare nothing",
	  { .populated = 100000, .added_plugged = 50000,
	    .floor = FLOOR(20000, 511) },
	  { 0 }, { .cause = HB_CAUSE_GUEST_FLOOR } },
	{ "shrink: then boot memory by units",
	  { .populated = 100000, .added_plugged = 50000, .floor = PLENTY },
	  { .spent = SPENT(SHRINK_ADDED), .cause = HB_CAUSE_GUEST_BUSY },
	  { .kind = HB_STEP_SHRINK_UNITS, .pages = 8192 } },
	{ "shrink: the remainder in pages",
	  { .populated = 511, .floor = PLENTY },
	  { 0 }, { .kind = HB_STEP_SHRINK_PAGES, .pages = 511 } },
	{ "shrink: evacuates boot memory when no unit of it is free",
	  { .populated = 100000, .floor = PLENTY },
	  { .spent = SPENT(SHRINK_UNITS), .cause = HB_CAUSE_GUEST_BUSY },
	  { .kind = HB_STEP_SHRINK_BOOT, .pages = 4096 } },
	{ "shrink: in pages when it cannot be evacuated either",
	  { .populated = 100000, .floor = PLENTY },
	  { .spent = SPENT(SHRINK_UNITS) | SPENT(SHRINK_BOOT),
	    .cause = HB_CAUSE_GUEST_BUSY },
	  { .kind = HB_STEP_SHRINK_PAGES, .pages = 8192 } },
	{ "shrink: nothing gives",
	  { .populated = 100000, .floor = PLENTY },
	  { .spent = SPENT(SHRINK_UNITS) | SPENT(SHRINK_BOOT) |
		     SPENT(SHRINK_PAGES), .cause = HB_CAUSE_GUEST_BUSY },
	  { .cause = HB_CAUSE_GUEST_BUSY } },
	{ "shrink: the floor",
	  { .populated = 100000 },
	  { 0 }, { .cause = HB_CAUSE_GUEST_FLOOR } },
	{ "shrink: near the floor only whole units",
	  { .populated = 100000, .floor = FLOOR(1300, 1300) },
	  { 0 }, { .kind = HB_STEP_SHRINK_UNITS, .pages = 1024 } },
	{ "shrink: less than a unit above the floor",
	  { .populated = 100000, .floor = FLOOR(511, 511) },
	  { 0 }, { .cause = HB_CAUSE_GUEST_FLOOR } },
	{ "shrink: populate-on-demand goes in small steps",
	  { .populated = 100000, .floor = PLENTY, .unsettled = true },
	  { 0 }, { .kind = HB_STEP_SHRINK_UNITS, .pages = 512 } },
	{ "shrink: its remainder too",
	  { .populated = 100000, .floor = PLENTY, .unsettled = true },
	  { .spent = SPENT(SHRINK_UNITS) | SPENT(SHRINK_BOOT) },
	  { .kind = HB_STEP_SHRINK_PAGES, .pages = 512 } },

	/* at the target */
	{ "at the target",
	  { .target = 100, .populated = 100, .floor = PLENTY },
	  { 0 }, { 0 } },
	{ "at the target: what could be tidied is for others to plan",
	  { .target = 100, .populated = 100, .retirable = 1,
	    .mendable_units = 7, .floor = PLENTY },
	  { .grown = true }, { 0 } },

	/* before anything else */
	{ "doubtful: ask first",
	  { .target = 100000, .usable_held = 60000, .doubtful = true },
	  { 0 }, { .kind = HB_STEP_VERIFY, .pages = 8192 } },
	{ "doubtful: at the target, too",
	  { .target = 100, .populated = 100, .doubtful = true },
	  { 0 }, { .kind = HB_STEP_VERIFY, .pages = 8192 } },
	{ "doubtful: nothing moves while Xen does not answer",
	  { .target = 100000, .usable_held = 60000, .doubtful = true },
	  { .spent = SPENT(VERIFY), .cause = HB_CAUSE_PAGING_POOL },
	  { .cause = HB_CAUSE_PAGING_POOL } },
	{ "doubtful: what has frames can go",
	  { .populated = 100000, .doubtful = true, .floor = PLENTY },
	  { .spent = SPENT(VERIFY), .cause = HB_CAUSE_PAGING_POOL },
	  { .kind = HB_STEP_SHRINK_UNITS, .pages = 8192 } },
	{ "doubtful: but no block",
	  { .populated = 100000, .retirable = 1, .doubtful = true },
	  { .spent = SPENT(VERIFY), .cause = HB_CAUSE_PAGING_POOL },
	  { .cause = HB_CAUSE_PAGING_POOL } },
	{ "still: nothing moves",
	  { .target = 100000, .usable_held = 60000, .still = true },
	  { 0 }, { .cause = HB_CAUSE_STILL, .only_event = true } },
	{ "still: nor is anything asked",
	  { .populated = 100, .still = true, .doubtful = true, .floor = PLENTY },
	  { 0 }, { .cause = HB_CAUSE_STILL, .only_event = true } },
	{ "still: at the target that is no reason for anything",
	  { .target = 100, .populated = 100, .still = true },
	  { 0 }, { .only_event = true } },
	{ "steps that change nothing are not planned for ever",
	  { .populated = 100000, .floor = PLENTY },
	  { .idle_steps = HB_PASS_IDLE_STEPS },
	  { .cause = HB_CAUSE_GUEST_BUSY } },
	{ "but for a while",
	  { .populated = 100000, .floor = PLENTY },
	  { .idle_steps = HB_PASS_IDLE_STEPS - 1 },
	  { .kind = HB_STEP_SHRINK_UNITS, .pages = 8192 } },
};

static void test_decisions(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(decisions) / sizeof(*decisions); i++) {
		const struct hb_move *expected = &decisions[i].step;
		struct hb_move step = hb_plan(&decisions[i].now,
					      &decisions[i].pass);

		print_message("  %s\n", decisions[i].what);
		assert_int_equal(step.kind, expected->kind);
		assert_int_equal(step.pages, expected->pages);
		assert_int_equal(step.whole, expected->whole);
		assert_int_equal(step.movable_only, expected->movable_only);
		assert_int_equal(step.cause, expected->cause);
		assert_int_equal(step.only_event, expected->only_event);
		assert_int_equal(step.node, expected->node);
	}
}

/* ---- any decision */

static u64 some(uint64_t *seed, u64 most)
{
	return random_below(seed, 3) ? random_below(seed, most) : 0;
}

static struct hb_snapshot random_snapshot(uint64_t *seed)
{
	struct hb_snapshot now = {
		.target = random_below(seed, 40000),
		.usable_empty_units = some(seed, 40),
		.mendable_units = some(seed, 10),
		.parked_plugged = some(seed, 20000),
		.added_plugged = some(seed, 20000),
		.retirable = some(seed, 3),
		.added_offline = some(seed, 3),
		.added_refused = some(seed, 3),
		.blocks_left = some(seed, 3),
		.floor.take_added = some(seed, 40000),
		.unsettled = random_below(seed, 4) == 0,
		.hotplug_busy = random_below(seed, 4) == 0,
		.doubtful = random_below(seed, 8) == 0,
		.still = random_below(seed, 8) == 0,
	};

	now.populated = random_below(seed, 3) ? random_below(seed, 40000) :
						now.target;
	now.usable_held = now.usable_empty_units * HB_UNIT_PAGES +
			  some(seed, 3000);
	now.added_movable = random_below(seed, now.added_plugged + 1);
	now.floor.take_boot = random_below(seed, now.floor.take_added + 1);
	now.floor.take_added_kernel = now.floor.take_boot;
	return now;
}

static bool uses_hotplug(enum hb_move_kind kind)
{
	return kind == HB_STEP_ONLINE_BLOCK || kind == HB_STEP_ADD_BLOCK ||
	       kind == HB_STEP_RETIRE_BLOCK;
}

static bool moves_pages(enum hb_move_kind kind)
{
	return kind != HB_STEP_NONE && !uses_hotplug(kind);
}

/* What a step may take from memory that is in use, at most. */
static u64 floor_for(const struct hb_snapshot *now, const struct hb_move *step)
{
	switch (step->kind) {
	case HB_STEP_SHRINK_ADDED:
		return step->movable_only ? now->floor.take_added :
					    now->floor.take_boot;
	case HB_STEP_SHRINK_UNITS:
	case HB_STEP_SHRINK_BOOT:
	case HB_STEP_SHRINK_PAGES:
		return now->floor.take_boot;
	default:
		return U64_MAX;
	}
}

static void check_decision(const struct hb_snapshot *now,
			   const struct hb_pass *pass)
{
	struct hb_move step = hb_plan(now, pass);

	assert_true(step.kind < HB_STEP_COUNT);
	assert_true(step.pages <= HB_STEP_PAGES);
	assert_true(step.pages <= floor_for(now, &step));
	if (step.kind != HB_STEP_NONE) {	/* would be repeated for ever */
		assert_false(pass->spent & (1U << step.kind));
		assert_int_equal(step.cause, HB_CAUSE_NONE);
		assert_false(step.only_event || now->still);
	}
	if (moves_pages(step.kind))
		assert_true(step.pages > 0);
	if (uses_hotplug(step.kind))
		assert_false(now->hotplug_busy);
	/* It stops short of its target with a cause, and at it without. */
	if (step.kind == HB_STEP_NONE)
		assert_true(step.cause || now->populated == now->target);
	if (step.cause && now->populated == now->target)
		assert_true(now->doubtful);
	/* Asking comes first; while it fails nothing is filled. */
	assert_int_equal(step.kind == HB_STEP_VERIFY,
			 now->doubtful && !now->still &&
			 !(pass->spent & SPENT(VERIFY)));
	if (now->doubtful && step.kind != HB_STEP_VERIFY)
		assert_true(step.kind == HB_STEP_NONE ||
			    now->populated > now->target);
}

static void test_any_decision(void **state)
{
	uint64_t seed = random_seed("plan");
	int i;

	(void)state;
	for (i = 0; i < 300000; i++) {
		struct hb_snapshot now = random_snapshot(&seed);
		struct hb_pass pass = {
			.spent = random_next(&seed) & random_next(&seed) &
				 ~1U & ((1U << HB_STEP_COUNT) - 1),
			.cause = random_below(&seed, HB_CAUSE_COUNT),
			.grown = random_below(&seed, 2),
		};

		check_decision(&now, &pass);
	}
}

/* ---- what a pass remembers */

static void note(struct hb_pass *pass, enum hb_move_kind kind, u64 pages,
		 enum hb_cause cause)
{
	struct hb_move step = { .kind = kind };
	struct hb_outcome outcome = { .pages = pages, .cause = cause };

	hb_pass_note(pass, &step, &outcome, pages);
}

static void test_pass(void **state)
{
	struct hb_pass pass;

	(void)state;
	hb_pass_begin(&pass);
	note(&pass, HB_STEP_SHRINK_ADDED, 0, HB_CAUSE_GUEST_BUSY);
	assert_false(pass.progress || pass.grown);
	assert_int_equal(pass.spent, SPENT(SHRINK_ADDED));
	note(&pass, HB_STEP_SHRINK_UNITS, 512, HB_CAUSE_NONE);
	assert_true(pass.progress && !pass.grown);
	assert_int_equal(pass.spent, SPENT(SHRINK_ADDED));
	assert_int_equal(pass.cause, HB_CAUSE_GUEST_BUSY);
	/* Less than was asked for is progress and a failure. */
	note(&pass, HB_STEP_GROW_PAGES, 3, HB_CAUSE_ABOVE_MAX);
	assert_true(pass.progress && pass.grown);
	assert_int_equal(pass.spent, SPENT(SHRINK_ADDED) | SPENT(GROW_PAGES));
	assert_int_equal(pass.cause, HB_CAUSE_ABOVE_MAX);
	hb_pass_begin(&pass);
	assert_int_equal(pass.spent, 0);
	assert_int_equal(pass.cause, HB_CAUSE_NONE);
	assert_true(!pass.progress && !pass.grown);
}

static const struct hb_outcome refused = { .refused = true };
static const struct hb_outcome taken = { .pages = 512 };

/* Of SHRINK_BOOT.  Return: is it given up? */
static bool note_units(struct hb_pass *pass, const struct hb_outcome *outcome, int n)
{
	struct hb_move step = { .kind = HB_STEP_SHRINK_BOOT };
	struct hb_snapshot now = { .populated = 100000, .floor = PLENTY };

	while (n--) {
		if (pass->spent)
			return true;
		/* A bound on steps that change nothing does not come first. */
		assert_int_not_equal(hb_plan(&now, pass).kind, HB_STEP_NONE);
		hb_pass_note(pass, &step, outcome, outcome->pages);
	}
	return pass->spent;
}

/* Units that cannot be evacuated: some are tried, then other memory is. */
static void test_refusals(void **state)
{
	struct hb_pass pass;

	(void)state;
	hb_pass_begin(&pass);
	assert_false(note_units(&pass, &refused, HB_STEP_REFUSALS - 1));
	/* One that works pays for some. */
	assert_false(note_units(&pass, &taken, 1));
	assert_false(note_units(&pass, &refused, HB_STEP_REFUSALS_PAID));
	assert_true(note_units(&pass, &refused, 1));
	assert_int_equal(pass.spent, SPENT(SHRINK_BOOT));
	assert_int_equal(pass.cause, HB_CAUSE_GUEST_BUSY);
}

/* However many worked, a guest that is pinned from here on is not drained unit by unit. */
static void test_refusals_after_success(void **state)
{
	struct hb_pass pass;

	(void)state;
	hb_pass_begin(&pass);
	assert_false(note_units(&pass, &taken, 100000));
	assert_false(note_units(&pass, &refused, 2 * HB_STEP_REFUSALS - 1));
	assert_true(note_units(&pass, &refused, 1));
}

/* What the kernel has lies together, as in a guest full of inodes: the rest is found. */
static void test_refusals_together(void **state)
{
	struct hb_pass pass;
	int i;

	(void)state;
	hb_pass_begin(&pass);
	for (i = 0; i < 100; i++) {
		assert_false(note_units(&pass, &refused, 60));
		assert_false(note_units(&pass, &taken, 15));
	}
}

/* Whatever a step says of itself: when the books do not change it does not count. */
static void test_idle_steps(void **state)
{
	struct hb_snapshot now = { .populated = 100000, .floor = PLENTY };
	struct hb_outcome outcome = { .pages = 512 };
	struct hb_move step;
	struct hb_pass pass;
	int i;

	(void)state;
	hb_pass_begin(&pass);
	for (i = 0; i < HB_PASS_IDLE_STEPS; i++) {
		step = hb_plan(&now, &pass);
		assert_int_not_equal(step.kind, HB_STEP_NONE);
		hb_pass_note(&pass, &step, &outcome, false);
	}
	step = hb_plan(&now, &pass);
	assert_int_equal(step.kind, HB_STEP_NONE);
	assert_int_equal(step.cause, HB_CAUSE_GUEST_BUSY);
	hb_pass_note(&pass, &step, &outcome, true);
	assert_int_not_equal(hb_plan(&now, &pass).kind, HB_STEP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_any_decision),
		cmocka_unit_test(test_pass),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_refusals_after_success),
		cmocka_unit_test(test_refusals_together),
		cmocka_unit_test(test_idle_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
