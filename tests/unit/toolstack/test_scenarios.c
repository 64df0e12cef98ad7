/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other toolstacks do in the same place, row by row, each with its source.
 * Where ours does something else on purpose, the row says what and why.
 *
 * Sources: xen-project/xen stable-4.17 9373a593c5a6ef57db1302eb1dca58cc3eb51c07;
 * xapi-project/xen-api e2ee48d6883e0b98c4d219d3f0778a10c6655607.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hotballoon.h>

#include "claim.h"
#include "limit.h"
#include "overhead.h"

#define M (1ULL << 10)

/* xen tools/xl/xl_parse.c parse_mem_size_kb(): what xl mem-set reads. */
static const struct {
	const char *id, *argument;
	long long xl_kib;	/* NO_SIZE: xl refuses it, too */
	bool refused;		/* by ours, although xl reads a number */
	const char *why;
} sizes[] = {
#define NO_SIZE (-1)
	{ "xlparse-01", "2048", 2097152, true, "xl reads MiB, its manual says KiB" },
	{ "xlparse-02", "2048k", 2048, false, NULL },
	{ "xlparse-03", "2g", 2097152, false, NULL },
	{ "xlparse-04", "1t", 1073741824, false, NULL },
	{ "xlparse-05", "1073741824b", 1048576, false, NULL },
	{ "xlparse-06", "2gb", NO_SIZE, false, NULL },
	{ "xlparse-07", "abc", NO_SIZE, false, NULL },
	{ "xlparse-08", "", 0, true, "nothing is read as 0 and taken from the guest" },
	{ "xlparse-09", "m", 0, true, "a unit alone is read as 0" },
	{ "xlparse-10", "-5", -5120, true, "no unit, and negative is a change to ours" },
	{ "xlparse-11", "-1k", NO_SIZE, false, NULL },
};

static void test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hb_error error;
		struct hb_size size;
		enum hb_code code = hb_size_parse(sizes[i].argument, &size, &error);
		bool accepted = sizes[i].xl_kib != NO_SIZE && !sizes[i].refused;

		if (accepted != (code == HB_OK))
			fail_msg("%s: \"%s\"", sizes[i].id, sizes[i].argument);
		if (accepted && (size.kind != HB_SIZE_ABSOLUTE ||
				 size.amount != (uint64_t)sizes[i].xl_kib))
			fail_msg("%s: %llu", sizes[i].id, (unsigned long long)size.amount);
		if (!accepted)
			assert_true(error.remedy[0]);
		/* Only what xl reads as a number can be refused on purpose. */
		if (sizes[i].refused)
			assert_non_null(sizes[i].why);
	}
}

/* xen-api ocaml/xapi-idl/memory/memory.ml, in MiB. */
static const struct {
	const char *id;
	bool shim;
	unsigned int static_max, vcpus;
	unsigned int fixed, shadow, vcpu_extra, shim_mib, overhead, xen_max;
} xapi[] = {
	{ "ovh-01", false, 1024, 1, 2, 9, 1, 0, 12, 1025 },
	{ "ovh-03", false, 124928, 16, 2, 992, 3, 0, 997, 124929 },
	{ "ovh-05", true, 4096, 2, 2, 34, 1, 68, 105, 4165 },
};

static void test_overhead_xapi(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(xapi) / sizeof(xapi[0]); i++) {
		struct hb_build build = {
			.builder = HB_BUILDER_XAPI,
			.type = xapi[i].shim ? HB_TYPE_PVH : HB_TYPE_HVM,
			.shim = xapi[i].shim,
			.vcpus = xapi[i].vcpus,
			.size_kib = xapi[i].static_max * M,
			.maxmem_kib = xapi[i].static_max * M,
		};
		struct hb_overhead overhead = hb_overhead(&build);

		print_message("%s\n", xapi[i].id);
		assert_int_equal(overhead.fixed_kib, xapi[i].fixed * M);
		assert_int_equal(overhead.pool_kib, xapi[i].shadow * M);
		assert_int_equal(overhead.vcpus_kib, xapi[i].vcpu_extra * M);
		assert_int_equal(overhead.shim_kib, xapi[i].shim_mib * M);
		assert_int_equal(overhead.need_kib, (xapi[i].static_max + xapi[i].overhead) * M);
		assert_int_equal(overhead.maxmem_kib, xapi[i].xen_max * M);
	}
}

/* libxl-19: xen tools/libs/light/libxl_mem.c libxl_domain_need_memory(). */
static void test_overhead_libxl(void **state)
{
	struct hb_build build = {
		.builder = HB_BUILDER_LIBXL, .type = HB_TYPE_PVH, .hap = true, .vcpus = 2,
		.size_kib = 1048576, .maxmem_kib = 1048576,
	};

	(void)state;
	assert_int_equal(hb_overhead(&build).pool_kib, 6144);
	assert_int_equal(hb_overhead(&build).need_kib, 1056768);
	/* Rounded up to 2 MiB, and PV takes 1 MiB less. */
	build.vcpus = 1;
	assert_int_equal(hb_overhead(&build).need_kib, 1056768);
	build.type = HB_TYPE_PV;
	assert_int_equal(hb_overhead(&build).need_kib, 1048576 + 2048);
}

