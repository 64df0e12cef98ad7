/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The examples, as they are, on a simulated host. They are built with the header as it is;
 * check-abi builds all the rest, this file too, with one in which objects are larger.
 */
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

enum hb_code __wrap_hb_open_api(unsigned int api_version, struct hb **hb, struct hb_error *error);

enum hb_code __wrap_hb_open_api(unsigned int api_version, struct hb **hb, struct hb_error *error)
{
	assert_int_equal(api_version, HB_API_VERSION);
	(void)error;
	*hb = sim_connect(sim);
	return HB_OK;
}

/* Their main(). */
int monitor_main(void);
int grow_main(int argc, char **argv);

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

static char said[8192];
static FILE *out, *before;

static void begin(void)
{
	out = tmpfile();
	assert_non_null(out);
	sim = common_host();
	before = stdout;
	stdout = out;
}

static void end(void)
{
	stdout = before;
	rewind(out);
	memset(said, 0, sizeof(said));
	assert_true(fread(said, 1, sizeof(said) - 1, out) > 0);
	fclose(out);
	sim_close(sim);
}

static void test_every_change(void **state)
{
	int status;

	(void)state;
	begin();
	sim->tick = come_and_go;
	status = monitor_main();
	end();
	assert_int_equal(status, 0);
	assert_string_equal(said,
			    "0 Domain-0 is there\n"
			    "5 guest1 is there\n"
			    "9 web is there\n"
			    "5 guest1 target: 524288 -> 262144\n"
			    "5 guest1 state: idle -> shrinking\n"
			    "5 guest1 goal: 524288 -> 262144\n"
			    "9 web has ended\n");
}

static void test_grow(void **state)
{
	char *argv[] = { "grow", "guest1", "+512M", NULL };
	int status;

	(void)state;
	begin();
	status = grow_main(3, argv);
	end();
	assert_int_equal(status, HB_OK);
	assert_non_null(strstr(said, " of 1048576 KiB\n"));
	assert_non_null(strstr(said, "\nguest1: the target is 1048576 KiB, it holds 1048640 KiB\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_change),
		cmocka_unit_test(test_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
