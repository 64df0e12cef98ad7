// SPDX-License-Identifier: GPL-2.0-or-later
/* What the driver makes of things that schedules seldom or never bring about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/rescue.h"
#include "core/steps.h"
#include "guest_sim.h"

static const struct sim_shape shape = { 8, 4, 12 };

static struct guest *boot(bool translated)
{
	return sim_boot_plain(&shape, translated);
}

/* ---- blocks that nobody told of */

/* Somebody else adds a block, with frames behind its lowest @pages pages. */
static u64 foreign_block(struct guest *g, u64 pages)
{
	unsigned int slot = shape.slots - 1;
	u64 pfn = slot * sim_block_pages(g);

	g->kernel[slot].presence = SIM_OFFLINE;
	bitmap_set(g->frames, pfn, pages);
	g->xen_pages += pages;
	return pfn;
}

static void test_unknown_block(void **state)
{
	static const u64 with_frames[] = { 0, 1, 511, 512, 700, 8 * 512 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(with_frames) / sizeof(*with_frames); i++) {
		struct guest *g = boot(i % 2);
		u64 before = sim_managed(g), pfn;

		pfn = foreign_block(g, with_frames[i]);
		/* The worker may look at any moment. */
		g->watch_books = true;
		assert_int_equal(hb_guest_before_online(&g->core, pfn), 0);
		g->watch_books = false;
		/* Known now, and as it was: once more changes nothing. */
		assert_int_equal(hb_guest_before_online(&g->core, pfn), 0);
		assert_int_equal(hb_blockmap_find(&g->core.map, pfn)->origin,
				 HB_BLOCK_INHERITED);
		if (with_frames[i])
			g->kernel[pfn / sim_block_pages(g)].parked = true;
		assert_int_equal(sim_write_state(g, pfn / sim_block_pages(g),
						 true, true, false), 0);
		assert_int_equal(sim_managed(g), before + with_frames[i]);
		check_guest(g);
		sim_halt(g);
	}
}

static void test_unknown_block_without_memory(void **state)
{
	struct guest *g = boot(true);
	u64 pfn = foreign_block(g, 0);
	int rc;

	(void)state;
	g->fault_percent = 100;
	do
		rc = hb_guest_before_online(&g->core, pfn);
	while (!rc && hb_blockmap_find(&g->core.map, pfn) == NULL);
	if (rc)
		assert_null(hb_blockmap_find(&g->core.map, pfn));
	assert_int_equal(hb_guest_before_online(&g->core,
			 shape.slots * sim_block_pages(g)), -ENOMEM);
	sim_halt(g);
}

/* What is behind a foreign block that is offline is other memory from now on. */
static void change_frames(struct guest *g, u64 pfn, u64 from, u64 to)
{
	u64 i, end = pfn + sim_block_pages(g);

	for (i = pfn; i < end; i++) {
		g->xen_pages -= test_bit(i, g->frames);
		bitmap_clear(g->frames, i, 1);
	}
	for (i = 0; i < shape.block_units; i++)
		g->units[pfn / HB_UNIT_PAGES + i] = (struct sim_unit){ 0 };
	bitmap_set(g->frames, pfn + from, to - from);
	g->xen_pages += to - from;
}

static void write_state(struct guest *g, u64 pfn, bool online)
{
	assert_int_equal(sim_write_state(g, pfn / sim_block_pages(g), online,
					 online, false), 0);
}

/* Whoever added it takes it away again: nothing of it is left, and the driver may go. */
static void test_unknown_block_vanishes(void **state)
{
	static const u64 with_frames[] = { 0, 100, 8 * 512 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(with_frames) / sizeof(*with_frames); i++) {
		struct guest *g = boot(i % 2);
		u64 pfn, capacity = g->core.ledger.capacity;
		u64 populated = sim_populated(g);
		int references = g->references;

		pfn = foreign_block(g, with_frames[i]);
		write_state(g, pfn, true);
		write_state(g, pfn, false);
		/* It stays known, and the driver stays, as long as it is there. */
		assert_int_equal(worker_pass(g, NULL), HB_VANISH_MS);
		assert_non_null(hb_blockmap_find(&g->core.map, pfn));
		assert_int_equal(g->references > references,
				 with_frames[i] < sim_block_pages(g));
		change_frames(g, pfn, 0, 0);
		g->kernel[pfn / sim_block_pages(g)] = (struct sim_slot){ 0 };
		assert_int_equal(worker_pass(g, NULL), HB_REST_FOREVER);
		assert_null(hb_blockmap_find(&g->core.map, pfn));
		assert_int_equal(g->references, references);
		assert_int_equal(g->core.ledger.capacity, capacity);
		assert_int_equal(sim_populated(g), populated);
		assert_int_equal(g->core.ledger.drift, 0);
		check_guest(g);
		sim_halt(g);
	}
}

