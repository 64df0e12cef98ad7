/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Will Xen grant a claim? Pure; the rules are those of domain_set_outstanding_pages(). */
#ifndef HB_CLAIM_H
#define HB_CLAIM_H

#include <hotballoon.h>

/*
 * domain wants size_kib (what it has included) set aside in Xen. HB_OK if Xen
 * will do it; else the error says why not.
 */
enum hb_code hb_claim_check(const struct hb_domain *domain, const struct hb_host_memory *host,
			    uint64_t size_kib, struct hb_error *error);

#endif
