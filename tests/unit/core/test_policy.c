// SPDX-License-Identifier: GPL-2.0-or-later
/* Ledger, floor, zones and back-off: tables and properties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/backoff.h"
#include "core/floor.h"
#include "core/ledger.h"
#include "core/stuck.h"
#include "core/zone.h"

#include "random.h"

/* PVH, 256 MiB: Xen counts 16 special pages more than the guest's RAM. */
static void test_ledger_gap(void **state)
{
	struct hb_ledger ledger = { .capacity = 65536 };

	(void)state;
	assert_int_equal(hb_ledger_compare(&ledger, 65536, 65552, true), HB_LEDGER_TRUE);
	assert_int_equal(ledger.gap, 16);
	assert_int_equal(hb_ledger_compare(&ledger, 65024, 65040, false), HB_LEDGER_TRUE);
	/* Someone took a page behind our back: said once, and again when over. */
	assert_int_equal(hb_ledger_compare(&ledger, 65024, 65039, true), HB_LEDGER_DRIFTED);
	assert_int_equal(ledger.drift, -1);
	assert_int_equal(hb_ledger_compare(&ledger, 65024, 65039, true), HB_LEDGER_DRIFTING);
	assert_int_equal(hb_ledger_compare(&ledger, 65024, 65040, true), HB_LEDGER_TRUE);
	assert_int_equal(ledger.drift, 0);
}

/* 256 of 1024 MiB, populate-on-demand: no gap before the rest was given back. */
static void test_ledger_populate_on_demand(void **state)
{
	struct hb_ledger ledger = { .capacity = 262144 };

	(void)state;
	assert_int_equal(hb_ledger_compare(&ledger, 262144, 65552, false), HB_LEDGER_UNSETTLED);
	assert_int_equal(hb_ledger_compare(&ledger, 162144, 65552, false), HB_LEDGER_UNSETTLED);
	/* eight pages to go: still not comparable */
	assert_int_equal(hb_ledger_compare(&ledger, 65544, 65552, false), HB_LEDGER_UNSETTLED);
	assert_false(ledger.settled);
	assert_int_equal(hb_ledger_compare(&ledger, 65536, 65552, true), HB_LEDGER_TRUE);
	assert_int_equal(ledger.gap, 16);
}

/* Another host has another gap; what was measured before does not count there. */
static void test_ledger_moved(void **state)
{
	struct hb_ledger ledger = { .capacity = 65536 };

	(void)state;
	hb_ledger_compare(&ledger, 65536, 65552, true);
	assert_int_equal(hb_ledger_compare(&ledger, 65536, 65550, true), HB_LEDGER_DRIFTED);
	hb_ledger_measure(&ledger, 65536, 65550);
	assert_int_equal(ledger.gap, 14);
	assert_int_equal(hb_ledger_compare(&ledger, 65000, 65014, true), HB_LEDGER_TRUE);
	assert_int_equal(ledger.drift, 0);
}

/* One node with so much of all, and of what the kernel itself can use. */
static struct hb_floor one_node(u64 managed, u64 available, u64 kernel)
{
	struct hb_pressure pressure = { .nr = 1 };

	pressure.of[0].in = (struct hb_floor_input){ managed, available, kernel };
	return hb_floor_compute(&pressure);
}

static u64 mib(u64 n) { return n * HB_MIB_PAGES; }

