/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest may write into its nodes, and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "value.h"

#define TEXT(literal) literal, sizeof(literal) - 1

static void test_numbers(void **state)
{
	static const struct {
		const char *value;
		size_t length;
		uint64_t limit;
		struct hb_number want;
	} cases[] = {
		{ TEXT("0"), UINT64_MAX, { HB_PRESENT, 0 } },
		{ TEXT("262144"), UINT64_MAX, { HB_PRESENT, 262144 } },
		{ TEXT("007"), UINT64_MAX, { HB_PRESENT, 7 } },
		{ TEXT("18446744073709551615"), UINT64_MAX, { HB_PRESENT, UINT64_MAX } },
		{ TEXT("18446744073709551616"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("99999999999999999999"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("000000000000000000001"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("100"), 100, { HB_PRESENT, 100 } },
		{ TEXT("101"), 100, { HB_INVALID, 0 } },
		{ TEXT("1"), 0, { HB_INVALID, 0 } },
		{ TEXT(""), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("-1"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("+1"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT(" 300000"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("300000\n"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("262144junk"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("0x40000"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("1e3"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("12\0" "34"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("12\0"), UINT64_MAX, { HB_INVALID, 0 } },
		{ TEXT("\xff\xfe"), UINT64_MAX, { HB_INVALID, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hb_number got = hb_value_number(cases[i].value, cases[i].length,
						       cases[i].limit);

		if (got.presence != cases[i].want.presence || got.value != cases[i].want.value)
			fail_msg("case %zu \"%s\": %d %llu", i, cases[i].value, got.presence,
				 (unsigned long long)got.value);
	}
}

static void check_word(const char *value, size_t length, enum hb_presence presence, int cause,
		       const char *name)
{
	struct hb_word word = hb_value_word(value, length, hb_cause_words, HB_CAUSE_COUNT);

	assert_int_equal(word.presence, presence);
	assert_int_equal(word.value, cause);
	assert_string_equal(hb_report_cause_name(&word), name);
}

static void test_words(void **state)
{
	const struct hb_word absent = { HB_ABSENT, 0 };

	(void)state;
	check_word(TEXT("none"), HB_PRESENT, HB_CAUSE_NONE, "none");
	check_word(TEXT("bad-target"), HB_PRESENT, HB_CAUSE_BAD_TARGET, "bad-target");
	check_word(TEXT(""), HB_INVALID, 0, "invalid");
	check_word(TEXT("None"), HB_INVALID, 0, "invalid");
	check_word(TEXT("none "), HB_INVALID, 0, "invalid");
	check_word(TEXT("none\0x"), HB_INVALID, 0, "invalid");
	check_word(TEXT("guest"), HB_INVALID, 0, "invalid");
	check_word(TEXT("\033[2Jguest-busy"), HB_INVALID, 0, "invalid");
	assert_string_equal(hb_report_cause_name(&absent), "-");
}

/* The enum is the index into the words: every word comes back as itself. */
static void test_all_words(void **state)
{
	(void)state;
	for (int i = 0; i < HB_CAUSE_COUNT; i++)
		check_word(hb_cause_words[i], strlen(hb_cause_words[i]), HB_PRESENT, i,
			   hb_cause_words[i]);
	for (int i = 0; i < HB_STATE_COUNT; i++) {
		struct hb_word word = hb_value_word(hb_state_words[i], strlen(hb_state_words[i]),
						    hb_state_words, HB_STATE_COUNT);

		assert_int_equal(word.value, i);
		assert_string_equal(hb_report_state_name(&word), hb_state_words[i]);
	}
}

/* What a name may hold: anything; what is shown of it: printable UTF-8. */
static void test_clean(void **state)
{
	static const struct {
		const char *text, *clean;
	} cases[] = {
		{ "", "" },
		{ "web1", "web1" },
		{ "a b~", "a b~" },
		{ "gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80", "gr\xc3\xbcn \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\033[2J\r\n\t\177", "?[2J????" },
		{ "\xff\xfe", "??" },
		{ "\xc2\x9b" "2J", "??2J" },		/* C1: escape [ */
		{ "\xc0\xaf", "??" },			/* longer than need be */
		{ "\xe0\x80\xaf", "???" },
		{ "\xf0\x80\x80\xaf", "????" },
		{ "\xed\xa0\x80", "???" },		/* half of a surrogate pair */
		{ "\xf4\x90\x80\x80", "????" },	/* beyond Unicode */
		{ "\xe2\x82", "??" },			/* cut */
		{ "\xe2\x82x", "??x" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].text);
		strcpy(text, cases[i].text);
		assert_string_equal(hb_text_clean(text), cases[i].clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_all_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
