/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State files as somebody has left them: read whole or refused, never written over. */
#include "host.h"

static void run(const char *const words[4])
{
	char *argv[6] = { (char *)"hotballoon" };
	int argc = 1;

	while (argc <= 4 && words[argc - 1]) {
		argv[argc] = (char *)words[argc - 1];
		argc++;
	}
	host_run(argc, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const make[] = { "limits", "5", "--min=64M", NULL };
	static const char *const lines[][4] = {
		{ "limits", "5", "--json" }, { "reserve", "--json" }, { "list", "--json" },
		{ "limits", "5", "--weight=7", "--json" }, { "release", "web", "--json" },
		{ "limits", "--json" }, { "free", "--json" }, { "reserve", "--host=1G", "--json" },
		{ "limits", "5", "--forget", "--json" },
	};

	host_begin();
	host_new();
	/* Makes the directory. */
	run(make);
	host_write_state("limits", data, size);
	host_write_state("reservations", data, size);
	host_write_state("host", data, size);
	host_write_state("sizes", data, size);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		run(lines[i]);
	host_end();
	return 0;
}
