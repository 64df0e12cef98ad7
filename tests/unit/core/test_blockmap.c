// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The block map against a model that keeps one byte a page, and looks at all of them
 * for every answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/blockclass.h"
#include "core/blockmap.h"
#include "core/slotset.h"

#include "random.h"

/* A few blocks of a few units; more of both than bits in a word, and than a group. */
struct shape {
	unsigned int blocks, block_units;
};

static const struct shape usual = { 8, 4 };
static struct shape shape = { 8, 4 };

#define BLOCKS shape.blocks
#define BLOCK_UNITS shape.block_units
#define BLOCK_PAGES (BLOCK_UNITS * HB_UNIT_PAGES)
#define UNITS (BLOCKS * BLOCK_UNITS)
#define PAGES (BLOCKS * BLOCK_PAGES)
#define MAX_BLOCKS 300
#define MAX_UNITS 600
/* Of 8 blocks, from here on: one that was there, and ours. */
#define INHERITED 3
#define OURS 4
#define ALL (~0UL)

struct fixture {
	struct hb_blockmap map;
	struct hb_block **slots;
	/* the model */
	unsigned char held[MAX_UNITS * HB_UNIT_PAGES];
	bool broken[MAX_UNITS], busy[MAX_UNITS];
	bool in_use[MAX_UNITS];		/* was asked about and not free */
	enum hb_block_state state[MAX_BLOCKS];
	bool movable[MAX_BLOCKS];
	unsigned int in_unit[MAX_UNITS]; /* held, counted anew for each look */
	unsigned int in_block[MAX_BLOCKS];
	unsigned long from, end;	/* what is taken lies between, if there is an end */
};

static bool free_units[MAX_UNITS];
static unsigned int asked;	/* how often unit_is_free() was */

static bool unit_is_free(const void *owner, unsigned long pfn)
{
	assert_int_equal(pfn % HB_UNIT_PAGES, 0);
	assert_true(asked++ < UNITS);	/* or else it goes on for ever */
	return free_units[pfn / HB_UNIT_PAGES];
}

static enum hb_block_origin origin(unsigned int slot)
{
	if (slot % 8 >= OURS)
		return HB_BLOCK_OURS;
	return slot % 8 == INHERITED ? HB_BLOCK_INHERITED : HB_BLOCK_BOOT;
}

static void tell(struct fixture *f, unsigned int slot, enum hb_block_event event)
{
	struct hb_block_transition t = hb_block_transition(f->state[slot], event);
	struct hb_block_transition got =
		hb_blockmap_event(&f->map, f->slots[slot], event);

	assert_int_equal(got.verdict, t.verdict);
	assert_int_equal(got.next, t.next);
	assert_int_equal(got.act, t.act);
	assert_int_equal(f->slots[slot]->state, t.next);
	f->state[slot] = t.next;
}

static void clear_busy(struct fixture *f)
{
	while (hb_blockmap_clear_busy_block(&f->map))
		;
}

static void set_movable(struct fixture *f, unsigned int slot, bool movable)
{
	hb_blockmap_set_movable(&f->map, f->slots[slot], movable);
	f->movable[slot] = movable;
}

static struct fixture *make(void)
{
	struct fixture *f = calloc(1, sizeof(*f));
	unsigned int i;

	assert_non_null(f);
	f->slots = calloc(1, hb_blockmap_bytes(BLOCKS));
	assert_non_null(f->slots);
	hb_blockmap_init(&f->map, f->slots, BLOCK_PAGES, BLOCKS);
	assert_ptr_equal(f->map.slots, f->slots);
	assert_null(hb_blockmap_check(&f->map));
	for (i = 0; i < BLOCKS; i++) {
		void *memory = calloc(1, hb_block_bytes(BLOCK_PAGES));

		assert_non_null(memory);
		hb_blockmap_insert(&f->map, hb_block_init(memory, i * BLOCK_PAGES,
							  BLOCK_PAGES, origin(i)));
		assert_ptr_equal(f->slots[i], memory);
		assert_int_equal(f->slots[i]->state, HB_BLOCK_NEW);
		tell(f, i, HB_EVENT_FOUND_ONLINE);
	}
	memset(free_units, 0, sizeof(free_units));
	return f;
}

static void destroy(struct fixture *f)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		free(f->slots[i]);
	free(f->slots);
	free(f);
}

/* ---- what the model says */

static void count(struct fixture *f)
{
	unsigned long pfn;

	memset(f->in_unit, 0, sizeof(f->in_unit));
	memset(f->in_block, 0, sizeof(f->in_block));
	for (pfn = 0; pfn < PAGES; pfn++) {
		f->in_unit[pfn / HB_UNIT_PAGES] += f->held[pfn];
		f->in_block[pfn / BLOCK_PAGES] += f->held[pfn];
	}
}

static bool online(const struct fixture *f, unsigned int slot)
{
	return f->state[slot] == HB_BLOCK_ONLINE;
}

static bool added(unsigned int slot)
{
	return origin(slot) != HB_BLOCK_BOOT;
}

/* Offline, and the driver deals with what is in it. */
static bool parked(const struct fixture *f, unsigned int slot)
{
	return origin(slot) == HB_BLOCK_OURS &&
	       (f->state[slot] == HB_BLOCK_OFFLINE ||
		f->state[slot] == HB_BLOCK_PARKED);
}

static bool empty_in(const struct fixture *f, unsigned int slot,
		     enum hb_block_state state)
{
	return origin(slot) == HB_BLOCK_OURS && f->state[slot] == state &&
	       f->in_block[slot] == BLOCK_PAGES;
}

static bool mendable(const struct fixture *f, unsigned int unit)
{
	return online(f, unit / BLOCK_UNITS) && !f->in_unit[unit] &&
	       f->broken[unit];
}

static void check_unit_counters(const struct fixture *f)
{
	unsigned int unit, empty = 0, boot = 0, mend = 0, busy = 0;

	for (unit = 0; unit < UNITS; unit++) {
		bool is_empty = f->in_unit[unit] == HB_UNIT_PAGES &&
				online(f, unit / BLOCK_UNITS);

		empty += is_empty;
		boot += is_empty && !added(unit / BLOCK_UNITS);
		mend += mendable(f, unit);
		busy += f->busy[unit];
	}
	assert_int_equal(f->map.usable_empty_units, empty);
	assert_int_equal(f->map.boot_empty_units, boot);
	assert_int_equal(f->map.mendable_units, mend);
	assert_int_equal(f->map.busy_units, busy);
}

