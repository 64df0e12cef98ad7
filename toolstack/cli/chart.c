/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both kinds of chart say, and the one in characters. */
#include "chart.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli.h"

#define DAY_S 86400

const char *cli_chart_time(uint64_t time_ms, uint64_t step_s, char text[CLI_CHART_TIME])
{
	const time_t seconds = time_ms / 1000;
	const char *format = step_s >= DAY_S ? "%Y-%m-%d" : step_s >= 60 ? "%H:%M" : "%H:%M:%S";
	struct tm local;

	if (!localtime_r(&seconds, &local) || !strftime(text, CLI_CHART_TIME, format, &local))
		strcpy(text, "-");
	return text;
}

uint64_t cli_chart_first_ms(const struct cli_chart *chart, uint64_t step_s)
{
	const time_t seconds = chart->from_ms / 1000;
	const uint64_t step_ms = step_s * 1000;
	struct tm local = { 0 };
	uint64_t late_ms;

	localtime_r(&seconds, &local);
	/* East of Greenwich the day begins before that of 1970 there. */
	late_ms = (chart->from_ms + (local.tm_gmtoff + DAY_S) * 1000) % step_ms;
	return chart->from_ms + (late_ms ? step_ms - late_ms : 0);
}

const char *cli_chart_title(const struct cli_chart *chart, char text[CLI_CHART_TITLE])
{
	char day[2][CLI_CHART_TIME], time[2][CLI_CHART_TIME];

	snprintf(text, CLI_CHART_TITLE, "Memory of guests, %s %s to %s %s",
		 cli_chart_time(chart->from_ms, DAY_S, day[0]), cli_chart_time(chart->from_ms, 1, time[0]),
		 cli_chart_time(chart->to_ms, DAY_S, day[1]), cli_chart_time(chart->to_ms, 1, time[1]));
	return text;
}

const char *cli_chart_sizes(const struct hb_chart *chart, const struct hb_chart_layer *layer,
			    char text[CLI_CHART_SIZES])
{
	char now[HB_SIZE_TEXT], low[HB_SIZE_TEXT], high[HB_SIZE_TEXT];
	uint64_t least = layer->kib[0], most = least;

	for (size_t i = 1; i < chart->columns; i++) {
		least = layer->kib[i] < least ? layer->kib[i] : least;
		most = layer->kib[i] > most ? layer->kib[i] : most;
	}
	hb_size_human(layer->kib[chart->columns - 1], now);
	if (least == most)
		snprintf(text, CLI_CHART_SIZES, "%s", now);
	else
		snprintf(text, CLI_CHART_SIZES, "%s, %s to %s", now, hb_size_human(least, low),
			 hb_size_human(most, high));
	return text;
}

const char *cli_chart_name(const struct cli_chart *chart, const struct hb_chart_layer *layer,
			   char text[CLI_CHART_TIME])
{
	if (layer->who != HB_CHART_OTHERS)
		return chart->names[layer->who];
	snprintf(text, CLI_CHART_TIME, "%zu other%s", layer->guests, layer->guests == 1 ? "" : "s");
	return text;
}

/* ------------------------------------------------------------- in characters */

/* "  1536M |" in front of the cells. */
#define LABEL 9
#define COLUMNS_LEAST 20
#define NAME_MOST 32
/* Room for a time, and a blank. */
#define MARK_COLUMNS 12

/* For the foreground; 10 more is the background. Neighbours differ. */
static const unsigned int colours[HB_CHART_LAYERS + 1] = { 34, 33, 32, 35, 36, 31, 94, 93, 92, 95, 90 };
static const char letters[HB_CHART_LAYERS + 2] = "abcdefghij*";

size_t cli_chart_columns(const struct cli_chart_style *style)
{
	return style->width > LABEL + COLUMNS_LEAST ? style->width - LABEL : COLUMNS_LEAST;
}

/* The last layer is that of others if there are any. */
static size_t look_of(const struct hb_chart *chart, size_t layer)
{
	return chart->layers[layer].who == HB_CHART_OTHERS ? HB_CHART_LAYERS : layer;
}

struct pen {
	FILE *out;
	unsigned int ink, ground;	/* colours; 0: as the terminal has them */
};

static void take_colours(struct pen *pen, unsigned int ink, unsigned int ground)
{
	if (pen->ink == ink && pen->ground == ground)
		return;
	fputs("\033[0", pen->out);
	if (ink)
		fprintf(pen->out, ";%u", ink);
	if (ground)
		fprintf(pen->out, ";%u", ground + 10);
	fputc('m', pen->out);
	pen->ink = ink;
	pen->ground = ground;
}

