// SPDX-License-Identifier: GPL-2.0-only
#include "block.h"
#include "blockclass.h"
#include "slotset.h"

/* Slots, or groups of slots, of which only the least is kept. */
#define FAN 16U
/* Less than that no block has. */
#define NO_PAGES (~0U)

static bool is_present(const struct hb_block *block)
{
	return block;
}

static bool has_held(const struct hb_block *block)
{
	return usable(block) && block->held;
}

static bool has_partly(const struct hb_block *block)
{
	return fillable(block) && any_unit(block, units_partly);
}

static bool has_empty(const struct hb_block *block)
{
	return fillable(block) && block->empty_units;
}

static bool has_mendable(const struct hb_block *block)
{
	return usable(block) && any_unit(block, units_mendable);
}

static bool is_empty_online(const struct hb_block *block)
{
	return is_empty(block, HB_BLOCK_ONLINE);
}

static bool is_empty_offline(const struct hb_block *block)
{
	return is_empty(block, HB_BLOCK_OFFLINE);
}

static bool has_parked(const struct hb_block *block)
{
	return is_parked(block) && any_unit(block, units_takeable);
}

static bool may_go_online(const struct hb_block *block)
{
	return is_offline_added(block, false);
}

static bool has_marks(const struct hb_block *block)
{
	return block->refused || any_unit(block, units_marked);
}

/* Those that do not come by kinds; no block is in HB_CLASS_ABSENT. */
static bool (*const is_in[HB_CLASS_TAKE])(const struct hb_block *block) = {
	[HB_CLASS_PRESENT] = is_present,
	[HB_CLASS_HELD] = has_held,
	[HB_CLASS_PARTLY] = has_partly,
	[HB_CLASS_EMPTY_UNITS] = has_empty,
	[HB_CLASS_MENDABLE] = has_mendable,
	[HB_CLASS_OFFLINE] = may_go_online,
	[HB_CLASS_EMPTY_ONLINE] = is_empty_online,
	[HB_CLASS_EMPTY_OFFLINE] = is_empty_offline,
	[HB_CLASS_PARKED] = has_parked,
	[HB_CLASS_MARKED] = has_marks,
};

/* One bit a class. */
static u32 classes_of(const struct hb_block *block)
{
	unsigned int class, kind;
	u32 classes = 0;

	for (class = HB_CLASS_PRESENT; class < HB_CLASS_TAKE; class++)
		classes |= (u32)is_in[class](block) << class;
	if (!usable(block))
		return classes;
	kind = hb_kind(is_added(block), block->movable, !block->held);
	classes |= (u32)any_unit(block, units_takeable) << (HB_CLASS_TAKE + kind);
	classes |= (u32)any_unit(block, units_askable) << (HB_CLASS_ASK + kind);
	return classes;
}

/* ---- the sets */

static unsigned long *set_of(const struct hb_blockmap *map, unsigned int class)
{
	return map->classes + class * hb_slotset_longs(map->nr_slots);
}

static void move(struct hb_blockmap *map, struct hb_block *block, u32 classes)
{
	unsigned long changed = block->classes ^ classes;
	unsigned int class;

	for (; changed; changed &= changed - 1) {
		class = __ffs(changed);
		hb_slotset_put(set_of(map, class), map->nr_slots,
			       slot_of(map, block->start_pfn), (classes >> class) & 1);
	}
	block->classes = classes;
}

unsigned int hb_class_first_slot(const struct hb_blockmap *map,
				 enum hb_block_class class, unsigned int from)
{
	return hb_slotset_first(set_of(map, class), map->nr_slots, from);
}

static struct hb_block *block_at(const struct hb_blockmap *map,
				 unsigned int slot)
{
	return slot < map->nr_slots ? map->slots[slot] : NULL;
}

struct hb_block *hb_class_first(const struct hb_blockmap *map,
				enum hb_block_class class, unsigned int from)
{
	return block_at(map, hb_class_first_slot(map, class, from));
}

struct hb_block *hb_class_last_below(const struct hb_blockmap *map,
				     enum hb_block_class class, unsigned int end)
{
	return block_at(map, hb_slotset_last(set_of(map, class), map->nr_slots, end));
}

struct hb_block *hb_class_last(const struct hb_blockmap *map,
			       enum hb_block_class class)
{
	return hb_class_last_below(map, class, map->nr_slots);
}

/* ---- the least pages with frames */

static unsigned int groups_of(unsigned int nr)
{
	return (nr + FAN - 1) / FAN;
}

static unsigned int nr_least(unsigned int nr_slots)
{
	return groups_of(nr_slots) + groups_of(groups_of(nr_slots));
}

/* What can go as a whole: its pages with frames. */
static u32 whole_pages(const struct hb_block *block, bool movable)
{
	if (!block || !usable(block) || !is_added(block) ||
	    block->movable != movable || block->busy_units || !plugged(block))
		return NO_PAGES;
	return plugged(block);
}

static u32 least_of_slots(const struct hb_blockmap *map, bool movable,
			  unsigned int group)
{
	unsigned int slot = group * FAN, i;
	u32 least = NO_PAGES;

	for (i = 0; i < FAN && slot + i < map->nr_slots; i++) {
		u32 pages = whole_pages(map->slots[slot + i], movable);

		least = pages < least ? pages : least;
	}
	return least;
}

