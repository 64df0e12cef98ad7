/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory made free, and memory set aside, on a whole simulated host. */
#include "common.h"
#include "file_lock.h"
#include "sim_internal.h"
#include "reserve.h"
#include "to_come.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sim *sim;
static struct hb *hb;
static struct hb_error error;
static struct hb_free_result result;

#define SECOND 6U
#define THIRD 7U

static void add_guest(uint32_t domid, const char *name, uint64_t memory_kib)
{
	struct sim_guest guest = usual_guest;

	guest.domid = domid;
	guest.name = name;
	guest.memory_kib = guest.maxmem_kib = memory_kib;
	sim_add(sim, &guest);
}

/* 8G: domain 0 has 1G, three guests 512M, 2G and 2G. */
static int setup(void **state)
{
	(void)state;
	common_make_state_dir();
	sim = common_host();
	add_guest(SECOND, "second", 2 * G);
	add_guest(THIRD, "third", 2 * G);
	hb = common_connect(sim);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(sim_pages(sim), sim->total_pages);
	hb_close(hb);
	sim_close(sim);
	common_remove_state_dir();
	return 0;
}

static void limit(uint32_t domid, uint64_t min_kib, unsigned int weight)
{
	struct hb_limits_change change = { .min = { HB_PRESENT, min_kib }, .weight = weight };
	struct hb_limits limits;
	struct hb_domain domain;

	assert_int_equal(hb_show(hb, domid, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
}

static uint64_t available(void)
{
	struct hb_host_memory memory;

	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	return hb_host_available_kib(&memory);
}

static enum hb_code make_free(uint64_t kib, bool dry_run)
{
	struct hb_free_request request = { .need_kib = kib, .dry_run = dry_run };

	hb_free_result_clear(&result);
	return hb_free(hb, &request, &result, &error);
}

static void forget_result(void)
{
	hb_free_result_clear(&result);
	result.entries = NULL;
}

static uint64_t target(uint32_t domid)
{
	return common_number(sim, domid, HB_KEY_TARGET);
}

static void test_enough_already(void **state)
{
	(void)state;
	assert_int_equal(make_free(G, false), HB_OK);
	assert_int_equal(result.count, 0);
	forget_result();
}

/* Nobody has said that a guest may be asked: nobody is. */
static void test_nobody_may_be_asked(void **state)
{
	(void)state;
	assert_int_equal(make_free(4 * G, false), HB_E_REFUSED);
	assert_int_equal(error.reason, HB_REASON_GUESTS_GIVE_LESS);
	assert_non_null(strstr(common_remedy(&error), "hotballoon limits"));
	assert_int_equal(target(SECOND), 2 * G);
	forget_result();
}

static void test_dry_run_and_deed(void **state)
{
	uint64_t before = available(), calls;

	(void)state;
	limit(SECOND, 512 * M, 0);
	limit(THIRD, 512 * M, 2000);
	assert_int_equal(make_free(before + 900 * M, true), HB_OK);
	assert_int_equal(result.count, 2);
	assert_int_equal(result.before_kib, before);
	assert_in_range(result.entries[0].from_kib - result.entries[0].to_kib, 600 * M, 600 * M + 4);
	assert_in_range(result.entries[1].from_kib - result.entries[1].to_kib, 300 * M, 300 * M + 4);
	assert_int_equal(target(SECOND), 2 * G);
	assert_int_equal(available(), before);
	calls = sim->locks;
	assert_int_equal(calls, 0);

	assert_int_equal(make_free(before + 900 * M, false), HB_OK);
	assert_true(available() >= before + 900 * M);
	assert_int_equal(target(SECOND), result.entries[0].to_kib);
	assert_int_equal(target(THIRD), result.entries[1].to_kib);
	assert_int_equal(target(GUEST), 512 * M);
	/* Xen's limit has followed: nobody can take it back. */
	assert_int_equal(sim_xen(sim, SECOND, NULL).max_pages * 4, target(SECOND) + M);
	/* A manager has done it: they are not pinned, and can be asked again. */
	assert_int_equal(make_free(before + G, false), HB_OK);
	assert_int_equal(result.count, 2);
	forget_result();
}

static void test_minimum_is_kept(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(SECOND, G, 0);
	limit(THIRD, 1536 * M, 0);
	assert_int_equal(make_free(before + 2 * G, false), HB_E_REFUSED);
	assert_int_equal(target(SECOND), 2 * G);
	assert_int_equal(make_free(before + 1536 * M, false), HB_OK);
	assert_int_equal(target(SECOND), G);
	assert_int_equal(target(THIRD), 1536 * M);
	forget_result();
}

/* One does not move: the other gives its part, and the first is named. */
static void test_stuck_donor(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(SECOND, 512 * M, 0);
	limit(THIRD, 512 * M, 0);
	sim_guest(sim, SECOND)->rate_kib_s = 0;
	assert_int_equal(make_free(before + 800 * M, false), HB_OK);
	assert_true(available() >= before + 800 * M);
	assert_true(result.entries[0].stuck);
	assert_false(result.entries[1].stuck);
	assert_in_range(target(THIRD), 2 * G - 800 * M - 8, 2 * G - 800 * M);
	/* Both: what there is, and an error that says so. */
	sim_guest(sim, THIRD)->rate_kib_s = 0;
	assert_int_equal(make_free(before + G, false), HB_E_STUCK);
	assert_non_null(strstr(error.message, "guests have stopped"));
	forget_result();
}

/* It runs the kernel's own. */
static void without_driver(uint32_t domid)
{
	sim_guest(sim, domid)->reports = false;
	sim_remove_key(sim, domid, HB_KEY_REPORT_VERSION);
}

/* Both say 200M of 2G less 160M in use, as our driver's line or by an agent's keys. */
static void say_use(bool agent)
{
	for (uint32_t domid = SECOND; domid <= THIRD; domid++) {
		if (!agent) {
			sim_write_key(sim, domid, HB_KEY_REPORT_STATS, "total-memory=1933312 used=204800");
			continue;
		}
		sim_write_key(sim, domid, HB_KEY_MEMINFO_TOTAL, "1933312");
		sim_write_key(sim, domid, HB_KEY_MEMINFO_FREE, "1728512");
	}
}

/* The other has arrived, and its word is of before that still: it has as much to give as it had. */
static void stuck_donor_beside(bool agent)
{
	const uint64_t before = available();

	say_use(agent);
	limit(SECOND, 128 * M, 0);
	limit(THIRD, 128 * M, 0);
	sim_guest(sim, SECOND)->rate_kib_s = 0;
	assert_int_equal(make_free(before + 900 * M, false), HB_OK);
	assert_true(available() >= before + 900 * M);
	assert_true(result.entries[0].stuck);
	assert_false(result.entries[1].stuck);
	forget_result();
}

static void test_stuck_donor_that_reports(void **state)
{
	(void)state;
	stuck_donor_beside(false);
}

static void test_stuck_donor_with_agent(void **state)
{
	(void)state;
	without_driver(SECOND);
	without_driver(THIRD);
	stuck_donor_beside(true);
}

/* It never gives what its kernel was seen to keep; who has not seen that leaves it more. */
static void test_kernel_is_kept(void **state)
{
	const uint64_t before = available();

	(void)state;
	sim_write_key(sim, THIRD, HB_KEY_STATIC_MAX, "4194304");
	without_driver(SECOND);
	without_driver(THIRD);
	say_use(true);
	limit(SECOND, 128 * M, 0);
	limit(THIRD, 128 * M, 0);
	sim_guest(sim, SECOND)->rate_kib_s = 0;
	assert_int_equal(make_free(before + 2 * G - 340 * M, false), HB_E_STUCK);
	assert_int_equal(make_free(before + 2 * G - 400 * M, false), HB_E_STUCK);
	assert_int_equal(make_free(before + 2 * G - 530 * M, false), HB_OK);
	/* A word that is of it as it is now. */
	sim_write_key(sim, THIRD, HB_KEY_MEMINFO_TOTAL, "378880");
	sim_write_key(sim, THIRD, HB_KEY_MEMINFO_FREE, "174080");
	assert_int_equal(make_free(before + 2 * G - 400 * M, false), HB_OK);
	forget_result();
}

/* One that gives is destroyed meanwhile: what it had is free. */
static void destroy_second(struct sim *host)
{
	if (host->clock_ms == 500)
		sim_destroy(host, SECOND);
}

static void test_donor_goes_away(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(SECOND, 512 * M, 0);
	limit(THIRD, 512 * M, 0);
	sim->tick = destroy_second;
	assert_int_equal(make_free(before + 2 * G, false), HB_OK);
	assert_true(available() >= before + 2 * G);
	assert_false(sim_has_nodes(sim, SECOND));
	assert_int_equal(result.count, 2);
	assert_false(result.entries[0].stuck);
	forget_result();
}

/* One that was never asked has no size that it was asked for. */
static void test_coming_stops(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(THIRD, 512 * M, 0);
	sim_write_key(sim, SECOND, HB_KEY_TARGET, "1048576");
	sim_guest(sim, SECOND)->rate_kib_s = 0;
	assert_int_equal(make_free(before + 900 * M, false), HB_OK);
	assert_int_equal(result.count, 2);
	assert_int_equal(result.entries[0].domain.domid, SECOND);
	assert_int_equal(result.entries[0].from_kib, G);
	assert_int_equal(result.entries[0].to_kib, G);
	assert_true(result.entries[0].stuck);
	assert_false(result.entries[1].stuck);
	forget_result();
}

/* One that goes away has given all it had, asked or not. */
static void test_coming_goes_away(void **state)
{
	uint64_t before = available();

	(void)state;
	sim_write_key(sim, SECOND, HB_KEY_TARGET, "1048576");
	sim_guest(sim, SECOND)->rate_kib_s = 0;
	sim->tick = destroy_second;
	assert_int_equal(make_free(before + 900 * M, false), HB_OK);
	assert_int_equal(result.count, 0);
	forget_result();
}

/* What is coming back by itself is not asked for again. */
static void test_coming(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(THIRD, 512 * M, 0);
	sim_write_key(sim, SECOND, HB_KEY_TARGET, "1048576");
	assert_int_equal(make_free(before + 900 * M, false), HB_OK);
	assert_int_equal(result.count, 0);
	assert_int_equal(target(THIRD), 2 * G);
	assert_in_range(result.coming_kib, G, G + 64);
	forget_result();
}

/* Xen takes the memory of a domain that is being destroyed piece by piece. */
#define DRAIN_MIB_S 140ULL

static void drain_second(struct sim *host)
{
	struct sim_domain *domain = sim_domain(host, SECOND);
	uint64_t pages = DRAIN_MIB_S * M / HB_PAGE_KIB / 10;

	if (!domain)
		return;
	if (pages > domain->xen.tot_pages)
		pages = domain->xen.tot_pages;
	domain->xen.tot_pages -= pages;
	host->free_pages += pages;
	if (!domain->xen.tot_pages)
		sim_destroy(host, SECOND);
}

/* Its memory comes back in more time than a guest has that stops, and nobody is asked for it. */
static void test_being_destroyed(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(THIRD, 512 * M, 0);
	sim_guest(sim, SECOND)->dying = true;
	sim->tick = drain_second;
	assert_int_equal(make_free(before + 2000 * M, false), HB_OK);
	assert_in_range(result.waited_ms, 2000 * 1000 / DRAIN_MIB_S, 2000 * 1000 / DRAIN_MIB_S + 500);
	assert_in_range(result.coming_kib, 2 * G, 2 * G + 64);
	assert_int_equal(result.count, 0);
	assert_int_equal(target(THIRD), 2 * G);
	forget_result();
}

/* So it is before Xen itself says that it is dying: libxl has only begun. */
static void test_destroyed_by_libxl(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(THIRD, 512 * M, 0);
	sim_begin_destroy(sim, SECOND);
	sim->tick = drain_second;
	assert_int_equal(make_free(before + 2000 * M, false), HB_OK);
	assert_in_range(result.coming_kib, 2 * G, 2 * G + 64);
	assert_int_equal(result.count, 0);
	assert_int_equal(target(THIRD), 2 * G);
	forget_result();
}

/* One whose memory others still hold gives nothing back: those who can are asked. */
static void test_zombie(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(THIRD, 512 * M, 0);
	sim_guest(sim, SECOND)->dying = true;
	assert_int_equal(make_free(before + G, false), HB_OK);
	assert_true(available() >= before + G);
	assert_int_equal(result.count, 1);
	assert_int_equal(result.entries[0].domain.domid, THIRD);
	assert_false(result.entries[0].stuck);
	assert_int_equal(make_free(before + 2 * G, false), HB_E_STUCK);
	forget_result();
}

/* One that gives is destroyed, and takes its time for it. */
static void destroy_slowly(struct sim *host)
{
	struct sim_guest *second = sim_guest(host, SECOND);

	if (second && host->clock_ms >= 500)
		second->dying = true;
	if (second && second->dying)
		drain_second(host);
}

static void test_destroyed_on_its_way(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(SECOND, 512 * M, 0);
	sim_guest(sim, SECOND)->rate_kib_s = 20 * M;
	sim->tick = destroy_slowly;
	assert_int_equal(make_free(before + 1500 * M, false), HB_OK);
	assert_int_equal(result.count, 1);
	assert_false(result.entries[0].stuck);
	assert_int_equal(result.entries[0].from_kib, 2 * G);
	forget_result();
}

/* A person sets the second guest while free is at work. */
static uint64_t person_kib;

static void person_sets(struct sim *host)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, person_kib);
	sim_set_limit(host, SECOND, person_kib + M);
	sim_write_key(host, SECOND, HB_KEY_TARGET, value);
}

