/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pages of the guest have no frame behind them.
 *
 * The guest's page frame numbers are cut into blocks (the kernel's memory
 * blocks, the granularity of hot-add and onlining), each block into units of
 * 2 MiB (Xen's largest extent), each unit into pages.  One bit a page says that
 * the page is *held*: Xen has taken its frame back, or has not given it yet,
 * and the page must not reach the allocator.  Boot memory and hot-added memory
 * are the same thing here; only where a block is from tells them apart.
 *
 * A unit is *broken* when Xen gave or took single pages of it: Xen maps it page by
 * page then, and goes on doing so until the whole unit was away and came back at
 * once.
 *
 * Counters are kept with every change, and so are classes of blocks (blockclass.h) and
 * of a block's units: no question is answered by looking at all blocks or all units,
 * whatever the size of the guest.  What is called usable is about blocks that are
 * online: held pages of other blocks cannot be handed out at the moment.
 *
 * Nothing here locks or allocates; the caller does both.
 */
#ifndef HB_CORE_BLOCKMAP_H
#define HB_CORE_BLOCKMAP_H

#include "blocktype.h"

/**
 * hb_blockmap_bytes() - memory that the caller must provide for a map
 * @nr_slots: blocks that there may be
 */
size_t hb_blockmap_bytes(unsigned int nr_slots);

/**
 * hb_blockmap_init() - an empty map
 * @memory: zeroed, of hb_blockmap_bytes(); it is @map->slots from then on
 * @block_pages: pages a block: a power of two, a unit at least, as the kernel has them
 */
void hb_blockmap_init(struct hb_blockmap *map, void *memory,
		      unsigned long block_pages, unsigned int nr_slots);

/**
 * hb_block_bytes() - memory that the caller must provide for one block
 * @block_pages: pages a block
 */
size_t hb_block_bytes(unsigned long block_pages);

/**
 * hb_block_init() - lay a block out in zeroed memory of hb_block_bytes()
 *
 * The block is new and holds nothing.
 *
 * Return: the block, which is @memory.
 */
struct hb_block *hb_block_init(void *memory, unsigned long start_pfn,
			       unsigned long block_pages,
			       enum hb_block_origin origin);

void hb_blockmap_insert(struct hb_blockmap *map, struct hb_block *block);

/* Takes the block out of the map; the caller frees its memory. */
void hb_blockmap_remove(struct hb_blockmap *map, struct hb_block *block);

/* The block that @pfn is in, or NULL. */
struct hb_block *hb_blockmap_find(const struct hb_blockmap *map,
				  unsigned long pfn);

/* The first block, whatever its state, whose end lies above @from_pfn; or NULL. */
struct hb_block *hb_blockmap_next_block(const struct hb_blockmap *map,
					unsigned long from_pfn);

/*
 * Where the first slot without a block begins, from the slot that @from_pfn is in on.
 * Where the map ends, if there is none.
 */
unsigned long hb_blockmap_free_slot(const struct hb_blockmap *map,
				    unsigned long from_pfn);

/**
 * hb_blockmap_event() - something happens to a block
 *
 * Changes its state as hb_block_transition() says; what that says about held
 * pages is for the caller to do.
 *
 * Return: the transition.
 */
struct hb_block_transition hb_blockmap_event(struct hb_blockmap *map,
					     struct hb_block *block,
					     enum hb_block_event event);

/* Say whether an online block is for movable pages only. */
void hb_blockmap_set_movable(struct hb_blockmap *map, struct hb_block *block,
			     bool movable);

/*
 * An empty block is about to go, or it did not work: no unit or page of it is found to be
 * filled meanwhile.
 */
void hb_blockmap_set_retiring(struct hb_blockmap *map, struct hb_block *block,
			      bool retiring);

/*
 * Mark pages held, or not held any more.  The range must lie in one block and
 * every page of it must be in the other state before.
 *
 * Return: 0, or -EINVAL with nothing changed if it does not or they are not.
 */
int hb_blockmap_hold(struct hb_blockmap *map, unsigned long pfn,
		     unsigned long nr);
int hb_blockmap_release(struct hb_blockmap *map, unsigned long pfn,
			unsigned long nr);

/**
 * hb_blockmap_hold_list() - mark single pages held, which may be anywhere
 *
 * Neighbours in the list that are neighbours in memory, upwards or downwards, are
 * marked together.
 *
 * Return: how many were marked, from the first on; not all if one of the next is in no
 * block or held already.
 */
unsigned int hb_blockmap_hold_list(struct hb_blockmap *map,
				   const unsigned long *pfns, unsigned int nr);

/* Take every unit of the block at @pfn for broken, until it comes back whole. */
void hb_blockmap_suspect(struct hb_blockmap *map, unsigned long pfn);

/* How many of @nr pages of one block from @pfn on are held. */
unsigned long hb_blockmap_held_in(const struct hb_blockmap *map,
				  unsigned long pfn, unsigned long nr);

/**
 * hb_blockmap_next_held() - walk over held pages in usable blocks
 * @from_pfn: where to go on: behind the last run, whatever became of it
 * @max: a run of at most this many pages
 *
 * Return: the first run at or after @from_pfn, which lies in one block.
 */
struct hb_run hb_blockmap_next_held(const struct hb_blockmap *map,
				    unsigned long from_pfn, unsigned long max);

/* The lowest unit of a usable block, none that is retiring, whose every page is held. */
struct hb_run hb_blockmap_empty_unit(const struct hb_blockmap *map);

/**
 * hb_blockmap_held_pages() - find held pages in usable blocks, none that is retiring
 * @pfns: receives them
 * @max: how many at most
 *
 * Lowest first; pages of units that are partly held come before those of whole
 * empty units, so that those stay whole.
 *
 * Return: how many were found.
 */
unsigned int hb_blockmap_held_pages(const struct hb_blockmap *map,
				    unsigned long *pfns,
				    unsigned int max);

/* What hb_blockmap_pick() looks for. */
struct hb_pick {
	bool added;		/* in hot-added blocks, or else in boot memory */
	bool movable_only;	/* in blocks for movable pages only */
	unsigned long from, end; /* wholly between these pfns, or with no end anywhere */
	unsigned long max;	/* a run of at most this many pages */
	unsigned long whole;	/* a hot-added block with no more frames may go whole */
	/*
	 * Is the unit at @pfn free?  Only asked for units of usable blocks that have
	 * all their frames.  The answer may be old when it is acted upon.  One that was
	 * not free is not asked about again until the marks are cleared.
	 */
	bool (*is_free)(const void *owner, unsigned long pfn);
	const void *owner;
	unsigned int budget;	/* ask about at most so many; 0: as many as there are */
	bool more;		/* answer: they were used up; no run, but ask again */
};

/**
 * hb_blockmap_pick() - find the best run of pages to take from the guest
 *
 * A run is as many whole units as lie together, or a part of one.  From the top:
 * blocks that can go as a whole; then units that are free; then units that must be
 * evacuated; of both, those in partly plugged blocks first.  Units that are marked
 * busy are passed over.  With fewer than HB_UNIT_PAGES wanted, units of that block that
 * are broken already are preferred.
 */
struct hb_run hb_blockmap_pick(struct hb_blockmap *map, struct hb_pick *pick);

/* The highest run with frames in blocks of ours that are offline. */
struct hb_run hb_blockmap_parked_run(const struct hb_blockmap *map,
				     unsigned long max);

/* The lowest unit that hb_blockmap.mendable_units counts and is not busy. */
struct hb_run hb_blockmap_mendable_unit(const struct hb_blockmap *map);

/* Is the block somebody else's, and offline, so that the kernel may lose it? */
bool hb_block_may_vanish(const struct hb_block *block);

/* A hot-added block that the driver may put online, none that is marked as refused; or NULL. */
struct hb_block *hb_blockmap_offline_block(const struct hb_blockmap *map);

/**
 * hb_blockmap_empty_block() - the highest block of ours that is online without any frame
 * @offline: rather one that is offline already (and not parked), which is of use to nobody
 */
struct hb_block *hb_blockmap_empty_block(const struct hb_blockmap *map,
					 bool offline);

void hb_blockmap_mark_busy(struct hb_blockmap *map, unsigned long pfn);

/* The kernel does not put this block online, for what is broken in it. */
void hb_blockmap_mark_refused(struct hb_blockmap *map, struct hb_block *block);

/* Forget what was busy, not free or refused, of one block.  Return: whether there was one. */
bool hb_blockmap_clear_busy_block(struct hb_blockmap *map);

/*
 * Are the units that lie wholly in this range of one block RAM?  The kernel's memory blocks
 * may have holes, and reach beyond the end of RAM.  New blocks are all RAM.
 */
void hb_blockmap_set_ram(struct hb_blockmap *map, unsigned long pfn,
			 unsigned long nr, bool ram);

/**
 * hb_blockmap_check() - recount everything
 *
 * Return: NULL if every counter and class is true, else what is wrong.
 */
const char *hb_blockmap_check(const struct hb_blockmap *map);

/*
 * Its two parts, for a lock that must not be held for long: every page of one block, and then
 * what all blocks say of themselves.  In between anything may change.
 */
const char *hb_blockmap_check_slot(const struct hb_blockmap *map, unsigned int slot);
const char *hb_blockmap_check_sums(const struct hb_blockmap *map);

#endif /* HB_CORE_BLOCKMAP_H */