/* Taken away and added again, with other memory, before the worker has looked. */
static void test_unknown_block_comes_again(void **state)
{
	static const u64 first[] = { 0, 600, 100, 8 * 512 };
	static const u64 then[][2] = {
		{ 0, 4096 }, { 100, 700 }, { 0, 0 }, { 511, 513 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(first) / sizeof(*first); i++) {
		struct guest *g = boot(i % 2);
		u64 before = sim_managed(g), populated = sim_populated(g), pfn;

		pfn = foreign_block(g, first[i]);
		write_state(g, pfn, true);
		write_state(g, pfn, false);
		change_frames(g, pfn, then[i][0], then[i][1]);
		write_state(g, pfn, true);
		assert_int_equal(sim_managed(g), before + then[i][1] - then[i][0]);
		assert_int_equal(sim_populated(g),
				 populated + then[i][1] - then[i][0]);
		check_guest(g);
		sim_halt(g);
	}
}

/* ---- restored, migrated */

static void test_moved(void **state)
{
	int lossy;

	(void)state;
	for (lossy = 0; lossy < 2; lossy++) {
		struct guest *g = boot(true);
		u64 target = sim_populated(g) - 3000;

		sim_set_target(g, target);
		worker_settle(g);
		sim_move(g, lossy);
		g->gap += 3;
		g->xen_pages += 3;
		worker_settle(g);
		assert_false(g->core.verify.wanted);
		assert_int_equal(g->core.ledger.gap, g->gap);
		assert_int_equal(g->core.ledger.drift, 0);
		assert_int_equal(sim_populated(g), target);
		if (lossy)
			assert_true(g->missing);
		check_guest(g);
		/* Mapped as it was, but for what the driver's own reserve lies in. */
		assert_true(g->core.map.mendable_units <= 1);
		sim_halt(g);
	}
}

/* A PV guest that has given 6000 pages away; of @copied of them its copy had frames. */
static struct guest *copied_pv(u64 *copied)
{
	struct guest *g = boot(false);
	u64 before;

	sim_set_target(g, sim_populated(g) - 6000);
	worker_settle(g);
	before = g->xen_pages;
	while (g->xen_pages == before)
		sim_move(g, false);
	*copied = g->xen_pages - before;
	return g;
}

/* Only its table of machine frames says where they are: they go back, and nothing is lost. */
static void test_moved_pv(void **state)
{
	u64 copied, size;
	struct guest *g = copied_pv(&copied);

	(void)state;
	size = sim_populated(g);
	worker_settle(g);
	assert_false(g->core.verify.wanted);
	assert_int_equal(g->surplus, copied);
	assert_int_equal(g->cleared, copied);
	assert_int_equal(g->xen_pages, size + g->gap);
	assert_int_equal(g->core.ledger.drift, 0);
	check_guest(g);
	sim_set_target(g, size + 6000);
	worker_settle(g);
	assert_int_equal(sim_populated(g), size + 6000);
	check_guest(g);
	sim_halt(g);
}

/* It was migrated under another driver: what the copy had too much was counted at the load. */
static void test_moved_pv_before(void **state)
{
	u64 copied, size;
	struct guest *g = copied_pv(&copied);

	(void)state;
	size = sim_populated(g);
	g->core.ledger.capacity += copied;
	worker_settle(g);
	assert_int_equal(g->surplus, copied);
	assert_int_equal(g->core.ledger.drift, 0);
	assert_int_equal(g->xen_pages, sim_populated(g) + g->gap);
	sim_set_target(g, size + 6000);
	worker_settle(g);
	assert_int_equal(g->xen_pages, size + 6000 + g->gap);
	check_guest(g);
	sim_halt(g);
}

/* Of more than one page Xen takes the first half. */
static bool release_half(struct hb_guest *core, const unsigned long *pfns,
			 unsigned int nr, unsigned int order)
{
	if (nr < 2)
		return sim_ops.release(core, pfns, nr, order);
	sim_ops.release(core, pfns, nr / 2, order);
	return false;
}

/* It is told what went, and no page twice. */
static void test_moved_taken_by_halves(void **state)
{
	u64 copied;
	struct guest *g = copied_pv(&copied);
	struct hb_ops ops = *g->core.ops;

	(void)state;
	ops.release = release_half;
	g->core.ops = &ops;
	worker_settle(g);
	assert_false(g->core.verify.wanted);
	assert_int_equal(g->surplus, copied);
	check_guest(g);
	sim_halt(g);
}

/* Every other page cannot be mapped. */
static unsigned int reach_some(struct hb_guest *core, unsigned long *pfns, unsigned int nr)
{
	unsigned int kept = 0, i;

	for (i = 0; i < nr; i++)
		if (pfns[i] % 2)
			pfns[kept++] = pfns[i];
	return sim_ops.reach(core, pfns, kept);
}

static void ignore_step(struct hb_guest *core, const struct hb_move *step,
			const struct hb_outcome *outcome, u64 us)
{
}

static u64 told_drift;

static void note_drift(struct hb_guest *core, s64 pages)
{
	told_drift = pages;
}

/* What cannot be reached stays, and is not tried for ever; the rest goes. */
static void test_moved_out_of_reach(void **state)
{
	u64 copied;
	struct guest *g = copied_pv(&copied);
	struct hb_ops ops = *g->core.ops;
	u64 left = 0, pfn, end = sim_nr_units(g) * HB_UNIT_PAGES;

	(void)state;
	for (pfn = 0; pfn < end; pfn++)
		left += pfn % 2 == 0 && test_bit(pfn, g->unmapped);
	assert_true(left && left < copied);
	ops.reach = reach_some;
	ops.stepped = ignore_step;
	ops.drifted = note_drift;
	g->core.ops = &ops;
	told_drift = 0;
	worker_pass(g, NULL);
	assert_false(g->core.verify.wanted);
	assert_int_equal(g->surplus, copied - left);
	assert_int_equal(g->cleared, copied - left);
	assert_int_equal(told_drift, left);
	sim_halt(g);
}

/* What was copied, and then emptied and removed with its block, is not lost there. */
static void test_moved_after_removal(void **state)
{
	struct guest *g = boot(true);
	u64 block = sim_block_pages(g), boot_pages = sim_populated(g), start;

	(void)state;
	sim_set_target(g, boot_pages + 2 * block);
	worker_settle(g);
	sim_set_target(g, boot_pages);
	worker_settle(g);
	assert_int_equal(g->core.added_blocks, 0);
	start = g->core.window_start;
	assert_int_equal(g->core.added_end, start + 2 * block);
	sim_move(g, false);
	/* Some of the first, and all of the second. */
	change_frames(g, start, 700, 900);
	change_frames(g, start + block, 0, block);
	worker_settle(g);
	assert_false(g->core.verify.wanted);
	assert_int_equal(find_next_bit(g->frames, start + 2 * block, start),
			 start + 2 * block);
	assert_true(g->surplus >= 200 + block);
	assert_int_equal(g->cleared, g->surplus);
	assert_int_equal(g->core.ledger.gap, g->gap);
	assert_int_equal(sim_populated(g), boot_pages);
	check_guest(g);
	/* Without memory to clear them they stay until there is some. */
	sim_move(g, false);
	change_frames(g, start, 0, block);
	g->fault_percent = 100;
	worker_pass(g, NULL);
	g->fault_percent = 0;
	worker_settle(g);
	assert_int_equal(find_next_bit(g->frames, start + block, start), start + block);
	assert_int_equal(g->cleared, g->surplus);
	check_guest(g);
	sim_halt(g);
}

/* A memory block may reach beyond the end of RAM, or have holes: no memory belongs there. */
static void test_holes(void **state)
{
	struct guest *g = boot(true);
	u64 block = sim_block_pages(g), pfn = 3 * block + 1024, nr = block - 1024;
	u64 target, i;

	(void)state;
	/* The last boot block ends in the middle; nothing of the rest was ever RAM. */
	for (i = 0; i < nr; i++) {
		sim_require(g, test_bit(pfn + i, g->owned));
		bitmap_clear(g->owned, pfn + i, 1);
		bitmap_clear(g->frames, pfn + i, 1);
		g->units[(pfn + i) / HB_UNIT_PAGES].owned--;
	}
	g->no_ram = pfn;
	g->no_ram_end = pfn + nr;
	g->xen_pages -= nr;
	g->core.ledger.capacity -= nr;
	hb_blockmap_set_ram(&g->core.map, 3 * block, block, false);
	hb_blockmap_set_ram(&g->core.map, 3 * block, block - nr, true);
	assert_null(hb_blockmap_check(&g->core.map));
	/* Built anew: all of the units that are RAM can be mended, and no others. */
	hb_guest_suspect(&g->core);
	assert_int_equal(g->core.map.mendable_units,
			 (4 * block - nr) / HB_UNIT_PAGES);
	/* Nor are they what is tried first when the guest shrinks. */
	for (i = 0; i < 4 * block - nr; i += HB_UNIT_PAGES) {
		struct hb_pick pick = { .max = HB_UNIT_PAGES };
		struct hb_run run = hb_blockmap_pick(&g->core.map, &pick);

		assert_true(run.nr == HB_UNIT_PAGES && run.pfn < pfn);
		hb_blockmap_mark_busy(&g->core.map, run.pfn);
	}
	hb_guest_forget_busy(&g->core);
	/* Asked about every page, Xen says that there is none; and none is put there. */
	target = sim_populated(g);
	g->core.verify = (struct hb_verify){ .wanted = true, .moved = true };
	while (g->core.verify.wanted) {
		struct hb_move step = { .kind = HB_STEP_VERIFY, .pages = 512 };

		assert_int_equal(hb_step_verify(&g->core, &step).cause, 0);
	}
	assert_int_equal(g->missing, 0);
	assert_int_equal(g->xen_pages, target + g->gap);
	assert_int_equal(find_next_bit(g->frames, pfn + nr, pfn), pfn + nr);
	assert_int_equal(g->core.ledger.gap, g->gap);
	sim_halt(g);
}

/*
 * Memory is taken from the node with most to spare.  What is not there is not asked for, though
 * it lies higher: it would be refused, and be taken for busy.
 */
static void test_other_node(void **state)
{
	static const struct sim_shape large = { 32, 4, 6 };
	struct guest *g = sim_boot_plain(&large, true);
	u64 boot = sim_populated(g), target = boot - 5 * HB_UNIT_PAGES;
	unsigned int i;

	(void)state;
	/* In the midst of a unit, which is of neither. */
	g->second_node = 71 * HB_UNIT_PAGES + 100;
	/* Nowhere is a whole unit free; and the first node has more. */
	for (i = 0; i < 4 * 32; i++)
		g->units[i].data = i > 71 ? 250 : 200;
	sim_set_target(g, target);
	worker_pass(g, NULL);
	assert_int_equal(sim_populated(g), target);
	assert_int_equal(g->core.map.boot_empty_units, 5);
	assert_int_equal(g->core.map.busy_units, 0);
	for (i = 66; i < 71; i++)
		assert_int_equal(g->units[i].owned, 0);
	sim_halt(g);
}

/* What was planned before the guest moved must not be done where it is then. */
static void test_moves_while_it_grows(void **state)
{
	struct guest *g = boot(true);
	u64 most = sim_populated(g);

	(void)state;
	sim_set_target(g, most - 9000);
	worker_settle(g);
	sim_set_target(g, most);
	g->move_next = true;	/* the worker is frozen at its first chance */
	worker_settle(g);
	assert_true(g->surplus);
	assert_int_equal(g->cleared, g->surplus);
	assert_int_equal(sim_populated(g), most);
	assert_int_equal(g->core.ledger.gap, g->gap);
	check_guest(g);
	sim_halt(g);
}

/* Xen gives nothing: it is said, and tried again until it does. */
static void test_missing_while_the_host_is_full(void **state)
{
	struct guest *g = boot(true);

	(void)state;
	sim_set_target(g, sim_populated(g) - 3000);
	worker_settle(g);
	sim_move(g, true);
	g->host_free = 0;
	worker_pass(g, NULL);
	worker_pass(g, NULL);
	assert_true(g->core.verify.wanted);
	assert_int_equal(g->report.cause, HB_CAUSE_HOST_OUT_OF_MEMORY);
	assert_int_equal(g->missing, 0);
	g->host_free = 100000;
	worker_settle(g);
	assert_false(g->core.verify.wanted);
	assert_true(g->missing);
	check_guest(g);
	sim_halt(g);
}

/* ---- still */

static void test_still(void **state)
{
	struct guest *g = boot(true);
	u64 before = sim_populated(g);
	unsigned int steps, unit;

	(void)state;
	sim_set_target(g, before - 6000);
	worker_pass(g, NULL);
	/* Something to tidy up is there, and another target. */
	hb_guest_suspect(&g->core);
	for (unit = 0; unit < sim_nr_units(g); unit++)
		g->units[unit].unsure = true;
	g->core.tidy.mend = true;
	g->core.still = true;
	sim_set_target(g, before - 9000);
	steps = g->steps;
	assert_int_equal(worker_pass(g, NULL), HB_REST_FOREVER);
	assert_int_equal(g->report.state, HB_STATE_WAITING);
	assert_int_equal(g->report.cause, HB_CAUSE_STILL);
	assert_true(g->report.still);
	/* At its target that is no reason for anything. */
	sim_set_target(g, sim_populated(g));
	assert_int_equal(worker_pass(g, NULL), HB_REST_FOREVER);
	assert_int_equal(g->report.state, HB_STATE_IDLE);
	assert_true(g->report.still);
	assert_int_equal(g->steps, steps);
	g->core.still = false;
	sim_set_target(g, before - 9000);
	worker_settle(g);
	assert_false(g->report.still);
	assert_int_equal(sim_populated(g), before - 9000);
	sim_halt(g);
}

/* ---- tidying up */

/* A target that moves over the edge of a block neither adds nor removes one each time. */
static void test_flapping(void **state)
{
	struct guest *g = boot(true);
	u64 boot_pages = sim_populated(g);
	unsigned int i, slot = g->first_added;

	(void)state;
	g->core.zone_policy = HB_ZONE_MOVABLE;
	for (i = 0; i < 20; i++) {
		sim_set_target(g, boot_pages + (i % 2 ? 0 : 100));
		worker_pass(g, NULL);
		assert_int_equal(sim_populated(g), boot_pages + (i % 2 ? 0 : 100));
		assert_int_equal(g->kernel[slot].presence, SIM_ONLINE);
		g->now += 500;
	}
	worker_settle(g);
	assert_int_equal(g->kernel[slot].presence, SIM_ABSENT);
	sim_halt(g);
}

/* The same target again does not begin anything anew. */
static void test_same_target(void **state)
{
	struct guest *g = boot(true);
	u64 target = sim_populated(g) - 3000;
	unsigned int i, steps;
	u64 ends;

	(void)state;
	sim_set_target(g, target);
	worker_pass(g, NULL);
	ends = g->core.tidy.ends;
	steps = g->steps;
	for (i = 0; i < 50; i++) {
		sim_set_target(g, target);
		g->now += 200;
		worker_pass(g, NULL);
	}
	assert_int_equal(g->core.tidy.ends, ends);
	assert_int_equal(g->steps, steps);
	sim_halt(g);
}

/* What cannot be moved is tried for some seconds, and then left. */
static void test_pinned(void **state)
{
	struct guest *g = boot(true);
	u64 boot_pages = sim_populated(g);
	unsigned int unit = g->first_added * shape.block_units;

	(void)state;
	g->core.zone_policy = HB_ZONE_MOVABLE;
	sim_set_target(g, boot_pages + 1024);
	worker_settle(g);
	sim_pin(g, unit, 1000000);
	sim_pin(g, unit + 1, 1000000);
	sim_set_target(g, boot_pages);
	assert_true(worker_settle(g) < 2 * HB_TIDY_PATIENCE_MS);
	assert_int_equal(sim_populated(g), boot_pages);
	assert_int_equal(g->core.map.added_plugged, 1024);
	sim_halt(g);
}

static void test_switched_off(void **state)
{
	struct guest *g = boot(true);
	u64 boot_pages = sim_populated(g);

	(void)state;
	g->core.zone_policy = HB_ZONE_MOVABLE;
	g->core.tidy_rate = 0;
	sim_set_target(g, boot_pages + 1024);
	worker_settle(g);
	sim_set_target(g, boot_pages);
	worker_settle(g);
	assert_int_equal(sim_populated(g), boot_pages);
	assert_int_equal(g->kernel[g->first_added].presence, SIM_ONLINE);
	sim_halt(g);
}

/* Somebody takes a block offline just when the driver has taken pages of it. */
static void test_block_leaves(void **state)
{
	struct guest *g = boot(true);
	u64 boot_pages = sim_populated(g);

	(void)state;
	g->core.zone_policy = HB_ZONE_MOVABLE;
	sim_set_target(g, boot_pages + 1024);
	worker_settle(g);
	g->leave_next = true;
	sim_set_target(g, boot_pages + 512);
	worker_pass(g, NULL);
	assert_true(g->way.active);
	check_guest(g);
	assert_int_equal(sim_way_end(g, true), 0);
	check_guest(g);
	worker_settle(g);
	assert_int_equal(sim_populated(g), boot_pages + 512);
	sim_halt(g);
}

static unsigned int told_online;

static int online_in_words_only(struct hb_guest *core, unsigned long pfn, bool movable)
{
	(void)core, (void)pfn, (void)movable;
	told_online++;
	return 0;
}

/* A step that says that it worked, and changes nothing, is not taken for ever. */
static void test_works_in_words_only(void **state)
{
	struct guest *g = boot(true);
	struct hb_ops ops = *g->core.ops;

	(void)state;
	ops.set_online = online_in_words_only;
	g->core.ops = &ops;
	told_online = 0;
	sim_set_target(g, sim_populated(g) + 1024);
	worker_pass(g, NULL);
	/* Once when it was added, and then as a step. */
	assert_in_range(told_online, 1, HB_PASS_IDLE_STEPS + 1);
	sim_halt(g);
}

/* By 1024 pages, which are in a block that can be taken offline. */
static struct guest *grown(void)
{
	struct guest *g = boot(true);

	g->core.zone_policy = HB_ZONE_MOVABLE;
	sim_set_target(g, sim_populated(g) + 1024);
	worker_settle(g);
	return g;
}

/* Passes until it waits for long, as what is to go is pinned.  Return: how long. */
static u64 wait_long(struct guest *g)
{
	unsigned int tries, unit;
	u64 ms = 0;

	for (unit = 0; unit < sim_nr_units(g); unit++)
		sim_pin(g, unit, 1000000);
	for (tries = 0; tries < 20 && ms < 4000; tries++) {
		g->now += ms;
		ms = worker_pass(g, NULL);
	}
	assert_in_range(ms, 4000, 12000);
	/* The trace has it, though no step was taken. */
	assert_int_equal(g->rest_cause, g->report.cause);
	assert_true(g->rest_cause);
	return ms;
}

/* The same target written again has a guest try at once; but not each time, if that goes on. */
static void test_same_target_again(void **state)
{
	struct guest *g = grown();
	u64 target = sim_populated(g) - 1000;
	unsigned int second;

	(void)state;
	sim_use_kernel(g, sim_free_pages(g, true));
	sim_set_target(g, target);
	wait_long(g);
	sim_set_target(g, target);
	assert_true(g->news);
	assert_true(worker_pass(g, NULL) < 2000);
	for (second = 1; second < 8; second++) {
		g->now += 1000;
		sim_set_target(g, target);
		assert_int_equal(g->news, 0);
	}
	g->now += 1000;
	sim_set_target(g, target);
	assert_true(g->news);
	wait_long(g);
	/* Nor is what is no size, once it has been said; then the size is again, for the report. */
	assert_true(hb_guest_is_news(&g->core, hb_target_update(&g->core.target, "junk")));
	assert_false(hb_guest_is_news(&g->core, hb_target_update(&g->core.target, "junk")));
	sim_set_target(g, target);
	assert_true(g->news);
	wait_long(g);
	/* Another one is, and then the same once more. */
	sim_set_target(g, target - 1);
	assert_true(worker_pass(g, NULL) < 2000);
	sim_set_target(g, target - 1);
	assert_true(g->news);
	sim_halt(g);
}

/* One that waits to grow tries at once: there may be room now, as a limit was raised. */
static void test_same_target_with_room(void **state)
{
	struct guest *g = boot(true);
	u64 target = sim_populated(g) - 1000;
	unsigned int tries;
	u64 ms = 0;

	(void)state;
	sim_set_target(g, target);
	worker_settle(g);
	g->xen_limit = g->xen_pages;
	sim_set_target(g, target + 500);
	for (tries = 0; tries < 20 && ms < 4000; tries++) {
		g->now += ms;
		ms = worker_pass(g, NULL);
	}
	assert_true(ms >= 4000);
	g->xen_limit += 1000;
	sim_set_target(g, target + 500);
	assert_true(g->news);
	worker_settle(g);
	assert_int_equal(sim_populated(g), target + 500);
	sim_halt(g);
}

/* Root writes to the kernel's own target_kb. */
/* By root in the guest, to the file of the kernel's own driver. */
static void write_target(struct guest *g, u64 pages)
{
	g->written = true;
	g->written_target = pages;
	worker_wake(g);
	worker_settle(g);
}

static void test_written_target(void **state)
{
	struct guest *g = boot(true);
	u64 wish = sim_populated(g) - 5000;

	(void)state;
	sim_set_target(g, sim_populated(g));
	worker_settle(g);
	write_target(g, wish);
	assert_int_equal(sim_populated(g), wish);
	assert_int_equal(g->report.goal_kib, wish * HB_PAGE_KIB);
	sim_halt(g);
}

/* libxl makes room for what memory/target says, whatever root in the guest has asked for. */
static void test_written_target_and_save(void **state)
{
	struct guest *g = boot(true);
	u64 most = sim_populated(g), host = most - 3000;

	(void)state;
	sim_set_target(g, host);
	worker_settle(g);
	write_target(g, most);
	assert_int_equal(sim_populated(g), most);
	assert_false(hb_rescue_close(&g->core, false));
	/* Nor is it lost above what root wants, if it has no more than the host says. */
	sim_set_target(g, host);
	worker_settle(g);
	hb_target_set(&g->core.target, host - 3000);
	assert_true(hb_rescue_close(&g->core, false));
	hb_rescue_open(&g->core);
	sim_halt(g);
}

/* What Xen counts and the books do not know needs room there, too. */
static void test_saved_with_unknown_pages(void **state)
{
	struct guest *g = boot(true);

	(void)state;
	sim_set_target(g, sim_populated(g) - 3000);
	worker_settle(g);
	g->xen_pages += HB_RESTORE_SLACK;
	assert_true(hb_rescue_close(&g->core, false));
	g->xen_pages += 1000;
	assert_false(hb_rescue_close(&g->core, false));
	assert_true(hb_rescue_close(&g->core, true));
	/* Fewer do not make room for more than it has. */
	g->xen_pages -= 2000;
	sim_set_target(g, sim_populated(g) - 1000);
	assert_false(hb_rescue_close(&g->core, false));
	sim_halt(g);
}

/* As long as populate-on-demand is not settled the counts cannot be compared. */
static void test_saved_unsettled(void **state)
{
	struct guest *g = boot(true);

	(void)state;
	sim_set_target(g, sim_populated(g));
	assert_false(g->core.ledger.settled);
	g->xen_pages += 2 * HB_RESTORE_SLACK;
	assert_true(hb_rescue_close(&g->core, false));
	sim_halt(g);
}

/* ---- pages that cannot be reached any more */

static void test_stranded(void **state)
{
	struct guest *g = boot(false);
	u64 target = sim_populated(g) - 6000, lost = 0;

	(void)state;
	sim_set_target(g, target);
	g->fault_percent = 20;
	while (!g->core.stranded) {
		worker_pass(g, NULL);
		sim_set_target(g, --target);
		if (target < 8000)
			sim_set_target(g, target = 4 * sim_block_pages(g));
		g->now += 5000;
	}
	g->fault_percent = 0;
	worker_settle(g);
	lost = g->core.stranded;
	assert_int_equal(sim_populated(g), target);
	/* They count as the guest's, and nobody has them. */
	assert_int_equal(sim_managed(g), target - lost);
	check_guest(g);
	sim_halt(g);
}

/* ---- memory that is broken */

/* Somebody takes a block with such a page offline: neither Xen nor the kernel gets it. */
static void test_poisoned(void **state)
{
	struct guest *g = grown();
	u64 pfn = g->first_added * sim_block_pages(g);
	unsigned int slot = g->first_added;

	(void)state;
	g->broken = pfn + 5;
	assert_int_equal(sim_write_state(g, slot, false, false, false), 0);
	sim_set_target(g, sim_populated(g) - 1024 - 512);
	worker_settle(g);
	check_guest(g);
	assert_true(test_bit(pfn + 5, g->frames));
	assert_true(g->slots[slot]->held < sim_block_pages(g));
	assert_int_equal(sim_write_state(g, slot, true, true, false), -EBUSY);
	check_guest(g);
	sim_halt(g);
}

/* So it is if that happens while the block is on its way. */
static void test_poisoned_on_its_way(void **state)
{
	struct guest *g = grown();
	u64 pfn = g->first_added * sim_block_pages(g);
	unsigned int slot = g->first_added;

	(void)state;
	assert_int_equal(sim_way_begin(g, slot, false, false, false), 0);
	g->broken = pfn + 5;
	sim_way_end(g, true);
	sim_set_target(g, sim_populated(g) - 1024 - 512);
	worker_settle(g);
	assert_true(test_bit(pfn + 5, g->frames));
	assert_int_equal(sim_write_state(g, slot, true, true, false), -EBUSY);
	sim_halt(g);
}

/* A host that does not say what has a frame: what is held stays so, and the guest lives on. */
static void test_mute_host(void **state)
{
	struct guest *g = boot(true);
	u64 pages = sim_populated(g) - 4096;

	(void)state;
	sim_set_target(g, pages);
	worker_settle(g);
	g->xen_is_mute = true;
	sim_move(g, false);
	worker_settle(g);
	assert_int_equal(sim_populated(g), pages);
	sim_set_target(g, pages + 2048);
	worker_settle(g);
	assert_int_equal(sim_populated(g), pages + 2048);
	check_guest(g);
	sim_halt(g);
}

/* What has no memory cannot be broken. */
static void test_poison_without_memory(void **state)
{
	struct guest *g = grown();
	u64 pfn = g->first_added * sim_block_pages(g);
	unsigned int slot = g->first_added;

	(void)state;
	g->broken = pfn + sim_block_pages(g) - 1;
	assert_false(test_bit(g->broken, g->frames));
	assert_int_equal(sim_write_state(g, slot, false, false, false), 0);
	assert_int_equal(sim_write_state(g, slot, true, true, false), 0);
	check_guest(g);
	sim_halt(g);
}

/* On PV: as large as at boot, and two blocks that were added are kept for later, offline. */
static struct guest *with_kept_blocks(void)
{
	struct guest *g = boot(false);
	u64 size = sim_populated(g);

	sim_set_target(g, size + 2 * sim_block_pages(g));
	worker_settle(g);
	sim_set_target(g, size);
	worker_settle(g);
	for (g->now += 60000; g->core.map.empty_online; g->now += 1000)
		worker_pass(g, NULL);
	assert_int_equal(g->core.map.empty_offline, 2);
	return g;
}

/* The kernel does not put a block online again in which a page is broken: others are there. */
static void test_broken_block_is_passed_over(void **state)
{
	struct guest *g = with_kept_blocks();
	u64 size = sim_populated(g), block = sim_block_pages(g), most;

	(void)state;
	g->broken = g->first_added * block + 5;
	g->counts_broken = true;
	sim_set_target(g, size + block);
	worker_settle(g);
	assert_int_equal(sim_populated(g), size + block);
	assert_int_equal(g->core.added_blocks, 2);
	assert_int_equal(g->report.cause, HB_CAUSE_NONE);
	sim_set_target(g, size + 2 * block);
	worker_settle(g);
	assert_int_equal(sim_populated(g), size + 2 * block);
	assert_int_equal(g->core.added_blocks, 3);
	check_guest(g);
	/* What is missing at the end is in it. */
	most = hb_guest_ceiling(&g->core);
	sim_set_target(g, most);
	while (worker_pass(g, NULL) != HB_REST_FOREVER)
		g->now += 10000;
	assert_int_equal(sim_populated(g), most - block);
	assert_int_equal(g->report.cause, HB_CAUSE_OFFLINE_PENDING);
	check_guest(g);
	/* It is asked for again, when anything has happened. */
	g->counts_broken = false;
	worker_wake(g);
	worker_settle(g);
	assert_int_equal(sim_populated(g), most);
	check_guest(g);
	sim_halt(g);
}

/* Nor does it stand in the way of what the guest may take in need. */
static void test_broken_block_and_grant(void **state)
{
	struct guest *g = with_kept_blocks();

	(void)state;
	g->broken = g->first_added * sim_block_pages(g) + 5;
	g->counts_broken = true;
	g->core.rescue.headroom = 2 * sim_block_pages(g);
	worker_wake(g);
	worker_settle(g);
	assert_int_equal(g->core.map.empty_online, 2);
	assert_int_equal(g->core.added_blocks, 3);
	check_guest(g);
	sim_halt(g);
}

/* ---- a guest in need */

/* Shrunken by 24 MiB, with so much granted above its target. */
static struct guest *shrunken(bool translated, u64 headroom)
{
	struct guest *g = boot(translated);

	sim_set_target(g, sim_populated(g) - 24 * HB_MIB_PAGES);
	worker_settle(g);
	assert_int_equal(sim_populated(g), g->core.target.pages);
	g->core.rescue.headroom = headroom;
	return g;
}

static void test_rescue(void **state)
{
	u64 headroom = 20 * HB_MIB_PAGES + 7;
	unsigned int pv;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		struct guest *g = shrunken(!pv, headroom);
		u64 target = g->core.target.pages;

		/* It takes what it lacks, not less than is worth it, and all that is granted. */
		assert_int_equal(hb_rescue_take(&g->core, 1), HB_RESCUE_LEAST);
		assert_int_equal(g->core.map.mendable_units, 0);
		assert_int_equal(hb_rescue_take(&g->core, 9 * HB_MIB_PAGES),
				 9 * HB_MIB_PAGES);
		assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST),
				 headroom - 17 * HB_MIB_PAGES);
		assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
		assert_int_equal(g->core.rescue.total, headroom);
		check_guest(g);

		/* The worker lets it be, and says so. */
		worker_wake(g);
		worker_settle(g);
		assert_int_equal(sim_populated(g), target + headroom);
		assert_int_equal(g->report.goal_kib, target * HB_PAGE_KIB);
		assert_int_equal(g->report.rescued_kib, headroom * HB_PAGE_KIB);

		/* Until the need is over, and not because that was so before it. */
		assert_false(hb_rescue_end(&g->core, g->core.rescue.total - 1));
		assert_int_equal(hb_guest_goal(&g->core), target + headroom);
		assert_true(hb_rescue_end(&g->core, g->core.rescue.total));
		assert_false(hb_rescue_end(&g->core, g->core.rescue.total));
		worker_wake(g);
		worker_settle(g);
		assert_int_equal(sim_populated(g), target);
		assert_int_equal(g->report.rescued_kib, 0);
		sim_halt(g);
	}
}

