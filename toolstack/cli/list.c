/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon list: what there is, nothing is changed. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "error.h"

/* A target that is marked is one of a domain that is spoken of below the table. */
#define MARK "!"

static const struct cli_column columns[] = {
	{ "DOMID", true, false }, { "NAME", false, true }, { "STATE", false, false },
	{ "ACTUAL", true, false }, { "TARGET", true, false }, { "MAX", true, false },
	{ "MODE", false, false }, { "CAUSE", false, false },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void add_row(struct cli_table *table, const struct hb_look *look,
		    const struct cli_limits *limits)
{
	const struct hb_domain *domain = look->domain;
	char domid[16], actual[HB_SIZE_TEXT], target[HB_SIZE_TEXT], max[HB_SIZE_TEXT];
	char marked[HB_SIZE_TEXT + 1];
	struct hb_number size = cli_size(domain);
	const char *mode = limits->error.code ? "?" : cli_mode(domain, &look->limits);

	snprintf(domid, sizeof(domid), "%u", domain->domid);
	snprintf(marked, sizeof(marked), "%s%s", cli_column_number(&size, target),
		 hb_would_be_lost(domain, NULL) ? MARK : "");
	cli_table_add(table, (const char *[NR_COLUMNS]){
		domid, domain->name[0] ? domain->name : "-", hb_domain_state_name(domain->state),
		cli_column_size(domain->actual_kib, actual), marked,
		cli_column_number(&domain->static_max, max), mode, cli_cause(domain),
	});
}

/* What nobody would look for in the columns. */
static void print_remarks(FILE *out, const struct hb_domain *domain)
{
	char who[CLI_WHO_TEXT], size[HB_SIZE_TEXT], exact[HB_SIZE_TEXT];
	uint64_t rescued = hb_rescued_kib(domain), size_kib;

	if (domain->still == HB_STILL_HELD)
		fprintf(out, "%s is kept still: it is being saved or migrated\n", cli_who(domain, who));
	else if (domain->still == HB_STILL_LEFT)
		fprintf(out, "%s is told to keep its memory as it is, by a process that has ended; \"hotballoon doctor\" tells what to do\n",
			cli_who(domain, who));
	if (rescued)
		fprintf(out, "%s has taken %s above its target in need: \"hotballoon set %u +%s\" lets it have that\n",
			cli_who(domain, who), hb_size_human(rescued, size), domain->domid,
			hb_at_least(rescued, exact));
	if (hb_spared_kib(domain))
		fprintf(out, "%s sizes itself: it leaves %s of its target\n", cli_who(domain, who),
			hb_size_human(hb_spared_kib(domain), size));
	if (domain->report.distress.value)
		fprintf(out, "%s lacks %s now: \"hotballoon set %u +%s\"\n", cli_who(domain, who),
			hb_size_human(domain->report.distress.value, size), domain->domid,
			hb_at_least(domain->report.distress.value + rescued, exact));
	if (hb_would_be_lost(domain, &size_kib))
		fprintf(out, MARK " a save or a migration now would lose %s: \"hotballoon wait %u\", or \"hotballoon set %u %s\"\n",
			cli_who(domain, who), domain->domid, domain->domid, hb_size_format(size_kib, size));
}

/* Once for both. */
static void print_twin(FILE *out, const struct hb_domain *domain, const struct hb_domain *twin)
{
	char first[CLI_WHO_TEXT], second[CLI_WHO_TEXT];

	if (twin && twin->domid < domain->domid)
		fprintf(out, "%s (%u) and %s (%u) have the same uuid and limits, and neither is sized: \"hotballoon doctor\" tells what to do\n",
			cli_who(twin, first), twin->domid, cli_who(domain, second), domain->domid);
}

/* What is free, and why not all of it can be given away. */
static void print_host(FILE *out, const struct hb_host_memory *host)
{
	const struct {
		const char *what;
		uint64_t kib;
	} parts[] = {
		{ "claimed", host->claimed_kib },
		{ "reserved", host->reserved_kib },
		{ "promised", host->promised_kib },
		{ "kept for the host", host->reserve_kib },
	};
	char available[HB_SIZE_TEXT], total[HB_SIZE_TEXT], part[HB_SIZE_TEXT];

	fprintf(out, "Host: %s of %s to give: %s free",
		hb_size_human(hb_host_available_kib(host), available),
		hb_size_human(host->total_kib, total),
		hb_size_human(host->free_kib + host->scrub_kib, part));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].kib)
			fprintf(out, " - %s %s", hb_size_human(parts[i].kib, part), parts[i].what);
	}
	fprintf(out, "\n");
}

