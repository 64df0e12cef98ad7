/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HB_MEM_BLOCKS_H
#define HB_MEM_BLOCKS_H

#include "../xen/extents.h"

/* What hb_blocks_scan() found, in pages. */
struct hb_blocks_found {
	u64 extra;	/* of blocks that the firmware's map does not have */
};

/* Make an empty map of everything below @end_pfn. */
int hb_blocks_init(unsigned long end_pfn);

/**
 * hb_blocks_scan() - enter all memory that the kernel has into the map
 * @firmware: the domain's memory map; nothing is "extra" if it is empty
 *
 * A block beyond the firmware's map (any, if there is none) that exists but is offline
 * was hot-added by the built-in driver and never onlined: nothing is behind its
 * pages, and they are held.
 */
int hb_blocks_scan(const struct hb_firmware_ram *firmware,
		   struct hb_blocks_found *found);

#endif /* HB_MEM_BLOCKS_H */
