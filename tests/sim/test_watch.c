/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hb_watch(): what changes is told, once, in order, and at a bounded rate. */
#include "common.h"
#include "sim_internal.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct sim *sim;
static char told[8192];
static unsigned int changes, last_change;
static size_t watches_left;	/* when the watch had ended */
static struct hb_error error;

/* "5 target 524288>262144;" and so on. */
static bool on_change(const struct hb_change *change, void *argument)
{
	size_t used = strlen(told);

	(void)argument;
	changes++;
	if (change->kind == HB_CHANGE_VALUE)
		snprintf(told + used, sizeof(told) - used, "%u %s %s>%s;", change->domain->domid,
			 change->what, change->from, change->to);
	else
		snprintf(told + used, sizeof(told) - used, "%u %s;", change->domain->domid,
			 change->kind == HB_CHANGE_STARTED ? "started" : "ended");
	return !last_change || changes < last_change;
}

/* The signal that sim_next_event() reports. */
static bool is_time(void *argument)
{
	(void)argument;
	return sim->clock_ms >= sim->interrupt_ms;
}

static int setup(void **state)
{
	(void)state;
	sim = common_host();
	told[0] = '\0';
	changes = last_change = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_close(sim);
	return 0;
}

static enum hb_code watch(bool all, uint64_t until_ms)
{
	struct hb_watch_request request = {
		.all = all, .domid = GUEST, .change = on_change, .interrupted = is_time,
	};
	struct hb *hb = sim_connect(sim);
	enum hb_code code;

	sim->interrupt_ms = until_ms;
	code = hb_watch(hb, &request, &error);
	watches_left = sim->connections[0]->nr_watches;
	hb_close(hb);
	return code;
}

static void change_target(struct sim *host)
{
	if (host->clock_ms == 500) {
		sim_guest(host, GUEST)->rate_kib_s = 0;
		common_other_tool(host, 256 * M);
	}
}

static void test_target(void **state)
{
	(void)state;
	sim->tick = change_target;
	assert_int_equal(watch(true, 1000), HB_E_INTERRUPTED);
	/* The guest's driver takes note of it in its next step. */
	assert_string_equal(told, "0 started;5 started;5 target 524288>262144;"
			    "5 state idle>shrinking;5 goal 524288>262144;");
}

static void come_and_go(struct sim *host)
{
	struct sim_guest guest = usual_guest;

	guest.domid = 9;
	guest.name = "new";
	if (host->clock_ms == 200)
		sim_add(host, &guest);
	if (host->clock_ms == 400)
		sim_write_key(host, 9, HB_KEY_STATIC_MAX, "1048576");
	if (host->clock_ms == 600)
		sim_destroy(host, 9);
	guest = usual_guest;
	guest.generation = 1;
	if (host->clock_ms == 800) {
		/* Between two looks: the domid is another domain's now. */
		sim_destroy(host, GUEST);
		sim_add(host, &guest);
	}
}

static void test_domains(void **state)
{
	(void)state;
	sim->tick = come_and_go;
	assert_int_equal(watch(true, 1000), HB_E_INTERRUPTED);
	assert_string_equal(told, "0 started;5 started;9 started;9 static-max 524288>1048576;9 ended;"
			    "5 ended;5 started;");
}

static void test_one_domain(void **state)
{
	(void)state;
	sim->tick = come_and_go;
	/* Ends by itself, with the domain. */
	assert_int_equal(watch(false, 100000), HB_OK);
	assert_string_equal(told, "5 started;5 ended;");
	assert_in_range(sim->clock_ms, 800, 900);
}

/* Its pages are mapped by others: Xen goes on to list it, and nothing is told when it goes. */
static void leave_a_corpse(struct sim *host)
{
	if (host->clock_ms == 500) {
		sim_begin_destroy(host, GUEST);
		sim_guest(host, GUEST)->dying = true;
		sim_fire(host, "@releaseDomain");
	}
}

static void test_corpse(void **state)
{
	(void)state;
	sim->tick = leave_a_corpse;
	assert_int_equal(watch(true, 1000), HB_E_INTERRUPTED);
	assert_string_equal(told, "0 started;5 started;5 ended;");
	told[0] = '\0';
	assert_int_equal(watch(true, 2000), HB_E_INTERRUPTED);
	assert_string_equal(told, "0 started;");
	assert_int_equal(watch(false, 3000), HB_E_NO_DOMAIN);
}

static void test_watch_ends_with_corpse(void **state)
{
	(void)state;
	sim->tick = leave_a_corpse;
	assert_int_equal(watch(false, 100000), HB_OK);
	assert_string_equal(told, "5 started;5 ended;");
	assert_in_range(sim->clock_ms, 500, 600);
}

static void test_ended_by_reader(void **state)
{
	(void)state;
	last_change = 1;
	assert_int_equal(watch(true, 1000), HB_OK);
	assert_string_equal(told, "0 started;");
	assert_int_equal(sim->clock_ms, 0);
}

/* A guest floods its report: ten looks a second, and the last value is told. */
static void flood(struct sim *host)
{
	char value[24];

	for (int i = 0; i < 100; i++) {
		snprintf(value, sizeof(value), "%" PRIu64, host->clock_ms * 1000 + i);
		sim_write_key(host, GUEST, HB_KEY_REPORT_FLOOR, value);
	}
	sim_guest(host, GUEST)->reports = false;
}

