// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pin: holds references to pages, as I/O that does not end does.
 *
 *   pin MIB
 *
 * Model: fill MIB of memory (pattern.h), and have pipes refer to some pages of it
 * (vmsplice), so that they cannot be moved: one in each 4 MiB.  Print "pinned N in",
 * and the memory blocks that they are in.  On SIGTERM, verify that all of it is what was
 * written, wherever the kernel has moved the rest, print "ok" and end: that lets go.
 *
 * Exit status: 0 done, 1 contents differed or something failed, 2 usage.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pattern.h"

#define EACH 1024			/* one page of so many */
#define PIPE_PAGES 16			/* what a pipe holds by default */
#define PFN_MASK ((1ull << 55) - 1)	/* of an entry of pagemap */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void pin_page(void *page)
{
	static int pipe_end = -1;
	static unsigned int used = PIPE_PAGES;
	struct iovec one = { .iov_base = page, .iov_len = PATTERN_PAGE };
	int ends[2];

	if (used == PIPE_PAGES) {
		if (pipe(ends))
			die("pin: pipe");
		pipe_end = ends[1];
		used = 0;
	}
	if (vmsplice(pipe_end, &one, 1, SPLICE_F_NONBLOCK) != PATTERN_PAGE)
		die("pin: vmsplice");
	used++;
}

static unsigned long block_pages(void)
{
	static const char path[] = "/sys/devices/system/memory/block_size_bytes";
	FILE *file = fopen(path, "r");
	unsigned long bytes;

	if (!file || fscanf(file, "%lx", &bytes) != 1)
		die(path);
	fclose(file);
	return bytes / PATTERN_PAGE;
}

static unsigned long pfn_of(const void *page)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	if (pagemap < 0 ||
	    pread(pagemap, &entry, sizeof(entry), (off_t)((uintptr_t)page / PATTERN_PAGE * sizeof(entry))) !=
		    sizeof(entry))
		die("pin: pagemap");
	close(pagemap);
	return entry & PFN_MASK;
}

int main(int argc, char **argv)
{
	size_t pages = argc == 2 ? (size_t)atoi(argv[1]) << 8 : 0, i;
	unsigned long size = block_pages(), last = 0;
	sigset_t term;
	char text[160];
	uint64_t *mem;
	int sig;

	if (!pages) {
		fputs("usage: pin MIB\n", stderr);
		return 2;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	mem = mmap(NULL, pages * PATTERN_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		die("pin: mmap");
	pattern_fill(mem, pages, pages);
	printf("pinned %zu in", (pages + EACH - 1) / EACH);
	for (i = 0; i < pages; i += EACH) {
		unsigned long block;

		pin_page(mem + i * PATTERN_WORDS);
		block = pfn_of(mem + i * PATTERN_WORDS) / size;
		if (block != last)
			printf(" %lu", block);
		last = block;
	}
	putchar('\n');
	fflush(stdout);
	sigwait(&term, &sig);
	if (!pattern_verify(mem, pages, pages, text, sizeof(text))) {
		printf("pin: %s\n", text);
		return 1;
	}
	puts("ok");
	return 0;
}
