/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotballoon create on the simulated host, with programs that stand for xl: the room that it
 * makes, who is asked for it, and that all is given back when there is no domain in the end.
 */
#include "common.h"
#include "command.h"
#include "fake_xl.h"
#include "file_lock.h"
#include "speaker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND 6U
#define THIRD 7U

static void add_guest(uint32_t domid, const char *name, uint64_t memory_kib)
{
	struct sim_guest guest = usual_guest;

	guest.domid = domid;
	guest.name = name;
	guest.memory_kib = guest.maxmem_kib = memory_kib;
	sim_add(command_sim, &guest);
}

static uint64_t target(uint32_t domid)
{
	return common_number(command_sim, domid, HB_KEY_TARGET);
}

static int run(const char *line)
{
	return command_line(line);
}

static bool prints(const char *text)
{
	return strstr(command_out, text);
}

static bool complains(const char *text)
{
	return strstr(command_err, text);
}

/* 8G: domain 0 has 1G, guests 512M, 3G and 3G: little is left. */
static int setup(void **state)
{
	command_setup(state);
	add_guest(SECOND, "second", 3 * G);
	add_guest(THIRD, "third", 3 * G);
	fake_xl_begin();
	setenv("HOTBALLOON_SOCKET", "/nonexistent/socket", 1);
	return 0;
}

static int teardown(void **state)
{
	fake_xl_end();
	unsetenv("HOTBALLOON_SOCKET");
	return command_teardown(state);
}

#define MEMORY(max, target) "\"max_vcpus\":2,\"max_memkb\":" max ",\"target_memkb\":" target
#define NAMED(name, built) "{\"domid\":null,\"config\":{\"c_info\":{\"type\":\"pvh\",\"name\":\"" name "\"},\"b_info\":{" built "}}}"
#define CONFIG(built) NAMED("web", built)
/* One that answers -n with that text, and else does what script says with its arguments in $*. */
#define XL(text, script) "for a; do if [ \"$a\" = -n ]; then echo '" text "'; exit 0; fi; done\n" script
#define TELL "echo \"$*\" >>$out"

#define WEB CONFIG(MEMORY("1048576", "1048576"))

static const char *reserved(void)
{
	const char *file = common_state_file("reservations");

	return file ? file : "";
}

static uint64_t available(void)
{
	return common_available(command_sim);
}

static void limit_both(void)
{
	assert_int_equal(run("limits second --min=1G --auto"), HB_OK);
	assert_int_equal(run("limits third --min=2G --weight=2000 --auto"), HB_OK);
}

static void test_room_already(void **state)
{
	(void)state;
	assert_int_equal(run("set second 1G --wait"), HB_OK);
	fake_xl(XL(WEB, TELL));
	assert_int_equal(run("create web.cfg -- -c vcpus=3"), HB_OK);
	assert_string_equal(fake_xl_said(), "create web.cfg -c vcpus=3\n");
	assert_null(strstr(reserved(), "web"));
	assert_string_equal(command_out, "");
}

/* What is set aside while xl is at work nobody else has. */
static void test_makes_room(void **state)
{
	uint64_t before = available();

	(void)state;
	limit_both();
	fake_xl(XL(WEB, "while read line; do echo \"$line\" >>$out; done <$HOTBALLOON_STATE_DIR/reservations"));
	assert_int_equal(run("create web.cfg"), HB_OK);
	assert_non_null(strstr(fake_xl_said(), "web"));
	assert_true(prints("  second: 3G -> ") && prints("  third: 3G -> "));
	assert_true(available() >= G + 8 * M);
	assert_true(available() <= G + 40 * M + before);
	assert_null(strstr(reserved(), "web"));
	/* Guests are a manager's still, and nothing is kept for who is to come. */
	assert_int_equal(run("limits second --json"), HB_OK);
	assert_true(prints("\"obstacle\": null"));
	assert_null(common_state_file("to-come"));
}

