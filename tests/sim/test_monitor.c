/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor: what it knows is current, at a cost that no guest decides about. */
#include "common.h"
#include "monitor.h"
#include "sim_internal.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static struct sim *sim;
static struct hb *hb;
static struct hb_monitor *monitor;
static struct hb_error error;
static unsigned int changes;

static void on_change(const struct hb_change *change, void *argument)
{
	(void)change;
	(void)argument;
	changes++;
}

static void open_monitor(void)
{
	hb = sim_connect(sim);
	changes = 0;
	assert_int_equal(hb_monitor_open(hb, on_change, NULL, &monitor, &error), HB_OK);
	assert_int_equal(hb_monitor_dispatch(monitor, &error), HB_OK);
}

static int setup(void **state)
{
	(void)state;
	sim = common_host();
	open_monitor();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hb_monitor_close(monitor);
	assert_int_equal(sim->connections[0]->nr_watches, 0);
	hb_close(hb);
	sim_close(sim);
	return 0;
}

static bool is_readable(void)
{
	struct pollfd fd = { .fd = hb_monitor_fd(monitor), .events = POLLIN };

	assert_true(fd.fd >= 0);
	return poll(&fd, 1, 0) == 1;
}

/* As an event loop does, for so long. */
static void run(unsigned int ms)
{
	for (uint64_t end = sim->clock_ms + ms; sim->clock_ms < end;) {
		if (is_readable())
			assert_int_equal(hb_monitor_dispatch(monitor, &error), HB_OK);
		else
			sim_run(sim, 10);
	}
}

/* By its domid; NULL if it is not known. */
static const struct hb_domain *domain(uint32_t domid)
{
	for (size_t i = 0; i < hb_monitor_count(monitor); i++) {
		if (hb_monitor_domain(monitor, i)->domid == domid)
			return hb_monitor_domain(monitor, i);
	}
	return NULL;
}

static void add_guest(uint32_t domid, const char *name)
{
	struct sim_guest guest = usual_guest;

	guest.domid = domid;
	guest.name = name;
	sim_add(sim, &guest);
}

static void add_guests(unsigned int count)
{
	/* A host that has room for them. */
	sim->total_pages += count * G / HB_PAGE_KIB;
	sim->free_pages += count * G / HB_PAGE_KIB;
	for (uint32_t i = 0; i < count; i++)
		add_guest(100 + i, "guest");
}

static void test_current(void **state)
{
	(void)state;
	assert_int_equal(hb_monitor_count(monitor), 2);
	assert_null(hb_monitor_domain(monitor, 2));
	assert_string_equal(domain(GUEST)->name, "guest1");
	common_other_tool(sim, 256 * M);
	/* As it was until somebody dispatches. */
	assert_true(is_readable());
	assert_int_equal(domain(GUEST)->target.value, 512 * M);
	run(5000);
	assert_false(is_readable());
	assert_int_equal(domain(GUEST)->target.value, 256 * M);
	assert_int_equal(domain(GUEST)->report.current.value, 256 * M);
	assert_true(changes > 2);
}

/* One that others watch by: its name, and the words of other agents. */
static void test_name_and_demand(void **state)
{
	(void)state;
	sim_write_key(sim, GUEST, HB_KEY_NAME, "guest1--migratedaway");
	sim_write_key(sim, GUEST, HB_KEY_MEMINFO_TOTAL, "480000");
	sim_write_key(sim, GUEST, HB_KEY_MEMINFO_FREE, "80000");
	run(500);
	assert_int_equal(domain(GUEST)->state, HB_DOMAIN_MIGRATING);
	assert_int_equal(domain(GUEST)->used.value, 400000);
}

static void test_order(void **state)
{
	(void)state;
	add_guest(9, "late");
	add_guest(3, "again");
	sim_fire(sim, "@introduceDomain");
	run(500);
	assert_int_equal(hb_monitor_count(monitor), 4);
	for (size_t i = 1; i < 4; i++)
		assert_true(hb_monitor_domain(monitor, i - 1)->domid < hb_monitor_domain(monitor, i)->domid);
	sim_destroy(sim, 3);
	run(500);
	assert_int_equal(hb_monitor_count(monitor), 3);
	assert_null(domain(3));
}

