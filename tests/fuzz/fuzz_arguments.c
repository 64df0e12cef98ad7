/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines, a word a line, on a sound host: whatever is asked, it stays one. */
#include "host.h"

#define WORDS_MAX 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256], *argv[WORDS_MAX + 2] = { (char *)"hotballoon" };
	char *rest = fuzz_text(text, sizeof(text), data, size), *word;
	int argc = 1;

	host_begin();
	host_new();
	while (argc <= WORDS_MAX && (word = strsep(&rest, "\n")))
		argv[argc++] = word;
	host_run(argc, argv);
	if (sim_guest(command_sim, GUEST))
		common_assert_consistent(command_sim, GUEST);
	host_end();
	return 0;
}