/* Who asked, and nothing came of it, has changed nothing in the end. */
static void test_xl_fails(void **state)
{
	uint64_t before = available();
	struct json_object *object;

	(void)state;
	limit_both();
	fake_xl(XL(WEB, "exit 3"));
	assert_int_equal(run("create web.cfg --json"), HB_E_HOST);
	object = command_json();
	assert_json_text(object, "name", "web");
	assert_json_number(object, "xl_status", 3);
	assert_json_text(object, "error.reason", "xl-failed");
	json_object_put(object);
	assert_int_equal(target(SECOND), 3 * G);
	assert_int_equal(target(THIRD), 3 * G);
	sim_run(command_sim, 60000);
	assert_int_equal(available(), before);
	assert_null(strstr(reserved(), "web"));
	assert_int_equal(run("limits second --json"), HB_OK);
	assert_true(prints("\"obstacle\": null"));
	/* xl that cannot even read it has nothing made free for it. */
	fake_xl("echo no such file >&2; exit 1");
	assert_int_equal(run("create nothing.cfg"), HB_E_HOST);
	assert_true(complains("xl create has failed with exit status 1"));
	fake_xl(NULL);
	assert_int_equal(run("create web.cfg"), HB_E_HOST);
	assert_true(complains("there is no xl to run"));
	assert_int_equal(target(SECOND), 3 * G);
}

static void test_refused(void **state)
{
	struct json_object *object;

	(void)state;
	fake_xl(XL(WEB, TELL));
	assert_int_equal(run("limits second --min=2800M --auto"), HB_OK);
	assert_int_equal(run("limits third --off"), HB_OK);
	assert_int_equal(run("create web.cfg"), HB_E_REFUSED);
	assert_true(prints("  guest1: gives nothing: nobody has given it limits\n"));
	assert_true(prints("  second: can give 272M: all that it can give\n"));
	assert_true(prints("  third: gives nothing: "));
	assert_true(complains("cannot be made free"));
	assert_string_equal(fake_xl_said(), "");
	assert_int_equal(target(SECOND), 3 * G);
	assert_null(strstr(reserved(), "web"));
	assert_int_equal(run("create web.cfg --json"), HB_E_REFUSED);
	object = command_json();
	assert_json_text(object, "cannot_give.1.name", "second");
	assert_json_number(object, "cannot_give.1.can_give_kib", 272 * M);
	assert_json_number(object, "cannot_give.1.lacks_kib", 0);
	assert_json_text(object, "error.reason", "guests-give-less");
	json_object_put(object);
}

/* Who does not move is named with what it lacks, and has its size again. */
static void test_stuck(void **state)
{
	(void)state;
	fake_xl(XL(WEB, TELL));
	limit_both();
	assert_int_equal(run("limits third --off"), HB_OK);
	sim_guest(command_sim, SECOND)->stick_at_kib = 2700 * M;
	sim_guest(command_sim, SECOND)->stick_cause = HB_CAUSE_GUEST_BUSY;
	assert_int_not_equal(run("create web.cfg --timeout=30"), HB_OK);
	assert_true(prints("  second: "));
	assert_string_equal(fake_xl_said(), "");
	assert_null(strstr(reserved(), "web"));
	assert_true(command_sim->clock_ms < 100000);
}

/* What the configuration says in other words. */
static void test_needs(void **state)
{
	static const struct {
		const char *config;
		uint64_t least_kib, most_kib;
	} rows[] = {
		{ CONFIG(MEMORY("1048576", "1048576")), G, G + 20 * M },
		/* Ballooned down from the start: page tables for all that it may have. */
		{ CONFIG(MEMORY("67108864", "1048576")), G + 256 * M, G + 300 * M },
		{ CONFIG("\"max_memkb\":524288"), 512 * M, 530 * M },
		{ CONFIG("\"type.pv\":{}"), 32 * M, 40 * M },
		{ CONFIG(MEMORY("1048576", "1048576") ",\"shadow_memkb\":102400"), G + 100 * M, G + 120 * M },
		{ CONFIG(MEMORY("1048576", "1048576") ",\"device_model_stubdomain\":\"True\""), G + 32 * M, G + 50 * M },
		{ CONFIG(MEMORY("1048576", "1048576") ",\"device_model_stubdomain\":\"False\""), G, G + 20 * M },
		{ "Parsing config from web.cfg\n" WEB, G, G + 20 * M },
		{ "{\"c_info\":{\"name\":\"web\"},\"b_info\":{\"max_memkb\":1048576}}", G, G + 20 * M },
	};
	static const char *const nonsense[] = {
		"", "nothing", "{}", "[]", "{\"config\":7}", "{\"config\":{\"c_info\":{\"name\":\"web\"}}}",
		"{\"config\":{\"c_info\":{\"name\":7},\"b_info\":{}}}", CONFIG(MEMORY("0", "0")), "{\"config\":{\"c_info\":",
	};
	char script[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_object *object, *need;

		snprintf(script, sizeof(script), XL("%s", TELL), rows[i].config);
		fake_xl(script);
		run("create web.cfg --dry-run --json");
		object = command_json();
		need = command_at(object, "need_kib");
		if ((uint64_t)json_object_get_int64(need) < rows[i].least_kib ||
		    (uint64_t)json_object_get_int64(need) > rows[i].most_kib)
			fail_msg("%s: %s", rows[i].config, command_out);
		json_object_put(object);
	}
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		snprintf(script, sizeof(script), XL("%s", TELL), nonsense[i]);
		fake_xl(script);
		assert_int_equal(run("create web.cfg"), HB_E_HOST);
		assert_true(complains("what xl says of web.cfg cannot be understood"));
	}
	assert_string_equal(fake_xl_said(), "");
}

