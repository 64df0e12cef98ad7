/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hotballoond's loop: what wakes the manager, and the signals. */
#ifndef HB_DAEMON_LOOP_H
#define HB_DAEMON_LOOP_H

#include <uv.h>

#include "manager.h"

struct loop_terms {
	const struct manager_host *host;
	const struct config *config;	/* as it was read from: */
	const char *config_path;
	bool config_must;		/* see config_read() */
	const char *socket;		/* where it listens; NULL: nowhere */
	const char *state_dir;		/* where limits are: a change of them is noticed at once */
};

/*
 * Is there a host that can be sized? What another try cannot mend is said, and ends the program with the
 * status that this returns, so that who starts it sees why; else 0, also if the host fails for now.
 */
int loop_try(const struct manager_host *host);

/*
 * Runs until SIGTERM or SIGINT: targets stay as they are then. SIGHUP has the configuration
 * read again, and a wrong one changes nothing. Returns 0, or 1 if it could not begin.
 */
int loop_run(uv_loop_t *uv, const struct loop_terms *terms);

#endif
