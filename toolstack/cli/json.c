/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON output. Sizes are integers in KiB and their names end in _kib. What is
 * absent is null, what a guest wrote in a wrong form is the string "invalid".
 */
#include "cli.h"

static void add(struct json_object *object, const char *name, struct json_object *value)
{
	json_object_object_add(object, name, value);
}

struct json_object *cli_json_name(const struct hb_domain *domain)
{
	return domain->name[0] ? json_object_new_string(domain->name) : NULL;
}

static struct json_object *number_or_word(const struct hb_number *number)
{
	if (number->presence == HB_PRESENT)
		return json_object_new_uint64(number->value);
	return number->presence == HB_INVALID ? json_object_new_string("invalid") : NULL;
}

static struct json_object *word(const struct hb_word *word, const char *name)
{
	return word->presence == HB_ABSENT ? NULL : json_object_new_string(name);
}

/* By the kind of a row of HB_REPORT_ROWS(). */
#define ADD_NUMBER(number) number_or_word(number)
#define ADD_FLAG(number) number_or_word(number)
#define ADD_STATE(state) word(state, hb_report_state_name(state))
#define ADD_CAUSE(cause) word(cause, hb_report_cause_name(cause))

/* The words as names; null: no statistics, or none that can be read. */
static struct json_object *stats(const struct hb_report *report)
{
	static const char *const names[HB_STAT_COUNT] = HB_STAT_WORDS;
	static const bool is_kib[HB_STAT_COUNT] = HB_STAT_IS_KIB;
	struct json_object *object = NULL;
	char name[64];

	for (int i = 0; i < HB_STAT_COUNT; i++) {
		if (report->stats[i].presence != HB_PRESENT)
			continue;
		snprintf(name, sizeof(name), "%s%s", names[i], is_kib[i] ? "_kib" : "");
		for (char *c = name; *c; c++)
			*c = *c == '-' ? '_' : *c;
		object = object ? object : json_object_new_object();
		add(object, name, json_object_new_uint64(report->stats[i].value));
	}
	return object;
}

static struct json_object *report(const struct hb_report *report)
{
	struct json_object *object = json_object_new_object();

	add(object, "version", number_or_word(&report->version));
#define ADD(NAME, field, kind, json) add(object, json, ADD_##kind(&report->field));
	HB_REPORT_ROWS(ADD)
#undef ADD
	add(object, "stats", stats(report));
	return object;
}

struct json_object *cli_json_domain(const struct hb_domain *domain)
{
	struct json_object *object = json_object_new_object();
	const struct hb_number size = cli_size(domain);
	uint64_t keep_kib;
	bool lost = hb_would_be_lost(domain, &keep_kib);

	add(object, "domid", json_object_new_uint64(domain->domid));
	add(object, "name", cli_json_name(domain));
	add(object, "uuid", json_object_new_string(domain->uuid));
	add(object, "type", json_object_new_string(hb_type_name(domain->type)));
	add(object, "state", json_object_new_string(hb_domain_state_name(domain->state)));
	add(object, "service", domain->service ?
	    json_object_new_string(hb_service_name(domain->service)) : NULL);
	add(object, "vcpus", json_object_new_uint64(domain->vcpus));
	add(object, "virtual_numa_nodes", json_object_new_uint64(domain->vnodes));
	add(object, "manager", domain->squeezed ? json_object_new_string("squeezed") :
	    domain->qmemman ? json_object_new_string("qmemman") : NULL);
	add(object, "actual_kib", json_object_new_uint64(domain->actual_kib));
	add(object, "maxmem_kib", json_object_new_uint64(domain->maxmem_kib));
	add(object, "claimed_kib", json_object_new_uint64(domain->claimed_kib));
	add(object, "size_kib", number_or_word(&size));
	add(object, "target_kib", number_or_word(&domain->target));
	add(object, "static_max_kib", number_or_word(&domain->static_max));
	add(object, "hotplug_max_kib", number_or_word(&domain->hotplug_max));
	add(object, "headroom_kib", number_or_word(&domain->headroom));
	add(object, "videoram_kib", json_object_new_uint64(domain->videoram_kib));
	add(object, "driver", domain->driver == HB_DRIVER_UNKNOWN ? NULL :
	    json_object_new_string(hb_driver_name(domain->driver)));
	add(object, "used_kib", number_or_word(&domain->used));
	add(object, "still", json_object_new_string(hb_stillness_name(domain->still)));
	add(object, "would_be_lost", json_object_new_boolean(lost));
	add(object, "keepable_kib", lost ? json_object_new_uint64(keep_kib) : NULL);
	add(object, "report", domain->driver == HB_DRIVER_HOTBALLOON ? report(&domain->report) : NULL);
	add(object, "paging_pool_kib", number_or_word(&domain->pool));
	add(object, "pod_cache_kib", domain->pod ? json_object_new_uint64(domain->pod_cache_kib) : NULL);
	add(object, "pod_entries_kib",
	    domain->pod ? json_object_new_uint64(domain->pod_entries_kib) : NULL);
	return object;
}

