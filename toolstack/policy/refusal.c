/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "refusal.h"

/* Why a domain in this state cannot follow a target; all NULL if it can. */
static const struct {
	const char *what, *remedy;
	enum hb_reason reason;
} state_refusals[HB_DOMAIN_STATE_COUNT] = {
	[HB_DOMAIN_RUNNING] = { NULL, NULL, HB_REASON_NONE },
	[HB_DOMAIN_PAUSED] = { NULL, NULL, HB_REASON_NONE },
	[HB_DOMAIN_BUILDING] = {
		"is paused and has never run: it is being built",
		"wait until it runs, or let it run if it was created paused", HB_REASON_BUILDING,
	},
	[HB_DOMAIN_SHUTDOWN] = {
		"is shut down and cannot follow a target", "destroy it, and start it again",
		HB_REASON_SHUT_DOWN,
	},
	[HB_DOMAIN_CRASHED] = {
		"has crashed and cannot follow a target",
		"destroy it when you have looked at it, and start it again", HB_REASON_CRASHED,
	},
	[HB_DOMAIN_DYING] = { "is being destroyed", "nothing; its memory comes back", HB_REASON_DYING },
	[HB_DOMAIN_SAVING] = {
		"is suspended, to be saved or to go to another host",
		"wait until that has ended; a size set now would be lost", HB_REASON_SAVING,
	},
	[HB_DOMAIN_MIGRATING] = {
		"is one end of a migration",
		"wait until that has ended; a size set now would be lost", HB_REASON_MIGRATING,
	},
};

bool hb_refusal_of_state(enum hb_domain_state state, const char **what, const char **remedy)
{
	*what = state_refusals[state].what;
	*remedy = state_refusals[state].remedy;
	return *what;
}

enum hb_reason hb_refusal_reason(enum hb_domain_state state)
{
	return state_refusals[state].reason;
}

/* Why nobody sizes a domain that serves others; all NULL for one that does not. */
static const struct {
	const char *what, *remedy, *why;
} service_refusals[HB_SERVICE_COUNT] = {
	[HB_SERVICE_NONE] = { NULL, NULL, NULL },
	[HB_SERVICE_XENSTORE] = {
		"is the domain of xenstored, which all others need: it is not sized",
		"it takes what it needs by itself, up to the maximum that it was made with",
		"it is the domain of xenstored and is not sized",
	},
	[HB_SERVICE_DEVICE_MODEL] = {
		"is the device model of a guest: it is not sized",
		"size the guest; what its device model gets is in its configuration: stubdomain_memory=",
		"it is the device model of a guest and is not sized",
	},
	[HB_SERVICE_DRIVER] = {
		"is a driver domain, whose devices others use: it is not sized",
		"size it in its configuration and start it again",
		"it is a driver domain and is not sized",
	},
};

const char *hb_refusal_why_service(enum hb_service service)
{
	return service_refusals[service].why;
}

enum hb_code hb_refuse_service(const struct hb_domain *domain, struct hb_error *error)
{
	char who[HB_WHO_TEXT];

	if (!domain->service)
		return HB_OK;
	hb_fail(error, HB_REASON_SERVES_OTHERS, "%s %s", hb_who(domain, who),
		service_refusals[domain->service].what);
	hb_remedy(error, "%s", service_refusals[domain->service].remedy);
	return HB_E_REFUSED;
}

enum hb_code hb_refuse_held(const struct hb_domain *domain, struct hb_error *error)
{
	char who[HB_WHO_TEXT];

	hb_fail(error, HB_REASON_KEPT_STILL, "%s is being saved or migrated: another process keeps it still",
		hb_who(domain, who));
	hb_about(error, domain, 0);
	return HB_E_REFUSED;
}
