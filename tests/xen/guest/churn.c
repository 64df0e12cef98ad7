// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * churn: processes that use memory, and notice when it is not what they wrote.
 *
 *   churn PROCESSES MIB SEED
 *
 * Model: each process goes round and round until SIGTERM: map up to MIB, private or
 * shared, fill it (pattern.h), wait, verify every word, free it, wait.  All together
 * never hold more than PROCESSES * MIB.  At the end "ok ROUNDS MIB" is printed, what
 * was verified in all.
 *
 * Exit status: 0 done, 1 contents differed or a process died, 2 usage.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pattern.h"
#include "random.h"

#define PROCESSES_MAX 64
#define HOLD_MS 300
#define PAUSE_MS 300

static volatile sig_atomic_t stop;
static struct count {
	unsigned long rounds, pages;
} *counts;		/* one a process, shared with the parent */

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void round_trip(unsigned int process, size_t most, uint64_t *random)
{
	size_t pages = 1 + random_below(random, (uint32_t)most);
	int how = random_below(random, 2) ? MAP_PRIVATE : MAP_SHARED;
	uint64_t seed = *random;
	char text[160];
	uint64_t *mem = mmap(NULL, pages * PATTERN_PAGE, PROT_READ | PROT_WRITE,
			     how | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED) {
		perror("churn: mmap");
		exit(1);
	}
	pattern_fill(mem, pages, seed);
	random_nap(random, HOLD_MS);
	if (!pattern_verify(mem, pages, seed, text, sizeof(text))) {
		printf("churn: process %u, round %lu, %s: %s\n", process, counts[process].rounds,
		       how == MAP_PRIVATE ? "private" : "shared", text);
		exit(1);
	}
	munmap(mem, pages * PATTERN_PAGE);
	counts[process].rounds++;
	counts[process].pages += pages;
}

static pid_t start(unsigned int process, size_t pages, uint64_t seed)
{
	uint64_t random = seed * 1000003 + process;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!stop) {
		round_trip(process, pages, &random);
		random_nap(&random, PAUSE_MS);
	}
	exit(0);
}

/* Wait for all; how many did not end well. */
static int reap(unsigned int processes)
{
	int bad = 0, status;

	while (processes) {
		if (wait(&status) < 0)
			continue;	/* a signal: not yet */
		processes--;
		if (WIFSIGNALED(status))
			printf("churn: a process died of signal %d\n", WTERMSIG(status));
		bad += status != 0;
	}
	return bad;
}

int main(int argc, char **argv)
{
	unsigned int processes = argc == 4 ? (unsigned int)atoi(argv[1]) : 0;
	size_t pages = argc == 4 ? (size_t)atoi(argv[2]) << 8 : 0;
	struct sigaction action = { .sa_handler = on_term };
	struct count all = { 0 };
	pid_t pids[PROCESSES_MAX];
	int bad;

	if (!processes || processes > PROCESSES_MAX || !pages) {
		fprintf(stderr, "usage: churn PROCESSES(1..%d) MIB SEED\n", PROCESSES_MAX);
		return 2;
	}
	counts = mmap(NULL, sizeof(*counts) * processes, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED) {
		perror("churn: mmap");
		return 1;
	}
	sigaction(SIGTERM, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned int i = 0; i < processes; i++) {
		pids[i] = start(i, pages, strtoull(argv[3], NULL, 0));
		if (pids[i] < 0) {
			perror("churn: fork");
			return 1;
		}
	}
	while (!stop)
		pause();
	for (unsigned int i = 0; i < processes; i++)
		kill(pids[i], SIGTERM);
	bad = reap(processes);
	for (unsigned int i = 0; i < processes; i++) {
		all.rounds += counts[i].rounds;
		all.pages += counts[i].pages;
	}
	if (!bad)
		printf("ok %lu %lu\n", all.rounds, all.pages >> 8);
	return bad != 0;
}