static enum hb_code print_table(struct cli *cli, const struct hb_look *looks, size_t count,
				const struct hb_host_memory *host, const struct cli_limits *limits)
{
	struct cli_table *table = cli_table_new(columns, NR_COLUMNS);
	enum hb_code code;

	for (size_t i = 0; i < count; i++)
		add_row(table, &looks[i], limits);
	code = cli_table_print(cli, table);
	for (size_t i = 0; i < count; i++) {
		print_remarks(cli->out, looks[i].domain);
		print_twin(cli->out, looks[i].domain, looks[i].twin);
	}
	cli_print_damage(cli, limits);
	print_host(cli->out, host);
	return code;
}

static void print_list_json(struct cli *cli, const struct hb_look *looks, size_t count,
			    const struct hb_host_memory *host, const struct cli_limits *limits,
			    const struct hb_error *missing)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json_object *domain = cli_json_domain(looks[i].domain);

		json_object_object_add(domain, "limits", limits->error.code ? NULL :
				       cli_json_limits(looks[i].domain, &looks[i].limits));
		json_object_array_add(array, domain);
	}
	json_object_object_add(object, "host", cli_json_host(host));
	json_object_object_add(object, "domains", array);
	if (missing->code)
		json_object_object_add(object, "error", cli_json_error(missing));
	cli_print_json(cli, object);
}

/*
 * Only those that were asked for, in the order of domid; *missing is the first that is not
 * there.
 */
static void choose(struct cli *cli, struct hb_look *looks, size_t *count, struct hb_error *missing)
{
	bool chosen[*count + 1];
	size_t kept = 0;

	memset(chosen, 0, sizeof(chosen));
	for (int i = 0; i < cli->nr_doms; i++) {
		uint32_t domid;
		enum hb_code code = cli_find_domid(cli, cli->doms[i], &domid);

		if (code && !missing->code)
			*missing = cli->error;
		if (code && !cli_has(cli, OPT_JSON))
			cli_print_error(cli);
		for (size_t j = 0; j < *count && !code; j++)
			chosen[j] |= looks[j].domain->domid == domid;
	}
	for (size_t i = 0; i < *count; i++) {
		if (chosen[i])
			looks[kept++] = looks[i];
	}
	*count = kept;
}

static enum hb_code print_looks(struct cli *cli, struct hb_look *looks, size_t count,
				const struct hb_host_memory *host, const struct cli_limits *limits)
{
	struct hb_error missing = { 0 };
	enum hb_code code = HB_OK;

	if (!cli_look_at_limits(limits, looks, count))
		return cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	if (cli->nr_doms)
		choose(cli, looks, &count, &missing);
	if (cli_has(cli, OPT_JSON))
		print_list_json(cli, looks, count, host, limits, &missing);
	else if (count)
		code = print_table(cli, looks, count, host, limits);
	cli->told = missing.code;
	return code ? code : missing.code;
}

static enum hb_code print_list(struct cli *cli, struct hb_domain *const *domains, size_t count,
			       const struct hb_host_memory *host)
{
	struct hb_look *looks = calloc(count + 1, sizeof(*looks));
	struct cli_limits limits;
	enum hb_code code;

	for (size_t i = 0; i < count && looks; i++)
		looks[i].domain = domains[i];
	cli_read_limits(cli, &limits);
	code = looks ? print_looks(cli, looks, count, host, &limits) :
	       cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
	hb_limits_list_free(limits.list);
	free(looks);
	return code;
}

enum hb_code cli_list(struct cli *cli)
{
	struct hb_host_memory host;
	struct hb_domain **domains;
	size_t count;
	enum hb_code code = hb_snapshot(cli->hb, &host, &domains, &count, &cli->error);
	if (code)
		return code;
	code = print_list(cli, domains, count, &host);
	hb_domains_free(domains);
	return code;
}