static void test_flood(void **state)
{
	unsigned int calls;

	(void)state;
	sim->tick = flood;
	calls = sim->calls;
	assert_int_equal(watch(true, 10000), HB_E_INTERRUPTED);
	/* 10 s: a hundred looks of some thirty calls each, while it wrote 100000 times. */
	assert_in_range(changes, 90, 110);
	assert_true(sim->calls - calls < 110 * 40);
}

/* Nothing happens: nothing is asked. */
static void test_no_polling(void **state)
{
	unsigned int calls;

	(void)state;
	sim_guest(sim, GUEST)->reports = false;
	assert_int_equal(watch(true, 1000), HB_E_INTERRUPTED);
	calls = sim->calls;
	sim_close(sim);
	setup(NULL);
	sim_guest(sim, GUEST)->reports = false;
	assert_int_equal(watch(true, 3600 * 1000), HB_E_INTERRUPTED);
	assert_int_equal(sim->calls, calls);
}

static void test_host_fails(void **state)
{
	unsigned int last;
	enum hb_code code;

	(void)state;
	assert_int_equal(watch(true, 3000), HB_E_INTERRUPTED);
	last = sim->calls;
	for (unsigned int at = 1; at <= last; at++) {
		sim_close(sim);
		setup(NULL);
		sim->fault = SIM_FAULT_ERROR;
		sim->fault_errno = 5;
		sim->fault_at = at;
		code = watch(true, 3000);
		/* Without Xen's list and word of it there is nothing to watch; a domain can wait. */
		assert_int_equal(code, at <= 4 ? HB_E_HOST : HB_E_INTERRUPTED);
		if (code == HB_E_INTERRUPTED)
			assert_true(strstr(told, "0 started;") && strstr(told, "5 started;"));
		/* What is left to do at its end may fail unnoticed, but the rest of it is done. */
		assert_true(watches_left <= 1);
	}
}

static volatile sig_atomic_t signalled;
static bool raised;

static void on_signal(int number)
{
	(void)number;
	signalled = 1;
}

static bool was_signalled(void *argument)
{
	(void)argument;
	return signalled;
}

/* The signal comes after the question and before a wait: there is no event. */
static bool raises_after_question(void *argument)
{
	bool answer = signalled;

	(void)argument;
	if (!raised && !sim->connections[0]->nr_events) {
		raised = true;
		raise(SIGUSR1);
	}
	return answer;
}

static bool raises_at_change(const struct hb_change *change, void *argument)
{
	(void)change;
	(void)argument;
	raise(SIGUSR1);
	return true;
}

static enum hb_code watch_signals(struct hb_watch_request *request)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	struct hb *hb = sim_connect(sim);
	sigset_t before, after;
	enum hb_code code;

	request->all = true;
	signalled = 0;
	raised = false;
	sim_guest(sim, GUEST)->reports = false;
	/* Would it not hear of it, another one comes an hour later. */
	sim->interrupt_ms = 3600 * 1000;
	sigaction(SIGUSR1, &action, &old);
	sigprocmask(SIG_BLOCK, NULL, &before);
	code = hb_watch(hb, request, &error);
	sigprocmask(SIG_BLOCK, NULL, &after);
	sigaction(SIGUSR1, &old, NULL);
	assert_int_equal(sigismember(&before, SIGUSR1), sigismember(&after, SIGUSR1));
	hb_close(hb);
	return code;
}

static void test_signal_while_telling(void **state)
{
	struct hb_watch_request request = {
		.change = raises_at_change, .interrupted = was_signalled,
	};

	(void)state;
	assert_int_equal(watch_signals(&request), HB_E_INTERRUPTED);
	assert_int_equal(sim->clock_ms, 0);
}

static void test_signal_before_wait(void **state)
{
	struct hb_watch_request request = {
		.change = on_change, .interrupted = raises_after_question,
	};

	(void)state;
	assert_int_equal(watch_signals(&request), HB_E_INTERRUPTED);
	assert_int_equal(sim->clock_ms, 0);
}

/* It was there when it was looked up by name, and is not any more. */
static void test_gone_before(void **state)
{
	(void)state;
	sim_destroy(sim, GUEST);
	assert_int_equal(watch(false, 1000), HB_E_NO_DOMAIN);
	assert_string_equal(told, "");
	assert_int_equal(sim->clock_ms, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void keep_still(struct sim *host)
{
	if (host->clock_ms == 500)
		sim_write_key(host, GUEST, HB_KEY_STILL, "1");
	if (host->clock_ms == 1000)
		sim_remove_key(host, GUEST, HB_KEY_STILL);
}

/* Told to keep still, by nobody who holds the lock of that; the guest answers. */
static void test_still(void **state)
{
	(void)state;
	sim->tick = keep_still;
	watch(false, 2000);
	assert_non_null(strstr(told, "5 still no>left;"));
	assert_non_null(strstr(told, "5 keeps-still no>yes;"));
	assert_non_null(strstr(told, "5 still left>no;"));
	assert_non_null(strstr(told, "5 keeps-still yes>no;"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_still),
		TEST(test_target),
		TEST(test_domains),
		TEST(test_one_domain),
		TEST(test_corpse),
		TEST(test_watch_ends_with_corpse),
		TEST(test_ended_by_reader),
		TEST(test_flood),
		TEST(test_no_polling),
		TEST(test_host_fails),
		TEST(test_signal_while_telling),
		TEST(test_signal_before_wait),
		TEST(test_gone_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
