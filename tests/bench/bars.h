/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bars.h: what the driver must reach, and whether it does.
 *
 * Model: a bar is a limit for one metric of one guest type: for our value, for how
 * many times better it is than the built-in driver's, or for the share that it is of
 * the metric that it is a part of.  A metric has one bar or none.
 */
#ifndef BENCH_BARS_H
#define BENCH_BARS_H

#include <stdbool.h>
#include <stddef.h>

enum bar_kind {
	BAR_RATIO_AT_LEAST,
	BAR_OURS_AT_LEAST,
	BAR_OURS_AT_MOST,
	BAR_SHARE_AT_MOST,	/* percent of the whole */
};

struct bar {
	const char *guest, *metric;
	enum bar_kind kind;
	double limit;
};

/* What a bar is held against; only what its kind needs is looked at. */
struct measured {
	double ours;
	double whole;		/* ours, of metric.whole */
	double ratio;
	bool has_ratio;		/* without one a ratio's bar is missed */
};

extern const struct bar bars[];
extern const size_t bars_count;

/* NULL if there is none. */
const struct bar *bar_find(const char *guest, const char *metric);

bool bar_met(const struct bar *bar, const struct measured *measured);

/* "ratio >= 2.2", for the table; returns buf. */
const char *bar_text(const struct bar *bar, char *buf, size_t size);

#endif
