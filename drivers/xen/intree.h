/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's built-in balloon driver: take its place, and give it back.
 *
 * It cannot be unloaded, and it holds what a balloon driver needs: the one
 * online-page callback and the watch on memory/target.  Taking over stops its
 * thread (it ends between two batches, with its books in order), takes its
 * watch and its callback, and adopts the pages it had ballooned.  Handing back
 * returns the pages, the callback and the watch and starts its thread again.
 *
 * In between its statistics are kept true, so that
 * /sys/devices/system/xen_memory/xen_memory0/ tells what it always told, and
 * a write to target_kb or target there is taken as a request.
 *
 * Where it is absent (initcall_blacklist=balloon_init) only the callback is
 * set.  Kernels without CONFIG_XEN_BALLOON_MEMORY_HOTPLUG have it without a callback.
 */
#ifndef HB_XEN_INTREE_H
#define HB_XEN_INTREE_H

#include <linux/memory_hotplug.h>
#include <linux/types.h>

/**
 * hb_intree_attach() - become the guest's balloon driver
 * @online_page: our online-page callback
 *
 * Return: 0; -EOPNOTSUPP if the built-in driver is active and this kernel does
 * not let it be taken over, -EBUSY if something else has the callback, or
 * another negative errno.  Nothing is changed on failure, and the reason is in
 * the log.
 */
int hb_intree_attach(online_page_callback_t online_page);

/*
 * The first half of undoing hb_intree_attach().  For a moment it is the kernel's generic callback,
 * which takes every page for memory: nothing may go online until this returns.
 */
void hb_intree_give_callback(online_page_callback_t online_page);

/* The second: its thread and its watch.  It may add blocks from here on. */
void hb_intree_detach(void);

bool hb_intree_present(void);

/* Pages that it has ballooned and still has on its list. */
unsigned long hb_intree_stock(void);

/* Pages that its other users (grant mappings) took out of the domain. */
unsigned long hb_intree_foreign_pages(void);

/**
 * hb_intree_adopt() - take some of the pages that it had ballooned
 * @pages: receives them: one reference each, not reserved, not PG_offline
 * @max: at most this many
 *
 * Return: how many; 0 when it has none left, or no memory to give them up.
 */
unsigned int hb_intree_adopt(struct page **pages, unsigned int max);

/* Give adopted pages back to it.  They must be as hb_intree_adopt() gave them. */
void hb_intree_return(struct page **pages, unsigned int nr);

/* Its count of the domain's pages at take-over is @populated in our books. */
void hb_intree_calibrate(u64 populated);

/*
 * Keep its statistics true, as far as that needs no waiting; hb_lock is held.
 *
 * Return: true if somebody wrote a target to its sysfs file since the last
 * call: *@target has it, in our count; the statistics then show that target.
 */
bool hb_intree_sync(u64 populated, u64 *target);

/*
 * Could the last call not write all of them?  Then to be caught up with later, hb_lock held.
 * Without that, they are settled before its thread goes on, which goes by them.
 */
bool hb_intree_is_behind(void);
void hb_intree_catch_up(void);
void hb_intree_settle(u64 populated);

#endif /* HB_XEN_INTREE_H */
