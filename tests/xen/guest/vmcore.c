// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmcore: what a crash kernel finds of the memory that there was before.
 *
 *   vmcore ID MIB        prints "pages=N zero=N ones=N data=N of=N"
 *
 * Model: /proc/vmcore is an ELF file with a segment for each range that was RAM.  All of it
 * is read, as dump tools do.  "zero" is also what the kernel answers for a page that it
 * knows to have no frame, "ones" what a read of such a page itself gives.  "data" are the
 * pages, of as many as MIB has, of what `memfill start ID MIB` had in memory.
 *
 * Exit status: 0 all was read, 1 some could not be, 2 usage.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pattern.h"

static struct {
	size_t pages, zero, ones, data;
} seen;

/* The pages that are looked for, by their first words. */
static struct wanted {
	uint64_t word;
	size_t page;
} *wanted;
static size_t nr_wanted;
static uint64_t seed;

static int by_word(const void *a, const void *b)
{
	uint64_t x = ((const struct wanted *)a)->word, y = ((const struct wanted *)b)->word;

	return x < y ? -1 : x > y;
}

static void want(size_t pages)
{
	wanted = calloc(pages, sizeof(*wanted));
	if (!wanted) {
		perror("vmcore");
		exit(1);
	}
	for (; nr_wanted < pages; nr_wanted++)
		wanted[nr_wanted] = (struct wanted){ pattern_page(seed, nr_wanted) | 1, nr_wanted };
	qsort(wanted, nr_wanted, sizeof(*wanted), by_word);
}

static bool is_all(const uint64_t *page, uint64_t word)
{
	for (size_t i = 0; i < PATTERN_WORDS; i++)
		if (page[i] != word)
			return false;
	return true;
}

/* Each counts once, whatever copies there are. */
static bool is_data(const uint64_t *page)
{
	struct wanted key = { page[0], 0 }, *found;
	char text[160];

	found = bsearch(&key, wanted, nr_wanted, sizeof(*wanted), by_word);
	if (!found || found->page == SIZE_MAX)
		return false;
	if (!pattern_verify_page(page, found->page, seed, text, sizeof(text)))
		return false;
	found->page = SIZE_MAX;
	return true;
}

static void look_at(const uint64_t *page)
{
	seen.pages++;
	seen.zero += is_all(page, 0);
	seen.ones += is_all(page, UINT64_MAX);
	seen.data += is_data(page);
}

static int read_at(int fd, void *to, size_t size, uint64_t at)
{
	ssize_t n = pread(fd, to, size, (off_t)at);

	if (n == (ssize_t)size)
		return 0;
	fprintf(stderr, "vmcore: %zu bytes at %" PRIu64 ": %s\n", size, at,
		n < 0 ? strerror(errno) : "the file ends");
	return -1;
}

static int segment(int fd, const Elf64_Phdr *h)
{
	static uint64_t page[PATTERN_WORDS];

	if (h->p_type != PT_LOAD)
		return 0;
	for (uint64_t at = 0; at + PATTERN_PAGE <= h->p_filesz; at += PATTERN_PAGE) {
		if (read_at(fd, page, sizeof(page), h->p_offset + at))
			return -1;
		look_at(page);
	}
	return 0;
}

static int segments(int fd)
{
	Elf64_Ehdr head;
	Elf64_Phdr h;

	if (read_at(fd, &head, sizeof(head), 0))
		return -1;
	for (size_t i = 0; i < head.e_phnum; i++)
		if (read_at(fd, &h, sizeof(h), head.e_phoff + i * sizeof(h)) || segment(fd, &h))
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	char *end = NULL;
	size_t mib = argc == 3 ? strtoul(argv[2], &end, 10) : 0;
	int fd;

	if (!mib || *end) {
		fputs("usage: vmcore ID MIB\n", stderr);
		return 2;
	}
	fd = open("/proc/vmcore", O_RDONLY);
	if (fd < 0) {
		perror("/proc/vmcore");
		return 1;
	}
	seed = pattern_seed(PATTERN_STEP, argv[1]);
	want(mib * (1048576 / PATTERN_PAGE));
	if (segments(fd))
		return 1;
	printf("pages=%zu zero=%zu ones=%zu data=%zu of=%zu\n", seen.pages, seen.zero, seen.ones,
	       seen.data, nr_wanted);
	return 0;
}
