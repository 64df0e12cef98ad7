/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arrival.h"
#include "value.h"

#define WORDS 5

static bool split(const char *line, const char *words[WORDS], size_t lengths[WORDS])
{
	for (size_t i = 0; i < WORDS; i++) {
		words[i] = line;
		lengths[i] = strcspn(line, " ");
		line += lengths[i];
		if (!lengths[i] || !*line == (i < WORDS - 1))
			return false;
		line += !!*line;
	}
	return true;
}

static bool parse_who(const char *word, size_t length, char who[HB_ARRIVAL_WHO])
{
	if (length >= HB_ARRIVAL_WHO || strspn(word, "0123456789-") < length)
		return false;
	memcpy(who, word, length);
	return true;
}

static bool is_word(const char *word, size_t length, const char *text)
{
	return length == strlen(text) && !memcmp(word, text, length);
}

static bool parse_state(const char *word, size_t length, bool *made)
{
	*made = is_word(word, length, "made");
	return *made || is_word(word, length, "making");
}

bool hb_arrival_parse(const char *line, struct hb_arrival *arrival)
{
	struct hb_number kib, domid;
	const char *words[WORDS];
	size_t lengths[WORDS];

	memset(arrival, 0, sizeof(*arrival));
	if (!split(line, words, lengths))
		return false;
	kib = hb_value_number(words[0], lengths[0], HB_SIZE_MAX_KIB);
	domid = hb_value_number(words[2], lengths[2], UINT32_MAX);
	arrival->kib = kib.value;
	arrival->last_domid = domid.value;
	return kib.presence == HB_PRESENT && domid.presence == HB_PRESENT &&
	       hb_moment_parse(words[1], lengths[1], &arrival->until) &&
	       parse_who(words[3], lengths[3], arrival->who) &&
	       parse_state(words[4], lengths[4], &arrival->made);
}

char *hb_arrival_format(const struct hb_arrival *arrival, char text[HB_ARRIVAL_LINE])
{
	char until[HB_MOMENT_TEXT];

	snprintf(text, HB_ARRIVAL_LINE, "%" PRIu64 " %s %" PRIu32 " %s %s\n", arrival->kib,
		 hb_moment_format(&arrival->until, until), arrival->last_domid, arrival->who,
		 arrival->made ? "made" : "making");
	return text;
}

bool hb_arrival_lasts(const struct hb_arrival *arrival, const struct hb_clock *clock)
{
	return hb_moment_of_this_boot(&arrival->until, clock) &&
	       hb_moment_left_s(&arrival->until, clock);
}

static void remove_at(struct hb_arrivals *arrivals, size_t at)
{
	arrivals->count--;
	memmove(&arrivals->list[at], &arrivals->list[at + 1],
		(arrivals->count - at) * sizeof(arrivals->list[0]));
}

/* arrivals->count: nobody. */
static size_t find(const struct hb_arrivals *arrivals, const char *who)
{
	size_t at = 0;

	while (at < arrivals->count && strcmp(arrivals->list[at].who, who))
		at++;
	return at;
}

void hb_arrivals_put(struct hb_arrivals *arrivals, const struct hb_arrival *arrival)
{
	size_t at = find(arrivals, arrival->who);

	if (at == HB_ARRIVALS_MAX) {
		remove_at(arrivals, 0);
		at--;
	}
	arrivals->list[at] = *arrival;
	arrivals->count += at == arrivals->count;
}

void hb_arrivals_remove(struct hb_arrivals *arrivals, const char *who)
{
	size_t at = find(arrivals, who);

	if (at < arrivals->count)
		remove_at(arrivals, at);
}

/* The first that the domain can be; arrivals->count: none. */
static size_t find_for(const struct hb_arrivals *arrivals, uint32_t domid, bool made)
{
	size_t at = 0;

	while (at < arrivals->count &&
	       (domid <= arrivals->list[at].last_domid || arrivals->list[at].made != made))
		at++;
	return at;
}

bool hb_arrival_is_there(const struct hb_domain *domain)
{
	return domain->state != HB_DOMAIN_BUILDING || domain->maxmem_kib ||
	       domain->target.presence == HB_PRESENT;
}

void hb_arrivals_arrive(struct hb_arrivals *arrivals, uint32_t domid)
{
	size_t at = find_for(arrivals, domid, true);

	if (at == arrivals->count)
		at = find_for(arrivals, domid, false);
	if (at < arrivals->count)
		remove_at(arrivals, at);
}

uint64_t hb_arrivals_kib(const struct hb_arrivals *arrivals)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < arrivals->count; i++)
		kib += arrivals->list[i].kib;
	return kib;
}

static bool was_made(const struct hb_arrivals *before, const char *who)
{
	const size_t at = find(before, who);

	return at < before->count && before->list[at].made;
}

uint64_t hb_arrivals_since(const struct hb_arrivals *arrivals, const struct hb_arrivals *before)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < arrivals->count; i++) {
		const struct hb_arrival *one = &arrivals->list[i];

		if (one->made && !was_made(before, one->who))
			kib += one->kib;
	}
	return kib;
}
