/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that guests are asked for. */
#ifndef HB_FREE_H
#define HB_FREE_H

#include "arrival.h"
#include "internal.h"

/*
 * What is kept while it is made free is kept for so long at a time, again and again: who is killed
 * leaves it for no longer. No lock is waited for as long, see lock.c.
 */
#define HB_FREE_KEEP_S 50

/* Of whom it is set aside for already, see room.c. */
struct hb_free_turn {
	const char *name;	/* NULL: nobody */
	/* For HB_FREE_KEEP_S, which is renewed here; the caller releases it, whoever is to come. */
	bool ours;
	/* What was free for domains to come when it began; what others have made since is not. */
	struct hb_arrivals before;
};

/* Renews that if it is time; *kept_ms: when that was done last. */
void hb_free_turn_renew(struct hb *hb, const struct hb_free_turn *turn, uint64_t *kept_ms);

/*
 * hb_free() in turn: what is set aside for that name counts as free, and so does what was set
 * aside after it, which has its turn later. request->managed is of no account.
 */
enum hb_code hb_free_in_turn(struct hb *hb, const struct hb_free_request *request,
			     const struct hb_free_turn *turn, struct hb_free_result *result,
			     struct hb_error *error);

#endif
