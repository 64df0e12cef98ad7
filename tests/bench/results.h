/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results.h: from samples to medians and ratios.
 *
 * Model: lines come in, in any order:
 *
 *   want   GUEST KERNEL VCPUS METRIC
 *   sample GUEST KERNEL VCPUS METRIC ours|theirs VALUE
 *
 * Each "want" is a cell of the result.  The results are complete when each cell has
 * samples of both drivers, as many of one as of the other.  A sample of a cell that
 * nobody wanted is an error, as is anything that does not parse: a number that is
 * missing must not be mistaken for one that was not asked for.
 */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "metrics.h"

enum side { OURS, THEIRS, SIDES };

#define RESULTS_NAME 16		/* bytes of a guest type or kernel series */
#define RESULTS_SAMPLES 64	/* of a cell and side */
#define RESULTS_CELLS 256

struct cell {
	char guest[RESULTS_NAME], kernel[RESULTS_NAME];
	unsigned int vcpus;
	const struct metric *metric;
	double samples[SIDES][RESULTS_SAMPLES];
	size_t count[SIDES];
};

struct results {
	struct cell cells[RESULTS_CELLS];
	size_t count;
	char error[512];	/* why a function failed */
};

void results_init(struct results *results);

/* Take in a line (its end may be there).  False: results->error says why. */
bool results_line(struct results *results, const char *line);

/* Is everything there that was wanted?  False: results->error names what is not. */
bool results_complete(struct results *results);

/* The middle one, or the mean of the two middle ones.  count > 0. */
double median(const double *values, size_t count);

/*
 * How many times better ours is: theirs/ours where less is better, ours/theirs where
 * more is.  False if there is no such number: one of them is zero or negative.
 */
bool ratio(const struct metric *metric, double ours, double theirs, double *result);

/* These want complete results. */

/*
 * All figures with their bars, then guest and Xen apart for those that have a part.
 * Returns how many bars are missed.
 */
unsigned int results_table(const struct results *results, FILE *out);

/* A list of {guest, kernel, vcpus, metric, unit, ours, theirs, ratio, runs}. */
void results_json(const struct results *results, FILE *out);

#endif
