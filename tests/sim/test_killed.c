/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SIGKILL, for real, at any moment of a process that writes limits and
 * reservations, and an end at each of its calls to the file system: the next one finds
 * what was there before or what was written, whole, and can write. And killed in the
 * simulation at any call of what changes several domains, claims, or sets a size and
 * its limits: each domain is consistent, nothing stays claimed, and what was reserved
 * before is reserved still. (A raise and a lower of one domain: test_faults.c.)
 *
 * The linker puts the __wrap_ functions below in the place of those of the C library.
 */
#include "common.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "reserve.h"
#include "to_come.h"

#define KILLS 60

static struct hb_error error;

/* Never returns: writes limits and reservations in turn until it is killed. */
static void write_for_ever(int ready)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_domain domain;
	struct hb_limits limits;
	struct hb_reservation reservation;

	if (hb_show(hb, GUEST, &domain, &error))
		_exit(1);
	for (unsigned int i = 0;; i++) {
		struct hb_limits_change change = {
			.min = { HB_PRESENT, (64 + i % 64) * M }, .weight = 64 + i % 64,
		};
		struct hb_reserve_request request = {
			.name = i % 2 ? "one" : "two", .size_kib = 64 * M, .ttl_s = 3600,
		};

		if (hb_limits_set(hb, &domain, &change, &limits, &error) ||
		    hb_reserve(hb, &request, &reservation, &error))
			_exit(1);
		if (i == 1 && write(ready, "", 1) != 1)
			_exit(1);
	}
}

static void kill_one(unsigned int after_us)
{
	int ready[2], status;
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		write_for_ever(ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	usleep(after_us);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void check_state(void)
{
	struct hb *hb = common_connect(command_sim);
	struct hb_reservation **list;
	struct hb_domain domain;
	struct hb_limits limits;
	size_t count;

	assert_int_equal(hb_show(hb, GUEST, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_OK);
	/* Both belong to one and the same write. */
	assert_int_equal(limits.min.value / M, limits.weight);
	assert_int_equal(hb_reservations(hb, &list, &count, &error), HB_OK);
	assert_int_equal(count, 2);
	hb_reservations_free(list);
	hb_close(hb);
}

static void test_state_files(void **state)
{
	(void)state;
	common_lock_file(command_sim);
	for (unsigned int i = 0; i < KILLS; i++) {
		kill_one(i * 97 % 3000);
		check_state();
	}
}

/* The process ends at the n-th call to the file system from now on; 0: it does not. */
static unsigned int ends_at;

#define ENDED 77

int __real_open(const char *path, int flags, mode_t mode);
int __real_mkostemp(char *path, int flags);
ssize_t __real_write(int fd, const void *data, size_t size);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_open(const char *path, int flags, mode_t mode);
int __wrap_mkostemp(char *path, int flags);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);

static void end_here(void)
{
	if (ends_at && !--ends_at)
		_exit(ENDED);
}

int __wrap_open(const char *path, int flags, mode_t mode)
{
	end_here();
	return __real_open(path, flags, mode);
}

int __wrap_mkostemp(char *path, int flags)
{
	end_here();
	return __real_mkostemp(path, flags);
}

/* Half of it is written then. */
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (ends_at == 1 && __real_write(fd, data, size / 2) < 0)
		_exit(1);
	end_here();
	return __real_write(fd, data, size);
}

/* The n-th of them from now on fails; 0: none does. */
static unsigned int sync_fails_at;

int __wrap_fsync(int fd)
{
	end_here();
	if (sync_fails_at && !--sync_fails_at) {
		errno = EIO;
		return -1;
	}
	return __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
	end_here();
	return __real_rename(from, to);
}

/* Both files, as one text. */
static void read_state(char text[1024])
{
	const char *limits = common_state_file("limits");
	int used = snprintf(text, 1024, "%s", limits ? limits : "");

	snprintf(text + used, 1024 - used, "%s", common_state_file("reservations"));
}

static void prepare_writer(void)
{
	command_setup(NULL);
	assert_int_equal(command_line("limits 5 --min=64M"), 0);
	assert_int_equal(command_line("reserve 64M --for=first"), 0);
	assert_int_equal(command_line("reserve 64M --for=second"), 0);
}

/* Returns false if the process was through before its n-th call. */
static bool is_ended_at(const char *line, unsigned int n)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		ends_at = n;
		_exit(command_line(line));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == ENDED || WEXITSTATUS(status) == 0);
	return WEXITSTATUS(status) == ENDED;
}

