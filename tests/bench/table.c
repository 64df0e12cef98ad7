// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "bars.h"
#include "table.h"

#define TEXT 32

static const char *const outcome_words[] = {
	[NOT_MEASURED] = "-",
	[MEASURED] = "-",	/* of a ratio that is no number */
	[LATE] = "late",
	[DIED] = "died",
};

static struct measured measured(const struct results *results, const struct cell *cell)
{
	const struct cell *whole = results_whole(results, cell);
	struct measured m = { .ours = cell_figure(cell, OURS).value };

	if (whole)
		m.whole = cell_figure(whole, OURS).value;
	m.has_ratio = cell_ratio(cell, &m.ratio);
	return m;
}

static void print_guest(const struct cell *cell, FILE *out)
{
	fprintf(out, "%s guest, kernel %s, %u vcpu", cell->guest, cell->kernel, cell->vcpus);
}

static const char *value_text(const struct cell *cell, enum side side, char *buf)
{
	struct figure figure = cell_figure(cell, side);

	if (figure.outcome != MEASURED)
		return outcome_words[figure.outcome];
	snprintf(buf, TEXT, "%.*f", cell->metric->decimals, figure.value);
	return buf;
}

static const char *number_text(double ratio, char *buf)
{
	snprintf(buf, TEXT, "%.*f", ratio < 100 ? 2 : 0, ratio);
	return buf;
}

/* Against one that did not arrive there is no ratio; say that, not just nothing. */
static const char *ratio_text(const struct cell *cell, char *buf)
{
	struct figure ours = cell_figure(cell, OURS), theirs = cell_figure(cell, THEIRS);
	double r;

	if (cell_ratio(cell, &r))
		return number_text(r, buf);
	return outcome_words[ours.outcome > theirs.outcome ? ours.outcome : theirs.outcome];
}

/* How often each was measured, if it was not the same for both. */
static const char *runs_text(const struct cell *cell, char *buf)
{
	size_t ours = cell_figure(cell, OURS).runs, theirs = cell_figure(cell, THEIRS).runs;

	if (ours == theirs)
		snprintf(buf, TEXT, "%zu", ours);
	else
		snprintf(buf, TEXT, "%zu/%zu", ours, theirs);
	return buf;
}

/*
 * A bar is missed by a driver that did not arrive; it is open while it has not been
 * measured, and for a ratio also if the other one did not arrive.
 */
static const char *verdict(const struct bar *bar, const struct cell *cell,
			   const struct measured *m, struct verdicts *verdicts)
{
	enum outcome ours = cell_figure(cell, OURS).outcome;
	enum outcome theirs = cell_figure(cell, THEIRS).outcome;

	if (ours == NOT_MEASURED ||
	    (ours == MEASURED && theirs != MEASURED && bar->kind == BAR_RATIO_AT_LEAST)) {
		verdicts->open++;
		return "open";
	}
	if (ours == MEASURED && bar_met(bar, m))
		return "ok";
	verdicts->missed++;
	return "MISSED";
}

static void print_row(const struct results *results, const struct cell *cell,
		      struct verdicts *verdicts, FILE *out)
{
	const struct bar *bar = bar_find(cell->guest, cell->metric->name);
	struct measured m = measured(results, cell);
	char ours[TEXT], theirs[TEXT], times[TEXT], runs[TEXT], limit[TEXT];

	fprintf(out, "  %-32s %-17s %10s %10s %7s %4s", cell->metric->name, cell->metric->unit,
		value_text(cell, OURS, ours), value_text(cell, THEIRS, theirs),
		ratio_text(cell, times), runs_text(cell, runs));
	if (bar)
		fprintf(out, "  %s: %s", bar_text(bar, limit, sizeof(limit)),
			verdict(bar, cell, &m, verdicts));
	fprintf(out, "\n");
}

static void print_stood(const struct cell *cell, enum side side, FILE *out)
{
	struct figure figure = cell_figure(cell, side);
	const char *between = "";

	if (!cell->failed[side])
		return;
	fprintf(out, "  %s: %s %s at ", cell->metric->name, side_names[side],
		figure.outcome == DIED ? "died, standing" : "did not arrive, stood");
	for (size_t i = 0; i < cell->failed[side]; i++) {
		fprintf(out, "%s%.1f", between, cell->stood_mib[side][i]);
		between = ", ";
	}
	fprintf(out, " MiB (%zu of %zu runs)\n", cell->failed[side], figure.runs);
}