static void test_rescue_and_target(void **state)
{
	struct guest *g = shrunken(true, 16 * HB_MIB_PAGES);
	u64 target = g->core.target.pages;

	(void)state;
	hb_rescue_take(&g->core, HB_RESCUE_LEAST);
	/* The same again is nothing new; */
	sim_set_target(g, target);
	worker_settle(g);
	assert_int_equal(sim_populated(g), target + HB_RESCUE_LEAST);
	/* another size is, whatever it is. */
	sim_set_target(g, target - 1);
	worker_settle(g);
	assert_int_equal(sim_populated(g), target - 1);
	/* On its way up a guest may take the rest without any grant. */
	g->core.rescue.headroom = 0;
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	hb_target_set(&g->core.target, target + 3);
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 4);
	assert_int_equal(hb_guest_goal(&g->core), target + 3);
	sim_halt(g);
}

static void test_no_rescue(void **state)
{
	struct guest *g = shrunken(true, 16 * HB_MIB_PAGES);

	(void)state;
	/* Whoever copies the guest would miss it. */
	g->core.still = true;
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	g->core.still = false;
	/* There may be frames already. */
	g->core.verify.wanted = true;
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	g->core.verify.wanted = false;
	/* Xen has none, or not enough. */
	g->host_free = 5;
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 5);
	check_guest(g);
	g->host_free = HB_RESCUE_LEAST;
	/* Some of what it has seems to be there and is not. */
	g->core.ledger.settled = false;
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	g->core.ledger.settled = true;
	/* Somebody else has the lock, and waits for who allocates. */
	g->locked = true;
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	g->locked = false;
	g->core.target.valid = false;
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	sim_halt(g);
}

