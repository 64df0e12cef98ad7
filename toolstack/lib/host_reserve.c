/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the host keeps for itself, if an administrator has said how much: a file of one line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "host_reserve.h"
#include "lock.h"
#include "state.h"
#include "value.h"

#define FILE_NAME HB_STATE_HOST
#define HEADER "hotballoon host 1"
#define WORD "reserve="

static bool read_line(const char *line, void *argument)
{
	struct hb_number *number = argument;

	if (strncmp(line, WORD, strlen(WORD)) || number->presence != HB_ABSENT)
		return false;
	line += strlen(WORD);
	*number = hb_value_number(line, strlen(line), HB_SIZE_MAX_KIB);
	return number->presence == HB_PRESENT && number->value % HB_PAGE_KIB == 0;
}

enum hb_code hb_host_reserve_get(struct hb *hb, struct hb_number *kib, struct hb_error *error)
{
	enum hb_code code;

	*kib = (struct hb_number){ HB_ABSENT, 0 };
	code = hb_state_read(hb, FILE_NAME, HEADER, read_line, kib, NULL, error);
	if (code)
		*kib = (struct hb_number){ HB_ABSENT, 0 };
	return code;
}

enum hb_code hb_host_reserve_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error)
{
	struct hb_number kib = { HB_ABSENT, 0 };
	struct hb_damage found = { 0 };
	enum hb_code code = hb_state_read(hb, FILE_NAME, HEADER, read_line, &kib, &found, error);

	damage->code = HB_OK;
	if (!code && found.lines)
		hb_state_describe(hb, FILE_NAME, HEADER, &found, damage);
	return code;
}

/* A file that cannot be read must not keep anybody from looking at the host. */
uint64_t hb_host_reserve_kib(struct hb *hb, uint64_t total_kib)
{
	struct hb_error ignored;
	struct hb_number kib;

	hb_host_reserve_get(hb, &kib, &ignored);
	return kib.presence == HB_PRESENT ? kib.value : hb_account_reserve_kib(total_kib);
}

static enum hb_code check(struct hb *hb, uint64_t kib, struct hb_error *error)
{
	char size[HB_SIZE_TEXT], total[HB_SIZE_TEXT];
	struct hb_host_memory memory;
	enum hb_code code = hb_host_memory(hb, &memory, error);

	if (code || (kib < memory.total_kib && kib % HB_PAGE_KIB == 0))
		return code;
	hb_fail(error, HB_REASON_TOO_LARGE, "the host cannot keep %s for itself: it has %s",
		hb_size_format(kib, size), hb_size_human(memory.total_kib, total));
	hb_remedy(error, "give a smaller size of whole pages; the usual one is %s",
		  hb_size_human(hb_account_reserve_kib(memory.total_kib), size));
	return HB_E_USAGE;
}

static enum hb_code write_line(struct hb *hb, const struct hb_number *kib, struct hb_error *error)
{
	struct hb_text body = { 0 };
	enum hb_code code;
	char line[64];

	if (kib->presence == HB_PRESENT) {
		snprintf(line, sizeof(line), WORD "%" PRIu64 "\n", kib->value);
		hb_text_append(&body, line);
	}
	code = hb_state_replace(hb, FILE_NAME, HEADER, &body, error);
	free(body.text);
	return code;
}

enum hb_code hb_host_reserve_set(struct hb *hb, const struct hb_number *kib, struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	enum hb_code code = kib->presence == HB_PRESENT ? check(hb, kib->value, error) : HB_OK;

	if (!code)
		code = hb_lock_host(hb, &patience, error);
	if (code)
		return code;
	code = write_line(hb, kib, error);
	hb_unlock_host(hb);
	return code;
}
