/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon history, and what it makes of answers of all kinds. */
#include "common.h"

#include <string.h>
#include <time.h>

#include "command.h"
#include "speaker.h"

#define SAY(text) speaker_start(text, sizeof(text))

/* One deed, with what differs. */
#define DEED(time, domid, name, to) \
	"{\"time_ms\":" time ",\"domid\":" domid ",\"name\":\"" name "\",\"uuid\":\"0000000" domid "-0000-0000-0000-000000000000\"," \
	"\"from_kib\":1048576,\"to_kib\":" to ",\"reason\":\"needs\",\"reason_text\":\"it needs more to work\"}"
#define DEEDS(list) "{\"parameters\":{\"deeds\":[" list "]}}"
#define TWO DEEDS(DEED("1800000000000", "1", "web", "1572864") "," DEED("1800000001999", "2", "", "2097152"))

static int setup(void **state)
{
	setenv("TZ", "UTC", 1);
	tzset();
	return command_setup_nothing(state);
}

static int teardown(void **state)
{
	speaker_end();
	unsetenv("HOTBALLOON_SOCKET");
	return command_teardown(state);
}

/* No host is there, and none is needed. */
static int run(const char *line)
{
	return command_line_with(command_open_nothing, line);
}

static bool complains(const char *what)
{
	return strstr(command_err, what);
}

static void test_lines(void **state)
{
	(void)state;
	SAY(TWO);
	assert_int_equal(run("history"), HB_OK);
	assert_string_equal(speaker_heard(), "{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":{}}");
	assert_string_equal(command_out,
			    "2027-01-15 08:00:00  web (1): 1G -> 1536M: it needs more to work\n"
			    "2027-01-15 08:00:01  domain 2: 1G -> 2G: it needs more to work\n");
	assert_string_equal(command_err, "");
	/* Of one: by name, domid or uuid. */
	assert_int_equal(run("history web"), HB_OK);
	assert_string_equal(command_out, "2027-01-15 08:00:00  web (1): 1G -> 1536M: it needs more to work\n");
	assert_int_equal(run("history 2"), HB_OK);
	assert_string_equal(command_out, "2027-01-15 08:00:01  domain 2: 1G -> 2G: it needs more to work\n");
	assert_int_equal(run("history 00000001-0000-0000-0000-000000000000"), HB_OK);
	assert_string_equal(command_out, "2027-01-15 08:00:00  web (1): 1G -> 1536M: it needs more to work\n");
	/* There are none. */
	assert_int_equal(run("history db --last 30m"), HB_OK);
	assert_string_equal(command_out, "hotballoond has set no size of db in the last 30m.\n");
	SAY(DEEDS(""));
	assert_int_equal(run("history"), HB_OK);
	assert_string_equal(command_out, "hotballoond has set no size.\n");
}

/* What is not there because it is forgotten is not missing for want of a deed. */
static void test_forgotten(void **state)
{
	static const char list[] = "{\"parameters\":{\"deeds\":[{\"gap\":true,\"time_ms\":1800000000000,\"domid\":1,"
		"\"name\":\"web\",\"uuid\":\"1\",\"from_kib\":1048576,\"to_kib\":1572864,\"reason\":\"needs\","
		"\"reason_text\":\"it needs more to work\"}],\"since_ms\":1799999940000}}";
	struct json_object *object;

	(void)state;
	speaker_start(list, sizeof(list));
	assert_int_equal(run("history"), HB_OK);
	assert_string_equal(command_out,
			    "nothing before 2027-01-15 07:59:00 is remembered\n"
			    "2027-01-15 08:00:00  web (1): what it was given before is not remembered\n"
			    "2027-01-15 08:00:00  web (1): 1G -> 1536M: it needs more to work\n");
	assert_int_equal(run("history db"), HB_OK);
	assert_string_equal(command_out, "nothing before 2027-01-15 07:59:00 is remembered\n"
			    "hotballoond has set no size of db.\n");
	assert_int_equal(run("history --json"), HB_OK);
	object = command_json();
	assert_json_number(object, "since_ms", 1799999940000);
	assert_true(json_object_get_boolean(command_at(object, "deeds.0.gap")));
	json_object_put(object);
	SAY("{\"parameters\":{\"deeds\":[],\"since_ms\":\"x\"}}");
	assert_int_equal(run("history"), HB_E_HOST);
}

/* It is remembered for longer than is asked for. */
static void test_not_forgotten(void **state)
{
	static char list[128];

	(void)state;
	snprintf(list, sizeof(list), "{\"parameters\":{\"deeds\":[],\"since_ms\":%llu}}", (time(NULL) - 7200) * 1000ULL);
	speaker_start(list, strlen(list) + 1);
	assert_int_equal(run("history --last 1h"), HB_OK);
	assert_string_equal(command_out, "hotballoond has set no size in the last 1h.\n");
	assert_int_equal(run("history --last 3h"), HB_OK);
	assert_non_null(strstr(command_out, "nothing before "));
}

