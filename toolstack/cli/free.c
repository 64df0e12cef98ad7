/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoon free, reserve and release: memory of the host. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

enum hb_code cli_free_prepare(struct cli *cli)
{
	enum hb_code code;

	if (!cli->operands[0])
		return cli->given & ~CLI_BIT(OPT_JSON) ?
			cli_usage(cli, "%s", "no size is given to make free") : HB_OK;
	code = cli_parse_absolute(cli, cli->operands[0], &cli->size.amount);
	return code ? code : cli_parse_seconds(cli, OPT_TIMEOUT);
}

static struct json_object *json_free(const struct hb_free_result *result, uint64_t need_kib)
{
	struct json_object *object = json_object_new_object(), *array = json_object_new_array();

	for (size_t i = 0; i < result->count; i++) {
		const struct hb_free_entry *entry = &result->entries[i];
		struct json_object *from = json_object_new_object();

		json_object_object_add(from, "domid", json_object_new_uint64(entry->domain.domid));
		json_object_object_add(from, "name", cli_json_name(&entry->domain));
		json_object_object_add(from, "from_kib", json_object_new_uint64(entry->from_kib));
		json_object_object_add(from, "to_kib", json_object_new_uint64(entry->to_kib));
		json_object_object_add(from, "stuck", json_object_new_boolean(entry->stuck));
		json_object_array_add(array, from);
	}
	json_object_object_add(object, "need_kib", json_object_new_uint64(need_kib));
	json_object_object_add(object, "before_kib", json_object_new_uint64(result->before_kib));
	json_object_object_add(object, "after_kib", json_object_new_uint64(result->after_kib));
	json_object_object_add(object, "coming_kib", json_object_new_uint64(result->coming_kib));
	json_object_object_add(object, "waited_ms", json_object_new_uint64(result->waited_ms));
	json_object_object_add(object, "guests", array);
	return object;
}

/* Who was only asked when it ended may have given nothing yet. */
static const char *deed_of(const struct hb_free_entry *entry, enum hb_code code)
{
	bool asked = (code == HB_E_TIMEOUT || code == HB_E_INTERRUPTED) && !entry->stuck;

	return asked ? "is asked for" : "gives";
}

static void print_free(struct cli *cli, const struct hb_free_result *result, enum hb_code code)
{
	char a[HB_SIZE_TEXT], b[HB_SIZE_TEXT], c[HB_SIZE_TEXT], who[CLI_WHO_TEXT];

	for (size_t i = 0; i < result->count; i++) {
		const struct hb_free_entry *entry = &result->entries[i];

		fprintf(cli->out, "  %s: %s -> %s, %s %s%s\n", cli_who(&entry->domain, who),
			hb_size_human(entry->from_kib, a), hb_size_human(entry->to_kib, b), deed_of(entry, code),
			hb_size_human(entry->from_kib - entry->to_kib, c),
			entry->stuck ? ", left out: it does not move, is locked or was set by somebody else" :
			"");
	}
	if (result->coming_kib)
		fprintf(cli->out, "  %s are on their way back already\n",
			hb_size_human(result->coming_kib, a));
	if (cli_has(cli, OPT_DRY_RUN))
		fprintf(cli->out, "The host has %s to give.\n",
			hb_size_human(result->before_kib, a));
	else
		fprintf(cli->out, "The host has %s to give, before it was %s.\n",
			hb_size_human(result->after_kib, a), hb_size_human(result->before_kib, b));
}

enum hb_code cli_free(struct cli *cli)
{
	struct hb_free_request request = {
		.need_kib = cli->size.amount, .dry_run = cli_has(cli, OPT_DRY_RUN),
		.timeout_s = cli->timeout_s,
	};
	struct hb_free_result result = { 0 };
	struct json_object *object;
	enum hb_code code;

	if (!cli->operands[0])
		return cli_free_account(cli);
	cli_begin_wait();
	request.managed = !request.dry_run && cli_is_balanced(cli);
	code = hb_free(cli->hb, &request, &result, &cli->error);
	cli_end_wait(cli);
	if (cli_has(cli, OPT_JSON)) {
		object = json_free(&result, request.need_kib);
		if (code)
			json_object_object_add(object, "error", cli_json_error(&cli->error));
		cli_print_json(cli, object);
		cli->reported = true;
	} else if (!code || result.count) {
		print_free(cli, &result, code);
	}
	hb_free_result_clear(&result);
	return code;
}

/* More than Xen gives any guest. */
#define VCPUS_MAX 512

static enum hb_code read_new_domain(struct cli *cli)
{
	if (cli_has(cli, OPT_VCPUS) && !cli_parse_number(cli->values[OPT_VCPUS], VCPUS_MAX, &cli->vcpus))
		return cli_usage(cli, "\"--vcpus=%s\": a guest has 1 to 512", cli->values[OPT_VCPUS]);
	if (!cli_has(cli, OPT_MAXMEM))
		return HB_OK;
	return cli_parse_absolute(cli, cli->values[OPT_MAXMEM], &cli->maxmem_kib);
}

/* "usual", or a size. */
static enum hb_code read_host_reserve(struct cli *cli)
{
	if (cli->operands[0] || (cli->given & ~CLI_BESIDE) != CLI_BIT(OPT_HOST))
		return cli_usage(cli, "--%s goes with no other size or option", "host");
	if (!strcmp(cli->values[OPT_HOST], "usual"))
		return HB_OK;
	cli->host_reserve.presence = HB_PRESENT;
	return cli_parse_absolute(cli, cli->values[OPT_HOST], &cli->host_reserve.value);
}

enum hb_code cli_reserve_prepare(struct cli *cli)
{
	enum hb_code code;

