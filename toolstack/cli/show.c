/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon show: what is known of one domain; and how commands call domains and sizes. */
#include <inttypes.h>

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

struct hb_number cli_size(const struct hb_domain *domain)
{
	struct hb_number size = domain->target;

	if (size.presence == HB_PRESENT && size.value < HB_SIZE_MAX_KIB)
		size.value += domain->videoram_kib;
	return size;
}

const char *cli_cause(const struct hb_domain *domain)
{
	if (domain->service)
		return hb_service_name(domain->service);
	if (domain->driver == HB_DRIVER_HOTBALLOON)
		return hb_report_cause_name(&domain->report.cause);
	if (domain->driver == HB_DRIVER_WINDOWS)
		return "Windows driver";
	if (domain->driver == HB_DRIVER_ANNOUNCED)
		return "other driver";
	return domain->domid ? "no report" : "-";
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

/* Drivers of before do not know all of them. */
static void flag_row(struct cli *cli, const char *name, const struct hb_number *flag)
{
	if (flag->presence != HB_ABSENT)
		row(cli, name, flag->presence == HB_INVALID ? "invalid" : flag->value ? "yes" : "no");
}

/* By the kind of a row of HB_REPORT_ROWS(). */
#define SHOW_NUMBER(name, number) number_row(cli, "  " name, number)
#define SHOW_FLAG(name, flag) flag_row(cli, "  keeps " name, flag)
#define SHOW_STATE(name, state) row(cli, "  " name, hb_report_state_name(state))
#define SHOW_CAUSE(name, cause) row(cli, "  " name, hb_report_cause_name(cause))

/* What the guest says of its memory; a word that it does not say has no line. */
static void print_stats(struct cli *cli, const struct hb_report *report)
{
	static const char *const words[HB_STAT_COUNT] = HB_STAT_WORDS;
	static const bool is_kib[HB_STAT_COUNT] = HB_STAT_IS_KIB;
	char name[32];

	for (int i = 0; i < HB_STAT_COUNT; i++) {
		snprintf(name, sizeof(name), "  %s", words[i]);
		if (report->stats[i].presence == HB_PRESENT && is_kib[i])
			number_row(cli, name, &report->stats[i]);
		else if (report->stats[i].presence == HB_PRESENT)
			fprintf(cli->out, "%-18s %" PRIu64 "\n", name, report->stats[i].value);
	}
}

static void print_report(struct cli *cli, const struct hb_report *report)
{
	fprintf(cli->out, "%-18s hotballoon, report version %" PRIu64 "\n", "driver",
		report->version.value);
#define SHOW(NAME, field, kind, json) SHOW_##kind(#field, &report->field);
	HB_REPORT_ROWS(SHOW)
#undef SHOW
	print_stats(cli, report);
}

static void print_driver(struct cli *cli, const struct hb_domain *domain)
{
	if (domain->driver == HB_DRIVER_HOTBALLOON)
		print_report(cli, &domain->report);
	else if (domain->driver == HB_DRIVER_ANNOUNCED)
		row(cli, "driver", "other (an agent announces a balloon driver)");
	else if (domain->driver == HB_DRIVER_WINDOWS)
		row(cli, "driver", "windows (cannot grow beyond its boot maximum)");
	else if (domain->service)
		row(cli, "driver", "- (it serves others and keeps its size)");
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
	if (hb_rescued_kib(domain))
		fprintf(cli->out, "%-18s %s above its target, in need\n", "taken",
			hb_size_human(hb_rescued_kib(domain), size));
	if (hb_spared_kib(domain))
		fprintf(cli->out, "%-18s %s of its target, as it sizes itself\n", "left",
			hb_size_human(hb_spared_kib(domain), size));
	if (hb_would_be_lost(domain, &size_kib))
		fprintf(cli->out, "%-18s a save or a migration now would lose it: \"hotballoon set %u %s\" ends that\n",
			"target too low", domain->domid, hb_size_format(size_kib, size));
}

static void print_domain(struct cli *cli, const struct hb_domain *domain)
{
	struct hb_number size = cli_size(domain);

	fprintf(cli->out, "%-18s %u\n", "domid", domain->domid);
	row(cli, "name", domain->name[0] ? domain->name : "-");
	row(cli, "uuid", domain->uuid);
	row(cli, "type", hb_type_name(domain->type));
	row(cli, "state", hb_domain_state_name(domain->state));
	if (domain->service)
		row(cli, "service", hb_service_name(domain->service));
	fprintf(cli->out, "%-18s %u\n", "vcpus", domain->vcpus);
	if (domain->vnodes)
		fprintf(cli->out, "%-18s %u: it keeps its size\n", "virtual NUMA nodes", domain->vnodes);
	if (domain->squeezed || domain->qmemman)
		row(cli, "managed by", domain->squeezed ? "squeezed (xapi)" : "qmemman (Qubes OS)");
	size_row(cli, "actual", domain->actual_kib);
	number_row(cli, "target", &size);
	print_still(cli, domain);
	size_row(cli, "video memory", domain->videoram_kib);
	number_row(cli, "static-max", &domain->static_max);
	number_row(cli, "hotplug-max", &domain->hotplug_max);
	if (domain->headroom.presence != HB_ABSENT)
		number_row(cli, "headroom", &domain->headroom);
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
