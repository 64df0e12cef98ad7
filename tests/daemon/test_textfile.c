/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics in a file: when it is written, and what becomes of it. */
#include "room.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "textfile.h"

static struct room room;
static struct textfile file;
static char said[1024], path[128], other[128];
static unsigned int complaints;

static void complain(const char *text, void *argument)
{
	(void)argument;
	snprintf(said, sizeof(said), "%s", text);
	complaints++;
}

static int setup(void **state)
{
	(void)state;
	complaints = 0;
	room_open(&room, 4 * G);
	snprintf(path, sizeof(path), "%s/h.prom", common_state_dir);
	snprintf(other, sizeof(other), "%s/other", common_state_dir);
	strcpy(room.config.textfile, path);
	manager_configure(room.manager, &room.config);
	room_add(&room, 512 * M, 256 * M, G);
	file = (struct textfile){ .complain = complain };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	textfile_end(&file);
	unlink(path);
	unlink(other);
	room_close(&room);
	return 0;
}

static uint64_t keep(void)
{
	const struct manager_view view = manager_look(room.manager);

	return textfile_keep(&file, &view);
}

static bool has(const char *what)
{
	static char text[65536];
	FILE *in = fopen(path, "r");
	size_t n;

	if (!in)
		return false;
	n = fread(text, 1, sizeof(text) - 1, in);
	text[n] = '\0';
	fclose(in);
	return strstr(text, what);
}

static struct stat status_of(const char *name)
{
	struct stat status;

	assert_int_equal(lstat(name, &status), 0);
	return status;
}

/* As if it had been kept long ago. */
static void grow_old(void)
{
	const struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_kept(void **state)
{
	struct stat first, second;
	uint64_t again, now;

	(void)state;
	umask(077);
	room_run(&room, 1000);
	assert_int_equal(keep(), UINT64_MAX);
	umask(022);
	assert_true(has("\nhotballoon_domain_target_bytes{domid=\"1\",name=\"g1\""));
	assert_true(has("hotballoon_manager_connected 1\n"));
	first = status_of(path);
	/* Whom it is for is another user. */
	assert_int_equal(first.st_mode & 0777, 0644);
	/* Nothing has been looked at since: not even its time is set. */
	grow_old();
	assert_int_equal(keep(), UINT64_MAX);
	assert_int_equal(status_of(path).st_mtime, 1000);
	/* Something has: not so soon, but when it is time. */
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	now = room.sim->clock_ms;
	room_run(&room, 2000);
	again = keep();
	assert_in_range(again, now, now + TEXTFILE_EVERY_MS);
	assert_int_equal(status_of(path).st_ino, first.st_ino);
	room_run(&room, again - room.sim->clock_ms);
	assert_int_equal(keep(), UINT64_MAX);
	second = status_of(path);
	assert_true(second.st_ino != first.st_ino && second.st_mtime > 1000);
	assert_false(has("hotballoon_manager_writes_total 0\n"));
	assert_true(has(",reason=\""));
}

static void keep_for(uint64_t ms)
{
	for (uint64_t end = room.sim->clock_ms + ms; room.sim->clock_ms < end;) {
		room_run(&room, 100);
		/* As the loop's timer does, also when no round is due. */
		manager_run(room.manager);
		keep();
	}
}

/* A text that is made between two rounds says the same of limits and domains as one of a round. */
static void test_between_rounds(void **state)
{
	(void)state;
	keep_for(1000);
	assert_true(has("hotballoon_domain_automatic{domid=\"1\",name=\"g1\",uuid=\"00000001-0000-0000-0000-000000000000\"} 1\n"));
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	for (unsigned int i = 0; i < 12; i++) {
		keep_for(1000);
		assert_true(has("hotballoon_domain_automatic{domid=\"1\",name=\"g1\",uuid=\"00000001-0000-0000-0000-000000000000\"} 1\n"));
	}
	/* Others are there, and there was no round since. */
	room_remove(&room, room_add(&room, 256 * M, 128 * M, G));
	for (unsigned int i = 0; i < 12; i++) {
		size_t one = room_add(&room, 256 * M, 128 * M, G);

		manager_run(room.manager);
		file.written_ms = 0;
		keep();
		assert_true(has("hotballoon_domain_automatic{domid=\"1\""));
		room_run(&room, 300);
		room_remove(&room, one);
		manager_run(room.manager);
		file.written_ms = 0;
		keep();
		assert_true(has("hotballoon_domain_automatic{domid=\"1\""));
		room_run(&room, 300);
	}
}

/* One that is made right after a deed knows who wrote the target. */
static void test_after_deed(void **state)
{
	uint64_t writes = 0;

	(void)state;
	room_run(&room, 1000);
	for (unsigned int i = 0; i < 100; i++) {
		if (i == 20)
			room_guest(&room, 0)->load.load.anon_kib = 600 * M;
		room_run(&room, 100);
		manager_run(room.manager);
		file.written_ms = 0;
		keep();
		writes += manager_look(room.manager).writes;
		assert_true(has("hotballoon_domain_automatic{domid=\"1\",name=\"g1\",uuid=\"00000001-0000-0000-0000-000000000000\"} 1\n"));
	}
	assert_true(writes > 0);
}

/* Where nothing happens the text stays, and its time shows that it is kept. */
static void test_quiet(void **state)
{
	struct stat first;
	unsigned int same = 0;

	(void)state;
	room_run(&room, 120000);
	keep();
	first = status_of(path);
	for (int i = 0; i < 4; i++) {
		grow_old();
		room_run(&room, 31000);
		keep();
		same += status_of(path).st_ino == first.st_ino;
		assert_true(status_of(path).st_mtime > 1000);
	}
	assert_int_equal(same, 4);
	/* Somebody has taken it away. */
	unlink(path);
	room_run(&room, 31000);
	keep();
	assert_true(has("hotballoon_manager_connected 1\n"));
}

/* A host that is looked at seldom: its time says nevertheless that somebody keeps it. */
static void test_seldom(void **state)
{
	uint64_t again;

	(void)state;
	room.config.look_s = 3600;
	manager_configure(room.manager, &room.config);
	room_run(&room, 120000);
	again = keep();
	for (int i = 0; i < 50; i++) {
		assert_in_range(again, room.sim->clock_ms + 1, room.sim->clock_ms + 60000);
		grow_old();
		room_run(&room, again - room.sim->clock_ms);
		again = keep();
		assert_true(status_of(path).st_mtime > 1000);
	}
	/* One that does not look when it should is kept by nobody. */
	grow_old();
	for (int i = 0; i < 120; i++) {
		sim_run(room.sim, 60000);
		keep();
	}
	grow_old();
	sim_run(room.sim, 60000);
	assert_int_equal(keep(), UINT64_MAX);
	assert_int_equal(status_of(path).st_mtime, 1000);
}

static void test_end(void **state)
{
	(void)state;
	room_run(&room, 1000);
	keep();
	assert_true(has("hotballoon_host_memory_bytes 4294967296\n"));
	/* Another name, and none: what nobody keeps is not left. */
	snprintf(room.config.textfile, sizeof(room.config.textfile), "%s/i.prom", common_state_dir);
	manager_configure(room.manager, &room.config);
	keep();
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(room.config.textfile, F_OK), 0);
	strcpy(path, room.config.textfile);
	room.config.textfile[0] = '\0';
	manager_configure(room.manager, &room.config);
	assert_int_equal(keep(), UINT64_MAX);
	assert_int_equal(access(path, F_OK), -1);
}

