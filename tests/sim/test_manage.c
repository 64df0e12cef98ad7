/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a manager does, on a simulated host: set, compare-and-set, settle, and being refused. */
#include "common.h"

#include <stdio.h>
#include <string.h>

static struct hb_set_result result;
static struct hb_error error;
static struct sim *sim;
static struct hb *hb;

/* One guest of 512M that managers may size between 128M and 512M. */
static int setup(void **state)
{
	struct hb_limits_change change = { .min = { HB_PRESENT, 128 * M }, .automatic = true };
	struct hb_domain domain;
	struct hb_limits limits;

	(void)state;
	common_make_state_dir();
	sim = common_host();
	hb = common_connect(sim);
	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	return hb_limits_set(hb, &domain, &change, &limits, &error);
}

static int teardown(void **state)
{
	(void)state;
	hb_close(hb);
	sim_close(sim);
	common_remove_state_dir();
	return 0;
}

static enum hb_obstacle obstacle(void)
{
	struct hb_domain domain;
	struct hb_limits limits;

	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_OK);
	return hb_may_size(&domain, &limits);
}

static struct hb_set_request to(uint64_t kib)
{
	return (struct hb_set_request){ .size = { HB_SIZE_ABSOLUTE, false, kib } };
}

static enum hb_code manage(uint64_t expected_kib, uint64_t kib, bool wait)
{
	struct hb_set_request request = to(kib);

	request.wait = wait;
	return hb_set_managed(hb, GUEST, expected_kib, &request, &result, &error);
}

static uint64_t target(void)
{
	return common_number(sim, GUEST, HB_KEY_TARGET);
}

static void test_managed(void **state)
{
	(void)state;
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
	assert_int_equal(manage(512 * M, 384 * M, true), HB_OK);
	assert_int_equal(target(), 384 * M);
	/* It is not told that it is pinned, as it is not. */
	assert_int_equal(result.nr_notes, 0);
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
	assert_int_equal(manage(384 * M, 448 * M, true), HB_OK);
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
	/* A relative size is one, too. */
	assert_int_equal(hb_set_managed(hb, GUEST, 448 * M,
					&(struct hb_set_request){ .size = { HB_SIZE_DELTA, true, 64 * M } },
					&result, &error), HB_OK);
	assert_int_equal(target(), 384 * M);
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
}

/* Compare-and-set without being a manager pins it; neither touches what somebody else has set. */
static void test_expected(void **state)
{
	struct hb_set_request request = to(384 * M);

	(void)state;
	assert_int_equal(hb_set_expected(hb, GUEST, 500 * M, &request, &result, &error), HB_E_REFUSED);
	assert_int_equal(manage(500 * M, 384 * M, false), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "somebody else has set another target"));
	assert_int_equal(target(), 512 * M);
	assert_false(result.done);
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
	assert_int_equal(hb_set_expected(hb, GUEST, 512 * M, &request, &result, &error), HB_OK);
	assert_int_equal(target(), 384 * M);
	assert_int_equal(obstacle(), HB_OBSTACLE_PINNED);
	assert_int_equal(manage(384 * M, 448 * M, false), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "managers leave guest1 alone: a person or another tool has set its size"));
	assert_int_equal(target(), 384 * M);
}

static void limit(struct hb_limits_change change)
{
	struct hb_domain domain;
	struct hb_limits limits;

	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
}

/* A person wins by the act, and not by the number: to the same size, and on and back again. */
static void test_person_same_size(void **state)
{
	struct hb_set_request request = to(384 * M);

	(void)state;
	assert_int_equal(manage(512 * M, 384 * M, true), HB_OK);
	assert_int_equal(hb_set(hb, GUEST, &request, &result, &error), HB_OK);
	assert_int_equal(result.nr_notes, 1);
	assert_non_null(strstr(result.notes[0], "is pinned to this size now"));
	assert_int_equal(obstacle(), HB_OBSTACLE_PINNED);
	assert_int_equal(manage(384 * M, 448 * M, false), HB_E_REFUSED);
	/* Who is pinned already is not told so again. */
	request = to(448 * M);
	assert_int_equal(hb_set(hb, GUEST, &request, &result, &error), HB_OK);
	assert_int_equal(result.nr_notes, 0);
	/* From there on again, when he says so. */
	limit((struct hb_limits_change){ .automatic = true });
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "409600");
	request = to(448 * M);
	assert_int_equal(hb_set(hb, GUEST, &request, &result, &error), HB_OK);
	assert_int_equal(obstacle(), HB_OBSTACLE_PINNED);
}

