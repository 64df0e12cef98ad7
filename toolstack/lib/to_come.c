/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lock.h"
#include "state.h"
#include "to_come.h"
#include "value.h"

#define FILE_NAME "to-come"
#define HEADER "hotballoon to-come 1"
#define NUMBERS 3

static bool read_line(const char *line, void *argument)
{
	static const uint64_t limits[NUMBERS] = { HB_SIZE_MAX_KIB, INT64_MAX, UINT32_MAX };
	uint64_t *values = argument;

	for (size_t i = 0; i < NUMBERS; i++) {
		size_t length = strcspn(line, " ");
		struct hb_number number = hb_value_number(line, length, limits[i]);

		if (number.presence != HB_PRESENT || !line[length] == (i < NUMBERS - 1))
			return false;
		values[i] = number.value;
		line += length + 1;
	}
	return true;
}

struct hb_to_come hb_to_come_kept(struct hb *hb)
{
	uint64_t values[NUMBERS] = { 0 };
	struct hb_error ignored;

	if (hb_state_read(hb, FILE_NAME, HEADER, read_line, values, NULL, &ignored) ||
	    (uint64_t)hb->host->ops->clock(hb->host).wall_s >= values[1])
		return (struct hb_to_come){ 0 };
	return (struct hb_to_come){ values[0], values[2] };
}

enum hb_code hb_to_come_keep(struct hb *hb, const struct hb_to_come *to_come, unsigned int seconds,
			     struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	struct hb_text body = { 0 };
	char line[80];
	enum hb_code code = hb_lock_host(hb, &patience, error);

	if (code)
		return code;
	snprintf(line, sizeof(line), "%" PRIu64 " %" PRIu64 " %" PRIu32 "\n", to_come->kib,
		 (uint64_t)hb->host->ops->clock(hb->host).wall_s + seconds, to_come->last_domid);
	if (seconds)
		hb_text_append(&body, line);
	code = hb_state_note(hb, FILE_NAME, HEADER, &body, error);
	hb_unlock_host(hb);
	free(body.text);
	return code;
}
