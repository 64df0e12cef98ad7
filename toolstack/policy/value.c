/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "value.h"

const char *const hb_state_words[HB_STATE_COUNT] = HB_STATE_WORDS;
const char *const hb_cause_words[HB_CAUSE_COUNT] = HB_CAUSE_WORDS;

struct hb_number hb_value_number(const char *value, size_t length, uint64_t limit)
{
	const struct hb_number invalid = { HB_INVALID, 0 };
	uint64_t number = 0;

	/* 20 digits hold 2^64 - 1. */
	if (length == 0 || length > 20)
		return invalid;
	for (size_t i = 0; i < length; i++) {
		unsigned int digit = (unsigned char)value[i] - '0';

		if (digit > 9 || digit > limit || number > (limit - digit) / 10)
			return invalid;
		number = number * 10 + digit;
	}
	return (struct hb_number){ HB_PRESENT, number };
}

struct hb_word hb_value_word(const char *value, size_t length, const char *const *words,
			     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (length == strlen(words[i]) && !memcmp(value, words[i], length))
			return (struct hb_word){ HB_PRESENT, i };
	}
	return (struct hb_word){ HB_INVALID, 0 };
}

static const char *word_name(const struct hb_word *word, const char *const *words)
{
	if (word->presence == HB_PRESENT)
		return words[word->value];
	return word->presence == HB_INVALID ? "invalid" : "-";
}

const char *hb_report_state_name(const struct hb_word *state)
{
	return word_name(state, hb_state_words);
}

const char *hb_report_cause_name(const struct hb_word *cause)
{
	return word_name(cause, hb_cause_words);
}
