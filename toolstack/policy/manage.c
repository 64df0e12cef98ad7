/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three kinds of obstacles, in this order: the domain is none for managers at all; managers
 * are not, or no longer, who decides about it; or only now is no time.
 */
#include "error.h"
#include "limit.h"
#include "manage.h"
#include "refusal.h"

/* text: where it says more than the sentence of why it is left alone; it begins with "it". */
static const struct {
	enum hb_reason reason;
	enum hb_motive motive;
	const char *text;
} obstacles[HB_OBSTACLE_COUNT] = {
	[HB_OBSTACLE_NONE] = { HB_REASON_NONE, HB_MOTIVE_SETTLED, NULL },
	[HB_OBSTACLE_SERVICE] = { HB_REASON_SERVES_OTHERS, HB_MOTIVE_SERVICE, NULL },
	[HB_OBSTACLE_NUMA] = { HB_REASON_VIRTUAL_NUMA, HB_MOTIVE_NUMA, NULL },
	[HB_OBSTACLE_DAMAGED] = { HB_REASON_DAMAGED_FILE, HB_MOTIVE_LIMITS_DAMAGED, NULL },
	[HB_OBSTACLE_NO_LIMITS] = { HB_REASON_NO_LIMITS, HB_MOTIVE_MANUAL, NULL },
	[HB_OBSTACLE_OFF] = { HB_REASON_SIZING_OFF, HB_MOTIVE_OFF, NULL },
	[HB_OBSTACLE_NO_TARGET] = { HB_REASON_NO_TARGET, HB_MOTIVE_NO_TARGET, NULL },
	[HB_OBSTACLE_PINNED] = { HB_REASON_PINNED, HB_MOTIVE_PINNED, NULL },
	[HB_OBSTACLE_SQUEEZED] = { HB_REASON_SQUEEZED, HB_MOTIVE_OTHER_MANAGER, "xapi's squeezed sizes it" },
	[HB_OBSTACLE_QMEMMAN] = { HB_REASON_QMEMMAN, HB_MOTIVE_OTHER_MANAGER, "qmemman of Qubes OS sizes it" },
	[HB_OBSTACLE_PAUSED] = { HB_REASON_NOT_RUNNING, HB_MOTIVE_PAUSED, NULL },
	[HB_OBSTACLE_BUILDING] = { HB_REASON_BUILDING, HB_MOTIVE_BUILDING, NULL },
	[HB_OBSTACLE_SHUTDOWN] = { HB_REASON_SHUT_DOWN, HB_MOTIVE_SHUT_DOWN, "it is shut down" },
	[HB_OBSTACLE_CRASHED] = { HB_REASON_CRASHED, HB_MOTIVE_SHUT_DOWN, "it has crashed" },
	[HB_OBSTACLE_DYING] = { HB_REASON_DYING, HB_MOTIVE_DYING, NULL },
	[HB_OBSTACLE_SAVING] = { HB_REASON_SAVING, HB_MOTIVE_STILL,
				 "it is suspended, to be saved or to go to another host" },
	[HB_OBSTACLE_MIGRATING] = { HB_REASON_MIGRATING, HB_MOTIVE_STILL, "it is one end of a migration" },
	[HB_OBSTACLE_STILL] = { HB_REASON_KEPT_STILL, HB_MOTIVE_STILL, "it is told to keep its memory as it is" },
	[HB_OBSTACLE_CLAIM] = { HB_REASON_HAS_CLAIM, HB_MOTIVE_CLAIM, NULL },
};

static const enum hb_obstacle of_states[] = {
	[HB_DOMAIN_RUNNING] = HB_OBSTACLE_NONE,
	[HB_DOMAIN_PAUSED] = HB_OBSTACLE_PAUSED,
	[HB_DOMAIN_BUILDING] = HB_OBSTACLE_BUILDING,
	[HB_DOMAIN_SHUTDOWN] = HB_OBSTACLE_SHUTDOWN,
	[HB_DOMAIN_CRASHED] = HB_OBSTACLE_CRASHED,
	[HB_DOMAIN_DYING] = HB_OBSTACLE_DYING,
	[HB_DOMAIN_SAVING] = HB_OBSTACLE_SAVING,
	[HB_DOMAIN_MIGRATING] = HB_OBSTACLE_MIGRATING,
};

enum hb_reason hb_obstacle_reason(enum hb_obstacle obstacle)
{
	return obstacles[obstacle].reason;
}

enum hb_motive hb_obstacle_motive(enum hb_obstacle obstacle)
{
	return obstacles[obstacle].motive;
}

const char *hb_obstacle_text(enum hb_obstacle obstacle)
{
	if (!obstacle || obstacles[obstacle].text)
		return obstacles[obstacle].text;
	return hb_motive_text(obstacles[obstacle].motive);
}

static enum hb_obstacle of_limits(const struct hb_domain *domain, const struct hb_limits *limits)
{
	if (limits->damaged)
		return HB_OBSTACLE_DAMAGED;
	if (limits->mode == HB_MODE_MANUAL)
		return HB_OBSTACLE_NO_LIMITS;
	if (limits->mode == HB_MODE_OFF)
		return HB_OBSTACLE_OFF;
	if (domain->target.presence != HB_PRESENT)
		return HB_OBSTACLE_NO_TARGET;
	return hb_limits_is_set(domain, limits) ? HB_OBSTACLE_NONE : HB_OBSTACLE_PINNED;
}

static enum hb_obstacle of_now(const struct hb_domain *domain)
{
	if (of_states[domain->state])
		return of_states[domain->state];
	if (domain->still != HB_STILL_NO)
		return HB_OBSTACLE_STILL;
	return domain->claimed_kib ? HB_OBSTACLE_CLAIM : HB_OBSTACLE_NONE;
}

enum hb_obstacle hb_may_size(const struct hb_domain *domain, const struct hb_limits *limits)
{
	enum hb_obstacle kept = of_limits(domain, limits);

	if (domain->service)
		return HB_OBSTACLE_SERVICE;
	if (domain->vnodes)
		return HB_OBSTACLE_NUMA;
	if (kept)
		return kept;
	if (domain->squeezed)
		return HB_OBSTACLE_SQUEEZED;
	return domain->qmemman ? HB_OBSTACLE_QMEMMAN : of_now(domain);
}

bool hb_limits_automatic(const struct hb_domain *domain, const struct hb_limits *limits,
			 const char **why)
{
	*why = domain->service ? hb_refusal_why_service(domain->service) :
	       hb_obstacle_text(of_limits(domain, limits));
	return !*why;
}

enum hb_code hb_refuse_obstacle(const struct hb_domain *domain, enum hb_obstacle obstacle,
				struct hb_error *error)
{
	char who[HB_WHO_TEXT];

	if (!obstacle)
		return HB_OK;
	hb_fail(error, obstacles[obstacle].reason, "managers leave %s alone: %s", hb_who(domain, who),
		hb_obstacle_text(obstacle));
	hb_about(error, domain, 0);
	return error->code;
}

bool hb_limits_is_to_note(const struct hb_domain *domain, const struct hb_limits *limits)
{
	if (limits->set.presence != HB_PRESENT || domain->state != HB_DOMAIN_RUNNING)
		return false;
	if (hb_may_size(domain, limits) == HB_OBSTACLE_PINNED)
		return true;
	return limits->mode == HB_MODE_AUTO && hb_limits_is_set(domain, limits) &&
	       !hb_limits_is_of(limits, domain);
}
