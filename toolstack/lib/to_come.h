/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hb_free() makes free is for somebody who is not there yet: managers give none of it to
 * guests for a while, or until a domain has come. A file with a line for each who has asked, see
 * arrival.h; the others' are left as they are.
 *
 * Two who ask at once must not be told of the same memory: what one has been told is there is not
 * for another who asked before that. Who asks later is told what there is.
 */
#ifndef HB_TO_COME_H
#define HB_TO_COME_H

#include "arrival.h"
#include "internal.h"

/* From now on, so long; 0 seconds: not any more. An error costs no more than that. */
enum hb_code hb_to_come_keep(struct hb *hb, const struct hb_arrival *arrival, unsigned int seconds,
			     struct hb_error *error);
/* The same under the host's lock. */
enum hb_code hb_to_come_keep_locked(struct hb *hb, const struct hb_arrival *arrival,
				    unsigned int seconds, struct hb_error *error);
/* What is to be kept now; what cannot be read is nothing. */
struct hb_arrivals hb_to_come_kept(struct hb *hb);
/* What others have been told is there since, and whose domain has not come. */
enum hb_code hb_to_come_since(struct hb *hb, const struct hb_arrivals *before, uint64_t *kib,
			      struct hb_error *error);

#endif
