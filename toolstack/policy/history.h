/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who was given what, when and why: the last sizes that a manager has set, and each as a
 * line of a file. Pure.
 *
 *   TIME_MS DOMID UUID FROM_KIB TO_KIB REASON NAME
 *
 * TIME_MS since 1970; REASON a word of control.h; NAME last, as it can hold anything but
 * the end of the line, or nothing. UUID is - if there is none.
 */
#ifndef HB_HISTORY_H
#define HB_HISTORY_H

#include "control.h"

struct hb_deed {
	uint64_t time_ms;	/* since 1970 */
	uint32_t domid;
	char name[256], uuid[37];
	uint64_t from_kib, to_kib;
	enum hb_motive reason;
};

#define HB_HISTORY_DEEDS 1024

/* The last of them. All zero is one that knows none. */
struct hb_history {
	struct hb_deed deeds[HB_HISTORY_DEEDS];	/* a ring: use hb_history_at() */
	size_t count, next;
	uint64_t added;		/* ever; the last of them is the one that was added last */
};

void hb_history_add(struct hb_history *history, const struct hb_deed *deed);
/* The oldest is 0; NULL from count on. */
const struct hb_deed *hb_history_at(const struct hb_history *history, size_t i);
/*
 * The next one for who has seen that many of all that were added, which is counted on; those
 * that are gone by now are passed over. NULL: there is none yet.
 */
const struct hb_deed *hb_history_since(const struct hb_history *history, uint64_t *seen);

/* What was decided of a domain, at that time since 1970. */
struct hb_deed hb_deed_of(const struct hb_controlled *one, uint64_t time_ms);

#define HB_DEED_LINE 448

/* The line with its newline, which hb_deed_parse() reads back. Returns text. */
char *hb_deed_format(const struct hb_deed *deed, char text[HB_DEED_LINE]);
/* One line, with its newline or without; false if it is not one. */
bool hb_deed_parse(const char *line, struct hb_deed *deed);

#endif
