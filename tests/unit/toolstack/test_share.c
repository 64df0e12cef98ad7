/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gives how much, and the lines in which reservations are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arrival.h"
#include "limit.h"
#include "reservation.h"
#include "seed.h"
#include "share.h"

#define M (1ULL << 10)
#define G (1ULL << 20)

static void test_by_weight(void **state)
{
	struct hb_donor donors[] = {
		{ .can_kib = G, .weight = 1000 },
		{ .can_kib = G, .weight = 1000 },
		{ .can_kib = G, .weight = 2000 },
	};

	(void)state;
	/* Twice the weight, half the loss. */
	assert_in_range(hb_share(donors, 3, 500 * M), 500 * M, 500 * M + 12);
	assert_in_range(donors[0].give_kib, 200 * M, 200 * M + 4);
	assert_int_equal(donors[1].give_kib, donors[0].give_kib);
	assert_in_range(donors[2].give_kib, 100 * M, 100 * M + 4);
	/* Who cannot give a share gives all, the others the rest. */
	donors[0].can_kib = 40 * M;
	assert_in_range(hb_share(donors, 3, 340 * M), 340 * M, 340 * M + 12);
	assert_int_equal(donors[0].give_kib, 40 * M);
	assert_in_range(donors[1].give_kib, 200 * M, 200 * M + 4);
	assert_in_range(donors[2].give_kib, 100 * M, 100 * M + 4);
	/* More than all have. */
	assert_int_equal(hb_share(donors, 3, 10 * G), 2 * G + 40 * M);
	assert_int_equal(hb_share(donors, 3, 0), 0);
	assert_int_equal(donors[1].give_kib, 0);
	assert_int_equal(hb_share(donors, 0, G), 0);
}

static void test_any_share(void **state)
{
	(void)state;
	srandom(choose_seed());
	for (int run = 0; run < 20000; run++) {
		struct hb_donor donors[12];
		size_t count = random() % 12;
		uint64_t need = random() % (4 * G), can = 0, sum = 0, given;

		for (size_t i = 0; i < count; i++) {
			donors[i].can_kib = random() % 3 ? random() % (G / 4) * 4 : 0;
			donors[i].weight = random() % 3 ? random() % 2000 + 1 :
					   random() % 2 ? 1 : HB_WEIGHT_MAX;
			can += donors[i].can_kib;
		}
		given = hb_share(donors, count, need);
		for (size_t i = 0; i < count; i++) {
			assert_true(donors[i].give_kib <= donors[i].can_kib);
			assert_int_equal(donors[i].give_kib % HB_PAGE_KIB, 0);
			sum += donors[i].give_kib;
		}
		assert_int_equal(sum, given);
		/* Enough, and little more: everyone rounds up to a page. */
		if (need <= can)
			assert_in_range(given, need, need + 4 * count);
		else
			assert_int_equal(given, can);
		/* Nobody of less weight is spared more than somebody of more. */
		for (size_t i = 0; i < count; i++) {
			for (size_t j = 0; j < count; j++) {
				if (donors[i].weight < donors[j].weight &&
				    donors[i].give_kib < donors[i].can_kib)
					assert_true(donors[i].give_kib + 4 >= donors[j].give_kib);
			}
		}
	}
}

static void test_can_give(void **state)
{
	struct hb_limits limits = {
		.mode = HB_MODE_AUTO, .min = { HB_PRESENT, 256 * M }, .set = { HB_PRESENT, G },
	};
	struct hb_domain domain = {
		.domid = 5, .state = HB_DOMAIN_RUNNING, .target = { HB_PRESENT, G },
		.static_max = { HB_PRESENT, G }, .actual_kib = G + 64,
	};
	const char *why;

	(void)state;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 768 * M);
	domain.report.cause = (struct hb_word){ HB_PRESENT, HB_CAUSE_GUEST_FLOOR };
	domain.report.floor = (struct hb_number){ HB_PRESENT, 600 * M + 1 };
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 424 * M - 4);
	/* A lie about the floor keeps only what the guest has. */
	domain.report.floor.value = 100 * G;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 0);
	assert_string_equal(why, "it uses or needs what it has");
	domain.report.cause.presence = HB_ABSENT;
	/* So with what its agent says that it uses; who says nothing of sense is not heeded. */
	domain.used = (struct hb_number){ HB_PRESENT, 700 * M + 1 };
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 324 * M - 4);
	domain.used.value = 100 * M;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 768 * M);
	domain.used.value = HB_SIZE_MAX_KIB;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 0);
	assert_string_equal(why, "it uses or needs what it has");
	domain.used = (struct hb_number){ HB_INVALID, 0 };
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 768 * M);
	limits.min.value = G;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 0);
	assert_string_equal(why, "it is at its minimum");
	limits.min.value = 256 * M;
	limits.set.value = 512 * M;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 0);
	assert_non_null(strstr(why, "pinned"));
	limits.set.value = G;
	domain.state = HB_DOMAIN_PAUSED;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 0);
	domain.state = HB_DOMAIN_RUNNING;
	domain.vnodes = 2;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 0);
	domain.vnodes = 0;
	/* Older Xens give to a claim what its domain frees. */
	domain.claimed_kib = 4;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 0);
	assert_non_null(strstr(why, "it has a claim"));
}

