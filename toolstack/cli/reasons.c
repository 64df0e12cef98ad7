/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reasons.h"

#include <string.h>

struct json_object *cli_ask_reasons(struct cli *cli)
{
	return cli_ask_briefly(cli, "GetDomains");
}

/* Printable, or empty if there is none. */
static void take_text(struct json_object *object, const char *name, char *text, size_t size)
{
	struct json_object *value = NULL;
	bool there = json_object_object_get_ex(object, name, &value) &&
		     json_object_is_type(value, json_type_string);

	snprintf(text, size, "%s", there ? json_object_get_string(value) : "");
	hb_text_clean(text);
}

static struct cli_reason read_reason(struct json_object *object)
{
	struct cli_reason reason = { 0 };

	take_text(object, "reason", reason.reason, sizeof(reason.reason));
	take_text(object, "reason_text", reason.reason_text, sizeof(reason.reason_text));
	take_text(object, "need", reason.need, sizeof(reason.need));
	take_text(object, "need_text", reason.need_text, sizeof(reason.need_text));
	reason.known = *reason.reason && *reason.reason_text && *reason.need && *reason.need_text;
	return reason;
}

static int64_t domid_of(struct json_object *object)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, "domid", &value) ? json_object_get_int64(value) : -1;
}

/* A domid is given again: another uuid is another domain. */
static bool is_of(struct json_object *object, const struct hb_domain *domain)
{
	struct json_object *uuid = NULL;

	return domid_of(object) == domain->domid && json_object_object_get_ex(object, "uuid", &uuid) &&
	       json_object_is_type(uuid, json_type_string) &&
	       !strcmp(json_object_get_string(uuid), domain->uuid);
}

struct cli_reason cli_reason_of(struct json_object *reply, const struct hb_domain *domain,
				size_t *next)
{
	struct json_object *domains = NULL, *one = NULL;

	if (!json_object_object_get_ex(reply, "domains", &domains) ||
	    !json_object_is_type(domains, json_type_array))
		return (struct cli_reason){ 0 };
	for (; *next < json_object_array_length(domains); ++*next) {
		one = json_object_array_get_idx(domains, *next);
		if (domid_of(one) >= domain->domid)
			break;
		one = NULL;
	}
	return is_of(one, domain) ? read_reason(one) : (struct cli_reason){ 0 };
}

struct json_object *cli_json_reason(const struct cli_reason *reason)
{
	struct json_object *object;

	if (!reason->known)
		return NULL;
	object = json_object_new_object();
	json_object_object_add(object, "reason", json_object_new_string(reason->reason));
	json_object_object_add(object, "reason_text", json_object_new_string(reason->reason_text));
	json_object_object_add(object, "need", json_object_new_string(reason->need));
	json_object_object_add(object, "need_text", json_object_new_string(reason->need_text));
	return object;
}
