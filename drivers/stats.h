/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics of the guest's memory, for the host: core/stats.h says when they are told.
 *
 * Somebody looks once a second while the guest is awake (ticker.h), and when the driver has moved
 * memory.  No work is begun unless there is something to tell, or to tell again after it failed: a
 * guest that is idle is not woken.  When they are off, nothing is read.
 */
#ifndef HB_STATS_H
#define HB_STATS_H

#include <linux/types.h>

void hb_stats_start(void);

/* And take what was told out of xenstore.  Nobody looks any more. */
void hb_stats_stop(void);

/* The host wants them, or does not.  From the thread of xenbus, or a work item. */
void hb_stats_host_wants(bool wanted);

/* Domain 0 has made memory/meminfo.  From the same. */
void hb_stats_meminfo_made(void);

/* Is there anything to tell?  From any context but that of hard interrupts. */
void hb_stats_look(void);

/* The worker moved pages between guest and Xen; a step of it did not do all that it should. */
void hb_stats_count_moved(u64 pages);
void hb_stats_count_failed(void);
/* It had the kernel drop caches.  By the worker. */
void hb_stats_count_cache_drop(void);

/* The guest took memory in need; it did so instead of a kill.  From anywhere. */
void hb_stats_count_rescue(void);
void hb_stats_count_oom_rescue(void);

#endif /* HB_STATS_H */
