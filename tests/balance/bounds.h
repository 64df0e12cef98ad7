/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What scenarios have seen of what must hold, over all plays; printed at the end. */
#ifndef TESTS_BALANCE_BOUNDS_H
#define TESTS_BALANCE_BOUNDS_H

#include <stdio.h>
#include <string.h>

/* Of all plays, what was seen of one bound. */
static struct seen {
	const char *scenario, *what;
	double from, to, least, most;
} seen_all[64];

static struct seen *seen_of(const char *scenario, const char *what)
{
	struct seen *seen = seen_all;

	while (seen->what && (strcmp(seen->what, what) || strcmp(seen->scenario, scenario)))
		seen++;
	return seen;
}

static void bound(const char *scenario, const char *what, double value, double least, double most)
{
	struct seen *seen = seen_of(scenario, what);

	if (!seen->what)
		*seen = (struct seen){ scenario, what, value, value, least, most };
	seen->from = value < seen->from ? value : seen->from;
	seen->to = value > seen->to ? value : seen->to;
	if (value < least || value > most)
		fail_msg("%s: %s %.1f (bound: %.1f to %.1f)", scenario, what, value, least, most);
}

static int print_bounds(void **state)
{
	(void)state;
	for (const struct seen *seen = seen_all; seen->what; seen++)
		printf("%s: %s: %.1f to %.1f (bound: %.1f to %.1f)\n", seen->scenario, seen->what,
		       seen->from, seen->to, seen->least, seen->most);
	return 0;
}

#endif
