/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of domains, kept in a file. */
#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "domain.h"
#include "limit.h"
#include "limits_look.h"
#include "lock.h"
#include "objects.h"
#include "state.h"

#define FILE_NAME "limits"
#define HEADER "hotballoon limits 1"

/* What a change does while the file is read line by line. */
struct edit {
	const struct hb_domain *domain;
	struct hb_limits_entry found;	/* its uuid is empty if there is none */
	struct hb_text others;		/* the lines of the other domains */
};

static bool read_line(const char *line, void *argument)
{
	struct hb_limits_entry entry;
	struct edit *edit = argument;

	if (!hb_limits_parse(line, &entry))
		return false;
	if (strcmp(entry.uuid, edit->domain->uuid)) {
		hb_text_append(&edit->others, line);
		hb_text_append(&edit->others, "\n");
		return true;
	}
	if (edit->found.uuid[0])
		return false;
	edit->found = entry;
	hb_limits_resolve(&edit->found, edit->domain);
	return true;
}

/* damage: as in hb_state_read(). */
static enum hb_code load(struct hb *hb, const struct hb_domain *domain, struct edit *edit,
			 struct hb_damage *damage, struct hb_error *error)
{
	*edit = (struct edit){ .domain = domain, .found.limits.weight = HB_WEIGHT_DEFAULT };
	return hb_state_read(hb, FILE_NAME, HEADER, read_line, edit, damage, error);
}

/* One domain's line, while the file is read line by line. */
struct own {
	const char *uuid;
	struct hb_limits_entry found;	/* its uuid is empty if there is none */
	bool damaged;			/* there is one, and it cannot be read */
};

/* Lines of others are passed over, whatever they say: there are hundreds, and this is done for each size. */
static bool own_line(const char *line, void *argument)
{
	struct own *own = argument;
	const size_t length = strlen(own->uuid);
	struct hb_limits_entry entry;

	if (strncmp(line, own->uuid, length) || (line[length] && line[length] != ' '))
		return true;
	if (!hb_limits_parse(line, &entry)) {
		own->damaged = true;
		return false;
	}
	if (own->found.uuid[0])
		return false;
	own->found = entry;
	return true;
}

/* damage: of its own line, and of the header. */
static enum hb_code load_own(struct hb *hb, const struct hb_domain *domain, struct own *own,
			     struct hb_damage *damage, struct hb_error *error)
{
	*own = (struct own){ .uuid = domain->uuid, .found.limits.weight = HB_WEIGHT_DEFAULT };
	return hb_state_read(hb, FILE_NAME, HEADER, own_line, own, damage, error);
}

enum hb_code hb_limits_get(struct hb *hb, const struct hb_domain *domain, struct hb_limits *limits,
			   struct hb_error *error)
{
	struct hb_damage damage;
	struct own own;
	enum hb_code code = load_own(hb, domain, &own, &damage, error);

	if (own.found.uuid[0])
		hb_limits_resolve(&own.found, domain);
	*limits = own.found.limits;
	/* Without its header nobody knows what the file says of anybody. */
	if (!code && (own.damaged || damage.first == 1)) {
		hb_state_describe(hb, FILE_NAME, HEADER, &damage, error);
		code = error->code;
	}
	if (code)
		limits->mode = HB_MODE_OFF;
	return code;
}

/* Of whom there is no line: for who looks at the file only. */
static const struct hb_domain nobody;

enum hb_code hb_limits_check_file(struct hb *hb, struct hb_error *error)
{
	struct edit edit;
	enum hb_code code = load(hb, &nobody, &edit, NULL, error);

	free(edit.others.text);
	return code;
}

enum hb_code hb_limits_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error)
{
	struct hb_damage found;
	struct edit edit;
	enum hb_code code = load(hb, &nobody, &edit, &found, error);

	free(edit.others.text);
	damage->code = HB_OK;
	if (!code && found.lines)
		hb_state_describe(hb, FILE_NAME, HEADER, &found, damage);
	return code;
}

