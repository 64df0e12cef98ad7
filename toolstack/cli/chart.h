/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Draws what policy/layout.h has laid out: in characters, or as SVG. */
#ifndef HB_CLI_CHART_H
#define HB_CLI_CHART_H

#include <stdio.h>

#include "layout.h"

struct cli_chart {
	const struct hb_chart *chart;
	const char *const *names;	/* of guests; without what a terminal would act on */
	uint64_t from_ms, to_ms;	/* since 1970; printed in local time */
};

/* How it looks in characters. */
struct cli_chart_style {
	unsigned int width;	/* in columns of a terminal */
	bool utf8, colours;
};

/* The columns that a chart needs for either. */
size_t cli_chart_columns(const struct cli_chart_style *style);
#define CLI_CHART_SVG_COLUMNS 756

void cli_chart_text(FILE *out, const struct cli_chart *chart, const struct cli_chart_style *style);
void cli_chart_svg(FILE *out, const struct cli_chart *chart);

/* "10:31", "10:31:05" or "2026-11-29", as marks so far apart need; text is returned. */
#define CLI_CHART_TIME 24
const char *cli_chart_time(uint64_t time_ms, uint64_t step_s, char text[CLI_CHART_TIME]);
/* The first mark of those so far apart; in local time they are round. */
uint64_t cli_chart_first_ms(const struct cli_chart *chart, uint64_t step_s);
/* "Memory of guests, 2026-11-29 10:31:05 to 2026-11-29 11:31:05"; text is returned. */
#define CLI_CHART_TITLE 80
const char *cli_chart_title(const struct cli_chart *chart, char text[CLI_CHART_TITLE]);
/* "web1: 1536M, 1G to 2G": a layer at the end, and between what it was. */
#define CLI_CHART_SIZES 96
const char *cli_chart_sizes(const struct hb_chart *chart, const struct hb_chart_layer *layer,
			    char text[CLI_CHART_SIZES]);
/* Of the guest, or "3 others"; text is the buffer for that. */
const char *cli_chart_name(const struct cli_chart *chart, const struct hb_chart_layer *layer,
			   char text[CLI_CHART_TIME]);

#endif
