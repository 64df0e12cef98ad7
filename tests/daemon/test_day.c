/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long times on the simulated host, whatever happens there: loads that come and go, guests
 * that are stuck, lie, flood, reboot, die and are created, tools that lock them, and a daemon
 * that is killed at random, mostly in the middle of what it does. What must hold is checked in
 * each tick (room.c), and honest guests have what they use whenever the host could give it.
 *
 * SEED: which of all days. HB_DAY_GUESTS and HB_DAY_MINUTES: how large and how long; a guest
 * costs about 0.02 ms of processor time a second, so a day of 500 a quarter of an hour.
 */
#include "room.h"
#include "seed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GUEST_KIB (640 * M)
#define MIN_KIB (192 * M)
#define MAX_KIB (2 * G)
/* For a domain that never comes. */
#define RESERVED "the one to come"
#define RESERVED_KIB (256 * M)

/* A guest that was honest lacked what it uses for longer than that: it was let down. */
#define PATIENCE_MS 10000

struct day {
	struct room room;
	unsigned int wanted, kills, within, reboots, deaths, births, let_down;
	uint64_t worst_ms, *lacking_ms, reserved_kib;
	double lacking_s, guest_s;
};

static struct day day;

static unsigned long from_environment(const char *name, unsigned long usual)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 10) : usual;
}

static bool one_in(unsigned int n)
{
	return !(random() % n);
}

static void new_load(struct room_guest *guest)
{
	struct world_load *load = &guest->load.load;

	/* Mostly little, sometimes all that it may have. */
	load->anon_kib = (60 + random() % 260) * M;
	if (one_in(4))
		load->anon_kib = (300 + random() % 900) * M;
	load->files_kib = random() % 400 * M;
	load->read_kib_s = 20 * M;
}

static void add_guest(void)
{
	struct room_guest *guest = room_guest(&day.room, room_add(&day.room, GUEST_KIB, MIN_KIB, MAX_KIB));

	new_load(guest);
	/* One in ten is no good. */
	switch (random() % 30) {
	case 0:
		guest->load.habit = GUEST_LIAR;
		break;
	case 1:
		guest->load.habit = GUEST_FLOODER;
		break;
	case 2:
		guest->stuck = true;
		break;
	}
}

static uint64_t free_kib(void)
{
	return day.room.sim->free_pages * HB_PAGE_KIB;
}

static void reserve(void)
{
	const struct hb_reserve_request request = {
		.name = RESERVED, .size_kib = RESERVED_KIB, .ttl_s = 24 * 3600,
	};
	struct hb *hb = common_connect(day.room.sim);
	struct hb_reservation reservation;
	struct hb_error error;

	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_OK);
	/* With what such a domain costs beside. */
	day.reserved_kib = reservation.left_kib;
	hb_close(hb);
}

/* What was set aside is so still, whoever was killed. */
static void check_reserved(void)
{
	struct hb *hb = common_connect(day.room.sim);
	struct hb_reservation **list;
	struct hb_error error;
	size_t count;

	assert_int_equal(hb_reservations(hb, &list, &count, &error), HB_OK);
	assert_int_equal(count, 1);
	assert_string_equal(list[0]->name, RESERVED);
	assert_int_equal(list[0]->left_kib, day.reserved_kib);
	hb_reservations_free(list);
	hb_close(hb);
}

/* In the middle of a round, if there is one in time. */
static void kill_daemon(struct room *room)
{
	day.within += room_kill_at(room, 1 + random() % 200, random() % 20 * 100);
	day.kills++;
	check_reserved();
	room_run(room, random() % 20 * 100);
	room_start(room);
}

/* A second's worth of accidents. */
static void happen(void)
{
	struct room *room = &day.room;
	struct room_guest *guest = room_guest(room, random() % room->count);

	if (one_in(3) && guest->domid)
		new_load(guest);
	if (one_in(120) && guest->domid) {
		room_remove(room, guest - room->guests);
		day.deaths++;
	}
	if (one_in(120) && guest->domid) {
		sim_reboot(room->sim, guest->domid);
		guest->load.usage = guest->load.reported = (struct hb_usage){ .known = guest->load.usage.known };
		guest->load.anon_kib = guest->load.swapped_kib = guest->load.cached_kib = 0;
		guest->load.seen_kib = guest->load.junk_kib = 0;
		day.reboots++;
	}
	/* Who creates asks for room first, as xl does. */
	if (one_in(60) && day.room.count - day.deaths < day.wanted &&
	    common_available(room->sim) > GUEST_KIB + 16 * M) {
		add_guest();
		day.births++;
	}
	/* There can be more now. */
	guest = room_guest(room, random() % room->count);
	if (one_in(30) && guest->domid) {
		room->sim->locked_domid = guest->domid;
		room->sim->locked_until_ms = room->sim->clock_ms + random() % 3000;
	}
	if (one_in(100))
		kill_daemon(room);
}

