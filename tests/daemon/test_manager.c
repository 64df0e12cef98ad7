/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manager on a simulated host: what it does, what it asks, and what it says. */
#include "monitor.h"
#include "room.h"
#include "sim_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct room room;

#define TEXT 24	/* of a number */

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
	room.asked = true;
	room_run(&room, 10000);
	assert_int_equal(room_writes(&room), 0);
	room_guest(&room, a)->load.load.anon_kib = 1500 * M;
	room_run(&room, 60000);
	assert_true(room_target(&room, a) >= world_must(&room_guest(&room, a)->load));
	assert_true(room_target(&room, b) < 1280 * M);
	assert_int_equal(room_guest(&room, a)->load.oom_kills, 0);
	/* Who, from what to what, and why, in words. */
	assert_true(room_said(&room, "g1 (1): 1280M -> "));
	assert_true(room_said(&room, ": it needs more to work\n"));
	assert_true(room_said(&room, ": another guest needs it to work\n"));
	/* Xen's limits have followed. */
	assert_true(sim_xen(room.sim, 2, NULL).max_pages * HB_PAGE_KIB <= room_target(&room, b) + M);
	/* It is remembered, the last one last. */
	struct manager_view view = manager_look(room.manager);
	const struct hb_deed *last = hb_history_at(view.history, view.history->count - 1);

	assert_int_equal(last->to_kib, room_target(&room, last->domid - 1));
	assert_string_equal(last->name, last->domid == 1 ? "g1" : "g2");
	assert_in_range(last->time_ms, ROOM_BEGIN_MS, view.time_ms);
}

/* Of 500 guests that do nothing, nothing is asked; a look each half minute asks Xen alone. */
static void test_quiet(void **state)
{
	unsigned int calls, wakes;

	(void)state;
	room_close(&room);
	room_open(&room, 200 * G);
	for (unsigned int i = 0; i < 500; i++) {
		struct room_guest *guest = room_guest(&room, room_add(&room, 256 * M, 128 * M, 512 * M));

		guest->load.load.files_kib = 0;
	}
	/* Their caches fill, and they say so. */
	room_run(&room, 180000);
	room_forget(&room);
	/* A look ends the time to be measured. */
	manager_wake(room.manager);
	room.next_ms = 0;
	room_run(&room, 200);
	calls = room.sim->calls;
	wakes = room.wakes;
	room_run(&room, 29000);
	assert_int_equal(room.sim->calls, calls);
	assert_int_equal(room.wakes, wakes);
	room_run(&room, 31000);
	assert_true(room.wakes - wakes <= 4);
	/* Each look: Xen's list in pieces of 128, what it has, and which reservations are claims. */
	print_message("a look at 500 quiet guests: %u calls\n", (room.sim->calls - calls) / 2);
	assert_true(room.sim->calls - calls <= 2 * 12);
	assert_string_equal(room.log, "");
	assert_int_equal(room_writes(&room), 0);
}

/* Another tool has a guest locked: nobody waits for that, and the others go on. */
static void test_locked(void **state)
{
	size_t a, b;
	uint64_t before;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	b = room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	room.sim->locked_domid = 1;
	room.sim->locked_until_ms = room.sim->clock_ms + 20000;
	room_guest(&room, a)->load.load.anon_kib = room_guest(&room, b)->load.load.anon_kib = 600 * M;
	for (unsigned int i = 0; i < 150; i++) {
		sim_run(room.sim, 100);
		before = room.sim->clock_ms;
		manager_run(room.manager);
		assert_int_equal(room.sim->clock_ms, before);
	}
	assert_int_equal(room_target(&room, a), 512 * M);
	assert_true(room_target(&room, b) >= 700 * M);
	assert_true(manager_look(room.manager).locked > 10);
	assert_true(room_said(&room, "another tool has had g1 (1) or the host locked for a while"));
	/* Not at each of ten tries a second. */
	assert_true(manager_look(room.manager).locked < 25);
	room_run(&room, 30000);
	assert_true(room_target(&room, a) >= 700 * M);
}

/* A person wins, until told otherwise; and is not fought over. */
static void test_person(void **state)
{
	const struct hb_limits_change change = { .automatic = true };
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	sim_set_limit(room.sim, 1, 400 * M + M);
	sim_write_key(room.sim, 1, HB_KEY_TARGET, "409600");
	room_guest(&room, a)->load.load.anon_kib = 600 * M;
	room_run(&room, 30000);
	assert_int_equal(room_target(&room, a), 400 * M);
	assert_int_equal(manager_look(room.manager).balance->domains[1].reason, HB_MOTIVE_PINNED);
	room_limit(&room, a, &change);
	room_run(&room, 10000);
	assert_true(room_target(&room, a) > 600 * M);
}

static unsigned int times_said(const char *text)
{
	unsigned int times = 0;

	for (const char *at = room.log; (at = strstr(at, text)); at++)
		times++;
	return times;
}

/* Said once for each reason, and when it is over; it is tried in each round. */
static void test_person_not_kept(void **state)
{
	char text[256];

	(void)state;
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 60000);
	room_forget(&room);
	room_sync_errno = ENOSPC;
	sim_write_key(room.sim, 1, HB_KEY_TARGET, "409600");
	room_run(&room, 120000);
	snprintf(text, sizeof(text), "that somebody has set the size of g1 (1) cannot be kept, "
		 "and it is tried again: cannot write %s/limits: No space left on device; "
		 "look at that file system", common_state_dir);
	assert_int_equal(times_said(text), 1);
	assert_int_equal(times_said("cannot be kept"), 1);
	room_sync_errno = EROFS;
	room_run(&room, 120000);
	assert_int_equal(times_said("Read-only file system"), 1);
	assert_int_equal(times_said("cannot be kept"), 2);
	assert_int_equal(times_said("can be kept again"), 0);
	room_sync_errno = 0;
	room_run(&room, 120000);
	assert_int_equal(times_said("cannot be kept"), 2);
	assert_int_equal(times_said("it can be kept again that somebody has set a size"), 1);
}

/* A guest that has the size that it needs, and that size. */
static size_t add_managed(char managed[TEXT])
{
	size_t a = room_add(&room, 512 * M, 256 * M, G);

	room_guest(&room, a)->load.load.anon_kib = 600 * M;
	room_run(&room, 30000);
	snprintf(managed, TEXT, "%" PRIu64, room_target(&room, a));
	return a;
}

/* Who has set a size has set it, also if he comes back to the number that was the manager's. */
static void test_person_comes_back(void **state)
{
	const struct hb_limits_change change = { .automatic = true };
	char managed[TEXT];
	size_t a;

	(void)state;
	a = add_managed(managed);
	for (int restarted = 0; restarted < 2; restarted++) {
		sim_write_key(room.sim, 1, HB_KEY_TARGET, "409600");
		room_run(&room, 5000);
		if (restarted) {
			room_kill(&room);
			sim_write_key(room.sim, 1, HB_KEY_TARGET, managed);
			room_start(&room);
		} else {
			sim_write_key(room.sim, 1, HB_KEY_TARGET, managed);
		}
		room_guest(&room, a)->load.load.anon_kib = 800 * M;
		room_run(&room, 30000);
		assert_int_equal(room_target(&room, a), strtoull(managed, NULL, 10));
		assert_int_equal(manager_look(room.manager).balance->domains[1].reason, HB_MOTIVE_PINNED);
		room_guest(&room, a)->load.load.anon_kib = 600 * M;
		room_run(&room, 10000);
		room_limit(&room, a, &change);
		room_run(&room, 60000);
		snprintf(managed, TEXT, "%" PRIu64, room_target(&room, a));
	}
}