struct json_object *cli_json_host(const struct hb_host_memory *host)
{
	struct json_object *object = json_object_new_object();

	add(object, "total_kib", json_object_new_uint64(host->total_kib));
	add(object, "free_kib", json_object_new_uint64(host->free_kib));
	add(object, "scrub_kib", json_object_new_uint64(host->scrub_kib));
	add(object, "claimed_kib", json_object_new_uint64(host->claimed_kib));
	add(object, "reserved_kib", json_object_new_uint64(host->reserved_kib));
	add(object, "promised_kib", json_object_new_uint64(host->promised_kib));
	add(object, "reserve_kib", json_object_new_uint64(host->reserve_kib));
	add(object, "available_kib", json_object_new_uint64(hb_host_available_kib(host)));
	return object;
}

struct json_object *cli_json_error(const struct hb_error *error)
{
	struct json_object *object = json_object_new_object();
	char remedy[CLI_REMEDY_TEXT];

	add(object, "code", json_object_new_string(hb_code_name(error->code)));
	add(object, "reason", json_object_new_string(hb_reason_name(error->reason)));
	add(object, "exit", json_object_new_int(error->code));
	add(object, "message", json_object_new_string(error->message));
	add(object, "remedy", json_object_new_string(cli_remedy(error, remedy)));
	return object;
}

static struct json_object *steps(const struct hb_set_result *result)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < result->nr_steps; i++) {
		struct json_object *step = json_object_new_object();

		add(step, "what", json_object_new_string(hb_step_name(result->steps[i].kind)));
		add(step, "from_kib", result->steps[i].from_kib ?
		    json_object_new_uint64(result->steps[i].from_kib) : NULL);
		add(step, "to_kib", json_object_new_uint64(result->steps[i].to_kib));
		add(step, "reason", json_object_new_string(result->steps[i].reason));
		json_object_array_add(array, step);
	}
	return array;
}

struct json_object *cli_json_set(const struct hb_set_result *result)
{
	struct json_object *object = json_object_new_object();
	struct json_object *notes = json_object_new_array();

	for (unsigned int i = 0; i < result->nr_notes; i++)
		json_object_array_add(notes, json_object_new_string(result->notes[i]));
	add(object, "size_kib", json_object_new_uint64(result->size_kib));
	add(object, "target_kib", json_object_new_uint64(result->target_kib));
	add(object, "steps", steps(result));
	add(object, "notes", notes);
	add(object, "kept_kib", result->kept_kib ? json_object_new_uint64(result->kept_kib) : NULL);
	add(object, "waited_ms", json_object_new_uint64(result->waited_ms));
	add(object, "before", cli_json_domain(&result->before));
	add(object, "after", cli_json_domain(&result->after));
	return object;
}

struct json_object *cli_json_still(const struct hb_still_result *result)
{
	struct json_object *object = json_object_new_object();

