/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the metrics of a simulated host with guests in all kinds of states: "exposition
 * command" what hotballoon prints, "exposition daemon" what hotballoond keeps in its file.
 * For tests/unit/toolstack/check-metrics.
 */
#include "room.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "textfile.h"

static struct room room;

static void complain(const char *text, void *argument)
{
	(void)argument;
	fprintf(stderr, "%s\n", text);
}

/* Hostile names, one that is stuck, one in distress, one that says nothing, and nonsense. */
static void fill_room(void)
{
	static const char *const names[] = { "a\"b\\c\nd", "}} 1 ", "\xc3\xa4", "web", "" };

	room_open(&room, 8 * G);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		room_add(&room, 512 * M, 256 * M, G);
		sim_write_key(room.sim, room.guests[i].domid, HB_KEY_NAME, names[i]);
	}
	room_run(&room, 5000);
	room_guest(&room, 0)->stuck = true;
	room_guest(&room, 1)->load.load.anon_kib = 900 * M;
	room_guest(&room, 2)->load.habit = GUEST_SILENT;
	sim_write_key(room.sim, room.guests[3].domid, HB_KEY_REPORT_CAUSE, "\"} 7\n");
	sim_remove_key(room.sim, room.guests[4].domid, HB_KEY_REPORT_VERSION);
	room_run(&room, 60000);
}

static int print_daemon(void)
{
	struct textfile file = { .complain = complain };
	struct manager_view view;

	snprintf(room.config.textfile, sizeof(room.config.textfile), "%s/h.prom", common_state_dir);
	manager_configure(room.manager, &room.config);
	view = manager_look(room.manager);
	textfile_keep(&file, &view);
	if (file.text)
		fputs(file.text, stdout);
	textfile_end(&file);
	return 0;
}

static int print_command(void)
{
	int status;

	command_sim = room.sim;
	status = command_line("metrics");
	fputs(command_out, stdout);
	fputs(command_err, stderr);
	return status;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	int status = 2;

	fill_room();
	if (!strcmp(what, "daemon"))
		status = print_daemon();
	else if (!strcmp(what, "command"))
		status = print_command();
	else
		fprintf(stderr, "usage: exposition command | daemon\n");
	room_close(&room);
	return status;
}
