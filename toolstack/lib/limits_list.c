/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of all domains at once, also of those that are not there. */
#include <stdlib.h>
#include <string.h>

#include "limit.h"
#include "limits_file.h"
#include "state.h"

/* Entries that are collected while the file is read line by line. */
struct collection {
	struct hb_limits_entry *list;
	size_t count, room;
	bool failed;		/* out of memory */
};

static bool make_room(struct collection *collection)
{
	size_t room = collection->room ? 2 * collection->room : 16;
	struct hb_limits_entry *grown;

	if (collection->count < collection->room)
		return true;
	grown = realloc(collection->list, room * sizeof(*grown));
	if (!grown)
		return false;
	collection->list = grown;
	collection->room = room;
	return true;
}

static bool collect_line(const char *line, void *argument)
{
	struct collection *collection = argument;
	struct hb_limits_entry entry;

	if (!hb_limits_parse(line, &entry))
		return false;
	collection->failed |= !make_room(collection);
	if (!collection->failed)
		collection->list[collection->count++] = entry;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct hb_limits_entry *)a)->uuid, ((const struct hb_limits_entry *)b)->uuid);
}

enum hb_code hb_limits_list(struct hb *hb, struct hb_limits_entry **list, size_t *count,
			    struct hb_error *error)
{
	struct collection collection = { 0 };
	enum hb_code code = hb_state_read(hb, HB_LIMITS_FILE, HB_LIMITS_HEADER, collect_line,
					  &collection, error);

	if (!code && collection.failed)
		code = hb_fail(error, HB_E_INTERNAL, "out of memory");
	if (code) {
		free(collection.list);
		collection = (struct collection){ 0 };
	} else if (collection.count) {
		qsort(collection.list, collection.count, sizeof(*collection.list), compare);
	}
	*list = collection.list;
	*count = collection.count;
	return code;
}

const struct hb_limits *hb_limits_find(const struct hb_limits_entry *list, size_t count,
				       const char *uuid)
{
	static const struct hb_limits none = { .weight = HB_WEIGHT_DEFAULT };
	struct hb_limits_entry key;
	const struct hb_limits_entry *found = NULL;

	if (strlen(uuid) >= sizeof(key.uuid))
		return &none;
	strcpy(key.uuid, uuid);
	if (count)
		found = bsearch(&key, list, count, sizeof(*list), compare);
	return found ? &found->limits : &none;
}
