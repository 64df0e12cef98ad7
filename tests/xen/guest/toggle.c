// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * toggle: user space that takes memory blocks offline and puts them online.
 *
 *   toggle SEED
 *
 * Model: until SIGTERM, a block at random.  One that is online is asked to go
 * offline; if it does, it stays so for a moment and is put online in one of the three
 * ways.  One that is offline is put online.  A block whose going online is refused is
 * asked again, since it is ours to bring back: at the end no block is offline by our
 * doing.  Blocks may be added and removed meanwhile; those that are there at the
 * start are the boot memory.
 *
 * Prints "ok OFFLINE-BOOT OFFLINE-ADDED REFUSED ONLINE GONE", how often each happened.
 * Exit status: 0 done, 1 a block could not be put online again, 2 usage.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "random.h"

#define DIRECTORY "/sys/devices/system/memory"
#define BLOCKS_MAX 4096
#define OFFLINE_MS 150
#define PAUSE_MS 60
#define RETRIES 200
#define RETRY_MS 100

static volatile sig_atomic_t stop;
static uint64_t seed;
static unsigned long offline_boot, offline_added, refused, onlined, gone;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static unsigned int list_blocks(unsigned int *blocks)
{
	DIR *dir = opendir(DIRECTORY);
	struct dirent *entry;
	unsigned int n = 0;

	if (!dir) {
		perror(DIRECTORY);
		exit(1);
	}
	while ((entry = readdir(dir)) && n < BLOCKS_MAX)
		if (sscanf(entry->d_name, "memory%u", blocks + n) == 1)
			n++;
	closedir(dir);
	return n;
}

/* 0, or the error. */
static int write_state(unsigned int block, const char *state)
{
	char path[80];
	int fd, rc = 0;

	snprintf(path, sizeof(path), DIRECTORY "/memory%u/state", block);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return errno;
	if (write(fd, state, strlen(state)) < 0)
		rc = errno;
	close(fd);
	return rc;
}

static bool is_online(unsigned int block)
{
	char path[80], state[16] = "";
	int fd;

	snprintf(path, sizeof(path), DIRECTORY "/memory%u/state", block);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	if (read(fd, state, sizeof(state) - 1) < 0)
		state[0] = 0;
	close(fd);
	return !strncmp(state, "online", 6);
}

static bool was_removed(int rc)
{
	return rc == ENOENT || rc == ENODEV || rc == ENXIO;
}

static void put_online(unsigned int block)
{
	static const char *const how[] = { "online", "online_movable", "online_kernel" };
	int rc = 0;

	for (int i = 0; i < RETRIES; i++) {
		rc = write_state(block, how[random_below(&seed, 3)]);
		if (was_removed(rc)) {
			gone++;
			return;
		}
		/* EINVAL also if somebody else was faster. */
		if (!rc || is_online(block)) {
			onlined++;
			return;
		}
		random_nap(&seed, RETRY_MS);
	}
	printf("toggle: memory%u does not go online: %s\n", block, strerror(rc));
	exit(1);
}

static void toggle(unsigned int block, unsigned long *offlined)
{
	if (!is_online(block)) {
		put_online(block);
		return;
	}
	if (write_state(block, "offline")) {
		refused++;
		return;
	}
	(*offlined)++;
	random_nap(&seed, OFFLINE_MS);
	put_online(block);
}

static bool among(const unsigned int *blocks, unsigned int n, unsigned int block)
{
	for (unsigned int i = 0; i < n; i++)
		if (blocks[i] == block)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static unsigned int boot[BLOCKS_MAX], now[BLOCKS_MAX];
	struct sigaction action = { .sa_handler = on_term };
	unsigned int boot_nr = list_blocks(boot);

	if (argc != 2) {
		fputs("usage: toggle SEED\n", stderr);
		return 2;
	}
	seed = strtoull(argv[1], NULL, 0);
	sigaction(SIGTERM, &action, NULL);
	while (!stop) {
		unsigned int n = list_blocks(now);
		unsigned int block = now[random_below(&seed, n)];

		toggle(block, among(boot, boot_nr, block) ? &offline_boot : &offline_added);
		random_nap(&seed, PAUSE_MS);
	}
	printf("ok %lu %lu %lu %lu %lu\n", offline_boot, offline_added, refused, onlined, gone);
	return 0;
}
