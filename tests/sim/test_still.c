/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests that are kept still, and sizes that a guest cannot keep: the library on the
 * simulated host, with a fault, a death and a kill at every call, and the commands with
 * programs that stand for xl. Whatever happens, nobody is left told to keep still while the
 * process that told it lives or has ended properly, and nobody rests with a size that a save
 * would lose.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "fake_xl.h"
#include "file_lock.h"

static const struct hb_still_request usual;
static struct hb_still_result result;
static struct hb_error error;

static uint64_t target(void)
{
	return common_number(command_sim, GUEST, HB_KEY_TARGET);
}

static uint64_t actual(void)
{
	return sim_xen(command_sim, GUEST, NULL).tot_pages * HB_PAGE_KIB;
}

static bool told(void)
{
	return sim_read_key(command_sim, GUEST, HB_KEY_STILL);
}

static struct hb_domain look(void)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_domain domain;

	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	hb_close(hb);
	return domain;
}

static struct hb_still *begin(struct hb *hb)
{
	struct hb_still *still;

	if (hb_still_begin(hb, GUEST, &usual, &still, &result, &error))
		fail_msg("%s: %s", error.message, error.remedy);
	assert_non_null(still);
	return still;
}

/* As a process that ends without another word. */
static void begin_and_die(void)
{
	struct hb *hb = common_connect(command_sim);

	/* What the process has in memory goes with it. */
	free(begin(hb));
	hb_close(hb);
}

/* A guest that gives no more than down to 300M, and has been told 200M. */
static void stick(bool reports)
{
	struct sim_guest *guest = sim_guest(command_sim, GUEST);

	guest->reports = reports;
	guest->stick_at_kib = 300 * M;
	guest->stick_cause = HB_CAUSE_GUEST_FLOOR;
	if (!reports)
		sim_remove_key(command_sim, GUEST, HB_KEY_REPORT_VERSION);
	common_other_tool(command_sim, 200 * M);
	sim_run(command_sim, 3000);
	assert_int_equal(actual(), 300 * M + 64);
}

static void test_begin_and_end(void **state)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_still *still = begin(hb);

	(void)state;
	assert_int_equal(result.answer, HB_STILL_ANSWERED);
	assert_int_equal(result.kept_kib, 0);
	assert_false(result.taken_over);
	assert_true(result.waited_ms <= 200);
	assert_string_equal(sim_read_key(command_sim, GUEST, HB_KEY_STILL), "1");
	assert_int_equal(look().still, HB_STILL_HELD);
	assert_int_equal(look().report.still.value, 1);
	assert_int_equal(hb_still_end(hb, still, &error), HB_OK);
	assert_false(told());
	assert_int_equal(look().still, HB_STILL_NO);
	sim_run(command_sim, 100);
	assert_int_equal(look().report.still.value, 0);
	assert_int_equal(hb_still_end(hb, NULL, &error), HB_OK);
	/* And once more. */
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	hb_close(hb);
	common_assert_consistent(command_sim, GUEST);
}

/* On its way down it holds more than its target: the size where it keeps still is its size. */
static void test_on_the_way_down(void **state)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_still *still;
	uint64_t at;

	(void)state;
	sim_guest(command_sim, GUEST)->rate_kib_s = 64 * M;
	sim_guest(command_sim, GUEST)->stills_ms = 300;
	assert_int_equal(command_line("set guest1 256M"), 0);
	assert_non_null(strstr(command_out, "note: \"hotballoon wait 5\" tells, \"hotballoon set 5 512M\" if it does not come down\n"));
	sim_run(command_sim, 1000);
	still = begin(hb);
	at = actual();
	assert_in_range(at, 400 * M, 460 * M);
	assert_int_equal(result.from_kib, 256 * M);
	assert_int_equal(result.kept_kib, at - 64);
	assert_int_equal(result.answer, HB_STILL_ANSWERED);
	assert_int_equal(target(), at - 64);
	sim_run(command_sim, 5000);
	assert_int_equal(actual(), at);
	assert_int_equal(hb_still_end(hb, still, &error), HB_OK);
	sim_run(command_sim, 5000);
	assert_int_equal(actual(), at);
	common_assert_consistent(command_sim, GUEST);
	hb_close(hb);
}

/* On its way up there is room for it: it stops, and goes on afterwards. */
static void test_on_the_way_up(void **state)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_still *still;
	uint64_t at;

	(void)state;
	sim_guest(command_sim, GUEST)->rate_kib_s = 64 * M;
	assert_int_equal(command_line("set guest1 1G"), 0);
	sim_run(command_sim, 1000);
	still = begin(hb);
	at = actual();
	assert_int_equal(result.kept_kib, 0);
	assert_int_equal(look().report.cause.value, HB_CAUSE_STILL);
	sim_run(command_sim, 5000);
	assert_int_equal(actual(), at);
	assert_int_equal(hb_still_end(hb, still, &error), HB_OK);
	sim_run(command_sim, 10000);
	assert_int_equal(actual(), G + 64);
	hb_close(hb);
}