static bool is_in_history(uint64_t to_kib)
{
	const struct hb_history *history = manager_look(room.manager).history;

	for (size_t i = 0; i < history->count; i++) {
		if (hb_history_at(history, i)->to_kib == to_kib)
			return true;
	}
	return false;
}

/* Something fails, at each call around a growth: a size that was written is one that was set. */
static void grow_with_fault(unsigned int call, int error)
{
	uint64_t target = 512 * M;

	room_close(&room);
	room_open(&room, 4 * G);
	room_add(&room, target, 256 * M, G);
	room_run(&room, 5000);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room.sim->fault = SIM_FAULT_ERROR;
	room.sim->fault_errno = error;
	room.sim->fault_at = room.sim->calls + call;
	for (int tenths = 0; tenths < 50; tenths++) {
		room_run(&room, 100);
		if (room_target(&room, 0) == target)
			continue;
		target = room_target(&room, 0);
		assert_true(is_in_history(target));
	}
	assert_true(target > 600 * M);
	assert_int_equal(room_writes(&room), manager_look(room.manager).history->count);
}

static void test_set_nevertheless(void **state)
{
	(void)state;
	for (unsigned int call = 1; call <= 140; call++) {
		grow_with_fault(call, EBUSY);
		grow_with_fault(call, EIO);
	}
}

/*
 * A size was set, and Xen's limit cannot follow: it is said once, not as if nothing had been
 * given, and tried until it works.
 */
static void test_limit_stays(void **state)
{
	const struct hb_limits_change change = { .max = { HB_PRESENT, 640 * M } };
	size_t a;

	(void)state;
	a = room_add(&room, 1280 * M, 256 * M, 2 * G);
	room_run(&room, 10000);
	room.sim->lower_errno = EBUSY;
	room_guest(&room, a)->load.limits.max.value = 1280 * M;
	room_limit(&room, a, &change);
	room_run(&room, 120000);
	assert_int_equal(room_target(&room, a), 640 * M);
	assert_int_equal(room_actual(&room, a), 640 * M);
	assert_true(sim_xen(room.sim, 1, NULL).max_pages * HB_PAGE_KIB > G);
	assert_int_equal(times_said("Xen's limit for g1 (1) did not follow to its size, and is tried again: "
				    "g1 has its new target, but maxmem stays at 1281M: "), 1);
	assert_int_equal(times_said("did not follow"), 1);
	assert_int_equal(times_said("could not be given"), 0);
	/* Not in each round, and nobody has to change anything for it. */
	room_forget(&room);
	room.sim->lower_errno = 0;
	room_run(&room, 31000);
	assert_true(sim_xen(room.sim, 1, NULL).max_pages * HB_PAGE_KIB <= 641 * M);
	assert_string_equal(room.log, "");
}

/* What is set while nobody looks is a person's, too, unless it has come back. */
static void test_person_while_down(void **state)
{
	char managed[TEXT];
	bool pinned;

	(void)state;
	add_managed(managed);
	for (int back = 1; back >= 0; back--) {
		room_kill(&room);
		sim_write_key(room.sim, 1, HB_KEY_TARGET, "409600");
		room_run(&room, 5000);
		if (back)
			sim_write_key(room.sim, 1, HB_KEY_TARGET, managed);
		room_start(&room);
		room_run(&room, 5000);
		pinned = manager_look(room.manager).balance->domains[1].reason == HB_MOTIVE_PINNED;
		assert_int_equal(pinned, !back);
	}
	/* From then on it is kept. */
	sim_write_key(room.sim, 1, HB_KEY_TARGET, managed);
	room_run(&room, 30000);
	assert_int_equal(manager_look(room.manager).balance->domains[1].reason, HB_MOTIVE_PINNED);
}

/*
 * The host is booted anew, and so are its guests, with the sizes of their configurations; sizes:
 * what a power failure has left of what was set, which was not waited for.
 */
static void boot_host(const struct sim_guest *configured, const char *sizes)
{
	room_kill(&room);
	if (sizes)
		common_write_state_file("sizes", sizes);
	sim_destroy(room.sim, configured->domid);
	room.sim->boot++;
	sim_add(room.sim, configured);
	room_guest(&room, 0)->distress = false;
	room_start(&room);
	room_run(&room, 30000);
}

/* That no person has set: it is sized from there. What a person has set stays that person's. */
static void test_host_boots(void **state)
{
	struct sim_guest configured;
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	configured = *sim_guest(room.sim, 1);
	room_guest(&room, a)->load.load.anon_kib = 600 * M;
	room_run(&room, 30000);
	assert_true(room_target(&room, a) > 600 * M);
	boot_host(&configured, NULL);
	assert_true(room_target(&room, a) > 600 * M);
	/* Also if it was not sized since. */
	room_guest(&room, a)->load.load.anon_kib = 300 * M;
	boot_host(&configured, "");
	assert_int_equal(room_target(&room, a), 512 * M);
	assert_int_not_equal(manager_look(room.manager).balance->domains[1].reason, HB_MOTIVE_PINNED);
	sim_write_key(room.sim, 1, HB_KEY_TARGET, "409600");
	room_run(&room, 5000);
	assert_int_equal(manager_look(room.manager).balance->domains[1].reason, HB_MOTIVE_PINNED);
	boot_host(&configured, "");
	assert_int_equal(manager_look(room.manager).balance->domains[1].reason, HB_MOTIVE_PINNED);
}

static enum hb_motive reason_of(size_t guest)
{
	return manager_look(room.manager).balance->domains[guest + 1].reason;
}

/*
 * A configuration was copied with its uuid: what is kept can be of one of the two only. Both are
 * left alone, which is said once, and neither takes the record from the other again and again.
 */
