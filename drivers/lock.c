// SPDX-License-Identifier: GPL-2.0-only
/* hb.lock, and how long it is held. */
#include <linux/ktime.h>

#include "driver.h"
#include "trace.h"

static u64 taken_at;	/* ns; guarded by the lock, 0 unless somebody traces */

void hb_lock(void)
{
	mutex_lock(&hb.lock);
	taken_at = trace_hb_lock_enabled() ? ktime_get_ns() : 0;
}

bool hb_trylock(void)
{
	if (!mutex_trylock(&hb.lock))
		return false;
	taken_at = trace_hb_lock_enabled() ? ktime_get_ns() : 0;
	return true;
}

void hb_unlock(void)
{
	if (taken_at)
		trace_hb_lock(_RET_IP_, ktime_get_ns() - taken_at);
	mutex_unlock(&hb.lock);
}