/*
 * Before any call that free makes: what the person has set is never written over,
 * be it more or less than what free would have asked for.
 */
static void test_person_wins(void **state)
{
	unsigned int calls = 1, start;

	for (unsigned int at = 1; at <= calls; at++) {
		teardown(state);
		setup(state);
		limit(SECOND, 512 * M, 0);
		limit(THIRD, 512 * M, 0);
		person_kib = at % 2 ? 1792 * M : 768 * M;
		sim->hook = person_sets;
		sim->fault = SIM_FAULT_HOOK;
		sim->fault_at = sim->calls + at;
		start = sim->calls;
		make_free(G * 7 / 2, false);
		calls = sim->calls - start;
		if (at <= calls && target(SECOND) != person_kib)
			fail_msg("at call %u of %u: %" PRIu64, at, calls, target(SECOND));
	}
	assert_true(calls > 100);
	forget_result();
}

static bool person_has_set;

/* As "hotballoon set" does, to the size that it has. */
static void person_confirms(struct sim *host)
{
	const struct hb_set_request request = {
		.size = { HB_SIZE_ABSOLUTE, false, 2 * G }, .timeout_s = 1,
	};
	struct hb *own = common_connect(host);
	struct hb_set_result set;
	struct hb_error ignored;

	person_has_set = !hb_set(own, SECOND, &request, &set, &ignored);
	hb_close(own);
}

/* The number alone says nothing: one that a person has confirmed is his, whatever was planned. */
static void test_person_wins_by_the_act(void **state)
{
	unsigned int calls = 1, start, confirmed = 0;

	for (unsigned int at = 1; at <= calls; at++) {
		teardown(state);
		setup(state);
		limit(SECOND, 512 * M, 0);
		limit(THIRD, 512 * M, 0);
		person_has_set = false;
		sim->hook = person_confirms;
		sim->fault = SIM_FAULT_HOOK;
		sim->fault_at = sim->calls + at;
		start = sim->calls;
		make_free(G * 7 / 2, false);
		calls = sim->calls - start;
		confirmed += person_has_set;
		if (person_has_set && target(SECOND) != 2 * G)
			fail_msg("at call %u of %u: %" PRIu64, at, calls, target(SECOND));
	}
	assert_true(confirmed > 20);
	forget_result();
}

static void destroy_before(struct sim *host)
{
	sim_destroy(host, SECOND);
}

/* Destroyed before any call, even the one that asks it: it is none that does not move. */
static void test_gone_when_asked(void **state)
{
	unsigned int calls = 1, start, unnamed = 0;

	for (unsigned int at = 1; at <= calls; at++) {
		teardown(state);
		setup(state);
		limit(SECOND, 512 * M, 0);
		limit(THIRD, 512 * M, 0);
		sim->hook = destroy_before;
		sim->fault = SIM_FAULT_HOOK;
		sim->fault_at = sim->calls + at;
		start = sim->calls;
		assert_int_equal(make_free(G * 7 / 2, false), HB_OK);
		calls = sim->calls - start;
		for (size_t i = 0; i < result.count; i++) {
			assert_false(result.entries[i].stuck);
			assert_true(result.entries[i].to_kib < result.entries[i].from_kib);
			assert_true(result.entries[i].domain.domid == SECOND || target(THIRD) < 2 * G);
		}
		unnamed += !result.count;
	}
	assert_true(unnamed > 50);
	forget_result();
}

