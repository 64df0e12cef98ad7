/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon list and show: what there is, nothing is changed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const char *cli_who(const struct hb_domain *domain, char text[CLI_WHO_TEXT])
{
	snprintf(text, CLI_WHO_TEXT, "domain %u", domain->domid);
	return domain->name[0] ? domain->name : text;
}

const char *cli_number(const struct hb_number *number, char text[HB_SIZE_TEXT])
{
	if (number->presence == HB_ABSENT)
		return "-";
	if (number->presence == HB_INVALID)
		return "invalid";
	if (number->value >= HB_SIZE_MAX_KIB)
		return "unlimited";
	return hb_size_human(number->value, text);
}

/* A target that is marked is one of a domain that is spoken of below the table. */
#define MARK "!"

static void print_row(FILE *out, int width, const struct hb_domain *domain)
{
	char actual[HB_SIZE_TEXT], target[HB_SIZE_TEXT], max[HB_SIZE_TEXT], marked[HB_SIZE_TEXT + 1];

	snprintf(marked, sizeof(marked), "%s%s", cli_number(&domain->target, target),
		 hb_would_be_lost(domain, NULL) ? MARK : "");
	fprintf(out, "%5u  %-*s  %-4s  %-8s  %9s  %9s  %9s  %-10s  %s\n", domain->domid, width,
		domain->name[0] ? domain->name : "-", hb_type_name(domain->type),
		hb_domain_state_name(domain->state), hb_size_human(domain->actual_kib, actual),
		marked, cli_number(&domain->static_max, max),
		hb_driver_name(domain->driver), hb_report_cause_name(&domain->report.cause));
}

