/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The seed of a random test: SEED in the environment, or another one each time. */
#ifndef TESTS_SIM_SEED_H
#define TESTS_SIM_SEED_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Prints it, so that a failure can be repeated. */
static inline unsigned int choose_seed(void)
{
	const char *given = getenv("SEED");
	unsigned int seed = given ? strtoul(given, NULL, 10) : (unsigned int)time(NULL);

	printf("SEED=%u\n", seed);
	return seed;
}

#endif