static void in_need(struct guest *g)
{
	g->rescued += hb_rescue_take(&g->core, HB_RESCUE_LEAST);
	worker_wake(g);
}

/* While the driver takes its one empty block offline, and not else. */
static void in_need_and_granted(struct guest *g)
{
	struct hb_block *block = g->slots[g->first_added];

	if (!block || !block->retiring)
		return;
	g->core.rescue.headroom = 2 * HB_RESCUE_LEAST;
	in_need(g);
	in_need(g);
	/* What would have to leave again may wait for a disk: it takes what is elsewhere. */
	sim_require(g, block->held == sim_block_pages(g));
	sim_require(g, !g->core.map.boot_held);
}

/* A block that is about to go is none to fill. */
static void test_rescue_and_retire(void **state)
{
	unsigned int pv;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		struct guest *g = boot(!pv);
		u64 low = sim_populated(g) - HB_RESCUE_LEAST;
		unsigned int i;

		for (i = 0; i < 8; i++) {
			u64 before = g->core.rescue.total;

			sim_set_target(g, low + HB_RESCUE_LEAST + sim_block_pages(g));
			worker_settle(g);
			g->core.rescue.headroom = 0;
			g->meanwhile = in_need_and_granted;
			sim_set_target(g, low);
			worker_settle(g);
			g->meanwhile = NULL;
			assert_int_equal(g->core.map.parked_plugged, 0);
			assert_int_equal(sim_populated(g),
					 low + (g->core.rescue.total - before));
			check_guest(g);
		}
		assert_true(g->core.rescue.total > 0);
		hb_rescue_end(&g->core, g->core.rescue.total);
		worker_wake(g);
		worker_settle(g);
		assert_int_equal(sim_populated(g), low);
		check_guest(g);
		sim_halt(g);
	}
}