static void test_same_uuid(void **state)
{
	struct sim_guest copy;
	unsigned int syncs;
	uint64_t rounds;
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 10000);
	copy = *sim_guest(room.sim, 1);
	copy.domid = 2;
	copy.name = "copy";
	copy.copy_of = 1;
	copy.memory_kib = 640 * M;
	sim_add(room.sim, &copy);
	room_guest(&room, a)->load.load.anon_kib = 600 * M;
	room_run(&room, 1000);
	syncs = room_syncs;
	rounds = manager_look(room.manager).rounds;
	for (int i = 0; i < 60; i++) {
		room_run(&room, 1000);
		/* As on_limits() does when the file was written. */
		manager_notice(room.manager);
	}
	assert_int_equal(room_syncs, syncs);
	assert_true(manager_look(room.manager).rounds - rounds <= 70);
	assert_int_equal(reason_of(0), HB_MOTIVE_PINNED);
	assert_int_equal(reason_of(1), HB_MOTIVE_PINNED);
	assert_int_equal(room_target(&room, a), 512 * M);
	assert_int_equal(times_said("g1 (1) and copy (2) have the same uuid, 00000001-0000-0000-0000-000000000000, "
				    "and with it the same limits: neither is sized"), 1);
	/* Who is left is the one whose limits they are. */
	sim_destroy(room.sim, 2);
	room_run(&room, 30000);
	assert_true(room_target(&room, a) > 600 * M);
	assert_int_equal(times_said("have the same uuid"), 1);
}

/* Killed and started again it does the same: nothing, if there is nothing to do. */
static void test_restarted(void **state)
{
	uint64_t sizes[4];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		room_add(&room, 600 * M, 256 * M, G);
	room_guest(&room, 2)->load.load.anon_kib = 700 * M;
	room_run(&room, 300000);
	for (size_t i = 0; i < 4; i++)
		sizes[i] = room_target(&room, i);
	room_kill(&room);
	room_run(&room, 1000);
	room_start(&room);
	room_run(&room, 60000);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(room_target(&room, i), sizes[i]);
	assert_int_equal(room_writes(&room), 0);
}

/* A host that does not answer is left and opened again; it is said once, and once when it works. */
static void test_lost(void **state)
{
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	room_forget(&room);
	room.sim->fault = SIM_FAULT_ERROR;
	room.sim->fault_errno = 5;
	room.sim->fault_at = room.sim->calls + 1;
	room.sim->fault_stays = true;
	room_run(&room, 120000);
	assert_true(manager_fd(room.manager) < 0);
	assert_true(room_said(&room, "nobody is sized for now, and it is tried again: "));
	assert_true(room.lines <= 3);
	room.sim->fault = SIM_FAULT_NONE;
	room_forget(&room);
	room_run(&room, 40000);
	assert_string_equal(room.log, "1 the host answers again: guests are sized\n");
	room_guest(&room, a)->load.load.anon_kib = 600 * M;
	room_run(&room, 30000);
	assert_true(room_target(&room, a) >= 700 * M);
}

/* Xen's list fails behind a domid that is another domain's by now: nothing points to who had it. */
static void test_lost_track(void **state)
{
	const struct hb_balance *balance;
	struct sim_guest other;

	(void)state;
	room_close(&room);
	room_open(&room, 200 * G);
	for (size_t i = 0; i < 200; i++)
		room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	balance = manager_look(room.manager).balance;
	assert_int_equal(balance->control.count, 201);
	other = *sim_guest(room.sim, 1);
	other.generation = 1;
	room_remove(&room, 0);
	sim_add(room.sim, &other);
	room.sim->fault = SIM_FAULT_ERROR;
	room.sim->fault_errno = 5;
	/* The first part of the list, and the end of four watches. */
	room.sim->fault_at = room.sim->calls + 6;
	room_forget(&room);
	manager_run(room.manager);
	assert_true(room_said(&room, "the host could not be looked at"));
	assert_int_equal(balance->control.count, 200);
	for (size_t i = 0; i < balance->control.count; i++)
		assert_string_equal(balance->domains[i].domain->uuid, balance->all[i].uuid);
	room_run(&room, 5000);
	assert_int_equal(balance->control.count, 201);
}

/* xenstored restarts, or ends us: a connection is lost at once, however seldom somebody needs it. */
static void test_connection_lost(void **state)
{
	static const int lost[] = { ECONNRESET, EPIPE, EPROTO };

	(void)state;
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		room_forget(&room);
		room.sim->fault = SIM_FAULT_ERROR;
		room.sim->fault_errno = lost[i];
		room.sim->fault_at = room.sim->calls + 1;
		room.sim->fault_stays = true;
		manager_wake(room.manager);
		manager_run(room.manager);
		assert_true(manager_fd(room.manager) < 0);
		assert_true(room_said(&room, "nobody is sized for now, and it is tried again: "));
		assert_true(room_said(&room, "xenstored"));
		room.sim->fault = SIM_FAULT_NONE;
		room_run(&room, 35000);
		assert_true(room_said(&room, "the host answers again"));
	}
}

/* xenstored hangs: the handle is given up after the ten seconds that it waits. */
static void test_hung(void **state)
{
	(void)state;
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room.sim->hangs_at = room.sim->calls + 1;
	room_run(&room, 30000);
	assert_true(room_said(&room, "nobody is sized for now"));
	room.sim->hangs_at = 0;
	room_run(&room, 60000);
	assert_true(room_said(&room, "the host answers again"));
	assert_true(room_target(&room, 0) >= 700 * M);
}

/* It does so at the first look, and answers again: not on that connection, on which nothing can be read any more. */
static void test_hung_at_first(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		room_add(&room, 512 * M, 256 * M, G);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	/* Xen's list, and each has four watches. */
	room.sim->hangs_at = room.sim->calls + 2 + 2 + 4 * 4 + 4;
	room_wake(&room);
	assert_in_range(room.longest_ms, 10000, 20000);
	room.sim->hangs_at = 0;
	room_run(&room, 60000);
	assert_int_equal(manager_look(room.manager).reopened, 2);
	assert_true(room_said(&room, "the host answers again"));
	assert_true(room_target(&room, 0) >= 700 * M);
}

/* Limits that cannot be read: nobody is sized, and that is said once. */
static void test_damaged(void **state)
{
	char kept[1024];
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	sim_add(room.sim, &(struct sim_guest){ .domid = 99, .name = "filler", .type = HB_TYPE_PV, .vcpus = 1,
		.memory_kib = 64 * M, .maxmem_kib = 64 * M });
	room_run(&room, 5000);
	snprintf(kept, sizeof(kept), "%s", common_state_file("limits"));
	common_write_state_file("limits", "nonsense\n");
	room_forget(&room);
	room_guest(&room, a)->load.load.anon_kib = 600 * M;
	room_run(&room, 30000);
	assert_int_equal(room_target(&room, a), 512 * M);
	assert_true(room_said(&room, "1 no guest is sized: "));
	assert_int_equal(room.lines, 1);
	/* Of all, also of who has none; and of nobody it is said that somebody has switched it off. */
	for (int i = 1; i <= 2; i++)
		assert_string_equal(hb_motive_word(manager_look(room.manager).balance->domains[i].reason), "limits-damaged");
	common_write_state_file("limits", kept);
	room_run(&room, 40000);
	assert_true(room_said(&room, "limits can be read again"));
	assert_true(room_target(&room, a) >= 700 * M);
}

