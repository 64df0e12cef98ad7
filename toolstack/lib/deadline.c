/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "deadline.h"

unsigned int hb_call_limit_ms(struct hb_host *host)
{
	uint64_t now = host->ops->now_ms(host), left;

	if (!host->deadline_ms)
		return HB_CALL_MS;
	left = host->deadline_ms > now ? host->deadline_ms - now : 0;
	if (left < HB_CALL_LEAST_MS)
		return HB_CALL_LEAST_MS;
	return left < HB_CALL_MS ? left : HB_CALL_MS;
}

uint64_t hb_wait_limit_ms(struct hb_host *host, uint64_t most_ms)
{
	uint64_t now = host->ops->now_ms(host), end = host->deadline_ms + HB_CALL_LEAST_MS;

	if (!host->deadline_ms || end >= now + most_ms)
		return most_ms;
	return end > now ? end - now : 0;
}

uint64_t hb_deadline_begin(struct hb *hb, unsigned int timeout_s)
{
	struct hb_host *host = hb->host;
	uint64_t before = host->deadline_ms;
	uint64_t deadline = host->ops->now_ms(host) + timeout_s * 1000ULL;

	if (timeout_s && (!before || deadline < before))
		host->deadline_ms = deadline;
	return before;
}

uint64_t hb_deadline_now(struct hb *hb)
{
	uint64_t before = hb->host->deadline_ms, now = hb->host->ops->now_ms(hb->host);

	/* 0 is none. */
	hb->host->deadline_ms = now ? now : 1;
	return before;
}

void hb_deadline_end(struct hb *hb, uint64_t before)
{
	hb->host->deadline_ms = before;
}

void hb_set_time_limit(struct hb *hb, unsigned int seconds)
{
	hb_deadline_end(hb, 0);
	hb_deadline_begin(hb, seconds);
}
