/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits: the line in the file, and what applies to a domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "limit.h"
#include "seed.h"

#define M (1ULL << 10)
#define G (1ULL << 20)

#define UUID "0a1b2c3d-0000-4000-8000-fedcba987654"

static void test_parse(void **state)
{
	struct hb_limits_entry entry;

	(void)state;
	assert_true(hb_limits_parse(UUID " mode=auto weight=500 min=262144 max=2097152 set=524288",
				    &entry));
	assert_string_equal(entry.uuid, UUID);
	assert_int_equal(entry.limits.mode, HB_MODE_AUTO);
	assert_int_equal(entry.limits.weight, 500);
	assert_int_equal(entry.limits.min.value, 256 * M);
	assert_int_equal(entry.limits.max.value, 2 * G);
	assert_int_equal(entry.limits.set.value, 512 * M);
	/* A target as somebody has written it. */
	assert_true(hb_limits_parse(UUID " mode=auto set=524289", &entry));
	assert_int_equal(entry.limits.set.value, 524289);
	assert_true(hb_limits_parse(UUID " mode=off", &entry));
	assert_int_equal(entry.limits.mode, HB_MODE_OFF);
	assert_int_equal(entry.limits.weight, HB_WEIGHT_DEFAULT);
	assert_int_equal(entry.limits.min.presence, HB_ABSENT);
}

static void test_damaged(void **state)
{
	static const char *const lines[] = {
		"", " ", "x", UUID "x", UUID " ", UUID "  mode=auto", "mode=auto " UUID,
		"0A1B2C3D-0000-4000-8000-FEDCBA987654 mode=auto", "0a1b2c3d_0000_4000_8000_fedcba987654",
		UUID " mode", UUID " mode=", UUID " mode=sometimes", UUID " mode=auto\t", UUID " =5",
		UUID " weight=0", UUID " weight=1000001", UUID " weight=-1", UUID " weight=", UUID " min=",
		UUID " min=4k", UUID " min=-4", UUID " min=3", UUID " min=4 min=8",
		UUID " max=3", UUID " set=3 set=3", UUID " set=4398046511105",
		UUID " max=4398046511108", UUID " max=99999999999999999999999", UUID " unknown=",
		UUID " Minimum=4", UUID " m_i=4", UUID " 4=4", UUID " -=4", UUID " =", UUID " mode=auto trailing",
		UUID " later=\t", UUID " later=\x80", UUID " later=\x7f", UUID " la\tter=4",
	};
	struct hb_limits_entry entry;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (hb_limits_parse(lines[i], &entry))
			fail_msg("accepted: \"%s\"", lines[i]);
	}
}

/* What a later version has written is passed over, and is there again when the line is written. */
static void test_unknown(void **state)
{
	char text[HB_LIMITS_LINE], unknown[HB_LIMITS_UNKNOWN], line[512];
	struct hb_limits_entry entry;

	(void)state;
	assert_true(hb_limits_parse_all(UUID " later=4 mode=auto mi=4,x=y weight=500 minimum=4 min=262144", &entry, unknown));
	assert_string_equal(unknown, " later=4 mi=4,x=y minimum=4");
	assert_int_equal(entry.limits.min.value, 256 * M);
	assert_string_equal(hb_limits_format(&entry, unknown, text),
			    UUID " mode=auto weight=500 min=262144 later=4 mi=4,x=y minimum=4\n");
	assert_true(hb_limits_parse_all(UUID " mode=auto", &entry, unknown));
	assert_string_equal(unknown, "");
	/* As much as there is room for, behind the longest line of ours, and no more. */
	for (int more = 0; more < 2; more++) {
		snprintf(line, sizeof(line), UUID " mode=manual weight=1000000 min=4398046511104 max=4398046511104 "
			 "set=4398046511104 of=4294967295,%s next=4398046511104 later=%0*d", UUID,
			 HB_LIMITS_UNKNOWN - 8 + more, 0);
		assert_int_equal(hb_limits_parse_all(line, &entry, unknown), !more);
		if (more)
			continue;
		strcat(line, "\n");
		assert_int_equal(strlen(unknown), HB_LIMITS_UNKNOWN - 1);
		assert_string_equal(hb_limits_format(&entry, unknown, text), line);
	}
}

static struct hb_number some_size(void)
{
	if (random() % 3 == 0)
		return (struct hb_number){ HB_ABSENT, 0 };
	return (struct hb_number){
		HB_PRESENT, ((uint64_t)random() << 20 | random()) % (HB_SIZE_MAX_KIB / 4 + 1) * 4,
	};
}

static bool same(const struct hb_number *a, const struct hb_number *b)
{
	return a->presence == b->presence && a->value == b->value;
}

