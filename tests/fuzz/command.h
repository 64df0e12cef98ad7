/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole command on a simulated host, for the fuzzed programs that need it. */
#ifndef TESTS_FUZZ_COMMAND_H
#define TESTS_FUZZ_COMMAND_H

#include "common.h"
#include "fuzz.h"

extern struct sim *command_sim;

/* Once, before anything else: a state directory in memory, no signal kills. */
void command_begin(void);
/* A new host with a guest, and an empty state directory. */
void command_new_host(void);
void command_end_host(void);
/*
 * Runs it; a wait without end is interrupted. argv is as of main(), NULL at the end.
 * What it says with --json must be JSON in UTF-8; returns the exit code.
 */
int command_run(int argc, char **argv);

/* One of the files of the state directory, as somebody else has left it. */
void command_write_state(const char *name, const char *text);

#endif
