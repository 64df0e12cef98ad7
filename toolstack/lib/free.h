/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that guests are asked for. */
#ifndef HB_FREE_H
#define HB_FREE_H

#include "internal.h"

/* Of whom it is set aside for already, see room.c. */
struct hb_free_turn {
	const char *name;	/* NULL: nobody */
	bool ends;		/* the caller releases that afterwards, whoever is to come */
};

/*
 * hb_free() in turn: what is set aside for that name counts as free, and so does what was set
 * aside after it, which has its turn later. request->managed is of no account.
 */
enum hb_code hb_free_in_turn(struct hb *hb, const struct hb_free_request *request,
			     const struct hb_free_turn *turn, struct hb_free_result *result,
			     struct hb_error *error);

#endif