/* An old driver of ours is waited for, what cannot answer is not. */
static void test_who_does_not_answer(void **state)
{
	struct hb *hb = common_connect(command_sim);
	struct sim_guest *guest = sim_guest(command_sim, GUEST);
	struct hb_still_request short_one = { .timeout_s = 1 };
	struct hb_still *still;

	(void)state;
	guest->restless = true;
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	assert_int_equal(result.answer, HB_STILL_SILENT);
	assert_in_range(result.waited_ms, 5000, 5100);
	assert_int_equal(hb_still_begin(hb, GUEST, &short_one, &still, &result, &error), HB_OK);
	assert_in_range(result.waited_ms, 1000, 1100);
	assert_int_equal(hb_still_end(hb, still, &error), HB_OK);

	guest->paused = true;
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	assert_int_equal(result.answer, HB_STILL_SILENT);
	assert_int_equal(result.waited_ms, 0);
	guest->paused = false;

	guest->reports = false;
	sim_remove_key(command_sim, GUEST, HB_KEY_REPORT_VERSION);
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	assert_int_equal(result.answer, HB_STILL_NO_DRIVER);
	assert_int_equal(result.waited_ms, 0);
	hb_close(hb);
}

/* What the driver has said last time, and has not taken back yet, is no answer. */
static void test_answer_of_last_time(void **state)
{
	struct hb *hb = common_connect(command_sim);

	(void)state;
	sim_guest(command_sim, GUEST)->stills_ms = 1000;
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	assert_int_equal(look().report.still.value, 1);
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	assert_int_equal(result.answer, HB_STILL_ANSWERED);
	assert_in_range(result.waited_ms, 1000, 1300);
	/* One that never takes it back keeps nobody waiting for ever. */
	sim_guest(command_sim, GUEST)->reports = false;
	sim_write_key(command_sim, GUEST, HB_KEY_REPORT_STILL, "1");
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	assert_int_equal(result.answer, HB_STILL_ANSWERED);
	hb_close(hb);
}

static bool give_up(const struct hb_progress *progress, void *argument)
{
	(void)argument;
	return progress->elapsed_ms < 500;
}

static void test_wait_ended(void **state)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_still *still;

	(void)state;
	sim_guest(command_sim, GUEST)->restless = true;
	hb_set_progress(hb, give_up, NULL);
	assert_int_equal(hb_still_begin(hb, GUEST, &usual, &still, &result, &error), HB_E_INTERRUPTED);
	assert_null(still);
	assert_false(told());
	assert_int_equal(look().still, HB_STILL_NO);
	hb_close(hb);
}

/* With and without a report: it gets the size that it holds. */
static void test_target_too_low(void **state)
{
	struct hb *hb = common_connect(command_sim);

	(void)state;
	for (int reports = 1; reports >= 0; reports--) {
		stick(reports);
		assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
		assert_int_equal(result.from_kib, 200 * M);
		assert_int_equal(result.kept_kib, 300 * M);
		assert_int_equal(target(), 300 * M);
		sim_run(command_sim, 3000);
		common_assert_consistent(command_sim, GUEST);
	}
	/* Nobody may give it a size: it is not saved, either. */
	sim_guest(command_sim, GUEST)->vnodes = 2;
	common_other_tool(command_sim, 200 * M);
	assert_int_equal(command_line("save guest1 /tmp/image"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "virtual NUMA"));
	assert_false(told());
	hb_close(hb);
}

static void test_refused(void **state)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_still *still;

	(void)state;
	assert_int_equal(hb_still_begin(hb, 77, &usual, &still, &result, &error), HB_E_NO_DOMAIN);
	assert_int_equal(hb_still_begin(hb, 0, &usual, &still, &result, &error), HB_E_REFUSED);
	sim_guest(command_sim, GUEST)->suspended = true;
	assert_int_equal(hb_still_begin(hb, GUEST, &usual, &still, &result, &error), HB_E_REFUSED);
	assert_null(still);
	assert_non_null(strstr(error.message, "it is saving"));
	assert_false(told());
	hb_close(hb);
}

