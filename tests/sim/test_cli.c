/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command as a whole: exit codes, what is printed, and JSON read back. */
#include "common.h"

#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "speaker.h"
#include "file_lock.h"
#include "to_come.h"

static void test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(command_line("list"), 0);
	assert_int_equal(command_line("--help"), 0);
	assert_int_equal(command_line("set --help"), 0);
	assert_non_null(strstr(command_out, "Exit codes"));
	assert_int_equal(command_line("--version"), 0);
	assert_non_null(strstr(command_out, HB_VERSION));
	assert_int_equal(command_line("show nobody"), 3);
	assert_int_equal(command_line("show 77"), 3);
	assert_int_equal(command_line("set 77 1G"), 3);
	assert_int_equal(command_line("set 0 512M"), 4);
	assert_non_null(strstr(command_err, "the whole host with it"));
	assert_int_equal(command_line("set guest1 100G"), 4);
	assert_int_equal(command_line_with(command_open_nothing, "list"), 6);
	assert_int_equal(command_line_with(command_open_nothing, "--help"), 0);
	assert_int_equal(command_line_with(command_open_nothing, "set guest1 12"), 2);

	sim_guest(command_sim, GUEST)->rate_kib_s = 20 * M;
	assert_int_equal(command_line("set guest1 256M --wait=1"), 7);
	sim_guest(command_sim, GUEST)->rate_kib_s = 0;
	assert_int_equal(command_line("set guest1 256M --wait"), 8);
	command_sim->fault = SIM_FAULT_ERROR;
	command_sim->fault_errno = 5;
	command_sim->fault_at = command_sim->calls + 1;
	assert_int_equal(command_line("list"), 5);
}

static void test_show(void **state)
{
	struct json_object *object;

	(void)state;
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_CAUSE, "\"},{\"");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_GOAL, "many");
	assert_int_equal(command_line("show guest1"), 0);
	assert_non_null(strstr(command_out, "maxmem (Xen)       513M\n"));
	assert_non_null(strstr(command_out, "  cause            invalid\n"));
	assert_non_null(strstr(command_out, "hotplug-max        -\n"));
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_json_number(object, "domid", 5);
	assert_json_number(object, "maxmem_kib", 513 * M);
	assert_json_number(object, "paging_pool_kib", 4096);
	assert_json_text(object, "report.cause", "invalid");
	assert_json_text(object, "report.goal_kib", "invalid");
	assert_json_text(object, "report.state", "idle");
	assert_null(command_at(object, "hotplug_max_kib"));
	json_object_put(object);
}

/* The driver writes the version last: what is there without one is no report. */
static void test_report_without_version(void **state)
{
	static const char *const versions[] = { NULL, "0", "one" };
	struct json_object *object;

	(void)state;
	sim_guest(command_sim, GUEST)->rate_kib_s = 0;
	sim_guest(command_sim, GUEST)->reports = false;
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_STATE, "waiting");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_CAUSE, "guest-floor");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_FLOOR, "524288");
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_CURRENT, "491520");
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		print_message("%s\n", versions[i] ? versions[i] : "-");
		if (versions[i])
			sim_write_key(command_sim, GUEST, HB_KEY_REPORT_VERSION, versions[i]);
		else
			sim_remove_key(command_sim, GUEST, HB_KEY_REPORT_VERSION);
		assert_int_equal(command_line("list"), 0);
		assert_non_null(strstr(command_out, "    5  guest1    running    512M    512M   512M  manual  no report\n"));
		assert_int_equal(command_line("set 5 480M --wait --json"), HB_E_STUCK);
		object = command_json();
		assert_null(command_at(object, "after.report"));
		assert_non_null(strstr(json_object_get_string(command_at(object, "error.message")),
				       "reports nothing"));
		json_object_put(object);
		assert_int_equal(command_line("set 5 512M"), 0);
	}
}

static void test_set(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("set guest1 1G --wait"), 0);
	assert_non_null(strstr(command_out, "guest1: 512M -> 1G\n"));
	assert_non_null(strstr(command_out, "static-max "));
	assert_non_null(strstr(command_out, "reached 1G in 2."));
	assert_int_equal(command_line("set guest1 2G --json --wait"), 0);
	object = command_json();
	assert_json_number(object, "size_kib", 2 * G);
	assert_json_text(object, "steps.0.what", "paging-pool");
	assert_json_text(object, "steps.1.what", "maxmem");
	assert_json_text(object, "steps.2.what", "static-max");
	assert_json_text(object, "steps.3.what", "target");
	assert_json_number(object, "steps.3.from_kib", G);
	assert_json_number(object, "before.target_kib", G);
	assert_json_number(object, "after.target_kib", 2 * G);
	assert_json_number(object, "after.actual_kib", 2 * G + 64);
	json_object_put(object);
}

