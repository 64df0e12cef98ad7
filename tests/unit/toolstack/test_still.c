/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a save or a migration would lose, and what can be saved, from hand-made samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "advice.h"
#include "error.h"
#include "examine.h"
#include "plan.h"
#include "share.h"
#include "still.h"

#define M 1024ULL

/* A guest of 512M of the kernel's own driver, at its target. */
static struct hb_domain guest(uint64_t actual_kib, uint64_t target_kib)
{
	return (struct hb_domain){
		.domid = 5,
		.name = "guest1",
		.type = HB_TYPE_PVH,
		.state = HB_DOMAIN_RUNNING,
		.vcpus = 1,
		.hap = true,
		.actual_kib = actual_kib,
		.maxmem_kib = 513 * M,
		.target = { HB_PRESENT, target_kib },
		.static_max = { HB_PRESENT, 512 * M },
		.pool = { HB_PRESENT, 4 * (256 + 512) },
	};
}

static const struct {
	const char *name;
	uint64_t actual_kib, target_kib, videoram_kib;
	enum hb_type type;
	uint64_t current_kib;	/* of a report; 0: there is none */
	uint64_t keep_kib;	/* 0: it would not be lost */
} cases[] = {
	{ "at its target", 512 * M + 64, 512 * M, 0, HB_TYPE_PVH, 0, 0 },
	{ "below it", 300 * M, 512 * M, 0, HB_TYPE_PVH, 0, 0 },
	{ "all that libxl gives", 101 * M, 100 * M, 0, HB_TYPE_PVH, 0, 0 },
	{ "a page more", 101 * M + 4, 100 * M, 0, HB_TYPE_PVH, 0, 101 * M },
	{ "at its floor", 300 * M + 64, 40 * M, 0, HB_TYPE_PVH, 300 * M, 300 * M },
	{ "the same without a report", 300 * M + 64, 40 * M, 0, HB_TYPE_PVH, 0, 300 * M },
	{ "PV, which Xen counts as it is", 300 * M, 40 * M, 0, HB_TYPE_PV, 300 * M, 300 * M },
	{ "between two sizes", 300 * M + 700, 40 * M, 0, HB_TYPE_PVH, 300 * M + 636, 300 * M + 636 },
	{ "the same without a report", 300 * M + 700, 40 * M, 0, HB_TYPE_PVH, 0, 300 * M },
	{ "nothing was given", 512 * M + 64, 256 * M, 0, HB_TYPE_PVH, 0, 512 * M },
	{ "says less than Xen counts", 300 * M, 40 * M, 0, HB_TYPE_PVH, 250 * M, 299 * M },
	{ "says more than Xen counts", 300 * M, 40 * M, 0, HB_TYPE_PVH, 350 * M, 300 * M },
	{ "says anything", 300 * M, 40 * M, 0, HB_TYPE_PVH, 2000 * M, 300 * M },
	{ "more than its maximum", 512 * M + 700, 40 * M, 0, HB_TYPE_PVH, 512 * M + 700, 512 * M },
	{ "far more than its maximum", 700 * M, 40 * M, 0, HB_TYPE_PVH, 700 * M, 700 * M },
	{ "no whole pages", 300 * M, 40 * M + 1, 0, HB_TYPE_PVH, 299 * M + 513, 299 * M + 516 },
	{ "video memory is no target", 316 * M + 376, 300 * M, 16 * M, HB_TYPE_HVM, 0, 0 },
	{ "HVM at its floor", 316 * M + 376, 40 * M, 16 * M, HB_TYPE_HVM, 300 * M, 316 * M },
	/* memory/target is 1M below the size of one with a larger maximum; libxl knows. */
	{ "HVM of less than its maximum", 256 * M + 44, 239 * M, 16 * M, HB_TYPE_HVM, 0, 0 },
	{ "less than its video memory", 10 * M, 0, 16 * M, HB_TYPE_HVM, 0, 0 },
	{ "nearly nothing", 1200, 0, 0, HB_TYPE_PV, 0, 1024 },
};

static void test_would_be_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hb_domain domain = guest(cases[i].actual_kib, cases[i].target_kib);
		uint64_t keep_kib = 1;

		print_message("%s\n", cases[i].name);
		domain.type = cases[i].type;
		domain.videoram_kib = cases[i].videoram_kib;
		if (cases[i].current_kib) {
			domain.driver = HB_DRIVER_HOTBALLOON;
			domain.report.current = (struct hb_number){ HB_PRESENT, cases[i].current_kib };
		}
		if (hb_would_be_lost(&domain, &keep_kib) != !!cases[i].keep_kib ||
		    keep_kib != cases[i].keep_kib)
			fail_msg("%s: %llu KiB", cases[i].name, (unsigned long long)keep_kib);
		assert_int_equal(hb_would_be_lost(&domain, NULL), !!cases[i].keep_kib);
		/* The size that it can keep is one that it can keep. */
		if (keep_kib) {
			domain.target.value = keep_kib - domain.videoram_kib;
			assert_false(hb_would_be_lost(&domain, NULL));
		}
	}
}

