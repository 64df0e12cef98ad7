/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxl's lock on real files, against a process that plays libxl. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libxl_lock.h"

#define UUID "0001f2e3-0000-4000-8000-00000000abcd"

static char dir[64], path[192];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/hotballoon-lock.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/userdata-l.7." UUID ".domain-userdata-lock", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static void test_take_and_leave(void **state)
{
	struct hb_path_lock lock = { 0 };

	(void)state;
	hb_path_unlock(&lock);
	assert_int_equal(hb_libxl_lock(&lock, dir, 7, UUID), 0);
	assert_true(lock.held);
	/* The name that libxl opens. */
	assert_int_equal(access(path, F_OK), 0);
	hb_path_unlock(&lock);
	assert_false(lock.held);
	assert_int_not_equal(access(path, F_OK), 0);
	hb_path_unlock(&lock);
}

static void test_held_by_another(void **state)
{
	struct hb_path_lock lock = { 0 }, other = { 0 };
	int fd = open(path, O_RDWR | O_CREAT, 0666);

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(hb_libxl_lock(&lock, dir, 7, UUID), -EBUSY);
	assert_false(lock.held);
	/* Another domain is another lock. */
	assert_int_equal(hb_libxl_lock(&other, dir, 8, UUID), 0);
	hb_path_unlock(&other);
	/* As libxl lets go. */
	unlink(path);
	close(fd);
	assert_int_equal(hb_libxl_lock(&lock, dir, 7, UUID), 0);
	hb_path_unlock(&lock);
}

static void test_no_libxl(void **state)
{
	struct hb_path_lock lock = { 0 };

	(void)state;
	assert_int_equal(hb_libxl_lock(&lock, "/nonexistent/xen", 7, UUID), 0);
	assert_false(lock.held);
	assert_int_equal(hb_libxl_lock(&lock, "/dev/null", 7, UUID), -ENOTDIR);
	assert_false(lock.held);
}

/* A process that is killed lets go, although its file stays. */
static void test_killed_holder(void **state)
{
	struct hb_path_lock lock = { 0 };
	int ready[2], status;
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		if (hb_libxl_lock(&lock, dir, 7, UUID) || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(hb_libxl_lock(&lock, dir, 7, UUID), -EBUSY);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(hb_libxl_lock(&lock, dir, 7, UUID), 0);
	hb_path_unlock(&lock);
	close(ready[0]);
	close(ready[1]);
}

/*
 * Processes that lock, look, and let go, thousands of times: were a removed file
 * taken for the lock, two of them would be inside at once.
 */
#define WORKERS 4
#define ROUNDS 2000

static int work(const char *inside)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct hb_path_lock lock = { 0 };
		int rc, fd;

		while ((rc = hb_libxl_lock(&lock, dir, 7, UUID)) == -EBUSY)
			usleep(10);
		if (rc)
			return 2;
		fd = open(inside, O_CREAT | O_EXCL | O_RDWR, 0600);
		if (fd < 0)
			return 3;
		close(fd);
		unlink(inside);
		hb_path_unlock(&lock);
	}
	return 0;
}

static void test_many_at_once(void **state)
{
	char inside[128];
	int status;

	(void)state;
	snprintf(inside, sizeof(inside), "%s/inside", dir);
	for (int i = 0; i < WORKERS; i++) {
		if (fork() == 0)
			_exit(work(inside));
	}
	for (int i = 0; i < WORKERS; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_take_and_leave),
		TEST(test_held_by_another),
		TEST(test_no_libxl),
		TEST(test_killed_holder),
		TEST(test_many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
