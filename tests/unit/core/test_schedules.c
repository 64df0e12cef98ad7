// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guests in memory that follow the plan through random schedules, while Xen, the
 * kernel, user space, programs and xenstore do what they like, at any moment.
 * After every step everything is counted anew; when the faults are over the guest
 * arrives, tidies up, and sleeps without a timer.
 *
 * HB_SCHEDULES=N runs N of them (a few otherwise), HB_SEED=N the ones from that seed on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/autoballoon.h"
#include "core/rescue.h"
#include "guest_sim.h"

#define MIN_STEPS 100
#define MAX_ROUNDS 400

/* ---- what may happen */

static u64 random_size(struct guest *g)
{
	u64 most = g->shape.slots * sim_block_pages(g);
	u64 have = sim_populated(g);

	switch (random_below(&g->seed, 6)) {
	case 0:
		return random_below(&g->seed, most + most / 8);
	case 1:
		return random_below(&g->seed, most / HB_UNIT_PAGES) *
		       HB_UNIT_PAGES;
	case 2:
		return random_below(&g->seed, most / sim_block_pages(g)) *
		       sim_block_pages(g);
	case 3:
		return have + random_below(&g->seed, 64) - (have > 32 ? 32 : 0);
	case 4:
		return have + random_below(&g->seed, 8) * HB_UNIT_PAGES;
	default:
		return random_below(&g->seed,
				    g->shape.boot_blocks * sim_block_pages(g));
	}
}

static void xenstore_says(struct guest *g, const char *text)
{
	if (hb_guest_is_news(&g->core, hb_target_update(&g->core.target, text)))
		worker_wake(g);
}

static void new_target(struct guest *g)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)
		 (random_size(g) * HB_PAGE_KIB +
		  random_below(&g->seed, HB_PAGE_KIB)));
	xenstore_says(g, text);
	if (sim_one_in(g, 4))	/* the watch fires twice */
		xenstore_says(g, text);
}

static void bad_target(struct guest *g)
{
	static const char *const texts[] = {
		"", "-1", "abc", "0x1000", "1048576 ", "1e6",
		"99999999999999999999999999999999999999999999",
	};
	struct hb_target before = g->core.target;

	xenstore_says(g, texts[random_below(&g->seed,
					    sizeof(texts) / sizeof(*texts))]);
	sim_require(g, g->core.target.pages == before.pages);
	sim_require(g, g->core.target.valid == before.valid);
}

/* The kernel would kill somebody, whatever the worker does at that moment. */
static void out_of_memory(struct guest *g)
{
	u64 before = sim_populated(g), managed = sim_managed(g);
	u64 most = g->core.target.pages + g->core.rescue.headroom;
	u64 lacking = random_below(&g->seed, sim_block_pages(g));
	bool interrupted = g->interrupted;
	u64 taken;

	/* One thread at a time. */
	g->interrupted = true;
	taken = hb_rescue_take(&g->core, lacking);
	g->interrupted = interrupted;
	sim_require(g, sim_populated(g) == before + taken);
	sim_require(g, sim_managed(g) == managed + taken);
	sim_require(g, !taken || sim_populated(g) <= most);
	sim_require(g, !taken || sim_populated(g) <= hb_guest_goal(&g->core));
	g->rescued += taken;
	if (taken)
		worker_wake(g);
}

/* What the driver waits for is its own affair. */
static void need_is_over(struct guest *g)
{
	if (hb_rescue_end(&g->core, g->core.rescue.total))
		worker_wake(g);
}

/* It sizes itself, by whatever it says of itself; or does so no longer. */
static void autoballoon(struct guest *g)
{
	static const enum hb_stat words[] = {
		HB_STAT_TOTAL, HB_STAT_FREE, HB_STAT_AVAILABLE, HB_STAT_SWAP_TOTAL,
		HB_STAT_SWAP_FREE, HB_STAT_REFAULTS_FILE, HB_STAT_OOM_KILLS,
	};
	const struct hb_commit commit = sim_commit(g);
	struct hb_stats stats = { 0 };
	bool other;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hb_stats_put(&stats, words[i],
			     random_below(&g->seed, 2 * HB_PAGE_KIB * sim_managed(g) + 1));
	other = sim_one_in(g, 4) ? hb_autoballoon_end(&g->core) :
		hb_autoballoon_look(&g->core, &stats, &commit, g->now + 1);
	if (g->core.target.valid)
		sim_require(g, hb_guest_wanted(&g->core) <= g->core.target.pages);
	if (other)
		worker_wake(g);
}

