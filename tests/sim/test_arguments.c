/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of the command: what they mean, and what is said of those that mean nothing. */
#include "common.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

static void test_usage(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "", "no command" },
		{ "frobnicate", "there is no command \"frobnicate\"" },
		{ "doctor guest1", "write: hotballoon doctor" },
		{ "show", "write: hotballoon show DOM" },
		{ "set guest1", "set DOM... SIZE" },
		{ "wait 5 6 --wait=60", "does not belong here" },
		{ "list --wait", "does not belong here" },
		{ "show guest1 --force", "does not belong here" },
		{ "free 1G --wait", "--wait does not belong here\n  it is one of \"hotballoon set\"" },
		{ "list --jsn", "\"--jsn\"" },
		{ "list -x", "\"-x\"" },
		{ "list --json=yes", "\"--json=yes\"" },
		{ "set guest1 1G --wait=", "1 to 604800" },
		{ "set guest1 1G --wait=0", "1 to 604800" },
		{ "set guest1 1G --wait=-1", "1 to 604800" },
		{ "set guest1 1G --wait=5s", "1 to 604800" },
		{ "set guest1 1G --wait=604801", "1 to 604800" },
		{ "set guest1 1G --wait=99999999999999999999", "1 to 604800" },
		{ "set guest1 512", "\"512\" has no unit" },
		{ "set guest1 ~", "\"\" is not a size" },
		{ "set guest1 0M", "is zero" },
		{ "set guest1 2GB", "unknown unit" },
		{ "set nobody 2GB", "unknown unit" },
		{ "show ~", "is empty" },
		{ "max guest1", "write: hotballoon max DOM... SIZE" },
		{ "max guest1 512", "\"512\" has no unit" },
		{ "max guest1 1G --wait", "--wait does not belong here" },
		{ "wait guest1 --timeout=0", "\"--timeout=0\": the time is 1 to 604800" },
		{ "wait guest1 --timeout", "incomplete option \"--timeout\"" },
		{ "save guest1", "write: hotballoon save DOM FILE [-- XL-OPTION...]" },
		{ "save guest1 image config", "write: hotballoon save DOM FILE" },
		{ "migrate guest1 -- there", "write: hotballoon migrate DOM HOST" },
		{ "migrate guest1 there --live", "\"--live\"" },
		{ "save guest1 image --wait", "--wait does not belong here" },
		{ "free --dry-run", "no size is given to make free" },
		{ "free 1G 2G", "write: hotballoon free [SIZE]" },
		{ "reserve --host=512", "has no unit" },
		{ "reserve --host=+1G", "is a change" },
		{ "reserve 1G --for=web --host=1G", "--host goes with no other" },
		{ "free +1G", "is a change" },
		{ "free 512", "has no unit" },
		{ "reserve 1G", "for whom" },
		{ "reserve --for=web", "no size is given" },
		{ "reserve 1G --for=web --ttl=0", "\"--ttl=0\": the time is" },
		{ "reserve 1G --for=web --vcpus=0", "a guest has 1 to 512" },
		{ "reserve 1G --for=web --maxmem=512M", "is less than the size" },
		{ "reserve 1G --for=12", "no name for a domain" },
		{ "release", "write: hotballoon release NAME..." },
		{ "limits guest1 --min=+4M", "\"+4M\" is a change" },
		{ "limits guest1 --min=256", "has no unit" },
		{ "limits guest1 --max=", "is not a size" },
		{ "limits guest1 --weight=0", "a weight is 1 to 1000000" },
		{ "limits guest1 --weight=1.5", "a weight is 1 to 1000000" },
		{ "limits guest1 --auto --off", "contradict" },
		{ "limits guest1 --forget --off", "--forget goes with no other" },
		{ "limits guest1 --reset --min=256M", "--reset sets minimum and maximum" },
		{ "limits guest1 --off --force", "--force goes with --reset" },
		{ "limits guest1 --min=2G --max=1G", "would be 2G and its maximum 1G" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].line);
		if (command_line(cases[i].line) != HB_E_USAGE || !strstr(command_err, cases[i].says))
			fail_msg("\"%s\": %s", cases[i].line, command_err);
		assert_string_equal(command_out, "");
	}
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 512 * M);
}

