/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Xen's memory reservation: take frames from Xen and give them back.
 *
 * The only file pair that makes reservation hypercalls, together with pv.c,
 * which does for PV guests what their page tables and their table of machine
 * frames (p2m) need on top.
 */
#ifndef HB_XEN_EXTENTS_H
#define HB_XEN_EXTENTS_H

#include <linux/types.h>

#include <hotballoon/keys.h>
#include "../core/ops.h"

/* RAM below 1 MiB, part of which firmware maps leave out; there are frames behind it. */
#define HB_LOW_MIB_PFNS (1UL << (20 - PAGE_SHIFT))

/* Return: 0; -EOPNOTSUPP if Xen does not tell which pages have frames. */
int hb_extents_init(void);
void hb_extents_exit(void);

/**
 * hb_extents_release() - give frames to Xen
 * @pfns: first page of each extent
 * @nr: number of extents, HB_UNIT_PAGES in all at most
 * @order: 0 or HB_UNIT_ORDER
 *
 * The pages must be out of use, cleared and marked held.
 *
 * Return: whether all frames are gone; if not, hb_extents_frame() tells of each page.
 */
bool hb_extents_release(const unsigned long *pfns, unsigned int nr,
			unsigned int order);

/**
 * hb_extents_populate() - take frames from Xen
 *
 * Like hb_extents_release(), for held pages.
 *
 * Return: pages that have frames now, in the order of the list; fewer than asked for if
 * Xen has or allows no more, see hb_extents_refusal().
 */
unsigned long hb_extents_populate(const unsigned long *pfns, unsigned int nr,
				  unsigned int order);

/*
 * Is there a frame behind a page?  PVH and HVM: what Xen says; a page that is
 * populate-on-demand has one.  PV: what the p2m and the direct map say.
 */
enum hb_frame hb_extents_frame(unsigned long pfn);

/**
 * hb_extents_reach() - have the kernel reach the frames behind held pages
 * @pfns: pages that have frames, @nr of them, HB_UNIT_PAGES at most
 *
 * PV: maps those that are stranded.  For PVH and HVM there is nothing to do.
 *
 * Return: how many can be reached; they are at the front of the list then, in order.
 */
unsigned int hb_extents_reach(unsigned long *pfns, unsigned int nr);

/**
 * hb_extents_probe() - would Xen give frames behind @nr pages from @pfn on?
 * @nr: 1 to HB_UNIT_PAGES
 *
 * The pages need no struct pages, and have no frames before and after.
 */
bool hb_extents_probe(unsigned long pfn, unsigned int nr);

/**
 * hb_extents_refusal() - why Xen just refused
 * @nr: pages that it refused
 *
 * Return: its limit for this domain, or else its free memory.
 */
enum hb_cause hb_extents_refusal(unsigned long nr);

/*
 * Why Xen just did not take a frame.  On PVH and HVM taking one page out of a 2 MiB mapping
 * needs a page of the paging pool for a page table, until that unit is populated as a whole
 * again; so does taking a whole unit, which Xen does page by page.  On PV the page is still
 * in use somewhere: granted to a backend, or a page table.
 */
enum hb_cause hb_extents_kept(void);

/* XENMEM_current_reservation: pages that Xen counts for this domain. */
u64 hb_extents_current(void);

/**
 * hb_extents_prepare() - get addresses ready for hot-added memory
 *
 * Called before the memory is added.  Nothing to do but on PV.
 *
 * Return: 0 or -ENOMEM.
 */
int hb_extents_prepare(unsigned long pfn, unsigned long nr);

/*
 * Can the kernel remove memory from this kind of guest?  PV kernels free page tables
 * of removed memory that Xen still takes for page tables, and crash on their next use.
 */
bool hb_extents_removable(void);

/* Does Xen map this kind of guest by superpages, where frames allow it? */
bool hb_extents_superpages(void);

/* The first address that hot-added memory cannot have in this kind of guest. */
phys_addr_t hb_extents_address_limit(void);

/* RAM in the domain's memory map, which its builder laid down. */
struct hb_firmware_ram {
	unsigned int nr;
	struct {
		unsigned long start_pfn;
		unsigned long end_pfn;
	} range[16];
};

/**
 * hb_extents_firmware_ram() - read the domain's memory map
 *
 * Return: 0, or a negative errno; PV guests mostly have none.
 */
int hb_extents_firmware_ram(struct hb_firmware_ram *ram);

#endif /* HB_XEN_EXTENTS_H */
