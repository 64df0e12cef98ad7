// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the worker's decisions and the walks of load and unload cost in the block map, in
 * guests of 16 GiB and of 1 TiB, in the shapes that are worst for them.
 *
 * bench: each step many times, and the best counts; a bar that is missed fails it, and so does
 * what is not true of the map.  bench once: each thing once and few pages; the compiler counts how
 * often the core branches (-fsanitize-coverage=trace-pc), and more of that in a larger guest fails
 * it.  That is the same number each time, whatever else the machine does.
 *
 * A step is what is done between taking the driver's lock and Xen or the kernel being
 * called: the look at the guest and the plan, the questions that carry it out, and their books;
 * pages that change hands singly are only listed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/blockmap.h"
#include "core/guest.h"
#include "core/next.h"
#include "core/steps.h"

#define GIB_PAGES (1024 * HB_MIB_PAGES)
#define BATCH 512		/* pages that are entered or walked over at a time */
#define BUDGET 256		/* units that a pick may ask about, as in core/shrink.c */

#define ROUNDS 20		/* at most, for a bar in ns that is not met */

#define BAR_STEP_NS 50000.0
#define BAR_GROWS_NS (BAR_STEP_NS / 100)
#define BAR_WALK_S 2.0

/* Wherever a page is: the same work. */
#define BAR_PAGE_BRANCHES 100.0

/*
 * Branches that a step may take more of in 1 TiB than in 16 GiB, or in 64 with large blocks: each
 * unit that changes hands has words of bits looked through, and the least of 16 slots and of 16
 * times 16, of which there are less in a small guest.  To look at each block once would be 8000
 * more.
 */
#define BAR_GROWS_BRANCHES 1000

/* For a block that is in no book, where all of these are looked at. */
#define BAR_BLOCK_BRANCHES 16

static bool once;
static bool missed;		/* a bar */
static unsigned int repeats = 1000;
static unsigned long walk_pages = 256 * GIB_PAGES;

/* ---- */

static double ns_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static double now_ns(void)
{
	return ns_of(CLOCK_MONOTONIC);
}

/* For what takes so long that others run meanwhile. */
static double cpu_ns(void)
{
	return ns_of(CLOCK_PROCESS_CPUTIME_ID);
}

static void require(bool is, const char *what)
{
	if (is)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void *zeroed(size_t size)
{
	void *memory = calloc(1, size);

	require(memory, "out of memory");
	return memory;
}

/* What the compiler calls at each branch of a core that is built to be counted. */
static unsigned long branches;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
	branches++;
}

static const char *verdict(bool met)
{
	missed |= !met;
	return met ? "" : "  MISSED";
}

/* ---- what a guest asks of its surroundings */

static void op_lock(struct hb_guest *g)
{
	(void)g;
}

static bool op_yes(struct hb_guest *g)
{
	(void)g;
	return true;
}

/* It has all it needs: nothing but the map limits a plan. */
static void op_pressure(struct hb_guest *g, struct hb_pressure *pressure)
{
	u64 pages = g->ledger.capacity;

	*pressure = (struct hb_pressure){ .nr = 1 };
	pressure->of[0].in = (struct hb_floor_input){ pages, 4 * pages, 4 * pages };
}

/* The kernel has each block, also of those that the books do not know. */
static bool op_present(struct hb_guest *g, unsigned long pfn)
{
	(void)g;
	(void)pfn;
	return true;
}

static u64 op_xen_pages(struct hb_guest *g)
{
	return hb_guest_populated(g);
}

static void op_verified(struct hb_guest *g, u64 surplus, u64 missing)
{
	(void)g;
	(void)surplus;
	(void)missing;
}

static const struct hb_ops ops = {
	.lock = op_lock,
	.unlock = op_lock,
	.superpages = op_yes,
	.removable = op_yes,
	.pressure = op_pressure,
	.present = op_present,
	.xen_pages = op_xen_pages,
	.verified = op_verified,
};

/* ---- guests */

struct size {
	const char *name;
	unsigned long pages, block_pages;
};

#define SIZES 4

