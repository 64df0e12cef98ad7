/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotballoon save and migrate: xl does it, and the guest keeps still meanwhile.
 *
 * Whatever happens to xl or to us, the guest is told in the end that it need not keep
 * still any more. So the signals that would end us are blocked from the first to the last
 * step and asked for: while nothing has begun they end it. Once xl is at work they end xl,
 * unless the guest is suspended: without xl it would never run again. For the same
 * reason xl ignores the signals that a terminal sends to both of us.
 *
 * xl inherits the lock that says that the guest is kept still on purpose: should somebody
 * kill us, it is held until xl has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

/* What a shell says of a command that it does not find. */
#define NOT_FOUND 127
#define POLL_MS 200

/* xl, and what came of it. */
struct child {
	struct cli *cli;
	const char *what;	/* "save" or "migrate" */
	const char *noun;	/* what that is */
	struct hb_still_result still;
	pid_t pid;
	int status;
	bool stopped;		/* by us, as we were asked to */
};

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

static bool is_pending(void)
{
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < NR_END_SIGNALS; i++) {
		if (sigismember(&pending, end_signals[i]))
			return true;
	}
	return false;
}

static bool on_progress(const struct hb_progress *progress, void *argument)
{
	cli_show_progress(argument, progress);
	return !is_pending();
}

/* What has been asked for is done, or was let go: it must not kill us now. */
static void unblock(const sigset_t *waited, const sigset_t *old)
{
	const struct timespec now = { 0 };
	sigset_t ends = *waited;

	sigdelset(&ends, SIGCHLD);
	while (sigtimedwait(&ends, NULL, &now) > 0)
		;
	sigprocmask(SIG_SETMASK, old, NULL);
}

static void print_preview(const struct child *child)
{
	struct cli *cli = child->cli;

	fprintf(cli->out, "would run: xl %s", child->what);
	for (int i = 0; i < cli->nr_rest; i++)
		fprintf(cli->out, " %s", cli->rest[i]);
	fprintf(cli->out, " %u %s\n", child->still.domain.domid, cli->operands[1]);
}

static void print_notes(const struct child *child, enum hb_code code)
{
	const struct hb_still_result *still = &child->still;
	struct cli *cli = child->cli;
	char who[CLI_WHO_TEXT], from[HB_SIZE_TEXT], to[HB_SIZE_TEXT];

	if (cli_has(cli, OPT_JSON))
		return;
	if (still->taken_over)
		fprintf(cli->out, "%s: another process had told it to keep still, and has ended\n",
			cli_who(&still->domain, who));
	if (still->kept_kib)
		fprintf(cli->out, "%s: %s -> %s: it holds that, and with less the %s would lose it\n",
			cli_who(&still->domain, who), hb_size_human(still->from_kib, from),
			hb_size_human(still->kept_kib, to), child->noun);
	if (cli_has(cli, OPT_DRY_RUN))
		print_preview(child);
	else if (still->answer == HB_STILL_SILENT && !code)
		fprintf(cli->out, "%s: its driver has not said that it keeps still; xl %s is begun all the same\n",
			cli_who(&still->domain, who), child->what);
	fflush(cli->out);
}

/* Never returns. */
static void exec_xl(const struct child *child, const sigset_t *mask)
{
	struct cli *cli = child->cli;
	char *argv[cli->nr_rest + 5], domid[16];
	int argc = 0;

	snprintf(domid, sizeof(domid), "%u", child->still.domain.domid);
	argv[argc++] = (char *)"xl";
	argv[argc++] = (char *)child->what;
	for (int i = 0; i < cli->nr_rest; i++)
		argv[argc++] = cli->rest[i];
	argv[argc++] = domid;
	argv[argc++] = (char *)cli->operands[1];
	argv[argc] = NULL;
	if (child->still.fd >= 0)
		fcntl(child->still.fd, F_SETFD, 0);
	/* Our output is JSON. */
	if (cli_has(cli, OPT_JSON))
		dup2(STDERR_FILENO, STDOUT_FILENO);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	_exit(NOT_FOUND);
}

/* xl can be stopped while the guest runs: nothing has happened to it then. */
static void stop(struct child *child)
{
	struct cli *cli = child->cli;
	struct hb_domain now;
	struct hb_error ignored;
	char who[CLI_WHO_TEXT];
	bool runs = !hb_show(cli->hb, child->still.domain.domid, &now, &ignored) &&
		    (now.state == HB_DOMAIN_RUNNING || now.state == HB_DOMAIN_PAUSED);

	if (runs) {
		child->stopped = true;
		kill(child->pid, SIGTERM);
	} else if (!cli_has(cli, OPT_JSON)) {
		fprintf(cli->err, "hotballoon: %s is suspended: xl is let finish, or the guest would be lost\n",
			cli_who(&child->still.domain, who));
	}
}

