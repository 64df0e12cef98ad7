/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

/* A scale with fewer lines than that says too little. */
#define TICKS_MAX 8
#define TICK_LEAST_KIB 1024

/* By guest, then by time: what two at the same time say follows each other as it came. */
static int compare(const void *a, const void *b)
{
	const struct hb_reading *x = a, *y = b;

	if (x->who != y->who)
		return x->who < y->who ? -1 : 1;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void sort(const struct hb_chart_data *data)
{
	for (size_t i = 0; i < data->nr_readings; i++)
		data->readings[i].order = i;
	if (data->nr_readings)
		qsort(data->readings, data->nr_readings, sizeof(*data->readings), compare);
}

/* ------------------------------------------------------------ a guest's line */

/* Adds to the columns what a guest had from one moment to another. */
static void add_span(const struct hb_chart_data *data, size_t columns, double *sums, uint64_t kib,
		     uint64_t from_ms, uint64_t to_ms)
{
	const double width = (double)(data->to_ms - data->from_ms) / columns;
	double from, to;

	from_ms = from_ms < data->from_ms ? data->from_ms : from_ms;
	to_ms = to_ms > data->to_ms ? data->to_ms : to_ms;
	if (from_ms >= to_ms || !kib)
		return;
	from = (from_ms - data->from_ms) / width;
	to = (to_ms - data->from_ms) / width;
	for (size_t i = from; i < columns && i < to; i++) {
		double begin = i > from ? i : from, end = i + 1 < to ? i + 1 : to;

		sums[i] += kib * (end - begin);
	}
}

/* Its readings are the first of those; returns how many. */
static size_t add_guest(const struct hb_chart_data *data, size_t who, const struct hb_reading *readings,
			size_t left, size_t columns, double *sums)
{
	const struct hb_chart_guest *guest = &data->guests[who];
	uint64_t since_ms = guest->since_ms;
	size_t n = 0;

	/* It has rebooted since, or hotballoond has been started again. */
	if (left && readings->who == who && readings->time_ms < since_ms)
		since_ms = 0;
	for (; n < left && readings[n].who == who; n++) {
		uint64_t kib = n ? readings[n - 1].to_kib : readings[n].from_kib;

		if (!readings[n].gap)
			add_span(data, columns, sums, kib, since_ms, readings[n].time_ms);
		since_ms = readings[n].time_ms;
	}
	if (guest->is_there)
		add_span(data, columns, sums, n ? readings[n - 1].to_kib : guest->size_kib, since_ms, UINT64_MAX);
	return n;
}

/* -------------------------------------------------------------- the layers */

struct ranked {
	size_t who;
	double whole;
};

/* Those that had most first; of two that had the same the one that was given first. */
static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->whole != y->whole)
		return x->whole > y->whole ? -1 : 1;
	return x->who < y->who ? -1 : x->who > y->who;
}

static int compare_who(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->who < y->who ? -1 : x->who > y->who;
}

/* Room for the sums of each guest in turn, and their ranks. */
struct work {
	double *sums;
	struct ranked *ranks;
};

static void sum_guest(const struct hb_chart_data *data, size_t who, size_t *reading, size_t columns,
		      struct work *work)
{
	memset(work->sums, 0, columns * sizeof(*work->sums));
	*reading += add_guest(data, who, data->readings + *reading, data->nr_readings - *reading, columns,
			      work->sums);
}

/* Which guests have a layer of their own: the first of ranks; returns how many had anything. */
static size_t rank(const struct hb_chart_data *data, size_t columns, struct work *work)
{
	size_t reading = 0, had = 0, own;

	for (size_t who = 0; who < data->nr_guests; who++) {
		struct ranked one = { .who = who };

		sum_guest(data, who, &reading, columns, work);
		for (size_t i = 0; i < columns; i++)
			one.whole += work->sums[i];
		if (one.whole > 0)
			work->ranks[had++] = one;
	}
	qsort(work->ranks, had, sizeof(*work->ranks), compare_ranked);
	own = had < HB_CHART_LAYERS ? had : HB_CHART_LAYERS;
	qsort(work->ranks, own, sizeof(*work->ranks), compare_who);
	return had;
}

