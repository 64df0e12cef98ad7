/* SPDX-License-Identifier: GPL-2.0-only */
/* /sys/kernel/debug/hotballoon/ */
#ifndef HB_DEBUGFS_H
#define HB_DEBUGFS_H

#include "core/next.h"

void hb_debugfs_register(void);
void hb_debugfs_unregister(void);

/* A step ended, after @us microseconds.  Called by the worker only. */
void hb_debugfs_count(const struct hb_move *step,
		      const struct hb_outcome *outcome, u64 us);

#endif /* HB_DEBUGFS_H */
