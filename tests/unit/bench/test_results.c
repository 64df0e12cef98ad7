// SPDX-License-Identifier: GPL-2.0-or-later
/* From lines to figures and ratios. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "results.h"

static struct results results;

static int setup(void **state)
{
	(void)state;
	results_init(&results);
	return 0;
}

static void take(const char *line)
{
	if (!results_line(&results, line))
		fail_msg("%s", results.error);
}

static void assert_refused(const char *line, const char *why)
{
	assert_false(results_line(&results, line));
	assert_non_null(strstr(results.error, why));
}

static void test_median(void **state)
{
	const double values[] = { 30, 10, 20, 1000 };

	(void)state;
	assert_true(median(values, 1) == 30);
	assert_true(median(values, 2) == 20);
	assert_true(median(values, 3) == 20);
	assert_true(median(values, 4) == 25);
}

static void test_ratio_is_how_many_times_better(void **state)
{
	const struct metric less = { .name = "less" };
	const struct metric more = { .name = "more", .more_is_better = true };
	double r = 0;

	(void)state;
	assert_true(ratio(&less, 10, 25, &r));
	assert_true(r == 2.5);
	assert_true(ratio(&more, 100, 25, &r));
	assert_true(r == 4);
	assert_false(ratio(&less, 0, 25, &r));
	assert_false(ratio(&less, 10, 0, &r));
	assert_false(ratio(&less, -8, 16500, &r));
}

static void test_what_is_not_understood(void **state)
{
	(void)state;
	take("want pvh 6.1 1 left_behind_kib\n");
	assert_refused("", "not understood");
	assert_refused("want pvh 6.1 1", "not understood");
	assert_refused("want pvh 6.1 0 grow_insn_per_page", "not understood");
	assert_refused("want p\"h 6.1 1 grow_insn_per_page", "not understood");
	assert_refused("want pvh 6.1 1 grow_insn_per_page ours 1", "not understood");
	assert_refused("wish pvh 6.1 1 grow_insn_per_page", "not understood");
	assert_refused("want pvh 6.1 1 speed", "no such metric");
	assert_refused("want pv 6.1 1 superpages_after_cycle_percent", "no such metric");
	assert_refused("want pvh 6.1 1 left_behind_kib", "wanted twice");
	assert_refused("sample pvh 6.1 1 left_behind_kib ours", "not understood");
	assert_refused("sample pvh 6.1 1 left_behind_kib ours 1 2", "not understood");
	assert_refused("sample pvh 6.1 1 left_behind_kib mine 1", "neither ours nor theirs");
	assert_refused("sample pvh 6.1 1 left_behind_kib ours 1x", "no number");
	assert_refused("sample pvh 6.1 1 left_behind_kib ours nan", "no number");
	assert_refused("sample pvh 6.1 1 left_behind_kib ours inf", "no number");
	assert_refused("late pvh 6.1 1 left_behind_kib theirs", "not understood");
	assert_refused("late pvh 6.1 1 left_behind_kib theirs soon", "no number");
	assert_refused("died pvh 6.1 1 grow_insn_per_page theirs 300", "nobody wanted");
	assert_refused("sample pvh 6.12 1 left_behind_kib ours 1", "nobody wanted");
	assert_refused("sample pvh 6.1 2 left_behind_kib ours 1", "nobody wanted");
}

static void test_refusal_names_the_line(void **state)
{
	(void)state;
	assert_refused("want pvh 6.1 1 speed\n", "\"want pvh 6.1 1 speed\"");
}

static void test_too_many_samples(void **state)
{
	(void)state;
	take("want pvh 6.1 1 left_behind_kib");
	for (int i = 0; i < RESULTS_SAMPLES; i++)
		take(i % 2 ? "sample pvh 6.1 1 left_behind_kib ours 1" :
			     "late pvh 6.1 1 left_behind_kib ours 1");
	assert_refused("sample pvh 6.1 1 left_behind_kib ours 1", "too many samples");
	assert_refused("late pvh 6.1 1 left_behind_kib ours 1", "too many samples");
}

/* Comments say where a file is from. */
static void test_comments(void **state)
{
	(void)state;
	take("# driver 0.1, Xen 4.17\n");
	assert_int_equal(results.count, 0);
}

