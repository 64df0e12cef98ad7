/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others of the library need of set.c. */
#ifndef HB_SET_H
#define HB_SET_H

#include "internal.h"

/*
 * Give a domain that hb_would_be_lost() the size that it holds, if the target is
 * *expected_kib still (NULL: whatever it is). result->nr_steps is 0 if nothing had to be
 * done. If managers size the domain, that one is theirs, too. ours: the caller keeps the
 * domain still itself. timeout_s: of waiting for locks, as in struct hb_set_request.
 */
enum hb_code hb_keep(struct hb *hb, uint32_t domid, const uint64_t *expected_kib, bool ours,
		     unsigned int timeout_s, struct hb_set_result *result, struct hb_error *error);

/* The domain as it is when the step was done. */
void hb_take_step(struct hb_domain *domain, const struct hb_step *step);

/* hb_set_managed() of a target that was announced already, and is not written down once more. */
enum hb_code hb_set_announced(struct hb *hb, uint32_t domid, uint64_t expected_kib,
			      const struct hb_set_request *request, struct hb_set_result *result,
			      struct hb_error *error);

#endif
