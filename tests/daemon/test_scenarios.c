/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbered scenarios of tests/balance/test_scenarios.c that are about the host, and not about
 * the policy alone: the manager on the simulated one. Each prints what it has seen and the
 * bound that must hold, whatever the seed. What no play may break is checked in each tick (room.c).
 */
#include "room.h"

#include <inttypes.h>

#include "../balance/bounds.h"
#include "seed.h"

#define PLAYS 6
#define S 1000

static struct room room;

static uint64_t between(uint64_t from, uint64_t to)
{
	return from + random() % (to - from + 1);
}

/* Four guests that fill a host of 4 GiB with what they have, and use little of it. */
static void open_usual(void)
{
	room_open(&room, 4 * G);
	for (int i = 0; i < 4; i++) {
		struct room_guest *guest = room_guest(&room, room_add(&room, 700 * M, 256 * M, 2 * G));

		guest->load.load.anon_kib = between(100, 200) * M;
		guest->load.load.files_kib = between(32, 128) * M;
	}
	room_run(&room, 60 * S);
}

static bool has_enough(size_t i)
{
	return room_actual(&room, i) >= world_must(&room_guest(&room, i)->load);
}

/* Time passes until it has what it needs, at most that long; returns how long. */
static uint64_t wait_for(size_t i, uint64_t most_ms)
{
	const uint64_t begin = room.sim->clock_ms;

	while (!has_enough(i) && room.sim->clock_ms - begin < most_ms)
		room_run(&room, TICK_MS);
	return room.sim->clock_ms - begin;
}

static uint64_t oom_kills(void)
{
	uint64_t kills = 0;

	for (size_t i = 0; i < room.count; i++)
		kills += room_guest(&room, i)->load.oom_kills;
	return kills;
}

static void end(const char *scenario)
{
	bound(scenario, "processes killed", oom_kills(), 0, 0);
	assert_string_equal(room.broken, "");
	room_close(&room);
}

/*
 * Each call to the host takes its time: a round of four guests has dozens of them. In 70 random
 * runs the slowest took 49.8 s with calls of 10 ms.
 */
static void test_14_xenstored_slow(void **state)
{
	static const struct {
		unsigned int ms;
		const char *what;
	} calls[] = {
		{ 1, "ms until the guest has what it needs, calls of 1 ms" },
		{ 4, "ms until the guest has what it needs, calls of 4 ms" },
		{ 10, "ms until the guest has what it needs, calls of 10 ms" },
	};
	static const char scenario[] = "14 xenstored slow";

	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		size_t guest = random() % 4, call = play % 3;

		open_usual();
		room.sim->call_ms = calls[call].ms;
		room_guest(&room, guest)->load.load.anon_kib += between(600, 1000) * M;
		bound(scenario, calls[call].what, wait_for(guest, 60 * S), 0, 5 * S + 5 * S * calls[call].ms);
		room_run(&room, 120 * S);
		bound(scenario, "sizes that were refused", manager_look(room.manager).refused, 0, 0);
		room.sim->call_ms = 0;
		end(scenario);
	}
}

/* For a while nothing can be asked, whatever was being done; what is in it is still there then. */
static void test_15_xenstored_restarted(void **state)
{
	static const char scenario[] = "15 xenstored restarted";
	uint64_t sizes[4];

	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		size_t guest = random() % 4;
		unsigned int lines;

		open_usual();
		/* In the middle of something, or not. */
		if (play % 2)
			room_guest(&room, guest)->load.load.anon_kib += between(600, 1000) * M;
		room_run(&room, between(0, 20) * TICK_MS);
		for (size_t i = 0; i < 4; i++)
			sizes[i] = room_target(&room, i);
		lines = room.lines;
		room.sim->fault = SIM_FAULT_ERROR;
		room.sim->fault_errno = 5;
		room.sim->fault_at = room.sim->calls + 1;
		room.sim->fault_stays = true;
		room_run(&room, between(1, 20) * S);
		bound(scenario, "lines of the log while it is away", room.lines - lines, 0, 3);
		room.sim->fault = SIM_FAULT_NONE;
		bound(scenario, "ms until the guest has what it needs then", wait_for(guest, 120 * S), 0, 40 * S);
		room_run(&room, 60 * S);
		for (size_t i = 0; i < 4 && !(play % 2); i++)
			bound(scenario, "KiB that a guest at rest was moved",
			      sizes[i] > room_target(&room, i) ? sizes[i] - room_target(&room, i) :
			      room_target(&room, i) - sizes[i], 0, 0);
		assert_true(manager_look(room.manager).connected);
		end(scenario);
	}
}

/* The daemon is not there for a while, in the middle of something. */
static void test_16_killed(void **state)
{
	static const char scenario[] = "16 daemon killed";

	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		size_t guest = random() % 4;

		open_usual();
		room_guest(&room, guest)->load.load.anon_kib += between(600, 1000) * M;
		room_run(&room, between(0, 20) * TICK_MS);
		room_kill(&room);
		room_run(&room, between(0, 50) * TICK_MS);
		room_start(&room);
		bound(scenario, "ms until the guest has what it needs then", wait_for(guest, 60 * S), 0, 10 * S);
		room_run(&room, 60 * S);
		end(scenario);
	}
}

