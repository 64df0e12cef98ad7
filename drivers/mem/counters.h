/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's counters of memory.  Nothing here sleeps, allocates or takes a lock that who
 * allocates may hold: they are read from timers and on the way to an OOM kill.
 */
#ifndef HB_MEM_COUNTERS_H
#define HB_MEM_COUNTERS_H

#include "../core/distress.h"
#include "../core/press.h"
#include "../core/stats.h"

/* Before the others. */
void hb_counters_init(void);

/* What this kernel has of them; the driver's own are not among them. */
void hb_counters_read(struct hb_stats *stats);

/* All but the number of OOMs. */
void hb_counters_need(struct hb_shortage *need);

/* Room in the swap, and what was needed again. */
void hb_counters_swap(struct hb_press_look *look);

/* Pages that were swapped out since boot. */
u64 hb_counters_swapped_out(void);

#endif /* HB_MEM_COUNTERS_H */
