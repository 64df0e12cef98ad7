/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs xl as a child, and sees it to its end whatever happens to us: the signals that would
 * end us are blocked from xl_begin() to xl_end() and asked for, so that what was begun is
 * always brought to an end. xl itself ignores what a terminal sends to both of us.
 */
#ifndef HB_CLI_XL_H
#define HB_CLI_XL_H

#include <signal.h>

#include "cli.h"

struct xl {
	struct cli *cli;
	const char *what;	/* "save" and so on */
	const char *then;	/* what holds when it was ended on request */
	int fd;			/* that xl inherits, or -1 */
	/* We were asked to end while xl is at work: kills it and says so by true, or lets it finish. */
	bool (*stop)(struct xl *xl, void *argument);
	void *argument;
	/* What came of it. */
	pid_t pid;
	int status;
	bool stopped;
	/* Of xl_begin(). */
	sigset_t waited, old;
	struct sigaction old_child;
};

void xl_begin(struct xl *xl);
void xl_end(struct xl *xl);
/* Were we asked to end? For waits before xl is at work. */
bool xl_is_to_end(void);
/* cli_show_progress(), until we are asked to end; argument is the cli. */
hb_progress_fn xl_on_progress;

/* xl with these arguments, which end with NULL; an error says how it ended. */
enum hb_code xl_run(struct xl *xl, char *const *arguments);
/*
 * The same for one that only prints, which is put into *text up to most bytes and is to be
 * released by free() whatever is returned.
 */
enum hb_code xl_read(struct xl *xl, char *const *arguments, size_t most, char **text);

#endif
