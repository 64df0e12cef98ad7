// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest that sizes itself: what it follows, and what an hour of it costs its programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "core/autoballoon.h"
#include "core/rescue.h"
#include "core/reserve.h"

#include "guest_sim.h"

#define MIB 1024ULL
#define S 1000ULL

/* 1 GiB in blocks of 128 MiB, and as much may be added. */
static const struct sim_shape shape = { 64, 8, 16 };

static u64 size_kib(const struct guest *g)
{
	return sim_populated(g) * HB_PAGE_KIB;
}

/* ---- a look, and what is followed */

/* Its kernel says that so much is used, and so much free; the rest is cache. */
static struct hb_stats says(const struct guest *g, u64 used, u64 free)
{
	struct hb_stats stats = { 0 };

	hb_stats_put(&stats, HB_STAT_TOTAL, size_kib(g));
	hb_stats_put(&stats, HB_STAT_FREE, free);
	hb_stats_put(&stats, HB_STAT_AVAILABLE, size_kib(g) - used);
	hb_stats_put(&stats, HB_STAT_REFAULTS_ANON, 0);
	hb_stats_put(&stats, HB_STAT_REFAULTS_FILE, 0);
	return stats;
}

static bool look(struct guest *g, u64 used, u64 free, u64 now_ms)
{
	const struct hb_stats stats = says(g, used, free);
	const struct hb_commit commit = sim_commit(g);
	bool other = hb_autoballoon_look(&g->core, &stats, &commit, now_ms);

	if (other)
		worker_wake(g);
	worker_settle(g);
	check_guest(g);
	return other;
}

static struct guest *boot(bool translated)
{
	struct guest *g = sim_boot_plain(&shape, translated);

	hb_target_set(&g->core.target, sim_populated(g));
	worker_wake(g);
	worker_settle(g);
	return g;
}

static void test_gives_and_takes(void **state)
{
	unsigned int pv;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		struct guest *g = boot(!pv);
		u64 target = size_kib(g), own, now;

		/* What was never used goes at once, but a reserve: and nothing of its cache. */
		assert_true(look(g, 100 * MIB, 600 * MIB, S));
		own = size_kib(g);
		assert_in_range(own, target - 600 * MIB, target - 500 * MIB);
		assert_int_equal(g->report.goal_kib, target);
		assert_int_equal(g->report.spared_kib, target - own);
		assert_int_equal(g->report.state, HB_STATE_IDLE);
		assert_int_equal(g->report.cause, HB_CAUSE_NONE);
		/* A little more or less is not worth it. */
		assert_false(look(g, 100 * MIB, 40 * MIB, 2 * S));
		/* What it uses it has, and a margin, */
		assert_true(look(g, own - 20 * MIB, 20 * MIB, 3 * S));
		assert_true(size_kib(g) > own + 40 * MIB);
		/* but not for each MiB, */
		assert_false(look(g, own - 17 * MIB, 20 * MIB, 3 * S + 500));
		/* and never more than the host allows. */
		for (now = 4 * S; size_kib(g) < target; now += S)
			assert_true(look(g, size_kib(g), 0, now));
		assert_int_equal(size_kib(g), target);
		assert_int_equal(g->report.spared_kib, 0);
		assert_false(look(g, target, 0, now));
		sim_halt(g);
	}
}