/*
 * Nor is what its kernel keeps beside what is used. Of a larger guest than it is, its word says what
 * is used; nobody knows what its kernel keeps of it, but with our driver it has a floor.
 */
static void test_kernel_keeps(void **state)
{
	const struct hb_limits limits = {
		.mode = HB_MODE_AUTO, .min = { HB_PRESENT, 256 * M }, .set = { HB_PRESENT, G },
	};
	struct hb_domain domain = {
		.domid = 5, .state = HB_DOMAIN_RUNNING, .target = { HB_PRESENT, G },
		.static_max = { HB_PRESENT, G }, .actual_kib = G + 64,
		.used = { HB_PRESENT, 500 * M }, .total = { HB_PRESENT, G - 160 * M },
	};
	const char *why;

	(void)state;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), G - 660 * M - 64);
	domain.total.value = G + 68;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), G - 500 * M - 256 * M - 16 * M);
	domain.driver = HB_DRIVER_HOTBALLOON;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), G - 500 * M);
}

static void test_coming(void **state)
{
	struct hb_domain domain = {
		.domid = 5, .state = HB_DOMAIN_RUNNING, .target = { HB_PRESENT, G },
		.static_max = { HB_PRESENT, G }, .actual_kib = G + 64,
	};

	(void)state;
	assert_int_equal(hb_share_coming(&domain), 0);
	domain.actual_kib = 2 * G;
	assert_int_equal(hb_share_coming(&domain), G);
	/* Nor does it come below what its driver calls its floor. */
	domain.report.cause = (struct hb_word){ HB_PRESENT, HB_CAUSE_GUEST_FLOOR };
	domain.report.floor = (struct hb_number){ HB_PRESENT, 1536 * M };
	assert_int_equal(hb_share_coming(&domain), 512 * M);
	domain.report.floor.value = 100 * G;
	assert_int_equal(hb_share_coming(&domain), 0);
	domain.report.cause.presence = HB_ABSENT;
	domain.claimed_kib = 4;
	assert_int_equal(hb_share_coming(&domain), 0);
	domain.claimed_kib = 0;
	domain.state = HB_DOMAIN_PAUSED;
	assert_int_equal(hb_share_coming(&domain), 0);
	domain.state = HB_DOMAIN_DYING;
	assert_int_equal(hb_share_coming(&domain), 2 * G);
	/* A few pages that others have mapped stay: nobody waits for them. */
	domain.actual_kib = M;
	assert_int_equal(hb_share_coming(&domain), 0);
}

#define BOOT "0123abcd-0000-4000-8000-000000000000"

/* Within a boot the clock of the wall does not matter; after another it does, for a week. */
static void test_moment(void **state)
{
	struct hb_clock clock = { .wall_s = 1600000000, .boot_s = 100, .boot = BOOT };
	struct hb_moment until = hb_moment_in(&clock, 3600), old = { .wall_s = 1600000000 + 3600 };

	(void)state;
	assert_int_equal(hb_moment_left_s(&until, &clock), 3600);
	assert_int_equal(hb_moment_left_s(&old, &clock), 3600);
	clock.wall_s += 86400;
	assert_int_equal(hb_moment_left_s(&until, &clock), 3600);
	clock.wall_s -= 2 * 86400;
	clock.boot_s += 3599;
	assert_int_equal(hb_moment_left_s(&until, &clock), 1);
	clock.boot_s++;
	assert_int_equal(hb_moment_left_s(&until, &clock), 0);
	clock.boot[0] = 'f';
	clock.boot_s = 50;
	assert_int_equal(hb_moment_left_s(&until, &clock), 86400 + 3600);
	clock.wall_s = 0;
	assert_int_equal(hb_moment_left_s(&until, &clock), HB_MOMENT_MOST_S - 50);
	clock.boot_s = HB_MOMENT_MOST_S;
	assert_int_equal(hb_moment_left_s(&until, &clock), 0);
	/* Of no known boot. */
	clock = (struct hb_clock){ .wall_s = 1600000000, .boot_s = 100 };
	until = hb_moment_in(&clock, 60);
	assert_int_equal(until.boot_s, 0);
	clock.wall_s += 59;
	assert_int_equal(hb_moment_left_s(&until, &clock), 1);
}

