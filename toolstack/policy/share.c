/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "limit.h"
#include "motive.h"
#include "plan.h"
#include "share.h"
#include "wait.h"

/* The few pages of a domain being destroyed that others have mapped do not come back. */
#define KEPT_KIB 1024

static uint64_t pages_up(uint64_t kib)
{
	return (kib + HB_PAGE_KIB - 1) / HB_PAGE_KIB * HB_PAGE_KIB;
}

/* How much more readily than one of the largest weight. */
static uint64_t readiness(const struct hb_donor *donor)
{
	/* Exact enough for weights up to HB_WEIGHT_MAX, and 32751 of them fit a sum. */
	return (1ULL << 40) / donor->weight;
}

/* One round among those who have not given all yet; false if all of them can give theirs. */
static bool share_round(struct hb_donor *donors, size_t count, uint64_t need_kib)
{
	unsigned __int128 sum = 0;
	bool full = false;

	for (size_t i = 0; i < count; i++) {
		if (donors[i].give_kib < donors[i].can_kib)
			sum += readiness(&donors[i]);
	}
	for (size_t i = 0; i < count && sum; i++) {
		unsigned __int128 part = (unsigned __int128)need_kib * readiness(&donors[i]);

		if (donors[i].give_kib < donors[i].can_kib && part >= sum * donors[i].can_kib) {
			donors[i].give_kib = donors[i].can_kib;
			full = true;
		}
	}
	for (size_t i = 0; i < count && sum && !full; i++) {
		unsigned __int128 part = (unsigned __int128)need_kib * readiness(&donors[i]);

		if (donors[i].give_kib < donors[i].can_kib)
			donors[i].give_kib = pages_up((part + sum - 1) / sum);
	}
	return full;
}

static uint64_t total(const struct hb_donor *donors, size_t count)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < count; i++)
		kib += donors[i].give_kib;
	return kib;
}

uint64_t hb_share(struct hb_donor *donors, size_t count, uint64_t need_kib)
{
	uint64_t given = 0;

	for (size_t i = 0; i < count; i++)
		donors[i].give_kib = 0;
	while (given < need_kib && share_round(donors, count, need_kib - given))
		given = total(donors, count);
	return total(donors, count);
}

/* least_kib, or what its driver has said that it cannot go below: nobody counts on more. */
static uint64_t heed_floor(const struct hb_domain *domain, uint64_t least_kib)
{
	const struct hb_report *report = &domain->report;
	uint64_t floor = report->floor.value + domain->videoram_kib;

	if (report->cause.presence != HB_PRESENT || report->cause.value != HB_CAUSE_GUEST_FLOOR ||
	    report->floor.presence != HB_PRESENT)
		return least_kib;
	return floor > least_kib ? floor : least_kib;
}

/* least_kib, or what an agent in the guest says that it uses: less would make it swap, or die. */
static uint64_t heed_use(const struct hb_domain *domain, uint64_t least_kib)
{
	uint64_t used = hb_plan_used_kib(domain);

	return used > least_kib ? used : least_kib;
}

uint64_t hb_share_can_give(const struct hb_domain *domain, const struct hb_limits *limits,
			   const char **why)
{
	uint64_t size = domain->target.value + domain->videoram_kib;
	uint64_t min = hb_limits_range(domain, limits).min_kib;
	uint64_t least = pages_up(heed_use(domain, heed_floor(domain, min)));

	*why = hb_obstacle_text(hb_may_size(domain, limits));
	if (!*why && hb_plan_unsettled_kib(domain))
		*why = hb_motive_text(HB_MOTIVE_POPULATING);
	if (*why)
		return 0;
	if (size > least)
		return (size - least) / HB_PAGE_KIB * HB_PAGE_KIB;
	*why = size > min ? "it uses or needs what it has" : "it is at its minimum";
	return 0;
}

uint64_t hb_share_coming(const struct hb_domain *domain)
{
	/* What it may take again is promised as soon as it has come. */
	uint64_t least = heed_floor(domain, domain->target.value + domain->videoram_kib) +
			 domain->headroom.value;

	if (domain->state == HB_DOMAIN_DYING)
		return domain->actual_kib > KEPT_KIB ? domain->actual_kib : 0;
	if (domain->state != HB_DOMAIN_RUNNING || domain->target.presence != HB_PRESENT ||
	    domain->service || domain->claimed_kib || domain->still != HB_STILL_NO)
		return 0;
	return domain->actual_kib > least + hb_wait_tolerance_kib(domain) ? domain->actual_kib - least : 0;
}
