/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "noted.h"

#define FILE_NAME HB_STATE_SIZES
#define HEADER "hotballoon sizes 1"

static bool make_room(struct hb_noted *noted)
{
	const size_t room = noted->room ? 2 * noted->room : 16;
	struct hb_note *grown;

	if (noted->count < noted->room)
		return true;
	grown = realloc(noted->list, room * sizeof(*grown));
	if (!grown)
		return false;
	noted->list = grown;
	noted->room = room;
	return true;
}

static bool is_of(const char *line, const char *uuid)
{
	return !uuid || !strncmp(line, uuid, strlen(uuid));
}

static bool read_line(const char *line, void *argument)
{
	const char *second = strchr(line, '|');
	const size_t length = second ? (size_t)(second - line) : 0;
	struct hb_noted *noted = argument;
	char first[HB_LIMITS_LINE];
	struct hb_note note;

	if (!second || length >= sizeof(first))
		return false;
	if (!is_of(line, noted->uuid))
		return true;
	memcpy(first, line, length);
	first[length] = '\0';
	if (!hb_limits_parse(first, &note.found) || !hb_limits_parse(second + 1, &note.now) ||
	    strcmp(note.found.uuid, note.now.uuid))
		return false;
	noted->failed |= !make_room(noted);
	if (!noted->failed)
		noted->list[noted->count++] = note;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct hb_note *)a)->found.uuid, ((const struct hb_note *)b)->found.uuid);
}

/* Who took a file that cannot be read now for an empty one would end the notes of everybody. */
enum hb_code hb_noted_read(struct hb *hb, const char *uuid, struct hb_noted *noted, struct hb_error *error)
{
	struct hb_damage damage;
	enum hb_code code;

	*noted = (struct hb_noted){ .clock = hb->host->ops->clock(hb->host), .uuid = uuid };
	code = hb_state_read(hb, FILE_NAME, HEADER, read_line, noted, &damage, error);
	if (!code && damage.problem) {
		hb_state_describe(hb, FILE_NAME, HEADER, &damage, error);
		code = error->code;
	}
	if (!code && noted->failed)
		code = hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	if (noted->count)
		qsort(noted->list, noted->count, sizeof(*noted->list), compare);
	return code;
}

static bool pass_over(const char *line, void *argument)
{
	(void)line;
	(void)argument;
	return true;
}

enum hb_code hb_noted_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error)
{
	struct hb_damage found;
	enum hb_code code = hb_state_read(hb, FILE_NAME, HEADER, pass_over, NULL, &found, error);

	damage->code = HB_OK;
	if (!code && found.problem)
		hb_state_describe(hb, FILE_NAME, HEADER, &found, damage);
	return code;
}

void hb_noted_clear(struct hb_noted *noted)
{
	free(noted->list);
	noted->list = NULL;
	noted->count = noted->room = 0;
}

static struct hb_note *find(const struct hb_noted *noted, const struct hb_limits_entry *found)
{
	struct hb_note key = { .found = *found }, *note = NULL;

	if (noted->count)
		note = bsearch(&key, noted->list, noted->count, sizeof(key), compare);
	return note && hb_limits_same_record(&note->found, found) ? note : NULL;
}

bool hb_noted_parse(const struct hb_noted *noted, const char *line, struct hb_limits_entry *entry,
		    struct hb_limits_entry *found, char unknown[HB_LIMITS_UNKNOWN])
{
	const bool good = hb_limits_parse_all(line, entry, unknown);
	const struct hb_note *note = good ? find(noted, entry) : NULL;

	if (found)
		*found = *entry;
	if (note)
		hb_limits_take_record(entry, &note->now);
	hb_limits_heed_boot(&entry->limits, noted->clock.boot);
	return good;
}

static void append_record(struct hb_text *body, const struct hb_limits_entry *entry, const char *end)
{
	struct hb_limits_entry bare = { .limits = { .mode = HB_MODE_AUTO, .weight = HB_WEIGHT_DEFAULT } };
	char line[HB_LIMITS_LINE];

	strcpy(bare.uuid, entry->uuid);
	hb_limits_take_record(&bare, entry);
	hb_limits_format(&bare, "", line);
	line[strlen(line) - 1] = '\0';
	hb_text_append(body, line);
	hb_text_append(body, end);
}

void hb_noted_append(struct hb_text *body, const struct hb_limits_entry *found,
		     const struct hb_limits_entry *now)
{
	append_record(body, found, "|");
	append_record(body, now, "\n");
}

enum hb_code hb_noted_replace(struct hb *hb, const struct hb_text *body, struct hb_error *error)
{
	return hb_state_note(hb, FILE_NAME, HEADER, body, error);
}

enum hb_code hb_noted_yield(struct hb *hb, struct hb_noted *noted, const struct hb_limits_entry *entry,
			    struct hb_error *error)
{
	struct hb_note *note = find(noted, entry);
	struct hb_text body = { 0 };
	enum hb_code code;

	if (!note)
		return HB_OK;
	/* For good: the next of the same list does not bring it back. */
	noted->count--;
	memmove(note, note + 1, (size_t)(noted->list + noted->count - note) * sizeof(*note));
	for (size_t i = 0; i < noted->count; i++)
		hb_noted_append(&body, &noted->list[i].found, &noted->list[i].now);
	code = hb_noted_replace(hb, &body, error);
	free(body.text);
	return code;
}
