/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon limits: what managers may do with a domain. */
#include <string.h>

#include "cli.h"

static enum hb_code read_size(struct cli *cli, enum cli_option option, struct hb_number *number)
{
	enum hb_code code;

	if (!cli_has(cli, option))
		return HB_OK;
	code = cli_parse_absolute(cli, cli->values[option], &number->value);
	if (!code)
		number->presence = HB_PRESENT;
	return code;
}

static enum hb_code read_headroom(struct cli *cli)
{
	const char *text = cli->values[OPT_HEADROOM];

	cli->headroom_kib = 0;
	if (!text || !strcmp(text, "none") || !strcmp(text, "0"))
		return HB_OK;
	return cli_parse_absolute(cli, text, &cli->headroom_kib);
}

/* Options that say opposite things. */
static enum hb_code check_options(struct cli *cli)
{
	const unsigned int sizes = CLI_BIT(OPT_MIN) | CLI_BIT(OPT_MAX);

	if (!cli->nr_doms && cli->given & ~CLI_BESIDE)
		return cli_usage(cli, "%s", "no domain is given to limit");
	if (cli_has(cli, OPT_FORCE) && !cli_has(cli, OPT_RESET))
		return cli_usage(cli, "--%s goes with --reset, which sets a size", "force");
	if (cli_has(cli, OPT_FORGET) && (cli->given & ~CLI_BESIDE) != CLI_BIT(OPT_FORGET))
		return cli_usage(cli, "--%s goes with no other option", "forget");
	if (cli_has(cli, OPT_AUTO) && cli_has(cli, OPT_OFF))
		return cli_usage(cli, "--auto and --%s contradict each other", "off");
	if (cli_has(cli, OPT_RESET) && (cli->given & sizes))
		return cli_usage(cli, "--%s sets minimum and maximum itself", "reset");
	return HB_OK;
}

enum hb_code cli_limits_prepare(struct cli *cli)
{
	struct hb_limits_change *change = &cli->change;
	unsigned long weight = 0;
	enum hb_code code = check_options(cli);

	if (!code)
		code = read_size(cli, OPT_MIN, &change->min);
	if (!code)
		code = read_size(cli, OPT_MAX, &change->max);
	if (!code)
		code = read_headroom(cli);
	if (!code && cli_has(cli, OPT_WEIGHT) &&
	    !cli_parse_number(cli->values[OPT_WEIGHT], HB_WEIGHT_MAX, &weight))
		code = cli_usage(cli, "\"--weight=%s\": a weight is 1 to 1000000, usually 1000",
				 cli->values[OPT_WEIGHT]);
	change->weight = weight;
	change->automatic = cli_has(cli, OPT_AUTO);
	change->off = cli_has(cli, OPT_OFF);
	change->reset = cli_has(cli, OPT_RESET);
	change->forget = cli_has(cli, OPT_FORGET);
	return code;
}

void cli_print_kept(struct cli *cli, const struct hb_domain *domain, const struct hb_limits *limits,
		    const char *why_not)
{
	char text[HB_SIZE_TEXT];

	fprintf(cli->out, "%-8s %s\n", "mode", hb_mode_name(limits->mode));
	fprintf(cli->out, "%-8s %s\n", "min", cli_number(&limits->min, text));
	fprintf(cli->out, "%-8s %s\n", "max", cli_number(&limits->max, text));
	fprintf(cli->out, "%-8s %u\n", "weight", limits->weight);
	if (domain && domain->headroom.presence != HB_ABSENT)
		fprintf(cli->out, "%-8s %s\n", "headroom", cli_number(&domain->headroom, text));
	if (why_not)
		fprintf(cli->out, "Managers leave it alone: %s.\n", why_not);
}

static void print_limits(struct cli *cli, const struct hb_domain *domain,
			 const struct hb_limits *limits)
{
	struct hb_range range = hb_limits_range(domain, limits);
	struct hb_number size = cli_size(domain);
	char text[HB_SIZE_TEXT], max[HB_SIZE_TEXT];
	const char *why;

	/* Of several it must be said whose these are. */
	if (cli->nr_doms > 1)
		fprintf(cli->out, "%-8s %s\n", "name", domain->name[0] ? domain->name : "-");
	if (cli_has(cli, OPT_RESET))
		fprintf(cli->out, "%-8s %s\n", "size", cli_number(&size, text));
	why = hb_obstacle_text(hb_may_size(domain, limits));
	cli_print_kept(cli, domain, limits, why);
	if (!why)
		fprintf(cli->out, "Managers may size it between %s and %s.\n",
			hb_size_human(range.min_kib, text), hb_size_human(range.max_kib, max));
}

/* domain is what it is afterwards. */
static enum hb_code set_to_maximum(struct cli *cli, bool managed, struct hb_domain *domain)
{
	const struct hb_set_request request = {
		.size = { HB_SIZE_ABSOLUTE, false,
			  domain->static_max.value - domain->static_max.value % HB_PAGE_KIB },
		.force = cli_has(cli, OPT_FORCE),
	};
	struct hb_set_result result;
	enum hb_code code;

	cli_begin_wait();
	if (managed)
		code = hb_set_managed(cli->hb, domain->domid, domain->target.value, &request, &result,
				      &cli->error);
	else
		code = hb_set(cli->hb, domain->domid, &request, &result, &cli->error);
	cli_end_wait(cli);
	if (!code)
		*domain = result.after;
	return code;
}

