/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hotballoond's work takes of memory and of the processor: of the program as it is, as
 * sanitizers take some, too. With all that simulates the host, and what tests link: more than
 * hotballoond's own, but for what the kernel and xenstored do for a call, which is why the calls are
 * counted. Time of the processor, so that it does not matter what else runs. Prints it; status 1 if it
 * is too much.
 */
#include "room.h"

#include <inttypes.h>
#include <stdio.h>

#define MOST_KIB (10 * 1024)
#define SPAN_MINUTES 10
#define SPAN_MS (SPAN_MINUTES * 60000U)

static struct room room;
static unsigned int calls, wakes;
static bool good = true;

static void bound(const char *what, uint64_t is, uint64_t most)
{
	printf("  %-36s %8" PRIu64 ", %" PRIu64 " at most\n", what, is, most);
	good &= is <= most;
}

static void begin(const char *what)
{
	printf("%u minutes of %s:\n", SPAN_MINUTES, what);
	calls = room.sim->calls;
	wakes = room.wakes;
	room.cpu_us = 0;
}

/* permille: what it may take of one processor. */
static void end(unsigned int calls_a_minute, unsigned int wakes_a_minute, unsigned int permille)
{
	bound("calls to the host", room.sim->calls - calls, SPAN_MINUTES * calls_a_minute);
	bound("times that it wakes", room.wakes - wakes, SPAN_MINUTES * wakes_a_minute);
	bound("us of the processor", room.cpu_us, SPAN_MS * permille);
}

static unsigned long resident_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[256];

	while (file && !kib && fgets(line, sizeof(line), file))
		sscanf(line, "VmRSS: %lu kB", &kib);
	if (file)
		fclose(file);
	good &= kib > 0;
	return kib;
}

/* A look each half minute, and nothing else. */
static void quiet(void)
{
	room_open(&room, 60 * G);
	for (unsigned int i = 0; i < 100; i++)
		room_guest(&room, room_add(&room, 256 * M, 128 * M, 512 * M))->load.load.files_kib = 0;
	/* Their caches fill, and they say so. */
	room_run(&room, 180000);
	begin("100 quiet guests");
	room_run(&room, SPAN_MS);
	end(20, 8, 1);
	bound("KiB resident", resident_kib(), MOST_KIB);
	room_close(&room);
}

/* One calls and calls no more, a thousand times a second. */
static void flooded(void)
{
	room_open(&room, 4 * G);
	room_add(&room, 512 * M, 256 * M, G);
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 10000);
	begin("a guest that floods its keys");
	for (unsigned int i = 0; i < SPAN_MS; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i % 2 ? 4096 + 4 * (i % 1000) : 0);
		sim_write_key(room.sim, 1, HB_KEY_REPORT_DISTRESS, text);
		if (i % 10)
			continue;
		sim_run(room.sim, 10);
		room_wake(&room);
	}
	end(60 * 100, 60 * 20, 10);
	room_close(&room);
}

int main(void)
{
	quiet();
	flooded();
	return !good;
}
