/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loop closed around our policy, in numbered scenarios. Each prints what it has seen
 * and the bound that must hold, whatever the seed: sizes, loads and times are drawn from
 * it. In every round of every scenario nothing is given that the host does not have.
 * Those from 14 on need a daemon and its host: tests/daemon/test_scenarios.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bounds.h"
#include "seed.h"
#include "world.h"

/* Each is played so often, with other numbers. */
#define PLAYS 8

static struct world world;

static uint64_t between(uint64_t from, uint64_t to)
{
	return from + random() % ((to - from) / MIB + 1) * MIB;
}

/* Four guests that fill a host of 3 GiB with what they have, and use little of it. */
static void open_usual(void)
{
	world_open(&world, &hotballoon_policy, 3 * GIB);
	for (int i = 0; i < 4; i++) {
		struct world_guest *guest = world_add(&world, 700 * MIB, 256 * MIB, 2 * GIB);

		guest->load.anon_kib = between(100 * MIB, 200 * MIB);
		guest->load.files_kib = between(32 * MIB, 128 * MIB);
	}
	world_run(&world, 2 * MINUTES);
	world_measure(&world);
}

static uint64_t worst_wait(void)
{
	uint64_t worst = 0;

	for (size_t i = 0; i < world.count; i++) {
		if (world.guests[i].worst_wait_ms > worst)
			worst = world.guests[i].worst_wait_ms;
	}
	return worst;
}

static uint64_t oom_kills(void)
{
	uint64_t kills = 0;

	for (size_t i = 0; i < world.count; i++)
		kills += world.guests[i].oom_kills;
	return kills;
}

static void no_harm(const char *scenario)
{
	bound(scenario, "processes killed", oom_kills(), 0, 0);
	bound(scenario, "KiB of the host's reserve broken", world.worst_short_kib, 0, 0);
}

static void test_01_step(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		open_usual();
		world.guests[random() % 4].load.anon_kib += between(600 * MIB, 1000 * MIB);
		world_run(&world, 2 * MINUTES);
		bound("01 step", "ms until it has what it needs", worst_wait(), 0, 5000);
		no_harm("01 step");
	}
}

static void test_02_ramp(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		struct world_guest *guest;

		open_usual();
		guest = &world.guests[random() % 4];
		for (int second = 0; second < 100; second++) {
			guest->load.anon_kib += between(5 * MIB, 10 * MIB);
			world_run(&world, SECONDS);
		}
		bound("02 ramp", "ms behind", worst_wait(), 0, 1000);
		bound("02 ramp", "MiB swapped", guest->swapped_kib / MIB, 0, 0);
		no_harm("02 ramp");
	}
}

static void test_03_wave(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		uint64_t low = between(100 * MIB, 200 * MIB), high = between(700 * MIB, 900 * MIB);

		open_usual();
		/* The wave begins high in one of them, which is no part of it. */
		world.guests[1].load.anon_kib = high;
		world_run(&world, MINUTES);
		world_measure(&world);
		for (int half = 0; half < 8; half++) {
			for (int second = 0; second < 150; second++) {
				uint64_t up = low + (high - low) * second / 150;

				world.guests[half % 2].load.anon_kib = up;
				world.guests[1 - half % 2].load.anon_kib = high + low - up;
				world_run(&world, SECONDS);
			}
		}
		bound("03 wave", "ms behind", worst_wait(), 0, 1000);
		bound("03 wave", "writes a minute", world.writes / 20.0, 0, 60);
		no_harm("03 wave");
	}
}

static void test_04_moving_load(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		uint64_t load = between(900 * MIB, 1300 * MIB);

		open_usual();
		for (int turn = 0; turn < 12; turn++) {
			uint64_t usual = world.guests[turn % 4].load.anon_kib;

			world.guests[turn % 4].load.anon_kib = load;
			world_run(&world, MINUTES);
			world.guests[turn % 4].load.anon_kib = usual;
		}
		bound("04 moving load", "ms until it has what it needs", worst_wait(), 0, 5000);
		bound("04 moving load", "writes a turn", world.writes / 12.0, 0, 50);
		no_harm("04 moving load");
	}
}

static void test_05_liar(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		struct world_guest *liar;
		double unmet = 0;

		open_usual();
		liar = &world.guests[random() % 4];
		liar->habit = GUEST_LIAR;
		world_run(&world, 5 * MINUTES);
		for (size_t i = 0; i < 4; i++) {
			if (&world.guests[i] != liar)
				unmet += world.guests[i].worst_wait_ms;
		}
		bound("05 liar", "ms in which others lacked what they need", unmet, 0, 0);
		/* And one of them needs more: up to its part by weight it gets that. */
		world.guests[liar == &world.guests[0]].load.anon_kib = 450 * MIB;
		world_run(&world, MINUTES);
		bound("05 liar", "ms until another has what it needs", worst_wait(), 0, 5000);
		no_harm("05 liar");
	}
}

