/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks at a host, one after the other, and a decision at each: what is seen of domains
 * goes to their estimates (drivers/core/estimate.h), and with what was asked of them before
 * to hb_control(). Pure: what a look sees is given, nothing is carried out, and all that is
 * remembered between looks is here. It can be forgotten: what matters is in the domains'
 * targets, and the estimates are made anew.
 */
#ifndef HB_BALANCE_H
#define HB_BALANCE_H

#include <hotballoon.h>
#include <core/estimate.h>

#include "control.h"
#include "lend.h"

/* What is seen of one domain. */
struct hb_look {
	const struct hb_domain *domain;
	struct hb_limits limits;
	const struct hb_domain *twin;	/* another with its uuid, for which it is left alone: twin.h */
	bool stale;		/* it could not be read: it is left alone */
};

/* Of one domain, from look to look. */
struct hb_balanced {
	uint32_t domid;
	char uuid[37];
	uint64_t since_ms;		/* first heard then; 0: it was there at the first look */
	struct hb_limits limits;	/* of the last decision */
	struct hb_usage heard;
	struct hb_estimate estimate;
	struct hb_estimate shown;	/* and what it has called out since */
	struct hb_lent lent;
	uint64_t own_kib;		/* as in hb_controlled */
	uint64_t called_kib, called_at_kib;	/* what it said last that it lacks, and what it had then */
	struct hb_controlled_before before, was;	/* was: before the last decision */
	uint64_t held_ms;		/* left alone until then, but for distress */
	uint64_t failed_ms;		/* it was last tried in vain */
	unsigned int held;		/* so often in a row */
	uint64_t distresses;		/* so often it came into distress */
	bool unserved;			/* it needs what the last decision could not give it */
	uint64_t settled_kib;		/* the target that Xen's limit has followed to; 0: none */
	uint64_t settle_ms;		/* it could not, and is not tried before */
	unsigned int locked;		/* so often in a row another tool had it locked */
	/* The caller's: what was last said of it. */
	enum hb_motive said;
	bool said_silent;		/* since it was given its size */
	bool said_twin;
	uint64_t said_kib;
	enum hb_reason complained, unsettled;	/* that it was given nothing; that Xen's limit did not follow */
};

struct hb_balance {
	/* How: set by the caller, at any time. */
	enum hb_preset preset;
	bool surplus, domain_0;
	struct hb_number pool;		/* absent: by rule, and so if it is more than half of the host */
	const struct hb_arrivals *to_come;	/* as in hb_control */

	struct hb_balanced *all;	/* of each look, in the same order */
	size_t count;
	/*
	 * Of the last decision; domains[i] is all[i]'s. One that came since has no domain in it;
	 * control.count is 0 before the first.
	 */
	struct hb_control control;
	struct hb_controlled *domains;
	struct hb_portion *portions;
	struct hb_controlled **actions;
	bool undecided;			/* others are there than when that was decided */
	bool host_short;
	bool news;			/* something was heard since */
	uint64_t decided_ms;
};

/* All zero is one that knows nothing. */
void hb_balance_clear(struct hb_balance *balance);
/*
 * What is known, without the last decision, to try what would be decided; false if there is no
 * memory. to is one that was clear once.
 */
bool hb_balance_copy(struct hb_balance *to, const struct hb_balance *from);

/*
 * Take in what the domains say, which are in order of domid; limits are not looked at. True if
 * one says something that does not wait for the next look, not who could be given nothing when that
 * was decided last, or if others are there now. *memory is false if there is none: nothing was
 * taken in.
 */
bool hb_balance_hear(struct hb_balance *balance, const struct hb_look *looks, size_t count,
		     uint64_t now_ms, bool *memory);

/* The same of one of them, looks[i], when no others have said anything, and none has come or gone. */
bool hb_balance_hear_one(struct hb_balance *balance, size_t i, const struct hb_look *look, uint64_t now_ms);

/* Decide: balance->control has the outcome. Of the looks that were heard last. */
void hb_balance_decide(struct hb_balance *balance, const struct hb_look *looks,
		       const struct hb_host_memory *host, uint64_t now_ms);

/*
 * The domain's action was not carried out: as if it had not been decided. With hold it is
 * left alone for a while, which doubles each time in a row; in distress it is tried each second.
 */
void hb_balance_undo(struct hb_balance *balance, const struct hb_controlled *one, bool hold);
/* The same, because that failed: what to do about it is decided by why. */
enum hb_undone {
	HB_UNDONE_GONE,		/* it ended, or was given another size: that is seen in a moment */
	HB_UNDONE_LOCKED,	/* another tool has it locked, or the host: it is tried in the next round */
	HB_UNDONE_LOCKED_LONG,	/* as often as that is done: from now on it is held */
	HB_UNDONE_REFUSED,	/* it is held */
};
enum hb_undone hb_balance_failed(struct hb_balance *balance, const struct hb_controlled *one,
				 enum hb_code code, enum hb_reason reason);
/* It was, and the domain has that target by now. */
void hb_balance_done(struct hb_balance *balance, const struct hb_controlled *one);

struct hb_balanced *hb_balance_of(struct hb_balance *balance, const struct hb_controlled *one);

/* When to decide next if nothing is heard; UINT64_MAX: not at all. */
uint64_t hb_balance_next_ms(const struct hb_balance *balance);

/*
 * Has Xen's limit for it to follow to its target? A guest that was not waited for has got
 * there. It is done once for a target, and tried again in a while if that failed; who is locked at once.
 */
bool hb_balance_is_to_settle(struct hb_balance *balance, const struct hb_controlled *one);
/* That was tried. */
void hb_balance_settled(struct hb_balance *balance, const struct hb_controlled *one, enum hb_code code);

#endif