/* While one keeps it still, nobody else does, and nobody sets its size. */
static void test_two_at_once(void **state)
{
	struct hb *hb = common_connect(command_sim), *other = common_connect(command_sim);
	struct hb_still *still = begin(hb), *second;
	static const char *const lines[] = {
		"set guest1 256M", "set guest1 1G --force", "max guest1 2G", "limits guest1 --reset",
		"save guest1 /tmp/image", "migrate guest1 there",
	};

	(void)state;
	assert_int_equal(hb_still_begin(other, GUEST, &usual, &second, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "another process keeps it still"));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		if (command_line(lines[i]) != HB_E_REFUSED || !strstr(command_err, "being saved or migrated"))
			fail_msg("%s: %s", lines[i], command_err);
		assert_int_equal(target(), 512 * M);
		assert_true(told());
	}
	assert_int_equal(command_line("limits guest1 --min=128M"), 0);
	assert_int_equal(command_line("free 7G"), HB_E_REFUSED);
	assert_int_equal(target(), 512 * M);
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "guest1 is kept still: it is being saved or migrated\n"));
	assert_int_equal(command_line("show guest1"), 0);
	assert_non_null(strstr(command_out, "yes: it is being saved or migrated\n"));
	assert_non_null(strstr(command_out, "  keeps still      yes\n"));
	assert_int_equal(command_line("doctor"), 0);
	assert_non_null(strstr(command_out, "(kept-still)"));
	assert_int_equal(hb_still_end(hb, still, &error), HB_OK);
	assert_int_equal(command_line("set guest1 256M --wait"), 0);
	hb_close(other);
	hb_close(hb);
}

/* Two domains by one process: each is its own. */
static void test_two_domains(void **state)
{
	struct hb *hb = common_connect(command_sim);
	struct sim_guest second = usual_guest;
	struct hb_still *one, *two;

	(void)state;
	second.domid = GUEST + 1;
	second.name = "guest2";
	sim_add(command_sim, &second);
	one = begin(hb);
	assert_int_equal(hb_still_begin(hb, GUEST + 1, &usual, &two, &result, &error), HB_OK);
	assert_int_equal(hb_still_end(hb, one, &error), HB_OK);
	assert_false(told());
	assert_non_null(sim_read_key(command_sim, GUEST + 1, HB_KEY_STILL));
	assert_int_equal(command_line("set guest1 256M"), 0);
	assert_int_equal(command_line("set guest2 256M"), HB_E_REFUSED);
	assert_int_equal(hb_still_end(hb, two, &error), HB_OK);
	assert_null(sim_read_key(command_sim, GUEST + 1, HB_KEY_STILL));
	hb_close(hb);
}

/* What a process that was killed has left is seen everywhere, and taken back. */
static void test_left_behind(void **state)
{
	static const char *const lines[] = {
		"set guest1 512M", "set guest1 256M --wait", "max guest1 1G", "set guest1 300M --json",
	};
	struct hb *hb = common_connect(command_sim);
	struct json_object *object;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i] ? lines[i] : "-");
		begin_and_die();
		assert_true(told());
		assert_int_equal(command_line("list"), 0);
		assert_non_null(strstr(command_out, "by a process that has ended; \"hotballoon doctor\""));
		assert_int_equal(command_line("show guest1"), 0);
		assert_non_null(strstr(command_out, "yes, by a process that has ended"));
		assert_int_equal(command_line("show guest1 --json"), 0);
		object = command_json();
		assert_json_text(object, "still", "left");
		assert_json_number(object, "report.still", 1);
		json_object_put(object);
		assert_int_equal(command_line("doctor"), CLI_EXIT_FAULT);
		assert_non_null(strstr(command_out, "(left-still)"));
		if (command_line(lines[i]))
			fail_msg("%s: %s", lines[i], command_err);
		assert_non_null(strstr(command_out, "told to keep its memory as it is, by a process that has ended"));
		assert_false(told());
	}
	begin_and_die();
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	assert_true(result.taken_over);
	assert_false(told());
	/* A value that the contract does not know is nobody's. */
	sim_write_key(command_sim, GUEST, HB_KEY_STILL, "yes");
	assert_int_equal(look().still, HB_STILL_LEFT);
	sim_write_key(command_sim, GUEST, HB_KEY_STILL, "0");
	assert_int_equal(look().still, HB_STILL_NO);
	hb_close(hb);
}

/* A manager's domain stays the manager's with the size that it was given to keep. */
static void test_managed(void **state)
{
	struct hb *hb = common_connect(command_sim);

	(void)state;
	assert_int_equal(command_line("limits guest1 --min=128M --max=1G"), 0);
	stick(true);
	assert_int_equal(command_line("limits guest1 --auto"), 0);
	assert_int_equal(hb_still_end(hb, begin(hb), &error), HB_OK);
	assert_int_equal(result.kept_kib, 300 * M);
	assert_int_equal(command_line("limits guest1"), 0);
	assert_null(strstr(command_out, "pinned"));
	assert_non_null(strstr(common_state_file("sizes"), "next=307200"));
	hb_close(hb);
}

