/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotballoon save and migrate: xl does it, and the guest keeps still meanwhile.
 *
 * Whatever happens to xl or to us, the guest is told in the end that it need not keep
 * still any more. So the signals that would end us are blocked from the first to the last
 * step and asked for: while nothing has begun they end it. Once xl is at work they end xl,
 * unless the guest is suspended: without xl it would never run again. For the same
 * reason xl ignores the signals that a terminal sends to both of us.
 *
 * xl inherits the lock that says that the guest is kept still on purpose: should somebody
 * kill us, it is held until xl has ended.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "xl.h"

/* xl, and what came of it. */
struct child {
	struct xl xl;
	struct cli *cli;
	const char *what;	/* "save" or "migrate" */
	const char *noun;	/* what that is */
	struct hb_still_result still;
};

static void print_preview(const struct child *child)
{
	struct cli *cli = child->cli;

	fprintf(cli->out, "would run: xl %s", child->what);
	for (int i = 0; i < cli->nr_rest; i++)
		fprintf(cli->out, " %s", cli->rest[i]);
	fprintf(cli->out, " %u %s\n", child->still.domain.domid, cli->operands[1]);
}

static void print_notes(const struct child *child, enum hb_code code)
{
	const struct hb_still_result *still = &child->still;
	struct cli *cli = child->cli;
	char who[CLI_WHO_TEXT], from[HB_SIZE_TEXT], to[HB_SIZE_TEXT];

	if (cli_has(cli, OPT_JSON))
		return;
	if (still->taken_over)
		fprintf(cli->out, "%s: another process had told it to keep still, and has ended\n",
			cli_who(&still->domain, who));
	if (still->kept_kib)
		fprintf(cli->out, "%s: %s -> %s: it holds that, and with less the %s would lose it\n",
			cli_who(&still->domain, who), hb_size_human(still->from_kib, from),
			hb_size_human(still->kept_kib, to), child->noun);
	if (cli_has(cli, OPT_DRY_RUN))
		print_preview(child);
	else if (still->answer == HB_STILL_SILENT && !code)
		fprintf(cli->out, "%s: its driver has not said that it keeps still; xl %s is begun all the same\n",
			cli_who(&still->domain, who), child->what);
	fflush(cli->out);
}

/* xl can be stopped while the guest runs: nothing has happened to it then. */
static bool stop(struct xl *xl, void *argument)
{
	struct child *child = argument;
	struct cli *cli = xl->cli;
	struct hb_domain now;
	struct hb_error ignored;
	char who[CLI_WHO_TEXT];
	bool runs = !hb_show(cli->hb, child->still.domain.domid, &now, &ignored) &&
		    (now.state == HB_DOMAIN_RUNNING || now.state == HB_DOMAIN_PAUSED);

	if (!runs && !cli_has(cli, OPT_JSON))
		fprintf(cli->err, "hotballoon: %s is suspended: xl is let finish, or the guest would be lost\n",
			cli_who(&child->still.domain, who));
	return runs;
}

static enum hb_code run_xl(struct child *child)
{
	struct cli *cli = child->cli;
	char *argv[cli->nr_rest + 4], domid[16];
	int argc = 0;

	snprintf(domid, sizeof(domid), "%u", child->still.domain.domid);
	argv[argc++] = (char *)child->what;
	for (int i = 0; i < cli->nr_rest; i++)
		argv[argc++] = cli->rest[i];
	argv[argc++] = domid;
	argv[argc++] = (char *)cli->operands[1];
	argv[argc] = NULL;
	child->xl.fd = child->still.fd;
	return xl_run(&child->xl, argv);
}

/* xl's failure is told before ours: what to do about ours is said in any case. */
static enum hb_code end(struct child *child, struct hb_still *still, enum hb_code code)
{
	struct cli *cli = child->cli;
	struct hb_error later;
	enum hb_code ended = hb_still_end(cli->hb, still, &later);

	if (!ended)
		return code;
	if (code)
		memcpy(cli->error.remedy, later.remedy, sizeof(later.remedy));
	else
		cli->error = later;
	return code ? code : ended;
}

static void print_json(struct child *child, enum hb_code code)
{
	struct json_object *object = cli_json_still(&child->still);

	/* Nobody has asked. */
	if (cli_has(child->cli, OPT_DRY_RUN))
		json_object_object_add(object, "answer", NULL);
	json_object_object_add(object, "xl_status", child->xl.pid > 0 && WIFEXITED(child->xl.status) ?
			       json_object_new_int(WEXITSTATUS(child->xl.status)) : NULL);
	if (code)
		json_object_object_add(object, "error", cli_json_error(&child->cli->error));
	cli_print_json(child->cli, object);
	child->cli->reported = true;
}

static enum hb_code keep_still_and_run(struct child *child, uint32_t domid)
{
	const struct hb_still_request request = { 0 };
	struct cli *cli = child->cli;
	struct hb_still *still;
	enum hb_code code;

	hb_set_progress(cli->hb, xl_on_progress, cli);
	code = hb_still_begin(cli->hb, domid, &request, &still, &child->still, &cli->error);
	cli_clear_progress(cli);
	print_notes(child, code);
	if (code)
		return code;
	if (!cli_has(cli, OPT_DRY_RUN))
		code = end(child, still, run_xl(child));
	if (cli_has(cli, OPT_JSON))
		print_json(child, code);
	return code;
}

static enum hb_code carry_out(struct cli *cli, const char *what, const char *noun)
{
	struct child child = {
		.cli = cli, .what = what, .noun = noun,
		.xl = { .cli = cli, .what = what, .then = "the guest runs on here", .stop = stop, .fd = -1 },
	};
	uint32_t domid;
	enum hb_code code = hb_find(cli->hb, cli->operands[0], &domid, &cli->error);

	if (code)
		return code;
	child.xl.argument = &child;
	xl_begin(&child.xl);
	code = keep_still_and_run(&child, domid);
	xl_end(&child.xl);
	return code;
}

enum hb_code cli_save(struct cli *cli)
{
	return carry_out(cli, "save", "save");
}

enum hb_code cli_migrate(struct cli *cli)
{
	return carry_out(cli, "migrate", "migration");
}
