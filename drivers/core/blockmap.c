// SPDX-License-Identifier: GPL-2.0-only
#include "blockmap.h"

static size_t bitmap_bytes(unsigned long bits)
{
	return BITS_TO_LONGS(bits) * sizeof(long);
}

size_t hb_block_bytes(unsigned long block_pages)
{
	unsigned long units = block_pages / HB_UNIT_PAGES;

	return sizeof(struct hb_block) + bitmap_bytes(block_pages) +
	       bitmap_bytes(units) + units * sizeof(u16);
}

struct hb_block *hb_block_init(void *memory, unsigned long start_pfn,
			       unsigned long block_pages, bool added)
{
	struct hb_block *block = memory;

	block->start_pfn = start_pfn;
	block->units = block_pages / HB_UNIT_PAGES;
	block->added = added;
	block->page_held = (unsigned long *)(block + 1);
	block->unit_busy = block->page_held + BITS_TO_LONGS(block_pages);
	block->unit_held = (u16 *)(block->unit_busy +
				   BITS_TO_LONGS(block->units));
	return block;
}

static unsigned long block_pages(const struct hb_block *block)
{
	return block->units * HB_UNIT_PAGES;
}

static bool usable(const struct hb_block *block)
{
	return block->state == HB_BLOCK_ONLINE;
}

static bool wants_onlining(const struct hb_block *block)
{
	return block->added && block->state == HB_BLOCK_OFFLINE &&
	       !block->by_user;
}

/* Add what @block contributes to the map's counters; sign -1 takes it out. */
static void account(struct hb_blockmap *map, const struct hb_block *block,
		    int sign)
{
	map->held += sign * block->held;
	map->added_offline += sign * wants_onlining(block);
	if (!usable(block))
		return;
	map->usable_held += sign * block->held;
	map->usable_empty_units += sign * block->empty_units;
	if (block->added)
		map->added_plugged += sign * (block_pages(block) - block->held);
}

void hb_blockmap_insert(struct hb_blockmap *map, struct hb_block *block)
{
	map->slots[block->start_pfn / map->block_pages] = block;
	account(map, block, 1);
}

void hb_blockmap_remove(struct hb_blockmap *map, struct hb_block *block)
{
	account(map, block, -1);
	map->slots[block->start_pfn / map->block_pages] = NULL;
}

struct hb_block *hb_blockmap_find(const struct hb_blockmap *map,
				  unsigned long pfn)
{
	unsigned long slot = pfn / map->block_pages;

	return slot < map->nr_slots ? map->slots[slot] : NULL;
}

void hb_blockmap_set_state(struct hb_blockmap *map, struct hb_block *block,
			   enum hb_block_state state)
{
	account(map, block, -1);
	block->state = state;
	if (state == HB_BLOCK_ONLINE)
		block->by_user = false;
	account(map, block, 1);
}

/* Change @nr pages from @offset on, unit by unit. */
static void change(struct hb_block *block, unsigned long offset,
		   unsigned long nr, bool hold)
{
	while (nr) {
		unsigned long unit = offset / HB_UNIT_PAGES;
		unsigned long room = HB_UNIT_PAGES - offset % HB_UNIT_PAGES;
		unsigned long part = nr < room ? nr : room;

		if (hold) {
			bitmap_set(block->page_held, offset, part);
			block->unit_held[unit] += part;
			block->held += part;
			if (block->unit_held[unit] == HB_UNIT_PAGES)
				block->empty_units++;
		} else {
			if (block->unit_held[unit] == HB_UNIT_PAGES)
				block->empty_units--;
			bitmap_clear(block->page_held, offset, part);
			block->unit_held[unit] -= part;
			block->held -= part;
		}
		offset += part;
		nr -= part;
	}
}

