// SPDX-License-Identifier: GPL-2.0-or-later
/* Parsing memory/target: what is a size, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/target.h"
#include "core/text.h"

#include "random.h"

static const struct {
	const char *text;
	int rc;
	u64 value;
} numbers[] = {
	{ "0", 0, 0 },
	{ "1", 0, 1 },
	{ "262144", 0, 262144 },
	{ "00262144", 0, 262144 },
	{ "18446744073709551615", 0, U64_MAX },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "99999999999999999999", -ERANGE, 0 },
	{ "1000000000000000000000000000000000000000", -ERANGE, 0 },
	{ "0000000000000000000000000000000000000001", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "abc", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ " 5", -EINVAL, 0 },
	{ "5 ", -EINVAL, 0 },
	{ "5\n", -EINVAL, 0 },
	{ "0x40000", -EINVAL, 0 },
	{ "1e9", -EINVAL, 0 },
	{ "262144junk", -EINVAL, 0 },
	{ "2 6", -EINVAL, 0 },
	{ "5\xff", -EINVAL, 0 },
};

static void test_numbers(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		u64 value = 4711;

		assert_int_equal(hb_text_to_u64(numbers[i].text, &value),
				 numbers[i].rc);
		assert_int_equal(value, numbers[i].rc ? 4711 : numbers[i].value);
	}
}

/* Whatever prints as a number is read as that number. */
static void test_numbers_round_trip(void **state)
{
	uint64_t seed = random_seed("numbers");
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		u64 value = random_next(&seed) >> random_below(&seed, 64);
		u64 read;
		char text[32];

		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
		assert_int_equal(hb_text_to_u64(text, &read), 0);
		assert_true(read == value);
	}
}

/* Random bytes are a number exactly if they are all digits and fit. */
static void test_numbers_noise(void **state)
{
	static const char alphabet[] = "0123456789 -+.xe\n\t\xff" "a";
	uint64_t seed = random_seed("noise");
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		size_t length = random_below(&seed, 8), k, digits = 0;
		char text[9] = "";
		u64 value;

		for (k = 0; k < length; k++) {
			text[k] = alphabet[random_below(&seed, sizeof(alphabet) - 1)];
			digits += text[k] >= '0' && text[k] <= '9';
		}
		assert_int_equal(hb_text_to_u64(text, &value),
				 length && digits == length ? 0 : -EINVAL);
	}
}

static void test_quote(void **state)
{
	char out[8];

	(void)state;
	hb_text_quote("abc", out, sizeof(out));
	assert_string_equal(out, "abc");
	hb_text_quote("a\nb\x1b", out, sizeof(out));
	assert_string_equal(out, "a?b?");
	hb_text_quote("1234567", out, sizeof(out));
	assert_string_equal(out, "1234567");
	hb_text_quote("12345678", out, sizeof(out));
	assert_string_equal(out, "1234...");
	hb_text_quote("x", out, 0);
}

static void test_bad_changes_nothing(void **state)
{
	static const char *const bad[] = {
		"", "abc", "-1", " 5", "5 ", "0x40000", "1e9",
		"18446744073709551616",
		"1111111111222222222233333333334444444444",
	};
	struct hb_target target = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(hb_target_update(&target, "262144"), HB_TARGET_NEW);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(hb_target_update(&target, bad[i]), HB_TARGET_BAD);
		assert_true(target.valid);
		assert_int_equal(target.pages, 65536);
		assert_true(target.bad[0]);
		/* Said once, however often it is looked at. */
		assert_int_equal(hb_target_update(&target, bad[i]),
				 HB_TARGET_BAD_AGAIN);
	}
	/* What is shown as bad has to go. */
	assert_int_equal(hb_target_update(&target, "262144"), HB_TARGET_SAME_AFTER_BAD);
	assert_false(target.bad[0]);
	assert_int_equal(hb_target_update(&target, "262144"), HB_TARGET_SAME);
	/* And again after a good one. */
	assert_int_equal(hb_target_update(&target, "abc"), HB_TARGET_BAD);
}

static void test_first_bad(void **state)
{
	struct hb_target target = { 0 };

	(void)state;
	assert_int_equal(hb_target_update(&target, "junk"), HB_TARGET_BAD);
	assert_false(target.valid);
	assert_int_equal(hb_target_update(&target, "7"), HB_TARGET_NEW);
	assert_int_equal(target.pages, 1);	/* whole pages only */
	assert_int_equal(hb_target_set(&target, 1), HB_TARGET_SAME);
	assert_int_equal(hb_target_set(&target, 0), HB_TARGET_NEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_round_trip),
		cmocka_unit_test(test_numbers_noise),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_bad_changes_nothing),
		cmocka_unit_test(test_first_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
