/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * May a claim be asked for? Pure. Xen's own rules are those of
 * domain_set_outstanding_pages(). They know neither what is reserved and promised
 * to others nor what the host needs itself: a claim leaves that alone, too.
 */
#ifndef HB_CLAIM_H
#define HB_CLAIM_H

#include <hotballoon.h>

/*
 * domain wants size_kib (what it has included) set aside in Xen. HB_OK if Xen
 * will do it, and with force only Xen is asked; else the error says why not.
 */
enum hb_code hb_claim_check(const struct hb_domain *domain, const struct hb_host_memory *host,
			    uint64_t size_kib, bool force, struct hb_error *error);

#endif