static void test_json(void **state)
{
	struct json_object *object;

	(void)state;
	SAY(TWO);
	assert_int_equal(run("history --json"), HB_OK);
	object = command_json();
	assert_json_number(object, "deeds.0.time_ms", 1800000000000);
	assert_json_number(object, "deeds.0.domid", 1);
	assert_json_text(object, "deeds.0.name", "web");
	assert_json_text(object, "deeds.0.uuid", "00000001-0000-0000-0000-000000000000");
	assert_json_number(object, "deeds.0.from_kib", 1048576);
	assert_json_number(object, "deeds.1.to_kib", 2097152);
	assert_json_text(object, "deeds.1.reason", "needs");
	assert_json_text(object, "deeds.1.reason_text", "it needs more to work");
	assert_null(command_at(object, "deeds.1.name"));
	json_object_put(object);
	assert_int_equal(run("history 7 --json"), HB_OK);
	object = command_json();
	assert_int_equal(json_object_array_length(command_at(object, "deeds")), 0);
	json_object_put(object);
}

static void test_last(void **state)
{
	static const struct {
		const char *text, *asked;
	} good[] = {
		{ "1h", "{\"last_s\":3600}" }, { "90s", "{\"last_s\":90}" }, { "90", "{\"last_s\":90}" },
		{ "30m", "{\"last_s\":1800}" }, { "7d", "{\"last_s\":604800}" }, { "3650d", "{\"last_s\":315360000}" },
	};
	static const char *const bad[] = {
		"~", "h", "0", "0h", "1.5h", "1w", "1hh", "-1h", "+1h", "3651d", "99999999999999999999s", "1H",
	};
	char line[64];

	(void)state;
	SAY(TWO);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(line, sizeof(line), "history --last=%s", good[i].text);
		assert_int_equal(run(line), HB_OK);
		assert_non_null(strstr(speaker_heard(), good[i].asked));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "history --last %s", bad[i]);
		assert_int_equal(run(line), HB_E_USAGE);
	}
	assert_int_equal(run("history --last=1w"), HB_E_USAGE);
	assert_true(complains("\"--last=1w\": a time is a whole number and s, m, h or d, such as 30m"));
	assert_int_equal(run("list --last=1h"), HB_E_USAGE);
}

static void test_nobody(void **state)
{
	struct json_object *object;

	(void)state;
	SAY(TWO);
	speaker_end();
	assert_int_equal(run("history"), HB_E_HOST);
	assert_true(complains("hotballoond does not run: nobody answers at "));
	assert_true(complains("start it: \"systemctl start hotballoond\""));
	assert_string_equal(command_out, "");
	assert_int_equal(run("history --json"), HB_E_HOST);
	object = command_json();
	assert_json_text(object, "error.reason", "no-daemon");
	json_object_put(object);
	setenv("HOTBALLOON_SOCKET", "/a/path/that/is/longer/than/the/name/of/a/socket/can/be/which/is/one/hundred/and/seven/bytes/and/no/more/of/them", 1);
	assert_int_equal(run("history"), HB_E_HOST);
	assert_true(complains("File name too long"));
}

static void test_nonsense(void **state)
{
	static const struct {
		const char *reply, *said;
	} rows[] = {
		{ "what?", "says nothing that can be understood" },
		{ "[]", "says nothing that can be understood" },
		{ "7", "says nothing that can be understood" },
		{ "", "says nothing that can be understood" },
		{ "{}", "answers without parameters" },
		{ "{\"parameters\":[]}", "answers without parameters" },
		{ "{\"parameters\":{}}", "tells of no deeds" },
		{ "{\"parameters\":{\"deeds\":7}}", "tells of no deeds" },
		{ "{\"error\":\"org.varlink.service.MethodNotFound\"}",
		  "does not understand the question: org.varlink.service.MethodNotFound" },
		{ DEEDS("7"), "a deed that cannot be understood" },
		{ DEEDS("{}"), "a deed that cannot be understood" },
		{ DEEDS("null"), "a deed that cannot be understood" },
		{ DEEDS(DEED("-1", "1", "web", "1")), "a deed that cannot be understood" },
		{ DEEDS(DEED("1", "4294967296", "web", "1")), "a deed that cannot be understood" },
		{ DEEDS(DEED("1", "1", "web", "\"1\"")), "a deed that cannot be understood" },
		{ DEEDS(DEED("1", "1", "web", "4398046511105")), "a deed that cannot be understood" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		speaker_start(rows[i].reply, strlen(rows[i].reply) + 1);
		assert_int_equal(run("history"), HB_E_HOST);
		assert_true(complains(rows[i].said));
	}
	/* Half an answer. */
	speaker_start(TWO, 30);
	assert_int_equal(run("history"), HB_E_HOST);
	assert_true(complains("has ended in the middle of an answer"));
	/* What a terminal would act on is not shown. */
	SAY(DEEDS(DEED("1800000000000", "1", "a\\u001b[1m\\nb", "1572864")));
	assert_int_equal(run("history"), HB_OK);
	assert_string_equal(command_out, "2027-01-15 08:00:00  a?[1m?b (1): 1G -> 1536M: it needs more to work\n");
}

/* Of as many as there can be, in several pieces. */
static void test_many(void **state)
{
	static const char one[] = DEED("1800000000000", "1", "web", "1572864");
	char *text = malloc(2048 * sizeof(one) + 100), *end = text;
	size_t lines = 0;

	(void)state;
	end += sprintf(end, "{\"parameters\":{\"deeds\":[%s", one);
	for (int i = 0; i < 2000; i++)
		end += sprintf(end, ",%s", one);
	end += sprintf(end, "]}}");
	speaker_start(text, end - text + 1);
	assert_int_equal(run("history"), HB_OK);
	for (const char *c = command_out; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 2001);
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines), TEST(test_forgotten), TEST(test_not_forgotten), TEST(test_json), TEST(test_last), TEST(test_nobody), TEST(test_nonsense),
		TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
