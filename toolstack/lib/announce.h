/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits as the rest of the library writes them. */
#ifndef HB_ANNOUNCE_H
#define HB_ANNOUNCE_H

#include "internal.h"

/* A target that a manager is about to set. */
struct hb_limits_next {
	const struct hb_domain *domain;
	uint64_t target_kib;	/* 0: none; what was announced is over */
};

/*
 * Before the sizes of count domains are set: whoever of them is sized automatically still is
 * with that target, or without it if it is not set after all. One write, whatever count is.
 */
enum hb_code hb_limits_announce(struct hb *hb, const struct hb_limits_next *list, size_t count,
				struct hb_error *error);

/*
 * The same of one, for who has the host's lock. Nothing is done if it is not sized
 * automatically, or that target is announced already.
 */
enum hb_code hb_limits_announce_locked(struct hb *hb, const struct hb_limits_next *next,
				       struct hb_error *error);

/*
 * A person has set the size: whatever the number is, it is none that managers have set, until
 * somebody says that they may go on from it. For who has the host's lock.
 */
enum hb_code hb_limits_pin_locked(struct hb *hb, const struct hb_domain *domain,
				  struct hb_error *error);

/*
 * What was seen of count domains is written down in one write, of those of which it is so still.
 * Who has a target that managers have not set is a person's: from then on it does not matter if
 * somebody comes back to the number that was theirs. And who has been built anew since a manager
 * has set its size has the one that it was built with: the next that somebody sets pins it.
 */
enum hb_code hb_limits_note(struct hb *hb, const struct hb_domain *const *domains, size_t count,
			    struct hb_error *error);

#endif
