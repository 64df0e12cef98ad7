/* SPDX-License-Identifier: GPL-2.0-or-later */
/* random.h: numbers that are the same each time for the same seed, and naps. */
#ifndef LAB_RANDOM_H
#define LAB_RANDOM_H

#include <stdint.h>
#include <time.h>

static inline uint32_t random_below(uint64_t *state, uint32_t limit)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;	/* Knuth's MMIX */
	return (uint32_t)((*state >> 33) % limit);
}

/* Up to that many milliseconds; a signal ends it. */
static inline void random_nap(uint64_t *state, uint32_t ms)
{
	struct timespec t = { .tv_nsec = (long)random_below(state, ms) * 1000000 };

	nanosleep(&t, NULL);
}

#endif