/* One that could not go after all is there to be filled. */
static void test_rescue_after_retire(void **state)
{
	unsigned int pv;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		struct guest *g = boot(!pv);
		u64 boot_size = sim_populated(g);
		unsigned int slot = g->first_added;

		sim_set_target(g, boot_size + sim_block_pages(g));
		worker_settle(g);
		sim_set_target(g, boot_size);
		while (g->core.map.added_plugged)
			g->now += worker_pass(g, NULL);
		g->now += HB_TIDY_RETIRE_MS;
		g->fault_percent = 100;
		worker_pass(g, NULL);
		g->fault_percent = 0;
		assert_int_equal(g->kernel[slot].presence, SIM_ONLINE);
		assert_true(g->core.tidy.spent & 1U << HB_STEP_RETIRE_BLOCK);
		g->core.rescue.headroom = HB_RESCUE_LEAST;
		assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), HB_RESCUE_LEAST);
		assert_int_equal(g->slots[slot]->held, sim_block_pages(g) - HB_RESCUE_LEAST);
		check_guest(g);
		sim_halt(g);
	}
}

/* One of two empty blocks could not be removed: it goes, and not the one its grant needs. */
static void test_grant_and_retire(void **state)
{
	struct guest *g = boot(true);
	unsigned int slot = shape.boot_blocks;
	u64 boot_size = sim_populated(g);

	(void)state;
	sim_set_target(g, boot_size + sim_block_pages(g) + HB_UNIT_PAGES);
	worker_settle(g);
	assert_int_equal(g->core.added_blocks, 2);
	g->core.rescue.headroom = HB_UNIT_PAGES;
	sim_set_target(g, boot_size);
	while (g->core.map.added_plugged)
		g->now += worker_pass(g, NULL);
	assert_int_equal(sim_write_state(g, slot, false, false, true), 0);
	worker_settle(g);
	assert_int_equal(g->core.added_blocks, 1);
	assert_int_equal(g->kernel[slot + 1].presence, SIM_ONLINE);
	check_guest(g);
	sim_halt(g);
}

