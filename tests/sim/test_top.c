/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon top: the frame line by line, and the live view on a real terminal. */
#include "common.h"

#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "speaker.h"
#include "top.h"

#define LINES_MAX 64

static char *text;
static char *lines[LINES_MAX];
static size_t nr_lines;

static int teardown(void **state)
{
	free(text);
	text = NULL;
	return command_teardown(state);
}

static void split(char *frame)
{
	nr_lines = 0;
	for (char *line = strtok(frame, "\n"); line && nr_lines < LINES_MAX; line = strtok(NULL, "\n"))
		lines[nr_lines++] = line;
}

/* What hotballoond says of the first, the second and so on. */
static struct cli_reason reasons[4];

/* A frame of what there is, as wide and high as is said. */
static void frame(unsigned int width, unsigned int height, enum top_sort sort, bool reverse,
		  size_t first)
{
	struct top_view view = {
		.width = width, .height = height, .sort = sort, .reverse = reverse, .first = first,
		.clock = "12:34:56", .warning = "", .fault = "", .plain = "", .keys = true,
	};
	struct hb *hb = common_connect(command_sim);
	struct hb_domain **domains;
	struct top_data data = { 0 };
	struct hb_error error;
	size_t size;
	FILE *out;

	assert_int_equal(hb_host_memory(hb, &data.host, &error), HB_OK);
	assert_int_equal(hb_list(hb, &domains, &data.count, &error), HB_OK);
	data.rows = calloc(data.count, sizeof(*data.rows));
	for (size_t i = 0; i < data.count; i++) {
		data.rows[i].domain = *domains[i];
		assert_int_equal(hb_limits_get(hb, domains[i], &data.rows[i].limits, &error), HB_OK);
		data.rows[i].reason = reasons[i % 4];
	}
	hb_domains_free(domains);
	free(text);
	out = open_memstream(&text, &size);
	top_frame(out, &data, &view);
	fclose(out);
	free(data.rows);
	hb_close(hb);
	split(text);
}

static void add_guest(uint32_t domid, const char *name, uint64_t kib)
{
	struct sim_guest guest = usual_guest;

	guest.domid = domid;
	guest.name = name;
	guest.memory_kib = kib;
	guest.maxmem_kib = kib > G ? kib : G;
	sim_add(command_sim, &guest);
}

