/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libhotballoon share. Decisions are in ../policy: pure
 * functions from structs to structs. Deeds are here: domain.c takes snapshots,
 * execute.c carries plans out, set.c puts both together; only they touch the
 * host.
 */
#ifndef HB_INTERNAL_H
#define HB_INTERNAL_H

#include <hotballoon.h>

#include "error.h"
#include "host.h"
#include "results.h"

struct hb {
	struct hb_host *host;
	char *state_dir;
	bool monitored;			/* a monitor has the events */
	hb_progress_fn *progress;	/* may be NULL */
	void *progress_argument;
	bool dry_run;			/* change nothing */
};

/* A handle for any host; takes the host over. NULL if there is no memory. */
struct hb *hb_open_host(struct hb_host *host);

/* False if who waits wants to wait no longer. */
bool hb_report_progress(struct hb *hb, const struct hb_progress *progress);

#endif
