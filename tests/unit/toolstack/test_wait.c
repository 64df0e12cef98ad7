/* SPDX-License-Identifier: GPL-2.0-or-later */
/* There, moving, or stuck: the verdict from hand-made samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "advice.h"
#include "wait.h"

#define M 1024ULL

/* A guest of 512M that has been told 256M and does not report. */
static struct hb_domain silent(uint64_t actual_kib)
{
	return (struct hb_domain){
		.state = HB_DOMAIN_RUNNING,
		.actual_kib = actual_kib,
		.target = { HB_PRESENT, 256 * M },
	};
}

static struct hb_domain reporting(uint64_t actual_kib, uint64_t current_kib, enum hb_state state,
				  enum hb_cause cause)
{
	struct hb_domain domain = silent(actual_kib);

	domain.driver = HB_DRIVER_HOTBALLOON;
	domain.report = (struct hb_report){
		.version = { HB_PRESENT, 1 },
		.state = { HB_PRESENT, state },
		.cause = { HB_PRESENT, cause },
		.current = { HB_PRESENT, current_kib },
		.goal = { HB_PRESENT, 256 * M },
	};
	return domain;
}

static struct hb_wait start(const struct hb_domain *domain, uint64_t timeout_ms)
{
	struct hb_wait wait;

	hb_wait_start(&wait, domain, 256 * M, timeout_ms, 1000);
	return wait;
}

static void test_arrived_without_report(void **state)
{
	struct hb_domain domain = silent(512 * M);
	struct hb_wait wait = start(&domain, 0);

	(void)state;
	domain.actual_kib = 257 * M + 4;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1100), HB_WAIT_ON);
	domain.actual_kib = 257 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1200), HB_WAIT_ARRIVED);
	domain.actual_kib = 255 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1300), HB_WAIT_ARRIVED);
	/* Video memory is part of what Xen counts and not of the target. */
	domain.videoram_kib = 16 * M;
	domain.actual_kib = 272 * M + 376;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1400), HB_WAIT_ARRIVED);
}

/* Linux's own driver in an HVM guest takes the video memory off its size. */
static void test_arrived_hvm(void **state)
{
	struct hb_domain domain = silent(512 * M);
	struct hb_wait wait = start(&domain, 0);

	(void)state;
	domain.videoram_kib = 16 * M;
	domain.actual_kib = 256 * M + 44;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1100), HB_WAIT_ON);
	domain.type = HB_TYPE_HVM;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1200), HB_WAIT_ARRIVED);
	domain.actual_kib = 264 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1300), HB_WAIT_ON);
	domain.actual_kib = 272 * M + 44;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1400), HB_WAIT_ARRIVED);
	/* That of Windows does not, and is on its way up there. */
	domain.driver = HB_DRIVER_WINDOWS;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1500), HB_WAIT_ARRIVED);
	domain.actual_kib = 256 * M + 44;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1600), HB_WAIT_ON);
}

static void test_arrived_with_report(void **state)
{
	struct hb_domain domain = reporting(512 * M, 512 * M - 64, HB_STATE_SHRINKING, 0);
	struct hb_wait wait = start(&domain, 0);

	(void)state;
	/* Within a megabyte, but the driver is still at it. */
	domain = reporting(256 * M + 64, 256 * M + 500, HB_STATE_SHRINKING, 0);
	assert_int_equal(hb_wait_judge(&wait, &domain, 1100), HB_WAIT_ON);
	domain.report.state.value = HB_STATE_IDLE;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1200), HB_WAIT_ARRIVED);
	/* Idle at an older goal says nothing of this one. */
	domain.report.goal.value = 300 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1300), HB_WAIT_ON);
	/* A large constant of the boot does not matter to a report. */
	domain = reporting(256 * M + 40 * M, 256 * M, HB_STATE_IDLE, 0);
	assert_int_equal(hb_wait_judge(&wait, &domain, 2000), HB_WAIT_ARRIVED);
}

/* A guest cannot claim to have given back what Xen still counts. */
/*
 * It was at this target, moved to another one and is told the first again: its report of
 * the first time is still there. It is believed when it stays.
 */
static void test_late_report(void **state)
{
	struct hb_domain domain = reporting(272 * M + 64, 256 * M, HB_STATE_IDLE, HB_CAUSE_NONE);
	struct hb_wait wait = start(&domain, 0);

	(void)state;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1000), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 1900), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 2000), HB_WAIT_ARRIVED);
	domain.actual_kib = 256 * M + 376;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1100), HB_WAIT_ARRIVED);
}

static void test_lying_report(void **state)
{
	struct hb_domain domain = reporting(512 * M, 256 * M, HB_STATE_IDLE, HB_CAUSE_NONE);
	struct hb_wait wait = start(&domain, 0);

	(void)state;
	assert_int_equal(hb_wait_position(&domain), 512 * M);
	assert_int_equal(hb_wait_judge(&wait, &domain, 1100), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 11000), HB_WAIT_STUCK);
}