/* All is decided and said, and nothing done; said once, however often it is decided. */
static void test_dry_run(void **state)
{
	char kept[1024];

	(void)state;
	room_add(&room, 512 * M, 256 * M, G);
	room.config.dry_run = true;
	manager_configure(room.manager, &room.config);
	room_run(&room, 5000);
	snprintf(kept, sizeof(kept), "%s", common_state_file("limits"));
	room_guest(&room, 0)->load.load.anon_kib = 480 * M;
	room_run(&room, 60000);
	assert_true(room_said(&room, ", if this were no dry run: it "));
	assert_int_equal(room_target(&room, 0), 512 * M);
	assert_string_equal(common_state_file("limits"), kept);
	assert_int_equal(room_writes(&room), 0);
	assert_true(room.lines < 40);
	room.config.dry_run = false;
	manager_configure(room.manager, &room.config);
	room_run(&room, 10000);
	assert_true(room_target(&room, 0) > 512 * M);
}

/* Whose a size is is written down in a dry run, too: what a person sets meanwhile stays that person's. */
static void test_person_in_dry_run(void **state)
{
	struct sim_guest configured;

	(void)state;
	room_add(&room, 512 * M, 256 * M, G);
	configured = *sim_guest(room.sim, 1);
	room_run(&room, 5000);
	room.config.dry_run = true;
	boot_host(&configured, "");
	sim_write_key(room.sim, 1, HB_KEY_TARGET, "768000");
	room_run(&room, 60000);
	assert_int_equal(reason_of(0), HB_MOTIVE_PINNED);
	room.config.dry_run = false;
	manager_configure(room.manager, &room.config);
	room_guest(&room, 0)->load.load.anon_kib = 900 * M;
	room_run(&room, 30000);
	assert_int_equal(room_target(&room, 0), 768000);
	assert_int_equal(reason_of(0), HB_MOTIVE_PINNED);
}

static void expect_as_it_is(void)
{
	const struct hb_balance *balance = manager_look(room.manager).balance;

	assert_int_equal(balance->control.count, 2);
	for (size_t i = 0; i < balance->control.count; i++)
		assert_int_equal(balance->domains[i].to_kib, balance->domains[i].from_kib);
}

/* What would be done is shown to who asks, and to nobody else; nor is it in a dry run. */
static void test_preview(void **state)
{
	struct manager_view view;
	char kept[1024], lacks[] = "20480";
	struct hb_error error;

	(void)state;
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 10000);
	room_forget(&room);
	/* It has called, and nobody has heard it. */
	sim_write_key(room.sim, 1, HB_KEY_REPORT_DISTRESS, lacks);
	room_guest(&room, 0)->distress = true;
	assert_int_equal(manager_preview(room.manager, &view, &error), HB_OK);
	assert_int_equal(view.balance->control.nr_actions, 1);
	assert_true(view.balance->domains[1].to_kib > 512 * M);
	expect_as_it_is();
	snprintf(kept, sizeof(kept), "%s", common_state_file("limits"));
	common_write_state_file("limits", "nonsense\n");
	assert_int_equal(manager_preview(room.manager, &view, &error), HB_OK);
	assert_int_equal(view.balance->control.nr_actions, 0);
	assert_string_equal(room.log, "");
	common_write_state_file("limits", kept);
	room_guest(&room, 0)->load.load.anon_kib = 600 * M;
	room.config.dry_run = true;
	manager_configure(room.manager, &room.config);
	room_run(&room, 10000);
	assert_true(room_said(&room, ", if this were no dry run: it "));
	expect_as_it_is();
	assert_int_equal(room_target(&room, 0), 512 * M);
}

/* What a guest calls out is answered within a tenth of a second, if the host keeps a pool. */
static void test_distress(void **state)
{
	char lacks[] = "20480";
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 10050);
	sim_write_key(room.sim, 1, HB_KEY_REPORT_DISTRESS, lacks);
	room_guest(&room, a)->distress = true;
	room.sim->tick = NULL;
	for (unsigned int ms = 0; ms < 100 && room_target(&room, a) == 512 * M; ms += 10) {
		sim_run(room.sim, 10);
		manager_run(room.manager);
	}
	assert_true(room_target(&room, a) >= 512 * M + 20 * M);
	assert_true(room_said(&room, "1 g1 (1): 512M -> "));
	assert_true(room_said(&room, ": it cannot go on without more memory\n"));
}

/* A typing error is no reason to bring all guests to their minima: that the host has no such pool is said once. */
static void test_pool_too_large(void **state)
{
	(void)state;
	room_add(&room, G, 256 * M, G);
	room_guest(&room, 0)->load.load.anon_kib = 400 * M;
	room_run(&room, 5000);
	room_forget(&room);
	room.config.pool = (struct hb_number){ HB_PRESENT, 256 * G };
	strcpy(room.config.from[CONFIG_POOL].file, "/etc/x.conf");
	room.config.from[CONFIG_POOL].line = 7;
	manager_configure(room.manager, &room.config);
	room.next_ms = 0;
	room_run(&room, 120000);
	assert_int_equal(room_target(&room, 0), G);
	assert_true(room_said(&room, "0 /etc/x.conf:7: pool = 256G is more than half of the host's 4G: it is as with auto, 128M; give it another size there, and reload\n"));
	assert_int_equal(room.lines, 1);
	/* Half of it can be meant, and says nothing. */
	room_forget(&room);
	room.config.pool.value = 2 * G;
	manager_configure(room.manager, &room.config);
	room.next_ms = 0;
	room_run(&room, 120000);
	assert_true(room_target(&room, 0) < G);
	assert_false(room_said(&room, "pool ="));
}

/* Without a pool a neighbour that does nothing gives it. */
static void test_distress_neighbour(void **state)
{
	uint64_t since, had;

	(void)state;
	room_add(&room, 1400 * M, 256 * M, 2 * G);
	room_add(&room, 1400 * M, 256 * M, 2 * G);
	room_run(&room, 60050);
	room.config.pool = (struct hb_number){ HB_PRESENT, 0 };
	manager_configure(room.manager, &room.config);
	sim_add(room.sim, &(struct sim_guest){ .domid = 99, .name = "filler", .type = HB_TYPE_PV, .vcpus = 1,
		.memory_kib = room.sim->free_pages * HB_PAGE_KIB - 74 * M,
		.maxmem_kib = room.sim->free_pages * HB_PAGE_KIB - 74 * M });
	room_run(&room, 2000);
	had = room_actual(&room, 0);
	room_guest(&room, 0)->load.load.anon_kib = 1400 * M;
	for (since = 0; !since || room.sim->clock_ms < since + 500;) {
		room_run(&room, 100);
		if (!since && room_guest(&room, 0)->distress)
			since = room.sim->clock_ms;
		assert_true(room.sim->clock_ms < 120000);
	}
	print_message("%llu KiB more in 500 ms of the call\n",
		      (unsigned long long)(room_actual(&room, 0) - had));
	assert_true(room_actual(&room, 0) >= had + 8 * M);
}

