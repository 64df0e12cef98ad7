/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is shown of many domains: list, and limits without a domain. */
#include "common.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

/* "Datenbank, the large one" in Japanese: 6 characters that are two columns each. */
#define WIDE "データベース"
#define ACCENTS "hôte-été"

static void add_guest(uint32_t domid, const char *name)
{
	struct sim_guest guest = usual_guest;

	guest.domid = domid;
	guest.name = name;
	sim_add(command_sim, &guest);
}

static void test_list(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "DOMID  NAME      STATE    ACTUAL  TARGET    MAX  MODE    CAUSE\n"
				    "    0  Domain-0  running   1024M   1024M  1024M  manual  -\n"
				    "    5  guest1    running    512M    512M   512M  manual  none\n"));
	assert_int_equal(command_line("list --json"), 0);
	object = command_json();
	assert_int_equal(json_object_array_length(command_at(object, "domains")), 2);
	assert_json_text(object, "domains.1.name", "guest1");
	assert_json_text(object, "domains.1.report.cause", "none");
	assert_json_number(object, "domains.1.actual_kib", 512 * M + 64);
	assert_json_number(object, "host.total_kib", 8 * G);
	assert_null(command_at(object, "domains.0.driver"));
	assert_null(command_at(object, "domains.0.report"));
	assert_json_text(object, "domains.1.limits.mode", "manual");
	json_object_put(object);
}

/* Two that have one record: said below the table, of one that is asked for, too. */
static void test_same_uuid(void **state)
{
	static const char told[] = "guest1 (5) and copy (6) have the same uuid and limits, and neither is sized: \"hotballoon doctor\" tells what to do\n";
	struct json_object *object;

	(void)state;
	common_add_copy(command_sim, 6, "copy");
	assert_int_equal(command_line("list"), 0);
	assert_null(strstr(command_out, "uuid"));
	assert_int_equal(command_line("limits 5 --min=256M --max=1G --auto"), 0);
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "512M   512M  pinned  none"));
	assert_null(strstr(command_out, " auto "));
	assert_non_null(strstr(strstr(command_out, told), "Host: "));
	assert_null(strstr(strstr(command_out, told) + 1, told));
	assert_int_equal(command_line("list copy"), 0);
	assert_non_null(strstr(command_out, told));
	assert_int_equal(command_line("list --json"), 0);
	object = command_json();
	assert_false(json_object_get_boolean(command_at(object, "domains.1.limits.automatic")));
	json_object_put(object);
}

/* Some of them, in their order and once; one that is not there is an error beside. */
static void test_some(void **state)
{
	struct json_object *object;

	(void)state;
	add_guest(7, "web");
	assert_int_equal(command_line("list web 5 guest1"), 0);
	assert_null(strstr(command_out, "Domain-0"));
	assert_non_null(strstr(command_out, "    5  guest1"));
	assert_null(strstr(strstr(command_out, "guest1") + 1, "guest1"));
	assert_true(strstr(command_out, "web") > strstr(command_out, "guest1"));
	assert_non_null(strstr(command_out, "Host: "));
	assert_int_equal(command_line("list web nobody"), HB_E_NO_DOMAIN);
	assert_non_null(strstr(command_out, "web"));
	assert_non_null(strstr(command_err, "nobody"));
	assert_int_equal(command_line("list web nobody --json"), HB_E_NO_DOMAIN);
	object = command_json();
	assert_json_text(object, "domains.0.name", "web");
	assert_json_text(object, "error.code", "no-such-domain");
	json_object_put(object);
}

/* The columns that the lines of the table take; what is said below it is prose. */
static size_t widest(void)
{
	size_t most = 0;
	char *rest;

	for (char *line = strtok_r(command_out, "\n", &rest); line && strncmp(line, "Host:", 5) && *line != '!';
	     line = strtok_r(NULL, "\n", &rest))
		most = cli_width(line) > most ? cli_width(line) : most;
	return most;
}

/* With names as people give them, and the longest of causes, it fits a terminal of 80. */
static void test_width(void **state)
{
	(void)state;
	add_guest(12, "debian12-builder-02");
	sim_write_key(command_sim, 12, HB_KEY_REPORT_CAUSE, "host-out-of-memory");
	assert_int_equal(command_line("limits 12 --min=256M"), 0);
	assert_int_equal(command_line("set 12 300M"), 0);
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "pinned host-out-of-memory\n"));
	assert_true(widest() <= 80);
	/* A name is whole where programs read it, however long it is. */
	add_guest(13, "a-name-that-somebody-has-made-from-the-path-of-an-image-and-the-date-20261128");
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "-of-an-image-and-the-date-20261128 "));
}

