/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Suspend (save, migration): the worker is frozen; afterwards it asks where it is.  A guest
 * that has more memory than its target cannot be restored: it refuses, and lives on.
 *
 * Hibernation: refused while pages are held or blocks added, as the image would be restored
 * into a guest that has memory elsewhere.
 */
#ifndef HB_SUSPEND_H
#define HB_SUSPEND_H

struct hb_guest;

/*
 * The worker, which everybody waits for when the guest is to be suspended: let it be, unless
 * it would not come back.
 */
void hb_suspend_freeze(struct hb_guest *g);

int hb_suspend_init(void);
void hb_suspend_exit(void);

#endif /* HB_SUSPEND_H */
