/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects: how they are made and released, and what is in those that are read by functions. */
#include <stdlib.h>
#include <string.h>

#include "objects.h"
#include "results.h"

const char *hb_version(void)
{
	return HB_VERSION;
}

unsigned int hb_api_version(void)
{
	return HB_API_VERSION;
}

#define MAKE(name) \
	struct hb_##name *hb_##name##_new(void) \
	{ \
		return calloc(1, sizeof(struct hb_##name)); \
	}

#define OBJECT(name) \
	MAKE(name) \
	void hb_##name##_free(struct hb_##name *object) \
	{ \
		free(object); \
	}

OBJECT(error)
OBJECT(domain)
OBJECT(host_memory)
OBJECT(set_request)
OBJECT(set_result)
OBJECT(max_request)
OBJECT(wait_request)
OBJECT(limits)
OBJECT(limits_change)
OBJECT(free_request)
MAKE(free_result)
OBJECT(reservation)
OBJECT(reserve_request)
OBJECT(room_request)
OBJECT(still_request)
OBJECT(watch_request)
OBJECT(findings)
OBJECT(explanation)

void hb_free_result_clear(struct hb_free_result *result)
{
	free(result->entries);
	memset(result, 0, sizeof(*result));
}

void hb_free_result_free(struct hb_free_result *result)
{
	if (result)
		hb_free_result_clear(result);
	free(result);
}

struct hb_still_result *hb_still_result_new(void)
{
	struct hb_still_result *result = calloc(1, sizeof(*result));

	if (result)
		result->fd = -1;
	return result;
}

void hb_still_result_free(struct hb_still_result *result)
{
	free(result);
}

/* In front of what callers get: the block with the objects. */
#define IN_FRONT 1

void *hb_array_of(void *values, size_t *count, size_t size, enum hb_code *code,
		  struct hb_error *error)
{
	void **block = *code ? NULL : malloc((IN_FRONT + *count + 1) * sizeof(*block));

	if (!*code && !block)
		*code = hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	if (*code) {
		free(values);
		*count = 0;
		return NULL;
	}
	block[0] = values;
	for (size_t i = 0; i < *count; i++)
		block[IN_FRONT + i] = (char *)values + i * size;
	block[IN_FRONT + *count] = NULL;
	return block + IN_FRONT;
}

static void array_free(void *array)
{
	void **block = array ? (void **)array - IN_FRONT : NULL;

	if (block)
		free(block[0]);
	free(block);
}

#define ARRAY(name, type) \
	void hb_##name##_free(struct hb_##type **array) \
	{ \
		array_free(array); \
	}

ARRAY(domains, domain)
ARRAY(limits_list, limits_entry)
ARRAY(reservations, reservation)
ARRAY(examinations, examination)

/* READ(type, of, name, value): hb_OF_NAME() of a struct hb_OF, which is it. */
#define READ(type, of, name, value) \
	type hb_##of##_##name(const struct hb_##of *it) \
	{ \
		return value; \
	}

/* The same of one of many, by its number i. */
#define READ_AT(type, of, name, value) \
	type hb_##of##_##name(const struct hb_##of *it, unsigned int i) \
	{ \
		return value; \
	}

READ(const struct hb_domain *, set_result, before, &it->before)
READ(const struct hb_domain *, set_result, after, &it->after)
READ(uint64_t, set_result, size_kib, it->size_kib)
READ(uint64_t, set_result, target_kib, it->target_kib)
READ(bool, set_result, is_done, it->done)
READ(uint64_t, set_result, kept_kib, it->kept_kib)
READ(uint64_t, set_result, waited_ms, it->waited_ms)
READ(unsigned int, set_result, steps, it->nr_steps)
READ_AT(const struct hb_step *, set_result, step, i < it->nr_steps ? &it->steps[i] : NULL)
READ(unsigned int, set_result, notes, it->nr_notes)
READ_AT(const char *, set_result, note, i < it->nr_notes ? it->notes[i] : NULL)

READ(uint64_t, free_result, before_kib, it->before_kib)
READ(uint64_t, free_result, after_kib, it->after_kib)
READ(uint64_t, free_result, coming_kib, it->coming_kib)
READ(uint64_t, free_result, waited_ms, it->waited_ms)
READ(unsigned int, free_result, donors, it->count)
READ_AT(const struct hb_domain *, free_result, domain, i < it->count ? &it->entries[i].domain : NULL)
READ_AT(uint64_t, free_result, from_kib, i < it->count ? it->entries[i].from_kib : 0)
READ_AT(uint64_t, free_result, to_kib, i < it->count ? it->entries[i].to_kib : 0)
READ_AT(bool, free_result, is_stuck, i < it->count && it->entries[i].stuck)

READ(const struct hb_domain *, still_result, domain, &it->domain)
READ(enum hb_still_answer, still_result, answer, it->answer)
READ(bool, still_result, is_taken_over, it->taken_over)
READ(uint64_t, still_result, from_kib, it->from_kib)
READ(uint64_t, still_result, kept_kib, it->kept_kib)
READ(uint64_t, still_result, waited_ms, it->waited_ms)
READ(int, still_result, fd, it->fd)

READ(unsigned int, findings, count, it->count)
READ_AT(const struct hb_finding *, findings, at, i < it->count ? &it->list[i] : NULL)

READ(const struct hb_domain *, explanation, domain, &it->domain)
READ(const struct hb_host_memory *, explanation, host, &it->host)
READ(const struct hb_limits *, explanation, limits, &it->limits)
READ(const struct hb_findings *, explanation, findings, &it->findings)
READ(unsigned int, explanation, reasons, it->nr_reasons)
READ_AT(const char *, explanation, reason, i < it->nr_reasons ? it->reasons[i] : NULL)

READ(const struct hb_domain *, examination, domain, &it->domain)
READ(const struct hb_findings *, examination, findings, &it->findings)