/* Each second one is the one before, but larger. */
static const struct size sizes[SIZES] = {
	{ "16 GiB", 16 * GIB_PAGES, 128 * HB_MIB_PAGES },
	{ "1 TiB", 1024 * GIB_PAGES, 128 * HB_MIB_PAGES },
	{ "64 GiB/2G", 64 * GIB_PAGES, 2 * GIB_PAGES },
	{ "1 TiB/2G", 1024 * GIB_PAGES, 2 * GIB_PAGES },
};


static void put_online(struct hb_blockmap *map, struct hb_block *block)
{
	hb_blockmap_event(map, block, HB_EVENT_ADDED);
	hb_blockmap_event(map, block, HB_EVENT_GOING_ONLINE);
	hb_blockmap_event(map, block, HB_EVENT_ONLINE);
	hb_blockmap_set_movable(map, block, true);
}

static void make_block(struct hb_blockmap *map, unsigned int slot, bool boot)
{
	unsigned long pages = map->block_pages;
	struct hb_block *block =
		hb_block_init(zeroed(hb_block_bytes(pages)), slot * pages, pages,
			      boot ? HB_BLOCK_BOOT : HB_BLOCK_OURS);

	hb_blockmap_insert(map, block);
	if (boot)
		hb_blockmap_event(map, block, HB_EVENT_FOUND_ONLINE);
	else
		put_online(map, block);
}

/* Whose map it is. */
static struct hb_guest *guest_of(struct hb_blockmap *map)
{
	return (struct hb_guest *)((char *)map - offsetof(struct hb_guest, map));
}

/* An eighth of it is boot memory, or else all; the rest is ours, online and movable. */
static struct hb_blockmap *make_map(unsigned long pages,
				    unsigned long block_pages, bool all_boot)
{
	unsigned int nr = pages / block_pages, nr_boot = all_boot ? nr : nr / 8, slot;
	struct hb_guest *g = zeroed(sizeof(*g));

	g->ops = &ops;
	g->ledger = (struct hb_ledger){ .capacity = pages, .settled = true };
	g->target.valid = true;
	g->window_start = nr_boot * block_pages;
	g->window_end = pages;
	g->added_end = pages;
	g->added_blocks = nr - nr_boot;
	hb_blockmap_init(&g->map, zeroed(hb_blockmap_bytes(nr)), block_pages, nr);
	for (slot = 0; slot < nr; slot++)
		make_block(&g->map, slot, slot < nr_boot);
	return &g->map;
}

static void free_map(struct hb_blockmap *map)
{
	unsigned int slot;

	require(!hb_blockmap_check(map), "the books are wrong");
	for (slot = 0; slot < map->nr_slots; slot++)
		free(map->slots[slot]);
	free(map->slots);
	free(guest_of(map));
}

static void hold(struct hb_blockmap *map, unsigned long pfn, unsigned long nr)
{
	require(!hb_blockmap_hold(map, pfn, nr), "cannot hold pages");
}

static void release(struct hb_blockmap *map, unsigned long pfn, unsigned long nr)
{
	require(!hb_blockmap_release(map, pfn, nr), "cannot release pages");
}

static unsigned long end_of(const struct hb_blockmap *map)
{
	return map->nr_slots * map->block_pages;
}

/* ---- shapes: of all memory, or of the hot-added part */

static void all_full(struct hb_blockmap *map)
{
	(void)map;
}

/* What is not free is known: the rest of the pass. */
static void all_asked(struct hb_blockmap *map)
{
	unsigned int slot;

	for (slot = 0; slot < map->nr_slots; slot++) {
		struct hb_block *block = map->slots[slot];

		bitmap_set(block->unit_in_use, 0, block->units);
		hb_blockmap_remove(map, block);
		hb_blockmap_insert(map, block);
	}
}

static void all_partly(struct hb_blockmap *map)
{
	unsigned long pfn;

	for (pfn = 0; pfn < end_of(map); pfn += HB_UNIT_PAGES)
		hold(map, pfn, HB_UNIT_PAGES / 2);
}

static void all_held(struct hb_blockmap *map)
{
	unsigned int slot;

	for (slot = 0; slot < map->nr_slots; slot++)
		hold(map, slot * map->block_pages, map->block_pages);
}

/* All held, but the units that end up last in each search are not. */
static void all_held_but_bottom(struct hb_blockmap *map)
{
	all_held(map);
	release(map, map->nr_slots / 8 * map->block_pages, HB_UNIT_PAGES / 2);
}

