/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is another in a domain than it was, value by value. Pure. */
#ifndef HB_CHANGE_H
#define HB_CHANGE_H

#include <hotballoon.h>

/* Calls tell for each value that is another, always in the same order. */
void hb_change_compare(const struct hb_domain *was, const struct hb_domain *now, hb_change_fn *tell,
		       void *argument);

#endif
