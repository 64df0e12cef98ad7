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

/* Who has news all the time is read seldom after a minute, and as before when that is over. */
static void test_read(void **state)
{
	uint64_t paid = 0, now = 1000, fast = 0;

	(void)state;
	while (hb_pace_read_ms(&paid, now, 100) == now + 100) {
		now += 100;
		fast++;
	}
	assert_in_range(fast, 590, 610);
	now += 100;
	for (int i = 0; i < 10000; i++, now += 1500)
		assert_int_equal(hb_pace_read_ms(&paid, now, 100), now + 1500);
	/* It is forgiven however long that was. */
	now += 10 * 1000;
	for (int i = 0; i < 40; i++, now += 100)
		assert_int_equal(hb_pace_read_ms(&paid, now, 100), now + 100);
	now += 1000 * 1000;
	for (int i = 0; i < 361; i++)
		assert_int_equal(hb_pace_read_ms(&paid, now, 100), now + 100);
	assert_int_equal(hb_pace_read_ms(&paid, now, 100), now + 1500);
}

/* A guest that writes at such times, and the monitor, which does not hear of it while it floods. */
struct writer {
	uint64_t paid_ms, due_ms;
	uint64_t readings, flooded;	/* how often it was read, and was found to flood */
	bool marked, deaf;
};

static void tick(struct writer *writer, bool writes, uint64_t now)
{
	if (writer->deaf && now >= writer->due_ms) {
		writer->deaf = false;
		writer->due_ms = now + 100;
		writer->readings++;
	}
	if (writes && !writer->deaf && !writer->marked) {
		writer->marked = true;
		if (hb_pace_floods(writer->paid_ms, now)) {
			writer->flooded++;
			writer->deaf = true;
			writer->marked = false;
			writer->due_ms = hb_pace_read_ms(&writer->paid_ms, now, 100);
		}
	}
	if (writer->marked && now >= writer->due_ms) {
		writer->marked = false;
		writer->readings++;
		writer->due_ms = hb_pace_read_ms(&writer->paid_ms, now, 100);
	}
}

/*
 * What our driver writes when it is busy: its statistics each second, both of xapi's each ten, and
 * where it is ten times a second while it moves, for which its target was written.
 */
static bool writes_honestly(uint64_t now, uint64_t moves_ms)
{
	return now % 1000 == 7 || now % 10000 == 300 || now % 10000 == 302 || now % 10000 == 5000 ||
	       (now % 10000 >= 5000 && now % 10000 < 5000 + moves_ms && now % 100 == 50);
}

static void test_honest(void **state)
{
	struct writer writer = { 0 };
	uint64_t now = 1;

	(void)state;
	for (; now < 4 * 3600 * 1000; now++)
		tick(&writer, writes_honestly(now, 2000), now);
	assert_int_equal(writer.flooded, 0);
	/* Each write but those of the same moment. */
	assert_in_range(writer.readings, 4 * 360 * 30, 4 * 360 * 34);
	/* It moves for so long that it is one, and is heard as before soon after that. */
	for (uint64_t end = now + 300 * 1000; now < end; now++)
		tick(&writer, now % 100 == 50, now);
	assert_true(writer.flooded);
	for (uint64_t end = now + 120 * 1000; now < end; now++)
		tick(&writer, writes_honestly(now, 0), now);
	writer.flooded = 0;
	for (uint64_t end = now + 3600 * 1000; now < end; now++)
		tick(&writer, writes_honestly(now, 1000), now);
	assert_int_equal(writer.flooded, 0);
}

/* However seldom or often it does it. */
static void test_flooder(void **state)
{
	static const unsigned int every_ms[] = { 1, 3, 40, 100, 130, 200 };

	(void)state;
	for (size_t i = 0; i < sizeof(every_ms) / sizeof(every_ms[0]); i++) {
		struct writer writer = { 0 };
		uint64_t now = 1;

		for (; now < 3600 * 1000; now++)
			tick(&writer, now % every_ms[i] == 0, now);
		writer.readings = 0;
		for (; now < 4600 * 1000; now++)
			tick(&writer, now % every_ms[i] == 0, now);
		if (writer.readings > 700)
			fail_msg("one that writes every %u ms was read %ju times in 1000 s", every_ms[i],
				 (uintmax_t)writer.readings);
	}
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
		cmocka_unit_test(test_hear), cmocka_unit_test(test_read), cmocka_unit_test(test_honest),
		cmocka_unit_test(test_flooder), cmocka_unit_test(test_end), cmocka_unit_test(test_others),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_reopened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
