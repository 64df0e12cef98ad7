// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mapfile FILE: keep all of it mapped, each page in the page tables, until SIGTERM.
 * Says "mapped" when it is.
 *
 * Exit status: 1 what is refused; 2 usage; else the signal ends it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct stat st;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: mapfile FILE\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st) ||
	    mmap(NULL, st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0) == MAP_FAILED) {
		perror(argv[1]);
		return 1;
	}
	puts("mapped");
	fflush(stdout);
	for (;;)
		pause();
}
