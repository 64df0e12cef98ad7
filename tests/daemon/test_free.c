/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "hotballoon free" while hotballoond runs: it takes from who can do without. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "room.h"
#include "speaker.h"

static struct room room;
static void (*guests)(struct sim *sim);
static uint64_t least_kib;

/* While the command sleeps the guests live, and the daemon does its work. */
static void tick(struct sim *sim)
{
	const uint64_t busy = room_target(&room, 0);

	guests(sim);
	manager_run(room.manager);
	least_kib = busy < least_kib ? busy : least_kib;
}

/* Two guests of 1200M each, the first of which needs nearly all of it. */
static void open_busy_and_idle(void)
{
	static const char status[] = "{\"parameters\":{\"connected\":true,\"dry_run\":false}}";

	room_open(&room, 4 * G);
	room_add(&room, 1200 * M, 256 * M, 2 * G);
	room_add(&room, 1200 * M, 256 * M, 2 * G);
	room_run(&room, 5000);
	room_guest(&room, 0)->load.load.anon_kib = 1000 * M;
	room_run(&room, 60000);
	least_kib = room_target(&room, 0);
	command_sim = room.sim;
	guests = room.sim->tick;
	room.sim->tick = tick;
	speaker_start(status, sizeof(status));
}

static void test_takes_from_idle(void **state)
{
	uint64_t busy;

	(void)state;
	open_busy_and_idle();
	busy = least_kib;
	assert_int_equal(command_line("free 1G"), HB_OK);
	assert_true(common_available(room.sim) >= G);
	/* By weight alone both would have given the same. */
	assert_true(least_kib + 64 * M >= busy);
	assert_true(room_target(&room, 1) < 900 * M);
	assert_true(room_said(&room, "the host has promised or set aside more than it has"));
	room.sim->tick = guests;
	/* And it stays there for who is to come, whatever others ask for in vain: not for ever. */
	speaker_end();
	room.config.surplus = true;
	manager_configure(room.manager, &room.config);
	assert_int_equal(command_line("free 100G"), HB_E_REFUSED);
	room_run(&room, 30000);
	assert_true(common_available(room.sim) >= G);
	room_run(&room, 60000);
	assert_true(common_available(room.sim) < G);
	room_close(&room);
}

static unsigned int calls;

/* Another one comes while the first waits, and waits itself. */
static bool come_beside(const struct hb_progress *progress, void *argument)
{
	const struct hb_free_request request = { .need_kib = 500 * M, .managed = true };
	struct hb_free_result freed = { 0 };
	struct hb *hb = argument;
	struct hb_error error;

	(void)progress;
	if (!calls++)
		assert_int_equal(hb_free(hb, &request, &freed, &error), HB_OK);
	hb_free_result_clear(&freed);
	return true;
}

/* Two at once get what both ask for. */
static void test_two_at_once(void **state)
{
	const struct hb_free_request request = { .need_kib = 600 * M, .managed = true };
	struct hb_free_result freed = { 0 };
	struct hb *first, *second;
	struct hb_error error;
	uint64_t busy;

	(void)state;
	open_busy_and_idle();
	busy = least_kib;
	first = common_connect(room.sim);
	second = common_connect(room.sim);
	calls = 0;
	hb_set_progress(first, come_beside, second);
	assert_int_equal(hb_free(first, &request, &freed, &error), HB_OK);
	assert_true(calls);
	assert_true(common_available(room.sim) >= 1100 * M);
	assert_true(least_kib + 64 * M >= busy);
	hb_free_result_clear(&freed);
	hb_close(second);
	hb_close(first);
	room.sim->tick = guests;
	speaker_end();
	room_close(&room);
}

/* What all together cannot give nobody is squeezed for: not even for a while. */
static void test_impossible(void **state)
{
	uint64_t busy, idle;

	(void)state;
	open_busy_and_idle();
	busy = least_kib;
	idle = room_target(&room, 1);
	assert_int_equal(command_line("free 100G"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "all guests that may be asked give"));
	assert_int_equal(least_kib, busy);
	room.sim->tick = guests;
	speaker_end();
	room_run(&room, 10000);
	assert_true(room_target(&room, 0) >= busy);
	assert_true(room_target(&room, 1) + 64 * M >= idle);
	assert_null(common_state_file("reservations"));
	room_close(&room);
}

/* So it is of what is reserved: taken from who needs it least, or left as it was. */
static void test_reserve(void **state)
{
	uint64_t busy;
	char before[1024];

	(void)state;
	open_busy_and_idle();
	busy = least_kib;
	assert_int_equal(command_line("reserve 1G --for=web --ttl=7200 --dry-run"), HB_OK);
	assert_non_null(strstr(command_out, "would be set aside"));
	assert_null(common_state_file("reservations"));
	assert_int_equal(command_line("reserve 1G --for=web --ttl=7200"), HB_OK);
	assert_non_null(strstr(command_out, "web: 1032M are set aside"));
	assert_true(room.sim->free_pages * HB_PAGE_KIB >= G);
	assert_true(least_kib + 64 * M >= busy);
	assert_true(room_target(&room, 1) < 900 * M);
	snprintf(before, sizeof(before), "%s", common_state_file("reservations"));
	assert_non_null(strstr(before, " web\n"));
	/* What all together cannot give is not even begun. */
	busy = least_kib = room_target(&room, 0);
	assert_int_equal(command_line("reserve 100G --for=web"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "all guests that may be asked give"));
	assert_int_equal(least_kib, busy);
	assert_string_equal(common_state_file("reservations"), before);
	/* Nor is anything left of what does not come. */
	room_guest(&room, 0)->stuck = room_guest(&room, 1)->stuck = true;
	assert_int_not_equal(command_line("reserve 1400M --for=web"), HB_OK);
	assert_string_equal(common_state_file("reservations"), before);
	room.sim->tick = guests;
	speaker_end();
	room_close(&room);
}

static bool enough(const struct hb_progress *progress, void *calls)
{
	(void)progress;
	return ++*(unsigned int *)calls < 3;
}

/* Other programs have the same from the library, which wants to know only that a manager runs. */
static void test_reserve_by_library(void **state)
{
	struct hb_reserve_request request = { .name = "web", .size_kib = G, .ttl_s = 7200 };
	struct hb_reservation reservation;
	struct hb_error error;
	unsigned int calls = 0;
	uint64_t busy;
	struct hb *hb;

	(void)state;
	open_busy_and_idle();
	hb = common_connect(room.sim);
	busy = least_kib;
	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_E_REFUSED);
	assert_null(common_state_file("reservations"));
	request.managed = true;
	/* Who has had enough leaves nothing behind, and is asked the next time. */
	hb_set_progress(hb, enough, &calls);
	for (unsigned int until = 3; until <= 4; until++) {
		assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_E_INTERRUPTED);
		assert_int_equal(calls, until);
		assert_null(strstr(common_state_file("reservations"), " web\n"));
	}
	hb_set_progress(hb, NULL, NULL);
	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_OK);
	assert_int_equal(reservation.left_kib, 1032 * M);
	assert_true(reservation.until_s);
	assert_true(room.sim->free_pages * HB_PAGE_KIB >= G);
	assert_true(least_kib + 64 * M >= busy);
	request.size_kib = 100 * G;
	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_E_REFUSED);
	assert_non_null(strstr(common_state_file("reservations"), " web\n"));
	hb_close(hb);
	room.sim->tick = guests;
	speaker_end();
	room_close(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_from_idle), cmocka_unit_test(test_impossible),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_reserve), cmocka_unit_test(test_reserve_by_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