/* Who comes next gets through, also with less than what may have been left half-written. */
static void check_next_writer(void)
{
	assert_int_equal(command_line("limits 5 --forget"), 0);
	assert_string_equal(common_state_file("limits"), "hotballoon limits 1\n");
	assert_int_equal(command_line("release second"), 0);
	/* And takes away what was. */
	assert_int_equal(common_leftovers(), 0);
	assert_null(strstr(common_state_file("reservations"), "second"));
	assert_int_equal(command_line("reserve"), 0);
}

static void end_at_every_call(const char *line)
{
	char before[1024], after[1024], found[1024];
	bool ended = true;
	unsigned int n;

	prepare_writer();
	read_state(before);
	assert_int_equal(command_line(line), 0);
	read_state(after);
	assert_string_not_equal(before, after);
	command_teardown(NULL);
	for (n = 1; ended; n++) {
		prepare_writer();
		ended = is_ended_at(line, n);
		read_state(found);
		if (strcmp(found, after) && (!ended || strcmp(found, before)))
			fail_msg("%s, ended at %u: %s", line, n, found);
		check_next_writer();
		command_teardown(NULL);
	}
	/* It opens, writes, syncs and renames. */
	assert_true(n > 5);
}

static void test_ended_at_every_call(void **state)
{
	(void)state;
	end_at_every_call("limits 5 --min=128M --weight=2000");
	end_at_every_call("limits 5 --off");
	end_at_every_call("reserve 64M --for=a-name-that-is-longer-than-the-others");
	end_at_every_call("reserve 512M --for=first");
	end_at_every_call("release first");
}

/* The file is synchronised, then renamed, then the directory: who fails where is told apart. */
static void test_sync_fails(void **state)
{
	(void)state;
	prepare_writer();
	sync_fails_at = 1;
	assert_int_equal(command_line("limits 5 --min=128M"), HB_E_HOST);
	assert_non_null(strstr(command_err, "cannot write"));
	assert_non_null(strstr(common_state_file("limits"), "min=65536"));
	sync_fails_at = 2;
	assert_int_equal(command_line("limits 5 --min=128M"), HB_E_HOST);
	assert_non_null(strstr(command_err, "has been written, but may not survive a power failure"));
	assert_null(strstr(command_err, "nothing was changed"));
	assert_non_null(strstr(common_state_file("limits"), "min=131072"));
	/* What was asked for beside it is done with it, and stays so; and with one that is refused not. */
	sync_fails_at = 2;
	assert_int_equal(command_line("limits 5 --weight=7 --headroom=64M"), HB_E_HOST);
	assert_non_null(strstr(common_state_file("limits"), "weight=7"));
	assert_string_equal(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM), "65536");
	sync_fails_at = 1;
	assert_int_equal(command_line("limits 5 --forget"), HB_E_HOST);
	assert_string_equal(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM), "65536");
	sync_fails_at = 2;
	assert_int_equal(command_line("limits 5 --forget"), HB_E_HOST);
	assert_null(strstr(common_state_file("limits"), "weight=7"));
	assert_null(sim_read_key(command_sim, GUEST, HB_KEY_HEADROOM));
	sync_fails_at = 2;
	assert_int_equal(command_line("reserve 128M --for=third"), HB_E_HOST);
	assert_non_null(strstr(command_err, "has been written"));
	assert_non_null(strstr(common_state_file("reservations"), "third"));
	/* Neither has left anything but the file. */
	assert_int_equal(common_leftovers(), 0);
	command_teardown(NULL);
}