/* One whose driver does not give is told to keep what it holds, and another one gives. */
static void test_stuck(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		room_add(&room, 900 * M, 256 * M, 2 * G);
	room_guest(&room, 1)->stuck = true;
	room_run(&room, 10000);
	room_guest(&room, 0)->load.load.anon_kib = 1200 * M;
	room_run(&room, 120000);
	assert_true(room_target(&room, 0) >= world_must(&room_guest(&room, 0)->load));
	assert_true(room_target(&room, 2) < 900 * M);
	assert_true(room_said(&room, "1 g2 (2): "));
	assert_int_equal(room_actual(&room, 1), 900 * M);
	assert_true(room_said(&room, "-> 900M: it did not follow: its size is what it holds, until it is tried again\n"));
}

/* Of a guest that says nothing that is said, as nobody else will. */
static void test_silent(void **state)
{
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	room_guest(&room, a)->load.habit = GUEST_SILENT;
	sim_remove_key(room.sim, 1, HB_KEY_REPORT_STATS);
	room_run(&room, 5000);
	assert_true(room_said(&room, "1 g1 (1) keeps 512M: it says nothing of what it needs: it keeps its size\n"));
	room_run(&room, 60000);
	assert_int_equal(room.lines, 1);
}

/*
 * A guest without our driver, of which an agent as that of Qubes OS says what it uses: that is
 * what it needs, unless the qmemman of Qubes OS sizes it by that.
 */
static void test_agent(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		room_add(&room, 1280 * M, 256 * M, 2 * G);
	room_guest(&room, 0)->load.habit = GUEST_SILENT;
	sim_guest(room.sim, 1)->reports = false;
	sim_remove_key(room.sim, 1, HB_KEY_REPORT_STATS);
	sim_remove_key(room.sim, 1, HB_KEY_REPORT_VERSION);
	sim_write_key(room.sim, 1, HB_KEY_QUBES_MEMINFO, "300000");
	room.sim->qmemman = true;
	room_run(&room, 5000);
	assert_string_equal(hb_motive_word(manager_look(room.manager).balance->domains[1].reason), "other-manager");
	room_guest(&room, 1)->load.load.anon_kib = 1500 * M;
	room_run(&room, 20000);
	assert_int_equal(room_target(&room, 0), 1280 * M);
	room.sim->qmemman = false;
	sim_write_key(room.sim, 1, HB_KEY_QUBES_MEMINFO, "300001");
	room_run(&room, 30000);
	assert_in_range(room_target(&room, 0), 300 * M, 1000 * M);
	assert_string_not_equal(hb_motive_word(manager_look(room.manager).balance->domains[1].reason), "other-manager");
	assert_true(room_target(&room, 1) >= world_must(&room_guest(&room, 1)->load));
}

#define KERNEL_KIB (160 * M)	/* what it keeps for itself, which its MemTotal lacks */
#define IN_USE_KIB (300 * M)

/* As XenServer's agent: of what the kernel has given out, and once a minute. */
static void say_as_xenserver(size_t guest)
{
	uint64_t total = room_actual(&room, guest) - KERNEL_KIB;
	uint64_t left = total > IN_USE_KIB ? total - IN_USE_KIB : 0;
	char text[TEXT];

	snprintf(text, sizeof(text), "%" PRIu64, total);
	sim_write_key(room.sim, guest + 1, HB_KEY_MEMINFO_TOTAL, text);
	snprintf(text, sizeof(text), "%" PRIu64, left);
	sim_write_key(room.sim, guest + 1, HB_KEY_MEMINFO_FREE, text);
}

/* What the guest's kernel keeps is needed, too, and does not seem to be less when it is squeezed. */
static void test_agent_of_xenserver(void **state)
{
	(void)state;
	room_add(&room, 1280 * M, 256 * M, 2 * G);
	room_add(&room, 1280 * M, 256 * M, 3 * G);
	room_guest(&room, 0)->load.habit = GUEST_SILENT;
	sim_guest(room.sim, 1)->reports = false;
	sim_remove_key(room.sim, 1, HB_KEY_REPORT_STATS);
	sim_remove_key(room.sim, 1, HB_KEY_REPORT_VERSION);
	say_as_xenserver(0);
	room_run(&room, 5000);
	room_guest(&room, 1)->load.load.anon_kib = 2600 * M;
	for (int minute = 0; minute < 10; minute++) {
		for (int tenths = 0; tenths < 600; tenths++) {
			room_run(&room, 100);
			assert_true(room_target(&room, 0) >= KERNEL_KIB + IN_USE_KIB);
		}
		say_as_xenserver(0);
		/* Started anew, it has what was said of another size for a while. */
		if (minute == 5) {
			room_kill(&room);
			room_start(&room);
		}
	}
	assert_true(room_target(&room, 0) < 1000 * M);
}

/* One that falls silent again and again is told of once, until it has been given another size. */
static void test_silent_at_times(void **state)
{
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 5000);
	for (int i = 0; i < 20; i++) {
		room_guest(&room, a)->load.habit = i % 2 ? GUEST_HONEST : GUEST_SILENT;
		room_guest(&room, a)->load.load.anon_kib += 8 * M - (i % 2) * 16 * M;
		if (i % 2 == 0)
			sim_remove_key(room.sim, 1, HB_KEY_REPORT_STATS);
		room_run(&room, 3000);
	}
	assert_int_equal(room.lines, 1);
	assert_true(room_said(&room, "1 g1 (1) keeps 512M: it says nothing of what it needs: it keeps its size\n"));
	/* It is heard meanwhile, and when it is silent after that, that is told. */
	room_guest(&room, a)->load.load.anon_kib = 600 * M;
	room_run(&room, 10000);
	assert_true(room_target(&room, a) > 600 * M);
	room_forget(&room);
	room_guest(&room, a)->load.habit = GUEST_SILENT;
	sim_remove_key(room.sim, 1, HB_KEY_REPORT_STATS);
	room_run(&room, 5000);
	assert_true(room_said(&room, ": it says nothing of what it needs: it keeps its size\n"));
}

/* Before xenstored tells of it, while its builder loads its kernel: what it will take is not given to others. */
static void test_built(void **state)
{
	const uint64_t pages = G / HB_PAGE_KIB;
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, 4 * G);
	room_run(&room, 5000);
	common_begin_build(room.sim, 9, "web");
	sim_set_limit(room.sim, 9, G);
	room_guest(&room, a)->load.load.anon_kib = 3 * G;
	room_run(&room, 30000);
	assert_true(room_target(&room, a) > G);
	assert_true(room.sim->free_pages >= pages);
	/* Nor is that tried. */
	assert_int_equal(manager_look(room.manager).refused, 0);
	assert_int_equal(sim_populate(room.sim, sim_domain(room.sim, 9), pages), pages);
}