/* Who asks for JSON gets it, wherever in a wrong command line that stands. */
static void test_usage_in_json(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "--bogus --json list", "unknown or incomplete option \"--bogus\"" },
		{ "list -x --json", "unknown or incomplete option \"-x\"" },
		{ "list -xy --bogus --json", "unknown or incomplete option \"-xy\"" },
		{ "list --json=yes --json", "unknown or incomplete option \"--json=yes\"" },
		{ "-5M --json", "unknown or incomplete option \"-5M\"" },
		{ "--json -5M", "there is no command \"-5M\"" },
		{ "--json --wait frobnicate", "there is no command" },
	};
	struct json_object *object;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].line);
		assert_int_equal(command_line(cases[i].line), HB_E_USAGE);
		assert_string_equal(command_err, "");
		object = command_json();
		assert_json_text(object, "error.code", "usage");
		assert_non_null(strstr(json_object_get_string(command_at(object, "error.message")), cases[i].says));
		json_object_put(object);
	}
	assert_int_equal(command_line("-5M"), HB_E_USAGE);
	assert_string_equal(command_out, "");
	/* Behind -- it is no option. */
	assert_int_equal(command_line("--bogus list -- --json"), HB_E_USAGE);
	assert_string_equal(command_out, "");
}

/* Letters behind a digit, some of them options: nothing of it is taken for a size as well. */
static void test_heaps(void **state)
{
	static const char *const lines[] = {
		"-2h", "-2Vh list", "-2o---hotballoon", "-2o---bogus", "set guest1 -2h",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		assert_int_equal(command_line(lines[i]), HB_E_USAGE);
	}
}

/* However the arguments are ordered, "-256M" is a size and no option. */
static void test_argument_order(void **state)
{
	static const char *const lines[] = {
		"set guest1 -256M --wait", "set --wait guest1 -256M", "--wait set guest1 -256M",
		"set --wait -- guest1 -256M", "set guest1 -256M --wait=60 --force", "set 5 -50% --wait",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		if (command_line(lines[i]))
			fail_msg("%s: %s", lines[i], command_err);
		assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 256 * M);
		assert_int_equal(command_line("set guest1 512M --wait"), 0);
	}
}

/* Asked for help, it helps, without a host and whatever else is wrong. */
static void test_help(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "-h", "hotballoon COMMAND ...: the memory of Xen guests" },
		{ "help", "hotballoon COMMAND ...: the memory of Xen guests" },
		{ "set -h", "hotballoon set DOM... SIZE [OPTION...]\n" },
		{ "-h set", "hotballoon set DOM... SIZE [OPTION...]\n" },
		{ "help set", "hotballoon set DOM... SIZE [OPTION...]\n" },
		{ "help help", "hotballoon help [COMMAND] [OPTION...]\n" },
		{ "-V", "hotballoon " HB_VERSION },
		{ "--version", "hotballoon " HB_VERSION },
		{ "set -hV", "hotballoon set" }, { "reserve -h", "hotballoon reserve" },
		{ "migrate -h", "hotballoon migrate" }, { "limits -h", "hotballoon limits" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].line);
		if (command_line_with(command_open_nothing, cases[i].line) ||
		    strncmp(command_out, cases[i].says, strlen(cases[i].says)))
			fail_msg("\"%s\": %s%s", cases[i].line, command_out, command_err);
		assert_string_equal(command_err, "");
		for (char *line = strtok(command_out, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(strlen(line) <= 80);
	}
	/* Who watches a host needs to know what its exit codes say. */
	assert_int_equal(command_line("doctor --help"), 0);
	assert_non_null(strstr(command_out, "\n  11  warning "));
	assert_non_null(strstr(command_out, "\n  12  fault "));
	assert_int_equal(command_line("list --help"), 0);
	assert_null(strstr(command_out, "\n  11  "));
	assert_int_equal(command_line("help nonsense"), HB_E_USAGE);
	assert_int_equal(command_line("help set max"), HB_E_USAGE);
}

