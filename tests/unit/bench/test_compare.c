// SPDX-License-Identifier: GPL-2.0-or-later
/* Which change of a ratio makes a driver worse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare.h"

#define PERCENT 2

static struct results old, new;
static char *text;
static size_t size;

static int setup(void **state)
{
	(void)state;
	results_init(&old);
	results_init(&new);
	return 0;
}

static int drop_text(void **state)
{
	(void)state;
	free(text);
	text = NULL;
	return 0;
}

/* KIND VALUE of both drivers; NULL: not measured. */
static void cell(struct results *results, const char *metric, const char *ours, const char *theirs)
{
	const char *values[SIDES] = { ours, theirs };
	char line[256], kind[8], value[32];

	snprintf(line, sizeof(line), "want pvh 6.1 1 %s", metric);
	assert_true(results_line(results, line));
	for (enum side side = OURS; side < SIDES; side++) {
		if (!values[side])
			continue;
		assert_int_equal(sscanf(values[side], "%7s %31s", kind, value), 2);
		snprintf(line, sizeof(line), "%s pvh 6.1 1 %s %s %s", kind, metric,
			 side_names[side], value);
		assert_true(results_line(results, line));
	}
}

static void assert_comparison(unsigned int compared, unsigned int worse, unsigned int missing,
			      unsigned int late_before)
{
	struct comparison c;
	FILE *out;

	free(text);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	c = compare_results(&old, &new, PERCENT, out);
	fclose(out);
	assert_int_equal(c.compared, compared);
	assert_int_equal(c.worse, worse);
	assert_int_equal(c.missing, missing);
	assert_int_equal(c.late_before, late_before);
}

static void assert_said(const char *expected)
{
	if (!strstr(text, expected))
		fail_msg("no \"%s\" in:\n%s", expected, text);
}

static void test_two_percent_are_allowed(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "sample 1000", "sample 2000");
	cell(&new, "shrink_insn_per_page", "sample 1020", "sample 2000");
	assert_comparison(1, 0, 0, 0);
	assert_said("    2.00     1.96  ours +2.0 %  theirs +0.0 %\n");
}

static void test_more_is_worse(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "sample 1000", "sample 2000");
	cell(&new, "shrink_insn_per_page", "sample 1021", "sample 2000");
	assert_comparison(1, 1, 0, 0);
	assert_said(": WORSE\n");
}

/* More is better there: the ratio is ours/theirs. */
static void test_less_superpages_are_worse(void **state)
{
	(void)state;
	cell(&old, "superpages_after_pod_percent", "sample 93", "sample 16");
	cell(&new, "superpages_after_pod_percent", "sample 80", "sample 16");
	assert_comparison(1, 1, 0, 0);
}

static void test_better_is_not_worse(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "sample 1000", "sample 2000");
	cell(&new, "shrink_insn_per_page", "sample 500", "sample 2000");
	assert_comparison(1, 0, 0, 0);
	assert_said("ours -50.0 %");
}

static void test_what_was_measured_must_be(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "sample 1000", "sample 2000");
	cell(&old, "grow_insn_per_page", "sample 1000", "sample 2000");
	cell(&new, "grow_insn_per_page", "sample 1000", NULL);
	assert_comparison(0, 0, 2, 0);
	assert_said("MISSING");
}

static void test_what_is_new_does_not_matter(void **state)
{
	(void)state;
	cell(&new, "shrink_insn_per_page", "sample 1000", "sample 2000");
	assert_comparison(0, 0, 0, 0);
	assert_string_equal(text, "");
}

/* Another kernel's figure is not the one that is missing. */
static void test_guests_are_not_mixed(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "sample 1000", "sample 2000");
	assert_true(results_line(&new, "want pvh 6.12 1 shrink_insn_per_page"));
	assert_true(results_line(&new, "sample pvh 6.12 1 shrink_insn_per_page ours 1000"));
	assert_true(results_line(&new, "sample pvh 6.12 1 shrink_insn_per_page theirs 2000"));
	assert_comparison(0, 0, 1, 0);
}

