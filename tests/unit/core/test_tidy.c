// SPDX-License-Identifier: GPL-2.0-or-later
/* Tidying up: when it begins, what it does, how fast, and when it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/tidy.h"

#define FLOOR(_added, _kernel) { .take_added = _added, \
				 .take_added_kernel = _kernel, .take_boot = _kernel }
#define PLENTY FLOOR(1 << 30, 1 << 30)
#define SPENT(_kind) (1U << HB_STEP_##_kind)

/* Reached at 1000 ms; the table looks later, when everything may be done. */
#define REACHED 1000
#define LATER (REACHED + HB_TIDY_RETIRE_MS)

static const struct {
	const char *what;
	struct hb_snapshot now;
	struct hb_tidy tidy;
	struct hb_move step;
} decisions[] = {
	{ "nothing to do",
	  { .target = 100, .populated = 100, .floor = PLENTY },
	  { 0 }, { 0 } },
	{ "retire what is empty",
	  { .target = 100, .populated = 100, .retirable = 1 },
	  { 0 }, { .kind = HB_STEP_RETIRE_BLOCK } },
	{ "not right after the target was reached: it may come back",
	  { .target = 100, .populated = 100, .retirable = 1 },
	  { .since = REACHED + 1 }, { 0 } },
	{ "not while somebody else is at a block",
	  { .target = 100, .populated = 100, .retirable = 1,
	    .hotplug_busy = true },
	  { 0 }, { 0 } },
	{ "not again in this batch",
	  { .target = 100, .populated = 100, .retirable = 1 },
	  { .spent = SPENT(RETIRE_BLOCK) }, { 0 } },
	{ "nothing at all while the guest is not at its target",
	  { .target = 101, .populated = 100, .retirable = 1,
	    .mendable_units = 3, .floor = PLENTY },
	  { .mend = true }, { 0 } },
	{ "nothing at all while the host wants it still",
	  { .target = 100, .populated = 100, .retirable = 1, .still = true,
	    .mendable_units = 3, .floor = PLENTY },
	  { .mend = true }, { 0 } },
	{ "a batch ends",
	  { .target = 100, .populated = 100, .retirable = 1 },
	  { .steps = HB_TIDY_BATCH }, { 0 } },
	{ "exchange hot-added memory for boot memory, a unit at a time",
	  { .target = 9000, .populated = 9000, .boot_held = 1536,
	    .added_plugged = 2000, .floor = PLENTY },
	  { 0 }, { .kind = HB_STEP_EXCHANGE, .pages = 512, .whole = 2000 } },
	{ "less than a unit when there is no more",
	  { .target = 9000, .populated = 9000, .boot_held = 1536,
	    .added_plugged = 20, .floor = PLENTY },
	  { 0 }, { .kind = HB_STEP_EXCHANGE, .pages = 20, .whole = 20 } },
	{ "only what is movable if the kernel can spare nothing",
	  { .target = 9000, .populated = 9000, .boot_held = 1536,
	    .added_plugged = 2000, .added_movable = 1000,
	    .floor = FLOOR(512, 0) },
	  { 0 }, { .kind = HB_STEP_EXCHANGE, .pages = 512, .whole = 2000,
		   .movable_only = true } },
	{ "no exchange when one failed in this batch",
	  { .target = 9000, .populated = 9000, .boot_held = 1536,
	    .added_plugged = 2000, .floor = PLENTY },
	  { .spent = SPENT(EXCHANGE) }, { 0 } },
	{ "no exchange at the floor",
	  { .target = 9000, .populated = 9000, .boot_held = 1536,
	    .added_plugged = 2000, .floor = FLOOR(511, 511) },
	  { 0 }, { 0 } },
	{ "no exchange without room in boot memory",
	  { .target = 9000, .populated = 9000, .usable_empty_units = 3,
	    .usable_held = 9000, .added_plugged = 2000, .floor = PLENTY },
	  { 0 }, { 0 } },
	{ "exchange the rest of a unit for what boot memory lacks",
	  { .target = 9000, .populated = 9000, .usable_held = 900,
	    .boot_held = 272, .added_plugged = 272, .floor = PLENTY },
	  { 0 }, { .kind = HB_STEP_EXCHANGE, .pages = 272, .whole = 272 } },
	{ "only the rest; whole units stay where they are",
	  { .target = 9000, .populated = 9000, .usable_held = 900,
	    .boot_held = 300, .added_plugged = 512 + 272, .floor = PLENTY },
	  { 0 }, { .kind = HB_STEP_EXCHANGE, .pages = 272, .whole = 784 } },
	{ "no exchange that would leave a rest",
	  { .target = 9000, .populated = 9000, .usable_held = 900,
	    .boot_held = 271, .added_plugged = 272, .floor = PLENTY },
	  { 0 }, { 0 } },
	{ "a whole unit for as many single pages",
	  { .target = 9000, .populated = 9000, .usable_held = 900,
	    .boot_held = 512, .added_plugged = 1024, .floor = PLENTY },
	  { 0 }, { .kind = HB_STEP_EXCHANGE, .pages = 512, .whole = 1024 } },
	{ "no whole unit for fewer single pages",
	  { .target = 9000, .populated = 9000, .usable_held = 900,
	    .boot_held = 511, .added_plugged = 1024, .floor = PLENTY },
	  { 0 }, { 0 } },
	{ "mend what growing left broken",
	  { .target = 9000, .populated = 9000, .mendable_units = 3,
	    .floor = FLOOR(512, 512) },
	  { .mend = true }, { .kind = HB_STEP_MEND_UNIT, .pages = 512 } },
	{ "an exchange comes before mending",
	  { .target = 9000, .populated = 9000, .mendable_units = 3,
	    .boot_held = 512, .added_plugged = 600, .floor = PLENTY },
	  { .mend = true },
	  { .kind = HB_STEP_EXCHANGE, .pages = 512, .whole = 600 } },
	{ "mend only what was not so before",
	  { .target = 9000, .populated = 9000, .mendable_units = 3,
	    .floor = PLENTY },
	  { 0 }, { 0 } },
	{ "mend nothing without room for it",
	  { .target = 9000, .populated = 9000, .mendable_units = 3,
	    .floor = FLOOR(9000, 511) },
	  { .mend = true }, { 0 } },
	{ "mend nothing while Xen would keep the frames",
	  { .target = 9000, .populated = 9000, .mendable_units = 3,
	    .unsettled = true, .floor = PLENTY },
	  { .mend = true }, { 0 } },
	{ "mend nothing more in this batch when it did not work",
	  { .target = 9000, .populated = 9000, .mendable_units = 3,
	    .floor = PLENTY },
	  { .mend = true, .spent = SPENT(MEND_UNIT) }, { 0 } },
};

