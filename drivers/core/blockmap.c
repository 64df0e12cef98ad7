// SPDX-License-Identifier: GPL-2.0-only
/* The books: which pages are held, and what follows from each change. */
#include "block.h"
#include "blockclass.h"
#include "blockmap.h"

static size_t bitmap_bytes(unsigned long bits)
{
	return BITS_TO_LONGS(bits) * sizeof(long);
}

size_t hb_block_bytes(unsigned long block_pages)
{
	unsigned long units = block_pages / HB_UNIT_PAGES;

	return sizeof(struct hb_block) + bitmap_bytes(block_pages) +
	       6 * bitmap_bytes(units) + units * sizeof(u16);
}

struct hb_block *hb_block_init(void *memory, unsigned long start_pfn,
			       unsigned long block_pages,
			       enum hb_block_origin origin)
{
	unsigned long unit_longs = BITS_TO_LONGS(block_pages / HB_UNIT_PAGES);
	struct hb_block *block = memory;

	block->start_pfn = start_pfn;
	block->units = block_pages / HB_UNIT_PAGES;
	block->origin = origin;
	block->state = HB_BLOCK_NEW;
	block->classes = 1U << HB_CLASS_ABSENT;
	block->page_held = (unsigned long *)(block + 1);
	block->unit_partly = block->page_held + BITS_TO_LONGS(block_pages);
	block->unit_empty = block->unit_partly + unit_longs;
	block->unit_broken = block->unit_empty + unit_longs;
	block->unit_busy = block->unit_broken + unit_longs;
	block->unit_in_use = block->unit_busy + unit_longs;
	block->unit_absent = block->unit_in_use + unit_longs;
	block->unit_held = (u16 *)(block->unit_absent + unit_longs);
	return block;
}

size_t hb_blockmap_bytes(unsigned int nr_slots)
{
	return nr_slots * sizeof(struct hb_block *) + hb_class_bytes(nr_slots);
}

void hb_blockmap_init(struct hb_blockmap *map, void *memory,
		      unsigned long block_pages, unsigned int nr_slots)
{
	*map = (struct hb_blockmap){
		.block_pages = block_pages,
		.block_shift = __ffs(block_pages),
		.nr_slots = nr_slots,
		.slots = memory,
	};
	hb_class_init(map, map->slots + nr_slots);
}

/* ---- counters */

static bool in_transition(const struct hb_block *block)
{
	return block->state == HB_BLOCK_GOING_ONLINE ||
	       block->state == HB_BLOCK_GOING_OFFLINE;
}

/* So many more pages of @block are held, and so many more have frames. */
static void account_pages(struct hb_blockmap *map, const struct hb_block *block,
			  long held, long frames)
{
	map->held += held;
	if (is_parked(block))
		map->parked_plugged += frames;
	if (!usable(block))
		return;
	map->usable_held += held;
	if (is_added(block))
		map->added_plugged += frames;
	else
		map->boot_held += held;
	if (is_added(block) && block->movable)
		map->added_movable += frames;
	if (block->movable)
		map->movable_plugged += frames;
}

/* Add what @block contributes to the map's counters; sign -1 takes it out. */
static void account(struct hb_blockmap *map, const struct hb_block *block,
		    int sign)
{
	account_pages(map, block, sign * (long)block->held,
		      sign * (long)plugged(block));
	map->added_offline += sign * is_offline_added(block, false);
	map->added_refused += sign * is_offline_added(block, true);
	map->empty_online += sign * is_empty(block, HB_BLOCK_ONLINE);
	map->empty_offline += sign * is_empty(block, HB_BLOCK_OFFLINE);
	map->in_transition += sign * in_transition(block);
	map->may_vanish += sign * may_vanish(block);
	map->busy_units += sign * block->busy_units;
	if (!usable(block))
		return;
	map->usable_empty_units += sign * block->empty_units;
	map->mendable_units += sign * block->mendable_units;
	if (!is_added(block))
		map->boot_empty_units += sign * block->empty_units;
	map->movable_blocks += sign * block->movable;
}

/* Before and after anything of a block is changed. */
static void begin_change(struct hb_blockmap *map, const struct hb_block *block)
{
	account(map, block, -1);
}

static void end_change(struct hb_blockmap *map, struct hb_block *block)
{
	account(map, block, 1);
	hb_class_update(map, block);
}

/* ---- blocks */

void hb_blockmap_insert(struct hb_blockmap *map, struct hb_block *block)
{
	map->slots[slot_of(map, block->start_pfn)] = block;
	end_change(map, block);
}

void hb_blockmap_remove(struct hb_blockmap *map, struct hb_block *block)
{
	begin_change(map, block);
	map->slots[slot_of(map, block->start_pfn)] = NULL;
	hb_class_leave(map, block);
}

struct hb_block *hb_blockmap_find(const struct hb_blockmap *map,
				  unsigned long pfn)
{
	unsigned int slot = slot_of(map, pfn);

	return slot < map->nr_slots ? map->slots[slot] : NULL;
}