static void test_ours_late_is_worse(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "sample 1000", "sample 2000");
	cell(&new, "shrink_insn_per_page", "late 300", "sample 2000");
	assert_comparison(0, 1, 0, 0);
	assert_said("does not arrive any more: WORSE\n");
}

/* It is the same driver in both: it had a good day. */
static void test_theirs_varies(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "sample 1000", "sample 2000");
	cell(&new, "shrink_insn_per_page", "sample 1000", "sample 1900");
	assert_comparison(1, 0, 0, 0);
	assert_said("    2.00     1.90  ours +0.0 %  theirs -5.0 %\n");
	results_init(&new);
	cell(&new, "shrink_insn_per_page", "sample 1050", "sample 2200");
	assert_comparison(1, 1, 0, 0);
}

/* That must not hide what became of ours. */
static void test_theirs_is_late(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "sample 1000", "sample 2000");
	cell(&new, "shrink_insn_per_page", "sample 1000", "late 300");
	cell(&old, "superpages_after_load_percent", "sample 100", "late 300");
	cell(&new, "superpages_after_load_percent", "sample 90", "sample 20");
	assert_comparison(2, 1, 0, 0);
	assert_said("    2.00     late  ours +0.0 %  theirs -\n");
	assert_said("    late     4.50  ours -10.0 %  theirs -: WORSE\n");
}

static void test_ours_arrives_now(void **state)
{
	(void)state;
	cell(&old, "shrink_insn_per_page", "late 300", "sample 2000");
	cell(&new, "shrink_insn_per_page", "sample 1000", "sample 2000");
	assert_comparison(0, 0, 0, 1);
}

/* There is no ratio to nothing, but there is worse than nothing. */
static void test_nothing_can_become_worse(void **state)
{
	(void)state;
	cell(&old, "left_behind_kib", "sample -8", "sample 16448");
	cell(&new, "left_behind_kib", "sample 16448", "sample 16448");
	assert_comparison(1, 1, 0, 0);
	assert_said("       -     1.00  ours -  theirs +0.0 %: WORSE\n");
	results_init(&new);
	cell(&new, "left_behind_kib", "sample -4", "sample 16448");
	assert_comparison(1, 0, 0, 0);
	results_init(&old);
	cell(&old, "left_behind_kib", "sample 16448", "sample 16448");
	assert_comparison(1, 0, 0, 0);
	assert_said("    1.00        -  ours -100.0 %");
}

static void test_less_than_the_grain_says_nothing(void **state)
{
	(void)state;
	cell(&old, "left_behind_kib", "sample 28", "sample 16448");
	cell(&new, "left_behind_kib", "sample 88", "sample 16448");
	assert_comparison(1, 0, 0, 0);
	results_init(&new);
	cell(&new, "left_behind_kib", "sample 92", "sample 16448");
	assert_comparison(1, 1, 0, 0);
}

/* They are not in the JSON file either: too small, or too much chance in them. */
static void test_details_are_not_compared(void **state)
{
	(void)state;
	cell(&old, "left_behind_later_cycle_kib", "sample 4", "sample 8");
	cell(&new, "left_behind_later_cycle_kib", "sample 8", "sample 8");
	assert_comparison(0, 0, 0, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, drop_text)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_percent_are_allowed),
		TEST(test_more_is_worse),
		TEST(test_less_superpages_are_worse),
		TEST(test_better_is_not_worse),
		TEST(test_what_was_measured_must_be),
		TEST(test_what_is_new_does_not_matter),
		TEST(test_guests_are_not_mixed),
		TEST(test_ours_late_is_worse),
		TEST(test_theirs_varies),
		TEST(test_theirs_is_late),
		TEST(test_ours_arrives_now),
		TEST(test_nothing_can_become_worse),
		TEST(test_less_than_the_grain_says_nothing),
		TEST(test_details_are_not_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
