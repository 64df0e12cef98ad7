/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Carrying a plan out. Xen's side first, then one xenstore transaction that is
 * begun anew while other writers get in its way; what was done to Xen is put
 * back if the transaction does not come about.
 */
#ifndef HB_EXECUTE_H
#define HB_EXECUTE_H

#include "internal.h"
#include "plan.h"

/*
 * seen is the snapshot that the plan was made from. *stale is set, with
 * everything undone, if target or static-max are not what it says any more;
 * the caller makes a new plan. A step that the plan can do without and the host has no
 * memory for is taken out of the plan.
 */
enum hb_code hb_execute(struct hb *hb, const struct hb_domain *seen, struct hb_plan *plan,
			bool *stale, struct hb_error *error);

/* One step on Xen's side. Returns a negative errno. */
int hb_execute_xen_step(struct hb *hb, uint32_t domid, const struct hb_step *step);

#endif
