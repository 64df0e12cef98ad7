// SPDX-License-Identifier: GPL-2.0-only
/* The questions that are asked of the map: each looks up the class that answers it. */
#include "block.h"
#include "blockclass.h"
#include "blockmap.h"

static const struct hb_run none = { 0, 0 };

static struct hb_run whole_unit(const struct hb_block *block, unsigned int unit)
{
	return (struct hb_run){ block->start_pfn + unit * HB_UNIT_PAGES,
				HB_UNIT_PAGES };
}

static struct hb_block *higher(struct hb_block *a, struct hb_block *b)
{
	return !a || (b && b->start_pfn > a->start_pfn) ? b : a;
}

/* ---- blocks */

struct hb_block *hb_blockmap_next_block(const struct hb_blockmap *map,
					unsigned long from_pfn)
{
	return hb_class_first(map, HB_CLASS_PRESENT, slot_of(map, from_pfn));
}

unsigned long hb_blockmap_free_slot(const struct hb_blockmap *map,
				    unsigned long from_pfn)
{
	return hb_class_first_slot(map, HB_CLASS_ABSENT,
				   slot_of(map, from_pfn)) * map->block_pages;
}

struct hb_block *hb_blockmap_empty_block(const struct hb_blockmap *map,
					 bool offline)
{
	struct hb_block *block = NULL;

	if (offline)
		block = hb_class_last(map, HB_CLASS_EMPTY_OFFLINE);
	return block ? block : hb_class_last(map, HB_CLASS_EMPTY_ONLINE);
}

struct hb_block *hb_blockmap_offline_block(const struct hb_blockmap *map)
{
	return hb_class_first(map, HB_CLASS_OFFLINE, 0);
}

/* ---- held pages */

unsigned long hb_blockmap_held_in(const struct hb_blockmap *map,
				  unsigned long pfn, unsigned long nr)
{
	struct hb_block *block = hb_blockmap_find(map, pfn);
	unsigned long held = 0, offset, end;

	if (!block)
		return 0;
	offset = pfn - block->start_pfn;
	end = offset + nr;
	while (offset < end) {
		if (!(offset % HB_UNIT_PAGES) && end - offset >= HB_UNIT_PAGES) {
			held += block->unit_held[offset / HB_UNIT_PAGES];
			offset += HB_UNIT_PAGES;
		} else {
			held += test_bit(offset++, block->page_held);
		}
	}
	return held;
}

/* The first held page from @offset on; block_pages(): none. */
static unsigned long next_held(const struct hb_block *block,
			       unsigned long offset)
{
	unsigned int unit = offset / HB_UNIT_PAGES;
	unsigned long end = (unit + 1) * HB_UNIT_PAGES;

	if (offset % HB_UNIT_PAGES) {
		offset = find_next_bit(block->page_held, end, offset);
		if (offset < end)
			return offset;
		unit++;
	}
	unit = first_unit(block, unit, units_held);
	return find_next_bit(block->page_held, block_pages(block),
			     unit * HB_UNIT_PAGES);
}

static struct hb_run held_run(const struct hb_block *block, unsigned long offset,
			      unsigned long max)
{
	unsigned long end = block_pages(block);

	offset = next_held(block, offset);
	if (max < end - offset)
		end = offset + max;
	end = find_next_zero_bit(block->page_held, end, offset);
	return (struct hb_run){ block->start_pfn + offset, end - offset };
}

struct hb_run hb_blockmap_next_held(const struct hb_blockmap *map,
				    unsigned long from_pfn, unsigned long max)
{
	unsigned int slot = slot_of(map, from_pfn);
	struct hb_block *block = hb_class_first(map, HB_CLASS_HELD, slot);
	struct hb_run run;

	if (!block || !max)
		return none;
	run = held_run(block, block->start_pfn < from_pfn ?
		       from_pfn - block->start_pfn : 0, max);
	if (run.nr)
		return run;
	block = hb_class_first(map, HB_CLASS_HELD, slot + 1);
	return block ? held_run(block, 0, max) : none;
}

struct hb_run hb_blockmap_empty_unit(const struct hb_blockmap *map)
{
	struct hb_block *block = hb_class_first(map, HB_CLASS_EMPTY_UNITS, 0);

	return block ? whole_unit(block, first_unit(block, 0, units_empty)) :
		       none;
}

static unsigned int pages_of_unit(const struct hb_block *block,
				  unsigned int unit, unsigned long *pfns,
				  unsigned int max)
{
	unsigned long start = unit * HB_UNIT_PAGES;
	unsigned int nr = 0, i;

	for (i = 0; i < HB_UNIT_PAGES; i += BITS_PER_LONG) {
		unsigned long bits = block->page_held[(start + i) / BITS_PER_LONG];

		for (; bits && nr < max; bits &= bits - 1)
			pfns[nr++] = block->start_pfn + start + i + __ffs(bits);
	}
	return nr;
}

