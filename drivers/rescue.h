/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a guest in need takes memory: core/rescue.h says how much.
 *
 * Before a process is killed (the OOM notifier), at once, by the one who allocates; and
 * while distress lasts, from a work item, so that it seldom comes to that.  Neither
 * allocates: the books' lock is held by nobody who does.
 */
#ifndef HB_RESCUE_H
#define HB_RESCUE_H

#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * hb_rescue_now() - take what is lacking, as far as the host has granted it
 * @lacking: pages
 *
 * Sleeps.  Return: pages that the allocator has got.
 */
unsigned long hb_rescue_now(u64 lacking);

/* @queue: where it is given back, when the need has been over for a while. */
void hb_rescue_start(struct workqueue_struct *queue, u64 (*lacking)(void));
void hb_rescue_stop(void);

#endif /* HB_RESCUE_H */
