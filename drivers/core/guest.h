/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the driver knows of its guest, and what happens to the guest's memory blocks.
 *
 * The books (map, ledger, target) are guarded by ops->lock(); what is marked as the
 * worker's is touched by the worker only.
 */
#ifndef HB_CORE_GUEST_H
#define HB_CORE_GUEST_H

#include <core/port.h>
#include "backoff.h"
#include "blockmap.h"
#include "estimate.h"
#include "ledger.h"
#include "ops.h"
#include "next.h"
#include "press.h"
#include "snapshot.h"
#include "target.h"
#include "tidy.h"
#include "zone.h"

/* Which pages have frames is being asked: verify.c. */
struct hb_verify {
	bool wanted;
	bool moved;		/* the guest was built anew: the gap may be another one */
	bool removed;		/* where blocks were that have been removed */
	bool all;		/* every page, not only the held ones */
	unsigned long pfn;	/* all below has been asked */
	u64 surplus;		/* pages that had frames and should have none */
	u64 missing;		/* others that had none */
};

struct hb_rescue {
	u64 headroom;			/* pages that the host grants above the target */
	u64 total;			/* pages that were ever taken in need, */
	u64 looked;			/* and as many when the guest was last looked at */
	u64 given;			/* pages that the allocator ever got from anybody */
	u64 told;			/* of those; the OOM notifier's */
	bool closed;			/* nothing may be taken: the guest is being saved */
	unsigned long pfns[HB_UNIT_PAGES];	/* at hand */
};

struct hb_guest {
	const struct hb_ops *ops;

	/* Guarded by the lock. */
	struct hb_blockmap map;
	struct hb_ledger ledger;
	struct hb_target target;
	u64 same_us;			/* when the same size was news at last; 0: never */
	struct hb_rescue rescue;
	struct hb_estimate estimate;	/* of its need, while it sizes itself */
	struct hb_verify verify;
	unsigned long window_start;	/* pfns where blocks may be added: first, */
	unsigned long window_end;	/* and the first behind */
	unsigned long added_end;	/* the first pfn behind all that ever was */
	unsigned int added_blocks;	/* that exist now */
	unsigned int window_others;	/* blocks of others between those pfns */
	unsigned long stranded;		/* pages with frames that nobody can use */
	bool still;			/* the host wants the memory left as it is */
	bool hibernates;		/* so does the guest, while its image is written */
	bool roomy;			/* the toolstack restores a guest at the size it has */
	bool closed;			/* no block may go online or offline */

	/* Set by people at any time; one word each. */
	unsigned int zone_policy;	/* enum hb_zone_policy */
	unsigned int zone_ratio;	/* percent */
	unsigned int tidy_rate;		/* MiB a second; 0: no tidying */
	unsigned int swap_policy;	/* enum hb_press_policy: of its own, */
	unsigned int swap_by_host;	/* and the host's */
	bool drop_caches;		/* when nothing goes for minutes */

	/* The worker's. */
	struct hb_pass pass;
	struct hb_tidy tidy;
	struct hb_backoff backoff;
	struct hb_press press;
	bool moved;			/* memory has moved since the target was reached */
	bool grown;			/* and it was growth, or something like it */
	bool fresh;			/* a target other than @tidied was followed since */
	u64 tidied;			/* the last target that was reached */
	u64 may_take;			/* what it might take in need, at the last look */
	u64 block_due;			/* ms: a block for that is tried again */
	bool verified;			/* in this pass: once is enough */
	unsigned long pfns[HB_UNIT_PAGES];	/* of the extents at hand */
};

/* Pages that have frames, counted as memory/target counts.  The lock is held. */
static inline u64 hb_guest_populated(const struct hb_guest *g)
{
	return g->ledger.capacity - g->map.held;
}

/* What the host wants; what there is if it wants nothing.  The lock is held. */
u64 hb_guest_target(const struct hb_guest *g);

/* The same, or what the guest itself wants if that is less.  The lock is held. */
u64 hb_guest_wanted(const struct hb_guest *g);

/* That, but no less than what it came to in need: what is followed.  The lock is held. */
u64 hb_guest_goal(const struct hb_guest *g);

/* The most that it may have, in need: what the host wants and grants.  The lock is held. */
u64 hb_guest_most(const struct hb_guest *g);

/*
 * How many more blocks the address window has room for, for all that the books know.  The lock
 * is held.
 */
u64 hb_guest_blocks_left(const struct hb_guest *g);

/*
 * Where the next block is to be: the lowest place in the window that the books have no block
 * at, nor the kernel (one of others that was never online is in no book).  Where the window
 * ends, or behind it, if there is none.  The lock is held.
 */