static void test_set_that_fails(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("set nobody 1G --json"), 3);
	object = command_json();
	assert_json_text(object, "error.code", "no-such-domain");
	assert_json_number(object, "error.exit", 3);
	json_object_put(object);

	sim_guest(command_sim, GUEST)->stick_at_kib = 300 * M;
	sim_guest(command_sim, GUEST)->stick_cause = HB_CAUSE_GUEST_BUSY;
	assert_int_equal(command_line("set guest1 200M --json --wait"), 8);
	object = command_json();
	/* The result and the error, in one object. */
	assert_json_text(object, "error.code", "stuck");
	assert_json_text(object, "after.report.cause", "guest-busy");
	assert_json_number(object, "target_kib", 200 * M);
	/* It is not left with a size that it cannot keep. */
	assert_json_number(object, "kept_kib", 300 * M);
	assert_json_number(object, "after.target_kib", 300 * M);
	assert_json_text(object, "after.would_be_lost", "false");
	json_object_put(object);

	assert_int_equal(command_line("set guest1 210M --wait"), 8);
	assert_non_null(strstr(command_err, "guest1 stopped at 300M on its way to 210M"));
	assert_non_null(strstr(command_err, "its size is 300M now"));
	assert_non_null(strstr(command_out, "the target is 300M, the guest holds 300.1M, maxmem is 301M"));
}

/* Something has to be called a name even if it has none. */
static void test_without_name(void **state)
{
	struct json_object *object;

	(void)state;
	sim_remove_key(command_sim, GUEST, HB_KEY_NAME);
	assert_int_equal(command_line("set 5 1G"), 0);
	assert_non_null(strstr(command_out, "domain 5: 512M -> 1G\n"));
	assert_int_equal(command_line("max 5 2G"), 0);
	assert_non_null(strstr(command_out, "domain 5: maximum 1G -> 2G\n"));
	assert_int_equal(command_line("limits 5 --min=128M"), 0);
	assert_int_equal(command_line("free 6500M --dry-run"), 0);
	assert_non_null(strstr(command_out, "  domain 5: 1G -> "));
	assert_int_equal(command_line("explain 5"), 0);
	assert_non_null(strstr(command_out, "- (domain 5):\n"));
	assert_int_equal(command_line("set 5 1G --json"), 0);
	object = command_json();
	assert_null(command_at(object, "after.name"));
	json_object_put(object);
}

static void test_max_and_wait(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("max guest1 2G"), 0);
	assert_non_null(strstr(command_out, "guest1: maximum 512M -> 2G\n"));
	assert_non_null(strstr(command_out, "paging-pool"));
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_STATIC_MAX), 2 * G);
	assert_int_equal(command_line("max guest1 +1G --json"), 0);
	object = command_json();
	assert_json_number(object, "size_kib", 3 * G);
	assert_json_number(object, "after.static_max_kib", 3 * G);
	assert_json_number(object, "after.target_kib", 512 * M);
	json_object_put(object);
	assert_int_equal(command_line("max guest1 128M --json"), 4);
	object = command_json();
	assert_json_text(object, "error.code", "refused");
	json_object_put(object);

	assert_int_equal(command_line("set guest1 1G"), 0);
	assert_int_equal(command_line("wait guest1"), 0);
	assert_non_null(strstr(command_out, "reached 1G in "));
	sim_guest(command_sim, GUEST)->rate_kib_s = 0;
	assert_int_equal(command_line("set guest1 512M"), 0);
	assert_int_equal(command_line("wait guest1 --timeout=3 --json"), 7);
	object = command_json();
	assert_json_text(object, "error.code", "timeout");
	assert_json_number(object, "waited_ms", 3000);
	json_object_put(object);
}

static void test_limits(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("limits guest1"), 0);
	assert_non_null(strstr(command_out, "mode     manual\n"));
	assert_non_null(strstr(command_out, "Managers leave it alone: nobody has given it limits.\n"));
	assert_int_equal(command_line("limits guest1 --min 256M --max=2G --weight=500"), 0);
	assert_non_null(strstr(command_out, "Managers may size it between 256M and 2G.\n"));
	assert_int_equal(command_line("set guest1 1G --wait"), 0);
	assert_int_equal(command_line("limits guest1 --json"), 0);
	object = command_json();
	assert_json_text(object, "mode", "auto");
	assert_json_number(object, "min_kib", 256 * M);
	assert_json_number(object, "weight", 500);
	assert_json_text(object, "automatic", "false");
	assert_json_text(object, "reason", "a person or another tool has set its size: it is pinned");
	json_object_put(object);
	assert_int_equal(command_line("limits guest1 --auto"), 0);
	assert_non_null(strstr(command_out, "between 256M and 2G"));
	assert_int_equal(command_line("limits guest1 --forget"), 0);
	assert_non_null(strstr(command_out, "mode     manual\n"));
	common_write_state_file("limits", "broken\n");
	assert_int_equal(command_line("limits guest1"), 5);
	assert_non_null(strstr(command_err, "line 1, is damaged"));
}

