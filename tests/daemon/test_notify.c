/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd is told: where, in which form, and that nobody who listens wrongly harms. */
#include "common.h"
#include "notify.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char text[256];

/* A socket of that name; @: its first byte is zero. */
static int listen_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, name);
	if (*name == '@')
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&address,
			      offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name == '/')), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *next(int fd)
{
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void test_told(void **state)
{
	char path[100], abstract[100];
	int fds[2];

	(void)state;
	common_make_state_dir();
	snprintf(path, sizeof(path), "%s.notify", common_state_dir);
	snprintf(abstract, sizeof(abstract), "@hotballoon-%d", (int)getpid());
	fds[0] = listen_at(path);
	assert_true(notify("READY=1"));
	assert_string_equal(next(fds[0]), "READY=1");
	assert_true(notify_reloading());
	assert_int_equal(strncmp(next(fds[0]), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	fds[1] = listen_at(abstract);
	notify("WATCHDOG=1");
	assert_string_equal(next(fds[1]), "WATCHDOG=1");
	/* One that nobody reads is no reason to wait. */
	while (notify("WATCHDOG=1"))
		;
	assert_string_equal(next(fds[1]), "WATCHDOG=1");
	assert_true(notify("READY=1"));
	assert_false(notify("READY=1"));
	close(fds[0]);
	close(fds[1]);
	unlink(path);
	common_remove_state_dir();
}

static void test_nobody(void **state)
{
	static char long_name[300];
	static const char *const names[] = { "", "/", "@", "relative", "/nonexistent/socket", "@nobody-is-here", long_name };

	(void)state;
	memset(long_name, '/', sizeof(long_name) - 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		assert_true(notify("READY=1"));
	}
	unsetenv("NOTIFY_SOCKET");
	assert_true(notify("READY=1"));
}

/* For now there is no descriptor left: it is said again. */
static void test_no_descriptor(void **state)
{
	struct rlimit before, none;
	char abstract[100];
	bool taken;
	int fd;

	(void)state;
	snprintf(abstract, sizeof(abstract), "@hotballoon-%d", (int)getpid());
	fd = listen_at(abstract);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	taken = notify("READY=1");
	setrlimit(RLIMIT_NOFILE, &before);
	assert_false(taken);
	assert_true(notify("READY=1"));
	assert_string_equal(next(fd), "READY=1");
	close(fd);
}

static void test_watchdog(void **state)
{
	char pid[20];

	(void)state;
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(notify_watchdog_us(), 0);
	setenv("WATCHDOG_USEC", "60000000", 1);
	assert_int_equal(notify_watchdog_us(), 60000000);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_us(), 60000000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(notify_watchdog_us(), 0);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "-5", 1);
	assert_int_equal(notify_watchdog_us(), 0);
	setenv("WATCHDOG_USEC", "5s", 1);
	assert_int_equal(notify_watchdog_us(), 0);
	unsetenv("WATCHDOG_USEC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told), cmocka_unit_test(test_nobody), cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