/* What was likely meant, by a slip or by the name that another tool has for it. */
static void test_nearest(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "lst", "did you mean \"hotballoon list\"? see" },
		{ "exlpain guest1", "\"hotballoon explain\"?" },
		{ "doc", "\"hotballoon doctor\"?" },
		{ "mem-set guest1 1G", "\"hotballoon set\"?" },
		{ "setmem guest1 1G", "\"hotballoon set\"?" },
		{ "mem-max guest1 1G", "\"hotballoon max\"?" },
		{ "describe guest1", "\"hotballoon show\"?" },
		{ "get", "\"hotballoon list\"?" },
		{ "help dominfo", "\"hotballoon show\"?" },
		{ "list --jsn", "did you mean --json? see \"hotballoon list --help\"" },
		{ "wait guest1 --timout=5", "did you mean --timeout? see \"hotballoon wait --help\"" },
		{ "--timout=5 wait guest1", "did you mean --timeout?" },
		{ "free 1G --dryrun", "did you mean --dry-run?" },
		{ "set guest1 1G --wiat", "did you mean --wait?" },
		{ "wait guest1 --timeout", "write --timeout=SECONDS;" },
		{ "list --json=yes", "write --json;" },
		{ "set -w guest1 1G", "did you mean --wait?" },
		{ "set 1G guest1", "the size comes last; write: hotballoon set DOM 1G" },
		{ "max 1G guest1", "the size comes last; write: hotballoon max DOM 1G" },
	};
	static const char *const far[] = { "frobnicate", "list --nonsense", "q", "show guest1 -x" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].line);
		assert_int_equal(command_line(cases[i].line), HB_E_USAGE);
		if (!strstr(command_err, cases[i].says))
			fail_msg("\"%s\": %s", cases[i].line, command_err);
	}
	/* Domains could be called so, and are not. */
	assert_int_equal(command_line("limits guest1 auto"), HB_E_NO_DOMAIN);
	assert_non_null(strstr(command_err, "did you mean --auto?"));
	assert_int_equal(command_line("wait guest1 60"), HB_E_NO_DOMAIN);
	assert_non_null(strstr(command_err, "write --timeout=60;"));
	assert_int_equal(command_line("list nobody"), HB_E_NO_DOMAIN);
	assert_string_equal(command_out, "");
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		print_message("%s\n", far[i] ? far[i] : "-");
		assert_int_equal(command_line(far[i]), HB_E_USAGE);
		assert_null(strstr(command_err, "did you mean"));
	}
}

/* What completion offers is understood. */
static void test_words(void **state)
{
	char words[128], line[64], *rest;

	(void)state;
	snprintf(words, sizeof(words), "%s", cli_options[OPT_SORT].words);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		snprintf(line, sizeof(line), "top --sort=%s", word);
		assert_int_equal(command_line(line), 0);
	}
	snprintf(line, sizeof(line), "reserve --host=%s", cli_options[OPT_HOST].words);
	assert_int_equal(command_line(line), 0);
}

/* "--wait 60", as other tools have it, is the time where it can be nothing else. */
static void test_time_apart(void **state)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{ "set guest1 1G --wait 60s", "\"--wait=60s\": the time is 1 to" },
		{ "set guest1 1G --wait 0", "\"--wait=0\": the time is 1 to" },
		{ "set guest1 --wait 60", "write: hotballoon set DOM... SIZE" },
		{ "set guest1 --wait 60 1G", "is 60 the time of --wait, or a domain?\n  write --wait=60" },
		{ "set --wait 60 guest1 1G", "is 60 the time of --wait, or a domain?\n  write --wait=60" },
	};

	(void)state;
	sim_guest(command_sim, GUEST)->rate_kib_s = 20 * M;
	assert_int_equal(command_line("set guest1 256M --wait 1"), HB_E_TIMEOUT);
	assert_non_null(strstr(command_err, "after 1 s"));
	assert_int_equal(command_line("--wait 1 set guest1 128M"), HB_E_TIMEOUT);
	/* A domid, and a size. */
	sim_guest(command_sim, GUEST)->rate_kib_s = 256 * M;
	assert_int_equal(command_line("set --wait 5 512M"), 0);
	assert_int_equal(command_line("set 5 --wait 256M"), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (command_line(wrong[i].line) != HB_E_USAGE || !strstr(command_err, wrong[i].says))
			fail_msg("\"%s\": %s", wrong[i].line, command_err);
	}
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 256 * M);
}