static void check_page_counters(const struct fixture *f)
{
	unsigned long held = 0, usable = 0, plugged = 0, movable = 0;
	unsigned long added_movable = 0, offline = 0;
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		unsigned int frames = BLOCK_PAGES - f->in_block[i];

		held += f->in_block[i];
		usable += online(f, i) ? f->in_block[i] : 0;
		plugged += online(f, i) && added(i) ? frames : 0;
		movable += online(f, i) && f->movable[i] ? frames : 0;
		added_movable += online(f, i) && f->movable[i] && added(i) ?
				 frames : 0;
		offline += parked(f, i) ? frames : 0;
	}
	assert_int_equal(f->map.held, held);
	assert_int_equal(f->map.usable_held, usable);
	assert_int_equal(f->map.added_plugged, plugged);
	assert_int_equal(f->map.movable_plugged, movable);
	assert_int_equal(f->map.added_movable, added_movable);
	assert_int_equal(f->map.parked_plugged, offline);
}

static void check_block_counters(const struct fixture *f)
{
	unsigned int i, movable = 0, offline = 0, empty_online = 0;
	unsigned int empty_offline = 0, going = 0;

	for (i = 0; i < BLOCKS; i++) {
		movable += online(f, i) && f->movable[i];
		offline += added(i) && f->state[i] == HB_BLOCK_OFFLINE;
		empty_online += empty_in(f, i, HB_BLOCK_ONLINE);
		empty_offline += empty_in(f, i, HB_BLOCK_OFFLINE);
		going += f->state[i] == HB_BLOCK_GOING_ONLINE ||
			 f->state[i] == HB_BLOCK_GOING_OFFLINE;
	}
	assert_int_equal(f->map.movable_blocks, movable);
	assert_int_equal(f->map.added_offline, offline);
	assert_int_equal(f->map.empty_online, empty_online);
	assert_int_equal(f->map.empty_offline, empty_offline);
	assert_int_equal(f->map.in_transition, going);
}

/* ---- what the finders should find */

static struct hb_run whole_unit(unsigned int unit)
{
	return (struct hb_run){ unit * HB_UNIT_PAGES, HB_UNIT_PAGES };
}

static struct hb_run expect_empty_unit(const struct fixture *f)
{
	unsigned int unit;

	for (unit = 0; unit < UNITS; unit++)
		if (online(f, unit / BLOCK_UNITS) &&
		    f->in_unit[unit] == HB_UNIT_PAGES)
			return whole_unit(unit);
	return (struct hb_run){ 0, 0 };
}

static struct hb_run expect_mendable_unit(const struct fixture *f)
{
	unsigned int unit;

	for (unit = 0; unit < UNITS; unit++)
		if (mendable(f, unit) && !f->busy[unit])
			return whole_unit(unit);
	return (struct hb_run){ 0, 0 };
}

static bool within(const struct fixture *f, unsigned int unit)
{
	unsigned long pfn = unit * HB_UNIT_PAGES;

	return !f->end || (pfn >= f->from && pfn + HB_UNIT_PAGES <= f->end);
}

/* Has frames that may be taken. */
static bool eligible(const struct fixture *f, unsigned int unit)
{
	return f->in_unit[unit] < HB_UNIT_PAGES && !f->busy[unit] && within(f, unit);
}

/* The topmost pages with frames of one unit, at most @max. */
static struct hb_run top_of_unit(const struct fixture *f, unsigned int unit,
				 unsigned long max)
{
	unsigned long start = unit * HB_UNIT_PAGES;
	unsigned long end = start + HB_UNIT_PAGES, pfn;

	while (f->held[end - 1])
		end--;
	for (pfn = end; pfn > start && end - pfn < max && !f->held[pfn - 1];)
		pfn--;
	return (struct hb_run){ pfn, end - pfn };
}

static int top_eligible(const struct fixture *f, unsigned int slot,
			bool broken_only)
{
	int i;

	for (i = BLOCK_UNITS - 1; i >= 0; i--) {
		unsigned int unit = slot * BLOCK_UNITS + i;

		if (eligible(f, unit) && (!broken_only || f->in_unit[unit]))
			return unit;
	}
	return -1;
}

static struct hb_run expect_in_block(const struct fixture *f, unsigned int slot,
				     unsigned long max)
{
	struct hb_run run;
	int unit = -1;

	if (max < HB_UNIT_PAGES)
		unit = top_eligible(f, slot, true);
	if (unit < 0)
		unit = top_eligible(f, slot, false);
	if (unit < 0)
		return (struct hb_run){ 0, 0 };
	run = top_of_unit(f, unit, max);
	while (run.nr >= HB_UNIT_PAGES && max - run.nr >= HB_UNIT_PAGES &&
	       unit-- % BLOCK_UNITS && !f->in_unit[unit] && eligible(f, unit)) {
		run.pfn -= HB_UNIT_PAGES;
		run.nr += HB_UNIT_PAGES;
	}
	return run;
}

static bool candidate(const struct fixture *f, unsigned int slot,
		      const struct hb_pick *pick)
{
	return online(f, slot) && added(slot) == pick->added &&
	       (!pick->movable_only || f->movable[slot]) &&
	       f->in_block[slot] < BLOCK_PAGES;
}

static bool any_busy(const struct fixture *f, unsigned int slot)
{
	unsigned int i;

	for (i = 0; i < BLOCK_UNITS; i++)
		if (f->busy[slot * BLOCK_UNITS + i])
			return true;
	return false;
}

static struct hb_run expect_used(const struct fixture *f,
				 const struct hb_pick *pick)
{
	struct hb_run run = { 0, 0 };
	int slot, full;

	for (full = 0; full <= 1; full++)
		for (slot = BLOCKS - 1; slot >= 0 && !run.nr; slot--)
			if (candidate(f, slot, pick) &&
			    (f->in_block[slot] == 0) == full)
				run = expect_in_block(f, slot, pick->max);
	return run;
}

/* May @unit still be a free one, and does the budget allow to find out? */
static bool askable(const struct fixture *f, unsigned int unit)
{
	return eligible(f, unit) && !f->in_unit[unit] && !f->in_use[unit];
}