/* free asks a guest for more than it gives: it, too, rests with a size that it can keep. */
static void test_free_of_stuck_guest(void **state)
{
	struct sim_guest *guest = sim_guest(command_sim, GUEST);
	struct json_object *object;

	(void)state;
	guest->stick_at_kib = 300 * M;
	guest->stick_cause = HB_CAUSE_GUEST_BUSY;
	assert_int_equal(command_line("limits guest1 --min=128M"), 0);
	assert_int_equal(command_line("free 6850M --json"), HB_E_STUCK);
	object = command_json();
	assert_json_text(object, "guests.0.stuck", "true");
	assert_json_number(object, "guests.0.to_kib", 300 * M);
	json_object_put(object);
	assert_int_equal(target(), 300 * M);
	assert_int_equal(sim_xen(command_sim, GUEST, NULL).max_pages * HB_PAGE_KIB, 301 * M);
	/* Announced, and it is that: nothing more is to be noted. */
	assert_non_null(strstr(common_state_file("sizes"), "next=307200"));
	assert_int_equal(command_line("limits guest1"), 0);
	assert_null(strstr(command_out, "pinned"));
	common_assert_consistent(command_sim, GUEST);
}

/* Ends short, in every way: with --wait it is mended, otherwise it is said how. */
static void test_set_that_ends_short(void **state)
{
	(void)state;
	stick(true);
	assert_int_equal(command_line("wait guest1"), HB_E_STUCK);
	assert_non_null(strstr(command_err, "would lose it, and \"hotballoon set 5 300M\" ends that"));
	assert_int_equal(target(), 200 * M);
	assert_int_equal(command_line("list"), 0);
	assert_non_null(strstr(command_out, "200M!"));
	assert_non_null(strstr(command_out, "! a save or a migration now would lose guest1: \"hotballoon wait 5\", or \"hotballoon set 5 300M\"\n"));
	assert_int_equal(command_line("show guest1"), 0);
	assert_non_null(strstr(command_out, "target too low "));
	assert_int_equal(command_line("doctor"), CLI_EXIT_WARNING);
	assert_non_null(strstr(command_out, "(would-be-lost)"));
	assert_int_equal(command_line("set guest1 150M"), 0);
	assert_non_null(strstr(command_out, "\"hotballoon set 5 300M\" if it does not"));
	assert_int_equal(target(), 150 * M);
	assert_int_equal(command_line("set guest1 140M --wait"), HB_E_STUCK);
	assert_int_equal(target(), 300 * M);
	assert_int_equal(command_line("list"), 0);
	assert_null(strstr(command_out, "!"));
	/* The time is over before it is known to be stuck. */
	assert_int_equal(command_line("set guest1 140M --wait=1"), HB_E_TIMEOUT);
	assert_non_null(strstr(command_err, "\"hotballoon set 5 300M\" ends that"));
	assert_int_equal(target(), 140 * M);
	assert_int_equal(command_line("set guest1 300M --wait"), 0);
	common_assert_consistent(command_sim, GUEST);
}

/* Who wants the target all the same gets it, and hears what that costs. */
static void test_keep_target(void **state)
{
	struct json_object *object;

	(void)state;
	stick(true);
	assert_int_equal(command_line("set guest1 140M --keep-target"), HB_E_USAGE);
	assert_non_null(strstr(command_err, "add --wait"));
	assert_int_equal(command_line("set guest1 140M --wait --keep-target"), HB_E_STUCK);
	assert_non_null(strstr(command_err, "would lose it, and \"hotballoon set 5 300M\" ends that"));
	assert_int_equal(target(), 140 * M);
	assert_int_equal(command_line("set guest1 130M --wait=60 --keep-target --json"), HB_E_STUCK);
	object = command_json();
	assert_null(command_at(object, "kept_kib"));
	json_object_put(object);
	assert_int_equal(target(), 130 * M);
	common_assert_consistent(command_sim, GUEST);
}

/* Of an HVM guest the size has the video memory in it, and the target has not. */
static void test_kept_with_videoram(void **state)
{
	struct sim_guest guest = usual_guest;
	struct hb_set_request waiting = { .wait = true };
	struct hb_set_result set;

	(void)state;
	command_end_host();
	guest.type = HB_TYPE_HVM;
	guest.videoram_kib = 16 * M;
	guest.offset_kib = 376;
	guest.stick_at_kib = 300 * M;
	command_sim = common_host_with(&guest);
	assert_int_equal(common_set(command_sim, "200M", &waiting, &set, &error), HB_E_STUCK);
	assert_int_equal(set.kept_kib, 316 * M);
	assert_int_equal(target(), 300 * M);
	assert_int_equal(sim_xen(command_sim, GUEST, NULL).max_pages * HB_PAGE_KIB, 317 * M);
	common_assert_consistent(command_sim, GUEST);
}

/* Somebody else's size, set at any call while ours ends short: it stands. */
static void set_other_size(struct sim *sim)
{
	common_other_tool(sim, 400 * M);
}

static enum hb_code set_short_with(unsigned int hook_at)
{
	struct hb_set_request waiting = { .wait = true };
	struct hb_set_result set;