/* It could not be replaced at last: what is there is old, and does not stay either. */
static void test_end_of_old(void **state)
{
	char new[256];

	(void)state;
	room_run(&room, 1000);
	keep();
	snprintf(new, sizeof(new), "%s.new", path);
	assert_int_equal(mkdir(new, 0755), 0);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room_run(&room, 10000);
	keep();
	assert_int_equal(complaints, 1);
	assert_int_equal(access(path, F_OK), 0);
	textfile_end(&file);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(new), 0);
}

/* A link where the new file is to be is not followed. */
static void test_link(void **state)
{
	char new[256];
	FILE *out;

	(void)state;
	out = fopen(other, "w");
	assert_non_null(out);
	fclose(out);
	snprintf(new, sizeof(new), "%s.new", path);
	assert_int_equal(symlink(other, new), 0);
	assert_int_equal(symlink(other, path), 0);
	room_run(&room, 1000);
	keep();
	assert_int_equal(status_of(other).st_size, 0);
	assert_true(S_ISREG(status_of(path).st_mode));
	assert_true(has("hotballoon_manager_connected 1\n"));
}

static void test_cannot(void **state)
{
	(void)state;
	/* A directory is in its place. */
	assert_int_equal(mkdir(path, 0755), 0);
	room_run(&room, 1000);
	keep();
	assert_int_equal(complaints, 1);
	assert_non_null(strstr(said, "the metrics cannot be written to "));
	assert_non_null(strstr(said, "/h.prom, and it is tried again: "));
	room_run(&room, 40000);
	keep();
	assert_int_equal(complaints, 1);
	/* It is mended, and breaks again. */
	rmdir(path);
	room_run(&room, 40000);
	keep();
	assert_true(has("hotballoon_manager_connected 1\n"));
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	room_run(&room, 40000);
	keep();
	assert_int_equal(complaints, 1);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room_run(&room, 40000);
	keep();
	assert_int_equal(complaints, 2);
	textfile_end(&file);
	assert_int_equal(rmdir(path), 0);
}

/* What was seen last is not what is so now. */
static void test_lost(void **state)
{
	(void)state;
	room_run(&room, 1000);
	keep();
	room.sim->fault = SIM_FAULT_ERROR;
	room.sim->fault_errno = 5;
	room.sim->fault_at = room.sim->calls + 1;
	room.sim->fault_stays = true;
	room_run(&room, 120000);
	keep();
	assert_true(has("hotballoon_manager_connected 0\n"));
	assert_false(has("hotballoon_domain"));
}

/* Who did not follow and was given what it holds is the one that an alert is for. */
static void test_stuck(void **state)
{
	uint64_t seen = 0;

	(void)state;
	room_guest(&room, 0)->stuck = true;
	room_guest(&room, 0)->load.load.anon_kib = 100 * M;
	room_add(&room, 2 * G, 256 * M, 3 * G);
	room_guest(&room, 1)->load.load.anon_kib = 2600 * M;
	for (unsigned int i = 0; i < 60; i++) {
		room_run(&room, 10000);
		keep();
		if (has("hotballoon_domain_reason{domid=\"1\",name=\"g1\",uuid=\"00000001-0000-0000-0000-000000000000\",reason=\"stuck\"} 1\n")) {
			seen++;
			assert_true(room_target(&room, 0) == room_actual(&room, 0));
		}
	}
	assert_true(seen > 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kept), TEST(test_between_rounds), TEST(test_after_deed), TEST(test_quiet), TEST(test_seldom), TEST(test_end), TEST(test_end_of_old), TEST(test_link), TEST(test_cannot),
		TEST(test_lost), TEST(test_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
