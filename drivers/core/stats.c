// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

static const char *const words[] = HB_STAT_WORDS;
static const bool is_kib[] = HB_STAT_IS_KIB;

void hb_stats_derive(struct hb_stats *stats)
{
	u64 total = stats->value[HB_STAT_TOTAL];
	u64 available = stats->value[HB_STAT_AVAILABLE];
	u64 swap = stats->value[HB_STAT_SWAP_TOTAL];
	u64 swap_free = stats->value[HB_STAT_SWAP_FREE];
	u64 used;

	if (!hb_stats_has(stats, HB_STAT_TOTAL) || !hb_stats_has(stats, HB_STAT_AVAILABLE))
		return;
	/* Counters are read one after the other: they need not fit together. */
	used = total > available ? total - available : 0;
	if (hb_stats_has(stats, HB_STAT_SWAP_TOTAL) && hb_stats_has(stats, HB_STAT_SWAP_FREE))
		used += swap > swap_free ? swap - swap_free : 0;
	hb_stats_put(stats, HB_STAT_USED, used);
}

/* By how much a word must move. */
static u64 step_of(const struct hb_audience *audience, enum hb_stat stat)
{
	u64 part = audience->last.value[is_kib[stat] ? HB_STAT_TOTAL : stat] / 100;

	if (!is_kib[stat])
		return part ? part : 1;
	if (!audience->percent || part >= audience->step_kib)
		return audience->step_kib;
	return part ? part : 1;
}

static bool has_moved(const struct hb_audience *audience, const struct hb_stats *now,
		      enum hb_stat stat)
{
	u64 a = audience->last.value[stat], b = now->value[stat];

	if (hb_stats_has(now, stat) != hb_stats_has(&audience->last, stat))
		return true;
	return hb_stats_has(now, stat) &&
	       (a < b ? b - a : a - b) >= step_of(audience, stat);
}

static bool knows_all(const struct hb_audience *audience, const struct hb_stats *now)
{
	unsigned int i;

	for (i = 0; i < HB_STAT_COUNT; i++)
		if (audience->words & HB_STATS_BIT(i) && has_moved(audience, now, i))
			return false;
	return true;
}

u64 hb_audience_wait(const struct hb_audience *audience, const struct hb_stats *now, int epoch,
		     u64 now_ms)
{
	const struct hb_told *told = &audience->told;
	u64 pause = told->retry_ms ? told->retry_ms : audience->interval_ms;
	u64 since = now_ms - audience->tried_ms;

	if (!hb_told_tried(told, epoch))
		return 0;
	if (hb_told_holds(told, epoch) && knows_all(audience, now))
		return HB_AUDIENCE_HAS_ALL;
	return since < pause ? pause - since : 0;
}

void hb_audience_told(struct hb_audience *audience, const struct hb_stats *now, int epoch,
		      u64 now_ms)
{
	hb_told_written(&audience->told, epoch, 0);
	audience->tried_ms = now_ms;
	audience->last = *now;
}

void hb_audience_failed(struct hb_audience *audience, int epoch, u64 now_ms)
{
	hb_told_failed(&audience->told, epoch, 0);
	hb_told_lost(&audience->told);
	audience->tried_ms = now_ms;
}

/* snprintf() is in no header that both worlds have. */
static size_t put_number(char *out, u64 value)
{
	char digits[20];
	size_t n = 0, i;

	do {
		digits[n++] = '0' + value % 10;
		value /= 10;
	} while (value);
	for (i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	return n;
}

size_t hb_stats_format(const struct hb_stats *stats, char line[HB_STATS_LINE])
{
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < HB_STAT_COUNT; i++) {
		size_t length = strlen(words[i]);

		if (!hb_stats_has(stats, i))
			continue;
		if (used)
			line[used++] = ' ';
		memcpy(line + used, words[i], length);
		used += length;
		line[used++] = '=';
		used += put_number(line + used, stats->value[i]);
	}
	line[used] = '\0';
	return used;
}