/* Between the plan and its step: what was planned is not done any more. */
static void test_rescue_after_plan(void **state)
{
	struct guest *g = shrunken(true, 0);
	u64 target = sim_populated(g) - HB_UNIT_PAGES;

	(void)state;
	hb_rescue_came(&g->core);
	g->core.rescue.headroom = HB_RESCUE_LEAST;
	g->before_step = in_need;
	sim_set_target(g, target);
	worker_settle(g);
	assert_int_equal(sim_populated(g), target + HB_RESCUE_LEAST);
	/* Nothing went to come back. */
	assert_int_equal(hb_rescue_came(&g->core), HB_RESCUE_LEAST - HB_UNIT_PAGES);
	check_guest(g);
	sim_halt(g);
}

/* Who is about to kill counts what anybody got since it was last about to, and once. */
static void test_came(void **state)
{
	struct guest *g = shrunken(true, 0);
	u64 target = g->core.target.pages;

	(void)state;
	hb_rescue_came(&g->core);
	g->locked = true;
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	assert_int_equal(hb_rescue_came(&g->core), 0);
	g->locked = false;
	sim_set_target(g, target + 3 * HB_UNIT_PAGES + 7);
	worker_settle(g);
	assert_int_equal(hb_rescue_came(&g->core), 3 * HB_UNIT_PAGES + 7);
	assert_int_equal(hb_rescue_came(&g->core), 0);
	g->core.rescue.headroom = HB_RESCUE_LEAST;
	hb_rescue_take(&g->core, HB_RESCUE_LEAST);
	assert_int_equal(hb_rescue_came(&g->core), HB_RESCUE_LEAST);
	sim_halt(g);
}

