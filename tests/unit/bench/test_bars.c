// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of metrics, and what the driver must reach of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bars.h"
#include "metrics.h"

static void test_metrics_have_one_name_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_count; i++)
		assert_ptr_equal(metric_find(metrics[i].name), &metrics[i]);
	assert_null(metric_find("shrink"));
	assert_null(metric_find(""));
}

/* Guest and Xen are only told apart when both are measured at once. */
static void test_parts_are_measured_with_their_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_count; i++) {
		const struct metric *whole;

		if (!metrics[i].whole)
			continue;
		whole = metric_find(metrics[i].whole);
		assert_non_null(whole);
		assert_null(whole->whole);
		assert_string_equal(whole->experiment, metrics[i].experiment);
		assert_string_equal(whole->unit, metrics[i].unit);
	}
}

static void test_superpages_are_not_for_pv(void **state)
{
	(void)state;
	assert_true(metric_applies(metric_find("superpages_after_pod_percent"), "pvh"));
	assert_false(metric_applies(metric_find("superpages_after_pod_percent"), "pv"));
	assert_true(metric_applies(metric_find("left_behind_kib"), "pv"));
}

/* A bar that no cell can have would never be looked at. */
static void test_bars_are_for_metrics_of_the_guest(void **state)
{
	(void)state;
	for (size_t i = 0; i < bars_count; i++) {
		const struct metric *metric = metric_find(bars[i].metric);

		assert_non_null(metric);
		assert_true(metric_applies(metric, bars[i].guest));
		assert_ptr_equal(bar_find(bars[i].guest, bars[i].metric), &bars[i]);
		if (bars[i].kind == BAR_SHARE_AT_MOST)
			assert_non_null(metric->whole);
	}
	assert_null(bar_find("pv", "left_behind_kib"));
}

static bool has_bar(const char *guest, const char *experiment)
{
	for (size_t i = 0; i < metrics_count; i++)
		if (!strcmp(metrics[i].experiment, experiment) && bar_find(guest, metrics[i].name))
			return true;
	return false;
}

/* An experiment without any could not fail. */
static void test_each_experiment_has_a_bar(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_count; i++)
		assert_true(has_bar("pvh", metrics[i].experiment));
}

static void assert_met(enum bar_kind kind, double limit, struct measured at, struct measured off)
{
	const struct bar bar = { "pvh", "any", kind, limit };

	assert_true(bar_met(&bar, &at));
	assert_false(bar_met(&bar, &off));
}

static void test_limits(void **state)
{
	(void)state;
	assert_met(BAR_RATIO_AT_LEAST, 2.5, (struct measured){ .has_ratio = true, .ratio = 2.5 },
		   (struct measured){ .has_ratio = true, .ratio = 2.49 });
	assert_met(BAR_OURS_AT_LEAST, 99, (struct measured){ .ours = 99 },
		   (struct measured){ .ours = 98.9 });
	assert_met(BAR_OURS_AT_MOST, 100, (struct measured){ .ours = 100 },
		   (struct measured){ .ours = 100.1 });
	assert_met(BAR_OURS_AT_MOST, 63, (struct measured){ .ours = -8 },
		   (struct measured){ .ours = 64 });
	assert_met(BAR_SHARE_AT_MOST, 15, (struct measured){ .ours = 15, .whole = 100 },
		   (struct measured){ .ours = 16, .whole = 100 });
}

static void test_without_what_it_needs_a_bar_is_missed(void **state)
{
	const struct bar ratio = { "pvh", "any", BAR_RATIO_AT_LEAST, 1 };
	const struct bar share = { "pvh", "any", BAR_SHARE_AT_MOST, 15 };

	(void)state;
	assert_false(bar_met(&ratio, &(struct measured){ .ratio = 100 }));
	assert_false(bar_met(&share, &(struct measured){ .ours = 1 }));
}

static void test_text(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(bar_text(bar_find("pvh", "shrink_insn_per_page"), text, sizeof(text)),
			    "ratio >= 2.2");
	assert_string_equal(bar_text(bar_find("pvh", "grow_guest_insn_per_page"), text,
				     sizeof(text)), "<= 15 % of all");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics_have_one_name_each),
		cmocka_unit_test(test_parts_are_measured_with_their_whole),
		cmocka_unit_test(test_superpages_are_not_for_pv),
		cmocka_unit_test(test_bars_are_for_metrics_of_the_guest),
		cmocka_unit_test(test_each_experiment_has_a_bar),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_without_what_it_needs_a_bar_is_missed),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
