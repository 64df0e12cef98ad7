/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two of ours on one host at once: the second comes in before any call that the
 * first makes. What the host has to give goes to one of them.
 */
#include "common.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file_lock.h"
#include "to_come.h"

#define SECOND 6U

static struct sim *sim;
static struct hb_error error;

static int setup(void **state)
{
	struct sim_guest guest = usual_guest;

	(void)state;
	common_make_state_dir();
	sim = common_host();
	guest.domid = SECOND;
	guest.name = "second";
	sim_add(sim, &guest);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_close(sim);
	common_remove_state_dir();
	return 0;
}

/* Who finds the host locked does not wait: the other one cannot go on before it returns. */
static bool impatient(const struct hb_progress *progress, void *argument)
{
	(void)argument;
	return !progress->locked;
}

static struct hb *connect_impatient(void)
{
	struct hb *hb = common_connect(sim);

	hb_set_progress(hb, impatient, NULL);
	return hb;
}

/* More than half of what the host has to give. */
static uint64_t share_kib;

static enum hb_code raise_domain(uint32_t domid)
{
	struct hb_set_request request = {
		.size = { HB_SIZE_ABSOLUTE, false, 512 * M + share_kib },
	};
	struct hb *hb = connect_impatient();
	struct hb_set_result result;
	enum hb_code code = hb_set(hb, domid, &request, &result, &error);

	hb_close(hb);
	return code;
}

static enum hb_code raise_first(void)
{
	return raise_domain(GUEST);
}

static enum hb_code raise_second(void)
{
	return raise_domain(SECOND);
}

static enum hb_code reserve_named(const char *name)
{
	struct hb_reserve_request request = { .name = name, .size_kib = share_kib };
	struct hb *hb = connect_impatient();
	struct hb_reservation reservation;
	enum hb_code code = hb_reserve(hb, &request, &reservation, &error);

	hb_close(hb);
	return code;
}

static enum hb_code reserve_new(void)
{
	return reserve_named("new");
}

static enum hb_code reserve_other(void)
{
	return reserve_named("other");
}

/* Xen sets it aside within the limit that the domain has. */
static enum hb_code claim_second(void)
{
	sim_set_limit(sim, SECOND, 8 * G);
	return reserve_named("second");
}

/* It begins when somebody has been told already what there is: then it may be told the same. */
static bool begun_after;

static enum hb_code make_free(void)
{
	const struct hb_free_request request = { .need_kib = share_kib };
	const struct hb_arrivals none = { 0 };
	struct hb *hb = connect_impatient();
	struct hb_free_result result = { 0 };
	struct hb_arrivals kept = hb_to_come_kept(hb);
	enum hb_code code = hb_free(hb, &request, &result, &error);

	begun_after |= hb_arrivals_since(&kept, &none) > 0;
	hb_free_result_clear(&result);
	hb_close(hb);
	return code;
}

typedef enum hb_code taker_fn(void);

static taker_fn *second_taker;
static enum hb_code second_code;

static void take_second(struct sim *host)
{
	host->fault = SIM_FAULT_NONE;
	second_code = second_taker();
}

struct tally {
	unsigned int both, first, second, neither;
};

/* The second comes before the at-th call of the first; returns how many there were. */
static unsigned int take_together(taker_fn *first, taker_fn *second, unsigned int at, bool locks,
				  struct tally *tally)
{
	unsigned int start;
	enum hb_code code;

	setup(NULL);
	sim->no_lock = !locks;
	share_kib = common_available(sim) * 2 / 3 / HB_PAGE_KIB * HB_PAGE_KIB;
	second_taker = second;
	second_code = HB_E_INTERNAL;
	start = sim->calls;
	begun_after = false;
	sim->hook = take_second;
	sim->fault = SIM_FAULT_HOOK;
	sim->fault_at = start + at;
	code = first();
	tally->both += !code && !second_code;
	tally->first += !code && second_code;
	tally->second += code && !second_code;
	tally->neither += code && second_code;
	start = sim->calls - start;
	teardown(NULL);
	return start;
}

static struct tally take_at_every_call(taker_fn *first, taker_fn *second, bool locks)
{
	struct tally tally = { 0 };

	/* Past its last call the second never comes. */
	for (unsigned int at = 1; take_together(first, second, at, locks, &tally) >= at; at++)
		;
	return tally;
}

static void test_taken_once(void **state)
{
	static const struct {
		taker_fn *first, *second;
	} pairs[] = {
		{ raise_first, raise_second }, { raise_first, reserve_new },
		{ raise_first, claim_second }, { reserve_new, raise_second },
		{ reserve_new, reserve_other }, { reserve_new, claim_second },
		{ claim_second, raise_first }, { claim_second, reserve_new },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct tally tally = take_at_every_call(pairs[i].first, pairs[i].second, true);

		if (tally.both || tally.neither || !tally.first || !tally.second)
			fail_msg("pair %zu: both %u, first %u, second %u, neither %u", i, tally.both,
				 tally.first, tally.second, tally.neither);
	}
}

