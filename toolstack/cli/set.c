/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon set: the size of one guest. */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

struct handlers {
	struct sigaction interrupt, terminate;
};

/* Without SA_RESTART, so that the sleep between two looks at the guest ends. */
static void catch_signals(struct handlers *old)
{
	struct sigaction action = { .sa_handler = on_signal };

	interrupted = 0;
	sigaction(SIGINT, &action, &old->interrupt);
	sigaction(SIGTERM, &action, &old->terminate);
}

static void release_signals(const struct handlers *old)
{
	sigaction(SIGINT, &old->interrupt, NULL);
	sigaction(SIGTERM, &old->terminate, NULL);
}

static void draw_progress(FILE *err, const struct hb_progress *p)
{
	char now[HB_SIZE_TEXT], goal[HB_SIZE_TEXT];
	uint64_t left = p->now_kib > p->goal_kib ? p->now_kib - p->goal_kib : p->goal_kib - p->now_kib;

	fprintf(err, "\r%s: %s -> %s", p->domain->name, hb_size_human(p->now_kib, now),
		hb_size_human(p->goal_kib, goal));
	if (p->rate_kib_s)
		fprintf(err, ", %" PRIu64 " MiB/s, %" PRIu64 " s left", p->rate_kib_s / 1024,
			(left + p->rate_kib_s - 1) / p->rate_kib_s);
	fprintf(err, ", %" PRIu64 " s\033[K", p->elapsed_ms / 1000);
	fflush(err);
}

static bool on_progress(const struct hb_progress *progress, void *argument)
{
	const struct cli *cli = argument;

	if (progress->elapsed_ms >= 1000 && isatty(fileno(cli->err)))
		draw_progress(cli->err, progress);
	return !interrupted;
}

static void print_steps(struct cli *cli, const struct hb_set_result *result)
{
	char from[HB_SIZE_TEXT], to[HB_SIZE_TEXT];

	for (unsigned int i = 0; i < result->nr_steps; i++) {
		const struct hb_step *step = &result->steps[i];

		/* Repeats the target, or says nothing. */
		if (step->kind == HB_STEP_VM_MEMORY || step->from_kib == step->to_kib)
			continue;
		fprintf(cli->out, "  %-11s %9s -> %-9s  %s\n", hb_step_name(step->kind),
			step->from_kib ? hb_size_human(step->from_kib, from) : "-", hb_size_human(step->to_kib, to),
			step->reason);
	}
	for (unsigned int i = 0; i < result->nr_notes; i++)
		fprintf(cli->out, "  note: %s\n", result->notes[i]);
}

static void print_result(struct cli *cli, const struct hb_set_result *result, enum hb_code code)
{
	const struct hb_domain *after = &result->after;
	struct hb_number size = result->before.target;
	char from[HB_SIZE_TEXT], to[HB_SIZE_TEXT], text[HB_SIZE_TEXT];

	size.value += result->before.videoram_kib;
	fprintf(cli->out, "%s: %s -> %s\n", result->before.name, cli_number(&size, from),
		hb_size_human(result->size_kib, to));
	print_steps(cli, result);
	if (cli->wait && !code)
		fprintf(cli->out, "  reached %s in %" PRIu64 ".%" PRIu64 " s\n", to,
			result->waited_ms / 1000, result->waited_ms % 1000 / 100);
	else if (code != HB_E_NO_DOMAIN)
		fprintf(cli->out, "  the target is %s, the guest holds %s, maxmem is %s\n",
			cli_number(&after->target, from), hb_size_human(after->actual_kib, to),
			hb_size_human(after->maxmem_kib, text));
}

static void print_json(struct cli *cli, const struct hb_set_result *result, enum hb_code code)
{
	struct json_object *object = cli_json_set(result);

	if (code)
		json_object_object_add(object, "error", cli_json_error(&cli->error));
	cli_print_json(cli, object);
}

enum hb_code cli_set_prepare(struct cli *cli)
{
	return hb_size_parse(cli->operands[1], &cli->size, &cli->error);
}

enum hb_code cli_set(struct cli *cli)
{
	struct hb_set_request request = {
		.size = cli->size,
		.force = cli->force,
		.wait = cli->wait,
		.timeout_s = cli->timeout_s,
		.progress = on_progress,
		.argument = cli,
	};
	struct hb_set_result result;
	struct handlers handlers;
	enum hb_code code;
	uint32_t domid;

	code = hb_find(cli->hb, cli->operands[0], &domid, &cli->error);
	if (code)
		return code;
	catch_signals(&handlers);
	code = hb_set(cli->hb, domid, &request, &result, &cli->error);
	release_signals(&handlers);
	if (isatty(fileno(cli->err)) && result.waited_ms >= 1000)
		fprintf(cli->err, "\r\033[K");
	if (!result.done)
		return code;
	if (cli->json)
		print_json(cli, &result, code);
	else
		print_result(cli, &result, code);
	cli->reported = cli->json;
	return code;
}
