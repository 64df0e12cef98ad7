/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a manager looks at its host, and when it opens it anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "pace.h"
#include "reopen.h"

#define NEVER UINT64_MAX

static void test_hear(void **state)
{
	static const struct {
		uint64_t last_ms, round_ms;
		bool due, news;
		uint64_t now_ms, want_ms;
	} rows[] = {
		/* Nothing is heard: as it was. */
		{ 5000, 35000, false, false, 5050, 35000 },
		/* Somebody cannot wait: 100 ms after the last one, also if that is over. */
		{ 5000, 35000, true, false, 5050, 5100 },
		{ 5000, 35000, true, false, 9000, 5100 },
		/* Something has happened: a second after the last one. */
		{ 5000, 35000, false, true, 5050, 6000 },
		{ 5000, 35000, true, true, 5050, 5100 },
		/* Never later than it was due. */
		{ 5000, 5040, true, true, 5050, 5040 },
		{ 5000, 5500, false, true, 5050, 5500 },
		/* There was none yet. */
		{ 0, 35000, true, false, 5050, 5050 },
		{ 0, 35000, false, true, 5050, 1000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hb_pace pace = { .last_ms = rows[i].last_ms, .round_ms = rows[i].round_ms };

		hb_pace_hear(&pace, rows[i].due, rows[i].news, rows[i].now_ms);
		if (pace.round_ms != rows[i].want_ms || pace.last_ms != rows[i].last_ms)
			fail_msg("row %zu: %ju", i, (uintmax_t)pace.round_ms);
	}
}

/* Who has news all the time is read once a second after a while, and as before when that is over. */
static void test_read(void **state)
{
	uint64_t paid = 0, now = 1000, fast = 0;

	(void)state;
	while (hb_pace_read_ms(&paid, now, 100) == now + 100) {
		now += 100;
		fast++;
	}
	/* 300, and one in each second that they take. */
	assert_in_range(fast, 330, 336);
	for (int i = 0; i < 100; i++) {
		now += 1000;
		assert_int_equal(hb_pace_read_ms(&paid, now, 100), now + 1000);
	}
	now += 10 * 1000;
	for (int i = 0; i < 9; i++, now += 100)
		assert_int_equal(hb_pace_read_ms(&paid, now, 100), now + 100);
	now += 1000 * 1000;
	for (int i = 0; i < 300; i++)
		assert_int_equal(hb_pace_read_ms(&paid, now, 100), now + 100);
	assert_int_equal(hb_pace_read_ms(&paid, now, 100), now + 1000);
}

static void test_end(void **state)
{
	static const struct {
		uint64_t next_ms;
		unsigned int look_s;
		bool idle;
		uint64_t want_ms;
	} rows[] = {
		{ NEVER, 30, false, 35000 },
		{ 5100, 30, false, 5100 },
		{ 40000, 30, false, 35000 },
		{ 35000, 30, false, 35000 },
		{ NEVER, 3600, false, 3605000 },
		/* What was not carried out would be decided again at once. */
		{ 5100, 30, true, 6000 },
		{ 7000, 30, true, 7000 },
		{ NEVER, 30, true, 35000 },
		{ 5100, 1, true, 6000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hb_pace pace = { 0 };

		hb_pace_begin(&pace, 5000);
		/* One that does not come to its end. */
		assert_int_equal(pace.round_ms, 6000);
		hb_pace_end(&pace, rows[i].next_ms, rows[i].look_s, rows[i].idle);
		if (pace.round_ms != rows[i].want_ms || pace.last_ms != 5000)
			fail_msg("row %zu: %ju", i, (uintmax_t)pace.round_ms);
	}
}

static void test_others(void **state)
{
	struct hb_pace pace = { .last_ms = 5000, .round_ms = 35000 };

	(void)state;
	hb_pace_wake(&pace, 7000);
	assert_int_equal(pace.round_ms, 7000);
	hb_pace_put_off(&pace, 7000);
	assert_int_equal(pace.round_ms, 8000);
	assert_int_equal(pace.last_ms, 5000);
	assert_int_equal(hb_pace_until_ms(7000), 7100);
	assert_int_equal(hb_pace_again_ms(7000), 8000);
}

static void test_failures(void **state)
{
	static const enum hb_failure want[] = {
		HB_FAILURE_FIRST, HB_FAILURE_AGAIN, HB_FAILURE_AGAIN, HB_FAILURE_AGAIN, HB_FAILURE_LOST,
	};
	struct hb_reopen reopen = { 0 };

	(void)state;
	/* So many in a row; one round that works, or another connection, begins anew. */
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
			assert_int_equal(hb_reopen_failed(&reopen, false), want[i]);
		if (round)
			hb_reopen_opened(&reopen);
		else
			hb_reopen_works(&reopen);
	}
	/* One that does not answer at all is not asked again. */
	assert_int_equal(hb_reopen_failed(&reopen, true), HB_FAILURE_LOST);
}

static void test_reopened(void **state)
{
	static const uint64_t waits_ms[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000 };
	struct hb_reopen reopen = { 0 };

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
			hb_reopen_lost(&reopen, 5000);
			assert_int_equal(reopen.at_ms, 5000 + waits_ms[i]);
			/* That it can be opened does not say that it works. */
			hb_reopen_opened(&reopen);
		}
		hb_reopen_works(&reopen);
	}
	/* However long it lasts. */
	for (int i = 0; i < 1000; i++) {
		hb_reopen_lost(&reopen, 5000);
		assert_int_equal(reopen.at_ms, i < 5 ? 5000 + waits_ms[i] : 35000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hear), cmocka_unit_test(test_read), cmocka_unit_test(test_end), cmocka_unit_test(test_others),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_reopened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