/* There is swap or there is none, it is needed again or not, and who says what about it. */
static void swap(struct guest *g)
{
	switch (random_below(&g->seed, 6)) {
	case 4:
		g->core.drop_caches = sim_one_in(g, 2);
		break;
	case 5:
		g->caches = random_below(&g->seed, sim_managed(g) + 1);
		break;
	case 0:
		g->swap_free = sim_one_in(g, 3) ? 0 : random_below(&g->seed, sim_managed(g) + 1);
		break;
	case 1:
		g->core.swap_policy = random_below(&g->seed, HB_PRESS_POLICIES);
		break;
	case 2:
		g->core.swap_by_host = random_below(&g->seed, HB_PRESS_POLICIES + 1);
		break;
	default:
		sim_swap_in(g, random_below(&g->seed, g->swapped + 1));
	}
}

static void programs(struct guest *g)
{
	u64 pages = random_below(&g->seed, sim_managed(g) / 2 + 1);

	switch (random_below(&g->seed, 9)) {
	case 0:
		sim_use_data(g, pages, false);
		break;
	case 1:
		sim_use_data(g, pages, true);
		break;
	case 2:
		sim_use_kernel(g, random_below(&g->seed, 64));
		break;
	case 3:
		sim_pin(g, random_below(&g->seed, sim_nr_units(g)),
			random_below(&g->seed, 200000));
		break;
	case 4:
		out_of_memory(g);
		break;
	case 5:
		need_is_over(g);
		break;
	case 6:
		autoballoon(g);
		break;
	case 7:
		swap(g);
		break;
	default:
		sim_drop_data(g, 2 * pages);
	}
}

/* Somebody writes to memoryN/state, or what was written ends. */
static void user_space(struct guest *g)
{
	unsigned int slot = random_below(&g->seed, g->shape.slots);

	if (g->way.active) {
		sim_way_end(g, !sim_one_in(g, 4));
		return;
	}
	if (g->kernel[slot].presence == SIM_ABSENT ||
	    sim_way_begin(g, slot, g->kernel[slot].presence == SIM_OFFLINE,
			  g->slots[slot]->origin != HB_BLOCK_BOOT &&
			  sim_one_in(g, 2), false))
		return;
	if (sim_one_in(g, 2))
		sim_way_end(g, true);
}

/* Other guests, and the host's administrator. */
static void host(struct guest *g)
{
	u64 most = g->shape.slots * sim_block_pages(g);

	switch (random_below(&g->seed, 5)) {
	case 0:
		g->host_free = random_below(&g->seed, most / 4);
		break;
	case 1:
		g->host_free = 2 * most;
		break;
	case 2:
		g->host_extents = sim_one_in(g, 2);
		break;
	case 3:
		g->core.rescue.headroom = sim_one_in(g, 2) ? 0 :
			random_below(&g->seed, most / 4);
		worker_wake(g);
		break;
	default:
		g->xen_limit = sim_one_in(g, 2) ? U64_MAX :
			g->xen_pages + random_below(&g->seed, most / 8);
	}
}

/* Rare things. */
static void anything(struct guest *g)
{
	switch (random_below(&g->seed, 6)) {
	case 0:
		if (!g->pod_outstanding && !g->way.active)
			g->move_next = true;
		break;
	case 1:
		g->core.still = true;
		worker_wake(g);
		break;
	case 2:
		g->core.still = false;
		worker_wake(g);
		break;
	case 3:
		g->core.tidy_rate = sim_one_in(g, 2) ? 0 : HB_TIDY_RATE_DEFAULT;
		break;
	case 4:		/* root writes to target_kb */
		g->written = true;
		g->written_target = random_size(g);
		worker_wake(g);
		break;
	default:
		worker_wake(g);
	}
}

static void something(struct guest *g)
{
	switch (random_below(&g->seed, 10)) {
	case 0:
	case 1:
		new_target(g);
		break;
	case 2:
		bad_target(g);
		break;
	case 3:
	case 4:
	case 5:
		programs(g);
		break;
	case 6:
	case 7:
		user_space(g);
		break;
	case 8:
		host(g);
		break;
	default:
		anything(g);
	}
}

