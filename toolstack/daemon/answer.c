/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "interface.h"
#include "method.h"

#define SERVICE "org.varlink.service"
#define MANAGER HB_DAEMON_INTERFACE
/* Where it is described, as systemd's units say it. */
#define URL "man:hotballoond(8)"

static const char service_description[] =
	"interface " SERVICE "\n"
	"method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"error PermissionDenied ()\n"
	"error ExpectedMore ()\n";

static const char manager_description[] =
	"# How hotballoond sizes the guests of this host. Sizes are in KiB.\n"
	"interface " MANAGER "\n"
	"\n"
	"# since_ms: it came then, since 1970; absent: it was there before hotballoond looked first\n"
	"type Domain (domid: int, name: string, uuid: string, since_ms: ?int, size_kib: int, "
	"actual_kib: int, share_kib: int, min_kib: int, max_kib: int, weight: int, must_kib: int, want_kib: int, distress: bool, "
	"need: string, need_text: string, reason: string, reason_text: string)\n"
	"\n"
	"# time_ms: since 1970; gap: what was done to it before is not remembered\n"
	"type Deed (time_ms: int, domid: int, name: string, uuid: string, from_kib: int, to_kib: int, "
	"reason: string, reason_text: string, gap: ?bool)\n"
	"\n"
	"# The host, as of the last round; connected: it answers\n"
	"method GetStatus() -> (connected: bool, dry_run: bool, preset: string, rounds: int, writes: int, "
	"refused: int, locked: int, total_kib: int, free_kib: int, available_kib: int, pool_kib: int, "
	"reserve_kib: int, reserved_kib: int, claimed_kib: int, promised_kib: int, reclaimable_kib: int, "
	"short_kib: int, host_short: bool)\n"
	"# Every domain, what it shall have, and why it has what it has\n"
	"method GetDomains() -> (domains: []Domain)\n"
	"# What was done last, the oldest first; of that domain only, and of so many seconds until now;\n"
	"# since_ms: nothing before that is remembered; absent: nothing is known to be forgotten\n"
	"method History(domid: ?int, last_s: ?int) -> (deeds: []Deed, since_ms: ?int)\n"
	"# What is done from now on, a deed at a time: call it with more\n"
	"method Subscribe() -> (deed: Deed)\n"
	"\n"
	"# Root only: as \"hotballoon reserve\"; until_s since 1970, and a claim of Xen's has none\n"
	"method Reserve(name: string, size_kib: int, maxmem_kib: ?int, vcpus: ?int, ttl_s: ?int, force: ?bool) "
	"-> (kib: int, left_kib: int, until_s: ?int)\n"
	"# Root only: as \"hotballoon limits\"; what is not given stays as it is\n"
	"method SetLimits(domid: int, min_kib: ?int, max_kib: ?int, weight: ?int, automatic: ?bool, off: ?bool, "
	"forget: ?bool) -> (mode: string, min_kib: ?int, max_kib: ?int, weight: int)\n"
	"# Root only: a round now; dry_run: what it would do\n"
	"method Balance(dry_run: ?bool) -> (dry_run: bool, deeds: []Deed)\n"
	"\n"
	"# code and reason are words of hotballoon(8), message and remedy are for people\n"
	"error Failed (code: string, reason: string, message: string, remedy: string)\n";

void method_add_number(struct json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_int64(number));
}

void method_add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, json_object_new_string(text));
}

void method_add_flag(struct json_object *object, const char *name, bool yes)
{
	json_object_object_add(object, name, json_object_new_boolean(yes));
}

static void add_motive(struct json_object *object, enum hb_motive motive)
{
	method_add_text(object, "reason", hb_motive_word(motive));
	method_add_text(object, "reason_text", hb_motive_text(motive));
}

/* --------------------------------------------------------------- parameters */

static bool get(const struct question *question, const char *name, struct json_object **value)
{
	*value = NULL;
	json_object_object_get_ex(question->parameters, name, value);
	/* null is as good as nothing. */
	return *value;
}

bool method_has(const struct question *question, const char *name)
{
	struct json_object *value;

	return get(question, name, &value);
}

