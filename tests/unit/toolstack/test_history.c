/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was done last, and its lines in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "history.h"

static struct hb_history history;

static void test_ring(void **state)
{
	struct hb_deed deed = { 0 };

	(void)state;
	assert_null(hb_history_at(&history, 0));
	for (uint64_t i = 1; i <= 3 * HB_HISTORY_DEEDS + 7; i++) {
		uint64_t count = i < HB_HISTORY_DEEDS ? i : HB_HISTORY_DEEDS;

		deed.time_ms = i;
		hb_history_add(&history, &deed);
		assert_int_equal(history.count, count);
		assert_int_equal(hb_history_at(&history, 0)->time_ms, i - count + 1);
		assert_int_equal(hb_history_at(&history, count / 2)->time_ms, i - count + 1 + count / 2);
		assert_int_equal(hb_history_at(&history, count - 1)->time_ms, i);
		assert_null(hb_history_at(&history, count));
	}
}

/* Who looks now and then sees each once, and not those that have gone meanwhile. */
static void test_since(void **state)
{
	static struct hb_history fresh;
	const struct hb_deed *next;
	struct hb_deed deed = { 0 };
	uint64_t seen = 0, last = 0;

	(void)state;
	assert_null(hb_history_since(&fresh, &seen));
	for (uint64_t i = 1; i <= 2 * HB_HISTORY_DEEDS + 7; i++) {
		deed.time_ms = i;
		hb_history_add(&fresh, &deed);
		if (i % 100)
			continue;
		for (; (next = hb_history_since(&fresh, &seen)); last = next->time_ms)
			assert_int_equal(next->time_ms, last + 1);
		assert_int_equal(last, i);
		assert_int_equal(seen, fresh.added);
	}
	seen = 0;
	assert_int_equal(hb_history_since(&fresh, &seen)->time_ms, HB_HISTORY_DEEDS + 8);
}

static struct hb_deed of_guest(uint32_t domid, uint64_t time_ms)
{
	struct hb_deed deed = { .time_ms = time_ms, .domid = domid };

	/* Some have no uuid. */
	if (domid % 2)
		snprintf(deed.uuid, sizeof(deed.uuid), "%08u-0000-0000-0000-000000000000", domid);
	return deed;
}

/* How many there are of that guest; *first is the oldest of them. */
static size_t held(const struct hb_history *of, uint32_t domid, const struct hb_deed **first)
{
	const struct hb_deed *deed;
	size_t count = 0;

	for (size_t i = 0; (deed = hb_history_at(of, i)); i++) {
		if (deed->domid != domid)
			continue;
		if (!count++)
			*first = deed;
		else
			assert_false(deed->gap);
	}
	return count;
}

/* One guest is set all the time, and others each now and then. */
static void test_share(void **state)
{
	static struct hb_history shared;
	const struct hb_deed *first;
	uint64_t now = 0, seen = 0, last = 0;
	struct hb_deed deed;

	(void)state;
	for (; now < 100000; now++) {
		const bool others = now % 500 == 0;

		deed = of_guest(others ? 1 + now / 500 % 3 : 9, now + 1);
		hb_history_add(&shared, &deed);
		if (now == HB_HISTORY_DEEDS - 2)
			assert_int_equal(hb_history_since_ms(&shared), 0);
	}
	/* All of the others, and the rest: nobody else wants it. */
	for (uint32_t domid = 1; domid <= 3; domid++) {
		assert_in_range(held(&shared, domid, &first), 66, 67);
		assert_false(first->gap);
		assert_int_equal(first->time_ms, (domid - 1) * 500 + 1);
	}
	assert_int_equal(held(&shared, 9, &first), HB_HISTORY_DEEDS - 200);
	assert_true(first->gap);
	/* Who looks at them sees each once, though some went that are in the middle. */
	for (const struct hb_deed *next; (next = hb_history_since(&shared, &seen)); last = next->time_ms)
		assert_true(next->time_ms >= last);
	assert_int_equal(last, now);
	/* The others are many by now: it has its share, and they the rest, as they come. */
	for (; now < 110000; now++) {
		deed = of_guest(100 + now % 40, now + 1);
		hb_history_add(&shared, &deed);
		if (now > 101000)
			assert_int_equal(hb_history_since_ms(&shared), hb_history_at(&shared, 0)->time_ms);
		if (now == 100000 + HB_HISTORY_DEEDS - 200 - HB_HISTORY_SHARE)
			assert_in_range(held(&shared, 9, &first), HB_HISTORY_SHARE - 1, HB_HISTORY_SHARE);
	}
	assert_int_equal(held(&shared, 9, &first), 0);
}