	command_end_host();
	command_sim = common_host();
	sim_guest(command_sim, GUEST)->stick_at_kib = 300 * M;
	command_sim->hook = set_other_size;
	command_sim->fault = SIM_FAULT_HOOK;
	command_sim->fault_at = hook_at;
	return common_set(command_sim, "200M", &waiting, &set, &error);
}

static void test_kept_size_superseded(void **state)
{
	unsigned int calls;

	(void)state;
	assert_int_equal(set_short_with(0), HB_E_STUCK);
	assert_int_equal(target(), 300 * M);
	calls = command_sim->calls;
	for (unsigned int at = 100; at <= calls; at++) {
		enum hb_code code = set_short_with(at);

		assert_int_equal(target(), 400 * M);
		assert_true(code == HB_E_STUCK || code == HB_E_SUPERSEDED);
		common_assert_consistent(command_sim, GUEST);
	}
	assert_true(calls > 200);
}

/* --------------------------------------------- faults and kills at every call */

static struct sim *faulty_host(void)
{
	command_setup(NULL);
	stick(true);
	command_sim->calls = 0;
	command_sim->fault_errno = EIO;
	command_sim->fault_domid = GUEST;
	return command_sim;
}

static enum hb_code begin_and_end(struct hb_error *why)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_still *still;
	enum hb_code code = hb_still_begin(hb, GUEST, &usual, &still, &result, why);

	if (!code)
		code = hb_still_end(hb, still, why);
	else
		assert_null(still);
	hb_close(hb);
	return code;
}

static unsigned int calls_of_both(void)
{
	struct sim *sim = faulty_host();
	unsigned int calls;

	assert_int_equal(begin_and_end(&error), HB_OK);
	assert_int_equal(target(), 300 * M);
	calls = sim->calls;
	command_teardown(NULL);
	assert_true(calls > 50);
	return calls;
}

/* In the end it is as it should be, and the next one gets through. */
static void assert_mended(void)
{
	command_sim->fault = SIM_FAULT_NONE;
	assert_int_equal(begin_and_end(&error), HB_OK);
	assert_false(told());
	assert_int_equal(target(), 300 * M);
	common_assert_consistent(command_sim, GUEST);
}

static void test_error_at_every_call(void **state)
{
	unsigned int calls = calls_of_both(), told_so = 0;

	(void)state;
	for (unsigned int at = 1; at <= calls; at++) {
		struct hb_error why = { 0 };
		struct sim *sim = faulty_host();
		enum hb_code code;

		sim->fault = SIM_FAULT_ERROR;
		sim->fault_at = at;
		code = begin_and_end(&why);
		sim->fault = SIM_FAULT_NONE;
		assert_true(target() == 200 * M || target() == 300 * M);
		common_assert_consistent(sim, GUEST);
		if (code)
			assert_true(why.message[0]);
		/* Left only where it is said. */
		if (told()) {
			assert_int_equal(code, HB_E_HOST);
			assert_non_null(strstr(why.message, "still told to keep its memory"));
			assert_int_equal(look().still, HB_STILL_LEFT);
			told_so++;
		}
		assert_mended();
		command_teardown(NULL);
	}
	assert_true(told_so > 0);
}

static void test_conflict_at_every_call(void **state)
{
	unsigned int calls = calls_of_both();

	(void)state;
	for (unsigned int at = 1; at <= calls; at++) {
		struct sim *sim = faulty_host();

		sim->fault = SIM_FAULT_CONFLICT;
		sim->fault_at = at;
		assert_int_equal(begin_and_end(&error), HB_OK);
		assert_mended();
		command_teardown(NULL);
	}
}

static void test_death_at_every_call(void **state)
{
	unsigned int calls = calls_of_both();

	(void)state;
	for (unsigned int at = 1; at <= calls; at++) {
		struct sim *sim = faulty_host();
		enum hb_code code;

		sim->fault = SIM_FAULT_DEATH;
		sim->fault_at = at;
		code = begin_and_end(&error);
		assert_true(code == HB_OK || code == HB_E_NO_DOMAIN);
		assert_false(sim_has_nodes(sim, GUEST));
		assert_int_equal(sim_pages(sim), sim->total_pages);
		command_teardown(NULL);
	}
}

/* The domid is given to another domain: it is told nothing, and nothing is taken from it. */
static void replace_domain(struct sim *sim)
{
	struct sim_guest next = usual_guest;

	next.generation = 1;
	sim_destroy(sim, GUEST);
	sim_add(sim, &next);
	sim_write_key(sim, GUEST, HB_KEY_STILL, "1");
}

static void test_replaced_domain(void **state)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_still *still = begin(hb);

	(void)state;
	replace_domain(command_sim);
	assert_int_equal(hb_still_end(hb, still, &error), HB_OK);
	assert_true(told());
	hb_close(hb);
}

