// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memfill: holds memory whose contents can be checked later.
 *
 *   memfill start ID MIB [SEED]   a process that keeps MIB of filled memory
 *   memfill verify ID             every word is still what was written
 *   memfill stop ID
 *
 * Model: `start` returns when all pages are present and filled (pattern.h); the
 * process behind it then serves an abstract socket named after ID.
 *
 * Exit status: 0 done, 1 contents differ or no such process, 2 usage, 3 no memory.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pattern.h"

static uint64_t *mem;
static size_t pages;
static uint64_t seed;

static void verify(char *answer, size_t size)
{
	if (pattern_verify(mem, pages, seed, answer, size))
		snprintf(answer, size, "ok %zu", pages);
}

static socklen_t address(struct sockaddr_un *a, const char *id)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	/* a leading NUL: no file, gone with the process */
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "memfill-%s", id));
}

static void serve(int s)
{
	for (;;) {
		char order[16] = "", answer[160] = "ok";
		int c = accept(s, NULL, NULL);

		if (c < 0)
			continue;
		if (read(c, order, sizeof(order) - 1) > 0) {
			if (!strcmp(order, "verify"))
				verify(answer, sizeof(answer));
			if (write(c, answer, strlen(answer)) < 0)
				perror("memfill");
			if (!strcmp(order, "stop"))
				exit(0);
		}
		close(c);
	}
}

static int start(const char *id, size_t mib)
{
	struct sockaddr_un a;
	socklen_t len = address(&a, id);
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ready[2], null;
	char c;
	pid_t pid;

	if (s < 0 || bind(s, (struct sockaddr *)&a, len) || listen(s, 4) || pipe(ready)) {
		fprintf(stderr, "memfill: '%s' is taken by another process\n", id);
		return 1;
	}
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("memfill: fork");
		return 3;
	}
	if (pid) {
		close(ready[1]);
		if (read(ready[0], &c, 1) == 1)
			return 0;
		fprintf(stderr, "memfill: '%s' died while filling %zu MiB\n", id, mib);
		return 3;
	}
	close(ready[0]);
	setsid();
	pages = mib * (1048576 / PATTERN_PAGE);
	mem = mmap(NULL, pages * PATTERN_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED) {
		perror("memfill: mmap");
		exit(3);
	}
	pattern_fill(mem, pages, seed);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	if (write(ready[1], "x", 1) != 1)
		exit(3);
	close(ready[1]);
	serve(s);
	return 0;
}

static int ask(const char *id, const char *order)
{
	struct sockaddr_un a;
	socklen_t len = address(&a, id);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	char answer[160] = "", order_end[8];

	if (s < 0 || connect(s, (struct sockaddr *)&a, len)) {
		fprintf(stderr, "memfill: no process '%s' (never started, or killed for lack of memory)\n", id);
		return 1;
	}
	if (write(s, order, strlen(order)) < 0 || read(s, answer, sizeof(answer) - 1) <= 0) {
		fprintf(stderr, "memfill: '%s' died\n", id);
		return 1;
	}
	/* A process closes its files after it has given its memory back. */
	if (!strcmp(order, "stop"))
		while (read(s, order_end, sizeof(order_end)) > 0)
			;
	puts(answer);
	return strncmp(answer, "ok", 2) != 0;
}

int main(int argc, char **argv)
{
	if ((argc == 4 || argc == 5) && !strcmp(argv[1], "start")) {
		char *end;
		unsigned long mib = strtoul(argv[3], &end, 10);

		if (mib && !*end) {
			seed = argc == 5 ? strtoull(argv[4], NULL, 0) : PATTERN_STEP;
			seed = pattern_seed(seed, argv[2]);
			return start(argv[2], mib);
		}
	} else if (argc == 3 && (!strcmp(argv[1], "verify") || !strcmp(argv[1], "stop"))) {
		return ask(argv[2], argv[1]);
	}
	fputs("usage: memfill start ID MIB [SEED] | verify ID | stop ID\n", stderr);
	return 2;
}