static void test_host_has_the_last_word(void **state)
{
	struct guest *g = boot(true);
	u64 target = sim_populated(g), own;

	(void)state;
	look(g, 100 * MIB, 600 * MIB, S);
	own = sim_populated(g);
	/* A larger one makes it no larger: it needs no more. */
	hb_target_set(&g->core.target, target + 100 * HB_MIB_PAGES);
	worker_wake(g);
	worker_settle(g);
	assert_int_equal(sim_populated(g), own);
	assert_int_equal(g->report.goal_kib, (target + 100 * HB_MIB_PAGES) * HB_PAGE_KIB);
	/* A smaller one is followed. */
	hb_target_set(&g->core.target, own - 50 * HB_MIB_PAGES);
	worker_wake(g);
	worker_settle(g);
	assert_int_equal(sim_populated(g), own - 50 * HB_MIB_PAGES);
	assert_int_equal(g->report.spared_kib, 0);
	/* Switched off, it has what the host says. */
	hb_target_set(&g->core.target, target);
	worker_wake(g);
	worker_settle(g);
	assert_int_equal(sim_populated(g), own);
	assert_true(hb_autoballoon_end(&g->core));
	assert_false(hb_autoballoon_end(&g->core));
	worker_wake(g);
	worker_settle(g);
	assert_int_equal(sim_populated(g), target);
	/* And what it knew of itself is forgotten. */
	assert_false(look(g, 900 * MIB, 10 * MIB, 100 * S));
	assert_int_equal(sim_populated(g), target);
	sim_halt(g);
}

/* It knows nothing of itself, or the host has said nothing. */
static void test_nothing_to_choose(void **state)
{
	struct guest *g = boot(true);
	const struct hb_stats nothing = { 0 };
	const struct hb_commit anything = { 0 };
	u64 size = sim_populated(g);

	(void)state;
	assert_false(hb_autoballoon_look(&g->core, &nothing, &anything, S));
	assert_false(hb_autoballoon_look(&g->core, &nothing, &anything, 2 * S));
	assert_int_equal(hb_guest_goal(&g->core), size);
	g->core.target.valid = false;
	assert_false(look(g, 100 * MIB, 600 * MIB, 3 * S));
	assert_int_equal(sim_populated(g), size);
	sim_halt(g);
}

/* In need it takes what it left at once, without a grant, and keeps it. */
static void test_need(void **state)
{
	struct guest *g = boot(true);
	u64 target = sim_populated(g), own;

	(void)state;
	/* What it could take above its target it has had, and given away. */
	target -= 32 * HB_MIB_PAGES;
	hb_target_set(&g->core.target, target);
	look(g, 100 * MIB, 600 * MIB, S);
	own = sim_populated(g);
	assert_int_equal(hb_rescue_take(&g->core, 32 * HB_MIB_PAGES), 32 * HB_MIB_PAGES);
	worker_wake(g);
	worker_settle(g);
	assert_int_equal(sim_populated(g), own + 32 * HB_MIB_PAGES);
	assert_int_equal(g->report.rescued_kib, 0);
	/* Nor does it do with less later, before it has looked. */
	assert_false(hb_rescue_end(&g->core, g->core.rescue.total));
	/* Beyond the target it is what the host has granted. */
	g->core.rescue.headroom = 8 * HB_MIB_PAGES;
	while (hb_rescue_take(&g->core, HB_RESCUE_MOST))
		;
	assert_int_equal(sim_populated(g), target + 8 * HB_MIB_PAGES);
	worker_wake(g);
	worker_settle(g);
	assert_int_equal(g->report.rescued_kib, 8 * MIB);
	assert_int_equal(g->report.spared_kib, 0);
	check_guest(g);
	sim_halt(g);
}

