// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bars.h"
#include "results.h"

static const char *const side_names[SIDES] = { "ours", "theirs" };

/* "want GUEST KERNEL VCPUS METRIC" and, of a sample, "SIDE VALUE" */
struct line {
	char kind[8], guest[RESULTS_NAME], kernel[RESULTS_NAME], metric[64];
	unsigned int vcpus;
	char side[8], value[32], rest[2];
	int fields;
};

#define WANT_FIELDS 5
#define SAMPLE_FIELDS 7

void results_init(struct results *results)
{
	memset(results, 0, sizeof(*results));
}

static bool refuse(struct results *results, const char *line, const char *why)
{
	snprintf(results->error, sizeof(results->error), "%s: \"%.*s\"", why,
		 (int)strcspn(line, "\n"), line);
	return false;
}

/* They become part of JSON strings and of columns as they are. */
static bool is_name(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("._-", *text))
			return false;
	return true;
}

static bool parse_value(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return *text && !*end && isfinite(*value);
}

static struct cell *find_cell(struct results *results, const struct line *l)
{
	for (size_t i = 0; i < results->count; i++) {
		struct cell *cell = &results->cells[i];

		if (!strcmp(cell->guest, l->guest) && !strcmp(cell->kernel, l->kernel) &&
		    cell->vcpus == l->vcpus && !strcmp(cell->metric->name, l->metric))
			return cell;
	}
	return NULL;
}

static bool add_cell(struct results *results, const char *text, const struct line *l,
		     const struct metric *metric)
{
	struct cell *cell;

	if (find_cell(results, l))
		return refuse(results, text, "wanted twice");
	if (!metric_applies(metric, l->guest))
		return refuse(results, text, "such a guest has no such metric");
	if (results->count == RESULTS_CELLS)
		return refuse(results, text, "too many cells");
	cell = &results->cells[results->count++];
	strcpy(cell->guest, l->guest);
	strcpy(cell->kernel, l->kernel);
	cell->vcpus = l->vcpus;
	cell->metric = metric;
	return true;
}

static bool add_sample(struct results *results, const char *text, const struct line *l)
{
	struct cell *cell = find_cell(results, l);
	enum side side = OURS;
	double value;

	while (side < SIDES && strcmp(l->side, side_names[side]))
		side++;
	if (side == SIDES)
		return refuse(results, text, "neither ours nor theirs");
	if (!parse_value(l->value, &value))
		return refuse(results, text, "no number");
	if (!cell)
		return refuse(results, text, "a sample that nobody wanted");
	if (cell->count[side] == RESULTS_SAMPLES)
		return refuse(results, text, "too many samples");
	cell->samples[side][cell->count[side]++] = value;
	return true;
}

bool results_line(struct results *results, const char *line)
{
	struct line l = { 0 };
	const struct metric *metric;

	l.fields = sscanf(line, "%7s %15s %15s %u %63s %7s %31s %1s", l.kind, l.guest, l.kernel,
			  &l.vcpus, l.metric, l.side, l.value, l.rest);
	if (l.fields < WANT_FIELDS || !is_name(l.guest) || !is_name(l.kernel) || !l.vcpus)
		return refuse(results, line, "not understood");
	metric = metric_find(l.metric);
	if (!metric)
		return refuse(results, line, "no such metric");
	if (!strcmp(l.kind, "want") && l.fields == WANT_FIELDS)
		return add_cell(results, line, &l, metric);
	if (!strcmp(l.kind, "sample") && l.fields == SAMPLE_FIELDS)
		return add_sample(results, line, &l);
	return refuse(results, line, "not understood");
}

bool results_complete(struct results *results)
{
	for (size_t i = 0; i < results->count; i++) {
		const struct cell *cell = &results->cells[i];

		if (cell->count[OURS] && cell->count[OURS] == cell->count[THEIRS])
			continue;
		snprintf(results->error, sizeof(results->error),
			 "%s of %s, kernel %s, %u vcpu: measured %zu times with our driver, %zu times with the kernel's",
			 cell->metric->name, cell->guest, cell->kernel, cell->vcpus,
			 cell->count[OURS], cell->count[THEIRS]);
		return false;
	}
	if (!results->count)
		snprintf(results->error, sizeof(results->error), "nothing was wanted");
	return results->count;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(const double *values, size_t count)
{
	double sorted[RESULTS_SAMPLES];

	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), compare);
	return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

bool ratio(const struct metric *metric, double ours, double theirs, double *result)
{
	if (ours <= 0 || theirs <= 0)
		return false;
	*result = metric->more_is_better ? ours / theirs : theirs / ours;
	return true;
}

static double cell_median(const struct cell *cell, enum side side)
{
	return median(cell->samples[side], cell->count[side]);
}

static bool same_guest(const struct cell *a, const struct cell *b)
{
	return !strcmp(a->guest, b->guest) && !strcmp(a->kernel, b->kernel) &&
	       a->vcpus == b->vcpus;
}