/* On its way up it goes no further than to its target, nor on down when it is in need. */
static void test_rescue_in_a_step(void **state)
{
	struct guest *g = shrunken(true, 0);
	u64 target = g->core.target.pages;

	(void)state;
	g->meanwhile = in_need;
	sim_set_target(g, target + 20 * HB_MIB_PAGES);
	worker_settle(g);
	assert_true(g->core.rescue.total > 0);
	assert_int_equal(sim_populated(g), target + 20 * HB_MIB_PAGES);
	g->core.rescue.headroom = 4 * HB_MIB_PAGES;
	sim_set_target(g, target);
	worker_settle(g);
	assert_in_range(sim_populated(g), target, target + 4 * HB_MIB_PAGES);
	assert_int_equal(sim_populated(g), hb_guest_goal(&g->core));
	sim_halt(g);
}

/* While it is saved and until it is known what it has become nothing is taken. */
static void test_rescue_and_save(void **state)
{
	struct guest *g = shrunken(true, 16 * HB_MIB_PAGES);

	(void)state;
	assert_true(hb_rescue_close(&g->core, false));
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	hb_rescue_open(&g->core);
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), HB_RESCUE_LEAST);
	/* It would not come back: nothing ends. */
	assert_false(hb_rescue_close(&g->core, false));
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), HB_RESCUE_LEAST);
	assert_true(hb_rescue_close(&g->core, true));
	/* It was not moved after all, or it was: the worker opens it. */
	worker_wake(g);
	worker_settle(g);
	assert_false(g->core.rescue.closed);
	assert_true(hb_rescue_close(&g->core, true));
	sim_move(g, false);
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_LEAST), 0);
	worker_settle(g);
	assert_false(g->core.rescue.closed);
	check_guest(g);
	sim_halt(g);
}

