/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which memory a hot-added block becomes.
 *
 * Movable memory can always be given back, but the kernel cannot use it for
 * itself: with too much of it, page tables, sockets and file system caches run out
 * of room while the guest has plenty of free memory.  So there is a limit to how
 * much of a guest is movable; blocks beyond it are for everything, and may not
 * leave again.  The same goes for a block that comes when the kernel has next to
 * nothing: what is in boot memory does not move into movable memory to make room.
 * And for one that is there for a guest in need: as often as for programs' memory somebody
 * is killed for the kernel's own, and all that is granted is taken in vain then.
 */
#ifndef HB_CORE_ZONE_H
#define HB_CORE_ZONE_H

#include <core/port.h>

enum hb_zone_policy {
	HB_ZONE_AUTO,		/* movable up to the ratio */
	HB_ZONE_MOVABLE,	/* always movable */
	HB_ZONE_KERNEL,		/* always for everything */
	HB_ZONE_POLICIES,
};

#define HB_ZONE_POLICY_WORDS { "auto", "movable", "kernel" }

/*
 * Percent.  A guest may become four times its boot size with movable memory alone;
 * the default of the kernel's own policy (memory_hotplug.auto_movable_ratio).
 */
#define HB_ZONE_RATIO_DEFAULT 301

/* All in pages. */
struct hb_zone_input {
	u64 kernel;		/* populated memory that is not only for movable pages */
	u64 movable;		/* size of the blocks that are */
	u64 block;		/* size of the block in question */
	u64 spare;		/* what is available to the kernel itself now */
	u64 cost;		/* what it takes to add another block */
	bool need;		/* it is for what is taken in need */
	u32 ratio;		/* movable memory at most, percent of @kernel */
	enum hb_zone_policy policy;
};

/* Shall the block be for movable pages only? */
bool hb_zone_is_movable(const struct hb_zone_input *in);

#endif /* HB_CORE_ZONE_H */