static int change_range(struct hb_blockmap *map, unsigned long pfn,
			unsigned long nr, bool hold)
{
	struct hb_block *block = hb_blockmap_find(map, pfn);
	unsigned long offset, other;

	if (!block || !nr)
		return -EINVAL;
	offset = pfn - block->start_pfn;
	if (nr > block_pages(block) - offset)
		return -EINVAL;
	other = hold ? find_next_bit(block->page_held, offset + nr, offset) :
		       find_next_zero_bit(block->page_held, offset + nr, offset);
	if (other < offset + nr)
		return -EINVAL;
	account(map, block, -1);
	change(block, offset, nr, hold);
	account(map, block, 1);
	return 0;
}

int hb_blockmap_hold(struct hb_blockmap *map, unsigned long pfn,
		     unsigned long nr)
{
	return change_range(map, pfn, nr, true);
}

int hb_blockmap_release(struct hb_blockmap *map, unsigned long pfn,
			unsigned long nr)
{
	return change_range(map, pfn, nr, false);
}

bool hb_blockmap_is_held(const struct hb_blockmap *map, unsigned long pfn)
{
	struct hb_block *block = hb_blockmap_find(map, pfn);

	return block && test_bit(pfn - block->start_pfn, block->page_held);
}

struct hb_run hb_blockmap_empty_unit(const struct hb_blockmap *map)
{
	struct hb_run none = { 0, 0 };
	unsigned int slot, unit;

	if (!map->usable_empty_units)
		return none;
	for (slot = 0; slot < map->nr_slots; slot++) {
		const struct hb_block *block = map->slots[slot];

		if (!block || !usable(block) || !block->empty_units)
			continue;
		for (unit = 0; unit < block->units; unit++)
			if (block->unit_held[unit] == HB_UNIT_PAGES)
				return (struct hb_run){
					block->start_pfn + unit * HB_UNIT_PAGES,
					HB_UNIT_PAGES };
	}
	return none;
}

static bool partly_held(const struct hb_block *block, unsigned int unit)
{
	return block->unit_held[unit] && block->unit_held[unit] < HB_UNIT_PAGES;
}

static bool empty(const struct hb_block *block, unsigned int unit)
{
	return block->unit_held[unit] == HB_UNIT_PAGES;
}

/* Append the held pages of the units of @block that @match. */
static unsigned int held_pages(const struct hb_block *block, unsigned long *pfns,
			       unsigned int max,
			       bool (*match)(const struct hb_block *block,
					     unsigned int unit))
{
	unsigned int unit, nr = 0;

	for (unit = 0; unit < block->units && nr < max; unit++) {
		unsigned long start = unit * HB_UNIT_PAGES;
		unsigned long end = start + HB_UNIT_PAGES, i;

		if (!match(block, unit))
			continue;
		for (i = find_next_bit(block->page_held, end, start);
		     i < end && nr < max;
		     i = find_next_bit(block->page_held, end, i + 1))
			pfns[nr++] = block->start_pfn + i;
	}
	return nr;
}

unsigned int hb_blockmap_held_pages(const struct hb_blockmap *map,
				    unsigned long *pfns,
				    unsigned int max)
{
	unsigned int slot, nr = 0;

	for (slot = 0; slot < map->nr_slots && nr < max; slot++) {
		const struct hb_block *block = map->slots[slot];

		if (block && usable(block) &&
		    block->held > block->empty_units * HB_UNIT_PAGES)
			nr += held_pages(block, pfns + nr, max - nr, partly_held);
	}
	for (slot = 0; slot < map->nr_slots && nr < max; slot++) {
		const struct hb_block *block = map->slots[slot];

		if (block && usable(block) && block->empty_units)
			nr += held_pages(block, pfns + nr, max - nr, empty);
	}
	return nr;
}

/* The last run of pages with frames in a unit that has at least one. */
static struct hb_run last_plugged(const struct hb_block *block,
				  unsigned int unit, unsigned long max)
{
	unsigned long start = unit * HB_UNIT_PAGES;
	unsigned long last = start + HB_UNIT_PAGES;
	unsigned long nr = 0;

	while (test_bit(last - 1, block->page_held))
		last--;
	while (nr < max && last - nr > start &&
	       !test_bit(last - nr - 1, block->page_held))
		nr++;
	return (struct hb_run){ block->start_pfn + last - nr, nr };
}

