/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pace.h"

/* Between two rounds, and between two that nobody waits for. */
#define ROUND_MS 100
#define CALM_MS 1000
/*
 * What a reading of a domain costs it, as long as it has credit left: who is read four times a
 * second on and on, which a busy guest of ours is not, pays all of it back. Ten times a second
 * lasts a minute.
 */
#define READ_MS 250
#define CREDIT_MS 90000
/*
 * One that has used it up is left alone for so long, and pays for that and the reading: however it
 * writes, it stays where it is, but no further off than that. One that writes once a second is heard
 * each other second, whenever in it that is, and pays back.
 */
#define FLOOD_MS 1500
#define DEBT_MS (CREDIT_MS + 2 * FLOOD_MS)

static void bring_forward(struct hb_pace *pace, uint64_t to_ms)
{
	if (to_ms < pace->round_ms)
		pace->round_ms = to_ms;
}

void hb_pace_wake(struct hb_pace *pace, uint64_t now_ms)
{
	pace->round_ms = now_ms;
}

void hb_pace_hear(struct hb_pace *pace, bool due, bool news, uint64_t now_ms)
{
	if (due)
		bring_forward(pace, pace->last_ms ? pace->last_ms + ROUND_MS : now_ms);
	if (news)
		bring_forward(pace, pace->last_ms + CALM_MS);
}

void hb_pace_begin(struct hb_pace *pace, uint64_t now_ms)
{
	pace->last_ms = now_ms;
	pace->round_ms = now_ms + CALM_MS;
}

void hb_pace_end(struct hb_pace *pace, uint64_t next_ms, unsigned int look_s, bool idle)
{
	if (idle && next_ms < pace->last_ms + CALM_MS)
		next_ms = pace->last_ms + CALM_MS;
	pace->round_ms = pace->last_ms + look_s * 1000ULL;
	bring_forward(pace, next_ms);
}

void hb_pace_put_off(struct hb_pace *pace, uint64_t now_ms)
{
	pace->round_ms = now_ms + CALM_MS;
}

uint64_t hb_pace_until_ms(uint64_t now_ms)
{
	return now_ms + ROUND_MS;
}

uint64_t hb_pace_again_ms(uint64_t now_ms)
{
	return now_ms + CALM_MS;
}

bool hb_pace_floods(uint64_t paid_ms, uint64_t now_ms)
{
	return paid_ms > now_ms && paid_ms - now_ms > CREDIT_MS;
}

uint64_t hb_pace_read_ms(uint64_t *paid_ms, uint64_t now_ms, unsigned int every_ms)
{
	const unsigned int wait_ms = hb_pace_floods(*paid_ms, now_ms) ? FLOOD_MS : 0;

	*paid_ms = (*paid_ms > now_ms ? *paid_ms : now_ms) + wait_ms + READ_MS;
	if (*paid_ms > now_ms + DEBT_MS)
		*paid_ms = now_ms + DEBT_MS;
	return now_ms + (wait_ms ? wait_ms : every_ms);
}