static void test_06_flooder(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		struct world_guest *flooder;
		uint64_t others = 0;
		double unmet = 0;

		open_usual();
		flooder = &world.guests[random() % 4];
		flooder->habit = GUEST_FLOODER;
		world_run(&world, 5 * MINUTES);
		for (size_t i = 0; i < 4; i++) {
			if (&world.guests[i] == flooder)
				continue;
			others += world.guests[i].writes;
			unmet += world.guests[i].worst_wait_ms;
		}
		bound("06 flooder", "its writes a minute", flooder->writes / 5.0, 0, 12);
		bound("06 flooder", "writes to others a minute", others / 5.0, 0, 24);
		bound("06 flooder", "ms in which others lacked what they need", unmet, 0, 0);
		/* By now it is known. */
		world_measure(&world);
		world_run(&world, 10 * MINUTES);
		bound("06 flooder", "writes to all a minute, later", world.writes / 10.0, 0, 15);
		no_harm("06 flooder");
	}
}

static void test_07_stuck(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		struct world_guest *stuck;

		open_usual();
		stuck = &world.guests[random() % 3];
		stuck->habit = GUEST_STUCK;
		world.guests[3].load.anon_kib += between(900 * MIB, 1100 * MIB);
		world_run(&world, 10 * MINUTES);
		/* Ten seconds until it is known, and the others give its part. */
		bound("07 stuck", "ms until the others have given its part", worst_wait(), 0, 20000);
		bound("07 stuck", "writes to it", stuck->writes, 1, 12);
		bound("07 stuck", "MiB that its size is away from what it holds",
		      (stuck->domain.actual_kib - world_size(stuck)) / MIB, 0, 1);
		world_measure(&world);
		world_run(&world, 10 * MINUTES);
		/*
		 * It is tried twice at most, as eight minutes pass between: four guests go there and
		 * back, some of them in two steps.
		 */
		bound("07 stuck", "writes in ten minutes, once settled", world.writes, 0, 2 * 4 * 3);
		no_harm("07 stuck");
	}
}

static void test_08_at_minimum(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		struct world_guest *small;

		world_open(&world, &hotballoon_policy, 3 * GIB);
		small = world_add(&world, 128 * MIB, 128 * MIB, 2 * GIB);
		small->load = (struct world_load){ .anon_kib = 16 * MIB, .files_kib = 8 * MIB };
		for (int i = 0; i < 3; i++)
			world_add(&world, 890 * MIB, 256 * MIB, 2 * GIB);
		world_run(&world, MINUTES);
		world_measure(&world);
		small->swap_kib = between(256 * MIB, 512 * MIB);
		small->load.anon_kib = between(300 * MIB, 500 * MIB);
		world_run(&world, 2 * MINUTES);
		bound("08 at its minimum", "ms until it has what it needs", worst_wait(), 0, 5000);
		no_harm("08 at its minimum");
	}
}

static void test_09_host_shrinks(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		struct hb_host_memory host;
		uint64_t ms = 0;

		open_usual();
		world.reserved_kib = between(200 * MIB, 1000 * MIB);
		do {
			world_run(&world, TICK_MS);
			ms += TICK_MS;
			host = world_host(&world);
		} while (host.free_kib < host.reserved_kib + host.reserve_kib && ms < MINUTES);
		bound("09 host shrinks", "ms until it is free", ms, 0, 5000);
		world_run(&world, 5 * MINUTES);
		bound("09 host shrinks", "ms in which guests lacked what they need", worst_wait(), 0, 0);
		no_harm("09 host shrinks");
	}
}

static void test_10_five_creates(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		uint64_t size = between(128 * MIB, 256 * MIB), ms = 0;
		unsigned int started = 0;

		open_usual();
		/* Each waits for its reservation, starts, and uses what it got. */
		world.reserved_kib = 5 * size;
		while (started < 5 && ms < MINUTES) {
			struct hb_host_memory host = world_host(&world);

			if (host.free_kib >= (5 - started) * size + host.reserve_kib) {
				world_add(&world, size, size, 2 * size)->load.anon_kib = size / 4;
				world.reserved_kib -= size;
				started++;
			}
			world_run(&world, TICK_MS);
			ms += TICK_MS;
		}
		bound("10 five creates", "started", started, 5, 5);
		bound("10 five creates", "ms until the last has started", ms, 0, 10000);
		world_run(&world, 5 * MINUTES);
		no_harm("10 five creates");
	}
}

