// SPDX-License-Identifier: GPL-2.0-only
#include "told.h"

/* May a reader find a number in this epoch that was meant for one before? */
static bool is_astray(const struct hb_told *told, int epoch)
{
	return told->astray || (told->epoch != epoch && (told->value || told->tried));
}

static void begin(struct hb_told *told, int epoch)
{
	if (told->epoch != epoch)
		*told = (struct hb_told){ .epoch = epoch, .astray = is_astray(told, epoch) };
}

void hb_told_written(struct hb_told *told, int epoch, u64 value)
{
	*told = (struct hb_told){ .epoch = epoch, .there = true, .value = value };
}

unsigned int hb_told_failed(struct hb_told *told, int epoch, u64 value)
{
	begin(told, epoch);
	told->tried = value;
	if (!told->retry_ms)
		told->retry_ms = HB_RETRY_FIRST_MS;
	else if (told->retry_ms < HB_RETRY_MOST_MS)
		told->retry_ms *= 2;
	return told->retry_ms;
}

void hb_told_lost(struct hb_told *told)
{
	told->there = false;
}

bool hb_told_is(const struct hb_told *told, int epoch, u64 value)
{
	if (hb_told_holds(told, epoch))
		return value == told->value;
	return !value && !is_astray(told, epoch);
}

bool hb_told_news(struct hb_told *told, int epoch, u64 value)
{
	begin(told, epoch);
	if (hb_told_is(told, epoch, value)) {
		told->retry_ms = 0;
		return false;
	}
	return !told->retry_ms || value != told->tried;
}
