/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of all domains at once: for tables, and "hotballoon limits" without a domain. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "twin.h"

void cli_read_limits(struct cli *cli, struct cli_limits *limits)
{
	*limits = (struct cli_limits){ 0 };
	limits->error.code = hb_limits_list(cli->hb, &limits->list, &limits->count, &limits->damage,
					    &limits->error);
}

void cli_find_limits(const struct cli_limits *limits, const struct hb_domain *domain,
		     struct hb_limits *found)
{
	hb_limits_find(limits->list, limits->count, domain, found);
	if (limits->error.code)
		*found = (struct hb_limits){ .mode = HB_MODE_OFF, .weight = HB_WEIGHT_DEFAULT, .damaged = true };
}

bool cli_look_at_limits(const struct cli_limits *limits, struct hb_look *looks, size_t count)
{
	struct hb_look **order = calloc(count + 1, sizeof(*order));

	if (!order)
		return false;
	for (size_t i = 0; i < count; i++)
		cli_find_limits(limits, looks[i].domain, &looks[i].limits);
	hb_twins_find(looks, count, order);
	free(order);
	return true;
}

void cli_print_damage(struct cli *cli, const struct cli_limits *limits)
{
	char remedy[CLI_REMEDY_TEXT];

	if (limits->error.code)
		fprintf(cli->out, "The limits are not known: %s; %s\n", limits->error.message,
			cli_remedy(&limits->error, remedy));
	else if (limits->damage.code)
		fprintf(cli->out, "Not all limits are known: %s; %s\n", limits->damage.message,
			cli_remedy(&limits->damage, remedy));
}

const char *cli_mode(const struct hb_domain *domain, const struct hb_limits *limits)
{
	const char *why;

	if (limits->mode != HB_MODE_AUTO || hb_limits_automatic(domain, limits, &why))
		return hb_mode_name(limits->mode);
	return domain->target.presence == HB_PRESENT ? "pinned" : "-";
}

static const struct cli_column columns[] = {
	{ "DOMID", true, false }, { "NAME", false, true }, { "MODE", false, false },
	{ "MIN", true, false }, { "TARGET", true, false }, { "MAX", true, false },
	{ "WEIGHT", true, false }, { "UUID", false, false },
};

#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* domain: NULL if none with that uuid is there. */
static void add_row(struct cli_table *table, const struct hb_limits_entry *entry, const struct hb_domain *domain)
{
	char domid[16] = "-", min[HB_SIZE_TEXT], size[HB_SIZE_TEXT], max[HB_SIZE_TEXT], weight[16];
	struct hb_number target = { HB_ABSENT, 0 };
	const char *name = "-", *mode = hb_mode_name(entry->limits.mode);

	if (domain) {
		snprintf(domid, sizeof(domid), "%u", domain->domid);
		name = domain->name[0] ? domain->name : "-";
		mode = cli_mode(domain, &entry->limits);
		target = cli_size(domain);
	}
	snprintf(weight, sizeof(weight), "%u", entry->limits.weight);
	cli_table_add(table, (const char *[NR_COLUMNS]){
		domid, name, mode, cli_column_number(&entry->limits.min, min),
		cli_column_number(&target, size), cli_column_number(&entry->limits.max, max), weight,
		entry->uuid,
	});
}

static const struct hb_domain *find_domain(struct hb_domain *const *domains, size_t count,
					   const char *uuid)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(domains[i]->uuid, uuid))
			return domains[i];
	}
	return NULL;
}

/* One of them, as it is for its domain now if that is there. */
static struct hb_limits_entry entry_for(const struct cli_limits *all, size_t i,
					const struct hb_domain *domain)
{
	struct hb_limits_entry entry = *all->list[i];

	if (domain)
		hb_limits_find(all->list, all->count, domain, &entry.limits);
	return entry;
}

static enum hb_code print_table(struct cli *cli, const struct cli_limits *all,
				struct hb_domain *const *domains, size_t count)
{
	struct cli_table *table = cli_table_new(columns, NR_COLUMNS);
	size_t gone = 0;
	enum hb_code code;

