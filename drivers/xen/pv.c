// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>

#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>
#include <xen/interface/memory.h>
#include <xen/interface/xen.h>

#include "../core/blockmap.h"
#include "../driver.h"
#include "pv.h"
#include "reservation.h"

/* Pages a hypercall: what one extent becomes. */
#define BATCH HB_UNIT_PAGES

/* The lock is held. */
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

/* An entry that says where the page is lets the kernel use it. */
enum hb_frame hb_pv_frame(unsigned long pfn)
{
	unsigned long entry = get_phys_to_machine(pfn);
	unsigned int level;
	pte_t *pte;

	/* Where the machine's address space is shown as it is, there is no memory. */
	if (entry == INVALID_P2M_ENTRY || entry & IDENTITY_FRAME_BIT)
		return HB_FRAME_NONE;
	/* A block that is not there yet, or not any more. */
	if (!pfn_valid(pfn))
		return HB_FRAME_THERE;
	pte = lookup_address((unsigned long)__va(PFN_PHYS(pfn)), &level);
	return pte && pte_present(*pte) ? HB_FRAME_THERE : HB_FRAME_STRANDED;
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
 * Map page @i of the batch as before.  A page that cannot be mapped again stays known as
 * one that has a frame: hb_pv_frame() then says that nobody can use it.
 */
static bool keep_frame(unsigned int i)
{
	set_p2m(batch->pfns[i], batch->mfns[i]);
	return map_frames(i, 1, true);
}

/* Xen has taken the first @done pages, and no others. */
static void keep_rest(unsigned int done, unsigned int nr)
{
	unsigned int i;

	for (i = done; i < nr; i++)
		keep_frame(i);
}

/*
 * Of one extent Xen has taken some pages from the front, or none, and does not say how
 * many.  What it has taken it does not let the guest map: all before the first page that
 * can be mapped is gone.  If none can be mapped, it is not for that reason.
 */
static void keep_tail(unsigned int nr)
{
	unsigned int gone, i;

	for (gone = 0; gone < nr && !keep_frame(gone); gone++)
		;
	if (gone == nr)
		return;
	for (i = 0; i < gone; i++)
		set_p2m(batch->pfns[i], INVALID_P2M_ENTRY);
	keep_rest(gone + 1, nr);
}

/*
 * Give the machine frames of the batch to Xen, as one extent if they are one:
 * that spares Xen some 50 instructions a page.  Xen leaves the list as it is.
 */
static bool give_frames(unsigned int nr, unsigned int unmapped, bool one_extent)
{
	unsigned int done;

	if (one_extent && unmapped == nr) {
		if (hb_reservation(XENMEM_decrease_reservation, batch->mfns, 1,
				   HB_UNIT_ORDER))
			return true;
		keep_tail(nr);
		return false;
	}
	done = hb_reservation(XENMEM_decrease_reservation, batch->mfns,
			      unmapped, 0);
	keep_rest(done, nr);
	return done == nr;
}

static bool release_batch(unsigned int nr)
{
	bool one_extent = nr == HB_UNIT_PAGES;
	unsigned int i, unmapped;

	for (i = 0; i < nr; i++) {
		batch->mfns[i] = pfn_to_mfn(batch->pfns[i]);
		one_extent &= batch->mfns[i] == batch->mfns[0] + i;
	}
	unmapped = map_frames(0, nr, false);
	for (i = 0; i < unmapped; i++)
		set_p2m(batch->pfns[i], INVALID_P2M_ENTRY);
	return give_frames(nr, unmapped, one_extent);
}

/*
 * Name those pages in the batch that have a frame which no page table says, with it.  Xen's own
 * table must agree: a frame that went to Xen without its saying so may be another page's now.
 */
static unsigned int batch_stranded(const unsigned long *pfns, unsigned int nr)
{
	unsigned int found = 0, i;

	for (i = 0; i < nr; i++) {
		unsigned long mfn = pfn_to_mfn(pfns[i]);

		if (hb_pv_frame(pfns[i]) != HB_FRAME_STRANDED ||
		    mfn_to_pfn_no_overrides(mfn) != pfns[i])
			continue;
		batch->pfns[found] = pfns[i];
		batch->mfns[found++] = mfn;
	}
	return found;
}

/*
 * After a live migration the p2m is the one of the copy, and has the frames of pages that went
 * after they were copied.
 */
unsigned int hb_pv_reach(unsigned long *pfns, unsigned int nr)
{
	unsigned int stranded, kept = 0, i;

	hb_assert_locked();
	if (WARN_ON_ONCE(nr > BATCH))
		return 0;
	stranded = batch_stranded(pfns, nr);
	/* One that cannot be mapped does not stop the others. */
	for (i = 0; i < stranded; i++)
		i += map_frames(i, stranded - i, true);
	for (i = 0; i < nr; i++)
		if (hb_pv_frame(pfns[i]) == HB_FRAME_THERE)
			pfns[kept++] = pfns[i];
	return kept;
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

/* Name the single pages of extents that make one batch.  Return: how many. */
static unsigned int fill_batch(const unsigned long *pfns, unsigned int nr,
			       unsigned int order)
{
	unsigned int total = nr << order, i;
	unsigned long mask = (1UL << order) - 1;

	hb_assert_locked();
	if (WARN_ON_ONCE(total > BATCH))
		return 0;
	for (i = 0; i < total; i++)
		batch->pfns[i] = pfns[i >> order] + (i & mask);
	return total;
}

bool hb_pv_release(const unsigned long *pfns, unsigned int nr,
		   unsigned int order)
{
	unsigned int pages = fill_batch(pfns, nr, order);

	return pages && release_batch(pages);
}

unsigned long hb_pv_populate(const unsigned long *pfns, unsigned int nr,
			     unsigned int order)
{
	unsigned int pages = fill_batch(pfns, nr, order);

	return pages ? populate_batch(pages) : 0;
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