static void print_block(struct pen *pen, const struct hb_chart *chart, const struct hb_chart_cell *cell)
{
	static const char *const blocks[] = { "", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

	if (cell->lower == HB_CHART_NONE) {
		take_colours(pen, 0, 0);
		fputc(' ', pen->out);
		return;
	}
	take_colours(pen, colours[look_of(chart, cell->lower)], cell->eighths == 8 || cell->upper == HB_CHART_NONE ?
		     0 : colours[look_of(chart, cell->upper)]);
	fputs(blocks[cell->eighths], pen->out);
}

/* What is in the middle of the cell. */
static void print_letter(struct pen *pen, const struct hb_chart *chart, const struct hb_chart_cell *cell,
			 bool in_colour)
{
	const size_t layer = cell->eighths > 4 ? cell->lower : cell->upper;

	if (in_colour)
		take_colours(pen, layer == HB_CHART_NONE ? 0 : colours[look_of(chart, layer)], 0);
	fputc(layer == HB_CHART_NONE ? ' ' : letters[look_of(chart, layer)], pen->out);
}

static void print_row(FILE *out, const struct hb_chart *chart, const struct cli_chart_style *style,
		      uint64_t low_kib, uint64_t high_kib)
{
	struct pen pen = { .out = out };

	for (size_t i = 0; i < chart->columns; i++) {
		struct hb_chart_cell cell = hb_chart_cell(chart, i, low_kib, high_kib);

		if (style->utf8 && style->colours)
			print_block(&pen, chart, &cell);
		else
			print_letter(&pen, chart, &cell, style->colours);
	}
	take_colours(&pen, 0, 0);
	fputc('\n', out);
}

static void print_rows(FILE *out, const struct hb_chart *chart, const struct cli_chart_style *style)
{
	const unsigned int per_tick = chart->ticks > 5 ? 2 : 3;
	const uint64_t row_kib = chart->tick_kib / per_tick;
	char size[HB_SIZE_TEXT];

	for (unsigned int tick = chart->ticks; tick--;) {
		for (unsigned int i = per_tick; i--;) {
			uint64_t low_kib = tick * chart->tick_kib + i * row_kib;

			if (i == per_tick - 1)
				fprintf(out, "%*s %s", LABEL - 2, hb_size_human((tick + 1) * chart->tick_kib, size),
					style->utf8 ? "┤" : "+");
			else
				fprintf(out, "%*s %s", LABEL - 2, "", style->utf8 ? "│" : "|");
			print_row(out, chart, style, low_kib, low_kib + row_kib);
		}
	}
}

static void print_times(FILE *out, const struct cli_chart *chart, const struct cli_chart_style *style)
{
	const size_t columns = chart->chart->columns;
	const uint64_t length_ms = chart->to_ms - chart->from_ms;
	const uint64_t step_s = hb_chart_step_s(length_ms / 1000, columns / MARK_COLUMNS);
	uint64_t mark_ms = cli_chart_first_ms(chart, step_s);
	size_t end;
	char time[CLI_CHART_TIME], line[columns + CLI_CHART_TIME];

	memset(line, ' ', sizeof(line));
	fprintf(out, "%*s %s", LABEL - 2, "0", style->utf8 ? "└" : "+");
	for (size_t i = 0; i < columns; i++) {
		bool mark = mark_ms <= chart->to_ms && i >= (double)(mark_ms - chart->from_ms) / length_ms * columns - 1;

		fputs(mark ? style->utf8 ? "┬" : "+" : style->utf8 ? "─" : "-", out);
		if (!mark)
			continue;
		cli_chart_time(mark_ms, step_s, time);
		if (i + strlen(time) <= columns)
			memcpy(line + i, time, strlen(time));
		mark_ms += step_s * 1000;
	}
	for (end = columns; end && line[end - 1] == ' ';)
		end--;
	line[end] = '\0';
	fprintf(out, "\n%*s%s\n", LABEL, "", line);
}

/* Text of another locale's terminal: a sign for what it may not have. */
static void make_ascii(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++) {
		if (((unsigned char)*c & 0xc0) != 0x80)
			*to++ = (unsigned char)*c < 0x80 ? *c : '?';
	}
	*to = '\0';
}

static void print_name(FILE *out, const char *name, unsigned int width, bool utf8)
{
	char text[256];

	if (utf8) {
		cli_print_cell(out, name, width);
		return;
	}
	snprintf(text, sizeof(text), "%s", name);
	make_ascii(text);
	fprintf(out, "%-*.*s", (int)width, (int)width, text);
}

/* As they lie on each other. */
static void print_legend(FILE *out, const struct cli_chart *chart, const struct cli_chart_style *style)
{
	const struct hb_chart *layers = chart->chart;
	char others[CLI_CHART_TIME], sizes[CLI_CHART_SIZES];
	unsigned int widest = 0;

	for (size_t i = 0; i < layers->nr_layers; i++) {
		unsigned int width = cli_width(cli_chart_name(chart, &layers->layers[i], others));

		widest = width > widest ? width : widest;
	}
	widest = widest > NAME_MOST ? NAME_MOST : widest;
	for (size_t i = layers->nr_layers; i--;) {
		struct pen pen = { .out = out };

		fprintf(out, "%*s", LABEL, "");
		if (style->colours)
			take_colours(&pen, colours[look_of(layers, i)], 0);
		if (style->colours && style->utf8)
			fputs("█", out);
		else
			fputc(letters[look_of(layers, i)], out);
		take_colours(&pen, 0, 0);
		fputs("  ", out);
		print_name(out, cli_chart_name(chart, &layers->layers[i], others), widest, style->utf8);
		fprintf(out, "  %s\n", cli_chart_sizes(layers, &layers->layers[i], sizes));
	}
}

void cli_chart_text(FILE *out, const struct cli_chart *chart, const struct cli_chart_style *style)
{
	char title[CLI_CHART_TITLE];

	fprintf(out, "%s\n", cli_chart_title(chart, title));
	print_rows(out, chart->chart, style);
	print_times(out, chart, style);
	print_legend(out, chart, style);
}
