/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chart as SVG, in the looks of docs/demo.svg. */
#include <inttypes.h>
#include <stdarg.h>

#include "chart.h"
#include "cli.h"

#define LEFT 84
#define RIGHT 20
#define TOP 56
#define BOTTOM 354
#define WIDTH (LEFT + CLI_CHART_SVG_COLUMNS + RIGHT)
#define LEGEND_TOP (BOTTOM + 48)
#define LEGEND_STEP 20
#define MARKS 8

static const char *const colours[HB_CHART_LAYERS + 1] = {
	"#2f74c0", "#e39a2e", "#2e8b57", "#b04ea3", "#33a7b5", "#d2521c", "#7fb0e6", "#e8d24a", "#86c98a", "#c9a0dc",
	"#9a9a9a",
};

/* Text as XML has it; what it cannot have is a sign for that. */
static void print_text(FILE *out, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		/* U+FFFE and U+FFFF are no characters of XML. */
		bool none = c[0] == 0xef && c[1] == 0xbf && c[2] >= 0xbe;

		if (*c == '<')
			fputs("&lt;", out);
		else if (*c == '>')
			fputs("&gt;", out);
		else if (*c == '&')
			fputs("&amp;", out);
		else if (*c == '"')
			fputs("&quot;", out);
		else
			fputc(none ? '?' : *c, out);
		c += none ? 2 : 0;
	}
}

static double y_of(const struct hb_chart *chart, uint64_t kib)
{
	return BOTTOM - (double)kib / (chart->tick_kib * chart->ticks) * (BOTTOM - TOP);
}

static void print_head(FILE *out, const struct cli_chart *chart)
{
	const size_t height = LEGEND_TOP + chart->chart->nr_layers * LEGEND_STEP;
	char title[CLI_CHART_TITLE];

	cli_chart_title(chart, title);
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %zu\" role=\"img\" aria-label=\"%s\">\n"
		"<style>\n"
		"text { font: 13px system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif; fill: #333 }\n"
		".title { font-size: 16px; font-weight: 600 }\n"
		".grid { stroke: #e3e3e3 }\n"
		"</style>\n"
		"<rect width=\"%d\" height=\"%zu\" fill=\"#fff\"/>\n"
		"<text class=\"title\" x=\"%d\" y=\"26\">%s</text>\n", WIDTH, height, title, WIDTH, height, LEFT, title);
}

static void print_grid(FILE *out, const struct cli_chart *chart)
{
	const uint64_t length_ms = chart->to_ms - chart->from_ms;
	const uint64_t step_s = hb_chart_step_s(length_ms / 1000, MARKS);
	char size[HB_SIZE_TEXT], time[CLI_CHART_TIME];

	for (unsigned int i = 0; i <= chart->chart->ticks; i++) {
		double y = y_of(chart->chart, i * chart->chart->tick_kib);

		fprintf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT, y, WIDTH - RIGHT,
			LEFT - 8, y + 4.5, i ? hb_size_human(i * chart->chart->tick_kib, size) : "0");
	}
	for (uint64_t ms = cli_chart_first_ms(chart, step_s); ms <= chart->to_ms; ms += step_s * 1000)
		fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			LEFT + (double)(ms - chart->from_ms) / length_ms * CLI_CHART_SVG_COLUMNS, BOTTOM + 20,
			cli_chart_time(ms, step_s, time));
}

/* The top of what is below layer, from left to right or back; what stays the same adds nothing. */
static void print_edge(FILE *out, const struct hb_chart *chart, size_t layer, bool back)
{
	uint64_t before = UINT64_MAX;

	for (size_t i = 0; i < chart->columns; i++) {
		size_t column = back ? chart->columns - 1 - i : i;
		uint64_t kib = hb_chart_below(chart, layer, column);

		if (kib == before)
			continue;
		fprintf(out, "H%zuV%.1f", LEFT + column + back, y_of(chart, kib));
		before = kib;
	}
}

static void print_layer(FILE *out, const struct cli_chart *chart, size_t i)
{
	const struct hb_chart *layers = chart->chart;
	const bool is_others = layers->layers[i].who == HB_CHART_OTHERS;
	const char *colour = colours[is_others ? HB_CHART_LAYERS : i];
	const size_t y = LEGEND_TOP + (layers->nr_layers - 1 - i) * LEGEND_STEP;
	char others[CLI_CHART_TIME], sizes[CLI_CHART_SIZES];

	fprintf(out, "<path fill=\"%s\" d=\"M%d %d", colour, LEFT, BOTTOM);
	print_edge(out, layers, i + 1, false);
	fprintf(out, "H%zu", LEFT + layers->columns);
	print_edge(out, layers, i, true);
	fprintf(out, "H%dZ\"/>\n<rect x=\"%d\" y=\"%zu\" width=\"12\" height=\"12\" fill=\"%s\"/>\n"
		"<text x=\"%d\" y=\"%zu\">", LEFT, LEFT, y - 10, colour, LEFT + 20, y);
	print_text(out, cli_chart_name(chart, &layers->layers[i], others));
	fprintf(out, ": %s</text>\n", cli_chart_sizes(layers, &layers->layers[i], sizes));
}

void cli_chart_svg(FILE *out, const struct cli_chart *chart)
{
	print_head(out, chart);
	print_grid(out, chart);
	for (size_t i = 0; i < chart->chart->nr_layers; i++)
		print_layer(out, chart, i);
	fputs("</svg>\n", out);
}
