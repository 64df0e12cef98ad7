/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE	/* pipe2() */
#include "xl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a shell says of a command that it does not find. */
#define NOT_FOUND 127
#define POLL_MS 200

static const int end_signals[] = { SIGINT, SIGTERM, SIGHUP };

#define NR_END_SIGNALS (sizeof(end_signals) / sizeof(end_signals[0]))

/* Those of them that are not ignored, as nohup has it. */
static void end_set(sigset_t *set)
{
	struct sigaction action;

	sigemptyset(set);
	for (size_t i = 0; i < NR_END_SIGNALS; i++) {
		if (!sigaction(end_signals[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(set, end_signals[i]);
	}
}

bool xl_is_to_end(void)
{
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < NR_END_SIGNALS; i++) {
		if (sigismember(&pending, end_signals[i]))
			return true;
	}
	return false;
}

bool xl_on_progress(const struct hb_progress *progress, void *argument)
{
	cli_show_progress(argument, progress);
	return !xl_is_to_end();
}

void xl_begin(struct xl *xl)
{
	const struct sigaction by_default = { .sa_handler = SIG_DFL };

	end_set(&xl->waited);
	sigaddset(&xl->waited, SIGCHLD);
	sigaction(SIGCHLD, &by_default, &xl->old_child);
	sigprocmask(SIG_BLOCK, &xl->waited, &xl->old);
}

/* What has been asked for is done, or was let go: it must not kill us now. */
void xl_end(struct xl *xl)
{
	const struct timespec now = { 0 };
	sigset_t ends = xl->waited;

	sigdelset(&ends, SIGCHLD);
	while (sigtimedwait(&ends, NULL, &now) > 0)
		;
	sigprocmask(SIG_SETMASK, &xl->old, NULL);
	sigaction(SIGCHLD, &xl->old_child, NULL);
}

/* Never returns. terminal: what that sends is for xl, too. */
static void exec_xl(const struct xl *xl, char *const *arguments, bool terminal)
{
	int argc = 0;

	while (arguments[argc])
		argc++;
	char *argv[argc + 2];

	argv[0] = (char *)"xl";
	memcpy(argv + 1, arguments, (argc + 1) * sizeof(*argv));
	if (xl->fd >= 0)
		fcntl(xl->fd, F_SETFD, 0);
	if (!terminal) {
		signal(SIGINT, SIG_IGN);
		signal(SIGHUP, SIG_IGN);
	}
	sigprocmask(SIG_SETMASK, &xl->old, NULL);
	execvp(argv[0], argv);
	_exit(NOT_FOUND);
}

/* SIGCHLD wakes us, unless another thread, of whoever has made one, takes it. */
static void wait_for_xl(struct xl *xl)
{
	const struct timespec poll = { .tv_nsec = POLL_MS * 1000000L };

	for (;;) {
		int number = sigtimedwait(&xl->waited, NULL, &poll);
		pid_t pid = waitpid(xl->pid, &xl->status, WNOHANG);

		if (pid == xl->pid || (pid < 0 && errno != EINTR))
			return;
		if (number > 0 && number != SIGCHLD && xl->stop(xl, xl->argument)) {
			xl->stopped = true;
			kill(xl->pid, SIGTERM);
		}
	}
}

static enum hb_code judge(struct xl *xl)
{
	struct cli *cli = xl->cli;
	int status = xl->status;

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return HB_OK;
	if (xl->stopped)
		return cli_fail(cli, HB_REASON_INTERRUPTED, xl->then, "xl %s was ended", xl->what);
	if (WIFSIGNALED(status))
		return cli_fail(cli, HB_REASON_XL_FAILED, "", "xl %s was killed by signal %d",
				xl->what, WTERMSIG(status));
	if (WEXITSTATUS(status) == NOT_FOUND)
		return cli_fail(cli, HB_REASON_XL_FAILED,
				"install the tools of Xen, or add their place to PATH",
				"there is no xl to run");
	return cli_fail(cli, HB_REASON_XL_FAILED, "", "xl %s has failed with exit status %d",
			xl->what, WEXITSTATUS(status));
}

static enum hb_code no_process(struct xl *xl)
{
	return cli_fail(xl->cli, HB_REASON_NO_PROCESS, "", "cannot start xl: %s", strerror(errno));
}

enum hb_code xl_run(struct xl *xl, char *const *arguments)
{
	xl->pid = fork();
	if (xl->pid < 0)
		return no_process(xl);
	if (!xl->pid) {
		/* Our output is JSON. */
		if (cli_has(xl->cli, OPT_JSON))
			dup2(STDERR_FILENO, STDOUT_FILENO);
		exec_xl(xl, arguments, false);
	}
	wait_for_xl(xl);
	return judge(xl);
}

/* Up to its end; what is more than fits is read and dropped, so that xl can end. */
static char *read_all(int fd, size_t most)
{
	char *text = calloc(1, most + 1), beyond[4096];
	size_t used = 0;
	ssize_t n;

	for (;;) {
		if (text && used < most)
			n = read(fd, text + used, most - used);
		else
			n = read(fd, beyond, sizeof(beyond));
		if (n > 0 && text && used < most)
			used += n;
		if (!n || (n < 0 && errno != EINTR))
			return text;
	}
}

enum hb_code xl_read(struct xl *xl, char *const *arguments, size_t most, char **text)
{
	int pipe_fds[2];
	pid_t pid;

	*text = NULL;
	if (pipe2(pipe_fds, O_CLOEXEC))
		return no_process(xl);
	xl->pid = fork();
	if (!xl->pid) {
		dup2(pipe_fds[1], STDOUT_FILENO);
		exec_xl(xl, arguments, true);
	}
	close(pipe_fds[1]);
	if (xl->pid > 0)
		*text = read_all(pipe_fds[0], most);
	close(pipe_fds[0]);
	if (xl->pid < 0)
		return no_process(xl);
	while ((pid = waitpid(xl->pid, &xl->status, 0)) < 0 && errno == EINTR)
		;
	if (xl_is_to_end())
		return cli_fail(xl->cli, HB_REASON_INTERRUPTED, xl->then, "xl %s was ended", xl->what);
	if (pid > 0 && !*text)
		return cli_fail(xl->cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	return judge(xl);
}
