// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plan: a table of decisions, and a whole guest in memory that follows it
 * through random targets while Xen, the kernel and the allocator fail at
 * random.  After every step the books are recounted; when the faults stop the
 * guest arrives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/blockmap.h"
#include "core/ledger.h"
#include "core/plan.h"

#include "random.h"

static u64 mib(u64 n) { return n * HB_MIB_PAGES; }

#define PLENTY { .take_added = 1 << 30, .take_boot = 1 << 30 }

static const struct {
	const char *what;
	struct hb_snapshot now;
	unsigned int spent;
	enum hb_cause failed;
	struct hb_step step;
} decisions[] = {
	{ "at the target",
	  { .target = 100, .populated = 100, .floor = PLENTY }, 0, 0,
	  { HB_STEP_NONE, 0, 0, false } },
	{ "grow: whole units first, as many as a step may",
	  { .target = 100000, .usable_held = 60000, .usable_empty_units = 100 },
	  0, 0, { HB_STEP_GROW_UNITS, 8192, 0, false } },
	{ "grow: no more units than there are",
	  { .target = 100000, .usable_held = 3000, .usable_empty_units = 2 },
	  0, 0, { HB_STEP_GROW_UNITS, 1024, 0, false } },
	{ "grow: the remainder in pages",
	  { .target = 511, .usable_held = 60000, .usable_empty_units = 100 },
	  0, 0, { HB_STEP_GROW_PAGES, 511, 0, false } },
	{ "grow: pages when Xen has no whole extents",
	  { .target = 100000, .usable_held = 60000, .usable_empty_units = 100 },
	  1 << HB_STEP_GROW_UNITS, HB_CAUSE_HOST_OUT_OF_MEMORY,
	  { HB_STEP_GROW_PAGES, 8192, 0, false } },
	{ "grow: Xen refuses",
	  { .target = 100000, .usable_held = 60000, .usable_empty_units = 100,
	    .blocks_left = 4 },
	  1 << HB_STEP_GROW_UNITS | 1 << HB_STEP_GROW_PAGES, HB_CAUSE_ABOVE_MAX,
	  { HB_STEP_NONE, 0, HB_CAUSE_ABOVE_MAX, false } },
	{ "grow: an offline block before a new one",
	  { .target = 100000, .added_offline = 1, .blocks_left = 4 },
	  0, 0, { HB_STEP_ONLINE_BLOCK, 0, 0, false } },
	{ "grow: no new block while one cannot be onlined",
	  { .target = 100000, .added_offline = 1, .blocks_left = 4 },
	  1 << HB_STEP_ONLINE_BLOCK, HB_CAUSE_OFFLINE_PENDING,
	  { HB_STEP_NONE, 0, HB_CAUSE_OFFLINE_PENDING, false } },
	{ "grow: a new block",
	  { .target = 100000, .blocks_left = 4 },
	  0, 0, { HB_STEP_ADD_BLOCK, 512, 0, false } },
	{ "grow: the guest has no memory for a block",
	  { .target = 100000, .blocks_left = 4 },
	  1 << HB_STEP_ADD_BLOCK, HB_CAUSE_GUEST_BUSY,
	  { HB_STEP_NONE, 0, HB_CAUSE_GUEST_BUSY, false } },
	{ "grow: the window is full",
	  { .target = 100000 }, 0, 0,
	  { HB_STEP_NONE, 0, HB_CAUSE_ABOVE_MAX, true } },
	{ "shrink: hot-added memory first",
	  { .populated = 100000, .added_plugged = 50000, .floor = PLENTY },
	  0, 0, { HB_STEP_SHRINK_ADDED, 4096, 0, false } },
	{ "shrink: then boot memory by units",
	  { .populated = 100000, .added_plugged = 50000, .floor = PLENTY },
	  1 << HB_STEP_SHRINK_ADDED, HB_CAUSE_GUEST_BUSY,
	  { HB_STEP_SHRINK_UNITS, 8192, 0, false } },
	{ "shrink: the remainder in pages",
	  { .populated = 511, .floor = PLENTY },
	  0, 0, { HB_STEP_SHRINK_PAGES, 511, 0, false } },
	{ "shrink: in pages when boot memory is fragmented",
	  { .populated = 100000, .floor = PLENTY },
	  1 << HB_STEP_SHRINK_UNITS, HB_CAUSE_GUEST_BUSY,
	  { HB_STEP_SHRINK_PAGES, 8192, 0, false } },
	{ "shrink: nothing gives",
	  { .populated = 100000, .floor = PLENTY },
	  1 << HB_STEP_SHRINK_UNITS | 1 << HB_STEP_SHRINK_PAGES,
	  HB_CAUSE_GUEST_BUSY,
	  { HB_STEP_NONE, 0, HB_CAUSE_GUEST_BUSY, false } },
	{ "shrink: the floor",
	  { .populated = 100000 }, 0, 0,
	  { HB_STEP_NONE, 0, HB_CAUSE_GUEST_FLOOR, false } },
	{ "shrink: near the floor only whole units",
	  { .populated = 100000, .floor = { 1300, 1300 } }, 0, 0,
	  { HB_STEP_SHRINK_UNITS, 1024, 0, false } },
	{ "shrink: less than a unit above the floor",
	  { .populated = 100000, .floor = { 511, 511 } }, 0, 0,
	  { HB_STEP_NONE, 0, HB_CAUSE_GUEST_FLOOR, false } },
	{ "shrink: populate-on-demand goes in small steps",
	  { .populated = 100000, .floor = PLENTY, .unsettled = true }, 0, 0,
	  { HB_STEP_SHRINK_UNITS, 512, 0, false } },
};

