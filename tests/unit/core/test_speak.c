// SPDX-License-Identifier: GPL-2.0-or-later
/* Statistics and distress: what is told, and when.  Tables and properties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "core/distress.h"
#include "core/floor.h"
#include "core/stats.h"
#include "core/told.h"

#include "random.h"

static const char *const words[] = HB_STAT_WORDS;
static const bool is_kib[] = HB_STAT_IS_KIB;

static void test_line(void **state)
{
	struct hb_stats stats = { 0 };
	char line[HB_STATS_LINE];

	(void)state;
	assert_int_equal(hb_stats_format(&stats, line), 0);
	assert_string_equal(line, "");
	hb_stats_put(&stats, HB_STAT_OOM_KILLS, 0);
	assert_int_equal(hb_stats_format(&stats, line), 11);
	assert_string_equal(line, "oom-kills=0");
	hb_stats_put(&stats, HB_STAT_TOTAL, 262144);
	hb_stats_put(&stats, HB_STAT_SWAP_IN, U64_MAX);
	hb_stats_format(&stats, line);
	assert_string_equal(line, "total-memory=262144 swap-in=18446744073709551615 oom-kills=0");
}

/* Whatever is known is in the line, reads back as it was, and fits. */
static void test_line_round_trip(void **state)
{
	uint64_t seed = random_seed("line");
	int round;

	(void)state;
	for (round = 0; round < 2000; round++) {
		struct hb_stats stats = { 0 };
		char line[HB_STATS_LINE], *rest = line;
		unsigned int i;
		size_t length;

		for (i = 0; i < HB_STAT_COUNT; i++)
			if (random_next(&seed) % 4)
				hb_stats_put(&stats, i, random_next(&seed) >> random_next(&seed) % 64);
		length = hb_stats_format(&stats, line);
		assert_int_equal(length, strlen(line));
		for (i = 0; i < HB_STAT_COUNT; i++) {
			if (!hb_stats_has(&stats, i))
				continue;
			assert_memory_equal(rest, words[i], strlen(words[i]));
			rest += strlen(words[i]);
			assert_int_equal(*rest, '=');
			assert_true(strtoull(rest + 1, &rest, 10) == stats.value[i]);
			assert_true(*rest == ' ' || !*rest);
			rest += *rest == ' ';
		}
		assert_int_equal(*rest, '\0');
	}
}

/* The longest words and numbers that there are: one that is added must not overflow it. */
static void test_line_longest(void **state)
{
	struct hb_stats stats = { .known = HB_STATS_ALL };
	char line[HB_STATS_LINE];
	unsigned int i;

	(void)state;
	for (i = 0; i < HB_STAT_COUNT; i++) {
		stats.value[i] = U64_MAX;
		assert_true(strlen(words[i]) <= 16);
	}
	assert_true(hb_stats_format(&stats, line) < HB_STATS_LINE);
	/* xenstore takes 2048 bytes of a guest. */
	assert_true(HB_STATS_LINE <= 2048);
}

static const struct {
	u64 total, available, swap, swap_free, used;
	u32 known;
} uses[] = {
	{ 1000, 400, 0, 0, 600, HB_STATS_ALL },
	{ 1000, 400, 500, 200, 900, HB_STATS_ALL },
	{ 1000, 400, 500, 500, 600, HB_STATS_ALL },
	/* Read one after the other. */
	{ 1000, 1001, 500, 501, 0, HB_STATS_ALL },
	/* Without the size of the swap nobody knows how much is in use. */
	{ 1000, 400, 0, 200, 600, HB_STATS_ALL & ~HB_STATS_BIT(HB_STAT_SWAP_TOTAL) },
	{ 1000, 400, 500, 0, 600, HB_STATS_ALL & ~HB_STATS_BIT(HB_STAT_SWAP_FREE) },
};