static void test_kill_at_every_call(void **state)
{
	unsigned int calls = calls_of_both(), left = 0;

	(void)state;
	for (unsigned int at = 1; at <= calls; at++) {
		struct sim *sim = faulty_host();

		sim->fault = SIM_FAULT_KILL;
		sim->fault_at = at;
		begin_and_end(&error);
		sim->fault = SIM_FAULT_NONE;
		assert_true(target() == 200 * M || target() == 300 * M);
		common_assert_consistent(sim, GUEST);
		assert_int_equal(look().still, told() ? HB_STILL_LEFT : HB_STILL_NO);
		if (told()) {
			left++;
			assert_int_equal(command_line("doctor"), CLI_EXIT_FAULT);
			assert_non_null(strstr(command_out, "(left-still)"));
			/* One way to mend it, and in assert_mended() the other. */
			if (left % 2)
				assert_int_equal(command_line("set guest1 200M"), 0);
		}
		assert_mended();
		command_teardown(NULL);
	}
	assert_true(left > 10);
}

/* A set that ends short and gives the guest the size that it holds. */
static enum hb_code set_short(void)
{
	struct hb_set_request waiting = { .wait = true };
	struct hb_set_result set;

	return common_set(command_sim, "150M", &waiting, &set, &error);
}

static void test_short_set_at_every_call(void **state)
{
	static const enum sim_fault_kind kinds[] = {
		SIM_FAULT_ERROR, SIM_FAULT_CONFLICT, SIM_FAULT_KILL, SIM_FAULT_DEATH,
	};
	struct sim *sim = faulty_host();
	unsigned int calls;

	(void)state;
	assert_int_equal(set_short(), HB_E_STUCK);
	calls = sim->calls;
	command_teardown(NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		print_message("kinds, row %zu\n", i);
		for (unsigned int at = 1; at <= calls; at++) {
			sim = faulty_host();
			sim->fault = kinds[i];
			sim->fault_at = at;
			set_short();
			sim->fault = SIM_FAULT_NONE;
			if (kinds[i] == SIM_FAULT_DEATH) {
				assert_false(sim_has_nodes(sim, GUEST));
			} else {
				assert_true(target() == 150 * M || target() == 200 * M || target() == 300 * M);
				common_assert_consistent(sim, GUEST);
				assert_int_equal(set_short(), HB_E_STUCK);
				assert_int_equal(target(), 300 * M);
			}
			command_teardown(NULL);
		}
	}
}

/* ------------------------------------------------------------- the commands */

static int setup_xl(void **state)
{
	command_setup(state);
	fake_xl_begin();
	return 0;
}

static int teardown_xl(void **state)
{
	fake_xl_end();
	return command_teardown(state);
}

/* As xl is given them, each on a line of its own. */
#define TELL_ARGUMENTS "for argument; do echo \"$argument\"; done >$out"

static void test_arguments_of_xl(void **state)
{
	char *migrate[] = {
		(char *)"hotballoon", (char *)"migrate", (char *)"guest1", (char *)"xl migrate-receive",
		(char *)"--", (char *)"-s", (char *)"", NULL,
	};

	(void)state;
	fake_xl(TELL_ARGUMENTS);
	assert_int_equal(command_line("save guest1 /tmp/image"), 0);
	assert_string_equal(fake_xl_said(), "save\n5\n/tmp/image\n");
	assert_string_equal(command_out, "");
	assert_int_equal(command_line("save 5 image -- -c -p"), 0);
	assert_string_equal(fake_xl_said(), "save\n-c\n-p\n5\nimage\n");
	assert_int_equal(command_run(command_open, 7, migrate), 0);
	assert_string_equal(fake_xl_said(), "migrate\n-s\n\n5\nxl migrate-receive\n");
	/* Behind "--" nothing is ours. */
	assert_int_equal(command_line("migrate guest1 there -- --json --help -256M"), 0);
	assert_string_equal(fake_xl_said(), "migrate\n--json\n--help\n-256M\n5\nthere\n");
	assert_int_equal(command_line("migrate guest1 -- there"), HB_E_USAGE);
	assert_non_null(strstr(command_err, "write: hotballoon migrate DOM HOST [-- XL-OPTION...]"));
	assert_int_equal(command_line("save --help"), 0);
	assert_non_null(strstr(command_out, "hotballoon save DOM FILE [OPTION...] [-- XL-OPTION...]\n"));
	assert_int_equal(command_line("save nobody image"), HB_E_NO_DOMAIN);
	assert_string_equal(fake_xl_said(), "");
	assert_false(told());
}

