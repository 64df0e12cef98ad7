/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who was given what, when and why: the last sizes that a manager has set, and each as a
 * line of a file. Pure.
 *
 * A guest that is set again and again cannot push out what others were given: who has more than
 * HB_HISTORY_SHARE of all loses its own oldest first. What was done to it before is a gap then.
 *
 *   TIME_MS DOMID UUID FROM_KIB TO_KIB REASON NAME
 *
 * TIME_MS since 1970, with ~ before it if what was before is a gap; REASON a word of control.h; NAME last, as it can hold anything but
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
	bool gap;		/* what the guest was given before is forgotten */
};

/* Of the same guest, which stays the same by its uuid when it reboots. */
bool hb_deed_same_guest(const struct hb_deed *a, const struct hb_deed *b);

#define HB_HISTORY_DEEDS 1024
#define HB_HISTORY_SHARE (HB_HISTORY_DEEDS / 8)

/* The last of them. All zero is one that knows none. */
struct hb_history {
	struct hb_deed deeds[HB_HISTORY_DEEDS];	/* the oldest first: use hb_history_at() */
	uint64_t numbers[HB_HISTORY_DEEDS];	/* as they were added, from 0 */
	unsigned int held[HB_HISTORY_DEEDS];	/* how many there are of the same guest */
	size_t count;
	uint64_t added;		/* ever; the last of them is the one that was added last */
};

void hb_history_add(struct hb_history *history, const struct hb_deed *deed);
/* The oldest is 0; NULL from count on. */
const struct hb_deed *hb_history_at(const struct hb_history *history, size_t i);
/* What is older may be forgotten, of whomever it was; 0: nothing is. */
uint64_t hb_history_since_ms(const struct hb_history *history);
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