/* One unknown field stops nobody who does not write that file. */
static void test_damaged_files(void **state)
{
	static const char *const lines[] = {
		"list", "list --json", "show guest1", "set guest1 400M --wait", "set guest1 600M", "wait guest1",
		"reserve", "explain guest1", "limits guest1", "top --json", "limits", "limits --json", "free",
	};

	(void)state;
	common_write_state_file("limits", "hotballoon limits 1\n"
				"00000006-0000-0000-0000-000000000000 mode=auto colour=\n");
	common_write_state_file("reservations", "hotballoon reservations 1\n4096 1 2 3\n4096 web\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (command_line(lines[i]))
			fail_msg("%s: %s", lines[i], command_err);
	}
	assert_int_equal(command_line("doctor"), CLI_EXIT_FAULT);
	assert_non_null(strstr(command_out, "/limits, line 2, is damaged"));
	assert_non_null(strstr(command_out, "/reservations, line 3, is damaged"));
	assert_int_equal(command_line("limits"), 0);
	assert_non_null(strstr(command_out, "  off  "));
	assert_non_null(strstr(command_out, "00000006-0000-0000-0000-000000000000\n"));
	assert_non_null(strstr(command_out, "Not all limits are known: "));
	assert_non_null(strstr(command_out, "/limits, line 2, is damaged"));
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "Not all limits are known: "));
	common_write_state_file("limits", "hotballoon limits 9\n");
	assert_int_equal(command_line("top --json"), 0);
	assert_int_equal(command_line("set guest1 400M --wait"), 0);
}

/* The size goes with the limits, or neither does. */
static void test_limits_reset(void **state)
{
	(void)state;
	assert_int_equal(command_line("max guest1 1G"), 0);
	assert_int_equal(command_line("limits guest1 --reset"), 0);
	assert_non_null(strstr(command_out, "size     1G\nmode     auto\nmin      1G\nmax      1G\n"));
	assert_non_null(strstr(command_out, "Managers may size it between 1G and 1G.\n"));
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), G);
	common_assert_consistent(command_sim, GUEST);
	assert_int_equal(command_line("doctor"), 0);
	assert_null(strstr(command_out, "outside-limits"));
	/* More than the host has: by force only, and what is refused changes no limits. */
	assert_int_equal(command_line("max guest1 16G"), 0);
	assert_int_equal(command_line("limits guest1 --reset"), 4);
	assert_non_null(strstr(command_err, "; --force "));
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), G);
	assert_int_equal(command_line("limits guest1"), 0);
	assert_non_null(strstr(command_out, "max      1G\n"));
	assert_int_equal(command_line("limits guest1 --reset --force"), 0);
	assert_non_null(strstr(command_out, "between 16G and 16G"));
	/* Who is pinned or off stays it. */
	assert_int_equal(command_line("set guest1 1G"), 0);
	assert_int_equal(command_line("max guest1 2G"), 0);
	assert_int_equal(command_line("limits guest1 --reset"), 0);
	assert_non_null(strstr(command_out, "it is pinned"));
	assert_int_equal(command_line("limits guest1 --off"), 0);
	assert_int_equal(command_line("limits guest1 --reset"), 0);
	assert_non_null(strstr(command_out, "mode     off\n"));
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 2 * G);
}

/* Force sets sizes, and no limits that the guest cannot be in: neither of both is done. */
static void test_limits_reset_beyond_hotplug_max(void **state)
{
	(void)state;
	assert_int_equal(command_line("max guest1 1G"), 0);
	sim_write_key(command_sim, GUEST, HB_KEY_HOTPLUG_MAX, "786432");
	assert_int_equal(command_line("limits guest1 --reset --force"), 4);
	assert_string_equal(command_err, "hotballoon: guest1 cannot be reset to its maximum of 1G: memory/hotplug-max is 768M\n"
					 "  raise memory/hotplug-max, or give --min and --max\n");
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 512 * M);
	assert_null(common_state_file("limits"));
	sim_write_key(command_sim, GUEST, HB_KEY_HOTPLUG_MAX, "1048576");
	assert_int_equal(command_line("limits guest1 --reset"), 0);
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), G);
}

/* Targets and maxima that other tools wrote need not be whole pages. */
static void test_limits_of_odd_sizes(void **state)
{
	(void)state;
	sim_write_key(command_sim, GUEST, HB_KEY_TARGET, "524289");
	assert_int_equal(command_line("limits guest1 --min=256M"), 0);
	assert_int_equal(command_line("limits guest1"), 0);
	assert_non_null(strstr(command_out, "Managers may size it between 256M and "));
	sim_write_key(command_sim, GUEST, HB_KEY_TARGET, "524290");
	assert_int_equal(command_line("limits guest1"), 0);
	assert_non_null(strstr(command_out, "it is pinned"));
	sim_write_key(command_sim, GUEST, HB_KEY_STATIC_MAX, "1048577");
	assert_int_equal(command_line("limits guest1 --reset"), 0);
	assert_int_equal(command_line("limits guest1"), 0);
	assert_non_null(strstr(command_out, "max      1G\n"));
}

static void test_explain_and_doctor(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("doctor"), 0);
	assert_string_equal(command_out, "Nothing is wrong with this host and its 2 domains.\n");
	sim_set_limit(command_sim, GUEST, 400 * M);
	assert_int_equal(command_line("doctor"), CLI_EXIT_FAULT);
	/* No terminal, no colours. */
	assert_non_null(strstr(command_out, "fault    Xen's limit for guest1 (maxmem, 400M) is below its size"));
	assert_non_null(strstr(command_out, "         -> set the size again: \"hotballoon set 5 512M\""));
	assert_int_equal(command_line("doctor --json"), CLI_EXIT_FAULT);
	object = command_json();
	assert_json_number(object, "domains.1.domid", 5);
	assert_json_text(object, "domains.1.findings.0.what", "maxmem-below-target");
	assert_json_text(object, "domains.1.findings.0.severity", "fault");
	assert_int_equal(json_object_array_length(command_at(object, "host")), 0);
	json_object_put(object);
	assert_int_equal(command_line("explain guest1"), 0);
	assert_non_null(strstr(command_out, "guest1 (domain 5):\n  it holds 512.1M"));
	assert_int_equal(command_line("explain guest1 --json"), 0);
	object = command_json();
	assert_json_text(object, "reasons.1", "it is where it shall be");
	assert_json_text(object, "domain.name", "guest1");
	assert_json_text(object, "limits.mode", "manual");
	json_object_put(object);
}