static void test_decisions(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(decisions) / sizeof(*decisions); i++) {
		const struct hb_move *expected = &decisions[i].step;
		struct hb_tidy tidy = decisions[i].tidy;
		struct hb_move step;

		print_message("  %s\n", decisions[i].what);
		if (!tidy.since)
			tidy.since = REACHED;
		step = hb_tidy_plan(&tidy, &decisions[i].now, LATER);
		assert_int_equal(step.kind, expected->kind);
		assert_int_equal(step.pages, expected->pages);
		assert_int_equal(step.whole, expected->whole);
		assert_int_equal(step.movable_only, expected->movable_only);
	}
}

static const struct hb_snapshot broken = {
	.target = 9000, .populated = 9000, .mendable_units = 1000, .floor = PLENTY,
};

static const struct hb_outcome done = { .pages = 512 };
static const struct hb_outcome failed = { .cause = HB_CAUSE_HOST_OUT_OF_MEMORY };
static const struct hb_outcome refused = { .refused = true };

/* One batch of mending that ends so.  Returns its steps. */
static unsigned int batch(struct hb_tidy *tidy, u64 now_ms, unsigned int rate,
			  const struct hb_outcome *outcome)
{
	struct hb_move step;

	hb_tidy_begin_batch(tidy);
	while ((step = hb_tidy_plan(tidy, &broken, now_ms)).kind)
		hb_tidy_note(tidy, &step, outcome, now_ms);
	hb_tidy_end_batch(tidy, &broken, now_ms, rate);
	return tidy->steps;
}