static void test_used(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		struct hb_stats stats = { .known = uses[i].known & ~HB_STATS_BIT(HB_STAT_USED) };

		stats.value[HB_STAT_TOTAL] = uses[i].total;
		stats.value[HB_STAT_AVAILABLE] = uses[i].available;
		stats.value[HB_STAT_SWAP_TOTAL] = uses[i].swap;
		stats.value[HB_STAT_SWAP_FREE] = uses[i].swap_free;
		hb_stats_derive(&stats);
		assert_true(hb_stats_has(&stats, HB_STAT_USED));
		assert_int_equal(stats.value[HB_STAT_USED], uses[i].used);
	}
}

static void test_used_unknown(void **state)
{
	struct hb_stats stats = { 0 };

	(void)state;
	hb_stats_put(&stats, HB_STAT_TOTAL, 1000);
	hb_stats_derive(&stats);
	assert_false(hb_stats_has(&stats, HB_STAT_USED));
}

/* A guest of so many KiB, told one word of this value; then it is that one. */
static const struct {
	u64 total;
	enum hb_stat stat;
	u64 before, after;
	bool due;
} moves[] = {
	/* 1 % of 256 MiB is less than 4 MiB */
	{ 262144, HB_STAT_FREE, 100000, 102620, false },
	{ 262144, HB_STAT_FREE, 100000, 102621, true },
	{ 262144, HB_STAT_FREE, 100000, 97380, false },
	{ 262144, HB_STAT_FREE, 100000, 97379, true },
	/* 4 MiB are less than 1 % of 1 TiB */
	{ 1ULL << 30, HB_STAT_USED, 1 << 20, (1 << 20) + 4095, false },
	{ 1ULL << 30, HB_STAT_USED, 1 << 20, (1 << 20) + 4096, true },
	/* counts: one at least */
	{ 262144, HB_STAT_OOM_KILLS, 0, 0, false },
	{ 262144, HB_STAT_OOM_KILLS, 0, 1, true },
	{ 262144, HB_STAT_MAJOR_FAULTS, 1000, 1009, false },
	{ 262144, HB_STAT_MAJOR_FAULTS, 1000, 1010, true },
	/* nothing is known of the guest's size */
	{ 0, HB_STAT_FREE, 5, 5, false },
	{ 0, HB_STAT_FREE, 5, 6, true },
};

static struct hb_audience audience_of(u32 listened)
{
	return (struct hb_audience){
		.words = listened, .interval_ms = HB_STATS_INTERVAL_MS,
		.step_kib = HB_STATS_STEP_KIB, .percent = true,
	};
}

static bool is_due(const struct hb_audience *audience, const struct hb_stats *now, u64 now_ms)
{
	return hb_audience_wait(audience, now, 0, now_ms) == 0;
}

static void test_moves(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		struct hb_audience audience = audience_of(HB_STATS_ALL);
		struct hb_stats stats = { .known = HB_STATS_ALL };
		u64 wait;

		stats.value[HB_STAT_TOTAL] = moves[i].total;
		stats.value[moves[i].stat] = moves[i].before;
		assert_true(is_due(&audience, &stats, 0));
		hb_audience_told(&audience, &stats, 0, 0);
		stats.value[moves[i].stat] = moves[i].after;
		wait = hb_audience_wait(&audience, &stats, 0, 999);
		assert_true(wait == (moves[i].due ? 1 : HB_AUDIENCE_HAS_ALL));
		assert_int_equal(is_due(&audience, &stats, 1000), moves[i].due);
		audience.words &= ~HB_STATS_BIT(moves[i].stat);
		assert_true(hb_audience_wait(&audience, &stats, 0, 1000) == HB_AUDIENCE_HAS_ALL);
	}
}

