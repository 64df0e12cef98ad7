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
	hb_blockmap_init(&hb.map, memory, block_pages, nr_slots);
	return 0;
}

void hb_blocks_free(void)
{
	unsigned int i;

	for (i = 0; i < hb.map.nr_slots; i++)
		kvfree(hb.map.slots[i]);
	kvfree(hb.map.slots);
	memset(&hb.map, 0, sizeof(hb.map));
}

struct hb_block_transition hb_blocks_event(struct hb_block *block,
					   enum hb_block_event event)
{
	enum hb_block_state before = block->state;
	struct hb_block_transition found;

	lockdep_assert_held(&hb.lock);
	found = hb_blockmap_event(&hb.map, block, event);
	if (found.verdict == HB_VERDICT_IMPOSSIBLE)
		pr_err("memory block %lu is %s and cannot be told \"%s\": leaving it alone from now on\n",
		       block->start_pfn / hb.map.block_pages,
		       hb_block_state_word(before), hb_block_event_word(event));
	return found;
}

struct hb_block *hb_blocks_ensure(unsigned long pfn,
				  enum hb_block_origin origin)
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
			      hb.map.block_pages, origin);
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
	return false;
}

/*
 * A block that is there but offline: boot memory that somebody took offline, or one
 * that the built-in driver hot-added and nobody onlined, which has no frames.
 */
static void enter_offline(struct hb_block *block, unsigned long pfn,
			  unsigned long nr)
{
	if (block->origin == HB_BLOCK_BOOT) {
		hb_blocks_event(block, HB_EVENT_OFFLINE_BY_OTHER);
		return;
	}
	hb_blocks_event(block, HB_EVENT_ADDED);
	WARN_ON_ONCE(hb_blockmap_hold(&hb.map, pfn, nr));
}

/* The part of a range that lies in one block. */
static int scan_block(struct scan *scan, unsigned long pfn, unsigned long nr)
{
	struct page *page = pfn_to_online_page(pfn);
	bool known = scan->firmware->nr;
	bool extra = known && !in_firmware_map(scan->firmware, pfn);
	struct hb_block *block;

	block = hb_blocks_ensure(pfn, extra || (!known && !page) ?
				 HB_BLOCK_INHERITED : HB_BLOCK_BOOT);
	if (!block)
		return -ENOMEM;
	if (extra)
		scan->found->extra += nr;
	mutex_lock(&hb.lock);
	if (block->state == HB_BLOCK_NEW && page) {
		hb_blocks_event(block, HB_EVENT_FOUND_ONLINE);
		hb_blockmap_set_movable(&hb.map, block,
					page_zonenum(page) == ZONE_MOVABLE);
	} else if (block->state == HB_BLOCK_NEW) {
		enter_offline(block, pfn, nr);
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
	return walk_iomem_res_desc(IORES_DESC_NONE,
				   IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				   0, -1, &scan, scan_range);
}