/* No limits could go with it, whoever forces the size. */
static enum hb_code check_hotplug_max(struct cli *cli, const struct hb_domain *domain)
{
	char who[CLI_WHO_TEXT], max[HB_SIZE_TEXT], most[HB_SIZE_TEXT];

	if (domain->hotplug_max.presence != HB_PRESENT ||
	    domain->static_max.value <= domain->hotplug_max.value + domain->videoram_kib)
		return HB_OK;
	return cli_fail(cli, HB_REASON_NO_MAXIMUM, "raise memory/hotplug-max, or give --min and --max",
			"%s cannot be reset to its maximum of %s: memory/hotplug-max is %s",
			cli_who(domain, who), cli_number(&domain->static_max, max),
			cli_number(&domain->hotplug_max, most));
}

/* Domain 0 usually has none: Xen's number for no limit, or no key at all. */
static enum hb_code check_maximum(struct cli *cli, const struct hb_domain *domain)
{
	char who[CLI_WHO_TEXT];

	if (domain->static_max.presence == HB_PRESENT && domain->static_max.value < HB_SIZE_MAX_KIB)
		return check_hotplug_max(cli, domain);
	return cli_fail(cli, HB_REASON_NO_MAXIMUM, "",
			"%s has no maximum that it could be reset to", cli_who(domain, who));
}

/*
 * The size goes where the limits will be, or the domain would be outside of them. That
 * is first: a size that is refused changes no limits. A domain that managers may size
 * stays one, another one is left to the person who has pinned it.
 */
static enum hb_code reset_size(struct cli *cli, struct hb_domain *domain)
{
	struct hb_limits limits;
	enum hb_code code = check_maximum(cli, domain);
	const char *why;
	bool automatic;

	if (!code)
		code = hb_limits_get(cli->hb, domain, &limits, &cli->error);
	if (code)
		return code;
	automatic = hb_limits_automatic(domain, &limits, &why);
	code = set_to_maximum(cli, !hb_may_size(domain, &limits), domain);
	if (!code && automatic)
		cli->change.automatic = true;
	return code;
}

static enum hb_code keep(struct cli *cli, const struct hb_domain *domain, struct hb_limits *limits)
{
	enum hb_code code;

	cli_begin_wait();
	code = hb_limits_set(cli->hb, domain, &cli->change, limits, &cli->error);
	cli_end_wait(cli);
	return code;
}

/* Forgotten is that, too. domain is what it is afterwards. */
static enum hb_code set_headroom(struct cli *cli, struct hb_domain *domain)
{
	bool forget = cli_has(cli, OPT_FORGET) && domain->headroom.presence != HB_ABSENT;
	struct hb_set_result result;
	enum hb_code code;

	if (!cli_has(cli, OPT_HEADROOM) && !forget)
		return HB_OK;
	cli_begin_wait();
	code = hb_headroom_set(cli->hb, domain->domid, cli->headroom_kib, 0, &result, &cli->error);
	cli_end_wait(cli);
	if (code)
		return code;
	*domain = result.after;
	for (unsigned int i = 0; i < result.nr_notes && !cli_has(cli, OPT_JSON); i++)
		fprintf(cli->out, "note: %s\n", result.notes[i]);
	return HB_OK;
}

/*
 * The limits were refused: nothing of the line is done. Why is in cli->error already. Limits that
 * may not survive a power failure are done, and so is all of the line.
 */
static void take_back(struct cli *cli, uint32_t domid, uint64_t headroom_kib)
{
	struct hb_set_result ignored_result;
	struct hb_error ignored;

	if (cli->error.reason == HB_REASON_NOT_SAFE_YET)
		return;
	if (cli_has(cli, OPT_HEADROOM) || (cli_has(cli, OPT_FORGET) && headroom_kib))
		hb_headroom_set(cli->hb, domid, headroom_kib, 0, &ignored_result, &ignored);
}

/* Of one domain all is known that could be in the way of managers. */
static void print_json(struct cli *cli, const struct hb_domain *domain, const struct hb_limits *limits)
{
	struct json_object *object = cli_json_limits(domain, limits);
	enum hb_obstacle obstacle = hb_may_size(domain, limits);

	json_object_object_add(object, "obstacle", obstacle ?
			       json_object_new_string(hb_reason_name(hb_obstacle_reason(obstacle))) : NULL);
	cli_print_json(cli, object);
}

enum hb_code cli_limits_of(struct cli *cli, struct hb_domain *domain)
{
	bool keeps = cli->given & ~(CLI_BESIDE | CLI_BIT(OPT_HEADROOM));
	uint64_t headroom_kib = domain->headroom.value;
	struct hb_limits limits;
	enum hb_code code = HB_OK;

	if (cli_has(cli, OPT_RESET))
		code = reset_size(cli, domain);
	if (!code)
		code = set_headroom(cli, domain);
	if (code)
		return code;
	code = keeps ? keep(cli, domain, &limits) : hb_limits_get(cli->hb, domain, &limits, &cli->error);
	if (code) {
		take_back(cli, domain->domid, headroom_kib);
		return code;
	}
	if (cli_has(cli, OPT_JSON))
		print_json(cli, domain, &limits);
	else
		print_limits(cli, domain, &limits);
	return HB_OK;
}

enum hb_code cli_limits(struct cli *cli)
{
	struct hb_domain domain;
	enum hb_code code;

	if (!cli->operands[0])
		return cli_limits_all(cli);
	code = cli_find(cli, &domain);
	if (code == HB_E_NO_DOMAIN && cli_is_uuid(cli->operands[0]))
		return cli_limits_of_uuid(cli);
	return code ? code : cli_limits_of(cli, &domain);
}
