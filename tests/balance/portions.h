/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains as a host may have them, for what is measured on many. */
#ifndef HB_TESTS_PORTIONS_H
#define HB_TESTS_PORTIONS_H

#include <stdlib.h>

#include "allocate.h"

#define G (1ULL << 20)	/* KiB */

static inline struct hb_portion random_portion(enum hb_preset preset, uint64_t key)
{
	struct hb_wish wish = { .key = key, .weight = random() % 4 ? 1000 : random() % 100000 + 1 };

	wish.range.min_kib = random() % G / 4 * HB_PAGE_KIB;
	wish.range.max_kib = wish.range.min_kib + random() % (8 * G) / 4 * HB_PAGE_KIB;
	wish.must_kib = random() % (4 * G);
	wish.want_kib = wish.must_kib + random() % (4 * G);
	return hb_portion_of(preset, true, &wish);
}

#endif
