/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h: has the driver become worse?
 *
 * Model: two results files, cell by cell, of the metrics that are in the JSON file.  The
 * other driver is the same one in both, and what its figure varies by is chance: a ratio is
 * worse by what our figure made it worse.  A change of less than the metric's grain is none.
 * The new file must have what the old one has.
 */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdio.h>

#include "results.h"

struct comparison {
	unsigned int compared;
	unsigned int worse;	/* by more than allowed, or our driver arrived once */
	unsigned int missing;	/* in the new file */
	unsigned int late_before;	/* ours, so that there is nothing to compare */
};

/* Prints each cell of the old results. */
struct comparison compare_results(const struct results *old, const struct results *new,
				  double percent, FILE *out);

#endif
