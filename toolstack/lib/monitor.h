/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hb_watch() and hotballoond need of a monitor beyond what everybody has. */
#ifndef HB_MONITOR_H
#define HB_MONITOR_H

#include <signal.h>

#include "internal.h"

/* hb_monitor_open() for the domain *only, or for all if only is NULL. */
enum hb_code hb_monitor_open_for(struct hb *hb, const uint32_t *only, hb_change_fn *change,
				 void *argument, struct hb_monitor **monitor, struct hb_error *error);

/* Wait for the descriptor with that signal mask. Returns 0 or a negative errno; -EINTR: a signal. */
int hb_monitor_wait(struct hb_monitor *monitor, const sigset_t *mask);

/*
 * hb_monitor_dispatch() for who has other things to do, too: what it has not got to by then, by the
 * host's clock, is left for the next, and hb_monitor_fd() is readable at once. Some progress is made in
 * any case. *behind: there are domains of which nothing is known yet, or that may have ended.
 */
enum hb_code hb_monitor_dispatch_until(struct hb_monitor *monitor, uint64_t until_ms, bool *behind,
				       struct hb_error *error);

/*
 * Which domains were read anew, for who has looked at all. As long as none has come or gone
 * hb_monitor_domain() gives the same ones, in the same place.
 */
#define HB_HEARD_MAX 32
struct hb_heard {
	bool all;		/* look at all: others are there, or that many were read that it is as quick */
	size_t count;
	uint32_t domids[HB_HEARD_MAX];
};
/* By the dispatches since this was last asked. */
struct hb_heard hb_monitor_take_heard(struct hb_monitor *monitor);

/* Is there one that nobody has tried to read yet? hb_monitor_measure() finds such, and the next dispatch reads them. */
bool hb_monitor_has_untried(const struct hb_monitor *monitor);

/* Is there no domain, be it one that could not be read yet? */
bool hb_monitor_is_empty(const struct hb_monitor *monitor);

/*
 * That was set by this handle, and is known from now on: the event of it comes later, and a domain
 * that writes on and on is read later still.
 */
void hb_monitor_note_set(struct hb_monitor *monitor, const struct hb_set_result *result);

/*
 * From now on it is heard when Xen itself runs low on memory (VIRQ_ENOMEM), which makes
 * hb_monitor_fd() readable, too. Negative errno of host.h's watch_low(): it is not.
 */
int hb_monitor_hear_low(struct hb_monitor *monitor);
/* Has it, by the dispatches since this was last asked? */
bool hb_monitor_take_low(struct hb_monitor *monitor);

#endif
