/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole command on a simulated host: what it prints and how it ends. */
#ifndef TESTS_SIM_COMMAND_H
#define TESTS_SIM_COMMAND_H

#include "cli.h"
#include "sim_host.h"

/* The host that it works on. */
extern struct sim *command_sim;
/* What the last one printed; valid until the next. */
extern char *command_out, *command_err;

/* Opens command_sim. */
cli_open_fn command_open;

/* Runs it on the host that open gives; argv as of main(). Returns the exit code. */
int command_run(cli_open_fn *open, int argc, char **argv);
/* On command_sim; words of a command line, separated by blanks, ~ is an empty one. */
int command_line(const char *line);
/* The same on the host that open gives. */
int command_line_with(cli_open_fn *open, const char *line);

/* A state directory of the test's own, and the host that most tests use. */
int command_setup(void **state);
/* Ends command_sim, if there is one, and releases the output. */
int command_teardown(void **state);

#endif
