// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * diskio: writes files, reads them back, and notices when they differ.
 *
 *   diskio DIRECTORY MIB SEED
 *
 * Model: round after round until SIGTERM, a file of up to MIB is written (pattern.h),
 * synced, dropped from the cache and read back into other memory.  Writing and reading
 * go through the page cache or past it (O_DIRECT), at random: then the device works on
 * cache pages, or on those of the process.  At the end "ok ROUNDS MIB" is printed, what
 * was read back in all; the last file stays.
 *
 * Exit status: 0 done, 1 contents differed or an error, 2 usage.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pattern.h"
#include "random.h"

#define CHUNK (1u << 20)

static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *map(size_t bytes)
{
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		die("diskio: mmap");
	return mem;
}

static int open_file(const char *path, int how, uint64_t *random)
{
	int fd = open(path, how | (random_below(random, 2) ? O_DIRECT : 0), 0600);

	if (fd < 0)
		die(path);
	return fd;
}

static void write_file(const char *path, const char *mem, size_t bytes, uint64_t *random)
{
	int fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, random);

	for (size_t at = 0; at < bytes; at += CHUNK)
		if (write(fd, mem + at, CHUNK) != CHUNK)
			die("diskio: write");
	if (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		die("diskio: fsync");
	close(fd);
}

static void read_file(const char *path, char *mem, size_t bytes, uint64_t *random)
{
	int fd = open_file(path, O_RDONLY, random);

	for (size_t at = 0; at < bytes; at += CHUNK)
		if (read(fd, mem + at, CHUNK) != CHUNK)
			die("diskio: read");
	close(fd);
}

/* Returns the MiB that were read back. */
static unsigned long round_trip(const char *path, uint32_t most, uint64_t *random)
{
	size_t mib = 1 + random_below(random, most), bytes = mib * CHUNK;
	uint64_t seed = *random;
	char text[160];
	char *mem = map(bytes);

	pattern_fill((uint64_t *)mem, bytes / PATTERN_PAGE, seed);
	write_file(path, mem, bytes, random);
	munmap(mem, bytes);
	mem = map(bytes);
	read_file(path, mem, bytes, random);
	if (!pattern_verify((uint64_t *)mem, bytes / PATTERN_PAGE, seed, text, sizeof(text))) {
		printf("diskio: %s: %s\n", path, text);
		exit(1);
	}
	munmap(mem, bytes);
	return mib;
}

int main(int argc, char **argv)
{
	uint32_t most = argc == 4 ? (uint32_t)atoi(argv[2]) : 0;
	struct sigaction action = { .sa_handler = on_term };
	unsigned long rounds = 0, mib = 0;
	char path[200];
	uint64_t random;

	if (!most) {
		fputs("usage: diskio DIRECTORY MIB SEED\n", stderr);
		return 2;
	}
	random = strtoull(argv[3], NULL, 0);
	snprintf(path, sizeof(path), "%s/diskio", argv[1]);
	sigaction(SIGTERM, &action, NULL);
	for (; !stop; rounds++)
		mib += round_trip(path, most, &random);
	printf("ok %lu %lu\n", rounds, mib);
	return 0;
}
