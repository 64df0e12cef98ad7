/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many steps it takes to hear what a guest reports: of the manager, its sight and the monitor. */
#include "room.h"
#include "sim_internal.h"
#include "steps.h"

#include <stdio.h>

#define TEXT 24	/* of a number */

static struct room room;

/* The least that one report takes, in a room of so many quiet guests: between two looks at all of them. */
static unsigned long steps_of_report(unsigned int guests)
{
	unsigned long least = -1UL;

	room_open(&room, 4 * G + guests * 512 * M);
	for (unsigned int i = 0; i < guests; i++)
		room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	for (unsigned int i = 0; i < 30; i++) {
		char used[TEXT];

		snprintf(used, sizeof(used), "%u", 100000 + i);
		sim_run(room.sim, 100);
		sim_write_key(room.sim, 1, HB_KEY_REPORT_FLOOR, used);
		steps = 0;
		manager_run(room.manager);
		least = steps < least ? steps : least;
	}
	room_close(&room);
	return least;
}

/* Each guest reports once a second: what a report costs has nothing to do with how many others there are. */
static void test_steps_of_report(void **state)
{
	const unsigned long few = steps_of_report(20), many = steps_of_report(1000);

	(void)state;
	print_message("a report takes %lu steps with 20 guests, %lu with 1000\n", few, many);
	assert_true(few > 0);
	/* It is looked up among them, which is all. */
	assert_true(many < few + 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_steps_of_report) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