	for (size_t i = 0; i < all->count; i++) {
		const struct hb_domain *domain = find_domain(domains, count, all->list[i]->uuid);
		struct hb_limits_entry entry = entry_for(all, i, domain);

		add_row(table, &entry, domain);
		gone += !domain;
	}
	code = cli_table_print(cli, table);
	if (!all->count)
		fprintf(cli->out, "No domain has limits; \"hotballoon help limits\" says how it gets some.\n");
	if (gone)
		fprintf(cli->out, "%zu of them %s not there now; for one that never comes back: \"hotballoon limits UUID --forget\"\n",
			gone, gone == 1 ? "is" : "are");
	cli_print_damage(cli, all);
	return code;
}

static struct json_object *json_entry(const struct hb_limits_entry *entry,
				      const struct hb_domain *domain)
{
	const char *why = "no domain with this uuid is there";
	bool automatic = domain && hb_limits_automatic(domain, &entry->limits, &why);

	return cli_json_kept(entry, domain, automatic, why);
}

static void print_json(struct cli *cli, const struct cli_limits *all,
		       struct hb_domain *const *domains, size_t count)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < all->count; i++) {
		const struct hb_domain *domain = find_domain(domains, count, all->list[i]->uuid);
		struct hb_limits_entry entry = entry_for(all, i, domain);

		json_object_array_add(array, json_entry(&entry, domain));
	}
	cli_print_json(cli, array);
}

/* As cli_read_limits(), where nothing can be said without them. */
static enum hb_code need_limits(struct cli *cli, struct cli_limits *all)
{
	cli_read_limits(cli, all);
	if (all->error.code)
		cli->error = all->error;
	return all->error.code;
}

enum hb_code cli_limits_all(struct cli *cli)
{
	struct hb_domain **domains;
	struct cli_limits all;
	size_t count;
	enum hb_code code = hb_list(cli->hb, &domains, &count, &cli->error);

	if (code)
		return code;
	code = need_limits(cli, &all);
	if (!code && cli_has(cli, OPT_JSON))
		print_json(cli, &all, domains, count);
	else if (!code)
		code = print_table(cli, &all, domains, count);
	hb_domains_free(domains);
	hb_limits_list_free(all.list);
	return code;
}

/* Digits and letters where a uuid has them. */
bool cli_is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != strlen(form))
		return false;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
			return false;
	}
	return true;
}

static enum hb_code forget(struct cli *cli, struct hb_limits_entry *entry)
{
	struct hb_domain gone = { 0 };
	enum hb_code code;

	strcpy(gone.uuid, entry->uuid);
	cli_begin_wait();
	code = hb_limits_set(cli->hb, &gone, &cli->change, &entry->limits, &cli->error);
	cli_end_wait(cli);
	return code;
}

/* Of a domain that is not there, what is kept can be shown and forgotten, and nothing else. */
static enum hb_code show_or_forget(struct cli *cli, struct hb_limits_entry *entry)
{
	enum hb_code code = HB_OK;

	if (entry->limits.mode == HB_MODE_MANUAL)
		return cli_fail(cli, HB_REASON_NOTHING_KEPT, "",
				"%s is no domain, and nothing is kept for it", cli->operands[0]);
	if (cli_has(cli, OPT_FORGET))
		code = forget(cli, entry);
	else if (cli->given & ~CLI_BESIDE)
		return cli_fail(cli, HB_REASON_NOT_THERE, "",
				"%s is not there: its limits can only be shown or forgotten",
				cli->operands[0]);
	if (code)
		return code;
	if (cli_has(cli, OPT_JSON))
		cli_print_json(cli, json_entry(entry, NULL));
	else
		cli_print_kept(cli, NULL, &entry->limits, "no domain with this uuid is there");
	return HB_OK;
}

enum hb_code cli_limits_of_uuid(struct cli *cli)
{
	struct hb_limits_entry entry = { 0 };
	struct hb_domain gone = { 0 };
	const struct hb_domain *found;
	struct hb_domain **domains;
	struct cli_limits all;
	size_t count;
	enum hb_code code = hb_list(cli->hb, &domains, &count, &cli->error);

	if (code)
		return code;
	found = find_domain(domains, count, cli->operands[0]);
	if (found) {
		struct hb_domain domain = *found;

		hb_domains_free(domains);
		return cli_limits_of(cli, &domain);
	}
	hb_domains_free(domains);
	code = need_limits(cli, &all);
	if (code)
		return code;
	strcpy(entry.uuid, cli->operands[0]);
	strcpy(gone.uuid, entry.uuid);
	hb_limits_find(all.list, all.count, &gone, &entry.limits);
	hb_limits_list_free(all.list);
	return show_or_forget(cli, &entry);
}