static void take_offline(struct hb_blockmap *map, unsigned int slot)
{
	hb_blockmap_event(map, map->slots[slot], HB_EVENT_GOING_OFFLINE);
	hb_blockmap_event(map, map->slots[slot], HB_EVENT_OFFLINE_BY_US);
}

static void every_other_offline(struct hb_blockmap *map)
{
	unsigned int slot;

	for (slot = map->nr_slots / 8; slot < map->nr_slots; slot += 2)
		take_offline(map, slot);
}

static void one_movable_at_bottom(struct hb_blockmap *map)
{
	unsigned int slot;

	for (slot = map->nr_slots / 8 + 1; slot < map->nr_slots; slot++)
		hb_blockmap_set_movable(map, map->slots[slot], false);
	all_asked(map);
}

static void clear_busy(struct hb_blockmap *map)
{
	while (hb_blockmap_clear_busy_block(map))
		;
}

static void all_busy_but_one(struct hb_blockmap *map)
{
	unsigned long pfn;

	for (pfn = 0; pfn < end_of(map); pfn += map->block_pages)
		hb_blockmap_suspect(map, pfn);
	pfn = map->nr_slots / 8 * map->block_pages + HB_UNIT_PAGES;
	for (; pfn < end_of(map); pfn += HB_UNIT_PAGES)
		hb_blockmap_mark_busy(map, pfn);
	for (pfn = 0; pfn < map->nr_slots / 8 * map->block_pages;
	     pfn += HB_UNIT_PAGES)
		hb_blockmap_mark_busy(map, pfn);
}

/* Somebody else has added all there is room for, and none of it was ever online. */
static void all_unknown(struct hb_blockmap *map)
{
	struct hb_guest *g = guest_of(map);
	unsigned int slot;

	for (slot = map->nr_slots / 8; slot < map->nr_slots; slot++) {
		struct hb_block *block = map->slots[slot];

		hb_blockmap_remove(map, block);
		free(block);
	}
	g->ledger.capacity = g->window_start;
	g->added_blocks = 0;
}

/* ---- steps */

static bool is_not_free(const void *owner, unsigned long pfn)
{
	(void)pfn;
	return false;
}

static struct hb_move plan(struct hb_blockmap *map, s64 excess)
{
	struct hb_guest *g = guest_of(map);
	struct hb_pass pass = { 0 };
	struct hb_snapshot now;

	g->target.pages = hb_guest_populated(g) - excess;
	hb_guest_look(g, &now);
	return hb_plan(&now, &pass);
}

static struct hb_run taken[HB_STEP_PAGES / HB_UNIT_PAGES];
static unsigned int nr_taken;
static unsigned long listed[HB_STEP_PAGES];

static void undo(struct hb_blockmap *map)
{
	while (nr_taken-- > 0)
		release(map, taken[nr_taken].pfn, taken[nr_taken].nr);
	nr_taken = 0;
}

/* 16 MiB, a unit at a time. */
static void shrink(struct hb_blockmap *map, struct hb_pick pick)
{
	struct hb_move step = plan(map, HB_STEP_EVACUATE_PAGES);
	u64 done = 0;

	pick.max = HB_UNIT_PAGES;
	pick.budget = BUDGET;
	while (done < step.pages && nr_taken < sizeof(taken) / sizeof(*taken)) {
		struct hb_run run = hb_blockmap_pick(map, &pick);

		if (!run.nr)
			break;
		hold(map, run.pfn, run.nr);
		taken[nr_taken++] = run;
		done += run.nr;
	}
	require(done || pick.more, "nothing to take");
}

static void shrink_added(struct hb_blockmap *map)
{
	shrink(map, (struct hb_pick){ .added = true, .is_free = is_not_free });
}

static void shrink_whole(struct hb_blockmap *map)
{
	shrink(map, (struct hb_pick){ .added = true, .is_free = is_not_free,
				      .whole = map->block_pages });
}

static void shrink_rest(struct hb_blockmap *map)
{
	shrink(map, (struct hb_pick){ .added = true, .is_free = is_not_free,
				      .whole = HB_UNIT_PAGES });
}

static void shrink_movable(struct hb_blockmap *map)
{
	shrink(map, (struct hb_pick){ .added = true, .movable_only = true,
				      .is_free = is_not_free });
}

