/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HB_HOST_RESERVE_H
#define HB_HOST_RESERVE_H

#include "internal.h"

/* What a host of that much memory keeps for itself: as was said, or by rule. */
uint64_t hb_host_reserve_kib(struct hb *hb, uint64_t total_kib);

/* What of the file counts for nothing: *damage has the code HB_OK if all of it counts. */
enum hb_code hb_host_reserve_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error);

#endif
