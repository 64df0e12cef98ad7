/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of domains, kept in a file, and what managers have set of them in another (noted.h). */
#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "domain.h"
#include "limit.h"
#include "manage.h"
#include "limits_look.h"
#include "lock.h"
#include "noted.h"
#include "objects.h"
#include "state.h"

#define FILE_NAME HB_STATE_LIMITS
#define HEADER "hotballoon limits 1"

/* What is not known is not to be sized. */
void hb_limits_lose(struct hb_limits *limits)
{
	*limits = (struct hb_limits){ .mode = HB_MODE_OFF, .weight = HB_WEIGHT_DEFAULT, .damaged = true };
}

/* What a change does while the file is read line by line. */
struct edit {
	const struct hb_domain *domain;
	struct hb_noted noted;
	struct hb_limits_entry found;	/* its uuid is empty if there is none */
	char unknown[HB_LIMITS_UNKNOWN];	/* of its line */
	struct hb_text others;		/* the lines of the other domains */
};

static bool read_line(const char *line, void *argument)
{
	char unknown[HB_LIMITS_UNKNOWN];
	struct hb_limits_entry entry;
	struct edit *edit = argument;

	if (!hb_noted_parse(&edit->noted, line, &entry, NULL, unknown))
		return false;
	if (strcmp(entry.uuid, edit->domain->uuid)) {
		hb_text_append(&edit->others, line);
		hb_text_append(&edit->others, "\n");
		return true;
	}
	if (edit->found.uuid[0])
		return false;
	edit->found = entry;
	strcpy(edit->unknown, unknown);
	hb_limits_resolve(&edit->found, edit->domain);
	return true;
}

/* With nothing damaged, or who writes the lines anew would lose some. */
static enum hb_code load(struct hb *hb, const struct hb_domain *domain, struct edit *edit,
			 struct hb_error *error)
{
	enum hb_code code;

	*edit = (struct edit){ .domain = domain, .found.limits.weight = HB_WEIGHT_DEFAULT };
	code = hb_noted_read(hb, NULL, &edit->noted, error);
	return code ? code : hb_state_read(hb, FILE_NAME, HEADER, read_line, edit, NULL, error);
}

static void clear_edit(struct edit *edit)
{
	hb_noted_clear(&edit->noted);
	free(edit->others.text);
}

/* The line has been changed, and the others are as they were: it lasts from now on. */
static enum hb_code replace_edited(struct hb *hb, struct edit *edit, struct hb_error *error)
{
	enum hb_code code = hb_noted_yield(hb, &edit->noted, &edit->found, error);

	return code ? code : hb_state_replace(hb, FILE_NAME, HEADER, &edit->others, error);
}

/* One domain's line, while the file is read line by line. */
struct own {
	const char *uuid;
	struct hb_noted noted;
	struct hb_limits_entry found;	/* its uuid is empty if there is none */
	bool damaged;			/* there is one, and it cannot be read */
};

/* Lines of others are passed over, whatever they say: there are hundreds, and this is done for each size. */
static bool own_line(const char *line, void *argument)
{
	struct own *own = argument;
	const size_t length = strlen(own->uuid);
	char unknown[HB_LIMITS_UNKNOWN];
	struct hb_limits_entry entry;

	if (strncmp(line, own->uuid, length) || (line[length] && line[length] != ' '))
		return true;
	if (!hb_noted_parse(&own->noted, line, &entry, NULL, unknown)) {
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
	enum hb_code code;

	*damage = (struct hb_damage){ 0 };
	*own = (struct own){ .uuid = domain->uuid, .found.limits.weight = HB_WEIGHT_DEFAULT };
	code = hb_noted_read(hb, own->uuid, &own->noted, error);
	if (!code)
		code = hb_state_read(hb, FILE_NAME, HEADER, own_line, own, damage, error);
	hb_noted_clear(&own->noted);
	return code;
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
		hb_limits_lose(limits);
	return code;
}

/* Of whom there is no line: for who looks at the file only. */
static const struct hb_domain nobody;

enum hb_code hb_limits_check_file(struct hb *hb, struct hb_error *error)
{
	struct edit edit;
	enum hb_code code = load(hb, &nobody, &edit, error);

	clear_edit(&edit);
	return code;
}

enum hb_code hb_limits_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error)
{
	/* Without the notes: what is wrong with them is another finding. */
	struct edit edit = { .domain = &nobody };
	struct hb_damage found;
	enum hb_code code = hb_state_read(hb, FILE_NAME, HEADER, read_line, &edit, &found, error);

