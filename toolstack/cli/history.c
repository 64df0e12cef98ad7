/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon history: what hotballoond remembers of what it has done. No host is needed. */
#include <string.h>
#include <time.h>

#include "deeds.h"
#include "plot.h"

#define DAY_S 86400UL
/* Ten years: what is older nobody remembers. */
#define LAST_MAX_S (3650 * DAY_S)

/* "90s", "30m", "1h", "7d"; seconds without a unit, as where a time is meant elsewhere. */
static bool parse_time(const char *text, unsigned long *seconds)
{
	static const struct {
		char unit;
		unsigned long seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY_S } };
	const size_t digits = strspn(text, "0123456789");
	unsigned long unit = text[digits] ? 0 : 1;
	char number[12];

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[digits] == units[i].unit && !text[digits + 1])
			unit = units[i].seconds;
	}
	if (!unit || digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!cli_parse_number(number, LAST_MAX_S / unit, seconds))
		return false;
	*seconds *= unit;
	return true;
}

/* last_s: 0 if it is not given. */
static enum hb_code read_options(struct cli *cli, unsigned long *last_s)
{
	*last_s = 0;
	if (cli_has(cli, OPT_LAST) && !parse_time(cli->values[OPT_LAST], last_s))
		return cli_usage(cli, "\"--last=%s\": a time is a whole number and s, m, h or d, such as 30m, up to 3650d",
				 cli->values[OPT_LAST]);
	return cli_check_plot(cli);
}

static enum hb_code ask(struct cli *cli, unsigned long last_s, struct json_object **reply)
{
	struct json_object *parameters = json_object_new_object();

	/* Who draws must know what guests had before, too. */
	if (last_s && !cli_has(cli, OPT_PLOT))
		json_object_object_add(parameters, "last_s", json_object_new_uint64(last_s));
	return cli_ask_daemon(cli, "History", parameters, reply);
}

/* ------------------------------------------------------------------ in words */

#define DATE_TEXT 40

static const char *date_of(uint64_t time_ms, char text[DATE_TEXT])
{
	const time_t seconds = time_ms / 1000;
	struct tm local;

	strcpy(text, "-");
	if (localtime_r(&seconds, &local))
		strftime(text, DATE_TEXT, "%Y-%m-%d %H:%M:%S", &local);
	return text;
}

/* What is older than that, and was asked for, is not missing because nothing was done. */
static void print_since(struct cli *cli, unsigned long last_s, uint64_t since_ms)
{
	const uint64_t now_ms = time(NULL) * 1000ULL;
	char date[DATE_TEXT];

	if (since_ms && (!last_s || now_ms < since_ms || now_ms - since_ms < last_s * 1000ULL))
		fprintf(cli->out, "nothing before %s is remembered\n", date_of(since_ms, date));
}

static void print_who(struct cli *cli, const struct hb_deed *deed)
{
	char date[DATE_TEXT];

	fprintf(cli->out, "%s  ", date_of(deed->time_ms, date));
	if (*deed->name)
		fprintf(cli->out, "%s (%u): ", deed->name, deed->domid);
	else
		fprintf(cli->out, "domain %u: ", deed->domid);
}

static void print_deed(struct cli *cli, const struct cli_deed *told)
{
	const struct hb_deed *deed = &told->deed;
	char from[HB_SIZE_TEXT], to[HB_SIZE_TEXT];

	if (deed->gap) {
		print_who(cli, deed);
		fputs("what it was given before is not remembered\n", cli->out);
	}
	print_who(cli, deed);
	fprintf(cli->out, "%s -> %s: %s\n", hb_size_human(deed->from_kib, from),
		hb_size_human(deed->to_kib, to), told->reason_text);
}

static struct json_object *json_deed(const struct cli_deed *told)
{
	const struct hb_deed *deed = &told->deed;
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "time_ms", json_object_new_uint64(deed->time_ms));
	json_object_object_add(object, "domid", json_object_new_uint64(deed->domid));
	json_object_object_add(object, "name", *deed->name ? json_object_new_string(deed->name) : NULL);
	json_object_object_add(object, "uuid", json_object_new_string(deed->uuid));
	json_object_object_add(object, "from_kib", json_object_new_uint64(deed->from_kib));
	json_object_object_add(object, "to_kib", json_object_new_uint64(deed->to_kib));
	json_object_object_add(object, "reason", json_object_new_string(told->reason));
	json_object_object_add(object, "reason_text", json_object_new_string(told->reason_text));
	json_object_object_add(object, "gap", json_object_new_boolean(deed->gap));
	return object;
}

static void print_none(struct cli *cli)
{
	fprintf(cli->out, "hotballoond has set no size%s%s%s%s.\n", cli->operands[0] ? " of " : "",
		cli->operands[0] ? cli->operands[0] : "", cli_has(cli, OPT_LAST) ? " in the last " : "",
		cli_has(cli, OPT_LAST) ? cli->values[OPT_LAST] : "");
}

/* Into array, if it is one, or printed. */
static enum hb_code tell(struct cli *cli, struct json_object *deeds, struct json_object *array)
{
	struct cli_deed told;
	size_t count = 0;

	for (size_t i = 0; i < json_object_array_length(deeds); i++) {
		if (!cli_read_deed(json_object_array_get_idx(deeds, i), &told))
			return cli_no_deeds(cli, "a deed that cannot be understood");
		if (!cli_deed_is_of(&told.deed, cli->operands[0]))
			continue;
		count++;
		if (array)
			json_object_array_add(array, json_deed(&told));
		else
			print_deed(cli, &told);
	}
	if (!count && !array)
		print_none(cli);
	return HB_OK;
}

static enum hb_code print_all(struct cli *cli, struct json_object *deeds, uint64_t since_ms)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = cli_has(cli, OPT_JSON) ? json_object_new_array() : NULL;
	enum hb_code code;

	json_object_object_add(object, "deeds", array);
	json_object_object_add(object, "since_ms", since_ms ? json_object_new_uint64(since_ms) : NULL);
	code = tell(cli, deeds, array);
	if (!code && array)
		cli_print_json(cli, object);
	else
		json_object_put(object);
	return code;
}

static enum hb_code tell_all(struct cli *cli, struct json_object *deeds, unsigned long last_s, uint64_t since_ms)
{
	/* Neither JSON nor a picture has lines. */
	if (!cli_has(cli, OPT_JSON) && !cli->values[OPT_PLOT])
		print_since(cli, last_s, since_ms);
	return cli_has(cli, OPT_PLOT) ? cli_plot(cli, deeds, last_s, since_ms) : print_all(cli, deeds, since_ms);
}

enum hb_code cli_history(struct cli *cli)
{
	struct json_object *reply, *deeds = NULL;
	unsigned long last_s;
	uint64_t since_ms;
	enum hb_code code = read_options(cli, &last_s);

	if (!code)
		code = ask(cli, last_s, &reply);
	if (code)
		return code;
	if (!json_object_object_get_ex(reply, "deeds", &deeds) || !json_object_is_type(deeds, json_type_array) ||
	    !cli_read_since(reply, &since_ms))
		code = cli_no_deeds(cli, "no deeds");
	else
		code = tell_all(cli, deeds, last_s, since_ms);
	json_object_put(reply);
	return code;
}