static void test_dry_run(void **state)
{
	(void)state;
	limit_both();
	fake_xl(XL(WEB, TELL));
	assert_int_equal(run("create web.cfg --dry-run"), HB_OK);
	assert_true(prints("web needs 1"));
	assert_true(prints("  second: 3G -> ") && prints("would run: xl create web.cfg\n") && prints("Nothing was changed."));
	assert_int_equal(target(SECOND), 3 * G);
	assert_string_equal(fake_xl_said(), "");
	assert_string_equal(reserved(), "");
}

/* A name that is taken, and one that is none. */
static void test_names(void **state)
{
	(void)state;
	fake_xl(XL(NAMED("second", MEMORY("1048576", "1048576")), TELL));
	assert_int_equal(run("create web.cfg"), HB_E_REFUSED);
	assert_true(complains("there is a domain second already: 6"));
	fake_xl(XL(NAMED("17", MEMORY("1048576", "1048576")), TELL));
	assert_int_equal(run("create web.cfg"), HB_E_USAGE);
	assert_true(complains("\"17\" is no name for a domain"));
	assert_string_equal(fake_xl_said(), "");
	assert_int_equal(run("create web.cfg --timeout=0"), HB_E_USAGE);
	assert_int_equal(run("create"), HB_E_USAGE);
}

/* What somebody has set aside for it before is used, and is his also when xl fails. */
static void test_reserved_before(void **state)
{
	(void)state;
	assert_int_equal(run("set second 1G --wait"), HB_OK);
	assert_int_equal(run("reserve 1G --for=web --vcpus=2"), HB_OK);
	fake_xl(XL(WEB, "exit 3"));
	assert_int_equal(run("create web.cfg"), HB_E_HOST);
	assert_non_null(strstr(reserved(), "web"));
	fake_xl(XL(WEB, TELL));
	assert_int_equal(run("create web.cfg"), HB_OK);
	assert_non_null(strstr(reserved(), "web"));
}

/* So it is if it is less than is needed: to the letter, and nobody comes before it meanwhile. */
static void test_reserved_less_before(void **state)
{
	char before[1024];
	const char *said;

	(void)state;
	assert_int_equal(run("set second 1G --wait"), HB_OK);
	assert_int_equal(run("reserve 512M --for=web --ttl=604800"), HB_OK);
	assert_int_equal(run("reserve 64M --for=other"), HB_OK);
	strcpy(before, reserved());
	fake_xl(XL(WEB, "while read line; do echo \"$line\" >>$out; done <$HOTBALLOON_STATE_DIR/reservations; exit 3"));
	assert_int_equal(run("create web.cfg"), HB_E_HOST);
	assert_string_equal(reserved(), before);
	/* 1032M, for the same week. */
	said = fake_xl_said();
	assert_non_null(strstr(said, "hotballoon reservations 1\n1056768 1600604"));
	assert_true(strstr(said, " web\n") < strstr(said, " other\n"));
	/* What a person says meanwhile stands. */
	fake_xl(XL(WEB, "echo 'hotballoon reservations 1' >$HOTBALLOON_STATE_DIR/reservations\n"
		   "echo '4096 9999999999 web' >>$HOTBALLOON_STATE_DIR/reservations; exit 3"));
	assert_int_equal(run("create web.cfg"), HB_E_HOST);
	assert_string_equal(reserved(), "hotballoon reservations 1\n4096 9999999999 web\n");
	/* One that would end sooner than xl may is there as long. */
	assert_int_equal(run("reserve 1G --for=web --vcpus=2 --ttl=5"), HB_OK);
	strcpy(before, reserved());
	fake_xl(XL(WEB, "while read line; do echo \"$line\" >>$out; done <$HOTBALLOON_STATE_DIR/reservations"));
	assert_int_equal(run("create web.cfg"), HB_OK);
	assert_null(strstr(fake_xl_said(), strstr(before, "\n")));
	assert_string_equal(reserved(), before);
}

