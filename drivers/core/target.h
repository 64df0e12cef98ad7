/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What memory/target asks for.
 *
 * The key holds KiB in decimal.  A value that is not exactly that changes
 * nothing; one that is larger than the guest's address space can ever hold is a
 * valid wish that is met as far as possible.
 */
#ifndef HB_CORE_TARGET_H
#define HB_CORE_TARGET_H

#include <core/port.h>

enum hb_target_verdict {
	HB_TARGET_SAME,		/* the size already aimed for */
	HB_TARGET_SAME_AFTER_BAD,	/* so it is, and what was bad is gone */
	HB_TARGET_NEW,		/* a new size */
	HB_TARGET_BAD,		/* not a size: keep the last one, say so */
	HB_TARGET_BAD_AGAIN,	/* the same bad text again: already said */
};

#define HB_TARGET_TEXT 48

struct hb_target {
	bool valid;			/* @pages was set at least once */
	u64 pages;			/* the last good target, whoever it is of */
	bool by_host;			/* @host was set at least once */
	u64 host;			/* the last good one that the host wrote */
	u64 own;			/* what it wants itself; 0: the same: autoballoon.h */
	u64 kept;			/* no less, as a guest in need came to it: rescue.h */
	char bad[HB_TARGET_TEXT];	/* the last bad text, quoted; "" if none */
};

/**
 * hb_target_update() - take in the text of memory/target
 * @target: the state to update
 * @text: what xenstore holds, untrusted
 */
enum hb_target_verdict hb_target_update(struct hb_target *target,
					const char *text);

/**
 * hb_target_set() - take in a target of the guest's own, in pages
 */
enum hb_target_verdict hb_target_set(struct hb_target *target, u64 pages);

#endif /* HB_CORE_TARGET_H */
