/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What others' managers got wrong, by their own trackers: played with ours on the simulated host.
 * What a row has that is tested elsewhere is said here:
 *
 *   rob-05  QubesOS/qubes-issues 9431, a reservation while domains come and go: tests/sim/test_together.c,
 *           and "creation wins" of test_manager.c (test_reserved)
 *   rob-07  QubesOS/qubes-issues 9663, a domain that never reports: test_silent of test_manager.c, and
 *           scenario 13 of tests/balance
 *   rob-13  xapi-project/xen-api 4275f76a6c, the host's own 72 MiB: check() of room.c, in each tick of all
 *   rob-17  QubesOS/qubes-core-libvirt 47, the paging pool before the maximum: common_check() of tests/sim
 *   rob-21  xapi's squeeze_xen.ml, a guest that floods its keys: test_flooder of test_manager.c
 *   rob-23  QubesOS/qubes-issues 1136, what a large domain costs beside its memory: tests/sim/test_scenarios.c
 *   rob-25  squeezed's login, reservations of a client that died: ours end by themselves, after their time or
 *           when the domain is there; a client that comes back is not needed for that (tests/sim/test_free.c)
 */
#include "room.h"
#include "seed.h"

#define S 1000

static struct room room;

static int setup(void **state)
{
	(void)state;
	room_open(&room, 4 * G);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_string_equal(room.broken, "");
	room_close(&room);
	return 0;
}

static size_t add(void)
{
	return room_add(&room, 700 * M, 256 * M, 2 * G);
}

/* rob-01, QubesOS/qubes-issues 11121: a paused domain is not given anything, nor asked again and again. */
static void test_paused(void **state)
{
	size_t a, b;
	uint64_t size;

	(void)state;
	a = add();
	b = add();
	room.asked = true;
	room_run(&room, 10 * S);
	size = room_target(&room, a);
	sim_guest(room.sim, room_guest(&room, a)->domid)->paused = true;
	/* It could use more, and another one could use what it has. */
	room_guest(&room, a)->load.load.anon_kib = 1200 * M;
	room_guest(&room, b)->load.load.anon_kib = 1000 * M;
	room_run(&room, 120 * S);
	assert_int_equal(room_target(&room, a), size);
	assert_true(room_actual(&room, b) >= world_must(&room_guest(&room, b)->load));
}

/* rob-03, QubesOS/qubes-issues 1409: one that goes while it is sized leaves nothing of it in xenstore. */
static void test_gone(void **state)
{
	(void)state;
	for (unsigned int at = 1; at < 60; at++) {
		size_t a = add(), b = add();
		uint32_t domid = room_guest(&room, a)->domid;

		room_guest(&room, a)->load.load.anon_kib = 900 * M;
		room_run(&room, (5 + random() % 20) * TICK_MS);
		room.sim->fault = SIM_FAULT_DEATH;
		room.sim->fault_domid = domid;
		room.sim->fault_at = room.sim->calls + at;
		room_run(&room, 10 * S);
		room.sim->fault = SIM_FAULT_NONE;
		if (sim_guest(room.sim, domid))
			room_remove(&room, a);
		assert_false(sim_has_nodes(room.sim, domid));
		room_remove(&room, b);
	}
}

/* rob-09, xapi-project/squeezed 63: what Xen counts beside a guest's memory is no memory that it holds. */
static void test_offset(void **state)
{
	const uint64_t target = 4 * G, tot = 4263936;
	struct hb_xen_domain xen;
	unsigned int writes;
	size_t a;

	(void)state;
	room_close(&room);
	room_open(&room, 8 * G);
	a = room_add(&room, target, G, 5 * G);
	sim_guest(room.sim, room_guest(&room, a)->domid)->offset_kib = tot - target;
	sim_set_limit(room.sim, room_guest(&room, a)->domid, tot + M);
	room_guest(&room, a)->load.load.anon_kib = 4200 * M;
	room_run(&room, 120 * S);
	writes = room_writes(&room);
	xen = sim_xen(room.sim, room_guest(&room, a)->domid, NULL);
	print_message("target %llu, holds %llu KiB, limit %llu KiB\n", (unsigned long long)room_target(&room, a),
		      (unsigned long long)xen.tot_pages * HB_PAGE_KIB, (unsigned long long)xen.max_pages * HB_PAGE_KIB);
	assert_true(xen.max_pages >= xen.tot_pages);
	/* It grew, and nobody goes on trying. */
	assert_true(room_target(&room, a) > target);
	room_run(&room, 60 * S);
	assert_int_equal(room_writes(&room), writes);
}

/* rob-11, xapi-project/xen-api 6557: nothing to do is nothing that is said. */
static void test_nothing_to_do(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		room_add(&room, 700 * M, 700 * M, 700 * M);
	room_run(&room, 60 * S);
	assert_int_equal(room_writes(&room), 0);
	assert_int_equal(room.lines, 0);
}

/* rob-15, XEN_SYSCTL_physinfo's outstanding_pages: what others have claimed is not free. */
static void test_claimed(void **state)
{
	const uint64_t left = 300 * M;
	size_t a = add();

	(void)state;
	room_run(&room, 10 * S);
	room.sim->claimed_pages = room.sim->free_pages - left / HB_PAGE_KIB;
	room_guest(&room, a)->load.load.anon_kib = 1800 * M;
	room_run(&room, 60 * S);
	assert_true(room.sim->free_pages >= room.sim->claimed_pages);
	assert_true(room_target(&room, a) <= 700 * M + left);
}

/* rob-19, squeezed's design, Issues: a page in each 19 s is no cooperation: others give what it does not. */
static void test_flaps(void **state)
{
	struct sim_guest *simulated;
	size_t a, b, c;

	(void)state;
	a = room_add(&room, 1200 * M, 256 * M, 2 * G);
	b = room_add(&room, 1200 * M, 256 * M, 2 * G);
	c = room_add(&room, 300 * M, 256 * M, 2 * G);
	simulated = sim_guest(room.sim, room_guest(&room, a)->domid);
	simulated->moves_ms = 100;
	simulated->rests_ms = 18900;
	simulated->rate_kib_s = 40;
	room_run(&room, 10 * S);
	room_guest(&room, c)->load.load.anon_kib = 1400 * M;
	room_run(&room, 120 * S);
	assert_true(room_actual(&room, c) >= world_must(&room_guest(&room, c)->load));
	assert_true(room_actual(&room, b) < 1200 * M);
	assert_true(room_actual(&room, a) > 1190 * M);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_paused), TEST(test_gone), TEST(test_offset), TEST(test_nothing_to_do), TEST(test_claimed),
		TEST(test_flaps),
	};

	srandom(choose_seed());
	return cmocka_run_group_tests(tests, NULL, NULL);
}
