/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "interface.h"

#define SERVICE "org.varlink.service"
#define MANAGER HB_DAEMON_INTERFACE
#define URL "https://hotballoon.example"

static const char service_description[] =
	"interface " SERVICE "\n"
	"method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n";

static const char manager_description[] =
	"# How hotballoond sizes the guests of this host. Sizes are in KiB.\n"
	"interface " MANAGER "\n"
	"\n"
	"type Domain (domid: int, name: string, uuid: string, size_kib: int, actual_kib: int, share_kib: int, "
	"min_kib: int, max_kib: int, weight: int, must_kib: int, want_kib: int, distress: bool, "
	"need: string, need_text: string, reason: string, reason_text: string)\n"
	"\n"
	"# time_ms: since 1970\n"
	"type Deed (time_ms: int, domid: int, name: string, uuid: string, from_kib: int, to_kib: int, "
	"reason: string, reason_text: string)\n"
	"\n"
	"# The host, as of the last round; connected: it answers\n"
	"method GetStatus() -> (connected: bool, dry_run: bool, preset: string, rounds: int, writes: int, "
	"refused: int, locked: int, total_kib: int, free_kib: int, available_kib: int, pool_kib: int, "
	"reserve_kib: int, reserved_kib: int, claimed_kib: int, promised_kib: int, reclaimable_kib: int, "
	"short_kib: int, host_short: bool)\n"
	"# Every domain, what it shall have, and why it has what it has\n"
	"method GetDomains() -> (domains: []Domain)\n"
	"# What was done last, the oldest first; of that domain only, and of so many seconds until now\n"
	"method History(domid: ?int, last_s: ?int) -> (deeds: []Deed)\n";