static void test_xl_fails(void **state)
{
	struct json_object *object;

	(void)state;
	fake_xl("echo called >$out; exit 3");
	assert_int_equal(command_line("save guest1 image"), HB_E_HOST);
	assert_non_null(strstr(command_err, "xl save has failed with exit status 3"));
	assert_false(told());
	assert_int_equal(command_line("migrate guest1 there --json"), HB_E_HOST);
	object = command_json();
	assert_json_number(object, "xl_status", 3);
	assert_json_text(object, "answer", "answered");
	assert_json_text(object, "error.code", "host");
	json_object_put(object);
	fake_xl("kill -KILL $$");
	assert_int_equal(command_line("save guest1 image"), HB_E_HOST);
	assert_non_null(strstr(command_err, "xl save was killed by signal 9"));
	fake_xl(NULL);
	assert_int_equal(command_line("save guest1 image"), HB_E_HOST);
	assert_non_null(strstr(command_err, "there is no xl to run"));
	assert_false(told());
	assert_int_equal(look().still, HB_STILL_NO);
}

/* At the first call after xl has ended: it was told to keep still all the time. */
static unsigned int seen_told;

static void see_told(struct sim *sim)
{
	(void)sim;
	seen_told += told();
}

/* The calls that are made before xl is. */
static unsigned int calls_before_xl(const char *line)
{
	unsigned int before, calls;

	fake_xl("exit 1");
	sim_run(command_sim, 200);
	before = command_sim->calls;
	assert_int_equal(command_line(line), HB_E_HOST);
	calls = command_sim->calls - before;
	/* The next time is to be as this one. */
	sim_run(command_sim, 200);
	/* After xl: look for the domain, begin, read, remove, end. */
	return calls - 5;
}

static void test_told_while_xl_works(void **state)
{
	unsigned int calls = calls_before_xl("save guest1 image");

	(void)state;
	fake_xl("echo called >$out");
	seen_told = 0;
	command_sim->hook = see_told;
	command_sim->fault = SIM_FAULT_HOOK;
	command_sim->fault_at = command_sim->calls + calls + 1;
	assert_int_equal(command_line("save guest1 image"), 0);
	command_sim->fault = SIM_FAULT_NONE;
	assert_string_equal(fake_xl_said(), "called\n");
	assert_int_equal(seen_told, 1);
	assert_false(told());
	/* It is gone when xl has succeeded. */
	sim_run(command_sim, 200);
	command_sim->fault = SIM_FAULT_DEATH;
	command_sim->fault_domid = GUEST;
	command_sim->fault_at = command_sim->calls + calls + 1;
	assert_int_equal(command_line("save guest1 image --json"), 0);
	assert_string_equal(fake_xl_said(), "called\n");
	assert_false(sim_has_nodes(command_sim, GUEST));
}

/* What happens first is said first, and in JSON what xl says does not disturb. */
static void test_notes(void **state)
{
	struct json_object *object;

	(void)state;
	fake_xl("echo xl speaks");
	stick(true);
	assert_int_equal(command_line("migrate guest1 there"), 0);
	assert_non_null(strstr(command_out, "guest1: 200M -> 300M: it holds that, and with less the migration would lose it\n"));
	sim_guest(command_sim, GUEST)->restless = true;
	sim_remove_key(command_sim, GUEST, HB_KEY_REPORT_STILL);
	assert_int_equal(command_line("migrate guest1 there"), 0);
	assert_non_null(strstr(command_out, "guest1: its driver has not said that it keeps still; xl migrate is begun all the same\n"));
	begin_and_die();
	assert_int_equal(command_line("save guest1 image"), 0);
	assert_non_null(strstr(command_out, "guest1: another process had told it to keep still, and has ended\n"));
	common_other_tool(command_sim, 200 * M);
	begin_and_die();
	common_other_tool(command_sim, 200 * M);
	assert_int_equal(command_line("save guest1 image --json"), 0);
	object = command_json();
	assert_json_text(object, "name", "guest1");
	assert_json_text(object, "answer", "silent");
	assert_json_text(object, "taken_over", "true");
	assert_json_number(object, "from_kib", 200 * M);
	assert_json_number(object, "kept_kib", 300 * M);
	assert_json_number(object, "xl_status", 0);
	json_object_put(object);
}

/* Who is asked to end while the guest runs ends xl, and the guest goes on. */
static void test_signals(void **state)
{
	static const char *const names[] = { "TERM", "INT", "HUP" };
	char script[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		print_message("%s\n", names[i] ? names[i] : "-");
		snprintf(script, sizeof(script), "kill -%s $PPID; exec /bin/sleep 20", names[i]);
		fake_xl(script);
		assert_int_equal(command_line("save guest1 image"), HB_E_INTERRUPTED);
		assert_non_null(strstr(command_err, "xl save was ended"));
		assert_false(told());
	}
	/* A terminal sends Ctrl-C to both: xl leaves it to us. */
	fake_xl("kill -INT $$; kill -HUP $$; echo lives >$out");
	assert_int_equal(command_line("save guest1 image"), 0);
	assert_string_equal(fake_xl_said(), "lives\n");
}

