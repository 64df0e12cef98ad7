/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a block is, and which of its units are what: shared by the books (blockmap.c), the
 * classes (blockclass.c) and the queries (blockpick.c), and by nobody else.
 *
 * Units are looked at a word of unit bitmaps at a time: a selector gives the units that
 * are what it is called, as a word.
 */
#ifndef HB_CORE_BLOCK_H
#define HB_CORE_BLOCK_H

#include "blocktype.h"

/* The slot of @pfn, or map->nr_slots beyond the map. */
static inline unsigned int slot_of(const struct hb_blockmap *map,
				   unsigned long pfn)
{
	unsigned long slot = pfn >> map->block_shift;

	return slot < map->nr_slots ? slot : map->nr_slots;
}

static inline unsigned long block_pages(const struct hb_block *block)
{
	return block->units * HB_UNIT_PAGES;
}

static inline bool usable(const struct hb_block *block)
{
	return block->state == HB_BLOCK_ONLINE;
}

/* Can its held pages be handed out, and shall they? */
static inline bool fillable(const struct hb_block *block)
{
	return usable(block) && !block->retiring;
}

static inline bool is_added(const struct hb_block *block)
{
	return block->origin != HB_BLOCK_BOOT;
}

static inline unsigned long plugged(const struct hb_block *block)
{
	return block_pages(block) - block->held;
}

static inline bool is_offline_added(const struct hb_block *block, bool refused)
{
	return is_added(block) && block->state == HB_BLOCK_OFFLINE && block->refused == refused;
}

/* Somebody else's, who may take it away while it is offline. */
static inline bool may_vanish(const struct hb_block *block)
{
	return block->origin == HB_BLOCK_INHERITED &&
	       (block->state == HB_BLOCK_OFFLINE ||
		block->state == HB_BLOCK_PARKED);
}

/* Offline, and the driver may deal with what is behind it.  Broken memory is not for Xen. */
static inline bool is_parked(const struct hb_block *block)
{
	return block->origin == HB_BLOCK_OURS && !block->poisoned &&
	       (block->state == HB_BLOCK_OFFLINE ||
		block->state == HB_BLOCK_PARKED);
}

static inline bool is_empty(const struct hb_block *block,
			    enum hb_block_state state)
{
	return block->origin == HB_BLOCK_OURS && block->state == state &&
	       block->held == block_pages(block);
}

/* ---- units */

typedef unsigned long (*hb_unit_selector)(const struct hb_block *block,
					  unsigned int word);

/* All that there are: the last word may be more than the block. */
static inline unsigned long units_all(const struct hb_block *block,
				      unsigned int word)
{
	unsigned int left = block->units - word * BITS_PER_LONG;

	return left < BITS_PER_LONG ? (1UL << left) - 1 : ~0UL;
}

static inline unsigned long units_held(const struct hb_block *block,
				       unsigned int word)
{
	return block->unit_partly[word] | block->unit_empty[word];
}

static inline unsigned long units_partly(const struct hb_block *block,
					 unsigned int word)
{
	return block->unit_partly[word];
}

static inline unsigned long units_empty(const struct hb_block *block,
					unsigned int word)
{
	return block->unit_empty[word];
}

/* Those that have frames and might be taken. */
static inline unsigned long units_takeable(const struct hb_block *block,
					   unsigned int word)
{
	return units_all(block, word) & ~block->unit_empty[word] &
	       ~block->unit_busy[word] & ~block->unit_absent[word];
}

static inline unsigned long units_takeable_part(const struct hb_block *block,
						unsigned int word)
{
	return units_takeable(block, word) & block->unit_partly[word];
}

/* Those that may be free as a whole, for all that is known. */
static inline unsigned long units_askable(const struct hb_block *block,
					  unsigned int word)
{
	return units_takeable(block, word) & ~block->unit_partly[word] &
	       ~block->unit_in_use[word];
}

/* Those whose every page has a frame. */
static inline unsigned long units_plugged(const struct hb_block *block,
					  unsigned int word)
{
	return units_all(block, word) & ~units_held(block, word);
}

static inline unsigned long units_mendable(const struct hb_block *block,
					   unsigned int word)
{
	return units_plugged(block, word) & block->unit_broken[word] &
	       ~block->unit_busy[word] & ~block->unit_absent[word];
}

static inline unsigned long units_marked(const struct hb_block *block,
					 unsigned int word)
{
	return block->unit_busy[word] | block->unit_in_use[word];
}

static inline bool unit_is(const struct hb_block *block, unsigned int unit,
			   hb_unit_selector select)
{
	return (select(block, unit / BITS_PER_LONG) >>
		(unit % BITS_PER_LONG)) & 1;
}

/* The first unit from @from on that is selected; block->units: none. */
static inline unsigned int first_unit(const struct hb_block *block,
				      unsigned int from, hb_unit_selector select)
{
	unsigned long mask = ~0UL << (from % BITS_PER_LONG);
	unsigned int word;

	for (word = from / BITS_PER_LONG; word < BITS_TO_LONGS(block->units);
	     word++, mask = ~0UL) {
		unsigned long found = select(block, word) & mask;

		if (found)
			return word * BITS_PER_LONG + __ffs(found);
	}
	return block->units;
}

/* Units of a block that lie together: from the first to before the end. */
struct hb_units {
	unsigned int first, end;
};

static inline struct hb_units all_of(const struct hb_block *block)
{
	return (struct hb_units){ 0, block->units };
}

/* The last unit among @of that is selected; block->units: none. */
static inline unsigned int last_unit(const struct hb_block *block, struct hb_units of,
				     hb_unit_selector select)
{
	unsigned int word = BITS_TO_LONGS(of.end);
	unsigned long mask = ~0UL >> (-of.end % BITS_PER_LONG);

	for (; word-- > of.first / BITS_PER_LONG; mask = ~0UL) {
		unsigned long found = select(block, word) & mask;

		if (word == of.first / BITS_PER_LONG)
			found &= ~0UL << (of.first % BITS_PER_LONG);

		if (found)
			return word * BITS_PER_LONG + __fls(found);
	}
	return block->units;
}

static inline bool any_unit(const struct hb_block *block,
			    hb_unit_selector select)
{
	return first_unit(block, 0, select) < block->units;
}

#endif /* HB_CORE_BLOCK_H */
