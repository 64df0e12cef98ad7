/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person at a terminal gets: progress, colours, and Ctrl-C that ends a wait. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"

/* Nobody needs progress of what is over in a second. */
#define PROGRESS_AFTER_MS 1000

static volatile sig_atomic_t interrupted;
static struct sigaction old_interrupt, old_terminate;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Without SA_RESTART, so that the sleep between two looks at the guest ends. */
void cli_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	interrupted = 0;
	sigaction(SIGINT, &action, &old_interrupt);
	sigaction(SIGTERM, &action, &old_terminate);
}

void cli_release_signals(void)
{
	sigaction(SIGINT, &old_interrupt, NULL);
	sigaction(SIGTERM, &old_terminate, NULL);
}

bool cli_interrupted(void)
{
	return interrupted;
}

static void draw(FILE *err, const struct hb_progress *p)
{
	char now[HB_SIZE_TEXT], goal[HB_SIZE_TEXT];
	uint64_t left = p->now_kib > p->goal_kib ? p->now_kib - p->goal_kib : p->goal_kib - p->now_kib;

	fprintf(err, "\r%s: %s -> %s", p->domain->name, hb_size_human(p->now_kib, now),
		hb_size_human(p->goal_kib, goal));
	if (p->rate_kib_s)
		fprintf(err, ", %" PRIu64 " MiB/s, %" PRIu64 " s left", p->rate_kib_s / 1024,
			(left + p->rate_kib_s - 1) / p->rate_kib_s);
	fprintf(err, ", %" PRIu64 " s\033[K", p->elapsed_ms / 1000);
	fflush(err);
}

bool cli_on_progress(const struct hb_progress *progress, void *argument)
{
	const struct cli *cli = argument;

	if (progress->elapsed_ms >= PROGRESS_AFTER_MS && isatty(fileno(cli->err)))
		draw(cli->err, progress);
	return !interrupted;
}

void cli_clear_progress(const struct cli *cli, uint64_t waited_ms)
{
	if (waited_ms >= PROGRESS_AFTER_MS && isatty(fileno(cli->err)))
		fprintf(cli->err, "\r\033[K");
}

static bool has_colours(const struct cli *cli)
{
	return isatty(fileno(cli->out)) && !getenv("NO_COLOR");
}

const char *cli_colour(const struct cli *cli, enum hb_severity severity)
{
	static const char *const colours[] = {
		[HB_NOTE] = "\033[36m", [HB_WARNING] = "\033[33m", [HB_FAULT] = "\033[31m",
	};

	return has_colours(cli) ? colours[severity] : "";
}

const char *cli_plain(const struct cli *cli)
{
	return has_colours(cli) ? "\033[0m" : "";
}