	if (cli_has(cli, OPT_HOST))
		return read_host_reserve(cli);
	if (!cli->operands[0])
		return cli->given & ~CLI_BIT(OPT_JSON) ? cli_usage(cli, "%s", "no size is given to reserve") : HB_OK;
	if (!cli_has(cli, OPT_FOR))
		return cli_usage(cli, "%s", "for whom? add --for=NAME");
	code = cli_parse_absolute(cli, cli->operands[0], &cli->size.amount);
	if (!code)
		code = cli_parse_seconds(cli, OPT_TTL);
	if (!code)
		code = read_new_domain(cli);
	if (!code && cli->maxmem_kib && cli->maxmem_kib < cli->size.amount)
		code = cli_usage(cli, "\"--maxmem=%s\" is less than the size", cli->values[OPT_MAXMEM]);
	return code;
}

static struct json_object *json_reservation(const struct hb_reservation *reservation)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_object_new_string(reservation->name));
	json_object_object_add(object, "kib", json_object_new_uint64(reservation->kib));
	json_object_object_add(object, "left_kib", json_object_new_uint64(reservation->left_kib));
	json_object_object_add(object, "until", reservation->until_s ?
			       json_object_new_uint64(reservation->until_s) : NULL);
	return object;
}

/* ", until" and a date; ctime() has none for years beyond all calendars. */
static void print_until(FILE *out, uint64_t until_s)
{
	const char *date = ctime(&(time_t){ until_s });

	if (date)
		fprintf(out, ", until %s", date);
	else
		fprintf(out, ", until %" PRIu64 " s after 1970\n", until_s);
}

static enum hb_code list_reservations(struct cli *cli)
{
	struct hb_reservation **list;
	struct json_object *array;
	char size[HB_SIZE_TEXT];
	size_t count;
	enum hb_code code = hb_reservations(cli->hb, &list, &count, &cli->error);

	if (code)
		return code;
	array = json_object_new_array();
	for (size_t i = 0; i < count; i++) {
		json_object_array_add(array, json_reservation(list[i]));
		if (cli_has(cli, OPT_JSON))
			continue;
		fprintf(cli->out, "%s for %s", hb_size_human(list[i]->left_kib, size), list[i]->name);
		if (list[i]->until_s)
			print_until(cli->out, list[i]->until_s);
		else
			fprintf(cli->out, ", in Xen, until it has them\n");
	}
	if (cli_has(cli, OPT_JSON))
		cli_print_json(cli, array);
	else
		json_object_put(array);
	hb_reservations_free(list);
	return HB_OK;
}

static enum hb_code set_host_reserve(struct cli *cli)
{
	const struct hb_number *kib = &cli->host_reserve;
	struct json_object *object;
	char size[HB_SIZE_TEXT];
	enum hb_code code;

	cli_begin_wait();
	code = hb_host_reserve_set(cli->hb, kib, &cli->error);
	cli_end_wait(cli);
	if (code)
		return code;
	if (cli_has(cli, OPT_JSON)) {
		object = json_object_new_object();
		json_object_object_add(object, "host_reserve_kib", kib->presence == HB_PRESENT ?
				       json_object_new_uint64(kib->value) : NULL);
		cli_print_json(cli, object);
	} else {
		fprintf(cli->out, "The host %s %s for itself.\n",
			cli_has(cli, OPT_DRY_RUN) ? "would keep" : "keeps", kib->presence == HB_PRESENT ?
			hb_size_human(kib->value, size) : "what is usual");
	}
	return HB_OK;
}

static void print_reservation(struct cli *cli, const struct hb_reservation *reservation)
{
	char size[HB_SIZE_TEXT], all[HB_SIZE_TEXT];

	hb_size_human(reservation->kib, all);
	if (!reservation->until_s) {
		fprintf(cli->out, "%s: the %s that it lacks to %s %s set aside in Xen, until it has taken them\n",
			reservation->name, hb_size_human(reservation->left_kib, size), all,
			cli_has(cli, OPT_DRY_RUN) ? "would be" : "are");
		return;
	}
	fprintf(cli->out, "%s: %s %s set aside (%s and what it costs beyond)", reservation->name, all,
		cli_has(cli, OPT_DRY_RUN) ? "would be" : "are", hb_size_human(cli->size.amount, size));
	print_until(cli->out, reservation->until_s);
}

enum hb_code cli_reserve(struct cli *cli)
{
	struct hb_reserve_request request = {
		.name = cli->values[OPT_FOR], .size_kib = cli->size.amount,
		.vcpus = cli->vcpus, .maxmem_kib = cli->maxmem_kib, .ttl_s = cli->timeout_s,
		.force = cli_has(cli, OPT_FORCE),
	};
	struct hb_reservation reservation;
	enum hb_code code;

	if (cli_has(cli, OPT_HOST))
		return set_host_reserve(cli);
	if (!cli->operands[0])
		return list_reservations(cli);
	cli_begin_wait();
	request.managed = cli_is_balanced(cli);
	code = hb_reserve(cli->hb, &request, &reservation, &cli->error);
	cli_end_wait(cli);
	if (code)
		return code;
	if (cli_has(cli, OPT_JSON))
		cli_print_json(cli, json_reservation(&reservation));
	else
		print_reservation(cli, &reservation);
	return HB_OK;
}

enum hb_code cli_release(struct cli *cli)
{
	enum hb_code code;

	cli_begin_wait();
	code = hb_release(cli->hb, cli->operands[0], &cli->error);
	cli_end_wait(cli);
	if (!code && cli_has(cli, OPT_JSON))
		cli_print_json(cli, json_object_new_object());
	else if (!code)
		fprintf(cli->out, "%s: nothing %s set aside any more\n", cli->operands[0],
			cli_has(cli, OPT_DRY_RUN) ? "would be" : "is");
	return code;
}
