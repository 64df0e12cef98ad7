/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person at a terminal gets: progress, colours, and Ctrl-C that ends a wait. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Nobody needs progress of what is over in a second. */
#define PROGRESS_AFTER_MS 1000

#define TIME_TEXT 48

static volatile sig_atomic_t interrupted;
static struct sigaction old_interrupt, old_terminate, old_hang_up;

/* The terminal as it has to be left, while it is not like that. */
static struct {
	volatile sig_atomic_t is_screen, has_progress;
	struct termios before;
	const char *end;
	int fd;
} terminal;

static void say(int fd, const char *text)
{
	/* Nothing can be done about it if that fails. */
	if (write(fd, text, strlen(text)) < 0)
		return;
}

/*
 * The first one ends the wait, the second the process: what it waits for may never come.
 * Whatever was half done is as after a kill, and that does no harm.
 */
static void on_signal(int number)
{
	(void)number;
	if (!interrupted) {
		interrupted = 1;
		return;
	}
	if (terminal.is_screen) {
		say(terminal.fd, terminal.end);
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
	}
	if (terminal.has_progress)
		say(STDERR_FILENO, "\r\033[K");
	say(STDERR_FILENO, "hotballoon: ended before the host had answered\n");
	_exit(HB_E_INTERRUPTED);
}

void cli_guard_screen(int fd, const struct termios *before, const char *end)
{
	terminal.is_screen = false;
	if (!end)
		return;
	terminal.fd = fd;
	terminal.before = *before;
	terminal.end = end;
	terminal.is_screen = true;
}

/* Without SA_RESTART, so that the sleep between two looks at the guest ends. */
void cli_begin_wait(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	interrupted = 0;
	sigaction(SIGINT, &action, &old_interrupt);
	sigaction(SIGTERM, &action, &old_terminate);
	/* One that is to go on without a terminal, as nohup has it, goes on. */
	if (!sigaction(SIGHUP, NULL, &old_hang_up) && old_hang_up.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
}

void cli_clear_progress(struct cli *cli)
{
	if (cli->progressed)
		fprintf(cli->err, "\r\033[K");
	cli->progressed = false;
	terminal.has_progress = false;
}

void cli_end_wait(struct cli *cli)
{
	sigaction(SIGINT, &old_interrupt, NULL);
	sigaction(SIGTERM, &old_terminate, NULL);
	sigaction(SIGHUP, &old_hang_up, NULL);
	cli_clear_progress(cli);
}

bool cli_interrupted(void)
{
	return interrupted;
}

/* "1 h 5 min": how long it still takes, rounded to what anybody wants to know. */
static const char *time_text(uint64_t s, char text[TIME_TEXT])
{
	if (s < 120)
		snprintf(text, TIME_TEXT, "%" PRIu64 " s", s);
	else if (s < 7200)
		snprintf(text, TIME_TEXT, "%" PRIu64 " min", (s + 59) / 60);
	else
		snprintf(text, TIME_TEXT, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s % 3600 / 60);
	return text;
}

/*
 * A line that is drawn over the one before. What is wider than the terminal is cut:
 * in a second line it would stay.
 */
#define LINE_BEGIN "\r\033[?7l"
#define LINE_END "\033[K\033[?7h"

static void draw(FILE *err, const struct hb_progress *p)
{
	char now[HB_SIZE_TEXT], goal[HB_SIZE_TEXT], time[TIME_TEXT], who[CLI_WHO_TEXT];
	uint64_t left = p->now_kib > p->goal_kib ? p->now_kib - p->goal_kib : p->goal_kib - p->now_kib;

	fprintf(err, LINE_BEGIN);
	if (p->locked && p->domain->name[0]) {
		fprintf(err, "%s: another hotballoon has it locked", p->domain->name);
	} else if (p->locked) {
		fprintf(err, "domain %u: another tool has it locked", p->domain->domid);
	} else if (p->from_kib == p->goal_kib) {
		fprintf(err, "%s: is told to keep still", cli_who(p->domain, who));
	} else {
		fprintf(err, "%s: %s -> %s", cli_who(p->domain, who), hb_size_human(p->now_kib, now),
			hb_size_human(p->goal_kib, goal));
		if (p->rate_kib_s)
			fprintf(err, ", %" PRIu64 ".%" PRIu64 " MiB/s, %s left", p->rate_kib_s / 1024,
				p->rate_kib_s % 1024 * 10 / 1024,
				time_text((left + p->rate_kib_s - 1) / p->rate_kib_s, time));
	}
	fprintf(err, ", %s" LINE_END, time_text(p->elapsed_ms / 1000, time));
	fflush(err);
}

void cli_show_progress(struct cli *cli, const struct hb_progress *progress)
{
	if (progress->elapsed_ms >= PROGRESS_AFTER_MS && isatty(fileno(cli->err))) {
		draw(cli->err, progress);
		cli->progressed = true;
		terminal.has_progress = true;
	}
}

bool cli_on_progress(const struct hb_progress *progress, void *argument)
{
	cli_show_progress(argument, progress);
	return !interrupted;
}

void cli_print_dry_run(struct cli *cli)
{
	if (cli_has(cli, OPT_DRY_RUN) && !cli_has(cli, OPT_JSON))
		fprintf(cli->out, "Nothing was changed.\n");
}

bool cli_has_colours(const struct cli *cli)
{
	return isatty(fileno(cli->out)) && !getenv("NO_COLOR");
}

const char *cli_colour(const struct cli *cli, enum hb_severity severity)
{
	static const char *const colours[] = {
		[HB_NOTE] = "\033[36m", [HB_WARNING] = "\033[33m", [HB_FAULT] = "\033[31m",
	};

	return cli_has_colours(cli) ? colours[severity] : "";
}

const char *cli_plain(const struct cli *cli)
{
	return cli_has_colours(cli) ? "\033[0m" : "";
}