/* One that is locked does not take the time in which others can give its part. */
static void test_hung_lock_and_timeout(void **state)
{
	struct hb_free_request request = { .need_kib = available() + 800 * M, .timeout_s = 12 };
	uint64_t start = sim->clock_ms;

	(void)state;
	limit(SECOND, 512 * M, 0);
	limit(THIRD, 512 * M, 0);
	sim->locked_domid = THIRD;
	sim->locked_until_ms = 1000000;
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
	assert_int_equal(target(THIRD), 2 * G);
	assert_in_range(sim->clock_ms - start, 3000, 12000);
	forget_result();
	/* Nobody is left who moves: to wait longer would not help. */
	request.need_kib = available() + 1500 * M;
	request.timeout_s = 1;
	sim_guest(sim, SECOND)->rate_kib_s = 4 * G;
	start = sim->clock_ms;
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_E_STUCK);
	/* That second, and one more to let maxmem follow. */
	assert_in_range(sim->clock_ms - start, 1000, 2500);
	forget_result();
}

/* One that another tool holds locked for ever: the other gives its part. */
static void test_hung_lock(void **state)
{
	uint64_t before = available();

	(void)state;
	limit(SECOND, 512 * M, 0);
	limit(THIRD, 512 * M, 0);
	sim->locked_domid = SECOND;
	sim->locked_until_ms = 1000000;
	assert_int_equal(make_free(before + 800 * M, false), HB_OK);
	assert_true(available() >= before + 800 * M);
	assert_int_equal(target(SECOND), 2 * G);
	assert_int_equal(result.count, 2);
	assert_true(result.entries[0].stuck);
	assert_int_equal(result.entries[0].to_kib, 2 * G);
	assert_false(result.entries[1].stuck);
	/* It is alone: there is nobody else. */
	assert_int_equal(make_free(before + 2 * G, false), HB_E_STUCK);
	forget_result();
}

/* The lock is taken after the target was written: maxmem waits, and the guest gives. */
static void lock_second(struct sim *host)
{
	host->locked_domid = SECOND;
	host->locked_until_ms = 1000000;
}

static void test_lock_hangs_later(void **state)
{
	unsigned int calls = 1, start;

	for (unsigned int at = 1; at <= calls; at += 3) {
		teardown(state);
		setup(state);
		limit(SECOND, 512 * M, 0);
		limit(THIRD, 512 * M, 0);
		sim->hook = lock_second;
		sim->fault = SIM_FAULT_HOOK;
		sim->fault_at = sim->calls + at;
		start = sim->calls;
		assert_int_equal(make_free(G * 7 / 2, false), HB_OK);
		assert_true(available() >= G * 7 / 2);
		calls = sim->calls - start;
	}
	assert_true(calls > 100);
	forget_result();
}

