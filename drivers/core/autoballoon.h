/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that sizes itself, below what the host allows.
 *
 * It looks at its own counters, about once a second; estimate.h says what it needs, as if the
 * host were always short of memory.  What it chooses is followed as a target of the host's is,
 * never above that one.  It moves only for what is worth it.  What it left it may take again
 * in need: rescue.h.
 */
#ifndef HB_CORE_AUTOBALLOON_H
#define HB_CORE_AUTOBALLOON_H

#include "floor.h"
#include "guest.h"
#include "stats.h"

/*
 * What is not worth to be moved, up or down: that part of the size, but not less than the one nor
 * more than the other.  It is less than the margin beside what is used, so a guest that has less
 * than it cannot do without never waits.
 */
#define HB_AUTOBALLOON_BAND_PART 100
#define HB_AUTOBALLOON_BAND_LEAST (4 * HB_MIB_PAGES)
#define HB_AUTOBALLOON_BAND_MOST (32 * HB_MIB_PAGES)

/**
 * hb_autoballoon_look() - choose a size
 * @stats: of now
 * @commit: the same, what is promised to processes
 * @now_ms: a clock that never goes back, not 0
 *
 * The first look after hb_autoballoon_end() begins.  Takes the lock.
 *
 * Return: whether there is another size to follow: wake the worker.
 */
bool hb_autoballoon_look(struct hb_guest *g, const struct hb_stats *stats,
			 const struct hb_commit *commit, u64 now_ms);

/**
 * hb_autoballoon_end() - from now on the host's size is followed
 *
 * Takes the lock.  Return: as hb_autoballoon_look().
 */
bool hb_autoballoon_end(struct hb_guest *g);

#endif /* HB_CORE_AUTOBALLOON_H */
