/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's one guest, and its lock.
 *
 * All decisions and books are in drivers/core; what they need of the kernel and of Xen is
 * in drivers/mem and drivers/xen, and worker.c brings the two together.
 *
 * Lock order: device_hotplug (kernel), mem_hotplug (kernel), page_offline_begin() (kernel),
 * hb.lock.  The built-in driver's balloon_mutex is only tried while hb.lock is held, which is
 * never held while adding, onlining, offlining or allocating memory: the kernel calls our memory
 * notifier and our online callback, which take it, with its own locks held.
 */
#ifndef HB_DRIVER_H
#define HB_DRIVER_H

#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/types.h>

#include "core/guest.h"

struct hb_driver {
	struct mutex lock;	/* guards what core/guest.h says */
	struct hb_guest guest;
};

extern struct hb_driver hb;

/* Take and drop hb.lock; how long it was held can be traced (hb_lock). */
void hb_lock(void);
bool hb_trylock(void);
void hb_unlock(void);

#define hb_assert_locked() lockdep_assert_held(&hb.lock)

#endif /* HB_DRIVER_H */