static void test_decisions(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(decisions) / sizeof(*decisions); i++) {
		struct hb_pass pass = { .spent = decisions[i].spent,
					.cause = decisions[i].failed };
		struct hb_step step = hb_plan(&decisions[i].now, &pass);

		print_message("  %s\n", decisions[i].what);
		assert_int_equal(step.kind, decisions[i].step.kind);
		assert_int_equal(step.pages, decisions[i].step.pages);
		assert_int_equal(step.cause, decisions[i].step.cause);
		assert_int_equal(step.only_event, decisions[i].step.only_event);
	}
}

/* ---- a guest in memory */

#define BLOCK_PAGES (8 * HB_UNIT_PAGES)
#define BOOT_BLOCKS 4
#define SLOTS 12
#define GAP 16

struct guest {
	struct hb_blockmap map;
	struct hb_block *slots[SLOTS];
	struct hb_ledger ledger;
	u64 xen_pages;		/* what Xen has given to the guest */
	u64 xen_limit;
	u64 in_use;		/* pages that the guest's programs need */
	unsigned int blocks;
	unsigned int fault_percent;
	uint64_t seed;
};

static bool fault(struct guest *g)
{
	return random_below(&g->seed, 100) < g->fault_percent;
}

static struct hb_block *new_block(struct guest *g, bool added)
{
	void *memory = calloc(1, hb_block_bytes(BLOCK_PAGES));
	struct hb_block *block;

	assert_non_null(memory);
	block = hb_block_init(memory, g->blocks++ * BLOCK_PAGES, BLOCK_PAGES,
			      added);
	hb_blockmap_insert(&g->map, block);
	g->ledger.capacity += BLOCK_PAGES;
	return block;
}

static struct guest *boot(uint64_t seed)
{
	struct guest *g = calloc(1, sizeof(*g));
	unsigned int i;

	assert_non_null(g);
	g->seed = seed;
	g->map.block_pages = BLOCK_PAGES;
	g->map.nr_slots = SLOTS;
	g->map.slots = g->slots;
	for (i = 0; i < BOOT_BLOCKS; i++)
		hb_blockmap_set_state(&g->map, new_block(g, false),
				      HB_BLOCK_ONLINE);
	g->xen_pages = g->ledger.capacity + GAP;
	g->xen_limit = U64_MAX;
	return g;
}

static void halt(struct guest *g)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		free(g->slots[i]);
	free(g);
}

