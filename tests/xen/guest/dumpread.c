// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dumpread: reads a dump of memory as the tools do that save one.
 *
 *   dumpread FILE          "pages=N zero=N filled=N": of 4 KiB, those that are all
 *                          zero, and those that memfill has filled (pattern.h)
 *
 * Exit status: 0 read to its end, 1 not, 2 usage.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pattern.h"

#define CHUNK (256 * PATTERN_PAGE)

static bool is_zero(const uint64_t *page)
{
	for (size_t i = 0; i < PATTERN_WORDS; i++)
		if (page[i])
			return false;
	return true;
}

/* Whichever page of whichever pattern it is: odd words, each a step from the one before. */
static bool is_filled(const uint64_t *page)
{
	for (size_t i = 1; i < PATTERN_WORDS; i++) {
		uint64_t step = page[i] - page[i - 1];

		if (!(page[i] & 1) || step + 1 - PATTERN_STEP > 2)
			return false;
	}
	return page[0] & 1;
}

/* As many bytes as there are, up to size: reads may be short. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < size && (n = read(fd, buffer + done, size - done)) > 0)
		done += (size_t)n;
	return n < 0 ? -1 : (ssize_t)done;
}

int main(int argc, char **argv)
{
	static uint64_t buffer[CHUNK / 8];
	unsigned long pages = 0, zero = 0, filled = 0;
	ssize_t n;
	int fd;

	if (argc != 2) {
		fputs("usage: dumpread FILE\n", stderr);
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	while ((n = read_all(fd, (char *)buffer, sizeof(buffer))) > 0)
		for (size_t at = 0; at + PATTERN_PAGE <= (size_t)n; at += PATTERN_PAGE) {
			const uint64_t *page = buffer + at / 8;

			pages++;
			zero += is_zero(page);
			filled += is_filled(page);
		}
	printf("pages=%lu zero=%lu filled=%lu\n", pages, zero, filled);
	if (n < 0)
		perror(argv[1]);
	return n < 0;
}
