/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/hotballoon/ */
#ifndef HB_SYSFS_H
#define HB_SYSFS_H

int hb_sysfs_register(void);
void hb_sysfs_unregister(void);

#endif /* HB_SYSFS_H */