/* The others are followed, and it is again when it can be read. */
static void test_unreadable(void **state)
{
	(void)state;
	add_guest(9, "other");
	run(500);
	sim->unreadable = "/local/domain/5/";
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "300000");
	sim_write_key(sim, 9, HB_KEY_TARGET, "400000");
	run(500);
	assert_int_equal(domain(GUEST)->target.value, 512 * M);
	assert_int_equal(domain(9)->target.value, 400000);
	assert_true(hb_monitor_is_stale(monitor, 1));
	assert_false(hb_monitor_is_stale(monitor, 2));
	assert_false(hb_monitor_is_stale(monitor, 3));
	/* Nothing more is written: it is tried again by itself. */
	sim->unreadable = NULL;
	run(1500);
	assert_int_equal(domain(GUEST)->target.value, 300000);
	assert_false(hb_monitor_is_stale(monitor, 1));
}

/* Nor one that is like that from the start; and it is not asked for all the time. */
static void test_unreadable_new(void **state)
{
	unsigned int calls;

	(void)state;
	sim_guest(sim, GUEST)->reports = false;
	sim->unreadable = "/local/domain/9/";
	add_guest(9, "other");
	sim_guest(sim, 9)->reports = false;
	run(500);
	assert_int_equal(hb_monitor_count(monitor), 2);
	calls = sim->calls;
	run(10000);
	assert_in_range(sim->calls - calls, 10, 10 * 4);
	sim->unreadable = NULL;
	run(1500);
	assert_string_equal(domain(9)->name, "other");
}

static void write_target(uint32_t domid, uint64_t kib)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, kib);
	sim_write_key(sim, domid, HB_KEY_TARGET, value);
}

/* Turns of 200 ms, as of who has other things to do; how many of them left it behind. */
static unsigned int behind_in(unsigned int turns)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < turns; i++) {
		bool behind;

		assert_int_equal(hb_monitor_dispatch_until(monitor, sim->clock_ms + 200, &behind, &error), HB_OK);
		count += behind;
		sim_run(sim, 10);
	}
	return count;
}

/* Reading them takes longer than until they are due again: who waits for a first look has it once each was tried. */
static void test_behind(void **state)
{
	(void)state;
	add_guests(40);
	sim->unreadable = "/local/domain/1";
	sim_run(sim, 200);
	sim->call_ms = 20;
	assert_true(behind_in(10) > 0);
	behind_in(100);
	write_target(GUEST, 300000);
	assert_int_equal(behind_in(100), 0);
	assert_int_equal(hb_monitor_count(monitor), 2);
	/* Nor do those wait who can be read. */
	assert_int_equal(domain(GUEST)->target.value, 300000);
	/* They are tried on and on. */
	sim->unreadable = NULL;
	behind_in(300);
	assert_int_equal(hb_monitor_count(monitor), 42);
}

/* Those that cannot be watched take no turn from others. */
static void test_unwatchable(void **state)
{
	(void)state;
	add_guests(20);
	add_guest(99, "first");
	add_guest(300, "last");
	sim->unwatchable = "/local/domain/1";
	sim->call_ms = 20;
	behind_in(100);
	assert_non_null(domain(99));
	assert_non_null(domain(300));
	assert_int_equal(behind_in(100), 0);
	assert_int_equal(hb_monitor_count(monitor), 4);
	sim->unwatchable = NULL;
	behind_in(200);
	assert_int_equal(hb_monitor_count(monitor), 24);
}

static uint64_t promised(void)
{
	struct hb_host_memory memory;

	assert_int_equal(hb_monitor_measure(monitor, &error), HB_OK);
	assert_int_equal(hb_monitor_memory(monitor, &memory, &error), HB_OK);
	return memory.promised_kib;
}

/* xenstored tells of it when it is built: what Xen lets it take is promised before, as it takes it. */
static void test_built(void **state)
{
	(void)state;
	assert_int_equal(promised(), 0);
	common_begin_build(sim, 9, "web");
	assert_int_equal(promised(), 0);
	sim_set_limit(sim, 9, 2 * G);
	assert_int_equal(promised(), 2 * G);
	sim_populate(sim, sim_domain(sim, 9), G / HB_PAGE_KIB);
	assert_int_equal(promised(), G);
	/* As long as it cannot be read, and as it can. */
	run(500);
	assert_int_equal(hb_monitor_count(monitor), 3);
	assert_int_equal(promised(), G);
	sim_write_key(sim, 9, HB_KEY_TARGET, "1572864");
	run(500);
	assert_int_equal(promised(), 512 * M);
	sim_destroy(sim, 9);
	run(500);
	assert_int_equal(promised(), 0);
}

/*
 * It is built in vain: its nodes go, and it a moment later, of which xenstored, that never knew of
 * it, tells nobody. What it was promised is free again.
 */