/* Append the held pages of the units of @block that are selected. */
static unsigned int pages_of_block(const struct hb_block *block,
				   hb_unit_selector select,
				   unsigned long *pfns, unsigned int max)
{
	unsigned int unit, nr = 0;

	for (unit = first_unit(block, 0, select);
	     unit < block->units && nr < max;
	     unit = first_unit(block, unit + 1, select))
		nr += pages_of_unit(block, unit, pfns + nr, max - nr);
	return nr;
}

static unsigned int pages_of_class(const struct hb_blockmap *map,
				   enum hb_block_class class,
				   hb_unit_selector select,
				   unsigned long *pfns, unsigned int max)
{
	struct hb_block *block = hb_class_first(map, class, 0);
	unsigned int nr = 0;

	while (block && nr < max) {
		nr += pages_of_block(block, select, pfns + nr, max - nr);
		block = hb_class_first(map, class,
				       slot_of(map, block->start_pfn) + 1);
	}
	return nr;
}

unsigned int hb_blockmap_held_pages(const struct hb_blockmap *map,
				    unsigned long *pfns,
				    unsigned int max)
{
	unsigned int nr = pages_of_class(map, HB_CLASS_PARTLY, units_partly,
					 pfns, max);

	return nr + pages_of_class(map, HB_CLASS_EMPTY_UNITS, units_empty,
				   pfns + nr, max - nr);
}

/* ---- pages with frames */

/* The last run of pages with frames in a unit that has at least one. */
static struct hb_run last_plugged(const struct hb_block *block,
				  unsigned int unit, unsigned long max)
{
	unsigned long start = unit * HB_UNIT_PAGES;
	unsigned long last = start + HB_UNIT_PAGES;
	unsigned long nr = 0;

	if (!block->unit_held[unit]) {
		nr = max < HB_UNIT_PAGES ? max : HB_UNIT_PAGES;
		return (struct hb_run){ block->start_pfn + last - nr, nr };
	}
	while (test_bit(last - 1, block->page_held))
		last--;
	while (nr < max && last - nr > start &&
	       !test_bit(last - nr - 1, block->page_held))
		nr++;
	return (struct hb_run){ block->start_pfn + last - nr, nr };
}

/* Let a run that starts with a whole unit go on downwards while units are whole. */
static struct hb_run extend(const struct hb_block *block, struct hb_units of,
			    unsigned int unit, struct hb_run run, unsigned long max)
{
	if (run.nr < HB_UNIT_PAGES)
		return run;
	while (unit-- > of.first && max - run.nr >= HB_UNIT_PAGES &&
	       !block->unit_held[unit] && unit_is(block, unit, units_takeable)) {
		run.pfn -= HB_UNIT_PAGES;
		run.nr += HB_UNIT_PAGES;
	}
	return run;
}

/*
 * The highest run in these units of @block, which have one.  A part of a unit comes from a broken
 * one.
 */
static struct hb_run block_run(const struct hb_block *block, struct hb_units of,
			       unsigned long max)
{
	unsigned int unit = block->units;

	if (max < HB_UNIT_PAGES)
		unit = last_unit(block, of, units_takeable_part);
	if (unit == block->units)
		unit = last_unit(block, of, units_takeable);
	return extend(block, of, unit, last_plugged(block, unit, max), max);
}

/* ---- what to take */

/* The highest block that can be emptied in one go. */
static struct hb_run pick_whole(const struct hb_blockmap *map,
				const struct hb_pick *pick)
{
	struct hb_block *block;

	if (!pick->added || !pick->whole)
		return none;
	block = hb_class_last_plugged(map, true, pick->whole);
	if (!pick->movable_only)
		block = higher(block, hb_class_last_plugged(map, false,
							    pick->whole));
	return block ? block_run(block, all_of(block), pick->max) : none;
}

/* The units of @block that lie wholly where they may be taken. */
static struct hb_units units_for(const struct hb_block *block, const struct hb_pick *pick)
{
	unsigned long start = block->start_pfn, end = start + block_pages(block);
	struct hb_units of = all_of(block);

	if (!pick->end)
		return of;
	if (pick->end < end)
		of.end = pick->end > start ? (pick->end - start) / HB_UNIT_PAGES : 0;
	if (pick->from > start)
		of.first = pick->from < end ?
			(pick->from - start + HB_UNIT_PAGES - 1) / HB_UNIT_PAGES : block->units;
	return of;
}