/* Somebody is there and hangs. */
static void explain_without_answer(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const time_t begin = time(NULL);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("HOTBALLOON_SOCKET"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(command_line("explain guest1"), 0);
	assert_null(strstr(command_out, "hotballoond"));
	assert_string_equal(command_err, "");
	assert_true(time(NULL) - begin < 5);
	close(fd);
	unlink(address.sun_path);
}

/* Why it has no more is known to who sizes it; explain says it, if it answers, and soon. */
static void test_explain_by_daemon(void **state)
{
	static const char silent[] = "{";
	struct json_object *object;
	char reply[1024];

	(void)state;
	assert_int_equal(command_line("explain guest1 --json"), 0);
	object = command_json();
	assert_null(command_at(object, "hotballoond"));
	snprintf(reply, sizeof(reply), "{\"parameters\":{\"domains\":[{\"domid\":5,\"uuid\":\"%s\","
		 "\"reason\":\"host-full\",\"reason_text\":\"it would get more\\u001b, and the host has none to give\","
		 "\"need\":\"refaults\",\"need_text\":\"it reads back what it had to drop\"}]}}",
		 json_object_get_string(command_at(object, "domain.uuid")));
	json_object_put(object);
	assert_int_equal(command_line("explain guest1"), 0);
	assert_null(strstr(command_out, "hotballoond"));
	assert_string_equal(command_err, "");
	speaker_start(reply, strlen(reply) + 1);
	assert_int_equal(command_line("explain guest1"), 0);
	assert_non_null(strstr(command_out, "\n  hotballoond: it would get more?, and the host has none to give (host-full)\n"
			       "  what it needs, by hotballoond: it reads back what it had to drop (refaults)\n"));
	assert_int_equal(command_line("explain 0"), 0);
	assert_null(strstr(command_out, "hotballoond"));
	assert_int_equal(command_line("explain guest1 --json"), 0);
	object = command_json();
	assert_json_text(object, "hotballoond.reason", "host-full");
	assert_json_text(object, "hotballoond.need", "refaults");
	json_object_put(object);
	/* It ends in the middle, and is no more: it is not told. */
	speaker_start(silent, strlen(silent));
	assert_int_equal(command_line("explain guest1"), 0);
	assert_null(strstr(command_out, "hotballoond"));
	speaker_end();
	assert_int_equal(command_line("explain guest1"), 0);
	assert_string_equal(command_err, "");
	explain_without_answer();
	unsetenv("HOTBALLOON_SOCKET");
}

/* What doctor says helps, though there is no more than that to be had. */
static void test_low_reserve(void **state)
{
	const char *remedy;
	char line[64] = "";

	(void)state;
	sim_add(command_sim, &(struct sim_guest){ .domid = 9, .name = "big", .type = HB_TYPE_PV,
						  .memory_kib = command_sim->free_pages * 4 - 40 * M,
						  .maxmem_kib = 8 * G, .vcpus = 1 });
	assert_int_equal(command_line("limits guest1 --min=464M"), 0);
	/* All that must come free is known before anybody is asked. */
	assert_int_equal(command_line("free 16M"), 4);
	assert_non_null(strstr(command_err, "all guests that may be asked give 6228K together"));
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 512 * M);
	assert_int_equal(command_line("doctor"), CLI_EXIT_WARNING);
	remedy = strstr(command_out, "low-reserve");
	assert_non_null(remedy);
	remedy = strstr(remedy, "\"hotballoon free ");
	assert_non_null(remedy);
	assert_int_equal(sscanf(remedy, "\"hotballoon %63[^\"]\"", line), 1);
	if (command_line(line))
		fail_msg("%s: %s", line, command_err);
	assert_int_equal(command_line("doctor"), 0);
	assert_null(strstr(command_out, "low-reserve"));
}

/*
 * As it is after boot: no tool has written a key for it yet, and Xen has no limit, which
 * is 4294967295 pages (seen: Xen 4.17 without dom0_mem=max:, and what xl writes then).
 */