static bool expect_free_unit(struct fixture *f, unsigned int unit,
			     unsigned int *left)
{
	--*left;
	f->in_use[unit] = !free_units[unit];
	return free_units[unit];
}

/* Goes through all units from the top. */
static struct hb_run expect_free_in_block(struct fixture *f, unsigned int slot,
					  unsigned long max,
					  unsigned int *left, bool *more)
{
	struct hb_run run = { 0, 0 };
	int i;

	for (i = BLOCK_UNITS - 1; i >= 0; i--) {
		unsigned int unit = slot * BLOCK_UNITS + i;

		if (run.nr && (!askable(f, unit) || !*left ||
			       max - run.nr < HB_UNIT_PAGES))
			return run;
		if (!askable(f, unit))
			continue;
		*more |= !*left;
		if (*more)
			return run;
		if (expect_free_unit(f, unit, left))
			run = (struct hb_run){ unit * HB_UNIT_PAGES,
					       run.nr + HB_UNIT_PAGES };
		else if (run.nr)
			return run;
	}
	return run;
}

static struct hb_run expect_free(struct fixture *f, const struct hb_pick *pick,
				 bool *more)
{
	unsigned int left = pick->budget ? pick->budget : UINT_MAX;
	struct hb_run run = { 0, 0 };
	int slot, full;

	for (full = 0; full <= 1; full++)
		for (slot = BLOCKS - 1; slot >= 0 && !run.nr && !*more; slot--)
			if (candidate(f, slot, pick) &&
			    (f->in_block[slot] == 0) == full)
				run = expect_free_in_block(f, slot, pick->max,
							   &left, more);
	return run;
}

static struct hb_run expect_pick(struct fixture *f, const struct hb_pick *pick,
				 bool *more)
{
	struct hb_run run = { 0, 0 };
	int slot;

	*more = false;
	if (!pick->max)
		return run;
	for (slot = BLOCKS - 1; slot >= 0 && pick->added; slot--)
		if (candidate(f, slot, pick) && !any_busy(f, slot) &&
		    BLOCK_PAGES - f->in_block[slot] <= pick->whole)
			return expect_in_block(f, slot, pick->max);
	if (pick->is_free && pick->max >= HB_UNIT_PAGES)
		run = expect_free(f, pick, more);
	return run.nr || *more ? run : expect_used(f, pick);
}

static struct hb_run expect_parked(const struct fixture *f, unsigned long max)
{
	struct hb_run run = { 0, 0 };
	int slot;

	for (slot = BLOCKS - 1; max && slot >= 0 && !run.nr; slot--)
		if (parked(f, slot))
			run = expect_in_block(f, slot, max);
	return run;
}

static void assert_run(struct hb_run got, struct hb_run expected)
{
	assert_int_equal(got.nr, expected.nr);
	if (expected.nr)
		assert_int_equal(got.pfn, expected.pfn);
}

/* ---- all finders */

static unsigned long random_max(uint64_t *seed)
{
	switch (random_below(seed, 4)) {
	case 0:
		return random_below(seed, HB_UNIT_PAGES);
	case 1:
		return random_below(seed, BLOCK_UNITS + 2) * HB_UNIT_PAGES;
	default:
		return random_below(seed, 2 * BLOCK_PAGES);
	}
}

static void check_in_use(const struct fixture *f)
{
	unsigned int unit;

	for (unit = 0; unit < UNITS; unit++)
		assert_int_equal(test_bit(unit % BLOCK_UNITS,
					  f->slots[unit / BLOCK_UNITS]->unit_in_use),
				 f->in_use[unit]);
}

static void check_pick(struct fixture *f, uint64_t *seed)
{
	struct hb_pick pick = {
		.added = random_below(seed, 3) != 0,
		.movable_only = random_below(seed, 3) == 0,
		.max = random_max(seed),
		.whole = random_below(seed, 2) ? 0 : random_max(seed),
		.is_free = random_below(seed, 2) ? unit_is_free : NULL,
		.budget = random_below(seed, 8),
	};
	unsigned long max = random_max(seed);
	struct hb_run run;
	bool more;

	asked = 0;
	if (!pick.whole && random_below(seed, 2)) {
		pick.from = random_below(seed, PAGES);
		pick.end = 1 + random_below(seed, PAGES + BLOCK_PAGES);
	}
	f->from = pick.from;
	f->end = pick.end;
	run = hb_blockmap_pick(&f->map, &pick);
	assert_run(run, expect_pick(f, &pick, &more));
	f->end = 0;
	assert_int_equal(pick.more, more);
	assert_true(!pick.budget || asked <= pick.budget);
	check_in_use(f);
	assert_run(hb_blockmap_parked_run(&f->map, max), expect_parked(f, max));
}

static void check_blocks(const struct fixture *f)
{
	struct hb_block *offline = NULL, *online_only = NULL, *gone = NULL;
	int slot;

	for (slot = BLOCKS - 1; slot >= 0; slot--) {
		if (added(slot) && f->state[slot] == HB_BLOCK_OFFLINE)
			offline = f->slots[slot];
		if (empty_in(f, slot, HB_BLOCK_ONLINE) && !online_only)
			online_only = f->slots[slot];
		if (empty_in(f, slot, HB_BLOCK_OFFLINE) && !gone)
			gone = f->slots[slot];
	}
	assert_ptr_equal(hb_blockmap_offline_block(&f->map), offline);
	assert_ptr_equal(hb_blockmap_empty_block(&f->map, false), online_only);
	assert_ptr_equal(hb_blockmap_empty_block(&f->map, true),
			 gone ? gone : online_only);
}

static bool in_map(const struct fixture *f, unsigned int slot)
{
	return f->slots[slot];
}

static void check_walks(const struct fixture *f, uint64_t *seed)
{
	unsigned long from = random_below(seed, PAGES + BLOCK_PAGES);
	unsigned long max = random_max(seed), pfn = from, end;
	unsigned int block = from / BLOCK_PAGES, gap = block;

	while (pfn < PAGES && !(f->held[pfn] && online(f, pfn / BLOCK_PAGES)))
		pfn++;
	for (end = pfn; end < PAGES && end - pfn < max && f->held[end] &&
	     end / BLOCK_PAGES == pfn / BLOCK_PAGES;)
		end++;
	assert_run(hb_blockmap_next_held(&f->map, from, max),
		   (struct hb_run){ pfn, end - pfn });
	while (block < BLOCKS && !in_map(f, block))
		block++;
	assert_ptr_equal(hb_blockmap_next_block(&f->map, from),
			 block < BLOCKS ? f->slots[block] : NULL);
	while (gap < BLOCKS && in_map(f, gap))
		gap++;
	assert_int_equal(hb_blockmap_free_slot(&f->map, from),
			 (gap < BLOCKS ? gap : BLOCKS) * BLOCK_PAGES);
}

