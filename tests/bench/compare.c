// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "compare.h"

static double percent_more(double old, double new)
{
	return 100 * (new / old - 1);
}

static void print_ratio(const struct cell *cell, FILE *out)
{
	double r;

	if (cell_ratio(cell, &r))
		fprintf(out, " %8.2f", r);
	else
		fprintf(out, " %8s", cell_figure(cell, THEIRS).outcome == MEASURED ? "-" : "late");
}

static void print_side(const struct cell *old, const struct cell *new, enum side side, FILE *out)
{
	struct figure before = cell_figure(old, side), after = cell_figure(new, side);

	fprintf(out, "  %s ", side_names[side]);
	if (before.outcome == MEASURED && after.outcome == MEASURED && before.value > 0)
		fprintf(out, "%+.1f %%", percent_more(before.value, after.value));
	else
		fprintf(out, "-");
}

/* Is what ours makes of a ratio less by more than that?  Zero and less have no ratio. */
static bool is_worse(const struct metric *metric, double before, double after, double percent)
{
	double rest = 1 - percent / 100;

	if (fabs(after - before) < metric->grain)
		return false;
	return metric->more_is_better ? after < before * rest : after * rest > before;
}

static void compare_ours(const struct cell *old, const struct cell *new, double percent,
			 struct comparison *comparison, FILE *out)
{
	struct figure before = cell_figure(old, OURS), after = cell_figure(new, OURS);

	if (before.outcome != MEASURED) {
		fprintf(out, "  ours did not arrive before\n");
		comparison->late_before++;
	} else if (after.outcome != MEASURED) {
		fprintf(out, "  ours does not arrive any more: WORSE\n");
		comparison->worse++;
	} else {
		bool worse = is_worse(old->metric, before.value, after.value, percent);

		print_side(old, new, OURS, out);
		print_side(old, new, THEIRS, out);
		fprintf(out, "%s\n", worse ? ": WORSE" : "");
		comparison->compared++;
		comparison->worse += worse;
	}
}

static bool new_lacks(const struct cell *old, const struct cell *new)
{
	for (enum side side = OURS; side < SIDES; side++)
		if (!new || (!cell_missing(old, side) && cell_missing(new, side)))
			return true;
	return false;
}

struct comparison compare_results(const struct results *old, const struct results *new,
				  double percent, FILE *out)
{
	struct comparison comparison = { 0 };

	for (size_t i = 0; i < old->count; i++) {
		const struct cell *cell = &old->cells[i], *now = results_find(new, cell);

		if (cell->metric->detail || cell_missing(cell, OURS))
			continue;
		fprintf(out, "%-4s %-5s %-32s", cell->guest, cell->kernel, cell->metric->name);
		print_ratio(cell, out);
		if (new_lacks(cell, now)) {
			fprintf(out, "  MISSING in the new results\n");
			comparison.missing++;
			continue;
		}
		print_ratio(now, out);
		compare_ours(cell, now, percent, &comparison, out);
	}
	return comparison;
}