static void test_floor_table(void **state)
{
	static const struct {
		u64 managed, available, kernel, added, boot;
	} rows[] = {
		/* MiB: 512 with 300 in use; reserve 48 */
		{ 512, 200, 200, 152, 152 },
		{ 512, 48, 48, 0, 0 },
		{ 512, 10, 10, 0, 0 },
		/* all that is free is movable: boot memory must stay */
		{ 1024, 700, 40, 620, 0 },
		{ 1024, 700, 90, 620, 50 },
		/* the reserve ends at 256 */
		{ 65536, 1000, 1000, 744, 744 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_floor floor = one_node(mib(rows[i].managed),
						 mib(rows[i].available),
						 mib(rows[i].kernel));

		assert_int_equal(floor.take_added, mib(rows[i].added));
		assert_int_equal(floor.take_boot, mib(rows[i].boot));
	}
}

/*
 * Hyper-V's compute_balloon_floor() (drivers/hv/hv_balloon.c: floor-hv-01 ... floor-hv-05) and
 * xenballoond's minmb() (floor-xb-01 ... floor-xb-05) have a smallest size that follows from the
 * guest's largest alone.  Ours differs on purpose: it follows from what is in use.  At their
 * size a guest that uses less than would leave the reserve goes on, and one that uses more has
 * stopped before: theirs would have taken what it lives on.
 */
static void test_floor_published(void **state)
{
	static const struct {
		u64 largest, smallest;	/* MiB */
	} rows[] = {
		{ 128, 72 }, { 512, 168 }, { 2048, 360 }, { 8192, 744 }, { 32768, 1512 },
		{ 64, 40 }, { 256, 104 }, { 1024, 232 }, { 4096, 424 }, { 16384, 808 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		u64 size = mib(rows[i].smallest), reserve = mib(16) + size / 16;

		assert_true(rows[i].smallest < rows[i].largest);
		assert_int_equal(one_node(size, reserve + mib(1), reserve).take_boot, mib(1));
		assert_int_equal(one_node(size, reserve, reserve).take_boot, 0);
		assert_int_equal(one_node(size, reserve - mib(1), reserve).take_boot, 0);
		/* And all of a larger one that it does not use. */
		assert_true(one_node(mib(rows[i].largest), mib(rows[i].largest) - size + reserve,
				     mib(rows[i].largest)).take_boot >=
			    mib(rows[i].largest - rows[i].smallest) * 15 / 16);
	}
}

/* MiB: of what is to be written or being written, what was cache of files. */
static void test_floor_unwritten(void **state)
{
	static const struct {
		u64 dirty, writing, swapcache, pending, cache, unwritten;
	} rows[] = {
		{ 0, 0, 0, 0, 50, 0 },
		{ 40, 0, 0, 40, 50, 40 },		/* dirty files */
		{ 40, 0, 30, 40, 50, 40 },		/* and memory that was swapped once */
		{ 0, 16, 16, 16, 50, 0 },		/* to swap */
		{ 0, 16, 100, 16, 50, 0 },		/* the same, and more is there already */
		{ 30, 26, 16, 56, 50, 40 },		/* both */
		{ 30, 26, 16, 28, 50, 20 },		/* a zone with half of it */
		{ 30, 26, 16, 0, 50, 0 },		/* one with nothing of it */
		{ 60, 10, 0, 70, 75, 70 },		/* a disk that hangs */
		{ 60, 18, 8, 78, 75, 70 },		/* the swap is on it, too */
		{ 0, 70, 0, 70, 75, 70 },		/* all of it is on its way there */
		{ 60, 10, 0, 70, 40, 40 },		/* no more than was counted, */
		{ 60, 10, 0, 70, 0, 0 },		/* which may be nothing */
		{ 0, 0, 0, 1, 50, 0 },			/* counters lag behind each other */
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct hb_writes writes = {
			.dirty = rows[i].dirty * HB_MIB_PAGES,
			.writing = rows[i].writing * HB_MIB_PAGES,
			.swapcache = rows[i].swapcache * HB_MIB_PAGES,
		};

		assert_int_equal(hb_floor_unwritten(&writes, rows[i].pending * HB_MIB_PAGES,
						    rows[i].cache * HB_MIB_PAGES),
				 rows[i].unwritten * HB_MIB_PAGES);
	}
}

/* As the kernel counts it: half of a little, and all but the low watermark of much. */
static void test_floor_cache(void **state)
{
	(void)state;
	assert_int_equal(hb_floor_cache(0, 100), 0);
	assert_int_equal(hb_floor_cache(100, 0), 100);
	assert_int_equal(hb_floor_cache(100, 30), 70);
	assert_int_equal(hb_floor_cache(100, 80), 50);
	assert_int_equal(hb_floor_cache(101, 80), 51);
}

/* 512 MiB have a reserve of 48, of which 24 are for the kernel. */
static void test_floor_margin(void **state)
{
	static const struct {
		u64 available, kernel;
		int margin;
	} rows[] = {
		{ 60, 60, 12 }, { 48, 48, 0 }, { 40, 40, -8 }, { 60, 30, 6 }, { 60, 20, -4 },
		{ 0, 0, -48 },
	};
	struct hb_pressure both = { .nr = 2 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_pressure pressure = { .nr = 1 };

		pressure.of[0].in = (struct hb_floor_input){
			mib(512), mib(rows[i].available), mib(rows[i].kernel) };
		assert_int_equal(hb_floor_margin(&pressure), rows[i].margin * (s64)HB_MIB_PAGES);
		/* The better of two nodes counts. */
		both.of[i % 2].in = (struct hb_floor_input){ mib(512), mib(58), mib(58) };
		both.of[(i + 1) % 2].in = pressure.of[0].in;
		assert_int_equal(hb_floor_margin(&both), (rows[i].margin > 10 ?
							  rows[i].margin : 10) * (s64)HB_MIB_PAGES);
	}
}

/* Whatever is taken, the reserve stays. */
static void test_floor_keeps_reserve(void **state)
{
	uint64_t seed = random_seed("floor");
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		u64 managed = random_below(&seed, mib(1 << 20));
		u64 available = random_below(&seed, managed + 1);
		u64 kernel = random_below(&seed, available + 1);
		struct hb_floor floor = one_node(managed, available, kernel);
		u64 reserve = hb_floor_reserve(managed);

		assert_true(floor.take_boot <= floor.take_added);
		if (floor.take_added)
			assert_true(available - floor.take_added >= reserve);
		if (floor.take_boot)
			assert_true(kernel - floor.take_boot >= reserve / 2);
	}
}

/* A kernel that never promises more than it has: what was promised, and a reserve, stays. */
static void test_floor_keeps_promises(void **state)
{
	static const struct {
		const char *what;
		struct hb_commit commit;
		u64 room;	/* of a guest of 512 MiB: reserve 48 */
	} rows[] = {
		{ "half of memory, 100 left", { true, 256, 108, 50 }, 200 },
		{ "all of memory, 100 left", { true, 512, 364, 100 }, 100 },
		{ "twice the memory", { true, 1024, 476, 200 }, 250 },
		{ "the reserve and no more", { true, 256, 208, 50 }, 0 },
		{ "more than may be promised", { true, 256, 300, 50 }, 0 },
		{ "the limit is a number", { true, 256, 300, 0 }, 300 },
		{ "promises are free", { false, 256, 300, 50 }, 300 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_pressure pressure = { .nr = 1 };
		struct hb_floor floor;
		u64 room = mib(rows[i].room);

		pressure.commit = rows[i].commit;
		pressure.commit.limit = mib(rows[i].commit.limit);
		pressure.commit.committed = mib(rows[i].commit.committed);
		pressure.of[0].in = (struct hb_floor_input){ mib(512), mib(348), mib(324) };
		floor = hb_floor_compute(&pressure);
		if (floor.take_added != room || floor.take_boot != room ||
		    floor.take_added_kernel != room)
			fail_msg("%s: %llu, %llu of the kernel's, %llu of boot",
				 rows[i].what, (unsigned long long)floor.take_added,
				 (unsigned long long)floor.take_added_kernel,
				 (unsigned long long)floor.take_boot);
	}
}

/* Whatever goes, one after the other, CommitLimit stays above Committed_AS by the reserve. */
static void test_floor_promises_property(void **state)
{
	uint64_t seed = random_seed("promises");
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		unsigned int percent = 1 + random_below(&seed, 200);
		u64 managed = random_below(&seed, mib(1 << 20));
		u64 swap = random_below(&seed, mib(1 << 14));
		struct hb_commit commit = {
			.strict = true,
			.percent = percent,
			.limit = managed * percent / 100 + swap,
			.committed = random_below(&seed, managed * 2 + 1),
		};
		u64 reserve = hb_floor_reserve(managed);
		u64 room = hb_floor_commit_room(&commit, reserve);

		if (room && room <= managed)
			assert_true((managed - room) * percent / 100 + swap >=
				    commit.committed + reserve);
	}
}

/* Each node keeps what it needs; what one cannot give another may. */
static void test_floor_of_nodes(void **state)
{
	struct hb_pressure pressure = { .nr = 3, .added = 1 };
	struct hb_floor floor;

	(void)state;
	/* Reserves of 48 MiB each. */
	pressure.of[0].node = 0;
	pressure.of[0].in = (struct hb_floor_input){ mib(512), mib(40), mib(40) };
	pressure.of[1].node = 2;
	pressure.of[1].in = (struct hb_floor_input){ mib(512), mib(300), mib(100) };
	pressure.of[2].node = 5;
	pressure.of[2].in = (struct hb_floor_input){ mib(512), mib(200), mib(200) };
	floor = hb_floor_compute(&pressure);
	assert_int_equal(floor.take_added, mib(252));
	assert_int_equal(floor.take_added_kernel, mib(76));
	assert_int_equal(floor.take_boot, mib(152));
	assert_int_equal(floor.node, 5);
	assert_int_equal(hb_floor_available_kernel(&pressure), mib(340));
	/* Hot-added memory is of a node beyond: nobody knows what it can give. */
	pressure.added = HB_FLOOR_NODES;
	floor = hb_floor_compute(&pressure);
	assert_int_equal(floor.take_added, 0);
	assert_int_equal(floor.take_added_kernel, 0);
	assert_int_equal(floor.take_boot, mib(152));
	pressure.added = 1;
	/* The best is not the last one. */
	pressure.of[0].in = (struct hb_floor_input){ mib(512), mib(400), mib(400) };
	floor = hb_floor_compute(&pressure);
	assert_int_equal(floor.take_boot, mib(352));
	assert_int_equal(floor.node, 0);
	pressure.of[0].in = (struct hb_floor_input){ mib(512), mib(40), mib(40) };
	/* All together they have more than a reserve to spare, and none of them has. */
	pressure.of[1].in = pressure.of[0].in;
	pressure.of[2].in = pressure.of[0].in;
	floor = hb_floor_compute(&pressure);
	assert_int_equal(floor.take_boot, 0);
	assert_int_equal(floor.take_added, 0);
}

/* Blocks of 128 MiB; sizes in MiB. */
static void test_zone_table(void **state)
{
	static const struct {
		enum hb_zone_policy policy;
		u64 kernel, movable;
		u32 ratio;
		bool is_movable;
	} rows[] = {
		{ HB_ZONE_MOVABLE, 64, 100000, 301, true },
		{ HB_ZONE_KERNEL, 100000, 0, 301, false },
		{ HB_ZONE_AUTO, 256, 0, 301, true },
		/* 256 + 768: four times its boot size, and not a block more */
		{ HB_ZONE_AUTO, 256, 640, 301, true },
		{ HB_ZONE_AUTO, 256, 768, 301, false },
		/* other blocks make room for movable ones */
		{ HB_ZONE_AUTO, 384, 768, 301, true },
		/* exactly the ratio is allowed, a page more is not */
		{ HB_ZONE_AUTO, 128, 0, 100, true },
		{ HB_ZONE_AUTO, 128, 0, 99, false },
		{ HB_ZONE_AUTO, 256, 0, 0, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_zone_input in = {
			.kernel = mib(rows[i].kernel),
			.movable = mib(rows[i].movable),
			.block = mib(128),
			.ratio = rows[i].ratio,
			.policy = rows[i].policy,
		};

		assert_int_equal(hb_zone_is_movable(&in), rows[i].is_movable);
		/* The kernel needs it itself when it could not pay for two more. */
		in.spare = 1535;
		in.cost = 768;
		assert_int_equal(hb_zone_is_movable(&in),
				 rows[i].policy == HB_ZONE_MOVABLE);
		in.spare = 1536;
		assert_int_equal(hb_zone_is_movable(&in), rows[i].is_movable);
		/* Who is in need may need any. */
		in.need = true;
		assert_int_equal(hb_zone_is_movable(&in),
				 rows[i].policy == HB_ZONE_MOVABLE);
	}
}

static void test_backoff_grows(void **state)
{
	enum hb_cause cause;

	(void)state;
	for (cause = HB_CAUSE_GUEST_BUSY; cause < HB_CAUSE_COUNT; cause++) {
		struct hb_backoff backoff = { 0 };
		unsigned int last = 0, i, ms;

		if (cause == HB_CAUSE_BAD_TARGET || cause == HB_CAUSE_STILL) {
			assert_int_equal(hb_backoff_next(&backoff, cause, false, 0),
					 HB_BACKOFF_NEVER);
			continue;
		}
		for (i = 0; i < 40; i++) {	/* random 0: the shortest */
			ms = hb_backoff_next(&backoff, cause, false, 0);
			assert_true(ms > 0 && ms >= last);
			assert_true(i < 1 || ms <= 2 * last + 1);
			last = ms;
		}
		assert_true(last <= 16000);	/* never gives up */
		ms = hb_backoff_next(&backoff, cause, true, 0);
		/* progress starts anew; what is swapped has one rhythm */
		assert_true(ms < last || cause == HB_CAUSE_SWAPPING);
		hb_backoff_next(&backoff, cause, false, 0);
		hb_backoff_reset(&backoff);
		assert_int_equal(hb_backoff_next(&backoff, cause, false, 0), ms);
	}
}

static void test_backoff_jitter(void **state)
{
	uint64_t seed = random_seed("backoff");
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		struct hb_backoff backoff = { 0 };
		unsigned int ms = hb_backoff_next(&backoff,
						  HB_CAUSE_GUEST_FLOOR, false,
						  (u32)random_next(&seed));

		assert_in_range(ms, 750, 1250);
	}
}

/* A look as the driver does it, at a page that waits all the time. */
static void look_waiting(struct hb_stuck *stuck, u64 ms)
{
	unsigned int moments = 0;

	while (hb_stuck_look(stuck, true, ms))
		assert_true(++moments <= HB_STUCK_MOMENTS);
}

/* One page that waits, looked at as often: told after so long, and no more when it is over. */
static void test_stuck(void **state)
{
	static const struct {
		u64 apart_ms, told_after_ms;
	} rows[] = {
		{ 10, 5000 }, { 250, 5000 }, { 999, 5994 }, { 1000, 5000 }, { 2500, 5000 },
		/* the worker rests up to 10 s */
		{ 4000, 8000 }, { 10000, 20000 }, { HB_STUCK_PAUSE_MS, 2 * HB_STUCK_PAUSE_MS },
		/* nobody knows what was in between */
		{ HB_STUCK_PAUSE_MS + 1, U64_MAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_stuck stuck = { 0 };
		u64 ms, first = U64_MAX;

		for (ms = 0; ms < 600000; ms += rows[i].apart_ms) {
			look_waiting(&stuck, 7000 + ms);
			if (first == U64_MAX && hb_stuck_seconds(&stuck, 7000 + ms))
				first = ms;
			if (first != U64_MAX)
				assert_int_equal(hb_stuck_seconds(&stuck, 7000 + ms), ms / 1000);
		}
		assert_int_equal(first, rows[i].told_after_ms);
		hb_stuck_look(&stuck, false, 7000 + ms);
		assert_int_equal(hb_stuck_seconds(&stuck, 7000 + ms), 0);
		hb_stuck_look(&stuck, true, 7001 + ms);
		assert_int_equal(hb_stuck_seconds(&stuck, 7001 + ms), 0);
	}
}

/*
 * A disk that works: one page is written again as soon as it has been, as the end of a log is, for
 * hours.  In between nothing waits for as long as the next write takes to begin.
 */
static void test_stuck_rewritten(void **state)
{
	static const struct {
		u64 write_us, between_us;
	} rows[] = { { 10000, 200 }, { 10000, 10000 }, { 20000, 500 }, { 100, 100 }, { 1000, 150 } };
	uint64_t seed = 1;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct hb_stuck stuck = { 0 };
		u64 us = 0;

		while (us < 3600000000ULL) {
			u64 round = rows[i].write_us + rows[i].between_us;

			while (hb_stuck_look(&stuck, us % round < rows[i].write_us, us / 1000))
				us += HB_STUCK_MOMENT_US + random_next(&seed) % HB_STUCK_MOMENT_US;
			assert_int_equal(hb_stuck_seconds(&stuck, us / 1000), 0);
			us += 1 + random_next(&seed) % 4000000;
		}
	}
}

/* One write that takes long, of a page after the other: none waits for 5 s. */
static void test_stuck_slow_disk(void **state)
{
	struct hb_stuck stuck = { 0 };
	uint64_t seed = 1;
	u64 ms = 1000, written = 0;

	(void)state;
	for (; ms < 3600000; ms += 1 + random_next(&seed) % 3000) {
		if (ms < written) {
			look_waiting(&stuck, ms);
		} else {
			hb_stuck_look(&stuck, false, ms);
			look_waiting(&stuck, ms);
			written = ms + random_next(&seed) % HB_STUCK_MS;
		}
		assert_int_equal(hb_stuck_seconds(&stuck, ms), 0);
	}
}

/* What is polled in one look is bounded, and is done once in a while. */
static void test_stuck_moments(void **state)
{
	struct hb_stuck stuck = { 0 };
	unsigned int polls = 0;
	u64 ms;

	(void)state;
	for (ms = 0; ms < 100 * HB_STUCK_APART_MS; ms += 10)
		while (hb_stuck_look(&stuck, true, ms))
			polls++;
	/* the first look at a page is short */
	assert_int_equal(polls, 99 * HB_STUCK_MOMENTS);
	/* a page that is new between two moments is looked at anew */
	assert_true(hb_stuck_look(&stuck, true, ms));
	assert_false(hb_stuck_look(&stuck, false, ms));
	assert_false(hb_stuck_look(&stuck, true, ms));
	assert_int_equal(stuck.looks, 1);
}

/* Looks of one pass come one right after the other, and say no more than one. */
static void test_stuck_passes(void **state)
{
	static const u64 looks[] = { 0, 1, 2, 8000, 8001 };
	struct hb_stuck stuck = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(looks) / sizeof(*looks); i++) {
		look_waiting(&stuck, looks[i]);
		assert_int_equal(hb_stuck_seconds(&stuck, looks[i]), 0);
	}
	look_waiting(&stuck, 16000);
	assert_int_equal(hb_stuck_seconds(&stuck, 16000), 16);
}

