/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arrays of objects as callers get them: count pointers and NULL, in one block with what
 * they point to, so that nobody outside knows how large an object is.
 */
#ifndef HB_OBJECTS_H
#define HB_OBJECTS_H

#include "internal.h"

/* count objects of zeros, of that size, one behind the other. NULL: no memory. */
void *hb_array_new(size_t count, size_t size);

/*
 * Objects of an array of values, which is released. NULL with *count 0 if *code is no
 * HB_OK, or becomes none because there is no memory.
 */
void *hb_array_of(void *values, size_t *count, size_t size, enum hb_code *code,
		  struct hb_error *error);

#endif
