// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"

const char *const side_names[SIDES] = { "ours", "theirs" };

/* "want GUEST KERNEL VCPUS METRIC" and, of a driver, "SIDE VALUE" */
struct line {
	char kind[8], guest[RESULTS_NAME], kernel[RESULTS_NAME], metric[64];
	unsigned int vcpus;
	char side[8], value[32], rest[2];
	int fields;
};

#define WANT_FIELDS 5
#define DRIVER_FIELDS 7

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

static bool parse_side(const char *text, enum side *side)
{
	for (*side = OURS; *side < SIDES; (*side)++)
		if (!strcmp(text, side_names[*side]))
			return true;
	return false;
}

static bool add_driver_line(struct results *results, const char *text, const struct line *l)
{
	bool sample = !strcmp(l->kind, "sample");
	struct cell *cell = find_cell(results, l);
	enum side side;
	double value;

	if (!parse_side(l->side, &side))
		return refuse(results, text, "neither ours nor theirs");
	if (!parse_value(l->value, &value))
		return refuse(results, text, "no number");
	if (!cell)
		return refuse(results, text, "of what nobody wanted");
	if (cell->count[side] + cell->failed[side] == RESULTS_SAMPLES)
		return refuse(results, text, "too many samples");
	if (sample)
		cell->samples[side][cell->count[side]++] = value;
	else
		cell->stood_mib[side][cell->failed[side]++] = value;
	cell->died[side] |= !strcmp(l->kind, "died");
	return true;
}

static bool is_driver_line(const struct line *l)
{
	return l->fields == DRIVER_FIELDS &&
	       (!strcmp(l->kind, "sample") || !strcmp(l->kind, "late") || !strcmp(l->kind, "died"));
}

bool results_line(struct results *results, const char *line)
{
	struct line l = { 0 };
	const struct metric *metric;

	if (line[0] == '#')
		return true;
	l.fields = sscanf(line, "%7s %15s %15s %u %63s %7s %31s %1s", l.kind, l.guest, l.kernel,
			  &l.vcpus, l.metric, l.side, l.value, l.rest);
	if (l.fields < WANT_FIELDS || !is_name(l.guest) || !is_name(l.kernel) || !l.vcpus)
		return refuse(results, line, "not understood");
	metric = metric_find(l.metric);
	if (!metric)
		return refuse(results, line, "no such metric");
	if (!strcmp(l.kind, "want") && l.fields == WANT_FIELDS)
		return add_cell(results, line, &l, metric);
	if (is_driver_line(&l))
		return add_driver_line(results, line, &l);
	return refuse(results, line, "not understood");
}

bool results_read(struct results *results, FILE *in)
{
	char line[512];

	while (fgets(line, sizeof(line), in)) {
		/* Half a number is a number, too. */
		if (!strchr(line, '\n'))
			return refuse(results, line, "too long, or cut off");
		if (!results_line(results, line))
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

struct figure cell_figure(const struct cell *cell, enum side side)
{
	struct figure figure = { .runs = cell->count[side] + cell->failed[side] };

	if (cell->failed[side]) {
		figure.outcome = cell->died[side] ? DIED : LATE;
	} else if (cell->count[side]) {
		figure.outcome = MEASURED;
		figure.value = median(cell->samples[side], cell->count[side]);
	}
	return figure;
}

bool cell_missing(const struct cell *cell, enum side side)
{
	return cell_figure(cell, side).outcome == NOT_MEASURED;
}

bool cell_ratio(const struct cell *cell, double *result)
{
	struct figure ours = cell_figure(cell, OURS), theirs = cell_figure(cell, THEIRS);

	return ours.outcome == MEASURED && theirs.outcome == MEASURED &&
	       ratio(cell->metric, ours.value, theirs.value, result);
}

bool same_guest(const struct cell *a, const struct cell *b)
{
	return !strcmp(a->guest, b->guest) && !strcmp(a->kernel, b->kernel) &&
	       a->vcpus == b->vcpus;
}

static const struct cell *find_metric(const struct results *results, const struct cell *guest,
				      const char *metric)
{
	for (size_t i = 0; i < results->count; i++)
		if (same_guest(&results->cells[i], guest) &&
		    !strcmp(results->cells[i].metric->name, metric))
			return &results->cells[i];
	return NULL;
}

const struct cell *results_find(const struct results *results, const struct cell *like)
{
	return find_metric(results, like, like->metric->name);
}

const struct cell *results_whole(const struct results *results, const struct cell *part)
{
	return part->metric->whole ? find_metric(results, part, part->metric->whole) : NULL;
}
