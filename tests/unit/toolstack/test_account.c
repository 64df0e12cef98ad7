/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host arithmetic: what is free to be given away, and what a domain costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "account.h"
#include "overhead.h"

#define M (1ULL << 10)
#define G (1ULL << 20)

static struct hb_domain domain_of(uint64_t target_kib, uint64_t actual_kib)
{
	return (struct hb_domain){
		.domid = 5,
		.state = HB_DOMAIN_RUNNING,
		.actual_kib = actual_kib,
		.target = { HB_PRESENT, target_kib },
	};
}

static void test_promised(void **state)
{
	struct hb_domain domain = domain_of(G, 512 * M);

	(void)state;
	assert_int_equal(hb_account_promised_kib(&domain), 512 * M);
	/* A claim is in the host's sum already. */
	domain.claimed_kib = 200 * M;
	assert_int_equal(hb_account_promised_kib(&domain), 312 * M);
	domain.claimed_kib = G;
	assert_int_equal(hb_account_promised_kib(&domain), 0);
	domain.claimed_kib = 0;
	domain.videoram_kib = 16 * M;
	assert_int_equal(hb_account_promised_kib(&domain), 528 * M);
	domain.state = HB_DOMAIN_SHUTDOWN;
	assert_int_equal(hb_account_promised_kib(&domain), 528 * M);
	domain.state = HB_DOMAIN_CRASHED;
	assert_int_equal(hb_account_promised_kib(&domain), 0);
	domain.state = HB_DOMAIN_DYING;
	assert_int_equal(hb_account_promised_kib(&domain), 0);

	/* What it may take in need, until it has. */
	domain = domain_of(512 * M, 512 * M + 64);
	domain.headroom = (struct hb_number){ HB_PRESENT, 100 * M };
	assert_int_equal(hb_account_promised_kib(&domain), 100 * M - 64);
	domain.actual_kib += 40 * M;
	assert_int_equal(hb_account_promised_kib(&domain), 60 * M - 64);

	/* On its way down: what it still holds is not free. */
	domain = domain_of(512 * M, G);
	assert_int_equal(hb_account_promised_kib(&domain), 0);
	/* At its target, Xen counting some pages more. */
	domain = domain_of(512 * M, 512 * M + 64);
	assert_int_equal(hb_account_promised_kib(&domain), 0);
	domain.target = (struct hb_number){ HB_INVALID, 0 };
	domain.actual_kib = 0;
	assert_int_equal(hb_account_promised_kib(&domain), 0);
}

/* While it is built it has no target: what libxl lets it have is what it will take. */
static void test_promised_while_built(void **state)
{
	struct hb_domain domain = domain_of(0, 100 * M);

	(void)state;
	domain.target.presence = HB_ABSENT;
	domain.maxmem_kib = G;
	assert_int_equal(hb_account_promised_kib(&domain), 0);
	domain.state = HB_DOMAIN_MIGRATING;
	assert_int_equal(hb_account_promised_kib(&domain), G - 100 * M);
	domain.state = HB_DOMAIN_BUILDING;
	assert_int_equal(hb_account_promised_kib(&domain), G - 100 * M);
	domain.claimed_kib = 500 * M;
	assert_int_equal(hb_account_promised_kib(&domain), G - 600 * M);
	domain.claimed_kib = G;
	assert_int_equal(hb_account_promised_kib(&domain), 0);
	domain.claimed_kib = 0;
	/* No limit says nothing. */
	domain.maxmem_kib = HB_SIZE_MAX_KIB;
	assert_int_equal(hb_account_promised_kib(&domain), 0);
	domain.maxmem_kib = G;
	domain.target = (struct hb_number){ HB_PRESENT, 512 * M };
	assert_int_equal(hb_account_promised_kib(&domain), 412 * M);
}

static void test_reserve(void **state)
{
	(void)state;
	assert_int_equal(hb_account_reserve_kib(0), 72 * M);
	assert_int_equal(hb_account_reserve_kib(4 * G), 72 * M);
	assert_int_equal(hb_account_reserve_kib(7200 * M), 72 * M);
	assert_int_equal(hb_account_reserve_kib(100 * G), G);
	assert_int_equal(hb_account_reserve_kib(HB_SIZE_MAX_KIB) % HB_PAGE_KIB, 0);
}

/* Everything is subtracted once; the sum never goes below 0. */
static void test_available(void **state)
{
	struct hb_host_memory host = {
		.total_kib = 64 * G, .free_kib = 10 * G, .scrub_kib = G, .claimed_kib = 2 * G,
		.reserved_kib = 3 * G, .promised_kib = 512 * M, .reserve_kib = 655360,
	};

	(void)state;
	assert_int_equal(hb_host_available_kib(&host), 6 * G - 512 * M - 655360);
	assert_int_equal(hb_account_short_kib(&host, 6 * G - 512 * M - 655360), 0);
	assert_int_equal(hb_account_short_kib(&host, 6 * G), 512 * M + 655360);
	host.reserved_kib = 30 * G;
	assert_int_equal(hb_host_available_kib(&host), 0);
	/* Free 1000, outstanding 300: 700 are left for others. */
	host = (struct hb_host_memory){ .free_kib = 4000, .claimed_kib = 1200 };
	assert_int_equal(hb_host_available_kib(&host), 2800);
}

static void test_available_for(void **state)
{
	struct hb_host_memory host = {
		.free_kib = 4 * G, .claimed_kib = G, .promised_kib = 512 * M, .reserve_kib = 72 * M,
	};
	struct hb_domain domain = domain_of(G, 512 * M);

	(void)state;
	assert_int_equal(hb_account_available_for(&host, &domain), 3 * G - 72 * M);
	domain.claimed_kib = G;
	assert_int_equal(hb_account_available_for(&host, &domain), 4 * G - 584 * M);
	/* The domain was looked at earlier than the host: nothing wraps around. */
	domain = domain_of(20 * G, 0);
	domain.claimed_kib = 2 * G;
	assert_int_equal(hb_account_available_for(&host, &domain), 4 * G - 72 * M);
}

static void test_pool(void **state)
{
	(void)state;
	assert_int_equal(hb_overhead_pool_kib(HB_TYPE_PVH, true, 2, G), 6144);
	assert_int_equal(hb_overhead_pool_kib(HB_TYPE_PVH, true, 2, G + 4), 6148);
	assert_int_equal(hb_overhead_pool_kib(HB_TYPE_HVM, false, 2, G), 4 * (512 + 2048));
	/* PV has no p2m of its own; only shadow page tables cost it something. */
	assert_int_equal(hb_overhead_pool_kib(HB_TYPE_PV, true, 2, G), 2048);
	assert_int_equal(hb_overhead_pool_kib(HB_TYPE_PV, false, 2, G), 4 * (512 + 1024));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_promised),
		cmocka_unit_test(test_promised_while_built),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_available),
		cmocka_unit_test(test_available_for),
		cmocka_unit_test(test_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
