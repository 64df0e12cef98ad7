/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "stats.h"
#include "value.h"

static const char *const stat_words[HB_STAT_COUNT] = HB_STAT_WORDS;

static bool is_word(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", text[i]) || !text[i])
			return false;
	}
	return length;
}

/* One "word=decimal". */
static bool take_pair(const char *pair, size_t length, struct hb_number stats[HB_STAT_COUNT])
{
	const char *sign = memchr(pair, '=', length);
	struct hb_number number;
	struct hb_word stat;

	if (!sign || !is_word(pair, sign - pair))
		return false;
	number = hb_value_number(sign + 1, pair + length - sign - 1, UINT64_MAX);
	stat = hb_value_word(pair, sign - pair, stat_words, HB_STAT_COUNT);
	if (number.presence != HB_PRESENT)
		return false;
	if (stat.presence != HB_PRESENT)
		return true;
	if (stats[stat.value].presence != HB_ABSENT)
		return false;
	stats[stat.value] = number;
	return true;
}

bool hb_stats_parse(const char *line, size_t length, struct hb_number stats[HB_STAT_COUNT])
{
	const char *end = line + length, *next;
	bool good = true;

	memset(stats, 0, HB_STAT_COUNT * sizeof(*stats));
	for (const char *pair = line; good; pair = next + 1) {
		next = memchr(pair, ' ', end - pair);
		good = take_pair(pair, (next ? next : end) - pair, stats);
		if (!next)
			break;
	}
	if (!good)
		memset(stats, 0, HB_STAT_COUNT * sizeof(*stats));
	return good;
}