/* Lowest first, those of partly held units before those of empty ones. */
static void check_held_pages(const struct fixture *f, uint64_t *seed)
{
	unsigned long pfns[2000], pfn;
	unsigned int max = random_below(seed, 2000), nr, i = 0, whole;

	nr = hb_blockmap_held_pages(&f->map, pfns, max);
	for (whole = 0; whole <= 1; whole++)
		for (pfn = 0; pfn < PAGES && i < max; pfn++) {
			unsigned int unit = pfn / HB_UNIT_PAGES;

			if (f->held[pfn] && online(f, unit / BLOCK_UNITS) &&
			    (f->in_unit[unit] == HB_UNIT_PAGES) == whole)
				assert_int_equal(pfns[i++], pfn);
		}
	assert_int_equal(nr, i);
}

static void check_held_in(const struct fixture *f, uint64_t *seed)
{
	unsigned long pfn = random_below(seed, PAGES), i;
	unsigned long room = BLOCK_PAGES - pfn % BLOCK_PAGES;
	unsigned long nr = random_below(seed, room + 1), held = 0;

	if (random_below(seed, 2)) {	/* as the kernel onlines them */
		nr = 1UL << random_below(seed, 12);
		pfn = pfn / nr * nr;
		room = BLOCK_PAGES - pfn % BLOCK_PAGES;
		nr = nr < room ? nr : room;
	}
	for (i = pfn; i < pfn + nr; i++)
		held += f->held[i];
	assert_int_equal(hb_blockmap_held_in(&f->map, pfn, nr), held);
}

static void check_all(struct fixture *f, uint64_t *seed)
{
	assert_null(hb_blockmap_check(&f->map));
	count(f);
	check_unit_counters(f);
	check_page_counters(f);
	check_block_counters(f);
	assert_run(hb_blockmap_empty_unit(&f->map), expect_empty_unit(f));
	assert_run(hb_blockmap_mendable_unit(&f->map), expect_mendable_unit(f));
	check_pick(f, seed);
	check_pick(f, seed);
	check_blocks(f);
	check_held_pages(f, seed);
	check_held_in(f, seed);
	check_walks(f, seed);
}

/* ---- random changes */

/* A unit is broken by any change of a part of it, and whole by one of all of it. */
static void note_broken(struct fixture *f, unsigned long pfn, unsigned long nr)
{
	while (nr) {
		unsigned long room = HB_UNIT_PAGES - pfn % HB_UNIT_PAGES;
		unsigned long part = nr < room ? nr : room;

		f->broken[pfn / HB_UNIT_PAGES] = part < HB_UNIT_PAGES;
		pfn += part;
		nr -= part;
	}
}

static void change_pages(struct fixture *f, unsigned long pfn, unsigned long nr)
{
	bool hold = !f->held[pfn], possible;
	unsigned long i;
	int rc;

	possible = pfn % BLOCK_PAGES + nr <= BLOCK_PAGES;
	for (i = pfn; possible && i < pfn + nr; i++)
		possible = f->held[i] == !hold;
	rc = hold ? hb_blockmap_hold(&f->map, pfn, nr) :
		    hb_blockmap_release(&f->map, pfn, nr);
	assert_int_equal(rc, possible ? 0 : -EINVAL);
	if (rc)
		return;
	memset(f->held + pfn, hold, nr);
	note_broken(f, pfn, nr);
}

static void random_change(struct fixture *f, uint64_t *seed)
{
	unsigned long pfn = random_below(seed, PAGES);
	unsigned long nr = 1 + random_below(seed, 2 * HB_UNIT_PAGES);
	unsigned long unit = pfn / HB_UNIT_PAGES * HB_UNIT_PAGES;

	switch (random_below(seed, 4)) {
	case 0:		/* what is left of a unit */
		pfn = unit + random_below(seed, 2) * (HB_UNIT_PAGES / 2);
		nr = unit + HB_UNIT_PAGES - pfn;
		break;
	case 1:
		pfn = unit / BLOCK_PAGES * BLOCK_PAGES;
		nr = BLOCK_PAGES;
		break;
	case 2:
		pfn = unit;
		nr = HB_UNIT_PAGES;
		break;
	}
	change_pages(f, pfn, nr);
}

static void random_event(struct fixture *f, uint64_t *seed)
{
	unsigned int slot = random_below(seed, BLOCKS);
	enum hb_block_event event = random_below(seed, HB_EVENTS);
	struct hb_block_transition t = hb_block_transition(f->state[slot], event);

	/* Blocks that are lost would make the test an idle one. */
	if (t.next != HB_BLOCK_QUARANTINED && t.next != HB_BLOCK_GONE)
		tell(f, slot, event);
}

static void random_busy(struct fixture *f, uint64_t *seed)
{
	unsigned int unit = random_below(seed, UNITS);

	if (random_below(seed, 3) == 0) {
		clear_busy(f);
		memset(f->busy, 0, sizeof(f->busy));
		memset(f->in_use, 0, sizeof(f->in_use));
	}
	hb_blockmap_mark_busy(&f->map, unit * HB_UNIT_PAGES + 7);
	f->busy[unit] = true;
}

static void check_walks_without(struct fixture *f, unsigned int slot,
				uint64_t *seed)
{
	enum hb_block_state state = f->state[slot];

	f->state[slot] = HB_BLOCK_GONE;
	check_walks(f, seed);
	f->state[slot] = state;
}

