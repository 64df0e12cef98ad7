/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the decisions look at: the guest at one moment, written as a whole by
 * hb_guest_look().  All counts in pages unless they say otherwise.
 */
#ifndef HB_CORE_SNAPSHOT_H
#define HB_CORE_SNAPSHOT_H

#include <core/port.h>
#include "floor.h"

struct hb_snapshot {
	u64 target;		/* what is followed: the host's, or what the guest came to */
	u64 rescued;		/* by so much it is more than the host's: taken in need */
	u64 spared;		/* by so much it is less */
	u64 may_take;		/* what it may take in need, above what is followed */
	bool granted;		/* does the host let it go above its target? */
	u64 populated;		/* what the guest has */
	u64 usable_held;	/* held pages that could be handed out */
	u64 usable_empty_units;	/* units, all of whose pages are such */
	u64 boot_held;		/* held pages in boot memory that could be handed out */
	u64 mendable_units;	/* complete units that Xen maps page by page */
	u64 parked_plugged;	/* pages with frames in our offline blocks */
	u64 added_plugged;	/* hot-added pages with frames, in online blocks */
	u64 added_movable;	/* of those, for movable pages only */
	u64 retirable;		/* our blocks that are empty and can go */
	u64 added_offline;	/* blocks of ours that are offline, */
	u64 added_refused;	/* and such that the kernel does not put online */
	u64 blocks_left;	/* blocks that the address window still has room for */
	struct hb_floor floor;
	bool unsettled;		/* populate-on-demand: touch little at a time */
	bool hotplug_busy;	/* somebody else's block goes online or offline */
	bool may_vanish;	/* there are offline blocks that somebody else may remove */
	bool doubtful;		/* which pages have frames must be asked first */
	bool still;		/* the host wants the guest's memory left as it is */
};

#endif /* HB_CORE_SNAPSHOT_H */
