/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The worker's pass: look, plan, one bounded step, account, and again; at the target,
 * tidy up.  Decisions are in next.h and tidy.h, what steps do in steps.h, and all that
 * touches a kernel or Xen behind ops.h.
 */
#ifndef HB_CORE_PASS_H
#define HB_CORE_PASS_H

#include "guest.h"

/* Only news can wake the worker. */
#define HB_REST_FOREVER (~(u64)0)

/*
 * The driver stays loaded for what others took offline, and nobody tells when they remove
 * it: so often it looks, while there is such a block.  An administrator who removes one waits
 * no longer than that for rmmod to work.
 */
#define HB_VANISH_MS 30000

/**
 * hb_pass_run() - do all that can be done now
 *
 * Follows the target until it is reached or nothing more can be done, and moves one batch
 * of tidying if that is due.  Takes the lock for one extent at a time.
 *
 * Return: milliseconds until it should be called again; news come before.
 */
u64 hb_pass_run(struct hb_guest *g);

#endif /* HB_CORE_PASS_H */
