/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was likely meant by a word that means nothing: a slip of the keys, or another tool. */
#include <string.h>

#include "cli.h"

/* Longer ones are no slip of a word of ours. */
#define WORD_MAX 32

/* How xl, virsh, zfs, kubectl and others call what ours is. */
static const struct {
	const char *theirs, *ours;
} other_tools[] = {
	{ "balloon", "set" }, { "mem-set", "set" }, { "setmem", "set" }, { "scale", "set" },
	{ "resize", "set" }, { "mem-max", "max" }, { "setmaxmem", "max" }, { "get", "list" },
	{ "ls", "list" }, { "ps", "list" }, { "vm-list", "list" }, { "describe", "show" },
	{ "info", "show" }, { "dominfo", "show" }, { "dommemstat", "show" }, { "status", "show" },
	{ "stats", "top" }, { "monitor", "watch" }, { "events", "watch" }, { "event", "watch" },
	{ "claims", "reserve" }, { "reservations", "reserve" }, { "sharing", "free" },
	{ "memory", "free" }, { "why", "explain" }, { "check", "doctor" }, { "health", "doctor" },
	{ "quota", "limits" }, { "memtune", "limits" }, { "pin", "limits" },
	{ "unreserve", "release" }, { "log", "history" }, { "exporter", "metrics" }, { "prometheus", "metrics" }, { "version", "--version" },
};

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * How many slips lead from a to b: a letter too many, too few or another one, or two
 * neighbours in the wrong order.
 */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > WORD_MAX || n > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		unsigned int *now = rows[i % 3], *before = rows[(i + 2) % 3], *twice = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= n; j++) {
			now[j] = least(before[j] + 1, now[j - 1] + 1,
				       before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    twice[j - 2] + 1 < now[j])
				now[j] = twice[j - 2] + 1;
		}
	}
	return rows[m % 3][n];
}

/* A third of the letters, or the beginning of the word: more is another word. */
static unsigned int slips(const char *typed, const char *meant)
{
	size_t length = strlen(typed);

	if (length >= 2 && !strncmp(typed, meant, length))
		return 1;
	return distance(typed, meant) <= (length + 2) / 3 ? distance(typed, meant) : WORD_MAX;
}

const char *cli_nearest_command(const char *word)
{
	const char *nearest = NULL;
	unsigned int fewest = WORD_MAX;

	for (size_t i = 0; i < sizeof(other_tools) / sizeof(other_tools[0]); i++) {
		if (!strcmp(word, other_tools[i].theirs))
			return other_tools[i].ours;
	}
	for (size_t i = 0; i < cli_nr_commands; i++) {
		unsigned int found = slips(word, cli_commands[i].name);

		if (found < fewest)
			nearest = cli_commands[i].name;
		fewest = found < fewest ? found : fewest;
	}
	return nearest;
}

static const char *option_with(char letter, unsigned int options)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		if (options & CLI_BIT(i) && cli_options[i].name[0] == letter)
			return cli_options[i].name;
	}
	return NULL;
}

const char *cli_nearest_option(const char *word, unsigned int options)
{
	size_t dashes = strspn(word, "-"), length = strcspn(word + dashes, "=");
	const char *nearest = NULL;
	unsigned int fewest = WORD_MAX;
	char name[WORD_MAX + 1];

	if (length > WORD_MAX)
		return NULL;
	/* "-w": others have it short. */
	if (dashes == 1 && length == 1)
		return option_with(word[1], options);
	snprintf(name, sizeof(name), "%.*s", (int)length, word + dashes);
	for (int i = 0; i < OPT_COUNT; i++) {
		unsigned int found = options & CLI_BIT(i) ? slips(name, cli_options[i].name) : WORD_MAX;

		if (found < fewest)
			nearest = cli_options[i].name;
		fewest = found < fewest ? found : fewest;
	}
	return nearest;
}
