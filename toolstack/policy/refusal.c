/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error.h"
#include "refusal.h"

/* Why a domain in this state cannot follow a target; all NULL if it can. */
static const struct {
	const char *what, *remedy;
} state_refusals[] = {
	[HB_DOMAIN_RUNNING] = { NULL, NULL },
	[HB_DOMAIN_PAUSED] = { NULL, NULL },
	[HB_DOMAIN_BUILDING] = {
		"is paused and has never run: it is being built",
		"wait until it runs, or \"xl unpause\" it if it was created paused",
	},
	[HB_DOMAIN_SHUTDOWN] = {
		"is shut down and cannot follow a target", "start it again, or \"xl destroy\" it",
	},
	[HB_DOMAIN_CRASHED] = {
		"has crashed and cannot follow a target", "start it again, or \"xl destroy\" it",
	},
	[HB_DOMAIN_DYING] = { "is being destroyed", "nothing; its memory comes back" },
	[HB_DOMAIN_SAVING] = {
		"is suspended, to be saved or to go to another host",
		"wait until that has ended; a size set now would be lost",
	},
	[HB_DOMAIN_MIGRATING] = {
		"is one end of a migration",
		"wait until that has ended; a size set now would be lost",
	},
};

bool hb_refusal_of_state(enum hb_domain_state state, const char **what, const char **remedy)
{
	*what = state_refusals[state].what;
	*remedy = state_refusals[state].remedy;
	return *what;
}

enum hb_code hb_refuse_held(const struct hb_domain *domain, struct hb_error *error)
{
	char who[HB_WHO_TEXT];

	hb_fail(error, HB_E_REFUSED, "%s is being saved or migrated: another process keeps it still",
		hb_who(domain, who));
	hb_remedy(error, "wait until that has ended; \"hotballoon show %u\" tells", domain->domid);
	return HB_E_REFUSED;
}