static void add_guests(void)
{
	struct sim_guest other = usual_guest;

	other.domid = 6;
	other.name = "web";
	sim_add(command_sim, &other);
	other.domid = 7;
	other.name = "db";
	sim_add(command_sim, &other);
}

/* Several domains: each has its turn, whatever becomes of the others. */
static void test_several(void **state)
{
	struct json_object *object;

	(void)state;
	add_guests();
	assert_int_equal(command_line("set web db 1G --wait"), 0);
	assert_int_equal(common_number(command_sim, 6, HB_KEY_TARGET), G);
	assert_int_equal(common_number(command_sim, 7, HB_KEY_TARGET), G);
	assert_non_null(strstr(command_out, "web: 512M -> 1G\n"));
	assert_non_null(strstr(command_out, "db: 512M -> 1G\n"));
	assert_int_equal(command_line("show web nobody db"), HB_E_NO_DOMAIN);
	assert_non_null(strstr(command_out, "name               web\n"));
	assert_non_null(strstr(command_out, "\n\ndomid              7\nname               db\n"));
	assert_non_null(strstr(command_err, "nobody"));
	assert_int_equal(command_line("wait 5 6 7 --timeout=5"), 0);
	assert_int_equal(command_line("limits web db --min=256M"), 0);
	assert_int_equal(command_line("explain web db"), 0);
	assert_non_null(strstr(command_out, "web (domain 6):\n"));
	assert_non_null(strstr(command_out, "db (domain 7):\n"));
	assert_int_equal(command_line("max web db 2G"), 0);
	assert_int_equal(common_number(command_sim, 7, HB_KEY_STATIC_MAX), 2 * G);
	assert_int_equal(command_line("reserve 64M --for=a"), 0);
	assert_int_equal(command_line("reserve 64M --for=b"), 0);
	assert_int_equal(command_line("release a b"), 0);
	assert_int_equal(command_line("reserve"), 0);
	assert_string_equal(command_out, "");

	assert_int_equal(command_line("show web nobody db --json"), HB_E_NO_DOMAIN);
	object = command_json();
	assert_int_equal(json_object_array_length(object), 3);
	assert_json_text(object, "0.name", "web");
	assert_json_text(object, "1.error.code", "no-such-domain");
	assert_json_text(object, "2.name", "db");
	json_object_put(object);
	/* One is one. */
	assert_int_equal(command_line("show web --json"), 0);
	object = command_json();
	assert_json_text(object, "name", "web");
	json_object_put(object);
}

static uint64_t interrupt_at;

static void interrupt_then(struct sim *host)
{
	if (host->clock_ms == interrupt_at)
		raise(SIGINT);
}

/* Ctrl-C ends all of it, and a time limit is one for all. */
static void test_several_that_end(void **state)
{
	(void)state;
	add_guests();
	sim_guest(command_sim, 6)->rate_kib_s = 20 * M;
	sim_guest(command_sim, 7)->rate_kib_s = 20 * M;
	assert_int_equal(command_line("set web db 128M"), 0);
	assert_int_equal(command_line("wait web db --timeout=4"), HB_E_TIMEOUT);
	assert_true(command_sim->clock_ms <= 5500);
	interrupt_at = command_sim->clock_ms + 1000;
	command_sim->tick = interrupt_then;
	assert_int_equal(command_line("set web db 300M --wait"), HB_E_INTERRUPTED);
	assert_int_equal(common_number(command_sim, 6, HB_KEY_TARGET), 300 * M);
	assert_int_equal(common_number(command_sim, 7, HB_KEY_TARGET), 128 * M);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_usage),
		TEST(test_usage_in_json),
		TEST(test_argument_order),
		TEST(test_heaps),
		TEST(test_help),
		TEST(test_nearest),
		TEST(test_words),
		TEST(test_time_apart),
		TEST(test_several),
		TEST(test_several_that_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
