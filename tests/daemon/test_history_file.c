/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The history in its file: over restarts, turned over, damaged, and as the command tells it. */
#include "room.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../sim/command.h"
#include "../sim/speaker.h"
#include "answer.h"
#include "history_file.h"

static struct hb_history history;
static struct history_file file;
static char path[128], old[160];

static int setup(void **state)
{
	(void)state;
	common_make_state_dir();
	mkdir(common_state_dir, 0755);
	snprintf(path, sizeof(path), "%s/history", common_state_dir);
	snprintf(old, sizeof(old), "%s.old", path);
	memset(&history, 0, sizeof(history));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(old);
	common_remove_state_dir();
	return 0;
}

static int add_of(const char *uuid, uint64_t time_ms)
{
	struct hb_deed deed = {
		.time_ms = time_ms, .domid = 1, .name = "web", .from_kib = 4, .to_kib = 8,
		.reason = HB_MOTIVE_WANTS,
	};

	int error;

	strcpy(deed.uuid, uuid);
	error = history_file_add(&file, &history, &deed);

	hb_history_add(&history, &deed);
	return error;
}

static int add(uint64_t time_ms)
{
	return add_of("u", time_ms);
}

/* What a new process reads. */
static int reopen(void)
{
	memset(&history, 0, sizeof(history));
	return history_file_open(&file, path, &history);
}