static void test_bar(void **state)
{
	struct hb_limits_change change = { .min = { HB_PRESENT, 256 * M }, .max = { HB_PRESENT, 2 * G } };
	struct hb *hb = common_connect(command_sim);
	struct hb_domain domain;
	struct hb_limits limits;
	struct hb_error error;

	(void)state;
	add_guest(7, "web", 512 * M);
	assert_int_equal(hb_show(hb, 7, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
	hb_close(hb);
	sim_write_key(command_sim, 7, HB_KEY_MEMINFO_TOTAL, "480000");
	sim_write_key(command_sim, 7, HB_KEY_MEMINFO_FREE, "86784");
	sim_write_key(command_sim, 7, HB_KEY_TARGET, "786432");
	sim_guest(command_sim, 7)->rate_kib_s = 0;
	sim_run(command_sim, 100);
	frame(87, 0, TOP_SORT_ID, false, 0);
	assert_string_equal(lines[0], "hotballoon 12:34:56  3 domains, the host has 5796M of 8G to give, by id");
	/*  512 of 1024 MiB held, 256 at least, 384 used, 768 wanted, the most is beyond */
	assert_non_null(strstr(lines[4], "web             512M    768M    384M ===<=*=---|--> growing   pinned none"));
	/* Another guest without an agent and limits, and domain 0 without both. */
	assert_non_null(strstr(lines[3], "guest1          512M    512M       - =============| idle      manual none"));
	assert_non_null(strstr(lines[2], "Domain-0       1024M   1024M       - =============| running   manual -"));
}

static void test_width(void **state)
{
	static const unsigned int widths[] = { 20, 79, 80, 81, 120, 144, 300 };

	(void)state;
	add_guest(7, "a-name-that-is-longer-than-the-column\033[2J", 512 * M);
	sim_write_key(command_sim, 7, HB_KEY_REPORT_CAUSE, "host-out-of-memory");
	sim_write_key(command_sim, 7, HB_KEY_REPORT_STATE, "shrinking");
	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		print_message("widths, row %zu\n", w);
		frame(widths[w], 0, TOP_SORT_ID, false, 0);
		assert_int_equal(nr_lines, 7);
		for (size_t i = 0; i < nr_lines; i++)
			assert_true(cli_width(lines[i]) <= widths[w]);
	}
	/* At 80 columns nothing that matters is cut. */
	frame(80, 0, TOP_SORT_ID, false, 0);
	assert_non_null(strstr(lines[4], " shrinking host-out-of-memory"));
	assert_non_null(strstr(lines[5], "* demand"));
	assert_null(strchr(lines[4], '\033'));
}

/* Names have the room that there is, and what nobody has takes none. */
static void test_columns(void **state)
{
	(void)state;
	add_guest(7, "web-frontend-of-the-shop-01", 512 * M);
	add_guest(8, "データベース", 512 * M);
	frame(80, 0, TOP_SORT_ID, false, 0);
	assert_null(strstr(lines[1], "DEMAND"));
	assert_null(strstr(lines[1], "MODE"));
	assert_non_null(strstr(lines[4], "web-frontend-of-the-shop-01    512M    512M ===|--- idle"));
	assert_non_null(strstr(lines[5], "データベース                   512M    512M ===|--- idle"));
	frame(70, 0, TOP_SORT_ID, false, 0);
	assert_non_null(strstr(lines[4], "web-frontend-of-\u2026    512M    512M ===|--- idle"));
	frame(120, 0, TOP_SORT_ID, false, 0);
	assert_non_null(strstr(lines[4], "web-frontend-of-the-shop-01    512M"));
	assert_int_equal(command_line("limits 8 --off"), 0);
	frame(80, 0, TOP_SORT_ID, false, 0);
	assert_non_null(strstr(lines[1], " STATE     MODE   CAUSE"));
	assert_non_null(strstr(lines[4], " idle      manual none"));
	assert_non_null(strstr(lines[5], " idle      off    none"));
}

/* Where there is room for it, and somebody says it. */
static void test_reasons(void **state)
{
	(void)state;
	frame(120, 0, TOP_SORT_ID, false, 0);
	assert_null(strstr(lines[1], "REASON"));
	reasons[1] = (struct cli_reason){ .known = true, .reason = "host-full" };
	add_guest(7, "web", 512 * M);
	frame(93, 0, TOP_SORT_ID, false, 0);
	assert_null(strstr(lines[1], "REASON"));
	frame(94, 0, TOP_SORT_ID, false, 0);
	assert_non_null(strstr(lines[1], " STATE     REASON        CAUSE"));
	assert_non_null(strstr(lines[2], " running   -             -"));
	assert_non_null(strstr(lines[3], " idle      host-full     none"));
	/* A later one can have longer words. */
	strcpy(reasons[2].reason, "a-word-of-another-time");
	reasons[2].known = true;
	assert_int_equal(command_line("limits 7 --off"), 0);
	frame(100, 0, TOP_SORT_ID, false, 0);
	assert_non_null(strstr(lines[1], " STATE     MODE   REASON        CAUSE"));
	assert_non_null(strstr(lines[4], " idle      off    a-word-of-an\u2026 none"));
	for (size_t i = 0; i < nr_lines; i++)
		assert_true(cli_width(lines[i]) <= 100);
	memset(reasons, 0, sizeof(reasons));
}

/* By domid and uuid; who says nothing, or nonsense, is left out. */
static void test_asks(void **state)
{
	static const char *const nonsense[] = {
		"{\"parameters\":{}}", "{\"parameters\":{\"domains\":7}}", "{\"error\":\"x\"}", "what?",
		"{\"parameters\":{\"domains\":[7,{\"domid\":\"a\"},{\"domid\":5}]}}",
	};
	char reply[1024], uuid[64];
	struct json_object *object;

	(void)state;
	assert_int_equal(command_line("top --json"), 0);
	object = command_json();
	assert_null(command_at(object, "domains.1.hotballoond"));
	snprintf(uuid, sizeof(uuid), "%s", json_object_get_string(command_at(object, "domains.1.uuid")));
	json_object_put(object);
	snprintf(reply, sizeof(reply), "{\"parameters\":{\"domains\":["
		 "{\"domid\":0,\"uuid\":\"of another one\",\"reason\":\"a\",\"reason_text\":\"b\",\"need\":\"c\",\"need_text\":\"d\"},"
		 "{\"domid\":3},{\"domid\":5,\"uuid\":\"%s\",\"reason\":\"held\",\"reason_text\":\"it is\","
		 "\"need\":\"swaps\",\"need_text\":\"it swaps\"}]}}", uuid);
	speaker_start(reply, strlen(reply) + 1);
	assert_int_equal(command_line("top --json"), 0);
	assert_string_equal(speaker_heard(), "{\"method\":\"org.hotballoon.Manager.GetDomains\",\"parameters\":{}}");
	object = command_json();
	assert_null(command_at(object, "domains.0.hotballoond"));
	assert_json_text(object, "domains.1.hotballoond.reason", "held");
	assert_json_text(object, "domains.1.hotballoond.need_text", "it swaps");
	json_object_put(object);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		speaker_start(nonsense[i], strlen(nonsense[i]) + 1);
		assert_int_equal(command_line("top --json"), 0);
		object = command_json();
		assert_null(command_at(object, "domains.1.hotballoond"));
		json_object_put(object);
	}
	speaker_end();
	unsetenv("HOTBALLOON_SOCKET");
}

