/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory set aside for a while, on top of what a person may have set aside for the same name. */
#ifndef HB_RAISE_H
#define HB_RAISE_H

#include <hotballoon.h>

#include "moment.h"

/* A reservation as it is kept. */
struct hb_reserved {
	struct hb_reservation reservation;	/* no name: there is none */
	struct hb_moment until;
};

struct hb_raise {
	struct hb_reserved before, after;
};

/*
 * hb_reserve() by force for a domain that does not exist, but never less or for a shorter time
 * than it is set aside already, and in its place.
 */
enum hb_code hb_reserve_raise(struct hb *hb, const struct hb_reserve_request *request,
			      struct hb_raise *raise, struct hb_error *error);
/* As it was before, to the letter, unless somebody else has changed or released it since. */
enum hb_code hb_reserve_lower(struct hb *hb, const struct hb_raise *raise, struct hb_error *error);

#endif