/* Two guests that give, and one call after the other at which the process ends. */
static struct sim *host_that_gives(void)
{
	struct sim *host = common_host();
	struct sim_guest second = usual_guest;
	struct hb *hb = common_connect(host);
	/* The file is there from the last time: from now on they are sized automatically. */
	struct hb_limits_change change = { .min = { HB_PRESENT, 128 * M }, .automatic = true };
	struct hb_domain domain;
	struct hb_limits limits;

	second.domid = GUEST + 1;
	second.name = "guest2";
	sim_add(host, &second);
	for (uint32_t domid = GUEST; domid <= GUEST + 1; domid++) {
		assert_int_equal(hb_show(hb, domid, &domain, &error), HB_OK);
		assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
	}
	hb_close(hb);
	return host;
}

static enum hb_code free_as(struct sim *host, uint64_t need_kib, bool managed)
{
	struct hb_free_request request = { .need_kib = need_kib, .managed = managed };
	struct hb_free_result result = { 0 };
	struct hb *hb = common_connect(host);
	enum hb_code code = hb_free(hb, &request, &result, &error);

	hb_free_result_clear(&result);
	hb_close(hb);
	return code;
}

static enum hb_code free_some(struct sim *host, uint64_t need_kib)
{
	return free_as(host, need_kib, false);
}

static void assert_sound(struct sim *host)
{
	struct hb *hb = common_connect(host);
	struct hb_findings findings;
	struct hb_examination **domains;
	struct hb_host_memory memory;
	size_t count;

	sim_run(host, 10000);
	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	assert_int_equal(memory.promised_kib + memory.claimed_kib, 0);
	assert_int_equal(hb_doctor(hb, &findings, &domains, &count, &error), HB_OK);
	for (size_t i = 0; i < count; i++) {
		for (unsigned int j = 0; j < domains[i]->findings.count; j++)
			assert_true(domains[i]->findings.list[j].severity < HB_FAULT);
	}
	hb_examinations_free(domains);
	hb_close(hb);
	assert_int_equal(sim_pages(host), host->total_pages);
}

/* Nobody counts as set by a person, wherever it ends: managers go on where it was. */
static void assert_nobody_pinned(struct sim *host)
{
	struct hb *hb = common_connect(host);
	struct hb_domain domain;
	struct hb_limits limits;
	const char *why;

	for (uint32_t domid = GUEST; domid <= GUEST + 1; domid++) {
		assert_int_equal(hb_show(hb, domid, &domain, &error), HB_OK);
		assert_int_equal(hb_limits_get(hb, &domain, &limits, &error), HB_OK);
		if (!hb_limits_automatic(&domain, &limits, &why))
			fail_msg("domain %u: %s", domid, why);
	}
	hb_close(hb);
}

/* Before the kill, after it, and when somebody asks again for what was wanted. */
static void test_free_killed(void **state)
{
	const uint64_t need = 6200 * M;
	struct sim *host = host_that_gives();
	unsigned int before = host->calls, calls;

	(void)state;
	assert_int_equal(free_some(host, need), HB_OK);
	calls = host->calls - before;
	sim_close(host);
	assert_true(calls > 100);
	for (unsigned int at = 1; at <= calls; at++) {
		host = host_that_gives();
		host->fault = SIM_FAULT_KILL;
		host->fault_at = host->calls + at;
		free_some(host, need);
		host->fault = SIM_FAULT_NONE;
		assert_sound(host);
		assert_nobody_pinned(host);
		assert_int_equal(free_some(host, need), HB_OK);
		assert_sound(host);
		assert_nobody_pinned(host);
		sim_close(host);
	}
}

static enum hb_code free_managed(struct sim *host, uint64_t need_kib)
{
	return free_as(host, need_kib, true);
}