static void test_never_lost(void **state)
{
	static const enum hb_domain_state states[] = {
		HB_DOMAIN_BUILDING, HB_DOMAIN_SHUTDOWN, HB_DOMAIN_CRASHED, HB_DOMAIN_DYING,
		HB_DOMAIN_SAVING, HB_DOMAIN_MIGRATING,
	};
	struct hb_domain domain = guest(300 * M, 40 * M);

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		print_message("states, row %zu\n", i);
		domain.state = states[i];
		assert_false(hb_would_be_lost(&domain, NULL));
	}
	domain.state = HB_DOMAIN_PAUSED;
	assert_true(hb_would_be_lost(&domain, NULL));
	domain.target.presence = HB_INVALID;
	assert_false(hb_would_be_lost(&domain, NULL));
	domain = guest(300 * M, 40 * M);
	domain.domid = 0;
	assert_false(hb_would_be_lost(&domain, NULL));
}

/* kinds is one letter a step: p pool, m maxmem, d pod, s static-max, t target, v vm. */
static void assert_keep(const struct hb_domain *domain, const char *kinds, uint64_t size_kib)
{
	static const char letters[] = "pmdstv";
	static const struct hb_host_memory full = { .total_kib = 4096 * M };
	const struct hb_size none = { 0 };
	char got[HB_STEPS_MAX + 1] = "";
	struct hb_error error;
	struct hb_plan plan;

	assert_int_equal(hb_plan_keep(domain, &full, &none, false, &plan, &error), HB_OK);
	for (unsigned int i = 0; i < plan.nr_steps; i++)
		got[i] = letters[plan.steps[i].kind];
	assert_string_equal(got, kinds);
	assert_int_equal(plan.size_kib, size_kib);
	assert_int_equal(plan.target_kib, size_kib - domain->videoram_kib);
}

/* It holds that already: a host that has nothing to give is no reason against it. */
static void test_plan_keep(void **state)
{
	struct hb_domain domain = guest(300 * M + 64, 40 * M);
	const struct hb_size none = { 0 };
	const struct hb_host_memory full = { .total_kib = 4096 * M };
	struct hb_error error;
	struct hb_plan plan;

	(void)state;
	assert_keep(&domain, "tv", 300 * M);
	domain.maxmem_kib = 300 * M + 64;
	assert_keep(&domain, "mtv", 300 * M);
	/* A pool that is too small for what it holds is no reason, either. */
	domain.pool.value = 4 * 256;
	assert_keep(&domain, "mtv", 300 * M);
	domain = guest(512 * M + 64, 512 * M);
	assert_keep(&domain, "", 512 * M);

	domain = guest(300 * M + 64, 40 * M);
	domain.still = HB_STILL_LEFT;
	assert_keep(&domain, "tv", 300 * M);
	domain.still = HB_STILL_HELD;
	assert_int_equal(hb_plan_keep(&domain, &full, &none, true, &plan, &error), HB_E_REFUSED);
	domain.still = HB_STILL_NO;
	domain.vnodes = 2;
	assert_int_equal(hb_plan_keep(&domain, &full, &none, true, &plan, &error), HB_E_REFUSED);
}

/* Nobody sets the size of one that is being copied, not even by force. */
static void test_plans_and_stillness(void **state)
{
	const struct hb_host_memory roomy = { .total_kib = 8192 * M, .free_kib = 4096 * M };
	const struct hb_size size = { HB_SIZE_ABSOLUTE, false, 512 * M };
	struct hb_domain domain = guest(512 * M + 64, 512 * M);
	struct hb_error error;
	struct hb_plan plan;
	struct hb_step step;

	(void)state;
	domain.maxmem_kib = 600 * M;
	assert_true(hb_plan_settle(&domain, 512 * M, &step));
	domain.still = HB_STILL_HELD;
	assert_false(hb_plan_settle(&domain, 512 * M, &step));
	assert_int_equal(hb_plan_make(&domain, &roomy, &size, true, &plan, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "being saved or migrated"));
	assert_int_equal(error.reason, HB_REASON_KEPT_STILL);
	assert_true(error.of_domain && error.domid == 5);
	assert_int_equal(hb_plan_ceiling(&domain, &roomy, &size, true, &plan, &error), HB_E_REFUSED);

	domain.still = HB_STILL_LEFT;
	assert_int_equal(hb_plan_make(&domain, &roomy, &size, false, &plan, &error), HB_OK);
	assert_true(plan.clear_still);
	assert_non_null(strstr(plan.notes[0], "by a process that has ended"));
	assert_int_equal(hb_plan_ceiling(&domain, &roomy, &size, false, &plan, &error), HB_OK);
	assert_true(plan.clear_still);
	domain.still = HB_STILL_NO;
	assert_int_equal(hb_plan_make(&domain, &roomy, &size, false, &plan, &error), HB_OK);
	assert_false(plan.clear_still);
}

