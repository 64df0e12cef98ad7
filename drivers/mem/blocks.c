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
	hb.map.block_pages = PHYS_PFN(memory_block_size_bytes());
	hb.map.nr_slots = DIV_ROUND_UP(end_pfn, hb.map.block_pages);
	hb.map.slots = kvcalloc(hb.map.nr_slots, sizeof(*hb.map.slots),
				GFP_KERNEL);
	return hb.map.slots ? 0 : -ENOMEM;
}

void hb_blocks_free(void)
{
	unsigned int i;

	for (i = 0; i < hb.map.nr_slots; i++)
		kvfree(hb.map.slots[i]);
	kvfree(hb.map.slots);
	memset(&hb.map, 0, sizeof(hb.map));
}

struct hb_block *hb_blocks_ensure(unsigned long pfn, bool added)
{
	struct hb_block *block;
	void *memory;

	mutex_lock(&hb.lock);
	block = hb_blockmap_find(&hb.map, pfn);
	mutex_unlock(&hb.lock);
	if (block || pfn / hb.map.block_pages >= hb.map.nr_slots)
		return block;

	memory = kvzalloc(hb_block_bytes(hb.map.block_pages), GFP_KERNEL);
	if (!memory)
		return NULL;
	block = hb_block_init(memory, round_down(pfn, hb.map.block_pages),
			      hb.map.block_pages, added);
	mutex_lock(&hb.lock);
	hb_blockmap_insert(&hb.map, block);
	mutex_unlock(&hb.lock);
	return block;
}

struct scan {
	const struct hb_firmware_ram *firmware;
	struct hb_blocks_found *found;
};

static bool in_firmware_map(const struct hb_firmware_ram *firmware,
			    unsigned long pfn)
{
	unsigned int i;

	for (i = 0; i < firmware->nr; i++)
		if (pfn >= firmware->range[i].start_pfn &&
		    pfn < firmware->range[i].end_pfn)
			return true;
	return !firmware->nr;
}

/* The part of a range that lies in one block. */
static int scan_block(struct scan *scan, unsigned long pfn, unsigned long nr)
{
	bool is_online = pfn_to_online_page(pfn);
	bool extra = !in_firmware_map(scan->firmware, pfn);
	struct hb_block *block = hb_blocks_ensure(pfn, extra || !is_online);

	if (!block)
		return -ENOMEM;
	if (extra)
		scan->found->extra += nr;
	mutex_lock(&hb.lock);
	if (is_online) {
		hb_blockmap_set_state(&hb.map, block, HB_BLOCK_ONLINE);
	} else {
		scan->found->offline += nr;
		WARN_ON_ONCE(hb_blockmap_hold(&hb.map, pfn, nr));
	}
	mutex_unlock(&hb.lock);
	return 0;
}

static int scan_range(struct resource *res, void *arg)
{
	unsigned long pfn = PFN_UP(res->start);
	unsigned long end = PHYS_PFN(res->end + 1);
	int rc = 0;

	while (pfn < end && !rc) {
		unsigned long next = round_down(pfn, hb.map.block_pages) +
				     hb.map.block_pages;

		next = min(next, end);
		rc = scan_block(arg, pfn, next - pfn);
		pfn = next;
	}
	return rc;
}

int hb_blocks_scan(const struct hb_firmware_ram *firmware,
		   struct hb_blocks_found *found)
{
	struct scan scan = { .firmware = firmware, .found = found };

	found->extra = 0;
	found->offline = 0;
	return walk_iomem_res_desc(IORES_DESC_NONE,
				   IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				   0, -1, &scan, scan_range);
}
