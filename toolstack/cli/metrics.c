/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon metrics: one look at the host, for Prometheus. hotballoond need not run. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "metrics.h"

/* The output is for a program: what a person should know goes beside it. */
static void tell_damage(struct cli *cli, const struct cli_limits *limits)
{
	const struct hb_error *error = limits->error.code ? &limits->error : &limits->damage;
	char remedy[CLI_REMEDY_TEXT];

	if (error->code)
		fprintf(cli->err, "hotballoon: %s\n  %s\n", error->message, cli_remedy(error, remedy));
}

/* As the first look of one that goes on; the time is any that is not 0. */
static enum hb_code print(struct cli *cli, const struct hb_look *looks, size_t count,
			  const struct hb_host_memory *host)
{
	struct hb_balance balance = { 0 };
	bool memory;

	hb_balance_hear(&balance, looks, count, 1, &memory);
	if (memory) {
		hb_balance_decide(&balance, looks, host, 1);
		hb_metrics_print(&balance, NULL, cli->out);
	}
	hb_balance_clear(&balance);
	return memory ? HB_OK : cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
}

static enum hb_code print_all(struct cli *cli, const struct hb_monitor *monitor, const struct hb_host_memory *host)
{
	const size_t count = hb_monitor_count(monitor);
	struct hb_look *looks = calloc(count + 1, sizeof(*looks));
	struct cli_limits limits;
	enum hb_code code;

	cli_read_limits(cli, &limits);
	tell_damage(cli, &limits);
	for (size_t i = 0; looks && i < count; i++)
		looks[i].domain = hb_monitor_domain(monitor, i);
	code = looks && cli_look_at_limits(&limits, looks, count) ? print(cli, looks, count, host) :
	       cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	free(looks);
	hb_limits_list_free(limits.list);
	return code;
}

/* HB_OK: it has ended. */
static enum hb_code explain_missing(struct cli *cli, uint32_t domid)
{
	struct hb_domain now;
	enum hb_code code = hb_show(cli->hb, domid, &now, &cli->error);

	if (code == HB_E_NO_DOMAIN)
		return HB_OK;
	if (code || now.state == HB_DOMAIN_DYING)
		return code;
	return cli_fail(cli, HB_REASON_HOST_FAILED, "", "domain %u could not be read", domid);
}

/* A monitor goes on without who cannot be read, who would look as if it had ended. */
static enum hb_code dispatch(struct cli *cli, struct hb_monitor *monitor)
{
	enum hb_code code = hb_monitor_dispatch(monitor, &cli->error);

	for (uint32_t domid = 0; !code && hb_monitor_find_unread(monitor, &domid); domid++)
		code = explain_missing(cli, domid);
	return code;
}

/* By a monitor, as hotballoond: it reads all of a domain that says whether a manager may size it. */
enum hb_code cli_metrics(struct cli *cli)
{
	struct hb_host_memory host;
	struct hb_monitor *monitor;
	enum hb_code code = hb_monitor_open(cli->hb, NULL, NULL, &monitor, &cli->error);

	if (code)
		return code;
	code = dispatch(cli, monitor);
	if (!code)
		code = hb_monitor_measure(monitor, &cli->error);
	if (!code)
		code = hb_monitor_memory(monitor, &host, &cli->error);
	if (!code)
		code = print_all(cli, monitor, &host);
	hb_monitor_close(monitor);
	return code;
}
