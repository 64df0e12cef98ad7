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
/* There is no host: for what ends before one is needed. */
cli_open_fn command_open_nothing;

/* Runs it on the host that open gives; argv as of main(). Returns the exit code. */
int command_run(cli_open_fn *open, int argc, char **argv);
/* On command_sim; words of a command line, separated by blanks, ~ is an empty one. */
int command_line(const char *line);
/* The same on the host that open gives. */
int command_line_with(cli_open_fn *open, const char *line);

/* What it printed, which is JSON; to be released by json_object_put(). */
struct json_object *command_json(void);
/* The value at a path of names and numbers, such as "domains.1.name". */
struct json_object *command_at(struct json_object *object, const char *path);
void assert_json_text(struct json_object *object, const char *path, const char *want);
void assert_json_number(struct json_object *object, const char *path, uint64_t want);

/* Reads what a terminal shows into seen until that has what in it; false: it ended before. */
bool command_shows(int terminal, char *seen, size_t size, const char *what);

/* A state directory of the test's own, and the host that most tests use. */
int command_setup(void **state);
/* The same without a host, for tests that make some of their own: each ends its one. */
int command_setup_nothing(void **state);
void command_end_host(void);
/* Ends command_sim, if there is one, and releases the output. */
int command_teardown(void **state);

#endif
