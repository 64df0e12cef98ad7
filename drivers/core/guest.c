// SPDX-License-Identifier: GPL-2.0-only
#include "guest.h"

u64 hb_guest_target(const struct hb_guest *g)
{
	return g->target.valid ? g->target.pages : hb_guest_populated(g);
}

u64 hb_guest_wanted(const struct hb_guest *g)
{
	u64 target = hb_guest_target(g);

	if (!g->target.valid || !g->target.own || g->target.own > target)
		return target;
	return g->target.own;
}

u64 hb_guest_goal(const struct hb_guest *g)
{
	u64 wanted = hb_guest_wanted(g);

	return wanted > g->target.kept ? wanted : g->target.kept;
}

u64 hb_guest_most(const struct hb_guest *g)
{
	return hb_guest_target(g) + g->rescue.headroom;
}

static u64 beyond(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/* Pages by Xen's count: a restored guest needs room for those that the books do not know, too. */
static u64 counted(struct hb_guest *g)
{
	u64 populated = hb_guest_populated(g), known = populated + g->ledger.gap;

	if (!g->ledger.settled)
		return populated;
	return populated + beyond(g->ops->xen_pages(g), known);
}

bool hb_guest_may_be_saved(struct hb_guest *g)
{
	return g->roomy || !g->target.by_host ||
	       counted(g) <= g->target.host + HB_RESTORE_SLACK;
}

bool hb_guest_is_news(struct hb_guest *g, enum hb_target_verdict verdict)
{
	u64 now_us = g->ops->now_us(g);

	if (verdict == HB_TARGET_NEW)
		g->same_us = 0;
	if (verdict != HB_TARGET_SAME)
		return verdict != HB_TARGET_BAD_AGAIN;
	if (g->same_us && now_us - g->same_us < HB_SAME_AGAIN_US)
		return false;
	g->same_us = now_us;
	return true;
}

u64 hb_guest_blocks_left(const struct hb_guest *g)
{
	return (g->window_end - g->window_start) / g->map.block_pages -
	       g->added_blocks - g->window_others;
}

unsigned long hb_guest_free_slot(struct hb_guest *g)
{
	unsigned long pfn = hb_blockmap_free_slot(&g->map, g->window_start);

	while (pfn < g->window_end && g->ops->present(g, pfn))
		pfn = hb_blockmap_free_slot(&g->map, pfn + g->map.block_pages);
	return pfn;
}

u64 hb_guest_ceiling(const struct hb_guest *g)
{
	return g->ledger.capacity +
	       hb_guest_blocks_left(g) * g->map.block_pages -
	       (u64)g->map.added_refused * g->map.block_pages;
}

void hb_guest_hold(struct hb_guest *g, unsigned long pfn, unsigned long nr)
{
	if (hb_blockmap_hold(&g->map, pfn, nr))
		g->ops->wrong(g, "pages are held already");
}

void hb_guest_unhold(struct hb_guest *g, unsigned long pfn, unsigned long nr)
{
	if (hb_blockmap_release(&g->map, pfn, nr))
		g->ops->wrong(g, "pages are not held");
}

/* Block by block: there may be many. */
void hb_guest_forget_busy(struct hb_guest *g)
{
	bool more;

	do {
		g->ops->lock(g);
		more = hb_blockmap_clear_busy_block(&g->map);
		g->ops->unlock(g);
	} while (more);
}

/* Block by block: there may be many. */
void hb_guest_suspect(struct hb_guest *g)
{
	const struct hb_block *block;
	unsigned long from = 0;

	do {
		g->ops->lock(g);
		block = hb_blockmap_next_block(&g->map, from);
		if (block) {
			hb_blockmap_suspect(&g->map, block->start_pfn);
			from = block->start_pfn + g->map.block_pages;
		}
		g->ops->unlock(g);
	} while (block);
}

/*
 * Empty blocks that can go.  What the guest leaves of its target, and what it is granted above, it
 * takes in need (rescue.h), and then only blocks that are there can be filled: so many stay.
 * What it has taken was held before: that changes nothing.
 */
static u64 retirable(const struct hb_guest *g, bool removable)
{
	const struct hb_blockmap *map = &g->map;
	u64 needed = beyond(hb_guest_most(g), hb_guest_goal(g));
	u64 blocks = beyond(map->usable_held, needed) / map->block_pages;

	if (blocks > map->empty_online)
		blocks = map->empty_online;
	return blocks + (removable ? map->empty_offline : 0);
}

void hb_guest_look(struct hb_guest *g, struct hb_snapshot *now)
{
	const struct hb_blockmap *map = &g->map;
	bool removable = g->ops->removable(g);
	bool superpages = g->ops->superpages(g);
	struct hb_pressure pressure;
	u64 goal, target;

	g->ops->pressure(g, &pressure);
	g->ops->lock(g);
	g->rescue.looked = g->rescue.total;
	goal = hb_guest_goal(g);
	target = hb_guest_target(g);
	*now = (struct hb_snapshot){
		.target = goal,
		.rescued = beyond(goal, target),
		.spared = beyond(target, goal),
		.granted = g->rescue.headroom,
		.may_take = beyond(hb_guest_most(g), goal),
		.populated = hb_guest_populated(g),
		.usable_held = map->usable_held,
		.usable_empty_units = map->usable_empty_units,
		.boot_held = map->boot_held,
		/* PV guests' memory is mapped page by page whatever one does. */
		.mendable_units = superpages ? map->mendable_units : 0,
		.parked_plugged = map->parked_plugged,
		.added_plugged = map->added_plugged,
		.added_movable = map->added_movable,
		.retirable = retirable(g, removable),
		.added_offline = map->added_offline,
		.added_refused = map->added_refused,
		.blocks_left = hb_guest_blocks_left(g),
		.floor = hb_floor_compute(&pressure),
		.unsettled = !g->ledger.settled,
		.hotplug_busy = map->in_transition,
		.may_vanish = map->may_vanish,
		.doubtful = g->verify.wanted,
		.still = g->still || g->hibernates,
	};
	g->ops->unlock(g);
	hb_press_hold(&g->press, &now->floor);
}

struct hb_block_transition hb_guest_note(struct hb_guest *g,
					 struct hb_block *block,
					 enum hb_block_event event)
{
	enum hb_block_state before = block->state;
	struct hb_block_transition found =
		hb_blockmap_event(&g->map, block, event);

	if (found.verdict == HB_VERDICT_IMPOSSIBLE)
		g->ops->quarantined(g, block, before, event);
	return found;
}

/*
 * A block that goes offline takes its held pages along: nobody but the driver keeps them
 * out of use when it goes online again, so the driver stays loaded until then.  For
 * blocks of ours it does anyway.
 */
static bool keep_driver(struct hb_guest *g, struct hb_block *block)
{
	if (block->origin == HB_BLOCK_OURS || !block->held)
		return true;
	block->keeps_module = g->ops->keep_driver(g);
	return block->keeps_module;
}

static void let_driver_go(struct hb_guest *g, struct hb_block *block)
{
	if (block->keeps_module)
		g->ops->let_driver_go(g);
	block->keeps_module = false;
}

/* What follows, and whether it may.  The lock is held. */
static struct hb_block_transition take_event(struct hb_guest *g,
					     struct hb_block *block,
					     enum hb_block_event event,
					     bool movable)
{
	struct hb_block_transition found = { .verdict = HB_VERDICT_REFUSE };

	if (g->closed && hb_event_may_be_refused(event))
		return found;
	/* As the kernel itself has it, since 6.2: it would forget what is broken. */
	if (event == HB_EVENT_GOING_ONLINE && block->poisoned)
		return found;
	if (event == HB_EVENT_GOING_OFFLINE &&
	    block->state == HB_BLOCK_ONLINE && !keep_driver(g, block))
		return found;
	found = hb_guest_note(g, block, event);
	if (block->state == HB_BLOCK_ONLINE)
		let_driver_go(g, block);
	if (event == HB_EVENT_ONLINE)
		hb_blockmap_set_movable(&g->map, block, movable);
	return found;
}

static bool is_offline_event(enum hb_block_event event)
{
	return event == HB_EVENT_OFFLINE_BY_US || event == HB_EVENT_OFFLINE_BY_OTHER;
}

/*
 * A block on its way offline is neither filled nor emptied, so its held pages can be
 * dealt with without the lock: right after it has begun to leave, and right before it
 * is back.
 */
bool hb_guest_block_event(struct hb_guest *g, struct hb_block *block,
			  enum hb_block_event event, bool movable)
{
	struct hb_block_transition found;

	found = hb_block_transition(block->state, event);
	if (found.act == HB_ACT_TAKE_BACK)
		g->ops->let_go(g, block, false);
	/* At last: on its way, which may take long, a page of it may have broken. */
	if (is_offline_event(event))
		block->poisoned = g->ops->poisoned(g, block);
	g->ops->lock(g);
	found = take_event(g, block, event, movable);
	g->ops->unlock(g);
	if (found.act == HB_ACT_LET_GO)
		g->ops->let_go(g, block, true);
	return found.verdict == HB_VERDICT_ALLOW ||
	       !hb_event_may_be_refused(event);
}

/* The block at @pfn, made if it is not there; NULL without memory or beyond the map. */
static struct hb_block *ensure_block(struct hb_guest *g, unsigned long pfn,
				     enum hb_block_origin origin)
{
	unsigned long block_pages = g->map.block_pages;
	struct hb_block *block, *other;
	void *books;

	g->ops->lock(g);
	block = hb_blockmap_find(&g->map, pfn);
	g->ops->unlock(g);
	if (block || pfn / block_pages >= g->map.nr_slots)
		return block;
	books = g->ops->alloc_books(g, hb_block_bytes(block_pages));
	if (!books)
		return NULL;
	block = hb_block_init(books, pfn / block_pages * block_pages,
			      block_pages, origin);
	g->ops->lock(g);
	other = hb_blockmap_find(&g->map, pfn);
	if (!other) {
		hb_blockmap_insert(&g->map, block);
		g->window_others += hb_guest_owns(g, block->start_pfn);
	}
	g->ops->unlock(g);
	if (!other)
		return block;
	/* Somebody was faster. */
	g->ops->free_books(g, books);
	return other;
}

/* Pages without a frame that can be used are held, and no others: 1 to hold, -1 not to. */
static int amiss(struct hb_guest *g, unsigned long pfn)
{
	enum hb_frame frame = g->ops->frame(g, pfn);
	bool there = frame == HB_FRAME_THERE;

	if (frame == HB_FRAME_UNKNOWN || there != hb_blockmap_held_in(&g->map, pfn, 1))
		return 0;
	return there ? -1 : 1;
}

/*
 * Make the books say of @nr pages of one unit what Xen says.  It does not say whether it maps
 * them as one: never a whole unit at once, which the books would take for that.  The lock is
 * held.
 */
static void ask_unit(struct hb_guest *g, unsigned long pfn, unsigned long nr)
{
	unsigned long run;

	for (; nr; pfn += run, nr -= run) {
		int change = amiss(g, pfn);

		for (run = 1; run < nr && run < HB_UNIT_PAGES - 1; run++)
			if (amiss(g, pfn + run) != change)
				break;
		if (change > 0)
			hb_guest_hold(g, pfn, run);
		if (change < 0)
			hb_guest_unhold(g, pfn, run);
	}
}

/* The same for memory of a block that is offline.  @count: and each unit is counted with it. */
static void ask_offline(struct hb_guest *g, unsigned long pfn, unsigned long nr,
			bool count)
{
	unsigned long end = pfn + nr, part;

	for (; pfn < end; pfn += part) {
		part = HB_UNIT_PAGES - pfn % HB_UNIT_PAGES;
		if (part > end - pfn)
			part = end - pfn;
		g->ops->lock(g);
		ask_unit(g, pfn, part);
		if (count)
			g->ledger.capacity += part;
		g->ops->unlock(g);
	}
}

/*
 * A block that is there but offline: hot-added and never onlined, with no frames; or
 * memory that somebody took offline, which is left alone until it is put online again.
 * @counted: it is part of the capacity already.
 */
static void enter_offline(struct hb_guest *g, struct hb_block *block,
			  unsigned long pfn, unsigned long nr, bool counted)
{
	bool empty;

	ask_offline(g, pfn, nr, !counted);
	g->ops->lock(g);
	empty = block->held == nr;
	if (empty)
		block->origin = HB_BLOCK_INHERITED;
	hb_guest_note(g, block, empty ? HB_EVENT_ADDED :
					HB_EVENT_OFFLINE_BY_OTHER);
	g->ops->unlock(g);
}

int hb_guest_enter(struct hb_guest *g, unsigned long pfn, unsigned long nr,
		   enum hb_block_origin origin, bool online, bool movable)
{
	struct hb_block *block = ensure_block(g, pfn, origin);

	if (!block)
		return -ENOMEM;
	g->ops->lock(g);
	if (block->state == HB_BLOCK_NEW)
		hb_blockmap_set_ram(&g->map, block->start_pfn,
				    g->map.block_pages, false);
	hb_blockmap_set_ram(&g->map, pfn, nr, true);
	g->ops->unlock(g);
	/* A block of which some was entered already is a whole one. */
	if (block->state != HB_BLOCK_NEW)
		return 0;
	if (!online) {
		enter_offline(g, block, pfn, nr, true);
		return 0;
	}
	g->ops->lock(g);
	hb_guest_note(g, block, HB_EVENT_FOUND_ONLINE);
	hb_blockmap_set_movable(&g->map, block, movable);
	g->ops->unlock(g);
	return 0;
}

int hb_guest_before_online(struct hb_guest *g, unsigned long pfn)
{
	unsigned long nr = g->map.block_pages;
	struct hb_block *block;
	bool ask;

	g->ops->lock(g);
	block = hb_blockmap_find(&g->map, pfn);
	ask = block && hb_block_may_vanish(block);
	g->ops->unlock(g);
	if (ask)
		ask_offline(g, block->start_pfn, nr, false);
	if (block)
		return 0;
	/* That its books are made and that it is counted is one thing for the worker. */
	block = ensure_block(g, pfn, HB_BLOCK_INHERITED);
	if (!block)
		return -ENOMEM;
	/* Nor does anybody tell how Xen maps what is there. */
	g->ops->lock(g);
	hb_blockmap_suspect(&g->map, pfn);
	g->ops->unlock(g);
	enter_offline(g, block, block->start_pfn, nr, false);
	return 0;
}

/*
 * The next block from *@from on that the kernel does not have any more, out of the books;
 * NULL: there is none.  As long as the kernel tells of a block it has it: none that the
 * notifier has at hand is taken.
 */
static struct hb_block *take_vanished(struct hb_guest *g, unsigned long *from)
{
	unsigned long nr = g->map.block_pages;
	struct hb_block *block;
	bool vanished;

	do {
		g->ops->lock(g);
		block = hb_blockmap_next_block(&g->map, *from);
		vanished = block && hb_block_may_vanish(block) &&
			   !g->ops->present(g, block->start_pfn);
		if (block)
			*from = block->start_pfn + nr;
		if (vanished) {
			hb_blockmap_remove(&g->map, block);
			g->window_others -= hb_guest_owns(g, block->start_pfn);
			g->ledger.capacity -= nr;
		}
		g->ops->unlock(g);
	} while (block && !vanished);
	return block;
}

void hb_guest_forget_vanished(struct hb_guest *g)
{
	struct hb_block *block;
	unsigned long from = 0;
	bool any;

	g->ops->lock(g);
	any = g->map.may_vanish;
	g->ops->unlock(g);
	while (any && (block = take_vanished(g, &from))) {
		let_driver_go(g, block);
		g->ops->free_books(g, block);
	}
}
