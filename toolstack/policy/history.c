/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool hb_deed_same_guest(const struct hb_deed *a, const struct hb_deed *b)
{
	return *a->uuid || *b->uuid ? !strcmp(a->uuid, b->uuid) : a->domid == b->domid;
}

/* The oldest of those of which one guest has more than its share, or of all. */
static size_t least_missed(const struct hb_history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		if (history->held[i] > HB_HISTORY_SHARE)
			return i;
	}
	return 0;
}

static void forget(struct hb_history *history, size_t i)
{
	const struct hb_deed gone = history->deeds[i];
	const size_t left = --history->count - i;
	bool gap = true;

	memmove(&history->deeds[i], &history->deeds[i + 1], left * sizeof(history->deeds[0]));
	memmove(&history->numbers[i], &history->numbers[i + 1], left * sizeof(history->numbers[0]));
	memmove(&history->held[i], &history->held[i + 1], left * sizeof(history->held[0]));
	for (size_t j = 0; j < history->count; j++) {
		if (!hb_deed_same_guest(&history->deeds[j], &gone))
			continue;
		history->held[j]--;
		history->deeds[j].gap |= gap;
		gap = false;
	}
}

void hb_history_add(struct hb_history *history, const struct hb_deed *deed)
{
	unsigned int held = 1;
	size_t i;

	if (history->count == HB_HISTORY_DEEDS)
		forget(history, least_missed(history));
	i = history->count++;
	history->deeds[i] = *deed;
	history->numbers[i] = history->added++;
	for (size_t j = 0; j < i; j++) {
		if (hb_deed_same_guest(&history->deeds[j], deed))
			held = ++history->held[j];
	}
	history->held[i] = held;
}

const struct hb_deed *hb_history_at(const struct hb_history *history, size_t i)
{
	return i < history->count ? &history->deeds[i] : NULL;
}

uint64_t hb_history_since_ms(const struct hb_history *history)
{
	return history->count == HB_HISTORY_DEEDS ? history->deeds[0].time_ms : 0;
}

const struct hb_deed *hb_history_since(const struct hb_history *history, uint64_t *seen)
{
	size_t i = history->count;

	while (i && history->numbers[i - 1] >= *seen)
		i--;
	if (i == history->count)
		return NULL;
	*seen = history->numbers[i] + 1;
	return &history->deeds[i];
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
	snprintf(text, HB_DEED_LINE, "%s%" PRIu64 " %" PRIu32 " %s %" PRIu64 " %" PRIu64 " %s %s\n",
		 deed->gap ? "~" : "", deed->time_ms, deed->domid, *deed->uuid ? deed->uuid : "-", deed->from_kib,
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

	*deed = (struct hb_deed){ .gap = *line == '~' };
	line += deed->gap;
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
