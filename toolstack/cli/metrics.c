/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon metrics: one look at the host, for Prometheus. hotballoond need not run. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "metrics.h"

/* Whose limits are not known is not to be sized: as hotballoond has it. */
static void look_at(struct hb_look *look, const struct hb_monitor *monitor, size_t i, const struct cli_limits *limits)
{
	look->domain = hb_monitor_domain(monitor, i);
	look->stale = hb_monitor_is_stale(monitor, i);
	cli_find_limits(limits, look->domain, &look->limits);
}

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
		look_at(&looks[i], monitor, i, &limits);
	code = looks ? print(cli, looks, count, host) :
	       cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	free(looks);
	hb_limits_list_free(limits.list);
	return code;
}

static bool knows(const struct hb_monitor *monitor, const struct hb_domain *domain)
{
	for (size_t i = 0; i < hb_monitor_count(monitor); i++) {
		const struct hb_domain *known = hb_monitor_domain(monitor, i);

		if (known->domid == domain->domid && !strcmp(known->uuid, domain->uuid))
			return true;
	}
	return false;
}

/* Why the monitor does not know it; HB_OK: it has ended. */
static enum hb_code explain_missing(struct cli *cli, const struct hb_domain *domain)
{
	struct hb_domain now;
	enum hb_code code = hb_show(cli->hb, domain->domid, &now, &cli->error);

	if (code == HB_E_NO_DOMAIN)
		return HB_OK;
	if (code || now.state == HB_DOMAIN_DYING || strcmp(now.uuid, domain->uuid))
		return code;
	return cli_fail(cli, HB_REASON_HOST_FAILED, "", "domain %u could not be read", domain->domid);
}

/* A monitor goes on without who cannot be read, who would look as if it had ended. */
static enum hb_code dispatch(struct cli *cli, struct hb_monitor *monitor)
{
	struct hb_domain **domains;
	size_t count;
	enum hb_code code = hb_list(cli->hb, &domains, &count, &cli->error);

	if (code)
		return code;
	code = hb_monitor_dispatch(monitor, &cli->error);
	for (size_t i = 0; i < count && !code; i++) {
		if (domains[i]->state != HB_DOMAIN_DYING && !knows(monitor, domains[i]))
			code = explain_missing(cli, domains[i]);
	}
	hb_domains_free(domains);
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
