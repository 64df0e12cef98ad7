/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a domain says of its memory, as an estimate takes it. Pure. */
#ifndef HB_USAGE_H
#define HB_USAGE_H

#include <hotballoon.h>
#include <core/estimate.h>

/*
 * Of our driver's line all that it has; of others what they say that they use: an agent, or
 * domain 0's own kernel. known is 0 if it says nothing that makes sense.
 */
struct hb_usage hb_usage_of(const struct hb_domain *domain);

/*
 * The estimate with what the guest has called out since: distress has a key of its own,
 * which is newer than the line. One that does not know the key is judged by the line. had_kib:
 * what it had when it said so.
 */
void hb_usage_call(struct hb_estimate *estimate, const struct hb_domain *domain, uint64_t had_kib);

#endif
