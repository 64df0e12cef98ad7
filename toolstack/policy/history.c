/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void hb_history_add(struct hb_history *history, const struct hb_deed *deed)
{
	history->deeds[history->next] = *deed;
	history->next = (history->next + 1) % HB_HISTORY_DEEDS;
	history->count += history->count < HB_HISTORY_DEEDS;
	history->added++;
}

const struct hb_deed *hb_history_at(const struct hb_history *history, size_t i)
{
	if (i >= history->count)
		return NULL;
	return &history->deeds[(history->next + HB_HISTORY_DEEDS - history->count + i) % HB_HISTORY_DEEDS];
}

const struct hb_deed *hb_history_since(const struct hb_history *history, uint64_t *seen)
{
	const uint64_t lost = history->added - history->count;

	if (*seen >= history->added)
		return NULL;
	*seen = *seen < lost ? lost : *seen;
	return hb_history_at(history, (*seen)++ - lost);
}

struct hb_deed hb_deed_of(const struct hb_controlled *one, uint64_t time_ms)
{
	struct hb_deed deed = {
		.time_ms = time_ms, .domid = one->domain->domid, .from_kib = one->from_kib, .to_kib = one->to_kib,
		.reason = one->reason,
	};

	memcpy(deed.name, one->domain->name, sizeof(deed.name));
	memcpy(deed.uuid, one->domain->uuid, sizeof(deed.uuid));
	return deed;
}

/* ------------------------------------------------------------------- a line */

char *hb_deed_format(const struct hb_deed *deed, char text[HB_DEED_LINE])
{
	snprintf(text, HB_DEED_LINE, "%" PRIu64 " %" PRIu32 " %s %" PRIu64 " %" PRIu64 " %s %s\n",
		 deed->time_ms, deed->domid, *deed->uuid ? deed->uuid : "-", deed->from_kib,
		 deed->to_kib, hb_motive_word(deed->reason), deed->name);
	return text;
}

/* The next word, up to a blank, if it fits; *at is behind the blank then. */
static bool take_word(const char **at, char *word, size_t size)
{
	const size_t length = strcspn(*at, " ");

	if (!length || length >= size || !(*at)[length])
		return false;
	memcpy(word, *at, length);
	word[length] = '\0';
	*at += length + 1;
	return true;
}

/* Digits only, and not more of them than make a number. */
static bool take_number(const char **at, uint64_t most, uint64_t *number)
{
	char word[20];

	if (!take_word(at, word, sizeof(word)))
		return false;
	*number = 0;
	for (const char *c = word; *c; c++) {
		if (*c < '0' || *c > '9')
			return false;
		*number = *number * 10 + (*c - '0');
	}
	return *number <= most;
}

static bool take_reason(const char **at, enum hb_motive *reason)
{
	char word[32];

	if (!take_word(at, word, sizeof(word)))
		return false;
	for (int i = 0; i < HB_MOTIVE_COUNT; i++) {
		*reason = i;
		if (!strcmp(word, hb_motive_word(i)))
			return true;
	}
	return false;
}

/* It is shown on terminals, whoever has written the file. */
static bool take_name(const char *at, char *name, size_t size)
{
	const size_t length = strcspn(at, "\n");

	if (length >= size || strcmp(at + length, at[length] ? "\n" : ""))
		return false;
	memcpy(name, at, length);
	name[length] = '\0';
	hb_text_clean(name);
	return true;
}

bool hb_deed_parse(const char *line, struct hb_deed *deed)
{
	uint64_t domid;

	*deed = (struct hb_deed){ 0 };
	if (!take_number(&line, UINT64_MAX, &deed->time_ms) || !take_number(&line, UINT32_MAX, &domid) ||
	    !take_word(&line, deed->uuid, sizeof(deed->uuid)) ||
	    !take_number(&line, HB_SIZE_MAX_KIB, &deed->from_kib) ||
	    !take_number(&line, HB_SIZE_MAX_KIB, &deed->to_kib) ||
	    !take_reason(&line, &deed->reason) || !take_name(line, deed->name, sizeof(deed->name)))
		return false;
	deed->domid = domid;
	hb_text_clean(deed->uuid);
	if (!strcmp(deed->uuid, "-"))
		deed->uuid[0] = '\0';
	return true;
}