/* The test above can fail: without locks some of the memory is given away twice. */
static void test_taken_twice_without_locks(void **state)
{
	(void)state;
	assert_true(take_at_every_call(raise_first, raise_second, false).both > 0);
	assert_true(take_at_every_call(raise_first, reserve_new, false).both > 0);
	assert_true(take_at_every_call(claim_second, raise_first, false).both > 0);
}

/* Nor are two who make it free told of the same, unless the one begins when the other has ended. */
static void test_made_free_once(void **state)
{
	unsigned int calls = 1, second = 0, after = 0;

	(void)state;
	for (unsigned int at = 1; at <= calls; at++) {
		struct tally tally = { 0 };

		calls = take_together(make_free, make_free, at, true, &tally);
		if (tally.neither || tally.both != begun_after)
			fail_msg("call %u: both %u, neither %u", at, tally.both, tally.neither);
		second += tally.second;
		after += begun_after;
	}
	assert_true(second > 3 && after);
}

static enum hb_code release_old(void)
{
	struct hb *hb = connect_impatient();
	enum hb_code code = hb_release(hb, "old", &error);

	hb_close(hb);
	return code;
}

static bool is_reserved(const char *name)
{
	const char *text = common_state_file("reservations");

	return text && strstr(text, name);
}

/* The file is read and written as one thing: what is reserved meanwhile stays. */
static void test_released_and_reserved(void **state)
{
	unsigned int at, start, calls = 1, second = 0;
	enum hb_code code;

	(void)state;
	for (at = 1; at <= calls; at++) {
		setup(NULL);
		share_kib = 64 * M;
		assert_int_equal(reserve_named("old"), HB_OK);
		second_taker = reserve_new;
		second_code = HB_E_INTERNAL;
		sim->hook = take_second;
		start = sim->calls;
		sim->fault = SIM_FAULT_HOOK;
		sim->fault_at = start + at;
		code = release_old();
		calls = sim->calls - start;
		assert_int_equal(is_reserved(" old\n"), code != HB_OK);
		assert_int_equal(is_reserved(" new\n"), second_code == HB_OK);
		second += second_code == HB_OK;
		teardown(NULL);
	}
	assert_true(second > 0 && at > 5);
}

static int lock;

static void unlock_later(struct sim *host)
{
	if (host->clock_ms >= 500 && lock >= 0) {
		close(lock);
		lock = -1;
	}
}

static void hold_host(void)
{
	common_lock_file(sim);
	sim->tick = unlock_later;
	lock = hb_file_lock(sim->host_lock);
	assert_true(lock >= 0);
}

static void test_host_locked(void **state)
{
	struct hb_set_result result;

	(void)state;
	hold_host();
	assert_int_equal(common_set(sim, "256M", NULL, &result, &error), HB_OK);
	/* That the domain is not locked meanwhile is checked by sim_sleep_ms(). */
	assert_in_range(sim->clock_ms, 500, 520);
	common_assert_consistent(sim, GUEST);
}

/* What belongs to a target that stands is written, whatever who waits says; else he is heard. */
static void test_host_locked_after_the_deed(void **state)
{
	struct hb_limits_change change = { .min = { HB_PRESENT, 256 * M } };
	struct hb_limits limits;
	struct hb_domain domain;
	struct hb *hb = connect_impatient();

	(void)state;
	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	hold_host();
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_E_INTERRUPTED);
	assert_null(common_state_file("limits"));
	change = (struct hb_limits_change){ .reset = true };
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
	assert_non_null(common_state_file("limits"));
	assert_true(sim->clock_ms >= 500);
	hb_close(hb);
}

static bool until_one_second(const struct hb_progress *progress, void *argument)
{
	unsigned int *calls = argument;

	assert_true(progress->locked);
	assert_string_equal(progress->domain->name, "host");
	(*calls)++;
	return progress->elapsed_ms < 1000;
}

static void test_host_locked_for_ever(void **state)
{
	unsigned int calls = 0;
	const struct hb_set_request request = { .timeout_s = 5 };
	struct hb_set_result result;

	(void)state;
	hold_host();
	sim->tick = NULL;
	assert_int_equal(common_set_telling(sim, "256M", NULL, until_one_second, &calls, &result, &error),
			 HB_E_INTERRUPTED);
	assert_true(calls > 10);
	assert_string_equal(error.remedy, "nothing was changed; ask again when it is done");
	assert_int_equal(common_set(sim, "256M", &request, &result, &error), HB_E_HOST);
	assert_in_range(sim->clock_ms, 6000, 6100);
	assert_string_equal(error.message, "another hotballoon has held the host locked for 5 s");
	assert_int_equal(common_set(sim, "256M", NULL, &result, &error), HB_E_HOST);
	assert_in_range(sim->clock_ms, 36000, 36100);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	/* What needs no lock goes on. */
	assert_true(common_available(sim) > 0);
	close(lock);
	assert_int_equal(common_set(sim, "256M", NULL, &result, &error), HB_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_once),
		cmocka_unit_test(test_taken_twice_without_locks),
		cmocka_unit_test(test_made_free_once),
		cmocka_unit_test(test_released_and_reserved),
		cmocka_unit_test_setup_teardown(test_host_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_host_locked_after_the_deed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_host_locked_for_ever, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