static void test_round_trip(void **state)
{
	(void)state;
	srandom(choose_seed());
	for (int i = 0; i < 20000; i++) {
		struct hb_limits_entry entry = {
			.uuid = UUID,
			.limits = { random() % 3, some_size(), some_size(),
				    random() % HB_WEIGHT_MAX + 1, some_size() },
		};
		struct hb_limits_entry back;
		char text[HB_LIMITS_LINE], *end;

		/* A target need not be whole pages. */
		if (entry.limits.set.value)
			entry.limits.set.value -= random() % 4;
		hb_limits_format(&entry, "", text);
		end = strchr(text, '\n');
		assert_non_null(end);
		*end = '\0';
		if (!hb_limits_parse(text, &back))
			fail_msg("not read back: %s", text);
		assert_int_equal(back.limits.mode, entry.limits.mode);
		assert_int_equal(back.limits.weight, entry.limits.weight);
		assert_true(same(&back.limits.min, &entry.limits.min));
		assert_true(same(&back.limits.max, &entry.limits.max));
		assert_true(same(&back.limits.set, &entry.limits.set));
	}
}

static struct hb_domain guest(void)
{
	return (struct hb_domain){
		.domid = 5,
		.name = "guest",
		.target = { HB_PRESENT, 512 * M },
		.static_max = { HB_PRESENT, G },
	};
}

static void test_bounds(void **state)
{
	struct hb_domain domain = guest();
	uint64_t floor, ceiling;

	(void)state;
	hb_limits_bounds(&domain, &floor, &ceiling);
	assert_int_equal(floor, 128 * M);
	assert_int_equal(ceiling, HB_SIZE_MAX_KIB);
	domain.driver = HB_DRIVER_WINDOWS;
	hb_limits_bounds(&domain, &floor, &ceiling);
	assert_int_equal(ceiling, G);
	domain.driver = HB_DRIVER_HOTBALLOON;
	domain.report.max = (struct hb_number){ HB_PRESENT, 4 * G };
	domain.hotplug_max = (struct hb_number){ HB_PRESENT, 8 * G };
	hb_limits_bounds(&domain, &floor, &ceiling);
	assert_int_equal(floor, HB_PAGE_KIB);
	assert_int_equal(ceiling, 4 * G);
	domain.hotplug_max.value = 2 * G;
	hb_limits_bounds(&domain, &floor, &ceiling);
	assert_int_equal(ceiling, 2 * G);
	/* A guest that reports 0 does not make its bounds cross. */
	domain.report.max.value = 0;
	hb_limits_bounds(&domain, &floor, &ceiling);
	assert_int_equal(floor, HB_PAGE_KIB);
	assert_int_equal(ceiling, 512 * M);
	/* One that is small already. */
	domain = guest();
	domain.target.value = 32 * M;
	hb_limits_bounds(&domain, &floor, &ceiling);
	assert_int_equal(floor, 32 * M);
	domain.domid = 0;
	domain.target.value = 4 * G;
	hb_limits_bounds(&domain, &floor, &ceiling);
	assert_int_equal(floor, G);
}

static void refused(const struct hb_limits *limits, const char *why)
{
	struct hb_domain domain = guest();
	struct hb_error error;

	domain.hotplug_max = (struct hb_number){ HB_PRESENT, 4 * G };
	assert_int_equal(hb_limits_check(&domain, limits, &error), HB_E_USAGE);
	if (!strstr(error.message, why))
		fail_msg("%s", error.message);
	assert_true(error.remedy[0]);
}

static void test_check(void **state)
{
	struct hb_limits limits = { 0 };
	struct hb_domain domain = guest();
	struct hb_error error;

	(void)state;
	assert_int_equal(hb_limits_check(&domain, &limits, &error), HB_OK);
	limits.min = (struct hb_number){ HB_PRESENT, 64 * M };
	refused(&limits, "cannot live with 64M");
	limits.min.value = 2 * G;
	assert_int_equal(hb_limits_check(&domain, &limits, &error), HB_OK);
	limits.max = (struct hb_number){ HB_PRESENT, G };
	refused(&limits, "would be 2G and its maximum 1G");
	limits.max.value = 5 * G;
	refused(&limits, "cannot grow to 5G");
	/* What is advised is accepted: whole pages. */
	domain.hotplug_max = (struct hb_number){ HB_PRESENT, 4 * G + 3 };
	assert_int_equal(hb_limits_check(&domain, &limits, &error), HB_E_USAGE);
	assert_string_equal(error.remedy, "set a maximum of at most 4G");
	domain.target.value = 64 * M + 1;
	limits.min.value = 4;
	assert_int_equal(hb_limits_check(&domain, &limits, &error), HB_E_USAGE);
	assert_string_equal(error.remedy, "set a minimum of at least 65540K");
}