static void press(struct top_view *view, const char *keys)
{
	assert_true(top_take_keys(view, keys, strlen(keys)));
}

static void test_keys(void **state)
{
	struct top_view view = { .most = 25, .page = 10 };

	(void)state;
	press(&view, "\033[6~");		/* PgDn */
	assert_int_equal(view.first, 10);
	press(&view, "\033[B\033OB");	/* down, twice */
	assert_int_equal(view.first, 12);
	press(&view, " \033[6~");
	assert_int_equal(view.first, 25);
	press(&view, "\033[A");
	assert_int_equal(view.first, 24);
	press(&view, "\033[5~\033[5~");	/* PgUp */
	assert_int_equal(view.first, 4);
	press(&view, "\033[5~");
	assert_int_equal(view.first, 0);
	press(&view, "\033[F");		/* End */
	assert_int_equal(view.first, 25);
	press(&view, "\033[1~");		/* Home */
	assert_int_equal(view.first, 0);
	/* Unknown keys do nothing, whatever letters are in them: not even sort or quit. */
	press(&view, "\033[1;5q\033[15~\033[Z\033[200~\033OR");
	assert_int_equal(view.first, 0);
	assert_int_equal(view.sort, TOP_SORT_ID);
	press(&view, "nr");
	assert_int_equal(view.sort, TOP_SORT_NAME);
	assert_true(view.reverse);
	/* Any key leaves the help, and does nothing else. */
	press(&view, "?");
	assert_true(view.help);
	press(&view, "q");
	assert_false(view.help);
	assert_false(top_take_keys(&view, "q", 1));
}

static void assert_order(enum top_sort sort, bool reverse, const char *first, const char *last)
{
	frame(80, 0, sort, reverse, 0);
	if (strncmp(lines[2], first, strlen(first)) || strncmp(lines[nr_lines - 3], last, strlen(last)))
		fail_msg("by %s: %s ... %s", top_sort_names[sort], lines[2], lines[nr_lines - 3]);
}

static void test_sort(void **state)
{
	(void)state;
	add_guest(7, "zoo", 2 * G);
	add_guest(9, "ant", 128 * M);
	sim_write_key(command_sim, 9, HB_KEY_QUBES_MEMINFO, "100000");
	sim_write_key(command_sim, 7, HB_KEY_QUBES_MEMINFO, "99999");
	sim_write_key(command_sim, 5, HB_KEY_REPORT_CAUSE, "guest-busy");
	sim_write_key(command_sim, 9, HB_KEY_TARGET, "4194304");
	assert_order(TOP_SORT_ID, false, "Domain-0", "ant");
	assert_order(TOP_SORT_ID, true, "ant", "Domain-0");
	assert_order(TOP_SORT_NAME, false, "Domain-0", "zoo");
	assert_order(TOP_SORT_ACTUAL, false, "zoo", "ant");
	assert_order(TOP_SORT_TARGET, false, "ant", "guest1");
	assert_order(TOP_SORT_DEMAND, false, "ant", "guest1");
	assert_order(TOP_SORT_DEMAND, true, "guest1", "ant");
	assert_order(TOP_SORT_CAUSE, false, "guest1", "ant");
}