/* What it took it has, whatever it says of itself, until the need is over. */
static void test_need_lasts(void **state)
{
	struct guest *g = boot(true);
	u64 target = sim_populated(g), own;

	(void)state;
	look(g, 100 * MIB, 600 * MIB, S);
	own = sim_populated(g);
	assert_int_equal(hb_rescue_take(&g->core, 64 * HB_MIB_PAGES), 64 * HB_MIB_PAGES);
	/* Somebody was killed all the same, and what he had is free. */
	assert_false(look(g, 100 * MIB, size_kib(g) - 200 * MIB, 2 * S));
	assert_int_equal(sim_populated(g), own + 64 * HB_MIB_PAGES);
	assert_int_equal(g->report.spared_kib, (target - sim_populated(g)) * HB_PAGE_KIB);
	assert_int_equal(g->report.rescued_kib, 0);
	/* It is in need again. */
	assert_false(hb_rescue_end(&g->core, g->core.rescue.total - 1));
	assert_int_equal(hb_guest_goal(&g->core), own + 64 * HB_MIB_PAGES);
	hb_rescue_end(&g->core, g->core.rescue.total);
	worker_wake(g);
	worker_settle(g);
	look(g, 100 * MIB, size_kib(g) - 200 * MIB, 20 * S);
	assert_true(sim_populated(g) < own);
	/* The host's word ends it as well. */
	own = sim_populated(g);
	assert_int_equal(hb_rescue_take(&g->core, 64 * HB_MIB_PAGES), 64 * HB_MIB_PAGES);
	hb_target_set(&g->core.target, target - 1);
	look(g, 100 * MIB, size_kib(g) - 200 * MIB, 30 * S);
	assert_true(sim_populated(g) <= own);
	sim_halt(g);
}

/* What it left of hot-added memory is there in need, too. */
static void test_need_of_added(void **state)
{
	unsigned int pv;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		struct guest *g = boot(!pv);
		u64 target = 12 * sim_block_pages(g), end;

		hb_target_set(&g->core.target, target);
		worker_wake(g);
		worker_settle(g);
		look(g, 100 * MIB, 1100 * MIB, S);
		assert_true(sim_populated(g) < 8 * sim_block_pages(g));
		for (end = g->now + 60000; g->now < end; g->now += 1000)
			worker_pass(g, NULL);
		while (hb_rescue_take(&g->core, HB_RESCUE_MOST))
			;
		assert_int_equal(sim_populated(g), target);
		check_guest(g);
		/* What it may not have any more costs it nothing. */
		hb_target_set(&g->core.target, 8 * sim_block_pages(g));
		worker_wake(g);
		worker_settle(g);
		assert_int_equal(g->core.map.empty_online, 0);
		sim_halt(g);
	}
}

/* ---- a kernel that promises no more than it has */

/* Half of what it has, and 150 MiB are promised. */
static struct guest *promising(bool translated)
{
	struct guest *g = boot(translated);

	g->commit = (struct hb_commit){
		.strict = true,
		.percent = 50,
		.committed = 150 * HB_MIB_PAGES,
	};
	return g;
}

/* Looks of a second each, with 100 MiB in use: it is where it shall be after each. */
static void look_on(struct guest *g, u64 *second, unsigned int seconds)
{
	while (seconds--) {
		look(g, 100 * MIB, size_kib(g) - 200 * MIB, ++*second * S);
		assert_int_equal(g->report.state, HB_STATE_IDLE);
		assert_int_equal(g->report.cause, HB_CAUSE_NONE);
	}
}

/* Can so much more be promised?  Then it is. */
static bool promise(struct guest *g, u64 pages)
{
	const struct hb_commit commit = sim_commit(g);

	if (commit.committed + pages > commit.limit)
		return false;
	g->commit.committed += pages;
	return true;
}

/* Where the reserve is left of its promises, a little more for whole units. */
static void assert_at_promises(const struct guest *g)
{
	const struct hb_commit commit = sim_commit(g);
	u64 spare = commit.limit - commit.committed;
	u64 reserve = hb_reserve_of(sim_managed(g), HB_MIB_PAGES);

	assert_in_range(spare, reserve - 4 * HB_MIB_PAGES, reserve + 4 * HB_MIB_PAGES);
}

/* It leaves what is promised, and programs that ask step by step get what the target has. */
static void test_promises(void **state)
{
	unsigned int pv, i;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		struct guest *g = promising(!pv);
		u64 target = size_kib(g), second = 0, least;

		look_on(g, &second, 10);
		assert_at_promises(g);
		least = size_kib(g);
		for (i = 0; i < 60; i++) {
			assert_true(promise(g, 2 * HB_MIB_PAGES));
			look_on(g, &second, 1);
		}
		assert_at_promises(g);
		assert_true(promise(g, 16 * HB_MIB_PAGES));
		look_on(g, &second, 1);
		assert_at_promises(g);
		/* More than that it does not keep for them, */
		g->commit.committed = 150 * HB_MIB_PAGES;
		look_on(g, &second, 60);
		assert_in_range(size_kib(g), least - 4 * MIB, least + 4 * MIB);
		/* nor has it more than it may. */
		g->commit.committed = 700 * HB_MIB_PAGES;
		look_on(g, &second, 10);
		assert_int_equal(size_kib(g), target);
		sim_halt(g);
	}
}