/* Nobody tries any more: what was seen is no news. */
static void test_stuck_is_forgotten(void **state)
{
	struct hb_stuck stuck = { 0 };
	u64 ms;

	(void)state;
	for (ms = 0; ms <= 60000; ms += 2000)
		look_waiting(&stuck, ms);
	assert_int_equal(hb_stuck_seconds(&stuck, 60000), 60);
	assert_int_equal(hb_stuck_seconds(&stuck, 60000 + HB_STUCK_PAUSE_MS), 75);
	assert_int_equal(hb_stuck_seconds(&stuck, 60001 + HB_STUCK_PAUSE_MS), 0);
	hb_stuck_look(&stuck, true, 90000);
	assert_int_equal(hb_stuck_seconds(&stuck, 90000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ledger_gap),
		cmocka_unit_test(test_ledger_populate_on_demand),
		cmocka_unit_test(test_ledger_moved),
		cmocka_unit_test(test_floor_table),
		cmocka_unit_test(test_floor_published),
		cmocka_unit_test(test_floor_of_nodes),
		cmocka_unit_test(test_floor_keeps_promises),
		cmocka_unit_test(test_floor_promises_property),
		cmocka_unit_test(test_floor_unwritten),
		cmocka_unit_test(test_floor_cache),
		cmocka_unit_test(test_floor_margin),
		cmocka_unit_test(test_floor_keeps_reserve),
		cmocka_unit_test(test_zone_table),
		cmocka_unit_test(test_backoff_grows),
		cmocka_unit_test(test_backoff_jitter),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_stuck_rewritten),
		cmocka_unit_test(test_stuck_slow_disk),
		cmocka_unit_test(test_stuck_moments),
		cmocka_unit_test(test_stuck_passes),
		cmocka_unit_test(test_stuck_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