/* Before a step. */
static void perhaps_something(struct guest *g)
{
	if (sim_one_in(g, 12)) {
		something(g);
		check_guest(g);
	}
}

/* ---- the end */

/* The driver leaves alone what others took offline, and all boot memory that is. */
static bool is_left_alone(const struct guest *g, unsigned int slot)
{
	const struct hb_block *block = g->slots[slot];

	return block && (block->state == HB_BLOCK_PARKED ||
			 (block->state == HB_BLOCK_OFFLINE &&
			  block->origin == HB_BLOCK_BOOT));
}

static void unpark(struct guest *g)
{
	unsigned int slot;

	for (slot = 0; slot < g->shape.slots; slot++)
		if (is_left_alone(g, slot))
			sim_require(g, !sim_write_state(g, slot, true,
				g->slots[slot]->origin != HB_BLOCK_BOOT &&
				sim_one_in(g, 2), false));
}

static void host_is_well(struct guest *g)
{
	g->xen_limit = U64_MAX;
	g->host_free = 2 * g->shape.slots * sim_block_pages(g);
	g->host_extents = true;
}

static void guest_is_well(struct guest *g)
{
	unsigned int unit;

	g->fault_percent = 0;
	g->meanwhile = NULL;
	g->core.still = false;
	hb_rescue_end(&g->core, g->core.rescue.total);
	g->core.tidy_rate = HB_TIDY_RATE_DEFAULT;
	for (unit = 0; unit < sim_nr_units(g); unit++) {
		g->units[unit].pinned_until = 0;
		g->units[unit].refused = false;
	}
	sim_drop_data(g, sim_managed(g));
	if (g->way.active)
		sim_way_end(g, true);
}

/* What can be reached while what is left alone stays so.  False: nothing. */
static bool reachable(const struct guest *g, u64 *low, u64 *high)
{
	unsigned int slot;

	*low = sim_managed(g) - sim_free_pages(g, false);
	*high = g->shape.slots * sim_block_pages(g);
	for (slot = 0; slot < g->shape.slots; slot++) {
		const struct hb_block *block = g->slots[slot];

		if (!is_left_alone(g, slot))
			continue;
		*high -= block->held;
		if (block->origin != HB_BLOCK_OURS)
			*low += sim_block_pages(g) - block->held;
	}
	/* The floor, of all that could be there, and a block's descriptors. */
	*low += hb_floor_reserve(*high) + sim_block_pages(g) / 64 +
		2 * HB_UNIT_PAGES;
	return *low < *high;
}

static void last_target(struct guest *g)
{
	char text[32];
	u64 low, high, size;

	/* With all of it behind blocks that are offline there are no pages for descriptors. */
	if (sim_one_in(g, 2) || !sim_managed(g) || !reachable(g, &low, &high)) {
		unpark(g);
		sim_require(g, reachable(g, &low, &high));
	}
	/* What it has chosen was chosen by numbers that are none of its own. */
	if (g->core.target.own && g->core.target.own < low)
		hb_autoballoon_end(&g->core);
	/* Not what it has or had: only what moved is tidied up. */
	do
		size = low + random_below(&g->seed, high - low + 1);
	while (size == sim_populated(g) || size == g->core.tidied);
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)size * HB_PAGE_KIB);
	xenstore_says(g, text);
}

/* Wakes it while it works, for nothing new. */
static void same_target_again(struct guest *g)
{
	if (g->wakes_left && sim_one_in(g, 8)) {
		g->wakes_left--;
		worker_wake(g);
	}
}

/* While it sleeps, nobody wakes the worker any more but its own timer. */
static void settle(struct guest *g)
{
	unsigned int wakeups, most = 200 + 2 * sim_nr_units(g);

	for (wakeups = 0; wakeups < most; wakeups++) {
		u64 ms = worker_pass(g, same_target_again);

		if (worker_rests(g, ms))
			return;
		g->now += ms;
	}
	sim_fail(g, "it does not come to rest");
}

