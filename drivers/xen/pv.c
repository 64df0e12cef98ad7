// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>

#include <asm/xen/hypercall.h>
#include <asm/xen/page.h>
#include <xen/interface/memory.h>
#include <xen/interface/xen.h>

#include "../core/blockmap.h"
#include "pv.h"

/* Pages a hypercall: what one extent becomes. */
#define BATCH HB_UNIT_PAGES

/* Used by the worker only. */
static struct {
	unsigned long pfns[BATCH];
	unsigned long mfns[BATCH];
	struct multicall_entry calls[BATCH];
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

/*
 * Make the direct map of @nr pages of the batch from @first on point to their
 * machine frames, or nowhere.  The last entry flushes the TLBs when mappings go
 * away, once for all.
 *
 * Return: how many were done, in order.
 */
static unsigned int map_frames(unsigned int first, unsigned int nr, bool present)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct multicall_entry *call = &batch->calls[i];
		unsigned long pfn = batch->pfns[first + i];
		pte_t pte = __pte_ma(0);

		if (present)
			pte = mfn_pte(batch->mfns[first + i], PAGE_KERNEL);
		call->op = __HYPERVISOR_update_va_mapping;
		call->args[0] = (unsigned long)__va(PFN_PHYS(pfn));
		call->args[1] = pte.pte;
		call->args[2] = !present && i == nr - 1 ?
			UVMF_TLB_FLUSH | UVMF_ALL : UVMF_NONE;
	}
	if (nr && HYPERVISOR_multicall(batch->calls, nr))
		return 0;
	for (i = 0; i < nr && !(long)batch->calls[i].result; i++)
		;
	return i;
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

static unsigned int release_batch(unsigned int nr)
{
	unsigned int i, unmapped, done;

	for (i = 0; i < nr; i++)
		batch->mfns[i] = pfn_to_mfn(batch->pfns[i]);
	unmapped = map_frames(0, nr, false);
	for (i = 0; i < unmapped; i++)
		set_p2m(batch->pfns[i], INVALID_P2M_ENTRY);
	/* Xen leaves the list as it is: mfns[] is still true afterwards. */
	done = hb_reservation(XENMEM_decrease_reservation, batch->mfns,
			      unmapped, 0);
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

static unsigned int populate_batch(unsigned int nr)
{
	unsigned int i, got, mapped;

	memcpy(batch->mfns, batch->pfns, nr * sizeof(*batch->mfns));
	/* Replaces each page number that it served by its machine frame. */
	got = hb_reservation(XENMEM_populate_physmap, batch->mfns, nr, 0);
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
