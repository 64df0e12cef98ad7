/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotballoon history --plot: the sizes that were set, and who is there now, as a chart. A guest
 * that reboots stays the same, by its uuid.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chart.h"
#include "deeds.h"
#include "plot.h"

#define SVG "svg"
#define USUAL_WIDTH 80
/* Before the first deed, so that there is something to be seen of what was before. */
#define LEAD_LEAST_MS 60000
#define LEAD_PART 20

enum hb_code cli_check_plot(struct cli *cli)
{
	const char *kind = cli->values[OPT_PLOT];

	if (kind && strcmp(kind, SVG))
		return cli_usage(cli, "\"--plot=%s\": it is --plot, or --plot=" SVG, kind);
	if (cli_has(cli, OPT_PLOT) && cli_has(cli, OPT_JSON))
		return cli_usage(cli, "%s is for people, and --json for programs: give one of them", "--plot");
	return HB_OK;
}

/* ----------------------------------------------------------------- gathering */

struct guest {
	struct hb_deed who;	/* as of the last that was heard of it */
	char label[300];
};

/* Guests in the order that they were first heard of. */
struct plot {
	struct guest *guests;
	struct hb_chart_guest *now;
	struct hb_reading *readings;
	size_t nr_guests, nr_readings;
};

/* Its place; there is room for one more. */
static size_t find_guest(struct plot *plot, const struct hb_deed *deed)
{
	size_t i = 0;

	/* At most as many as there are deeds and domains: some thousands, once. */
	while (i < plot->nr_guests && !hb_deed_same_guest(&plot->guests[i].who, deed))
		i++;
	plot->nr_guests += i == plot->nr_guests;
	plot->guests[i].who = *deed;
	return i;
}

static bool add_deed(struct plot *plot, struct json_object *object, const char *dom)
{
	struct cli_deed told;

	if (!cli_read_deed(object, &told))
		return false;
	if (cli_deed_is_of(&told.deed, dom))
		plot->readings[plot->nr_readings++] = (struct hb_reading){
			.time_ms = told.deed.time_ms, .who = find_guest(plot, &told.deed),
			.from_kib = told.deed.from_kib, .to_kib = told.deed.to_kib, .gap = told.deed.gap,
		};
	return true;
}

static bool add_domain(struct plot *plot, struct json_object *object, const char *dom)
{
	struct hb_deed deed;

	if (!cli_read_domain(object, &deed))
		return false;
	if (cli_deed_is_of(&deed, dom))
		plot->now[find_guest(plot, &deed)] = (struct hb_chart_guest){
			.is_there = true, .size_kib = deed.to_kib, .since_ms = deed.time_ms,
		};
	return true;
}

static bool make_room(struct plot *plot, size_t deeds, size_t domains)
{
	plot->guests = calloc(deeds + domains + 1, sizeof(*plot->guests));
	plot->now = calloc(deeds + domains + 1, sizeof(*plot->now));
	plot->readings = calloc(deeds + 1, sizeof(*plot->readings));
	return plot->guests && plot->now && plot->readings;
}

static enum hb_code gather(struct cli *cli, struct plot *plot, struct json_object *deeds,
			   struct json_object *domains)
{
	const size_t nr_deeds = json_object_array_length(deeds), nr_domains = json_object_array_length(domains);

	if (!make_room(plot, nr_deeds, nr_domains))
		return cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	for (size_t i = 0; i < nr_deeds; i++) {
		if (!add_deed(plot, json_object_array_get_idx(deeds, i), cli->operands[0]))
			return cli_no_deeds(cli, "a deed that cannot be understood");
	}
	for (size_t i = 0; i < nr_domains; i++) {
		if (!add_domain(plot, json_object_array_get_idx(domains, i), cli->operands[0]))
			return cli_no_deeds(cli, "a domain that cannot be understood");
	}
	return HB_OK;
}

/* ------------------------------------------------------------------ drawing */

