// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ioport.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/moduleparam.h>
#include <linux/sizes.h>

#include "../xen/extents.h"
#include "hotplug.h"
#include "reserve.h"

/* Below 4 GiB are device windows, and the kernel's own scratch regions. */
#define WINDOW_START	SZ_4G
#define WINDOW_MIN	((u64)SZ_4G)

/*
 * The books of what could be there cost 8 bytes a block: 64 KiB for 1 TiB.  Whoever wants
 * more knows.
 */
#define WINDOW_GIB_DEFAULT 1024

/* The kernel wants this form; it shows in /proc/iomem. */
#define RESOURCE_NAME	"System RAM (hotballoon)"

static unsigned int window_gib = WINDOW_GIB_DEFAULT;
module_param(window_gib, uint, 0444);
MODULE_PARM_DESC(window_gib, "address space for hot-added memory, in GiB: the guest can grow by as much (default 1024, or what there is)");

static struct resource window = {
	.name = "Hotballoon window",
	.flags = IORESOURCE_SYSTEM_RAM,	/* not BUSY: blocks go inside */
};

/* The largest that fits, to an eighth. */
int hb_hotplug_init(void)
{
	struct range range = mhp_get_pluggable_range(true);
	u64 end = min_t(u64, range.end, hb_extents_address_limit() - 1);
	u64 start = max_t(u64, WINDOW_START, range.start);
	u64 block = memory_block_size_bytes();
	u64 size;

	for (size = max((u64)window_gib * SZ_1G, WINDOW_MIN);
	     size >= WINDOW_MIN; size -= size / 8) {
		if (!allocate_resource(&iomem_resource, &window,
				       round_down(size, block), start, end,
				       block, NULL, NULL))
			return 0;
	}
	pr_err("no free range of %llu GiB in the address space below %#llx for hot-added memory\n",
	       WINDOW_MIN / SZ_1G, end);
	return -EBUSY;
}

/* What others have added in it stays where it is. */
void hb_hotplug_exit(void)
{
	remove_resource(&window);
}

unsigned long hb_hotplug_start_pfn(void)
{
	return PHYS_PFN(window.start);
}

unsigned long hb_hotplug_end_pfn(void)
{
	return PHYS_PFN(window.end + 1);
}

int hb_hotplug_node(void)
{
	return memory_add_physaddr_to_nid(window.start);
}

int prepare_online_pages(unsigned long pfn, unsigned long nr_pages)
{
	u64 start = PFN_PHYS(pfn);
	int rc;

	if (!hb_reserve_complete())
		return -ENOMEM;
	hb_reserve_release();
	rc = hb_extents_prepare(pfn, nr_pages);
	if (!rc)
		rc = add_memory_driver_managed(memory_add_physaddr_to_nid(start),
					       start, PFN_PHYS(nr_pages),
					       RESOURCE_NAME,
					       MHP_MERGE_RESOURCE);
	/* At once, before the guest uses up what it has left. */
	hb_reserve_complete();
	return rc;
}

int hb_hotplug_remove(unsigned long pfn, unsigned long nr_pages)
{
	return remove_memory(PFN_PHYS(pfn), PFN_PHYS(nr_pages));
}