/* Where a column begins, in columns of the terminal, in the line with what in it. */
static size_t column_of(const char *what, const char *cell)
{
	const char *line = strstr(command_out, what), *end;
	char begin[256];

	assert_non_null(line);
	while (line > command_out && line[-1] != '\n')
		line--;
	end = strstr(line, cell);
	assert_non_null(end);
	snprintf(begin, sizeof(begin), "%.*s", (int)(end - line), line);
	return cli_width(begin);
}

/* What is not ASCII takes the columns that it takes, whatever the locale is. */
static void test_utf8(void **state)
{
	static const char combining[] = "cafe\u0301";

	(void)state;
	assert_int_equal(cli_width(WIDE), 12);
	assert_int_equal(cli_width(ACCENTS), 8);
	assert_int_equal(cli_width(combining), 4);
	add_guest(7, WIDE);
	add_guest(8, ACCENTS);
	add_guest(9, combining);
	assert_int_equal(command_line("list"), 0);
	assert_int_equal(column_of(WIDE, "running"), column_of("guest1", "running"));
	assert_int_equal(column_of(ACCENTS, "running"), column_of("guest1", "running"));
	assert_int_equal(column_of(combining, "running"), column_of("guest1", "running"));
	assert_int_equal(column_of(WIDE, "manual"), column_of("guest1", "manual"));
}

/* Cut between characters, with a sign for it, and as wide as it shall be. */
static void test_cell(void **state)
{
	static const struct {
		const char *text, *cell;
		int width;
	} cases[] = {
		{ "guest1", "guest1  ", 8 }, { "guest1", "  guest1", -8 }, { "guest1", "guest1", 6 },
		{ "guest1", "gues\u2026", 5 }, { "guest1", "gues\u2026", -5 }, { ACCENTS, "hôte-\u2026", 6 },
		/* Half a character cannot be shown. */
		{ WIDE, "デー\u2026 ", 6 }, { WIDE, "デー\u2026", 5 }, { "", "    ", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		print_message("%s\n", cases[i].text);
		cli_print_cell(out, cases[i].text, cases[i].width);
		fclose(out);
		assert_string_equal(text, cases[i].cell);
		free(text);
	}
}

/* One unit, so that what is larger looks larger, and 64K that are always there are not seen. */
static void test_column_size(void **state)
{
	static const struct {
		uint64_t kib;
		const char *text;
	} cases[] = {
		{ 512 * M + 64, "512M" }, { 11 * G + 512 * M, "11776M" }, { 2 * G, "2048M" },
		{ 4 * M, "4M" }, { 1536, "1.5M" }, { 64, "0.1M" }, { 0, "0M" }, { 10 * M + 512, "11M" },
		{ 9 * M + 1000, "10M" }, { 1024 * G, "1048576M" },
	};
	char text[HB_SIZE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].text);
		assert_string_equal(cli_column_size(cases[i].kib, text), cases[i].text);
	}
}

/* Who decides about the size of a domain. */
static void test_mode(void **state)
{
	(void)state;
	add_guest(6, "auto");
	add_guest(7, "pinned");
	add_guest(8, "off");
	add_guest(9, "damaged");
	assert_int_equal(command_line("limits auto pinned damaged --min=256M --max=1G"), 0);
	assert_int_equal(command_line("limits off --off"), 0);
	assert_int_equal(command_line("set pinned 400M"), 0);
	sim_write_key(command_sim, 9, HB_KEY_TARGET, "much");
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "512M  auto    none\n"));
	assert_non_null(strstr(command_out, "512M  pinned  none\n"));
	assert_non_null(strstr(command_out, "512M  off     none\n"));
	assert_non_null(strstr(command_out, "invalid   512M  -       none\n"));
	/* That they cannot be read is no reason to show nothing. */
	common_write_state_file("limits", "broken\n");
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "    5  guest1    running    512M"));
	assert_non_null(strstr(command_out, "512M  ?     none\n"));
	assert_non_null(strstr(command_out, "The limits are not known: "));
}

/* Who was to get the size that it has, and got it: nobody has pinned it, wherever that is shown. */
static void test_announced(void **state)
{
	struct json_object *object;

	(void)state;
	common_write_state_file("limits", "hotballoon limits 1\n"
				"00000005-0000-0000-0000-000000000000 mode=auto min=131072 set=262144 next=524288\n");
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "512M  auto    none\n"));
	assert_int_equal(command_line("limits"), 0);
	assert_non_null(strstr(command_out, " auto "));
	assert_int_equal(command_line("free"), 0);
	assert_non_null(strstr(command_out, "1 guest may be asked"));
	assert_int_equal(command_line("list guest1 --json"), 0);
	object = command_json();
	assert_true(json_object_get_boolean(command_at(json_object_array_get_idx(command_at(object, "domains"), 0),
						       "limits.automatic")));
	json_object_put(object);
}

