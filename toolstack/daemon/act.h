/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the library and the policy: what is seen goes one way, what was decided the
 * other. Nothing here waits for a lock that somebody else holds.
 */
#ifndef HB_DAEMON_ACT_H
#define HB_DAEMON_ACT_H

#include <hotballoon.h>

#include "balance.h"
#include "to_come.h"

/* What is seen of all domains; released by sight_clear(). */
struct sight {
	struct hb_look *looks, **order;	/* order: to look for twins */
	size_t count, room;
	struct hb_host_memory host;
	struct hb_arrivals to_come;	/* what is free for domains to come */
	struct hb_error limits_error;	/* why limits are not known, or HB_OK: nobody is sized then */
	struct hb_error damage;		/* which lines of them count for nothing, or HB_OK */
};

/* Of the domains that the monitor knows, without their limits. */
enum hb_code sight_domains(struct sight *sight, const struct hb_monitor *monitor, struct hb_error *error);
/* Of that domain, which has been read since; NULL: none. */
struct hb_look *sight_heard(struct sight *sight, uint32_t domid);
/*
 * What Xen and our files say now: pages, limits, what the host has. *behind: nothing of that, as there
 * is a domain that the monitor is to read first: for which one something is reserved its name says.
 */
enum hb_code sight_look(struct sight *sight, struct hb *hb, struct hb_monitor *monitor,
			bool *behind, struct hb_error *error);
void sight_clear(struct sight *sight);

/* From now on the handle does not wait for locks: HB_E_INTERRUPTED. */
void act_never_wait(struct hb *hb);
enum act_note {
	ACT_NOTE_NONE,		/* there is nothing to note */
	ACT_NOTE_DONE,
	ACT_NOTE_LATER,		/* it could not be tried */
	ACT_NOTE_FAILED,	/* it cannot be written down */
};

/*
 * Whose size a person or another tool has set is theirs from then on, whatever size comes next; and
 * who has been built anew has the size that it was built with. One write, whatever their number.
 */
struct act_notes {
	const struct hb_domain *first;
	bool foreign;		/* it is a person's */
	bool more;		/* of some that is for the next round */
};
enum act_note act_note(struct hb *hb, const struct sight *sight, struct act_notes *notes, struct hb_error *error);
/*
 * Before the sizes of several are set: they are written down as a manager's, in one write to the
 * disk instead of one for each. If that fails each set does it, and says why it cannot.
 */
void act_announce(struct hb *hb, struct hb_controlled *const *actions, size_t count);
/*
 * Give the domain another size, as a manager, if its target is what was seen; the monitor knows it.
 * *done: it has it, also if something failed after that, as Xen's limit did not follow.
 */
enum hb_code act_set(struct hb *hb, struct hb_monitor *monitor, const struct hb_controlled *one,
		     bool *done, struct hb_error *error);
/* Does Xen answer us? One of another version than we were built for does not. */
enum hb_code act_try(struct hb *hb, struct hb_error *error);
/* Does the host answer at all? Asked of one that could not be read. */
enum hb_code act_probe(struct hb *hb, uint32_t domid, struct hb_error *error);
/* Let Xen's limit follow to the target that it has. */
enum hb_code act_settle(struct hb *hb, const struct hb_domain *domain, struct hb_error *error);

#endif