static void suspend(struct sim *sim)
{
	sim_guest(sim, GUEST)->suspended = true;
}

/* Without xl it would stay suspended for ever. */
static void test_signal_while_suspended(void **state)
{
	unsigned int calls = calls_before_xl("save guest1 image");

	(void)state;
	fake_xl("kill -TERM $PPID; /bin/sleep 0.3; echo done >$out");
	command_sim->hook = suspend;
	command_sim->fault = SIM_FAULT_HOOK;
	command_sim->fault_at = command_sim->calls + calls + 1;
	assert_int_equal(command_line("save guest1 image"), 0);
	assert_string_equal(fake_xl_said(), "done\n");
	assert_non_null(strstr(command_err, "guest1 is suspended: xl is let finish"));
	assert_false(told());
}

static void hang_up(struct sim *sim)
{
	if (sim->clock_ms == 1000)
		raise(SIGHUP);
}

/* Before xl is called: nothing has happened then. */
static void test_signal_before_xl(void **state)
{
	(void)state;
	fake_xl("echo called >$out");
	sim_guest(command_sim, GUEST)->restless = true;
	sim_remove_key(command_sim, GUEST, HB_KEY_REPORT_STILL);
	command_sim->tick = hang_up;
	assert_int_equal(command_line("save guest1 image"), HB_E_INTERRUPTED);
	assert_string_equal(fake_xl_said(), "");
	assert_false(told());
	/* What nohup has had ignored is ignored. */
	command_sim->clock_ms = 0;
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(command_line("save guest1 image"), 0);
	signal(SIGHUP, SIG_DFL);
	assert_string_equal(fake_xl_said(), "called\n");
}

/*
 * The lock is held until xl has ended, too: a process that kills us with SIGKILL has not
 * ended the migration.
 */
static void test_killed_while_xl_works(void **state)
{
	static char still_dir[64];
	char path[160], go[128];
	int status;
	pid_t pid;

	(void)state;
	strcpy(still_dir, fake_xl_dir);
	command_sim->still_dir = still_dir;
	snprintf(path, sizeof(path), "%s/still.5.00000005-0000-0000-0000-000000000000", still_dir);
	fake_xl("echo >$out; until [ -e ${0%/*}/go ]; do /bin/sleep 0.01; done");
	pid = fork();
	if (!pid)
		_exit(command_line("save guest1 image"));
	while (!*fake_xl_said())
		usleep(1000);
	assert_int_equal(hb_path_is_locked(path), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(hb_path_is_locked(path), 1);
	assert_int_equal(command_line("save guest1 image"), HB_E_REFUSED);
	fake_xl_file(go, "go");
	close(open(go, O_CREAT | O_WRONLY, 0600));
	for (int i = 0; i < 1000 && hb_path_is_locked(path); i++)
		usleep(10000);
	assert_int_equal(hb_path_is_locked(path), 0);
	assert_int_equal(command_line("save guest1 image"), 0);
	/* Who lets go leaves no file. */
	assert_int_not_equal(access(path, F_OK), 0);
	unlink(go);
}

/* A lock that cannot be made is an error, and nothing is told. */
static void test_no_room_for_lock(void **state)
{
	(void)state;
	command_sim->still_dir = "/nonexistent";
	assert_int_equal(command_line("save guest1 image"), HB_E_HOST);
	assert_non_null(strstr(command_err, "cannot lock guest1 to keep it still"));
	assert_false(told());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)
#define TEST_XL(name) cmocka_unit_test_setup_teardown(name, setup_xl, teardown_xl)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_begin_and_end),
		TEST(test_on_the_way_down),
		TEST(test_on_the_way_up),
		TEST(test_who_does_not_answer),
		TEST(test_answer_of_last_time),
		TEST(test_wait_ended),
		TEST(test_target_too_low),
		TEST(test_refused),
		TEST(test_two_at_once),
		TEST(test_two_domains),
		TEST(test_left_behind),
		TEST(test_managed),
		TEST(test_free_of_stuck_guest),
		TEST(test_set_that_ends_short),
		TEST(test_keep_target),
		TEST(test_kept_with_videoram),
		TEST(test_kept_size_superseded),
		TEST(test_replaced_domain),
		cmocka_unit_test(test_error_at_every_call),
		cmocka_unit_test(test_conflict_at_every_call),
		cmocka_unit_test(test_death_at_every_call),
		cmocka_unit_test(test_kill_at_every_call),
		cmocka_unit_test(test_short_set_at_every_call),
		TEST_XL(test_arguments_of_xl),
		TEST_XL(test_xl_fails),
		TEST_XL(test_told_while_xl_works),
		TEST_XL(test_notes),
		TEST_XL(test_signals),
		TEST_XL(test_signal_while_suspended),
		TEST_XL(test_signal_before_xl),
		TEST_XL(test_killed_while_xl_works),
		TEST_XL(test_no_room_for_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
