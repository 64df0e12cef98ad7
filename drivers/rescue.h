/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a guest in need takes memory: core/rescue.h says how much.
 *
 * Before a process is killed (the OOM notifier), at once, by the one who allocates; and
 * while distress lasts, from a work item, so that it seldom comes to that.  It is given back
 * when nothing has been lacking for a while.
 */
#ifndef HB_RESCUE_H
#define HB_RESCUE_H

#include <linux/types.h>

/**
 * hb_rescue_now() - take what is lacking, as far as the host has granted it
 * @lacking: pages
 *
 * Sleeps.  Return: pages that the allocator has got.
 */
unsigned long hb_rescue_now(u64 lacking);

/* The same from a work item.  From any context, interrupts on or off. */
void hb_rescue_soon(void);

/* The need is not over yet.  From any context. */
void hb_rescue_lasts(void);

/**
 * hb_rescue_start() - before any of the others
 * @pages: what is short then, asked by the work item; 0: nothing any more
 *
 * Return: 0 or -ENOMEM.
 */
int hb_rescue_start(u64 (*pages)(void));

/* When nobody calls any of the others any more; also if hb_rescue_start() failed. */
void hb_rescue_stop(void);

#endif /* HB_RESCUE_H */
