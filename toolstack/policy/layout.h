/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who had how much over time, as a stacked chart: readings in, a grid of sizes out, from
 * which a terminal takes cells and a picture takes paths. Pure; it knows neither.
 *
 * The time from from_ms to to_ms is cut into columns of the same length. What a guest had in
 * one is the mean over its time, so that nothing is lost that is shorter than a column. A guest
 * had before its first reading what that one says it had, from when it came. After its last it has what that one
 * gave, until the end if it is there still, and else nothing: when it ended nobody has noted.
 *
 * Of more guests than can be told apart, those that had most have a layer each, in the order
 * that they were given in, and all others one together on top.
 */
#ifndef HB_LAYOUT_H
#define HB_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Guest who had from_kib until then, and to_kib from then on; both up to HB_SIZE_MAX_KIB. */
struct hb_reading {
	uint64_t time_ms;
	size_t who;		/* of guests */
	uint64_t from_kib, to_kib;
	size_t order;		/* of hb_chart_lay() */
	bool gap;		/* what it had before is not known: nothing is drawn */
};

struct hb_chart_guest {
	bool is_there;		/* at the end */
	uint64_t size_kib;	/* if it has no reading: what it had all the time */
	uint64_t since_ms;	/* it came then, unless a reading is older; 0: it is older than all of them */
};

struct hb_chart_data {
	struct hb_reading *readings;	/* of one time the later one is behind; they are sorted */
	size_t nr_readings;
	const struct hb_chart_guest *guests;
	size_t nr_guests;
	uint64_t from_ms, to_ms;	/* from_ms is the earlier one */
};

#define HB_CHART_LAYERS 10
#define HB_CHART_OTHERS SIZE_MAX

struct hb_chart_layer {
	size_t who;		/* of guests, or HB_CHART_OTHERS */
	size_t guests;		/* that it stands for: 1, or how many others */
	uint64_t *kib;		/* a column each */
};

struct hb_chart {
	struct hb_chart_layer layers[HB_CHART_LAYERS + 1];	/* the lowest first */
	size_t nr_layers, columns;
	uint64_t most_kib;	/* all together, where that is most */
	uint64_t tick_kib;	/* between two lines of the scale: a power of two */
	unsigned int ticks;	/* from 0 to the top: 1 to 8 */
	uint64_t *memory;
};

/*
 * Columns: 1 or more. Guests that had nothing all the time have no layer. False: out of
 * memory; else it is to be released by hb_chart_clear().
 */
bool hb_chart_lay(struct hb_chart *chart, const struct hb_chart_data *data, size_t columns);
void hb_chart_clear(struct hb_chart *chart);

/* What layers below that one have together in that column; of nr_layers: what all have. */
uint64_t hb_chart_below(const struct hb_chart *chart, size_t layer, size_t column);

/* No layer: above all of them. */
#define HB_CHART_NONE SIZE_MAX

/* What one cell of a grid of characters shows: a layer, and from eighths of it on another. */
struct hb_chart_cell {
	size_t lower, upper;	/* layers, or HB_CHART_NONE */
	unsigned int eighths;	/* of lower: 1 to 8; with 8 upper is lower */
};

/* The cell of that column from low_kib to high_kib, which is more. */
struct hb_chart_cell hb_chart_cell(const struct hb_chart *chart, size_t column, uint64_t low_kib, uint64_t high_kib);

/* Seconds between two marks of a time so long, so that there are at most that many (1 or more). */
uint64_t hb_chart_step_s(uint64_t seconds, unsigned int marks);

#endif