static uint64_t refaults_alone(const struct world_load *load, uint64_t size_kib, uint64_t ms)
{
	static struct world alone;
	const struct world_policy never = { "never", 3600 * SECONDS, hotballoon_policy.decide };

	world_open(&alone, &never, 16 * GIB);
	alone.next_ms = UINT64_MAX;
	world_add(&alone, size_kib, size_kib, size_kib)->load = *load;
	world_run(&alone, 30 * MINUTES);
	world_measure(&alone);
	world_run(&alone, ms);
	return alone.guests[0].refaults_kib;
}

static void test_11_steady_hour(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		uint64_t refaults = 0, alone = 0;

		open_usual();
		for (size_t i = 0; i < 4; i++)
			world.guests[i].load.files_kib = between(100 * MIB, 300 * MIB);
		world_run(&world, 30 * MINUTES);
		world_measure(&world);
		world_run(&world, 30 * MINUTES);
		for (size_t i = 0; i < 4; i++) {
			refaults += world.guests[i].refaults_kib;
			alone += refaults_alone(&world.guests[i].load, 2 * GIB, 30 * MINUTES);
		}
		bound("11 steady hour", "writes in its second half", world.writes, 0, 0);
		bound("11 steady hour", "MiB of refaults", refaults / MIB, 0, alone / MIB * 1.2 + 1);
		no_harm("11 steady hour");
	}
}

static void test_12_steady_and_short(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		open_usual();
		/* More than there is: all want their files, and one needs much. */
		for (size_t i = 0; i < 4; i++)
			world.guests[i].load.files_kib = between(300 * MIB, 500 * MIB);
		world.guests[0].load.anon_kib = 800 * MIB;
		world_run(&world, 30 * MINUTES);
		world_measure(&world);
		world_run(&world, 30 * MINUTES);
		bound("12 steady and short", "writes in its second half hour", world.writes, 0, 60);
		bound("12 steady and short", "ms in which guests lacked what they need", worst_wait(), 0, 0);
		no_harm("12 steady and short");
	}
}

static void test_13_silent(void **state)
{
	(void)state;
	open_usual();
	world_add(&world, 64 * MIB, 32 * MIB, GIB)->habit = GUEST_SILENT;
	world.guests[0].load.anon_kib += 500 * MIB;
	world_run(&world, 5 * MINUTES);
	bound("13 silent", "writes to it", world.guests[4].writes, 0, 0);
	assert_string_equal(hb_motive_word(world.looked[4].reason), "no-report");
}

static uint64_t turns(void)
{
	uint64_t turns = 0;

	for (size_t i = 0; i < world.count; i++)
		turns += world.guests[i].turns;
	return turns;
}

/* A load that comes little by little, stays for some seconds and goes to the next guest. */
static void test_17_fast_loads(void **state)
{
	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		uint64_t load = between(300 * MIB, 700 * MIB), step = between(4 * MIB, 32 * MIB);
		unsigned int loads = 24;

		open_usual();
		for (unsigned int i = 0; i < loads; i++) {
			struct world_guest *guest = &world.guests[random() % 4];
			uint64_t usual = guest->load.anon_kib;

			while (guest->load.anon_kib < usual + load) {
				guest->load.anon_kib += step;
				world_run(&world, 5 * TICK_MS);
			}
			world_run(&world, (2 + random() % 7) * SECONDS);
			guest->load.anon_kib = usual;
		}
		bound("17 fast loads", "writes a load that took back what was done within 10 s", turns() / (double)loads, 0, 3);
		bound("17 fast loads", "writes a load", world.writes / (double)loads, 0, 50);
		bound("17 fast loads", "ms behind", worst_wait(), 0, 1000);
		no_harm("17 fast loads");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_01_step),
		cmocka_unit_test(test_02_ramp),
		cmocka_unit_test(test_03_wave),
		cmocka_unit_test(test_04_moving_load),
		cmocka_unit_test(test_05_liar),
		cmocka_unit_test(test_06_flooder),
		cmocka_unit_test(test_07_stuck),
		cmocka_unit_test(test_08_at_minimum),
		cmocka_unit_test(test_09_host_shrinks),
		cmocka_unit_test(test_10_five_creates),
		cmocka_unit_test(test_11_steady_hour),
		cmocka_unit_test(test_12_steady_and_short),
		cmocka_unit_test(test_13_silent),
		cmocka_unit_test(test_17_fast_loads),
	};

	srandom(choose_seed());
	return cmocka_run_group_tests(tests, NULL, print_bounds);
}
