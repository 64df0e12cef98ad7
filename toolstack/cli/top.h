/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hotballoon top in three parts: top_frame.c makes lines of text from what was read and
 * how it shall be shown, top_keys.c says what keys do to that, and both touch nothing;
 * top.c reads, draws and listens.
 */
#ifndef HB_CLI_TOP_H
#define HB_CLI_TOP_H

#include "reasons.h"

enum top_sort {
	TOP_SORT_ID, TOP_SORT_NAME, TOP_SORT_ACTUAL, TOP_SORT_TARGET, TOP_SORT_DEMAND,
	TOP_SORT_CAUSE, TOP_SORT_COUNT
};

/* "id", "name" and so on; the first letter is the key that chooses it. */
extern const char *const top_sort_names[TOP_SORT_COUNT];

struct top_row {
	struct hb_domain domain;
	struct hb_limits limits;
	struct cli_reason reason;	/* of hotballoond */
};

struct top_data {
	struct hb_host_memory host;
	struct top_row *rows;
	size_t count;
};

struct top_view {
	unsigned int width, height;	/* columns and lines; height 0: as many as are needed */
	enum top_sort sort;
	bool reverse;
	size_t first, most;		/* rows that are scrolled away, and that can be */
	size_t page;			/* rows that are shown */
	bool help;			/* what there is to know, instead of rows */
	char clock[16];
	const char *warning, *fault, *plain;	/* colours, or empty */
	bool keys;			/* say which keys there are */
	bool unasked;			/* hotballoond did not answer in time: it is not asked again */
};

/* Narrower than this, lines are cut. */
#define TOP_WIDTH_MIN 80
/* From here on there is room for what hotballoond says, beside all others. */
#define TOP_WIDTH_REASON 94

/* In the order of the view. */
void top_sort_rows(struct top_data *data, const struct top_view *view);
/* Sorts the rows and prints the frame; nothing is wider or higher than the view. */
void top_frame(FILE *out, struct top_data *data, const struct top_view *view);
/* What keys do, as the terminal sends them; false: quit. */
bool top_take_keys(struct top_view *view, const char *keys, size_t length);
/* How many rows fit into the view. */
size_t top_rows_shown(const struct top_data *data, const struct top_view *view);

#endif
