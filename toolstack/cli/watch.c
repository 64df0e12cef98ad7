/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon watch: a line, or a JSON object, for each change. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

static const char *const kind_names[] = {
	[HB_CHANGE_STARTED] = "started",
	[HB_CHANGE_ENDED] = "ended",
	[HB_CHANGE_VALUE] = "changed",
};

/*
 * A size as the library gives it in text, for people: what they call the target is the
 * size of the domain, video memory included.
 */
static const char *size_text(const struct hb_change *change, const char *value,
			     char text[HB_SIZE_TEXT])
{
	struct hb_number number = { HB_PRESENT, 0 };

	if (value[0] < '0' || value[0] > '9')
		return value;
	number.value = strtoull(value, NULL, 10);
	if (!strcmp(change->what, "target"))
		number.value += change->domain->videoram_kib;
	return cli_number(&number, text);
}

static void print_change(struct cli *cli, const struct hb_change *change, const struct timespec *now)
{
	char from[HB_SIZE_TEXT], to[HB_SIZE_TEXT], clock[16];
	struct tm local;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now->tv_sec, &local));
	fprintf(cli->out, "%s.%03ld  %u %s  ", clock, now->tv_nsec / 1000000, change->domain->domid,
		change->domain->name[0] ? change->domain->name : "-");
	if (change->kind != HB_CHANGE_VALUE)
		fprintf(cli->out, "%s\n", kind_names[change->kind]);
	else if (change->is_size)
		fprintf(cli->out, "%s %s -> %s\n", change->what, size_text(change, change->from, from),
			size_text(change, change->to, to));
	else
		fprintf(cli->out, "%s %s -> %s\n", change->what, change->from, change->to);
}

/* As elsewhere in JSON: a size is a number, what is absent is null. */
static struct json_object *value(const struct hb_change *change, const char *text)
{
	if (!strcmp(text, "-"))
		return NULL;
	if (change->is_size && text[0] >= '0' && text[0] <= '9')
		return json_object_new_uint64(strtoull(text, NULL, 10));
	return json_object_new_string(text);
}

static struct json_object *json_change(const struct hb_change *change, const struct timespec *now)
{
	struct json_object *object = json_object_new_object();
	uint64_t ms = (uint64_t)now->tv_sec * 1000 + now->tv_nsec / 1000000;

	json_object_object_add(object, "time_ms", json_object_new_uint64(ms));
	json_object_object_add(object, "event", json_object_new_string(kind_names[change->kind]));
	json_object_object_add(object, "domid", json_object_new_uint64(change->domain->domid));
	json_object_object_add(object, "name", cli_json_name(change->domain));
	json_object_object_add(object, "uuid", json_object_new_string(change->domain->uuid));
	if (change->kind != HB_CHANGE_VALUE)
		return object;
	json_object_object_add(object, "what", json_object_new_string(change->what));
	json_object_object_add(object, change->is_size ? "from_kib" : "from",
			       value(change, change->from));
	json_object_object_add(object, change->is_size ? "to_kib" : "to", value(change, change->to));
	return object;
}

/* Each change at once, also into a pipe; a reader that has gone ends the watch. */
static bool on_change(const struct hb_change *change, void *argument)
{
	struct cli *cli = argument;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (cli_has(cli, OPT_JSON))
		cli_print_json_line(cli, json_change(change, &now));
	else
		print_change(cli, change, &now);
	return !fflush(cli->out);
}

static bool is_interrupted(void *argument)
{
	(void)argument;
	return cli_interrupted();
}

/* Ctrl-C is how it is meant to end: no error. */
enum hb_code cli_watch(struct cli *cli)
{
	struct hb_watch_request request = {
		.all = !cli->operands[0], .change = on_change, .interrupted = is_interrupted,
		.argument = cli,
	};
	enum hb_code code = HB_OK;

	if (!request.all)
		code = hb_find(cli->hb, cli->operands[0], &request.domid, &cli->error);
	if (code)
		return code;
	cli_begin_wait();
	code = hb_watch(cli->hb, &request, &cli->error);
	cli_end_wait(cli);
	return code == HB_E_INTERRUPTED ? HB_OK : code;
}