bool hb_block_may_vanish(const struct hb_block *block)
{
	return may_vanish(block);
}

struct hb_block_transition hb_blockmap_event(struct hb_blockmap *map,
					     struct hb_block *block,
					     enum hb_block_event event)
{
	struct hb_block_transition found =
		hb_block_transition(block->state, event);

	begin_change(map, block);
	block->state = found.next;
	end_change(map, block);
	return found;
}

void hb_blockmap_set_movable(struct hb_blockmap *map, struct hb_block *block,
			     bool movable)
{
	begin_change(map, block);
	block->movable = movable;
	end_change(map, block);
}

void hb_blockmap_set_retiring(struct hb_blockmap *map, struct hb_block *block,
			      bool retiring)
{
	begin_change(map, block);
	block->retiring = retiring;
	end_change(map, block);
}

/* ---- pages */

static bool is_mendable(const struct hb_block *block, unsigned int unit)
{
	return !block->unit_held[unit] && test_bit(unit, block->unit_broken) &&
	       !test_bit(unit, block->unit_absent);
}

static void put_bit(unsigned long *bits, unsigned int nr, bool value)
{
	if (value)
		bitmap_set(bits, nr, 1);
	else
		bitmap_clear(bits, nr, 1);
}

/* Change @nr pages of one unit from @offset in the block on. */
static void change_held(struct hb_block *block, unsigned long offset,
			unsigned long nr, bool hold)
{
	unsigned int unit = offset / HB_UNIT_PAGES;

	if (hold) {
		bitmap_set(block->page_held, offset, nr);
		block->unit_held[unit] += nr;
		block->held += nr;
	} else {
		bitmap_clear(block->page_held, offset, nr);
		block->unit_held[unit] -= nr;
		block->held -= nr;
	}
}

