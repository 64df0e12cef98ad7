// SPDX-License-Identifier: GPL-2.0-only
/*
 * Steps that make memory blocks, put them online, and take them away again.
 *
 * The driver stays loaded while a block of its own exists: it is what keeps the pages
 * without frames out of use.
 */
#include "steps.h"

/* The kernel does not have it (any more). */
static void forget_block(struct hb_guest *g, struct hb_block *block)
{
	g->ops->lock(g);
	hb_blockmap_remove(&g->map, block);
	g->ledger.capacity -= g->map.block_pages;
	g->added_blocks--;
	g->ops->unlock(g);
	g->ops->free_books(g, block);
	g->ops->let_driver_go(g);
}

/*
 * The block must be in the books before the kernel knows it: it may online it.  NULL without
 * memory or room, and with nothing changed; whoever cannot add it then forgets it.
 */
static struct hb_block *book_block(struct hb_guest *g)
{
	unsigned long pages = g->map.block_pages, pfn;
	struct hb_block *block;
	void *books;

	if (!g->ops->keep_driver(g))
		return NULL;
	books = g->ops->alloc_books(g, hb_block_bytes(pages));
	if (!books) {
		g->ops->let_driver_go(g);
		return NULL;
	}
	g->ops->lock(g);
	/* From the bottom of the window up. */
	pfn = hb_guest_free_slot(g);
	if (pfn >= g->window_end) {
		g->ops->unlock(g);
		g->ops->free_books(g, books);
		g->ops->let_driver_go(g);
		return NULL;
	}
	block = hb_block_init(books, pfn, pages, HB_BLOCK_OURS);
	hb_blockmap_insert(&g->map, block);
	hb_guest_hold(g, pfn, pages);
	g->ledger.capacity += pages;
	g->added_blocks++;
	if (g->added_end < pfn + pages)
		g->added_end = pfn + pages;
	g->ops->unlock(g);
	return block;
}

static void note(struct hb_guest *g, struct hb_block *block,
		 enum hb_block_event event)
{
	g->ops->lock(g);
	hb_guest_note(g, block, event);
	g->ops->unlock(g);
}

/* What a new block becomes: core/zone.h. */
static bool wants_movable(struct hb_guest *g)
{
	struct hb_pressure pressure;
	struct hb_zone_input in = {
		.block = g->map.block_pages,
		.cost = g->ops->block_cost(g),
		.ratio = g->zone_ratio,
		.policy = g->zone_policy,
	};

	g->ops->pressure(g, &pressure);
	in.spare = hb_floor_available_kernel(&pressure);
	g->ops->lock(g);
	in.kernel = hb_guest_populated(g) - g->map.movable_plugged -
		    g->map.parked_plugged;
	in.movable = (u64)g->map.movable_blocks * g->map.block_pages;
	/* At its target a guest gets blocks for nothing else. */
	in.need = hb_guest_populated(g) >= hb_guest_goal(g);
	g->ops->unlock(g);
	return hb_zone_is_movable(&in);
}

/*
 * Blocks that the kernel's driver added go where it can use them after a hand-back: it
 * cannot shrink movable memory, and would take all other until the guest dies.
 */
static int put_online(struct hb_guest *g, struct hb_block *block)
{
	bool online;

	g->ops->lock(g);
	online = block->state == HB_BLOCK_ONLINE;	/* somebody was faster */
	g->ops->unlock(g);
	if (online)
		return 0;
	return g->ops->set_online(g, block->start_pfn,
				  block->origin == HB_BLOCK_OURS &&
				  wants_movable(g));
}

/* Return: 0; -EAGAIN if the block exists but is not online yet; or another errno. */
static int add_block(struct hb_guest *g)
{
	struct hb_block *block = book_block(g);
	int rc;

	if (!block)
		return -ENOMEM;
	rc = g->ops->add(g, block->start_pfn);
	note(g, block, rc ? HB_EVENT_ADD_FAILED : HB_EVENT_ADDED);
	if (rc)
		forget_block(g, block);
	else if (put_online(g, block))
		rc = -EAGAIN;
	return rc;
}