/* As the worker does after each step. */
static void check_books(struct guest *g)
{
	const char *wrong = hb_blockmap_check(&g->map);

	if (wrong)
		fail_msg("wrong: %s", wrong);
	g->ledger.held = g->map.held;
	assert_int_equal(hb_ledger_compare(&g->ledger, g->xen_pages, true),
			 HB_LEDGER_TRUE);
	assert_int_equal(g->ledger.gap, GAP);
}

static bool populate(struct guest *g, u64 pfn, u64 nr)
{
	if (g->xen_pages + nr > g->xen_limit || fault(g))
		return false;
	g->xen_pages += nr;
	assert_int_equal(hb_blockmap_release(&g->map, pfn, nr), 0);
	return true;
}

static void give(struct guest *g, u64 pfn, u64 nr)
{
	g->xen_pages -= nr;
	assert_int_equal(hb_blockmap_hold(&g->map, pfn, nr), 0);
}

static u64 grow_units(struct guest *g, u64 pages)
{
	u64 done = 0;

	while (done < pages) {
		struct hb_run unit = hb_blockmap_empty_unit(&g->map);

		if (!unit.nr || !populate(g, unit.pfn, unit.nr))
			break;
		done += unit.nr;
	}
	return done;
}

static u64 grow_pages(struct guest *g, u64 pages)
{
	unsigned long pfns[HB_STEP_PAGES];
	u64 nr = hb_blockmap_held_pages(&g->map, pfns, pages), i;

	for (i = 0; i < nr; i++)
		if (!populate(g, pfns[i], 1))
			break;
	return i;
}

static u64 shrink_added(struct guest *g, u64 pages)
{
	u64 done = 0;

	while (done < pages) {
		u64 left = pages - done;
		struct hb_run run = hb_blockmap_added_run(&g->map, left);

		if (!run.nr)
			break;
		if (fault(g)) {
			hb_blockmap_mark_busy(&g->map, run.pfn + run.nr - 1);
			continue;
		}
		give(g, run.pfn, run.nr);
		done += run.nr;
	}
	return done;
}

/* The allocator hands out any boot page that is in use by nobody. */
static u64 shrink_boot(struct guest *g, u64 pages, u64 size)
{
	u64 done = 0, tries;

	for (tries = 0; done < pages && tries < 100000; tries++) {
		u64 pfn = random_below(&g->seed, BOOT_BLOCKS * BLOCK_PAGES / size) * size;
		u64 i;

		if (fault(g))
			break;
		for (i = pfn; i < pfn + size; i++)
			if (hb_blockmap_is_held(&g->map, i))
				break;
		if (i == pfn + size) {
			give(g, pfn, size);
			done += size;
		}
	}
	return done;
}

static u64 online_block(struct guest *g)
{
	struct hb_block *block = hb_blockmap_offline_block(&g->map);

	assert_non_null(block);
	if (fault(g))
		return 0;
	hb_blockmap_set_state(&g->map, block, HB_BLOCK_ONLINE);
	return 1;
}

static u64 add_block(struct guest *g)
{
	struct hb_block *block;

	if (fault(g))
		return 0;
	block = new_block(g, true);
	assert_int_equal(hb_blockmap_hold(&g->map, block->start_pfn,
					  BLOCK_PAGES), 0);
	return online_block(g);
}

static u64 carry_out(struct guest *g, const struct hb_step *step)
{
	switch (step->kind) {
	case HB_STEP_GROW_UNITS: return grow_units(g, step->pages);
	case HB_STEP_GROW_PAGES: return grow_pages(g, step->pages);
	case HB_STEP_ONLINE_BLOCK: return online_block(g);
	case HB_STEP_ADD_BLOCK: return add_block(g);
	case HB_STEP_SHRINK_ADDED: return shrink_added(g, step->pages);
	case HB_STEP_SHRINK_UNITS:
		return shrink_boot(g, step->pages, HB_UNIT_PAGES);
	case HB_STEP_SHRINK_PAGES: return shrink_boot(g, step->pages, 1);
	default: fail_msg("step %d", step->kind); return 0;
	}
}

static u64 populated(const struct guest *g)
{
	return g->ledger.capacity - g->map.held;
}

