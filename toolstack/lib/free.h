/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory made free for whom it was set aside, see room.h. */
#ifndef HB_FREE_H
#define HB_FREE_H

#include "internal.h"

/*
 * hb_free() for who has a reservation: what is set aside for that name counts as free, and so
 * does what was set aside after it, which has its turn later.
 */
enum hb_code hb_free_for(struct hb *hb, const struct hb_free_request *request, const char *name,
			 struct hb_free_result *result, struct hb_error *error);

#endif
