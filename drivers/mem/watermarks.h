/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How short of memory the guest is.
 *
 * The kernel computes its watermarks from the memory that it had when it booted
 * or when a block last came or went.  A guest that booted with populate-on-demand
 * and 1 GiB keeps 45 MiB out of everybody's reach when it has 192 MiB left.  So
 * they are computed anew, by the kernel's own rule, as the guest changes its
 * size; a min_free_kbytes that an administrator set stays.
 */
#ifndef HB_MEM_WATERMARKS_H
#define HB_MEM_WATERMARKS_H

#include "../core/floor.h"

void hb_watermarks_init(void);

/* Have them computed anew if the size moved enough and the kernel is free to. */
void hb_watermarks_follow(void);

/*
 * Pages that are available: what the kernel says, and free pages in per-CPU lists, which it does
 * not count; less what must be written to a disk first.  Counters are read: for any context.
 */
u64 hb_watermarks_available(void);

/* What the floor is computed from.  @added: the node that hot-added memory belongs to. */
void hb_watermarks_pressure(struct hb_pressure *pressure, int added);

#endif /* HB_MEM_WATERMARKS_H */
