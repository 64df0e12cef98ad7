/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest may write as its statistics, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats.h"

#define TEXT(literal) literal, sizeof(literal) - 1

static struct hb_number stats[HB_STAT_COUNT];

static unsigned int count_present(void)
{
	unsigned int n = 0;

	for (int i = 0; i < HB_STAT_COUNT; i++)
		n += stats[i].presence == HB_PRESENT;
	return n;
}

static void test_good(void **state)
{
	(void)state;
	assert_true(hb_stats_parse(TEXT("total-memory=262144 used=1000 oom-kills=0"), stats));
	assert_int_equal(count_present(), 3);
	assert_int_equal(stats[HB_STAT_TOTAL].value, 262144);
	assert_int_equal(stats[HB_STAT_USED].value, 1000);
	assert_int_equal(stats[HB_STAT_OOM_KILLS].presence, HB_PRESENT);
	assert_int_equal(stats[HB_STAT_FREE].presence, HB_ABSENT);
	/* In any order, and words of a driver that is newer than this. */
	assert_true(hb_stats_parse(TEXT("rescues2=5 used=7 pressure-some=18446744073709551615"), stats));
	assert_int_equal(count_present(), 1);
	assert_int_equal(stats[HB_STAT_USED].value, 7);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *line;
		size_t length;
	} lines[] = {
		{ TEXT("") },
		{ TEXT(" ") },
		{ TEXT("used") },
		{ TEXT("used=") },
		{ TEXT("=5") },
		{ TEXT("used=-5") },
		{ TEXT("used=5 ") },
		{ TEXT(" used=5") },
		{ TEXT("used=5  committed=6") },
		{ TEXT("used=5\n") },
		{ TEXT("used=5\tcommitted=6") },
		{ TEXT("used = 5") },
		{ TEXT("used=5=6") },
		{ TEXT("used=0x5") },
		{ TEXT("used=18446744073709551616") },
		{ TEXT("used=5 used=5") },
		{ TEXT("used=5 com mitted=6") },
		{ TEXT("used=5 Committed=6") },
		{ TEXT("used=5 unknown=many") },
		{ TEXT("used=5\0") },
		{ TEXT("used=5 comm\0itted=6") },
		{ TEXT("used=5 \xff=6") },
		{ TEXT("MemTotal:        2036936 kB\nMemFree: 5 kB\n") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (hb_stats_parse(lines[i].line, lines[i].length, stats) || count_present())
			fail_msg("\"%s\" is taken for statistics", lines[i].line);
	}
}

/* Every word of the contract, and every prefix of such a line but those between two words. */
static void test_all_words(void **state)
{
	static const char *const words[HB_STAT_COUNT] = HB_STAT_WORDS;
	char line[2048] = "";
	size_t length;

	(void)state;
	for (int i = 0; i < HB_STAT_COUNT; i++)
		sprintf(line + strlen(line), "%s%s=%d", i ? " " : "", words[i], i + 1000);
	length = strlen(line);
	assert_true(hb_stats_parse(line, length, stats));
	for (int i = 0; i < HB_STAT_COUNT; i++)
		assert_int_equal(stats[i].value, i + 1000);
	for (size_t cut = 0; cut < length; cut++) {
		/* In a buffer of its own: nothing behind it is read. */
		char *part = malloc(cut + 1);
		bool digit = cut && line[cut - 1] >= '0' && line[cut - 1] <= '9';

		memcpy(part, line, cut);
		part = realloc(part, cut ? cut : 1);
		assert_int_equal(hb_stats_parse(part, cut, stats), digit);
		free(part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_all_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