static void test_domain_0_without_keys(void **state)
{
	struct json_object *object;

	(void)state;
	sim_remove_key(command_sim, 0, HB_KEY_TARGET);
	sim_remove_key(command_sim, 0, HB_KEY_STATIC_MAX);
	sim_set_limit(command_sim, 0, 17179869180);
	assert_int_equal(command_line("explain 0"), 0);
	assert_null(strstr(command_out, "0K"));
	assert_null(strstr(command_out, "4096T"));
	assert_non_null(strstr(command_out, "  Xen has no limit for what it holds\n"));
	assert_int_equal(command_line("limits 0"), 0);
	assert_int_equal(command_line("limits 0 --json"), 0);
	object = command_json();
	assert_json_number(object, "effective_min_kib", G);
	assert_json_number(object, "effective_max_kib", G);
	json_object_put(object);
	assert_int_equal(command_line("limits 0 --min=512M"), 2);
	assert_int_equal(command_line("limits 0 --min=1G --max=2G"), 0);
	assert_non_null(strstr(command_out, "Managers leave it alone: it has no target in xenstore"));
	/* No limit is no size, even by force. */
	assert_int_equal(command_line("limits 0 --reset --force"), 4);
	assert_non_null(strstr(command_err, "Domain-0 has no maximum that it could be reset to\n  give"));
	sim_write_key(command_sim, 0, HB_KEY_TARGET, "1048576");
	sim_write_key(command_sim, 0, HB_KEY_STATIC_MAX, "17179869180");
	assert_int_equal(command_line("limits 0 --reset --force"), 4);
	assert_non_null(strstr(command_err, "no maximum"));
	assert_int_equal(common_number(command_sim, 0, HB_KEY_TARGET), G);
}

static void test_free_memory(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("free 7G"), 4);
	assert_non_null(strstr(command_err, "cannot be made free"));
	assert_int_equal(command_line("limits guest1 --min=128M"), 0);
	assert_int_equal(command_line("free 6650M --dry-run"), 0);
	assert_non_null(strstr(command_out, "  guest1: 512M -> "));
	assert_non_null(strstr(command_out, "Nothing was changed."));
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 512 * M);
	assert_int_equal(command_line("free 6650M --json"), 0);
	object = command_json();
	assert_json_number(object, "need_kib", 6650 * M);
	assert_json_text(object, "guests.0.name", "guest1");
	assert_json_number(object, "guests.0.from_kib", 512 * M);
	assert_json_text(object, "guests.0.stuck", "false");
	assert_true(json_object_get_uint64(command_at(object, "after_kib")) >= 6650 * M);
	json_object_put(object);
	assert_int_equal(command_line("free 8G --json"), 4);
	object = command_json();
	assert_json_text(object, "error.code", "refused");
	json_object_put(object);
}

/* Another tool hangs: it is not the guest that does not move. */
static void test_free_beside_lock(void **state)
{
	struct sim_guest other = usual_guest;

	(void)state;
	other.domid = 6;
	other.name = "other";
	sim_add(command_sim, &other);
	assert_int_equal(command_line("limits guest1 --min=128M"), 0);
	assert_int_equal(command_line("limits other --min=128M"), 0);
	command_sim->locked_domid = GUEST;
	command_sim->locked_until_ms = UINT64_MAX;
	assert_int_equal(command_line("free 6300M"), 0);
	assert_non_null(strstr(command_out, "  guest1: 512M -> 512M, gives 0K, left out: it does not move, "
			       "is locked or was set by somebody else\n"));
	assert_non_null(strstr(command_out, "  other: 512M -> "));
}

/* What was asked for is no gift while it has not come. */
static void test_free_in_no_time(void **state)
{
	(void)state;
	assert_int_equal(command_line("limits guest1 --min=128M"), 0);
	sim_guest(command_sim, GUEST)->rate_kib_s = 0;
	assert_int_equal(command_line("free 6700M --timeout=1"), HB_E_TIMEOUT);
	assert_non_null(strstr(command_out, "  guest1: 512M -> 382M, is asked for 130M\n"));
	assert_non_null(strstr(command_err, "wait longer: the guests that were asked have not moved yet"));
	/* It is on its way already as far as anybody knows, and is not asked again. */
	assert_int_equal(command_line("free 6700M --timeout=5"), HB_E_TIMEOUT);
	assert_non_null(strstr(command_err, "nobody moves, and who was asked and gave nothing keeps its size"));
}

static void test_host_reserve_in_a_dry_run(void **state)
{
	(void)state;
	assert_int_equal(command_line("reserve --host=200M --dry-run"), 0);
	assert_string_equal(command_out, "The host would keep 200M for itself.\nNothing was changed.\n");
	assert_int_equal(command_line("reserve --host=usual"), 0);
	assert_string_equal(command_out, "The host keeps what is usual for itself.\n");
}