static void name_layers(struct hb_chart *chart, const struct ranked *ranks, size_t had)
{
	for (size_t i = 0; i < had && i < HB_CHART_LAYERS; i++)
		chart->layers[chart->nr_layers++] = (struct hb_chart_layer){ .who = ranks[i].who, .guests = 1 };
	if (had > HB_CHART_LAYERS)
		chart->layers[chart->nr_layers++] = (struct hb_chart_layer){
			.who = HB_CHART_OTHERS, .guests = had - HB_CHART_LAYERS,
		};
	for (size_t i = 0; i < chart->nr_layers; i++)
		chart->layers[i].kib = chart->memory + i * chart->columns;
}

/* The layers of guests are in their order, and so is who. */
static void fill_layers(struct hb_chart *chart, const struct hb_chart_data *data, struct work *work)
{
	size_t reading = 0, next = 0;

	for (size_t who = 0; who < data->nr_guests; who++) {
		struct hb_chart_layer *layer = &chart->layers[next];

		sum_guest(data, who, &reading, chart->columns, work);
		if (next < chart->nr_layers && layer->who == who)
			next++;
		else
			layer = &chart->layers[HB_CHART_LAYERS];
		/* One that had nothing adds nothing, and then there can be no others. */
		for (size_t i = 0; i < chart->columns && layer->kib; i++)
			layer->kib[i] += work->sums[i] + 0.5;
	}
}

/* ---------------------------------------------------------------- the scale */

static void scale(struct hb_chart *chart)
{
	for (size_t i = 0; i < chart->columns; i++) {
		uint64_t kib = hb_chart_below(chart, chart->nr_layers, i);

		chart->most_kib = kib > chart->most_kib ? kib : chart->most_kib;
	}
	chart->tick_kib = TICK_LEAST_KIB;
	while (chart->most_kib > chart->tick_kib * TICKS_MAX)
		chart->tick_kib *= 2;
	chart->ticks = (chart->most_kib + chart->tick_kib - 1) / chart->tick_kib;
	chart->ticks += !chart->ticks;
}

bool hb_chart_lay(struct hb_chart *chart, const struct hb_chart_data *data, size_t columns)
{
	struct work work = {
		.sums = calloc(columns, sizeof(*work.sums)),
		.ranks = calloc(data->nr_guests + 1, sizeof(*work.ranks)),
	};
	bool memory;

	*chart = (struct hb_chart){ .columns = columns };
	chart->memory = calloc((HB_CHART_LAYERS + 1) * columns, sizeof(*chart->memory));
	memory = work.sums && work.ranks && chart->memory;
	if (memory) {
		sort(data);
		name_layers(chart, work.ranks, rank(data, columns, &work));
		fill_layers(chart, data, &work);
		scale(chart);
	} else {
		hb_chart_clear(chart);
	}
	free(work.sums);
	free(work.ranks);
	return memory;
}

void hb_chart_clear(struct hb_chart *chart)
{
	free(chart->memory);
	*chart = (struct hb_chart){ 0 };
}

/* ---------------------------------------------------------------- its parts */

uint64_t hb_chart_below(const struct hb_chart *chart, size_t layer, size_t column)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < layer; i++)
		kib += chart->layers[i].kib[column];
	return kib;
}

static size_t layer_at(const struct hb_chart *chart, size_t column, uint64_t kib)
{
	uint64_t top = 0;

	for (size_t i = 0; i < chart->nr_layers; i++) {
		top += chart->layers[i].kib[column];
		if (kib < top)
			return i;
	}
	return HB_CHART_NONE;
}

struct hb_chart_cell hb_chart_cell(const struct hb_chart *chart, size_t column, uint64_t low_kib, uint64_t high_kib)
{
	/* Each eighth shows what is in its middle. */
	const uint64_t half = (high_kib - low_kib) / 16;
	struct hb_chart_cell cell = { .lower = layer_at(chart, column, low_kib + half), .eighths = 1 };

	cell.upper = cell.lower;
	for (; cell.eighths < 8; cell.eighths++) {
		cell.upper = layer_at(chart, column, low_kib + (2 * cell.eighths + 1) * half);
		if (cell.upper != cell.lower)
			break;
	}
	return cell;
}

uint64_t hb_chart_step_s(uint64_t seconds, unsigned int marks)
{
	static const unsigned int steps[] = {
		1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
	};
	uint64_t step = 86400;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (seconds / steps[i] < marks)
			return steps[i];
	}
	while (seconds / step >= marks)
		step *= 2;
	return step;
}
