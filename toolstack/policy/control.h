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
#include "wait.h"

/*
 * Why a domain gets another size, or why it does not: a row each, the word for programs
 * and logs, which never changes, and a sentence that begins with "it". The words of
 * actions come first.
 */
#define HB_MOTIVES(row) \
	row(DISTRESS, "distress", "it cannot go on without more memory") \
	row(BELOW_MIN, "below-min", "it has less than its minimum") \
	row(NEEDS, "needs", "it needs more to work") \
	row(WANTS, "wants", "it works better with more, and there is some") \
	row(RETURNS, "returns", "it takes back what it had left to others") \
	row(SURPLUS, "surplus", "nobody needs it, and it is shared out") \
	row(ABOVE_MAX, "above-max", "it has more than its maximum") \
	row(HOST_SHORT, "host-short", "the host has promised or set aside more than it has") \
	row(OTHERS_NEED, "others-need", "another guest needs it to work") \
	row(OTHERS_WANT, "others-want", "another guest makes more of it") \
	row(POOL, "pool", "the host keeps some for a guest in distress") \
	row(LENT, "lent", "it sizes itself, and leaves that to others for now") \
	row(RESTS, "rests", "it did not follow: its size is what it holds, until it is tried again") \
	row(SETTLED, "settled", "it has what it shall have") \
	row(HOST_FULL, "host-full", "it would get more, and the host has none to give") \
	row(MOVES, "moves", "it is on its way") \
	row(WAITS, "waits", "it was given another size a moment ago, and nobody needs it to have one again") \
	row(NO_REPORT, "no-report", "it says nothing of what it needs: it keeps its size") \
	row(STUCK, "stuck", "it did not follow its last size, and is tried again later") \
	row(HELD, "held", "it could not be read or sized, and is tried again later") \
	row(FIXED, "fixed", "its limits leave it no other size") \
	row(MANUAL, "manual", "nobody has given it limits") \
	row(OFF, "off", "automatic sizing is off for it") \
	row(PINNED, "pinned", "a person or another tool has set its size") \
	row(OTHER_MANAGER, "other-manager", "xapi's squeezed or the qmemman of Qubes OS sizes it") \
	row(NO_TARGET, "no-target", "it has no target in xenstore, or an invalid one") \
	row(SERVICE, "service", "it works for other domains and is not sized") \
	row(DOMAIN_0, "domain-0", "domain 0 is sized on request only") \
	row(PAUSED, "paused", "it is paused") \
	row(BUILDING, "building", "it is being built") \
	row(SHUT_DOWN, "shut-down", "it is shut down, or has crashed") \
	row(DYING, "dying", "it is being destroyed") \
	row(STILL, "still", "it is being saved or migrated, or told to keep its memory as it is") \
	row(NUMA, "numa", "it has virtual NUMA nodes") \
	row(POPULATING, "populating", "it has memory without frames to give back first (populate-on-demand)") \
	row(CLAIM, "claim", "it has a claim, and older Xens set aside for that what it gives back")

enum hb_motive {
#define HB_MOTIVE_ENUM(name, word, text) HB_MOTIVE_##name,
	HB_MOTIVES(HB_MOTIVE_ENUM)
#undef HB_MOTIVE_ENUM
	HB_MOTIVE_COUNT
};

/* Static. */
const char *hb_motive_word(enum hb_motive reason);
const char *hb_motive_text(enum hb_motive reason);

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