/* ---- blocks of others where ours would be */

/* What the host lets it have is no limit. */
static struct guest *boot_with_room(void)
{
	struct guest *g = boot(true);

	g->xen_limit = U64_MAX;
	g->host_free = 1ULL << 30;
	return g;
}

static void pass_often(struct guest *g)
{
	unsigned int i;

	for (i = 0; i < 40; i++) {
		worker_pass(g, NULL);
		worker_wake(g);
	}
}

/* One that is in the books takes a place in the window, and the last place is the last. */
static void test_full_window(void **state)
{
	struct guest *g = boot_with_room();
	u64 pfn = foreign_block(g, 0);

	(void)state;
	assert_int_equal(sim_write_state(g, pfn / sim_block_pages(g), true, true, false), 0);
	sim_set_target(g, 2 * g->core.map.nr_slots * sim_block_pages(g));
	pass_often(g);
	assert_int_equal(hb_guest_blocks_left(&g->core), 0);
	assert_int_equal(g->report.cause, HB_CAUSE_ABOVE_MAX);
	assert_int_equal(g->report.max_kib, g->core.ledger.capacity * HB_PAGE_KIB);
	assert_null(hb_blockmap_check(&g->core.map));
	sim_halt(g);
}

/* One that was never online is in no book: the guest grows beside it. */
static void test_block_in_no_book(void **state)
{
	struct guest *g = boot_with_room();

	(void)state;
	g->kernel[g->first_added].presence = SIM_OFFLINE;
	g->kernel[g->first_added].unknown = true;
	sim_set_target(g, 6 * sim_block_pages(g));
	pass_often(g);
	assert_int_equal(sim_populated(g), 6 * sim_block_pages(g));
	sim_halt(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_window),
		cmocka_unit_test(test_block_in_no_book),
		cmocka_unit_test(test_unknown_block),
		cmocka_unit_test(test_unknown_block_without_memory),
		cmocka_unit_test(test_unknown_block_vanishes),
		cmocka_unit_test(test_unknown_block_comes_again),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_moved_pv),
		cmocka_unit_test(test_moved_pv_before),
		cmocka_unit_test(test_moved_taken_by_halves),
		cmocka_unit_test(test_moved_out_of_reach),
		cmocka_unit_test(test_moved_after_removal),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_moves_while_it_grows),
		cmocka_unit_test(test_missing_while_the_host_is_full),
		cmocka_unit_test(test_still),
		cmocka_unit_test(test_flapping),
		cmocka_unit_test(test_same_target),
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_works_in_words_only),
		cmocka_unit_test(test_same_target_again),
		cmocka_unit_test(test_same_target_with_room),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_other_node),
		cmocka_unit_test(test_block_leaves),
		cmocka_unit_test(test_written_target),
		cmocka_unit_test(test_written_target_and_save),
		cmocka_unit_test(test_saved_with_unknown_pages),
		cmocka_unit_test(test_saved_unsettled),
		cmocka_unit_test(test_stranded),
		cmocka_unit_test(test_poisoned),
		cmocka_unit_test(test_poisoned_on_its_way),
		cmocka_unit_test(test_mute_host),
		cmocka_unit_test(test_poison_without_memory),
		cmocka_unit_test(test_broken_block_is_passed_over),
		cmocka_unit_test(test_broken_block_and_grant),
		cmocka_unit_test(test_rescue),
		cmocka_unit_test(test_rescue_and_target),
		cmocka_unit_test(test_no_rescue),
		cmocka_unit_test(test_rescue_and_retire),
		cmocka_unit_test(test_rescue_after_retire),
		cmocka_unit_test(test_grant_and_retire),
		cmocka_unit_test(test_rescue_after_plan),
		cmocka_unit_test(test_came),
		cmocka_unit_test(test_rescue_in_a_step),
		cmocka_unit_test(test_rescue_and_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
