/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three kinds of obstacles, in this order: the domain is none for managers at all; managers
 * are not, or no longer, who decides about it; or only now is no time.
 */
#include "error.h"
#include "limit.h"
#include "manage.h"
#include "refusal.h"

/* word: for programs. text begins with "it", remedy says what ends it. */
static const struct {
	const char *word, *text, *remedy;
} obstacles[] = {
	[HB_OBSTACLE_NONE] = { "-", NULL, NULL },
	[HB_OBSTACLE_SERVICE] = {
		"service-domain", "it works for other domains and is not sized",
		"size it in its configuration",
	},
	[HB_OBSTACLE_NUMA] = {
		"virtual-numa", "it has virtual NUMA nodes",
		"nothing: its nodes are of the size that it was started with",
	},
	[HB_OBSTACLE_NO_LIMITS] = {
		"no-limits", "nobody has given it limits", "give it some: \"hotballoon limits\"",
	},
	[HB_OBSTACLE_OFF] = {
		"off", "automatic sizing is off for it", "\"hotballoon limits --auto\" turns it on",
	},
	[HB_OBSTACLE_NO_TARGET] = {
		"no-target", "it has no target in xenstore, or an invalid one",
		"set its size: \"hotballoon set\"",
	},
	[HB_OBSTACLE_PINNED] = {
		"pinned", "its size is not what managers have set last: it is pinned",
		"\"hotballoon limits --auto\" ends that",
	},
	[HB_OBSTACLE_SQUEEZED] = {
		"squeezed", "xapi's squeezed sizes it", "size it with xe, or end its dynamic range there",
	},
	[HB_OBSTACLE_QMEMMAN] = {
		"qmemman", "qmemman of Qubes OS sizes it", "exclude it from memory balancing there",
	},
	[HB_OBSTACLE_PAUSED] = { "paused", "it is paused", "\"xl unpause\" it" },
	[HB_OBSTACLE_BUILDING] = { "building", "it is being built", "wait until it runs" },
	[HB_OBSTACLE_SHUTDOWN] = { "shutdown", "it is shut down", "start it again" },
	[HB_OBSTACLE_CRASHED] = { "crashed", "it has crashed", "start it again" },
	[HB_OBSTACLE_DYING] = {
		"dying", "it is being destroyed", "nothing; its memory comes back",
	},
	[HB_OBSTACLE_SAVING] = {
		"saving", "it is suspended, to be saved or to go to another host", "wait until that has ended",
	},
	[HB_OBSTACLE_MIGRATING] = {
		"migrating", "it is one end of a migration", "wait until that has ended",
	},
	[HB_OBSTACLE_STILL] = {
		"still", "it is told to keep its memory as it is", "wait until its save or migration has ended",
	},
	[HB_OBSTACLE_CLAIM] = {
		"claim", "it has a claim, and older Xens set aside for that what it gives back",
		"wait until the claim is used up, or \"hotballoon release\" it",
	},
};

#define NR_OBSTACLES (sizeof(obstacles) / sizeof(obstacles[0]))

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

const char *hb_obstacle_name(enum hb_obstacle obstacle)
{
	return obstacle < NR_OBSTACLES ? obstacles[obstacle].word : "unknown";
}

const char *hb_obstacle_text(enum hb_obstacle obstacle)
{
	return obstacle < NR_OBSTACLES ? obstacles[obstacle].text : NULL;
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
	hb_fail(error, HB_E_REFUSED, "managers leave %s alone: %s", hb_who(domain, who),
		obstacles[obstacle].text);
	hb_remedy(error, "%s", obstacles[obstacle].remedy);
	return HB_E_REFUSED;
}