	clear_edit(&edit);
	damage->code = HB_OK;
	if (!code && found.lines)
		hb_state_describe(hb, FILE_NAME, HEADER, &found, damage);
	return code;
}

/* The limits after the change; HB_MODE_MANUAL if nothing is to be kept. */
static void change_limits(const struct hb_domain *domain, const struct hb_limits_change *change,
			  const char *boot, struct hb_limits *limits)
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
		hb_limits_stamp(limits, domain, boot);
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

	hb_limits_format(&edit->found, edit->unknown, line);
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
	enum hb_code code = load(hb, domain, edit, error);
	enum hb_mode before;

	if (code)
		return code;
	before = limits->mode;
	change_limits(domain, change, edit->noted.clock.boot, limits);
	if (must_fit(change, before, limits))
		code = hb_limits_check(domain, limits, error);
	strcpy(edit->found.uuid, domain->uuid);
	if (!code && limits->mode != HB_MODE_MANUAL)
		code = append_line(domain, edit, error);
	return code ? code : replace_edited(hb, edit, error);
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
	clear_edit(&edit);
	*limits = edit.found.limits;
	return code;
}

/* Entries that are collected while the file is read line by line. */
struct collection {
	struct hb_noted noted;
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
	char unknown[HB_LIMITS_UNKNOWN];
	struct hb_limits_entry entry;
	bool good = hb_noted_parse(&collection->noted, line, &entry, NULL, unknown);

	if (!good)
		hb_limits_lose(&entry.limits);
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
	struct collection collection = { .list = NULL };
	struct hb_damage found = { 0 };
	enum hb_code code = hb_noted_read(hb, NULL, &collection.noted, error);

	damage->code = HB_OK;
	if (!code)
		code = hb_state_read(hb, FILE_NAME, HEADER, collect_line, &collection, &found, error);
	hb_noted_clear(&collection.noted);
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
			hb_limits_lose(&limits[i]);
	}
	hb_limits_list_free(list);
	return code;
}

/* ------------------------------------------------- many domains' lines at once */

struct place {
	const char *uuid;
	size_t i;	/* in what is given */
};

/* While the file is read line by line. */
struct rewriting {
	struct hb *hb;
	struct hb_noted noted;
	struct place *places;	/* count, in order of uuid */
	size_t count;
	/* Makes the i-th's entry what is to be written; false if it is that already. */
	bool (*change)(const struct rewriting *rewriting, size_t i, struct hb_limits_entry *entry);
	const void *given;
	bool lasts;		/* it is written to the lines, not noted */
	struct hb_text body;	/* the lines, or all notes */
	bool changed;
	enum hb_code code;	/* what went wrong, with */
	struct hb_error *error;
};

static int compare_places(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->uuid, ((const struct place *)b)->uuid);
}

static void append_lasting(struct rewriting *rewriting, const struct hb_limits_entry *entry, const char *unknown)
{
	char text[HB_LIMITS_LINE];

	hb_text_append(&rewriting->body, hb_limits_format(entry, unknown, text));
	if (!rewriting->code)
		rewriting->code = hb_noted_yield(rewriting->hb, &rewriting->noted, entry, rewriting->error);
}

static bool rewrite_line(const char *line, void *argument)
{
	struct rewriting *rewriting = argument;
	struct hb_limits_entry entry, found;
	char unknown[HB_LIMITS_UNKNOWN];
	struct place key, *place;
	bool change;

	if (!hb_noted_parse(&rewriting->noted, line, &entry, &found, unknown))
		return false;
	key.uuid = entry.uuid;
	place = bsearch(&key, rewriting->places, rewriting->count, sizeof(key), compare_places);
	change = place && rewriting->change(rewriting, place->i, &entry);
	rewriting->changed |= change;
	if (!rewriting->lasts) {
		if (!hb_limits_same_record(&found, &entry))
			hb_noted_append(&rewriting->body, &found, &entry);
	} else if (change) {
		append_lasting(rewriting, &entry, unknown);
	} else {
		hb_text_append(&rewriting->body, line);
		hb_text_append(&rewriting->body, "\n");
	}
	return true;
}

static enum hb_code write_rewritten(struct rewriting *rewriting)
{
	if (rewriting->code || !rewriting->changed)
		return rewriting->code;
	return rewriting->lasts ?
	       hb_state_replace(rewriting->hb, FILE_NAME, HEADER, &rewriting->body, rewriting->error) :
	       hb_noted_replace(rewriting->hb, &rewriting->body, rewriting->error);
}