/* The limits after the change; HB_MODE_MANUAL if nothing is to be kept. */
static void change_limits(const struct hb_domain *domain, const struct hb_limits_change *change,
			  struct hb_limits *limits)
{
	if (change->reset)
		hb_limits_reset(domain, limits);
	if (change->min.presence == HB_PRESENT)
		limits->min = change->min;
	if (change->max.presence == HB_PRESENT)
		limits->max = change->max;
	if (change->weight)
		limits->weight = change->weight;
	/* From now on, and from the size it has now on. */
	if (change->automatic || (limits->mode == HB_MODE_MANUAL && !change->off)) {
		limits->mode = HB_MODE_AUTO;
		limits->set = domain->target;
	}
	if (change->off)
		limits->mode = HB_MODE_OFF;
	if (change->forget)
		*limits = (struct hb_limits){ .weight = HB_WEIGHT_DEFAULT };
}

/*
 * Must the limits fit what the domain can be now? Only where they are given, or
 * begin to apply: what a guest reports keeps nobody from leaving it alone, and
 * what a manager has written stands.
 */
static bool must_fit(const struct hb_limits_change *change, enum hb_mode before,
		     const struct hb_limits *limits)
{
	if (limits->mode == HB_MODE_MANUAL)
		return false;
	return change->min.presence == HB_PRESENT || change->max.presence == HB_PRESENT ||
	       change->reset || (limits->mode == HB_MODE_AUTO && before != HB_MODE_AUTO);
}

/* Appends the line of the domain, unless it could not be read again. */
static enum hb_code append_line(const struct hb_domain *domain, struct edit *edit,
				struct hb_error *error)
{
	char line[HB_LIMITS_LINE], who[HB_WHO_TEXT];
	struct hb_limits_entry back;

	hb_limits_format(&edit->found, line);
	line[strlen(line) - 1] = '\0';
	if (!hb_limits_parse(line, &back)) {
		hb_fail(error, HB_REASON_BAD_LIMITS, "these limits of %s cannot be kept: \"%s\"", hb_who(domain, who),
			line);
		hb_remedy(error, "give sizes of whole pages of 4K up to 4096T, a weight of 1 to %d, and a domain that there is",
			  HB_WEIGHT_MAX);
		return HB_E_USAGE;
	}
	hb_text_append(&edit->others, line);
	hb_text_append(&edit->others, "\n");
	return HB_OK;
}

static enum hb_code edit_limits(struct hb *hb, const struct hb_domain *domain,
				const struct hb_limits_change *change, struct edit *edit,
				struct hb_error *error)
{
	struct hb_limits *limits = &edit->found.limits;
	enum hb_code code = load(hb, domain, edit, NULL, error);
	enum hb_mode before;

	if (code)
		return code;
	before = limits->mode;
	change_limits(domain, change, limits);
	if (must_fit(change, before, limits))
		code = hb_limits_check(domain, limits, error);
	strcpy(edit->found.uuid, domain->uuid);
	if (!code && limits->mode != HB_MODE_MANUAL)
		code = append_line(domain, edit, error);
	if (code)
		return code;
	return hb_state_replace(hb, FILE_NAME, HEADER, &edit->others, error);
}

enum hb_code hb_limits_set(struct hb *hb, const struct hb_domain *domain,
			   const struct hb_limits_change *change, struct hb_limits *limits,
			   struct hb_error *error)
{
	/* What belongs to a target that is written by now is kept, also after Ctrl-C. */
	const struct hb_patience patience = { .firm = change->reset };
	enum hb_code code = hb_lock_host(hb, &patience, error);
	struct edit edit;

	if (code)
		return code;
	code = edit_limits(hb, domain, change, &edit, error);
	hb_unlock_host(hb);
	free(edit.others.text);
	*limits = edit.found.limits;
	return code;
}

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

