/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every form a size can have, and that what is printed can be read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <hotballoon.h>

#include "seed.h"

#define M (1ULL << 10)
#define G (1ULL << 20)
#define T (1ULL << 30)

static const struct accepted {
	const char *text;
	struct hb_size size;
} accepted[] = {
	{ "4K", { HB_SIZE_ABSOLUTE, false, 4 } },
	{ "512M", { HB_SIZE_ABSOLUTE, false, 512 * M } },
	{ "512m", { HB_SIZE_ABSOLUTE, false, 512 * M } },
	{ "512MiB", { HB_SIZE_ABSOLUTE, false, 512 * M } },
	{ "512mib", { HB_SIZE_ABSOLUTE, false, 512 * M } },
	{ "2G", { HB_SIZE_ABSOLUTE, false, 2 * G } },
	{ "2g", { HB_SIZE_ABSOLUTE, false, 2 * G } },
	{ "2GiB", { HB_SIZE_ABSOLUTE, false, 2 * G } },
	{ "1T", { HB_SIZE_ABSOLUTE, false, T } },
	{ "1TiB", { HB_SIZE_ABSOLUTE, false, T } },
	{ "2048k", { HB_SIZE_ABSOLUTE, false, 2 * M } },
	{ "524288KiB", { HB_SIZE_ABSOLUTE, false, 512 * M } },
	{ "007M", { HB_SIZE_ABSOLUTE, false, 7 * M } },
	{ "4096T", { HB_SIZE_ABSOLUTE, false, HB_SIZE_MAX_KIB } },
	{ "4398046511104K", { HB_SIZE_ABSOLUTE, false, HB_SIZE_MAX_KIB } },
	{ "1073741824b", { HB_SIZE_ABSOLUTE, false, G } },
	{ "4096B", { HB_SIZE_ABSOLUTE, false, 4 } },
	{ "4503599627370496B", { HB_SIZE_ABSOLUTE, false, HB_SIZE_MAX_KIB } },
	{ "-8192B", { HB_SIZE_DELTA, true, 8 } },
	{ "+256M", { HB_SIZE_DELTA, false, 256 * M } },
	{ "-1G", { HB_SIZE_DELTA, true, G } },
	{ "-4K", { HB_SIZE_DELTA, true, 4 } },
	{ "+10%", { HB_SIZE_PERCENT, false, 10 } },
	{ "-10%", { HB_SIZE_PERCENT, true, 10 } },
	{ "-99%", { HB_SIZE_PERCENT, true, 99 } },
	{ "+10000%", { HB_SIZE_PERCENT, false, 10000 } },
};

