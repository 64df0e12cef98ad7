/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Held pages, as struct pages.
 *
 * A held page is PG_offline (dump tools and /proc/kcore leave it alone), has one
 * reference (so nobody can allocate or isolate it), is not reserved, and is not
 * part of its zone's managed pages, so that MemTotal tells what the guest has.
 * Adopted pages, pages out of the allocator, evacuated ranges and hot-added
 * pages that never had a frame all look the same.
 *
 * Others may take a reference to any page for a moment (compaction, dump tools, memory
 * failure handling).  So a reference count that is not zero is never written, only taken
 * and dropped.
 */
#ifndef HB_MEM_PAGES_H
#define HB_MEM_PAGES_H

#include <linux/mm_types.h>
#include <linux/types.h>

/* How the driver allocates what it gives to Xen. */
#define HB_GFP_BALLOON \
	(GFP_HIGHUSER | __GFP_NOWARN | __GFP_NORETRY | __GFP_NOMEMALLOC)

/**
 * hb_pages_alloc() - take a page or a unit from the allocator
 * @order: 0 or HB_UNIT_ORDER
 * @node: from this node only
 *
 * The pages are cleared for Xen and have one reference each.  Sleeps.
 */
bool hb_pages_alloc(unsigned int order, int node, unsigned long *pfn);

/* Give pages back that hb_pages_alloc() or hb_isolate() took. */
void hb_pages_put_back(unsigned long pfn, unsigned long nr);

/*
 * Pages with one reference of the driver's become held; @managed says whether the zone
 * still counts them.  Cannot fail.  The lock is held, and the caller is between
 * page_offline_begin(), which comes first, and page_offline_end(): it waits for whoever reads
 * /proc/kcore, and he for a disk perhaps.
 */
void hb_pages_hold(unsigned long pfn, unsigned long nr, bool managed);

/**
 * mark_pages_onlined() - frames are behind these pages: hand them out
 * @pfn: first page
 * @nr_pages: pages of one block, all of them held until now
 *
 * A whole aligned unit goes to the allocator as one page of order HB_UNIT_ORDER,
 * anything else page by page.  Cannot fail.  The lock is held.
 *
 * Return: pages handed to the allocator: @nr_pages.
 */
unsigned long mark_pages_onlined(unsigned long pfn, unsigned long nr_pages);

/*
 * Xen does not clear what it takes from a living guest, and the next owner must
 * not read it.  Clear pages that the allocator returned, unless it did.
 */
void hb_pages_clear(unsigned long pfn, unsigned long nr);

/* The same for pages of a block that is offline. */
void hb_pages_clear_parked(unsigned long pfn, unsigned long nr);

/*
 * The same for pages that have no struct page any more.  Sleeps.
 *
 * Return: whether all are cleared; not without memory to map them.
 */
bool hb_pages_clear_removed(const unsigned long *pfns, unsigned int nr);

/*
 * Broken memory (PG_hwpoison: a memory failure, or MADV_HWPOISON) is for nobody, Xen least of all,
 * who would give it to another guest.  The allocator hands none out, but may do so for a moment
 * while it is being found: whoever takes pages asks.  Of blocks that are offline nobody can be
 * asked: struct hb_block has a note.
 */
bool hb_pages_poisoned(unsigned long pfn, unsigned long nr);

/* Of pages that the allocator gave: if any is broken all go back.  Return: whether none is. */
bool hb_pages_are_good(unsigned long pfn, unsigned long nr);

/*
 * Is all of the unit one free page of the allocator, or a part of one?  Looks without
 * the zone's lock: a wrong answer costs a needless evacuation.  The unit's block is
 * online.
 */
bool hb_pages_is_free_unit(unsigned long pfn);

/*
 * Where the kernel has no address space for them (CONFIG_XEN_UNPOPULATED_ALLOC), pages of other
 * guests are mapped in place of the guest's own, whose frames the built-in driver gives up: they
 * have none by rights while nothing is mapped there.  Is this such a page?  Only those can be told
 * that gnttab_alloc_pages() marks; others are too like any page that is in use.
 */
bool hb_pages_is_for_grants(unsigned long pfn);

/*
 * Where the kernel's own driver is absent, nobody takes over held pages when the
 * module is unloaded.  They are marked and stay as they are, and a driver that is
 * loaded later finds them by the mark.  Take the lock.
 */
void hb_pages_leave(void);
void hb_pages_find_left(void);

/*
 * "Balloon" of /proc/meminfo, where the kernel has it, follows the held pages; and has none of
 * them any more.  The worker's, or nobody's while it does not run.  The first takes the lock; it
 * counts by blocks where there are several nodes, and so only when the guest @rests.
 */
void hb_pages_count_held(bool rests);
void hb_pages_uncount_held(void);

#endif /* HB_MEM_PAGES_H */
