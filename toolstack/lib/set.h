/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others of the library need of set.c. */
#ifndef HB_SET_H
#define HB_SET_H

#include "internal.h"

/*
 * hb_set() only if the target is expected_kib still, as seen under libxl's lock:
 * otherwise HB_E_REFUSED, and nothing is changed. For sizes that were worked out
 * from an earlier look at the domain.
 */
enum hb_code hb_set_expected(struct hb *hb, uint32_t domid, uint64_t expected_kib,
			     const struct hb_set_request *request, struct hb_set_result *result,
			     struct hb_error *error);

/*
 * Give a domain that hb_would_be_lost() the size that it holds, if the target is
 * *expected_kib still (NULL: whatever it is). result->nr_steps is 0 if nothing had to be
 * done. ours: the caller keeps the domain still itself. timeout_s: of waiting for locks, as
 * in struct hb_set_request.
 */
enum hb_code hb_keep(struct hb *hb, uint32_t domid, const uint64_t *expected_kib, bool ours,
		     unsigned int timeout_s, struct hb_set_result *result, struct hb_error *error);

/*
 * Let maxmem follow to what target_kib needs, as far as the guest has come; does
 * nothing if the domain has another target by now. timeout_s: of waiting for libxl's
 * lock, as in struct hb_set_request.
 */
enum hb_code hb_settle_domain(struct hb *hb, uint32_t domid, uint64_t target_kib,
			      unsigned int timeout_s, struct hb_error *error);

#endif
