/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGKILL, for real, at any moment of a process that writes limits and
 * reservations: the next one finds what was there before or what was written,
 * whole, and can write. And killed in the simulation at any call of what changes
 * several domains: each of them is consistent, and nothing stays claimed.
 */
#include "common.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLS 60

static struct sim *sim;
static struct hb_error error;

static int setup(void **state)
{
	(void)state;
	common_make_state_dir();
	sim = common_host();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_close(sim);
	common_remove_state_dir();
	return 0;
}

/* Never returns: writes limits and reservations in turn until it is killed. */
static void write_for_ever(int ready)
{
	struct hb *hb = common_connect(sim);
	struct hb_domain domain;
	struct hb_limits limits;
	struct hb_reservation reservation;

	if (hb_show(hb, GUEST, &domain, &error))
		_exit(1);
	for (unsigned int i = 0;; i++) {
		struct hb_limits_change change = {
			.min = { HB_PRESENT, (64 + i % 64) * M }, .weight = 64 + i % 64,
		};
		struct hb_reserve_request request = {
			.name = i % 2 ? "one" : "two", .size_kib = 64 * M, .ttl_s = 3600,
		};

		if (hb_limits_set(hb, &domain, &change, &limits, &error) ||
		    hb_reserve(hb, &request, &reservation, &error))
			_exit(1);
		if (i == 1 && write(ready, "", 1) != 1)
			_exit(1);
	}
}

static void kill_one(unsigned int after_us)
{
	int ready[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		write_for_ever(ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	usleep(after_us);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check_state(void)
{
	struct hb *hb = common_connect(sim);
	struct hb_reservation *list;
	struct hb_domain domain;
	struct hb_limits limits;
	size_t count;

	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_OK);
	/* Both belong to one and the same write. */
	assert_int_equal(limits.min.value / M, limits.weight);
	assert_int_equal(hb_reservations(hb, &list, &count, &error), HB_OK);
	assert_int_equal(count, 2);
	free(list);
	hb_close(hb);
}

static void test_state_files(void **state)
{
	(void)state;
	common_lock_file(sim);
	for (unsigned int i = 0; i < KILLS; i++) {
		kill_one(i * 97 % 3000);
		check_state();
	}
}

/* Two guests that give, and one call after the other at which the process ends. */
static struct sim *host_that_gives(void)
{
	struct sim *host = common_host();
	struct sim_guest second = usual_guest;
	struct hb *hb = common_connect(host);
	struct hb_limits_change change = { .min = { HB_PRESENT, 128 * M } };
	struct hb_domain domain;
	struct hb_limits limits;

	second.domid = GUEST + 1;
	second.name = "guest2";
	sim_add(host, &second);
	for (uint32_t domid = GUEST; domid <= GUEST + 1; domid++) {
		assert_int_equal(hb_show(hb, domid, &domain, &error), HB_OK);
		assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
	}
	hb_close(hb);
	return host;
}

static enum hb_code free_some(struct sim *host, uint64_t need_kib)
{
	struct hb_free_request request = { .need_kib = need_kib };
	struct hb_free_result result;
	struct hb *hb = common_connect(host);
	enum hb_code code = hb_free(hb, &request, &result, &error);

	free(result.entries);
	hb_close(hb);
	return code;
}

static void assert_sound(struct sim *host)
{
	struct hb *hb = common_connect(host);
	struct hb_findings findings;
	struct hb_examination *domains;
	struct hb_host_memory memory;
	size_t count;

	sim_run(host, 10000);
	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	assert_int_equal(memory.promised_kib + memory.claimed_kib, 0);
	assert_int_equal(hb_doctor(hb, &findings, &domains, &count, &error), HB_OK);
	for (size_t i = 0; i < count; i++) {
		for (unsigned int j = 0; j < domains[i].findings.count; j++)
			assert_true(domains[i].findings.list[j].severity < HB_FAULT);
	}
	free(domains);
	hb_close(hb);
	assert_int_equal(sim_pages(host), host->total_pages);
}

/* Before the kill, after it, and when somebody asks again for what was wanted. */
static void test_free_killed(void **state)
{
	const uint64_t need = 6200 * M;
	struct sim *host = host_that_gives();
	unsigned int before = host->calls, calls;

	(void)state;
	assert_int_equal(free_some(host, need), HB_OK);
	calls = host->calls - before;
	sim_close(host);
	assert_true(calls > 100);
	for (unsigned int at = 1; at <= calls; at++) {
		host = host_that_gives();
		host->fault = SIM_FAULT_KILL;
		host->fault_at = host->calls + at;
		free_some(host, need);
		host->fault = SIM_FAULT_NONE;
		assert_sound(host);
		/* One that was killed between target and record counts as set by a person. */
		if (free_some(host, need))
			assert_int_equal(error.code, HB_E_REFUSED);
		assert_sound(host);
		sim_close(host);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_state_files),
		TEST(test_free_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