/* Something is promised while it goes down: that little must not go, where it would wait for it. */
static void test_promises_on_the_way(void **state)
{
	struct guest *g = promising(true);
	struct hb_commit commit;
	struct hb_stats stats;
	u64 second = 0;

	(void)state;
	look_on(g, &second, 10);
	g->core.target.own -= HB_UNIT_PAGES;
	commit = sim_commit(g);
	commit.committed = commit.limit - hb_reserve_of(sim_managed(g), HB_MIB_PAGES);
	stats = says(g, 100 * MIB, size_kib(g) - 200 * MIB);
	assert_true(hb_autoballoon_look(&g->core, &stats, &commit, 11 * S));
	assert_int_equal(hb_guest_goal(&g->core), sim_populated(g));
	sim_halt(g);
}

/* A limit that is a number, or none: its size has nothing to do with it. */
static void test_promises_of_others(void **state)
{
	unsigned int i;
	u64 sizes[3];

	(void)state;
	for (i = 0; i < 3; i++) {
		struct guest *g = promising(true);
		u64 second = 0;

		if (i == 0)
			g->commit.strict = false;
		else if (i == 1)
			g->commit = (struct hb_commit){ .strict = true,
							.limit = 160 * HB_MIB_PAGES,
							.committed = 150 * HB_MIB_PAGES };
		look_on(g, &second, 10);
		sizes[i] = size_kib(g);
		sim_halt(g);
	}
	assert_int_equal(sizes[0], sizes[1]);
	assert_true(sizes[2] > sizes[0] + 32 * MIB);
}

static unsigned int passes;	/* of the worker, in what follows */

/* A quarter of an hour of the worker, which sleeps for as long as it says.  Return: until when. */
static u64 sleep_and_work(struct guest *g, u64 until)
{
	u64 end = g->now + 900000, ms;

	while (until < end) {
		passes++;
		g->now = until;
		ms = worker_pass(g, NULL);
		until = ms == HB_REST_FOREVER ? HB_REST_FOREVER : g->now + ms;
	}
	g->now = end;
	return until;
}

static u64 grant(struct guest *g, u64 pages)
{
	g->core.rescue.headroom = pages;
	worker_wake(g);
	return sleep_and_work(g, g->now);
}

/* Any grant makes no more blocks than the guest has. */
static void test_huge_grant(void **state)
{
	static const struct sim_shape little = { 64, 2, 16 };
	struct guest *g = sim_boot_plain(&little, true);

	(void)state;
	hb_target_set(&g->core.target, sim_populated(g));
	grant(g, U64_MAX / 2 / HB_PAGE_KIB);
	assert_in_range(g->core.added_blocks, 1, 2);
	sim_halt(g);
}

enum lack { OF_HOST, OF_GUEST, OF_LIMIT, LACKS };

/* A guest with a grant that no block can be made for. */
static struct guest *without_room(enum lack of, u64 *until)
{
	struct guest *g = boot(true);

	hb_target_set(&g->core.target, sim_populated(g));
	if (of == OF_HOST)
		g->host_free = 0;
	else if (of == OF_GUEST)
		sim_use_data(g, sim_managed(g), false);
	else
		g->xen_limit = g->xen_pages + HB_MIB_PAGES;
	passes = 0;
	*until = grant(g, 16 * HB_MIB_PAGES);
	assert_int_equal(g->core.added_blocks, 0);
	/* It is where it shall be. */
	assert_int_equal(g->report.cause, HB_CAUSE_NONE);
	assert_int_equal(g->report.state, HB_STATE_IDLE);
	return g;
}

