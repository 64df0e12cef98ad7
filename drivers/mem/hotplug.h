/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hot-added memory: blocks come into being with every page held, and frames are
 * put behind them as Xen grants them.  A block that came to be empty is offlined and
 * removed.
 */
#ifndef HB_MEM_HOTPLUG_H
#define HB_MEM_HOTPLUG_H

#include <linux/types.h>

#include "../core/plan.h"

/* Reserve the address window that all blocks come from. */
int hb_hotplug_init(void);
void hb_hotplug_exit(void);

/* The first page behind the window: the map covers everything below. */
unsigned long hb_hotplug_end_pfn(void);

/* Is @pfn in the window?  Else the block is boot memory or the kernel's driver's. */
bool hb_hotplug_owns(unsigned long pfn);

/**
 * prepare_online_pages() - make memory blocks exist, with nothing given out
 * @pfn: first page, on a block boundary inside the window
 * @nr_pages: a multiple of the block size
 *
 * The struct pages exist afterwards and the blocks are online (core/zone.h says for
 * what), with every page held back: MemTotal has not moved.  Caller holds no lock.
 *
 * Return: 0, or a negative errno: -ENOMEM if the guest has no memory for the
 * struct pages (nothing is left behind then), -EAGAIN if the blocks exist but
 * are not online yet.
 */
int prepare_online_pages(unsigned long pfn, unsigned long nr_pages);

/**
 * mark_pages_onlined() - frames are behind these pages: hand them out
 * @pfn: first page
 * @nr_pages: pages of one block, all of them held
 *
 * Caller holds hb.lock.
 *
 * Return: pages handed to the allocator, @nr_pages or 0.
 */
unsigned long mark_pages_onlined(unsigned long pfn, unsigned long nr_pages);

/* Steps of the plan; take hb.lock. */

/* @probe: pages that Xen must be ready to give, or no block is added. */
struct hb_outcome hb_hotplug_add_block(u64 probe);
struct hb_outcome hb_hotplug_online_block(void);

/*
 * Offline the highest empty block, and remove it where that is possible: its page
 * descriptors and page tables come back.
 */
struct hb_outcome hb_hotplug_retire_block(void);

#endif /* HB_MEM_HOTPLUG_H */
