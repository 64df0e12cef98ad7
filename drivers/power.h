/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of held pages and added blocks when the guest does not simply run on.
 *
 * Suspend (save, migration): the worker is frozen; afterwards it asks where it is.  A guest
 * that has more memory than its target cannot be restored: it refuses, and lives on.
 * Hibernation: refused while there are any, as the image would be restored into a guest
 * that has memory elsewhere.  kexec: the next kernel takes all boot memory for memory, so
 * it gets that back, or there is an ordinary reboot instead.
 */
#ifndef HB_POWER_H
#define HB_POWER_H

struct hb_guest;

/*
 * The worker, which everybody waits for when the guest is to be suspended: let it be, unless
 * it would not come back.
 */
void hb_power_freeze(struct hb_guest *g);

int hb_power_init(void);
void hb_power_exit(void);

#endif /* HB_POWER_H */
