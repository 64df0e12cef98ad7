/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overhead.h"

#define MIB 1024ULL

/* Pages a virtual processor in both paging pools. */
#define POOL_PAGES_PER_VCPU 256ULL

/* libxl: LIBXL_PV_EXTRA_MEMORY, LIBXL_HVM_EXTRA_MEMORY; PVH counts as HVM. */
#define LIBXL_EXTRA_PV_KIB 1024
#define LIBXL_EXTRA_HVM_KIB 2048
/* libxl_domain_need_memory() rounds up to a superpage. */
#define LIBXL_ROUND_KIB 2048

/* xapi, memory.ml. */
#define XAPI_EXTRA_KIB 1024
#define XAPI_PAGES_PER_VCPU 38
#define XAPI_SHIM_BASE_MIB 23
#define XAPI_SHIM_DIVISOR 90

static uint64_t round_up(uint64_t value, uint64_t unit)
{
	return (value + unit - 1) / unit * unit;
}

uint64_t hb_overhead_pool_kib(enum hb_type type, bool hap, unsigned int vcpus,
			      uint64_t maxmem_kib)
{
	uint64_t mib = round_up(maxmem_kib, MIB) / MIB;
	/*
	 * libxl__get_required_paging_memory(): a page a MiB for the p2m, which PV
	 * has none of, and another one for shadow page tables where those are used.
	 */
	unsigned int pages_per_mib = (type != HB_TYPE_PV) + !hap;

	return HB_PAGE_KIB * (POOL_PAGES_PER_VCPU * vcpus + mib * pages_per_mib);
}

static struct hb_overhead overhead_libxl(const struct hb_build *build)
{
	struct hb_overhead overhead = {
		.pool_kib = hb_overhead_pool_kib(build->type, build->hap, build->vcpus,
						 build->maxmem_kib),
		.fixed_kib = build->type == HB_TYPE_PV ? LIBXL_EXTRA_PV_KIB : LIBXL_EXTRA_HVM_KIB,
		.maxmem_kib = build->maxmem_kib + HB_MAXMEM_SLACK_KIB,
	};

	overhead.need_kib = round_up(build->size_kib + overhead.pool_kib + overhead.fixed_kib,
				     LIBXL_ROUND_KIB);
	return overhead;
}

static struct hb_overhead overhead_xapi(const struct hb_build *build)
{
	uint64_t mib = round_up(build->maxmem_kib, MIB) / MIB;
	uint64_t pool = HB_PAGE_KIB * (POOL_PAGES_PER_VCPU * build->vcpus + 2 * mib);
	uint64_t internal = build->type == HB_TYPE_PV ? 0 : HB_MAXMEM_SLACK_KIB;
	struct hb_overhead overhead = {
		.pool_kib = round_up(pool, MIB),
		.fixed_kib = internal + XAPI_EXTRA_KIB,
		.vcpus_kib = round_up(HB_PAGE_KIB * XAPI_PAGES_PER_VCPU * build->vcpus, MIB),
		.shim_kib = build->shim ? (XAPI_SHIM_BASE_MIB + mib / XAPI_SHIM_DIVISOR) * MIB : 0,
	};

	overhead.need_kib = build->size_kib + overhead.pool_kib + overhead.fixed_kib +
			    overhead.vcpus_kib + overhead.shim_kib;
	overhead.maxmem_kib = build->maxmem_kib + internal + overhead.shim_kib;
	return overhead;
}

struct hb_overhead hb_overhead(const struct hb_build *build)
{
	return build->builder == HB_BUILDER_XAPI ? overhead_xapi(build) : overhead_libxl(build);
}
