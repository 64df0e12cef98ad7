/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nobody else changes a domain while we do: libxl's lock, taken for the time
 * from looking at a domain to having written, and never while waiting for a
 * guest.
 */
#ifndef HB_LOCK_H
#define HB_LOCK_H

#include "internal.h"

/*
 * Lock the domain; waits while another tool holds it, up to a limit: HB_E_HOST.
 * request, which may be NULL, is told of that and can end it: HB_E_INTERRUPTED.
 * After HB_OK, and only then, hb_unlock_domain() must follow.
 */
enum hb_code hb_lock_domain(struct hb *hb, uint32_t domid, const struct hb_set_request *request,
			    struct hb_error *error);
void hb_unlock_domain(struct hb *hb);

#endif