static void make_room(struct guest *g)
{
	g->host_free = 1ULL << 30;
	g->xen_limit = U64_MAX;
	sim_drop_data(g, sim_managed(g));
}

/* Nobody says when there is room for the block at last, and an idle guest is seldom woken. */
static void test_grant_without_room(void **state)
{
	enum lack of;
	u64 until;

	(void)state;
	for (of = 0; of < LACKS; of++) {
		struct guest *g = without_room(of, &until);
		unsigned int i;

		for (i = 1; i < 4; i++)
			until = sleep_and_work(g, until);
		assert_in_range(passes, 5, 12);
		for (i = 0; i < 4; i++)
			until = sleep_and_work(g, until);
		assert_in_range(passes, 5, 16);
		make_room(g);
		for (i = 0; i < 3; i++)
			until = sleep_and_work(g, until);
		assert_int_equal(g->core.added_blocks, 1);
		assert_int_equal(until, HB_REST_FOREVER);
		check_guest(g);
		sim_halt(g);
	}
}

/* Whoever makes room mostly says something, too. */
static void test_grant_with_news(void **state)
{
	enum lack of;
	u64 until;

	(void)state;
	for (of = 0; of < LACKS; of++) {
		struct guest *g = without_room(of, &until);

		sleep_and_work(g, until);
		make_room(g);
		worker_wake(g);
		worker_pass(g, NULL);
		assert_int_equal(g->core.added_blocks, 1);
		sim_halt(g);
	}
}

/* What it left of its target is taken first: a grant is for what is above. */
static void test_grant_above_own(void **state)
{
	unsigned int pv;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		struct guest *g = boot(!pv);
		u64 target = sim_populated(g);

		hb_target_set(&g->core.target, target);
		worker_wake(g);
		worker_settle(g);
		look(g, 100 * MIB, 400 * MIB, S);
		assert_true(sim_populated(g) < target);
		grant(g, 16 * HB_MIB_PAGES);
		while (hb_rescue_take(&g->core, HB_RESCUE_MOST))
			;
		assert_int_equal(sim_populated(g), target + 16 * HB_MIB_PAGES);
		check_guest(g);
		sim_halt(g);
	}
}

/* A grant is of use to a guest that was never shrunk, too; taken back, it costs nothing. */
static void test_grant_of_whole(void **state)
{
	unsigned int pv, taken, added;

	(void)state;
	for (pv = 0; pv < 2; pv++) {
		struct guest *g = boot(!pv);
		u64 size = sim_populated(g);

		for (taken = 0; taken < 2; taken++) {
			grant(g, 200 * HB_MIB_PAGES);
			assert_int_equal(sim_populated(g), size);
			assert_int_equal(g->core.map.usable_empty_units, 128);
			assert_int_equal(g->core.map.movable_blocks, 0);
			added = g->core.added_blocks;
			while (taken && hb_rescue_take(&g->core, HB_RESCUE_MOST))
				;
			worker_wake(g);
			sleep_and_work(g, g->now);
			assert_int_equal(sim_populated(g), size + taken * 200 * HB_MIB_PAGES);
			/* What was taken needs no second place. */
			assert_int_equal(g->core.added_blocks, added);
			check_guest(g);
			hb_rescue_end(&g->core, g->core.rescue.total);
			grant(g, 0);
			assert_int_equal(sim_populated(g), size);
			assert_int_equal(g->core.map.empty_online, 0);
		}
		sim_halt(g);
	}
}