	add(object, "domid", json_object_new_uint64(result->domain.domid));
	add(object, "name", cli_json_name(&result->domain));
	add(object, "uuid", json_object_new_string(result->domain.uuid));
	add(object, "answer", json_object_new_string(hb_still_answer_name(result->answer)));
	add(object, "taken_over", json_object_new_boolean(result->taken_over));
	add(object, "from_kib", json_object_new_uint64(result->from_kib));
	add(object, "kept_kib", result->kept_kib ? json_object_new_uint64(result->kept_kib) : NULL);
	add(object, "waited_ms", json_object_new_uint64(result->waited_ms));
	return object;
}

static void add_limits(struct json_object *object, const struct hb_limits *limits, bool automatic,
		       const char *why)
{
	add(object, "mode", json_object_new_string(hb_mode_name(limits->mode)));
	add(object, "min_kib", number_or_word(&limits->min));
	add(object, "max_kib", number_or_word(&limits->max));
	add(object, "weight", json_object_new_uint64(limits->weight));
	add(object, "automatic", json_object_new_boolean(automatic));
	add(object, "reason", why ? json_object_new_string(why) : NULL);
}

struct json_object *cli_json_limits(const struct hb_domain *domain, const struct hb_limits *limits)
{
	struct json_object *object = json_object_new_object();
	struct hb_range range = hb_limits_range(domain, limits);
	const char *why;
	bool automatic = hb_limits_automatic(domain, limits, &why);

	add_limits(object, limits, automatic, why);
	add(object, "effective_min_kib", json_object_new_uint64(range.min_kib));
	add(object, "effective_max_kib", json_object_new_uint64(range.max_kib));
	add(object, "headroom_kib", number_or_word(&domain->headroom));
	return object;
}

struct json_object *cli_json_kept(const struct hb_limits_entry *entry, const struct hb_domain *domain,
				  bool automatic, const char *why)
{
	const struct hb_limits *limits = &entry->limits;
	struct json_object *object = json_object_new_object();

	add(object, "uuid", json_object_new_string(entry->uuid));
	add(object, "domid", domain ? json_object_new_uint64(domain->domid) : NULL);
	add(object, "name", domain ? cli_json_name(domain) : NULL);
	add_limits(object, limits, automatic, why);
	return object;
}

struct json_object *cli_json_findings(const struct hb_findings *findings)
{
	struct json_object *array = json_object_new_array();

	for (unsigned int i = 0; i < findings->count; i++) {
		const struct hb_finding *finding = &findings->list[i];
		struct json_object *object = json_object_new_object();
		char remedy[CLI_REMEDY_TEXT];

		add(object, "severity", json_object_new_string(hb_severity_name(finding->severity)));
		add(object, "what", json_object_new_string(finding->what));
		add(object, "message", json_object_new_string(finding->message));
		add(object, "remedy", json_object_new_string(cli_finding_remedy(finding, remedy)));
		json_object_array_add(array, object);
	}
	return array;
}

struct json_object *cli_json_explanation(const struct hb_explanation *explanation)
{
	struct json_object *object = json_object_new_object();
	struct json_object *reasons = json_object_new_array();

	for (unsigned int i = 0; i < explanation->nr_reasons; i++)
		json_object_array_add(reasons, json_object_new_string(explanation->reasons[i]));
	add(object, "reasons", reasons);
	add(object, "findings", cli_json_findings(&explanation->findings));
	add(object, "limits", cli_json_limits(&explanation->domain, &explanation->limits));
	add(object, "domain", cli_json_domain(&explanation->domain));
	add(object, "host", cli_json_host(&explanation->host));
	return object;
}

static void print_readable(struct cli *cli, struct json_object *object)
{
	fprintf(cli->out, "%s\n",
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

void cli_print_json(struct cli *cli, struct json_object *object)
{
	if (cli->array)
		json_object_array_add(cli->array, object);
	else
		print_readable(cli, object);
}

void cli_print_array(struct cli *cli)
{
	print_readable(cli, cli->array);
	cli->array = NULL;
}

void cli_print_json_line(struct cli *cli, struct json_object *object)
{
	fprintf(cli->out, "%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}
