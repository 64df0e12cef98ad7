/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for growing: a new block costs memory before it gives any (its page
 * descriptors, 1.6 % of it, and page tables), and a guest that needs to grow may have
 * none.  So the driver keeps as much as one block costs, and lets it go right before
 * it adds one (and with KASAN, whose part is due then, once more right before that goes
 * online).  It is memory that the kernel itself can use.
 *
 * Used by the worker only.
 */
#ifndef HB_MEM_RESERVE_H
#define HB_MEM_RESERVE_H

#include <linux/types.h>

/* Pages that adding one block of @block_pages takes. */
unsigned long hb_reserve_cost(unsigned long block_pages);

/**
 * hb_reserve_refill() - fill the reserve, as far as the guest has memory to spare
 * @spare: pages that may be taken without pressing the guest
 */
void hb_reserve_refill(u64 spare);

/**
 * hb_reserve_complete() - fill the reserve, because a block is to be added now
 *
 * May make the kernel drop caches, but leaves it enough that nobody is killed.  The kernel
 * warns when it runs out of memory halfway into adding a block: do not begin without this.
 *
 * Return: is it full?  What there is, is kept in any case.
 */
bool hb_reserve_complete(void);

/* Give all of it to the allocator. */
void hb_reserve_release(void);

#endif /* HB_MEM_RESERVE_H */
