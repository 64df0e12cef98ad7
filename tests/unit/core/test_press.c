// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be swapped is pressed out: when, how much, and when no longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guest_sim.h"

static u64 mib(u64 n) { return n * HB_MIB_PAGES; }

/* 1 GiB with 512 MiB of swap, 256 MiB above its target, at its floor. */
static const struct hb_snapshot at_floor = {
	.populated = 1024 * HB_MIB_PAGES, .target = 768 * HB_MIB_PAGES,
	.floor.commit_room = U64_MAX,
};
static const struct hb_press_look roomy = {
	.managed = 1024 * HB_MIB_PAGES, .swap_free = 512 * HB_MIB_PAGES, .refaults = 5000,
};

static const struct hb_press_rules idle = { .policy = HB_PRESS_IDLE, .caches = true };
static const struct hb_press_rules always = { .policy = HB_PRESS_ALWAYS };

static struct hb_move plan(struct hb_press *press, u64 refaults, u64 now_ms)
{
	struct hb_press_look look = roomy;

	look.refaults += refaults;
	return hb_press_plan(press, &at_floor, &look, &idle, HB_CAUSE_GUEST_FLOOR, now_ms);
}

static void test_policy(void **state)
{
	static const struct {
		unsigned int guest, host;
		enum hb_press_policy counts;
	} rows[] = {
		{ HB_PRESS_IDLE, HB_PRESS_POLICIES, HB_PRESS_IDLE },
		{ HB_PRESS_ALWAYS, HB_PRESS_POLICIES, HB_PRESS_ALWAYS },
		{ HB_PRESS_NEVER, HB_PRESS_POLICIES, HB_PRESS_NEVER },
		{ HB_PRESS_IDLE, HB_PRESS_ALWAYS, HB_PRESS_ALWAYS },
		{ HB_PRESS_ALWAYS, HB_PRESS_IDLE, HB_PRESS_IDLE },
		{ HB_PRESS_ALWAYS, HB_PRESS_NEVER, HB_PRESS_NEVER },
		{ HB_PRESS_NEVER, HB_PRESS_ALWAYS, HB_PRESS_NEVER },
		{ HB_PRESS_POLICIES, HB_PRESS_POLICIES, HB_PRESS_IDLE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(hb_press_policy(rows[i].guest, rows[i].host), rows[i].counts);
	assert_int_equal(hb_press_policy_of("never"), HB_PRESS_NEVER);
	assert_int_equal(hb_press_policy_of("idle"), HB_PRESS_IDLE);
	assert_int_equal(hb_press_policy_of("always"), HB_PRESS_ALWAYS);
	assert_int_equal(hb_press_policy_of("Never"), HB_PRESS_POLICIES);
	assert_int_equal(hb_press_policy_of(""), HB_PRESS_POLICIES);
}

/* How much, of a guest that has done nothing yet. */
static void test_amount(void **state)
{
	static const struct {
		u64 excess, commit_room, swap_free, pages;
		enum hb_press_policy policy;
	} rows[] = {
		{ 256, U64_MAX, 512, 8, HB_PRESS_IDLE },
		{ 256, U64_MAX, 512, 8, HB_PRESS_ALWAYS },
		{ 256, U64_MAX, 512, 0, HB_PRESS_NEVER },
		/* whole units only are taken at the floor: what is asked for has one more */
		{ 1, U64_MAX, 512, 3, HB_PRESS_IDLE },
		/* the guest keeps some room */
		{ 256, U64_MAX, 20, 4, HB_PRESS_IDLE },
		{ 256, U64_MAX, 17, 0, HB_PRESS_IDLE },
		{ 256, U64_MAX, 16, 0, HB_PRESS_ALWAYS },
		{ 256, U64_MAX, 0, 0, HB_PRESS_ALWAYS },
		/* vm.overcommit_memory=2: what was promised is that in swap, too */
		{ 256, 0, 512, 0, HB_PRESS_IDLE },
		{ 256, 4 * HB_MIB_PAGES, 512, 6, HB_PRESS_IDLE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_press press = { 0 };
		struct hb_press_rules rules = { .caches = true };
		struct hb_snapshot now = at_floor;
		struct hb_press_look look = roomy;
		struct hb_move step;

		now.target = now.populated - mib(rows[i].excess);
		now.floor.commit_room = rows[i].commit_room;
		look.swap_free = mib(rows[i].swap_free);
		rules.policy = rows[i].policy;
		step = hb_press_plan(&press, &now, &look, &rules, HB_CAUSE_GUEST_FLOOR, 1000);
		assert_int_equal(step.kind, rows[i].pages ? HB_STEP_PRESS : HB_STEP_NONE);
		assert_int_equal(step.cause, rows[i].pages ? HB_CAUSE_SWAPPING :
							     HB_CAUSE_GUEST_FLOOR);
		assert_int_equal(step.pages, mib(rows[i].pages));
		assert_int_equal(press.on, rows[i].pages > 0);
	}
}

/* No more often than it should, and no more than a portion, which lies there for a while. */
static void test_rate(void **state)
{
	struct hb_press press = { 0 };
	struct hb_floor floor;
	struct hb_move step;
	u64 ms, pages = 0;

	(void)state;
	for (ms = 1000; ms < 1000 + HB_PRESS_HOLD_MS; ms++) {
		step = plan(&press, 0, ms);
		assert_int_equal(step.cause, HB_CAUSE_SWAPPING);
		if (step.kind == HB_STEP_PRESS)
			hb_press_note(&press, step.pages, step.pages, ms);
		pages += step.pages;
		if (ms == 1499)
			assert_int_equal(pages, mib(8));
	}
	assert_int_equal(pages, mib(16));
	floor = (struct hb_floor){ .take_added = mib(20), .take_added_kernel = mib(3), .take_boot = mib(16) };
	hb_press_hold(&press, &floor);
	assert_int_equal(floor.take_added, mib(4));
	assert_int_equal(floor.take_added_kernel, 0);
	assert_int_equal(floor.take_boot, 0);
	/* 20 s after the last of it, it may be taken; a step for that comes first */
	assert_int_equal(plan(&press, 0, 1499 + HB_PRESS_HOLD_MS).kind, HB_STEP_NONE);
	assert_int_equal(press.held, mib(16));
	step = plan(&press, 0, 1500 + HB_PRESS_HOLD_MS);
	assert_int_equal(step.kind, HB_STEP_NONE);
	assert_int_equal(step.cause, HB_CAUSE_SWAPPING);
	assert_int_equal(press.held, 0);
	step = plan(&press, 0, 1501 + HB_PRESS_HOLD_MS);
	assert_int_equal(step.kind, HB_STEP_PRESS);
	hb_press_note(&press, step.pages, step.pages, 1501 + HB_PRESS_HOLD_MS);
	/* the guest is where it should be: nothing is held for anybody */
	hb_press_end(&press);
	assert_int_equal(press.held, 0);
	assert_int_equal(press.portions, 0);
}

/* All of a portion: what it was in the end. */
static u64 portion(struct hb_press *press, const struct hb_press_look *look, u64 *ms)
{
	struct hb_snapshot now = at_floor;
	struct hb_move step;
	u64 pages = 0;

	now.populated = look->managed;
	now.target = 0;
	for (;; *ms += HB_PRESS_MS) {
		step = hb_press_plan(press, &now, look, &idle, HB_CAUSE_GUEST_FLOOR, *ms);
		if (step.kind != HB_STEP_PRESS && pages)
			break;
		if (step.kind == HB_STEP_PRESS)
			hb_press_note(press, step.pages, step.pages, *ms);
		pages += step.pages;
	}
	return pages;
}

/* A 64th of the guest, up to a quarter, up to 256 MiB: twice as much each time. */
static void test_portions(void **state)
{
	static const u64 rows[][7] = {
		{ 64, 2, 2, 4, 8, 16, 16 },
		{ 1024, 16, 32, 64, 128, 256, 256 },
		{ 16384, 256, 256, 256, 256, 256, 256 },
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_press_look look = { .managed = mib(rows[i][0]), .swap_free = mib(16384) };
		struct hb_press press = { 0 };
		u64 ms = 1000;

		for (j = 1; j < 7; j++)
			assert_int_equal(portion(&press, &look, &ms), mib(rows[i][j]));
		/* what hurts begins with little again */
		look.refaults += look.managed;
		ms += 1000;
		hb_press_plan(&press, &at_floor, &look, &idle, HB_CAUSE_GUEST_FLOOR, ms);
		assert_false(press.on);
		assert_int_equal(press.held_ms, ms + HB_PRESS_HOLD_MS);
		ms = press.next_ms;
		assert_int_equal(portion(&press, &look, &ms), mib(rows[i][1]));
	}
}

/* 2 % of a guest a minute: 87 pages a second of 1 GiB. */
static void test_hurts(void **state)
{
	static const struct {
		u64 mib, refaults, after_ms;
		bool hurts;
	} rows[] = {
		/* a MiB is nothing, whatever the time */
		{ 1024, 256, 600, false }, { 1024, 257, 600, true },
		{ 1024, 262, 3000, false }, { 1024, 263, 3000, true },
		{ 128, 256, 9000, false }, { 128, 257, 9000, true },
		/* within the first second as if it were one */
		{ 16384, 1398, 600, false }, { 16384, 1399, 600, true },
		{ 16384, 2796, 2000, false }, { 16384, 2797, 2000, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_press_look look = { .managed = mib(rows[i].mib), .swap_free = mib(16384) };
		const u64 then = 1000 + rows[i].after_ms;
		struct hb_press press = { 0 };

		look.refaults = 77;
		hb_press_plan(&press, &at_floor, &look, &idle, HB_CAUSE_GUEST_FLOOR, 1000);
		assert_true(press.on);
		look.refaults += rows[i].refaults;
		hb_press_plan(&press, &at_floor, &look, &idle, HB_CAUSE_GUEST_FLOOR, then);
		assert_int_equal(press.on, !rows[i].hurts);
		if (press.on)
			continue;
		/* it rests, and begins anew with what the counters say then */
		look.refaults += 9999;
		hb_press_plan(&press, &at_floor, &look, &idle, HB_CAUSE_GUEST_FLOOR, then + HB_PRESS_REST_MS - 1);
		assert_false(press.on);
		hb_press_plan(&press, &at_floor, &look, &idle, HB_CAUSE_GUEST_FLOOR, then + HB_PRESS_REST_MS);
		assert_true(press.on);
	}
}

static void test_always(void **state)
{
	struct hb_press press = { 0 };
	struct hb_press_look look = roomy;

	(void)state;
	assert_int_equal(plan(&press, 0, 1000).kind, HB_STEP_PRESS);
	look.refaults += 1000000;
	assert_int_equal(hb_press_plan(&press, &at_floor, &look, &always, HB_CAUSE_GUEST_FLOOR,
				       1500).kind, HB_STEP_PRESS);
	/* what it made free may go at once */
	hb_press_note(&press, mib(8), mib(8), 1500);
	assert_int_equal(press.held, 0);
}

/* Each rest is longer, until a window has gone well. */
static void test_rests(void **state)
{
	struct hb_press press = { 0 };
	u64 ms = 1000, refaults = 0, rest = HB_PRESS_REST_MS;
	unsigned int i;

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_int_equal(plan(&press, refaults, ms).kind, HB_STEP_PRESS);
		refaults += 1000;
		ms += 500;
		assert_int_equal(plan(&press, refaults, ms).kind, HB_STEP_NONE);
		assert_int_equal(press.next_ms, ms + rest);
		ms += rest;
		rest *= rest < 960000 ? 2 : 1;
	}
	assert_int_equal(rest, 960000);
	plan(&press, refaults, ms);
	hb_press_note(&press, mib(8), mib(8), ms);
	plan(&press, refaults, ms + HB_PRESS_HOLD_MS - 1);
	assert_int_equal(press.rests, 8);
	plan(&press, refaults, ms + HB_PRESS_HOLD_MS);
	assert_int_equal(press.rests, 0);
	ms += HB_PRESS_WINDOW_MS;
	/* what is counted then is counted from there */
	assert_int_equal(plan(&press, refaults + 87, ms + HB_PRESS_WINDOW_MS + 900).kind,
			 HB_STEP_PRESS);
}

/* zram makes nothing free of what it cannot compress. */
static void test_vain(void **state)
{
	struct hb_press press = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 2 * HB_PRESS_VAIN; i++) {
		assert_int_equal(hb_press_plan(&press, &at_floor, &roomy, &always, HB_CAUSE_GUEST_FLOOR,
					       1000 + i * 500).kind, HB_STEP_PRESS);
		/* now and then it helps */
		hb_press_note(&press, mib(8), i % HB_PRESS_VAIN == 3 ? mib(2) : mib(2) - 1,
			      1000 + i * 500);
	}
	assert_true(press.on);
	for (i = 4; i < HB_PRESS_VAIN; i++)
		hb_press_note(&press, mib(8), -mib(1), 9000);
	assert_false(press.on);
	assert_int_equal(press.next_ms, 9000 + HB_PRESS_REST_MS);
}

/* What is cached goes after minutes, with swap or without; unless that might make it swap. */
static void test_caches(void **state)
{
	static const struct {
		bool caches, on;
		enum hb_press_policy policy;
		u64 swap_free;
		enum hb_cause cause;
	} rows[] = {
		{ true, true, HB_PRESS_IDLE, 0, HB_CAUSE_GUEST_FLOOR },
		{ true, true, HB_PRESS_NEVER, 0, HB_CAUSE_GUEST_FLOOR },
		{ true, false, HB_PRESS_NEVER, 1, HB_CAUSE_GUEST_FLOOR },
		{ true, true, HB_PRESS_IDLE, 1000000, HB_CAUSE_GUEST_BUSY },
		{ true, true, HB_PRESS_IDLE, 1, HB_CAUSE_GUEST_FLOOR },
		{ false, false, HB_PRESS_ALWAYS, 0, HB_CAUSE_GUEST_FLOOR },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_press_rules rules = { rows[i].policy, rows[i].caches };
		struct hb_press_look look = roomy;
		struct hb_press press = { 0 };
		struct hb_move step;

		look.swap_free = rows[i].swap_free;
		step = hb_press_plan(&press, &at_floor, &look, &rules, rows[i].cause, 1000);
		assert_int_equal(step.kind, HB_STEP_NONE);
		assert_int_equal(step.cause, rows[i].cause);
		step = hb_press_plan(&press, &at_floor, &look, &rules, rows[i].cause,
				     999 + HB_PRESS_STUCK_MS);
		assert_int_equal(step.kind, HB_STEP_NONE);
		step = hb_press_plan(&press, &at_floor, &look, &rules, rows[i].cause,
				     1000 + HB_PRESS_STUCK_MS);
		assert_int_equal(step.kind, rows[i].on ? HB_STEP_PRESS : HB_STEP_NONE);
		assert_int_equal(step.cause, rows[i].cause);
		assert_int_equal(press.on, rows[i].on);
		hb_press_end(&press);
		assert_false(press.on || press.stuck_ms);
	}
}

/* With "always", too, it is the swap that may hurt, not the loss of caches. */
static void test_caches_hurt(void **state)
{
	struct hb_press_rules rules = { HB_PRESS_ALWAYS, true };
	struct hb_press_look look = roomy;
	struct hb_press press = { .stuck_ms = 1 };

	(void)state;
	look.swap_free = 0;
	assert_int_equal(hb_press_plan(&press, &at_floor, &look, &rules, HB_CAUSE_GUEST_FLOOR,
				       200000).kind, HB_STEP_PRESS);
	look.refaults += 1000;
	assert_int_equal(hb_press_plan(&press, &at_floor, &look, &rules, HB_CAUSE_GUEST_FLOOR,
				       201000).kind, HB_STEP_NONE);
	assert_false(press.on);
}

/* ---- a whole guest */

static struct guest *boot_full(void)
{
	/* 512 MiB */
	static const struct sim_shape shape = { .block_units = 64, .boot_blocks = 4, .slots = 8 };
	struct guest *g = sim_boot_plain(&shape, true);

	sim_use_data(g, mib(400), false);
	g->swap_free = mib(600);
	return g;
}

/* Whatever it does meanwhile, it says that it swaps. */
static void says_so(struct guest *g)
{
	if (g->core.press.on && g->core.press.swaps && sim_populated(g) > hb_guest_goal(&g->core))
		sim_require(g, g->report.cause == HB_CAUSE_SWAPPING);
}

/* For so long, and no program does anything. */
static void live(struct guest *g, u64 ms)
{
	u64 end = g->now + ms, rest;

	do {
		rest = worker_pass(g, says_so);
		g->now += rest < 1000 ? rest : 1000;
	} while (g->now < end);
}

static void test_idle_data_goes(void **state)
{
	struct guest *g = boot_full();

	(void)state;
	sim_set_target(g, mib(128));
	live(g, 2000);
	assert_int_equal(g->report.cause, HB_CAUSE_SWAPPING);
	assert_int_equal(g->report.state, HB_STATE_SHRINKING);
	live(g, 200000);
	assert_int_equal(sim_populated(g), mib(128));
	assert_int_equal(g->report.cause, HB_CAUSE_NONE);
	assert_true(g->swapped > mib(290) && g->swapped < mib(330));
	assert_false(g->core.press.on);
	sim_halt(g);
}

/* Nothing lies and waits, and no more is swapped than has to be. */
static void test_always_goes_at_once(void **state)
{
	struct guest *g = boot_full();

	(void)state;
	g->core.swap_policy = HB_PRESS_ALWAYS;
	sim_set_target(g, mib(128));
	live(g, 60000);
	assert_int_equal(g->core.press.held, 0);
	assert_int_equal(sim_populated(g), mib(128));
	assert_true(g->swapped < mib(330));
	sim_halt(g);
}

/* Programs read all of it again and again: what was swapped out is wanted back after so long. */
static void read_all(struct guest *g, u64 cycle_ms, u64 ms)
{
	u64 end = g->now + ms;

	for (; g->now < end; ) {
		live(g, cycle_ms);
		sim_swap_in(g, g->swapped);
	}
}

static u64 reserve_of(struct guest *g)
{
	struct hb_pressure pressure;

	g->core.ops->pressure(&g->core, &pressure);
	return pressure.of[0].in.available * 100 / hb_floor_reserve(pressure.of[0].in.managed);
}

/*
 * What is needed again while it lies there finds its room, and the guest keeps its size and
 * reserve; what is needed after a longer while only may cost it a portion, and no more.
 */
static void test_data_in_use_stays(void **state)
{
	static const struct {
		u64 cycle_ms, keeps_mib, reserve_percent;
	} rows[] = { { 1000, 440, 100 }, { 5000, 440, 100 }, { 15000, 440, 100 }, { 30000, 410, 70 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct guest *g = boot_full();

		sim_set_target(g, mib(128));
		read_all(g, rows[i].cycle_ms, 600000);
		assert_true(sim_populated(g) >= mib(rows[i].keeps_mib));
		assert_true(reserve_of(g) >= rows[i].reserve_percent);
		sim_halt(g);
	}
}

/* It stops at its floor, and all of its swap is free. */
static void test_never(void **state)
{
	struct guest *g = boot_full();

	(void)state;
	g->core.swap_policy = HB_PRESS_NEVER;
	sim_set_target(g, mib(128));
	live(g, 40000);
	assert_int_equal(g->report.cause, HB_CAUSE_GUEST_FLOOR);
	assert_int_equal(g->swapped, 0);
	sim_halt(g);
}

/* For a size that it has chosen by itself nothing is swapped; for the host's it is. */
static void test_own_size(void **state)
{
	struct guest *g = boot_full();
	u64 before = sim_populated(g);

	(void)state;
	sim_set_target(g, before);
	g->core.target.own = mib(128);
	live(g, 40000);
	assert_int_equal(g->report.cause, HB_CAUSE_GUEST_FLOOR);
	assert_int_equal(g->swapped, 0);
	sim_set_target(g, before - mib(100));
	g->core.target.own = mib(128);
	live(g, 300000);
	assert_true(sim_populated(g) <= before - mib(100));
	assert_in_range(g->swapped, mib(20), mib(60));
	sim_halt(g);
}

static void test_full_swap(void **state)
{
	struct guest *g = boot_full();

	(void)state;
	g->swap_free = mib(100);
	sim_set_target(g, mib(128));
	live(g, 150000);
	assert_int_equal(g->report.cause, HB_CAUSE_GUEST_FLOOR);
	assert_int_equal(g->swapped, mib(100) - HB_PRESS_SWAP_LEFT);
	sim_halt(g);
}

/* Nobody swaps, and after two minutes caches go. */
static void test_stubborn(void **state)
{
	struct guest *g = boot_full();
	u64 before;

	(void)state;
	g->swap_free = 0;
	g->caches = mib(100);
	sim_set_target(g, mib(128));
	live(g, 60000);
	before = sim_populated(g);
	assert_int_equal(g->report.cause, HB_CAUSE_GUEST_FLOOR);
	assert_int_equal(g->caches, mib(100));
	live(g, 300000);
	assert_int_equal(g->caches, 0);
	assert_in_range(before - sim_populated(g), mib(100), mib(110));
	sim_halt(g);
}

static void test_slow_disk(void **state)
{
	(void)state;
	assert_true(hb_press_again(1, 1));
	assert_true(hb_press_again(HB_PRESS_ROUNDS - 1, 5000));
	assert_false(hb_press_again(HB_PRESS_ROUNDS, 5000));
	assert_false(hb_press_again(1, 0));
}

/* MiB: what kswapd is to work for still. */
static void test_missing(void **state)
{
	static const struct {
		u64 asked;
		s64 freed;
		u64 swapped, writing, missing;
	} rows[] = {
		{ 8, 0, 0, 0, 8 }, { 8, 3, 0, 0, 5 }, { 8, 8, 0, 0, 0 }, { 8, 20, 0, 0, 0 },
		/* whoever allocates meanwhile is not made up for */
		{ 8, -5, 0, 0, 8 },
		/* on its way to a disk; to memory it is there at once, and is free */
		{ 8, 0, 8, 8, 0 }, { 8, 2, 5, 3, 3 }, { 8, -5, 4, 4, 4 }, { 8, 0, 8, 0, 8 },
		/* what others write is nothing that becomes free */
		{ 8, 0, 0, 100, 8 }, { 8, 1, 2, 100, 5 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(hb_press_missing(mib(rows[i].asked),
						  rows[i].freed * (s64)HB_MIB_PAGES,
						  mib(rows[i].swapped), mib(rows[i].writing)),
				 mib(rows[i].missing));
}

/* One failure is enough, and success in between is none. */
static void test_gave_up(void **state)
{
	(void)state;
	assert_false(hb_press_gave_up(0, 0));
	assert_true(hb_press_gave_up(0, 1));
	assert_true(hb_press_gave_up(3, 16));
	assert_false(hb_press_gave_up(3, 3));
	assert_false(hb_press_gave_up(3, 0));
	/* nobody can wake it any more: there is no failure to wait for */
	assert_false(hb_press_gave_up(HB_PRESS_HOPELESS - 1, HB_PRESS_HOPELESS - 1));
	assert_true(hb_press_gave_up(HB_PRESS_HOPELESS, HB_PRESS_HOPELESS));
	assert_true(hb_press_gave_up(HB_PRESS_HOPELESS + 1, HB_PRESS_HOPELESS + 1));
	assert_true(hb_press_gave_up(HB_PRESS_HOPELESS + 1, HB_PRESS_HOPELESS));
}

/* Does it go on for @seconds, with so many refaults a second? */
static bool goes_on(struct hb_press *press, u64 *ms, u64 *refaults, u64 a_second, unsigned int seconds)
{
	u64 end = *ms + seconds * 1000;
	bool on = false;

	for (; *ms < end; *ms += 500) {
		struct hb_move step = plan(press, *refaults, *ms);

		if (step.kind == HB_STEP_PRESS)
			hb_press_note(press, step.pages, step.pages, *ms);
		*refaults += a_second / 2;
		on = press->on;
	}
	return on;
}

/* Refaults that there are without it, too: a group of processes at the limit of its cgroup. */
static void test_other_refaults(void **state)
{
	/* 10 % of the guest a minute */
	const u64 usual = mib(1024) / 600;
	struct hb_press press = { 0 };
	u64 ms = 1000, refaults = 0;

	(void)state;
	/* At first nobody knows whose they are. */
	assert_false(goes_on(&press, &ms, &refaults, usual, 25));
	/* After a rest of a minute at most. */
	goes_on(&press, &ms, &refaults, usual, 90);
	assert_true(goes_on(&press, &ms, &refaults, usual, 60));
	assert_true(press.portions > 0);
	/* Twice as many, and no more: these are its doing. */
	assert_false(goes_on(&press, &ms, &refaults, 2 * usual, 12));
	/* Nor is it for as many as there may be. */
	goes_on(&press, &ms, &refaults, 10 * usual, 600);
	assert_false(goes_on(&press, &ms, &refaults, 10 * usual, 25));
}

/* What comes back of what was pressed out is no reason to press more. */
static void test_back_is_not_usual(void **state)
{
	struct hb_press press = { 0 };
	u64 ms = 1000, refaults = 0;
	unsigned int rests;

	(void)state;
	assert_true(goes_on(&press, &ms, &refaults, 0, 10));
	for (rests = 1; rests < 4; rests++) {
		/* 16 MiB within seconds, and then nothing any more */
		goes_on(&press, &ms, &refaults, mib(4), 4);
		assert_int_equal(press.rests, rests);
		while (!press.on)
			goes_on(&press, &ms, &refaults, 0, 1);
		assert_int_equal(press.usual, 0);
	}
}

/* Two looks say little if they come one right after the other. */
static void test_short_calm(void **state)
{
	struct hb_press press = { 0 };
	u64 ms = 1000, refaults = 0;

	(void)state;
	goes_on(&press, &ms, &refaults, 0, 10);
	goes_on(&press, &ms, &refaults, mib(4), 4);
	assert_false(press.on);
	plan(&press, refaults, press.next_ms - HB_PRESS_CALM_MS + 1);
	plan(&press, refaults + mib(16), press.next_ms);
	assert_true(press.on);
	assert_int_equal(press.usual, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_amount),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_portions),
		cmocka_unit_test(test_hurts),
		cmocka_unit_test(test_always),
		cmocka_unit_test(test_rests),
		cmocka_unit_test(test_vain),
		cmocka_unit_test(test_idle_data_goes),
		cmocka_unit_test(test_data_in_use_stays),
		cmocka_unit_test(test_always_goes_at_once),
		cmocka_unit_test(test_never),
		cmocka_unit_test(test_own_size),
		cmocka_unit_test(test_full_swap),
		cmocka_unit_test(test_caches),
		cmocka_unit_test(test_caches_hurt),
		cmocka_unit_test(test_stubborn),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_gave_up),
		cmocka_unit_test(test_slow_disk),
		cmocka_unit_test(test_other_refaults),
		cmocka_unit_test(test_back_is_not_usual),
		cmocka_unit_test(test_short_calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
