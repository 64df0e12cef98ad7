/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of ours: small texts in the state directory, a header line and then a
 * line for each thing. A file is replaced at once by rename(), so that a reader
 * and a process that is killed see the old one or the new one. Who reads in
 * order to write holds the host's lock (lock.h) in between; readers need none.
 */
#ifndef HB_STATE_H
#define HB_STATE_H

#include "internal.h"

/* The files: each is read and written by the code that bears its name; sizes by noted.c. */
#define HB_STATE_HOST "host"
#define HB_STATE_LIMITS "limits"
#define HB_STATE_RESERVATIONS "reservations"
#define HB_STATE_SIZES "sizes"
#define HB_STATE_TO_COME "to-come"

/* A text that grows; all zero is an empty one. text is to be released by free(). */
struct hb_text {
	char *text;
	size_t length;
	bool failed;		/* out of memory: append() does nothing any more */
};

void hb_text_append(struct hb_text *text, const char *more);

/* Called for each line after the header, without its newline; false: it is damaged. */
typedef bool hb_state_line_fn(const char *line, void *argument);

/* What of a file is not as it should be. */
struct hb_damage {
	unsigned int lines;	/* 0: nothing */
	unsigned int first;	/* the number of the first of them, from 1 */
	int problem;		/* the errno with which all of it could not be read; else 0 */
};

/*
 * Read file name of the state directory, whose first line must be header. No
 * file: HB_OK, no line. With damage, which says what is not as it should be, the lines that
 * can be read count, be it none; the only error is HB_E_INTERNAL. Without (NULL), as who is going to write needs it, all of that is an
 * error that names file and line.
 */
enum hb_code hb_state_read(struct hb *hb, const char *name, const char *header,
			   hb_state_line_fn *line, void *argument, struct hb_damage *damage,
			   struct hb_error *error);
/* That error, for damage that has lines, with how many there are. */
void hb_state_describe(struct hb *hb, const char *name, const char *header,
		       const struct hb_damage *damage, struct hb_error *error);

/*
 * Replace it, and make the directory if need be; body is what follows the header.
 * Under the host's lock. A symbolic link in its place is not followed. After some errors
 * the file is the new one: they say so.
 */
enum hb_code hb_state_replace(struct hb *hb, const char *name, const char *header,
			      const struct hb_text *body, struct hb_error *error);

/*
 * The same for what need not outlive a power failure, and is damaged or the old one after that
 * at worst: the disk is not waited for.
 */
enum hb_code hb_state_note(struct hb *hb, const char *name, const char *header,
			   const struct hb_text *body, struct hb_error *error);

/* All of it, however many calls that takes; false with errno set. */
bool hb_write_all(int fd, const char *text, size_t length);

#endif
