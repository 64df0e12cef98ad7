/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nobody else changes what we look at until we have written. Two locks:
 *
 *   libxl's, of one domain: keeps other toolstacks from it.
 *   The host's, our own: what the host has to give is given away once, and our
 *   files are read and written as one thing.
 *
 * Both are held for the time of some calls, never while waiting, be it for a guest or for the
 * other lock.
 */
#ifndef HB_LOCK_H
#define HB_LOCK_H

#include "internal.h"

/* How a lock is waited for. All zero: as long as is sensible, and as the handle's progress says. */
struct hb_patience {
	unsigned int timeout_s;		/* 0: half a minute, which is the most */
	bool firm;			/* progress is not asked: what has been begun must be ended */
};

/*
 * Take the lock of the domain, that of the host, or both. HB_E_HOST: it was held
 * by somebody else all the time; HB_E_INTERRUPTED: progress has ended the wait.
 * After HB_OK, and only then, the unlock of the same name must follow.
 */
enum hb_code hb_lock_domain(struct hb *hb, uint32_t domid, const struct hb_patience *patience,
			    struct hb_error *error);
void hb_unlock_domain(struct hb *hb);
enum hb_code hb_lock_host(struct hb *hb, const struct hb_patience *patience,
			  struct hb_error *error);
void hb_unlock_host(struct hb *hb);
enum hb_code hb_lock_both(struct hb *hb, uint32_t domid, const struct hb_patience *patience,
			  struct hb_error *error);
void hb_unlock_both(struct hb *hb);

#endif