static bool is_anything_kept(struct sim *host)
{
	struct hb *hb = common_connect(host);
	bool kept = hb_to_come_kept(hb).count;
	uint64_t reserved;

	assert_int_equal(hb_reserved_kib(hb, &reserved, &error), HB_OK);
	hb_close(hb);
	return kept || reserved;
}

/* Whoever of the two makes room: a minute later nothing is set aside for it any more. */
static void free_killed_leaves_nothing(enum hb_code (*make)(struct sim *host, uint64_t need_kib))
{
	const uint64_t need = 6200 * M;
	struct sim *host = host_that_gives();
	unsigned int before = host->calls, calls, left = 0;

	assert_int_equal(make(host, need), HB_OK);
	calls = host->calls - before;
	sim_close(host);
	/* It does much the same again and again while it waits. */
	for (unsigned int at = 1; at <= calls; at += 1 + at / 40) {
		common_write_state_file("to-come", "");
		host = host_that_gives();
		host->fault = SIM_FAULT_KILL;
		host->fault_at = host->calls + at;
		make(host, need);
		host->fault = SIM_FAULT_NONE;
		left += is_anything_kept(host);
		sim_run(host, 61000);
		if (is_anything_kept(host))
			fail_msg("killed at %u: %s", at, common_state_file("reservations"));
		sim_close(host);
	}
	assert_true(left);
}

static void test_free_killed_leaves_nothing(void **state)
{
	(void)state;
	free_killed_leaves_nothing(free_some);
	free_killed_leaves_nothing(free_managed);
}

static enum hb_code manage_some(struct sim *host, uint64_t expected_kib)
{
	const struct hb_set_request request = { .size = { HB_SIZE_ABSOLUTE, false, 384 * M }, .wait = true };
	struct hb_set_result result;
	struct hb *hb = common_connect(host);
	enum hb_code code = hb_set_managed(hb, GUEST, expected_kib, &request, &result, &error);

	hb_close(hb);
	return code;
}

/* A manager that is killed at any call leaves the old target or the new one, and pins nobody. */
static void test_managed_killed(void **state)
{
	struct sim *host = host_that_gives();
	unsigned int before = host->calls, calls, written = 0;

	(void)state;
	assert_int_equal(manage_some(host, 512 * M), HB_OK);
	calls = host->calls - before;
	sim_close(host);
	assert_true(calls > 50);
	for (unsigned int at = 1; at <= calls; at++) {
		uint64_t target;

		host = host_that_gives();
		host->fault = SIM_FAULT_KILL;
		host->fault_at = host->calls + at;
		manage_some(host, 512 * M);
		host->fault = SIM_FAULT_NONE;
		target = common_number(host, GUEST, HB_KEY_TARGET);
		assert_true(target == 512 * M || target == 384 * M);
		written += target == 384 * M;
		common_assert_consistent(host, GUEST);
		assert_nobody_pinned(host);
		assert_int_equal(manage_some(host, target), HB_OK);
		assert_nobody_pinned(host);
		sim_close(host);
	}
	assert_in_range(written, 1, calls - 1);
}

/* One that managers size, and that a save would lose: it holds more than its target. */
static struct sim *host_with_stuck(void)
{
	const struct hb_set_request request = { .size = { HB_SIZE_ABSOLUTE, false, 384 * M } };
	struct sim *host = host_that_gives();
	struct hb *hb = common_connect(host);
	struct hb_set_result result;

	sim_guest(host, GUEST)->stick_at_kib = 448 * M;
	sim_guest(host, GUEST)->stick_cause = HB_CAUSE_GUEST_BUSY;
	assert_int_equal(hb_set_managed(hb, GUEST, 512 * M, &request, &result, &error), HB_OK);
	sim_run(host, 5000);
	hb_close(hb);
	return host;
}

static void keep_still(struct sim *host)
{
	const struct hb_still_request request = { 0 };
	struct hb *hb = common_connect(host);
	struct hb_still_result result;
	struct hb_still *still;

	if (!hb_still_begin(hb, GUEST, &request, &still, &result, &error))
		hb_still_end(hb, still, &error);
	hb_close(hb);
}