static bool same(const struct hb_deed *a, const struct hb_deed *b)
{
	return a->time_ms == b->time_ms && a->gap == b->gap && a->domid == b->domid && !strcmp(a->name, b->name) &&
	       !strcmp(a->uuid, b->uuid) && a->from_kib == b->from_kib && a->to_kib == b->to_kib &&
	       a->reason == b->reason;
}

static void test_lines(void **state)
{
	static const char uuid[] = "00000001-0000-0000-0000-000000000000";
	struct hb_deed deed = {
		.time_ms = 1800000000000, .domid = 7, .name = "web", .from_kib = 4, .to_kib = 8,
		.reason = HB_MOTIVE_NEEDS,
	}, read;
	char text[HB_DEED_LINE];

	(void)state;
	strcpy(deed.uuid, uuid);
	assert_string_equal(hb_deed_format(&deed, text),
			    "1800000000000 7 00000001-0000-0000-0000-000000000000 4 8 needs web\n");
	assert_true(hb_deed_parse(text, &read) && same(&deed, &read));
	deed.gap = true;
	assert_int_equal(hb_deed_format(&deed, text)[0], '~');
	assert_true(hb_deed_parse(text, &read) && same(&deed, &read));
	deed.gap = false;
	/* A name with blanks, one that looks like the line, and none; no uuid. */
	strcpy(deed.name, " my  db 4 8 needs ");
	assert_true(hb_deed_parse(hb_deed_format(&deed, text), &read) && same(&deed, &read));
	deed.name[0] = deed.uuid[0] = '\0';
	assert_string_equal(hb_deed_format(&deed, text), "1800000000000 7 - 4 8 needs \n");
	assert_true(hb_deed_parse(text, &read) && same(&deed, &read));
	/* As large as it gets, of every reason. */
	deed = (struct hb_deed){
		.time_ms = 9999999999999999999ULL, .domid = UINT32_MAX, .from_kib = HB_SIZE_MAX_KIB,
		.to_kib = HB_SIZE_MAX_KIB,
	};
	memset(deed.name, 'n', sizeof(deed.name) - 1);
	strcpy(deed.uuid, uuid);
	for (int i = 0; i < HB_MOTIVE_COUNT; i++) {
		deed.reason = i;
		assert_true(hb_deed_parse(hb_deed_format(&deed, text), &read) && same(&deed, &read));
	}
}

static void test_nonsense(void **state)
{
	static const char *const rows[] = {
		"", "\n", " ", "1800000000000", "1 7 - 4 8 needs", "1 7 - 4 8 need web", "1 7 - 4 8 web",
		"1 7 - 4 -8 needs web", "-1 7 - 4 8 needs web", "1 4294967296 - 4 8 needs web",
		"1 7 - 4 4398046511105 needs web", "1 7 - 99999999999999999999 8 needs web",
		"1 7 0000000100000000000000000000000000000 4 8 needs web", " 1 7 - 4 8 needs web",
		"1  7 - 4 8 needs web", "1 7 - 4 8 needs web\nmore", "1 7 - 4 0x8 needs web", "hotballoon 1",
	};
	struct hb_deed deed;
	char text[HB_DEED_LINE];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(hb_deed_parse(rows[i], &deed));
	/* A name that is too long is none that we have written. */
	snprintf(text, sizeof(text), "1 7 - 4 8 needs %0256d", 0);
	assert_false(hb_deed_parse(text, &deed));
	assert_true(hb_deed_parse("1 7 - 4 8 needs a\033[1m", &deed));
	assert_string_equal(deed.name, "a?[1m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring), cmocka_unit_test(test_since), cmocka_unit_test(test_share), cmocka_unit_test(test_lines), cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
