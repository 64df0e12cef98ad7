/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much memory of a host is really free to be given away. Pure.
 *
 *   free + being scrubbed
 *     - claimed    set aside in Xen for a domain, not allocated yet
 *     - reserved   set aside by us for a domain that does not exist yet
 *     - promised   targets, and the headroom granted above them, as far as that is more than
 *                  the domains hold: they may take it any time. While a domain is built it has no
 *                  target: Xen's limit for it stands for that
 *     - reserve    what Xen and domain 0 need to go on working
 *
 * A guest on its way down adds nothing: what it still holds is not free.
 */
#ifndef HB_ACCOUNT_H
#define HB_ACCOUNT_H

#include <hotballoon.h>

/*
 * What Xen lets the domain still take, claims not counted: what it may be owed at most, by whoever
 * has not read its target. 0 without a limit, which says nothing.
 */
uint64_t hb_account_limit_kib(const struct hb_domain *domain);

/*
 * What the domain may still take on the ground of its target and its headroom, claims
 * not counted: those are in the host's sum already.
 */
uint64_t hb_account_promised_kib(const struct hb_domain *domain);

/* The host's own reserve: more than Xen's low-memory warning, and 1 % of a large host. */
uint64_t hb_account_reserve_kib(uint64_t total_kib);

/*
 * What must come free until the host has need_kib to give. More than that where it
 * has promised more than it has: hb_host_available_kib() ends at 0, this does not.
 */
uint64_t hb_account_short_kib(const struct hb_host_memory *host, uint64_t need_kib);

/* hb_host_available_kib() for this domain: what is set aside for it is there for it. */
uint64_t hb_account_available_for(const struct hb_host_memory *host,
				  const struct hb_domain *domain);

#endif