static void test_what_is_not_measured_is_missing(void **state)
{
	(void)state;
	take("want pv 6.12 1 left_behind_kib");
	assert_true(cell_missing(&results.cells[0], OURS));
	assert_int_equal(cell_figure(&results.cells[0], OURS).outcome, NOT_MEASURED);
	take("sample pv 6.12 1 left_behind_kib ours 8");
	assert_false(cell_missing(&results.cells[0], OURS));
	assert_true(cell_missing(&results.cells[0], THEIRS));
	take("late pv 6.12 1 left_behind_kib theirs 700");
	assert_false(cell_missing(&results.cells[0], THEIRS));
}

static void test_ratio_wants_both(void **state)
{
	double r;

	(void)state;
	take("want pv 6.1 1 grow_insn_per_page");
	take("sample pv 6.1 1 grow_insn_per_page ours 100");
	assert_false(cell_ratio(&results.cells[0], &r));
	take("sample pv 6.1 1 grow_insn_per_page theirs 300");
	assert_true(cell_ratio(&results.cells[0], &r));
	assert_true(r == 3);
	take("late pv 6.1 1 grow_insn_per_page theirs 900");
	assert_false(cell_ratio(&results.cells[0], &r));
}

/* The good runs must not hide the bad one. */
static void test_late_once_is_late(void **state)
{
	struct figure figure;

	(void)state;
	take("want pvh 6.1 1 load_shrink_insn_per_page");
	take("sample pvh 6.1 1 load_shrink_insn_per_page theirs 9000");
	take("late pvh 6.1 1 load_shrink_insn_per_page theirs 300");
	figure = cell_figure(&results.cells[0], THEIRS);
	assert_int_equal(figure.outcome, LATE);
	assert_int_equal(figure.runs, 2);
	take("died pvh 6.1 1 load_shrink_insn_per_page theirs 280");
	assert_int_equal(cell_figure(&results.cells[0], THEIRS).outcome, DIED);
	assert_int_equal(cell_figure(&results.cells[0], OURS).outcome, NOT_MEASURED);
}

static bool read_text(const char *lines)
{
	FILE *in = fmemopen((void *)lines, strlen(lines), "r");
	bool ok;

	assert_non_null(in);
	ok = results_read(&results, in);
	fclose(in);
	return ok;
}

static void test_file(void **state)
{
	(void)state;
	assert_true(read_text("# a comment\n"
			      "want pvh 6.1 1 left_behind_kib\n"
			      "sample pvh 6.1 1 left_behind_kib ours 16448\n"));
	assert_true(cell_figure(&results.cells[0], OURS).value == 16448);
}

/* The machine stopped while it was written: 16 is not what was measured. */
static void test_file_that_is_cut_off(void **state)
{
	(void)state;
	assert_false(read_text("want pvh 6.1 1 left_behind_kib\n"
			       "sample pvh 6.1 1 left_behind_kib ours 16"));
	assert_non_null(strstr(results.error, "cut off"));
}

static void test_file_without_anything(void **state)
{
	(void)state;
	assert_false(read_text("# nothing\n"));
	assert_string_equal(results.error, "nothing was wanted");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_ratio_is_how_many_times_better),
		TEST(test_what_is_not_understood),
		TEST(test_refusal_names_the_line),
		TEST(test_too_many_samples),
		TEST(test_comments),
		TEST(test_what_is_not_measured_is_missing),
		TEST(test_ratio_wants_both),
		TEST(test_late_once_is_late),
		TEST(test_file),
		TEST(test_file_that_is_cut_off),
		TEST(test_file_without_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