/* Qubes OS: 30000 KiB, however small the guest is. */
static void test_moves_fixed(void **state)
{
	struct hb_audience audience = audience_of(HB_STATS_BIT(HB_STAT_USED));
	struct hb_stats stats = { .known = HB_STATS_ALL };

	(void)state;
	audience.step_kib = 30000;
	audience.percent = false;
	stats.value[HB_STAT_TOTAL] = 262144;
	hb_audience_told(&audience, &stats, 0, 0);
	stats.value[HB_STAT_USED] = 29999;
	assert_false(is_due(&audience, &stats, 5000));
	stats.value[HB_STAT_USED] = 30000;
	assert_true(is_due(&audience, &stats, 5000));
}

/* A word that came or went is told. */
static void test_word_comes(void **state)
{
	struct hb_audience audience = audience_of(HB_STATS_ALL);
	struct hb_stats stats = { 0 };

	(void)state;
	hb_audience_told(&audience, &stats, 0, 0);
	assert_false(is_due(&audience, &stats, 5000));
	hb_stats_put(&stats, HB_STAT_SWAP_TOTAL, 0);
	assert_true(is_due(&audience, &stats, 5000));
	hb_audience_told(&audience, &stats, 0, 5000);
	stats.known = 0;
	assert_true(is_due(&audience, &stats, 9000));
}

/* What could not be told is told later, though nothing moves any more. */
static void test_tell_failed(void **state)
{
	struct hb_audience audience = audience_of(HB_STATS_ALL);
	struct hb_stats stats = { .known = HB_STATS_ALL };

	(void)state;
	stats.value[HB_STAT_TOTAL] = 262144;
	hb_audience_failed(&audience, 0, 5000);
	assert_int_equal(hb_audience_wait(&audience, &stats, 0, 5000), HB_RETRY_FIRST_MS);
	assert_int_equal(hb_audience_wait(&audience, &stats, 0, 5000 + HB_RETRY_FIRST_MS), 0);
	hb_audience_failed(&audience, 0, 6000);
	assert_int_equal(hb_audience_wait(&audience, &stats, 0, 6000), 2 * HB_RETRY_FIRST_MS);
	hb_audience_told(&audience, &stats, 0, 8000);
	assert_true(hb_audience_wait(&audience, &stats, 0, 99000) == HB_AUDIENCE_HAS_ALL);
	/* Some of his keys may have been written: told again, though all moved back. */
	stats.value[HB_STAT_FREE] = 10000;
	hb_audience_failed(&audience, 0, 10000);
	assert_int_equal(hb_audience_wait(&audience, &stats, 0, 10500), HB_RETRY_FIRST_MS - 500);
	stats.value[HB_STAT_FREE] = 0;
	assert_int_equal(hb_audience_wait(&audience, &stats, 0, 10500), HB_RETRY_FIRST_MS - 500);
	assert_int_equal(hb_audience_wait(&audience, &stats, 0, 11000), 0);
	hb_audience_told(&audience, &stats, 0, 11000);
	assert_true(hb_audience_wait(&audience, &stats, 0, 99000) == HB_AUDIENCE_HAS_ALL);
}

/* All of it is gone: at once, whatever he knew or was waited for. */
static void test_tell_anew(void **state)
{
	struct hb_audience audience = audience_of(HB_STATS_ALL);
	struct hb_stats stats = { .known = HB_STATS_ALL };

	(void)state;
	hb_audience_told(&audience, &stats, 0, 5000);
	assert_int_equal(hb_audience_wait(&audience, &stats, 1, 5001), 0);
	hb_audience_failed(&audience, 1, 5001);
	assert_int_equal(hb_audience_wait(&audience, &stats, 1, 5001), HB_RETRY_FIRST_MS);
	assert_int_equal(hb_audience_wait(&audience, &stats, 2, 5001), 0);
}

static void wander(struct hb_stats *stats, uint64_t *seed)
{
	unsigned int i;

	stats->known = HB_STATS_ALL;
	stats->value[HB_STAT_TOTAL] = 1 << 20;
	for (i = HB_STAT_TOTAL + 1; i < HB_STAT_COUNT; i++)
		stats->value[i] += random_next(seed) % (is_kib[i] ? 2000 : 2);
}

