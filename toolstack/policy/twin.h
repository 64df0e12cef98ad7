/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Domains with one uuid, as a configuration that was copied with it makes them: what is kept by
 * uuid says of which of them it is, and cannot be of both. Pure.
 */
#ifndef HB_TWIN_H
#define HB_TWIN_H

#include "balance.h"

/*
 * All that are sized automatically and have a twin get it, and are pinned. The two ends of a
 * migration, and one that is built while the one before it goes, are none. order: room for count.
 */
void hb_twins_find(struct hb_look *looks, size_t count, struct hb_look **order);

#endif