static void test_scroll(void **state)
{
	char name[16];

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "g%u", i);
		add_guest(10 + i, strdup(name), 64 * M);
		free((char *)sim_guest(command_sim, 10 + i)->name);
		sim_guest(command_sim, 10 + i)->name = "g";
	}
	/* 22 domains, room for 10: the last one is seen with 12 scrolled away. */
	frame(80, 14, TOP_SORT_ID, false, 0);
	assert_int_equal(nr_lines, 14);
	assert_memory_equal(lines[11], "g7 ", 3);
	frame(80, 14, TOP_SORT_ID, false, 12);
	assert_int_equal(nr_lines, 14);
	assert_memory_equal(lines[11], "g19 ", 4);
	/* Whatever the height is, no line is too many, and the domains come before the legend. */
	for (unsigned int height = 1; height <= 30; height++) {
		frame(80, height, TOP_SORT_ID, false, 0);
		assert_int_equal(nr_lines, height < 26 ? height : 26);
		assert_memory_equal(lines[0], "hotballoon ", 11);
		assert_true(height < 3 || !strncmp(lines[2], "Domain-0 ", 9));
	}
}

/* Programs get the order that they ask for, too. */
static void test_sort_in_json(void **state)
{
	struct json_object *object;

	(void)state;
	add_guest(7, "zoo", 2 * G);
	add_guest(9, "ant", 128 * M);
	assert_int_equal(command_line("top --sort=actual --json"), 0);
	object = command_json();
	assert_json_text(object, "domains.0.name", "zoo");
	assert_json_text(object, "domains.1.name", "Domain-0");
	assert_json_text(object, "domains.3.name", "ant");
	json_object_put(object);
	assert_int_equal(command_line("top --json"), 0);
	object = command_json();
	assert_json_text(object, "domains.0.name", "Domain-0");
	assert_json_text(object, "domains.3.name", "ant");
	json_object_put(object);
}

/* Into a pipe: one frame, no escape sequence, and no keys that nobody can press. */
static void test_no_terminal(void **state)
{
	(void)state;
	assert_int_equal(command_line("top"), 0);
	assert_null(strchr(command_out, '\033'));
	assert_null(strstr(command_out, "q quit"));
	split(command_out);
	assert_int_equal(nr_lines, 5);
	assert_int_equal(command_line("top --sort=size"), HB_E_USAGE);
	assert_int_equal(command_line("top --interval=0"), HB_E_USAGE);
	assert_int_equal(command_line("top --sort=actual"), 0);
	command_sim->fault = SIM_FAULT_ERROR;
	command_sim->fault_errno = 5;
	command_sim->fault_at = command_sim->calls + 1;
	assert_int_equal(command_line("top"), HB_E_HOST);
}

/*
 * A live frame fills the screen and does not scroll it, and nothing is erased behind a
 * line: where that is as wide as the screen, it would be its last character.
 */
static void check_frame(const char *seen, unsigned int height)
{
	const char *frame = strstr(seen, "\033[H"), *end;
	unsigned int ends = 0;

	assert_non_null(frame);
	end = strstr(frame + 3, "\033[H");
	assert_non_null(end);
	for (const char *at = frame + 3; at < end; at++) {
		ends += *at == '\n';
		if (!strncmp(at, "\033[K", 3))
			assert_true(at == frame + 3 || at[-1] == '\n');
		if (!strncmp(at, "\033[J", 3))
			assert_int_equal(at[-1], '\n');
	}
	assert_int_equal(ends, height - 1);
}

