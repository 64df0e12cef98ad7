/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "account.h"
#include "claim.h"
#include "error.h"

static enum hb_code refuse(struct hb_error *error, enum hb_reason reason,
			   const struct hb_domain *domain, uint64_t kib, const char *format)
{
	char who[HB_WHO_TEXT], text[HB_SIZE_TEXT];

	hb_fail(error, reason, format, hb_who(domain, who), hb_size_human(kib, text));
	hb_about(error, domain, 0);
	return error->code;
}

static enum hb_code check_xen(const struct hb_domain *domain, const struct hb_host_memory *host,
			      uint64_t size_kib, struct hb_error *error)
{
	uint64_t free_kib = host->free_kib + host->scrub_kib;

	if (domain->claimed_kib)
		return refuse(error, HB_REASON_HAS_CLAIM, domain, domain->claimed_kib,
			      "%s has %s claimed already, and Xen keeps one claim a domain");
	if (size_kib <= domain->actual_kib)
		return refuse(error, HB_REASON_HOLDS_ALREADY, domain, domain->actual_kib,
			      "%s holds %s already");
	if (size_kib > domain->maxmem_kib)
		return refuse(error, HB_REASON_ABOVE_MAXMEM, domain, domain->maxmem_kib,
			      "%s may hold %s at most (maxmem), and Xen sets no more aside");
	if (host->claimed_kib > free_kib ||
	    size_kib - domain->actual_kib > free_kib - host->claimed_kib)
		return refuse(error, HB_REASON_UNCLAIMED_LESS, domain, size_kib - domain->actual_kib,
			      "%s would need %s more than it holds, and the host has not that much unclaimed");
	return HB_OK;
}

enum hb_code hb_claim_check(const struct hb_domain *domain, const struct hb_host_memory *host,
			    uint64_t size_kib, bool force, struct hb_error *error)
{
	enum hb_code code = check_xen(domain, host, size_kib, error);

	if (!code && !force &&
	    size_kib - domain->actual_kib > hb_account_available_for(host, domain))
		return refuse(error, HB_REASON_HOST_FULL, domain, size_kib - domain->actual_kib,
			      "%s would need %s more than it holds, and the host has not that much to give");
	return code;
}
