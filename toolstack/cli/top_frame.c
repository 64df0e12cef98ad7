/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For qsort_r(). */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"

/* Columns beside the bar, which has all the rest. */
#define NAME 12
#define SIZE 7
#define STATE 9
#define CAUSE 18
#define BAR_MIN (TOP_WIDTH_MIN - NAME - 3 * SIZE - STATE - CAUSE - 6)
#define BAR_MAX 64

/* Two at the top; what the signs and keys mean is for screens with room for it. */
#define LINES_ABOVE 2
#define LINES_FOR_LEGEND 8

const char *const top_sort_names[TOP_SORT_COUNT] = {
	[TOP_SORT_ID] = "id",
	[TOP_SORT_NAME] = "name",
	[TOP_SORT_ACTUAL] = "actual",
	[TOP_SORT_TARGET] = "target",
	[TOP_SORT_DEMAND] = "demand",
	[TOP_SORT_CAUSE] = "cause",
};

/* Sizes and causes come largest first, and none comes last. */
static int compare_by(enum top_sort sort, const struct hb_domain *a, const struct hb_domain *b)
{
	uint64_t x = 0, y = 0;

	switch (sort) {
	case TOP_SORT_NAME:
		return strcmp(a->name, b->name);
	case TOP_SORT_ACTUAL:
		x = a->actual_kib, y = b->actual_kib;
		break;
	case TOP_SORT_TARGET:
		x = a->target.value, y = b->target.value;
		break;
	case TOP_SORT_DEMAND:
		x = a->used.value, y = b->used.value;
		break;
	case TOP_SORT_CAUSE:
		x = a->report.cause.value, y = b->report.cause.value;
		break;
	default:
		break;
	}
	return x < y ? 1 : x > y ? -1 : 0;
}

static int compare(const void *first, const void *second, void *argument)
{
	const struct hb_domain *a = &((const struct top_row *)first)->domain;
	const struct hb_domain *b = &((const struct top_row *)second)->domain;
	const struct top_view *view = argument;
	int order = compare_by(view->sort, a, b);

	if (!order)
		order = a->domid < b->domid ? -1 : 1;
	return view->reverse ? -order : order;
}

static bool has_legend(const struct top_view *view)
{
	return !view->height || view->height >= LINES_FOR_LEGEND;
}

size_t top_rows_shown(const struct top_data *data, const struct top_view *view)
{
	size_t around = LINES_ABOVE + (has_legend(view) ? 1 + view->keys : 0);
	size_t room = view->height > around ? view->height - around : 0;

	return view->height && data->count > room ? room : data->count;
}

static unsigned int bar_width(const struct top_view *view)
{
	unsigned int more = view->width > TOP_WIDTH_MIN ? view->width - TOP_WIDTH_MIN : 0;

	return BAR_MIN + more > BAR_MAX ? BAR_MAX : BAR_MIN + more;
}

/* One line of the frame, cut to the width; text is plain. */
static void print_line(FILE *out, const struct top_view *view, const char *before,
		       const char *text)
{
	fprintf(out, "%s%.*s%s\n", before, (int)view->width, text, *before ? view->plain : "");
}

static void mark(char *bar, unsigned int width, uint64_t scale, uint64_t kib, char what)
{
	uint64_t place = kib >= scale ? width - 1 : kib * width / scale;

	bar[place] = what;
}

/*
 * From nothing to the largest of what the domain has, shall and may have: what it
 * holds, and marks for its limits, demand and target; the target covers others.
 */
static void draw_bar(char *bar, unsigned int width, const struct top_row *row)
{
	const struct hb_domain *domain = &row->domain;
	uint64_t target = domain->target.value + domain->videoram_kib;
	uint64_t scale = domain->static_max.value < HB_SIZE_MAX_KIB ? domain->static_max.value : 0;
	uint64_t held;

	scale = scale > domain->actual_kib ? scale : domain->actual_kib;
	scale = scale > target ? scale : target;
	memset(bar, '-', width);
	bar[width] = '\0';
	if (!scale)
		return;
	held = domain->actual_kib * width / scale;
	memset(bar, '=', held);
	if (row->limits.min.presence == HB_PRESENT)
		mark(bar, width, scale, row->limits.min.value, '<');
	if (row->limits.max.presence == HB_PRESENT)
		mark(bar, width, scale, row->limits.max.value, '>');
	if (domain->used.presence == HB_PRESENT)
		mark(bar, width, scale, domain->used.value, '*');
	if (domain->target.presence == HB_PRESENT)
		mark(bar, width, scale, target, '|');
}

