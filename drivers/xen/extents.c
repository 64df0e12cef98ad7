// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/slab.h>

#include <asm/e820/types.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>
#include <xen/features.h>
#include <xen/interface/memory.h>
#include <xen/xen.h>

#include "../core/blockmap.h"
#include "extents.h"
#include "pv.h"

/* The 640 KiB to 1 MiB hole apart, RAM below 1 MiB that HVM maps leave out. */
#define LOW_MIB_PFNS (1UL << (20 - PAGE_SHIFT))

static bool translated(void)
{
	return xen_feature(XENFEAT_auto_translated_physmap);
}

int hb_extents_init(void)
{
	return translated() ? 0 : hb_pv_init();
}

void hb_extents_exit(void)
{
	if (!translated())
		hb_pv_exit();
}

long hb_reservation(unsigned int op, unsigned long *frames, unsigned int nr,
		    unsigned int order)
{
	struct xen_memory_reservation reservation = {
		.nr_extents = nr,
		.extent_order = order,
		.domid = DOMID_SELF,
	};
	long done;

	BUILD_BUG_ON(sizeof(xen_pfn_t) != sizeof(*frames));
	set_xen_guest_handle(reservation.extent_start, (xen_pfn_t *)frames);
	done = HYPERVISOR_memory_op(op, &reservation);
	return done < 0 ? 0 : done;
}

unsigned long hb_extents_release(unsigned long *pfns, unsigned int nr,
				 unsigned int order)
{
	unsigned long done;
	u64 before;

	if (!translated())
		return hb_pv_release(pfns, nr, order);
	before = hb_extents_current();
	done = hb_reservation(XENMEM_decrease_reservation, pfns, nr, order)
		<< order;
	if (done < (unsigned long)nr << order)
		done = max(done, hb_taken_since(before, (unsigned long)nr << order));
	return done;
}

unsigned long hb_taken_since(u64 before, unsigned long most)
{
	return min_t(u64, most, before - min(before, hb_extents_current()));
}

unsigned long hb_extents_populate(unsigned long *pfns, unsigned int nr,
				  unsigned int order)
{
	if (!translated())
		return hb_pv_populate(pfns, nr, order);
	return hb_reservation(XENMEM_populate_physmap, pfns, nr, order)
		<< order;
}

bool hb_extents_probe(unsigned long pfn, unsigned int nr)
{
	/* Too large for the stack; the worker is the only caller. */
	static unsigned long frames[HB_UNIT_PAGES];
	unsigned int i, got;

	for (i = 0; i < nr; i++)
		frames[i] = pfn + i;
	got = hb_reservation(XENMEM_populate_physmap, frames, nr, 0);
	/* On PV these are machine frames now, which is what this wants. */
	hb_reservation(XENMEM_decrease_reservation, frames, got, 0);
	return got == nr;
}

u64 hb_extents_current(void)
{
	domid_t self = DOMID_SELF;
	long pages = HYPERVISOR_memory_op(XENMEM_current_reservation, &self);

	return pages < 0 ? 0 : pages;
}

enum hb_cause hb_extents_refusal(unsigned long nr)
{
	domid_t self = DOMID_SELF;
	long limit = HYPERVISOR_memory_op(XENMEM_maximum_reservation, &self);

	return limit >= 0 && hb_extents_current() + nr > limit ?
		HB_CAUSE_ABOVE_MAX : HB_CAUSE_HOST_OUT_OF_MEMORY;
}

enum hb_cause hb_extents_kept(void)
{
	return translated() ? HB_CAUSE_PAGING_POOL : HB_CAUSE_BACKEND_GONE;
}

int hb_extents_prepare(unsigned long pfn, unsigned long nr)
{
	return translated() ? 0 : hb_pv_prepare(pfn, nr);
}

bool hb_extents_superpages(void)
{
	return translated();
}

bool hb_extents_removable(void)
{
	return translated();
}

phys_addr_t hb_extents_address_limit(void)
{
	return translated() ? PHYS_ADDR_MAX : hb_pv_address_limit();
}

static void add_ram(struct hb_firmware_ram *ram,
		    const struct boot_e820_entry *entry)
{
	unsigned long start = PFN_UP(entry->addr);
	unsigned long end = PFN_DOWN(entry->addr + entry->size);

	if (entry->type != E820_TYPE_RAM || end <= start ||
	    ram->nr == ARRAY_SIZE(ram->range))
		return;
	if (start == LOW_MIB_PFNS)
		start = 0;
	ram->range[ram->nr].start_pfn = start;
	ram->range[ram->nr].end_pfn = end;
	ram->nr++;
}

int hb_extents_firmware_ram(struct hb_firmware_ram *ram)
{
	struct xen_memory_map map = { .nr_entries = E820_MAX_ENTRIES_ZEROPAGE };
	struct boot_e820_entry *entries;
	unsigned int i;
	int rc;

	entries = kcalloc(map.nr_entries, sizeof(*entries), GFP_KERNEL);
	if (!entries)
		return -ENOMEM;
	set_xen_guest_handle(map.buffer, entries);
	rc = HYPERVISOR_memory_op(XENMEM_memory_map, &map);
	ram->nr = 0;
	for (i = 0; !rc && i < map.nr_entries; i++)
		add_ram(ram, &entries[i]);
	kfree(entries);
	if (rc)
		return rc;
	return ram->nr ? 0 : -ENODATA;
}