/* The size that it is given to keep for a save is the manager's, wherever that is killed. */
static void test_kept_killed(void **state)
{
	struct sim *host = host_with_stuck();
	unsigned int before = host->calls, calls;

	(void)state;
	keep_still(host);
	calls = host->calls - before;
	assert_int_equal(common_number(host, GUEST, HB_KEY_TARGET), 448 * M);
	sim_close(host);
	for (unsigned int at = 1; at <= calls; at++) {
		host = host_with_stuck();
		host->fault = SIM_FAULT_KILL;
		host->fault_at = host->calls + at;
		keep_still(host);
		host->fault = SIM_FAULT_NONE;
		assert_nobody_pinned(host);
		sim_close(host);
	}
}

/* It ends at a call to the file system: the target is the old one then, and it is not pinned. */
static void test_managed_ends_in_file(void **state)
{
	unsigned int at = 0;
	int status;

	(void)state;
	do {
		struct sim *host = host_that_gives();
		pid_t pid;

		at++;
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			ends_at = at;
			_exit(manage_some(host, 512 * M) ? 1 : 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		/* What that process did to the host it did to its own copy. */
		assert_int_equal(common_number(host, GUEST, HB_KEY_TARGET), 512 * M);
		assert_nobody_pinned(host);
		assert_int_equal(manage_some(host, 512 * M), HB_OK);
		assert_nobody_pinned(host);
		sim_close(host);
	} while (WEXITSTATUS(status) == ENDED);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(at > 5);
}

/* Claims, and sizes with limits: killed at every call, and once more. */
static const struct operation {
	const char *lines[3];	/* what comes before, what is killed, what ends it */
} operations[] = {
	{ { "max 5 2G", "reserve 1G --for=guest1", "release guest1" } },
	{ { "max 5 2G", "set 5 640M --wait", "limits 5 --reset --force" } },
	{ { "max 5 1G", "limits 5 --reset", "limits 5 --reset" } },
	{ { "reserve 64M --for=gone", "release gone", "release gone" } },
};

static void prepare_operation(const struct operation *operation)
{
	command_setup(NULL);
	assert_int_equal(command_line("reserve 96M --for=kept"), 0);
	assert_int_equal(command_line(operation->lines[0]), 0);
}

/* Returns how many calls it makes if it is not killed. */
static unsigned int kill_operation_at(const struct operation *operation, unsigned int at)
{
	unsigned int before, calls;
	int code;

	prepare_operation(operation);
	before = command_sim->calls;
	command_sim->fault = SIM_FAULT_KILL;
	command_sim->fault_at = before + at;
	command_line(operation->lines[1]);
	calls = command_sim->calls - before;
	command_sim->fault = SIM_FAULT_NONE;
	common_assert_consistent(command_sim, GUEST);
	assert_non_null(strstr(common_state_file("reservations"), " kept\n"));
	code = command_line(operation->lines[2]);
	/* Of release: there was nothing any more, or not yet. */
	if (code && code != HB_E_NO_DOMAIN)
		fail_msg("%s, killed at %u: %s", operation->lines[1], at, command_err);
	assert_sound(command_sim);
	common_assert_consistent(command_sim, GUEST);
	assert_int_equal(command_line("reserve"), 0);
	assert_non_null(strstr(command_out, "kept"));
	command_teardown(NULL);
	return calls;
}

static void test_operations_killed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		unsigned int at = 1;

		print_message("operations, row %zu\n", i);
		/* Past its last call it is not killed. */
		while (kill_operation_at(&operations[i], at) >= at)
			at++;
		assert_true(at > 5);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_state_files),
		cmocka_unit_test(test_ended_at_every_call),
		cmocka_unit_test(test_sync_fails),
		cmocka_unit_test(test_operations_killed),
		TEST(test_free_killed),
		TEST(test_free_killed_leaves_nothing),
		TEST(test_managed_killed),
		TEST(test_kept_killed),
		TEST(test_managed_ends_in_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