/* Let a run that starts with a whole unit go on downwards while units are whole. */
static struct hb_run extend(const struct hb_block *block, unsigned int unit,
			    struct hb_run run, unsigned long max)
{
	if (run.nr < HB_UNIT_PAGES)
		return run;
	while (unit-- > 0 && max - run.nr >= HB_UNIT_PAGES &&
	       !block->unit_held[unit] && !test_bit(unit, block->unit_busy)) {
		run.pfn -= HB_UNIT_PAGES;
		run.nr += HB_UNIT_PAGES;
	}
	return run;
}

struct hb_run hb_blockmap_added_run(const struct hb_blockmap *map,
				    unsigned long max)
{
	struct hb_run run = { 0, 0 };
	unsigned int slot, unit;

	for (slot = map->nr_slots; max && slot-- > 0;) {
		const struct hb_block *block = map->slots[slot];

		if (!block || !block->added || !usable(block))
			continue;
		for (unit = block->units; unit-- > 0;) {
			unsigned int held = block->unit_held[unit];

			if (held == HB_UNIT_PAGES ||
			    test_bit(unit, block->unit_busy))
				continue;
			/* Whole extents: any unit.  A remainder: a broken one. */
			if (max >= HB_UNIT_PAGES || held)
				return extend(block, unit,
					      last_plugged(block, unit, max),
					      max);
			if (!run.nr)
				run = last_plugged(block, unit, max);
		}
	}
	return run;
}

struct hb_block *hb_blockmap_offline_block(const struct hb_blockmap *map)
{
	unsigned int slot;

	for (slot = 0; map->added_offline && slot < map->nr_slots; slot++)
		if (map->slots[slot] && wants_onlining(map->slots[slot]))
			return map->slots[slot];
	return NULL;
}

void hb_blockmap_mark_busy(struct hb_blockmap *map, unsigned long pfn)
{
	struct hb_block *block = hb_blockmap_find(map, pfn);

	if (block)
		bitmap_set(block->unit_busy,
			   (pfn - block->start_pfn) / HB_UNIT_PAGES, 1);
}

void hb_blockmap_clear_busy(struct hb_blockmap *map)
{
	unsigned int slot;

	for (slot = 0; slot < map->nr_slots; slot++)
		if (map->slots[slot])
			bitmap_clear(map->slots[slot]->unit_busy, 0,
				     map->slots[slot]->units);
}

static const char *check_block(const struct hb_block *block)
{
	unsigned long held = 0;
	unsigned int unit, empty = 0;

	for (unit = 0; unit < block->units; unit++) {
		unsigned long i, start = unit * HB_UNIT_PAGES, n = 0;

		for (i = start; i < start + HB_UNIT_PAGES; i++)
			n += test_bit(i, block->page_held);
		if (n != block->unit_held[unit])
			return "held pages of a unit";
		held += n;
		empty += n == HB_UNIT_PAGES;
	}
	if (held != block->held)
		return "held pages of a block";
	return empty == block->empty_units ? NULL : "empty units of a block";
}

const char *hb_blockmap_check(const struct hb_blockmap *map)
{
	struct hb_blockmap sum = { 0 };
	unsigned int slot;

	for (slot = 0; slot < map->nr_slots; slot++) {
		const struct hb_block *block = map->slots[slot];
		const char *wrong;

		if (!block)
			continue;
		if (block->start_pfn / map->block_pages != slot)
			return "slot of a block";
		wrong = check_block(block);
		if (wrong)
			return wrong;
		account(&sum, block, 1);
	}
	if (sum.held != map->held)
		return "held pages";
	if (sum.usable_held != map->usable_held ||
	    sum.usable_empty_units != map->usable_empty_units)
		return "usable held pages";
	if (sum.added_plugged != map->added_plugged)
		return "plugged pages of hot-added blocks";
	return sum.added_offline == map->added_offline ? NULL : "offline blocks";
}