/* From when to when: to_ms is now, or later if its clock says so. Before since_ms nothing is known. */
static void set_times(struct hb_chart_data *data, unsigned long last_s, uint64_t since_ms)
{
	const uint64_t last_ms = last_s * 1000ULL;
	uint64_t first_ms = UINT64_MAX, lead_ms;

	data->to_ms = time(NULL) * 1000ULL;
	for (size_t i = 0; i < data->nr_readings; i++) {
		uint64_t at_ms = data->readings[i].time_ms;

		first_ms = at_ms < first_ms ? at_ms : first_ms;
		data->to_ms = at_ms > data->to_ms ? at_ms : data->to_ms;
	}
	first_ms = first_ms > data->to_ms ? data->to_ms : first_ms;
	lead_ms = (data->to_ms - first_ms) / LEAD_PART;
	lead_ms = lead_ms < LEAD_LEAST_MS ? LEAD_LEAST_MS : lead_ms;
	data->from_ms = first_ms > lead_ms ? first_ms - lead_ms : 0;
	if (last_ms)
		data->from_ms = data->to_ms > last_ms ? data->to_ms - last_ms : 0;
	if (data->from_ms < since_ms && since_ms < data->to_ms)
		data->from_ms = since_ms;
}

/* Of the locale of who runs this, whatever that of the process is. */
static bool is_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", 0);
	bool yes = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");

	if (locale)
		freelocale(locale);
	return yes;
}

static enum hb_code draw(struct cli *cli, const struct hb_chart_data *data, const char *const *names)
{
	const bool svg = cli->values[OPT_PLOT];
	const unsigned int width = cli_terminal_width(cli->out);
	const struct cli_chart_style style = {
		.width = width ? width : USUAL_WIDTH, .utf8 = is_utf8(), .colours = cli_has_colours(cli),
	};
	struct cli_chart chart = { .names = names, .from_ms = data->from_ms, .to_ms = data->to_ms };
	struct hb_chart layers;

	if (!hb_chart_lay(&layers, data, svg ? CLI_CHART_SVG_COLUMNS : cli_chart_columns(&style)))
		return cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	chart.chart = &layers;
	if (svg)
		cli_chart_svg(cli->out, &chart);
	else
		cli_chart_text(cli->out, &chart, &style);
	hb_chart_clear(&layers);
	return HB_OK;
}

static enum hb_code draw_plot(struct cli *cli, struct plot *plot, unsigned long last_s, uint64_t since_ms)
{
	struct hb_chart_data data = {
		.readings = plot->readings, .nr_readings = plot->nr_readings, .guests = plot->now,
		.nr_guests = plot->nr_guests,
	};
	const char **names = calloc(plot->nr_guests + 1, sizeof(*names));
	enum hb_code code;

	if (!names)
		return cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	for (size_t i = 0; i < plot->nr_guests; i++) {
		struct guest *guest = &plot->guests[i];

		if (*guest->who.name)
			snprintf(guest->label, sizeof(guest->label), "%s", guest->who.name);
		else
			snprintf(guest->label, sizeof(guest->label), "domain %u", guest->who.domid);
		names[i] = guest->label;
	}
	set_times(&data, last_s, since_ms);
	code = draw(cli, &data, names);
	free(names);
	return code;
}

enum hb_code cli_plot(struct cli *cli, struct json_object *deeds, unsigned long last_s, uint64_t since_ms)
{
	struct json_object *reply, *domains = NULL;
	struct plot plot = { 0 };
	enum hb_code code = cli_ask_daemon(cli, "GetDomains", json_object_new_object(), &reply);

	if (code)
		return code;
	if (!json_object_object_get_ex(reply, "domains", &domains) || !json_object_is_type(domains, json_type_array))
		code = cli_no_deeds(cli, "no domains");
	else
		code = gather(cli, &plot, deeds, domains);
	if (!code)
		code = draw_plot(cli, &plot, last_s, since_ms);
	free(plot.guests);
	free(plot.now);
	free(plot.readings);
	json_object_put(reply);
	return code;
}
