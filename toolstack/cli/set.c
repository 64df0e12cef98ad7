/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon set, max and wait: the size of one guest. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

static void print_steps(struct cli *cli, const struct hb_set_result *result)
{
	char from[HB_SIZE_TEXT], to[HB_SIZE_TEXT], keep[HB_SIZE_TEXT];
	uint64_t keep_kib;

	for (unsigned int i = 0; i < result->nr_steps; i++) {
		const struct hb_step *step = &result->steps[i];
		/* What people call the target is the size. */
		uint64_t more = step->kind == HB_STEP_TARGET ? result->before.videoram_kib : 0;

		/* Repeats the target, or says nothing. */
		if (step->kind == HB_STEP_VM_MEMORY || step->from_kib == step->to_kib)
			continue;
		fprintf(cli->out, "  %-11s %9s -> %-9s  %s\n", hb_step_name(step->kind),
			step->from_kib ? hb_size_human(step->from_kib + more, from) : "-",
			hb_size_human(step->to_kib + more, to),
			step->reason);
	}
	for (unsigned int i = 0; i < result->nr_notes; i++)
		fprintf(cli->out, "  note: %s\n", result->notes[i]);
	if (!cli_has(cli, OPT_WAIT) && hb_would_be_lost(&result->after, &keep_kib))
		fprintf(cli->out, "  note: \"hotballoon wait %u\" tells, \"hotballoon set %u %s\" if it does not come down\n",
			result->after.domid, result->after.domid, hb_size_format(keep_kib, keep));
}

static void print_result(struct cli *cli, const struct hb_set_result *result, bool waited,
			 enum hb_code code)
{
	const struct hb_domain *after = &result->after;
	struct hb_number size = cli_size(&result->before), target = cli_size(after);
	char from[HB_SIZE_TEXT], to[HB_SIZE_TEXT], text[HB_SIZE_TEXT], who[CLI_WHO_TEXT];

	fprintf(cli->out, "%s: %s -> %s\n", cli_who(&result->before, who), cli_number(&size, from),
		hb_size_human(result->size_kib, to));
	print_steps(cli, result);
	if (cli_has(cli, OPT_DRY_RUN))
		return;
	if (waited && !code)
		fprintf(cli->out, "  reached %s in %" PRIu64 ".%" PRIu64 " s\n", to,
			result->waited_ms / 1000, result->waited_ms % 1000 / 100);
	else if (code != HB_E_NO_DOMAIN)
		fprintf(cli->out, "  the target is %s, the guest holds %s, maxmem is %s\n",
			cli_number(&target, from), hb_size_human(after->actual_kib, to),
			hb_size_human(after->maxmem_kib, text));
}

static void print_json(struct cli *cli, const struct hb_set_result *result, enum hb_code code)
{
	struct json_object *object = cli_json_set(result);

	if (code)
		json_object_object_add(object, "error", cli_json_error(&cli->error));
	cli_print_json(cli, object);
}

/* What there is to say about a change that stands, whether it failed afterwards or not. */
static void report(struct cli *cli, const struct hb_set_result *result, bool waited,
		   enum hb_code code)
{
	if (cli_has(cli, OPT_JSON))
		print_json(cli, result, code);
	else
		print_result(cli, result, waited, code);
	cli->reported = cli_has(cli, OPT_JSON);
}

/* The last operand; the first instead is what some think of first. */
static enum hb_code read_size(struct cli *cli)
{
	enum hb_code code = hb_size_parse(cli->operands[1], &cli->size, &cli->error);
	struct hb_error ignored;
	struct hb_size size;

	if (code && !hb_size_parse(cli->operands[0], &size, &ignored))
		snprintf(cli->error.remedy, sizeof(cli->error.remedy), "the size comes last; write: hotballoon %s DOM %s",
			 cli->command->name, cli->operands[0]);
	return code;
}

enum hb_code cli_set_prepare(struct cli *cli)
{
	enum hb_code code = read_size(cli);

