/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's memory: Xen's numbers and what is promised on top of them. */
#include <string.h>

#include "account.h"
#include "domain.h"
#include "host_reserve.h"
#include "reserve.h"

/* Adds up what all domains may still take. */
static int add_promises(struct hb *hb, struct hb_host_memory *memory)
{
	struct hb_domain batch[HB_ACCOUNT_BATCH];
	uint32_t first = 0;
	int n;

	while ((n = hb_domain_accounts(hb, first, batch)) > 0) {
		for (int i = 0; i < n; i++)
			memory->promised_kib += hb_account_promised_kib(&batch[i]);
		first = batch[n - 1].domid + 1;
	}
	return n;
}

/*
 * What is set aside goes from hand to hand: a reservation becomes a claim or a promise,
 * these become pages. Guests and libxl do that at any time, so who has it first is asked
 * first, and Xen last: what moves meanwhile is counted twice, never not at all.
 */
enum hb_code hb_host_memory(struct hb *hb, struct hb_host_memory *memory, struct hb_error *error)
{
	struct hb_xen_memory xen;
	enum hb_code code;
	int rc;

	memset(memory, 0, sizeof(*memory));
	code = hb_reserved_kib(hb, &memory->reserved_kib, error);
	if (code)
		return code;
	rc = add_promises(hb, memory);
	if (!rc)
		rc = hb->host->ops->memory(hb->host, &xen);
	if (rc)
		return hb_fail_host(error, rc, "cannot read the host's memory");
	memory->total_kib = xen.total_pages * HB_PAGE_KIB;
	memory->free_kib = xen.free_pages * HB_PAGE_KIB;
	memory->scrub_kib = xen.scrub_pages * HB_PAGE_KIB;
	memory->claimed_kib = xen.outstanding_pages * HB_PAGE_KIB;
	memory->reserve_kib = hb_host_reserve_kib(hb, memory->total_kib);
	return HB_OK;
}