/* The same, and what it makes of the unit. */
static void change_unit(struct hb_block *block, unsigned long offset,
			unsigned long nr, bool hold)
{
	unsigned int unit = offset / HB_UNIT_PAGES, held;

	block->mendable_units -= is_mendable(block, unit);
	block->empty_units -= block->unit_held[unit] == HB_UNIT_PAGES;
	put_bit(block->unit_broken, unit, nr < HB_UNIT_PAGES);
	change_held(block, offset, nr, hold);
	held = block->unit_held[unit];
	put_bit(block->unit_partly, unit, held && held < HB_UNIT_PAGES);
	put_bit(block->unit_empty, unit, held == HB_UNIT_PAGES);
	block->empty_units += held == HB_UNIT_PAGES;
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

/* Is the unit partly held before and after?  Then nothing changes but numbers. */
static bool stays_partly(const struct hb_block *block, unsigned long offset,
			 unsigned long nr, bool hold)
{
	unsigned int held = block->unit_held[offset / HB_UNIT_PAGES];

	if (!held || held == HB_UNIT_PAGES ||
	    nr > HB_UNIT_PAGES - offset % HB_UNIT_PAGES)
		return false;
	return nr < (hold ? HB_UNIT_PAGES - held : held);
}

static bool all_are(const struct hb_block *block, unsigned long offset,
		    unsigned long nr, bool held)
{
	unsigned long end = offset + nr;

	return (held ? find_next_zero_bit(block->page_held, end, offset) :
		       find_next_bit(block->page_held, end, offset)) == end;
}

static int change_range(struct hb_blockmap *map, unsigned long pfn,
			unsigned long nr, bool hold)
{
	struct hb_block *block = hb_blockmap_find(map, pfn);
	unsigned long offset;
	long more = hold ? (long)nr : -(long)nr;

	if (!block || !nr)
		return -EINVAL;
	offset = pfn - block->start_pfn;
	if (nr > block_pages(block) - offset ||
	    !all_are(block, offset, nr, !hold))
		return -EINVAL;
	if (stays_partly(block, offset, nr, hold)) {
		change_held(block, offset, nr, hold);
		account_pages(map, block, more, -more);
		hb_class_update_plugged(map, block);
		return 0;
	}
	begin_change(map, block);
	change(block, offset, nr, hold);
	end_change(map, block);
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

/* The pages at the head of the list that lie together in one block. */
static struct hb_run first_run(const struct hb_blockmap *map,
			       const unsigned long *pfns, unsigned int nr)
{
	unsigned int slot = slot_of(map, pfns[0]), n = 1;
	bool down = nr > 1 && pfns[1] == pfns[0] - 1;

	while (n < nr && pfns[n] == (down ? pfns[0] - n : pfns[0] + n) &&
	       slot_of(map, pfns[n]) == slot)
		n++;
	return (struct hb_run){ down ? pfns[n - 1] : pfns[0], n };
}

unsigned int hb_blockmap_hold_list(struct hb_blockmap *map,
				   const unsigned long *pfns, unsigned int nr)
{
	unsigned int done = 0;

	while (done < nr) {
		struct hb_run run = first_run(map, pfns + done, nr - done);

		if (hb_blockmap_hold(map, run.pfn, run.nr))
			break;
		done += run.nr;
	}
	return done;
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
	begin_change(map, block);
	suspect(block);
	end_change(map, block);
}

/* ---- marks */

void hb_blockmap_mark_busy(struct hb_blockmap *map, unsigned long pfn)
{
	struct hb_block *block = hb_blockmap_find(map, pfn);
	unsigned int unit;

	if (!block)
		return;
	unit = (pfn - block->start_pfn) / HB_UNIT_PAGES;
	if (test_bit(unit, block->unit_busy))
		return;
	begin_change(map, block);
	bitmap_set(block->unit_busy, unit, 1);
	block->busy_units++;
	end_change(map, block);
}

void hb_blockmap_mark_refused(struct hb_blockmap *map, struct hb_block *block)
{
	begin_change(map, block);
	block->refused = true;
	end_change(map, block);
}

bool hb_blockmap_clear_busy_block(struct hb_blockmap *map)
{
	struct hb_block *block = hb_class_first(map, HB_CLASS_MARKED, 0);

	if (!block)
		return false;
	begin_change(map, block);
	bitmap_clear(block->unit_busy, 0, block->units);
	bitmap_clear(block->unit_in_use, 0, block->units);
	block->busy_units = 0;
	block->refused = false;
	end_change(map, block);
	return true;
}

void hb_blockmap_set_ram(struct hb_blockmap *map, unsigned long pfn,
			 unsigned long nr, bool ram)
{
	struct hb_block *block = hb_blockmap_find(map, pfn);
	unsigned long end = pfn + nr;
	unsigned int first, last;

	if (!block)
		return;
	first = (pfn - block->start_pfn + HB_UNIT_PAGES - 1) / HB_UNIT_PAGES;
	last = (end - block->start_pfn) / HB_UNIT_PAGES;
	if (first >= last)
		return;
	begin_change(map, block);
	if (ram)
		bitmap_clear(block->unit_absent, first, last - first);
	else
		bitmap_set(block->unit_absent, first, last - first);
	block->mendable_units = 0;
	for (first = 0; first < block->units; first++)
		block->mendable_units += is_mendable(block, first);
	end_change(map, block);
}

/* ---- */

static const char *check_unit(const struct hb_block *block, unsigned int unit,
			      unsigned int held)
{
	bool empty = held == HB_UNIT_PAGES, partly = held && !empty;

	if (held != block->unit_held[unit])
		return "held pages of a unit";
	if (unit_is(block, unit, units_empty) != empty ||
	    unit_is(block, unit, units_partly) != partly)
		return "empty and partly held units";
	if (partly && !test_bit(unit, block->unit_broken))
		return "broken unit";
	return NULL;
}

static const char *check_block(const struct hb_block *block)
{
	unsigned int unit, empty_units = 0, mendable = 0;
	unsigned long held = 0;

	for (unit = 0; unit < block->units; unit++) {
		unsigned long start = unit * HB_UNIT_PAGES;
		unsigned int n = bitmap_weight(block->page_held +
					       start / BITS_PER_LONG,
					       HB_UNIT_PAGES);
		const char *wrong = check_unit(block, unit, n);

		if (wrong)
			return wrong;
		held += n;
		empty_units += n == HB_UNIT_PAGES;
		mendable += is_mendable(block, unit);
	}
	if (held != block->held)
		return "held pages of a block";
	if (bitmap_weight(block->unit_busy, block->units) != block->busy_units)
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
	    is->added_refused != should->added_refused ||
	    is->empty_online != should->empty_online ||
	    is->empty_offline != should->empty_offline)
		return "offline or empty blocks";
	if (is->busy_units != should->busy_units)
		return "busy units";
	if (is->may_vanish != should->may_vanish)
		return "blocks that may vanish";
	return is->in_transition == should->in_transition ?
		NULL : "blocks in transition";
}

const char *hb_blockmap_check_slot(const struct hb_blockmap *map, unsigned int slot)
{
	const struct hb_block *block = map->slots[slot];

	if (!block)
		return NULL;
	if (slot_of(map, block->start_pfn) != slot)
		return "slot of a block";
	return check_block(block);
}

const char *hb_blockmap_check_sums(const struct hb_blockmap *map)
{
	struct hb_blockmap sum = { 0 };
	const char *wrong;
	unsigned int slot;

	for (slot = 0; slot < map->nr_slots; slot++)
		if (map->slots[slot])
			account(&sum, map->slots[slot], 1);
	wrong = compare(map, &sum);
	return wrong ? wrong : hb_class_check(map);
}

const char *hb_blockmap_check(const struct hb_blockmap *map)
{
	const char *wrong = NULL;
	unsigned int slot;

	for (slot = 0; slot < map->nr_slots && !wrong; slot++)
		wrong = hb_blockmap_check_slot(map, slot);
	return wrong ? wrong : hb_blockmap_check_sums(map);
}