bool method_number(struct question *question, const char *name, uint64_t most, uint64_t *number)
{
	struct json_object *value;

	*number = 0;
	question->wrong = name;
	if (!get(question, name, &value))
		return true;
	/* Of json-c, what is larger than its numbers is the largest of them. */
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	*number = json_object_get_int64(value);
	return *number <= most;
}

bool method_flag(struct question *question, const char *name, bool *flag)
{
	struct json_object *value;

	*flag = false;
	question->wrong = name;
	if (!get(question, name, &value))
		return true;
	*flag = json_object_get_boolean(value);
	return json_object_is_type(value, json_type_boolean);
}

bool method_text(struct question *question, const char *name, const char **text)
{
	struct json_object *value;

	*text = NULL;
	question->wrong = name;
	if (!get(question, name, &value))
		return true;
	if (!json_object_is_type(value, json_type_string))
		return false;
	*text = json_object_get_string(value);
	/* No zero byte within. */
	return strlen(*text) == (size_t)json_object_get_string_len(value);
}

/* ------------------------------------------------------------------ methods */

static enum outcome get_info(struct question *question)
{
	struct json_object *interfaces = json_object_new_array(), *reply = question->reply;

	method_add_text(reply, "vendor", "hotballoon");
	method_add_text(reply, "product", "hotballoond");
	method_add_text(reply, "version", HB_VERSION);
	method_add_text(reply, "url", URL);
	json_object_array_add(interfaces, json_object_new_string(SERVICE));
	json_object_array_add(interfaces, json_object_new_string(MANAGER));
	json_object_object_add(reply, "interfaces", interfaces);
	return METHOD_DONE;
}

static enum outcome get_description(struct question *question)
{
	const char *name;

	if (!method_text(question, "interface", &name) || !name || (strcmp(name, SERVICE) && strcmp(name, MANAGER)))
		return METHOD_WRONG;
	method_add_text(question->reply, "description",
			strcmp(name, SERVICE) ? manager_description : service_description);
	return METHOD_DONE;
}

static enum outcome get_status(struct question *question)
{
	const struct manager_view all = manager_look(question->manager), *view = &all;
	const struct hb_control *control = &view->balance->control;
	const struct hb_host_memory *host = view->host;
	struct json_object *reply = question->reply;

	method_add_flag(reply, "connected", view->connected);
	method_add_flag(reply, "dry_run", view->config->dry_run);
	method_add_text(reply, "preset", hb_preset_name(view->config->preset));
	method_add_number(reply, "rounds", view->rounds);
	method_add_number(reply, "writes", view->writes);
	method_add_number(reply, "refused", view->refused);
	method_add_number(reply, "locked", view->locked);
	method_add_number(reply, "total_kib", host->total_kib);
	method_add_number(reply, "free_kib", host->free_kib + host->scrub_kib);
	method_add_number(reply, "available_kib", hb_host_available_kib(host));
	method_add_number(reply, "pool_kib", control->pool_kib);
	method_add_number(reply, "reserve_kib", host->reserve_kib);
	method_add_number(reply, "reserved_kib", host->reserved_kib);
	method_add_number(reply, "claimed_kib", host->claimed_kib);
	method_add_number(reply, "promised_kib", host->promised_kib);
	method_add_number(reply, "reclaimable_kib", control->reclaimable_kib);
	method_add_number(reply, "short_kib", control->short_kib);
	method_add_flag(reply, "host_short", view->balance->host_short);
	return METHOD_DONE;
}

static struct json_object *domain_object(const struct manager_view *view, size_t i)
{
	const struct hb_controlled *one = &view->balance->control.domains[i];
	const uint64_t since_ms = view->balance->all[i].since_ms;
	struct json_object *object = json_object_new_object();

