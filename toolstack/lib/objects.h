/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arrays of objects as callers get them: count pointers and NULL, so that nobody outside
 * knows how large an object is. The objects are one block, which belongs to the array.
 */
#ifndef HB_OBJECTS_H
#define HB_OBJECTS_H

#include "internal.h"

/*
 * An array of count values, which it takes over; nothing is copied. NULL with *count 0, and
 * the values released, if *code is no HB_OK or becomes none because there is no memory.
 */
void *hb_array_of(void *values, size_t *count, size_t size, enum hb_code *code,
		  struct hb_error *error);

#endif
