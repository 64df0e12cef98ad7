// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * poison: memory that the kernel takes for broken.
 *
 *   poison use     prints the number of a page of this process, which becomes so (MADV_HWPOISON)
 *   poison held [N]  prints the number of a page that the balloon holds (KPF_OFFLINE); from page N on
 *   poison count   prints how many pages are marked broken
 *   poison free N  exit status 0 if page N is marked broken and nobody has it
 *
 * Exit status: 0 done, 1 not so, 2 usage, 3 the kernel refuses.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

/* Bits of /proc/kpageflags. */
#define LRU (UINT64_C(1) << 5)
#define BUDDY (UINT64_C(1) << 10)
#define ANON (UINT64_C(1) << 12)
#define HWPOISON (UINT64_C(1) << 19)
#define OFFLINE (UINT64_C(1) << 23)

#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif

static int open_or_exit(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0) {
		perror(path);
		exit(3);
	}
	return fd;
}

static int use(void)
{
	int pagemap = open_or_exit("/proc/self/pagemap");
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	uint64_t entry;

	if (page == MAP_FAILED)
		return 3;
	page[0] = 1;
	if (pread(pagemap, &entry, 8, (off_t)((uintptr_t)page / PAGE * 8)) != 8)
		return 3;
	/* Before: later kernels kill who had it. */
	printf("%" PRIu64 "\n", entry & ((UINT64_C(1) << 55) - 1));
	fflush(stdout);
	if (madvise(page, PAGE, MADV_HWPOISON)) {
		perror("poison: madvise");
		return 3;
	}
	return 0;
}

/* Each page's flags to @each, until it says so. */
static void walk(int (*each)(uint64_t pfn, uint64_t flags))
{
	static uint64_t flags[4096];
	int fd = open_or_exit("/proc/kpageflags");
	uint64_t pfn = 0;
	ssize_t n, i;

	while ((n = read(fd, flags, sizeof(flags)) / 8) > 0)
		for (i = 0; i < n; i++)
			if (each(pfn++, flags[i]))
				return;
}

static uint64_t found, from;

static int is_held(uint64_t pfn, uint64_t flags)
{
	if (pfn < from || !(flags & OFFLINE) || flags & HWPOISON)
		return 0;
	found = pfn;
	return 1;
}

static int count(uint64_t pfn, uint64_t flags)
{
	(void)pfn;
	found += (flags & HWPOISON) != 0;
	return 0;
}

static int is_free(const char *number)
{
	int fd = open_or_exit("/proc/kpageflags");
	uint64_t flags;

	if (pread(fd, &flags, 8, (off_t)(strtoull(number, NULL, 10) * 8)) != 8)
		return 3;
	printf("%#" PRIx64 "\n", flags);
	return !(flags & HWPOISON) || (flags & (LRU | BUDDY | ANON));
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "use"))
		return use();
	if (argc == 3 && !strcmp(argv[1], "free"))
		return is_free(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "held")) {
		from = strtoull(argv[2], NULL, 10);
	} else if (argc != 2 || (strcmp(argv[1], "held") && strcmp(argv[1], "count"))) {
		fprintf(stderr, "usage: poison use|held [N]|count|free N\n");
		return 2;
	}
	walk(strcmp(argv[1], "held") ? count : is_held);
	printf("%" PRIu64 "\n", found);
	return strcmp(argv[1], "held") ? 0 : !found;
}
