/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.h: what the benchmark measures, in one table.  README.md says how.
 */
#ifndef BENCH_METRICS_H
#define BENCH_METRICS_H

#include <stdbool.h>
#include <stddef.h>

struct metric {
	const char *name, *unit;
	const char *experiment;		/* the one of bench.sh that measures it */
	const char *whole;		/* the metric that this one is a part of, or NULL */
	bool more_is_better;
	bool pvh_only;
	bool detail;			/* for the table only: not in the JSON file, not compared */
	int decimals;			/* to print */
	double grain;			/* a smaller change of it says nothing */
};

extern const struct metric metrics[];
extern const size_t metrics_count;

/* NULL if there is none of that name. */
const struct metric *metric_find(const char *name);

/* Does a guest of that type have it? */
bool metric_applies(const struct metric *metric, const char *guest);

#endif