static void test_built_in_vain(void **state)
{
	(void)state;
	common_begin_build(sim, 9, "web");
	sim_set_limit(sim, 9, 2 * G);
	assert_int_equal(promised(), 2 * G);
	run(500);
	assert_non_null(domain(9));
	sim_begin_destroy(sim, 9);
	run(500);
	sim_destroy(sim, 9);
	run(500);
	promised();
	run(500);
	assert_null(domain(9));
	assert_int_equal(promised(), 0);
}

/* Nobody knows its target: at most that, or nothing if Xen lets it take what it likes. */
static void test_promised_unreadable(void **state)
{
	(void)state;
	sim->unreadable = "/local/domain/9/";
	add_guest(9, "other");
	sim_set_limit(sim, 9, G + M);
	run(500);
	assert_int_equal(hb_monitor_count(monitor), 2);
	assert_int_equal(promised(), G + M - sim_xen(sim, 9, NULL).tot_pages * HB_PAGE_KIB);
	sim_set_limit(sim, 9, HB_SIZE_MAX_KIB);
	assert_int_equal(promised(), 0);
	sim->unreadable = NULL;
	run(1500);
	assert_int_equal(promised(), 0);
}

/* Who has looked at all need not look at those who have said nothing. */
static void test_heard(void **state)
{
	struct hb_heard heard;

	(void)state;
	add_guests(HB_HEARD_MAX + 1);
	run(500);
	assert_true(hb_monitor_take_heard(monitor).all);
	heard = hb_monitor_take_heard(monitor);
	assert_false(heard.all);
	assert_int_equal(heard.count, 0);
	/* In words that nobody is told of, too. */
	sim_guest(sim, GUEST)->reports = false;
	sim_write_key(sim, GUEST, HB_KEY_REPORT_STATS, "total-memory=500000 free-memory=1 available-memory=2 swap-total=0 swap-free=0");
	changes = 0;
	run(50);
	heard = hb_monitor_take_heard(monitor);
	assert_int_equal(changes, 0);
	assert_false(heard.all);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.domids[0], GUEST);
	/* As many as there is room for, and one more. */
	for (unsigned int more = 0; more < 2; more++) {
		for (uint32_t i = 0; i < HB_HEARD_MAX + more; i++) {
			sim_guest(sim, 100 + i)->reports = false;
			write_target(100 + i, 500 * M - more);
		}
		run(500);
		heard = hb_monitor_take_heard(monitor);
		assert_int_equal(heard.all, more);
		assert_int_equal(heard.count, HB_HEARD_MAX);
	}
	sim_destroy(sim, 100);
	run(500);
	assert_true(hb_monitor_take_heard(monitor).all);
}

/* In a moment. */
#define FLOOD 100

static void flood(struct sim *host)
{
	char value[24];

	for (int i = 0; i < FLOOD; i++) {
		snprintf(value, sizeof(value), "%" PRIu64, host->clock_ms * 1000 + i);
		sim_write_key(host, GUEST, HB_KEY_REPORT_FLOOR, value);
	}
}

/* A read of a domain that reports: Xen four times, and so many keys, none of them twice. */
#define CALLS_READ 27

static void test_flood(void **state)
{
	unsigned int calls, events;

	(void)state;
	add_guests(50);
	run(500);
	sim_guest(sim, GUEST)->reports = false;
	sim->tick = flood;
	calls = sim->calls;
	run(10000);
	/* A read in 100 ms, of that domain and of no other. */
	assert_in_range(sim->calls - calls, 90 * 10, 101 * CALLS_READ);
	/* It does so on and on: seven reads in ten seconds, and nothing is heard of it in between. */
	run(60000);
	calls = sim->calls;
	events = sim->events;
	run(10000);
	/* Its four watches are set and ended each time, which events of more than one moment are not. */
	assert_in_range(sim->calls - calls, 6 * 10, 7 * (CALLS_READ + 8));
	print_message("%u events a second\n", (sim->events - events) / 10);
	assert_true(sim->events - events < 10 * 2 * FLOOD + 100);
	sim->tick = NULL;
	run(1600);
	assert_int_equal(domain(GUEST)->report.floor.value, common_number(sim, GUEST, HB_KEY_REPORT_FLOOR));
	/* It has been quiet for a while: it is heard of as anybody, and costs nothing meanwhile. */
	run(30000);
	calls = sim->calls;
	run(30000);
	assert_int_equal(sim->calls, calls);
	sim_write_key(sim, GUEST, HB_KEY_REPORT_FLOOR, "4096");
	run(200);
	assert_int_equal(domain(GUEST)->report.floor.value, 4096);
}

