/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reservations as the rest of the library sees them. */
#ifndef HB_RESERVE_H
#define HB_RESERVE_H

#include "internal.h"

/* What all reservations set aside now. */
enum hb_code hb_reserved_kib(struct hb *hb, uint64_t *kib, struct hb_error *error);

/* What of the file counts for nothing: *damage has the code HB_OK if all of it counts. */
enum hb_code hb_reservations_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error);

#endif
