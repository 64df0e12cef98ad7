/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values out of xenstore, which guests write: numbers, words and names. */
#include <inttypes.h>

#include "fuzz.h"
#include "stats.h"
#include "value.h"

static void check_number(const char *text, size_t length, uint64_t limit)
{
	struct hb_number number = hb_value_number(text, length, limit);
	char digits[24];
	size_t zeros = 0;

	if (number.presence != HB_PRESENT) {
		MUST(number.value == 0);
		return;
	}
	MUST(number.value <= limit);
	snprintf(digits, sizeof(digits), "%" PRIu64, number.value);
	while (zeros + 1 < length && text[zeros] == '0')
		zeros++;
	MUST(length - zeros == strlen(digits) && !memcmp(text + zeros, digits, length - zeros));
}

static void check_clean(const char *text)
{
	char clean[512], again[512];

	strcpy(clean, text);
	hb_text_clean(clean);
	MUST(strlen(clean) == strlen(text));
	strcpy(again, clean);
	MUST(!strcmp(hb_text_clean(again), clean));
	for (const char *c = clean; *c; c++)
		MUST((unsigned char)*c >= ' ' && *c != 0x7f);
}

/* All or nothing, and what is there was in the line. */
static void check_stats(const char *text, size_t length)
{
	static const char *const words[HB_STAT_COUNT] = HB_STAT_WORDS;
	struct hb_number stats[HB_STAT_COUNT];
	bool good = hb_stats_parse(text, length, stats);

	for (int i = 0; i < HB_STAT_COUNT; i++) {
		MUST(stats[i].presence == HB_ABSENT || (good && stats[i].presence == HB_PRESENT));
		MUST(stats[i].presence == HB_ABSENT || strstr(text, words[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512];
	struct hb_word word;

	fuzz_text(text, sizeof(text), data, size);
	size = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
	check_number(text, size, UINT64_MAX);
	check_number(text, size, HB_SIZE_MAX_KIB);
	check_number(text, size, 1);
	word = hb_value_word(text, size, hb_cause_words, HB_CAUSE_COUNT);
	MUST(word.presence != HB_PRESENT || !strcmp(text, hb_cause_words[word.value]));
	hb_value_word(text, size, hb_state_words, HB_STATE_COUNT);
	check_stats(text, size);
	check_clean(text);
	return 0;
}
