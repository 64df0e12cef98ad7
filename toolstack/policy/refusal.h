/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a domain gets no other size now, whatever the size. Pure. */
#ifndef HB_REFUSAL_H
#define HB_REFUSAL_H

#include <hotballoon.h>

/*
 * Why a domain in this state gets no other size: the end of a sentence that begins
 * with its name, and what to do. False if the state is no reason.
 */
bool hb_refusal_of_state(enum hb_domain_state state, const char **what, const char **remedy);

/* The reason word of that; HB_REASON_NONE if the state is no reason. */
enum hb_reason hb_refusal_reason(enum hb_domain_state state);

/* HB_E_REFUSED if it serves others; see enum hb_service. */
enum hb_code hb_refuse_service(const struct hb_domain *domain, struct hb_error *error);
/* The same in a sentence that begins with "it"; NULL if it serves nobody. Static. */
const char *hb_refusal_why_service(enum hb_service service);

/* HB_E_REFUSED: another process keeps it still. */
enum hb_code hb_refuse_held(const struct hb_domain *domain, struct hb_error *error);

#endif
