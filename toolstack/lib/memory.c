/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's memory: Xen's numbers and what is promised on top of them. */
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "domain.h"
#include "host_reserve.h"
#include "memory.h"
#include "objects.h"
#include "overhead.h"
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
 * Of so many domains the target is asked for, whatever Xen says of them. Of more, only if
 * Xen's limit leaves a domain more to take than about the slack that libxl allows it: at
 * rest it is that, and counted as if it were promised. A target that somebody has written
 * beyond the limit, as no toolstack does, is a promise that cannot be kept for now.
 */
#define FEW_DOMAINS 64
#define GAP_KIB (2 * HB_MAXMEM_SLACK_KIB)

static bool is_near_limit(const struct hb_domain *domain)
{
	return domain->maxmem_kib < HB_SIZE_MAX_KIB && hb_account_limit_kib(domain) <= GAP_KIB;
}

static int add_at_most(struct hb *hb, const struct hb_xen_domain *xen, bool exact,
		       struct hb_host_memory *memory)
{
	struct hb_domain domain;
	int rc;

	hb_domain_identify(&domain, xen);
	if (!exact && is_near_limit(&domain)) {
		memory->promised_kib += hb_account_limit_kib(&domain);
		return 0;
	}
	rc = hb_domain_account(hb, xen, &domain);
	if (!rc)
		memory->promised_kib += hb_account_promised_kib(&domain);
	return rc;
}

static int add_promises_at_most(struct hb *hb, uint32_t exact, struct hb_host_memory *memory)
{
	struct hb_xen_domain batch[FEW_DOMAINS + 1];
	int n = hb->host->ops->domains(hb->host, 0, batch, FEW_DOMAINS + 1), rc = 0;
	bool few = n <= FEW_DOMAINS;

	while (n > 0 && !rc) {
		for (int i = 0; i < n && !rc; i++)
			rc = add_at_most(hb, &batch[i], few || batch[i].domid == exact, memory);
		if (!rc)
			n = hb->host->ops->domains(hb->host, batch[n - 1].domid + 1, batch, FEW_DOMAINS + 1);
	}
	return n < 0 ? n : rc;
}

static void add_promises_of(const struct hb_domain *domains, size_t count,
			    struct hb_host_memory *memory)
{
	for (size_t i = 0; i < count; i++)
		memory->promised_kib += hb_account_promised_kib(&domains[i]);
}

static enum hb_code ask_xen(struct hb *hb, struct hb_host_memory *memory, struct hb_error *error)
{
	struct hb_xen_memory xen;
	int rc = hb->host->ops->memory(hb->host, &xen);

	if (rc)
		return hb_fail_host(error, rc, "cannot read the host's memory");
	memory->total_kib = xen.total_pages * HB_PAGE_KIB;
	memory->free_kib = xen.free_pages * HB_PAGE_KIB;
	memory->scrub_kib = xen.scrub_pages * HB_PAGE_KIB;
	memory->claimed_kib = xen.outstanding_pages * HB_PAGE_KIB;
	memory->reserve_kib = hb_host_reserve_kib(hb, memory->total_kib);
	return HB_OK;
}

/*
 * What is set aside goes from hand to hand: a reservation becomes a claim or a promise,
 * these become pages. Guests and libxl do that at any time, so who has it first is asked
 * first, and Xen last: what moves meanwhile is counted twice, never not at all.
 */
enum hb_code hb_host_memory(struct hb *hb, struct hb_host_memory *memory, struct hb_error *error)
{
	enum hb_code code;
	int rc;

	memset(memory, 0, sizeof(*memory));
	code = hb_reserved_kib(hb, &memory->reserved_kib, error);
	if (code)
		return code;
	rc = add_promises(hb, memory);
	return rc ? hb_fail_host(error, rc, "cannot read the host's memory") : ask_xen(hb, memory, error);
}

enum hb_code hb_memory_snapshot(struct hb *hb, struct hb_host_memory *memory,
				struct hb_domain **domains, size_t *count,
				struct hb_error *error)
{
	enum hb_code code;

	memset(memory, 0, sizeof(*memory));
	code = hb_reserved_and_domains(hb, &memory->reserved_kib, domains, count, error);
	if (code)
		return code;
	add_promises_of(*domains, *count, memory);
	code = ask_xen(hb, memory, error);
	if (!code)
		return HB_OK;
	free(*domains);
	*domains = NULL;
	*count = 0;
	return code;
}

enum hb_code hb_snapshot(struct hb *hb, struct hb_host_memory *memory, struct hb_domain ***domains,
			 size_t *count, struct hb_error *error)
{
	struct hb_domain *values;
	enum hb_code code = hb_memory_snapshot(hb, memory, &values, count, error);

	*domains = hb_array_of(values, count, sizeof(*values), &code, error);
	return code;
}

enum hb_code hb_memory_among(struct hb *hb, const struct hb_domain *domains, size_t count,
			     struct hb_host_memory *memory, struct hb_error *error)
{
	enum hb_code code;

	memset(memory, 0, sizeof(*memory));
	code = hb_reserved_among(hb, domains, count, &memory->reserved_kib, error);
	if (code)
		return code;
	add_promises_of(domains, count, memory);
	return ask_xen(hb, memory, error);
}

enum hb_code hb_memory_at_least(struct hb *hb, uint32_t domid, struct hb_host_memory *memory,
				struct hb_error *error)
{
	enum hb_code code;
	int rc;

	memset(memory, 0, sizeof(*memory));
	code = hb_reserved_at_most_kib(hb, &memory->reserved_kib, error);
	if (code)
		return code;
	rc = add_promises_at_most(hb, domid, memory);
	return rc ? hb_fail_host(error, rc, "cannot read the host's memory") : ask_xen(hb, memory, error);
}
