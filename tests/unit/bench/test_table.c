// SPDX-License-Identifier: GPL-2.0-or-later
/* The table and the JSON file: of complete results, of others, of drivers that failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "table.h"

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

static struct verdicts table(void)
{
	FILE *out = open_text();
	struct verdicts verdicts = print_table(&results, out);

	fclose(out);
	return verdicts;
}

static void assert_verdicts(unsigned int missed, unsigned int open)
{
	struct verdicts verdicts = table();

	assert_int_equal(verdicts.missed, missed);
	assert_int_equal(verdicts.open, open);
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
	assert_verdicts(0, 0);
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
	assert_verdicts(2, 0);
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
	assert_verdicts(0, 0);
	assert_line("<= 15 % of all: ok\n");
}

/* Not arriving is a figure; a ratio against it is none, and its bar is not ours to miss. */
static void test_theirs_is_late(void **state)
{
	(void)state;
	take("want pvh 6.1 1 shrink_insn_per_page");
	take("sample pvh 6.1 1 shrink_insn_per_page ours 4000");
	take("late pvh 6.1 1 shrink_insn_per_page theirs 300.5");
	assert_verdicts(0, 1);
	assert_line("4000       late    late    1  ratio >= 2.2: open\n");
	assert_line("  shrink_insn_per_page: theirs did not arrive, stood at 300.5 MiB (1 of 1 runs)\n");
}

static void test_theirs_is_late_for_our_own_bar(void **state)
{
	(void)state;
	take("want pvh 6.1 1 left_behind_kib");
	take("sample pvh 6.1 1 left_behind_kib ours 28");
	take("late pvh 6.1 1 left_behind_kib theirs 600");
	assert_verdicts(0, 0);
	assert_line("28       late    late    1  <= 2048: ok\n");
}

/* Whatever the bar is for, ours has missed it. */
static void test_ours_is_late(void **state)
{
	(void)state;
	cell("pvh", "shrink_insn_per_page", "4000", "10000");
	cell("pvh", "hotadd_first_page_ms", "40", "1100");
	cell("pvh", "left_behind_kib", "0", "20000");
	take("late pvh 6.1 1 shrink_insn_per_page ours 300");
	take("late pvh 6.1 1 hotadd_first_page_ms ours 300");
	take("died pvh 6.1 1 left_behind_kib ours 300");
	assert_verdicts(3, 0);
	assert_line("late      10000    late  2/1  ratio >= 2.2: MISSED\n");
	assert_line("late     1100.0    late  2/1  <= 100: MISSED\n");
	assert_line("died      20000    died  2/1  <= 2048: MISSED\n");
	assert_line("  left_behind_kib: ours died, standing at 300.0 MiB (1 of 2 runs)\n");
}

static void test_each_bad_run_is_told(void **state)
{
	(void)state;
	cell("pvh", "load_shrink_insn_per_page", "5000", "10000");
	take("late pvh 6.1 1 load_shrink_insn_per_page theirs 300");
	take("late pvh 6.1 1 load_shrink_insn_per_page theirs 310.25");
	assert_verdicts(0, 0);
	assert_line("theirs did not arrive, stood at 300.0, 310.2 MiB (2 of 3 runs)\n");
}

static void test_shares_without_figures(void **state)
{
	(void)state;
	take("want pvh 6.1 1 shrink_insn_per_page");
	take("want pvh 6.1 1 shrink_guest_insn_per_page");
	take("late pvh 6.1 1 shrink_guest_insn_per_page theirs 300");
	table();
	assert_line("  shrink_insn_per_page                                     -                      late\n");
}

static void test_what_is_missing(void **state)
{
	FILE *out;

	(void)state;
	cell("pv", "left_behind_kib", "8", "20000");
	take("want pvh 6.1 1 left_behind_kib");
	take("want pvh 6.1 1 shrink_insn_per_page");
	take("sample pvh 6.1 1 shrink_insn_per_page ours 4000");
	assert_verdicts(0, 2);
	assert_line("4000          -       -  1/0  ratio >= 2.2: open\n");
	out = open_text();
	assert_int_equal(print_missing(&results, out), 3);
	fclose(out);
	assert_string_equal(text,
		"not measured: left_behind_kib of pvh guest, kernel 6.1, 1 vcpu, ours\n"
		"not measured: left_behind_kib of pvh guest, kernel 6.1, 1 vcpu, theirs\n"
		"not measured: shrink_insn_per_page of pvh guest, kernel 6.1, 1 vcpu, theirs\n");
}

static void test_late_is_not_missing(void **state)
{
	FILE *out;

	(void)state;
	take("want pvh 6.1 1 left_behind_kib");
	take("late pvh 6.1 1 left_behind_kib ours 600");
	take("died pvh 6.1 1 left_behind_kib theirs 600");
	out = open_text();
	assert_int_equal(print_missing(&results, out), 0);
	fclose(out);
}

static void test_json(void **state)
{
	FILE *out;

	(void)state;
	cell("pvh", "left_behind_kib", "-8", "16500");
	cell("pvh", "left_behind_later_cycle_kib", "4", "8");
	cell("pvh", "superpages_after_pod_percent", "93.5", "4.5");
	out = open_text();
	print_json(&results, out);
	fclose(out);
	assert_string_equal(text,
		"[\n"
		"  {\"guest\": \"pvh\", \"kernel\": \"6.1\", \"vcpus\": 1, \"metric\": \"left_behind_kib\", "
		"\"unit\": \"KiB\", \"ours\": -8.0, \"theirs\": 16500.0, \"ratio\": null, \"runs\": 1},\n"
		"  {\"guest\": \"pvh\", \"kernel\": \"6.1\", \"vcpus\": 1, \"metric\": \"superpages_after_pod_percent\", "
		"\"unit\": \"%\", \"ours\": 93.50, \"theirs\": 4.50, \"ratio\": 20.78, \"runs\": 1}\n"
		"]\n");
}

static void test_json_of_what_did_not_arrive(void **state)
{
	FILE *out;

	(void)state;
	take("want pvh 6.1 1 left_behind_kib");
	take("sample pvh 6.1 1 left_behind_kib ours 28");
	take("late pvh 6.1 1 left_behind_kib theirs 600.25");
	take("want pv 6.1 1 left_behind_kib");
	out = open_text();
	print_json(&results, out);
	fclose(out);
	assert_string_equal(text,
		"[\n"
		"  {\"guest\": \"pvh\", \"kernel\": \"6.1\", \"vcpus\": 1, \"metric\": \"left_behind_kib\", "
		"\"unit\": \"KiB\", \"ours\": 28.0, \"theirs\": null, \"ratio\": null, \"runs\": 1, "
		"\"theirs_stood_mib\": 600.2},\n"
		"  {\"guest\": \"pv\", \"kernel\": \"6.1\", \"vcpus\": 1, \"metric\": \"left_behind_kib\", "
		"\"unit\": \"KiB\", \"ours\": null, \"theirs\": null, \"ratio\": null, \"runs\": 0}\n"
		"]\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, drop_text)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_table),
		TEST(test_missed_bars_are_counted),
		TEST(test_share_is_of_the_same_guest),
		TEST(test_theirs_is_late),
		TEST(test_theirs_is_late_for_our_own_bar),
		TEST(test_ours_is_late),
		TEST(test_each_bad_run_is_told),
		TEST(test_shares_without_figures),
		TEST(test_what_is_missing),
		TEST(test_late_is_not_missing),
		TEST(test_json),
		TEST(test_json_of_what_did_not_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