/*
 * xen-api ocaml/tests/test_vm_memory_constraints.ml, MiB: static-min, dynamic-min,
 * dynamic-max and static-max are our floor, min, max and ceiling.
 */
static const struct {
	const char *id;
	unsigned int static_min, dynamic_min, target, dynamic_max, static_max;
	bool valid, pinned;
} constraints[] = {
	{ "xapi-valid-01", 0, 1, 2, 3, 4, true, false },
	{ "xapi-valid-03", 1, 1, 2, 3, 4, true, false },
	{ "xapi-valid-05", 2, 2, 2, 3, 4, true, false },
	{ "xapi-valid-07", 3, 3, 3, 3, 4, true, true },
	{ "xapi-valid-09", 4, 4, 4, 4, 4, true, true },
	{ "xapi-invalid-01", 2, 1, 2, 3, 4, false, false },
	{ "xapi-invalid-03", 5, 1, 2, 3, 4, false, false },
	{ "xapi-invalid-05", 0, 5, 2, 3, 4, false, false },
	{ "xapi-pinned-01", 0, 0, 0, 0, 5, true, true },
	{ "xapi-pinned-03", 0, 2, 2, 2, 5, true, true },
	{ "xapi-pinned-05", 0, 4, 4, 4, 5, true, true },
	{ "xapi-unpinned-01", 0, 0, 0, 1, 5, true, false },
	{ "xapi-unpinned-03", 0, 2, 2, 3, 5, true, false },
	{ "xapi-unpinned-05", 0, 3, 4, 4, 5, true, false },
};

static void test_constraints(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(constraints) / sizeof(constraints[0]); i++) {
		struct hb_range range = {
			constraints[i].dynamic_min * M, constraints[i].dynamic_max * M,
		};

		print_message("%s\n", constraints[i].id);
		assert_int_equal(hb_limits_valid(constraints[i].static_min * M, range.min_kib,
						 range.max_kib, constraints[i].static_max * M),
				 constraints[i].valid);
		assert_int_equal(hb_limits_fixed(&range), constraints[i].pinned);
	}
}

/* xapi-reset-01 and -03, the same source: test_reset_to_safe_defaults. */
static void test_reset(void **state)
{
	static const struct {
		unsigned int dynamic_min, target, dynamic_max, static_max;
	} cases[] = {
		{ 512, 1024, 2048, 4096 },
		{ 1024, 1024, 1024, 1024 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hb_domain domain = {
			.domid = 1,
			.target = { HB_PRESENT, cases[i].target * M },
			.static_max = { HB_PRESENT, cases[i].static_max * M },
		};
		struct hb_limits limits = {
			.mode = HB_MODE_AUTO,
			.min = { HB_PRESENT, cases[i].dynamic_min * M },
			.max = { HB_PRESENT, cases[i].dynamic_max * M },
		};
		struct hb_range range;

		hb_limits_reset(&domain, &limits);
		range = hb_limits_range(&domain, &limits);
		assert_int_equal(range.min_kib, cases[i].static_max * M);
		assert_int_equal(range.max_kib, cases[i].static_max * M);
	}
}

/* xen/common/page_alloc.c domain_set_outstanding_pages(), in pages. */
static const struct {
	const char *id;
	unsigned int tot, max, avail, outstanding, claimed, pages;
	const char *why;
} claims[] = {
	{ "claim-01", 1000, 2000, 10000, 0, 0, 1000, "holds" },
	{ "claim-03", 1000, 2000, 10000, 500, 500, 1800, "one claim a domain" },
	{ "claim-05", 1000, 2000, 900, 1, 0, 1900, "unclaimed" },
	/* Ours, beside them: above the limit, and the ones that Xen grants. */
	{ "claim-max", 1000, 2000, 10000, 0, 0, 2001, "maxmem" },
	{ "claim-ok", 1000, 2000, 901, 1, 0, 1900, NULL },
	{ "claim-all", 1000, 2000, 1000, 0, 0, 2000, NULL },
};

static void test_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		struct hb_domain domain = {
			.actual_kib = 4ULL * claims[i].tot,
			.maxmem_kib = 4ULL * claims[i].max,
			.claimed_kib = 4ULL * claims[i].claimed,
		};
		struct hb_host_memory host = {
			.free_kib = 4ULL * claims[i].avail,
			.claimed_kib = 4ULL * claims[i].outstanding,
		};
		struct hb_error error;
		enum hb_code code = hb_claim_check(&domain, &host, 4ULL * claims[i].pages, false,
						   &error);

		print_message("%s\n", claims[i].id);
		assert_int_equal(code, claims[i].why ? HB_E_REFUSED : HB_OK);
		if (claims[i].why)
			assert_non_null(strstr(error.message, claims[i].why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_overhead_xapi),
		cmocka_unit_test(test_overhead_libxl),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
