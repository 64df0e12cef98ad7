/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hotballoond's work for 100 quiet guests takes of memory: of the program as it is, as
 * sanitizers take some, too. With all that simulates the host, and what tests link: more than
 * hotballoond's own. Prints it; status 1 if it is too much.
 *
 * Of the processor, what is called and how often says enough, and on every machine the same:
 * test_quiet and test_flooder of test_manager.c.
 */
#include "room.h"

#include <stdio.h>

#define MOST_KIB (10 * 1024)

static struct room room;

static unsigned long resident_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[256];

	while (file && !kib && fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %lu kB", &kib);
	if (file)
		fclose(file);
	return kib;
}

int main(void)
{
	unsigned long kib;

	room_open(&room, 60 * G);
	for (unsigned int i = 0; i < 100; i++)
		room_guest(&room, room_add(&room, 256 * M, 128 * M, 512 * M))->load.load.files_kib = 0;
	room_run(&room, 600000);
	kib = resident_kib();
	room_close(&room);
	printf("ten minutes of 100 quiet guests: %lu KiB resident, %u at most\n", kib, MOST_KIB);
	return !kib || kib >= MOST_KIB;
}
