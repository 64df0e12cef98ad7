/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking chosen pages out of use: what is free there is taken, what is in use is
 * moved elsewhere in the guest.  A unit that cannot be evacuated is marked busy and
 * passed over for the rest of the pass.
 *
 * Steps of the plan; they allocate and migrate without hb.lock.
 */
#ifndef HB_MEM_ISOLATE_H
#define HB_MEM_ISOLATE_H

#include "../core/plan.h"

/* Take hot-added memory, from the top. */
struct hb_outcome hb_isolate_shrink_added(const struct hb_step *step);

/* Take boot memory that is in use, from the top, by whole units if possible. */
struct hb_outcome hb_isolate_shrink_boot(u64 pages);

/*
 * Exchange the frames of one complete unit for an extent, so that Xen maps it as one
 * again.
 */
struct hb_outcome hb_isolate_mend_unit(void);

#endif /* HB_MEM_ISOLATE_H */