static void add_kib(struct json_object *object, const char *name, uint64_t kib)
{
	json_object_object_add(object, name, json_object_new_int64(kib));
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

static void add_bool(struct json_object *object, const char *name, bool yes)
{
	json_object_object_add(object, name, json_object_new_boolean(yes));
}

static void add_motive(struct json_object *object, enum hb_motive motive)
{
	add_text(object, "reason", hb_motive_word(motive));
	add_text(object, "reason_text", hb_motive_text(motive));
}

/* ------------------------------------------------------------------ methods */

/* Fills reply; false: the parameter that *wrong names is not as it must be. */
typedef bool method_fn(const struct manager_view *view, struct json_object *parameters,
		       struct json_object *reply, const char **wrong);

static bool get_info(const struct manager_view *view, struct json_object *parameters,
		     struct json_object *reply, const char **wrong)
{
	struct json_object *interfaces = json_object_new_array();

	(void)view, (void)parameters, (void)wrong;
	add_text(reply, "vendor", "hotballoon");
	add_text(reply, "product", "hotballoond");
	add_text(reply, "version", HB_VERSION);
	add_text(reply, "url", URL);
	json_object_array_add(interfaces, json_object_new_string(SERVICE));
	json_object_array_add(interfaces, json_object_new_string(MANAGER));
	json_object_object_add(reply, "interfaces", interfaces);
	return true;
}

static bool get_description(const struct manager_view *view, struct json_object *parameters,
			    struct json_object *reply, const char **wrong)
{
	struct json_object *interface = NULL;
	const char *name;

	(void)view;
	*wrong = "interface";
	if (!json_object_object_get_ex(parameters, "interface", &interface) ||
	    !json_object_is_type(interface, json_type_string))
		return false;
	name = json_object_get_string(interface);
	if (strcmp(name, SERVICE) && strcmp(name, MANAGER))
		return false;
	add_text(reply, "description", strcmp(name, SERVICE) ? manager_description : service_description);
	return true;
}

static bool get_status(const struct manager_view *view, struct json_object *parameters,
		       struct json_object *reply, const char **wrong)
{
	const struct hb_control *control = &view->balance->control;
	const struct hb_host_memory *host = view->host;

	(void)parameters, (void)wrong;
	add_bool(reply, "connected", view->connected);
	add_bool(reply, "dry_run", view->config->dry_run);
	add_text(reply, "preset", hb_preset_name(view->config->preset));
	add_kib(reply, "rounds", view->rounds);
	add_kib(reply, "writes", view->writes);
	add_kib(reply, "refused", view->refused);
	add_kib(reply, "locked", view->locked);
	add_kib(reply, "total_kib", host->total_kib);
	add_kib(reply, "free_kib", host->free_kib + host->scrub_kib);
	add_kib(reply, "available_kib", hb_host_available_kib(host));
	add_kib(reply, "pool_kib", control->pool_kib);
	add_kib(reply, "reserve_kib", host->reserve_kib);
	add_kib(reply, "reserved_kib", host->reserved_kib);
	add_kib(reply, "claimed_kib", host->claimed_kib);
	add_kib(reply, "promised_kib", host->promised_kib);
	add_kib(reply, "reclaimable_kib", control->reclaimable_kib);
	add_kib(reply, "short_kib", control->short_kib);
	add_bool(reply, "host_short", view->balance->host_short);
	return true;
}

static struct json_object *domain_object(const struct hb_controlled *one)
{
	struct json_object *object = json_object_new_object();

	add_kib(object, "domid", one->domain->domid);
	add_text(object, "name", one->domain->name);
	add_text(object, "uuid", one->domain->uuid);
	add_kib(object, "size_kib", one->to_kib);
	add_kib(object, "actual_kib", one->domain->actual_kib);
	add_kib(object, "share_kib", one->share_kib);
	add_kib(object, "min_kib", one->range.min_kib);
	add_kib(object, "max_kib", one->range.max_kib);
	add_kib(object, "weight", one->limits->weight);
	add_kib(object, "must_kib", one->estimate->must_kib);
	add_kib(object, "want_kib", one->estimate->want_kib);
	add_bool(object, "distress", one->estimate->distress);
	add_text(object, "need", hb_need_word(one->estimate->why));
	add_text(object, "need_text", hb_need_text(one->estimate->why));
	add_motive(object, one->reason);
	return object;
}

static bool get_domains(const struct manager_view *view, struct json_object *parameters,
			struct json_object *reply, const char **wrong)
{
	const struct hb_control *control = &view->balance->control;
	struct json_object *domains = json_object_new_array();

	(void)parameters, (void)wrong;
	for (size_t i = 0; i < control->count; i++)
		json_object_array_add(domains, domain_object(&control->domains[i]));
	json_object_object_add(reply, "domains", domains);
	return true;
}

static struct json_object *deed_object(const struct hb_deed *deed)
{
	struct json_object *object = json_object_new_object();

	add_kib(object, "time_ms", deed->time_ms);
	add_kib(object, "domid", deed->domid);
	add_text(object, "name", deed->name);
	add_text(object, "uuid", deed->uuid);
	add_kib(object, "from_kib", deed->from_kib);
	add_kib(object, "to_kib", deed->to_kib);
	add_motive(object, deed->reason);
	return object;
}

/* A whole number that need not be given; false: it is something else. */
static bool get_number(struct json_object *parameters, const char *name, struct json_object **number,
		       const char **wrong)
{
	*number = NULL;
	*wrong = name;
	json_object_object_get_ex(parameters, name, number);
	return !*number || (json_object_is_type(*number, json_type_int) && json_object_get_int64(*number) >= 0);
}

static bool get_history(const struct manager_view *view, struct json_object *parameters,
			struct json_object *reply, const char **wrong)
{
	struct json_object *domid, *last, *deeds;
	const struct hb_deed *deed;
	uint64_t since_ms = 0, last_s;

	if (!get_number(parameters, "domid", &domid, wrong) || !get_number(parameters, "last_s", &last, wrong))
		return false;
	last_s = last ? json_object_get_int64(last) : 0;
	if (last && last_s < view->time_ms / 1000)
		since_ms = view->time_ms - last_s * 1000;
	deeds = json_object_new_array();
	for (size_t i = 0; (deed = hb_history_at(view->history, i)); i++) {
		if (deed->time_ms >= since_ms && (!domid || json_object_get_int64(domid) == deed->domid))
			json_object_array_add(deeds, deed_object(deed));
	}
	json_object_object_add(reply, "deeds", deeds);
	return true;
}

static const struct {
	const char *name;
	method_fn *run;
} methods[] = {
	{ SERVICE ".GetInfo", get_info },
	{ SERVICE ".GetInterfaceDescription", get_description },
	{ MANAGER ".GetStatus", get_status },
	{ MANAGER ".GetDomains", get_domains },
	{ MANAGER ".History", get_history },
};

/* ------------------------------------------------------------------- framing */

static struct json_object *failure(const char *error, const char *name, const char *value)
{
	struct json_object *reply = json_object_new_object(), *parameters = json_object_new_object();

	add_text(parameters, name, value);
	json_object_object_add(reply, "parameters", parameters);
	add_text(reply, "error", error);
	return reply;
}

static struct json_object *call(const struct manager_view *view, const char *method,
				struct json_object *parameters)
{
	struct json_object *reply, *values;
	const char *wrong = "";

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].name, method))
			continue;
		values = json_object_new_object();
		if (!methods[i].run(view, parameters, values, &wrong)) {
			json_object_put(values);
			return failure(SERVICE ".InvalidParameter", "parameter", wrong);
		}
		reply = json_object_new_object();
		json_object_object_add(reply, "parameters", values);
		return reply;
	}
	return failure(SERVICE ".MethodNotFound", "method", method);
}

char *answer(const struct manager_view *view, const char *message, bool *good)
{
	struct json_object *request = json_tokener_parse(message), *method = NULL, *parameters = NULL;
	struct json_object *oneway = NULL, *reply;
	char *text = NULL;

	*good = json_object_is_type(request, json_type_object) &&
		json_object_object_get_ex(request, "method", &method) &&
		json_object_is_type(method, json_type_string);
	if (*good) {
		json_object_object_get_ex(request, "parameters", &parameters);
		json_object_object_get_ex(request, "oneway", &oneway);
		reply = call(view, json_object_get_string(method),
			     json_object_is_type(parameters, json_type_object) ? parameters : NULL);
		if (!json_object_get_boolean(oneway))
			text = strdup(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN));
		json_object_put(reply);
	}
	json_object_put(request);
	return text;
}
