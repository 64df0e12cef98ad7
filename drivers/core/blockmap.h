/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pages of the guest have no frame behind them.
 *
 * The guest's page frame numbers are cut into blocks (the kernel's memory
 * blocks, the granularity of hot-add and onlining), each block into units of
 * 2 MiB (Xen's largest extent), each unit into pages.  One bit a page says that
 * the page is *held*: Xen has taken its frame back, or has not given it yet,
 * and the page must not reach the allocator.  Boot memory and hot-added memory
 * are the same thing here; only @added tells them apart.
 *
 * Counters are kept with every change, so that a decision costs no scan.  They
 * cover *usable* blocks (boot memory, and hot-added blocks that are online):
 * held pages of other blocks cannot be handed out at the moment.
 *
 * Nothing here locks or allocates; the caller does both.
 */
#ifndef HB_CORE_BLOCKMAP_H
#define HB_CORE_BLOCKMAP_H

#include <core/port.h>

enum hb_block_state {
	HB_BLOCK_OFFLINE,	/* exists; no page of it is in use */
	HB_BLOCK_GOING_ONLINE,	/* the kernel is onlining it */
	HB_BLOCK_ONLINE,	/* pages that are not held are in use */
	HB_BLOCK_GOING_OFFLINE,	/* the kernel is offlining it */
};

struct hb_block {
	unsigned long start_pfn;
	unsigned int units;
	bool added;			/* hot-added: shrunk first */
	bool by_user;			/* user space took it offline: leave it */
	enum hb_block_state state;
	unsigned long held;		/* held pages */
	unsigned int empty_units;	/* units whose every page is held */
	unsigned long *page_held;	/* one bit a page */
	unsigned long *unit_busy;	/* one bit a unit: could not be evacuated */
	u16 *unit_held;			/* held pages a unit */
};

struct hb_blockmap {
	unsigned long block_pages;	/* a multiple of HB_UNIT_PAGES */
	unsigned int nr_slots;
	struct hb_block **slots;	/* by pfn / block_pages; NULL: none */

	unsigned long held;		/* in all blocks */
	unsigned int usable_empty_units;
	unsigned long usable_held;	/* pages, those of empty units included */
	unsigned long added_plugged;	/* pages with frames in usable added blocks */
	unsigned int added_offline;	/* added blocks that the driver may online */
};

/**
 * hb_block_bytes() - memory that the caller must provide for one block
 * @block_pages: pages a block
 */
size_t hb_block_bytes(unsigned long block_pages);

/**
 * hb_block_init() - lay a block out in zeroed memory of hb_block_bytes()
 *
 * The block is offline and holds nothing.
 *
 * Return: the block, which is @memory.
 */
struct hb_block *hb_block_init(void *memory, unsigned long start_pfn,
			       unsigned long block_pages, bool added);

void hb_blockmap_insert(struct hb_blockmap *map, struct hb_block *block);

/* Takes the block out of the map; the caller frees its memory. */
void hb_blockmap_remove(struct hb_blockmap *map, struct hb_block *block);

/* The block that @pfn is in, or NULL. */
struct hb_block *hb_blockmap_find(const struct hb_blockmap *map,
				  unsigned long pfn);

void hb_blockmap_set_state(struct hb_blockmap *map, struct hb_block *block,
			   enum hb_block_state state);

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

bool hb_blockmap_is_held(const struct hb_blockmap *map, unsigned long pfn);

/* A run of pages in one block: nr == 0 means none was found. */
struct hb_run {
	unsigned long pfn;
	unsigned long nr;
};

/* The lowest unit of a usable block whose every page is held. */
struct hb_run hb_blockmap_empty_unit(const struct hb_blockmap *map);

/**
 * hb_blockmap_held_pages() - find held pages in usable blocks
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

/*
 * The highest run with frames in usable hot-added blocks, at most @max long: as
 * many whole units as lie together, or a part of one.  Units that are marked busy
 * are passed over.  With fewer than HB_UNIT_PAGES wanted, units that are broken
 * already are preferred.
 */
struct hb_run hb_blockmap_added_run(const struct hb_blockmap *map,
				    unsigned long max);

/* A hot-added block that is offline, and not by the user's wish; or NULL. */
struct hb_block *hb_blockmap_offline_block(const struct hb_blockmap *map);

void hb_blockmap_mark_busy(struct hb_blockmap *map, unsigned long pfn);
void hb_blockmap_clear_busy(struct hb_blockmap *map);

/**
 * hb_blockmap_check() - recount everything
 *
 * Return: NULL if every counter is true, else what is wrong.
 */
const char *hb_blockmap_check(const struct hb_blockmap *map);

#endif /* HB_CORE_BLOCKMAP_H */