static void turn_off(void) { limit((struct hb_limits_change){ .off = true }); }
static void forget(void) { limit((struct hb_limits_change){ .forget = true }); }
static void pause_it(void) { sim_guest(sim, GUEST)->paused = true; }
static void number_nodes(void) { sim_guest(sim, GUEST)->vnodes = 2; }
static void squeeze(void) { sim_write_key(sim, GUEST, HB_KEY_DYNAMIC_MIN, "262144"); }
static void qmemman(void)
{
	sim->qmemman = true;
	sim_write_key(sim, GUEST, HB_KEY_QUBES_MEMINFO, "200000");
}

static void suspend(void) { sim_guest(sim, GUEST)->suspended = true; }
static void spoil_target(void) { sim_write_key(sim, GUEST, HB_KEY_TARGET, "512M"); }
static void serve(void) { sim_write_key(sim, GUEST, HB_KEY_DRIVER_DOMAIN, ""); }

/* As it is under the locks, whatever the manager has seen before. */
static void test_refused(void **state)
{
	static const struct {
		void (*spoil)(void);
		enum hb_obstacle obstacle;
	} rows[] = {
		{ turn_off, HB_OBSTACLE_OFF }, { forget, HB_OBSTACLE_NO_LIMITS },
		{ pause_it, HB_OBSTACLE_PAUSED }, { number_nodes, HB_OBSTACLE_NUMA },
		{ squeeze, HB_OBSTACLE_SQUEEZED }, { qmemman, HB_OBSTACLE_QMEMMAN },
		{ suspend, HB_OBSTACLE_SAVING },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rows[i].spoil();
		assert_int_equal(obstacle(), rows[i].obstacle);
		assert_int_equal(manage(512 * M, 384 * M, false), HB_E_REFUSED);
		assert_non_null(strstr(error.message, hb_obstacle_text(rows[i].obstacle)));
		assert_int_equal(error.reason, hb_obstacle_reason(rows[i].obstacle));
		assert_int_equal(target(), 512 * M);
		teardown(state);
		assert_int_equal(setup(state), 0);
	}
}

/* A file that cannot be read: it is left alone, and not pinned when the file is mended. */
static void test_damaged_file(void **state)
{
	char kept[1024];

	(void)state;
	snprintf(kept, sizeof(kept), "%s", common_state_file("limits"));
	common_write_state_file("limits", "nonsense\n");
	assert_int_equal(manage(512 * M, 384 * M, false), HB_E_HOST);
	assert_int_equal(target(), 512 * M);
	common_write_state_file("limits", kept);
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
}

/* One that stops half-way gets the size that it can keep, and that is a manager's, too. */
static void test_stuck(void **state)
{
	(void)state;
	sim_guest(sim, GUEST)->stick_at_kib = 448 * M;
	sim_guest(sim, GUEST)->stick_cause = HB_CAUSE_GUEST_FLOOR;
	assert_int_equal(manage(512 * M, 256 * M, true), HB_E_STUCK);
	assert_true(result.kept_kib >= 448 * M);
	assert_int_equal(target(), result.kept_kib);
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
}

/* A dry run says what would be, and writes neither target nor file. */
static void test_dry_run(void **state)
{
	char kept[1024];

	(void)state;
	snprintf(kept, sizeof(kept), "%s", common_state_file("limits"));
	hb_set_dry_run(hb);
	assert_int_equal(manage(512 * M, 384 * M, false), HB_OK);
	assert_true(result.done);
	assert_int_equal(target(), 512 * M);
	assert_string_equal(common_state_file("limits"), kept);
}

static uint64_t maxmem(void)
{
	return sim_xen(sim, GUEST, NULL).max_pages * HB_PAGE_KIB;
}

/* Xen's limit follows when the guest has come down; not for a target that is another's. */
static void test_settle(void **state)
{
	(void)state;
	assert_int_equal(manage(512 * M, 256 * M, false), HB_OK);
	assert_true(maxmem() > 300 * M);
	sim_run(sim, 10000);
	assert_int_equal(hb_settle(hb, GUEST, 400 * M, 0, &error), HB_OK);
	assert_true(maxmem() > 300 * M);
	assert_int_equal(hb_settle(hb, GUEST, 256 * M, 0, &error), HB_OK);
	assert_int_equal(maxmem(), 257 * M);
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
	assert_int_equal(hb_settle(hb, 77, 256 * M, 0, &error), HB_E_NO_DOMAIN);
}