/* The cell that this one is a part of; NULL if there is none. */
static const struct cell *whole_of(const struct results *results, const struct cell *part)
{
	for (size_t i = 0; i < results->count && part->metric->whole; i++)
		if (same_guest(&results->cells[i], part) &&
		    !strcmp(results->cells[i].metric->name, part->metric->whole))
			return &results->cells[i];
	return NULL;
}

static struct measured measured(const struct results *results, const struct cell *cell)
{
	const struct cell *whole = whole_of(results, cell);
	struct measured m = {
		.ours = cell_median(cell, OURS),
		.whole = whole ? cell_median(whole, OURS) : 0,
	};

	m.has_ratio = ratio(cell->metric, m.ours, cell_median(cell, THEIRS), &m.ratio);
	return m;
}

static void print_ratio(const struct measured *m, const char *none, char *buf, size_t size)
{
	if (m->has_ratio)
		snprintf(buf, size, "%.*f", m->ratio < 100 ? 2 : 0, m->ratio);
	else
		snprintf(buf, size, "%s", none);
}

static void print_guest(const struct cell *cell, FILE *out)
{
	fprintf(out, "%s guest, kernel %s, %u vcpu", cell->guest, cell->kernel, cell->vcpus);
}

/* Returns whether it is missed. */
static bool print_bar(const struct cell *cell, const struct measured *m, FILE *out)
{
	const struct bar *bar = bar_find(cell->guest, cell->metric->name);
	char text[32];
	bool met;

	if (!bar) {
		fprintf(out, "\n");
		return false;
	}
	met = bar_met(bar, m);
	fprintf(out, "  %s: %s\n", bar_text(bar, text, sizeof(text)), met ? "ok" : "MISSED");
	return !met;
}

static bool print_row(const struct results *results, const struct cell *cell, FILE *out)
{
	struct measured m = measured(results, cell);
	int decimals = cell->metric->decimals;
	char times[32];

	print_ratio(&m, "-", times, sizeof(times));
	fprintf(out, "  %-32s %-17s %10.*f %10.*f %7s %4zu", cell->metric->name,
		cell->metric->unit, decimals, m.ours, decimals, cell_median(cell, THEIRS), times,
		cell->count[OURS]);
	return print_bar(cell, &m, out);
}

static unsigned int print_figures(const struct results *results, const struct cell *of, FILE *out)
{
	unsigned int missed = 0;

	print_guest(of, out);
	fprintf(out, "\n  %-32s %-17s %10s %10s %7s %4s  %s\n", "metric", "unit", "ours", "theirs",
		"ratio", "runs", "bar");
	for (size_t i = 0; i < results->count; i++)
		if (same_guest(&results->cells[i], of))
			missed += print_row(results, &results->cells[i], out);
	fprintf(out, "\n");
	return missed;
}

/* Where the instructions of a metric are executed: in the guest, or in Xen for it. */
static void print_parts(const struct cell *part, const struct cell *whole, FILE *out)
{
	fprintf(out, "  %-32s", whole->metric->name);
	for (enum side side = OURS; side < SIDES; side++) {
		double all = cell_median(whole, side), guest = cell_median(part, side);

		fprintf(out, " %8.0f + %5.0f (%4.1f %%)", all - guest, guest,
			all > 0 ? 100 * guest / all : 0);
	}
	fprintf(out, "\n");
}

static void print_shares(const struct results *results, const struct cell *of, FILE *out)
{
	bool begun = false;

	for (size_t i = 0; i < results->count; i++) {
		const struct cell *part = &results->cells[i], *whole = whole_of(results, part);

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

unsigned int results_table(const struct results *results, FILE *out)
{
	unsigned int missed = 0;

	for (size_t i = 0; i < results->count; i++)
		if (is_first(results, i))
			missed += print_figures(results, &results->cells[i], out);
	for (size_t i = 0; i < results->count; i++)
		if (is_first(results, i))
			print_shares(results, &results->cells[i], out);
	return missed;
}

static void print_json(const struct results *results, const struct cell *cell, FILE *out)
{
	struct measured m = measured(results, cell);
	int decimals = cell->metric->decimals + 1;
	char times[32];

	print_ratio(&m, "null", times, sizeof(times));
	fprintf(out, "  {\"guest\": \"%s\", \"kernel\": \"%s\", \"vcpus\": %u, \"metric\": \"%s\", "
		"\"unit\": \"%s\", \"ours\": %.*f, \"theirs\": %.*f, \"ratio\": %s, \"runs\": %zu}",
		cell->guest, cell->kernel, cell->vcpus, cell->metric->name, cell->metric->unit,
		decimals, m.ours, decimals, cell_median(cell, THEIRS), times, cell->count[OURS]);
}

void results_json(const struct results *results, FILE *out)
{
	const char *between = "";

	fprintf(out, "[\n");
	for (size_t i = 0; i < results->count; i++) {
		if (results->cells[i].metric->detail)
			continue;
		fputs(between, out);
		print_json(results, &results->cells[i], out);
		between = ",\n";
	}
	fprintf(out, "\n]\n");
}
