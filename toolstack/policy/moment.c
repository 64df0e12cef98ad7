/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "minmax.h"
#include "moment.h"
#include "value.h"

bool hb_moment_is_boot(const char *text, size_t length)
{
	return length == HB_BOOT_TEXT - 1 && strspn(text, "0123456789abcdef-") >= length;
}

static bool parse_number(const char *text, size_t length, uint64_t *value)
{
	struct hb_number number = hb_value_number(text, length, INT64_MAX);

	*value = number.value;
	return number.presence == HB_PRESENT;
}

bool hb_moment_parse(const char *text, size_t length, struct hb_moment *moment)
{
	const char *seconds = memchr(text, ',', length), *boot, *end = text + length;

	memset(moment, 0, sizeof(*moment));
	if (!seconds)
		return parse_number(text, length, &moment->wall_s);
	boot = memchr(seconds + 1, ',', end - seconds - 1);
	if (!boot || !hb_moment_is_boot(boot + 1, end - boot - 1))
		return false;
	memcpy(moment->boot, boot + 1, end - boot - 1);
	return parse_number(text, seconds - text, &moment->wall_s) &&
	       parse_number(seconds + 1, boot - seconds - 1, &moment->boot_s);
}

char *hb_moment_format(const struct hb_moment *moment, char text[HB_MOMENT_TEXT])
{
	int used = snprintf(text, HB_MOMENT_TEXT, "%" PRIu64, moment->wall_s);

	if (*moment->boot)
		snprintf(text + used, HB_MOMENT_TEXT - used, ",%" PRIu64 ",%s", moment->boot_s, moment->boot);
	return text;
}

struct hb_moment hb_moment_in(const struct hb_clock *clock, uint64_t seconds)
{
	struct hb_moment moment = {
		.wall_s = clock->wall_s + seconds, .boot_s = *clock->boot ? clock->boot_s + seconds : 0,
	};

	memcpy(moment.boot, clock->boot, sizeof(moment.boot));
	return moment;
}

bool hb_moment_of_this_boot(const struct hb_moment *moment, const struct hb_clock *clock)
{
	return !strcmp(moment->boot, clock->boot);
}

uint64_t hb_moment_left_s(const struct hb_moment *moment, const struct hb_clock *clock)
{
	const uint64_t left = less(moment->wall_s, clock->wall_s);
	const uint64_t most = less(HB_MOMENT_MOST_S, clock->boot_s);

	if (*clock->boot && hb_moment_of_this_boot(moment, clock))
		return less(moment->boot_s, clock->boot_s);
	return left < most ? left : most;
}
