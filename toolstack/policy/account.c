/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "account.h"

#include "minmax.h"

/*
 * Xen warns domain 0 of low memory at 64 MiB free (low_mem_virq_limit); 8 MiB
 * more keep a host that is filled to the last from triggering it at rest.
 */
#define RESERVE_MIN_KIB ((64 + 8) * 1024ULL)
#define RESERVE_PERCENT 1

uint64_t hb_account_limit_kib(const struct hb_domain *domain)
{
	return domain->maxmem_kib < HB_SIZE_MAX_KIB ?
	       less(domain->maxmem_kib, domain->actual_kib + domain->claimed_kib) : 0;
}

/*
 * libxl writes the target when all is populated. Xen's limit is there before, and so that the
 * target can be reached, be it built or come in by a migration.
 */
static bool has_no_target_yet(const struct hb_domain *domain)
{
	return domain->target.presence == HB_ABSENT &&
	       (domain->state == HB_DOMAIN_BUILDING || domain->state == HB_DOMAIN_MIGRATING);
}

uint64_t hb_account_promised_kib(const struct hb_domain *domain)
{
	uint64_t size = domain->target.value + domain->videoram_kib + domain->headroom.value;
	uint64_t has = domain->actual_kib + domain->claimed_kib;

	/* Neither comes back to life; a suspended one does. */
	if (domain->state == HB_DOMAIN_DYING || domain->state == HB_DOMAIN_CRASHED)
		return 0;
	if (has_no_target_yet(domain))
		return hb_account_limit_kib(domain);
	return domain->target.presence == HB_PRESENT && size > has ? size - has : 0;
}

uint64_t hb_account_reserve_kib(uint64_t total_kib)
{
	uint64_t part = total_kib * RESERVE_PERCENT / 100;

	return part > RESERVE_MIN_KIB ? part - part % HB_PAGE_KIB : RESERVE_MIN_KIB;
}

/* The host and the domain are looked at one after the other: sums may not fit. */
static uint64_t taken(const struct hb_host_memory *host)
{
	return host->claimed_kib + host->reserved_kib + host->promised_kib + host->reserve_kib;
}

uint64_t hb_host_available_kib(const struct hb_host_memory *host)
{
	return less(host->free_kib + host->scrub_kib, taken(host));
}

uint64_t hb_account_short_kib(const struct hb_host_memory *host, uint64_t need_kib)
{
	return less(taken(host) + need_kib, host->free_kib + host->scrub_kib);
}

uint64_t hb_account_available_for(const struct hb_host_memory *host,
				  const struct hb_domain *domain)
{
	struct hb_host_memory others = *host;

	others.claimed_kib = less(host->claimed_kib, domain->claimed_kib);
	others.promised_kib = less(host->promised_kib, hb_account_promised_kib(domain));
	return hb_host_available_kib(&others);
}
