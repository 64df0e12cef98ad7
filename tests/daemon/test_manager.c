/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manager on a simulated host: what it does, what it asks, and what it says. */
#include "room.h"

#include <stdio.h>
#include <string.h>

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

/* One grows at the cost of another that does not need it. */
static void test_moves(void **state)
{
	size_t a, b;

	(void)state;
	a = room_add(&room, 1280 * M, 256 * M, 2 * G);
	b = room_add(&room, 1280 * M, 256 * M, 2 * G);
	room_run(&room, 10000);
	assert_int_equal(room_writes(&room), 0);
	room_guest(&room, a)->load.load.anon_kib = 1500 * M;
	room_run(&room, 60000);
	printf("%s", room.log);
	assert_true(room_target(&room, a) >= world_must(&room_guest(&room, a)->load));
	assert_true(room_target(&room, b) < 1280 * M);
	assert_int_equal(room_guest(&room, a)->load.oom_kills, 0);
	assert_true(room_said(&room, "g1 (1): 1280M -> "));
	assert_true(room_said(&room, "it needs more to work") || room_said(&room, "it cannot go on"));
	assert_true(room_said(&room, "another guest needs it to work"));
	/* Xen's limits have followed. */
	assert_true(sim_xen(room.sim, 2, NULL).max_pages * HB_PAGE_KIB <= room_target(&room, b) + M);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
