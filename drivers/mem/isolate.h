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
 * Where the boot memory of @node lies: from *@from on and before *@end, where another node
 * begins or it has no more memory, hot-added or not; 0 and 0 if it has none at all.
 */
void hb_isolate_range(int node, unsigned long *from, unsigned long *end);

#endif /* HB_MEM_ISOLATE_H */