static void test_begins_later(void **state)
{
	struct hb_tidy tidy = { 0 };

	(void)state;
	assert_int_equal(hb_tidy_due(&tidy, 5), HB_TIDY_NEVER);
	hb_tidy_begin(&tidy, REACHED, true);
	assert_int_equal(hb_tidy_due(&tidy, REACHED), HB_TIDY_DELAY_MS);
	assert_int_equal(hb_tidy_due(&tidy, REACHED + HB_TIDY_DELAY_MS), 0);
	/* Reached again, another time. */
	hb_tidy_begin(&tidy, REACHED + 400, false);
	assert_true(tidy.mend);
	assert_int_equal(hb_tidy_due(&tidy, REACHED + HB_TIDY_DELAY_MS), 400);
}

/* 16 units are 32 MiB: a quarter of a second at 128 MiB/s. */
static void test_rate(void **state)
{
	struct hb_tidy tidy = { 0 };

	(void)state;
	hb_tidy_begin(&tidy, 0, true);
	assert_int_equal(batch(&tidy, 5000, 128, &done), 16);
	assert_int_equal(hb_tidy_due(&tidy, 5000), 250);
	assert_int_equal(batch(&tidy, 5250, 32, &done), 16);
	assert_int_equal(hb_tidy_due(&tidy, 5250), 1000);
	assert_int_equal(batch(&tidy, 6250, 1000000, &done), 16);
	assert_int_equal(hb_tidy_due(&tidy, 6250), HB_TIDY_PAUSE_MS);
	/* Refused one after the other: no more than a batch of them, either. */
	assert_int_equal(batch(&tidy, 7000, 128, &refused), 16);
	assert_true(hb_tidy_due(&tidy, 7000) >= HB_TIDY_PAUSE_MS);
}

static void test_switched_off(void **state)
{
	struct hb_tidy tidy = { 0 };

	(void)state;
	hb_tidy_begin(&tidy, 0, true);
	batch(&tidy, 5000, 0, &done);
	assert_false(tidy.active);
	assert_int_equal(hb_tidy_due(&tidy, 99999), HB_TIDY_NEVER);
}

/* It goes on as long as something works, and not much longer. */
static void test_ends(void **state)
{
	struct hb_tidy tidy = { 0 };
	u64 now, last = 0;

	(void)state;
	hb_tidy_begin(&tidy, 0, true);
	for (now = 2000; now < 600000; now += hb_tidy_due(&tidy, now)) {
		batch(&tidy, now, 128, &done);
		assert_true(tidy.active);
		last = now;
	}
	for (; tidy.active; now += hb_tidy_due(&tidy, now)) {
		assert_int_equal(batch(&tidy, now, 128, &failed), 1);
		assert_true(now <= last + HB_TIDY_PATIENCE_MS + HB_TIDY_RETRY_MS);
		if (tidy.active)
			assert_int_equal(hb_tidy_due(&tidy, now), HB_TIDY_RETRY_MS);
		else
			break;
	}
	assert_true(now >= last + HB_TIDY_PATIENCE_MS);
}

/* What an exchange took back may have come in single pages. */
static void test_exchange_leaves_something_to_mend(void **state)
{
	struct hb_move step = { .kind = HB_STEP_EXCHANGE, .pages = 512 };
	struct hb_tidy tidy = { 0 };

	(void)state;
	hb_tidy_begin(&tidy, 0, false);
	hb_tidy_begin_batch(&tidy);
	hb_tidy_note(&tidy, &step, &failed, 2000);
	assert_false(tidy.mend);
	hb_tidy_note(&tidy, &step, &done, 2000);
	assert_true(tidy.mend);
}

/* All done: no further batch. */
static void test_done(void **state)
{
	struct hb_snapshot now = broken;
	struct hb_tidy tidy = { 0 };

	(void)state;
	hb_tidy_begin(&tidy, 0, true);
	batch(&tidy, 5000, 128, &done);
	assert_true(tidy.active);
	now.mendable_units = 0;
	hb_tidy_end_batch(&tidy, &now, 5250, 128);
	assert_false(tidy.active || tidy.mend);
	/* What is broken afterwards was so before somebody asked for more. */
	hb_tidy_begin(&tidy, 9000, false);
	hb_tidy_end_batch(&tidy, &broken, 20000, 128);
	assert_false(tidy.active);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_begins_later),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_exchange_leaves_something_to_mend),
		cmocka_unit_test(test_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
