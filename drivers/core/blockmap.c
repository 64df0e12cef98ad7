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
	       2 * bitmap_bytes(units) + units * sizeof(u16);
}

struct hb_block *hb_block_init(void *memory, unsigned long start_pfn,
			       unsigned long block_pages,
			       enum hb_block_origin origin)
{
	struct hb_block *block = memory;

	block->start_pfn = start_pfn;
	block->units = block_pages / HB_UNIT_PAGES;
	block->origin = origin;
	block->state = HB_BLOCK_NEW;
	block->page_held = (unsigned long *)(block + 1);
	block->unit_busy = block->page_held + BITS_TO_LONGS(block_pages);
	block->unit_broken = block->unit_busy + BITS_TO_LONGS(block->units);
	block->unit_held = (u16 *)(block->unit_broken +
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

static bool is_added(const struct hb_block *block)
{
	return block->origin != HB_BLOCK_BOOT;
}

static unsigned long plugged(const struct hb_block *block)
{
	return block_pages(block) - block->held;
}

static bool wants_onlining(const struct hb_block *block)
{
	return is_added(block) && block->state == HB_BLOCK_OFFLINE;
}

/* Offline, and the driver may deal with what is behind it. */
static bool is_parked(const struct hb_block *block)
{
	return block->origin == HB_BLOCK_OURS &&
	       (block->state == HB_BLOCK_OFFLINE ||
		block->state == HB_BLOCK_PARKED);
}

static bool is_empty(const struct hb_block *block, enum hb_block_state state)
{
	return block->origin == HB_BLOCK_OURS && block->state == state &&
	       block->held == block_pages(block);
}

static bool in_transition(const struct hb_block *block)
{
	return block->state == HB_BLOCK_GOING_ONLINE ||
	       block->state == HB_BLOCK_GOING_OFFLINE;
}

static void account_usable(struct hb_blockmap *map,
			   const struct hb_block *block, int sign)
{
	map->usable_held += sign * block->held;
	map->usable_empty_units += sign * block->empty_units;
	map->mendable_units += sign * block->mendable_units;
	if (is_added(block)) {
		map->added_plugged += sign * plugged(block);
	} else {
		map->boot_empty_units += sign * block->empty_units;
		map->boot_held += sign * block->held;
	}
	if (is_added(block) && block->movable)
		map->added_movable += sign * plugged(block);
	if (block->movable) {
		map->movable_blocks += sign;
		map->movable_plugged += sign * plugged(block);
	}
}

/* Add what @block contributes to the map's counters; sign -1 takes it out. */
static void account(struct hb_blockmap *map, const struct hb_block *block,
		    int sign)
{
	map->held += sign * block->held;
	map->added_offline += sign * wants_onlining(block);
	map->empty_online += sign * is_empty(block, HB_BLOCK_ONLINE);
	map->empty_offline += sign * is_empty(block, HB_BLOCK_OFFLINE);
	map->in_transition += sign * in_transition(block);
	if (is_parked(block))
		map->parked_plugged += sign * plugged(block);
	if (usable(block))
		account_usable(map, block, sign);
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

struct hb_block_transition hb_blockmap_event(struct hb_blockmap *map,
					     struct hb_block *block,
					     enum hb_block_event event)
{
	struct hb_block_transition found =
		hb_block_transition(block->state, event);

	account(map, block, -1);
	block->state = found.next;
	account(map, block, 1);
	return found;
}

void hb_blockmap_set_movable(struct hb_blockmap *map, struct hb_block *block,
			     bool movable)
{
	account(map, block, -1);
	block->movable = movable;
	account(map, block, 1);
}

static bool is_mendable(const struct hb_block *block, unsigned int unit)
{
	return !block->unit_held[unit] && test_bit(unit, block->unit_broken);
}

/* Change @nr pages of one unit from @offset in the block on. */
static void change_unit(struct hb_block *block, unsigned long offset,
			unsigned long nr, bool hold)
{
	unsigned int unit = offset / HB_UNIT_PAGES;

	block->mendable_units -= is_mendable(block, unit);
	block->empty_units -= block->unit_held[unit] == HB_UNIT_PAGES;
	if (nr < HB_UNIT_PAGES)
		bitmap_set(block->unit_broken, unit, 1);
	else
		bitmap_clear(block->unit_broken, unit, 1);
	if (hold) {
		bitmap_set(block->page_held, offset, nr);
		block->unit_held[unit] += nr;
		block->held += nr;
	} else {
		bitmap_clear(block->page_held, offset, nr);
		block->unit_held[unit] -= nr;
		block->held -= nr;
	}
	block->empty_units += block->unit_held[unit] == HB_UNIT_PAGES;
	block->mendable_units += is_mendable(block, unit);
}

static void change(struct hb_block *block, unsigned long offset,
		   unsigned long nr, bool hold)
{
	while (nr) {
		unsigned long room = HB_UNIT_PAGES - offset % HB_UNIT_PAGES;
		unsigned long part = nr < room ? nr : room;

		change_unit(block, offset, part, hold);
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

static void suspect(struct hb_block *block)
{
	unsigned int unit;

	bitmap_set(block->unit_broken, 0, block->units);
	block->mendable_units = 0;
	for (unit = 0; unit < block->units; unit++)
		block->mendable_units += is_mendable(block, unit);
}

void hb_blockmap_suspect(struct hb_blockmap *map, unsigned long pfn)
{
	struct hb_block *block = hb_blockmap_find(map, pfn);

	if (!block)
		return;
	account(map, block, -1);
	suspect(block);
	account(map, block, 1);
}

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

static bool is_busy(const struct hb_block *block, unsigned int unit)
{
	return test_bit(unit, block->unit_busy);
}

/* May @unit be in a run?  @free: NULL if it may have to be evacuated. */
static bool may_go(const struct hb_block *block, unsigned int unit,
		   const struct hb_pick *free)
{
	return !empty(block, unit) && !is_busy(block, unit) &&
	       (!free || free->is_free(free->owner, block->start_pfn +
						    unit * HB_UNIT_PAGES));
}

/* Let a run that starts with a whole unit go on downwards while units are whole. */
static struct hb_run extend(const struct hb_block *block, unsigned int unit,
			    struct hb_run run, unsigned long max,
			    const struct hb_pick *free)
{
	if (run.nr < HB_UNIT_PAGES)
		return run;
	while (unit-- > 0 && max - run.nr >= HB_UNIT_PAGES &&
	       !block->unit_held[unit] && may_go(block, unit, free)) {
		run.pfn -= HB_UNIT_PAGES;
		run.nr += HB_UNIT_PAGES;
	}
	return run;
}

/* The highest run in @block.  A part of a unit comes from a broken one if it can. */
static struct hb_run block_run(const struct hb_block *block, unsigned long max,
			       const struct hb_pick *free)
{
	struct hb_run run = { 0, 0 };
	unsigned int unit;

	for (unit = block->units; unit-- > 0;) {
		if (!may_go(block, unit, free))
			continue;
		if (max >= HB_UNIT_PAGES || block->unit_held[unit])
			return extend(block, unit,
				      last_plugged(block, unit, max), max,
				      free);
		if (!run.nr)
			run = last_plugged(block, unit, max);
	}
	return run;
}

static bool is_candidate(const struct hb_block *block,
			 const struct hb_pick *pick)
{
	return block && usable(block) && is_added(block) == pick->added &&
	       plugged(block) && (block->movable || !pick->movable_only) &&
	       (pick->added || block->node == pick->node);
}

/* The highest block that can be emptied in one go. */
static struct hb_run pick_whole(const struct hb_blockmap *map,
				const struct hb_pick *pick)
{
	unsigned int slot;

	for (slot = map->nr_slots; slot-- > 0;) {
		const struct hb_block *block = map->slots[slot];

		if (is_candidate(block, pick) && !block->busy_units &&
		    plugged(block) <= pick->whole)
			return block_run(block, pick->max, NULL);
	}
	return (struct hb_run){ 0, 0 };
}

/* The highest run, of partly plugged blocks first. */
static struct hb_run pick_units(const struct hb_blockmap *map,
				const struct hb_pick *pick,
				const struct hb_pick *free)
{
	struct hb_run run = { 0, 0 };
	unsigned int slot;
	bool full = false;

	do {
		for (slot = map->nr_slots; slot-- > 0 && !run.nr;) {
			const struct hb_block *block = map->slots[slot];

			if (is_candidate(block, pick) && !block->held == full)
				run = block_run(block, pick->max, free);
		}
		full = !full;
	} while (full);
	return run;
}

struct hb_run hb_blockmap_pick(const struct hb_blockmap *map,
			       const struct hb_pick *pick)
{
	struct hb_run run = { 0, 0 };

	if (!pick->max)
		return run;
	run = pick_whole(map, pick);
	if (!run.nr && pick->is_free && pick->max >= HB_UNIT_PAGES)
		run = pick_units(map, pick, pick);
	if (!run.nr)
		run = pick_units(map, pick, NULL);
	return run;
}

const struct hb_block *hb_blockmap_next_block(const struct hb_blockmap *map,
					      unsigned long from)
{
	unsigned long slot = from / map->block_pages;

	for (; slot < map->nr_slots; slot++)
		if (map->slots[slot])
			return map->slots[slot];
	return NULL;
}

struct hb_run hb_blockmap_next_held(const struct hb_blockmap *map,
				    unsigned long from, unsigned long max)
{
	const struct hb_block *block;

	while ((block = hb_blockmap_next_block(map, from))) {
		unsigned long size = block_pages(block), first, end;

		first = from > block->start_pfn ? from - block->start_pfn : 0;
		if (usable(block))
			first = find_next_bit(block->page_held, size, first);
		else
			first = size;
		if (first < size) {
			end = size - first < max ? size : first + max;
			end = find_next_zero_bit(block->page_held, end, first);
			return (struct hb_run){ block->start_pfn + first,
						end - first };
		}
		from = block->start_pfn + size;
	}
	return (struct hb_run){ 0, 0 };
}

unsigned long hb_blockmap_free_slot(const struct hb_blockmap *map,
				    unsigned long from)
{
	while (hb_blockmap_find(map, from))
		from += map->block_pages;
	return from;
}

struct hb_run hb_blockmap_parked_run(const struct hb_blockmap *map,
				     unsigned long max)
{
	struct hb_run run = { 0, 0 };
	unsigned int slot;

	if (!map->parked_plugged || !max)
		return run;
	for (slot = map->nr_slots; slot-- > 0 && !run.nr;) {
		const struct hb_block *block = map->slots[slot];

		if (block && is_parked(block) && plugged(block))
			run = block_run(block, max, NULL);
	}
	return run;
}

struct hb_run hb_blockmap_mendable_unit(const struct hb_blockmap *map)
{
	unsigned int slot, unit;

	for (slot = 0; map->mendable_units && slot < map->nr_slots; slot++) {
		const struct hb_block *block = map->slots[slot];

		if (!block || !usable(block) || !block->mendable_units)
			continue;
		for (unit = 0; unit < block->units; unit++)
			if (is_mendable(block, unit) && !is_busy(block, unit))
				return (struct hb_run){
					block->start_pfn + unit * HB_UNIT_PAGES,
					HB_UNIT_PAGES };
	}
	return (struct hb_run){ 0, 0 };
}

struct hb_block *hb_blockmap_empty_block(const struct hb_blockmap *map,
					 bool offline)
{
	unsigned int slot;

	for (slot = map->nr_slots; slot-- > 0;) {
		struct hb_block *block = map->slots[slot];

		if (block && (is_empty(block, HB_BLOCK_ONLINE) ||
			      (offline && is_empty(block, HB_BLOCK_OFFLINE))))
			return block;
	}
	return NULL;
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
	unsigned int unit;

	if (!block)
		return;
	unit = (pfn - block->start_pfn) / HB_UNIT_PAGES;
	if (is_busy(block, unit))
		return;
	bitmap_set(block->unit_busy, unit, 1);
	block->busy_units++;
}

void hb_blockmap_clear_busy(struct hb_blockmap *map)
{
	unsigned int slot;

	for (slot = 0; slot < map->nr_slots; slot++) {
		struct hb_block *block = map->slots[slot];

		if (!block || !block->busy_units)
			continue;
		bitmap_clear(block->unit_busy, 0, block->units);
		block->busy_units = 0;
	}
}

static const char *check_block(const struct hb_block *block)
{
	unsigned int unit, empty_units = 0, mendable = 0, busy = 0;
	unsigned long held = 0;

	for (unit = 0; unit < block->units; unit++) {
		unsigned long i, start = unit * HB_UNIT_PAGES, n = 0;

		for (i = start; i < start + HB_UNIT_PAGES; i++)
			n += test_bit(i, block->page_held);
		if (n != block->unit_held[unit])
			return "held pages of a unit";
		if (n && n < HB_UNIT_PAGES && !test_bit(unit, block->unit_broken))
			return "broken unit";
		held += n;
		empty_units += n == HB_UNIT_PAGES;
		mendable += is_mendable(block, unit);
		busy += is_busy(block, unit);
	}
	if (held != block->held)
		return "held pages of a block";
	if (busy != block->busy_units)
		return "busy units of a block";
	if (mendable != block->mendable_units)
		return "mendable units of a block";
	return empty_units == block->empty_units ? NULL : "empty units of a block";
}

static const char *compare(const struct hb_blockmap *is,
			   const struct hb_blockmap *should)
{
	if (is->held != should->held)
		return "held pages";
	if (is->usable_held != should->usable_held ||
	    is->usable_empty_units != should->usable_empty_units ||
	    is->boot_empty_units != should->boot_empty_units ||
	    is->boot_held != should->boot_held)
		return "usable held pages";
	if (is->mendable_units != should->mendable_units)
		return "mendable units";
	if (is->added_plugged != should->added_plugged ||
	    is->added_movable != should->added_movable ||
	    is->parked_plugged != should->parked_plugged)
		return "plugged pages of hot-added blocks";
	if (is->movable_blocks != should->movable_blocks ||
	    is->movable_plugged != should->movable_plugged)
		return "movable blocks";
	if (is->added_offline != should->added_offline ||
	    is->empty_online != should->empty_online ||
	    is->empty_offline != should->empty_offline)
		return "offline or empty blocks";
	return is->in_transition == should->in_transition ?
		NULL : "blocks in transition";
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
	return compare(map, &sum);
}
