// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eat: a process that wants more and more memory, at a steady rate.
 *
 *   eat MIB_A_SECOND MIB
 *
 * Model: every pace later the next 64 KiB of its memory are written to, until it has MIB.
 * It never waits for what it was late with before.  The kernel kills it before all others.
 *
 * Exit status: 0 it has eaten all; 2 usage, 3 no memory; killed by the kernel: SIGKILL.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PIECE (64UL << 10)
#define PIECES_A_MIB ((1UL << 20) / PIECE)
#define SECOND_NS 1000000000L

static void wait_until(struct timespec *when, unsigned long pace_ns)
{
	when->tv_nsec += (long)pace_ns;
	while (when->tv_nsec >= SECOND_NS) {
		when->tv_nsec -= SECOND_NS;
		when->tv_sec++;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, when, NULL))
		;
}

int main(int argc, char **argv)
{
	unsigned long rate = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long mib = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct timespec when;
	FILE *score;
	char *mem;

	if (!rate || !mib || rate > SECOND_NS / PIECES_A_MIB) {
		fprintf(stderr, "usage: eat MIB_A_SECOND MIB\n");
		return 2;
	}
	score = fopen("/proc/self/oom_score_adj", "w");
	if (!score || fputs("1000", score) < 0 || fclose(score))
		return 3;
	mem = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		return 3;
	clock_gettime(CLOCK_MONOTONIC, &when);
	for (unsigned long piece = 0; piece < mib * PIECES_A_MIB; piece++) {
		memset(mem + piece * PIECE, 1, PIECE);
		wait_until(&when, SECOND_NS / (rate * PIECES_A_MIB));
	}
	return 0;
}