static void call(size_t guest, uint64_t kib)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, kib);
	sim_write_key(room.sim, room_guest(&room, guest)->domid, HB_KEY_REPORT_DISTRESS, text);
}

/* A guest says that it lacks something, and then that it does not, all the time. */
static void test_18_distress_flooder(void **state)
{
	static const char scenario[] = "18 distress flooder";

	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		size_t flooder = random() % 4;
		uint64_t writes, begin = 0;

		open_usual();
		/* It says nothing else by that, and the honest ones have all that they want. */
		room_guest(&room, flooder)->load.habit = GUEST_SILENT;
		writes = room_writes(&room);
		for (int tick = 0; tick < 5 * 600; tick++) {
			if (tick == 1200)
				begin = room.sim->calls;
			if (tick % (1 + play) == 0)
				call(flooder, random() % 2 ? between(4, 500) * M : 0);
			room_run(&room, TICK_MS);
		}
		bound(scenario, "sizes set a minute", (room_writes(&room) - writes) / 5.0, 0, 20);
		/*
		 * After two minutes who writes more than four times a second is read less than once. Each
		 * reading of the others, with its round, takes about 70 calls.
		 */
		bound(scenario, "calls to the host a second, later", (room.sim->calls - begin) / 180.0, 0, 4 * 70);
		for (size_t i = 0; i < 4; i++) {
			if (i != flooder)
				bound(scenario, "others who lack what they need", !has_enough(i), 0, 0);
		}
		end(scenario);
	}
}

static void flood(size_t guest)
{
	call(guest, random() % 2 ? between(4, 500) * M : 0);
}

/* What one does that floods is no reason to let another one wait that is in distress. */
static void test_18_beside_a_flooder(void **state)
{
	static const char scenario[] = "18 distress flooder";

	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		size_t flooder = random() % 4, honest = (flooder + 1 + random() % 3) % 4;
		uint64_t called_ms = 0, size = 0;

		open_usual();
		room_guest(&room, flooder)->load.habit = room_guest(&room, honest)->load.habit = GUEST_SILENT;
		for (int tick = 0; tick < 3000; tick++) {
			flood(flooder);
			if (!called_ms && random() % 40 == 0) {
				size = room_target(&room, honest);
				called_ms = room.sim->clock_ms;
				call(honest, 12 * M);
			}
			room_run(&room, TICK_MS);
			if (!called_ms || (room_target(&room, honest) <= size && room.sim->clock_ms - called_ms < 3 * S))
				continue;
			bound(scenario, "ms until another one in distress is given something", room.sim->clock_ms - called_ms, 0, 100);
			call(honest, 0);
			called_ms = 0;
			room_run(&room, S);
		}
		bound(scenario, "sizes that were refused", manager_look(room.manager).refused, 0, 0);
		end(scenario);
	}
}

/* So many sizes it is given in that time. */
static unsigned int sizes_in(size_t guest, uint64_t ms)
{
	uint64_t last = room_target(&room, guest);
	unsigned int sizes = 0;

	for (uint64_t end = room.sim->clock_ms + ms; room.sim->clock_ms < end;) {
		room_run(&room, TICK_MS);
		sizes += room_target(&room, guest) != last;
		last = room_target(&room, guest);
	}
	return sizes;
}

/* What a guest that sizes itself leaves others get; it is never in want for that. */
static void test_19_sizes_itself(void **state)
{
	static const char scenario[] = "19 sizes itself";

	(void)state;
	for (int play = 0; play < PLAYS; play++) {
		size_t frugal = random() % 4, other = (frugal + 1 + random() % 3) % 4;

		open_usual();
		room_guest(&room, frugal)->load.habit = GUEST_FRUGAL;
		room_run(&room, 10 * S);
		/* More than is free. */
		room_guest(&room, other)->load.load.anon_kib += between(600, 800) * M;
		bound(scenario, "ms until the other has what it needs", wait_for(other, 60 * S), 0, 5 * S);
		room_run(&room, 30 * S);
		assert_true(room_target(&room, frugal) >= room_actual(&room, frugal));
		/* When nobody lacks anything any more it keeps what is left. */
		if (manager_look(room.manager).balance->host_short)
			bound(scenario, "MiB that it left and nobody has got, who lacks something",
			      (room_target(&room, frugal) - room_actual(&room, frugal)) / M, 0, 80);
		bound(scenario, "its sizes in two minutes, once settled", sizes_in(frugal, 120 * S), 0, 6);
		/* It is its own again. */
		room_guest(&room, frugal)->load.load.anon_kib += between(100, 250) * M;
		bound(scenario, "ms until it has what it needs", wait_for(frugal, 60 * S), 0, 3 * S);
		room_run(&room, 10 * S);
		assert_true(has_enough(other));
		end(scenario);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_14_xenstored_slow),
		cmocka_unit_test(test_15_xenstored_restarted),
		cmocka_unit_test(test_16_killed),
		cmocka_unit_test(test_18_distress_flooder),
		cmocka_unit_test(test_18_beside_a_flooder),
		cmocka_unit_test(test_19_sizes_itself),
	};

	srandom(choose_seed());
	return cmocka_run_group_tests(tests, NULL, print_bounds);
}