/* A block that is taken out and put back is counted as before. */
static void reinsert(struct fixture *f, uint64_t *seed)
{
	unsigned int slot = random_below(seed, BLOCKS);
	struct hb_block *block = f->slots[slot];

	hb_blockmap_remove(&f->map, block);
	assert_null(hb_blockmap_find(&f->map, block->start_pfn));
	assert_int_equal(hb_blockmap_hold(&f->map, block->start_pfn, 1), -EINVAL);
	assert_null(hb_blockmap_check(&f->map));
	assert_int_equal(hb_blockmap_free_slot(&f->map, 0), block->start_pfn);
	check_walks_without(f, slot, seed);
	hb_blockmap_insert(&f->map, block);
	assert_ptr_equal(hb_blockmap_find(&f->map, block->start_pfn + 5), block);
}

static void random_step(struct fixture *f, uint64_t *seed)
{
	unsigned int what = random_below(seed, 16);

	if (what == 0)
		reinsert(f, seed);
	else if (what < 4)
		random_event(f, seed);
	else if (what == 4)
		set_movable(f, random_below(seed, BLOCKS), random_below(seed, 2));
	else if (what == 5)
		random_busy(f, seed);
	else if (what == 6)
		free_units[random_below(seed, UNITS)] ^= true;
	else
		random_change(f, seed);
}

static void random_changes(struct shape of, unsigned int steps, uint64_t *seed)
{
	struct fixture *f;
	unsigned long pfn;

	shape = of;
	assert_true(BLOCKS <= MAX_BLOCKS && UNITS <= MAX_UNITS);
	f = make();
	while (steps-- > 0) {
		random_step(f, seed);
		check_all(f, seed);
	}
	for (pfn = 0; pfn < PAGES; pfn++)
		assert_int_equal(hb_blockmap_held_in(&f->map, pfn, 1), f->held[pfn]);
	assert_int_equal(hb_blockmap_held_in(&f->map, PAGES, 1), 0);
	destroy(f);
	shape = usual;
}

static void test_random_changes(void **state)
{
	uint64_t seed = random_seed("blockmap");

	(void)state;
	random_changes(usual, 3000, &seed);
	random_changes((struct shape){ 290, 2 }, 300, &seed);
	random_changes((struct shape){ 4, 128 }, 300, &seed);
	random_changes((struct shape){ 64, 1 }, 400, &seed);
}

/* ---- hb_blockmap_check() sees what is wrong */

static void check_finds_class_damage(struct fixture *f)
{
	unsigned int longs = HB_CLASSES * hb_slotset_longs(BLOCKS), i;
	unsigned int nr = 1 + 1;	/* a group of slots, and one of groups */

	for (i = 0; i < longs; i++) {
		f->map.classes[i] ^= 1;
		assert_non_null(hb_blockmap_check(&f->map));
		f->map.classes[i] ^= 1;
	}
	for (i = 0; i < 2 * nr; i++) {
		f->map.least[0][i]--;
		assert_non_null(hb_blockmap_check(&f->map));
		f->map.least[0][i]++;
	}
	assert_null(hb_blockmap_check(&f->map));
}

static void test_check_finds_damage(void **state)
{
	struct fixture *f = make();
	struct hb_block *block = f->slots[0];
	unsigned long *longs[] = {
		&f->map.held, &f->map.usable_held, &f->map.boot_held,
		&f->map.added_plugged,
		&f->map.added_movable, &f->map.parked_plugged,
		&f->map.movable_plugged, &block->held,
	};
	unsigned int *ints[] = {
		&f->map.usable_empty_units, &f->map.boot_empty_units,
		&f->map.mendable_units, &f->map.movable_blocks,
		&f->map.added_offline, &f->map.added_refused, &f->map.empty_online,
		&f->map.empty_offline, &f->map.in_transition,
		&f->map.busy_units, &block->classes,
		&block->empty_units, &block->mendable_units, &block->busy_units,
	};
	size_t i;

	(void)state;
	change_pages(f, 0, HB_UNIT_PAGES);
	change_pages(f, 3 * HB_UNIT_PAGES, 5);
	assert_null(hb_blockmap_check(&f->map));
	for (i = 0; i < sizeof(longs) / sizeof(*longs); i++) {
		++*longs[i];
		assert_non_null(hb_blockmap_check(&f->map));
		--*longs[i];
	}
	for (i = 0; i < sizeof(ints) / sizeof(*ints); i++) {
		++*ints[i];
		assert_non_null(hb_blockmap_check(&f->map));
		--*ints[i];
	}
	block->unit_held[0]--;
	assert_non_null(hb_blockmap_check(&f->map));
	block->unit_held[0]++;
	*block->unit_partly ^= 1;
	assert_non_null(hb_blockmap_check(&f->map));
	*block->unit_partly ^= 1;
	*block->unit_empty ^= 2;
	assert_non_null(hb_blockmap_check(&f->map));
	*block->unit_empty ^= 2;
	check_finds_class_damage(f);
	bitmap_clear(block->unit_broken, 3, 1);
	assert_non_null(hb_blockmap_check(&f->map));
	bitmap_set(block->unit_broken, 3, 1);
	block->start_pfn += BLOCK_PAGES;
	assert_non_null(hb_blockmap_check(&f->map));
	block->start_pfn -= BLOCK_PAGES;
	assert_null(hb_blockmap_check(&f->map));
	destroy(f);
}

/* Block by block: what changes in between is no damage, and damage is found where it is. */
static void test_check_in_parts(void **state)
{
	struct fixture *f = make();
	struct hb_block *block = f->slots[1];
	unsigned int slot;

	(void)state;
	for (slot = 0; slot < f->map.nr_slots; slot++) {
		assert_null(hb_blockmap_check_slot(&f->map, slot));
		change_pages(f, slot % 2 * BLOCK_PAGES + slot * 3, 3);
	}
	assert_null(hb_blockmap_check_sums(&f->map));
	/* A page of a block: its sums are as before. */
	*block->page_held ^= 1;
	assert_null(hb_blockmap_check_slot(&f->map, 0));
	assert_non_null(hb_blockmap_check_slot(&f->map, 1));
	assert_null(hb_blockmap_check_sums(&f->map));
	*block->page_held ^= 1;
	f->map.held++;
	assert_null(hb_blockmap_check_slot(&f->map, 1));
	assert_non_null(hb_blockmap_check_sums(&f->map));
	f->map.held--;
	assert_null(hb_blockmap_check(&f->map));
	destroy(f);
}

