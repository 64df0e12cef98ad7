/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory above the target, which a guest in need takes by itself.
 *
 * The host grants it beforehand (memory/hotballoon-headroom): Xen's limit has room for it, and
 * the host counts it as promised.  A guest that would kill a process for want of memory takes
 * frames for held pages of blocks that are online.  For these everything is there: nothing is
 * allocated and no block is added, so it works where every allocation fails.  Who holds the
 * lock may wait for what an allocating thread has, though: whoever rescues gives up after some
 * milliseconds, and somebody may be killed then.
 *
 * The size that it came to is kept, whatever the guest itself wants meanwhile (autoballoon.h),
 * until the need is over or the host wants a new size: the host's word ends it either way.  While
 * the guest is below its target the rest of the way may be taken in the same manner, without any
 * headroom.
 */
#ifndef HB_CORE_RESCUE_H
#define HB_CORE_RESCUE_H

#include "guest.h"

/*
 * hb_rescue_close() - the guest is about to be saved or migrated
 * @anyway: although it would not come back
 *
 * From the moment at which it is known that it would come back nothing is taken any more, until
 * hb_rescue_open().  Takes the lock.
 *
 * Return: whether it may be; if not, nothing has changed.
 */
bool hb_rescue_close(struct hb_guest *g, bool anyway);

/* It runs, and what it has become is known, or to be verified first.  Takes the lock. */
void hb_rescue_open(struct hb_guest *g);

/* It takes what the guest lacks, at least and at most as much at a time. */
#define HB_RESCUE_LEAST (8 * HB_MIB_PAGES)
#define HB_RESCUE_MOST (64 * HB_MIB_PAGES)

/* The need has been over for so long before what was taken goes back. */
#define HB_RESCUE_CALM_MS 10000

/**
 * hb_rescue_room() - pages that a guest in need may take
 *
 * None while it is to keep still, or about to be saved: what copies the guest would miss
 * them.  None without a target, or before it is known which pages have frames: while those of
 * populate-on-demand have not settled, or what was moved is not verified.  The lock is held.
 */
u64 hb_rescue_room(const struct hb_guest *g);

/**
 * hb_rescue_take() - take what is lacking, as far as it is granted and Xen has it
 * @lacking: pages
 *
 * Any thread, even one that allocates and holds what others wait for: it takes the lock with
 * trylock(), and gives up where that fails.  Half-way: what came is handed out.
 *
 * Return: pages that the allocator has got.
 */
u64 hb_rescue_take(struct hb_guest *g, u64 lacking);

/**
 * hb_rescue_came() - what the allocator has got since this was asked last
 *
 * For whoever is about to kill a process.  Somebody else may have had the lock because he gave
 * memory, or there was nothing left to take because all of it had just come: either is worth one
 * more try of the allocation, and nothing is counted twice.  Takes no lock; one asks at a time.
 *
 * Return: pages, whoever took them.
 */
u64 hb_rescue_came(struct hb_guest *g);

/**
 * hb_rescue_end() - the need is over
 * @total: what had been taken, ever, when that was seen: with more the guest is in need again
 *
 * Takes the lock.  Return: whether there is another size to follow: wake the worker.
 */
bool hb_rescue_end(struct hb_guest *g, u64 total);

#endif /* HB_CORE_RESCUE_H */
