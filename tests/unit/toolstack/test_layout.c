/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Charts: readings in, sizes and cells out. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "layout.h"

#define COLUMNS 4
#define MIB 1024ULL
/* A size that hotballoon takes. */
#define MOST (1ULL << 42)

static const struct hb_chart_guest there = { .is_there = true, .size_kib = 100 }, gone;

/* Up to two guests over 400 ms, 100 a column, and what is seen of them: a layer each. */
static void test_lines(void **state)
{
	static const struct {
		struct hb_reading readings[4];
		size_t nr_readings;
		bool is_there[2];
		uint64_t first[COLUMNS], second[COLUMNS];
	} rows[] = {
		/* Without a reading: what it has now, all the time. */
		{ { { 0 } }, 0, { true, true }, { 100, 100, 100, 100 }, { 100, 100, 100, 100 } },
		/* At an edge. */
		{ { { 1200, 0, 8, 16, 0, false } }, 1, { true, true }, { 8, 8, 16, 16 }, { 100, 100, 100, 100 } },
		/* In a column: by its part of it. */
		{ { { 1250, 0, 8, 16, 0, false } }, 1, { true, true }, { 8, 8, 12, 16 }, { 100, 100, 100, 100 } },
		/* A short peak is not lost. */
		{ { { 1125, 0, 0, 800, 0, false }, { 1150, 0, 800, 0, 0, false } }, 2, { true, true }, { 0, 200, 0, 0 },
		  { 100, 100, 100, 100 } },
		/* It is not there any more: nobody knows from when on. */
		{ { { 1100, 0, 8, 16, 0, false }, { 1300, 0, 16, 8, 0, false } }, 2, { false, true }, { 8, 16, 16, 0 },
		  { 100, 100, 100, 100 } },
		/* What was before the chart counts, and what is after it does not. */
		{ { { 500, 0, 8, 16, 0, false }, { 2000, 0, 32, 64, 0, false } }, 2, { true, true }, { 16, 16, 16, 16 },
		  { 100, 100, 100, 100 } },
		/* In any order; of one moment the later one counts. */
		{ { { 1200, 1, 1, 2, 0, false }, { 1200, 0, 8, 9, 0, false }, { 1100, 1, 3, 1, 0, false }, { 1200, 0, 9, 7, 0, false } }, 4,
		  { true, true }, { 8, 8, 7, 7 }, { 3, 1, 2, 2 } },
		/* Times from both ends of what there is. */
		{ { { 0, 0, 5, 6, 0, false }, { UINT64_MAX, 0, 6, 7, 0, false } }, 2, { true, true }, { 6, 6, 6, 6 },
		  { 100, 100, 100, 100 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hb_reading readings[4];
		struct hb_chart_guest guests[2];
		struct hb_chart_data data = {
			.readings = readings, .nr_readings = rows[i].nr_readings, .guests = guests, .nr_guests = 2,
			.from_ms = 1000, .to_ms = 1400,
		};
		struct hb_chart chart;

		memcpy(readings, rows[i].readings, sizeof(readings));
		for (size_t who = 0; who < 2; who++)
			guests[who] = rows[i].is_there[who] ? there : gone;
		assert_true(hb_chart_lay(&chart, &data, COLUMNS));
		assert_int_equal(chart.nr_layers, 2);
		assert_int_equal(chart.layers[0].who, 0);
		assert_int_equal(chart.layers[1].who, 1);
		assert_memory_equal(chart.layers[0].kib, rows[i].first, sizeof(rows[i].first));
		assert_memory_equal(chart.layers[1].kib, rows[i].second, sizeof(rows[i].second));
		for (size_t column = 0; column < COLUMNS; column++) {
			assert_int_equal(hb_chart_below(&chart, 1, column), rows[i].first[column]);
			assert_int_equal(hb_chart_below(&chart, 2, column),
					 rows[i].first[column] + rows[i].second[column]);
		}
		hb_chart_clear(&chart);
	}
}

/* It came within the chart: before that it had nothing, unless it was seen with something. */
static void test_since(void **state)
{
	static const struct {
		struct hb_reading reading;
		size_t nr_readings;
		struct hb_chart_guest guest;
		uint64_t kib[COLUMNS];
	} rows[] = {
		{ { 0 }, 0, { true, 100, 1150 }, { 0, 50, 100, 100 } },
		{ { 1300, 0, 8, 16, 0, false }, 1, { true, 100, 1100 }, { 0, 8, 8, 16 } },
		{ { 1100, 0, 8, 16, 0, false }, 1, { true, 100, 1300 }, { 8, 16, 16, 16 } },
		{ { 0 }, 0, { true, 100, 500 }, { 100, 100, 100, 100 } },
		/* What it had before is not known any more. */
		{ { 1250, 0, 8, 16, 0, true }, 1, { true, 100, 0 }, { 0, 0, 8, 16 } },
		{ { 1250, 0, 8, 16, 0, true }, 1, { true, 100, 1100 }, { 0, 0, 8, 16 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hb_reading reading = rows[i].reading;
		const struct hb_chart_data data = {
			.readings = &reading, .nr_readings = rows[i].nr_readings, .guests = &rows[i].guest,
			.nr_guests = 1, .from_ms = 1000, .to_ms = 1400,
		};
		struct hb_chart chart;

		assert_true(hb_chart_lay(&chart, &data, COLUMNS));
		assert_memory_equal(chart.layers[0].kib, rows[i].kib, sizeof(rows[i].kib));
		hb_chart_clear(&chart);
	}
}

/* Those that had most are told apart, in their order, and nothing of the others is lost. */
static void test_many(void **state)
{
	enum { GUESTS = 1000 };
	struct hb_chart_guest *guests = calloc(GUESTS, sizeof(*guests));
	struct hb_chart_data data = { .guests = guests, .nr_guests = GUESTS, .from_ms = 0, .to_ms = 1000 };
	struct hb_chart chart;

	(void)state;
	for (size_t i = 0; i < GUESTS; i++)
		guests[i] = (struct hb_chart_guest){ .is_there = true, .size_kib = i % 100 == 7 ? 50 * MIB : MIB };
	/* One that had nothing is nobody. */
	guests[500].size_kib = 0;
	assert_true(hb_chart_lay(&chart, &data, COLUMNS));
	assert_int_equal(chart.nr_layers, HB_CHART_LAYERS + 1);
	for (size_t i = 0; i < HB_CHART_LAYERS; i++) {
		assert_int_equal(chart.layers[i].who, 100 * i + 7);
		assert_int_equal(chart.layers[i].guests, 1);
		assert_int_equal(chart.layers[i].kib[0], 50 * MIB);
	}
	assert_true(chart.layers[HB_CHART_LAYERS].who == HB_CHART_OTHERS);
	assert_int_equal(chart.layers[HB_CHART_LAYERS].guests, GUESTS - HB_CHART_LAYERS - 1);
	assert_int_equal(chart.layers[HB_CHART_LAYERS].kib[3], (GUESTS - HB_CHART_LAYERS - 1) * MIB);
	assert_int_equal(chart.most_kib, hb_chart_below(&chart, chart.nr_layers, 2));
	hb_chart_clear(&chart);
	/* As large as can be, and in no time at all. */
	for (size_t i = 0; i < GUESTS; i++)
		guests[i].size_kib = MOST;
	assert_true(hb_chart_lay(&chart, &data, 1));
	assert_int_equal(chart.most_kib, GUESTS * MOST);
	assert_true(chart.ticks >= 5 && chart.ticks <= 8 && chart.ticks * chart.tick_kib >= chart.most_kib);
	hb_chart_clear(&chart);
	data.to_ms = 0;
	assert_true(hb_chart_lay(&chart, &data, COLUMNS));
	assert_int_equal(chart.nr_layers, 0);
	hb_chart_clear(&chart);
	free(guests);
}

static void test_scale(void **state)
{
	static const struct {
		uint64_t kib, tick_kib;
		unsigned int ticks;
	} rows[] = {
		{ 0, MIB, 1 }, { 1, MIB, 1 }, { MIB, MIB, 1 }, { MIB + 1, MIB, 2 }, { 8 * MIB, MIB, 8 },
		{ 8 * MIB + 1, 2 * MIB, 5 }, { 1536 * MIB, 256 * MIB, 6 }, { 2048 * MIB, 256 * MIB, 8 },
		{ 2049 * MIB, 512 * MIB, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hb_chart_guest guest = { .is_there = true, .size_kib = rows[i].kib };
		struct hb_chart_data data = { .guests = &guest, .nr_guests = 1, .to_ms = 10 };
		struct hb_chart chart;

		assert_true(hb_chart_lay(&chart, &data, COLUMNS));
		assert_int_equal(chart.most_kib, rows[i].kib);
		assert_int_equal(chart.tick_kib, rows[i].tick_kib);
		assert_int_equal(chart.ticks, rows[i].ticks);
		hb_chart_clear(&chart);
	}
}

/* Two guests of 1600 and 3200 KiB in cells of 1600 or so. */
static void test_cells(void **state)
{
	static const struct hb_chart_guest guests[] = {
		{ .is_there = true, .size_kib = 1600 }, { .is_there = true, .size_kib = 3200 },
	};
	static const struct hb_chart_data data = { .guests = guests, .nr_guests = 2, .to_ms = 10 };
	static const struct {
		uint64_t low_kib, high_kib;
		struct hb_chart_cell want;
	} rows[] = {
		{ 0, 1600, { 0, 0, 8 } }, { 1600, 3200, { 1, 1, 8 } },
		{ 800, 2400, { 0, 1, 4 } }, { 740, 2340, { 0, 1, 4 } }, { 1400, 3000, { 0, 1, 1 } }, { 200, 1800, { 0, 1, 7 } },
		{ 4000, 5600, { 1, HB_CHART_NONE, 4 } }, { 4800, 6400, { HB_CHART_NONE, HB_CHART_NONE, 8 } },
		/* Less than half of an eighth is not to be seen. */
		{ 60, 1660, { 0, 0, 8 } }, { 1540, 3140, { 1, 1, 8 } },
		/* Of three in a cell the third is left out. */
		{ 0, 6400, { 0, 1, 2 } },
	};
	struct hb_chart chart;

	(void)state;
	assert_true(hb_chart_lay(&chart, &data, 1));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hb_chart_cell cell = hb_chart_cell(&chart, 0, rows[i].low_kib, rows[i].high_kib);

		assert_true(cell.lower == rows[i].want.lower && cell.upper == rows[i].want.upper);
		assert_int_equal(cell.eighths, rows[i].want.eighths);
	}
	hb_chart_clear(&chart);
}

static void test_steps(void **state)
{
	static const struct {
		uint64_t seconds;
		unsigned int marks;
		uint64_t step_s;
	} rows[] = {
		{ 0, 1, 1 }, { 5, 6, 1 }, { 6, 6, 2 }, { 3600, 8, 600 }, { 86400, 6, 21600 }, { 86400 * 7, 8, 86400 },
		{ 86400 * 8, 8, 2 * 86400 }, { 10, 1, 15 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(hb_chart_step_s(rows[i].seconds, rows[i].marks), rows[i].step_s);
	assert_true(INT64_MAX / 1000 / hb_chart_step_s(INT64_MAX / 1000, 6) < 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines), cmocka_unit_test(test_since), cmocka_unit_test(test_many), cmocka_unit_test(test_scale),
		cmocka_unit_test(test_cells), cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
