// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/slab.h>

#include <asm/e820/types.h>
#include <asm/xen/hypercall.h>
#include <asm/xen/hypervisor.h>
#include <xen/features.h>
#include <xen/interface/hvm/hvm_op.h>
#include <xen/interface/memory.h>
#include <xen/xen.h>

#include "../core/blockmap.h"
#include "extents.h"
#include "pv.h"
#include "reservation.h"

static bool translated(void)
{
	return xen_feature(XENFEAT_auto_translated_physmap);
}

/* Xen's answer, or a negative errno. */
static int ask_frame(unsigned long pfn, enum hb_frame *frame)
{
	struct xen_hvm_get_mem_type ask = { .domid = DOMID_SELF, .pfn = pfn };
	int rc = HYPERVISOR_hvm_op(HVMOP_get_mem_type, &ask);

	*frame = ask.mem_type == HVMMEM_mmio_dm ? HB_FRAME_NONE :
						  HB_FRAME_THERE;
	return rc;
}

/* The page that this function is in has one, if Xen tells at all. */
int hb_extents_init(void)
{
	unsigned long pfn = page_to_pfn(ZERO_PAGE(0));
	enum hb_frame frame;
	int rc;

	if (!translated())
		return hb_pv_init();
	rc = ask_frame(pfn, &frame);
	if (!rc && frame == HB_FRAME_THERE)
		return 0;
	pr_err("Xen does not say which pages of this guest have memory (%d): is HVMOP_get_mem_type forbidden?\n",
	       rc);
	return -EOPNOTSUPP;
}

void hb_extents_exit(void)
{
	if (!translated())
		hb_pv_exit();
}

enum hb_frame hb_extents_frame(unsigned long pfn)
{
	enum hb_frame frame;

	if (!translated())
		return hb_pv_frame(pfn);
	/* It told when the driver was loaded, but this host may be another one. */
	return ask_frame(pfn, &frame) ? HB_FRAME_UNKNOWN : frame;
}

unsigned int hb_extents_reach(unsigned long *pfns, unsigned int nr)
{
	return translated() ? nr : hb_pv_reach(pfns, nr);
}

bool hb_extents_release(const unsigned long *pfns, unsigned int nr,
			unsigned int order)
{
	if (!translated())
		return hb_pv_release(pfns, nr, order);
	return hb_reservation(XENMEM_decrease_reservation, pfns, nr, order) ==
	       nr;
}

unsigned long hb_extents_populate(const unsigned long *pfns, unsigned int nr,
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

/* Xen's limit for the guest; negative: Xen lets it ask nothing. */
static long maximum(void)
{
	domid_t self = DOMID_SELF;

	return HYPERVISOR_memory_op(XENMEM_maximum_reservation, &self);
}

/*
 * A call that its security policy forbids does no extent, as one for which there is no memory;
 * but who may not even ask for his limit is refused altogether.
 */
enum hb_cause hb_extents_refusal(unsigned long nr)
{
	long limit = maximum();

	if (limit < 0)
		return HB_CAUSE_BACKEND_GONE;
	return hb_extents_current() + nr > limit ? HB_CAUSE_ABOVE_MAX :
						   HB_CAUSE_HOST_OUT_OF_MEMORY;
}

enum hb_cause hb_extents_kept(void)
{
	if (maximum() < 0)
		return HB_CAUSE_BACKEND_GONE;
	return translated() ? HB_CAUSE_PAGING_POOL : HB_CAUSE_GUEST_BUSY;
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
	if (start == HB_LOW_MIB_PFNS)
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
