/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block, and the map of all: what blockmap.h, blockclass.h and block.h work on.
 */
#ifndef HB_CORE_BLOCKTYPE_H
#define HB_CORE_BLOCKTYPE_H

#include <core/port.h>
#include "blockstate.h"

enum hb_block_origin {
	HB_BLOCK_BOOT,		/* the guest started with it */
	HB_BLOCK_INHERITED,	/* hot-added by somebody else: not ours to remove */
	HB_BLOCK_OURS,		/* hot-added by the driver */
};

struct hb_block {
	unsigned long start_pfn;
	unsigned int units;
	enum hb_block_origin origin;
	enum hb_block_state state;
	bool movable;			/* online for movable pages only */
	bool retiring;			/* empty, and about to go: not to be filled */
	bool keeps_module;		/* the caller's own note */
	bool poisoned;			/* had broken memory when it last went offline */
	bool refused;			/* the kernel finds it broken, and keeps it offline */
	unsigned long held;		/* held pages */
	unsigned int empty_units;	/* units whose every page is held */
	unsigned int mendable_units;	/* broken units without a held page */
	unsigned int busy_units;
	u32 classes;			/* one bit each that it is in */
	unsigned long *page_held;	/* one bit a page */
	/* One bit a unit: */
	unsigned long *unit_partly;	/* some pages are held */
	unsigned long *unit_empty;	/* all are */
	unsigned long *unit_broken;
	unsigned long *unit_busy;	/* could not be evacuated */
	unsigned long *unit_in_use;	/* was not free when it was asked about */
	unsigned long *unit_absent;	/* not all of it is RAM: never taken or mended whole */
	u16 *unit_held;			/* held pages a unit */
};

struct hb_blockmap {
	unsigned long block_pages;
	unsigned int block_shift;	/* for pfn / block_pages: this is asked often */
	unsigned int nr_slots;
	struct hb_block **slots;	/* by pfn / block_pages; NULL: none */
	unsigned long *classes;		/* sets of slots, see blockclass.h */
	u32 *least[2];			/* by movable: the least pages with frames */

	unsigned long held;		/* in all blocks */
	unsigned long usable_held;	/* pages, those of empty units included */
	unsigned int usable_empty_units;
	unsigned int boot_empty_units;	/* of those, in boot memory */
	unsigned long boot_held;	/* of usable_held, in boot memory */
	unsigned int mendable_units;	/* in usable blocks */
	unsigned long added_plugged;	/* pages with frames in usable hot-added blocks */
	unsigned long added_movable;	/* of those, for movable pages only */
	unsigned long parked_plugged;	/* the same in our blocks that are offline */
	unsigned int movable_blocks;	/* usable, for movable pages only */
	unsigned long movable_plugged;	/* pages with frames in those */
	unsigned int added_offline;	/* hot-added blocks that the driver may online */
	unsigned int added_refused;	/* the same, but the kernel refuses */
	unsigned int empty_online;	/* our blocks that are online with all held */
	unsigned int empty_offline;	/* the same, offline and not parked */
	unsigned int in_transition;	/* blocks that go online or offline just now */
	unsigned int may_vanish;	/* somebody else's blocks that are offline */
	unsigned int busy_units;	/* that are marked so, in all blocks */
};

/* A run of pages in one block: nr == 0 means none was found. */
struct hb_run {
	unsigned long pfn;
	unsigned long nr;
};

#endif /* HB_CORE_BLOCKTYPE_H */
