/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps of code that is built for it (counted/ in toolstack/Makefile), with a call at each stretch
 * without a branch: each round of a loop is one at least, and no other load of this machine changes
 * how many there are.
 */
#ifndef TESTS_SIM_STEPS_H
#define TESTS_SIM_STEPS_H

static unsigned long steps;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
	steps++;
}

#endif
