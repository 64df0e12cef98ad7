/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HB_WORKER_H
#define HB_WORKER_H

extern const struct hb_ops hb_kernel_ops;

int hb_worker_start(void);

/* Returns when the step at hand is done; does no harm twice. */
void hb_worker_stop(void);

#endif /* HB_WORKER_H */