/* What managers were about to set is set when the domain has it, and forgotten if not. */
static void test_next(void **state)
{
	const char *line = UUID " mode=auto weight=1000 min=262144 set=524288 next=393216\n";
	struct hb_domain domain = guest();
	struct hb_limits_entry entry;
	char text[HB_LIMITS_LINE];
	const char *why;

	(void)state;
	assert_true(hb_limits_parse(UUID " mode=auto min=262144 set=524288 next=393216", &entry));
	assert_string_equal(hb_limits_format(&entry, "", text), line);
	assert_false(hb_limits_parse(UUID " mode=auto next=1 next=1", &entry));

	assert_true(hb_limits_parse(UUID " mode=auto min=262144 set=524288 next=393216", &entry));
	domain.target.value = 384 * M;
	hb_limits_resolve(&entry, &domain);
	assert_int_equal(entry.limits.set.value, 384 * M);
	assert_int_equal(entry.next.presence, HB_ABSENT);
	assert_true(hb_limits_automatic(&domain, &entry.limits, &why));

	assert_true(hb_limits_parse(UUID " mode=auto min=262144 set=524288 next=393216", &entry));
	domain.target.value = 512 * M;
	hb_limits_resolve(&entry, &domain);
	assert_int_equal(entry.limits.set.value, 512 * M);
	assert_true(hb_limits_automatic(&domain, &entry.limits, &why));

	/* A person has set another one. */
	assert_true(hb_limits_parse(UUID " mode=auto min=262144 set=524288 next=393216", &entry));
	domain.target.value = 400 * M;
	hb_limits_resolve(&entry, &domain);
	assert_int_equal(entry.next.presence, HB_ABSENT);
	assert_false(hb_limits_automatic(&domain, &entry.limits, &why));
}

#define BOOT_A "11111111-0000-4000-8000-000000000000"
#define BOOT_B "22222222-0000-4000-8000-000000000000"

/* What a domain was built with that is not the one whose size was set is no person's choice. */
static void test_built_anew(void **state)
{
	const char *line = UUID " mode=auto weight=1000 min=262144 set=393216 of=5," BOOT_A "\n";
	struct hb_domain domain = guest();
	struct hb_limits_entry entry;
	char text[HB_LIMITS_LINE];
	const char *why;

	(void)state;
	/* domid, boot, what the line says, and whether the size that it has is a manager's. */
	static const struct {
		unsigned int domid;
		const char *boot, *words;
		bool automatic;
	} rows[] = {
		{ 5, BOOT_A, " set=393216 of=5," BOOT_A, false },
		{ 6, BOOT_A, " set=393216 of=5," BOOT_A, true },
		{ 5, BOOT_B, " set=393216 of=5," BOOT_A, true },
		{ 5, "", " set=393216 of=5," BOOT_A, false },
		{ 5, BOOT_B, " set=393216 of=5", false },
		{ 6, BOOT_B, " set=393216 of=5", true },
		/* Of an older version; and a person's, which stays so. */
		{ 6, BOOT_A, " set=393216", false },
		{ 6, BOOT_A, "", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), UUID " mode=auto%s", rows[i].words);
		assert_true(hb_limits_parse(text, &entry));
		hb_limits_heed_boot(&entry.limits, rows[i].boot);
		domain.domid = rows[i].domid;
		hb_limits_resolve(&entry, &domain);
		assert_int_equal(hb_limits_automatic(&domain, &entry.limits, &why), rows[i].automatic);
	}
	assert_true(hb_limits_parse(UUID " mode=auto min=262144 set=393216 of=5," BOOT_A, &entry));
	assert_string_equal(hb_limits_format(&entry, "", text), line);
	hb_limits_stamp(&entry.limits, &domain, BOOT_B);
	assert_true(hb_limits_is_of(&entry.limits, &domain));
	assert_non_null(strstr(hb_limits_format(&entry, "", text), " of=6," BOOT_B));
	assert_false(hb_limits_parse(UUID " of=5 of=5", &entry));
	assert_false(hb_limits_parse(UUID " of=", &entry));
	assert_false(hb_limits_parse(UUID " of=5,", &entry));
	assert_false(hb_limits_parse(UUID " of=5," BOOT_A "x", &entry));
}

