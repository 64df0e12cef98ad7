/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon metrics, on the simulated host. The text itself: unit/toolstack/test_metrics.c. */
#include "common.h"

#include <string.h>

#include "command.h"

static bool says(const char *what)
{
	return strstr(command_out, what);
}

static void test_metrics(void **state)
{
	(void)state;
	sim_write_key(command_sim, GUEST, HB_KEY_NAME, "q\"\\");
	assert_int_equal(command_line("limits 5 --min=256M --max=1G --auto"), 0);
	assert_int_equal(command_line("reserve 64M --for=web"), 0);
	assert_int_equal(command_line("metrics"), 0);
	assert_string_equal(command_err, "");
	assert_true(says("\nhotballoon_domain_target_bytes{domid=\"5\",name=\"q\\\"\\\\\",uuid=\"00000005-0000-0000-0000-000000000000\"} 536870912\n"));
	assert_true(says("\nhotballoon_domain_min_bytes{domid=\"5\",name=\"q\\\"\\\\\",uuid=\"00000005-0000-0000-0000-000000000000\"} 268435456\n"));
	assert_true(says("\nhotballoon_domain_automatic{domid=\"5\",name=\"q\\\"\\\\\",uuid=\"00000005-0000-0000-0000-000000000000\"} 1\n"));
	assert_true(says("\nhotballoon_domain_automatic{domid=\"0\",name=\"Domain-0\""));
	assert_true(says("hotballoon_host_memory_bytes 8589934592\n"));
	assert_false(says("hotballoon_host_reserved_bytes 0\n"));
}

/* Whom a manager would not size has nothing to give: another one sizes it, or it has no frames yet. */
static void test_reclaimable(void **state)
{
	(void)state;
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_STATS,
		      "total-memory=500000 free-memory=400000 available-memory=400000 swap-total=0 swap-free=0");
	assert_int_equal(command_line("limits 5 --min=256M --max=1G --auto"), 0);
	assert_int_equal(command_line("metrics"), 0);
	assert_false(says("hotballoon_host_reclaimable_bytes 0\n"));
	sim_write_key(command_sim, GUEST, "memory/dynamic-min", "262144");
	assert_int_equal(command_line("metrics"), 0);
	assert_true(says("hotballoon_host_reclaimable_bytes 0\n"));
}

/* It goes on with what is known, and says so beside the output. */
static void test_limits_unknown(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits 5 --min=256M --auto"), 0);
	common_write_state_file("limits", "broken\n");
	assert_int_equal(command_line("metrics"), 0);
	assert_true(says("\nhotballoon_domain_automatic{domid=\"5\",name=\"guest1\",uuid=\"00000005-0000-0000-0000-000000000000\"} 0\n"));
	assert_non_null(strstr(command_err, "limits"));
}

/* A domain that is missing is one that has ended, to who reads this: list fails then, too. */
static void test_unreadable(void **state)
{
	enum hb_code code;

	(void)state;
	assert_int_equal(command_line("metrics"), 0);
	command_sim->unreadable = "/local/domain/5";
	code = command_line("list");
	assert_int_not_equal(code, 0);
	assert_int_equal(command_line("metrics"), code);
	assert_string_equal(command_out, "");
	assert_non_null(strstr(command_err, "cannot read domain 5"));
}

static unsigned int calls_of(const char *line)
{
	const unsigned int before = command_sim->calls;

	assert_int_equal(command_line(line), 0);
	return command_sim->calls - before;
}

/* Each domain is read once: more of it than for list, which a watch is set for and ended. */
static void test_read_once(void **state)
{
	unsigned int listed = calls_of("list"), told = calls_of("metrics");

	(void)state;
	for (uint32_t domid = 6; domid < 16; domid++) {
		struct sim_guest guest = usual_guest;

		guest.domid = domid;
		sim_add(command_sim, &guest);
	}
	listed = calls_of("list") - listed;
	told = calls_of("metrics") - told;
	print_message("ten more guests: %u questions for list, %u for metrics\n", listed, told);
	assert_true(told < 2 * listed);
}

/* As hotballoond has it: who has another's uuid is sized by nobody. */
static void test_same_uuid(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits 5 --min=256M --max=1G --auto"), 0);
	common_add_copy(command_sim, 6, "copy");
	assert_int_equal(command_line("metrics"), 0);
	assert_true(says("\nhotballoon_domain_automatic{domid=\"5\",name=\"guest1\",uuid=\"00000005-0000-0000-0000-000000000000\"} 0\n"));
}

/* Whatever of the host's fails, once or from then on: all domains, or an error. */
static void test_faults(void **state)
{
	const unsigned int before = command_sim->calls;
	unsigned int calls, failed = 0;

	(void)state;
	assert_int_equal(command_line("metrics"), 0);
	calls = command_sim->calls - before;
	for (unsigned int call = 0; call < 2 * calls; call++) {
		enum hb_code code;

		command_sim->fault = SIM_FAULT_ERROR;
		command_sim->fault_errno = 5;
		command_sim->fault_at = command_sim->calls + 1 + call / 2;
		command_sim->fault_stays = call % 2;
		code = command_line("metrics");
		command_sim->fault = SIM_FAULT_NONE;
		failed += code != HB_OK;
		assert_true(code ? *command_err : says("hotballoon_domain_actual_bytes{domid=\"5\""));
		assert_true(code ? !*command_out : says("hotballoon_domain_actual_bytes{domid=\"0\""));
	}
	assert_true(failed > calls / 2);
}

static void test_usage(void **state)
{
	(void)state;
	assert_int_equal(command_line("metrics guest1"), HB_E_USAGE);
	assert_int_equal(command_line("metrics --json"), HB_E_USAGE);
	assert_int_equal(command_line("prometheus"), HB_E_USAGE);
	assert_non_null(strstr(command_err, "did you mean \"hotballoon metrics\"?"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_metrics), TEST(test_reclaimable), TEST(test_limits_unknown), TEST(test_unreadable), TEST(test_read_once), TEST(test_same_uuid), TEST(test_faults), TEST(test_usage) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
