/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include <signal.h>
#include <unistd.h>

/* In memory: the disk's fsync() would be all that there is to see. */
#define STATE_DIR "/dev/shm/hotballoon-fuzz-%d"

/* The simulated time after which somebody presses Ctrl-C. */
#define INTERRUPT_MS 60000

static char state_dir[64];

static const char *const state_files[] = {
	"limits", "reservations",
};

static void remove_state(void)
{
	char path[128];

	for (size_t i = 0; i < sizeof(state_files) / sizeof(state_files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", state_dir, state_files[i]);
		unlink(path);
	}
	rmdir(state_dir);
}

void host_begin(void)
{
	if (state_dir[0])
		return;
	/* While the command does not catch it, nobody else shall. */
	signal(SIGINT, SIG_IGN);
	snprintf(state_dir, sizeof(state_dir), STATE_DIR, getpid());
	setenv("HOTBALLOON_STATE_DIR", state_dir, 1);
	/* No xl is run, wherever this is. */
	setenv("PATH", "/nonexistent", 1);
	atexit(remove_state);
}

static void interrupt(struct sim *sim)
{
	if (sim->clock_ms >= sim->interrupt_ms)
		raise(SIGINT);
}

void host_new(void)
{
	remove_state();
	command_sim = common_host();
	command_sim->tick = interrupt;
	host_interrupt_in(INTERRUPT_MS);
}

void host_interrupt_in(unsigned int ms)
{
	command_sim->interrupt_ms = command_sim->clock_ms + ms;
}

void host_end(void)
{
	MUST(sim_pages(command_sim) == command_sim->total_pages);
	sim_close(command_sim);
}

void host_write_state(const char *name, const void *data, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", state_dir, name);
	file = fopen(path, "w");
	MUST(file);
	MUST(fwrite(data, 1, size, file) == size);
	fclose(file);
}

/* Every line of watch is an object; the others print one, over lines of its own. */
static void check_json(char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	char *rest = text;

	json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
	while (*rest) {
		struct json_object *object = json_tokener_parse_ex(tokener, rest, strlen(rest));

		MUST(json_tokener_get_error(tokener) == json_tokener_success);
		rest += json_tokener_get_parse_end(tokener);
		rest += strspn(rest, "\n");
		json_object_put(object);
	}
	json_tokener_free(tokener);
}

int host_run(int argc, char **argv)
{
	int code = command_run(command_open, argc, argv);

	MUST(code >= HB_OK && code <= CLI_EXIT_FAULT);
	/* Whatever went wrong is said in one of the two places. */
	MUST(!code || *command_out || *command_err);
	/* What is behind "--" is no option. */
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--json") && !strstr(command_out, "hotballoon "))
			check_json(command_out);
	}
	return code;
}
