/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hb_list(), hb_find(), hb_show() and hb_set() on a whole simulated host. */
#include "common.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domain.h"
#include "internal.h"

static const struct hb_set_request waiting = { .wait = true };
static struct hb_set_result result;
static struct hb_error error;

static uint64_t maxmem(const struct sim *sim)
{
	return sim_xen(sim, GUEST, NULL).max_pages * HB_PAGE_KIB;
}

static uint64_t actual(const struct sim *sim)
{
	return sim_xen(sim, GUEST, NULL).tot_pages * HB_PAGE_KIB;
}

static void test_grow_beyond_boot_maximum(void **state)
{
	struct sim *sim = common_host();
	uint64_t pool;

	(void)state;
	assert_int_equal(common_set(sim, "2G", &waiting, &result, &error), HB_OK);
	assert_true(result.done);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 2 * G);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), 2 * G);
	assert_int_equal(result.after.pool.value, 4 * (512 + 2048));
	assert_int_equal(common_vm_memory(sim), 2048);
	assert_int_equal(maxmem(sim), 2 * G + M);
	assert_int_equal(actual(sim), 2 * G + 64);
	sim_xen(sim, GUEST, &pool);
	assert_int_equal(pool, 4 * (512 + 2048));
	/* 1.5G at 256 MiB/s. */
	assert_in_range(result.waited_ms, 5900, 6200);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

static void test_shrink(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	assert_int_equal(common_set(sim, "-50%", &waiting, &result, &error), HB_OK);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 256 * M);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), 512 * M);
	assert_int_equal(maxmem(sim), 257 * M);
	assert_int_equal(actual(sim), 256 * M + 64);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

