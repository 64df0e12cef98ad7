// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * residue PID WORD...: count, in the memory of process PID, the pages that are
 * nothing but repetitions of WORD and a newline.  Prints "WORD COUNT" lines; exit status 1 if
 * not all of that memory could be read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ram.h"

#define PAGE 4096
#define CHUNK (4 << 20)
#define WORDS 16

static char pattern[WORDS][PAGE];
static unsigned long count[WORDS];

static void fill(char *page, const char *word)
{
	size_t length = strlen(word), at;

	for (at = 0; at < PAGE; at++)
		page[at] = at % (length + 1) < length ? word[at % (length + 1)] : '\n';
}

static void look(const char *data, size_t size, int words)
{
	for (size_t at = 0; at + PAGE <= size; at += PAGE)
		for (int i = 0; i < words; i++)
			if (data[at] == pattern[i][0] &&
			    !memcmp(data + at, pattern[i], PAGE))
				count[i]++;
}

/* 0, or -1 if not all of it could be read: what is not looked at has nothing in it. */
static int scan(int mem, unsigned long start, unsigned long end, int words)
{
	static char data[CHUNK];

	while (start < end) {
		size_t want = end - start < CHUNK ? end - start : CHUNK;
		ssize_t got = pread(mem, data, want, start);

		if (got <= 0) {
			fprintf(stderr, "residue: cannot read at %lx: %s\n", start,
				got ? strerror(errno) : "the process is gone");
			return -1;
		}
		look(data, got, words);
		start += got;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct ram ram;
	char path[64];
	int mem;

	if (argc < 3 || argc > WORDS + 2) {
		fprintf(stderr, "usage: residue PID WORD...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		fill(pattern[i - 2], argv[i]);
	snprintf(path, sizeof(path), "/proc/%s/maps", argv[1]);
	if (ram_find(path, &ram)) {
		fprintf(stderr, "residue: no machine's memory in %s\n", path);
		return 1;
	}
	snprintf(path, sizeof(path), "/proc/%s/mem", argv[1]);
	mem = open(path, O_RDONLY);
	if (mem < 0) {
		perror(path);
		return 1;
	}
	if (scan(mem, ram.start, ram.end, argc - 2))
		return 1;
	for (int i = 2; i < argc; i++)
		printf("%s %lu\n", argv[i], count[i - 2]);
	return 0;
}
