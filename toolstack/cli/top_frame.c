/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For qsort_r(). */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "top.h"

/* Columns beside the bar, which has all the rest. */
#define NAME_LEAST 12
#define NAME_MOST 64
#define SIZE 7
#define STATE 9
#define MODE 6
#define REASON 13
#define CAUSE 18
#define BAR_LEAST 7
#define BAR_MOST 64

/* How a frame is divided; 0: that column has nothing to say. */
struct layout {
	unsigned int name, demand, mode, reason, bar;
};

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

static unsigned int limit(unsigned int value, unsigned int least, unsigned int most)
{
	return value < least ? least : value > most ? most : value;
}

/*
 * Names as wide as they are, as far as the bar can still be read; and no column in which
 * nobody has anything.
 */
static struct layout divide(const struct top_data *data, const struct top_view *view)
{
	struct layout layout = { .name = NAME_LEAST };
	unsigned int others = 2 * SIZE + STATE + CAUSE + 5, room;

	for (size_t i = 0; i < data->count; i++) {
		const struct top_row *row = &data->rows[i];
		unsigned int name = cli_width(row->domain.name);

		layout.name = name > layout.name ? name : layout.name;
		if (row->domain.used.presence != HB_ABSENT)
			layout.demand = SIZE;
		if (row->limits.mode != HB_MODE_MANUAL)
			layout.mode = MODE;
		if (row->reason.known && view->width >= TOP_WIDTH_REASON)
			layout.reason = REASON;
	}
	others += layout.demand + !!layout.demand + layout.mode + !!layout.mode;
	others += layout.reason + !!layout.reason;
	room = view->width > others ? view->width - others : 0;
	layout.name = limit(layout.name, NAME_LEAST, NAME_MOST);
	if (layout.name + BAR_LEAST > room)
		layout.name = limit(room > BAR_LEAST ? room - BAR_LEAST : 0, NAME_LEAST, NAME_MOST);
	layout.bar = limit(room > layout.name ? room - layout.name : 0, BAR_LEAST, BAR_MOST);
	return layout;
}

