/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many steps it takes to share out a host's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "allocate.h"
#include "steps.h"
#include "../../balance/portions.h"

#define ROUNDS 8

/*
 * Of so many domains, with memory that ends in the middle of some tier. Of each there are as many
 * as times says: a larger host, and not another one, where chance makes more of a difference.
 */
static unsigned long steps_of(enum hb_preset preset, size_t count, size_t times, unsigned int round)
{
	struct hb_portion *portions = calloc(count * times, sizeof(*portions));
	uint64_t min = 0, max = 0;

	assert_non_null(portions);
	srandom(round);
	for (size_t i = 0; i < count * times; i++) {
		portions[i] = i < count ? random_portion(preset, i) : portions[i - count];
		portions[i].key = i;
		min += portions[i].upto_kib[HB_TIER_MIN];
		max += portions[i].upto_kib[HB_TIER_MAX];
	}
	steps = 0;
	hb_allocate(portions, count * times, min + (max - min) / ROUNDS * round);
	free(portions);
	return steps;
}

/* Twice as many domains take little more than twice as many steps, and not four times. */
static void test_grows_like_a_sort(void **state)
{
	(void)state;
	for (unsigned int preset = 0; preset < HB_PRESET_COUNT; preset++) {
		for (unsigned int round = 1; round < ROUNDS; round++) {
			unsigned long few = steps_of(preset, 10000, 1, round);
			unsigned long many = steps_of(preset, 10000, 2, round);

			print_message("%s: %lu steps for 10000 domains, %lu for 20000\n",
				      hb_preset_name(preset), few, many);
			assert_true(few > 10000);
			assert_true(many * 2 < few * 5);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_grows_like_a_sort) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
