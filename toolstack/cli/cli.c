/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE	/* secure_getenv() */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Where limits and reservations are, if not in the usual place; for tests. */
#define STATE_DIR_VARIABLE "HOTBALLOON_STATE_DIR"

/* What stands in the place of a domain may be meant as an option, as some tools have them. */
static void advise_option(struct cli *cli, const char *dom)
{
	unsigned int options = cli->command->options;

	for (int i = 0; i < OPT_COUNT; i++) {
		if (options & CLI_BIT(i) && !strcmp(cli_options[i].name, dom))
			snprintf(cli->error.remedy, sizeof(cli->error.remedy), "did you mean --%s?", dom);
	}
	if (options & CLI_BIT(OPT_TIMEOUT) && strlen(dom) < 8 && strspn(dom, "0123456789") == strlen(dom))
		snprintf(cli->error.remedy, sizeof(cli->error.remedy),
			 "if that is a time, write --timeout=%s", dom);
}

enum hb_code cli_find_domid(struct cli *cli, const char *dom, uint32_t *domid)
{
	enum hb_code code = hb_find(cli->hb, dom, domid, &cli->error);

	if (code == HB_E_NO_DOMAIN)
		advise_option(cli, dom);
	return code;
}

enum hb_code cli_find(struct cli *cli, struct hb_domain *domain)
{
	uint32_t domid;
	enum hb_code code = cli_find_domid(cli, cli->operands[0], &domid);

	return code ? code : hb_show(cli->hb, domid, domain, &cli->error);
}

void cli_print_error(struct cli *cli)
{
	char remedy[CLI_REMEDY_TEXT];
	struct json_object *object;

	/* On one line: some commands print an object a line. */
	if (cli_has(cli, OPT_JSON) && !cli->reported) {
		object = json_object_new_object();
		json_object_object_add(object, "error", cli_json_error(&cli->error));
		if (cli->array)
			cli_print_json(cli, object);
		else
			cli_print_json_line(cli, object);
	} else if (!cli_has(cli, OPT_JSON)) {
		fprintf(cli->err, "hotballoon: %s\n  %s\n", cli->error.message,
			cli_remedy(&cli->error, remedy));
	}
}

/* A wait that was ended is the end of those behind it, too. */
static bool goes_on(enum hb_code code)
{
	return code != HB_E_INTERRUPTED && code != HB_E_INTERNAL;
}

/*
 * The command for each of its doms: what fails is told, and the others have their turn.
 * Its exit code is that of the first that failed; JSON is an array then.
 */
static enum hb_code run_each(struct cli *cli)
{
	enum hb_code first = HB_OK, code = HB_OK;

	if (cli_has(cli, OPT_JSON))
		cli->array = json_object_new_array();
	for (int i = 0; i < cli->nr_doms && goes_on(code); i++) {
		cli->operands[0] = cli->doms[i];
		cli->reported = false;
		if (i && !cli->array && cli->command->form & CLI_BLOCKS)
			fprintf(cli->out, "\n");
		code = cli->command->run(cli);
		if (code)
			cli_print_error(cli);
		first = first ? first : code;
	}
	cli->told = true;
	if (cli->array)
		cli_print_array(cli);
	return first;
}

static enum hb_code run_command(struct cli *cli)
{
	if (cli->nr_doms > 1 && !(cli->command->form & CLI_TOGETHER))
		return run_each(cli);
	return cli->command->run(cli);
}

static enum hb_code run_on(struct cli *cli, cli_open_fn *open)
{
	const char *dir = secure_getenv(STATE_DIR_VARIABLE);
	enum hb_code code = open(&cli->hb, &cli->error);

	if (code)
		return code;
	hb_set_progress(cli->hb, cli_on_progress, cli);
	if (cli_has(cli, OPT_DRY_RUN))
		hb_set_dry_run(cli->hb);
	if (cli_has(cli, OPT_WAIT) || cli_has(cli, OPT_TIMEOUT))
		hb_set_time_limit(cli->hb, cli->timeout_s);
	if (dir)
		code = hb_set_state_dir(cli->hb, dir, &cli->error);
	if (!code)
		code = run_command(cli);
	if (!code)
		cli_print_dry_run(cli);
	hb_close(cli->hb);
	return code;
}

static enum hb_code run(struct cli *cli, int argc, char **argv, cli_open_fn *open)
{
	enum hb_code code = cli_read_arguments(cli, argc, argv);

	if (!code && cli_answer_help(cli))
		return HB_OK;
	if (!code)
		code = cli_check_arguments(cli);
	if (!code && cli->command->prepare)
		code = cli->command->prepare(cli);
	return code || !cli->command->run ? code : run_on(cli, open);
}

int cli_main(int argc, char **argv, cli_open_fn *open, FILE *out, FILE *err)
{
	struct cli cli = { .out = out, .err = err };
	enum hb_code code = run(&cli, argc, argv, open);

	free(cli.words.list);
	if (code && !cli.told)
		cli_print_error(&cli);
	if (fflush(out) || ferror(out)) {
		fprintf(err, "hotballoon: cannot write the output\n");
		return code ? code : HB_E_INTERNAL;
	}
	return code ? (int)code : cli.status;
}
