/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The address window that hot-added memory comes from, and blocks that the kernel adds
 * there and removes.  What is decided about blocks is in core/blocks.c.
 */
#ifndef HB_MEM_HOTPLUG_H
#define HB_MEM_HOTPLUG_H

#include <linux/types.h>

/*
 * Reserve the address window that all blocks come from: as much as the module's parameter
 * window_gib says, or as the address space has.
 */
int hb_hotplug_init(void);
void hb_hotplug_exit(void);

/* The window: its first page, and the first behind it. */
unsigned long hb_hotplug_start_pfn(void);
unsigned long hb_hotplug_end_pfn(void);

/* The node that the window belongs to. */
int hb_hotplug_node(void);

/**
 * prepare_online_pages() - make memory blocks exist, with nothing given out
 * @pfn: first page, on a block boundary inside the window
 * @nr_pages: of one memory block, which is in the books with every page held
 *
 * The struct pages exist afterwards, and whoever puts the block online gets no page of it:
 * MemTotal does not move before mark_pages_onlined().  Caller holds no lock.
 *
 * Return: 0, or a negative errno with nothing left behind: -ENOMEM if the guest has no
 * memory for the struct pages.
 */
int prepare_online_pages(unsigned long pfn, unsigned long nr_pages);

/* Take a block that is offline from the kernel.  Caller holds no lock.  Return: 0 or an errno. */
int hb_hotplug_remove(unsigned long pfn, unsigned long nr_pages);

#endif /* HB_MEM_HOTPLUG_H */
