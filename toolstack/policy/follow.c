/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "follow.h"
#include "wait.h"

/* A guest slower than 1 MiB/s does not move; see wait.c. */
#define MOVES_KIB_S 1024

static bool can_follow(const struct hb_domain *domain)
{
	/* Domain 0 is no guest, and what serves others is not sized. */
	return domain->domid && !domain->service && domain->state == HB_DOMAIN_RUNNING &&
	       domain->still == HB_STILL_NO && !domain->vnodes &&
	       domain->target.presence == HB_PRESENT;
}

bool hb_follow_is_there(const struct hb_domain *domain)
{
	return !can_follow(domain) || hb_wait_is_there(domain, domain->target.value);
}

bool hb_follow_is_stale(const struct hb_domain *domain)
{
	const struct hb_report *report = &domain->report;

	/* It may have seen the target, and could not read it: it says so then. */
	return domain->driver == HB_DRIVER_HOTBALLOON && report->goal.presence == HB_PRESENT &&
	       report->goal.value != domain->target.value &&
	       (report->cause.presence != HB_PRESENT || report->cause.value != HB_CAUSE_BAD_TARGET);
}

struct hb_follow hb_follow_judge(const struct hb_domain *first, const struct hb_domain *second,
				 uint64_t elapsed_ms)
{
	uint64_t goal = second->target.value, before, now;
	struct hb_follow follow = { .kind = HB_FOLLOW_THERE };

	if (hb_follow_is_there(second))
		return follow;
	before = hb_wait_gap(first, goal);
	now = hb_wait_gap(second, goal);
	follow.gap_kib = now;
	follow.above = hb_wait_position(second) > goal;
	if (first->target.value != goal ||
	    (before > now && before - now >= elapsed_ms * MOVES_KIB_S / 1000))
		follow.kind = HB_FOLLOW_MOVES;
	else
		follow.kind = hb_follow_is_stale(first) && hb_follow_is_stale(second) ? HB_FOLLOW_STALE : HB_FOLLOW_RESTS;
	return follow;
}
