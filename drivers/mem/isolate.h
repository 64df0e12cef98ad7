/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking chosen pages out of use: what is free there is taken, the rest moves elsewhere. */
#ifndef HB_MEM_ISOLATE_H
#define HB_MEM_ISOLATE_H

#include <linux/types.h>

/**
 * hb_isolate() - take @nr pages from @pfn on, units or a part of one
 * @give: they are for Xen to keep
 *
 * Cleared for Xen, with one reference each; hb_pages_put_back() undoes it.  Allocates and
 * migrates: without the lock.
 *
 * Return: 0, -ENOMEM with nowhere to move things to, or another errno if something there
 * cannot move, or should not go.
 */
int hb_isolate(unsigned long pfn, unsigned long nr, bool give);

/*
 * Is all of the unit one free page of the allocator, or a part of one?  Looks without
 * the zone's lock: a wrong answer costs a needless evacuation.  The unit's block is
 * online, and the lock is held.
 */
bool hb_isolate_is_free(unsigned long pfn);

#endif /* HB_MEM_ISOLATE_H */
