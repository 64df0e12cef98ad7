/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the simulated host and the command cost with 500 guests: prints times and
 * judges nothing, since a machine that is busy says nothing about the code.
 */
#include "common.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command.h"

#define GUESTS 500
#define RESERVATIONS 200
#define ROUNDS 100

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void add_guests(void)
{
	static char names[GUESTS][16];
	struct sim_guest guest = usual_guest;

	for (uint32_t i = 0; i < GUESTS; i++) {
		snprintf(names[i], sizeof(names[i]), "guest%u", i);
		guest.domid = 10 + i;
		guest.name = names[i];
		sim_add(command_sim, &guest);
	}
}

/* All of them have limits, and many domains that do not exist yet have their memory. */
static void fill_files(void)
{
	static char text[GUESTS * 128];
	size_t used = sprintf(text, "hotballoon limits 1\n");

	for (uint32_t i = 0; i < GUESTS; i++)
		used += sprintf(text + used,
				"%08x-0000-0000-0000-000000000000 mode=auto weight=1000 min=131072 max=1048576 set=524288\n",
				10 + i);
	common_write_state_file("limits", text);
	used = sprintf(text, "hotballoon reservations 1\n");
	for (uint32_t i = 0; i < RESERVATIONS; i++)
		used += sprintf(text + used, "65536 1700000000 reserved%u\n", i);
	common_write_state_file("reservations", text);
}

/* Targets back and forth, so that every guest moves in every second. */
static void send_guests(unsigned int round)
{
	for (uint32_t i = 0; i < GUESTS; i++)
		sim_write_key(command_sim, 10 + i, HB_KEY_TARGET, round % 2 ? "524288" : "262144");
}

static void measure_second(void)
{
	double moving = 0, start;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		send_guests(round);
		start = seconds();
		sim_run(command_sim, 1000);
		moving += seconds() - start;
	}
	start = seconds();
	for (unsigned int round = 0; round < ROUNDS; round++)
		sim_run(command_sim, 1000);
	printf("a simulated second of %d guests: %.0f us while all move, %.0f us at rest\n", GUESTS,
	       moving * 1e6 / ROUNDS, (seconds() - start) * 1e6 / ROUNDS);
}

/*
 * The fastest of the rounds, which a busy machine has slowed down least, and questions to
 * the host, which on a real one are what takes the time.
 */
static void measure_command(const char *line)
{
	unsigned int calls = command_sim->calls;
	double best = 1e9;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		double start = seconds();

		if (command_line(line))
			abort();
		if (seconds() - start < best)
			best = seconds() - start;
	}
	printf("hotballoon %s with %d guests: %.1f ms, %u questions to the host\n", line, GUESTS,
	       best * 1e3, (command_sim->calls - calls) / ROUNDS);
}

int main(void)
{
	common_make_state_dir();
	command_sim = sim_open(1024 * G);
	add_guests();
	measure_second();
	fill_files();
	measure_command("list");
	measure_command("list --json");
	measure_command("doctor");
	measure_command("show guest499");
	measure_command("set guest499 512M");
	measure_command("set 509 512M");
	measure_command("top");
	command_teardown(NULL);
	return 0;
}
