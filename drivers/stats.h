/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics of the guest's memory, for the host: core/stats.h says when they are told.
 *
 * A deferrable timer looks once a second, and no work is begun unless there is something to
 * tell: a guest that is idle is not woken.  When they are off, nothing is read.
 */
#ifndef HB_STATS_H
#define HB_STATS_H

#include <linux/types.h>

void hb_stats_start(void);

/* And take what was told out of xenstore. */
void hb_stats_stop(void);

/* The host wants them, or does not.  From the thread of xenbus. */
void hb_stats_host_wants(bool wanted);

/*
 * The kernel looks for memory on this processor.  The timer may be with one that sleeps: it
 * comes here then.
 */
void hb_stats_nudge(void);

/* The worker moved pages between guest and Xen; a step of it did not do all that it should. */
void hb_stats_count_moved(u64 pages);
void hb_stats_count_failed(void);
/* It had the kernel drop caches.  By the worker. */
void hb_stats_count_cache_drop(void);

/* The guest took memory in need; it did so instead of a kill.  From anywhere. */
void hb_stats_count_rescue(void);
void hb_stats_count_oom_rescue(void);

#endif /* HB_STATS_H */