/*
 * Looked at ten times a second for an hour: never told twice within a second; what is known
 * to the one who was told is never off by a step for longer than the interval.
 */
static void test_told_in_time(void **state)
{
	struct hb_audience audience = audience_of(HB_STATS_ALL);
	uint64_t seed = random_seed("told");
	struct hb_stats stats = { 0 };
	u64 now, told = 0, times = 0;

	(void)state;
	for (now = 0; now < 3600 * 1000; now += 100) {
		u64 off;

		if (random_next(&seed) % 3 == 0)
			wander(&stats, &seed);
		if (is_due(&audience, &stats, now)) {
			assert_true(!times || now - told >= HB_STATS_INTERVAL_MS);
			hb_audience_told(&audience, &stats, 0, now);
			told = now;
			times++;
		}
		off = stats.value[HB_STAT_FREE] - audience.last.value[HB_STAT_FREE];
		assert_true(off < HB_STATS_STEP_KIB || now - told < HB_STATS_INTERVAL_MS);
	}
	assert_true(times > 1000);
}

/* ---- told: a number, and no key is as good as 0 */

static void test_told(void **state)
{
	struct hb_told told = { 0 };

	(void)state;
	assert_false(hb_told_news(&told, 0, 0));
	assert_false(hb_told_tried(&told, 0));
	assert_true(hb_told_news(&told, 0, 10));
	hb_told_written(&told, 0, 10);
	assert_true(hb_told_holds(&told, 0));
	assert_false(hb_told_news(&told, 0, 10));
	assert_true(hb_told_news(&told, 0, 0));
	/* Somebody removed it, or the guest is elsewhere. */
	assert_false(hb_told_holds(&told, 1));
	assert_false(hb_told_is(&told, 1, 10));
	assert_true(hb_told_news(&told, 1, 10));
}

static void test_told_lost(void **state)
{
	struct hb_told told = { 0 };

	(void)state;
	hb_told_written(&told, 3, 10);
	hb_told_failed(&told, 3, 10);
	assert_true(hb_told_holds(&told, 3));
	hb_told_lost(&told);
	assert_false(hb_told_holds(&told, 3));
	assert_true(hb_told_tried(&told, 3));
}

static void test_told_retries(void **state)
{
	struct hb_told told = { 0 };
	unsigned int ms = HB_RETRY_FIRST_MS, i;

	(void)state;
	for (i = 0; i < 20; i++) {
		assert_int_equal(hb_told_failed(&told, 0, 10), ms);
		assert_false(hb_told_news(&told, 0, 10));
		ms = 2 * ms < HB_RETRY_MOST_MS ? 2 * ms : HB_RETRY_MOST_MS;
	}
	assert_int_equal(ms, 64000);
	/* Something else does not wait, and does not begin with a second again. */
	assert_true(hb_told_news(&told, 0, 14));
	assert_int_equal(hb_told_failed(&told, 0, 14), HB_RETRY_MOST_MS);
	/* Another epoch does. */
	assert_true(hb_told_news(&told, 1, 14));
	assert_int_equal(hb_told_failed(&told, 1, 14), HB_RETRY_FIRST_MS);
	hb_told_written(&told, 1, 14);
	assert_int_equal(hb_told_failed(&told, 1, 18), HB_RETRY_FIRST_MS);
}

/* Over, and never told: nothing is tried again. */
static void test_told_for_nothing(void **state)
{
	struct hb_told told = { 0 };

	(void)state;
	hb_told_failed(&told, 0, 10);
	hb_told_failed(&told, 0, 10);
	assert_false(hb_told_news(&told, 0, 0));
	assert_true(hb_told_is(&told, 0, 0));
	assert_false(hb_told_tried(&told, 0));
	/* It comes again: at once. */
	assert_true(hb_told_news(&told, 0, 10));
	assert_int_equal(hb_told_failed(&told, 0, 10), HB_RETRY_FIRST_MS);
}

