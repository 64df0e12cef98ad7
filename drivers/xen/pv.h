/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PV guests know their machine frames: each page has an entry in the p2m table
 * and a page table entry with the machine frame in the kernel's direct map.
 * Both must be empty before a frame goes to Xen and are filled after one came.
 * Page table updates go to Xen in batches.  Extents of any order are mapped page by
 * page; their frames need not lie together in the machine, and Xen gives them faster
 * where they do.
 */
#ifndef HB_XEN_PV_H
#define HB_XEN_PV_H

#include <linux/types.h>

#include "../core/ops.h"

#ifdef CONFIG_XEN_PV

int hb_pv_init(void);
void hb_pv_exit(void);

/* These do for PV what extents.h says of their namesakes. */
bool hb_pv_release(const unsigned long *pfns, unsigned int nr,
		   unsigned int order);
enum hb_frame hb_pv_frame(unsigned long pfn);
unsigned int hb_pv_reach(unsigned long *pfns, unsigned int nr);
unsigned long hb_pv_populate(const unsigned long *pfns, unsigned int nr,
			     unsigned int order);
int hb_pv_prepare(unsigned long pfn, unsigned long nr);
phys_addr_t hb_pv_address_limit(void);

#else

static inline int hb_pv_init(void) { return -ENODEV; }
static inline void hb_pv_exit(void) { }
static inline bool hb_pv_release(const unsigned long *pfns, unsigned int nr,
				 unsigned int order)
{
	return false;
}

static inline enum hb_frame hb_pv_frame(unsigned long pfn)
{
	return HB_FRAME_THERE;
}

static inline unsigned int hb_pv_reach(unsigned long *pfns, unsigned int nr)
{
	return nr;
}

static inline unsigned long hb_pv_populate(const unsigned long *pfns,
					   unsigned int nr, unsigned int order)
{
	return 0;
}

static inline int hb_pv_prepare(unsigned long pfn, unsigned long nr)
{
	return -ENODEV;
}

static inline phys_addr_t hb_pv_address_limit(void) { return 0; }

#endif /* CONFIG_XEN_PV */
#endif /* HB_XEN_PV_H */
