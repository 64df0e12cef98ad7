/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deeds.h"

#include <string.h>

static bool take_number(struct json_object *object, const char *name, uint64_t most, uint64_t *number)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return false;
	*number = json_object_get_int64(value);
	return *number <= most;
}

static bool take_text(struct json_object *object, const char *name, char *text, size_t size)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(object, name, &value) || !json_object_is_type(value, json_type_string))
		return false;
	snprintf(text, size, "%s", json_object_get_string(value));
	hb_text_clean(text);
	return true;
}

static bool take_who(struct json_object *object, struct hb_deed *deed)
{
	uint64_t domid;

	if (!take_number(object, "domid", UINT32_MAX, &domid))
		return false;
	deed->domid = domid;
	return take_text(object, "name", deed->name, sizeof(deed->name)) &&
	       take_text(object, "uuid", deed->uuid, sizeof(deed->uuid));
}

bool cli_read_since(struct json_object *object, uint64_t *since_ms)
{
	struct json_object *since = NULL;

	*since_ms = 0;
	json_object_object_get_ex(object, "since_ms", &since);
	return !since || take_number(object, "since_ms", INT64_MAX, since_ms);
}

bool cli_read_domain(struct json_object *object, struct hb_deed *deed)
{
	*deed = (struct hb_deed){ 0 };
	return cli_read_since(object, &deed->time_ms) && take_who(object, deed) && take_number(object, "size_kib", HB_SIZE_MAX_KIB, &deed->to_kib);
}

/* Of a version that does not say so: none. */
static bool take_gap(struct json_object *object, bool *gap)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, "gap", &value);
	*gap = json_object_get_boolean(value);
	return !value || json_object_is_type(value, json_type_boolean);
}

bool cli_read_deed(struct json_object *object, struct cli_deed *told)
{
	struct hb_deed *deed = &told->deed;

	*told = (struct cli_deed){ 0 };
	return take_who(object, deed) && take_gap(object, &deed->gap) &&
	       take_number(object, "time_ms", INT64_MAX, &deed->time_ms) &&
	       take_number(object, "from_kib", HB_SIZE_MAX_KIB, &deed->from_kib) &&
	       take_number(object, "to_kib", HB_SIZE_MAX_KIB, &deed->to_kib) &&
	       take_text(object, "reason", told->reason, sizeof(told->reason)) &&
	       take_text(object, "reason_text", told->reason_text, sizeof(told->reason_text));
}

bool cli_deed_is_of(const struct hb_deed *deed, const char *dom)
{
	char domid[16];

	if (!dom)
		return true;
	snprintf(domid, sizeof(domid), "%u", deed->domid);
	return strspn(dom, "0123456789") == strlen(dom) ? !strcmp(domid, dom) :
	       !strcmp(deed->name, dom) || !strcmp(deed->uuid, dom);
}

enum hb_code cli_no_deeds(struct cli *cli, const char *what)
{
	return cli_fail(cli, HB_REASON_NO_DAEMON, "start it again: it is of another version than this command",
			"hotballoond tells of %s", what);
}