/* Whoever had the memory before may have broken any of it. */
static void test_suspect(void **state)
{
	struct fixture *f = make();
	struct hb_block *block = f->map.slots[0];

	(void)state;
	change_pages(f, 0, HB_UNIT_PAGES);
	change_pages(f, HB_UNIT_PAGES, 7);
	hb_blockmap_suspect(&f->map, 0);
	assert_null(hb_blockmap_check(&f->map));
	assert_int_equal(block->mendable_units, block->units - 2);
	/* What comes back as a whole is whole. */
	assert_int_equal(hb_blockmap_release(&f->map, 0, HB_UNIT_PAGES), 0);
	assert_int_equal(block->mendable_units, block->units - 2);
	assert_int_equal(hb_blockmap_release(&f->map, HB_UNIT_PAGES, 7), 0);
	assert_int_equal(block->mendable_units, block->units - 1);
	assert_null(hb_blockmap_check(&f->map));
	destroy(f);
}

/* ---- the order, by example */

static struct hb_run pick_added(struct fixture *f, unsigned long max,
				unsigned long whole)
{
	struct hb_pick pick = { .added = true, .max = max, .whole = whole,
				.is_free = unit_is_free };

	asked = 0;
	return hb_blockmap_pick(&f->map, &pick);
}

#define TOP (PAGES - HB_UNIT_PAGES)

static void test_from_the_top(void **state)
{
	struct fixture *f = make();

	(void)state;
	assert_run(pick_added(f, 0, ALL), (struct hb_run){ 0, 0 });
	assert_run(pick_added(f, HB_UNIT_PAGES, 0),
		   (struct hb_run){ TOP, HB_UNIT_PAGES });
	/* Units that lie together, but not across a block's border. */
	assert_run(pick_added(f, 3 * HB_UNIT_PAGES + 100, 0),
		   (struct hb_run){ PAGES - 3 * HB_UNIT_PAGES, 3 * HB_UNIT_PAGES });
	assert_run(pick_added(f, 2 * BLOCK_PAGES, 0),
		   (struct hb_run){ PAGES - BLOCK_PAGES, BLOCK_PAGES });
	/* Busy units are passed over until that is forgotten. */
	hb_blockmap_mark_busy(&f->map, PAGES - 3 * HB_UNIT_PAGES);
	assert_run(pick_added(f, BLOCK_PAGES, 0),
		   (struct hb_run){ PAGES - 2 * HB_UNIT_PAGES, 2 * HB_UNIT_PAGES });
	hb_blockmap_mark_busy(&f->map, TOP);
	assert_run(pick_added(f, HB_UNIT_PAGES, 0),
		   (struct hb_run){ TOP - HB_UNIT_PAGES, HB_UNIT_PAGES });
	clear_busy(f);
	assert_run(pick_added(f, HB_UNIT_PAGES, 0), whole_unit(UNITS - 1));
	/* A remainder goes to a unit that is broken already. */
	change_pages(f, TOP - 3000, 100);
	assert_int_equal(pick_added(f, 10, 0).pfn / HB_UNIT_PAGES,
			 (TOP - 3000) / HB_UNIT_PAGES);
	assert_int_equal(pick_added(f, 10, 0).nr, 10);
	destroy(f);
}

static void test_free_and_whole_first(void **state)
{
	struct fixture *f = make();
	unsigned int low = OURS * BLOCK_UNITS;

	(void)state;
	/* What is free, before what must be evacuated. */
	free_units[low] = true;
	assert_run(pick_added(f, HB_UNIT_PAGES, 0), whole_unit(low));
	free_units[low + 2] = true;
	clear_busy(f);
	assert_run(pick_added(f, BLOCK_PAGES, 0), whole_unit(low + 2));
	/* Partly plugged blocks before full ones. */
	change_pages(f, (low + BLOCK_UNITS) * HB_UNIT_PAGES, HB_UNIT_PAGES);
	free_units[low + BLOCK_UNITS + 1] = true;
	clear_busy(f);
	assert_run(pick_added(f, BLOCK_PAGES, 0),
		   whole_unit(low + BLOCK_UNITS + 1));
	/* A block that can go as a whole before all of that. */
	assert_run(pick_added(f, BLOCK_PAGES, BLOCK_PAGES - HB_UNIT_PAGES),
		   (struct hb_run){ (low + BLOCK_UNITS + 1) * HB_UNIT_PAGES,
				    BLOCK_PAGES - HB_UNIT_PAGES });
	assert_run(pick_added(f, BLOCK_PAGES, BLOCK_PAGES),
		   (struct hb_run){ PAGES - BLOCK_PAGES, BLOCK_PAGES });
	/* Not one with something busy in it. */
	hb_blockmap_mark_busy(&f->map, PAGES - 1);
	assert_run(pick_added(f, BLOCK_PAGES, BLOCK_PAGES),
		   (struct hb_run){ PAGES - 2 * BLOCK_PAGES, BLOCK_PAGES });
	destroy(f);
}

/* The only block that may go whole is found wherever it is, and not one above it. */
static void test_whole_block_anywhere(void **state)
{
	unsigned int slot, top = 287;	/* of those that are ours */
	struct fixture *f;

	(void)state;
	shape = (struct shape){ 290, 1 };
	f = make();
	change_pages(f, top * BLOCK_PAGES, 1);
	for (slot = 0; slot < top; slot++) {
		unsigned long pfn = slot * BLOCK_PAGES;

		set_movable(f, slot, slot % 3);
		if (!added(slot))
			continue;
		change_pages(f, pfn, BLOCK_PAGES - 100);
		assert_int_equal(pick_added(f, 50, 99).pfn / BLOCK_PAGES, top);
		assert_run(pick_added(f, 50, 100),
			   (struct hb_run){ pfn + BLOCK_PAGES - 50, 50 });
		change_pages(f, pfn, BLOCK_PAGES - 100);
	}
	destroy(f);
	shape = usual;
}

