/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to tell a person about a guest that is short of its target. Pure. */
#ifndef HB_ADVICE_H
#define HB_ADVICE_H

#include <hotballoon.h>

/* Fill error with HB_E_STUCK: the domain, where it stopped, the cause, the remedy. */
enum hb_code hb_advise_stuck(const struct hb_domain *domain, uint64_t position_kib,
			     uint64_t goal_kib, struct hb_error *error);

/* Add to the remedy that a save or a migration would lose the domain, if so; error->size_kib ends that. */
void hb_advise_lost(const struct hb_domain *domain, struct hb_error *error);
/* In place of both: the remedy of one that was given the size that it holds, kept_kib. */
void hb_advise_kept(const struct hb_domain *domain, uint64_t kept_kib, struct hb_error *error);

/* The cause in a sentence, and what to do; static, valid for every cause. */
const char *hb_advice_what(enum hb_cause cause);
const char *hb_advice_remedy(enum hb_cause cause);

/* What to do about a guest that does not move and reports nothing; static. */
const char *hb_advice_no_report(void);
/* And about one whose driver acts on another target. */
const char *hb_advice_stale_report(void);
/* And about two domains with one uuid. */
const char *hb_advice_same_uuid(void);

#endif