/* The reader has 10, 14 waits for a minute: that it is over does not. */
static void test_told_over(void **state)
{
	struct hb_told told = { 0 };

	(void)state;
	hb_told_written(&told, 0, 10);
	hb_told_failed(&told, 0, 14);
	assert_false(hb_told_news(&told, 0, 14));
	assert_true(hb_told_news(&told, 0, 0));
	/* Or it is 10 again, as the reader has it. */
	assert_false(hb_told_news(&told, 0, 10));
	assert_true(hb_told_news(&told, 0, 14));
}

/*
 * The epoch changed just as a number was written, or tried: the reader may find it in the new one.
 * So 0 is written there, once.
 */
static void check_over_in(struct hb_told told, int epoch)
{
	/* Whether or not somebody looked in this epoch before it was over. */
	assert_false(hb_told_is(&told, epoch, 0));
	assert_true(hb_told_news(&told, epoch, 0));
	assert_false(hb_told_is(&told, epoch, 0));
	assert_true(hb_told_news(&told, epoch, 0));
	/* It waits like any other that fails. */
	assert_int_equal(hb_told_failed(&told, epoch, 0), HB_RETRY_FIRST_MS);
	assert_false(hb_told_news(&told, epoch, 0));
	assert_false(hb_told_is(&told, epoch, 0));
	hb_told_written(&told, epoch, 0);
	assert_true(hb_told_is(&told, epoch, 0));
	assert_false(hb_told_news(&told, epoch, 0));
	assert_true(hb_told_is(&told, epoch + 1, 0));
	assert_false(hb_told_news(&told, epoch + 1, 0));
}

static void test_told_astray(void **state)
{
	struct hb_told told = { 0 };

	(void)state;
	hb_told_failed(&told, 0, 10);
	check_over_in(told, 1);
	hb_told_written(&told, 0, 10);
	check_over_in(told, 1);
	/* An epoch in which nothing is told leaves it where it is. */
	assert_true(hb_told_news(&told, 1, 14));
	check_over_in(told, 2);
	/* A write that hung is of the epoch in which it began. */
	hb_told_written(&told, 2, 0);
	assert_false(hb_told_news(&told, 3, 0));
	hb_told_written(&told, 2, 10);
	check_over_in(told, 3);
	/* What is told in the new one is there in place of it. */
	hb_told_written(&told, 3, 14);
	assert_false(hb_told_news(&told, 3, 14));
	hb_told_written(&told, 3, 0);
	assert_false(hb_told_news(&told, 3, 0));
}

/* ---- distress: a guest of 256 MiB, whose reserve is 32 MiB */

#define GUEST (256 * HB_MIB_PAGES)

static bool look(struct hb_distress *distress, u64 available_mib, u64 stalls, u64 ooms)
{
	const struct hb_shortage need = {
		.managed = GUEST, .available = available_mib * HB_MIB_PAGES,
		.stalls = stalls, .ooms = ooms,
	};

	return hb_distress_look(distress, &need);
}

/* Looked at twice: so much available, and more stalls and kills the second time. */
static const struct {
	u64 available, stalls, ooms;
	u64 lacking;	/* MiB */
} needs[] = {
	{ 200, 0, 0, 0 },
	{ 200, 9, 0, 0 },	/* stalls with plenty: of a kind that memory does not mend */
	{ 32, 9, 0, 0 },
	{ 31, 0, 0, 0 },	/* at the floor */
	{ 31, 1, 0, 4 },	/* no less is asked for */
	{ 20, 1, 0, 12 },
	{ 16, 0, 0, 0 },
	{ 15, 0, 0, 17 },
	{ 0, 0, 0, 32 },
	{ 200, 0, 1, 4 },	/* an OOM with plenty of memory: it is in pieces */
	{ 10, 0, 1, 22 },
};

