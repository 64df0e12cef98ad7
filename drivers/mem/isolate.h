/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HB_MEM_ISOLATE_H
#define HB_MEM_ISOLATE_H

#include "../core/plan.h"

/**
 * hb_isolate_shrink() - take hot-added memory, from the top
 * @pages: at most this many
 *
 * Evacuates what is in use to elsewhere in the guest.  A unit that cannot be
 * evacuated is marked busy and passed over for the rest of the pass.  Allocates
 * and migrates without hb.lock.
 */
struct hb_outcome hb_isolate_shrink(u64 pages);

#endif /* HB_MEM_ISOLATE_H */
