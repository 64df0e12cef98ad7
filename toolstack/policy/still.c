/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "overhead.h"
#include "refusal.h"
#include "still.h"
#include "wait.h"

const char *hb_still_answer_name(enum hb_still_answer answer)
{
	static const char *const names[HB_STILL_ANSWER_COUNT] = {
		[HB_STILL_ANSWERED] = "answered",
		[HB_STILL_SILENT] = "silent",
		[HB_STILL_NO_DRIVER] = "no-driver",
	};

	return names[answer];
}

/*
 * What libxl lets a new domain hold above its target and video memory. For an HVM guest
 * with a maximum above its size it is another 1M (XSA-153), and the guest has that: which
 * of the two it is, its configuration says and nobody else.
 */
static uint64_t room_kib(const struct hb_domain *domain)
{
	return domain->type == HB_TYPE_HVM ? 2 * HB_MAXMEM_SLACK_KIB : HB_MAXMEM_SLACK_KIB;
}

/*
 * The target of a guest that rests where it is: what its driver counts, so that it has
 * nothing to do, as far as Xen's count says that this is enough and no more than it has.
 * Without a report it is a whole number of MiB: Xen counts less than that above a size.
 * What it has may exceed its maximum by the same little, which is no reason to raise that.
 */
static uint64_t resting_target(const struct hb_domain *domain)
{
	uint64_t most = domain->actual_kib - domain->videoram_kib;
	uint64_t least = most > HB_MAXMEM_SLACK_KIB ? most - HB_MAXMEM_SLACK_KIB : 0;
	uint64_t target = hb_wait_believes(domain) ? domain->report.current.value : most - most % 1024;
	uint64_t max = domain->static_max.presence == HB_PRESENT ? domain->static_max.value : 0;

	if (target > most)
		target = most;
	if (target > max && max >= least)
		target = max;
	if (target < least)
		target = least;
	return (target + HB_PAGE_KIB - 1) / HB_PAGE_KIB * HB_PAGE_KIB;
}

bool hb_would_be_lost(const struct hb_domain *domain, uint64_t *size_kib)
{
	bool alive = domain->state == HB_DOMAIN_RUNNING || domain->state == HB_DOMAIN_PAUSED;
	uint64_t room = domain->target.value + domain->videoram_kib + room_kib(domain);
	bool lost = alive && domain->domid && !domain->service && domain->target.presence == HB_PRESENT &&
		    domain->actual_kib > room;

	if (size_kib)
		*size_kib = lost ? resting_target(domain) + domain->videoram_kib : 0;
	return lost;
}

enum hb_code hb_still_check(const struct hb_domain *domain, struct hb_error *error)
{
	const char *what, *remedy;
	char who[HB_WHO_TEXT];

	if (!domain->domid) {
		hb_fail(error, HB_REASON_DOMAIN_0, "%s is domain 0, which is neither saved nor migrated",
			hb_who(domain, who));
		hb_remedy(error, "name a guest");
		return HB_E_REFUSED;
	}
	if (domain->service == HB_SERVICE_XENSTORE || domain->service == HB_SERVICE_DEVICE_MODEL) {
		hb_fail(error, HB_REASON_SERVES_OTHERS, "%s cannot be saved or migrated: it serves others (%s)",
			hb_who(domain, who), hb_service_name(domain->service));
		hb_remedy(error, "name a guest; its device model goes with it");
		return HB_E_REFUSED;
	}
	if (!hb_refusal_of_state(domain->state, &what, &remedy))
		return HB_OK;
	hb_fail(error, hb_refusal_reason(domain->state),
		"%s cannot be saved or migrated now: it is %s", hb_who(domain, who),
		hb_domain_state_name(domain->state));
	hb_remedy(error, "%s", domain->state == HB_DOMAIN_SAVING || domain->state == HB_DOMAIN_MIGRATING ?
		  "wait until what is under way has ended" : remedy);
	return HB_E_REFUSED;
}

bool hb_still_can_answer(const struct hb_domain *domain)
{
	return domain->driver == HB_DRIVER_HOTBALLOON && domain->state == HB_DOMAIN_RUNNING;
}

enum hb_still_answer hb_still_answer(const struct hb_domain *domain)
{
	if (domain->driver != HB_DRIVER_HOTBALLOON)
		return HB_STILL_NO_DRIVER;
	return domain->report.still.value == 1 ? HB_STILL_ANSWERED : HB_STILL_SILENT;
}