	method_add_number(object, "domid", one->domain->domid);
	method_add_text(object, "name", one->domain->name);
	method_add_text(object, "uuid", one->domain->uuid);
	if (since_ms)
		method_add_number(object, "since_ms", view->time_ms - (view->now_ms - since_ms));
	method_add_number(object, "size_kib", one->to_kib);
	method_add_number(object, "actual_kib", one->domain->actual_kib);
	method_add_number(object, "share_kib", one->share_kib);
	method_add_number(object, "min_kib", one->range.min_kib);
	method_add_number(object, "max_kib", one->range.max_kib);
	method_add_number(object, "weight", one->limits->weight);
	method_add_number(object, "must_kib", one->estimate->must_kib);
	method_add_number(object, "want_kib", one->estimate->want_kib);
	method_add_flag(object, "distress", one->estimate->distress);
	method_add_text(object, "need", hb_need_word(one->estimate->why));
	method_add_text(object, "need_text", hb_need_text(one->estimate->why));
	add_motive(object, one->reason);
	return object;
}

static enum outcome get_domains(struct question *question)
{
	const struct manager_view view = manager_look(question->manager);
	struct json_object *domains = json_object_new_array();

	/* Of one that came since the last round nothing is decided yet. */
	for (size_t i = 0; i < view.balance->control.count; i++) {
		if (view.balance->domains[i].domain)
			json_object_array_add(domains, domain_object(&view, i));
	}
	json_object_object_add(question->reply, "domains", domains);
	return METHOD_DONE;
}

struct json_object *method_deed(const struct hb_deed *deed)
{
	struct json_object *object = json_object_new_object();

	method_add_number(object, "time_ms", deed->time_ms);
	method_add_number(object, "domid", deed->domid);
	method_add_text(object, "name", deed->name);
	method_add_text(object, "uuid", deed->uuid);
	method_add_number(object, "from_kib", deed->from_kib);
	method_add_number(object, "to_kib", deed->to_kib);
	add_motive(object, deed->reason);
	if (deed->gap)
		method_add_flag(object, "gap", true);
	return object;
}

static enum outcome get_history(struct question *question)
{
	const struct manager_view view = manager_look(question->manager);
	uint64_t since_ms = 0, domid, last_s;
	struct json_object *deeds;
	const struct hb_deed *deed;

	if (!method_number(question, "domid", INT64_MAX, &domid) ||
	    !method_number(question, "last_s", INT64_MAX, &last_s))
		return METHOD_WRONG;
	if (method_has(question, "last_s") && last_s < view.time_ms / 1000)
		since_ms = view.time_ms - last_s * 1000;
	deeds = json_object_new_array();
	for (size_t i = 0; (deed = hb_history_at(view.history, i)); i++) {
		if (deed->time_ms >= since_ms && (!method_has(question, "domid") || domid == deed->domid))
			json_object_array_add(deeds, method_deed(deed));
	}
	json_object_object_add(question->reply, "deeds", deeds);
	if (hb_history_since_ms(view.history))
		method_add_number(question->reply, "since_ms", hb_history_since_ms(view.history));
	return METHOD_DONE;
}

/* Nothing yet: deeds follow. */
static enum outcome subscribe(struct question *question)
{
	(void)question;
	return METHOD_DONE;
}

static const struct method {
	const char *name;
	method_fn *run;
	const char *parameters;		/* a blank behind each */
	bool changes;
	bool follows;
} methods[] = {
	{ SERVICE ".GetInfo", get_info, "", false, false },
	{ SERVICE ".GetInterfaceDescription", get_description, "interface ", false, false },
	{ MANAGER ".GetStatus", get_status, "", false, false },
	{ MANAGER ".GetDomains", get_domains, "", false, false },
	{ MANAGER ".History", get_history, "domid last_s ", false, false },
	{ MANAGER ".Subscribe", subscribe, "", false, true },
	{ MANAGER ".Reserve", method_reserve, "name size_kib maxmem_kib vcpus ttl_s force ", true, false },
	{ MANAGER ".SetLimits", method_set_limits, "domid min_kib max_kib weight automatic off forget ", true, false },
	{ MANAGER ".Balance", method_balance, "dry_run ", true, false },
};

/* ------------------------------------------------------------------- framing */

static struct json_object *failure(const char *error, const char *name, const char *value)
{
	struct json_object *reply = json_object_new_object(), *parameters = json_object_new_object();

	if (name)
		method_add_text(parameters, name, value);
	json_object_object_add(reply, "parameters", parameters);
	method_add_text(reply, "error", error);
	return reply;
}

