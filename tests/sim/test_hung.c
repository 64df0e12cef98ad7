/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing waits for ever: a xenstored that does not answer ends every command at its time
 * limit, and where something hangs that has none, the second Ctrl-C does.
 */
#include "common.h"

#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "deadline.h"
#include "sim_internal.h"

#define FIRST_LINE "reserve 64M --for=web"

static void start_host(void)
{
	command_setup(NULL);
	assert_int_equal(command_line("limits guest1 --min=128M"), 0);
	assert_int_equal(command_line(FIRST_LINE), 0);
	command_sim->calls = 0;
	command_sim->clock_ms = 0;
}

/* From that call on it says nothing; 0: it answers. Returns how many calls are made. */
static unsigned int hang_at(const char *line, unsigned int at, unsigned int limit_ms)
{
	unsigned int calls;
	int code;

	start_host();
	command_sim->hangs_at = at;
	code = command_line(line);
	calls = command_sim->calls;
	if (!at && code)
		fail_msg("%s: %d: %s", line, code, command_err);
	/* What is left to do at an end may fail unnoticed; nothing is waited for then. */
	if (code && code != HB_E_HOST)
		fail_msg("%s, hung at %u: %d: %s", line, at, code, command_err);
	if (code && !strstr(command_err, "xenstored does not answer"))
		fail_msg("%s, hung at %u: %s", line, at, command_err);
	if (command_sim->clock_ms > limit_ms)
		fail_msg("%s, hung at %u: ends after %ju ms", line, at,
			 (uintmax_t)command_sim->clock_ms);
	command_teardown(NULL);
	return calls;
}

static void hang_everywhere(const char *line, unsigned int limit_ms)
{
	unsigned int calls = hang_at(line, 0, UINT32_MAX);

	assert_true(calls > 1);
	for (unsigned int at = 1; at <= calls; at++)
		hang_at(line, at, limit_ms);
}

static void test_time_limits(void **state)
{
	static const char *const lines[] = {
		"set guest1 256M --wait=3", "set guest1 1G --wait=3", "wait guest1 --timeout=3",
		"free 6500M --timeout=3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		hang_everywhere(lines[i], 3000 + HB_CALL_LEAST_MS);
	}
}

/* Another process has the host locked from that moment on, or another tool the guest. */
static uint64_t lock_at_ms;
static bool lock_guest, locked;
static struct hb *locker;

static void lock_for_ever(struct sim *sim)
{
	if (locked || sim->clock_ms < lock_at_ms)
		return;
	locked = true;
	if (lock_guest) {
		sim->locked_domid = GUEST;
		sim->locked_until_ms = UINT64_MAX;
	} else {
		assert_int_equal(locker->host->ops->lock_host(locker->host), 0);
	}
}

static void lock_while(const char *line, uint64_t at_ms, bool guest)
{
	start_host();
	sim_guest(command_sim, GUEST)->rate_kib_s = 16 * M;
	locker = sim_connect(command_sim);
	lock_at_ms = at_ms;
	lock_guest = guest;
	locked = false;
	command_sim->tick = lock_for_ever;
	if (!at_ms)
		lock_for_ever(command_sim);
	command_line(line);
	if (command_sim->clock_ms > 3000 + HB_CALL_LEAST_MS)
		fail_msg("%s, %s locked from %ju ms on: ends after %ju ms: %s", line,
			 guest ? "the guest" : "the host", (uintmax_t)at_ms,
			 (uintmax_t)command_sim->clock_ms, command_err);
	command_sim->tick = NULL;
	hb_close(locker);
	command_teardown(NULL);
}

/* A time limit is one of all that is waited for: for guests, and for what others have locked. */
static void test_time_limits_beside_locks(void **state)
{
	static const char *const lines[] = {
		"set guest1 256M --wait=3", "set guest1 1G --wait=3", "wait guest1 --timeout=3",
		"set guest1 0 1G --wait=3", "free 6500M --timeout=3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (uint64_t at_ms = 0; at_ms <= 3000; at_ms += 500) {
			lock_while(lines[i], at_ms, false);
			lock_while(lines[i], at_ms, true);
		}
	}
}

static void test_without_limits(void **state)
{
	static const char *const lines[] = {
		"list", "show guest1", "set guest1 256M", "max guest1 1G", "limits guest1",
		"limits guest1 --off", "explain guest1", "doctor", "reserve", "reserve 64M --for=other",
		"release web", "top",
	};

	(void)state;
	/* And what the command itself waits for: another look at what moves. */
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		hang_everywhere(lines[i], HB_CALL_MS + 5000);
	}
}

/* A signal of the test's makes the next call hang. */
static void hang_next(int number)
{
	(void)number;
	command_sim->fault_at = command_sim->calls + 1;
}

/* As libxenstore does, it goes on with whatever signals come. */
static void hang(struct sim *sim)
{
	(void)sim;
	fputs("it hangs", stderr);
	for (;;)
		pause();
}

static void __attribute__((noreturn)) run_command(char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	signal(SIGUSR1, hang_next);
	command_sim->hook = hang;
	command_sim->fault = SIM_FAULT_HOOK;
	_exit(cli_main(argc, argv, command_open, stdout, stderr));
}

static void press_interrupt(int terminal)
{
	assert_int_equal(write(terminal, "\003", 1), 1);
}

/* It shows what it is told to, then hangs; it must end with the second Ctrl-C, and how. */
static void end_hung(char **argv, const char *shows, const char *end)
{
	char seen[16384] = "";
	struct winsize size = { .ws_col = 100, .ws_row = 20 };
	struct termios after;
	int terminal, status;
	pid_t pid;

	pid = forkpty(&terminal, NULL, NULL, &size);
	assert_true(pid >= 0);
	if (!pid)
		run_command(argv);
	assert_true(command_shows(terminal, seen, sizeof(seen), shows));
	kill(pid, SIGUSR1);
	assert_true(command_shows(terminal, seen, sizeof(seen), "it hangs"));
	press_interrupt(terminal);
	usleep(200000);
	assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	press_interrupt(terminal);
	assert_true(command_shows(terminal, seen, sizeof(seen), end));
	assert_true(command_shows(terminal, seen, sizeof(seen), "ended before the host had answered"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), HB_E_INTERRUPTED);
	assert_int_equal(tcgetattr(terminal, &after), 0);
	assert_int_equal(after.c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
	assert_int_not_equal(after.c_cc[VSUSP], _POSIX_VDISABLE);
	close(terminal);
}

static void move_slowly(struct sim *sim)
{
	(void)sim;
	usleep(10000);
}

static void test_second_interrupt(void **state)
{
	char *top[] = { (char *)"hotballoon", (char *)"top", NULL };
	char *wait[] = {
		(char *)"hotballoon", (char *)"set", (char *)"guest1", (char *)"64M", (char *)"--wait", NULL,
	};

	(void)state;
	command_setup(NULL);
	end_hung(top, "by id", "\033[?25h\033[?1049l");
	/* It shows its progress then. */
	sim_guest(command_sim, GUEST)->rate_kib_s = 16 * M;
	command_sim->tick = move_slowly;
	end_hung(wait, "MiB/s", "\r\033[K");
	command_teardown(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time_limits),
		cmocka_unit_test(test_time_limits_beside_locks),
		cmocka_unit_test(test_without_limits),
		cmocka_unit_test(test_second_interrupt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