/* Nobody waits: maxmem comes down to what the guest holds, and no further. */
static void test_shrink_without_wait(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	sim_set_limit(sim, GUEST, 2 * G);
	assert_int_equal(common_set(sim, "256M", NULL, &result, &error), HB_OK);
	assert_int_equal(maxmem(sim), 512 * M + 64 + M);
	assert_int_equal(result.steps[result.nr_steps - 1].kind, HB_STEP_MAXMEM);
	/* The guest follows; setting the size again lets maxmem follow. */
	sim_run(sim, 2000);
	assert_int_equal(common_set(sim, "256M", NULL, &result, &error), HB_OK);
	assert_int_equal(maxmem(sim), 257 * M);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

/* The guest moves while we look: maxmem follows once and does not chase it. */
static void test_shrink_takes_time(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	sim->call_ms = 2;
	assert_int_equal(common_set(sim, "256M", NULL, &result, &error), HB_OK);
	assert_int_equal(result.nr_steps, 3);
	assert_true(maxmem(sim) >= actual(sim));
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

static void test_pv_and_old_xen(void **state)
{
	struct sim_guest guest = usual_guest;
	struct sim *sim;

	(void)state;
	guest.type = HB_TYPE_PV;
	guest.offset_kib = 0;
	sim = common_host_with(&guest);
	assert_int_equal(common_set(sim, "1G", &waiting, &result, &error), HB_OK);
	assert_int_equal(actual(sim), G);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);

	sim = common_host();
	sim->no_pool = true;
	assert_int_equal(common_set(sim, "1G", &waiting, &result, &error), HB_OK);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

static void test_populate_on_demand(void **state)
{
	struct sim_guest guest = usual_guest;
	struct sim *sim;

	(void)state;
	guest.memory_kib = 256 * M;
	guest.pod_entries_kib = 200 * M;
	guest.pod_cache_kib = 50 * M;
	sim = common_host_with(&guest);
	/* Entries without frames beyond the cache: the cache must grow with the target. */
	assert_int_equal(common_set(sim, "384M", &waiting, &result, &error), HB_OK);
	assert_true(result.steps[1].kind == HB_STEP_POD);
	/* 128M more, and the slack that libxl counts in. */
	assert_in_range(result.after.pod_cache_kib, 178 * M, 179 * M);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

static void test_guest_without_driver_report(void **state)
{
	struct sim_guest guest = usual_guest;
	struct sim *sim;

	(void)state;
	guest.reports = false;
	sim = common_host_with(&guest);
	assert_int_equal(common_set(sim, "1G", &waiting, &result, &error), HB_OK);
	assert_int_equal(result.nr_notes, 1);
	assert_non_null(strstr(result.notes[0], "announces no driver"));
	sim_close(sim);

	guest.rate_kib_s = 0;
	sim = common_host_with(&guest);
	assert_int_equal(common_set(sim, "256M", &waiting, &result, &error), HB_E_STUCK);
	assert_non_null(strstr(error.message, "guest1 stopped at 512.1M on its way to 256M"));
	assert_non_null(strstr(error.message, "reports nothing"));
	assert_true(result.done);
	/* It has the size again that it holds. */
	assert_int_equal(result.kept_kib, 512 * M);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	assert_int_equal(maxmem(sim), 513 * M);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

static void test_stuck_guest_names_its_cause(void **state)
{
	static const struct {
		enum hb_cause cause;
		const char *size, *message, *remedy;
	} cases[] = {
		{ HB_CAUSE_GUEST_BUSY, "200M", "(guest-busy)", "its size is 300M now" },
		{ HB_CAUSE_GUEST_FLOOR, "200M", "(guest-floor)", "its size is 300M now" },
		{ HB_CAUSE_PAGING_POOL, "200M", "(paging-pool)", "its size is 300M now" },
		{ HB_CAUSE_OFFLINE_PENDING, "1G", "(offline-pending)", "kernel log" },
		{ HB_CAUSE_ABOVE_MAX, "1G", "(above-max)", "hotballoon show" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sim_guest guest = usual_guest;
		struct sim *sim;

		print_message("%s\n", cases[i].message);
		guest.stick_at_kib = cases[i].size[0] == '1' ? 700 * M : 300 * M;
		guest.stick_cause = cases[i].cause;
		sim = common_host_with(&guest);
		assert_int_equal(common_set(sim, cases[i].size, &waiting, &result, &error),
				 HB_E_STUCK);
		assert_non_null(strstr(error.message, cases[i].message));
		assert_non_null(strstr(common_remedy(&error), cases[i].remedy));
		assert_int_equal(error.reason, hb_reason_of_cause(cases[i].cause));
		/* Two seconds to prove itself wrong and not ten. */
		assert_in_range(result.waited_ms, 2000, 4000);
		common_assert_consistent(sim, GUEST);
		sim_close(sim);
	}
}

/* Forced beyond what the host has: the guest takes what there is and says so. */
static void test_host_runs_out(void **state)
{
	struct hb_set_request forced = { .wait = true, .force = true };
	struct sim *sim = common_host();

	(void)state;
	assert_int_equal(common_set(sim, "16G", &waiting, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "and the host has"));
	assert_false(result.done);
	assert_int_equal(common_set(sim, "16G", &forced, &result, &error), HB_E_STUCK);
	assert_non_null(strstr(error.message, "(host-out-of-memory)"));
	assert_int_equal(sim->free_pages, 0);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

/* What a guest has been promised and has not taken yet is not promised twice. */
static void test_promised_memory(void **state)
{
	struct sim *sim = common_host();
	struct hb *hb = sim_connect(sim);
	struct hb_host_memory before, after;

	(void)state;
	sim_add(sim, &(struct sim_guest){ .domid = 6, .name = "slow", .type = HB_TYPE_PV,
					  .memory_kib = 256 * M, .maxmem_kib = 4 * G, .vcpus = 1 });
	assert_int_equal(hb_host_memory(hb, &before, &error), HB_OK);
	assert_int_equal(before.promised_kib, 0);
	sim_write_key(sim, 6, HB_KEY_TARGET, "4194304");
	assert_int_equal(hb_host_memory(hb, &after, &error), HB_OK);
	assert_int_equal(after.free_kib, before.free_kib);
	assert_int_equal(after.promised_kib, 4 * G - 256 * M);
	assert_int_equal(hb_host_available_kib(&after),
			 hb_host_available_kib(&before) - after.promised_kib);
	/* 6G are free, but not to give. */
	assert_int_equal(common_set(sim, "4G", NULL, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "to give"));
	sim_destroy(sim, 6);
	assert_int_equal(common_set(sim, "4G", NULL, &result, &error), HB_OK);
	hb_close(hb);
	sim_close(sim);
}

/* The pool needs more than there is: what Xen has taken so far is given back. */
static void test_pool_does_not_fit(void **state)
{
	struct hb_set_request forced = { .force = true };
	struct sim *sim = common_host();
	uint64_t before, after;

	(void)state;
	sim_xen(sim, GUEST, &before);
	sim_add(sim, &(struct sim_guest){ .domid = 9, .name = "big", .type = HB_TYPE_PV,
					  .memory_kib = sim->free_pages * 4 - 4 * M,
					  .maxmem_kib = 8 * G, .vcpus = 1 });
	assert_int_equal(common_set(sim, "4G", &forced, &result, &error), HB_E_HOST);
	assert_non_null(strstr(error.message, "paging-pool"));
	assert_int_equal(error.reason, HB_REASON_XEN_FULL);
	assert_non_null(strstr(common_remedy(&error), "shrink another guest"));
	assert_false(result.done);
	sim_xen(sim, GUEST, &after);
	assert_int_equal(before, after);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

/* A guest of 4G with the pool of one of 512M, whose n-th call finds no memory in the host. */
static struct sim *short_of_pool(unsigned int n)
{
	struct sim *sim = common_host();
	struct hb *hb;

	assert_int_equal(common_set(sim, "4G", NULL, &result, &error), HB_OK);
	sim_run(sim, 60000);
	hb = sim_connect(sim);
	assert_int_equal(hb->host->ops->lock(hb->host, GUEST, result.before.uuid), 0);
	assert_int_equal(hb->host->ops->set_pool(hb->host, GUEST, 3ULL << 20), 0);
	hb_close(hb);
	sim->fault = SIM_FAULT_ERROR;
	sim->fault_errno = ENOMEM;
	sim->fault_at = sim->calls + n;
	return sim;
}

/* A smaller size does not fail for want of a pool, and does not claim to have made one. */
static void test_shrinks_without_pool(void **state)
{
	unsigned int without = 0;

	(void)state;
	for (unsigned int n = 1; n < 80; n++) {
		struct sim *sim = short_of_pool(n);
		bool reached = common_set(sim, "1G", NULL, &result, &error) == HB_OK;
		bool missed = sim->calls >= sim->fault_at;

		if (reached && missed && result.steps[0].kind != HB_STEP_POOL) {
			without++;
			assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), G);
		}
		sim_close(sim);
	}
	assert_int_equal(without, 1);
}

/* Any other failure of that step is one. */
static void test_pool_of_shrinking_guest_fails(void **state)
{
	unsigned int failed = 0;

	(void)state;
	for (unsigned int n = 1; n < 80; n++) {
		struct sim *sim = short_of_pool(n);
		uint64_t pool;
		bool is_pool;

		sim->fault_errno = EIO;
		if (common_set(sim, "1G", NULL, &result, &error) == HB_E_HOST) {
			is_pool = strstr(error.message, "paging-pool");
			sim_xen(sim, GUEST, &pool);
			failed += is_pool;
			assert_true(!is_pool || (pool == 3 * M && !result.done));
		}
		sim_close(sim);
	}
	assert_int_equal(failed, 1);
}

static void test_timeout(void **state)
{
	struct hb_set_request request = { .wait = true, .timeout_s = 3 };
	struct sim_guest guest = usual_guest;
	struct sim *sim;

	(void)state;
	guest.rate_kib_s = 10 * M;
	sim = common_host_with(&guest);
	assert_int_equal(common_set(sim, "256M", &request, &result, &error), HB_E_TIMEOUT);
	assert_int_equal(result.waited_ms, 3000);
	/* maxmem is where the guest is, and not where it shall be. */
	assert_int_equal(maxmem(sim), actual(sim) + M);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

static bool stop_after_a_second(const struct hb_progress *progress, void *argument)
{
	unsigned int *calls = argument;

	++*calls;
	assert_int_equal(progress->goal_kib, 256 * M);
	assert_true(progress->now_kib <= progress->from_kib);
	return progress->elapsed_ms < 1000;
}

/* Time is over for one that has moved, and for one that never has: they are told apart. */
static void test_timeout_says_whether_it_moves(void **state)
{
	const struct hb_set_request three = { .wait = true, .timeout_s = 3 };
	struct sim *sim = common_host();

	(void)state;
	sim_guest(sim, GUEST)->rate_kib_s = 0;
	assert_int_equal(common_set(sim, "420M", &three, &result, &error), HB_E_TIMEOUT);
	assert_null(strstr(error.remedy, "it still moves"));
	assert_non_null(strstr(error.remedy, "does not move"));
	sim_guest(sim, GUEST)->rate_kib_s = 4 * M;
	assert_int_equal(common_set(sim, "410M", &three, &result, &error), HB_E_TIMEOUT);
	assert_non_null(strstr(error.remedy, "it still moves"));
	sim_close(sim);
}

static void test_interrupted(void **state)
{
	unsigned int calls = 0;
	const struct hb_set_request request = { .wait = true };
	struct sim_guest guest = usual_guest;
	struct sim *sim;

	(void)state;
	guest.rate_kib_s = 10 * M;
	sim = common_host_with(&guest);
	assert_int_equal(common_set_telling(sim, "256M", &request, stop_after_a_second, &calls,
					    &result, &error), HB_E_INTERRUPTED);
	assert_int_equal(calls, 11);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 256 * M);
	assert_int_equal(maxmem(sim), actual(sim) + M);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

static void other_tool(struct sim *sim)
{
	if (sim->clock_ms == 1000)
		common_other_tool(sim, 300 * M);
}

static void test_superseded(void **state)
{
	struct sim_guest guest = usual_guest;
	struct sim *sim;

	(void)state;
	guest.rate_kib_s = 10 * M;
	sim = common_host_with(&guest);
	sim->tick = other_tool;
	assert_int_equal(common_set(sim, "256M", &waiting, &result, &error), HB_E_SUPERSEDED);
	/* Theirs is left alone. */
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 300 * M);
	assert_int_equal(maxmem(sim), 301 * M);
	/* Not for a moment was the limit below that: it did not have to be put right. */
	for (unsigned int i = 0; i < result.nr_steps; i++)
		assert_int_not_equal(result.steps[i].kind, HB_STEP_MAXMEM);
	sim_close(sim);
}

static void pause_guest(struct sim *sim)
{
	sim_guest(sim, GUEST)->paused = true;
}

static void destroy_guest(struct sim *sim)
{
	sim_destroy(sim, GUEST);
}

static void test_paused_and_destroyed_during_wait(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	sim->tick = pause_guest;
	assert_int_equal(common_set(sim, "256M", &waiting, &result, &error), HB_E_STUCK);
	assert_non_null(strstr(error.message, "paused"));
	assert_non_null(strstr(common_remedy(&error), "unpause"));
	/* It has not been seen to be stuck. */
	assert_int_equal(result.kept_kib, 0);
	assert_non_null(strstr(common_remedy(&error), "would lose it, and \"hotballoon set 5 "));
	common_assert_consistent(sim, GUEST);
	sim_close(sim);

	sim = common_host();
	sim->tick = destroy_guest;
	assert_int_equal(common_set(sim, "256M", &waiting, &result, &error), HB_E_NO_DOMAIN);
	assert_string_equal(error.message, "guest1 went away on its way to 256M");
	assert_int_equal(error.reason, HB_REASON_WENT_AWAY);
	assert_non_null(strstr(common_remedy(&error), "hotballoon list"));
	assert_false(sim_has_nodes(sim, GUEST));
	assert_int_equal(sim_pages(sim), sim->total_pages);
	sim_close(sim);
}

/* Two people add 256M each at the same time, and nothing locks: both get it. */
static void second_person(struct sim *sim)
{
	struct hb_set_result theirs;
	struct hb_error why;

	sim->fault = SIM_FAULT_NONE;
	assert_int_equal(common_set(sim, "+256M", NULL, &theirs, &why), HB_OK);
}

static void test_two_changes_at_once(void **state)
{
	unsigned int last, interleaved = 0;
	struct sim *sim = common_host();

	(void)state;
	assert_int_equal(common_set(sim, "+256M", NULL, &result, &error), HB_OK);
	last = sim->calls;
	sim_close(sim);
	for (unsigned int at = 1; at <= last; at++) {
		sim = common_host();
		sim->no_lock = true;
		sim->fault = SIM_FAULT_HOOK;
		sim->hook = second_person;
		sim->fault_at = at;
		assert_int_equal(common_set(sim, "+256M", NULL, &result, &error), HB_OK);
		assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), G);
		common_assert_consistent(sim, GUEST);
		interleaved += result.before.target.value != 512 * M;
		sim_close(sim);
	}
	assert_true(interleaved > 0);
}

/* xl works on the domain: ours waits for it, and then goes by what xl has left. */
static void xl_finishes(struct sim *sim)
{
	if (sim->clock_ms == 480)
		common_other_tool(sim, 400 * M);
}

static void test_locked_domain(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	sim->locked_domid = GUEST;
	sim->locked_until_ms = 500;
	sim->tick = xl_finishes;
	assert_int_equal(common_set(sim, "+256M", NULL, &result, &error), HB_OK);
	assert_in_range(sim->clock_ms, 500, 520);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 656 * M);
	/* Once for the keys, once for maxmem, and never while waiting: sim_sleep_ms() checks. */
	assert_int_equal(sim->locks, 2);
	common_assert_consistent(sim, GUEST);

	/* Another domain's lock is not in the way, a hanging tool ends in an error. */
	sim->tick = NULL;
	sim->locked_domid = 0;
	sim->locked_until_ms = UINT64_MAX;
	assert_int_equal(common_set(sim, "512M", &waiting, &result, &error), HB_OK);
	sim->locked_domid = GUEST;
	assert_int_equal(common_set(sim, "1G", NULL, &result, &error), HB_E_HOST);
	assert_non_null(strstr(error.message, "locked for 30 s"));
	assert_false(result.done);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	sim_close(sim);
}

/* A lock is a file: it says so, and where, if there is no room for one. */
static void test_lock_without_room(void **state)
{
	static const struct {
		unsigned int call;
		const char *message, *where;
	} cases[] = {
		{ 2, "cannot lock domain 5: No space left on device", "/var/lib/xen" },
		{ 3, "cannot lock the host: No space left on device", "/run" },
	};
	struct sim *sim = common_host();

	(void)state;
	sim->fault_errno = ENOSPC;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].message);
		sim->fault = SIM_FAULT_ERROR;
		sim->fault_at = sim->calls + cases[i].call;
		assert_int_equal(common_set(sim, "256M", NULL, &result, &error), HB_E_HOST);
		assert_string_equal(error.message, cases[i].message);
		assert_non_null(strstr(error.remedy, cases[i].where));
		assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	}
	sim_close(sim);
}

