/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What sharing out a host's memory costs: prints times and judges nothing. The worst case
 * for hb_allocate() is memory that ends in the middle of a tier.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "allocate.h"
#include "portions.h"

#define ROUNDS 20

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* The slowest of the rounds, each with other numbers. */
static void measure(enum hb_preset preset, size_t count)
{
	struct hb_portion *portions = calloc(count, sizeof(*portions));
	double worst = 0;

	if (!portions)
		abort();
	for (unsigned int round = 1; round < ROUNDS; round++) {
		uint64_t min = 0, max = 0;
		double start;

		for (size_t i = 0; i < count; i++) {
			portions[i] = random_portion(preset, i);
			min += portions[i].upto_kib[HB_TIER_MIN];
			max += portions[i].upto_kib[HB_TIER_MAX];
		}
		start = seconds();
		hb_allocate(portions, count, min + (max - min) / ROUNDS * round);
		if (seconds() - start > worst)
			worst = seconds() - start;
	}
	printf("%zu domains allocated, %s: %.2f ms\n", count, hb_preset_name(preset), worst * 1e3);
	free(portions);
}

int main(void)
{
	static const size_t counts[] = { 1000, 10000, 100000 };

	for (unsigned int preset = 0; preset < HB_PRESET_COUNT; preset++) {
		for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
			measure(preset, counts[i]);
	}
	return 0;
}
