/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * results.h: from the lines of a results file to figures and ratios.
 *
 * Model: lines come in, in any order:
 *
 *   want   GUEST KERNEL VCPUS METRIC
 *   sample GUEST KERNEL VCPUS METRIC ours|theirs VALUE
 *   late   GUEST KERNEL VCPUS METRIC ours|theirs MIB
 *   died   GUEST KERNEL VCPUS METRIC ours|theirs MIB
 *   # anything
 *
 * Each "want" is a cell of the result.  "late" says that the driver did not arrive, so
 * that there is no such figure: its guest stood at MIB when its time was up; "died" that
 * it had come as far when the guest died.  A driver that failed once has no figure,
 * whatever its other runs say: the median of those that went well would hide it.
 *
 * A line of a cell that nobody wanted is an error, as is anything that does not parse:
 * a number that is missing must not be mistaken for one that was not asked for.
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
	double stood_mib[SIDES][RESULTS_SAMPLES];	/* where it was late or died */
	size_t failed[SIDES];
	bool died[SIDES];
};

struct results {
	struct cell cells[RESULTS_CELLS];
	size_t count;
	char error[512];	/* why a function failed */
};

enum outcome { NOT_MEASURED, MEASURED, LATE, DIED };

/* What a driver's samples of a cell come to. */
struct figure {
	enum outcome outcome;
	double value;		/* the median, if it is MEASURED */
	size_t runs;		/* good and bad ones */
};

void results_init(struct results *results);

/* Take in a line (its end may be there).  False: results->error says why. */
bool results_line(struct results *results, const char *line);

/* Take in a file.  False: results->error says why. */
bool results_read(struct results *results, FILE *in);

extern const char *const side_names[SIDES];

struct figure cell_figure(const struct cell *cell, enum side side);

/* Has a driver no figure and is not known to have failed either? */
bool cell_missing(const struct cell *cell, enum side side);

/* Are two cells of the same guest type, kernel and number of vcpus? */
bool same_guest(const struct cell *a, const struct cell *b);

/* NULL if there is none: the cell of another file; the cell that this one is a part of. */
const struct cell *results_find(const struct results *results, const struct cell *like);
const struct cell *results_whole(const struct results *results, const struct cell *part);

/* The middle one, or the mean of the two middle ones.  count > 0. */
double median(const double *values, size_t count);

/*
 * How many times better ours is: theirs/ours where less is better, ours/theirs where
 * more is.  False if there is no such number: one of them is no positive one.
 */
bool ratio(const struct metric *metric, double ours, double theirs, double *result);
bool cell_ratio(const struct cell *cell, double *result);

#endif