static unsigned int locked_progress;

static void lock_again(struct sim *sim)
{
	sim->locked_domid = GUEST;
	sim->locked_until_ms = UINT64_MAX;
}

static bool until_one_second(const struct hb_progress *progress, void *argument)
{
	(void)argument;
	locked_progress += progress->locked;
	assert_int_equal(progress->domain->domid, GUEST);
	return progress->elapsed_ms < 1000;
}

/* Who waits for another tool is told so, and can go; a set that stands, stands. */
static void test_wait_for_lock_ended(void **state)
{
	struct hb_set_request request = { .wait = false };
	struct sim *sim = common_host();

	(void)state;
	locked_progress = 0;
	sim->locked_domid = GUEST;
	sim->locked_until_ms = UINT64_MAX;
	assert_int_equal(common_set_telling(sim, "1G", &request, until_one_second, NULL,
					    &result, &error), HB_E_INTERRUPTED);
	assert_in_range(sim->clock_ms, 1000, 1100);
	assert_true(locked_progress >= 10);
	assert_false(result.done);
	assert_non_null(strstr(error.remedy, "nothing was changed"));
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);

	/* Locked by another tool after the target was written: maxmem cannot follow. */
	sim->locked_until_ms = 0;
	sim->fault = SIM_FAULT_HOOK;
	sim->hook = lock_again;
	sim->fault_at = sim->calls + 50;
	request.wait = true;
	assert_int_equal(common_set_telling(sim, "480M", &request, until_one_second, NULL,
					    &result, &error), HB_E_INTERRUPTED);
	assert_true(result.done);
	assert_non_null(strstr(error.remedy, "what was set stands"));
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