struct hb_outcome hb_step_add_block(struct hb_guest *g,
				    const struct hb_move *step)
{
	struct hb_outcome outcome = { 0 };
	unsigned long pfn;
	int rc;

	g->ops->lock(g);
	pfn = hb_guest_free_slot(g);
	g->ops->unlock(g);
	if (pfn >= g->window_end) {
		outcome.cause = HB_CAUSE_ABOVE_MAX;
		return outcome;
	}
	/* Page descriptors for memory that Xen does not give would be a loss. */
	if (!g->ops->probe(g, pfn, step->pages)) {
		g->ops->lock(g);
		outcome.cause = g->ops->refusal(g, step->pages);
		g->ops->unlock(g);
		return outcome;
	}
	rc = add_block(g);
	if (rc)
		outcome.cause = rc == -EAGAIN ? HB_CAUSE_OFFLINE_PENDING :
						HB_CAUSE_GUEST_BUSY;
	else
		outcome.pages = 1;
	return outcome;
}

struct hb_outcome hb_step_online_block(struct hb_guest *g,
				       const struct hb_move *step)
{
	struct hb_block *block;
	int rc;

	g->ops->lock(g);
	block = hb_blockmap_offline_block(&g->map);
	g->ops->unlock(g);
	/* Only the worker removes blocks: it stays. */
	rc = block ? put_online(g, block) : -ENOENT;
	if (!rc)
		return (struct hb_outcome){ .pages = 1 };
	if (rc != -EHWPOISON)
		return (struct hb_outcome){ .cause = HB_CAUSE_OFFLINE_PENDING };
	/* For good, as far as one knows: another block will do. */
	g->ops->lock(g);
	hb_blockmap_mark_refused(&g->map, block);
	g->ops->unlock(g);
	return (struct hb_outcome){ 0 };
}

static int take_offline(struct hb_guest *g, struct hb_block *block)
{
	bool offline;

	g->ops->lock(g);
	offline = block->state == HB_BLOCK_OFFLINE;
	g->ops->unlock(g);
	return offline ? 0 : g->ops->set_offline(g, block->start_pfn);
}

/* Take an empty block that is offline from the kernel.  If that fails it is offline, as before. */
static int remove_block(struct hb_guest *g, struct hb_block *block)
{
	struct hb_block_transition found;
	int rc;

	g->ops->lock(g);
	found = hb_guest_note(g, block, HB_EVENT_REMOVE);
	g->ops->unlock(g);
	if (found.verdict != HB_VERDICT_ALLOW)
		return -EBUSY;
	rc = g->ops->remove(g, block->start_pfn);
	note(g, block, rc ? HB_EVENT_REMOVE_FAILED : HB_EVENT_REMOVED);
	if (!rc)
		forget_block(g, block);
	return rc;
}

/*
 * An empty block to be retired.  From now on nothing fills it, as a guest in need would: what it
 * got there would have to move away again, and may wait for a disk.
 */
static struct hb_block *choose_empty(struct hb_guest *g, bool removable)
{
	struct hb_block *block;

	g->ops->lock(g);
	block = hb_blockmap_empty_block(&g->map, removable);
	if (block)
		hb_blockmap_set_retiring(&g->map, block, true);
	g->ops->unlock(g);
	return block;
}

/* It is still there: usable, if it is online (again). */
static void keep_block(struct hb_guest *g, struct hb_block *block)
{
	g->ops->lock(g);
	hb_blockmap_set_retiring(&g->map, block, false);
	g->ops->unlock(g);
}

/*
 * Offline the highest empty block, unless one is offline, and remove it where that is possible:
 * its page descriptors and page tables come back.  Half-way it is empty and offline, which the next
 * growth uses or the next tidying removes.
 */
struct hb_outcome hb_step_retire_block(struct hb_guest *g,
				       const struct hb_move *step)
{
	bool removable = g->ops->removable(g);
	struct hb_block *block = choose_empty(g, removable);
	int rc = block ? take_offline(g, block) : -ENOENT;

	if (!rc && removable)
		rc = remove_block(g, block);
	if (block && (rc || !removable))
		keep_block(g, block);
	if (rc)
		return (struct hb_outcome){ .cause = HB_CAUSE_OFFLINE_PENDING };
	return (struct hb_outcome){ .pages = 1 };
}
