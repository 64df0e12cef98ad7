/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seeded randomness for property tests.  HB_SEED=N repeats a run; every test
 * prints the seed that it uses.
 */
#ifndef HB_TEST_RANDOM_H
#define HB_TEST_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The generator splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* Uniform enough in [0, bound). */
static inline uint64_t random_below(uint64_t *state, uint64_t bound)
{
	return random_next(state) % bound;
}

static inline uint64_t random_seed(const char *test)
{
	const char *given = getenv("HB_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) :
				(uint64_t)time(NULL) * 2654435761u;

	printf("%s: HB_SEED=%llu\n", test, (unsigned long long)seed);
	return seed;
}

#endif