/* The domid is given to another domain while we wait for the old one's lock. */
static void replace_guest(struct sim *sim)
{
	struct sim_guest other = usual_guest;

	if (sim->clock_ms < 100 || sim->tick != replace_guest)
		return;
	sim->tick = NULL;
	sim_destroy(sim, GUEST);
	other.name = "guest2";
	other.generation = 1;
	sim_add(sim, &other);
}

static void test_domain_replaced_while_locked(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	sim->locked_domid = GUEST;
	sim->locked_until_ms = 200;
	sim->tick = replace_guest;
	assert_int_equal(common_set(sim, "1G", NULL, &result, &error), HB_OK);
	assert_string_equal(result.before.name, "guest2");
	assert_string_equal(result.before.uuid, "00000005-0001-0000-0000-000000000000");
	sim_close(sim);
}

/* What xl mem-max does, before the first size beyond it and after. */
static void test_max(void **state)
{
	struct hb_size size = { HB_SIZE_ABSOLUTE, false, 2 * G };
	struct sim *sim = common_host();
	struct hb *hb = sim_connect(sim);
	uint64_t pool;

	(void)state;
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = size }, &result, &error), HB_OK);
	assert_int_equal(result.steps[0].kind, HB_STEP_POOL);
	assert_int_equal(result.steps[1].kind, HB_STEP_MAXMEM);
	assert_int_equal(result.steps[2].kind, HB_STEP_STATIC_MAX);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), 2 * G);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	assert_int_equal(maxmem(sim), 2 * G + M);
	sim_xen(sim, GUEST, &pool);
	assert_int_equal(pool, 4 * (512 + 2048));
	common_assert_consistent(sim, GUEST);

	/* Lower: maxmem follows, the pool stays. */
	assert_int_equal(hb_size_parse("-1G", &size, &error), HB_OK);
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = size }, &result, &error), HB_OK);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), G);
	assert_int_equal(maxmem(sim), G + M);
	size = (struct hb_size){ HB_SIZE_ABSOLUTE, false, 256 * M };
	assert_int_equal(hb_max(hb, GUEST, &(struct hb_max_request){ .size = size, .force = true }, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "cannot be below its size of 512M"));
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), G);
	assert_int_equal(hb_max(hb, 0, &(struct hb_max_request){ .size = size, .force = true }, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "domain 0"));
	hb_close(hb);
	sim_close(sim);
}