/* SIGCHLD wakes us, unless another thread, of whoever has made one, takes it. */
static void wait_for_xl(struct child *child, const sigset_t *waited)
{
	const struct timespec poll = { .tv_nsec = POLL_MS * 1000000L };

	for (;;) {
		int number = sigtimedwait(waited, NULL, &poll);
		pid_t pid = waitpid(child->pid, &child->status, WNOHANG);

		if (pid == child->pid || (pid < 0 && errno != EINTR))
			return;
		if (number > 0 && number != SIGCHLD)
			stop(child);
	}
}

static enum hb_code judge(struct child *child)
{
	struct cli *cli = child->cli;
	int status = child->status;

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return HB_OK;
	if (child->stopped)
		return cli_fail(cli, HB_REASON_INTERRUPTED, "the guest runs on here",
				"xl %s was ended", child->what);
	if (WIFSIGNALED(status))
		return cli_fail(cli, HB_REASON_XL_FAILED, "", "xl %s was killed by signal %d",
				child->what, WTERMSIG(status));
	if (WEXITSTATUS(status) == NOT_FOUND)
		return cli_fail(cli, HB_REASON_XL_FAILED,
				"install the tools of Xen, or add their place to PATH",
				"there is no xl to run");
	return cli_fail(cli, HB_REASON_XL_FAILED, "", "xl %s has failed with exit status %d",
			child->what, WEXITSTATUS(status));
}

static enum hb_code run_xl(struct child *child, const sigset_t *waited, const sigset_t *old)
{
	child->pid = fork();
	if (child->pid < 0)
		return cli_fail(child->cli, HB_REASON_NO_PROCESS, "", "cannot start xl: %s",
				strerror(errno));
	if (!child->pid)
		exec_xl(child, old);
	wait_for_xl(child, waited);
	return judge(child);
}

/* xl's failure is told before ours: what to do about ours is said in any case. */
static enum hb_code end(struct child *child, struct hb_still *still, enum hb_code code)
{
	struct cli *cli = child->cli;
	struct hb_error later;
	enum hb_code ended = hb_still_end(cli->hb, still, &later);

	if (!ended)
		return code;
	if (code)
		memcpy(cli->error.remedy, later.remedy, sizeof(later.remedy));
	else
		cli->error = later;
	return code ? code : ended;
}

static void print_json(struct child *child, enum hb_code code)
{
	struct json_object *object = cli_json_still(&child->still);

	/* Nobody has asked. */
	if (cli_has(child->cli, OPT_DRY_RUN))
		json_object_object_add(object, "answer", NULL);
	json_object_object_add(object, "xl_status", child->pid > 0 && WIFEXITED(child->status) ?
			       json_object_new_int(WEXITSTATUS(child->status)) : NULL);
	if (code)
		json_object_object_add(object, "error", cli_json_error(&child->cli->error));
	cli_print_json(child->cli, object);
	child->cli->reported = true;
}

static enum hb_code keep_still_and_run(struct child *child, uint32_t domid,
				       const sigset_t *waited, const sigset_t *old)
{
	const struct hb_still_request request = { 0 };
	struct cli *cli = child->cli;
	struct hb_still *still;
	enum hb_code code;

	hb_set_progress(cli->hb, on_progress, cli);
	code = hb_still_begin(cli->hb, domid, &request, &still, &child->still, &cli->error);
	cli_clear_progress(cli);
	print_notes(child, code);
	if (code)
		return code;
	if (!cli_has(cli, OPT_DRY_RUN))
		code = end(child, still, run_xl(child, waited, old));
	if (cli_has(cli, OPT_JSON))
		print_json(child, code);
	return code;
}

static enum hb_code carry_out(struct cli *cli, const char *what, const char *noun)
{
	struct child child = { .cli = cli, .what = what, .noun = noun };
	struct sigaction old_child, by_default = { .sa_handler = SIG_DFL };
	sigset_t waited, old;
	uint32_t domid;
	enum hb_code code = hb_find(cli->hb, cli->operands[0], &domid, &cli->error);

	if (code)
		return code;
	end_set(&waited);
	sigaddset(&waited, SIGCHLD);
	sigaction(SIGCHLD, &by_default, &old_child);
	sigprocmask(SIG_BLOCK, &waited, &old);
	code = keep_still_and_run(&child, domid, &waited, &old);
	unblock(&waited, &old);
	sigaction(SIGCHLD, &old_child, NULL);
	return code;
}

enum hb_code cli_save(struct cli *cli)
{
	return carry_out(cli, "save", "save");
}

enum hb_code cli_migrate(struct cli *cli)
{
	return carry_out(cli, "migrate", "migration");
}