static void test_reservation_line(void **state)
{
	static const char *const damaged[] = {
		"", "4096", "4096 1600000000", "4096 1600000000 ", "4096 x web", "x 1600000000 web",
		"0 1600000000 web", "-4096 1600000000 web", "4096  1600000000 web", "4096 1600000000 12",
		"4096 1600000000 a\tb", "4096 1600000000,5 web", "4096 1600000000,5, web",
		"4096 1600000000,5,123 web", "4096 1600000000,x," BOOT " web", "4096 ,5," BOOT " web",
		"4096 1600000000,5," BOOT "0 web", "4096 1600000000,5,/" BOOT " web", "4096", "4096 ",
		"4398046511105 1600000000 web", "4096 99999999999999999999 web",
	};
	struct hb_reservation r = { .name = "my web server", .kib = G }, back;
	struct hb_moment until = { .wall_s = 1600000000 }, until_back;
	char text[HB_RESERVATION_LINE];

	(void)state;
	/* As older versions wrote it, and with the boot. */
	for (int new = 0; new < 2; new++) {
		assert_string_equal(hb_reservation_format(&r, &until, text), new ?
				    "1048576 1600000000,77," BOOT " my web server\n" :
				    "1048576 1600000000 my web server\n");
		*strchr(text, '\n') = '\0';
		assert_true(hb_reservation_parse(text, &back, &until_back));
		assert_memory_equal(&back, &r, sizeof(r));
		assert_int_equal(until_back.wall_s, until.wall_s);
		assert_int_equal(until_back.boot_s, until.boot_s);
		assert_string_equal(until_back.boot, until.boot);
		until.boot_s = 77;
		strcpy(until.boot, BOOT);
	}
	until.wall_s = until.boot_s = INT64_MAX;
	memset(r.name, 'n', sizeof(r.name) - 1);
	hb_reservation_format(&r, &until, text);
	*strchr(text, '\n') = '\0';
	assert_true(hb_reservation_parse(text, &back, &until_back));
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		if (hb_reservation_parse(damaged[i], &back, &until_back))
			fail_msg("accepted: \"%s\"", damaged[i]);
	}
}

static void test_arrival_line(void **state)
{
	static const char *const damaged[] = {
		"", "4096", "4096 9", "4096 9 1", "4096 9 1 1-2", "4096 9 1 1-2 ",
		"4096 9 1 1-2 made ",
		"4096 9 1 1-2 made 3", " 4096 9 1 1-2 made", "4096  9 1 1-2 made", "x 9 1 1-2 made",
		"4096 x 1 1-2 made", "4096 9 x 1-2 made", "4096 9 1 a made",
		"4096 9 4294967296 1-2 made",
		"4398046511105 9 1 1-2 made", "4096 9 1 11111111111111111111111111111111 made",
		"4096 9 1 1-2 mad", "4096 9 1 1-2 madee",
	};
	struct hb_arrival arrival;
	char text[HB_ARRIVAL_LINE];

	(void)state;
	assert_true(hb_arrival_parse("4096 9,8," BOOT " 7 1-2 made", &arrival));
	assert_string_equal(hb_arrival_format(&arrival, text), "4096 9,8," BOOT " 7 1-2 made\n");
	assert_true(hb_arrival_parse("4096 9,8," BOOT " 7 1-2 making", &arrival));
	assert_string_equal(hb_arrival_format(&arrival, text), "4096 9,8," BOOT " 7 1-2 making\n");
	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		if (hb_arrival_parse(damaged[i], &arrival))
			fail_msg("accepted: \"%s\"", damaged[i]);
	}
}

/* Who comes is the first that it can be, and no more than one. */
static void test_arrivals(void **state)
{
	struct hb_arrivals arrivals = { 0 };

	(void)state;
	hb_arrivals_put(&arrivals, &(struct hb_arrival){ .who = "1-0", .kib = 4, .last_domid = 8 });
	hb_arrivals_put(&arrivals, &(struct hb_arrival){ .who = "2-0", .kib = 8, .last_domid = 7 });
	hb_arrivals_put(&arrivals, &(struct hb_arrival){ .who = "1-0", .kib = 16, .last_domid = 8 });
	assert_int_equal(hb_arrivals_kib(&arrivals), 24);
	hb_arrivals_arrive(&arrivals, 7);
	assert_int_equal(hb_arrivals_kib(&arrivals), 24);
	hb_arrivals_arrive(&arrivals, 8);
	assert_int_equal(hb_arrivals_kib(&arrivals), 16);
	hb_arrivals_remove(&arrivals, "2-0");
	assert_int_equal(hb_arrivals_kib(&arrivals), 16);
	hb_arrivals_arrive(&arrivals, 9);
	hb_arrivals_arrive(&arrivals, 10);
	assert_int_equal(arrivals.count, 0);
}

