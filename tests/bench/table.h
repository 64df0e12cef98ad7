/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h: results for people and for programs.
 *
 * Model: what is there is printed, complete or not.  Where a driver did not arrive, its
 * value and the ratio say so, and a line under the table says where it stood.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdio.h>

#include "results.h"

struct verdicts {
	unsigned int missed;	/* bars */
	unsigned int open;	/* bars for which there is nothing to hold against */
};

/*
 * All figures with their bars, then guest and Xen apart for those that have a part.
 */
struct verdicts print_table(const struct results *results, FILE *out);

/* A line for each driver and metric that was not measured; returns how many. */
size_t print_missing(const struct results *results, FILE *out);

/*
 * A list of {guest, kernel, vcpus, metric, unit, ours, theirs, ratio, runs}; of a driver
 * that did not arrive also ours_stood_mib or theirs_stood_mib.
 */
void print_json(const struct results *results, FILE *out);

#endif