/* As many bytes as columns: what is not ASCII may need none or two of them. */
static void cut_name(char name[NAME + 1], const struct hb_domain *domain)
{
	size_t i = 0;

	for (; i < NAME && domain->name[i]; i++)
		name[i] = isascii((unsigned char)domain->name[i]) ? domain->name[i] : '?';
	name[i] = '\0';
	if (!i)
		snprintf(name, NAME + 1, "%u", domain->domid);
}

/* What stands in the way comes before what the driver does. */
static const char *state_of(const struct hb_domain *domain)
{
	if (domain->state != HB_DOMAIN_RUNNING || domain->driver != HB_DRIVER_HOTBALLOON)
		return hb_domain_state_name(domain->state);
	return hb_report_state_name(&domain->report.state);
}

static const char *cause_of(const struct hb_domain *domain)
{
	if (domain->driver != HB_DRIVER_HOTBALLOON)
		return domain->domid ? "no report" : "-";
	return hb_report_cause_name(&domain->report.cause);
}

static const char *colour_of(const struct hb_domain *domain, const struct top_view *view)
{
	if (domain->state == HB_DOMAIN_CRASHED)
		return view->fault;
	return domain->driver == HB_DRIVER_HOTBALLOON &&
	       domain->report.cause.value != HB_CAUSE_NONE ? view->warning : "";
}

static void print_row(FILE *out, const struct top_row *row, const struct top_view *view)
{
	const struct hb_domain *domain = &row->domain;
	struct hb_number target = domain->target;
	char name[NAME + 1], bar[BAR_MAX + 1], line[TOP_WIDTH_MIN + BAR_MAX + 32];
	char actual[HB_SIZE_TEXT], goal[HB_SIZE_TEXT], used[HB_SIZE_TEXT];

	target.value += domain->videoram_kib;
	cut_name(name, domain);
	draw_bar(bar, bar_width(view), row);
	snprintf(line, sizeof(line), "%-*s %*s %*s %*s %s %-*s %-*s", NAME, name, SIZE,
		 hb_size_human(domain->actual_kib, actual), SIZE, cli_number(&target, goal), SIZE,
		 cli_number(&domain->used, used), bar, STATE, state_of(domain), CAUSE,
		 cause_of(domain));
	print_line(out, view, colour_of(domain, view), line);
}

static void print_head(FILE *out, const struct top_data *data, const struct top_view *view)
{
	char line[256], available[HB_SIZE_TEXT], total[HB_SIZE_TEXT];

	snprintf(line, sizeof(line), "hotballoon %s  %zu domains, the host has %s of %s to give, by %s%s",
		 view->clock, data->count,
		 hb_size_human(hb_host_available_kib(&data->host), available),
		 hb_size_human(data->host.total_kib, total), top_sort_names[view->sort],
		 view->reverse ? ", reversed" : "");
	print_line(out, view, "", line);
	if (view->height == 1)
		return;
	snprintf(line, sizeof(line), "%-*s %*s %*s %*s %-*s %-*s %s", NAME, "NAME", SIZE, "ACTUAL",
		 SIZE, "TARGET", SIZE, "DEMAND", (int)bar_width(view), "0 ... MAX", STATE, "STATE",
		 "CAUSE");
	print_line(out, view, "", line);
}

void top_sort_rows(struct top_data *data, const struct top_view *view)
{
	qsort_r(data->rows, data->count, sizeof(*data->rows), compare, (void *)view);
}

void top_frame(FILE *out, struct top_data *data, const struct top_view *view)
{
	size_t shown = top_rows_shown(data, view), last = view->first + shown;

	top_sort_rows(data, view);
	print_head(out, data, view);
	for (size_t i = view->first; i < last && i < data->count; i++)
		print_row(out, &data->rows[i], view);
	if (!has_legend(view))
		return;
	print_line(out, view, "", "= held  | target  < least  > most that managers give  * demand");
	if (view->keys)
		print_line(out, view, "", "q quit, arrows scroll, r reverse; sort by: i n a t d c");
}
