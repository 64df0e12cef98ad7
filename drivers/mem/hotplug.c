// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "../driver.h"
#include "../xen/extents.h"
#include "hotplug.h"
#include "online.h"
#include "pages.h"
#include "reserve.h"

/* Below 4 GiB are device windows, and the kernel's own scratch regions. */
#define WINDOW_START	SZ_4G
#define WINDOW_MAX	(256ULL * SZ_1G)
#define WINDOW_MIN	((u64)SZ_4G)

/* The kernel wants this form; it shows in /proc/iomem. */
#define RESOURCE_NAME	"System RAM (hotballoon)"

static struct resource window = {
	.name = "Hotballoon window",
	.flags = IORESOURCE_SYSTEM_RAM,	/* not BUSY: blocks go inside */
};

int hb_hotplug_init(void)
{
	struct range range = mhp_get_pluggable_range(true);
	u64 end = min_t(u64, range.end, hb_extents_address_limit() - 1);
	u64 size;

	for (size = WINDOW_MAX; size >= WINDOW_MIN; size /= 2) {
		if (!allocate_resource(&iomem_resource, &window, size,
				       max_t(u64, WINDOW_START, range.start),
				       end, memory_block_size_bytes(),
				       NULL, NULL))
			return 0;
	}
	pr_err("no free range of %llu GiB in the address space below %#llx for hot-added memory\n",
	       WINDOW_MIN / SZ_1G, end);
	return -EBUSY;
}

void hb_hotplug_exit(void)
{
	release_resource(&window);
}

unsigned long hb_hotplug_end_pfn(void)
{
	return PHYS_PFN(window.end + 1);
}

bool hb_hotplug_owns(unsigned long pfn)
{
	return PFN_PHYS(pfn) >= window.start && PFN_PHYS(pfn) <= window.end;
}

unsigned int hb_hotplug_blocks_left(void)
{
	return PHYS_PFN(resource_size(&window)) / hb.map.block_pages -
	       hb.added_blocks;
}

static void note_event(struct hb_block *block, enum hb_block_event event)
{
	mutex_lock(&hb.lock);
	hb_blocks_event(block, event);
	mutex_unlock(&hb.lock);
}

/* The kernel does not have it (any more). */
static void forget_block(struct hb_block *block)
{
	mutex_lock(&hb.lock);
	hb_blockmap_remove(&hb.map, block);
	hb.ledger.capacity -= hb.map.block_pages;
	hb.ledger.held = hb.map.held;
	hb.added_blocks--;
	mutex_unlock(&hb.lock);
	kvfree(block);
	module_put(THIS_MODULE);
}

/* The block must be in the books before the kernel knows it: it may online it. */
static struct hb_block *book_block(unsigned long pfn)
{
	struct hb_block *block;

	/* Its memory would outlive what keeps its holes safe. */
	if (!try_module_get(THIS_MODULE))
		return NULL;
	block = hb_blocks_ensure(pfn, HB_BLOCK_OURS);
	if (!block) {
		module_put(THIS_MODULE);
		return NULL;
	}
	mutex_lock(&hb.lock);
	WARN_ON_ONCE(hb_blockmap_hold(&hb.map, pfn, hb.map.block_pages));
	hb.ledger.capacity += hb.map.block_pages;
	hb.ledger.held = hb.map.held;
	hb.added_blocks++;
	mutex_unlock(&hb.lock);
	return block;
}

static int add_block(unsigned long pfn)
{
	u64 start = PFN_PHYS(pfn);
	struct hb_block *block;
	int rc;

	if (!hb_reserve_complete())
		return -ENOMEM;
	hb_reserve_release();
	rc = hb_extents_prepare(pfn, hb.map.block_pages);
	if (rc)
		return rc;
	block = book_block(pfn);
	if (!block)
		return -ENOMEM;
	rc = add_memory_driver_managed(memory_add_physaddr_to_nid(start), start,
				       memory_block_size_bytes(), RESOURCE_NAME,
				       MHP_MERGE_RESOURCE);
	note_event(block, rc ? HB_EVENT_ADD_FAILED : HB_EVENT_ADDED);
	if (rc)
		forget_block(block);
	return rc;
}

