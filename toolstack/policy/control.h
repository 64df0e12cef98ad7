/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to do now so that every domain gets the size that is best for all. Pure: a look at
 * the host in, decisions with their reasons out, and what to remember until the next look.
 *
 *   who      domains that managers may size, that run, and that say what they need. All
 *            others keep what they have, and each says why.
 *   what     hb_allocate() shares out what these hold and what is free, but for a pool that
 *            is kept for distress.
 *   now      nothing within a dead band. Donors first: whoever takes gets what is free
 *            already, never what somebody is to give. A shrink that nobody waits for goes
 *            in steps; when a guest lacks what it needs, or the host what it has set
 *            aside, it goes straight. Distress takes from the pool, before all others.
 *   stuck    a guest that does not follow is given the size that it rests at, left alone
 *            for a while that doubles, and tried again. One that did not give may grow
 *            meanwhile.
 *
 * The caller writes sizes in the order of the actions, and nothing else.
 */
#ifndef HB_CONTROL_H
#define HB_CONTROL_H

#include <hotballoon.h>
#include <core/estimate.h>

#include "allocate.h"
#include "arrival.h"
#include "motive.h"
#include "wait.h"

/* What a domain must have, and must have had lately, from one look to the next. */
struct hb_needed {
	uint64_t kib;
	uint64_t most_kib[2], since_ms;	/* since then, and in the time before that */
	unsigned int doubt;	/* the power of two by which it is longer believed to need what it needed */
	uint64_t fell_ms;	/* it was believed to need less, and has not needed more since; 0: neither */
	uint64_t again_ms;	/* it last needed more so soon after that */
};

/* Of one domain, from one look to the next. All 0 for one that is seen first. */
struct hb_controlled_before {
	bool asked;		/* it has a size of ours to go to */
	bool shrinks;
	struct hb_wait wait;
	unsigned int stuck;	/* so often in a row */
	bool keeps;		/* the last time it was to give */
	uint64_t rested_kib;	/* what it had when it first did not give; 0: it does */
	uint64_t retry_ms;	/* it is left alone until then, but that one that was to give may grow */
	uint64_t relief_ms;	/* it was last given something for distress; 0: never */
	uint64_t relieved_kib;	/* what it lacked then */
	struct hb_needed needed;
	uint64_t shrunk_ms, grown_ms;	/* it was last told so; 0: never */
};

struct hb_controlled {
	/* As it is now. */
	const struct hb_domain *domain;
	const struct hb_limits *limits;
	const struct hb_estimate *estimate;
	struct hb_controlled_before *before;
	bool held;		/* it is to be left alone for now */
	uint64_t own_kib;	/* the size that is its own, before what others want; 0: none, see lend.h */

	/* The decision: another size if from and to differ. Sizes include video memory. */
	enum hb_motive reason;
	uint64_t from_kib, to_kib;
	uint64_t share_kib;	/* what it shall have in the end */

	/* Of hb_control(). */
	struct hb_range range;
	bool movable;
	bool keeps;		/* it is, but only upwards */
	uint64_t needs_kib, wants_kib;	/* within its range */
};

struct hb_control {
	enum hb_preset preset;
	bool surplus;		/* give also what nobody needs */
	bool domain_0;		/* size it, too, if it has limits */
	struct hb_number pool;	/* what is kept for distress; absent: hb_control_pool_kib() */
	/*
	 * So much of what is free, or comes free, is for domains to come: until they are there. Guests
	 * in distress get theirs from the pool all the same. NULL: none.
	 */
	const struct hb_arrivals *to_come;
	const struct hb_host_memory *host;
	uint64_t now_ms;	/* any monotonic clock, not 0 */

	struct hb_controlled *domains;
	size_t count;
	/* Room for count of each, which need not be filled. */
	struct hb_portion *portions;
	struct hb_controlled **actions;

	/* The outcome. */
	size_t nr_actions;	/* in actions, in the order in which they are to be carried out */
	/* Somebody lacks what he wants, or the host its pool: hb_estimate_pass() wants to know. */
	bool host_short;
	bool urgent;		/* somebody lacks what he needs, or the host what it has set aside */
	bool soon;		/* look again in 100 ms; else a second is enough */
	bool waits;		/* somebody gets another size when some time has passed */
	uint64_t short_kib;	/* so much more than there is are the minima; 0 */
	uint64_t pool_kib;	/* what is kept for distress, as far as there is any */
	uint64_t reclaimable_kib;	/* what could be had back from guests that do not need it */
};

/* Works on what the caller has filled in; fills in the rest. */
void hb_control(struct hb_control *control);

/*
 * A report has come: is it one that does not wait for the next look? The caller looks ten
 * times a second at most.
 */
bool hb_control_is_due(const struct hb_estimate *estimate, uint64_t size_kib);

/* What the host keeps for guests in distress. */
uint64_t hb_control_pool_kib(uint64_t total_kib);

#endif