/*
 * The highest block of @class that has what is selected where it may be taken.  Only the blocks
 * at both ends may have it elsewhere.
 */
static struct hb_block *last_for(const struct hb_blockmap *map, unsigned int class,
				 const struct hb_pick *pick, hb_unit_selector select)
{
	unsigned int end = pick->end ? slot_of(map, pick->end - 1) + 1 : map->nr_slots;
	struct hb_block *block;

	end = end < map->nr_slots ? end : map->nr_slots;
	for (;; end = slot_of(map, block->start_pfn)) {
		block = hb_class_last_below(map, class, end);
		if (!block || block->start_pfn + block_pages(block) <= pick->from)
			return NULL;
		if (last_unit(block, units_for(block, pick), select) < block->units)
			return block;
	}
}

static struct hb_block *last_of_kind(const struct hb_blockmap *map,
				     enum hb_block_class class,
				     const struct hb_pick *pick, bool full)
{
	hb_unit_selector select = class == HB_CLASS_ASK ? units_askable : units_takeable;
	struct hb_block *block =
		last_for(map, class + hb_kind(pick->added, true, full), pick, select);

	if (pick->movable_only)
		return block;
	return higher(block, last_for(map, class + hb_kind(pick->added, false, full),
				      pick, select));
}

/* The highest block of @class, of partly plugged ones first. */
static struct hb_block *best_block(const struct hb_blockmap *map,
				   enum hb_block_class class,
				   const struct hb_pick *pick)
{
	struct hb_block *block = last_of_kind(map, class, pick, false);

	return block ? block : last_of_kind(map, class, pick, true);
}

static bool ask(struct hb_block *block, unsigned int unit,
		const struct hb_pick *pick, unsigned int *budget)
{
	bool is_free = pick->is_free(pick->owner, block->start_pfn +
						  unit * HB_UNIT_PAGES);

	if (!is_free)
		bitmap_set(block->unit_in_use, unit, 1);
	--*budget;
	return is_free;
}

/* The highest run of free units in @block that is found within the budget. */
static struct hb_run free_run(struct hb_block *block, const struct hb_pick *pick,
			      unsigned int *budget)
{
	struct hb_units of = units_for(block, pick);
	unsigned int unit;
	struct hb_run run;

	do {
		unit = last_unit(block, of, units_askable);
		if (unit == block->units || !*budget)
			return none;
	} while (!ask(block, unit, pick, budget));
	run = whole_unit(block, unit);
	while (unit-- > of.first && pick->max - run.nr >= HB_UNIT_PAGES && *budget &&
	       unit_is(block, unit, units_askable) &&
	       ask(block, unit, pick, budget)) {
		run.pfn -= HB_UNIT_PAGES;
		run.nr += HB_UNIT_PAGES;
	}
	return run;
}

static struct hb_run pick_free(struct hb_blockmap *map, struct hb_pick *pick)
{
	unsigned int budget = pick->budget ? pick->budget : ~0U;
	struct hb_block *block;
	struct hb_run run;

	while ((block = best_block(map, HB_CLASS_ASK, pick))) {
		if (!budget) {
			pick->more = true;
			return none;
		}
		run = free_run(block, pick, &budget);
		hb_class_update(map, block);
		if (run.nr)
			return run;
	}
	return none;
}

static struct hb_run pick_used(const struct hb_blockmap *map,
			       const struct hb_pick *pick)
{
	struct hb_block *block = best_block(map, HB_CLASS_TAKE, pick);

	return block ? block_run(block, units_for(block, pick), pick->max) : none;
}

struct hb_run hb_blockmap_pick(struct hb_blockmap *map, struct hb_pick *pick)
{
	struct hb_run run;

	pick->more = false;
	if (!pick->max)
		return none;
	run = pick_whole(map, pick);
	if (!run.nr && pick->is_free && pick->max >= HB_UNIT_PAGES)
		run = pick_free(map, pick);
	if (!run.nr && !pick->more)
		run = pick_used(map, pick);
	return run;
}

struct hb_run hb_blockmap_parked_run(const struct hb_blockmap *map,
				     unsigned long max)
{
	struct hb_block *block = hb_class_last(map, HB_CLASS_PARKED);

	return block && max ? block_run(block, all_of(block), max) : none;
}

struct hb_run hb_blockmap_mendable_unit(const struct hb_blockmap *map)
{
	struct hb_block *block = hb_class_first(map, HB_CLASS_MENDABLE, 0);

	return block ? whole_unit(block, first_unit(block, 0, units_mendable)) :
		       none;
}
