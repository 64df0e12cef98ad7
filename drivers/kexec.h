/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kexec: the next kernel takes all boot memory for memory, so it gets that back before, or
 * there is an ordinary reboot instead.
 */
#ifndef HB_KEXEC_H
#define HB_KEXEC_H

int hb_kexec_init(void);
void hb_kexec_exit(void);

#endif /* HB_KEXEC_H */
