/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory blocks going online and offline, by our hand or anybody's.
 *
 * The online callback keeps held pages from the allocator, the memory notifier
 * keeps the books' block states true and lets blocks with held pages go offline,
 * and hb_online_block() puts a block online, as core/zone.h decides, by the interface
 * that user space has, its state file: no policy of the system is changed.
 */
#ifndef HB_MEM_ONLINE_H
#define HB_MEM_ONLINE_H

#include <linux/mm_types.h>
#include <linux/types.h>

/* Nothing goes online or offline before hb_online_close(false). */
int hb_online_init(void);
void hb_online_exit(void);

/* No block may change its state while @closed: the callback changes hands. */
void hb_online_close(bool closed);

/* The online callback; the kernel holds its hotplug locks. */
void hb_online_page(struct page *page, unsigned int order);

/**
 * hb_online_block() - see to it that the block at @pfn is online
 *
 * Ours go online as movable or for everything, as the module's parameters and
 * drivers/core/zone.h say.  Blocks that the built-in
 * driver added go where it can use them after a hand-back: it cannot shrink
 * movable memory, and would take all other until the guest dies.  Caller holds no
 * lock.
 *
 * Return: 0 if it is online, or a negative errno.
 */
int hb_online_block(unsigned long pfn);

/**
 * hb_online_take_offline() - see to it that an empty block of ours is offline
 *
 * Caller is the worker and holds no lock.
 *
 * Return: 0 if it is offline, or a negative errno, -EINTR when the worker was wanted
 * for something else.
 */
int hb_online_take_offline(unsigned long pfn);

#endif /* HB_MEM_ONLINE_H */