static void test_nothing_is_shared_out(void **state)
{
	struct hb_limits limits = {
		.mode = HB_MODE_AUTO, .weight = 1000, .set = { HB_PRESENT, 512 * M },
		.min = { HB_PRESENT, 128 * M },
	};
	struct hb_domain domain = guest(512 * M + 64, 512 * M);
	const char *why = NULL;

	(void)state;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 384 * M);
	domain.still = HB_STILL_HELD;
	assert_int_equal(hb_share_can_give(&domain, &limits, &why), 0);
	assert_non_null(strstr(why, "keep its memory"));
	domain.target.value = 256 * M;
	assert_int_equal(hb_share_coming(&domain), 0);
	domain.still = HB_STILL_NO;
	assert_true(hb_share_coming(&domain) > 0);
}

static void test_what_can_be_saved(void **state)
{
	static const struct {
		enum hb_domain_state state;
		const char *remedy;	/* NULL: it can */
	} by_state[] = {
		{ HB_DOMAIN_RUNNING, NULL },
		{ HB_DOMAIN_PAUSED, NULL },
		{ HB_DOMAIN_BUILDING, "wait until" },
		{ HB_DOMAIN_SHUTDOWN, "start it again" },
		{ HB_DOMAIN_CRASHED, "start it again" },
		{ HB_DOMAIN_DYING, "nothing" },
		{ HB_DOMAIN_SAVING, "wait until" },
		{ HB_DOMAIN_MIGRATING, "wait until" },
	};
	struct hb_domain domain = guest(512 * M + 64, 512 * M);
	struct hb_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(by_state) / sizeof(by_state[0]); i++) {
		print_message("by_state, row %zu\n", i);
		domain.state = by_state[i].state;
		assert_int_equal(hb_still_check(&domain, &error), by_state[i].remedy ? HB_E_REFUSED : HB_OK);
		if (!by_state[i].remedy)
			continue;
		assert_non_null(strstr(error.message, hb_domain_state_name(domain.state)));
		assert_non_null(strstr(error.remedy, by_state[i].remedy));
	}
	domain.domid = 0;
	domain.state = HB_DOMAIN_RUNNING;
	assert_int_equal(hb_still_check(&domain, &error), HB_E_REFUSED);
}

static void test_answer(void **state)
{
	struct hb_domain domain = guest(512 * M + 64, 512 * M);

	(void)state;
	domain.report.still = (struct hb_number){ HB_PRESENT, 1 };
	assert_int_equal(hb_still_answer(&domain), HB_STILL_NO_DRIVER);
	assert_false(hb_still_can_answer(&domain));
	domain.driver = HB_DRIVER_HOTBALLOON;
	assert_int_equal(hb_still_answer(&domain), HB_STILL_ANSWERED);
	assert_true(hb_still_can_answer(&domain));
	domain.report.still.value = 0;
	assert_int_equal(hb_still_answer(&domain), HB_STILL_SILENT);
	domain.report.still.presence = HB_INVALID;
	assert_int_equal(hb_still_answer(&domain), HB_STILL_SILENT);
	domain.state = HB_DOMAIN_PAUSED;
	assert_false(hb_still_can_answer(&domain));
}

/* The remedy of a guest that is stuck says what is in danger, and how it ends. */
static void test_advice(void **state)
{
	struct hb_domain domain = guest(300 * M + 64, 40 * M);
	struct hb_error error;

	(void)state;
	memset(domain.name, 'x', sizeof(domain.name) - 1);
	assert_int_equal(hb_advise_stuck(&domain, 300 * M + 64, 40 * M, &error), HB_E_STUCK);
	assert_non_null(strstr(error.remedy, "a save or a migration now would lose it"));
	assert_int_equal(error.size_kib, 300 * M);
	hb_advise_kept(&domain, 300 * M, &error);
	assert_non_null(strstr(error.remedy, "check that a balloon driver runs in it"));
	assert_non_null(strstr(error.remedy, "; its size is 300M now"));
	assert_non_null(strstr(error.remedy, "when the guest can give more"));
	/* On its way up nothing is in danger. */
	domain.target.value = 600 * M;
	hb_advise_stuck(&domain, 300 * M, 600 * M, &error);
	assert_null(strstr(error.remedy, "lose"));
	/* With the longest advice there is, nothing is cut off. */
	domain.target.value = 40 * M;
	domain.driver = HB_DRIVER_HOTBALLOON;
	domain.report.current = (struct hb_number){ HB_PRESENT, 300 * M };
	for (int cause = 0; cause < HB_CAUSE_COUNT; cause++) {
		domain.report.cause = (struct hb_word){ HB_PRESENT, cause };
		hb_advise_stuck(&domain, 300 * M, 40 * M, &error);
		assert_non_null(strstr(error.remedy, "now would lose it"));
		assert_int_equal(error.size_kib, 300 * M);
		assert_int_equal(error.reason, hb_reason_of_cause(cause));
		hb_advise_kept(&domain, 300 * M, &error);
		assert_int_equal(strncmp(error.remedy, "its size is 300M now", 20), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_would_be_lost),
		cmocka_unit_test(test_never_lost),
		cmocka_unit_test(test_plan_keep),
		cmocka_unit_test(test_plans_and_stillness),
		cmocka_unit_test(test_nothing_is_shared_out),
		cmocka_unit_test(test_what_can_be_saved),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