/* What was reserved for it is not kept free a second time, not even in the round that finds it. */
static void test_built_reserved(void **state)
{
	const struct hb_reserve_request request = { .name = "web", .size_kib = G };
	struct hb_reservation reservation;
	struct hb_error error;
	uint64_t had, rounds;
	size_t a;

	(void)state;
	a = room_add(&room, 900 * M, 256 * M, 4 * G);
	room_guest(&room, a)->load.load.anon_kib = 700 * M;
	room_guest(&room, a)->load.load.files_kib = 2 * G;
	room_run(&room, 5000);
	assert_int_equal(manager_reserve(room.manager, &request, &reservation, &error), HB_OK);
	room_run(&room, 120000);
	had = room_target(&room, a);
	room.sim->tick = NULL;
	common_begin_build(room.sim, 9, "web");
	sim_set_limit(room.sim, 9, G);
	rounds = manager_look(room.manager).rounds;
	for (int i = 0; i < 3; i++) {
		manager_wake(room.manager);
		manager_run(room.manager);
		assert_in_range(room_target(&room, a), had, had + 16 * M);
	}
	assert_true(manager_look(room.manager).rounds > rounds);
	assert_int_equal(manager_look(room.manager).balance->control.count, 3);
}

/* Nobody writes to xenstore what domain 0 needs: it is looked at. */
static void test_domain_0(void **state)
{
	const struct hb_limits_change change = {
		.min = { HB_PRESENT, G }, .max = { HB_PRESENT, 2 * G }, .automatic = true,
	};
	struct hb *hb = common_connect(room.sim);
	struct hb_domain domain;
	struct hb_limits limits;
	struct hb_error error;

	(void)state;
	sim_write_key(room.sim, 0, HB_KEY_STATIC_MAX, "2097152");
	sim_write_key(room.sim, 0, HB_KEY_TARGET, "1048576");
	sim_set_limit(room.sim, 0, 2 * G);
	room.sim->available_kib = 700 * M;
	assert_int_equal(hb_show(hb, 0, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, &change, &limits, &error), HB_OK);
	hb_close(hb);
	room.config.domain_0 = true;
	manager_configure(room.manager, &room.config);
	room_run(&room, 10000);
	room.sim->available_kib = 20 * M;
	room_run(&room, 40000);
	assert_true(common_number(room.sim, 0, HB_KEY_TARGET) > G);
}

/* Many guests are to be sized, and xenstored is slow: nobody else waits until that is done. */
static void test_many_slow(void **state)
{
	const struct hb_reserve_request request = { .name = "next", .size_kib = 20 * G, .force = true };
	struct hb_reservation reservation;
	uint64_t longest = 0, ended;
	struct hb_error error;
	struct hb *hb;

	(void)state;
	room_close(&room);
	room_open(&room, 106 * G);
	for (size_t i = 0; i < 200; i++)
		room_add(&room, 512 * M, 128 * M, G);
	room_run(&room, 10000);
	hb = common_connect(room.sim);
	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_OK);
	hb_close(hb);
	room.sim->call_ms = 1;
	manager_wake(room.manager);
	ended = room.sim->clock_ms + 300000;
	while (room.sim->clock_ms < ended) {
		uint64_t before = room.sim->clock_ms, took;

		manager_run(room.manager);
		took = room.sim->clock_ms - before;
		longest = took > longest ? took : longest;
		sim_run(room.sim, 100);
	}
	printf("at most %lu ms at once, %lu sizes\n", (unsigned long)longest, (unsigned long)room_writes(&room));
	assert_true(room.sim->free_pages * HB_PAGE_KIB >= request.size_kib);
	assert_true(longest <= 1000);
}

#define MANY 500
#define NEEDY 50

static void add_many(size_t guests[MANY])
{
	for (size_t i = 0; i < MANY; i++) {
		struct room_guest *guest;

		guests[i] = room_add(&room, 512 * M, 256 * M, G);
		guest = room_guest(&room, guests[i]);
		guest->load.load.files_kib = 0;
		if (i >= MANY - NEEDY)
			guest->load.load.anon_kib = 600 * M;
	}
}

static bool is_served(const size_t guests[MANY])
{
	for (size_t i = MANY - NEEDY; i < MANY; i++) {
		if (room_target(&room, guests[i]) <= 600 * M)
			return false;
	}
	return true;
}

/* Nothing is decided by a part of the domains, and each was there before. */
static void expect_first_look(void)
{
	const struct hb_balance *balance;

	while (!manager_look(room.manager).rounds) {
		assert_true(room.sim->clock_ms < 400000);
		assert_true(room.longest_ms < 1000);
		room_run(&room, 1000);
	}
	balance = manager_look(room.manager).balance;
	assert_int_equal(balance->control.count, 1 + MANY);
	for (size_t i = 0; i < balance->count; i++)
		assert_int_equal(balance->all[i].since_ms, 0);
}

/*
 * A call takes 10 ms, and a first look at all domains minutes: who waits for a sign of life has it
 * between, and in the end each is served. The same when most of them end at once. A size is set in
 * one piece, whatever it has to ask for.
 */
static void test_begin_slow(void **state)
{
	static size_t guests[MANY];

	(void)state;
	room_close(&room);
	room_open(&room, 450 * G);
	add_many(guests);
	room.sim->call_ms = 10;
	expect_first_look();
	printf("first look in %lu s\n", (unsigned long)room.sim->clock_ms / 1000);
	while (!is_served(guests)) {
		assert_true(room.sim->clock_ms < 1000000);
		room_run(&room, 10000);
	}
	for (size_t i = 0; i < MANY - NEEDY; i++)
		room_remove(&room, guests[i]);
	room_run(&room, 30000);
	printf("in all %lu s, at most %lu ms at once\n", (unsigned long)room.sim->clock_ms / 1000,
	       (unsigned long)room.longest_ms);
	assert_in_range(room.longest_ms, 1, 2000);
	assert_int_equal(manager_look(room.manager).balance->control.count, 1 + NEEDY);
}

/* Who asks during a first look is told that it goes on, and not that the host has failed. */
static void test_asked_early(void **state)
{
	struct manager_view view;
	struct hb_error error;

	(void)state;
	for (int i = 0; i < 3; i++)
		room_add(&room, 512 * M, 256 * M, G);
	room.sim->call_ms = 50;
	assert_int_equal(manager_balance(room.manager, &error), HB_E_HOST);
	assert_int_equal(error.reason, HB_REASON_NOT_READ_YET);
	assert_string_equal(error.message, "domains are still being read");
	assert_string_equal(error.remedy, "ask again in a moment");
	assert_int_equal(manager_preview(room.manager, &view, &error), HB_E_HOST);
	assert_int_equal(error.reason, HB_REASON_NOT_READ_YET);
	room_run(&room, 60000);
	assert_int_equal(manager_preview(room.manager, &view, &error), HB_OK);
	assert_int_equal(manager_balance(room.manager, &error), HB_OK);
}

/* What is reserved is given to nobody. */
static void test_reserved(void **state)
{
	const struct hb_reserve_request request = { .name = "next", .size_kib = G };
	struct hb_reservation reservation;
	struct hb_error error;
	struct hb *hb;

	(void)state;
	room_add(&room, 900 * M, 256 * M, 3 * G);
	room_run(&room, 5000);
	hb = common_connect(room.sim);
	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_OK);
	room_guest(&room, 0)->load.load.anon_kib = 2500 * M;
	room_run(&room, 60000);
	assert_true(room_target(&room, 0) > 1200 * M);
	assert_true(room.sim->free_pages * HB_PAGE_KIB >= G + 72 * M);
	assert_int_equal(hb_release(hb, "next", &error), HB_OK);
	hb_close(hb);
	room_run(&room, 60000);
	assert_true(room_target(&room, 0) > 2 * G);
}