int prepare_online_pages(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;
	int rc = 0;

	for (; pfn < end && !rc; pfn += hb.map.block_pages) {
		rc = add_block(pfn);
		if (!rc && hb_online_block(pfn))
			rc = -EAGAIN;
		/* At once, before the guest uses up what it has left. */
		hb_reserve_complete();
	}
	return rc;
}

unsigned long mark_pages_onlined(unsigned long pfn, unsigned long nr_pages)
{
	lockdep_assert_held(&hb.lock);
	if (WARN_ON_ONCE(hb_blockmap_release(&hb.map, pfn, nr_pages)))
		return 0;
	hb.ledger.held = hb.map.held;
	hb_pages_free(pfn, nr_pages);
	return nr_pages;
}

/* Blocks are added from the bottom of the window up. */
static unsigned long next_block_pfn(void)
{
	unsigned long pfn = PHYS_PFN(window.start);

	mutex_lock(&hb.lock);
	pfn = hb_blockmap_free_slot(&hb.map, pfn);
	mutex_unlock(&hb.lock);
	return pfn;
}

struct hb_outcome hb_hotplug_add_block(u64 probe)
{
	unsigned long pfn = next_block_pfn();
	struct hb_outcome outcome = { 0 };
	int rc;

	/* Struct pages for memory that Xen does not give would be a loss. */
	if (!hb_extents_probe(pfn, probe)) {
		outcome.cause = hb_extents_refusal(probe);
		return outcome;
	}
	rc = prepare_online_pages(pfn, hb.map.block_pages);
	if (!rc) {
		outcome.pages = 1;
	} else if (rc == -EAGAIN) {
		outcome.cause = HB_CAUSE_OFFLINE_PENDING;
	} else {
		pr_warn_ratelimited("cannot add a memory block at %#llx (%d)\n",
				    (u64)PFN_PHYS(pfn), rc);
		outcome.cause = HB_CAUSE_GUEST_BUSY;
	}
	return outcome;
}

struct hb_outcome hb_hotplug_online_block(void)
{
	struct hb_outcome outcome = { 0 };
	struct hb_block *block;
	unsigned long pfn = 0;

	mutex_lock(&hb.lock);
	block = hb_blockmap_offline_block(&hb.map);
	if (block)
		pfn = block->start_pfn;
	mutex_unlock(&hb.lock);

	if (pfn && !hb_online_block(pfn))
		outcome.pages = 1;
	else
		outcome.cause = HB_CAUSE_OFFLINE_PENDING;
	return outcome;
}

/* Take an empty block that is offline from the kernel. */
static int remove_block(struct hb_block *block)
{
	unsigned long pfn = block->start_pfn;
	struct hb_block_transition found;
	int rc;

	mutex_lock(&hb.lock);
	found = hb_blocks_event(block, HB_EVENT_REMOVE);
	mutex_unlock(&hb.lock);
	if (found.verdict != HB_VERDICT_ALLOW)
		return -EBUSY;
	rc = remove_memory(PFN_PHYS(pfn), memory_block_size_bytes());
	note_event(block, rc ? HB_EVENT_REMOVE_FAILED : HB_EVENT_REMOVED);
	if (!rc)
		forget_block(block);
	return rc;
}

struct hb_outcome hb_hotplug_retire_block(void)
{
	bool removable = hb_extents_removable();
	struct hb_outcome outcome = { 0 };
	struct hb_block *block;
	int rc = -ENOENT;

	mutex_lock(&hb.lock);
	block = hb_blockmap_empty_block(&hb.map, removable);
	mutex_unlock(&hb.lock);
	/* Only the worker removes blocks: it stays. */
	if (block)
		rc = hb_online_take_offline(block->start_pfn);
	if (!rc && removable)
		rc = remove_block(block);
	if (rc)
		outcome.cause = HB_CAUSE_OFFLINE_PENDING;
	else
		outcome.pages = 1;
	return outcome;
}
