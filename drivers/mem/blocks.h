/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HB_MEM_BLOCKS_H
#define HB_MEM_BLOCKS_H

#include "../xen/extents.h"

/* What hb_blocks_scan() found, in pages. */
struct hb_blocks_found {
	u64 ram;	/* all RAM that the kernel has, and below 1 MiB all of it */
	u64 extra;	/* of that, in blocks that the firmware's map does not have */
};

/* Make an empty map of everything below @end_pfn. */
int hb_blocks_init(unsigned long end_pfn);

/* Free the books: every block of the map. */
void hb_blocks_free(void);

/**
 * hb_blocks_scan() - enter all memory that the kernel has into the map
 * @firmware: the domain's memory map; nothing is "extra" if it is empty
 *
 * Nobody may add or online memory meanwhile: the built-in driver's thread has ended, and
 * hb.guest.closed is set.
 */
int hb_blocks_scan(const struct hb_firmware_ram *firmware,
		   struct hb_blocks_found *found);

#endif /* HB_MEM_BLOCKS_H */