/* The daemon goes on while somebody else waits. */
static bool go_on(const struct hb_progress *progress, void *argument)
{
	(void)progress;
	(void)argument;
	while (room.next_ms <= room.sim->clock_ms)
		room.next_ms = manager_run(room.manager);
	return true;
}

/* Creation wins: what "hotballoon free" has made free is there for a guest to come. */
static void test_made_free(void **state)
{
	const struct hb_free_request request = { .need_kib = G };
	struct hb_free_result *result = hb_free_result_new();
	struct hb_error error;
	enum hb_code code;
	unsigned int donors;
	uint64_t before;
	struct hb *hb;

	(void)state;
	room_add(&room, 1400 * M, 256 * M, 3 * G);
	room_add(&room, 1400 * M, 256 * M, 3 * G);
	room_guest(&room, 0)->load.load.anon_kib = 200 * M;
	/* It would use all that there is. */
	room_guest(&room, 1)->load.load.files_kib = 3 * G;
	room_run(&room, 120000);
	hb = common_connect(room.sim);
	hb_set_progress(hb, go_on, NULL);
	code = hb_free(hb, &request, result, &error);
	donors = hb_free_result_donors(result);
	hb_free_result_free(result);
	hb_close(hb);
	assert_int_equal(code, HB_OK);
	assert_true(donors > 0);
	/* Started again it knows of that, too. */
	room_kill(&room);
	room_start(&room);
	room_run(&room, 20000);
	assert_true(room.sim->free_pages * HB_PAGE_KIB >= G + 72 * M);
	/* It has come: nobody is asked for more. */
	before = room_target(&room, 0) + room_target(&room, 1);
	room_add(&room, 900 * M, 256 * M, G);
	room_run(&room, 60000);
	assert_true(room_target(&room, 0) + room_target(&room, 1) >= before - 64 * M);
	/* What was made free for another one that never comes is shared out a minute later. */
	room_remove(&room, 2);
	hb = common_connect(room.sim);
	code = hb_free(hb, &request, result = hb_free_result_new(), &error);
	hb_free_result_free(result);
	hb_close(hb);
	assert_int_equal(code, HB_OK);
	room_run(&room, 50000);
	assert_true(room.sim->free_pages * HB_PAGE_KIB >= G + 72 * M);
	room_run(&room, 90000);
	assert_true(room.sim->free_pages * HB_PAGE_KIB < G);
}

/* One that cannot take what it needs calls in vain: a round a second, however long. */
static void test_in_vain(void **state)
{
	struct manager_view before, after;
	size_t a;

	(void)state;
	a = room_add(&room, 512 * M, 256 * M, G);
	room_add(&room, 512 * M, 256 * M, G);
	room_guest(&room, a)->stuck = true;
	room_guest(&room, a)->load.load.anon_kib = 600 * M;
	room_run(&room, 60000);
	assert_true(room_guest(&room, a)->distress);
	before = manager_look(room.manager);
	room_run(&room, 60000);
	after = manager_look(room.manager);
	print_message("%u rounds in a minute of vain distress\n", (unsigned int)(after.rounds - before.rounds));
	/* Now and then it is tried again, and looked at while it might move. */
	assert_in_range(after.rounds - before.rounds, 30, 120);
	room_guest(&room, a)->stuck = false;
	room_run(&room, 300000);
	assert_true(room_actual(&room, a) >= world_must(&room_guest(&room, a)->load));
}

/* No size waits for the disk: what must last is what persons say. */
static void test_disk(void **state)
{
	struct manager_view view;
	unsigned int syncs;

	(void)state;
	for (int i = 0; i < 5; i++)
		room_add(&room, 512 * M, 256 * M, 2 * G);
	room_run(&room, 10000);
	syncs = room_syncs;
	room_guest(&room, 0)->load.load.anon_kib = 1600 * M;
	room_run(&room, 20000);
	view = manager_look(room.manager);
	print_message("%u waits for the disk, %u sizes\n", room_syncs - syncs, (unsigned int)view.writes);
	assert_true(view.writes >= 10);
	assert_int_equal(room_syncs, syncs);
}

#define PERSONS 50

/* So does what a person has set for many while hotballoond did not run, and each is that person's. */
static void test_disk_of_persons(void **state)
{
	unsigned int syncs, calls;

	(void)state;
	room_close(&room);
	room_open(&room, 32 * G);
	for (int i = 0; i < PERSONS; i++)
		room_add(&room, 512 * M, 128 * M, G);
	room_run(&room, 10000);
	room_kill(&room);
	for (uint32_t domid = 1; domid <= PERSONS; domid++)
		sim_write_key(room.sim, domid, HB_KEY_TARGET, "409600");
	room_start(&room);
	syncs = room_syncs;
	calls = room.sim->calls;
	manager_run(room.manager);
	print_message("%u waits for the disk, %u calls\n", room_syncs - syncs, room.sim->calls - calls);
	/* A file, and its directory. */
	assert_true(room_syncs - syncs <= 2);
	/* All are looked at for the first time; they are not looked at once more. */
	assert_true(room.sim->calls - calls < PERSONS * 60);
	for (uint32_t domid = 1; domid <= PERSONS; domid++)
		sim_write_key(room.sim, domid, HB_KEY_TARGET, "524288");
	room_run(&room, 5000);
	for (int i = 1; i <= PERSONS; i++)
		assert_int_equal(manager_look(room.manager).balance->domains[i].reason, HB_MOTIVE_PINNED);
}

static void expect_reason(size_t guest, enum hb_motive reason)
{
	const struct hb_controlled *one = &manager_look(room.manager).balance->domains[guest + 1];

	assert_string_equal(hb_motive_word(one->reason), hb_motive_word(reason));
	assert_int_equal(room_target(&room, guest), 640 * M);
}

/* What only Xen, or another manager, knows of a guest: it is no donor, and nothing is tried. */
static void test_not_ours(void **state)
{
	struct sim_domain *populating;

	(void)state;
	for (int i = 0; i < 4; i++)
		room_add(&room, 640 * M, 256 * M, 2 * G);
	sim_guest(room.sim, 1)->vnodes = 2;
	sim_write_key(room.sim, 2, HB_KEY_DYNAMIC_MIN, "262144");
	populating = sim_domain(room.sim, 3);
	populating->pod.entry_pages = 1000;
	room_run(&room, 5000);
	/* The fourth needs more than there is. */
	room_guest(&room, 3)->load.load.anon_kib = 1200 * M;
	room_run(&room, 60000);
	expect_reason(0, HB_MOTIVE_NUMA);
	expect_reason(1, HB_MOTIVE_OTHER_MANAGER);
	expect_reason(2, HB_MOTIVE_POPULATING);
	assert_int_equal(manager_look(room.manager).refused, 0);
	/* It has its frames, and says nothing new: that is seen at a look. */
	room_guest(&room, 2)->load.habit = GUEST_SILENT;
	populating->pod.entry_pages = 0;
	room_run(&room, 35000);
	assert_true(room_target(&room, 2) < 640 * M);
	assert_int_equal(manager_look(room.manager).refused, 0);
}