/* A guest that says that it can have nothing is asked as any other. */
static void test_report_of_liar(void **state)
{
	struct hb_limits_change change = { .max = { HB_PRESENT, 4 * G } };
	uint64_t before = available();
	struct hb_limits limits;
	struct hb_domain domain;

	(void)state;
	limit(SECOND, 512 * M, 0);
	limit(THIRD, 512 * M, 0);
	assert_int_equal(hb_show(hb, SECOND, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
	sim_write_key(sim, SECOND, HB_KEY_REPORT_MAX, "4");
	assert_int_equal(make_free(before + 800 * M, false), HB_OK);
	assert_int_equal(result.count, 2);
	assert_false(result.entries[0].stuck);
	assert_true(target(SECOND) >= 512 * M);
	/* It is known who has set it: it can be asked again. */
	assert_int_equal(hb_show(hb, SECOND, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_OK);
	assert_int_equal(limits.set.value, target(SECOND));
	forget_result();
	/* And it keeps nobody from leaving it alone. */
	change = (struct hb_limits_change){ .off = true };
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
	assert_int_equal(limits.mode, HB_MODE_OFF);
}

/*
 * Five that give, of whom another tool takes one in each round but the last: as soon as
 * it has been asked for more.
 */
#define DONORS 5
#define FIRST_DONOR 10U

static unsigned int taken;
static uint64_t asked_kib;
static unsigned int last_round_calls;	/* at which call the last of them was first waited for */

static void take_one_a_round(struct sim *host)
{
	uint32_t domid = FIRST_DONOR + taken;

	if (common_number(host, domid, HB_KEY_TARGET) >= asked_kib)
		return;
	if (taken == DONORS - 1) {
		last_round_calls = last_round_calls ? last_round_calls : host->calls;
		return;
	}
	sim_set_limit(host, domid, 257 * M);
	sim_write_key(host, domid, HB_KEY_TARGET, "262144");
	taken++;
	asked_kib = common_number(host, domid + 1, HB_KEY_TARGET);
}

static void let_time_pass(struct sim *host)
{
	sim_run(host, 2000);
}

/* Returns how many calls it took; it ends well although time passes before call number at. */
static unsigned int free_in_five_rounds(void **state, unsigned int at)
{
	struct sim_guest guest = usual_guest;
	unsigned int calls;
	uint64_t before;

	teardown(state);
	setup(state);
	guest.name = "donor";
	guest.memory_kib = guest.maxmem_kib = 256 * M;
	/* What Xen counts above a target is promised to nobody: the sums would be off by it. */
	guest.offset_kib = 0;
	for (guest.domid = FIRST_DONOR; guest.domid < FIRST_DONOR + DONORS; guest.domid++) {
		sim_add(sim, &guest);
		limit(guest.domid, 16 * M, 0);
	}
	before = available();
	taken = last_round_calls = 0;
	asked_kib = 256 * M;
	sim->tick = take_one_a_round;
	sim->hook = let_time_pass;
	sim->fault = SIM_FAULT_HOOK;
	sim->fault_at = at;
	if (make_free(before + 200 * M, false))
		fail_msg("call %u: %s", at, error.message);
	calls = sim->calls;
	/* What is looked at now is of one moment. */
	sim->fault = SIM_FAULT_NONE;
	assert_int_equal(taken, DONORS - 1);
	assert_true(available() >= before + 200 * M);
	forget_result();
	return calls;
}

static void test_last_round(void **state)
{
	unsigned int at, calls = free_in_five_rounds(state, 0);

	for (at = last_round_calls + 1; at <= calls; at++)
		calls = free_in_five_rounds(state, at);
	assert_true(at > last_round_calls + 20);
}

#define BOOT(number) "0000000" #number "-0000-4000-8000-000000000000"

static uint64_t kept_to_come(void)
{
	const struct hb_arrivals kept = hb_to_come_kept(hb);

	return hb_arrivals_kib(&kept);
}

/* What one has made free is no other's to end or to take, whatever becomes of that one's own. */
static void test_several_to_come(void **state)
{
	uint64_t need;

	(void)state;
	limit(SECOND, 64 * M, 0);
	need = available() + 64 * M;
	assert_int_equal(make_free(need, false), HB_OK);
	assert_int_equal(make_free(64 * G, false), HB_E_REFUSED);
	assert_int_equal(kept_to_come(), need);
	sim_run(sim, 30000);
	assert_int_equal(make_free(G, false), HB_OK);
	assert_int_equal(kept_to_come(), need + G);
	sim_run(sim, 31000);
	assert_int_equal(kept_to_come(), G);
	/* No more than so many lines, whoever asks how often. */
	for (int i = 0; i < 2 * HB_ARRIVALS_MAX; i++)
		assert_int_equal(make_free(4096, false), HB_OK);
	assert_int_equal(kept_to_come(), HB_ARRIVALS_MAX * 4096);
	forget_result();
}

/* What is made free is for who is to come: a minute, or while it is made. */
static void test_to_come(void **state)
{
	struct hb_arrivals to_come;
	uint64_t need;

	(void)state;
	limit(SECOND, 64 * M, 0);
	need = available() + 64 * M;
	assert_int_equal(kept_to_come(), 0);
	assert_int_equal(make_free(need, true), HB_OK);
	forget_result();
	assert_int_equal(kept_to_come(), 0);
	assert_int_equal(make_free(need, false), HB_OK);
	forget_result();
	to_come = hb_to_come_kept(hb);
	assert_int_equal(hb_arrivals_kib(&to_come), need);
	assert_int_equal(to_come.list[0].last_domid, THIRD);
	sim_run(sim, 58000);
	assert_int_equal(kept_to_come(), need);
	sim_run(sim, 3000);
	assert_int_equal(kept_to_come(), 0);
	/* What could not be made free is for nobody. */
	assert_int_not_equal(make_free(64 * G, false), HB_OK);
	forget_result();
	assert_int_equal(kept_to_come(), 0);
	/* Nonsense is nothing. */
	common_write_state_file("to-come", "hotballoon to-come 3\n"
				"4096 9,999," BOOT(0) " x 1-2 made\n\n"
				"4096 99999999999,999," BOOT(0) " 1 1-2 made\n"
				"4096 9 1 3-4 made\n4096\n");
	assert_int_equal(kept_to_come(), 4096);
	/* Another boot, another domain of that domid. */
	sim->boot++;
	assert_int_equal(kept_to_come(), 0);
}

/* Another `free` that comes beside one that waits, and runs to its end. */
static struct hb_free_request beside;
static unsigned int times;

static bool come_beside(const struct hb_progress *progress, void *argument)
{
	struct hb_free_result freed = { 0 };
	struct hb *other;

	(void)argument;
	(void)progress;
	if (times++)
		return true;
	other = common_connect(sim);
	assert_int_equal(hb_free(other, &beside, &freed, &error), HB_OK);
	hb_free_result_clear(&freed);
	hb_close(other);
	return true;
}

static void free_beside(bool managed, uint64_t kib, bool other_managed, uint64_t other_kib)
{
	const struct hb_free_request request = { .need_kib = kib, .managed = managed };

	times = 0;
	beside = (struct hb_free_request){ .need_kib = other_kib, .managed = other_managed };
	hb_set_progress(hb, come_beside, NULL);
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
	hb_set_progress(hb, NULL, NULL);
	assert_true(times);
}

/* Two at once do not promise the same memory, whether the other finds its own or waits for it. */
static void test_two_at_once(void **state)
{
	for (unsigned int i = 0; i < 8; i++) {
		const uint64_t need = available() + 256 * M, other = i & 1 ? 512 * M : need;

		limit(SECOND, 64 * M, 0);
		limit(THIRD, 64 * M, 0);
		free_beside(i & 2, need, i & 4, other);
		assert_true(available() >= need + other);
		/* Who begins when both have ended finds what there is. */
		assert_int_equal(make_free(need + other, false), HB_OK);
		assert_int_equal(result.count, 0);
		forget_result();
		teardown(state);
		setup(state);
	}
}

static bool come_and_take(const struct hb_progress *progress, void *argument)
{
	come_beside(progress, argument);
	if (times == 5)
		add_guest(THIRD + 1, "fourth", 512 * M);
	return true;
}

/* Once the other's domain is there, its memory is not missed any more. */
static void test_two_at_once_one_arrived(void **state)
{
	const uint64_t need = available() + G;
	const struct hb_free_request request = { .need_kib = need };

	(void)state;
	limit(SECOND, 64 * M, 0);
	limit(THIRD, 64 * M, 0);
	times = 0;
	beside = (struct hb_free_request){ .need_kib = 512 * M };
	hb_set_progress(hb, come_and_take, NULL);
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
	assert_true(times > 5);
	assert_in_range(available(), need, need + 256 * M);
	forget_result();
}

#define COMES (THIRD + 1)

/* How far libxl has come with it. */
static enum { MADE, LIMITED, CLAIMED, HALF_POPULATED } stage;

static void build(void)
{
	struct sim_domain *domain;

	common_begin_build(sim, COMES, "fourth");
	domain = sim_domain(sim, COMES);
	if (stage >= LIMITED)
		sim_set_limit(sim, COMES, 513 * M);
	if (stage >= CLAIMED)
		domain->xen.outstanding_pages = 512 * M / HB_PAGE_KIB;
	if (stage >= HALF_POPULATED)
		sim_populate(sim, domain, 256 * M / HB_PAGE_KIB);
}

/* It takes what it was to have, whatever others have been told. */
static void build_on(void)
{
	struct sim_domain *domain = sim_domain(sim, COMES);

	sim_set_limit(sim, COMES, 513 * M);
	sim_populate(sim, domain, 512 * M / HB_PAGE_KIB - domain->xen.tot_pages);
	domain->xen.outstanding_pages = 0;
	assert_int_equal(domain->xen.tot_pages * HB_PAGE_KIB, 512 * M);
	sim_write_key(sim, COMES, HB_KEY_TARGET, "524288");
}

static bool come_and_build(const struct hb_progress *progress, void *argument)
{
	come_beside(progress, argument);
	if (times == 5)
		build();
	return true;
}

/*
 * It is there, and has not taken its memory: that is nobody else's, at no moment, and is not made
 * free a second time.
 */
static void test_two_at_once_one_built(void **state)
{
	for (stage = MADE; stage <= HALF_POPULATED; stage++) {
		const uint64_t need = available() + G;
		const struct hb_free_request request = { .need_kib = need };

		print_message("stage %d\n", stage);
		limit(SECOND, 64 * M, 0);
		limit(THIRD, 64 * M, 0);
		times = 0;
		beside = (struct hb_free_request){ .need_kib = 520 * M };
		hb_set_progress(hb, come_and_build, NULL);
		assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
		hb_set_progress(hb, NULL, NULL);
		assert_true(times > 5);
		build_on();
		assert_in_range(available(), need, need + 128 * M);
		forget_result();
		teardown(state);
		setup(state);
	}
}

/* Who was set aside before has made it free, and hands over from the one file to the other. */
static bool hand_over(const struct hb_progress *progress, void *argument)
{
	struct hb_arrival arrival = {
		.who = "7-0", .kib = *(uint64_t *)argument, .last_domid = THIRD, .made = true,
	};
	struct hb *other;

	(void)progress;
	if (times++)
		return true;
	other = common_connect(sim);
	assert_int_equal(hb_to_come_keep(other, &arrival, 60, &error), HB_OK);
	assert_int_equal(hb_release(other, "before", &error), HB_OK);
	hb_close(other);
	return true;
}

static void test_first_ends_first(void **state)
{
	struct hb_free_request request = { .need_kib = available() + 256 * M, .managed = true };
	const struct hb_reserve_request before = { .name = "before", .size_kib = G, .force = true };
	struct hb_reservation reservation;

	(void)state;
	limit(SECOND, 64 * M, 0);
	limit(THIRD, 64 * M, 0);
	assert_int_equal(hb_reserve(hb, &before, &reservation, &error), HB_OK);
	times = 0;
	hb_set_progress(hb, hand_over, &reservation.kib);
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
	assert_true(times);
	assert_true(available() >= request.need_kib + reservation.kib);
	forget_result();
}

static unsigned int looks;

/* From the first round on, however long it takes: by one or the other way. */
static bool see_kept(const struct hb_progress *progress, void *argument)
{
	uint64_t reserved;

	(void)argument;
	(void)progress;
	assert_int_equal(hb_reserved_kib(hb, &reserved, &error), HB_OK);
	assert_true(kept_to_come() || reserved);
	looks++;
	return true;
}

static void test_kept_while_it_takes(void **state)
{
	struct hb_free_request request = { .need_kib = available() + 512 * M };

	(void)state;
	limit(SECOND, 512 * M, 0);
	sim_guest(sim, SECOND)->rate_kib_s = 2 * M;
	hb_set_progress(hb, see_kept, NULL);
	for (int managed = 0; managed < 2; managed++) {
		uint64_t before = sim->clock_ms;

		looks = 0;
		request.managed = managed;
		assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
		assert_true(looks > 1000 && sim->clock_ms - before > 100000);
		forget_result();
		request.need_kib += 512 * M;
	}
}

static uint64_t seen_rate_kib_s;

static bool see_rate(const struct hb_progress *progress, void *argument)
{
	(void)argument;
	if (progress->rate_kib_s)
		seen_rate_kib_s = progress->rate_kib_s;
	return true;
}

/* The host comes nearer to what is asked for as fast as the one guest gives it. */
static void test_rate(void **state)
{
	struct hb_free_request request = { 0 };

	(void)state;
	limit(SECOND, 512 * M, 0);
	request.need_kib = available() + G;
	hb_set_progress(hb, see_rate, NULL);
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
	assert_in_range(seen_rate_kib_s, usual_guest.rate_kib_s * 9 / 10, usual_guest.rate_kib_s * 11 / 10);
	forget_result();
}

static bool stop_at_once(const struct hb_progress *progress, void *argument)
{
	(void)argument;
	assert_string_equal(progress->domain->name, "host");
	return progress->elapsed_ms < 300;
}

static void test_interrupted(void **state)
{
	struct hb_free_request request = { 0 };

	(void)state;
	limit(SECOND, 512 * M, 0);
	request.need_kib = available() + G;
	hb_set_progress(hb, stop_at_once, NULL);
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_E_INTERRUPTED);
	assert_int_equal(result.count, 1);
	assert_int_equal(target(SECOND), result.entries[0].to_kib);
	assert_true(sim_xen(sim, SECOND, NULL).max_pages >= sim_xen(sim, SECOND, NULL).tot_pages);
	forget_result();
	hb_set_progress(hb, NULL, NULL);
	request.timeout_s = 1;
	sim_guest(sim, SECOND)->rate_kib_s = 10 * M;
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_E_TIMEOUT);
	forget_result();
}

static bool stop_at_lock(const struct hb_progress *progress, void *argument)
{
	(void)argument;
	return !progress->locked;
}

/* What it says of the guests is so, whichever of them is locked when Ctrl-C comes. */
static void interrupted_at_lock(uint32_t domid, const char *says)
{
	struct hb_free_request request = { .need_kib = available() + 800 * M };

	sim->locked_domid = domid;
	sim->locked_until_ms = 1000000;
	hb_set_progress(hb, stop_at_lock, NULL);
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_E_INTERRUPTED);
	if (!strstr(error.remedy, says))
		fail_msg("domain %u: %s", domid, error.remedy);
	forget_result();
}