/* For the target people mean the size, video memory included, wherever it stands. */
static void test_video_memory(void **state)
{
	struct sim_guest windows = usual_guest;
	struct json_object *object;

	(void)state;
	windows.domid = 7;
	windows.name = "hvm";
	windows.type = HB_TYPE_HVM;
	windows.videoram_kib = 16 * M;
	sim_add(command_sim, &windows);
	assert_int_equal(command_line("set hvm 400M --wait"), 0);
	assert_int_equal(common_number(command_sim, 7, HB_KEY_TARGET), 384 * M);
	assert_non_null(strstr(command_out, "  target           512M -> 400M "));
	assert_int_equal(command_line("list hvm"), 0);
	assert_non_null(strstr(command_out, "    400M    400M  "));
	assert_int_equal(command_line("show hvm"), 0);
	assert_non_null(strstr(command_out, "target             400M\n"));
	assert_int_equal(command_line("top"), 0);
	assert_non_null(strstr(command_out, "   400M    400M"));
	assert_int_equal(command_line("set hvm 384M"), 0);
	assert_non_null(strstr(command_out, "the target is 384M, "));
	assert_int_equal(command_line("show hvm --json"), 0);
	object = command_json();
	assert_json_number(object, "size_kib", 384 * M);
	assert_json_number(object, "target_kib", 368 * M);
	json_object_put(object);
}

#define GONE "00000006-0000-0000-0000-000000000000"

static void test_limits_of_all(void **state)
{
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("limits"), 0);
	assert_non_null(strstr(command_out, "No domain has limits"));
	add_guest(6, "gone");
	add_guest(7, "web");
	assert_int_equal(command_line("limits gone web --min=256M --max=1G --weight=500"), 0);
	assert_int_equal(command_line("limits guest1 --off"), 0);
	sim_destroy(command_sim, 6);
	assert_int_equal(command_line("limits"), 0);
	assert_non_null(strstr(command_out, "    5 guest1 off     -   512M     -   1000 00000005-"));
	assert_non_null(strstr(command_out, "    - -      auto 256M      - 1024M    500 " GONE "\n"));
	assert_non_null(strstr(command_out, "    7 web    auto 256M   512M 1024M    500 00000007-"));
	assert_non_null(strstr(command_out, "\n1 of them is not there now"));
	assert_int_equal(command_line("limits --json"), 0);
	object = command_json();
	assert_int_equal(json_object_array_length(object), 3);
	assert_json_text(object, "0.name", "guest1");
	assert_json_text(object, "0.mode", "off");
	assert_json_text(object, "1.uuid", GONE);
	assert_null(command_at(object, "1.domid"));
	assert_json_text(object, "1.automatic", "false");
	assert_json_number(object, "1.min_kib", 256 * M);
	assert_json_text(object, "2.automatic", "true");
	json_object_put(object);
	assert_int_equal(command_line("limits --min=1G"), HB_E_USAGE);
	assert_non_null(strstr(command_err, "no domain is given"));
}

/* A domain that never comes back: what is kept for it is seen and removed, and nothing else. */
static void test_limits_of_gone(void **state)
{
	struct json_object *object;

	(void)state;
	add_guest(6, "gone");
	assert_int_equal(command_line("limits gone guest1 --min=256M"), 0);
	assert_int_equal(command_line("limits " GONE), 0);
	assert_non_null(strstr(command_out, "Managers may size it between 256M and 512M."));
	sim_destroy(command_sim, 6);
	assert_int_equal(command_line("limits " GONE), 0);
	assert_string_equal(command_out, "mode     auto\nmin      256M\nmax      -\nweight   1000\n"
			    "Managers leave it alone: no domain with this uuid is there.\n");
	assert_int_equal(command_line("limits " GONE " --off"), HB_E_REFUSED);
	assert_int_equal(command_line("limits " GONE " --forget --json"), 0);
	object = command_json();
	assert_json_text(object, "mode", "manual");
	json_object_put(object);
	assert_null(strstr(common_state_file("limits"), GONE));
	assert_non_null(strstr(common_state_file("limits"), "00000005-"));
	assert_int_equal(command_line("limits " GONE " --forget"), HB_E_NO_DOMAIN);
	assert_int_equal(command_line("limits nobody --forget"), HB_E_NO_DOMAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_list),
		TEST(test_same_uuid), TEST(test_some),
		TEST(test_width),
		TEST(test_utf8),
		TEST(test_cell),
		TEST(test_column_size),
		TEST(test_mode),
		TEST(test_announced),
		TEST(test_video_memory),
		TEST(test_limits_of_all),
		TEST(test_limits_of_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
