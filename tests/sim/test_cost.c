/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What things cost on a host of 500 guests, all with limits, and 200 reservations: questions
 * to the host, looks at our files, and waits for the disk, counted. Times are for bench.c.
 */
#include "common.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "lock.h"
#include "sim_internal.h"

#define GUESTS 500U
#define RESERVATIONS 200U
#define RESERVED_KIB (64 * M)
#define FIRST 10U
#define LAST (FIRST + GUESTS - 1)

static struct hb *hb;
static struct hb_error error;
static unsigned int syncs, looks;

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_fsync(int fd)
{
	syncs++;
	return __real_fsync(fd);
}

/* A look at the file of limits; what is written is another file at first. */
int __wrap_open(const char *path, int flags, ...)
{
	const char *name = strrchr(path, '/');

	looks += name && !strcmp(name, "/limits");
	return __real_open(path, flags, 0644);
}

static void add_guests(unsigned int count, const struct sim_guest *like)
{
	static char names[GUESTS][16];
	struct sim_guest guest = *like;

	for (uint32_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "guest%u", i);
		guest.domid = FIRST + i;
		guest.name = names[i];
		sim_add(command_sim, &guest);
	}
}

static void write_limits(unsigned int count)
{
	static char text[GUESTS * 128];
	size_t used = sprintf(text, "hotballoon limits 1\n");

	for (uint32_t i = 0; i < count; i++)
		used += sprintf(text + used,
				"%08x-0000-0000-0000-000000000000 mode=auto weight=1000 min=131072 max=1048576 set=524288\n",
				FIRST + i);
	common_write_state_file("limits", text);
}

static void write_reservations(void)
{
	static char text[RESERVATIONS * 64];
	size_t used = sprintf(text, "hotballoon reservations 1\n");

	for (uint32_t i = 0; i < RESERVATIONS; i++)
		used += sprintf(text + used, "%llu 1700000000 reserved%u\n",
				(unsigned long long)RESERVED_KIB, i);
	common_write_state_file("reservations", text);
}

static void make_host(uint64_t kib, const struct sim_guest *like)
{
	common_make_state_dir();
	command_sim = sim_open(kib);
	add_guests(GUESTS, like);
	write_limits(GUESTS);
	write_reservations();
	hb = common_connect(command_sim);
	command_sim->calls = 0;
	syncs = looks = 0;
}

static int setup(void **state)
{
	(void)state;
	make_host(1024 * G, &usual_guest);
	return 0;
}

static int teardown(void **state)
{
	hb_close(hb);
	return command_teardown(state);
}

/* Xen's list, 128 at a time, and Xen's memory. */
#define CALLS_HOST (GUESTS / 128 + 2 + 1)
/* Of a domain whose driver reports: each of its keys, once. */
#define CALLS_REPORTING 22U
/* Of one that has none: nothing of a report but that there is none. */
#define CALLS_SILENT 12U

static void test_list(void **state)
{
	(void)state;
	assert_int_equal(command_line("list"), 0);
	assert_in_range(command_sim->calls, GUESTS, GUESTS * CALLS_REPORTING + CALLS_HOST);
	assert_true(looks <= 1);
	assert_int_equal(syncs, 0);
}

static void test_list_without_driver(void **state)
{
	struct sim_guest silent = usual_guest;

	(void)state;
	silent.reports = false;
	make_host(1024 * G, &silent);
	assert_int_equal(command_line("list"), 0);
	assert_in_range(command_sim->calls, GUESTS, GUESTS * CALLS_SILENT + CALLS_HOST);
}

static void test_doctor(void **state)
{
	(void)state;
	assert_int_equal(command_line("doctor"), 0);
	/* What hb_show() reads beyond hb_list(): four calls to each. */
	assert_in_range(command_sim->calls, GUESTS, GUESTS * (CALLS_REPORTING + 4) + CALLS_HOST);
	/* What of it cannot be read is looked for once more. */
	assert_in_range(looks, 1, 2);
}

static void test_top(void **state)
{
	(void)state;
	assert_int_equal(command_line("top"), 0);
	assert_in_range(command_sim->calls, GUESTS, GUESTS * CALLS_REPORTING + CALLS_HOST);
	assert_int_equal(looks, 1);
}

#define CALLS_SET 300
/* Of one more that is asked what it may still take: target, headroom and video memory. */
#define CALLS_ASKED 3
#define ASKED 100U

static void set_among(const char *line, unsigned int asked)
{
	command_sim->calls = 0;
	assert_int_equal(command_line(line), 0);
	assert_in_range(command_sim->calls, 20, CALLS_SET + CALLS_ASKED * asked);
}

static void set(const char *line)
{
	set_among(line, 0);
}