/* Who was there first has what comes first: the one behind is not served before. */
static void test_order(void **state)
{
	(void)state;
	limit_both();
	assert_int_equal(run("reserve 2800M --for=first --force"), HB_OK);
	fake_xl(XL(WEB, TELL));
	assert_int_equal(run("create web.cfg --timeout=20"), HB_E_REFUSED);
	assert_string_equal(fake_xl_said(), "");
	assert_int_equal(run("release first"), HB_OK);
	/* And what is set aside later takes nothing from who was before. */
	fake_xl(XL(WEB, TELL));
	assert_int_equal(run("reserve 1G --for=web --vcpus=2 --force"), HB_OK);
	assert_int_equal(run("reserve 6G --for=last --force"), HB_OK);
	assert_int_equal(run("create web.cfg --timeout=20"), HB_OK);
	assert_string_equal(fake_xl_said(), "create web.cfg\n");
}

/* A manager that runs is let do it; where it does not get anywhere guests are asked as without it. */
static void test_daemon_stalls(void **state)
{
	static const char status[] = "{\"parameters\":{\"connected\":true,\"dry_run\":false}}";
	uint64_t before;

	(void)state;
	limit_both();
	fake_xl(XL(WEB, TELL));
	speaker_start(status, sizeof(status));
	before = command_sim->clock_ms;
	assert_int_equal(run("create web.cfg"), HB_OK);
	assert_string_equal(fake_xl_said(), "create web.cfg\n");
	assert_true(command_sim->clock_ms - before >= 5000);
	speaker_end();
	before = command_sim->clock_ms;
	assert_int_equal(run("limits second --auto"), HB_OK);
	speaker_start(status, sizeof(status));
	assert_int_equal(run("free 2G"), HB_OK);
	assert_true(command_sim->clock_ms - before >= 5000);
	assert_true(available() >= 2 * G);
	assert_null(strstr(reserved(), "hotballoon-free"));
	/* What cannot come free beside those before is not even set aside. */
	assert_int_equal(run("reserve 10G --for=first --force"), HB_OK);
	before = command_sim->clock_ms;
	assert_int_equal(run("free 5G"), HB_E_REFUSED);
	assert_int_equal(run("create web.cfg"), HB_E_REFUSED);
	assert_int_equal(command_sim->clock_ms, before);
	assert_null(strstr(reserved(), "hotballoon-free"));
	assert_null(strstr(reserved(), "web"));
	speaker_end();
}

/* Ctrl-C while there is no room yet: nothing is created, and nothing is left. */
static void interrupt(struct sim *sim)
{
	sim->tick = NULL;
	kill(getpid(), SIGINT);
}

static void test_interrupted(void **state)
{
	(void)state;
	limit_both();
	fake_xl(XL(WEB, TELL));
	command_sim->tick = interrupt;
	assert_int_equal(run("create web.cfg"), HB_E_INTERRUPTED);
	assert_string_equal(fake_xl_said(), "");
	assert_null(strstr(reserved(), "web"));
	assert_int_equal(target(SECOND), 3 * G);
	/* While xl reads the configuration it ends with us. */
	fake_xl("kill -INT $PPID; kill -INT $$");
	assert_int_equal(run("create web.cfg"), HB_E_INTERRUPTED);
	assert_true(complains("xl create was ended"));
	/* xl is let finish, whoever is asked to end. */
	fake_xl(XL(WEB, "kill -TERM $PPID; kill -INT $$; /bin/sleep 0.5; " TELL));
	assert_int_equal(run("create web.cfg"), HB_OK);
	assert_string_equal(fake_xl_said(), "create web.cfg\n");
	assert_true(complains("xl is let finish, or half a domain would be left"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_room_already), TEST(test_makes_room), TEST(test_xl_fails), TEST(test_refused),
		TEST(test_stuck), TEST(test_needs), TEST(test_dry_run), TEST(test_names),
		TEST(test_reserved_before), TEST(test_reserved_less_before), TEST(test_order),
		TEST(test_daemon_stalls), TEST(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