static struct hb_snapshot look(const struct guest *g, u64 target)
{
	u64 have = populated(g);
	struct hb_floor_input in = {
		.managed = have,
		.available = have > g->in_use ? have - g->in_use : 0,
		.available_kernel = have > g->in_use ? have - g->in_use : 0,
	};

	return (struct hb_snapshot){
		.target = target,
		.populated = have,
		.usable_held = g->map.usable_held,
		.usable_empty_units = g->map.usable_empty_units,
		.added_plugged = g->map.added_plugged,
		.added_offline = g->map.added_offline,
		.blocks_left = SLOTS - g->blocks,
		.floor = hb_floor_compute(&in),
	};
}

/* One pass; returns the cause that ended it. */
static enum hb_cause pass(struct guest *g, u64 target)
{
	unsigned int steps;
	struct hb_pass pass;

	hb_pass_begin(&pass);
	hb_blockmap_clear_busy(&g->map);
	for (steps = 0; steps < 1000; steps++) {
		struct hb_snapshot now = look(g, target);
		struct hb_step step = hb_plan(&now, &pass);
		struct hb_outcome outcome = { 0 };
		u64 before = populated(g), after;

		if (step.kind == HB_STEP_NONE)
			return step.cause;
		assert_true(step.pages <= HB_STEP_PAGES);
		outcome.pages = carry_out(g, &step);
		if (outcome.pages < (step.pages && step.kind != HB_STEP_ADD_BLOCK ?
				     step.pages : 1))
			outcome.cause = HB_CAUSE_GUEST_BUSY;
		hb_pass_note(&pass, &step, &outcome);
		check_books(g);
		after = populated(g);
		/* Towards the target, never past it, never below the floor. */
		if (before < target)
			assert_true(after >= before && after <= target);
		else
			assert_true(after <= before && after >= target);
		if (after < before)
			assert_true(before - after <= now.floor.take_added);
	}
	fail_msg("a pass does not end");
	return 0;
}

static u64 random_target(struct guest *g)
{
	u64 whole = SLOTS * BLOCK_PAGES;

	switch (random_below(&g->seed, 4)) {
	case 0: return random_below(&g->seed, whole);
	case 1: return random_below(&g->seed, whole / HB_UNIT_PAGES) * HB_UNIT_PAGES;
	case 2: return populated(g) + random_below(&g->seed, 64) - 32;
	default: return random_below(&g->seed, BOOT_BLOCKS * BLOCK_PAGES);
	}
}

static void one_schedule(uint64_t seed)
{
	struct guest *g = boot(seed);
	u64 target = 0;
	int i;

	check_books(g);
	for (i = 0; i < 12; i++) {
		g->fault_percent = random_below(&g->seed, 3) * 10;
		target = random_target(g);
		if (random_below(&g->seed, 4) == 0)
			g->xen_limit = g->xen_pages + random_below(&g->seed, 9000);
		else
			g->xen_limit = U64_MAX;
		g->in_use = random_below(&g->seed, 2) ? 0 : populated(g) / 2;
		pass(g, target);
		/* User space plays with blocks. */
		if (random_below(&g->seed, 4) == 0 && g->blocks > BOOT_BLOCKS) {
			struct hb_block *block = g->slots[BOOT_BLOCKS];

			hb_blockmap_set_state(&g->map, block,
					      random_below(&g->seed, 2) ?
					      HB_BLOCK_OFFLINE : HB_BLOCK_ONLINE);
		}
	}
	/* The faults are over: the guest arrives, in one pass. */
	g->fault_percent = 0;
	g->xen_limit = U64_MAX;
	g->in_use = 0;
	if (target < mib(24))	/* above the reserve of a guest this small */
		target = mib(24);
	assert_int_equal(pass(g, target), HB_CAUSE_NONE);
	assert_int_equal(populated(g), target);
	assert_int_equal(g->xen_pages, target + GAP);
	halt(g);
}

static void test_random_schedules(void **state)
{
	const char *many = getenv("HB_SCHEDULES");
	uint64_t seed = random_seed("schedules");
	long n = many ? atol(many) : 300, i;

	(void)state;
	for (i = 0; i < n; i++)
		one_schedule(seed + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_random_schedules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