/* A guest on its way that somebody else has sent there. */
static void test_wait(void **state)
{
	struct hb_wait_request request = { .timeout_s = 10 };
	struct sim *sim = common_host();
	struct hb *hb = sim_connect(sim);

	(void)state;
	common_other_tool(sim, 256 * M);
	sim_set_limit(sim, GUEST, 513 * M);
	assert_int_equal(hb_wait(hb, GUEST, &request, &result, &error), HB_OK);
	assert_int_equal(result.size_kib, 256 * M);
	assert_in_range(result.waited_ms, 900, 1100);
	assert_int_equal(maxmem(sim), 257 * M);
	/* There already. */
	assert_int_equal(hb_wait(hb, GUEST, &request, &result, &error), HB_OK);
	assert_int_equal(result.waited_ms, 0);
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "lots");
	assert_int_equal(hb_wait(hb, GUEST, &request, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "no target"));
	assert_int_equal(hb_wait(hb, 77, &request, &result, &error), HB_E_NO_DOMAIN);
	hb_close(hb);
	sim_close(sim);
}

/*
 * Another tool has written a target and left Xen's limit where it was, as virsh setmem and
 * xenstore-write do: what keeps the guest is mended before it is judged, once and for all.
 */
static void test_wait_mends_first(void **state)
{
	struct hb_wait_request request = { .timeout_s = 30 };
	struct sim *sim = common_host();
	struct hb *hb = sim_connect(sim);

	(void)state;
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "1048576");
	sim_run(sim, 20000);
	assert_string_equal(sim_read_key(sim, GUEST, HB_KEY_REPORT_CAUSE), "host-out-of-memory");
	assert_int_equal(hb_wait(hb, GUEST, &request, &result, &error), HB_OK);
	assert_true(actual(sim) >= G);
	assert_int_equal(maxmem(sim), G + M);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), G);
	assert_in_range(result.waited_ms, 1900, 2400);
	common_assert_consistent(sim, GUEST);
	hb_close(hb);
	sim_close(sim);
}

/* The same while it is waited for: the guest is on its way, and its limit is taken away. */
static void take_limit(struct sim *sim)
{
	if (sim->clock_ms == 1000)
		sim_set_limit(sim, GUEST, 600 * M);
}

static void take_limit_always(struct sim *sim)
{
	sim_set_limit(sim, GUEST, 600 * M);
}

static void test_limit_taken_during_wait(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	sim->tick = take_limit;
	assert_int_equal(common_set(sim, "2G", &waiting, &result, &error), HB_OK);
	assert_int_equal(actual(sim), 2 * G + 64);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

/* Who takes it away again and again is not fought: the guest is stuck, and that is said. */
static void test_limit_taken_always(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	sim->tick = take_limit_always;
	assert_int_equal(common_set(sim, "2G", &waiting, &result, &error), HB_E_STUCK);
	assert_true(result.waited_ms < 20000);
	sim_close(sim);
}

static void take_target(struct sim *sim)
{
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "409600");
}

/* Somebody else's target stands, whenever it comes. */
static void test_mend_superseded(void **state)
{
	struct hb_wait_request request = { .timeout_s = 30 };

	(void)state;
	for (unsigned int at = 1; at < 150; at++) {
		struct sim *sim = common_host();
		struct hb *hb = sim_connect(sim);

		sim_write_key(sim, GUEST, HB_KEY_TARGET, "1048576");
		sim->fault = SIM_FAULT_HOOK;
		sim->fault_at = at;
		sim->hook = take_target;
		hb_wait(hb, GUEST, &request, &result, &error);
		assert_true(sim->calls >= at);
		assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 400 * M);
		hb_close(hb);
		sim_close(sim);
	}
}

