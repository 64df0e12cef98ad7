// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * names: makes the kernel need memory of its own.
 *
 *   names DIRECTORY MIB
 *
 * Model: empty files with long names in DIRECTORY, which must be in memory (tmpfs): their
 * inodes and names are the kernel's own memory, neither movable nor reclaimable.  As many
 * as it takes for Slab of /proc/meminfo to grow by MIB.
 *
 * Exit status: 0 done, 1 an error, 2 usage.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AT_ONCE 1000
#define NAME_LENGTH 240		/* longer than what a directory entry holds itself */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned long slab_mib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	unsigned long kib = 0;
	char line[100];

	if (!file)
		die("/proc/meminfo");
	while (fgets(line, sizeof(line), file) && sscanf(line, "Slab: %lu", &kib) != 1)
		;
	fclose(file);
	return kib / 1024;
}

int main(int argc, char **argv)
{
	unsigned long mib = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, before = slab_mib(), n = 0;
	char name[NAME_LENGTH + 1];

	if (!mib) {
		fputs("usage: names DIRECTORY MIB\n", stderr);
		return 2;
	}
	if (chdir(argv[1]))
		die(argv[1]);
	do {
		for (int i = 0; i < AT_ONCE; i++) {
			snprintf(name, sizeof(name), "%0*lu", NAME_LENGTH, n++);
			if (mknod(name, S_IFREG | 0600, 0))
				die("names: mknod");
		}
	} while (slab_mib() < before + mib);
	printf("%lu files\n", n);
	return 0;
}