/* What is left of a grant has its place where the rest of it was taken. */
static void test_grant_partly_taken(void **state)
{
	struct guest *g = boot(true);
	u64 size = sim_populated(g);

	(void)state;
	grant(g, 100 * HB_MIB_PAGES);
	assert_int_equal(g->core.added_blocks, 1);
	assert_int_equal(hb_rescue_take(&g->core, HB_RESCUE_MOST), HB_RESCUE_MOST);
	worker_wake(g);
	sleep_and_work(g, g->now);
	assert_int_equal(sim_populated(g), size + HB_RESCUE_MOST);
	assert_int_equal(g->core.added_blocks, 1);
	check_guest(g);
	sim_halt(g);
}

/* ---- an hour of it */

/*
 * Programs: so much memory of their own, and a set of files of which they read at random,
 * every page equally often; and files that are read once.
 */
struct load {
	const char *name;
	u64 (*own_kib)(u64 second);
	u64 files_kib, reads_kib_s;	/* of the set */
	u64 stream_kib_s;		/* read once */
	u64 spares_kib;			/* of 1 GiB, at least, on average */
	/*
	 * Read again at most, in all and after a quarter of an hour, beside a tenth more than when
	 * it is not shrunk.  Where all that is read fits into memory that is nothing, and it has
	 * to be found out what is needed: that costs something once.
	 */
	u64 again_kib, later_kib;
};

struct world {
	struct guest *g;
	const struct load *load;
	u64 overhead;		/* KiB that its kernel has for itself */
	u64 cache;		/* KiB that are filled */
	u64 from_disk;		/* KiB read in all, */
	u64 again;		/* and of that, what had been in memory before, */
	u64 later;		/* of that, after a quarter of an hour */
	u64 short_of;		/* ticks with less than programs need */
	u64 calm;		/* ticks in a row without distress */
	u64 spared;		/* KiB times seconds */
};

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

