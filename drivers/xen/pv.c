// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>

#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>
#include <xen/interface/memory.h>
#include <xen/interface/xen.h>

#include "../core/blockmap.h"
#include "extents.h"
#include "pv.h"

/* Pages a hypercall: what one extent becomes. */
#define BATCH HB_UNIT_PAGES

/* Used by the worker only. */
static struct {
	unsigned long pfns[BATCH];
	unsigned long mfns[BATCH];
	struct mmu_update updates[BATCH];
} *batch;

int hb_pv_init(void)
{
	batch = kvzalloc(sizeof(*batch), GFP_KERNEL);
	return batch ? 0 : -ENOMEM;
}

void hb_pv_exit(void)
{
	kvfree(batch);
	batch = NULL;
}

/* The machine address of the page table entry of @pfn in the direct map, or 0. */
static u64 find_entry(unsigned long pfn)
{
	unsigned int level;
	pte_t *pte = lookup_address((unsigned long)__va(PFN_PHYS(pfn)), &level);

	return pte && level == PG_LEVEL_4K ? virt_to_machine(pte).maddr : 0;
}

/* The entries of an aligned unit lie in one page table: look it up once. */
static u64 next_entry(u64 entry, unsigned long before, unsigned long pfn)
{
	if (entry && before / PTRS_PER_PTE == pfn / PTRS_PER_PTE)
		return entry + ((long)pfn - (long)before) * sizeof(pte_t);
	return find_entry(pfn);
}

static void flush_all_tlbs(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_ALL };

	if (HYPERVISOR_mmuext_op(&op, 1, NULL, DOMID_SELF))
		pr_err_once("Xen does not flush TLBs\n");
}

/*
 * Make the direct map of @nr pages of the batch from @first on point to their
 * machine frames, or nowhere; TLBs are flushed once for all when mappings go away.
 *
 * Return: how many were done, in order.
 */
static unsigned int map_frames(unsigned int first, unsigned int nr, bool present)
{
	unsigned int done = 0, i;
	u64 entry = 0;

	for (i = 0; i < nr; i++) {
		unsigned long pfn = batch->pfns[first + i];
		pte_t pte = __pte_ma(0);

		entry = next_entry(entry, i ? batch->pfns[first + i - 1] : 0,
				   pfn);
		if (!entry)
			break;
		if (present)
			pte = mfn_pte(batch->mfns[first + i], PAGE_KERNEL);
		batch->updates[i].ptr = entry | MMU_NORMAL_PT_UPDATE;
		batch->updates[i].val = pte.pte;
	}
	if (i)
		HYPERVISOR_mmu_update(batch->updates, i, &done, DOMID_SELF);
	if (done && !present)
		flush_all_tlbs();
	return done;
}

/* The p2m pages behind it exist: boot memory's, or hb_pv_prepare() made them. */
static int set_p2m(unsigned long pfn, unsigned long mfn)
{
	return xen_safe_write_ulong(xen_p2m_addr + pfn, mfn);
}

/*
 * Put back [first, nr) of the batch, which Xen or the page tables refused to
 * let go.  A page that cannot be mapped again must not be used: say so.
 */
static void keep_frames(unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = first; i < nr; i++)
		set_p2m(batch->pfns[i], batch->mfns[i]);
	if (map_frames(first, nr - first, true) != nr - first)
		pr_err("cannot map pages again that Xen did not take\n");
}

/*
 * Give the first @nr machine frames of the batch to Xen, as one extent if they are one:
 * that spares Xen some 50 instructions a page.
 *
 * Return: how many it took, in order.
 */
static unsigned int give_frames(unsigned int nr, bool one_extent)
{
	u64 before;

	/* Xen leaves the list as it is: mfns[] is still true afterwards. */
	if (!one_extent)
		return hb_reservation(XENMEM_decrease_reservation, batch->mfns,
				      nr, 0);
	before = hb_extents_current();
	if (hb_reservation(XENMEM_decrease_reservation, batch->mfns, 1,
			   HB_UNIT_ORDER))
		return nr;
	return hb_taken_since(before, nr);
}

