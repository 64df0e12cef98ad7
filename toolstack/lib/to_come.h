/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What hb_free() makes free is for somebody who is not there yet: managers give none of it to
 * guests for a while, or until a domain has come. A file of one line:
 *
 *   KIB UNTIL DOMID
 *
 * UNTIL in seconds since 1970, DOMID the largest that there was.
 */
#ifndef HB_TO_COME_H
#define HB_TO_COME_H

#include "internal.h"

struct hb_to_come {
	uint64_t kib;		/* 0: none */
	uint32_t last_domid;
};

/* From now on, so long; 0 seconds: not any more. An error costs no more than that. */
enum hb_code hb_to_come_keep(struct hb *hb, const struct hb_to_come *to_come, unsigned int seconds,
			     struct hb_error *error);
/* What is to be kept now; none if that cannot be read. */
struct hb_to_come hb_to_come_kept(struct hb *hb);

#endif
