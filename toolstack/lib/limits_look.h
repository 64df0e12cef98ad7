/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others of the library need of limits.c. */
#ifndef HB_LIMITS_LOOK_H
#define HB_LIMITS_LOOK_H

#include "internal.h"

/*
 * hb_limits_get() for count domains, with one look at what is kept: limits[i] of domains[i].
 * Those whose line alone cannot be read are HB_MODE_OFF without an error.
 */
enum hb_code hb_limits_all(struct hb *hb, const struct hb_domain *domains, size_t count,
			   struct hb_limits *limits, struct hb_error *error);

/* They are not known, as they cannot be read: HB_MODE_OFF. */
void hb_limits_lose(struct hb_limits *limits);

/* Could hb_limits_set() write? An error that names file and line if not. */
enum hb_code hb_limits_check_file(struct hb *hb, struct hb_error *error);

/* What of the file counts for nothing: *damage has the code HB_OK if all of it counts. */
enum hb_code hb_limits_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error);

#endif