static struct json_object *failure_of(const struct hb_error *error)
{
	struct json_object *reply = failure(MANAGER ".Failed", "code", hb_code_name(error->code)), *parameters;

	json_object_object_get_ex(reply, "parameters", &parameters);
	method_add_text(parameters, "reason", hb_reason_name(error->reason));
	method_add_text(parameters, "message", error->message);
	method_add_text(parameters, "remedy", error->remedy);
	return reply;
}

static bool is_word_of(const char *words, const char *name)
{
	const size_t length = strlen(name);

	for (; *words; words += strcspn(words, " ") + 1) {
		if (strcspn(words, " ") == length && !memcmp(words, name, length))
			return true;
	}
	return false;
}

/* One that is not known would be one that is misspelt: what it asks for would not be done. */
static bool has_unknown(const struct method *method, struct question *question)
{
	if (!question->parameters)
		return false;
	json_object_object_foreach(question->parameters, name, value) {
		(void)value;
		question->wrong = name;
		if (!is_word_of(method->parameters, name))
			return true;
	}
	return false;
}

static struct json_object *run(const struct method *method, struct question *question)
{
	enum outcome outcome = has_unknown(method, question) ? METHOD_WRONG : method->run(question);
	struct json_object *reply;

	if (outcome == METHOD_WRONG)
		return failure(SERVICE ".InvalidParameter", "parameter", question->wrong);
	if (outcome == METHOD_FAILED)
		return failure_of(&question->error);
	reply = json_object_new_object();
	json_object_object_add(reply, "parameters", json_object_get(question->reply));
	return reply;
}

static const struct method *find(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!strcmp(methods[i].name, name))
			return &methods[i];
	}
	return NULL;
}

/* A message that is one. NULL: deeds follow, and nothing comes before them. */
static struct json_object *call(struct manager *manager, bool may_change, struct json_object *request,
				const char *name, struct answer *answer)
{
	struct question question = { .manager = manager, .wrong = "" };
	struct json_object *more = NULL, *reply;
	const struct method *method = find(name);

	if (!method)
		return failure(SERVICE ".MethodNotFound", "method", name);
	if (method->changes && !may_change)
		return failure(SERVICE ".PermissionDenied", NULL, NULL);
	json_object_object_get_ex(request, "more", &more);
	if (method->follows && !json_object_get_boolean(more))
		return failure(SERVICE ".ExpectedMore", NULL, NULL);
	json_object_object_get_ex(request, "parameters", &question.parameters);
	if (question.parameters && !json_object_is_type(question.parameters, json_type_object))
		return failure(SERVICE ".InvalidParameter", "parameter", "parameters");
	question.reply = json_object_new_object();
	reply = run(method, &question);
	json_object_put(question.reply);
	answer->changed = method->changes;
	answer->follows = method->follows && !json_object_object_get_ex(reply, "error", NULL);
	if (!answer->follows)
		return reply;
	json_object_put(reply);
	return NULL;
}

struct answer answer(struct manager *manager, bool may_change, const char *message)
{
	struct json_object *request = json_tokener_parse(message), *method = NULL, *oneway = NULL, *reply;
	struct answer answer = { 0 };

	answer.good = json_object_is_type(request, json_type_object) &&
		      json_object_object_get_ex(request, "method", &method) &&
		      json_object_is_type(method, json_type_string);
	if (answer.good) {
		json_object_object_get_ex(request, "oneway", &oneway);
		reply = call(manager, may_change, request, json_object_get_string(method), &answer);
		if (reply && !json_object_get_boolean(oneway))
			answer.text = strdup(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN));
		/* Who wants no answer gets none, and no stream of them. */
		answer.follows &= !json_object_get_boolean(oneway);
		json_object_put(reply);
	}
	json_object_put(request);
	return answer;
}

char *answer_deed(const struct hb_deed *deed)
{
	struct json_object *reply = json_object_new_object(), *parameters = json_object_new_object();
	char *text;

	json_object_object_add(parameters, "deed", method_deed(deed));
	json_object_object_add(reply, "parameters", parameters);
	method_add_flag(reply, "continues", true);
	text = strdup(json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN));
	json_object_put(reply);
	return text;
}