static unsigned int release_batch(unsigned int nr)
{
	bool one_extent = nr == HB_UNIT_PAGES;
	unsigned int i, unmapped, done;

	for (i = 0; i < nr; i++) {
		batch->mfns[i] = pfn_to_mfn(batch->pfns[i]);
		one_extent &= batch->mfns[i] == batch->mfns[0] + i;
	}
	unmapped = map_frames(0, nr, false);
	for (i = 0; i < unmapped; i++)
		set_p2m(batch->pfns[i], INVALID_P2M_ENTRY);
	done = give_frames(unmapped, one_extent && unmapped == nr);
	if (done < nr)
		keep_frames(done, nr);
	return done;
}

/* Frames that came and cannot be mapped go back. */
static void return_frames(unsigned int first, unsigned int nr)
{
	unsigned int i;

	pr_err("cannot map %u new pages: giving them back\n", nr - first);
	map_frames(first, nr - first, false);
	for (i = first; i < nr; i++)
		set_p2m(batch->pfns[i], INVALID_P2M_ENTRY);
	hb_reservation(XENMEM_decrease_reservation, batch->mfns + first,
		       nr - first, 0);
}

static bool is_whole_unit(unsigned int nr)
{
	return nr == HB_UNIT_PAGES && !(batch->pfns[0] % HB_UNIT_PAGES) &&
	       batch->pfns[nr - 1] == batch->pfns[0] + nr - 1;
}

/*
 * Have Xen fill in the batch's machine frames.  For a whole unit one extent costs Xen
 * much less than single pages, which it may have when it has no extent.
 *
 * Return: how many pages it gave, in order.
 */
static unsigned int take_frames(unsigned int nr)
{
	unsigned long frame = batch->pfns[0];
	unsigned int i;

	if (is_whole_unit(nr) &&
	    hb_reservation(XENMEM_populate_physmap, &frame, 1,
			   HB_UNIT_ORDER)) {
		for (i = 0; i < nr; i++)
			batch->mfns[i] = frame + i;
		return nr;
	}
	memcpy(batch->mfns, batch->pfns, nr * sizeof(*batch->mfns));
	/* Replaces each page number that it served by its machine frame. */
	return hb_reservation(XENMEM_populate_physmap, batch->mfns, nr, 0);
}

static unsigned int populate_batch(unsigned int nr)
{
	unsigned int i, got = take_frames(nr), mapped;

	for (i = 0; i < got; i++)
		if (set_p2m(batch->pfns[i], batch->mfns[i]))
			break;
	mapped = map_frames(0, i, true);
	if (mapped < got)
		return_frames(mapped, got);
	return mapped;
}

/* Cut extents into batches of single pages. */
static unsigned long in_batches(const unsigned long *pfns, unsigned int nr,
				unsigned int order,
				unsigned int (*carry_out)(unsigned int nr))
{
	unsigned long total = (unsigned long)nr << order;
	unsigned long mask = (1UL << order) - 1;
	unsigned long done = 0;

	while (done < total) {
		unsigned int part = min_t(unsigned long, total - done, BATCH);
		unsigned int i, moved;

		for (i = 0; i < part; i++)
			batch->pfns[i] = pfns[(done + i) >> order] +
					 ((done + i) & mask);
		moved = carry_out(part);
		done += moved;
		if (moved < part)
			break;
	}
	return done;
}

unsigned long hb_pv_release(const unsigned long *pfns, unsigned int nr,
			    unsigned int order)
{
	return in_batches(pfns, nr, order, release_batch);
}

unsigned long hb_pv_populate(const unsigned long *pfns, unsigned int nr,
			     unsigned int order)
{
	return in_batches(pfns, nr, order, populate_batch);
}

/*
 * The p2m must say "no frame" for hot-added addresses before the kernel builds
 * their page tables, so that these come out empty.  If this fails half-way the
 * entries that are done stay: nothing else uses the driver's address window.
 */
int hb_pv_prepare(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	for (; pfn < end; pfn++) {
		if (!(pfn % (PAGE_SIZE / sizeof(unsigned long))) &&
		    xen_alloc_p2m_entry(pfn))
			return -ENOMEM;
		if (set_p2m(pfn, INVALID_P2M_ENTRY))
			return -ENOMEM;
	}
	return 0;
}

phys_addr_t hb_pv_address_limit(void)
{
	return PFN_PHYS(xen_p2m_size);
}