/* Each message names the value, each remedy a form that would be accepted. */
static const struct refused {
	const char *text, *message, *remedy;
} refused[] = {
	{ "", "\"\" is not a size", "512M" },
	{ " ", "is not a size", "512M" },
	{ "abc", "\"abc\" is not a size", "512M" },
	{ "m", "\"m\" is not a size", "512M" },
	{ "+", "is not a size", "512M" },
	{ "-", "is not a size", "512M" },
	{ "%", "is not a size", "512M" },
	{ "--5M", "is not a size", "512M" },
	{ "+-5M", "is not a size", "512M" },
	{ " 512M", "is not a size", "write 512M" },
	{ ".5G", "is not a size", "write 512M" },
	{ "512", "\"512\" has no unit", "512M (MiB, as xl reads it) or 512K (KiB, as xenstore counts)" },
	{ "1048576", "has no unit", "1048576M (= 1T; MiB, as xl reads it) or 1048576K (= 1G; KiB" },
	{ "513", "has no unit", "513M" },
	{ "-256", "\"-256\" has no unit", "-256M" },
	{ "+256", "has no unit", "+256K" },
	{ "4398046511103", "has no unit", "the unit" },
	{ "0", "\"0\" is zero", "4K" },
	{ "0M", "is zero", "4K" },
	{ "+0M", "is zero", "+4K" },
	{ "-0K", "is zero", "-4K" },
	{ "4097T", "is too large", "4096T" },
	{ "4398046511105K", "is too large", "4096T" },
	{ "18446744073709551616K", "is too large", "4096T" },
	{ "99999999999999999999999999999", "is too large", "4096T" },
	{ "0B", "is zero", "4K" },
	{ "1b", "not a whole number of pages", "write 4K" },
	{ "+4097B", "not a whole number of pages", "+4K or +8K" },
	{ "4503599627374592B", "is too large", "4096T" },
	{ "1K", "not a whole number of pages", "write 4K" },
	{ "513K", "not a whole number of pages", "512K or 516K" },
	{ "-6K", "not a whole number of pages", "-4K or -8K" },
	{ "1.5G", "fraction", "write 1536M" },
	{ "1,5G", "fraction", "write 1536M" },
	{ "+0.25G", "fraction", "write +256M" },
	{ "1.3M", "fraction", "write 1328K" },
	{ "1.", "fraction", "smaller unit" },
	{ "1.5", "fraction", "smaller unit" },
	{ "1.5.5G", "fraction", "smaller unit" },
	{ "1.0000000001G", "fraction", "smaller unit" },
	{ "2GB", "unknown unit \"GB\"", "2G or 2GiB" },
	{ "2gb", "unknown unit \"gb\"", "2G or 2GiB" },
	{ "512Mbit", "unknown unit", "512M or 512MiB" },
	{ "2 G", "unknown unit", "2G" },
	{ "2G ", "unknown unit", "write 2G, without a blank" },
	{ "3P", "unknown unit \"P\"", "write 3072T" },
	{ "5P", "unknown unit \"P\"", "for example 512M" },
	{ "512Mi", "unknown unit", "write 512M" },
	{ "+2gigs", "unknown unit", "write +2G" },
	{ "10KB", "unknown unit", "for example 512M" },
	{ "512 MB", "unknown unit", "write 512M or 512MiB" },
	{ "5T5", "unknown unit", "for example 512M" },
	{ "1.5GB", "fraction", "write 1536M" },
	{ "-10.5%", "fraction", "write -10% or -11%" },
	{ "2Gi", "unknown unit", "write 2G" },
	{ "2\xce\x9c", "unknown unit", "2M or 2G" },
	{ "0x200M", "unknown unit", "for example 512M" },
	{ "1e3M", "unknown unit", "for example 512M" },
	{ "50%", "direction", "+50% to grow or -50% to shrink" },
	{ "0%", "out of range", "+1%" },
	{ "100%", "direction", "write +100% to grow by" },
	{ "0002100%", "direction", "write +2100% to grow by" },
	{ "-0050", "no unit", "write -50M" },
	{ "+0%", "out of range", "-1%" },
	{ "-100%", "out of range", "-99%" },
	{ "+10001%", "out of range", "+10000%" },
	{ "+99999999999999999999%", "out of range", "+10000%" },
	{ "10%%", "unknown unit", "" },
	{ "+1.5%", "fraction", "write +1% or +2%" },
	/* Some group digits by three. */
	{ "1,024M", "fraction", "write 1024M or 1048K" },
	{ "-1.536M", "fraction", "write -1536M or -1572K" },
	{ "1,024GB", "fraction", "write 1024G or 1073740K" },
	{ "1'024gb", "unknown unit", "write 1024g" },
	{ "1,024Mi", "fraction", "smaller unit" },
	{ "+1.500%", "fraction", "write +1% or +2%" },
	{ "+2,500%", "fraction", "write +2% or +3%" },
	{ "1,048,576K", "fraction", "write 1048576K" },
	{ "1'024M", "unknown unit", "write 1024M" },
	{ "1_000_000K", "unknown unit", "write 1000000K" },
	{ "1 024M", "unknown unit", "write 1024M, without a blank" },
	{ "1'02M", "unknown unit", "for example 512M" },
	{ "1024'000M", "unknown unit", "for example 512M" },
	{ "0,512G", "fraction", "write 536868K" },
	{ "999'999'999'999'999'999'999'999'999'999K", "unknown unit", "for example 512M" },
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		const struct hb_size *want = &accepted[i].size;
		struct hb_error error = { 0 };
		struct hb_size size;

		if (hb_size_parse(accepted[i].text, &size, &error))
			fail_msg("\"%s\" refused: %s", accepted[i].text, error.message);
		if (size.kind != want->kind || size.negative != want->negative ||
		    size.amount != want->amount)
			fail_msg("\"%s\" is %d %d %llu", accepted[i].text, size.kind, size.negative,
				 (unsigned long long)size.amount);
	}
}