static void append(const char *text)
{
	FILE *out = fopen(path, "a");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void test_kept(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(reopen(), 0);
	assert_int_equal(history.count, 0);
	assert_int_equal(add(1), 0);
	assert_int_equal(add(2), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(reopen(), 0);
	assert_int_equal(history.count, 2);
	assert_int_equal(hb_history_at(&history, 1)->time_ms, 2);
	assert_string_equal(hb_history_at(&history, 1)->name, "web");
	assert_int_equal(hb_history_at(&history, 1)->reason, HB_MOTIVE_WANTS);
	/* Without a file nothing is written. */
	assert_int_equal(history_file_open(&file, NULL, &history), 0);
	assert_int_equal(add(3), 0);
	assert_int_equal(reopen(), 0);
	assert_int_equal(history.count, 2);
}

/* Two files of so many lines at most, whoever writes them, and the last are never lost. */
static void test_bounded(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(reopen(), 0);
	for (uint64_t i = 1; i <= 5000; i++) {
		assert_int_equal(add(i), 0);
		if (i % 700)
			continue;
		assert_int_equal(reopen(), 0);
		assert_int_equal(history.count, i < HB_HISTORY_DEEDS ? i : HB_HISTORY_DEEDS);
		assert_int_equal(hb_history_at(&history, history.count - 1)->time_ms, i);
		assert_int_equal(hb_history_at(&history, 0)->time_ms, i - history.count + 1);
	}
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size <= HB_HISTORY_DEEDS * 24);
	assert_int_equal(stat(old, &status), 0);
	assert_true(status.st_size <= HB_HISTORY_DEEDS * 24);
}

/* One is set again and again, and the process started anew: what was done to others is known still. */
static void test_busy(void **state)
{
	size_t count = 0;

	(void)state;
	reopen();
	for (uint64_t i = 1; i <= 10000; i++) {
		assert_int_equal(add_of(i <= 20 ? "quiet" : "busy", i), 0);
		if (i % 333 == 0)
			assert_int_equal(reopen(), 0);
	}
	reopen();
	for (size_t i = 0; i < history.count; i++) {
		const struct hb_deed *deed = hb_history_at(&history, i);

		count += !strcmp(deed->uuid, "quiet");
		assert_int_equal(deed->gap, i == 20);
	}
	assert_int_equal(count, 20);
	assert_int_equal(history.count, HB_HISTORY_DEEDS);
	assert_int_equal(hb_history_at(&history, history.count - 1)->time_ms, 10000);
}

static void test_damaged(void **state)
{
	char line[2 * HB_DEED_LINE];

	(void)state;
	reopen();
	add(1);
	append("nonsense\n\n");
	snprintf(line, sizeof(line), "3 7 - 4 8 wants %0500d\n", 0);
	append(line);
	append("4 7 - 4 8 wants x\n5 7 - 4 8 wa");
	assert_int_equal(reopen(), 0);
	assert_int_equal(history.count, 2);
	assert_int_equal(hb_history_at(&history, 1)->time_ms, 4);
	/* What follows half a line is whole. */
	assert_int_equal(add(6), 0);
	assert_int_equal(add(7), 0);
	assert_int_equal(reopen(), 0);
	assert_int_equal(history.count, 4);
	assert_int_equal(hb_history_at(&history, 2)->time_ms, 6);
	assert_int_equal(hb_history_at(&history, 3)->time_ms, 7);
}

static void test_cannot(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(reopen(), EIO);
	assert_int_equal(add(1), EISDIR);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(add(2), 0);
	/* A link is not followed. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(old, path), 0);
	assert_int_equal(reopen(), ELOOP);
	assert_int_equal(add(3), ELOOP);
	assert_int_equal(access(old, F_OK), -1);
}

/* ------------------------------------------------------------- the manager */

static struct room room;

static int setup_room(void **state)
{
	(void)state;
	room_open(&room, 4 * G);
	snprintf(path, sizeof(path), "%s/history", common_state_dir);
	snprintf(old, sizeof(old), "%s.old", path);
	room_kill(&room);
	room.history = path;
	room_start(&room);
	return 0;
}

static int teardown_room(void **state)
{
	(void)state;
	speaker_end();
	unsetenv("HOTBALLOON_SOCKET");
	unlink(path);
	unlink(old);
	rmdir(path);
	room_close(&room);
	return 0;
}

static void ask(const char *parameters)
{
	struct answer said;
	char message[128];

	snprintf(message, sizeof(message), "{\"method\":\"org.hotballoon.Manager.History\",\"parameters\":%s}", parameters);
	said = answer(room.manager, false, message);
	assert_non_null(said.text);
	speaker_start(said.text, strlen(said.text) + 1);
	free(said.text);
}

static size_t lines_of(const char *line)
{
	size_t lines = 0;

	assert_int_equal(command_line_with(command_open_nothing, line), 0);
	for (const char *c = command_out; *c; c++)
		lines += *c == '\n' && !strstr(command_out, "has set no size");
	return lines;
}

static void test_restarted(void **state)
{
	size_t all;

	(void)state;
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room_run(&room, 60000);
	all = manager_look(room.manager).history->count;
	assert_true(all > 0 && all == room_writes(&room));
	room_kill(&room);
	room_start(&room);
	assert_int_equal(manager_look(room.manager).history->count, all);
	/* As the command tells it. */
	ask("{}");
	assert_int_equal(lines_of("history"), all);
	assert_int_equal(strncmp(command_out, "2027-01-15 ", 11), 0);
	assert_non_null(strstr(command_out, "g1 (1): 512M -> "));
	assert_non_null(strstr(command_out, ": it needs more to work\n"));
	assert_int_equal(lines_of("history g1 --json") > 0, 1);
	assert_int_equal(lines_of("history nobody"), 0);
	/* Only what is not older. */
	room_run(&room, 3600000);
	ask("{\"last_s\":1800}");
	assert_int_equal(lines_of("history"), 0);
	ask("{\"last_s\":7200}");
	assert_int_equal(lines_of("history"), manager_look(room.manager).history->count);
}

/* More was done than is remembered, most of it to one guest: that is said, of all and of that one. */
static void test_forgotten(void **state)
{
	uint64_t since;

	(void)state;
	room_kill(&room);
	reopen();
	for (uint64_t i = 1; i <= 3000; i++)
		add_of(i % 2 ? "busy" : i % 40 ? "second" : "quiet", i * 1000);
	room_start(&room);
	ask("{}");
	since = hb_history_at(manager_look(room.manager).history, 0)->time_ms;
	/* Of the quiet one all, and two gaps. */
	assert_int_equal(since, 40000);
	assert_int_equal(lines_of("history"), HB_HISTORY_DEEDS + 3);
	assert_int_equal(strncmp(command_out, "nothing before 1970-01-01 00:00:40 is remembered\n", 48), 0);
	assert_int_equal(lines_of("history quiet"), 1 + 75);
}

static void test_full_disk(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0755), 0);
	room_kill(&room);
	room_forget(&room);
	room_start(&room);
	assert_true(room_said(&room, "the history in "));
	assert_true(room_said(&room, " cannot be read, and is lost when this ends: "));
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room_run(&room, 60000);
	/* It is said once, and guests are sized. */
	assert_false(room_said(&room, "cannot be written"));
	assert_true(room_target(&room, 0) > 600 * M);
	assert_true(manager_look(room.manager).history->count > 0);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define ROOM_TEST(name) cmocka_unit_test_setup_teardown(name, setup_room, teardown_room)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(test_kept), FILE_TEST(test_bounded), FILE_TEST(test_busy), FILE_TEST(test_damaged), FILE_TEST(test_cannot),
		ROOM_TEST(test_restarted), ROOM_TEST(test_forgotten), ROOM_TEST(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