static void test_reserve(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("reserve"), 0);
	assert_string_equal(command_out, "");
	assert_int_equal(command_line("reserve 1G --for=web --vcpus=2"), 0);
	assert_non_null(strstr(command_out, "web: 1032M are set aside (1G and what it costs beyond), until "));
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, " - 1032M reserved"));
	assert_int_equal(command_line("reserve --json"), 0);
	object = command_json();
	assert_json_text(object, "0.name", "web");
	assert_json_number(object, "0.kib", 1056768);
	json_object_put(object);
	assert_int_equal(command_line("release web"), 0);
	assert_int_equal(command_line("release web"), 3);
	assert_int_equal(command_line("reserve 1T --for=web"), 4);
	assert_int_equal(command_line("max guest1 1G"), 0);
	assert_int_equal(command_line("reserve 1G --for=guest1 --json"), 0);
	object = command_json();
	assert_null(command_at(object, "until"));
	assert_json_number(object, "kib", G);
	/* What Xen sets aside is what it does not hold yet. */
	assert_json_number(object, "left_kib", 512 * M - 64);
	json_object_put(object);
	assert_int_equal(command_line("show guest1 --json"), 0);
	object = command_json();
	assert_json_number(object, "claimed_kib", 512 * M - 64);
	json_object_put(object);
	/* It is shown with the others, and ends like them. */
	assert_int_equal(command_line("reserve"), 0);
	assert_non_null(strstr(command_out, "511.9M for guest1, in Xen, until it has them\n"));
	assert_int_equal(command_line("reserve --json"), 0);
	object = command_json();
	assert_json_text(object, "0.name", "guest1");
	assert_json_number(object, "0.kib", G);
	assert_json_number(object, "0.left_kib", 512 * M - 64);
	assert_null(command_at(object, "0.until"));
	json_object_put(object);
	assert_int_equal(command_line("release guest1"), 0);
	assert_int_equal(command_line("reserve"), 0);
	assert_null(strstr(command_out, "guest1"));
	/* What it costs beyond its size it has got. */
	assert_int_equal(command_line("reserve 1G --for=guest1 --vcpus=2"), 2);
	assert_non_null(strstr(command_err, "leave --ttl, --vcpus and --maxmem out"));
	assert_int_equal(command_line("reserve 1G --for=guest1 --maxmem=2G"), 2);
}

/* A year that no calendar has: kept by hand, or by a clock that was wrong. */
static void test_reservation_for_ever(void **state)
{
	struct json_object *object;

	(void)state;
	common_write_state_file("reservations",
				"hotballoon reservations 1\n1048576 9223372036854775807 web\n");
	/* Of an older version, or of another boot: nothing outlives that for more than a week. */
	assert_int_equal(command_line("reserve --json"), 0);
	object = command_json();
	assert_json_number(object, "0.until", 1600000000 + 604800);
	json_object_put(object);
	common_write_state_file("reservations",
				"hotballoon reservations 1\n1048576 7,9223372036854775807,00000000-0000-4000-8000-000000000000 web\n");
	assert_int_equal(command_line("reserve"), 0);
	assert_string_equal(command_out, "1G for web, until 9223372038454775807 s after 1970\n");
}

static void change_something(struct sim *host)
{
	if (host->clock_ms == 500)
		sim_write_key(host, GUEST, HB_KEY_STATIC_MAX, "1048576");
	if (host->clock_ms == 700)
		sim_write_key(host, GUEST, HB_KEY_REPORT_CAUSE, "guest-busy");
	if (host->clock_ms == 1000)
		raise(SIGINT);
}

static void test_watch(void **state)
{
	struct json_object *object;
	char *line, *rest;

	(void)state;
	command_sim->tick = change_something;
	command_sim->interrupt_ms = 1010;
	sim_guest(command_sim, GUEST)->reports = false;
	assert_int_equal(command_line("watch guest1"), 0);
	assert_non_null(strstr(command_out, "  5 guest1  started\n"));
	assert_non_null(strstr(command_out, "  5 guest1  static-max 512M -> 1G\n"));
	assert_non_null(strstr(command_out, "  5 guest1  cause none -> guest-busy\n"));
	assert_int_equal(command_line("watch nobody"), 3);
	/* Who reads line by line can read an error, too. */
	assert_int_equal(command_line("watch nobody --json"), 3);
	assert_ptr_equal(strchr(command_out, '\n'), command_out + strlen(command_out) - 1);
	object = command_json();
	assert_json_text(object, "error.code", "no-such-domain");
	json_object_put(object);

	/* A line each, and each an object. */
	command_teardown(NULL);
	command_setup(NULL);
	command_sim->tick = change_something;
	command_sim->interrupt_ms = 1010;
	sim_guest(command_sim, GUEST)->reports = false;
	assert_int_equal(command_line("watch --json"), 0);
	line = strtok_r(command_out, "\n", &rest);
	for (int i = 0; i < 4; i++, line = strtok_r(NULL, "\n", &rest)) {
		assert_non_null(line);
		object = json_tokener_parse(line);
		assert_non_null(object);
		assert_true(json_object_get_uint64(command_at(object, "time_ms")) > 0);
		if (i < 2) {
			assert_json_text(object, "event", "started");
		} else {
			assert_json_text(object, "event", "changed");
			assert_json_number(object, "domid", 5);
			assert_json_text(object, "what", i == 2 ? "static-max" : "cause");
		}
		if (i == 2)
			assert_json_number(object, "to_kib", G);
		if (i == 3)
			assert_json_text(object, "to", "guest-busy");
		json_object_put(object);
	}
	assert_null(line);
}

/* As libxl does it: the guest is paused or has shut down, its nodes go, Xen takes its memory. */
static void end_slowly(struct sim *host)
{
	if (host->clock_ms == 400)
		sim_guest(host, GUEST)->shutdown = true;
	if (host->clock_ms == 500 || host->clock_ms == 700)
		sim_begin_destroy(host, host->clock_ms == 500 ? GUEST : 7);
	if (host->clock_ms == 800)
		sim_guest(host, GUEST)->dying = sim_guest(host, 7)->dying = true;
	if (host->clock_ms == 1000)
		sim_destroy(host, GUEST);
	if (host->clock_ms == 1200)
		sim_destroy(host, 7);
	if (host->clock_ms == 1400)
		raise(SIGINT);
}