static void test_interrupted_at_lock(void **state)
{
	(void)state;
	limit(SECOND, 512 * M, 0);
	limit(THIRD, 512 * M, 0);
	interrupted_at_lock(SECOND, "nothing was changed");
	assert_int_equal(target(SECOND), 2 * G);
	assert_int_equal(target(THIRD), 2 * G);
	interrupted_at_lock(THIRD, "keep their smaller size");
	assert_true(target(SECOND) < 2 * G);
	assert_int_equal(target(THIRD), 2 * G);
}

static void reserve_is(enum hb_code code, const char *name, uint64_t kib, unsigned int ttl_s)
{
	struct hb_reserve_request request = { .name = name, .size_kib = kib, .ttl_s = ttl_s };
	struct hb_reservation reservation;

	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), code);
}

static void test_reserve(void **state)
{
	uint64_t before = available();
	struct hb_reservation **list;
	struct hb_set_result set;
	size_t count;

	(void)state;
	reserve_is(HB_OK, "web", G, 0);
	/* libxl's need_memory of a PVH guest of 1G and one processor. */
	assert_int_equal(before - available(), 1056768);
	assert_int_equal(hb_reservations(hb, &list, &count, &error), HB_OK);
	assert_int_equal(count, 1);
	assert_string_equal(list[0]->name, "web");
	hb_reservations_free(list);
	/* It is there for nobody else, though it is free. */
	assert_int_equal(common_set(sim, "2G", NULL, &set, &error), HB_OK);
	assert_int_equal(common_set(sim, "512M", NULL, &set, &error), HB_OK);
	sim_run(sim, 10000);
	{
		struct hb_set_request request = { .size = { HB_SIZE_ABSOLUTE, false, 2 * G + 512 * M } };

		assert_int_equal(hb_set(hb, GUEST, &request, &set, &error), HB_E_REFUSED);
		assert_non_null(strstr(error.message, "to give"));
	}
	/* Another one for the same name replaces it; beyond what there is is refused. */
	reserve_is(HB_OK, "web", 2 * G, 0);
	reserve_is(HB_E_REFUSED, "web", 3 * G, 0);
	reserve_is(HB_E_REFUSED, "other", G, 0);
	assert_int_equal(hb_release(hb, "web", &error), HB_OK);
	/* All is back but what the paging pool of the guest has grown by. */
	assert_int_equal(before - available(), 4 * 1536);
	assert_int_equal(hb_release(hb, "web", &error), HB_E_NO_DOMAIN);
	reserve_is(HB_E_USAGE, "", G, 0);
	reserve_is(HB_E_USAGE, "12", G, 0);
	reserve_is(HB_E_USAGE, "a\nb", G, 0);
}

/* Of a program: sums with it would not fit. It is an error at once, and not the end of time. */
static void test_more_than_there_can_be(void **state)
{
	(void)state;
	assert_int_equal(make_free(HB_SIZE_MAX_KIB, false), HB_E_REFUSED);
	assert_int_equal(make_free(HB_SIZE_MAX_KIB + 4, false), HB_E_USAGE);
	assert_int_equal(make_free(UINT64_MAX, true), HB_E_USAGE);
	assert_int_equal(make_free(UINT64_MAX, false), HB_E_USAGE);
	assert_true(error.remedy[0]);
}

/* A guest with a target of no whole pages, as another tool can write it, gives whole pages. */
static void test_odd_target(void **state)
{
	(void)state;
	sim_write_key(sim, SECOND, HB_KEY_TARGET, "2097155");
	limit(SECOND, G, 1000);
	assert_int_equal(make_free(available() + 512 * M, true), HB_OK);
	assert_int_equal(result.count, 1);
	assert_int_equal(result.entries[0].to_kib % HB_PAGE_KIB, 0);
	assert_int_equal(make_free(available() + 512 * M, false), HB_OK);
	assert_int_equal(common_number(sim, SECOND, HB_KEY_TARGET) % HB_PAGE_KIB, 0);
	assert_int_equal(make_free(available() + G - 520 * M, false), HB_OK);
	assert_true(common_number(sim, SECOND, HB_KEY_TARGET) >= G);
}

/* A domain that comes in is NAME--incoming until it has come: what it takes counts once. */
static void test_incoming(void **state)
{
	struct sim_guest guest = usual_guest;
	uint64_t before, with;

	(void)state;
	forget_result();
	reserve_is(HB_OK, "web", G, 0);
	before = available();
	guest.domid = 9;
	guest.name = "web--incoming";
	guest.memory_kib = 600 * M;
	guest.maxmem_kib = G;
	guest.never_ran = true;
	guest.reports = false;
	sim_add(sim, &guest);
	with = available();
	/* Its 600M and its page tables were reserved; what is left is there for the rest. */
	assert_int_equal(with, before);
	/* One that has got all that was reserved: the reservation lasts until it runs. */
	sim_destroy(sim, 9);
	assert_int_equal(available(), before);
	guest.memory_kib = G;
	sim_add(sim, &guest);
	assert_in_range(available(), before - 8 * M, before + 8 * M);
	/* The sender's end of another migration is no such thing. */
	sim_destroy(sim, 9);
	guest.name = "web--migratedaway";
	guest.memory_kib = 600 * M;
	sim_add(sim, &guest);
	assert_true(available() <= before - 600 * M);
	/* It has come. */
	sim_destroy(sim, 9);
	guest.name = "web";
	guest.memory_kib = G;
	guest.never_ran = false;
	sim_add(sim, &guest);
	assert_in_range(available(), before - 8 * M, before + 8 * M);
}

/* What its agent says that it uses is not asked for, whatever its minimum is. */
static void test_used(void **state)
{
	(void)state;
	forget_result();
	without_driver(SECOND);
	limit(SECOND, 256 * M, 0);
	sim_write_key(sim, SECOND, HB_KEY_MEMINFO_TOTAL, "2000000");
	sim_write_key(sim, SECOND, HB_KEY_MEMINFO_FREE, "500000");
	assert_int_equal(make_free(available() + 600 * M, false), HB_E_REFUSED);
	assert_int_equal(make_free(available() + 400 * M, false), HB_OK);
	/* Nor is what its kernel keeps beside that. */
	assert_true(target(SECOND) >= 1500000 + 2 * G - 2000000);
	/* That was of a larger guest than it is now, and its agent speaks again in a minute: it counts. */
	sim_write_key(sim, SECOND, HB_KEY_MEMINFO_FREE, "1500000");
	assert_int_equal(make_free(available() + 600 * M, false), HB_OK);
	assert_int_equal(make_free(available() + 600 * M, false), HB_E_REFUSED);
	forget_result();
}