static void test_stuck_by_rate(void **state)
{
	struct hb_domain domain = silent(512 * M);
	struct hb_wait wait = start(&domain, 0);
	uint64_t now = 1000;

	(void)state;
	/* A page now and then is no movement. */
	for (int i = 0; i < 99; i++) {
		domain.actual_kib -= 4;
		assert_int_equal(hb_wait_judge(&wait, &domain, now += 100), HB_WAIT_ON);
	}
	assert_int_equal(hb_wait_judge(&wait, &domain, now += 100), HB_WAIT_STUCK);
}

static void test_slow_is_not_stuck(void **state)
{
	struct hb_domain domain = silent(512 * M);
	struct hb_wait wait = start(&domain, 0);
	uint64_t now = 1000;

	(void)state;
	for (int i = 0; i < 200; i++) {
		domain.actual_kib -= M + 64;
		assert_int_equal(hb_wait_judge(&wait, &domain, now += 1000), HB_WAIT_ON);
		assert_int_equal(wait.rate.kib_s, M + 64);
	}
}

/* A guest that goes the wrong way is as stuck as one that stands still. */
static void test_wrong_way(void **state)
{
	struct hb_domain domain = silent(400 * M);
	struct hb_wait wait = start(&domain, 0);
	uint64_t now = 1000;

	(void)state;
	for (int i = 0; i < 9; i++) {
		domain.actual_kib += 20 * M;
		assert_int_equal(hb_wait_judge(&wait, &domain, now += 1000), HB_WAIT_ON);
		assert_int_equal(wait.rate.kib_s, 0);
	}
	assert_int_equal(hb_wait_judge(&wait, &domain, now += 1000), HB_WAIT_STUCK);
}

static void test_cause_shortens(void **state)
{
	struct hb_domain domain = reporting(400 * M, 400 * M, HB_STATE_WAITING, HB_CAUSE_GUEST_BUSY);
	struct hb_wait wait = start(&domain, 0);

	(void)state;
	assert_int_equal(hb_wait_judge(&wait, &domain, 2900), HB_WAIT_ON);
	/* It moves in spite of the cause. */
	domain.report.current.value = domain.actual_kib = 399 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 3000), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 4900), HB_WAIT_ON);
	/* A cause of the last goal. */
	domain.report.goal.value = 300 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 5000), HB_WAIT_ON);
	domain.report.goal.value = 256 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 5000), HB_WAIT_STUCK);
	/* With a target it cannot read the driver has no goal to name. */
	domain.report.goal.presence = HB_ABSENT;
	domain.report.cause.value = HB_CAUSE_BAD_TARGET;
	assert_int_equal(hb_wait_judge(&wait, &domain, 5000), HB_WAIT_STUCK);
}

/* What is swapped out lies in the guest for a while; who can ask others need not wait for that. */
static void test_swapping(void **state)
{
	struct hb_domain domain = reporting(400 * M, 400 * M, HB_STATE_SHRINKING, HB_CAUSE_SWAPPING);
	struct hb_wait wait = start(&domain, 0), other = wait;

	(void)state;
	wait.patient = true;
	assert_int_equal(hb_wait_judge(&wait, &domain, 60999), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&other, &domain, 3000), HB_WAIT_STUCK);
	domain.report.current.value = domain.actual_kib = 399 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 61000), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 120999), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 121000), HB_WAIT_STUCK);
	/* Only while it says so, of this goal. */
	wait = start(&domain, 0);
	wait.patient = true;
	domain.report.goal.value = 300 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 10999), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 11000), HB_WAIT_STUCK);
}

static void test_other_ends(void **state)
{
	struct hb_domain domain = silent(512 * M);
	struct hb_wait wait = start(&domain, 3000);

	(void)state;
	assert_int_equal(hb_wait_judge(&wait, &domain, 3999), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 4000), HB_WAIT_TIMEOUT);
	/* Destroyed or migrated domains are paused for a moment; that is not the verdict. */
	wait = start(&domain, 0);
	domain.state = HB_DOMAIN_PAUSED;
	assert_int_equal(hb_wait_judge(&wait, &domain, 2999), HB_WAIT_ON);
	assert_int_equal(hb_wait_judge(&wait, &domain, 3000), HB_WAIT_PAUSED);
	domain.state = HB_DOMAIN_RUNNING;
	assert_int_equal(hb_wait_judge(&wait, &domain, 3000), HB_WAIT_ON);
	domain.state = HB_DOMAIN_DYING;
	assert_int_equal(hb_wait_judge(&wait, &domain, 3000), HB_WAIT_GONE);
	domain.state = HB_DOMAIN_RUNNING;
	domain.target.value = 300 * M;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1100), HB_WAIT_SUPERSEDED);
	domain.target.presence = HB_INVALID;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1100), HB_WAIT_SUPERSEDED);
	/* libxl takes the directory away before the domain is gone. */
	domain.target.presence = HB_ABSENT;
	assert_int_equal(hb_wait_judge(&wait, &domain, 1100), HB_WAIT_GONE);
}