/* Asks about each unit once, and about few at a time. */
static void test_asks_little(void **state)
{
	struct fixture *f = make();
	struct hb_pick pick = { .added = true, .max = HB_UNIT_PAGES,
				.is_free = unit_is_free, .budget = 3 };
	unsigned int calls = 0, candidates = (BLOCKS - INHERITED) * BLOCK_UNITS;

	(void)state;
	asked = 0;
	do {
		struct hb_run run = hb_blockmap_pick(&f->map, &pick);

		assert_true(calls++ < UNITS);
		assert_int_equal(run.nr, pick.more ? 0 : HB_UNIT_PAGES);
	} while (pick.more);
	assert_int_equal(asked, candidates);
	assert_int_equal(calls, (candidates + 2) / 3);
	/* All are known: the one on top is evacuated at once. */
	assert_run(hb_blockmap_pick(&f->map, &pick), whole_unit(UNITS - 1));
	assert_int_equal(asked, candidates);
	/* What came free since is seen when the marks are gone. */
	free_units[UNITS - 3] = true;
	assert_run(hb_blockmap_pick(&f->map, &pick), whole_unit(UNITS - 1));
	assert_int_equal(f->map.busy_units, 0);
	clear_busy(f);
	assert_run(hb_blockmap_pick(&f->map, &pick), whole_unit(UNITS - 3));
	assert_int_equal(asked, candidates + 3);
	/* A unit without all its frames cannot be free as one. */
	clear_busy(f);
	change_pages(f, (UNITS - 3) * HB_UNIT_PAGES, 1);
	asked = 0;
	assert_false(hb_blockmap_pick(&f->map, &pick).nr);
	assert_true(pick.more);
	assert_int_equal(asked, 3);
	destroy(f);
}

/* Walking over what is held while it goes, as when the driver is unloaded. */
static void test_walk_while_it_goes(void **state)
{
	struct fixture *f = make();
	unsigned long pfn, from = 0, seen = 0, held;
	struct hb_run run;

	(void)state;
	for (pfn = 0; pfn < PAGES; pfn += 3 * HB_UNIT_PAGES / 2)
		change_pages(f, pfn, HB_UNIT_PAGES / 2 + 1);
	held = f->map.held;
	assert_true(held > PAGES / 4);
	while ((run = hb_blockmap_next_held(&f->map, from, 100)).nr) {
		assert_true(run.pfn >= from && run.nr <= 100);
		assert_int_equal(hb_blockmap_release(&f->map, run.pfn, run.nr), 0);
		seen += run.nr;
		from = run.pfn + run.nr;
	}
	assert_int_equal(f->map.held, 0);
	assert_int_equal(seen, held);
	assert_run(hb_blockmap_next_held(&f->map, 0, ALL), (struct hb_run){ 0, 0 });
	destroy(f);
}

/* Runs up and down and single pages, until one that cannot be held. */
static unsigned int make_list(struct fixture *f, unsigned long *pfns,
			      unsigned int max, uint64_t *seed)
{
	unsigned int nr = 0, good = 0;
	bool bad = false;

	while (nr < max) {
		unsigned long pfn = random_below(seed, PAGES + 3);
		unsigned long length = 1 + random_below(seed, 40);
		int step = (int)random_below(seed, 3) - 1;

		for (; length && nr < max; length--, pfn += step) {
			bad |= pfn >= PAGES || f->held[pfn];
			if (!bad) {
				f->held[pfn] = true;
				good++;
			}
			pfns[nr++] = pfn;
			if (!step)
				break;
		}
	}
	return good;
}

static void test_hold_list(void **state)
{
	uint64_t seed = random_seed("list");
	unsigned int i, k;

	(void)state;
	for (i = 0; i < 200; i++) {
		struct fixture *f = make();
		unsigned long pfns[600], pfn;
		unsigned int good = make_list(f, pfns, random_below(&seed, 600),
					      &seed);
		unsigned int done = hb_blockmap_hold_list(&f->map, pfns, 0);

		assert_int_equal(done, 0);
		done = hb_blockmap_hold_list(&f->map, pfns, good);
		assert_int_equal(done, good);
		for (pfn = 0; pfn < PAGES; pfn++)
			assert_int_equal(hb_blockmap_held_in(&f->map, pfn, 1),
					 f->held[pfn]);
		assert_null(hb_blockmap_check(&f->map));
		/* Nothing of it can be held again, nor what is in no block. */
		for (k = 0; k < good; k++)
			assert_int_equal(hb_blockmap_hold_list(&f->map, pfns + k,
							       good - k), 0);
		pfn = PAGES;
		assert_int_equal(hb_blockmap_hold_list(&f->map, &pfn, 1), 0);
		destroy(f);
	}
}

static void test_hold_list_stops(void **state)
{
	struct fixture *f = make();
	unsigned long pfns[] = { 10, 11, 12, 9, 8, 7, 100, 10, 200 };

	(void)state;
	assert_int_equal(hb_blockmap_hold_list(&f->map, pfns, 9), 7);
	assert_int_equal(f->map.held, 7);
	assert_int_equal(hb_blockmap_held_in(&f->map, 7, 6), 6);
	assert_int_equal(hb_blockmap_held_in(&f->map, 200, 1), 0);
	assert_null(hb_blockmap_check(&f->map));
	destroy(f);
}

/* ---- sets of slots, of more than one word that says which words have any */

#define SLOTS 9000

static void check_set(const unsigned long *set, const bool *in, uint64_t *seed)
{
	unsigned int from = random_below(seed, SLOTS + 100), first = from, i;
	unsigned int end = random_below(seed, 2) ? SLOTS : random_below(seed, SLOTS);
	unsigned int last = SLOTS;

	while (first < SLOTS && !in[first])
		first++;
	for (i = 0; i < end; i++)
		last = in[i] ? i : last;
	assert_int_equal(hb_slotset_first(set, SLOTS, from),
			 first < SLOTS ? first : SLOTS);
	assert_int_equal(hb_slotset_last(set, SLOTS, end), last);
}

static void test_slotset(void **state)
{
	unsigned long *set = calloc(hb_slotset_longs(SLOTS), sizeof(long));
	bool *in = calloc(SLOTS, sizeof(bool));
	uint64_t seed = random_seed("slotset");
	unsigned int i;

	(void)state;
	assert_non_null(set);
	assert_non_null(in);
	for (i = 0; i < 4000; i++) {
		unsigned int slot = random_below(&seed, SLOTS);
		bool put = random_below(&seed, i / 1000 + 2) == 0;

		hb_slotset_put(set, SLOTS, slot, put);
		in[slot] = put;
		slot = hb_slotset_last(set, SLOTS, SLOTS);
		if (random_below(&seed, 2) && slot < SLOTS) {
			hb_slotset_put(set, SLOTS, slot, false);
			in[slot] = false;
		}
		check_set(set, in, &seed);
		assert_true(hb_slotset_is_sound(set, SLOTS));
	}
	set[hb_slotset_longs(SLOTS) - 1] ^= 1UL << (SLOTS / 64 % 64);
	assert_false(hb_slotset_is_sound(set, SLOTS));
	free(set);
	free(in);
}

