// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * freemem: how much memory is free, comparable over days.
 *
 *   freemem                 prints "KIB SPREAD_KIB"
 *
 * Model: MemFree alone moves by tens of MiB without anything being used or freed:
 * free pages wait in lists of each processor, caches come and go, and each processor
 * counts by itself and adds up late.  So: drop caches, have the counters added up,
 * and take MemFree and the lists together.  Both come from one reading of
 * /proc/zoneinfo (`pages free` of all zones is MemFree; `count` of each processor
 * and zone): between two files pages would move from one to the other and count
 * twice.  Empty slabs that the allocator keeps for later are given back first.  What
 * an idle guest does only ever takes memory for a moment, so of several samples the
 * largest is the truth; the spread says how quiet the guest was.
 *
 * Exit status: 0 done, 1 something of /proc is not as it should be.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES 15
#define BETWEEN_US 100000

static char text[1 << 18];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void order(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die(path);
	close(fd);
}

/* The whole file, in one buffer for all. */
static void slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		die(path);
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		die(path);
	text[len] = 0;
	close(fd);
}

/* The sum of the numbers after each KEY; *found says how many there are. */
static long sum(const char *key, int *found)
{
	const char *at = text;
	long total = 0;

	for (*found = 0; (at = strstr(at, key)); (*found)++) {
		at += strlen(key);
		total += strtol(at, NULL, 10);
	}
	return total;
}

/* Empty slabs are no use of memory; how many wait is chance. */
static void shrink_slabs(void)
{
	static const char dir[] = "/sys/kernel/slab";
	DIR *slabs = opendir(dir);
	struct dirent *slab;
	char path[sizeof(dir) + sizeof(slab->d_name) + sizeof("/shrink")];

	if (!slabs)
		die(dir);
	while ((slab = readdir(slabs))) {
		if (slab->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s/shrink", dir, slab->d_name);
		order(path, "1");
	}
	closedir(slabs);
}

static long sample(void)
{
	int zones, lists;
	long pages;

	order("/proc/sys/vm/drop_caches", "3");
	order("/proc/sys/vm/stat_refresh", "1");
	slurp("/proc/zoneinfo");
	pages = sum("pages free", &zones) + sum(" count:", &lists);
	if (!zones || !lists) {
		fputs("freemem: /proc/zoneinfo has no free pages or no lists\n", stderr);
		exit(1);
	}
	return pages * 4;
}

int main(void)
{
	long least, most;

	sync();
	shrink_slabs();
	least = most = sample();
	for (int i = 1; i < SAMPLES; i++) {
		long kib;

		usleep(BETWEEN_US);
		kib = sample();
		least = kib < least ? kib : least;
		most = kib > most ? kib : most;
	}
	printf("%ld %ld\n", most, most - least);
	return 0;
}