static void pause_second(struct sim *host)
{
	sim_guest(host, SECOND)->paused = true;
}

static void set_second(struct sim *host)
{
	sim_write_key(host, SECOND, HB_KEY_TARGET, "716800");
}

/* What the remedy says is enough, and no more than is missing. */
static void test_reserve_more(void **state)
{
	struct hb_size size;
	char text[HB_SIZE_TEXT];

	(void)state;
	reserve_is(HB_OK, "web", 2 * G, 0);
	limit(SECOND, G, 1000);
	reserve_is(HB_E_REFUSED, "web", 3 * G, 0);
	assert_int_equal(error.reason, HB_REASON_HOST_FULL);
	assert_int_equal(sscanf(strstr(common_remedy(&error), "\"hotballoon free "), "\"hotballoon free %23[^\"]", text), 1);
	assert_int_equal(hb_size_parse(text, &size, &error), HB_OK);
	/* What is set aside for it already need not come free once more. */
	assert_true(size.amount < G + 64 * M);
	assert_int_equal(make_free(size.amount, false), HB_OK);
	reserve_is(HB_OK, "web", 3 * G, 0);
	/* All of that is promised to others by now: a smaller one needs little. */
	sim_write_key(sim, THIRD, HB_KEY_TARGET, "4194304");
	reserve_is(HB_E_REFUSED, "web", 2 * G, 0);
	/* And nobody has that: no command is named that must fail. */
	assert_string_equal(error.remedy, "reserve less, or give limits to more guests: 4K cannot be made free: all guests that may be asked give 0K together with what is free");
}

/* More than the host has, or than anybody may be asked for: no free can help. */
static void test_reserve_too_much(void **state)
{
	(void)state;
	reserve_is(HB_E_REFUSED, "web", 100 * G, 0);
	assert_non_null(strstr(error.remedy, "reserve less"));
	assert_null(strstr(common_remedy(&error), "hotballoon free"));
	reserve_is(HB_E_REFUSED, "web", available() + 256 * M, 0);
	assert_null(strstr(common_remedy(&error), "hotballoon free"));
	limit(SECOND, G, 1000);
	reserve_is(HB_E_REFUSED, "web", available() + 256 * M, 0);
	assert_non_null(strstr(common_remedy(&error), "hotballoon free"));
}

/* Who gives nothing in its time keeps its size, as if it had not been asked; a person's word stands. */
static void test_nothing_given(void **state)
{
	struct hb_free_request request = { .timeout_s = 5 };
	uint64_t before = target(SECOND);
	struct hb_domain domain;
	struct hb_limits limits;
	const char *why;

	(void)state;
	forget_result();
	limit(SECOND, 512 * M, 0);
	sim_guest(sim, SECOND)->rate_kib_s = 0;
	request.need_kib = available() + 497 * M;
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_E_TIMEOUT);
	assert_int_equal(result.count, 1);
	assert_int_equal(result.entries[0].to_kib, result.entries[0].from_kib);
	assert_true(result.entries[0].stuck);
	assert_non_null(strstr(error.remedy, "keeps its size"));
	assert_int_equal(target(SECOND), before);
	forget_result();
	/* Nor has anybody pinned it. */
	assert_int_equal(hb_show(hb, SECOND, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_OK);
	assert_true(hb_limits_automatic(&domain, &limits, &why));
	/* One that is paused while it is waited for. */
	sim->tick = pause_second;
	request.timeout_s = 0;
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_E_STUCK);
	assert_int_equal(result.entries[0].to_kib, result.entries[0].from_kib);
	assert_int_equal(target(SECOND), before);
	forget_result();
	sim_guest(sim, SECOND)->paused = false;
	/* What somebody else has set meanwhile is not taken back. */
	sim->tick = set_second;
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_E_STUCK);
	assert_int_equal(target(SECOND), 700 * M);
	forget_result();
}

static void forced_reserve_is(enum hb_code code, const char *name, uint64_t kib)
{
	struct hb_reserve_request request = { .name = name, .size_kib = kib, .force = true };
	struct hb_reservation reservation;

	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), code);
}

/* What is written can be read, however large. */
static void test_largest_reservation(void **state)
{
	struct hb_reserve_request request = { .name = "big", .size_kib = G, .force = true,
					      .maxmem_kib = UINT64_MAX };
	struct hb_reservation reservation, **list;
	size_t count;

	(void)state;
	forced_reserve_is(HB_E_USAGE, "big", HB_SIZE_MAX_KIB);
	assert_non_null(strstr(error.message, "4096T"));
	forced_reserve_is(HB_E_USAGE, "big", UINT64_MAX);
	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_E_USAGE);
	assert_null(common_state_file("reservations"));
	/* The paging pool of so large a domain is 4K a MiB of it. */
	forced_reserve_is(HB_OK, "big", HB_SIZE_MAX_KIB - HB_SIZE_MAX_KIB / 128);
	forced_reserve_is(HB_OK, "web", G);
	assert_int_equal(hb_reservations(hb, &list, &count, &error), HB_OK);
	assert_int_equal(count, 2);
	assert_in_range(list[0]->kib, HB_SIZE_MAX_KIB - HB_SIZE_MAX_KIB / 128, HB_SIZE_MAX_KIB);
	hb_reservations_free(list);
}

static void test_reservation_ends(void **state)
{
	uint64_t before = available(), running;
	struct sim_guest guest = usual_guest;

	(void)state;
	reserve_is(HB_OK, "web", G, 60);
	sim_run(sim, 59000);
	assert_true(available() < before);
	sim_run(sim, 1000);
	assert_int_equal(available(), before);

	/* The domain is built: nothing is counted twice. */
	reserve_is(HB_OK, "web", G, 0);
	guest.domid = 9;
	guest.name = "web";
	guest.memory_kib = guest.maxmem_kib = G;
	guest.never_ran = true;
	guest.offset_kib = 0;
	sim_add(sim, &guest);
	running = before - available();
	assert_in_range(running, G, 1056768);
	sim_guest(sim, 9)->never_ran = false;
	/* It runs: only what it holds is gone. */
	assert_in_range(before - available(), G, running);
	assert_int_equal(hb_release(hb, "web", &error), HB_E_NO_DOMAIN);
}

/* A create fails: its domain dies, and the next attempt needs the memory again. */
/* Whatever happens to the clock of the wall, in the file and in what people see. */
static void test_clock_jumps(void **state)
{
	static const int64_t jumps_s[] = { 86400, -86400, 0 };
	const uint64_t before = available();
	struct hb_reservation **list;
	size_t count;

	(void)state;
	reserve_is(HB_OK, "web", G, 60);
	for (size_t i = 0; i < sizeof(jumps_s) / sizeof(jumps_s[0]); i++) {
		sim->wall_jump_s = jumps_s[i];
		sim_run(sim, 10000);
		assert_true(available() < before);
		assert_int_equal(hb_reservations(hb, &list, &count, &error), HB_OK);
		assert_int_equal(count, 1);
		assert_int_equal(list[0]->until_s, 1600000060 + jumps_s[i]);
		hb_reservations_free(list);
		/* Another one leaves its line as it was. */
		reserve_is(HB_OK, "other", 64 * M, 1);
		assert_non_null(strstr(common_state_file("reservations"), "1056768 1600000060,60,00000000-"));
	}
	sim->wall_jump_s = -86400;
	sim_run(sim, 31000);
	assert_int_equal(available(), before);
}

/* After a boot the clock of the wall is all there is; one that is not set keeps nothing for ever. */
static void test_another_boot(void **state)
{
	const uint64_t before = available();

	(void)state;
	reserve_is(HB_OK, "web", G, 3600);
	sim->boot++;
	sim->booted_ms = sim->clock_ms;
	assert_true(available() < before);
	sim->wall_jump_s = -1599990000;
	assert_true(available() < before);
	sim_run(sim, 604800000);
	assert_int_equal(available(), before);
	sim->booted_ms = sim->clock_ms;
	sim->wall_jump_s = 3600;
	assert_int_equal(available(), before);
	sim->wall_jump_s = -604800 + 3000;
	assert_true(available() < before);
}