static void test_begins(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(hb_floor_reserve(GUEST), 32 * HB_MIB_PAGES);
	for (i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		struct hb_distress distress = { 0 };

		look(&distress, 200, 1000, 0);
		assert_int_equal(distress.lacking, 0);
		assert_true(look(&distress, needs[i].available, 1000 + needs[i].stalls,
				 needs[i].ooms));
		assert_int_equal(distress.lacking, needs[i].lacking * HB_MIB_PAGES);
		assert_int_equal(distress.short_now, distress.lacking);
		/* Supplied: the host is told for a while yet, and nothing is short. */
		look(&distress, 200, 1000 + needs[i].stalls, needs[i].ooms);
		assert_int_equal(distress.short_now, 0);
		assert_true(!needs[i].lacking || distress.lacking);
	}
}

/* What stalled before anybody looked is past; a kill is not. */
static void test_first_look(void **state)
{
	struct hb_distress distress = { 0 };

	(void)state;
	look(&distress, 31, 4711, 0);
	assert_int_equal(distress.lacking, 0);
	distress = (struct hb_distress){ 0 };
	look(&distress, 31, 4711, 1);
	assert_int_equal(distress.lacking, 4 * HB_MIB_PAGES);
}

/* With several nodes: whose kill headroom would be spent for in vain. */
static void test_confined(void **state)
{
	static const struct {
		u64 available;
		unsigned int nodes;
		u64 lacking;	/* MiB */
	} rows[] = {
		{ 200, 1, 4 }, { 200, 2, 0 }, { 32, 2, 0 }, { 31, 2, 4 }, { 0, 2, 32 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_distress distress = { 0 };
		struct hb_shortage need = { .managed = GUEST, .nodes = rows[i].nodes,
					    .available = 200 * HB_MIB_PAGES };

		hb_distress_look(&distress, &need);
		need.available = rows[i].available * HB_MIB_PAGES;
		need.ooms++;
		hb_distress_look(&distress, &need);
		assert_int_equal(distress.short_now, rows[i].lacking * HB_MIB_PAGES);
		assert_int_equal(distress.lacking, distress.short_now);
		/* Nor is that kill one of later. */
		need.available = 31 * HB_MIB_PAGES;
		distress = (struct hb_distress){ .seen = true, .ooms = distress.ooms };
		hb_distress_look(&distress, &need);
		assert_int_equal(distress.short_now, 0);
	}
}

/* It moves by steps, and a kill's is exact and held. */
static void test_follows(void **state)
{
	struct hb_distress distress = { 0 };
	unsigned int i;

	(void)state;
	look(&distress, 15, 0, 0);
	look(&distress, 12, 0, 0);
	assert_int_equal(distress.lacking, 17 * HB_MIB_PAGES);
	look(&distress, 11, 0, 0);
	assert_int_equal(distress.lacking, 21 * HB_MIB_PAGES);
	look(&distress, 14, 0, 0);
	assert_int_equal(distress.lacking, 21 * HB_MIB_PAGES);
	look(&distress, 15, 0, 0);
	assert_int_equal(distress.lacking, 17 * HB_MIB_PAGES);
	/* The host gave something, and it is gone. */
	look(&distress, 24, 0, 0);
	assert_int_equal(distress.lacking, 8 * HB_MIB_PAGES);
	look(&distress, 14, 0, 0);
	assert_int_equal(distress.lacking, 18 * HB_MIB_PAGES);
	look(&distress, 13, 0, 1);
	assert_int_equal(distress.lacking, 19 * HB_MIB_PAGES);
	/* Two kills one after the other: the larger one. */
	look(&distress, 16, 0, 2);
	assert_int_equal(distress.lacking, 19 * HB_MIB_PAGES);
	for (i = 0; i < HB_DISTRESS_HOLD; i++) {
		look(&distress, 150, 0, 2);
		assert_int_equal(distress.lacking, 19 * HB_MIB_PAGES);
	}
	look(&distress, 150, 0, 2);
	assert_int_equal(distress.lacking, 4 * HB_MIB_PAGES);
}

/* Over after two quiet seconds, and then nobody looks. */
static void test_ends(void **state)
{
	struct hb_distress distress = { 0 };
	unsigned int i;

	(void)state;
	look(&distress, 10, 0, 0);
	for (i = 1; i < HB_DISTRESS_QUIET; i++)
		assert_true(look(&distress, 20, 0, 0));
	assert_int_equal(distress.lacking, 12 * HB_MIB_PAGES);
	assert_false(look(&distress, 20, 0, 0));
	assert_int_equal(distress.lacking, 0);
	/* Somebody reclaims, and no allocation waits: one look is enough. */
	assert_false(look(&distress, 18, 0, 0));
	assert_int_equal(distress.lacking, 0);
}

/* Too little available, a stall or a kill: the two seconds begin anew. */
static void test_is_not_over(void **state)
{
	static const struct { u64 available, stalls, ooms; } unquiet[] = {
		{ 19, 0, 0 }, { 200, 1, 0 }, { 200, 0, 1 },
	};
	size_t kind;
	unsigned int i;

	(void)state;
	for (kind = 0; kind < sizeof(unquiet) / sizeof(*unquiet); kind++) {
		struct hb_distress distress = { 0 };

		look(&distress, 10, 0, 0);
		for (i = 1; i < HB_DISTRESS_QUIET; i++)
			look(&distress, 200, 0, 0);
		assert_true(look(&distress, unquiet[kind].available, unquiet[kind].stalls,
				 unquiet[kind].ooms));
		for (i = 1; i < HB_DISTRESS_QUIET; i++)
			assert_true(look(&distress, 200, unquiet[kind].stalls, unquiet[kind].ooms));
		assert_true(distress.lacking);
		assert_false(look(&distress, 200, unquiet[kind].stalls, unquiet[kind].ooms));
		assert_false(distress.lacking);
	}
}

/*
 * However memory comes and goes: there is no distress without cause within two seconds, it is
 * never taken back within two seconds of one, and at a kill it is there at once.
 */
static void test_distress_random(void **state)
{
	uint64_t seed = random_seed("distress");
	struct hb_distress distress = { 0 };
	u64 available = 100, stalls = 0, ooms = 0;
	unsigned int since = HB_DISTRESS_QUIET, i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		bool kill = random_next(&seed) % 500 == 0, stall = random_next(&seed) % 20 == 0;
		bool was = distress.lacking, cause;
		u64 step = random_next(&seed) % 9;

		available = available + step > 4 ? available + step - 4 : 0;
		available = available > 120 ? 120 : available;
		stalls += stall;
		ooms += kill;
		look(&distress, available, stalls, ooms);
		cause = kill || available < 16 || (i && stall && available < 32);
		since = cause || (was && (stall || available < 20)) ? 0 : since + 1;
		if (cause)
			assert_true(distress.lacking);
		if (!was && !cause)
			assert_false(distress.lacking);
		if (was && since < HB_DISTRESS_QUIET)
			assert_true(distress.lacking);
		if (since >= HB_DISTRESS_QUIET)
			assert_false(distress.lacking);
		if (kill)
			assert_true(distress.lacking + available * HB_MIB_PAGES >= 32 * HB_MIB_PAGES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_line_round_trip),
		cmocka_unit_test(test_line_longest),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_used_unknown),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_moves_fixed),
		cmocka_unit_test(test_word_comes),
		cmocka_unit_test(test_tell_failed),
		cmocka_unit_test(test_tell_anew),
		cmocka_unit_test(test_told_in_time),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_told_lost),
		cmocka_unit_test(test_told_retries),
		cmocka_unit_test(test_told_for_nothing),
		cmocka_unit_test(test_told_over),
		cmocka_unit_test(test_told_astray),
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_first_look),
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_follows),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_is_not_over),
		cmocka_unit_test(test_distress_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