static u64 beyond(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/* What it has beside what is used, less the little that is always free. */
static u64 room(const struct world *w, u64 used)
{
	return beyond(size_kib(w->g), w->overhead + used + size_kib(w->g) / 64);
}

/* A tenth of a second. */
static void read_files(struct world *w, u64 used)
{
	const struct load *load = w->load;
	u64 resident, missed, most = room(w, used);

	w->cache = least(w->cache, most);
	resident = least(w->cache, load->files_kib);
	missed = load->files_kib ?
		load->reads_kib_s / 10 * (load->files_kib - resident) / load->files_kib : 0;
	/* The cache of the first minute was never in memory before. */
	if (w->from_disk >= load->files_kib)
		w->again += missed;
	w->from_disk += missed + load->stream_kib_s / 10;
	w->cache = least(w->cache + missed + load->stream_kib_s / 10, most);
}

/* core/distress.h looks ten times a second, and takes what is lacking; drivers/rescue.c ends it. */
static void feel(struct world *w, u64 used)
{
	u64 available = beyond(size_kib(w->g), w->overhead + used);
	u64 reserve = hb_reserve_of(size_kib(w->g), MIB);

	w->short_of += !available;
	if (available < reserve / 2 &&
	    hb_rescue_take(&w->g->core, (reserve - available) / HB_PAGE_KIB))
		worker_wake(w->g);
	w->calm = available < reserve / 8 * 5 ? 0 : w->calm + 1;
	if (w->calm == HB_RESCUE_CALM_MS / 100 &&
	    hb_rescue_end(&w->g->core, w->g->core.rescue.total))
		worker_wake(w->g);
}

static void look_at(struct world *w, u64 used, u64 now_ms)
{
	const struct hb_commit commit = sim_commit(w->g);
	struct hb_stats stats = { 0 };
	u64 total = size_kib(w->g) - w->overhead;

	hb_stats_put(&stats, HB_STAT_TOTAL, total);
	hb_stats_put(&stats, HB_STAT_FREE, beyond(total, used + w->cache));
	hb_stats_put(&stats, HB_STAT_AVAILABLE, beyond(total, used));
	hb_stats_put(&stats, HB_STAT_REFAULTS_ANON, 0);
	hb_stats_put(&stats, HB_STAT_REFAULTS_FILE, w->again);
	if (hb_autoballoon_look(&w->g->core, &stats, &commit, now_ms))
		worker_wake(w->g);
	worker_settle(w->g);
}

static struct world an_hour(const struct load *load, bool by_itself)
{
	struct world w = { .g = boot(true), .load = load, .overhead = 48 * MIB };
	u64 second, tick, before = 0, after, used, first = 0;

	for (second = 1; second <= 3600; second++) {
		after = load->own_kib(second);
		for (tick = 1; tick <= 10; tick++) {
			used = before + (after > before ? (after - before) * tick / 10 : 0);
			feel(&w, used);
			read_files(&w, used);
		}
		before = after;
		if (by_itself)
			look_at(&w, after, second * S);
		w.spared += w.g->core.target.pages * HB_PAGE_KIB - size_kib(w.g);
		if (second == 900)
			first = w.again;
	}
	w.later = w.again - first;
	check_guest(w.g);
	sim_halt(w.g);
	return w;
}

static u64 steady(u64 second)
{
	return least(second * 10, 250) * MIB;
}

static u64 little(u64 second)
{
	return least(second * 10, 100) * MIB;
}

/* 300 MiB more within three seconds, for a minute, each five minutes. */
static u64 bursty(u64 second)
{
	u64 since = second % 300;

	return 150 * MIB + (since < 60 ? least(since * 100, 300) * MIB : 0);
}

/*
 * core/estimate.c takes it for no loss if a 500th of the guest comes back a minute: so much of
 * this one may in three quarters of an hour.
 */
#define NO_LOSS(size_kib) ((size_kib) / 500 * 45)

static const struct load loads[] = {
	/* What was never used goes while files are read first: half of them twice. */
	{ "steady", steady, 100 * MIB, 4 * MIB, 64, 500 * MIB, 50 * MIB, NO_LOSS(420 * MIB) },
	/* The same, and all of them. */
	{ "cache-heavy", little, 600 * MIB, 40 * MIB, 256, 150 * MIB, 600 * MIB,
	  NO_LOSS(820 * MIB) },
	{ "more files than memory", little, 1200 * MIB, 40 * MIB, 256, 0, 0, 0 },
	/* Each of twelve bursts takes a part of them, before it is made up for: 75 MiB of 200. */
	{ "bursty", bursty, 200 * MIB, 10 * MIB, 64, 300 * MIB, 12 * 75 * MIB, 9 * 75 * MIB },
};

static void test_an_hour(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		struct world left = an_hour(&loads[i], false), own = an_hour(&loads[i], true);

		u64 reads = loads[i].reads_kib_s * 3600;

		print_message("%s: of %llu MiB %llu were read again from the disk, %llu of that late, unshrunk %llu and %llu; gave back %llu MiB of 1024 on average\n",
			      loads[i].name, reads / MIB, own.again / MIB, own.later / MIB,
			      left.again / MIB, left.later / MIB, own.spared / 3600 / MIB);
		assert_int_equal(own.short_of, 0);
		assert_true(own.again <= left.again + left.again / 10 + loads[i].again_kib);
		assert_true(own.later <= left.later + left.later / 10 + loads[i].later_kib);
		assert_true(own.spared / 3600 >= loads[i].spares_kib);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gives_and_takes),
		cmocka_unit_test(test_host_has_the_last_word),
		cmocka_unit_test(test_nothing_to_choose),
		cmocka_unit_test(test_need),
		cmocka_unit_test(test_need_lasts),
		cmocka_unit_test(test_need_of_added),
		cmocka_unit_test(test_promises),
		cmocka_unit_test(test_promises_on_the_way),
		cmocka_unit_test(test_promises_of_others),
		cmocka_unit_test(test_huge_grant),
		cmocka_unit_test(test_grant_without_room),
		cmocka_unit_test(test_grant_with_news),
		cmocka_unit_test(test_grant_above_own),
		cmocka_unit_test(test_grant_of_whole),
		cmocka_unit_test(test_grant_partly_taken),
		cmocka_unit_test(test_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