/* A guest of 256 MiB that may grow to 1 TiB pays for the pointers, and little more. */
static void test_small_guest_in_a_large_window(void **state)
{
	(void)state;
	assert_true(hb_blockmap_bytes(8192) < 8192 * sizeof(void *) + 48 * 1024);
}

/* A block that user space took offline is left alone; others are wanted. */
static void test_offline_blocks(void **state)
{
	struct fixture *f = make();
	struct hb_block *block = f->slots[OURS];

	(void)state;
	assert_null(hb_blockmap_offline_block(&f->map));
	tell(f, OURS, HB_EVENT_GOING_OFFLINE);
	assert_int_equal(f->map.in_transition, 1);
	tell(f, OURS, HB_EVENT_OFFLINE_BY_US);
	assert_ptr_equal(hb_blockmap_offline_block(&f->map), block);
	assert_run(hb_blockmap_parked_run(&f->map, BLOCK_PAGES),
		   (struct hb_run){ block->start_pfn, BLOCK_PAGES });
	tell(f, OURS, HB_EVENT_GOING_ONLINE);
	tell(f, OURS, HB_EVENT_ONLINE);
	tell(f, OURS, HB_EVENT_GOING_OFFLINE);
	tell(f, OURS, HB_EVENT_OFFLINE_BY_OTHER);
	assert_null(hb_blockmap_offline_block(&f->map));
	change_pages(f, block->start_pfn, BLOCK_PAGES);
	assert_null(hb_blockmap_empty_block(&f->map, true));
	/* Boot memory is not ours to online. */
	tell(f, 0, HB_EVENT_GOING_OFFLINE);
	tell(f, 0, HB_EVENT_OFFLINE_BY_US);
	assert_null(hb_blockmap_offline_block(&f->map));
	assert_null(hb_blockmap_check(&f->map));
	destroy(f);
}

/* One that the kernel refuses is passed over until that is forgotten. */
static void test_refused_block(void **state)
{
	struct fixture *f = make();
	struct hb_block *block = f->slots[OURS];

	(void)state;
	tell(f, OURS, HB_EVENT_GOING_OFFLINE);
	tell(f, OURS, HB_EVENT_OFFLINE_BY_US);
	hb_blockmap_mark_refused(&f->map, block);
	assert_null(hb_blockmap_offline_block(&f->map));
	assert_int_equal(f->map.added_offline, 0);
	assert_int_equal(f->map.added_refused, 1);
	assert_null(hb_blockmap_check(&f->map));
	assert_true(hb_blockmap_clear_busy_block(&f->map));
	assert_false(hb_blockmap_clear_busy_block(&f->map));
	assert_ptr_equal(hb_blockmap_offline_block(&f->map), block);
	assert_int_equal(f->map.added_refused, 0);
	assert_null(hb_blockmap_check(&f->map));
	destroy(f);
}

/* What is behind a parked block may all be marked busy: then there is nothing to take. */
static void test_busy_parked_block(void **state)
{
	struct fixture *f = make();
	struct hb_block *block = f->slots[OURS];
	unsigned long pfn = block->start_pfn;

	(void)state;
	tell(f, OURS, HB_EVENT_GOING_OFFLINE);
	tell(f, OURS, HB_EVENT_OFFLINE_BY_OTHER);
	for (; pfn < block->start_pfn + BLOCK_PAGES; pfn += HB_UNIT_PAGES)
		hb_blockmap_mark_busy(&f->map, pfn);
	assert_run(hb_blockmap_parked_run(&f->map, BLOCK_PAGES),
		   (struct hb_run){ 0, 0 });
	assert_null(hb_blockmap_check(&f->map));
	clear_busy(f);
	assert_run(hb_blockmap_parked_run(&f->map, BLOCK_PAGES),
		   (struct hb_run){ block->start_pfn, BLOCK_PAGES });
	destroy(f);
}

/* Where a block is not RAM there is nothing to take, and nothing to mend. */
static void test_no_ram(void **state)
{
	struct fixture *f = make();
	struct hb_pick pick = { .max = BLOCK_PAGES };
	unsigned int units = f->slots[0]->units;

	(void)state;
	hb_blockmap_set_ram(&f->map, 0, BLOCK_PAGES, false);
	/* From the middle of the second unit to that of the last: only whole ones count. */
	hb_blockmap_set_ram(&f->map, HB_UNIT_PAGES + 7,
			    BLOCK_PAGES - 2 * HB_UNIT_PAGES, true);
	hb_blockmap_suspect(&f->map, 0);
	assert_int_equal(f->map.mendable_units, units - 3);
	assert_null(hb_blockmap_check(&f->map));
	assert_int_equal(hb_blockmap_mendable_unit(&f->map).pfn,
			 2 * HB_UNIT_PAGES);
	while (hb_blockmap_pick(&f->map, &pick).pfn >= BLOCK_PAGES)
		hb_blockmap_mark_busy(&f->map,
				      hb_blockmap_pick(&f->map, &pick).pfn);
	assert_run(hb_blockmap_pick(&f->map, &pick),
		   (struct hb_run){ 2 * HB_UNIT_PAGES,
				    BLOCK_PAGES - 3 * HB_UNIT_PAGES });
	destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_check_finds_damage),
		cmocka_unit_test(test_check_in_parts),
		cmocka_unit_test(test_suspect),
		cmocka_unit_test(test_from_the_top),
		cmocka_unit_test(test_free_and_whole_first),
		cmocka_unit_test(test_whole_block_anywhere),
		cmocka_unit_test(test_asks_little),
		cmocka_unit_test(test_walk_while_it_goes),
		cmocka_unit_test(test_hold_list),
		cmocka_unit_test(test_hold_list_stops),
		cmocka_unit_test(test_slotset),
		cmocka_unit_test(test_small_guest_in_a_large_window),
		cmocka_unit_test(test_offline_blocks),
		cmocka_unit_test(test_refused_block),
		cmocka_unit_test(test_busy_parked_block),
		cmocka_unit_test(test_no_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