static void test_reservation_outlives_corpse(void **state)
{
	struct sim_guest guest = usual_guest;
	uint64_t before;

	(void)state;
	reserve_is(HB_OK, "web", G, 0);
	guest.domid = 9;
	guest.name = "web";
	guest.dying = true;
	sim_add(sim, &guest);
	before = available();
	/* Written while it dies, the file still has it. */
	reserve_is(HB_OK, "other", 64 * M, 0);
	assert_non_null(strstr(common_state_file("reservations"), " web\n"));
	sim_destroy(sim, 9);
	assert_true(available() > before);
	assert_int_equal(hb_release(hb, "other", &error), HB_OK);
	assert_int_equal(hb_release(hb, "web", &error), HB_OK);
}

/* Nothing can be claimed for what runs no more: it is for the next of that name. */
static void test_reserve_beside_corpse(void **state)
{
	struct sim_guest *second = sim_guest(sim, SECOND);

	(void)state;
	second->dying = true;
	reserve_is(HB_OK, "second", G, 60);
	assert_non_null(strstr(common_state_file("reservations"), " second\n"));
	second->dying = false;
	second->crashed = true;
	reserve_is(HB_OK, "second", G, 60);
	second->crashed = false;
	second->shutdown = true;
	reserve_is(HB_OK, "second", G, 60);
	/* The one that lives counts, whichever has the smaller domid. */
	add_guest(9, "second", 64 * M);
	reserve_is(HB_E_USAGE, "second", G, 60);
	assert_non_null(strstr(error.message, "exists"));
}

/* What a domain had claimed before it crashed can be given back. */
static void test_release_of_crashed(void **state)
{
	struct hb_size two = { HB_SIZE_ABSOLUTE, false, 2 * G };
	struct hb_set_result set;

	(void)state;
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = two }, &set, &error), HB_OK);
	reserve_is(HB_OK, "guest1", G, 0);
	sim_guest(sim, GUEST)->crashed = true;
	assert_int_equal(hb_release(hb, "guest1", &error), HB_OK);
	assert_int_equal(sim_xen(sim, GUEST, NULL).outstanding_pages, 0);
}

/* What the next of its name is to have, beside the claim of one that has crashed: both end. */
static void test_release_of_both(void **state)
{
	struct hb_size two = { HB_SIZE_ABSOLUTE, false, 2 * G };
	struct hb_set_result set;
	uint64_t before = available();

	(void)state;
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = two }, &set, &error), HB_OK);
	reserve_is(HB_OK, "guest1", G, 0);
	sim_guest(sim, GUEST)->crashed = true;
	reserve_is(HB_OK, "guest1", 256 * M, 0);
	assert_true(available() < before - 512 * M);
	assert_int_equal(hb_release(hb, "guest1", &error), HB_OK);
	assert_int_equal(sim_xen(sim, GUEST, NULL).outstanding_pages, 0);
	/* The pool of the larger maximum stays. */
	assert_int_equal(available(), before - 4 * 1536);
	assert_int_equal(hb_release(hb, "guest1", &error), HB_E_NO_DOMAIN);
}

/* The claim of a builder is not ours to end. */
static void test_release_while_built(void **state)
{
	(void)state;
	sim_guest(sim, GUEST)->never_ran = true;
	sim_domain(sim, GUEST)->xen.outstanding_pages = 1000;
	assert_int_equal(hb_release(hb, "guest1", &error), HB_E_NO_DOMAIN);
	assert_int_equal(sim_xen(sim, GUEST, NULL).outstanding_pages, 1000);
}

/* The same whether Xen refills a claim from what its domain frees (4.17), or does not (4.20.3). */
static void test_claim_refilled_or_not(void **state)
{
	struct hb_size size = { HB_SIZE_ABSOLUTE, false, 2 * G };
	struct hb_set_request request = { .wait = true };
	struct hb_set_result set;
	uint64_t before, left;

	(void)state;
	forget_result();
	for (int spent = 0; spent < 2; spent++) {
		sim->claims_are_spent = spent;
		assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = size }, &set, &error), HB_OK);
		reserve_is(HB_OK, "guest1", 2 * G, 0);
		before = available();
		/* What it takes of its claim was set aside already. */
		assert_int_equal(common_set(sim, "1G", &request, &set, &error), HB_OK);
		assert_int_equal(available(), before);
		left = sim_xen(sim, GUEST, NULL).outstanding_pages * HB_PAGE_KIB;
		assert_int_equal(left, G - 64);
		/* What it gives back is for itself on the one, and for others on the other. */
		assert_int_equal(common_set(sim, "512M", &request, &set, &error), HB_OK);
		assert_int_equal(available(), before + (spent ? 512 * M : 0));
		assert_int_equal(sim_xen(sim, GUEST, NULL).outstanding_pages * HB_PAGE_KIB,
				 left + (spent ? 0 : 512 * M));
		/* Nobody is asked who has a claim, and it ends all the same. */
		limit(GUEST, 128 * M, 0);
		assert_int_equal(make_free(available() + 64 * M, true), HB_E_REFUSED);
		assert_int_equal(hb_release(hb, "guest1", &error), HB_OK);
		assert_int_equal(make_free(available() + 64 * M, true), HB_OK);
	}
	forget_result();
}

/* One that is being destroyed: later Xens end its claim themselves, and refuse to be asked. */
static void test_release_of_dying(void **state)
{
	struct hb_size two = { HB_SIZE_ABSOLUTE, false, 2 * G };
	struct hb_set_result set;

	(void)state;
	sim->claims_are_spent = true;
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = two }, &set, &error), HB_OK);
	reserve_is(HB_OK, "guest1", 2 * G, 0);
	sim_guest(sim, GUEST)->dying = true;
	assert_int_equal(hb_release(hb, "guest1", &error), HB_OK);
}

static void test_claim(void **state)
{
	struct hb_size two = { HB_SIZE_ABSOLUTE, false, 2 * G };
	uint64_t before = available();
	struct hb_set_result set;

	(void)state;
	reserve_is(HB_E_USAGE, "guest1", G, 60);
	reserve_is(HB_E_REFUSED, "guest1", G, 0);
	assert_int_equal(error.reason, HB_REASON_ABOVE_MAXMEM);
	assert_non_null(strstr(common_remedy(&error), "hotballoon max"));
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = two }, &set, &error), HB_OK);
	before = available();
	reserve_is(HB_OK, "guest1", G, 0);
	assert_int_equal(before - available(), 512 * M - 64);
	assert_int_equal(sim_xen(sim, GUEST, NULL).outstanding_pages * 4, 512 * M - 64);
	reserve_is(HB_E_REFUSED, "guest1", 2 * G, 0);
	/* The host is filled by others, and what was claimed is still there. */
	add_guest(9, "big", available() - 16 * M);
	assert_int_equal(common_set(sim, "1G", &(struct hb_set_request){ .wait = true }, &set, &error),
			 HB_OK);
	assert_int_equal(sim_xen(sim, GUEST, NULL).outstanding_pages, 0);
	sim_destroy(sim, 9);
	reserve_is(HB_E_REFUSED, "guest1", G, 0);
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = two }, &set, &error), HB_OK);
	reserve_is(HB_OK, "guest1", 2 * G, 0);
	assert_int_equal(hb_release(hb, "guest1", &error), HB_OK);
	assert_int_equal(sim_xen(sim, GUEST, NULL).outstanding_pages, 0);
	sim_guest(sim, GUEST)->never_ran = true;
	reserve_is(HB_E_REFUSED, "guest1", 2 * G, 0);
	assert_non_null(strstr(error.message, "being built"));
}