static void shrink_boot(struct hb_blockmap *map)
{
	shrink(map, (struct hb_pick){ .added = false });
}

static void grow_pages(struct hb_blockmap *map)
{
	struct hb_move step = plan(map, -(s64)HB_STEP_PAGES);

	require(hb_blockmap_held_pages(map, listed, step.pages) == step.pages,
		"not enough held pages");
}

static struct hb_run given[HB_STEP_PAGES / HB_UNIT_PAGES];
static unsigned int nr_given;

static void take_back(struct hb_blockmap *map)
{
	while (nr_given-- > 0)
		hold(map, given[nr_given].pfn, given[nr_given].nr);
	nr_given = 0;
}

static void grow_units(struct hb_blockmap *map)
{
	struct hb_move step = plan(map, -(s64)HB_STEP_PAGES);

	require(step.kind == HB_STEP_GROW_UNITS, "does not grow by units");
	for (; nr_given < step.pages / HB_UNIT_PAGES; nr_given++) {
		given[nr_given] = hb_blockmap_empty_unit(map);
		release(map, given[nr_given].pfn, given[nr_given].nr);
	}
}

static void retire(struct hb_blockmap *map)
{
	plan(map, 0);
	require(hb_blockmap_empty_block(map, true), "no empty block");
}

static void shrink_parked(struct hb_blockmap *map)
{
	plan(map, HB_STEP_PAGES);
	while (nr_taken < HB_STEP_PAGES / HB_UNIT_PAGES) {
		struct hb_run run = hb_blockmap_parked_run(map, HB_UNIT_PAGES);

		hold(map, run.pfn, run.nr);
		taken[nr_taken++] = run;
	}
}

static void online_or_add(struct hb_blockmap *map)
{
	plan(map, -(s64)HB_STEP_PAGES);
	require(hb_blockmap_offline_block(map), "no block that is offline");
	require(hb_guest_free_slot(guest_of(map)) == end_of(map), "a free slot");
}

static void find_slot(struct hb_blockmap *map)
{
	require(hb_guest_free_slot(guest_of(map)) >= end_of(map), "a free slot");
}

/* All that was hot-added is there still: nothing is left to ask about. */
static void verify_removed(struct hb_blockmap *map)
{
	const struct hb_move step = { .kind = HB_STEP_VERIFY, .pages = HB_UNIT_PAGES };
	struct hb_guest *g = guest_of(map);

	g->verify = (struct hb_verify){ .wanted = true, .moved = true, .removed = true,
					.pfn = g->window_start };
	hb_step_verify(g, &step);
}

static void mend(struct hb_blockmap *map)
{
	plan(map, 0);
	require(hb_blockmap_mendable_unit(map).nr, "nothing to mend");
}

static const struct {
	const char *shape, *step;
	void (*form)(struct hb_blockmap *map);
	void (*act)(struct hb_blockmap *map);
	void (*undo)(struct hb_blockmap *map);
} cases[] = {
	{ "full, none free", "shrink: one pick asks", all_full, shrink_added,
	  clear_busy },
	{ "full, all asked about", "shrink 16 MiB", all_asked, shrink_added, undo },
	{ "full, all asked about", "shrink, whole blocks", all_asked,
	  shrink_whole, undo },
	{ "full, boot memory", "shrink 16 MiB", all_full, shrink_boot, undo },
	{ "units partly held", "shrink 16 MiB", all_partly, shrink_added, undo },
	{ "units partly held", "grow by pages, 32 MiB", all_partly, grow_pages, NULL },
	{ "all held", "grow by units, 32 MiB", all_held, grow_units, take_back },
	{ "all held", "grow by pages, 32 MiB", all_held, grow_pages, NULL },
	{ "all held", "retire", all_held, retire, NULL },
	{ "held but the bottom", "shrink the rest", all_held_but_bottom,
	  shrink_rest, undo },
	{ "every other offline", "shrink parked, 32 MiB", every_other_offline,
	  shrink_parked, undo },
	{ "every other offline", "online or add", every_other_offline,
	  online_or_add, NULL },
	{ "one movable at bottom", "shrink 16 MiB of it", one_movable_at_bottom,
	  shrink_movable, undo },
	{ "all busy but one", "shrink", all_busy_but_one, shrink_added, undo },
	{ "all busy but one", "mend", all_busy_but_one, mend, NULL },
	{ "no block removed", "verify what was", all_full, verify_removed, NULL },
	{ "blocks in no book", "a slot for a block", all_unknown, find_slot, NULL },
	{ "blocks in no book", "verify what was", all_unknown, verify_removed, NULL },
};