/* Without dom0_mem=max: Xen has no limit for it, and that is no size: what is kept is what the host has. */
static void test_domain_0_without_limit(void **state)
{
	struct hb_set_request request = { .size = { HB_SIZE_ABSOLUTE, false, G }, .force = true };
	struct sim *sim = common_host();
	struct hb *hb = sim_connect(sim);

	(void)state;
	sim_remove_key(sim, 0, HB_KEY_TARGET);
	sim_remove_key(sim, 0, HB_KEY_STATIC_MAX);
	sim_set_limit(sim, 0, UINT32_MAX * 4ULL);
	assert_int_equal(hb_set(hb, 0, &request, &result, &error), HB_OK);
	assert_int_equal(common_number(sim, 0, HB_KEY_STATIC_MAX), 8 * G);
	/* What another tool has written is left as it is. */
	sim_write_key(sim, 0, HB_KEY_STATIC_MAX, "17179869180");
	assert_int_equal(hb_set(hb, 0, &request, &result, &error), HB_OK);
	assert_string_equal(sim_read_key(sim, 0, HB_KEY_STATIC_MAX), "17179869180");
	hb_close(hb);
	sim_close(sim);
}

/* What it uses counts, and not a constant only: a host does not survive the death of domain 0. */
static void test_domain_0_in_use(void **state)
{
	struct hb_set_request request = { .size = { HB_SIZE_ABSOLUTE, false, 2 * G } };
	struct sim *sim = sim_open(16 * G);
	struct hb *hb = sim_connect(sim);
	struct hb_domain domain;

	(void)state;
	sim_add(sim, &(struct sim_guest){ .domid = 0, .name = "Domain-0", .type = HB_TYPE_PV,
					  .memory_kib = 4 * G, .maxmem_kib = 4 * G, .vcpus = 4 });
	sim->available_kib = G;
	assert_int_equal(hb_show(hb, 0, &domain, &error), HB_OK);
	assert_int_equal(domain.used.value, 3 * G);
	assert_int_equal(hb_set(hb, 0, &request, &result, &error), HB_E_REFUSED);
	assert_string_equal(error.message, "Domain-0 uses 3G now: with 2G it may run out of memory, and the whole host with it");
	assert_non_null(strstr(error.remedy, "at least 3200M"));
	request.size.amount = 3200 * M;
	assert_int_equal(hb_set(hb, 0, &request, &result, &error), HB_OK);
	/* Larger than now is no matter of what it uses. */
	sim->available_kib = 4;
	request.size.amount = 3300 * M;
	assert_int_equal(hb_set(hb, 0, &request, &result, &error), HB_OK);
	request = (struct hb_set_request){ .size = { HB_SIZE_ABSOLUTE, false, 2 * G }, .force = true };
	assert_int_equal(hb_set(hb, 0, &request, &result, &error), HB_OK);
	hb_close(hb);
	sim_close(sim);
}

/* Domain 0 has no keys of its own at first: they are made, as libxl does. */
static void test_domain_0(void **state)
{
	struct hb_set_request forced = { .size = { HB_SIZE_ABSOLUTE, false, 512 * M }, .force = true };
	struct hb_set_request request = { .size = { HB_SIZE_ABSOLUTE, false, 512 * M } };
	struct sim *sim = common_host();
	struct hb *hb = sim_connect(sim);

	(void)state;
	sim_remove_key(sim, 0, HB_KEY_TARGET);
	sim_remove_key(sim, 0, HB_KEY_STATIC_MAX);
	assert_int_equal(hb_set(hb, 0, &request, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "less than 1G"));
	assert_int_equal(hb_set(hb, 0, &forced, &result, &error), HB_OK);
	assert_int_equal(common_number(sim, 0, HB_KEY_TARGET), 512 * M);
	assert_int_equal(common_number(sim, 0, HB_KEY_STATIC_MAX), G + M);
	forced.size.amount = 127 * M;
	assert_int_equal(hb_set(hb, 0, &forced, &result, &error), HB_E_REFUSED);
	forced.size.amount = 2 * G;
	assert_int_equal(hb_set(hb, 0, &forced, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "booted with"));
	request.size.amount = G;
	assert_int_equal(hb_set(hb, 0, &request, &result, &error), HB_OK);
	assert_int_equal(common_number(sim, 0, HB_KEY_TARGET), G);
	hb_close(hb);
	sim_close(sim);
}

/* Windows' driver reads its maximum once. */
static void test_windows(void **state)
{
	struct sim_guest guest = usual_guest;
	struct hb_domain domain;
	struct sim *sim;
	struct hb *hb;

	(void)state;
	guest.type = HB_TYPE_HVM;
	guest.reports = false;
	guest.memory_kib = 256 * M;
	sim = common_host_with(&guest);
	sim_write_key(sim, GUEST, HB_KEY_FEATURE_BALLOON, "1");
	sim_write_key(sim, GUEST, HB_KEY_OS_NAME, "Microsoft Windows Server 2022|C:\\Windows");
	hb = sim_connect(sim);
	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	assert_string_equal(hb_driver_name(domain.driver), "windows");
	hb_close(hb);
	assert_int_equal(common_set(sim, "512M", &waiting, &result, &error), HB_OK);
	assert_int_equal(common_set(sim, "516M", NULL, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "Windows cannot grow"));
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

/* Its maximum is static-max less the video memory: what the target counts. */
static void test_windows_with_videoram(void **state)
{
	struct sim_guest guest = usual_guest;
	struct sim *sim;

	(void)state;
	guest.type = HB_TYPE_HVM;
	guest.reports = false;
	guest.videoram_kib = 16 * M;
	guest.memory_kib = 256 * M;
	sim = common_host_with(&guest);
	sim_write_key(sim, GUEST, HB_KEY_PV_DRIVERS "/0", "Xen_Project XENBUS 9.1.0.101 ");
	assert_int_equal(common_set(sim, "516M", NULL, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.remedy, "set at most 512M"));
	assert_int_equal(common_set(sim, "512M", &waiting, &result, &error), HB_OK);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 496 * M);
	sim_close(sim);
}