/* What nobody would look for in the columns. */
static void print_remarks(FILE *out, const struct hb_domain *domain)
{
	char who[CLI_WHO_TEXT], size[HB_SIZE_TEXT];
	uint64_t size_kib;

	if (domain->still == HB_STILL_HELD)
		fprintf(out, "%s is kept still: it is being saved or migrated\n", cli_who(domain, who));
	else if (domain->still == HB_STILL_LEFT)
		fprintf(out, "%s is told to keep its memory as it is, by a process that has ended; \"hotballoon doctor\" tells what to do\n",
			cli_who(domain, who));
	if (hb_would_be_lost(domain, &size_kib))
		fprintf(out, MARK " a save or a migration now would lose %s: \"hotballoon wait %u\", or \"hotballoon set %u %s\"\n",
			cli_who(domain, who), domain->domid, domain->domid, hb_size_format(size_kib, size));
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

static void print_table(struct cli *cli, const struct hb_domain *domains, size_t count,
			const struct hb_host_memory *host)
{
	int width = strlen("NAME");

	for (size_t i = 0; i < count; i++) {
		if ((int)strlen(domains[i].name) > width)
			width = strlen(domains[i].name);
	}
	fprintf(cli->out, "%5s  %-*s  %-4s  %-8s  %9s  %9s  %9s  %-10s  %s\n", "DOMID", width, "NAME",
		"TYPE", "STATE", "ACTUAL", "TARGET", "MAX", "DRIVER", "CAUSE");
	for (size_t i = 0; i < count; i++)
		print_row(cli->out, width, &domains[i]);
	for (size_t i = 0; i < count; i++)
		print_remarks(cli->out, &domains[i]);
	print_host(cli->out, host);
}

enum hb_code cli_list(struct cli *cli)
{
	struct json_object *object, *array;
	struct hb_host_memory host;
	struct hb_domain *domains;
	enum hb_code code;
	size_t count;

	code = hb_snapshot(cli->hb, &host, &domains, &count, &cli->error);
	if (code)
		return code;
	if (cli_has(cli, OPT_JSON)) {
		object = json_object_new_object();
		array = json_object_new_array();
		for (size_t i = 0; i < count; i++)
			json_object_array_add(array, cli_json_domain(&domains[i]));
		json_object_object_add(object, "host", cli_json_host(&host));
		json_object_object_add(object, "domains", array);
		cli_print_json(cli, object);
	} else {
		print_table(cli, domains, count, &host);
	}
	free(domains);
	return HB_OK;
}

static void row(struct cli *cli, const char *name, const char *value)
{
	fprintf(cli->out, "%-18s %s\n", name, value);
}

static void size_row(struct cli *cli, const char *name, uint64_t kib)
{
	struct hb_number number = { HB_PRESENT, kib };
	char text[HB_SIZE_TEXT];

	row(cli, name, cli_number(&number, text));
}

static void number_row(struct cli *cli, const char *name, const struct hb_number *number)
{
	char text[HB_SIZE_TEXT];

	row(cli, name, cli_number(number, text));
}

static void print_report(struct cli *cli, const struct hb_report *report)
{
	fprintf(cli->out, "%-18s hotballoon, report version %" PRIu64 "\n", "driver",
		report->version.value);
	row(cli, "  state", hb_report_state_name(&report->state));
	row(cli, "  cause", hb_report_cause_name(&report->cause));
	number_row(cli, "  current", &report->current);
	number_row(cli, "  goal", &report->goal);
	number_row(cli, "  floor", &report->floor);
	number_row(cli, "  max", &report->max);
	if (report->still.presence != HB_ABSENT)
		row(cli, "  keeps still", report->still.presence == HB_INVALID ? "invalid" :
		    report->still.value ? "yes" : "no");
}

static void print_driver(struct cli *cli, const struct hb_domain *domain)
{
	if (domain->driver == HB_DRIVER_HOTBALLOON)
		print_report(cli, &domain->report);
	else if (domain->driver == HB_DRIVER_ANNOUNCED)
		row(cli, "driver", "other (an agent announces a balloon driver)");
	else if (domain->driver == HB_DRIVER_WINDOWS)
		row(cli, "driver", "windows (cannot grow beyond its boot maximum)");
	else if (!domain->domid)
		row(cli, "driver", "- (domain 0 has the kernel's own)");
	else
		row(cli, "driver", "- (none reports: the kernel's own, or none)");
}

/* What a save or a migration has to do with it. */
static void print_still(struct cli *cli, const struct hb_domain *domain)
{
	char size[HB_SIZE_TEXT];
	uint64_t size_kib;

	if (domain->still == HB_STILL_HELD)
		row(cli, "told to keep still", "yes: it is being saved or migrated");
	else if (domain->still == HB_STILL_LEFT)
		row(cli, "told to keep still", "yes, by a process that has ended: \"hotballoon set\" takes it back");
	if (hb_would_be_lost(domain, &size_kib))
		fprintf(cli->out, "%-18s a save or a migration now would lose it: \"hotballoon set %u %s\" ends that\n",
			"target too low", domain->domid, hb_size_format(size_kib, size));
}

static void print_domain(struct cli *cli, const struct hb_domain *domain)
{
	fprintf(cli->out, "%-18s %u\n", "domid", domain->domid);
	row(cli, "name", domain->name[0] ? domain->name : "-");
	row(cli, "uuid", domain->uuid);
	row(cli, "type", hb_type_name(domain->type));
	row(cli, "state", hb_domain_state_name(domain->state));
	fprintf(cli->out, "%-18s %u\n", "vcpus", domain->vcpus);
	if (domain->vnodes)
		fprintf(cli->out, "%-18s %u: it keeps its size\n", "virtual NUMA nodes", domain->vnodes);
	if (domain->squeezed || domain->qmemman)
		row(cli, "managed by", domain->squeezed ? "squeezed (xapi)" : "qmemman (Qubes OS)");
	size_row(cli, "actual", domain->actual_kib);
	number_row(cli, "target", &domain->target);
	print_still(cli, domain);
	size_row(cli, "video memory", domain->videoram_kib);
	number_row(cli, "static-max", &domain->static_max);
	number_row(cli, "hotplug-max", &domain->hotplug_max);
	size_row(cli, "maxmem (Xen)", domain->maxmem_kib);
	size_row(cli, "claimed (Xen)", domain->claimed_kib);
	number_row(cli, "used (guest)", &domain->used);
	number_row(cli, "paging pool", &domain->pool);
	if (domain->pod) {
		size_row(cli, "PoD cache", domain->pod_cache_kib);
		size_row(cli, "PoD outstanding", domain->pod_entries_kib);
	}
	print_driver(cli, domain);
}

enum hb_code cli_show(struct cli *cli)
{
	struct hb_domain domain;
	enum hb_code code = cli_find(cli, &domain);

	if (code)
		return code;
	if (cli_has(cli, OPT_JSON))
		cli_print_json(cli, cli_json_domain(&domain));
	else
		print_domain(cli, &domain);
	return HB_OK;
}