#define CASES (sizeof(cases) / sizeof(*cases))

/* What a step takes: ns, the best of many, as the machine does other things, too; or branches. */
static double cost_of(unsigned int i, const struct size *size)
{
	struct hb_blockmap *map = make_map(size->pages, size->block_pages, false);
	unsigned long counted = 0;
	double best = 1e18;
	unsigned int n;

	cases[i].form(map);
	for (n = 0; n < repeats; n++) {
		unsigned long before = branches;
		double begun = now_ns(), took;

		cases[i].act(map);
		took = now_ns() - begun;
		counted = branches - before;
		best = took < best ? took : best;
		if (cases[i].undo)
			cases[i].undo(map);
	}
	free_map(map);
	return once ? counted : best;
}

/* Does it look at blocks of others that were never online, as many as there are? */
static bool walks(unsigned int i)
{
	return cases[i].form == all_unknown;
}

/* By how much may a step grow from one size to the next? */
static double bar_of(unsigned int i, const struct size *from, const struct size *to)
{
	double blocks = to->pages / to->block_pages - from->pages / from->block_pages;

	if (once)
		return BAR_GROWS_BRANCHES + (walks(i) ? BAR_BLOCK_BRANCHES * blocks : 0);
	return walks(i) ? BAR_STEP_NS : BAR_GROWS_NS;
}

static bool is_met(unsigned int i, const double cost[SIZES])
{
	unsigned int s;

	for (s = 0; s < SIZES; s++) {
		if (!once && cost[s] >= BAR_STEP_NS)
			return false;
		if (s % 2 && cost[s] - cost[s - 1] >= bar_of(i, &sizes[s - 1], &sizes[s]))
			return false;
	}
	return true;
}

/* The machine may do other things for longer than one size takes: all sizes again. */
static void print_case(unsigned int i)
{
	double cost[SIZES] = { 1e18, 1e18, 1e18, 1e18 };
	unsigned int rounds = once ? 1 : ROUNDS, s;
	bool met = false;

	for (; rounds && !met; rounds--) {
		for (s = 0; s < SIZES; s++) {
			double found = cost_of(i, &sizes[s]);

			cost[s] = found < cost[s] ? found : cost[s];
		}
		met = is_met(i, cost);
	}
	printf("%-22s %-22s", cases[i].shape, cases[i].step);
	for (s = 0; s < SIZES; s++)
		printf(" %10.0f", cost[s]);
	printf("%s\n", verdict(met));
}

static void print_cases(void)
{
	unsigned int i, s;

	printf("%-22s %-22s", "shape", once ? "step, branches" : "step, ns");
	for (s = 0; s < SIZES; s++)
		printf(" %10s", sizes[s].name);
	printf("\n");
	for (i = 0; i < CASES; i++)
		print_case(i);
	if (once)
		printf("bar: less than %d branches more in 1 TiB", BAR_GROWS_BRANCHES);
	else
		printf("bar: a step under %.0f ns, of which under 1 %% (%.0f ns) grows with the map",
		       BAR_STEP_NS, BAR_GROWS_NS);
	printf("; but for blocks in no book\n\n");
}

/* ---- a whole pass in which nothing is free: each unit is asked about once */

static void print_pass(void)
{
	struct hb_blockmap *map = make_map(sizes[1].pages, sizes[1].block_pages,
					   false);
	struct hb_pick pick = { .added = true, .max = HB_UNIT_PAGES,
				.is_free = is_not_free, .budget = BUDGET };
	double begun = cpu_ns();
	unsigned int picks = 0;

	do {
		hb_blockmap_pick(map, &pick);
		picks++;
	} while (pick.more);
	printf("1 TiB, none free: the %u picks of a pass that ask, together %.1f ms\n",
	       picks, (cpu_ns() - begun) / 1e6);
	free_map(map);
}

/* ---- load and unload */