/* What all guests use together, at the least that they can be given: does it fit? */
static bool fits(void)
{
	uint64_t sum = 0, have = free_kib();

	for (size_t i = 0; i < day.room.count; i++) {
		struct room_guest *guest = room_guest(&day.room, i);
		uint64_t must = world_must(&guest->load) * 17 / 16 + 32 * M, actual;

		if (!guest->domid)
			continue;
		actual = room_actual(&day.room, i);
		have += actual;
		if (guest->stuck || guest->load.habit != GUEST_HONEST)
			must = actual;
		must = must > MAX_KIB ? MAX_KIB : must < MIN_KIB ? MIN_KIB : must;
		sum += must;
	}
	return sum + RESERVED_KIB + 1536 * M < have;
}

static void judge(uint64_t ms, bool could)
{
	for (size_t i = 0; i < day.room.count; i++) {
		struct room_guest *guest = room_guest(&day.room, i);
		bool lacks;

		if (!guest->domid || guest->stuck || guest->load.habit != GUEST_HONEST)
			continue;
		lacks = world_must(&guest->load) <= MAX_KIB && room_actual(&day.room, i) < world_must(&guest->load);
		day.guest_s += ms / 1000.0;
		day.lacking_s += lacks ? ms / 1000.0 : 0;
		day.lacking_ms[i] = lacks && could ? day.lacking_ms[i] + ms : 0;
		if (day.lacking_ms[i] > day.worst_ms)
			day.worst_ms = day.lacking_ms[i];
		if (day.lacking_ms[i] != PATIENCE_MS)
			continue;
		day.let_down++;
		/* What there is to see of it. */
		print_message("g%u at %" PRIu64 " ms: %" PRIu64 " of %" PRIu64 " KiB, target %" PRIu64 "\n",
			      guest->domid, day.room.sim->clock_ms, room_actual(&day.room, i),
			      world_must(&guest->load), room_target(&day.room, i));
	}
}

static void print_outcome(unsigned long guests, double hours, double seconds)
{
	struct manager_view view = manager_look(day.room.manager);

	print_message("%lu guests, %.1f h: %.0f s; %u kills, %u of them within a round, %u reboots, %u deaths, %u births; least free %" PRIu64
		      " MiB; lacking %.3f %% of the time, longest %" PRIu64 " s while there was enough; "
		      "since the last start %" PRIu64 " rounds, %" PRIu64 " writes, %" PRIu64 " locked, %" PRIu64 " refused\n",
		      guests, hours, seconds, day.kills, day.within, day.reboots, day.deaths, day.births,
		      day.room.least_free_kib / 1024, 100 * day.lacking_s / day.guest_s, day.worst_ms / 1000,
		      view.rounds, view.writes, view.locked, view.refused);
}

static void test_day(void **state)
{
	unsigned long guests = from_environment("HB_DAY_GUESTS", 30);
	unsigned long seconds = 60 * from_environment("HB_DAY_MINUTES", 15);
	time_t start = time(NULL);

	(void)state;
	srandom(choose_seed());
	/* 600 MiB a guest is less than they want together, and mostly more than they use. */
	room_open(&day.room, guests * 720 * M + 3 * G + RESERVED_KIB);
	day.wanted = guests;
	reserve();
	for (unsigned long i = 0; i < guests; i++)
		add_guest();
	day.room.reserved_kib = day.reserved_kib;
	day.room.asked = true;
	day.lacking_ms = calloc(guests + seconds, sizeof(*day.lacking_ms));
	assert_non_null(day.lacking_ms);
	for (unsigned long second = 0; second < seconds && !*day.room.broken; second++) {
		happen();
		room_run(&day.room, 1000);
		judge(1000, fits());
	}
	print_outcome(guests, seconds / 3600.0, difftime(time(NULL), start));
	assert_string_equal(day.room.broken, "");
	check_reserved();
	assert_int_equal(day.let_down, 0);
	free(day.lacking_ms);
	room_close(&day.room);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_day) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
