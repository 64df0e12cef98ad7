/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history in a file, so that a restart does not lose it: a line is appended for each
 * deed. One that has as many lines as the history has deeds becomes "PATH.old", in place of
 * the one before, and the next begins; what the history knows of before takes its place then,
 * so that the many lines of one guest push no others out of the files, either.
 *
 * Nothing is synced: this is done between the sizes of a round, where guests in distress would
 * wait for the disk. After a power failure the last lines are missing, and half a line is passed
 * over; within moments of its making PATH.old may be empty, too. Nothing that is decided depends
 * on it.
 */
#ifndef HB_DAEMON_HISTORY_FILE_H
#define HB_DAEMON_HISTORY_FILE_H

#include "history.h"

#define HISTORY_PATH_TEXT 256

/* All zero is one without a file. */
struct history_file {
	char path[HISTORY_PATH_TEXT];	/* empty: there is none */
	size_t lines;
	bool torn;			/* its last line has no end */
};

/*
 * What is in both files is added to history. path is NULL for none. Returns 0, or an errno
 * for what there is and cannot be read; it can be used all the same.
 */
int history_file_open(struct history_file *file, const char *path, struct hb_history *history);
/* Before it is added to history, which is what is known of before. Returns 0 or an errno. */
int history_file_add(struct history_file *file, const struct hb_history *history, const struct hb_deed *deed);

#endif