/* By domid: a name is looked for among all there are. */
static void test_set(void **state)
{
	(void)state;
	set("set 509 256M");
	set("set 509 1G");
	set("set 509 +64M");
	set("max 509 4G");
}

/* What others may still take is asked for where Xen's limit lets them take it. */
static void test_set_among_promises(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ASKED; i++) {
		sim_guest(command_sim, FIRST + i)->rate_kib_s = 0;
		sim_set_limit(command_sim, FIRST + i, G + M);
		sim_write_key(command_sim, FIRST + i, HB_KEY_TARGET, "1048576");
	}
	set_among("set 509 1G", ASKED);
}

/* Little is left: every domain is asked, and the answer is exact. */
static void test_set_on_a_full_host(void **state)
{
	struct hb_set_request request = { .size = { HB_SIZE_ABSOLUTE, false, 0 } };
	struct hb_set_result result;
	uint64_t available;

	(void)state;
	hb_close(hb);
	command_teardown(state);
	make_host(GUESTS * (512 * M + 4 * M) + RESERVATIONS * RESERVED_KIB + 4 * G, &usual_guest);
	available = common_available(command_sim);
	assert_in_range(available, 200 * M, 4 * G);
	request.size.amount = available / 2 / HB_PAGE_KIB * HB_PAGE_KIB + 512 * M;
	assert_int_equal(hb_set(hb, LAST, &request, &result, &error), HB_OK);
	request.size.amount = available + 1024 * M;
	assert_int_equal(hb_set(hb, LAST, &request, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "to give"));
}

#define DONORS 196U

static enum hb_code free_from_all(uint64_t more_kib, struct hb_free_result *result)
{
	struct hb_free_request request = { .need_kib = common_available(command_sim) + more_kib };

	write_limits(DONORS);
	syncs = looks = 0;
	return hb_free(hb, &request, result, &error);
}

static void test_free_in_one(void **state)
{
	struct hb_free_result result = { 0 };

	(void)state;
	assert_int_equal(free_from_all(DONORS * 128 * M, &result), HB_OK);
	assert_int_equal(result.count, DONORS);
	/* What managers set, and what they keep off meanwhile, need not last. */
	assert_int_equal(syncs, 0);
	/* And under its lock of each, that it is a manager's still. */
	assert_in_range(looks, DONORS, DONORS + 4);
	hb_free_result_clear(&result);
}

/*
 * Some do not move, and others are asked again: a round more. Those that do not are given
 * what they hold, which is noted, too.
 */
static void test_free_in_rounds(void **state)
{
	struct hb_free_result result = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		sim_guest(command_sim, FIRST + i)->stick_at_kib = 512 * M;
	assert_int_equal(free_from_all(DONORS * 128 * M, &result), HB_OK);
	assert_int_equal(result.count, DONORS);
	assert_int_equal(syncs, 0);
	hb_free_result_clear(&result);
}

/* A manager has set them all: they can be asked again. */
static void test_free_again(void **state)
{
	struct hb_free_result result = { 0 };
	struct hb_free_request request;

	(void)state;
	assert_int_equal(free_from_all(DONORS * 128 * M, &result), HB_OK);
	hb_free_result_clear(&result);
	request = (struct hb_free_request){ .need_kib = common_available(command_sim) + DONORS * 64 * M };
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
	assert_int_equal(result.count, DONORS);
	hb_free_result_clear(&result);
}

static void let_go(struct sim *sim)
{
	struct hb_host *other = &sim->connections[0]->host;

	if (sim->clock_ms == 5000)
		other->ops->unlock_host(other);
}

/*
 * Another process has the host's lock for five seconds: libxl's, a file that is made and
 * removed, is not taken each time that it is looked.
 */
static void test_waiting_for_the_host(void **state)
{
	struct hb_host *other = &command_sim->connections[0]->host;
	struct hb *waiting = common_connect(command_sim);
	const struct hb_patience patience = { 0 };

	(void)state;
	assert_int_equal(other->ops->lock_host(other), 0);
	command_sim->tick = let_go;
	command_sim->locks = 0;
	assert_int_equal(hb_lock_both(waiting, LAST, &patience, &error), HB_OK);
	assert_in_range(command_sim->clock_ms, 5000, 5100);
	assert_int_equal(command_sim->locks, 2);
	hb_unlock_both(waiting);
	hb_close(waiting);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_list),
		cmocka_unit_test_teardown(test_list_without_driver, teardown),
		TEST(test_doctor),
		TEST(test_top),
		TEST(test_set),
		TEST(test_set_among_promises),
		TEST(test_set_on_a_full_host),
		TEST(test_free_in_one),
		TEST(test_free_in_rounds),
		TEST(test_free_again),
		TEST(test_waiting_for_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
