/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What hb_watch() needs of a monitor beyond what everybody has. */
#ifndef HB_MONITOR_H
#define HB_MONITOR_H

#include <signal.h>

#include "internal.h"

/* hb_monitor_open() for the domain *only, or for all if only is NULL. */
enum hb_code hb_monitor_open_for(struct hb *hb, const uint32_t *only, hb_change_fn *change,
				 void *argument, struct hb_monitor **monitor, struct hb_error *error);

/* Wait for the descriptor with that signal mask. Returns 0 or a negative errno; -EINTR: a signal. */
int hb_monitor_wait(struct hb_monitor *monitor, const sigset_t *mask);

/* Is there no domain, be it one that could not be read yet? */
bool hb_monitor_is_empty(const struct hb_monitor *monitor);

#endif