static uint64_t lacks_kib(void)
{
	return domain(GUEST)->report.distress.presence == HB_PRESENT ? domain(GUEST)->report.distress.value : 0;
}

static void say(const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	sim_write_key(sim, GUEST, key, text);
	assert_int_equal(hb_monitor_dispatch(monitor, &error), HB_OK);
}

/* Who is in distress was read a moment ago for something else: that is heard at once, once a second. */
static void test_cry(void **state)
{
	(void)state;
	sim_guest(sim, GUEST)->reports = false;
	run(2000);
	say(HB_KEY_REPORT_FLOOR, 8192);
	assert_int_equal(domain(GUEST)->report.floor.value, 8192);
	say(HB_KEY_REPORT_FLOOR, 4096);
	assert_int_equal(domain(GUEST)->report.floor.value, 8192);
	say(HB_KEY_REPORT_DISTRESS, 8192);
	assert_int_equal(lacks_kib(), 8192);
	say(HB_KEY_REPORT_DISTRESS, 16384);
	assert_int_equal(lacks_kib(), 8192);
	run(110);
	assert_int_equal(lacks_kib(), 16384);
	run(1000);
	say(HB_KEY_REPORT_FLOOR, 8192);
	say(HB_KEY_REPORT_DISTRESS, 0);
	assert_int_equal(lacks_kib(), 0);
}

static void cry_on(struct sim *host)
{
	static uint64_t kib = 4096;

	for (int i = 0; i < FLOOD; i++) {
		char text[24];

		kib = kib == 4096 ? 8192 : 4096;
		snprintf(text, sizeof(text), "%" PRIu64, kib);
		sim_write_key(host, GUEST, HB_KEY_REPORT_DISTRESS, text);
	}
}

/* Who cries on and on is read once a second more than others that write on and on, and then as seldom. */
static void test_cries_on(void **state)
{
	unsigned int calls;

	(void)state;
	sim_guest(sim, GUEST)->reports = false;
	run(500);
	sim->tick = cry_on;
	calls = sim->calls;
	run(10000);
	assert_in_range(sim->calls - calls, 90 * 10, 112 * CALLS_READ);
	run(60000);
	calls = sim->calls;
	run(10000);
	assert_in_range(sim->calls - calls, 6 * 10, 7 * (CALLS_READ + 8));
}

static void flood_domains(struct sim *host)
{
	for (int i = 0; i < 100; i++)
		sim_fire(host, "@introduceDomain");
}

/* Xen's list is read at that rate, too, and no domain that is known. */
static void test_flood_of_domains(void **state)
{
	unsigned int calls;

	(void)state;
	add_guests(50);
	run(500);
	sim_guest(sim, GUEST)->reports = false;
	sim->tick = flood_domains;
	calls = sim->calls;
	run(10000);
	assert_in_range(sim->calls - calls, 2 * 90, 2 * 101);
}

/* Nobody dispatches for a minute: what waits is a mark a domain. */
static void test_nobody_reads(void **state)
{
	(void)state;
	sim->tick = flood;
	sim_run(sim, 60000);
	assert_int_equal(sim->connections[0]->nr_events, 1);
	sim->tick = NULL;
	run(500);
	assert_int_equal(domain(GUEST)->report.floor.value, common_number(sim, GUEST, HB_KEY_REPORT_FLOOR));
}

/* Somebody takes the last page of those that are more than so many; is it said that Xen runs low? */
static bool is_low_at(uint64_t pages)
{
	sim->free_pages = pages + 1;
	assert_int_equal(sim_populate(sim, sim_domain(sim, GUEST), 1), 1);
	run(10);
	return hb_monitor_take_low(monitor);
}

/* virq-01 and virq-03: when Xen says that it runs low, it is heard, once each time. */
static void test_low(void **state)
{
	static const struct {
		uint64_t pages;
		bool says;
	} rows[][8] = {
		{ { 20000, false }, { 16384, true }, { 16000, false }, { 9000, false }, { 8192, true },
		  { 8000, false } },
		{ { 16000, true }, { 8000, true }, { 4000, true }, { 9000, false }, { 40000, false },
		  { 40000, false }, { 40000, false }, { 16000, true } },
	};

	(void)state;
	assert_int_equal(hb_monitor_hear_low(monitor), 0);
	sim_set_limit(sim, GUEST, 8 * G);
	for (size_t i = 0; i < 2; i++) {
		/* As it was booted. */
		sim->low_order = SIM_LOW_ORDER;
		sim->low_high_pages = UINT64_MAX;
		for (size_t row = 0; row < 8 && rows[i][row].pages; row++) {
			if (is_low_at(rows[i][row].pages) != rows[i][row].says)
				fail_msg("virq %zu: %ju pages", i, (uintmax_t)rows[i][row].pages);
		}
	}
}