/* Two managers at the same time: the second is refused, and what the first did stays a manager's. */
static void take_it(struct sim *host)
{
	struct hb_set_result other;
	struct hb_error ignored;
	struct hb_set_request request = to(448 * M);
	struct hb *second = common_connect(host);

	host->fault = SIM_FAULT_NONE;
	hb_set_managed(second, GUEST, 512 * M, &request, &other, &ignored);
	hb_close(second);
}

static void test_two_managers(void **state)
{
	(void)state;
	/* Before the first asks for a lock: behind that, the other would wait for ever here. */
	sim->fault = SIM_FAULT_HOOK;
	sim->fault_at = sim->calls + 1;
	sim->hook = take_it;
	assert_int_equal(manage(512 * M, 384 * M, false), HB_E_REFUSED);
	assert_int_equal(target(), 448 * M);
	assert_int_equal(obstacle(), HB_OBSTACLE_NONE);
}

/* Seen from outside, not as who would set it: what obstacle() cannot read is spoiled, too. */
static void test_strangers(void **state)
{
	(void)state;
	spoil_target();
	assert_int_equal(obstacle(), HB_OBSTACLE_NO_TARGET);
	serve();
	assert_int_equal(obstacle(), HB_OBSTACLE_SERVICE);
	assert_int_equal(manage(512 * M, 384 * M, false), HB_E_REFUSED);
}

/* As another program reads them, and with one object for several calls. */
static void test_objects(void **state)
{
	struct hb_free_request *request = hb_free_request_new();
	struct hb_free_result *freed = hb_free_result_new();
	struct hb_still_result *still = hb_still_result_new();
	struct hb_domain **domains;
	size_t count;

	(void)state;
	assert_int_equal(hb_list(hb, &domains, &count, &error), HB_OK);
	assert_int_equal(count, 2);
	assert_string_equal(domains[1]->name, "guest1");
	assert_null(domains[2]);
	hb_domains_free(domains);
	request->need_kib = 6900 * M;
	request->dry_run = true;
	for (int i = 0; i < 2; i++)
		assert_int_equal(hb_free(hb, request, freed, &error), HB_OK);
	assert_int_equal(hb_free_result_donors(freed), 1);
	assert_string_equal(hb_free_result_domain(freed, 0)->name, "guest1");
	assert_int_equal(hb_free_result_from_kib(freed, 0), 512 * M);
	assert_in_range(hb_free_result_to_kib(freed, 0), 128 * M, 511 * M);
	assert_false(hb_free_result_is_stuck(freed, 0));
	assert_null(hb_free_result_domain(freed, 1));
	assert_int_equal(hb_free_result_to_kib(freed, 1), 0);
	assert_int_equal(hb_still_result_fd(still), -1);
	hb_still_result_free(still);
	hb_free_result_free(freed);
	hb_free_request_free(request);
	hb_free_result_free(NULL);
}

/* Findings and reasons, one by one and none behind the last. */
static void test_findings(void **state)
{
	struct hb_explanation *why = hb_explanation_new();
	struct hb_examination **domains;
	struct hb_findings *host = hb_findings_new();
	const struct hb_findings *found;
	size_t count;

	(void)state;
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "nonsense");
	assert_int_equal(hb_doctor(hb, host, &domains, &count, &error), HB_OK);
	assert_int_equal(count, 2);
	assert_null(domains[2]);
	assert_string_equal(hb_examination_domain(domains[1])->name, "guest1");
	found = hb_examination_findings(domains[1]);
	assert_true(hb_findings_count(found) > 0);
	assert_true(hb_findings_at(found, 0)->message[0]);
	assert_null(hb_findings_at(found, hb_findings_count(found)));
	hb_examinations_free(domains);
	hb_findings_free(host);
	assert_int_equal(hb_explain(hb, GUEST, why, &error), HB_OK);
	assert_int_equal(hb_explanation_domain(why)->domid, GUEST);
	assert_int_equal(hb_explanation_limits(why)->mode, HB_MODE_AUTO);
	assert_true(hb_explanation_host(why)->total_kib > 0);
	assert_int_equal(hb_findings_count(hb_explanation_findings(why)), 1);
	assert_null(hb_explanation_reason(why, hb_explanation_reasons(why)));
	hb_explanation_free(why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_managed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_person_same_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stuck, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dry_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_settle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_managers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strangers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_findings, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