/* A guest that writes all the time costs what one does that writes at times. */
/* As the loop does, while a guest writes that often; returns how often the host was called. */
static unsigned int flood(unsigned int writes, unsigned int a_tick)
{
	const unsigned int calls = room.sim->calls;

	for (unsigned int i = 0; i < writes; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i % 2 ? 4096 + 4 * i : 0);
		sim_write_key(room.sim, 1, HB_KEY_REPORT_DISTRESS, text);
		if (i % a_tick)
			continue;
		sim_run(room.sim, 10);
		while (room.next_ms <= room.sim->clock_ms)
			room.next_ms = manager_run(room.manager);
		manager_run(room.manager);
	}
	return room.sim->calls - calls;
}

/*
 * By construction: whatever it writes, ten readings and as many rounds a second, and after a
 * minute fewer than one of each.
 */
static void test_flooder(void **state)
{
	unsigned int calls;

	(void)state;
	room_add(&room, 512 * M, 256 * M, G);
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 10000);
	calls = flood(10000, 10) / 10;
	print_message("%u calls a second for 1000 writes a second\n", calls);
	assert_true(calls < 600);
	flood(6000, 1);
	calls = flood(1000, 1) / 10;
	print_message("%u calls a second when it goes on\n", calls);
	/* A hundred of them are of who asks at each tick. */
	assert_true(calls < 160);
	/* And it harms nobody. */
	assert_int_equal(room_target(&room, 1), 512 * M);
	assert_true(room_target(&room, 0) <= G);
}

/* So long until it has more, from when it is in distress, as the loop runs. */
static uint64_t relieved_in_ms(size_t guest, const char *lacks)
{
	const uint64_t size = room_target(&room, guest), begin = room.sim->clock_ms;

	sim_write_key(room.sim, room_guest(&room, guest)->domid, HB_KEY_REPORT_DISTRESS, lacks);
	for (;;) {
		room.next_ms = manager_run(room.manager);
		if (room_target(&room, guest) > size || room.sim->clock_ms > begin + 3000)
			return room.sim->clock_ms - begin;
		sim_run(room.sim, 1);
	}
}

/* By construction: whatever has just been read of it, and whenever the last round was. */
static void test_distress_waits_for_nothing(void **state)
{
	(void)state;
	for (unsigned int after_ms = 0; after_ms < 120; after_ms += 7) {
		size_t a;

		room_close(&room);
		room_open(&room, 8 * G);
		a = room_add(&room, 512 * M, 256 * M, G);
		room_guest(&room, a)->load.habit = GUEST_SILENT;
		room_run(&room, 10000);
		sim_write_key(room.sim, 1, HB_KEY_REPORT_FLOOR, "65536");
		manager_run(room.manager);
		/* A round has just begun, too. */
		manager_wake(room.manager);
		manager_run(room.manager);
		sim_run(room.sim, after_ms);
		manager_run(room.manager);
		sim_run(room.sim, 1);
		assert_in_range(relieved_in_ms(a, "16384"), 0, 100);
		/* It lacks still more, as soon as it has that. */
		while (room_actual(&room, a) < room_target(&room, a))
			sim_run(room.sim, 10);
		manager_run(room.manager);
		assert_in_range(relieved_in_ms(a, "65536"), 0, 200);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Xen says that it runs low: that does not wait for the next look, which is far away. */
static void test_runs_low(void **state)
{
	uint64_t rounds;

	(void)state;
	room.config.look_s = 3600;
	manager_configure(room.manager, &room.config);
	room_add(&room, 512 * M, 256 * M, G);
	room_run(&room, 60000);
	rounds = manager_look(room.manager).rounds;
	sim_run_low(room.sim);
	room_run(&room, 200);
	assert_int_equal(manager_look(room.manager).rounds, rounds + 1);
	assert_true(room_said(&room, "1 Xen runs low on memory: all is looked at now\n"));
	/* Once for each time, and said once a minute. */
	room_forget(&room);
	room_run(&room, 5000);
	rounds = manager_look(room.manager).rounds;
	sim_run_low(room.sim);
	room_run(&room, 200);
	assert_int_equal(manager_look(room.manager).rounds, rounds + 1);
	assert_false(room_said(&room, "Xen runs low"));
	room_run(&room, 60000);
	sim_run_low(room.sim);
	room_run(&room, 200);
	assert_true(room_said(&room, "Xen runs low"));
}

/* Where that cannot be heard of, or somebody else hears it, guests are sized all the same. */
static void test_hears_nothing_low(void **state)
{
	struct hb *hb = common_connect(room.sim);
	struct hb_monitor *monitor;
	struct hb_error error;

	(void)state;
	assert_int_equal(hb_monitor_open(hb, NULL, NULL, &monitor, &error), HB_OK);
	assert_int_equal(hb_monitor_hear_low(monitor), 0);
	room.config.verbose = true;
	for (int other = 1; other >= 0; other--) {
		room.sim->no_low = !other;
		room_kill(&room);
		room_start(&room);
		room_forget(&room);
		room_run(&room, 5000);
		assert_true(room_said(&room, other ? "Xen cannot be heard of when it runs low on memory: File exists\n" :
						     "Xen cannot be heard of when it runs low on memory: Operation not supported\n"));
		assert_true(manager_look(room.manager).connected && manager_look(room.manager).rounds);
		sim_run_low(room.sim);
		room_run(&room, 1000);
		assert_false(room_said(&room, "Xen runs low"));
	}
	hb_monitor_close(monitor);
	hb_close(hb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
				TEST(test_moves), TEST(test_quiet), TEST(test_locked), TEST(test_person),
		TEST(test_person_not_kept), TEST(test_person_comes_back),
		TEST(test_person_while_down), TEST(test_set_nevertheless), TEST(test_limit_stays),
		TEST(test_host_boots), TEST(test_same_uuid),
		TEST(test_restarted), TEST(test_lost), TEST(test_lost_track), TEST(test_connection_lost), TEST(test_hung), TEST(test_hung_at_first), TEST(test_damaged),
		TEST(test_dry_run), TEST(test_person_in_dry_run), TEST(test_preview), TEST(test_distress), TEST(test_distress_neighbour), TEST(test_stuck),
		TEST(test_silent), TEST(test_agent), TEST(test_agent_of_xenserver), TEST(test_silent_at_times), TEST(test_built), TEST(test_built_reserved), TEST(test_domain_0), TEST(test_many_slow), TEST(test_begin_slow), TEST(test_asked_early), TEST(test_reserved), TEST(test_made_free), TEST(test_not_ours), TEST(test_flooder), TEST(test_distress_waits_for_nothing),
		TEST(test_pool_too_large), TEST(test_runs_low), TEST(test_hears_nothing_low),
		TEST(test_in_vain), TEST(test_disk), TEST(test_disk_of_persons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