#define QUIET 500

static void test_quiet(void **state)
{
	unsigned int calls;

	(void)state;
	add_guests(QUIET);
	run(1000);
	assert_int_equal(hb_monitor_count(monitor), 2 + QUIET);
	calls = sim->calls;
	assert_int_equal(hb_monitor_dispatch(monitor, &error), HB_OK);
	assert_int_equal(sim->calls, calls);
	run(60000);
	assert_int_equal(sim->calls, calls);
	assert_false(is_readable());
	/* One more domain costs its own reads, and Xen's list. */
	add_guest(50, "one-more");
	run(1000);
	assert_non_null(domain(50));
	assert_in_range(sim->calls - calls, 1, 2 * CALLS_READ + 2 * (QUIET / 128 + 2));
}

/* Each domain is read once when the monitor begins. */
static void test_begin(void **state)
{
	unsigned int calls;

	(void)state;
	add_guests(QUIET);
	hb_monitor_close(monitor);
	hb_close(hb);
	calls = sim->calls;
	open_monitor();
	run(1000);
	assert_int_equal(hb_monitor_count(monitor), 2 + QUIET);
	assert_true(sim->calls - calls < (QUIET + 2) * (CALLS_READ + 4));
	assert_int_equal(changes, 2 + QUIET);
}

/* A guest whose driver is not ours says nothing; Xen knows what it holds. */
static void test_measure(void **state)
{
	unsigned int calls;

	(void)state;
	add_guests(QUIET);
	sim_guest(sim, GUEST)->reports = false;
	run(1000);
	common_other_tool(sim, 256 * M);
	run(5000);
	calls = sim->calls;
	assert_true(domain(GUEST)->actual_kib > 400 * M);
	assert_int_equal(hb_monitor_measure(monitor, &error), HB_OK);
	assert_int_equal(domain(GUEST)->actual_kib, 256 * M + 64);
	/* And one for what domain 0 uses. */
	assert_int_equal(sim->calls - calls, QUIET / 128 + 3);
	/* What else Xen says is read, at the next dispatch. */
	sim_guest(sim, GUEST)->paused = true;
	assert_int_equal(hb_monitor_measure(monitor, &error), HB_OK);
	run(500);
	assert_int_equal(domain(GUEST)->state, HB_DOMAIN_PAUSED);
}

static void test_one_a_handle(void **state)
{
	struct hb_monitor *second = monitor;

	(void)state;
	assert_int_equal(hb_monitor_open(hb, NULL, NULL, &second, &error), HB_E_USAGE);
	assert_null(second);
	hb_monitor_close(monitor);
	assert_int_equal(hb_monitor_open(hb, NULL, NULL, &monitor, &error), HB_OK);
	assert_int_equal(hb_monitor_dispatch(monitor, &error), HB_OK);
	assert_int_equal(hb_monitor_count(monitor), 2);
	common_other_tool(sim, 256 * M);
	run(5000);
	assert_int_equal(domain(GUEST)->target.value, 256 * M);
}

/* An error of the host is told, and does not end it. */
static void test_host_fails(void **state)
{
	(void)state;
	add_guest(9, "other");
	sim_run(sim, 200);
	sim->fault = SIM_FAULT_ERROR;
	sim->fault_errno = 5;
	sim->fault_at = sim->calls + 1;
	assert_int_equal(hb_monitor_dispatch(monitor, &error), HB_E_HOST);
	assert_int_equal(hb_monitor_count(monitor), 2);
	run(1500);
	assert_int_equal(hb_monitor_count(monitor), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_current),
		TEST(test_name_and_demand),
		TEST(test_order),
		TEST(test_unreadable),
		TEST(test_built), TEST(test_built_in_vain), TEST(test_heard), TEST(test_promised_unreadable), TEST(test_unreadable_new), TEST(test_behind), TEST(test_unwatchable),
		TEST(test_flood),
		TEST(test_cry), TEST(test_cries_on),
		TEST(test_low),
		TEST(test_flood_of_domains),
		TEST(test_nobody_reads),
		TEST(test_quiet),
		TEST(test_begin),
		TEST(test_measure),
		TEST(test_one_a_handle),
		TEST(test_host_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
