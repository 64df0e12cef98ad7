/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests say of their memory, as every command shows it. */
#include "common.h"

#include <string.h>

#include "command.h"

#define LINE "total-memory=480000 available-memory=86784 used=393216 major-faults=17"

static void speak(const char *line, const char *distress)
{
	if (line)
		sim_write_key(command_sim, GUEST, HB_KEY_REPORT_STATS, line);
	if (distress)
		sim_write_key(command_sim, GUEST, HB_KEY_REPORT_DISTRESS, distress);
}

static void test_show(void **state)
{
	(void)state;
	assert_int_equal(command_line("show guest1"), 0);
	assert_non_null(strstr(command_out, "  distress         -\n"));
	assert_null(strstr(command_out, "major-faults"));
	speak(LINE, "24576");
	assert_int_equal(command_line("show guest1"), 0);
	assert_non_null(strstr(command_out, "used (guest)       384M\n"));
	assert_non_null(strstr(command_out, "  distress         24M\n"));
	assert_non_null(strstr(command_out, "  used             384M\n"));
	assert_non_null(strstr(command_out, "  major-faults     17\n"));
	assert_null(strstr(command_out, "oom-kills"));
}

static void test_json(void **state)
{
	struct json_object *object;

	(void)state;
	speak(LINE " tomorrow=5", "24576");
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_json_number(object, "used_kib", 393216);
	assert_json_number(object, "report.distress_kib", 24576);
	assert_json_number(object, "report.stats.available_memory_kib", 86784);
	assert_json_number(object, "report.stats.major_faults", 17);
	assert_null(strstr(command_out, "oom_kills"));
	assert_null(strstr(command_out, "tomorrow"));
	json_object_put(object);
}

/* A line that is not as it should be counts as none, and distress as invalid. */
static void test_malformed(void **state)
{
	struct json_object *object;

	(void)state;
	speak(LINE " ", "-1");
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_null(command_at(object, "report.stats"));
	assert_null(command_at(object, "used_kib"));
	assert_json_text(object, "report.distress_kib", "invalid");
	json_object_put(object);
	assert_int_equal(command_line("list"), 0);
	assert_null(strstr(command_out, "lacks"));
	/* What it says it uses goes into sums: more than there can be is not believed. */
	speak("used=18446744073709551615", "0");
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_null(command_at(object, "used_kib"));
	json_object_put(object);
}

/* Without a report of ours nobody knows whose line it is. */
static void test_without_driver(void **state)
{
	struct json_object *object;

	(void)state;
	sim_guest(command_sim, GUEST)->reports = false;
	sim_remove_key(command_sim, GUEST, HB_KEY_REPORT_VERSION);
	speak(LINE, "24576");
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_null(command_at(object, "used_kib"));
	assert_null(command_at(object, "report"));
	json_object_put(object);
}

/* Our line goes before what agents say; that qmemman is there remains true. */
static void test_whose_demand(void **state)
{
	struct json_object *object;

	(void)state;
	sim_write_key(command_sim, GUEST, HB_KEY_MEMINFO_TOTAL, "480000");
	sim_write_key(command_sim, GUEST, HB_KEY_MEMINFO_FREE, "80000");
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_json_number(object, "used_kib", 400000);
	json_object_put(object);
	command_sim->qmemman = true;
	sim_write_key(command_sim, GUEST, HB_KEY_QUBES_MEMINFO, "100000");
	speak(LINE, NULL);
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_json_number(object, "used_kib", 393216);
	assert_json_text(object, "manager", "qmemman");
	json_object_put(object);
}

static void test_distress(void **state)
{
	(void)state;
	speak(NULL, "24576");
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "\nguest1 lacks 24M now: \"hotballoon set 5 +24M\"\n"));
	command_line("doctor");
	assert_non_null(strstr(command_out, "guest1 lacks 24M now"));
	assert_int_equal(command_line("set 5 +24M --wait"), 0);
	speak(NULL, "0");
	assert_int_equal(command_line("list"), 0);
	assert_null(strstr(command_out, "lacks"));
}

static void test_top(void **state)
{
	(void)state;
	speak(LINE, NULL);
	assert_int_equal(command_line("top"), 0);
	assert_non_null(strstr(command_out, "DEMAND"));
	assert_non_null(strstr(command_out, "512M    512M    384M"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

/* A guest that sizes itself is where it shall be, and its memory stays promised. */
static void test_sizes_itself(void **state)
{
	struct json_object *object;
	uint64_t available;

	(void)state;
	sim_run(command_sim, 500);
	available = common_available(command_sim);
	sim_guest(command_sim, GUEST)->spares_kib = 200 * M;
	sim_run(command_sim, 2000);
	/* What lies beyond RAM counts for it while it is at its size. */
	assert_int_equal(common_available(command_sim), available + usual_guest.offset_kib);

	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "guest1 sizes itself: it leaves 200M of its target\n"));
	assert_int_equal(command_line("show guest1"), 0);
	assert_non_null(strstr(command_out, "left               200M of its target, as it sizes itself\n"));
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_json_number(object, "report.spared_kib", 200 * 1024);
	assert_json_number(object, "report.goal_kib", 512 * 1024);
	json_object_put(object);
	assert_int_equal(command_line("explain guest1"), 0);
	assert_non_null(strstr(command_out, "it sizes itself: it leaves 200M of that, and takes it when it needs it"));
	assert_int_equal(command_line("doctor"), 0);
	assert_null(strstr(command_out, "guest1"));
	assert_int_equal(command_line("wait guest1 --timeout=5"), 0);
	assert_int_equal(command_line("set guest1 640M --wait=5"), 0);
	assert_non_null(strstr(command_out, "it sizes itself: it leaves 200M of that"));
	assert_in_range(sim_xen(command_sim, GUEST, NULL).tot_pages * HB_PAGE_KIB,
			440 * M - 64, 440 * M + 64);
	sim_guest(command_sim, GUEST)->spares_kib = 0;
	sim_run(command_sim, 2000);
	assert_int_equal(command_line("list"), 0);
	assert_null(strstr(command_out, "sizes itself"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_show),
		TEST(test_json),
		TEST(test_malformed),
		TEST(test_without_driver),
		TEST(test_whose_demand),
		TEST(test_distress),
		TEST(test_top),
		TEST(test_sizes_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
