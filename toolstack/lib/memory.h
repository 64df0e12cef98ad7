/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's memory as the rest of the library asks for it. */
#ifndef HB_MEMORY_H
#define HB_MEMORY_H

#include "internal.h"

/* hb_host_memory() by domains that have been read: no question about any domain. */
enum hb_code hb_memory_among(struct hb *hb, const struct hb_domain *domains, size_t count,
			     struct hb_host_memory *memory, struct hb_error *error);

#endif
