// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages have frames, asked of Xen page by page.
 *
 * While a guest is copied to another domain, or built from a file, Xen keeps no log of
 * what the guest gives away: a page that went after it was copied has a frame there, which
 * nobody uses and which would be lost under the next one.  So first all held pages
 * are asked about, and such frames go back.  If the domain was built anew, its count
 * may differ for other reasons, too (the pages beside RAM); when it is not what is
 * expected all other pages are asked about, and then the gap is measured anew.
 */
#include "steps.h"

/* Held pages of the unit at @pfn that have frames, or others that have none. */
static unsigned int ask(struct hb_guest *g, unsigned long pfn, bool held)
{
	unsigned int nr = 0, i;

	for (i = 0; i < HB_UNIT_PAGES; i++) {
		bool is_held = hb_blockmap_held_in(&g->map, pfn + i, 1);
		bool missing;

		if (is_held != held)
			continue;
		missing = g->ops->frame(g, pfn + i) == HB_FRAME_NONE;
		if (held != missing)
			g->pfns[nr++] = pfn + i;
	}
	return nr;
}

/* Give back what is behind held pages.  Return: why Xen did not take all of it. */
static enum hb_cause give_back_surplus(struct hb_guest *g, unsigned long pfn)
{
	unsigned int nr = ask(g, pfn, true);
	enum hb_cause cause = HB_CAUSE_NONE;

	if (!nr)
		return cause;
	g->verify.surplus += nr;
	if (!g->ops->release(g, g->pfns, nr, 0)) {
		cause = g->ops->kept(g);
		g->verify.surplus -= ask(g, pfn, true);
	}
	return cause;
}

/* Whatever was in them is lost; but nobody may write where nothing is. */
static void replace_missing(struct hb_guest *g, unsigned long pfn)
{
	unsigned int nr = ask(g, pfn, false);

	if (nr)
		g->ops->populate(g, g->pfns, nr, 0);
	g->verify.missing += nr;
}

static enum hb_cause verify_unit(struct hb_guest *g, unsigned long pfn)
{
	enum hb_cause cause = HB_CAUSE_NONE;

	if (hb_blockmap_held_in(&g->map, pfn, HB_UNIT_PAGES))
		cause = give_back_surplus(g, pfn);
	if (cause)
		g->verify.pfn = pfn;	/* once more, later */
	else if (g->verify.all)
		replace_missing(g, pfn);
	return cause;
}

/* Does the count differ from what the books expect? */
static bool differs(struct hb_guest *g)
{
	return !g->ledger.settled ||
	       g->ops->xen_pages(g) != hb_guest_populated(g) + g->ledger.gap;
}

/* Everything was asked about once, or all that must be.  Return: is more needed? */
static bool finish(struct hb_guest *g)
{
	struct hb_verify *verify = &g->verify;

	verify->pfn = 0;
	if (verify->moved && !verify->all && differs(g)) {
		verify->all = true;
		return true;
	}
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

struct hb_outcome hb_step_verify(struct hb_guest *g, const struct hb_step *step)
{
	struct hb_outcome outcome = { 0 };
	struct hb_verify found = { 0 };
	bool more = true;

	while (more && !outcome.cause && outcome.pages < step->pages) {
		unsigned long pfn;

		g->ops->lock(g);
		if (next_unit(g, &pfn))
			outcome.cause = verify_unit(g, pfn);
		else
			more = finish(g);
		found = g->verify;
		g->ops->unlock(g);
		outcome.pages += HB_UNIT_PAGES;
	}
	if (!found.wanted)
		g->ops->verified(g, found.surplus, found.missing);
	return outcome;
}
