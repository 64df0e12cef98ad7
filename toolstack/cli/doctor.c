/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon explain and doctor: why things are as they are, and what is wrong. */
#include <stdlib.h>

#include "reasons.h"

static void print_findings(struct cli *cli, const struct hb_findings *findings)
{
	for (unsigned int i = 0; i < findings->count; i++) {
		const struct hb_finding *finding = &findings->list[i];
		char remedy[CLI_REMEDY_TEXT];

		fprintf(cli->out, "%s%-7s%s  %s (%s)\n", cli_colour(cli, finding->severity),
			hb_severity_name(finding->severity), cli_plain(cli), finding->message,
			finding->what);
		fprintf(cli->out, "         -> %s\n", cli_finding_remedy(finding, remedy));
	}
}

/* Of who runs the host's guests, which knows more than can be seen. */
static void print_reason(struct cli *cli, const struct cli_reason *reason)
{
	if (!reason->known)
		return;
	fprintf(cli->out, "  hotballoond: %s (%s)\n", reason->reason_text, reason->reason);
	fprintf(cli->out, "  what it needs, by hotballoond: %s (%s)\n", reason->need_text, reason->need);
}

static void print_explanation(struct cli *cli, const struct hb_explanation *explanation,
			      const struct cli_reason *reason)
{
	const struct hb_domain *domain = &explanation->domain;

	fprintf(cli->out, "%s (domain %u):\n", domain->name[0] ? domain->name : "-", domain->domid);
	for (unsigned int i = 0; i < explanation->nr_reasons; i++)
		fprintf(cli->out, "  %s\n", explanation->reasons[i]);
	print_reason(cli, reason);
	print_findings(cli, &explanation->findings);
}

static struct json_object *json_explanation(const struct hb_explanation *explanation,
					    const struct cli_reason *reason)
{
	struct json_object *object = cli_json_explanation(explanation);

	json_object_object_add(object, "hotballoond", cli_json_reason(reason));
	return object;
}

static struct cli_reason ask_reason(struct cli *cli, const struct hb_domain *domain)
{
	struct json_object *reply = cli_ask_reasons(cli);
	size_t next = 0;
	struct cli_reason reason = cli_reason_of(reply, domain, &next);

	json_object_put(reply);
	return reason;
}

enum hb_code cli_explain(struct cli *cli)
{
	struct hb_explanation explanation;
	struct cli_reason reason;
	uint32_t domid;
	enum hb_code code = cli_find_domid(cli, cli->operands[0], &domid);

	if (!code)
		code = hb_explain(cli->hb, domid, &explanation, &cli->error);
	if (code)
		return code;
	reason = ask_reason(cli, &explanation.domain);
	if (cli_has(cli, OPT_JSON))
		cli_print_json(cli, json_explanation(&explanation, &reason));
	else
		print_explanation(cli, &explanation, &reason);
	return HB_OK;
}

static struct json_object *json_doctor(const struct hb_findings *host,
				       struct hb_examination *const *domains, size_t count)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i < count; i++) {
		struct json_object *domain = json_object_new_object();

		json_object_object_add(domain, "domid", json_object_new_uint64(domains[i]->domain.domid));
		json_object_object_add(domain, "name", cli_json_name(&domains[i]->domain));
		json_object_object_add(domain, "findings", cli_json_findings(&domains[i]->findings));
		json_object_array_add(array, domain);
	}
	json_object_object_add(object, "host", cli_json_findings(host));
	json_object_object_add(object, "domains", array);
	return object;
}

static void print_doctor(struct cli *cli, const struct hb_findings *host,
			 struct hb_examination *const *domains, size_t count)
{
	unsigned int found = host->count;

	print_findings(cli, host);
	for (size_t i = 0; i < count; i++) {
		print_findings(cli, &domains[i]->findings);
		found += domains[i]->findings.count;
	}
	if (!found)
		fprintf(cli->out, "Nothing is wrong with this host and its %zu domains.\n", count);
}

static enum hb_severity worst_of(const struct hb_findings *findings, enum hb_severity worst)
{
	for (unsigned int i = 0; i < findings->count; i++) {
		if (findings->list[i].severity > worst)
			worst = findings->list[i].severity;
	}
	return worst;
}

/* For monitoring: what has been found, though the question was answered. */
static int status_of(const struct hb_findings *host, struct hb_examination *const *domains,
		     size_t count)
{
	static const int statuses[] = {
		[HB_NOTE] = 0, [HB_WARNING] = CLI_EXIT_WARNING, [HB_FAULT] = CLI_EXIT_FAULT,
	};
	enum hb_severity worst = worst_of(host, HB_NOTE);

	for (size_t i = 0; i < count; i++)
		worst = worst_of(&domains[i]->findings, worst);
	return statuses[worst];
}

enum hb_code cli_doctor(struct cli *cli)
{
	struct hb_examination **domains;
	struct hb_findings host;
	size_t count;
	enum hb_code code = hb_doctor(cli->hb, &host, &domains, &count, &cli->error);

	if (code)
		return code;
	if (cli_has(cli, OPT_JSON))
		cli_print_json(cli, json_doctor(&host, domains, count));
	else
		print_doctor(cli, &host, domains, count);
	cli->status = status_of(&host, domains, count);
	hb_examinations_free(domains);
	return HB_OK;
}
