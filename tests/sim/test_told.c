/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What set tells beside what it does: who will change it back, who leaves it alone from now
 * on, and what does not come back. After reports of sizes that were silently undone by
 * xapi's squeezed and Qubes' qmemman.
 */
#include "common.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

static void told(const char *line, const char *what)
{
	assert_int_equal(command_line(line), HB_OK);
	if (!strstr(command_out, what))
		fail_msg("%s: no \"%s\" in: %s", line, what, command_out);
}

static void test_squeezed(void **state)
{
	(void)state;
	sim_write_key(command_sim, GUEST, HB_KEY_DYNAMIC_MIN, "262144");
	told("set guest1 300M", "squeezed");
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 300 * M);
	told("set guest1 300M --json", "squeezed");
}

static void test_qmemman(void **state)
{
	(void)state;
	command_sim->qmemman = true;
	sim_write_key(command_sim, GUEST, HB_KEY_QUBES_MEMINFO, "100000");
	told("set guest1 600M --wait", "qmemman");
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 600 * M);
}

/* With all that there can be to tell no note is lost. */
static void test_both_and_more(void **state)
{
	struct sim_guest guest = usual_guest;

	(void)state;
	command_end_host();
	guest.reports = false;
	guest.paused = true;
	guest.pod_entries_kib = 200 * M;
	guest.pod_cache_kib = 50 * M;
	command_sim = common_host_with(&guest);
	sim_write_key(command_sim, GUEST, HB_KEY_DYNAMIC_MIN, "262144");
	command_sim->qmemman = true;
	sim_write_key(command_sim, GUEST, HB_KEY_QUBES_MEMINFO, "100000");
	sim_write_key(command_sim, GUEST, HB_KEY_STILL, "1");
	told("limits guest1 --min=128M --max=1G", "weight");
	told("set guest1 300M", "squeezed");
	assert_non_null(strstr(command_out, "qmemman"));
	assert_non_null(strstr(command_out, "taken back"));
	assert_non_null(strstr(command_out, "paused"));
	assert_non_null(strstr(command_out, "150M without frames"));
	assert_non_null(strstr(command_out, "pinned"));
	assert_non_null(strstr(command_out, "would lose it"));
}

static void test_pinned(void **state)
{
	(void)state;
	told("limits guest1 --min=128M --max=1G", "weight");
	told("set guest1 600M --wait", "pinned to this size");
	assert_non_null(strstr(command_out, "until somebody says that it may be sized again"));
	/* It is already. */
	told("set guest1 500M", "the target is 500M");
	assert_null(strstr(command_out, "pinned"));
	told("limits guest1 --auto", "weight");
	/* The size that it has is his word, too. */
	told("set guest1 500M", "pinned to this size");
	assert_non_null(strstr(command_out, "the target is 500M"));
	told("limits guest1 --off", "off");
	told("set guest1 600M", "the target is 600M");
	assert_null(strstr(command_out, "pinned"));
}

/* The managers' own way records what they set, and pins nobody. */
static void test_free_pins_nobody(void **state)
{
	(void)state;
	told("limits guest1 --min=128M --max=512M", "weight");
	told("free 6600M", "guest1");
	assert_null(strstr(command_out, "pinned"));
	told("limits guest1", "may size it");
}

/* Booted with 256M of 512M, and its driver has not begun: 200M have no frames, 50M are there. */
static void unsettled_host(void)
{
	struct sim_guest guest = usual_guest;

	command_end_host();
	guest.memory_kib = 256 * M;
	guest.pod_entries_kib = 200 * M;
	guest.pod_cache_kib = 50 * M;
	guest.reports = false;
	guest.rate_kib_s = 8 * M;
	command_sim = common_host_with(&guest);
}

/* 150M go first, and Xen's count stands for 19 s: that is no guest that is stuck. */
static void test_unsettled(void **state)
{
	(void)state;
	unsettled_host();
	told("set guest1 200M --wait", "150M without frames");
	assert_in_range(sim_xen(command_sim, GUEST, NULL).tot_pages * HB_PAGE_KIB, 200 * M, 201 * M);
	/* Settled. */
	told("set guest1 190M --wait", "reached");
	assert_null(strstr(command_out, "without frames"));
}

/* Growing is no matter of that, and nobody is asked who gives nothing. */
static void test_unsettled_is_not_asked(void **state)
{
	(void)state;
	unsettled_host();
	told("set guest1 300M", "pod-target");
	assert_null(strstr(command_out, "has to give back"));
	command_end_host();
	unsettled_host();
	told("limits guest1 --min=128M --max=512M", "weight");
	assert_int_equal(command_line("free 6860M"), HB_E_REFUSED);
	told("set guest1 250M --wait", "reached");
	told("limits guest1 --auto", "weight");
	told("free 6860M", "guest1");
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, command_setup, command_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_squeezed),
		TEST(test_qmemman),
		TEST(test_both_and_more),
		TEST(test_pinned),
		TEST(test_free_pins_nobody),
		TEST(test_unsettled),
		TEST(test_unsettled_is_not_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
