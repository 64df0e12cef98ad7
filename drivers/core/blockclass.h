/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Classes of blocks: for each question that is asked of the map, the set of slots whose
 * blocks answer it.  A block may be in several; which is a matter of the block alone,
 * and looked up anew whenever something of it changes that is more than a number.
 *
 * One question is about a number, the pages with frames: the highest block that has no
 * more than so many.  For that there is the least of 16 slots, and of 16 times 16.
 */
#ifndef HB_CORE_BLOCKCLASS_H
#define HB_CORE_BLOCKCLASS_H

#include "blocktype.h"

/* Hot-added or not, for movable pages only or not, full or partly plugged. */
#define HB_KINDS 8

static inline unsigned int hb_kind(bool added, bool movable, bool full)
{
	return added * 4 + movable * 2 + full;
}

enum hb_block_class {
	HB_CLASS_ABSENT,	/* a slot without a block */
	HB_CLASS_PRESENT,
	HB_CLASS_HELD,		/* usable, with held pages */
	HB_CLASS_PARTLY,	/* to be filled, with units that are partly held */
	HB_CLASS_EMPTY_UNITS,	/* to be filled, with units that are all held */
	HB_CLASS_MENDABLE,	/* usable, with units to mend that are not busy */
	HB_CLASS_OFFLINE,	/* the driver may put it online */
	HB_CLASS_EMPTY_ONLINE,	/* ours, without any frame */
	HB_CLASS_EMPTY_OFFLINE,
	HB_CLASS_PARKED,	/* ours and offline, with frames */
	HB_CLASS_MARKED,	/* marked as refused, or with units marked busy or in use */
	HB_CLASS_TAKE,		/* + hb_kind(): usable, with units to take */
	HB_CLASS_ASK = HB_CLASS_TAKE + HB_KINDS, /* the same, perhaps free ones */
	HB_CLASSES = HB_CLASS_ASK + HB_KINDS,
};

/* The memory that the classes of @nr_slots need, and how they are laid out in it. */
size_t hb_class_bytes(unsigned int nr_slots);
void hb_class_init(struct hb_blockmap *map, void *memory);

/* Put @block, which is in its slot, where it belongs now. */
void hb_class_update(struct hb_blockmap *map, struct hb_block *block);

/* The same, when nothing changed but how many pages with frames it has. */
void hb_class_update_plugged(struct hb_blockmap *map,
			     const struct hb_block *block);

/* @block has left its slot. */
void hb_class_leave(struct hb_blockmap *map, struct hb_block *block);

/* The first slot of a class from @from on; map->nr_slots: none. */
unsigned int hb_class_first_slot(const struct hb_blockmap *map,
				 enum hb_block_class class, unsigned int from);

/* The first block of a class from slot @from on, the last below @end, and of all; or NULL. */
struct hb_block *hb_class_first(const struct hb_blockmap *map,
				enum hb_block_class class, unsigned int from);
struct hb_block *hb_class_last_below(const struct hb_blockmap *map,
				     enum hb_block_class class, unsigned int end);
struct hb_block *hb_class_last(const struct hb_blockmap *map,
			       enum hb_block_class class);

/*
 * The highest usable hot-added block with a frame but not more than @most of them, with
 * no busy unit, and @movable as said; or NULL.
 */
struct hb_block *hb_class_last_plugged(const struct hb_blockmap *map,
				       bool movable, unsigned long most);

/* NULL if all of it is so, else what is not. */
const char *hb_class_check(const struct hb_blockmap *map);

#endif /* HB_CORE_BLOCKCLASS_H */