/* For a name: by who was set aside for; what is there stays set aside, and is for nobody else. */
static void test_make_room(void **state)
{
	const struct hb_room_request room = { .name = "web", .timeout_s = 60 };
	const struct hb_room_request preview = { .name = "later", .need_kib = G, .dry_run = true };
	const struct hb_room_request unsized_preview = { .name = "web", .dry_run = true };
	struct hb_reservation reservation;
	struct hb_reserve_request aside = { .name = "web", .force = true };

	(void)state;
	limit(SECOND, 64 * M, 0);
	aside.size_kib = available() + 64 * M;
	assert_int_equal(hb_make_room(hb, &room, &result, &error), HB_E_NO_DOMAIN);
	assert_int_equal(hb_make_room(hb, &unsized_preview, &result, &error), HB_E_NO_DOMAIN);
	assert_int_equal(error.reason, HB_REASON_NOTHING_RESERVED);
	assert_int_equal(hb_reserve(hb, &aside, &reservation, &error), HB_OK);
	assert_int_equal(hb_make_room(hb, &unsized_preview, &result, &error), HB_OK);
	assert_true(result.count == 1 && result.entries[0].domain.domid == SECOND);
	assert_int_equal(hb_make_room(hb, &room, &result, &error), HB_OK);
	assert_true(result.count == 1 && result.entries[0].domain.domid == SECOND);
	assert_int_equal(kept_to_come(), 0);
	/* What was reserved first is not given to who comes later. */
	assert_int_equal(hb_make_room(hb, &preview, &result, &error), HB_OK);
	assert_true(result.count == 1 && result.entries[0].from_kib - result.entries[0].to_kib >= G);
	assert_int_equal(hb_release(hb, "web", &error), HB_OK);
	assert_true(available() >= aside.size_kib);
	forget_result();
}

/* Xen would grant it, and it is what others have been promised. */
static void test_claim_leaves_others(void **state)
{
	struct hb_size four = { HB_SIZE_ABSOLUTE, false, 4 * G };
	struct hb_set_result set;
	uint64_t room;

	(void)state;
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = four }, &set, &error), HB_OK);
	reserve_is(HB_OK, "web", G, 0);
	room = available();
	assert_true(sim->free_pages * 4 > room + G);
	reserve_is(HB_E_REFUSED, "guest1", 512 * M + 64 + room + 4, 0);
	assert_non_null(strstr(error.message, "to give"));
	assert_int_equal(sim_xen(sim, GUEST, NULL).outstanding_pages, 0);
	assert_int_equal(available(), room);
	reserve_is(HB_OK, "guest1", 512 * M + 64 + room, 0);
	assert_int_equal(available(), 0);
	assert_int_equal(hb_release(hb, "guest1", &error), HB_OK);
	/* By force as far as Xen goes. */
	forced_reserve_is(HB_OK, "guest1", 512 * M + 64 + room + G);
	assert_int_equal(hb_release(hb, "guest1", &error), HB_OK);
	forced_reserve_is(HB_E_REFUSED, "guest1", 4 * G);
	assert_non_null(strstr(error.message, "unclaimed"));
	/* What it was promised itself is there for it. */
	sim_guest(sim, GUEST)->rate_kib_s = 0;
	assert_int_equal(common_set(sim, "1G", NULL, &set, &error), HB_OK);
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = four }, &set, &error), HB_OK);
	assert_int_equal(available(), room - 512 * M + 64);
	reserve_is(HB_OK, "guest1", 512 * M + 64 + room, 0);
}

/* While somebody looks at the host to give memory away, no claim takes it. */
static void test_claim_waits(void **state)
{
	struct hb_size two = { HB_SIZE_ABSOLUTE, false, 2 * G };
	struct hb_set_result set;
	int status, lock;
	pid_t child;

	(void)state;
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = two }, &set, &error), HB_OK);
	common_lock_file(sim);
	lock = hb_file_lock(sim->host_lock);
	assert_true(lock >= 0);
	child = fork();
	if (child == 0) {
		struct hb_reserve_request request = { .name = "guest1", .size_kib = G };
		struct hb_reservation reservation;

		close(lock);
		_exit(hb_reserve(hb, &request, &reservation, &error));
	}
	usleep(200000);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	close(lock);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), HB_OK);
}

/* The lines that can be read count, for all but who would have to write the others anew. */
static void test_damaged_reservations(void **state)
{
	struct hb_reservation **list;
	struct hb_host_memory memory;
	uint64_t before = available();
	size_t count;

	(void)state;
	common_write_state_file("reservations", "hotballoon reservations 1\n4096 x web\n"
				"1048576 99999999999 db\n\n2048 99999999999 db\n");
	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	assert_int_equal(memory.reserved_kib, G);
	assert_int_equal(available(), before - G);
	assert_int_equal(hb_reservations(hb, &list, &count, &error), HB_OK);
	assert_int_equal(count, 1);
	assert_string_equal(list[0]->name, "db");
	hb_reservations_free(list);
	reserve_is(HB_E_HOST, "web", G, 0);
	assert_non_null(strstr(error.message, "reservations, line 2, is damaged"));
	assert_int_equal(hb_release(hb, "web", &error), HB_E_HOST);
	assert_non_null(strstr(common_state_file("reservations"), "4096 x web"));
	/* Also those of a file whose first line is something else. */
	common_write_state_file("reservations", "1048576 99999999999 db\n");
	assert_int_equal(available(), before - G);
}

/* Who asks guests must be able to record it: nobody is asked otherwise. */
static void test_damaged_limits(void **state)
{
	struct hb_free_request request = { .need_kib = 7 * G };
	struct hb_free_result result = { 0 };

	(void)state;
	common_write_state_file("limits", "hotballoon limits 1\nnonsense\n");
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_E_HOST);
	assert_non_null(strstr(error.message, "limits, line 2, is damaged"));
	hb_free_result_clear(&result);
}

/* Many want the last memory at the same time: together they get no more than there is. */
#define PROCESSES 8

static void test_many_reservations(void **state)
{
	uint64_t before = available();
	int status, got = 0;

	(void)state;
	common_lock_file(sim);
	for (int i = 0; i < PROCESSES; i++) {
		if (fork() == 0) {
			struct hb_reserve_request request = { .size_kib = G - 8 * M };
			struct hb_reservation reservation;
			char name[16];

			snprintf(name, sizeof(name), "web%d", i);
			request.name = name;
			_exit(hb_reserve(hb, &request, &reservation, &error));
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		got += WEXITSTATUS(status) == HB_OK;
		assert_true(WEXITSTATUS(status) == HB_OK || WEXITSTATUS(status) == HB_E_REFUSED);
	}
	assert_int_equal(got, before / G);
	assert_true(available() < G);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_enough_already),
		TEST(test_nobody_may_be_asked),
		TEST(test_dry_run_and_deed),
		TEST(test_minimum_is_kept),
		TEST(test_stuck_donor),
		TEST(test_stuck_donor_that_reports),
		TEST(test_stuck_donor_with_agent),
		TEST(test_kernel_is_kept),
		TEST(test_donor_goes_away),
		TEST(test_coming),
		TEST(test_coming_stops),
		TEST(test_coming_goes_away),
		TEST(test_gone_when_asked),
		TEST(test_being_destroyed),
		TEST(test_destroyed_by_libxl),
		TEST(test_zombie),
		TEST(test_destroyed_on_its_way),
		TEST(test_person_wins),
		TEST(test_person_wins_by_the_act),
		TEST(test_hung_lock),
		TEST(test_hung_lock_and_timeout),
		TEST(test_lock_hangs_later),
		TEST(test_report_of_liar),
		TEST(test_last_round), TEST(test_to_come), TEST(test_several_to_come),
		TEST(test_two_at_once), TEST(test_two_at_once_one_arrived),
		TEST(test_two_at_once_one_built),
		TEST(test_first_ends_first),
		TEST(test_make_room),
		TEST(test_kept_while_it_takes),
		TEST(test_rate),
		TEST(test_interrupted),
		TEST(test_interrupted_at_lock),
		TEST(test_reserve),
		TEST(test_more_than_there_can_be),
		TEST(test_odd_target),
		TEST(test_reserve_more),
		TEST(test_reserve_too_much),
		TEST(test_nothing_given),
		TEST(test_incoming),
		TEST(test_used),
		TEST(test_largest_reservation),
		TEST(test_reservation_ends),
		TEST(test_clock_jumps),
		TEST(test_another_boot),
		TEST(test_reservation_outlives_corpse),
		TEST(test_reserve_beside_corpse),
		TEST(test_release_of_crashed),
		TEST(test_release_of_both),
		TEST(test_release_while_built),
		TEST(test_claim),
		TEST(test_claim_refilled_or_not),
		TEST(test_release_of_dying),
		TEST(test_claim_leaves_others),
		TEST(test_claim_waits),
		TEST(test_damaged_reservations),
		TEST(test_damaged_limits),
		TEST(test_many_reservations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