unsigned long hb_guest_free_slot(struct hb_guest *g);

/* The largest size that the guest can have, in pages.  The lock is held. */
u64 hb_guest_ceiling(const struct hb_guest *g);

/*
 * Half of what libxl gives a restored or migrated domain beyond its target: 1 MiB,
 * LIBXL_MAXMEM_CONSTANT of tools/libs/light/libxl_internal.h.  Xen counts the pages beside RAM
 * against that, too.
 */
#define HB_RESTORE_SLACK (HB_MIB_PAGES / 2)

/**
 * hb_guest_may_be_saved() - would the guest come back?
 *
 * libxl builds the new domain with room for what memory/target says only, whatever else the
 * guest follows: one that has more cannot be restored, by the books or by Xen's count.  Other
 * toolstacks give it what it has (@roomy).  The lock is held.
 */
bool hb_guest_may_be_saved(struct hb_guest *g);

/*
 * Is there anything in it for the worker?  The same size again is, as there may be room now: that
 * is how people and toolstacks have a guest try at once when they have raised a limit or freed
 * memory.  But not again within HB_SAME_AGAIN_US, the longest that a guest waits for what is
 * pinned in it (backoff.c): who repeats himself each second is no reason to have no patience.
 * The lock is held.
 */
#define HB_SAME_AGAIN_US	(8 * 1000 * 1000)
bool hb_guest_is_news(struct hb_guest *g, enum hb_target_verdict verdict);

/* Was memory at @pfn hot-added by the driver, or could it be? */
static inline bool hb_guest_owns(const struct hb_guest *g, unsigned long pfn)
{
	return pfn >= g->window_start && pfn < g->window_end;
}

/* Mark pages held, or not held any more.  The lock is held. */
void hb_guest_hold(struct hb_guest *g, unsigned long pfn, unsigned long nr);
void hb_guest_unhold(struct hb_guest *g, unsigned long pfn, unsigned long nr);

/* What could not be evacuated may be tried again.  Takes the lock. */
void hb_guest_forget_busy(struct hb_guest *g);

/*
 * Somebody else gave and took pages of this memory before, or populate-on-demand did, or
 * it was built page by page: take every unit for broken, until it comes back whole.  Takes
 * the lock.
 */
void hb_guest_suspect(struct hb_guest *g);

/* Fill in all of @now.  Takes the lock. */
void hb_guest_look(struct hb_guest *g, struct hb_snapshot *now);

/**
 * hb_guest_enter() - enter memory that the kernel has into the books
 * @pfn: first page, and @nr pages of one block
 * @origin: what it is, if the block is not there yet
 * @online: is it in use?
 * @movable: for movable pages only
 *
 * Units of which not all is entered are never taken as a whole.  Asks Xen about each page of
 * a block that is not online: those without a frame are held.
 * Takes the lock.  Nothing is entered on failure.
 *
 * Return: 0, or -ENOMEM without memory or beyond the map.
 */
int hb_guest_enter(struct hb_guest *g, unsigned long pfn, unsigned long nr,
		   enum hb_block_origin origin, bool online, bool movable);

/**
 * hb_guest_before_online() - a block is about to go online
 *
 * One that nobody told of was added by somebody else: enters it as hb_guest_enter() does, and
 * counts it.  One of others that was offline may have been removed and added again, with
 * other memory: asks Xen about its pages anew.  Does nothing if the block is the driver's or
 * boot memory.  Takes the lock.
 *
 * Return: 0 or -ENOMEM.
 */
int hb_guest_before_online(struct hb_guest *g, unsigned long pfn);

/*
 * Forget the blocks of others that the kernel does not have any more: it tells nobody when
 * it removes one.  For the worker.  Takes the lock.
 */
void hb_guest_forget_vanished(struct hb_guest *g);

/**
 * hb_guest_block_event() - the kernel's memory notifier
 * @movable: with HB_EVENT_ONLINE: for movable pages only
 *
 * The kernel lets one block at a time change.  Takes the lock.
 *
 * Return: whether the kernel may go on.
 */
bool hb_guest_block_event(struct hb_guest *g, struct hb_block *block,
			  enum hb_block_event event, bool movable);

/* Something happens to a block, by the driver's hand.  The lock is held. */
struct hb_block_transition hb_guest_note(struct hb_guest *g,
					 struct hb_block *block,
					 enum hb_block_event event);

/* May the kernel be told no? */
static inline bool hb_event_may_be_refused(enum hb_block_event event)
{
	return event == HB_EVENT_GOING_ONLINE || event == HB_EVENT_GOING_OFFLINE;
}

#endif /* HB_CORE_GUEST_H */
