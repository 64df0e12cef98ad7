/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's memory as the rest of the library asks for it. */
#ifndef HB_MEMORY_H
#define HB_MEMORY_H

#include "internal.h"

/*
 * hb_host_memory() in few questions: what is reserved and promised is at most that much.
 * Exact is the domain domid.
 */
enum hb_code hb_memory_at_least(struct hb *hb, uint32_t domid, struct hb_host_memory *memory,
				struct hb_error *error);

/* hb_host_memory() by domains that have been read: no question about any domain. */
enum hb_code hb_memory_among(struct hb *hb, const struct hb_domain *domains, size_t count,
			     struct hb_host_memory *memory, struct hb_error *error);

/* hb_snapshot(), but as values; *domains is to be released by free(). */
enum hb_code hb_memory_snapshot(struct hb *hb, struct hb_host_memory *memory,
				struct hb_domain **domains, size_t *count,
				struct hb_error *error);

#endif