/*
 * A guest that grew beyond its boot maximum reboots: libxl builds it anew with
 * target and static-max as they are, and it comes back at the size it had.
 */
static void test_reboot_after_growth(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	assert_int_equal(common_set(sim, "2G", &waiting, &result, &error), HB_OK);
	sim_reboot(sim, GUEST);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 2 * G);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), 2 * G);
	assert_int_equal(maxmem(sim), 2 * G + M);
	common_assert_consistent(sim, GUEST);
	assert_int_equal(common_set(sim, "512M", &waiting, &result, &error), HB_OK);
	sim_reboot(sim, GUEST);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), 2 * G);
	assert_int_equal(actual(sim), 512 * M + 64);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

/*
 * A directory without domid is what a careless tool left of a dead domain, even
 * if Xen has given the number away again: it is not written to.
 */
static void test_directory_without_domid(void **state)
{
	struct sim *sim = common_host();

	(void)state;
	sim_remove_key(sim, GUEST, HB_KEY_DOMID);
	assert_int_equal(common_set(sim, "1G", NULL, &result, &error), HB_E_NO_DOMAIN);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	sim_write_key(sim, GUEST, HB_KEY_DOMID, "6");
	assert_int_equal(common_set(sim, "1G", NULL, &result, &error), HB_E_NO_DOMAIN);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 512 * M);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

static void test_hostile_report(void **state)
{
	struct sim *sim = common_host();
	struct hb *hb = sim_connect(sim);
	struct hb_domain domain;

	(void)state;
	sim_write_key(sim, GUEST, HB_KEY_REPORT_CURRENT, "18446744073709551615");
	sim_write_key(sim, GUEST, HB_KEY_REPORT_CAUSE, "\033[31mgive me memory");
	sim_write_key(sim, GUEST, HB_KEY_REPORT_STATE, "");
	sim_write_key(sim, GUEST, HB_KEY_REPORT_GOAL, "-1");
	sim_write_key(sim, GUEST, HB_KEY_REPORT_FLOOR, "0x10");
	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	assert_int_equal(domain.driver, HB_DRIVER_HOTBALLOON);
	assert_int_equal(domain.report.current.presence, HB_INVALID);
	assert_int_equal(domain.report.goal.presence, HB_INVALID);
	assert_int_equal(domain.report.floor.presence, HB_INVALID);
	assert_string_equal(hb_report_cause_name(&domain.report.cause), "invalid");
	assert_string_equal(hb_report_state_name(&domain.report.state), "invalid");
	sim_write_key(sim, GUEST, HB_KEY_REPORT_VERSION, "x");
	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	assert_int_equal(domain.driver, HB_DRIVER_UNKNOWN);
	hb_close(hb);
	sim_close(sim);
}

static void test_list_and_find(void **state)
{
	struct sim *sim = common_host();
	struct hb *hb = sim_connect(sim);
	struct hb_domain **domains;
	uint32_t domid;
	size_t count;

	(void)state;
	sim_add(sim, &(struct sim_guest){ .domid = 7, .name = "twin", .memory_kib = 64 * M,
					  .maxmem_kib = 64 * M, .vcpus = 1 });
	sim_add(sim, &(struct sim_guest){ .domid = 6, .name = "twin", .memory_kib = 64 * M,
					  .maxmem_kib = 64 * M, .vcpus = 1 });
	assert_int_equal(hb_list(hb, &domains, &count, &error), HB_OK);
	assert_int_equal(count, 4);
	for (size_t i = 1; i < count; i++)
		assert_true(domains[i - 1]->domid < domains[i]->domid);
	assert_string_equal(domains[1]->name, "guest1");
	assert_string_equal(domains[1]->uuid, "00000005-0000-0000-0000-000000000000");
	assert_int_equal(domains[1]->type, HB_TYPE_PVH);
	assert_int_equal(domains[1]->report.current.value, 512 * M);
	hb_domains_free(domains);

	assert_int_equal(hb_find(hb, "guest1", &domid, &error), HB_OK);
	assert_int_equal(domid, GUEST);
	assert_int_equal(hb_find(hb, "5", &domid, &error), HB_OK);
	assert_int_equal(domid, GUEST);
	assert_int_equal(hb_find(hb, "twin", &domid, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "6 and 7"));
	assert_int_equal(hb_find(hb, "guest", &domid, &error), HB_E_NO_DOMAIN);
	assert_int_equal(hb_find(hb, "4", &domid, &error), HB_E_NO_DOMAIN);
	assert_int_equal(hb_find(hb, "32752", &domid, &error), HB_E_NO_DOMAIN);
	assert_int_equal(hb_find(hb, "4294967301", &domid, &error), HB_E_NO_DOMAIN);
	assert_int_equal(hb_find(hb, "99999999999999999999999", &domid, &error), HB_E_NO_DOMAIN);
	assert_int_equal(hb_find(hb, "", &domid, &error), HB_E_USAGE);
	hb_close(hb);
	sim_close(sim);
}

