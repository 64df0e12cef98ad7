// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages have frames, asked of Xen page by page.
 *
 * While a guest is copied to another domain, or built from a file, Xen keeps no log of
 * what the guest gives away: a page that went after it was copied has a frame there, which
 * nobody uses and which would be lost under the next one.  So first all held pages
 * are asked about, and such frames go back.  In a PV guest only its table of machine frames,
 * which the copy came with, says that they are there: the page table is as it was last copied,
 * without.  If the domain was built anew and its count
 * is not what is expected, the same is done where blocks were that have been removed.  It
 * may differ for other reasons, too (the pages beside RAM): then all other pages are asked
 * about, and the gap is measured anew.
 */
#include "steps.h"

/* Is something wrong with a page?  Held ones have no frame, all other RAM has. */
static bool is_wrong(struct hb_guest *g, unsigned long pfn, bool held)
{
	enum hb_frame frame = g->ops->frame(g, pfn);

	if (held)
		return frame == HB_FRAME_THERE || frame == HB_FRAME_STRANDED;
	return frame == HB_FRAME_NONE && g->ops->is_ram(g, pfn);
}

/* Lists the held pages of the unit at @pfn, or the others, that are wrong. */
static unsigned int ask(struct hb_guest *g, unsigned long pfn, bool held)
{
	unsigned int nr = 0, i;

	for (i = 0; i < HB_UNIT_PAGES; i++) {
		bool is_held = hb_blockmap_held_in(&g->map, pfn + i, 1);

		if (is_held == held && is_wrong(g, pfn + i, held))
			g->pfns[nr++] = pfn + i;
	}
	return nr;
}

/*
 * Give back what is behind held pages.  It has what was in them when they were copied.  What
 * cannot be reached stays: nothing can be done.
 *
 * Return: why Xen did not take all of the rest.
 */
static enum hb_cause give_back_surplus(struct hb_guest *g, unsigned long pfn)
{
	unsigned int found = ask(g, pfn, true);
	unsigned int nr = found ? g->ops->reach(g, g->pfns, found) : 0;

	if (!nr)
		return HB_CAUSE_NONE;
	g->ops->clear(g, g->pfns, nr);
	if (g->ops->release(g, g->pfns, nr, 0)) {
		g->verify.surplus += nr;
		return HB_CAUSE_NONE;
	}
	g->verify.surplus += found - ask(g, pfn, true);
	return g->ops->kept(g);
}

/*
 * Whatever was in them is lost; but nobody may write where nothing is.  Half-way: the unit is
 * asked about again.
 *
 * Return: why Xen did not give all of it.
 */
static enum hb_cause replace_missing(struct hb_guest *g, unsigned long pfn)
{
	unsigned int nr = ask(g, pfn, false);
	unsigned long got = nr ? g->ops->populate(g, g->pfns, nr, 0) : 0;

	g->verify.missing += got;
	return got < nr ? g->ops->refusal(g, 1) : HB_CAUSE_NONE;
}

static enum hb_cause verify_unit(struct hb_guest *g, unsigned long pfn)
{
	enum hb_cause cause = HB_CAUSE_NONE;

	if (hb_blockmap_held_in(&g->map, pfn, HB_UNIT_PAGES))
		cause = give_back_surplus(g, pfn);
	if (!cause && g->verify.all)
		cause = replace_missing(g, pfn);
	if (cause)
		g->verify.pfn = pfn;	/* once more, later */
	return cause;
}

/* Lists pages of the unit at @pfn that have frames, where no block is.  The lock is held. */
static unsigned int ask_removed(struct hb_guest *g, unsigned long pfn)
{
	unsigned int nr = 0, i;

	for (i = 0; i < HB_UNIT_PAGES; i++)
		if (g->ops->frame(g, pfn + i) == HB_FRAME_THERE)
			g->pfns[nr++] = pfn + i;
	return nr;
}

/*
 * Give back what is behind a unit of a block that was removed.  Only the worker adds blocks
 * there.
 *
 * Return: why it stays; it is asked about again.
 */
static enum hb_cause give_back_removed(struct hb_guest *g, unsigned long pfn)
{
	enum hb_cause cause = HB_CAUSE_NONE;
	unsigned int nr;

	g->ops->lock(g);
	nr = ask_removed(g, pfn);
	g->ops->unlock(g);
	if (nr && !g->ops->clear_removed(g, g->pfns, nr))
		cause = HB_CAUSE_GUEST_BUSY;
	g->ops->lock(g);
	if (nr && !cause) {
		g->verify.surplus += nr;
		if (!g->ops->release(g, g->pfns, nr, 0)) {
			cause = g->ops->kept(g);
			g->verify.surplus -= ask_removed(g, pfn);
		}
	}
	g->verify.pfn = cause ? pfn : pfn + HB_UNIT_PAGES;
	g->ops->unlock(g);
	return cause;
}

