/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest says of its memory, in one line: data/hotballoon/stats. Pure. */
#ifndef HB_STATS_H
#define HB_STATS_H

#include <hotballoon.h>

/*
 * Every word that is in the line; the others are absent. Words that are not known here are
 * passed over. A line that is not as the contract says, a known word twice included, is none:
 * all are absent, and the answer is false.
 */
bool hb_stats_parse(const char *line, size_t length, struct hb_number stats[HB_STAT_COUNT]);

#endif