/* Does hot-added memory hold what cannot be moved? */
static bool is_tied(const struct guest *g)
{
	unsigned int unit = g->shape.boot_blocks * g->shape.block_units;
	u64 end = sim_nr_units(g) * HB_UNIT_PAGES;
	bool tied = find_next_bit(g->unmapped, end, unit * HB_UNIT_PAGES) < end;

	for (; unit < sim_nr_units(g); unit++)
		tied |= g->units[unit].kernel;
	return tied;
}

/* What is left to mend could not be evacuated when it was tried. */
static void check_all_mended(struct guest *g)
{
	unsigned int unit, i, per = g->shape.block_units;

	if (!g->translated || !g->core.ledger.settled || !g->grew ||
	    sim_free_pages(g, true) <
	    hb_floor_reserve(sim_managed(g)) + HB_UNIT_PAGES)
		return;
	for (unit = 0; unit < sim_nr_units(g); unit++) {
		const struct hb_block *block = g->slots[unit / per];

		i = unit % per;
		if (block && block->state == HB_BLOCK_ONLINE &&
		    !block->unit_held[i] && test_bit(i, block->unit_broken))
			sim_require(g, g->units[unit].refused);
	}
}

static void check_arrived(struct guest *g)
{
	unsigned int steps = g->steps;

	check_content(g);
	check_all_mended(g);
	sim_require(g, !g->core.map.empty_online ||
		       hb_guest_wanted(&g->core) < hb_guest_target(&g->core) ||
		       g->core.rescue.headroom);
	sim_require(g, !g->translated || !g->core.map.empty_offline);
	if (is_tied(g))
		return;
	sim_require(g, g->core.map.boot_held < HB_UNIT_PAGES || !g->core.map.added_plugged);
	sim_require(g, g->core.map.added_plugged % HB_UNIT_PAGES == 0 ||
		       g->core.map.boot_held < g->core.map.added_plugged % HB_UNIT_PAGES);
	/* A target written once more changes nothing. */
	worker_wake(g);
	sim_require(g, worker_rests(g, worker_pass(g, NULL)));
	sim_require(g, g->steps == steps);
}

/* ---- schedules */

static const struct sim_shape small = { 8, 4, 12 };
static const struct sim_shape usual = { 64, 2, 6 };	/* 128 MiB a block */
static const struct sim_shape large = { 1024, 1, 3 };	/* 2 GiB a block */

static const struct sim_shape *shape_of(uint64_t seed)
{
	if (seed % 512 == 7)
		return &large;
	return seed % 64 == 3 ? &usual : &small;
}

static void one_round(struct guest *g)
{
	u64 ms;

	g->fault_percent = random_below(&g->seed, 4) * 8;
	something(g);
	ms = worker_pass(g, perhaps_something);
	/* It sleeps until its timer, or until somebody wakes it. */
	g->now += ms == HB_REST_FOREVER ? random_below(&g->seed, 60000) :
					  random_below(&g->seed, ms + 1) + 1;
}

static unsigned int one_schedule(uint64_t seed)
{
	const struct sim_shape *shape = shape_of(seed);
	struct guest *g = sim_boot(seed, shape, seed % 8 == 5);
	unsigned int rounds, steps;

	check_guest(g);
	g->meanwhile = seed % 2 ? out_of_memory : NULL;
	for (rounds = 0; g->steps < MIN_STEPS && rounds < MAX_ROUNDS; rounds++)
		one_round(g);
	guest_is_well(g);
	last_target(g);
	/* The host may get well before or after that, and tells nobody. */
	g->wakes_left = 4;
	if (sim_one_in(g, 2))
		worker_pass(g, same_target_again);
	host_is_well(g);
	g->grew = false;
	settle(g);
	check_arrived(g);
	steps = g->steps;
	sim_halt(g);
	return steps;
}

static void test_random_schedules(void **state)
{
	const char *many = getenv("HB_SCHEDULES");
	uint64_t seed = random_seed("schedules");
	unsigned long n = many ? strtoul(many, NULL, 0) : 100, i;
	unsigned long steps = 0, least = ULONG_MAX;

	(void)state;
	for (i = 0; i < n; i++) {
		unsigned int one = one_schedule(seed + i);

		steps += one;
		least = one < least ? one : least;
	}
	print_message("%lu schedules, %lu steps, at least %lu each\n", n, steps,
		      least);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_schedules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
