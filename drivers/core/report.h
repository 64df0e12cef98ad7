/* SPDX-License-Identifier: GPL-2.0-only */
/* What the driver tells the host and people in the guest. */
#ifndef HB_CORE_REPORT_H
#define HB_CORE_REPORT_H

#include <core/port.h>
#include <hotballoon/keys.h>

struct hb_status {
	enum hb_state state;
	enum hb_cause cause;
	u64 current_kib;
	u64 goal_kib;
	u64 floor_kib;
	u64 max_kib;
	u64 rescued_kib;
	u64 spared_kib;
	bool still;
};

#endif /* HB_CORE_REPORT_H */