/* With places filled in, which are released. */
static enum hb_code rewrite(struct hb *hb, struct rewriting *rewriting, struct hb_error *error)
{
	enum hb_code code = hb_noted_read(hb, NULL, &rewriting->noted, error);

	rewriting->hb = hb;
	rewriting->error = error;
	qsort(rewriting->places, rewriting->count, sizeof(*rewriting->places), compare_places);
	if (!code)
		code = hb_state_read(hb, FILE_NAME, HEADER, rewrite_line, rewriting, NULL, error);
	if (!code)
		code = write_rewritten(rewriting);
	hb_noted_clear(&rewriting->noted);
	free(rewriting->body.text);
	free(rewriting->places);
	return code;
}

static enum hb_code make_places(struct rewriting *rewriting, size_t count, struct hb_error *error)
{
	rewriting->count = count;
	rewriting->places = calloc(count, sizeof(*rewriting->places));
	return rewriting->places ? HB_OK : hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
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
	       (said->presence != HB_PRESENT || said->value != next->target_kib ||
		!hb_limits_is_of(&now.limits, next->domain));
}

static bool announce_one(const struct rewriting *rewriting, size_t i, struct hb_limits_entry *entry)
{
	const struct hb_limits_next *next = &((const struct hb_limits_next *)rewriting->given)[i];
	const char *why;

	if (!is_to_announce(entry, next))
		return false;
	hb_limits_resolve(entry, next->domain);
	/* What it has is a manager's: so it is this domain's. */
	if (hb_limits_automatic(next->domain, &entry->limits, &why))
		hb_limits_stamp(&entry->limits, next->domain, rewriting->noted.clock.boot);
	if (next->target_kib)
		entry->next = (struct hb_number){ HB_PRESENT, next->target_kib };
	return true;
}

static enum hb_code announce(struct hb *hb, const struct hb_limits_next *list, size_t count,
			     struct hb_error *error)
{
	struct rewriting rewriting = { .change = announce_one, .given = list };
	enum hb_code code = make_places(&rewriting, count, error);

	if (code)
		return code;
	for (size_t i = 0; i < count; i++)
		rewriting.places[i] = (struct place){ list[i].domain->uuid, i };
	return rewrite(hb, &rewriting, error);
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
	enum hb_code code = load(hb, domain, &edit, error);

	edit.found.limits.set = (struct hb_number){ 0 };
	if (!code)
		code = append_line(domain, &edit, error);
	if (!code)
		code = replace_edited(hb, &edit, error);
	clear_edit(&edit);
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

static bool note_one(const struct rewriting *rewriting, size_t i, struct hb_limits_entry *entry)
{
	const struct hb_domain *domain = &((const struct hb_domain *)rewriting->given)[i];
	struct hb_limits_entry now = *entry;

	hb_limits_resolve(&now, domain);
	if (domain->target.presence != HB_PRESENT || !hb_limits_is_to_note(domain, &now.limits))
		return false;
	*entry = now;
	if (hb_limits_is_set(domain, &now.limits))
		hb_limits_stamp(&entry->limits, domain, rewriting->noted.clock.boot);
	else
		entry->limits.set = (struct hb_number){ 0 };
	return true;
}

/* With the host's lock nobody is between a record and the target that it is of: that is read anew. */
static enum hb_code note_locked(struct hb *hb, struct hb_domain *domains, size_t count, struct hb_error *error)
{
	struct rewriting rewriting = { .change = note_one, .given = domains, .lasts = true };
	enum hb_code code = HB_OK;

	for (size_t i = 0; i < count; i++) {
		int rc = hb_read_target(hb->host, HB_NO_TRANSACTION, domains[i].domid, &domains[i].target);

		if (rc)
			return hb_fail_host(error, rc, "the target of domain %u cannot be read", domains[i].domid);
	}
	code = make_places(&rewriting, count, error);
	if (code)
		return code;
	for (size_t i = 0; i < count; i++)
		rewriting.places[i] = (struct place){ domains[i].uuid, i };
	return rewrite(hb, &rewriting, error);
}

enum hb_code hb_limits_note(struct hb *hb, const struct hb_domain *const *seen, size_t count,
			    struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	struct hb_domain *domains = calloc(count + 1, sizeof(*domains));
	enum hb_code code = domains ? hb_lock_host(hb, &patience, error) :
			    hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");

	if (!code) {
		for (size_t i = 0; i < count; i++)
			domains[i] = *seen[i];
		code = note_locked(hb, domains, count, error);
		hb_unlock_host(hb);
	}
	free(domains);
	return code;
}
