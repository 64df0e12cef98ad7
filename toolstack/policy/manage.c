/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three kinds of obstacles, in this order: the domain is none for managers at all; managers
 * are not, or no longer, who decides about it; or only now is no time.
 */
#include "error.h"
#include "limit.h"
#include "manage.h"
#include "refusal.h"

/* text begins with "it". */
static const struct {
	enum hb_reason reason;
	const char *text;
} obstacles[HB_OBSTACLE_COUNT] = {
	[HB_OBSTACLE_NONE] = { HB_REASON_NONE, NULL },
	[HB_OBSTACLE_SERVICE] = { HB_REASON_SERVES_OTHERS, "it works for other domains and is not sized" },
	[HB_OBSTACLE_NUMA] = { HB_REASON_VIRTUAL_NUMA, "it has virtual NUMA nodes" },
	[HB_OBSTACLE_NO_LIMITS] = { HB_REASON_NO_LIMITS, "nobody has given it limits" },
	[HB_OBSTACLE_OFF] = { HB_REASON_SIZING_OFF, "automatic sizing is off for it" },
	[HB_OBSTACLE_NO_TARGET] = { HB_REASON_NO_TARGET, "it has no target in xenstore, or an invalid one" },
	[HB_OBSTACLE_PINNED] = { HB_REASON_PINNED, "a person or another tool has set its size: it is pinned" },
	[HB_OBSTACLE_SQUEEZED] = { HB_REASON_SQUEEZED, "xapi's squeezed sizes it" },
	[HB_OBSTACLE_QMEMMAN] = { HB_REASON_QMEMMAN, "qmemman of Qubes OS sizes it" },
	[HB_OBSTACLE_PAUSED] = { HB_REASON_NOT_RUNNING, "it is paused" },
	[HB_OBSTACLE_BUILDING] = { HB_REASON_BUILDING, "it is being built" },
	[HB_OBSTACLE_SHUTDOWN] = { HB_REASON_SHUT_DOWN, "it is shut down" },
	[HB_OBSTACLE_CRASHED] = { HB_REASON_CRASHED, "it has crashed" },
	[HB_OBSTACLE_DYING] = { HB_REASON_DYING, "it is being destroyed" },
	[HB_OBSTACLE_SAVING] = { HB_REASON_SAVING, "it is suspended, to be saved or to go to another host" },
	[HB_OBSTACLE_MIGRATING] = { HB_REASON_MIGRATING, "it is one end of a migration" },
	[HB_OBSTACLE_STILL] = { HB_REASON_KEPT_STILL, "it is told to keep its memory as it is" },
	[HB_OBSTACLE_CLAIM] = { HB_REASON_HAS_CLAIM, "it has a claim, and older Xens set aside for that what it gives back" },
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

const char *hb_obstacle_text(enum hb_obstacle obstacle)
{
	return obstacles[obstacle].text;
}

static enum hb_obstacle of_limits(const struct hb_domain *domain, const struct hb_limits *limits)
{
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
		obstacles[obstacle].text);
	hb_about(error, domain, 0);
	return error->code;
}