/* What it was granted and has taken since it was there is not waited for; anything else is. */
static void test_rescued(void **state)
{
	struct hb_domain domain = reporting(296 * M + 64, 296 * M, HB_STATE_IDLE, HB_CAUSE_NONE), other;

	(void)state;
	domain.domid = 5;
	domain.report.rescued = (struct hb_number){ HB_PRESENT, 40 * M };
	domain.headroom = (struct hb_number){ HB_PRESENT, 40 * M };
	assert_true(hb_wait_is_there(&domain, 256 * M));
	assert_int_equal(hb_rescued_kib(&domain), 40 * M);
	/* No more than it was granted; what it says of itself it says all the same. */
	other = domain;
	other.headroom.value = 39 * M;
	assert_false(hb_wait_is_there(&other, 256 * M));
	assert_int_equal(hb_rescued_kib(&other), 40 * M);
	/* Of another target, or a place that it is not at. */
	other = domain;
	other.report.goal.value = 260 * M;
	assert_false(hb_wait_is_there(&other, 256 * M));
	other = domain;
	other.report.rescued.value = 30 * M;
	assert_false(hb_wait_is_there(&other, 256 * M));
	assert_int_equal(hb_rescued_kib(&other), 30 * M);
	/* Xen counts that it is not there. */
	other = domain;
	other.actual_kib = 512 * M;
	assert_false(hb_wait_is_there(&other, 256 * M));
	assert_int_equal(hb_rescued_kib(&other), 0);
	other = domain;
	other.driver = HB_DRIVER_ANNOUNCED;
	assert_int_equal(hb_rescued_kib(&other), 0);
	/* Never more than it has above its target. */
	domain.report.rescued.value = 4096 * M;
	assert_int_equal(hb_rescued_kib(&domain), 40 * M);
}

/* What it leaves of its target, as it sizes itself, is not waited for. */
static void test_sparing(void **state)
{
	struct hb_domain domain = reporting(196 * M + 64, 196 * M, HB_STATE_IDLE, HB_CAUSE_NONE), other;

	(void)state;
	domain.domid = 5;
	domain.report.spared = (struct hb_number){ HB_PRESENT, 60 * M };
	assert_true(hb_wait_is_there(&domain, 256 * M));
	assert_int_equal(hb_spared_kib(&domain), 60 * M);
	/* Of another target, or a place that it is not at. */
	other = domain;
	other.report.goal.value = 250 * M;
	assert_false(hb_wait_is_there(&other, 256 * M));
	other = domain;
	other.report.spared.value = 30 * M;
	assert_false(hb_wait_is_there(&other, 256 * M));
	assert_int_equal(hb_spared_kib(&other), 30 * M);
	other.report.spared.value = 4096 * M;
	assert_false(hb_wait_is_there(&other, 256 * M));
	assert_int_equal(hb_spared_kib(&other), 60 * M);
	/* Xen counts that it is not there, and another driver leaves nothing. */
	other = domain;
	other.actual_kib = 512 * M;
	assert_false(hb_wait_is_there(&other, 256 * M));
	assert_int_equal(hb_spared_kib(&other), 0);
	domain.driver = HB_DRIVER_ANNOUNCED;
	assert_int_equal(hb_spared_kib(&domain), 0);
}

/* A floor above what the guest has is no floor, and no advice. */
static void test_advice_of_liar(void **state)
{
	struct hb_domain domain = reporting(300 * M, 300 * M, HB_STATE_WAITING, HB_CAUSE_GUEST_FLOOR);
	struct hb_error error;

	(void)state;
	domain.report.floor = (struct hb_number){ HB_PRESENT, 280 * M };
	assert_int_equal(hb_advise_stuck(&domain, 300 * M, 256 * M, &error), HB_E_STUCK);
	assert_non_null(strstr(error.remedy, "set at least 280M"));
	/* A size that is accepted. */
	domain.report.floor.value = 280 * M + 1;
	assert_int_equal(hb_advise_stuck(&domain, 300 * M, 256 * M, &error), HB_E_STUCK);
	assert_non_null(strstr(error.remedy, "set at least 286724K"));
	domain.report.floor.value = HB_SIZE_MAX_KIB;
	assert_int_equal(hb_advise_stuck(&domain, 300 * M, 256 * M, &error), HB_E_STUCK);
	assert_non_null(strstr(error.remedy, "set at least 300M"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arrived_without_report),
		cmocka_unit_test(test_arrived_hvm),
		cmocka_unit_test(test_arrived_with_report),
		cmocka_unit_test(test_late_report),
		cmocka_unit_test(test_lying_report),
		cmocka_unit_test(test_stuck_by_rate),
		cmocka_unit_test(test_slow_is_not_stuck),
		cmocka_unit_test(test_wrong_way),
		cmocka_unit_test(test_cause_shortens),
		cmocka_unit_test(test_swapping),
		cmocka_unit_test(test_other_ends),
		cmocka_unit_test(test_rescued),
		cmocka_unit_test(test_sparing),
		cmocka_unit_test(test_advice_of_liar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
