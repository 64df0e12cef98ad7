/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The example of a monitor, as it is, on a simulated host: it prints every change. */
#include "common.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static struct sim *sim;

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout);

/* It waits for a descriptor, and the world goes on; after ten seconds comes a signal. */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	assert_int_equal(timeout, -1);
	while (!__real_poll(fds, count, 0)) {
		if (sim->clock_ms >= 10000) {
			errno = EINTR;
			return -1;
		}
		sim_run(sim, 10);
	}
	return 1;
}

enum hb_code __wrap_hb_open(struct hb **hb, struct hb_error *error);

enum hb_code __wrap_hb_open(struct hb **hb, struct hb_error *error)
{
	(void)error;
	*hb = sim_connect(sim);
	return HB_OK;
}

int example_main(void);

#define main example_main
#include "../../toolstack/examples/monitor.c"
#undef main

static void come_and_go(struct sim *host)
{
	struct sim_guest guest = usual_guest;

	guest.domid = 9;
	guest.name = "web";
	if (host->clock_ms == 1000)
		sim_add(host, &guest);
	if (host->clock_ms == 2000) {
		sim_guest(host, GUEST)->rate_kib_s = 0;
		common_other_tool(host, 256 * M);
	}
	if (host->clock_ms == 3000)
		sim_destroy(host, 9);
}

static void test_every_change(void **state)
{
	char said[4096] = "";
	FILE *out = tmpfile(), *before = stdout;

	(void)state;
	assert_non_null(out);
	sim = common_host();
	sim->tick = come_and_go;
	stdout = out;
	assert_int_equal(example_main(), 0);
	stdout = before;
	rewind(out);
	assert_true(fread(said, 1, sizeof(said) - 1, out) > 0);
	fclose(out);
	assert_string_equal(said,
			    "0 Domain-0 is there\n"
			    "5 guest1 is there\n"
			    "9 web is there\n"
			    "5 guest1 target: 524288 -> 262144\n"
			    "5 guest1 state: idle -> shrinking\n"
			    "5 guest1 goal: 524288 -> 262144\n"
			    "9 web has ended\n");
	sim_close(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