/* Of a line that cannot be read, whose it is counts: managers leave that domain alone. */
static bool collect_line(const char *line, void *argument)
{
	struct collection *collection = argument;
	struct hb_limits_entry entry;
	bool good = hb_limits_parse(line, &entry);

	if (!good)
		entry.limits = (struct hb_limits){ .mode = HB_MODE_OFF, .weight = HB_WEIGHT_DEFAULT };
	if (!entry.uuid[0])
		return false;
	collection->failed |= !make_room(collection);
	if (!collection->failed)
		collection->list[collection->count++] = entry;
	return good;
}

static int compare_uuids(const void *a, const void *b)
{
	return strcmp(((const struct hb_limits_entry *)a)->uuid, ((const struct hb_limits_entry *)b)->uuid);
}

/* uuid: the one that is looked for. */
static int compare_entry(const void *uuid, const void *entry)
{
	return strcmp(uuid, (*(struct hb_limits_entry *const *)entry)->uuid);
}

enum hb_code hb_limits_list(struct hb *hb, struct hb_limits_entry ***list, size_t *count,
			    struct hb_error *damage, struct hb_error *error)
{
	struct collection collection = { 0 };
	struct hb_damage found;
	enum hb_code code = hb_state_read(hb, FILE_NAME, HEADER, collect_line,
					  &collection, &found, error);

	damage->code = HB_OK;
	if (!code && collection.failed)
		code = hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	if (!code && found.lines)
		hb_state_describe(hb, FILE_NAME, HEADER, &found, damage);
	/* Without its header nobody knows what the file says of anybody. */
	if (!code && found.first == 1) {
		*error = *damage;
		code = error->code;
	}
	if (!code && collection.count)
		qsort(collection.list, collection.count, sizeof(*collection.list), compare_uuids);
	*count = collection.count;
	*list = hb_array_of(collection.list, count, sizeof(*collection.list), &code, error);
	return code;
}

void hb_limits_find(struct hb_limits_entry *const *list, size_t count,
		    const struct hb_domain *domain, struct hb_limits *limits)
{
	struct hb_limits_entry entry = { .limits.weight = HB_WEIGHT_DEFAULT };
	struct hb_limits_entry *const *found = NULL;

	if (count)
		found = bsearch(domain->uuid, list, count, sizeof(*list), compare_entry);
	if (found)
		entry = **found;
	hb_limits_resolve(&entry, domain);
	*limits = entry.limits;
}

enum hb_code hb_limits_all(struct hb *hb, const struct hb_domain *domains, size_t count,
			   struct hb_limits *limits, struct hb_error *error)
{
	struct hb_limits_entry **list;
	struct hb_error ignored;
	size_t kept;
	enum hb_code code = hb_limits_list(hb, &list, &kept, &ignored, error);

	for (size_t i = 0; i < count; i++) {
		hb_limits_find(list, kept, &domains[i], &limits[i]);
		if (code)
			limits[i].mode = HB_MODE_OFF;
	}
	hb_limits_list_free(list);
	return code;
}

/* Many domains' lines, while the file is read line by line. */
struct announcing {
	const struct hb_limits_next *list;
	size_t count;
	struct hb_text body;
	bool changed;
};

static const struct hb_limits_next *find_next(const struct announcing *announcing, const char *uuid)
{
	for (size_t i = 0; i < announcing->count; i++) {
		if (!strcmp(announcing->list[i].domain->uuid, uuid))
			return &announcing->list[i];
	}
	return NULL;
}

/* Does the line not say so yet, of one that it has to say so of? */
static bool is_to_announce(const struct hb_limits_entry *entry, const struct hb_limits_next *next)
{
	const struct hb_number *said = &entry->next;
	struct hb_limits_entry now = *entry;
	const char *why;

	if (!next->target_kib)
		return said->presence == HB_PRESENT;
	hb_limits_resolve(&now, next->domain);
	return hb_limits_automatic(next->domain, &now.limits, &why) &&
	       (said->presence != HB_PRESENT || said->value != next->target_kib);
}

