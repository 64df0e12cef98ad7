/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of our state files: what is read is written back as what it was. */
#include "arrival.h"
#include "common.h"
#include "fuzz.h"
#include "history.h"
#include "limit.h"
#include "reservation.h"

static void check_limits(const char *line)
{
	struct hb_limits_entry entry, again;
	char text[HB_LIMITS_LINE], unknown[HB_LIMITS_UNKNOWN], kept[HB_LIMITS_UNKNOWN];

	if (!hb_limits_parse_all(line, &entry, unknown))
		return;
	hb_limits_format(&entry, unknown, text);
	MUST(strchr(text, '\n') == text + strlen(text) - 1);
	*strchr(text, '\n') = '\0';
	MUST(hb_limits_parse_all(text, &again, kept));
	MUST(!strcmp(unknown, kept));
	MUST(common_same_limits(&entry.limits, &again.limits));
	MUST(!strcmp(entry.uuid, again.uuid));
}

static void check_reservation(const char *line)
{
	struct hb_reservation reservation, again;
	struct hb_moment until, until_again;
	char text[HB_RESERVATION_LINE];

	if (!hb_reservation_parse(line, &reservation, &until))
		return;
	hb_reservation_format(&reservation, &until, text);
	MUST(strchr(text, '\n') == text + strlen(text) - 1);
	*strchr(text, '\n') = '\0';
	MUST(hb_reservation_parse(text, &again, &until_again));
	MUST(!strcmp(reservation.name, again.name) && reservation.kib == again.kib &&
	     !memcmp(&until, &until_again, sizeof(until)));
}

static void check_arrival(const char *line)
{
	struct hb_arrival arrival, again;
	char text[HB_ARRIVAL_LINE];

	if (!hb_arrival_parse(line, &arrival))
		return;
	hb_arrival_format(&arrival, text);
	MUST(strchr(text, '\n') == text + strlen(text) - 1);
	*strchr(text, '\n') = '\0';
	MUST(hb_arrival_parse(text, &again));
	MUST(!memcmp(&arrival, &again, sizeof(arrival)));
}

static void check_deed(const char *line)
{
	struct hb_deed deed, again;
	char text[HB_DEED_LINE];

	if (!hb_deed_parse(line, &deed))
		return;
	hb_deed_format(&deed, text);
	MUST(strchr(text, '\n') == text + strlen(text) - 1);
	MUST(hb_deed_parse(text, &again));
	MUST(deed.time_ms == again.time_ms && deed.domid == again.domid && deed.reason == again.reason &&
	     deed.from_kib == again.from_kib && deed.to_kib == again.to_kib);
	MUST(!strcmp(deed.name, again.name) && !strcmp(deed.uuid, again.uuid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char line[1024];

	fuzz_text(line, sizeof(line), data, size);
	check_limits(line);
	check_reservation(line);
	check_arrival(line);
	check_deed(line);
	return 0;
}
