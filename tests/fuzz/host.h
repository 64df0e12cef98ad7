/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole command on a simulated host that nothing outlives, for the fuzzed programs. */
#ifndef TESTS_FUZZ_HOST_H
#define TESTS_FUZZ_HOST_H

#include "command.h"
#include "common.h"
#include "fuzz.h"

/* Once, before anything else: a state directory in memory, no signal kills. */
void host_begin(void);
/* A new host with a guest, and an empty state directory. */
void host_new(void);
/* From that moment on, in ms from now, Ctrl-C ends every wait; at first it is a minute. */
void host_interrupt_in(unsigned int ms);
void host_end(void);
/*
 * Runs it; a wait without end is interrupted. argv is as of main(), NULL at the end.
 * What it says with --json must be JSON in UTF-8; returns the exit code.
 */
int host_run(int argc, char **argv);

/* One of the files of the state directory, as somebody else has left it. */
void host_write_state(const char *name, const void *data, size_t size);

#endif