/* However many of its nodes go, that a domain ends is one line. */
static void test_watch_of_end(void **state)
{
	struct sim_guest other = usual_guest;
	unsigned int lines = 0;

	(void)state;
	other.domid = 7;
	other.name = "web";
	sim_add(command_sim, &other);
	command_sim->tick = end_slowly;
	command_sim->interrupt_ms = 1410;
	assert_int_equal(command_line("watch"), 0);
	for (const char *c = command_out; *c; c++)
		lines += *c == '\n';
	if (lines != 5)
		fail_msg("%s", command_out);
	assert_non_null(strstr(command_out, "  5 guest1  ended\n"));
	assert_non_null(strstr(command_out, "  7 web  ended\n"));
}

static unsigned int calls_until_end;

static void begin_to_end(struct sim *host)
{
	if (host->clock_ms < 800)
		sim_begin_destroy(host, GUEST);
}

/* Its nodes go while it is being looked at. */
static void end_within_look(struct sim *host)
{
	if (host->clock_ms == 500) {
		sim_write_key(host, GUEST, HB_KEY_STATIC_MAX, "1048576");
		host->fault = SIM_FAULT_HOOK;
		host->hook = begin_to_end;
		host->fault_at = host->calls + calls_until_end;
	}
	if (host->clock_ms == 800)
		sim_destroy(host, GUEST);
	if (host->clock_ms == 1000)
		raise(SIGINT);
}

/* What was read while they went is no change. */
static void test_watch_of_end_within_look(void **state)
{
	(void)state;
	command_end_host();
	for (calls_until_end = 1; calls_until_end < 60; calls_until_end++) {
		command_sim = common_host();
		command_sim->tick = end_within_look;
		command_sim->interrupt_ms = 1010;
		assert_int_equal(command_line("watch guest1"), 0);
		if (strstr(command_out, "-> -") || !strstr(command_out, "5 guest1  ended\n"))
			fail_msg("after %u calls:\n%s", calls_until_end, command_out);
		command_end_host();
	}
}

/* The way there on a terminal: one line, drawn again and again, however narrow that is. */
static void test_progress(void **state)
{
	char *argv[] = { (char *)"hotballoon", (char *)"set", (char *)"guest1", (char *)"256M",
			 (char *)"--wait", NULL };
	struct winsize size = { .ws_col = 30, .ws_row = 10 };
	char seen[32768] = "";
	int terminal, status;
	pid_t pid;

	(void)state;
	sim_guest(command_sim, GUEST)->rate_kib_s = 20 * M;
	pid = forkpty(&terminal, NULL, NULL, &size);
	assert_true(pid >= 0);
	if (!pid)
		_exit(cli_main(5, argv, command_open, stdout, stderr));
	assert_true(command_shows(terminal, seen, sizeof(seen), "reached 256M in "));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(terminal);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* Nothing before a second is over, then the rate and the time left. */
	assert_null(strstr(seen, "512M -> 256M, 0 s"));
	assert_non_null(strstr(seen, "guest1: 492M -> 256M, 20.0 MiB/s, 12 s left, 1 s"));
	/* Not into the next line, where it would stay. */
	assert_non_null(strstr(seen, "\r\033[?7lguest1: 492M"));
	assert_non_null(strstr(seen, "left, 1 s\033[K\033[?7h\r"));
	assert_non_null(strstr(seen, "\r\033[Kguest1: 512M -> 256M"));
}

static void interrupt_once(struct sim *host)
{
	if (host->clock_ms == 1000)
		raise(SIGINT);
}

/* Ctrl-C while waiting ends the wait, and not the process. */
static void test_interrupt(void **state)
{
	(void)state;
	sim_guest(command_sim, GUEST)->rate_kib_s = 20 * M;
	command_sim->tick = interrupt_once;
	assert_int_equal(command_line("set guest1 256M --wait"), 9);
	assert_int_equal(command_sim->clock_ms, 1000);
	assert_non_null(strstr(command_err, "the target stands"));
	assert_non_null(strstr(command_out, "the target is 256M, the guest holds 492.1M, maxmem is 493.1M"));
	common_assert_consistent(command_sim, GUEST);
}

static void hang_up_once(struct sim *host)
{
	if (host->clock_ms == 1000)
		raise(SIGHUP);
}

/* So does a terminal that goes away: what was set aside for the wait is given back. */
static void test_hang_up(void **state)
{
	size_t to_come;
	char line[64];
	struct hb *hb;

	(void)state;
	/* Whoever runs the tests may have it ignored. */
	signal(SIGHUP, SIG_DFL);
	sim_guest(command_sim, GUEST)->rate_kib_s = 20 * M;
	assert_int_equal(command_line("limits guest1 --min=128M --max=512M"), 0);
	snprintf(line, sizeof(line), "free %lluM", common_available(command_sim) / M + 200);
	command_sim->tick = hang_up_once;
	assert_int_equal(command_line(line), 9);
	hb = common_connect(command_sim);
	to_come = hb_to_come_kept(hb).count;
	hb_close(hb);
	assert_int_equal(to_come, 0);
	/* Unless who has begun it wants it to go on without one, as nohup does. */
	signal(SIGHUP, SIG_IGN);
	command_sim->clock_ms = 0;
	assert_int_equal(command_line(line), 0);
	signal(SIGHUP, SIG_DFL);
}