/* One line of the frame, cut to the width; text is plain. */
static void print_line(FILE *out, const struct top_view *view, const char *before,
		       const char *text)
{
	fputs(before, out);
	if (cli_width(text) > view->width)
		cli_print_cell(out, text, view->width);
	else
		fputs(text, out);
	fprintf(out, "%s\n", *before ? view->plain : "");
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
	uint64_t target = cli_size(domain).value;
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

/* What stands in the way comes before what the driver does. */
static const char *state_of(const struct hb_domain *domain)
{
	if (domain->state != HB_DOMAIN_RUNNING || domain->driver != HB_DRIVER_HOTBALLOON)
		return hb_domain_state_name(domain->state);
	return hb_report_state_name(&domain->report.state);
}

static const char *colour_of(const struct hb_domain *domain, const struct top_view *view)
{
	if (domain->state == HB_DOMAIN_CRASHED)
		return view->fault;
	return domain->driver == HB_DRIVER_HOTBALLOON &&
	       (domain->report.distress.value || domain->report.rescued.value ||
		domain->report.cause.value != HB_CAUSE_NONE) ?
	       view->warning : "";
}

static void print_size(FILE *line, const char *text, unsigned int width)
{
	if (!width)
		return;
	fprintf(line, " ");
	cli_print_cell(line, text, -(int)width);
}

static void print_cells(FILE *line, const struct top_row *row, const struct layout *layout)
{
	const struct hb_domain *domain = &row->domain;
	struct hb_number target = cli_size(domain);
	char bar[BAR_MOST + 1], text[HB_SIZE_TEXT], who[CLI_WHO_TEXT];

	draw_bar(bar, layout->bar, row);
	cli_print_cell(line, cli_who(domain, who), layout->name);
	print_size(line, cli_column_size(domain->actual_kib, text), SIZE);
	print_size(line, cli_column_number(&target, text), SIZE);
	print_size(line, cli_column_number(&domain->used, text), layout->demand);
	fprintf(line, " %s %-*s ", bar, STATE, state_of(domain));
	if (layout->mode)
		fprintf(line, "%-*s ", MODE, cli_mode(domain, &row->limits));
	if (layout->reason) {
		cli_print_cell(line, row->reason.known ? row->reason.reason : "-", REASON);
		fputc(' ', line);
	}
	fprintf(line, "%-*s", CAUSE, cli_cause(domain));
}

static void print_row(FILE *out, const struct top_row *row, const struct top_view *view,
		      const struct layout *layout)
{
	char text[1024] = "";
	FILE *line = fmemopen(text, sizeof(text), "w");

	if (!line)
		return;
	print_cells(line, row, layout);
	fclose(line);
	print_line(out, view, colour_of(&row->domain, view), text);
}

static void print_head(FILE *out, const struct top_data *data, const struct top_view *view,
		       const struct layout *layout)
{
	char line[256], available[HB_SIZE_TEXT], total[HB_SIZE_TEXT];

	snprintf(line, sizeof(line), "hotballoon %s  %zu domains, the host has %s of %s to give, by %s%s",
		 view->clock, data->count,
		 hb_size_human(hb_host_available_kib(&data->host), available),
		 hb_size_human(data->host.total_kib, total), top_sort_names[view->sort],
		 view->reverse ? ", reversed" : "");
	print_line(out, view, "", line);
	if (view->height == 1 || view->help)
		return;
	snprintf(line, sizeof(line), "%-*s %*s %*s%*s %-*s %-*s %-*s%s%-*s%sCAUSE", (int)layout->name, "NAME",
		 SIZE, "ACTUAL", SIZE, "TARGET", (int)(layout->demand + !!layout->demand),
		 layout->demand ? "DEMAND" : "", (int)layout->bar, "0...MAX", STATE, "STATE",
		 (int)layout->mode, layout->mode ? "MODE" : "", layout->mode ? " " : "",
		 (int)layout->reason, layout->reason ? "REASON" : "", layout->reason ? " " : "");
	print_line(out, view, "", line);
}

/* What the keys do and the signs mean, as far as the screen has room. */
static void print_help(FILE *out, const struct top_view *view)
{
	static const char *const lines[] = {
		"Keys",
		"  q, Ctrl-C            quit",
		"  up, down, k, j       scroll by a line",
		"  PgUp, PgDn, space    scroll by a page",
		"  Home, End, g, G      to the first, to the last",
		"  i n a t d c          sort by id, name, actual, target, demand or cause",
		"  r                    reverse the order",
		"  ?, h                 this; any key goes back",
		"Bar, from nothing to the maximum of the domain",
		"  =  what it holds     |  its target           *  what it uses, as it says itself",
		"  <  least, and  >     most that managers give it (hotballoon limits)",
		"MODE: auto, managers may size it; pinned, a person has set its size since; off",
		"REASON: why it has that size, by hotballoond, on a screen that is wide enough",
		"CAUSE: why it is short, by its driver; \"hotballoon explain\" tells more",
	};
	size_t room = view->height > 1 ? view->height - 1 : 0;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && i < room; i++)
		print_line(out, view, "", lines[i]);
}

void top_sort_rows(struct top_data *data, const struct top_view *view)
{
	if (data->count)
		qsort_r(data->rows, data->count, sizeof(*data->rows), compare, (void *)view);
}

void top_frame(FILE *out, struct top_data *data, const struct top_view *view)
{
	size_t shown = top_rows_shown(data, view), last = view->first + shown;
	struct layout layout = divide(data, view);

	top_sort_rows(data, view);
	print_head(out, data, view, &layout);
	if (view->help) {
		print_help(out, view);
		return;
	}
	for (size_t i = view->first; i < last && i < data->count; i++)
		print_row(out, &data->rows[i], view, &layout);
	if (!has_legend(view))
		return;
	print_line(out, view, "", "= held  | target  < least  > most that managers give  * demand");
	if (view->keys)
		print_line(out, view, "", "q quit, ? help, arrows and PgUp, PgDn scroll, r reverse; sort by: i n a t d c");
}
