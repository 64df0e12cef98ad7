/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a domain takes from the host beyond its own memory. Pure.
 *
 * The toolstack that builds the domain decides: libxl and xapi size the paging
 * pool by different rules. The numbers are those of their sources, so that what
 * is set aside is what they will ask Xen for.
 */
#ifndef HB_OVERHEAD_H
#define HB_OVERHEAD_H

#include <hotballoon.h>

enum hb_builder {
	HB_BUILDER_LIBXL,	/* xl and libvirt */
	HB_BUILDER_XAPI,
};

struct hb_build {
	enum hb_builder builder;
	enum hb_type type;
	bool hap;		/* of LIBXL; xapi does not ask */
	bool shim;		/* of XAPI: a PV guest in a PVH container */
	unsigned int vcpus;
	uint64_t size_kib;	/* video memory included */
	uint64_t maxmem_kib;	/* size_kib or more */
};

struct hb_overhead {
	uint64_t pool_kib;	/* page tables: Xen's paging pool */
	uint64_t fixed_kib;	/* constants of the builder, per domain */
	uint64_t vcpus_kib;	/* Xen's own records of the virtual processors */
	uint64_t shim_kib;
	uint64_t need_kib;	/* the size and all of this, as the builder rounds it */
	uint64_t maxmem_kib;	/* Xen's limit that the builder sets for a full domain */
};

/* libxl allows every x86 domain that much above its size, xapi all but PV ones. */
#define HB_MAXMEM_SLACK_KIB 1024

/* Paging pool that libxl gives a domain with a maximum of maxmem_kib; 4 KiB pages. */
uint64_t hb_overhead_pool_kib(enum hb_type type, bool hap, unsigned int vcpus,
			      uint64_t maxmem_kib);

struct hb_overhead hb_overhead(const struct hb_build *build);

#endif
