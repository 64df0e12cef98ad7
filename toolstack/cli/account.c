/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon free without a size: where the memory of the host is. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli.h"
#include "plan.h"
#include "wait.h"

struct account {
	struct hb_host_memory host;
	struct hb_number reserve;	/* of the host, if somebody has said it */
	struct hb_error unknown;	/* why that cannot be read */
	size_t count;
	uint64_t domains_kib;		/* held by domains */
	uint64_t coming_kib;		/* of that, what they are to give back */
	uint64_t givable_kib;		/* of that, what managers may take at most */
	size_t givers;
};

/* What managers may take from one; guests that need it or cannot give it are among them. */
static uint64_t givable(const struct hb_domain *domain, const struct hb_limits *limits)
{
	struct hb_number size = cli_size(domain);
	uint64_t least_kib = hb_limits_range(domain, limits).min_kib, used_kib = hb_plan_used_kib(domain);

	/* What an agent in the guest says that it uses is not taken. */
	if (least_kib < used_kib)
		least_kib = used_kib;

	if (hb_may_size(domain, limits))
		return 0;
	return size.value > least_kib ? size.value - least_kib : 0;
}

static void add_domain(struct account *account, const struct hb_domain *domain,
		       const struct hb_limits *limits)
{
	struct hb_number size = cli_size(domain);
	uint64_t gives = givable(domain, limits);

	account->domains_kib += domain->actual_kib;
	/* Some pages that Xen counts and the target does not are constants of each boot. */
	if (size.presence == HB_PRESENT && domain->actual_kib > size.value + hb_wait_tolerance_kib(domain))
		account->coming_kib += domain->actual_kib - size.value;
	account->givable_kib += gives;
	account->givers += gives > 0;
}

static enum hb_code read_account(struct cli *cli, struct account *account)
{
	struct hb_domain **domains;
	struct cli_limits limits;
	enum hb_code code = hb_snapshot(cli->hb, &account->host, &domains, &account->count,
					&cli->error);

	if (code)
		return code;
	cli_read_limits(cli, &limits);
	hb_host_reserve_get(cli->hb, &account->reserve, &account->unknown);
	for (size_t i = 0; i < account->count; i++) {
		struct hb_limits kept;

		cli_find_limits(&limits, domains[i], &kept);
		add_domain(account, domains[i], &kept);
	}
	hb_limits_list_free(limits.list);
	hb_domains_free(domains);
	return HB_OK;
}

/* What nobody else has is Xen's own: its heap, and page tables of guests. */
static uint64_t xen_kib(const struct account *account)
{
	const struct hb_host_memory *host = &account->host;
	uint64_t others = host->free_kib + host->scrub_kib + account->domains_kib;

	return host->total_kib > others ? host->total_kib - others : 0;
}

static void print_json(struct cli *cli, const struct account *account)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "host", cli_json_host(&account->host));
	json_object_object_add(object, "host_reserve_kib", account->reserve.presence == HB_PRESENT ?
			       json_object_new_uint64(account->reserve.value) : NULL);
	json_object_object_add(object, "domains_kib", json_object_new_uint64(account->domains_kib));
	json_object_object_add(object, "xen_kib", json_object_new_uint64(xen_kib(account)));
	json_object_object_add(object, "coming_kib", json_object_new_uint64(account->coming_kib));
	json_object_object_add(object, "givable_kib", json_object_new_uint64(account->givable_kib));
	cli_print_json(cli, object);
}

static void row(struct cli *cli, const char *what, uint64_t kib, const char *remark)
{
	char text[HB_SIZE_TEXT];

	fprintf(cli->out, "%-20s %9s%s%s\n", what, cli_column_size(kib, text), *remark ? "  " : "",
		remark);
}

static void print_account(struct cli *cli, const struct account *account)
{
	const struct hb_host_memory *host = &account->host;
	char domains[32], givers[80], size[HB_SIZE_TEXT], remedy[CLI_REMEDY_TEXT];

	snprintf(domains, sizeof(domains), "%zu of them", account->count);
	row(cli, "total", host->total_kib, "");
	row(cli, "  domains", account->domains_kib, domains);
	row(cli, "  Xen", xen_kib(account), "its own, and page tables");
	row(cli, "  free", host->free_kib + host->scrub_kib, "");
	row(cli, "    claimed", host->claimed_kib, "set aside in Xen for domains that exist");
	row(cli, "    reserved", host->reserved_kib, "set aside for domains to come");
	row(cli, "    promised", host->promised_kib, "targets above what domains hold");
	row(cli, "    kept", host->reserve_kib, account->reserve.presence == HB_PRESENT ?
	    "for the host, as \"reserve --host\" has said" : "for the host, as is usual");
	row(cli, "to give", hb_host_available_kib(host), "");
	if (account->coming_kib)
		row(cli, "coming", account->coming_kib, "domains hold that above their targets");
	if (account->unknown.code)
		fprintf(cli->out, "What the host keeps is not known: %s; %s\n", account->unknown.message,
			cli_remedy(&account->unknown, remedy));
	snprintf(givers, sizeof(givers), "%zu guest%s may be asked for %s at most",
		 account->givers, account->givers == 1 ? "" : "s",
		 cli_column_size(account->givable_kib, size));
	if (account->givers)
		fprintf(cli->out, "%s: \"hotballoon free SIZE\"\n", givers);
}

enum hb_code cli_free_account(struct cli *cli)
{
	struct account account = { 0 };
	enum hb_code code = read_account(cli, &account);

	if (code)
		return code;
	if (cli_has(cli, OPT_JSON))
		print_json(cli, &account);
	else
		print_account(cli, &account);
	return HB_OK;
}
