/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a domain has the size it has, in sentences. Pure. */
#ifndef HB_EXPLAIN_H
#define HB_EXPLAIN_H

#include "follow.h"

/* Fills reasons and findings from the rest, which is as hb_show() and so on read it. */
void hb_explain_domain(struct hb_explanation *explanation, const struct hb_follow *follow);

#endif