static void print_figures(const struct results *results, const struct cell *of,
			  struct verdicts *verdicts, FILE *out)
{
	print_guest(of, out);
	fprintf(out, "\n  %-32s %-17s %10s %10s %7s %4s  %s\n", "metric", "unit", "ours", "theirs",
		"ratio", "runs", "bar");
	for (size_t i = 0; i < results->count; i++)
		if (same_guest(&results->cells[i], of))
			print_row(results, &results->cells[i], verdicts, out);
	for (size_t i = 0; i < results->count; i++)
		for (enum side side = OURS; side < SIDES; side++)
			if (same_guest(&results->cells[i], of))
				print_stood(&results->cells[i], side, out);
	fprintf(out, "\n");
}

/* Where the instructions of a metric are executed: in the guest, or in Xen for it. */
static void print_parts(const struct cell *part, const struct cell *whole, FILE *out)
{
	fprintf(out, "  %-32s", whole->metric->name);
	for (enum side side = OURS; side < SIDES; side++) {
		struct figure all = cell_figure(whole, side), guest = cell_figure(part, side);

		if (all.outcome != MEASURED || guest.outcome != MEASURED)
			fprintf(out, " %25s", outcome_words[guest.outcome]);
		else
			fprintf(out, " %8.0f + %5.0f (%4.1f %%)", all.value - guest.value,
				guest.value, all.value > 0 ? 100 * guest.value / all.value : 0);
	}
	fprintf(out, "\n");
}

static void print_shares(const struct results *results, const struct cell *of, FILE *out)
{
	bool begun = false;

	for (size_t i = 0; i < results->count; i++) {
		const struct cell *part = &results->cells[i];
		const struct cell *whole = results_whole(results, part);

		if (!same_guest(part, of) || !whole)
			continue;
		if (!begun) {
			print_guest(of, out);
			fprintf(out, ": Xen's part + the guest's\n  %-32s %25s %25s\n", "metric",
				"ours", "theirs");
		}
		begun = true;
		print_parts(part, whole, out);
	}
	if (begun)
		fprintf(out, "\n");
}

/* Is this the first cell of its guest? */
static bool is_first(const struct results *results, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_guest(&results->cells[i], &results->cells[at]))
			return false;
	return true;
}

struct verdicts print_table(const struct results *results, FILE *out)
{
	struct verdicts verdicts = { 0 };

	for (size_t i = 0; i < results->count; i++)
		if (is_first(results, i))
			print_figures(results, &results->cells[i], &verdicts, out);
	for (size_t i = 0; i < results->count; i++)
		if (is_first(results, i))
			print_shares(results, &results->cells[i], out);
	return verdicts;
}

size_t print_missing(const struct results *results, FILE *out)
{
	size_t missing = 0;

	for (size_t i = 0; i < results->count; i++) {
		const struct cell *cell = &results->cells[i];

		for (enum side side = OURS; side < SIDES; side++) {
			if (!cell_missing(cell, side))
				continue;
			missing++;
			fprintf(out, "not measured: %s of ", cell->metric->name);
			print_guest(cell, out);
			fprintf(out, ", %s\n", side_names[side]);
		}
	}
	return missing;
}

static void print_json_value(const struct cell *cell, enum side side, FILE *out)
{
	struct figure figure = cell_figure(cell, side);

	if (figure.outcome == MEASURED)
		fprintf(out, "\"%s\": %.*f, ", side_names[side], cell->metric->decimals + 1,
			figure.value);
	else
		fprintf(out, "\"%s\": null, ", side_names[side]);
}

static void print_json_cell(const struct cell *cell, FILE *out)
{
	char times[TEXT];
	double r;

	fprintf(out, "  {\"guest\": \"%s\", \"kernel\": \"%s\", \"vcpus\": %u, \"metric\": \"%s\", "
		"\"unit\": \"%s\", ", cell->guest, cell->kernel, cell->vcpus, cell->metric->name,
		cell->metric->unit);
	print_json_value(cell, OURS, out);
	print_json_value(cell, THEIRS, out);
	fprintf(out, "\"ratio\": %s, \"runs\": %zu",
		cell_ratio(cell, &r) ? number_text(r, times) : "null", cell_figure(cell, OURS).runs);
	for (enum side side = OURS; side < SIDES; side++)
		if (cell->failed[side])
			fprintf(out, ", \"%s_stood_mib\": %.1f", side_names[side],
				cell->stood_mib[side][0]);
	fprintf(out, "}");
}

void print_json(const struct results *results, FILE *out)
{
	const char *between = "";

	fprintf(out, "[\n");
	for (size_t i = 0; i < results->count; i++) {
		if (results->cells[i].metric->detail)
			continue;
		fputs(between, out);
		print_json_cell(&results->cells[i], out);
		between = ",\n";
	}
	fprintf(out, "\n]\n");
}