/* While another tool has the domain, nothing has been set that could be shown. */
static void test_interrupt_before_lock(void **state)
{
	struct json_object *object;

	(void)state;
	command_sim->tick = interrupt_once;
	command_sim->locked_domid = GUEST;
	command_sim->locked_until_ms = 5000;
	assert_int_equal(command_line("set guest1 256M --wait --json"), 9);
	assert_int_equal(command_sim->clock_ms, 1000);
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 512 * M);
	object = command_json();
	assert_json_text(object, "error.code", "interrupted");
	assert_int_equal(json_object_object_length(object), 1);
	json_object_put(object);
}

/* Whatever needs the host's lock can be told to wait no longer, and has changed nothing. */
static void test_interrupt_before_host_lock(void **state)
{
	static const char *const lines[] = {
		"set guest1 256M", "max guest1 2G", "limits guest1 --min=256M", "limits guest1 --off",
		"reserve 1G --for=other", "release web", "release guest1",
	};
	int lock;

	(void)state;
	assert_int_equal(command_line("reserve 1G --for=web"), 0);
	assert_int_equal(command_line("max guest1 1G"), 0);
	assert_int_equal(command_line("reserve 1G --for=guest1"), 0);
	common_lock_file(command_sim);
	lock = hb_file_lock(command_sim->host_lock);
	assert_true(lock >= 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		command_sim->clock_ms = 0;
		command_sim->tick = interrupt_once;
		assert_int_equal(command_line(lines[i]), 9);
		assert_int_equal(command_sim->clock_ms, 1000);
		assert_non_null(strstr(command_err, "another hotballoon, which has the host locked"));
	}
	close(lock);
	command_sim->tick = NULL;
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 512 * M);
	assert_null(common_state_file("limits"));
	assert_int_equal(command_line("release web"), 0);
	assert_int_equal(command_line("release other"), 3);
	assert_int_equal(command_line("release guest1"), 0);
}

static void test_output_that_cannot_be_written(void **state)
{
	char *argv[] = { (char *)"hotballoon", (char *)"list", NULL };
	FILE *full = fopen("/dev/full", "w"), *sink = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(full);
	assert_non_null(sink);
	assert_int_equal(cli_main(2, argv, command_open, full, sink), HB_E_INTERNAL);
	fclose(full);
	fclose(sink);
}

/* What is in the way of managers, though all that was said lets them. */
static void test_obstacle_is_said(void **state)
{
	struct json_object *object, *obstacle;

	(void)state;
	assert_int_equal(command_line("limits guest1 --min=128M --json"), 0);
	object = command_json();
	assert_true(json_object_object_get_ex(object, "obstacle", &obstacle));
	assert_null(obstacle);
	json_object_put(object);
	sim_guest(command_sim, GUEST)->paused = true;
	assert_int_equal(command_line("limits guest1 --json"), 0);
	object = command_json();
	assert_json_text(object, "obstacle", "not-running");
	json_object_put(object);
	assert_int_equal(command_line("limits guest1"), 0);
	assert_non_null(strstr(command_out, "Managers leave it alone: it is paused."));
}

/* A Xen of another version than this was built for answers as to one who is not root. */
static void test_other_xen(void **state)
{
	(void)state;
	command_sim->fault = SIM_FAULT_ERROR;
	command_sim->fault_errno = EACCES;
	command_sim->fault_at = command_sim->calls + 1;
	command_sim->fault_stays = true;
	assert_int_equal(command_line("list"), HB_E_PERMISSION);
	assert_non_null(strstr(command_err, "Permission denied\n"));
	assert_non_null(strstr(command_err, "root there is refused by a Xen of another version"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_exit_codes),
		TEST(test_other_xen),
		TEST(test_show),
		TEST(test_report_without_version),
		TEST(test_set),
		TEST(test_set_that_fails),
		TEST(test_without_name),
		TEST(test_max_and_wait),
		TEST(test_limits),
		TEST(test_damaged_files),
		TEST(test_limits_reset),
		TEST(test_limits_reset_beyond_hotplug_max),
		TEST(test_limits_of_odd_sizes),
		TEST(test_explain_and_doctor),
		TEST(test_explain_by_daemon),
		TEST(test_low_reserve),
		TEST(test_domain_0_without_keys),
		TEST(test_free_memory),
		TEST(test_free_beside_lock),
		TEST(test_free_in_no_time),
		TEST(test_host_reserve_in_a_dry_run),
		TEST(test_reserve),
		TEST(test_reservation_for_ever),
		TEST(test_watch),
		TEST(test_watch_of_end),
		TEST(test_watch_of_end_within_look),
		TEST(test_progress),
		TEST(test_interrupt),
		TEST(test_hang_up),
		TEST(test_interrupt_before_lock),
		TEST(test_interrupt_before_host_lock),
		TEST(test_output_that_cannot_be_written),
		TEST(test_obstacle_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
