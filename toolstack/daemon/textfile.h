/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The metrics (policy/metrics.h) in a file for the textfile collector of Prometheus'
 * node_exporter. It is replaced at once by rename(), so that nobody reads a half of it.
 *
 * A text is made after a round, TEXTFILE_EVERY_MS after the one before at the soonest. If
 * it is another one it is written. If not, only the file's time is set: what node_exporter
 * says of that (node_textfile_mtime_seconds) shows that somebody keeps it. So a host where
 * nothing happens costs one call each time that it is looked at, and each TEXTFILE_TOUCH_MS of one
 * that is looked at more seldom. Who ends removes the file,
 * as nobody knows then what is so; one that is killed leaves it, and its time shows that.
 */
#ifndef HB_DAEMON_TEXTFILE_H
#define HB_DAEMON_TEXTFILE_H

#include "manager.h"

#define TEXTFILE_EVERY_MS 5000
/* Its time is older only if the host is not looked at when it should be: HotballoonManagerSilent relies on it. */
#define TEXTFILE_TOUCH_MS 60000

/* All zero, but for what the caller sets: nothing is written yet. */
struct textfile {
	void (*complain)(const char *text, void *argument);	/* the caller's */
	void *argument;
	char path[CONFIG_FILE_TEXT];	/* where it is; empty: nowhere */
	char *text;			/* what is in it; NULL: not known */
	uint64_t written_ms, rounds;	/* when, and of which round */
	uint64_t round_ms;		/* when that was new */
	bool connected;
	bool there;			/* it was written there */
	bool failed;			/* it could not be written, and that has been said */
};

/*
 * Bring it to what the manager sees now, where its configuration says. Returns by when, on
 * the manager's clock, this must be called again; UINT64_MAX: after the next round.
 */
uint64_t textfile_keep(struct textfile *file, const struct manager_view *view);
/* Nobody keeps it any more. */
void textfile_end(struct textfile *file);

#endif
