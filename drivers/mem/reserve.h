/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for growing: a new block costs memory before it gives any (its page
 * descriptors, 1.6 % of it, and page tables), and a guest that needs to grow may have
 * none.  So the driver keeps as much as one block costs, and lets it go right before
 * it adds one.
 *
 * Used by the worker only.
 */
#ifndef HB_MEM_RESERVE_H
#define HB_MEM_RESERVE_H

#include <linux/types.h>

/**
 * hb_reserve_refill() - fill the reserve, as far as the guest has memory to spare
 * @spare: pages that may be taken without pressing the guest
 */
void hb_reserve_refill(u64 spare);

/* Give all of it to the allocator. */
void hb_reserve_release(void);

#endif /* HB_MEM_RESERVE_H */