static u32 least_of_groups(const struct hb_blockmap *map, bool movable,
			   unsigned int top)
{
	const u32 *groups = map->least[movable];
	unsigned int nr = groups_of(map->nr_slots), i;
	u32 least = NO_PAGES;

	for (i = top * FAN; i < (top + 1) * FAN && i < nr; i++)
		least = groups[i] < least ? groups[i] : least;
	return least;
}

static void update_least(struct hb_blockmap *map, bool movable,
			 unsigned int slot)
{
	u32 *groups = map->least[movable];
	u32 *tops = groups + groups_of(map->nr_slots);
	unsigned int group = slot / FAN;
	u32 least = least_of_slots(map, movable, group);

	if (groups[group] == least)
		return;
	groups[group] = least;
	tops[group / FAN] = least_of_groups(map, movable, group / FAN);
}

/* How many members the group has that begins at @first, of @nr in all. */
static unsigned int members(unsigned int nr, unsigned int first)
{
	return nr - first < FAN ? nr - first : FAN;
}

/* The highest of @nr that is not more than @most; @nr: none. */
static unsigned int last_below(const u32 *least, unsigned int nr, u32 most)
{
	unsigned int i = nr;

	while (i-- > 0)
		if (least[i] <= most)
			return i;
	return nr;
}

struct hb_block *hb_class_last_plugged(const struct hb_blockmap *map,
				       bool movable, unsigned long most)
{
	const u32 *groups = map->least[movable];
	u32 limit = most < NO_PAGES ? most : NO_PAGES - 1;
	unsigned int nr = groups_of(map->nr_slots);
	unsigned int group = FAN * last_below(groups + nr, groups_of(nr), limit);
	unsigned int slot;

	if (group >= nr)
		return NULL;
	group += last_below(groups + group, members(nr, group), limit);
	slot = group * FAN + members(map->nr_slots, group * FAN);
	do
		slot--;
	while (whole_pages(map->slots[slot], movable) > limit);
	return map->slots[slot];
}

/* ---- what changes */

size_t hb_class_bytes(unsigned int nr_slots)
{
	return HB_CLASSES * hb_slotset_longs(nr_slots) * sizeof(long) +
	       2 * nr_least(nr_slots) * sizeof(u32);
}

void hb_class_init(struct hb_blockmap *map, void *memory)
{
	unsigned int nr = nr_least(map->nr_slots), i;

	map->classes = memory;
	map->least[0] = (u32 *)set_of(map, HB_CLASSES);
	map->least[1] = map->least[0] + nr;
	for (i = 0; i < 2 * nr; i++)
		map->least[0][i] = NO_PAGES;
	for (i = 0; i < map->nr_slots; i++)
		hb_slotset_put(set_of(map, HB_CLASS_ABSENT), map->nr_slots, i,
			       true);
}

void hb_class_update_plugged(struct hb_blockmap *map,
			     const struct hb_block *block)
{
	if (usable(block) && is_added(block))
		update_least(map, block->movable, slot_of(map, block->start_pfn));
}

void hb_class_update(struct hb_blockmap *map, struct hb_block *block)
{
	move(map, block, classes_of(block));
	if (is_added(block)) {
		update_least(map, false, slot_of(map, block->start_pfn));
		update_least(map, true, slot_of(map, block->start_pfn));
	}
}

void hb_class_leave(struct hb_blockmap *map, struct hb_block *block)
{
	move(map, block, 1U << HB_CLASS_ABSENT);
	update_least(map, false, slot_of(map, block->start_pfn));
	update_least(map, true, slot_of(map, block->start_pfn));
}

/* ---- */

static bool is_filed(const struct hb_blockmap *map, unsigned int slot)
{
	const struct hb_block *block = map->slots[slot];
	u32 classes = block ? classes_of(block) : 1U << HB_CLASS_ABSENT;
	unsigned int class;

	if (block && block->classes != classes)
		return false;
	for (class = 0; class < HB_CLASSES; class++)
		if (test_bit(slot, set_of(map, class)) != ((classes >> class) & 1))
			return false;
	return true;
}

static bool is_least(const struct hb_blockmap *map, bool movable)
{
	unsigned int nr = groups_of(map->nr_slots), i;
	const u32 *groups = map->least[movable];

	for (i = 0; i < nr; i++)
		if (groups[i] != least_of_slots(map, movable, i))
			return false;
	for (i = 0; i < groups_of(nr); i++)
		if (groups[nr + i] != least_of_groups(map, movable, i))
			return false;
	return true;
}

const char *hb_class_check(const struct hb_blockmap *map)
{
	unsigned int i;

	for (i = 0; i < map->nr_slots; i++)
		if (!is_filed(map, i))
			return "classes of a block";
	for (i = 0; i < HB_CLASSES; i++)
		if (!hb_slotset_is_sound(set_of(map, i), map->nr_slots))
			return "words of a class";
	return is_least(map, false) && is_least(map, true) ?
		NULL : "least pages with frames";
}