/* One for which nothing is set aside yet has not come: it would be nobody's. */
static void test_arrival_is_there(void **state)
{
	struct hb_domain domain = { .state = HB_DOMAIN_BUILDING };

	(void)state;
	assert_false(hb_arrival_is_there(&domain));
	domain.maxmem_kib = G;
	assert_true(hb_arrival_is_there(&domain));
	domain.maxmem_kib = 0;
	domain.target = (struct hb_number){ HB_PRESENT, G };
	assert_true(hb_arrival_is_there(&domain));
	domain = (struct hb_domain){ .state = HB_DOMAIN_RUNNING };
	assert_true(hb_arrival_is_there(&domain));
}

/* Of those who are there now: who was told of its memory after the look before. */
static void test_arrivals_since(void **state)
{
	struct hb_arrivals before = { 0 }, now;

	(void)state;
	hb_arrivals_put(&before, &(struct hb_arrival){ .who = "1-0", .kib = 4, .made = true });
	hb_arrivals_put(&before, &(struct hb_arrival){ .who = "2-0", .kib = 8 });
	now = before;
	hb_arrivals_put(&now, &(struct hb_arrival){ .who = "3-0", .kib = 16 });
	assert_int_equal(hb_arrivals_since(&now, &before), 0);
	now.list[1].made = true;
	assert_int_equal(hb_arrivals_since(&now, &before), 8);
	now.list[2].made = true;
	assert_int_equal(hb_arrivals_since(&now, &before), 24);
	/* Nobody comes before there is room, if another one can be it. */
	now.list[0].made = now.list[1].made = false;
	hb_arrivals_arrive(&now, 1);
	assert_int_equal(hb_arrivals_kib(&now), 12);
}

static void test_reservation_left(void **state)
{
	struct hb_reservation r = { .name = "web", .kib = G + 7 * M, .until_s = 1000 };
	struct hb_domain domain = {
		.state = HB_DOMAIN_BUILDING, .type = HB_TYPE_PVH, .hap = true, .vcpus = 1,
		.target = { HB_PRESENT, G }, .static_max = { HB_PRESENT, G },
	};

	(void)state;
	assert_int_equal(hb_reservation_left(&r, NULL, 999), G + 7 * M);
	assert_int_equal(hb_reservation_left(&r, NULL, 1000), 0);
	/* Its target is a promise already, and counted as one; the pool is not taken yet. */
	assert_int_equal(hb_reservation_left(&r, &domain, 999), 7 * M);
	domain.actual_kib = 4;
	assert_int_equal(hb_reservation_left(&r, &domain, 999), 2 * M);
	domain.claimed_kib = 2 * G;
	assert_int_equal(hb_reservation_left(&r, &domain, 999), 0);
	domain.claimed_kib = 0;
	/* Before that is written Xen's limit is a promise. */
	domain.target.presence = HB_ABSENT;
	domain.target.value = 0;
	domain.maxmem_kib = G;
	assert_int_equal(hb_reservation_left(&r, &domain, 999), 2 * M);
	domain.state = HB_DOMAIN_RUNNING;
	assert_int_equal(hb_reservation_left(&r, &domain, 999), 0);
	/* As if it were not there. */
	domain.state = HB_DOMAIN_DYING;
	assert_int_equal(hb_reservation_left(&r, &domain, 999), G + 7 * M);
	domain.state = HB_DOMAIN_CRASHED;
	assert_int_equal(hb_reservation_left(&r, &domain, 999), G + 7 * M);
	domain.state = HB_DOMAIN_SHUTDOWN;
	assert_int_equal(hb_reservation_left(&r, &domain, 999), G + 7 * M);
	domain.state = HB_DOMAIN_SAVING;
	assert_int_equal(hb_reservation_left(&r, &domain, 999), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_weight),
		cmocka_unit_test(test_any_share),
		cmocka_unit_test(test_can_give),
		cmocka_unit_test(test_kernel_keeps),
		cmocka_unit_test(test_coming),
		cmocka_unit_test(test_moment),
		cmocka_unit_test(test_arrival_line),
		cmocka_unit_test(test_arrivals),
		cmocka_unit_test(test_arrivals_since),
		cmocka_unit_test(test_reservation_line),
		cmocka_unit_test(test_arrival_is_there),
		cmocka_unit_test(test_reservation_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
