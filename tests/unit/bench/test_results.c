// SPDX-License-Identifier: GPL-2.0-or-later
/* From lines to medians, ratios, the table and the JSON file. */
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
		take("sample pvh 6.1 1 left_behind_kib ours 1");
	assert_refused("sample pvh 6.1 1 left_behind_kib ours 1", "too many samples");
}

static void test_complete_only_with_both_drivers(void **state)
{
	(void)state;
	assert_false(results_complete(&results));
	assert_string_equal(results.error, "nothing was wanted");
	take("want pv 6.12 1 left_behind_kib");
	assert_false(results_complete(&results));
	take("sample pv 6.12 1 left_behind_kib ours 8");
	assert_false(results_complete(&results));
	assert_non_null(strstr(results.error,
			       "left_behind_kib of pv, kernel 6.12, 1 vcpu: measured 1 times"));
	take("sample pv 6.12 1 left_behind_kib theirs 20000");
	assert_true(results_complete(&results));
	take("sample pv 6.12 1 left_behind_kib theirs 20000");
	assert_false(results_complete(&results));
}

/* A cell of both drivers with one sample each. */
static void cell(const char *guest, const char *metric, const char *ours, const char *theirs)
{
	char line[256];

	snprintf(line, sizeof(line), "want %s 6.1 1 %s", guest, metric);
	take(line);
	snprintf(line, sizeof(line), "sample %s 6.1 1 %s ours %s", guest, metric, ours);
	take(line);
	snprintf(line, sizeof(line), "sample %s 6.1 1 %s theirs %s", guest, metric, theirs);
	take(line);
}

static char *text;
static size_t size;

static FILE *open_text(void)
{
	FILE *out;

	free(text);
	text = NULL;
	out = open_memstream(&text, &size);
	assert_non_null(out);
	return out;
}

static unsigned int table(void)
{
	FILE *out = open_text();
	unsigned int missed;

	assert_true(results_complete(&results));
	missed = results_table(&results, out);
	fclose(out);
	return missed;
}

static int drop_text(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

static void assert_line(const char *expected)
{
	if (!strstr(text, expected))
		fail_msg("no \"%s\" in:\n%s", expected, text);
}

static void test_table(void **state)
{
	(void)state;
	cell("pvh", "shrink_insn_per_page", "4000", "10000");
	cell("pvh", "shrink_guest_insn_per_page", "500", "2000");
	cell("pv", "left_behind_kib", "0", "20000");
	assert_int_equal(table(), 0);
	assert_line("pvh guest, kernel 6.1, 1 vcpu\n");
	assert_line("4000      10000    2.50    1  ratio >= 2.2: ok\n");
	assert_line("500       2000    4.00    1  <= 15 % of all: ok\n");
	assert_line("pv guest, kernel 6.1, 1 vcpu\n");
	assert_line("0      20000       -    1\n");
	assert_line("pvh guest, kernel 6.1, 1 vcpu: Xen's part + the guest's\n");
	assert_line("3500 +   500 (12.5 %)     8000 +  2000 (20.0 %)\n");
}

static void test_missed_bars_are_counted(void **state)
{
	(void)state;
	cell("pvh", "shrink_insn_per_page", "5000", "10000");
	cell("pvh", "shrink_guest_insn_per_page", "2500", "2000");
	cell("pvh", "hotadd_first_page_ms", "99", "1100");
	assert_int_equal(table(), 2);
	assert_line("ratio >= 2.2: MISSED\n");
	assert_line("<= 15 % of all: MISSED\n");
	assert_line("<= 100: ok\n");
}

/* The whole of another guest must not be taken. */
static void test_share_is_of_the_same_guest(void **state)
{
	(void)state;
	cell("pv", "shrink_insn_per_page", "1000", "2000");
	cell("pvh", "shrink_insn_per_page", "4000", "10000");
	cell("pvh", "shrink_guest_insn_per_page", "600", "2000");
	assert_int_equal(table(), 0);
	assert_line("<= 15 % of all: ok\n");
}

static void test_json(void **state)
{
	FILE *out;

	(void)state;
	cell("pvh", "left_behind_kib", "-8", "16500");
	cell("pvh", "left_behind_later_cycle_kib", "4", "8");
	cell("pvh", "superpages_after_pod_percent", "93.5", "4.5");
	out = open_text();
	results_json(&results, out);
	fclose(out);
	assert_string_equal(text,
		"[\n"
		"  {\"guest\": \"pvh\", \"kernel\": \"6.1\", \"vcpus\": 1, \"metric\": \"left_behind_kib\", "
		"\"unit\": \"KiB\", \"ours\": -8.0, \"theirs\": 16500.0, \"ratio\": null, \"runs\": 1},\n"
		"  {\"guest\": \"pvh\", \"kernel\": \"6.1\", \"vcpus\": 1, \"metric\": \"superpages_after_pod_percent\", "
		"\"unit\": \"%\", \"ours\": 93.50, \"theirs\": 4.50, \"ratio\": 20.78, \"runs\": 1}\n"
		"]\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, drop_text)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_ratio_is_how_many_times_better),
		TEST(test_what_is_not_understood),
		TEST(test_refusal_names_the_line),
		TEST(test_too_many_samples),
		TEST(test_complete_only_with_both_drivers),
		TEST(test_table),
		TEST(test_missed_bars_are_counted),
		TEST(test_share_is_of_the_same_guest),
		TEST(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