/* Does the count differ from what the books expect? */
static bool differs(struct hb_guest *g)
{
	return !g->ledger.settled ||
	       g->ops->xen_pages(g) != hb_guest_populated(g) + g->ledger.gap;
}

/*
 * A PV guest that was migrated under the driver before this one was counted with what it had given
 * away by then: that was in Xen's count when the books began.
 */
static void uncount(struct hb_guest *g)
{
	u64 populated = hb_guest_populated(g), expected = populated + g->ledger.gap;
	u64 pages = g->ops->xen_pages(g);
	u64 missing = expected > pages ? expected - pages : 0;

	if (missing > g->verify.surplus)
		missing = g->verify.surplus;
	if (!g->ops->superpages(g) && g->ledger.settled)
		g->ledger.capacity -= missing;
}

/*
 * All that was to be asked about was.  Of a guest that was built anew, more is asked about as
 * long as its count is not the one expected.  Return: is there more?
 */
static bool finish(struct hb_guest *g)
{
	struct hb_verify *verify = &g->verify;
	bool more = verify->moved && !verify->all && differs(g);

	verify->pfn = 0;
	if (more && !verify->removed) {
		verify->removed = true;
		verify->pfn = g->window_start;
		return true;
	}
	verify->removed = false;
	if (more) {
		verify->all = true;
		return true;
	}
	uncount(g);
	if (verify->moved)
		hb_ledger_measure(&g->ledger, hb_guest_populated(g),
				  g->ops->xen_pages(g));
	verify->wanted = false;
	return false;
}

/* Does the kernel have it? */
static bool is_present(const struct hb_block *block)
{
	return block->state != HB_BLOCK_NEW &&
	       block->state != HB_BLOCK_REMOVING &&
	       block->state != HB_BLOCK_QUARANTINED;
}

/* The next unit that the kernel has, at or behind verify.pfn.  False: there is none. */
static bool next_unit(struct hb_guest *g, unsigned long *pfn)
{
	struct hb_verify *verify = &g->verify;
	const struct hb_block *block;

	while ((block = hb_blockmap_next_block(&g->map, verify->pfn))) {
		if (verify->pfn < block->start_pfn)
			verify->pfn = block->start_pfn;
		if (is_present(block)) {
			*pfn = verify->pfn;
			verify->pfn += HB_UNIT_PAGES;
			return true;
		}
		verify->pfn = block->start_pfn + g->map.block_pages;
	}
	return false;
}

/*
 * The next unit at or behind verify.pfn where a block was.  What somebody else has added there,
 * known or not, is not touched.  False: there is none.
 */
static bool next_removed_unit(struct hb_guest *g, unsigned long *pfn)
{
	unsigned long nr = g->map.block_pages;

	while (g->verify.pfn < g->added_end) {
		bool known;

		*pfn = g->verify.pfn;
		known = hb_blockmap_find(&g->map, *pfn);
		if (!known && !g->ops->present(g, *pfn))
			return true;
		g->verify.pfn = *pfn / nr * nr + nr;
		/* There may be many that the books know: not one by one. */
		if (known)
			g->verify.pfn = hb_blockmap_free_slot(&g->map, g->verify.pfn);
	}
	return false;
}

/* One unit, or the end of all that was to be asked about.  *@more: there is more. */
static enum hb_cause verify_next(struct hb_guest *g, bool *more)
{
	enum hb_cause cause = HB_CAUSE_NONE;
	bool removed, found;
	unsigned long pfn;

	g->ops->lock(g);
	removed = g->verify.removed;
	found = removed ? next_removed_unit(g, &pfn) : next_unit(g, &pfn);
	if (!found)
		*more = finish(g);
	else if (!removed)
		cause = verify_unit(g, pfn);
	g->ops->unlock(g);
	return found && removed ? give_back_removed(g, pfn) : cause;
}

struct hb_outcome hb_step_verify(struct hb_guest *g, const struct hb_move *step)
{
	struct hb_outcome outcome = { 0 };
	struct hb_verify found;
	bool more = true;

	while (more && !outcome.cause && outcome.pages < step->pages) {
		outcome.cause = verify_next(g, &more);
		outcome.pages += HB_UNIT_PAGES;
	}
	g->ops->lock(g);
	found = g->verify;
	g->ops->unlock(g);
	if (!found.wanted)
		g->ops->verified(g, found.surplus, found.missing);
	return outcome;
}