static bool announce_line(const char *line, void *argument)
{
	struct announcing *announcing = argument;
	const struct hb_limits_next *next;
	struct hb_limits_entry entry;
	char text[HB_LIMITS_LINE];

	if (!hb_limits_parse(line, &entry))
		return false;
	next = find_next(announcing, entry.uuid);
	if (next && is_to_announce(&entry, next)) {
		hb_limits_resolve(&entry, next->domain);
		if (next->target_kib)
			entry.next = (struct hb_number){ HB_PRESENT, next->target_kib };
		hb_text_append(&announcing->body, hb_limits_format(&entry, text));
		announcing->changed = true;
	} else {
		hb_text_append(&announcing->body, line);
		hb_text_append(&announcing->body, "\n");
	}
	return true;
}

static enum hb_code announce(struct hb *hb, const struct hb_limits_next *list, size_t count,
			     struct hb_error *error)
{
	struct announcing announcing = { .list = list, .count = count };
	enum hb_code code = hb_state_read(hb, FILE_NAME, HEADER, announce_line, &announcing, NULL,
					  error);

	if (!code && announcing.changed)
		code = hb_state_replace(hb, FILE_NAME, HEADER, &announcing.body, error);
	free(announcing.body.text);
	return code;
}

enum hb_code hb_limits_announce(struct hb *hb, const struct hb_limits_next *list, size_t count,
				struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	enum hb_code code = count ? hb_lock_host(hb, &patience, error) : HB_OK;

	if (code || !count)
		return code;
	code = announce(hb, list, count, error);
	hb_unlock_host(hb);
	return code;
}

enum hb_code hb_limits_announce_locked(struct hb *hb, const struct hb_limits_next *next,
				       struct hb_error *error)
{
	struct hb_damage damage;
	struct own own;
	enum hb_code code = load_own(hb, next->domain, &own, &damage, error);

	/* Mostly it is: of many sizes it was announced with the others. */
	if (!code && !damage.lines && (!own.found.uuid[0] || !is_to_announce(&own.found, next)))
		return HB_OK;
	return code ? code : announce(hb, next, 1, error);
}

/* Only who has a record of a manager's has to lose it. */
static bool is_recorded(const struct own *own)
{
	return own->found.limits.set.presence == HB_PRESENT ||
	       own->found.next.presence == HB_PRESENT;
}

static enum hb_code forget_set(struct hb *hb, const struct hb_domain *domain,
			       struct hb_error *error)
{
	struct edit edit;
	enum hb_code code = load(hb, domain, &edit, NULL, error);

	edit.found.limits.set = (struct hb_number){ 0 };
	if (!code)
		code = append_line(domain, &edit, error);
	if (!code)
		code = hb_state_replace(hb, FILE_NAME, HEADER, &edit.others, error);
	free(edit.others.text);
	return code;
}

enum hb_code hb_limits_pin_locked(struct hb *hb, const struct hb_domain *domain,
				  struct hb_error *error)
{
	struct hb_damage damage;
	struct own own;
	enum hb_code code = load_own(hb, domain, &own, &damage, error);

	return code || !is_recorded(&own) ? code : forget_set(hb, domain, error);
}

/* With the host's lock nobody is between a record and the target that it is of. */
static enum hb_code pin_foreign_locked(struct hb *hb, const struct hb_domain *seen,
				       struct hb_error *error)
{
	struct hb_domain domain = *seen;
	struct hb_limits limits;
	enum hb_code code = hb_domain_refresh(hb, &domain, error);

	if (!code)
		code = hb_limits_get(hb, &domain, &limits, error);
	if (code || domain.state != HB_DOMAIN_RUNNING ||
	    hb_may_size(&domain, &limits) != HB_OBSTACLE_PINNED)
		return code;
	return hb_limits_pin_locked(hb, &domain, error);
}

enum hb_code hb_limits_pin_foreign(struct hb *hb, const struct hb_domain *domain,
				   struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	enum hb_code code = hb_lock_host(hb, &patience, error);

	if (code)
		return code;
	code = pin_foreign_locked(hb, domain, error);
	hb_unlock_host(hb);
	return code;
}
