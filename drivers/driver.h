/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's shared state and what its thin parts offer each other.
 *
 * One worker thread moves memory: snapshot, plan (drivers/core), one bounded
 * step (drivers/mem, drivers/xen), account, repeat.  xenstore reports are
 * written by a work item of their own.
 *
 * Lock order: device_hotplug (kernel), mem_hotplug (kernel), hb.lock,
 * the built-in driver's balloon_mutex.  hb.lock is never held while adding,
 * onlining, offlining or allocating memory: the kernel calls our memory
 * notifier and our online callback, which take it, with its own locks held.
 */
#ifndef HB_DRIVER_H
#define HB_DRIVER_H

#include <linux/mutex.h>
#include <linux/types.h>

#include <hotballoon/keys.h>
#include "core/blockmap.h"
#include "core/floor.h"
#include "core/ledger.h"
#include "core/plan.h"
#include "core/target.h"
#include "core/zone.h"

struct hb_driver {
	struct mutex lock;		/* protects all below */
	struct hb_blockmap map;
	struct hb_ledger ledger;
	struct hb_target target;
	unsigned int added_blocks;	/* hot-added by this driver */
};

extern struct hb_driver hb;

/* Free the books: every block of the map. */
void hb_blocks_free(void);

/**
 * hb_blocks_ensure() - have a block in the map for @pfn
 * @origin: what it is if it has to be made
 *
 * Takes hb.lock.  A new block's state is HB_BLOCK_NEW; it holds nothing.
 *
 * Return: the block, or NULL without memory or beyond the map.
 */
struct hb_block *hb_blocks_ensure(unsigned long pfn,
				  enum hb_block_origin origin);

/*
 * Something happens to a block.  Says so in the log if it cannot happen.  Caller
 * holds hb.lock.
 */
struct hb_block_transition hb_blocks_event(struct hb_block *block,
					   enum hb_block_event event);

/* How many more blocks the address window has room for.  Caller holds hb.lock. */
unsigned int hb_hotplug_blocks_left(void);

/* The largest size that the guest can have, in pages.  Caller holds hb.lock. */
u64 hb_ceiling(void);

/* Why the worker should look: it always looks at everything. */
void hb_worker_wake(void);
int hb_worker_start(void);
void hb_worker_stop(void);

/* Is this the worker?  What happens now then happens by our hand. */
bool hb_worker_is_current(void);

/*
 * The worker, around a kernel call that may take long and that returns early when
 * a signal is pending: an event and a time limit send one.
 */
void hb_worker_begin_long_call(void);
void hb_worker_end_long_call(void);

/* Published by the worker, read by xen/bus.c and sysfs.c. */
struct hb_report {
	enum hb_state state;
	enum hb_cause cause;
	u64 current_kib;
	u64 goal_kib;
	u64 floor_kib;
	u64 max_kib;
};

void hb_report_get(struct hb_report *report);

int hb_sysfs_register(void);
void hb_sysfs_unregister(void);

void hb_debugfs_register(void);
void hb_debugfs_unregister(void);

/* A step ended, after @us microseconds.  Called by the worker only. */
void hb_debugfs_count(const struct hb_step *step,
		      const struct hb_outcome *outcome, u64 us);

#endif /* HB_DRIVER_H */
