/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What managers have set, and are about to, beside the file of limits: that one is what persons
 * have said, complete on the disk before they are told that it is done. A size is set within
 * moments, many times a minute, and what it is matters no longer than the host runs: its note is
 * in a file of its own, which the disk is not waited for.
 *
 * A note says what it has found in the line of limits, and what is so instead: with another
 * record in the line it counts for nothing. So a line that is written, with what its note said,
 * ends it, in one step; and lines of before, which have no notes, count as they are.
 *
 *   UUID mode=auto weight=N set=KIB of=DOMID,BOOT next=KIB|UUID mode=auto weight=N set=KIB ...
 */
#ifndef HB_NOTED_H
#define HB_NOTED_H

#include "limit.h"
#include "state.h"

struct hb_note {
	struct hb_limits_entry found, now;	/* the records of them only */
};

struct hb_noted {
	struct hb_clock clock;
	const char *uuid;	/* only the notes of this one are read; NULL: all */
	struct hb_note *list;	/* in order of uuid */
	size_t count, room;
	bool failed;		/* out of memory */
};

/*
 * Before the file of limits is read, or with the host's lock: a note of before that ends by a newer
 * line, the other way round it would be missed. Lines that are damaged count for nothing; a file that
 * is there and cannot be read is an error.
 */
enum hb_code hb_noted_read(struct hb *hb, const char *uuid, struct hb_noted *noted, struct hb_error *error);
void hb_noted_clear(struct hb_noted *noted);
/*
 * Can the file be read? *damage has the code HB_OK if so, or if there is none. Single lines are no
 * finding: after a power failure some may be damaged, and the host is booted anew then.
 */
enum hb_code hb_noted_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error);

/*
 * A line of limits as it is with its note, seen from this boot of the host. found, which can be
 * NULL, is it without.
 */
bool hb_noted_parse(const struct hb_noted *noted, const char *line, struct hb_limits_entry *entry,
		    struct hb_limits_entry *found, char unknown[HB_LIMITS_UNKNOWN]);

/* Instead of what was found in its line, that is so. */
void hb_noted_append(struct hb_text *body, const struct hb_limits_entry *found,
		     const struct hb_limits_entry *now);
/* All that is noted. With the host's lock. */
enum hb_code hb_noted_replace(struct hb *hb, const struct hb_text *body, struct hb_error *error);
/* The line is about to say that: a note that would count with it does so no more. With the host's lock. */
enum hb_code hb_noted_yield(struct hb *hb, struct hb_noted *noted, const struct hb_limits_entry *entry,
			    struct hb_error *error);

#endif
