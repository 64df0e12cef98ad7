/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "advice.h"
#include "error.h"
#include "follow.h"
#include "wait.h"

struct advice {
	const char *what, *remedy;
};

static const struct advice by_cause[HB_CAUSE_COUNT] = {
	[HB_CAUSE_NONE] = { "its driver names no cause", "look at the guest's kernel log" },
	[HB_CAUSE_GUEST_BUSY] = {
		"the guest's memory is in use",
		"free memory in the guest or set a larger size; its driver keeps trying",
	},
	[HB_CAUSE_GUEST_FLOOR] = {
		"the guest needs what is left to stay alive",
		"free memory in the guest or set a larger size",
	},
	[HB_CAUSE_HOST_OUT_OF_MEMORY] = {
		"Xen gives it no more memory",
		"shrink another guest; this one goes on as soon as memory is free",
	},
	[HB_CAUSE_ABOVE_MAX] = {
		"the guest may not have more: Xen's limit for it, or its address window",
		"raise the limit; the window is that of its hardware",
	},
	[HB_CAUSE_OFFLINE_PENDING] = {
		"the guest could not put its new memory online",
		"look at the guest's kernel log; its driver keeps trying",
	},
	[HB_CAUSE_BACKEND_GONE] = {
		"Xen refuses the guest's memory calls altogether",
		"look at the guest's kernel log, and at Xen's and the security policy of the host",
	},
	[HB_CAUSE_BAD_TARGET] = {
		"the guest could not read its target",
		"set the size again",
	},
	[HB_CAUSE_PAGING_POOL] = {
		"its paging pool has no room for the page tables that Xen needs to take memory back",
		"set the size again, which enlarges the pool if the host has memory for that; or set a larger size",
	},
	[HB_CAUSE_STILL] = {
		"the host has asked it to keep its memory as it is, for a save or a migration",
		"it goes on when that is over",
	},
	[HB_CAUSE_SWAPPING] = {
		"the guest swaps out what nobody uses, which takes its time",
		"wait longer, or set a larger size; it goes on by itself",
	},
};

const char *hb_advice_what(enum hb_cause cause)
{
	return by_cause[cause].what;
}

const char *hb_advice_remedy(enum hb_cause cause)
{
	return by_cause[cause].remedy;
}

static const struct advice without_report = {
	"the guest reports nothing",
	"check that a balloon driver runs in it, and that it puts added memory online if it is to grow beyond its boot maximum",
};

const char *hb_advice_no_report(void)
{
	return without_report.remedy;
}

static const struct advice wrong_report = {
	"its driver reports something else than Xen counts",
	"look at the guest; Xen's number is the one that counts",
};

static const struct advice stale_report = {
	"its driver acts on another target: it has not seen this one, or hangs",
	"look at the guest: does it hang? If it lives, unload and load xen-hotballoon in it",
};

const char *hb_advice_stale_report(void)
{
	return stale_report.remedy;
}

const char *hb_advice_same_uuid(void)
{
	return "give one another uuid= in its configuration, and build it anew";
}

/* Does what its driver says count? */
static bool reports(const struct hb_domain *domain)
{
	return domain->driver == HB_DRIVER_HOTBALLOON && hb_wait_believes(domain);
}

static enum hb_reason reason_for(const struct hb_domain *domain)
{
	if (hb_follow_is_stale(domain))
		return HB_REASON_STALE_REPORT;
	if (reports(domain))
		return hb_reason_of_cause(domain->report.cause.value);
	return domain->driver == HB_DRIVER_HOTBALLOON ? HB_REASON_WRONG_REPORT : HB_REASON_NO_REPORT;
}

static const struct advice *advice_for(const struct hb_domain *domain)
{
	if (hb_follow_is_stale(domain))
		return &stale_report;
	if (reports(domain))
		return &by_cause[domain->report.cause.value];
	return domain->driver == HB_DRIVER_HOTBALLOON ? &wrong_report : &without_report;
}

enum hb_code hb_advise_stuck(const struct hb_domain *domain, uint64_t position_kib,
			     uint64_t goal_kib, struct hb_error *error)
{
	const struct hb_number *floor = &domain->report.floor;
	/* No more than it has. */
	uint64_t least_kib = floor->value < position_kib ? floor->value : position_kib;
	const struct advice *advice = advice_for(domain);
	bool cause = reports(domain) && advice != &stale_report;
	char who[HB_WHO_TEXT], at[HB_SIZE_TEXT], goal[HB_SIZE_TEXT], least[HB_SIZE_TEXT];

	hb_fail(error, reason_for(domain), "%s stopped at %s on its way to %s: %s%s%s%s",
		hb_who(domain, who), hb_size_human(position_kib + domain->videoram_kib, at),
		hb_size_human(goal_kib + domain->videoram_kib, goal), advice->what,
		cause ? " (" : "", cause ? hb_report_cause_name(&domain->report.cause) : "",
		cause ? ")" : "");
	hb_remedy(error, "%s", advice->remedy);
	if (advice == &by_cause[HB_CAUSE_GUEST_FLOOR] && floor->presence == HB_PRESENT)
		hb_remedy(error, "free memory in the guest or set at least %s",
			  hb_at_least(least_kib + domain->videoram_kib, least));
	hb_about(error, domain, 0);
	hb_advise_lost(domain, error);
	return HB_E_STUCK;
}

void hb_advise_lost(const struct hb_domain *domain, struct hb_error *error)
{
	char so_far[sizeof(error->remedy)];
	uint64_t size_kib;

	if (!hb_would_be_lost(domain, &size_kib))
		return;
	strcpy(so_far, error->remedy);
	hb_remedy(error, "%s%sa save or a migration now would lose it", so_far,
		  so_far[0] ? "; " : "");
	hb_about(error, domain, size_kib);
}

/* Of a driver that reports, what the cause calls for is done with that. */
void hb_advise_kept(const struct hb_domain *domain, uint64_t kept_kib, struct hb_error *error)
{
	bool spoken = reports(domain) && !hb_follow_is_stale(domain);
	const char *look = spoken ? NULL : advice_for(domain)->remedy;
	char size[HB_SIZE_TEXT];

	hb_remedy(error, "%s%sits size is %s now, what it holds: with a smaller one a save or a migration would lose it; set that again when the guest can give more",
		  look ? look : "", look ? "; " : "", hb_size_human(kept_kib, size));
	hb_about(error, domain, 0);
}
