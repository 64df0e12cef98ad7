// SPDX-License-Identifier: GPL-2.0-only
/* The map's memory, and what the kernel has when the driver is loaded. */
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../driver.h"
#include "blocks.h"

int hb_blocks_init(unsigned long end_pfn)
{
	unsigned long block_pages = PHYS_PFN(memory_block_size_bytes());
	unsigned int nr_slots = DIV_ROUND_UP(end_pfn, block_pages);
	void *memory = kvzalloc(hb_blockmap_bytes(nr_slots), GFP_KERNEL);

	if (!memory)
		return -ENOMEM;
	hb_blockmap_init(&hb.guest.map, memory, block_pages, nr_slots);
	return 0;
}

void hb_blocks_free(void)
{
	struct hb_blockmap *map = &hb.guest.map;
	unsigned int i;

	for (i = 0; i < map->nr_slots; i++)
		kvfree(map->slots[i]);
	kvfree(map->slots);
	memset(map, 0, sizeof(*map));
}

struct scan {
	const struct hb_firmware_ram *firmware;
	struct hb_blocks_found *found;
	u64 low;	/* pages below 1 MiB */
};

static bool in_firmware_map(const struct hb_firmware_ram *firmware,
			    unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < firmware->nr; i++)
		if (pfn >= firmware->range[i].start_pfn &&
		    pfn < firmware->range[i].end_pfn)
			return true;
	return false;
}

/* The part of a range that lies in one block. */
static int scan_block(struct scan *scan, unsigned long pfn, unsigned long nr)
{
	struct page *page = pfn_to_online_page(pfn);
	bool extra = scan->firmware->nr &&
		     !in_firmware_map(scan->firmware, pfn);

	scan->found->ram += nr;
	if (extra)
		scan->found->extra += nr;
	return hb_guest_enter(&hb.guest, pfn, nr,
			      extra ? HB_BLOCK_INHERITED : HB_BLOCK_BOOT, page,
			      page && page_zonenum(page) == ZONE_MOVABLE);
}

static int scan_range(struct resource *res, void *arg)
{
	unsigned long pfn = PFN_UP(res->start);
	unsigned long end = PHYS_PFN(res->end + 1);
	unsigned long block = hb.guest.map.block_pages;
	struct scan *scan = arg;
	int rc = 0;

	if (pfn < HB_LOW_MIB_PFNS)
		scan->low += min(end, HB_LOW_MIB_PFNS) - pfn;
	while (pfn < end && !rc) {
		unsigned long next = min(round_down(pfn, block) + block, end);

		rc = scan_block(scan, pfn, next - pfn);
		pfn = next;
	}
	return rc;
}

int hb_blocks_scan(const struct hb_firmware_ram *firmware,
		   struct hb_blocks_found *found)
{
	struct scan scan = { .firmware = firmware, .found = found };
	int rc;

	*found = (struct hb_blocks_found){ 0 };
	rc = walk_iomem_res_desc(IORES_DESC_NONE,
				 IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				 0, -1, &scan, scan_range);
	/* The kernel leaves out what firmware had its hands on; Xen has frames there. */
	found->ram += HB_LOW_MIB_PFNS - scan.low;
	return rc;
}