static void test_range_and_pin(void **state)
{
	struct hb_limits limits = { .min = { HB_PRESENT, 256 * M }, .max = { HB_PRESENT, 2 * G } };
	struct hb_domain domain = guest();
	struct hb_range range = hb_limits_range(&domain, &limits);
	const char *why;

	(void)state;
	/* Manual: the size that it has. */
	assert_int_equal(range.min_kib, 512 * M);
	assert_int_equal(range.max_kib, 512 * M);
	assert_false(hb_limits_automatic(&domain, &limits, &why));
	assert_non_null(strstr(why, "nobody"));

	limits.mode = HB_MODE_AUTO;
	limits.set = domain.target;
	range = hb_limits_range(&domain, &limits);
	assert_int_equal(range.min_kib, 256 * M);
	assert_int_equal(range.max_kib, 2 * G);
	assert_true(hb_limits_automatic(&domain, &limits, &why));
	assert_null(why);
	/* xl mem-set: a person wins. */
	domain.target.value = 600 * M;
	assert_false(hb_limits_automatic(&domain, &limits, &why));
	assert_non_null(strstr(why, "pinned"));
	/* What libxl makes of an HVM guest that reboots is nobody's wish. */
	domain.type = HB_TYPE_HVM;
	limits.set.value = domain.target.value + 1024;
	assert_true(hb_limits_automatic(&domain, &limits, &why));
	limits.set.value = domain.target.value - 1024;
	assert_true(hb_limits_automatic(&domain, &limits, &why));
	limits.set.value = domain.target.value - 1020;
	assert_false(hb_limits_automatic(&domain, &limits, &why));
	domain.type = HB_TYPE_PVH;
	limits.set.value = domain.target.value + 1024;
	assert_false(hb_limits_automatic(&domain, &limits, &why));
	domain.target = (struct hb_number){ HB_INVALID, 0 };
	assert_false(hb_limits_automatic(&domain, &limits, &why));

	/* Nobody has said a minimum: nothing is taken unasked. */
	domain = guest();
	limits.min.presence = HB_ABSENT;
	range = hb_limits_range(&domain, &limits);
	assert_int_equal(range.min_kib, 512 * M);
	limits.max.presence = HB_ABSENT;
	assert_true(hb_limits_fixed(&(struct hb_range){ 512 * M, 512 * M }));
	limits.mode = HB_MODE_OFF;
	assert_false(hb_limits_automatic(&domain, &limits, &why));
	assert_non_null(strstr(why, "off"));

	/* Kept limits beyond what the domain can be now are cut. */
	limits.mode = HB_MODE_AUTO;
	limits.min = (struct hb_number){ HB_PRESENT, 2 * G };
	limits.max = (struct hb_number){ HB_PRESENT, 4 * G };
	domain.hotplug_max = (struct hb_number){ HB_PRESENT, G };
	range = hb_limits_range(&domain, &limits);
	assert_int_equal(range.min_kib, G);
	assert_int_equal(range.max_kib, G);
}

/* Both can be written to the file, whatever the maximum in xenstore is. */
static void test_reset(void **state)
{
	struct hb_limits limits = { .min = { HB_PRESENT, 4 }, .max = { HB_PRESENT, 8 } };
	struct hb_domain domain = guest();

	(void)state;
	domain.static_max.value = G + 3;
	hb_limits_reset(&domain, &limits);
	assert_int_equal(limits.min.value, G);
	assert_int_equal(limits.max.value, G);
	domain.static_max = (struct hb_number){ HB_INVALID, 0 };
	hb_limits_reset(&domain, &limits);
	assert_int_equal(limits.min.presence, HB_ABSENT);
	assert_int_equal(limits.max.presence, HB_ABSENT);
}

/* What a guest says about its maximum takes nothing from it, nor from its minimum. */
static void test_range_of_liar(void **state)
{
	struct hb_limits limits = {
		.mode = HB_MODE_AUTO,
		.min = { HB_PRESENT, 256 * M }, .max = { HB_PRESENT, 4 * G },
		.set = { HB_PRESENT, 512 * M },
	};
	struct hb_domain domain = guest();
	struct hb_range range;

	(void)state;
	domain.driver = HB_DRIVER_HOTBALLOON;
	domain.report.max = (struct hb_number){ HB_PRESENT, 4 };
	range = hb_limits_range(&domain, &limits);
	assert_int_equal(range.min_kib, 256 * M);
	assert_int_equal(range.max_kib, 512 * M);
	/* A minimum above its size holds, too. */
	limits.min.value = G;
	range = hb_limits_range(&domain, &limits);
	assert_int_equal(range.min_kib, G);
	assert_int_equal(range.max_kib, G);
	/* What the administrator's own maximum forbids is none of the guest's. */
	domain.hotplug_max = (struct hb_number){ HB_PRESENT, 768 * M };
	range = hb_limits_range(&domain, &limits);
	assert_int_equal(range.min_kib, 768 * M);
	/* An honest one holds. */
	domain.hotplug_max.presence = HB_ABSENT;
	domain.report.max.value = 2 * G;
	range = hb_limits_range(&domain, &limits);
	assert_int_equal(range.min_kib, G);
	assert_int_equal(range.max_kib, 2 * G);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_built_anew), cmocka_unit_test(test_next),
		cmocka_unit_test(test_range_and_pin),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_range_of_liar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