/* On a terminal of 100 columns: draws, takes keys, and leaves the terminal as it was. */
static void on_terminal(const char *end, int how)
{
	char *argv[] = { (char *)"hotballoon", (char *)"top", NULL }, seen[16384] = "";
	struct winsize size = { .ws_col = 100, .ws_row = 10 };
	int terminal, status;
	pid_t pid = forkpty(&terminal, NULL, NULL, &size);

	assert_true(pid >= 0);
	if (!pid)
		_exit(cli_main(2, argv, command_open, stdout, stderr));
	assert_true(command_shows(terminal, seen, sizeof(seen), "\033[?1049h"));
	assert_true(command_shows(terminal, seen, sizeof(seen), "by id"));
	assert_int_equal(write(terminal, "n", 1), 1);
	assert_true(command_shows(terminal, seen, sizeof(seen), "by name"));
	assert_int_equal(write(terminal, "r\033[B", 4), 4);
	assert_true(command_shows(terminal, seen, sizeof(seen), "by name, reversed"));
	check_frame(seen, size.ws_row);
	if (how)
		kill(pid, how);
	else
		assert_int_equal(write(terminal, end, strlen(end)), (ssize_t)strlen(end));
	assert_true(command_shows(terminal, seen, sizeof(seen), "\033[?25h\033[?1049l"));
	/* Closed before, it would hang up on the child. */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(terminal);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Help comes and goes; what is no height for it is cut. */
static void test_help(void **state)
{
	struct top_view view = { .width = 80, .clock = "12:34:56", .warning = "", .fault = "",
				 .plain = "", .help = true };
	struct top_data data = { 0 };

	(void)state;
	for (view.height = 1; view.height < 30; view.height++) {
		size_t size;
		FILE *out;

		free(text);
		out = open_memstream(&text, &size);
		top_frame(out, &data, &view);
		fclose(out);
		split(text);
		assert_int_equal(nr_lines, view.height < 15 ? view.height : 15);
		assert_memory_equal(lines[0], "hotballoon 12:34:56", 19);
		for (size_t i = 0; i < nr_lines; i++)
			assert_true(cli_width(lines[i]) <= 80);
	}
	assert_non_null(strstr(lines[5], "Home, End"));
}

/* A terminal that becomes larger is filled at once, whatever the interval is. */
static void test_resize(void **state)
{
	char *argv[] = { (char *)"hotballoon", (char *)"top", (char *)"--interval=3600", NULL };
	struct winsize size = { .ws_col = 80, .ws_row = 8 };
	char seen[16384] = "";
	int terminal, status;
	pid_t pid;

	(void)state;
	for (uint32_t i = 0; i < 12; i++)
		add_guest(10 + i, i == 11 ? "last" : "g", 64 * M);
	pid = forkpty(&terminal, NULL, NULL, &size);
	assert_true(pid >= 0);
	if (!pid)
		_exit(cli_main(3, argv, command_open, stdout, stderr));
	assert_true(command_shows(terminal, seen, sizeof(seen), "by id"));
	assert_null(strstr(seen, "last"));
	size.ws_row = 24;
	assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
	assert_true(command_shows(terminal, seen, sizeof(seen), "last"));
	/* Keys that are pressed are answered at once, too. */
	assert_int_equal(write(terminal, "?", 1), 1);
	assert_true(command_shows(terminal, seen, sizeof(seen), "Home, End"));
	assert_int_equal(write(terminal, "xq", 2), 2);
	assert_true(command_shows(terminal, seen, sizeof(seen), "\033[?1049l"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(terminal);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_terminal(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 12; i++)
		add_guest(10 + i, "g", 64 * M);
	on_terminal("q", 0);
	on_terminal("\034q", 0);	/* Ctrl-\ is no key */
	on_terminal("\003", 0);		/* Ctrl-C */
	on_terminal("", SIGTERM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bar),
		TEST(test_width),
		TEST(test_columns), TEST(test_reasons), TEST(test_asks),
		TEST(test_keys),
		TEST(test_sort),
		TEST(test_sort_in_json),
		TEST(test_scroll),
		TEST(test_no_terminal),
		TEST(test_help),
		TEST(test_terminal),
		TEST(test_resize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