/* A permutation of [0, @nr), a power of two: neighbours end up far from each other. */
static unsigned long scattered(unsigned long i, unsigned long nr)
{
	return (i * 0x9e3779b1UL) & (nr - 1);
}

/* The same within each block. */
static unsigned long in_block(unsigned long i, unsigned long nr)
{
	unsigned long pages = 128 * HB_MIB_PAGES;

	(void)nr;
	return i / pages * pages + scattered(i % pages, pages);
}

static unsigned long adjacent(unsigned long i, unsigned long nr)
{
	(void)nr;
	return i;
}

/* Every other page of twice as many. */
static unsigned long every_other(unsigned long i, unsigned long nr)
{
	return 2 * scattered(i, nr);
}

/* Seconds, of those that others do not have meanwhile; or branches that each page takes. */
static double spent_since(double begun, unsigned long before)
{
	return once ? (double)(branches - before) / walk_pages : (cpu_ns() - begun) / 1e9;
}

/* As adopt_batch() does: single pages, in the order that the other driver has them. */
static double load(struct hb_blockmap *map,
		   unsigned long (*order)(unsigned long i, unsigned long nr))
{
	static unsigned long batch[BATCH];
	double spent = 0;
	unsigned long i, n;

	for (i = 0; i < walk_pages; i += BATCH) {
		unsigned long before;
		double begun;

		for (n = 0; n < BATCH; n++)
			batch[n] = order(i + n, walk_pages);
		before = branches;
		begun = cpu_ns();
		for (n = 0; n < BATCH; n++)
			require(hb_blockmap_find(map, batch[n]), "no block");
		require(hb_blockmap_hold_list(map, batch, BATCH) == BATCH,
			"cannot hold pages");
		spent += spent_since(begun, before);
	}
	require(map->held == walk_pages, "not all pages are held");
	return spent;
}

/* As return_all() does. */
static double unload(struct hb_blockmap *map)
{
	unsigned long before = branches, pfn = 0;
	double begun = cpu_ns(), took;
	struct hb_run run;

	while ((run = hb_blockmap_next_held(map, pfn, BATCH)).nr) {
		release(map, run.pfn, run.nr);
		pfn = run.pfn + run.nr;
	}
	took = spent_since(begun, before);
	require(!map->held, "pages are left");
	return took;
}

/* @near: neighbours in the list are in one block; else each page is a miss of the caches. */
static void print_walk(const char *name, unsigned long stride, bool near,
		       unsigned long (*order)(unsigned long i, unsigned long nr))
{
	unsigned int rounds = once ? 1 : 2, i;
	double in = 1e9, out = 1e9;
	bool met = once || !near;

	for (i = 0; i < rounds; i++) {
		struct hb_blockmap *map = make_map(stride * walk_pages,
						   128 * HB_MIB_PAGES, true);
		double took = load(map, order);

		in = took < in ? took : in;
		took = unload(map);
		out = took < out ? took : out;
		free_map(map);
	}
	if (once)
		met = in < BAR_PAGE_BRANCHES && out < BAR_PAGE_BRANCHES;
	else if (near)
		met = in < BAR_WALK_S && out < BAR_WALK_S;
	printf("%-38s load %8.2f   unload %8.2f%s\n", name, in, out, verdict(met));
}

static void print_walks(void)
{
	printf("\n%lu GiB held, entered page by page in batches of %d, walked out in runs; %s:\n",
	       walk_pages / GIB_PAGES, BATCH, once ? "branches a page" : "s");
	print_walk("adjacent pages", 1, true, adjacent);
	print_walk("scattered in each block", 1, true, in_block);
	print_walk("scattered over all memory", 1, false, scattered);
	print_walk("every other page of twice the memory", 2, false, every_other);
	if (once)
		printf("bar: less than %.0f each\n", BAR_PAGE_BRANCHES);
	else
		printf("bar: %.0f s for each of the first two; the others are what this machine's memory takes\n",
		       BAR_WALK_S);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		require(!strcmp(argv[1], "once") && argc == 2,
			"usage: bench [once]");
		once = true;
		repeats = 1;
		walk_pages = 16 * GIB_PAGES;
	}
	setlinebuf(stdout);
	print_cases();
	require(!once || branches, "nothing was counted");
	print_pass();
	print_walks();
	return missed;
}
