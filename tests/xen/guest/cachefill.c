// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cachefill DIR FILES MIB: fill the kernel's caches with what a busy file system
 * leaves there: inodes, dentries and page cache, all of it reclaimable, none of it
 * in one piece.
 *
 * Model: FILES empty files, 200 a directory, and for each of them two names that do
 * not exist (they stay as negative dentries) give slabs; reading MIB of files that
 * are all holes gives page cache without anything to write or to read from a disk.
 * The two alternate, a bit of each, so that they share the guest's memory as they
 * would if several programs ran.
 *
 * Exit status: 0; 1 the file system refuses something; 2 usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PER_DIRECTORY 200
#define HOLE_MIB 16	/* a file of holes */
#define CHUNK 65536

static void die(const char *what)
{
	fprintf(stderr, "cachefill: ");
	perror(what);
	exit(1);
}

static void make_file(const char *dir, unsigned int n)
{
	char path[256];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/%u", dir, n / PER_DIRECTORY);
	if (n % PER_DIRECTORY == 0 && mkdir(path, 0755) && errno != EEXIST)
		die(path);
	snprintf(path, sizeof(path), "%s/%u/%u", dir, n / PER_DIRECTORY, n);
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	if (fd < 0 || close(fd))
		die(path);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%u/missing-%u-%d", dir, n / PER_DIRECTORY, n, i);
		if (!stat(path, &st) || errno != ENOENT)
			die(path);
	}
}

/* The next chunk of the files of holes. */
static void read_chunk(const char *dir, unsigned int n)
{
	static char buf[CHUNK];
	static int fd = -1;
	const unsigned int per_file = (HOLE_MIB << 20) / CHUNK;
	char path[256];

	if (n % per_file == 0) {
		if (fd >= 0)
			close(fd);
		snprintf(path, sizeof(path), "%s/hole-%u", dir, n / per_file);
		fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0644);
		if (fd < 0 || ftruncate(fd, HOLE_MIB << 20))
			die(path);
	}
	if (read(fd, buf, sizeof(buf)) != (ssize_t)sizeof(buf))
		die("read");
}

int main(int argc, char **argv)
{
	unsigned int files, chunks, made = 0;

	if (argc != 4) {
		fputs("usage: cachefill DIR FILES MIB\n", stderr);
		return 2;
	}
	files = strtoul(argv[2], NULL, 10);
	chunks = strtoul(argv[3], NULL, 10) * ((1 << 20) / CHUNK);
	for (unsigned int n = 0; n < chunks; n++) {
		for (; made < (unsigned long)files * (n + 1) / chunks; made++)
			make_file(argv[1], made);
		read_chunk(argv[1], n);
	}
	return 0;
}