/* A program that expects more than the library has, or says nothing, is told. */
static void test_newer_program(void **state)
{
	struct hb *hb = (struct hb *)&hb;

	(void)state;
	assert_string_equal(hb_version(), HB_VERSION);
	assert_int_equal(hb_api_version(), HB_API_VERSION);
	assert_int_equal(hb_open_api(HB_API_VERSION + 1, &hb, &error), HB_E_USAGE);
	assert_null(hb);
	assert_non_null(strstr(error.message, "libhotballoon " HB_VERSION));
	assert_int_equal(hb_open_api(0, &hb, &error), HB_E_USAGE);
	/* There is no Xen here, but that is another matter. */
	assert_int_not_equal(hb_open(&hb, &error), HB_E_USAGE);
	hb_close(hb);
}

/* More domains than one batch holds, be it of the list or of what is only added up. */
#define MANY 300U

static const char *name_of_many(uint32_t domid)
{
	static char names[MANY + 1][8];

	snprintf(names[domid], sizeof(names[domid]), "g%u", domid);
	return names[domid];
}

static struct sim *host_of_many(void)
{
	struct sim *sim = sim_open(8 * G);

	for (uint32_t domid = MANY; domid > 0; domid--)
		sim_add(sim, &(struct sim_guest){ .domid = domid, .name = name_of_many(domid),
						  .memory_kib = 4 * M, .maxmem_kib = 4 * M, .vcpus = 1 });
	return sim;
}

/* On a real host it is the questions that take the time: so many a domain, and no more. */
#define QUESTIONS 19

static void test_many_domains(void **state)
{
	struct sim *sim = host_of_many();
	struct hb *hb = sim_connect(sim);
	struct hb_host_memory memory;
	struct hb_domain **domains;
	uint32_t domid;
	size_t count;
	bool squeezed;

	(void)state;
	assert_int_equal(hb_list(hb, &domains, &count, &error), HB_OK);
	assert_int_equal(count, MANY);
	assert_in_range(sim->calls, MANY, MANY * QUESTIONS);
	assert_int_equal(hb_domain_any_squeezed(hb, &squeezed), 0);
	assert_false(squeezed);
	for (uint32_t i = 1; i <= MANY; i++) {
		assert_int_equal(domains[i - 1]->domid, i);
		assert_int_equal(hb_find(hb, name_of_many(i), &domid, &error), HB_OK);
		assert_int_equal(domid, i);
		/* Each of them is promised something, one after the other. */
		sim_write_key(sim, i, HB_KEY_TARGET, "8192");
		assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
		assert_int_equal(memory.promised_kib, i * 4 * M);
	}
	sim_write_key(sim, MANY, HB_KEY_DYNAMIC_MIN, "4096");
	assert_int_equal(hb_domain_any_squeezed(hb, &squeezed), 0);
	assert_true(squeezed);
	hb_domains_free(domains);
	hb_close(hb);
	sim_close(sim);
}

/*
 * Another tool makes static-max larger before any of the calls that write a larger one:
 * it takes no lock, and its maximum is never taken back.
 */
static void raise_maximum(struct sim *sim)
{
	sim_set_limit(sim, GUEST, 4 * G + M);
	sim_write_key(sim, GUEST, HB_KEY_STATIC_MAX, "4194304");
}

static void test_maximum_of_another_tool(void **state)
{
	unsigned int calls = 1;

	(void)state;
	for (unsigned int at = 1; at <= calls; at++) {
		struct sim *sim = common_host();
		unsigned int before = sim->calls;

		sim->hook = raise_maximum;
		sim->fault = SIM_FAULT_HOOK;
		sim->fault_at = before + at;
		assert_int_equal(common_set(sim, "1G", NULL, &result, &error), HB_OK);
		assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), 4 * G);
		calls = sim->calls - before;
		sim_close(sim);
	}
	assert_true(calls > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grow_beyond_boot_maximum),
		cmocka_unit_test(test_shrink),
		cmocka_unit_test(test_shrink_without_wait),
		cmocka_unit_test(test_shrink_takes_time),
		cmocka_unit_test(test_pv_and_old_xen),
		cmocka_unit_test(test_populate_on_demand),
		cmocka_unit_test(test_guest_without_driver_report),
		cmocka_unit_test(test_stuck_guest_names_its_cause),
		cmocka_unit_test(test_host_runs_out),
		cmocka_unit_test(test_promised_memory),
		cmocka_unit_test(test_pool_does_not_fit),
		cmocka_unit_test(test_shrinks_without_pool),
		cmocka_unit_test(test_pool_of_shrinking_guest_fails),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_timeout_says_whether_it_moves),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_superseded),
		cmocka_unit_test(test_paused_and_destroyed_during_wait),
		cmocka_unit_test(test_two_changes_at_once),
		cmocka_unit_test(test_locked_domain),
		cmocka_unit_test(test_lock_without_room),
		cmocka_unit_test(test_wait_for_lock_ended),
		cmocka_unit_test(test_domain_replaced_while_locked),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_wait_mends_first),
		cmocka_unit_test(test_limit_taken_during_wait),
		cmocka_unit_test(test_limit_taken_always),
		cmocka_unit_test(test_mend_superseded),
		cmocka_unit_test(test_domain_0),
		cmocka_unit_test(test_domain_0_without_limit),
		cmocka_unit_test(test_domain_0_in_use),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_windows_with_videoram),
		cmocka_unit_test(test_reboot_after_growth),
		cmocka_unit_test(test_directory_without_domid),
		cmocka_unit_test(test_hostile_report),
		cmocka_unit_test(test_list_and_find),
		cmocka_unit_test(test_many_domains),
		cmocka_unit_test(test_newer_program),
		cmocka_unit_test(test_maximum_of_another_tool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