	if (!code && cli_has(cli, OPT_KEEP_TARGET) && !cli_has(cli, OPT_WAIT))
		code = cli_usage(cli, "%s", "--keep-target says what becomes of a wait: add --wait");
	return code ? code : cli_parse_seconds(cli, OPT_WAIT);
}

/* Of one domain. */
typedef enum hb_code change_fn(struct cli *cli, uint32_t domid, struct hb_set_result *result);

/* A time limit is one for all domains that are waited for; the last has a second, too. */
static void spend(struct cli *cli, uint64_t waited_ms)
{
	if (cli->timeout_s)
		cli->timeout_s = waited_ms / 1000 < cli->timeout_s ? cli->timeout_s - waited_ms / 1000 : 1;
}

/* Carries it out for the domain that operands[0] names, with progress and Ctrl-C. */
static enum hb_code carry_out(struct cli *cli, change_fn *change, struct hb_set_result *result)
{
	uint32_t domid;
	enum hb_code code = cli_find_domid(cli, cli->operands[0], &domid);

	result->done = false;
	if (code)
		return code;
	cli_begin_wait();
	code = change(cli, domid, result);
	cli_end_wait(cli);
	spend(cli, result->waited_ms);
	return code;
}

static enum hb_code set(struct cli *cli, uint32_t domid, struct hb_set_result *result)
{
	const struct hb_set_request request = {
		.size = cli->size, .force = cli_has(cli, OPT_FORCE), .wait = cli_has(cli, OPT_WAIT),
		.keep_target = cli_has(cli, OPT_KEEP_TARGET),
		.timeout_s = cli->timeout_s,
	};

	return hb_set(cli->hb, domid, &request, result, &cli->error);
}

enum hb_code cli_set(struct cli *cli)
{
	struct hb_set_result result;
	enum hb_code code = carry_out(cli, set, &result);

	if (result.done)
		report(cli, &result, cli_has(cli, OPT_WAIT), code);
	return code;
}

enum hb_code cli_max_prepare(struct cli *cli)
{
	return read_size(cli);
}

static void print_max(struct cli *cli, const struct hb_set_result *result)
{
	char from[HB_SIZE_TEXT], to[HB_SIZE_TEXT], who[CLI_WHO_TEXT];

	fprintf(cli->out, "%s: maximum %s -> %s\n", cli_who(&result->before, who),
		cli_number(&result->before.static_max, from), hb_size_human(result->size_kib, to));
	print_steps(cli, result);
	if (!cli_has(cli, OPT_DRY_RUN))
		fprintf(cli->out, "  until its size is set again, Xen lets the guest take that much\n");
}

static enum hb_code set_max(struct cli *cli, uint32_t domid, struct hb_set_result *result)
{
	const struct hb_max_request request = {
		.size = cli->size, .force = cli_has(cli, OPT_FORCE),
	};

	return hb_max(cli->hb, domid, &request, result, &cli->error);
}

enum hb_code cli_max(struct cli *cli)
{
	struct hb_set_result result;
	enum hb_code code = carry_out(cli, set_max, &result);

	if (result.done && cli_has(cli, OPT_JSON))
		print_json(cli, &result, code);
	else if (result.done)
		print_max(cli, &result);
	cli->reported = result.done && cli_has(cli, OPT_JSON);
	return code;
}

enum hb_code cli_wait_prepare(struct cli *cli)
{
	return cli_parse_seconds(cli, OPT_TIMEOUT);
}

static enum hb_code wait_for(struct cli *cli, uint32_t domid, struct hb_set_result *result)
{
	const struct hb_wait_request request = { .timeout_s = cli->timeout_s };

	return hb_wait(cli->hb, domid, &request, result, &cli->error);
}

enum hb_code cli_wait(struct cli *cli)
{
	struct hb_set_result result;
	enum hb_code code = carry_out(cli, wait_for, &result);

	if (result.done)
		report(cli, &result, true, code);
	return code;
}