/* Whoever writes what the remedy says must not be refused again. */
static void assert_likely_form_is_accepted(const struct hb_error *error)
{
	struct hb_error again = { 0 };
	struct hb_size size;
	char form[40];

	if (sscanf(error->remedy, "write %39[^ ,(]", form) == 1 && strpbrk(form, "0123456789") &&
	    hb_size_parse(form, &size, &again))
		fail_msg("the remedy \"%s\" is refused: %s", error->remedy, again.message);
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct hb_error error = { 0 };
		struct hb_size size;
		enum hb_code code = hb_size_parse(refused[i].text, &size, &error);

		print_message("%s\n", refused[i].text);
		if (code != HB_E_USAGE || error.code != HB_E_USAGE)
			fail_msg("\"%s\": code %d", refused[i].text, code);
		if (!strstr(error.message, refused[i].message))
			fail_msg("\"%s\": message \"%s\"", refused[i].text, error.message);
		if (!error.remedy[0] || !strstr(error.remedy, refused[i].remedy))
			fail_msg("\"%s\": remedy \"%s\"", refused[i].text, error.remedy);
		if (strlen(refused[i].text) > 1 && !strstr(error.message, refused[i].text))
			fail_msg("\"%s\": not named in \"%s\"", refused[i].text, error.message);
		assert_likely_form_is_accepted(&error);
	}
}

static void test_format(void **state)
{
	static const struct {
		uint64_t kib;
		const char *exact, *human;
	} cases[] = {
		{ 0, "0K", "0K" },
		{ 4, "4K", "4K" },
		{ 1020, "1020K", "1020K" },
		{ M, "1M", "1M" },
		{ 512 * M, "512M", "512M" },
		{ 512 * M + 64, "524352K", "512.1M" },
		{ 1536 * M, "1536M", "1536M" },
		{ G, "1G", "1G" },
		{ 2 * G + 64, "2097216K", "2048.1M" },
		{ 20 * G + 512 * M, "20992M", "20.5G" },
		{ 20 * G - 4, "20971516K", "20G" },
		{ T, "1T", "1T" },
		{ HB_SIZE_MAX_KIB, "4096T", "4096T" },
	};
	char text[HB_SIZE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("cases, row %zu\n", i);
		assert_string_equal(hb_size_format(cases[i].kib, text), cases[i].exact);
		assert_string_equal(hb_size_human(cases[i].kib, text), cases[i].human);
	}
}

static unsigned int seed;

static uint64_t random_kib(void)
{
	uint64_t pages = ((uint64_t)random() << 31 | random()) & (HB_SIZE_MAX_KIB / HB_PAGE_KIB - 1);

	/* All magnitudes, not only the largest. */
	return ((pages >> random() % 40) + 1) * HB_PAGE_KIB;
}

static void test_round_trip(void **state)
{
	(void)state;
	srandom(seed);
	for (int i = 0; i < 200000; i++) {
		uint64_t kib = random_kib();
		char text[HB_SIZE_TEXT];
		struct hb_error error;
		struct hb_size size;

		if (hb_size_parse(hb_size_format(kib, text), &size, &error) ||
		    size.kind != HB_SIZE_ABSOLUTE || size.amount != kib)
			fail_msg("seed %u: %llu prints as %s", seed, (unsigned long long)kib, text);
	}
}

/* Garbage is refused with a reason or means exactly one thing; it never crashes. */
static void test_garbage(void **state)
{
	static const char alphabet[] = "0123456789+-%.,KMGTPkmgtiB b\t\n\xff";

	(void)state;
	srandom(seed);
	for (int i = 0; i < 200000; i++) {
		char text[40], again[HB_SIZE_TEXT];
		size_t length = random() % sizeof(text);
		struct hb_error error = { 0 };
		struct hb_size size = { 0 };

		for (size_t j = 0; j < length; j++)
			text[j] = alphabet[random() % (sizeof(alphabet) - 1)];
		text[length ? length - 1 : 0] = '\0';
		if (hb_size_parse(text, &size, &error)) {
			if (!error.message[0] || !error.remedy[0])
				fail_msg("seed %u: \"%s\" refused without a word", seed, text);
		} else if (size.amount == 0 || size.amount > HB_SIZE_MAX_KIB ||
			   (size.kind != HB_SIZE_PERCENT && size.amount % HB_PAGE_KIB)) {
			fail_msg("seed %u: \"%s\" means %s", seed, text,
				 hb_size_format(size.amount, again));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_garbage),
	};

	seed = choose_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
