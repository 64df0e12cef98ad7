/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "room.h"

#include "account.h"
#include "reserve.h"

#define POLL_MS 100
/* A manager that has brought nothing for so long has done what it can. */
#define STALL_MS 5000
/* For those before, if there is no time limit. */
#define AHEAD_MS 30000

struct wait {
	struct hb *hb;
	struct hb_room *room;
	uint64_t start_ms, moved_ms;	/* moved: when it last came nearer */
	uint64_t first_kib, least_kib;	/* what was lacking, and the least since */
	uint64_t ahead_kib;		/* what lacks for those before it */
};

static uint64_t now_ms(const struct wait *wait)
{
	return wait->hb->host->ops->now_ms(wait->hb->host);
}

static enum hb_code look(struct wait *wait, struct hb_error *error)
{
	struct hb_host_memory memory;
	struct hb_queue queue;
	enum hb_code code = hb_reserved_queue(wait->hb, wait->room->name, &queue, error);

	if (!code)
		code = hb_host_memory(wait->hb, &memory, error);
	if (code)
		return code;
	/* Another one may have come between the two looks. */
	memory.reserved_kib = queue.ahead_kib;
	wait->ahead_kib = hb_account_short_kib(&memory, 0);
	wait->room->kib = queue.own_kib;
	wait->room->lacks_kib = hb_account_short_kib(&memory, queue.own_kib);
	wait->room->waited_ms = now_ms(wait) - wait->start_ms;
	return HB_OK;
}

/* A page more or less is no way. */
static void follow(struct wait *wait)
{
	const uint64_t lacks = wait->room->lacks_kib;

	if (lacks + HB_PAGE_KIB >= wait->least_kib)
		return;
	wait->least_kib = lacks;
	wait->moved_ms = now_ms(wait);
}

/*
 * Is there somebody who may still bring it? Those before are left to themselves, but not for
 * ever: they may be reservations that nobody makes room for.
 */
static bool is_awaited(const struct wait *wait)
{
	const struct hb_room *room = wait->room;

	if (room->managed && now_ms(wait) - wait->moved_ms < STALL_MS)
		return true;
	return wait->ahead_kib &&
	       room->waited_ms < (room->timeout_s ? room->timeout_s * 500ULL : AHEAD_MS);
}

static bool report(const struct wait *wait)
{
	static const struct hb_domain host = { .name = "host" };
	const struct hb_room *room = wait->room;
	struct hb_progress progress = {
		.domain = &host, .goal_kib = wait->first_kib, .elapsed_ms = room->waited_ms,
		.now_kib = wait->first_kib > room->lacks_kib ? wait->first_kib - room->lacks_kib : 0,
	};

	return hb_report_progress(wait->hb, &progress);
}

static enum hb_code fail_timeout(const struct wait *wait, struct hb_error *error)
{
	const struct hb_room *room = wait->room;
	char lacks[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_TIMEOUT, "there is no room for %s after %u s: %s are lacking%s", room->name,
		room->timeout_s, hb_size_human(room->lacks_kib, lacks),
		wait->ahead_kib ? ", and others were set aside before" : "");
	hb_remedy(error, "wait longer, or give limits to more guests");
	return HB_E_TIMEOUT;
}

enum hb_code hb_room_wait(struct hb *hb, struct hb_room *room, struct hb_error *error)
{
	struct wait wait = { .hb = hb, .room = room };
	enum hb_code code;

	wait.start_ms = wait.moved_ms = now_ms(&wait);
	code = look(&wait, error);
	wait.first_kib = wait.least_kib = room->lacks_kib;
	while (!code && room->lacks_kib) {
		follow(&wait);
		if (room->timeout_s && room->waited_ms >= room->timeout_s * 1000ULL)
			return fail_timeout(&wait, error);
		if (!is_awaited(&wait))
			return HB_OK;
		if (!report(&wait))
			return hb_fail(error, HB_REASON_INTERRUPTED, "the wait was ended");
		hb->host->ops->sleep_ms(hb->host, POLL_MS);
		code = look(&wait, error);
	}
	return code;
}
