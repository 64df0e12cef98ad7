/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "room.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "account.h"
#include "core/reserve.h"

#define DOM0_KIB (1024 * M)

unsigned int room_syncs;
int room_sync_errno;

/* A day has thousands of writes, and no power failure. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	(void)fd;
	room_syncs++;
	errno = room_sync_errno;
	return room_sync_errno ? -1 : 0;
}

/* The simulated host calls back without an argument. */
static struct room *room_of_tick;

static enum hb_code open_sim(struct hb **hb, struct hb_error *error, void *argument)
{
	struct room *room = argument;

	(void)error;
	*hb = common_connect(room->sim);
	return HB_OK;
}

static uint64_t now_ms(void *argument)
{
	struct room *room = argument;

	return room->sim->clock_ms;
}

static uint64_t time_ms(void *argument)
{
	return ROOM_BEGIN_MS + now_ms(argument);
}

/* Of more than fits, the older half goes. */
static void take_log(enum manager_level level, const char *text, void *argument)
{
	struct room *room = argument;
	size_t used = strlen(room->log), more = strlen(text) + 4;

	if (used + more >= sizeof(room->log)) {
		memmove(room->log, room->log + used / 2, used - used / 2 + 1);
		used = strlen(room->log);
	}
	snprintf(room->log + used, sizeof(room->log) - used, "%d %s\n", level, text);
	room->lines++;
}

/* ------------------------------------------------------------------ guests */

static uint64_t kib_of(uint64_t pages)
{
	return pages * HB_PAGE_KIB;
}

static void write_line(struct sim *sim, uint32_t domid, const struct hb_usage *usage)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "total-memory=%" PRIu64 " free-memory=%" PRIu64 " available-memory=%" PRIu64
		 " swap-total=%" PRIu64 " swap-free=%" PRIu64 " swap-in=%" PRIu64 " swap-out=%" PRIu64
		 " refaults-anon=%" PRIu64 " refaults-file=%" PRIu64 " alloc-stalls=%" PRIu64 " oom-kills=%" PRIu64,
		 usage->total, usage->free, usage->available, usage->swap_total, usage->swap_free,
		 kib_of(usage->swap_in), kib_of(usage->swap_out), kib_of(usage->refaults_anon),
		 kib_of(usage->refaults_file), usage->alloc_stalls, usage->oom_kills);
	sim_write_key(sim, domid, HB_KEY_REPORT_STATS, line);
}

/* As the driver calls: what it lacks of its reserve, while it stalls or has less than half. */
static void call(struct sim *sim, struct room_guest *guest, uint64_t stalls)
{
	const struct hb_usage *usage = &guest->load.usage;
	uint64_t reserve = hb_reserve_of(usage->total, MIB);
	uint64_t lacks = reserve > usage->available ? reserve - usage->available : 0;
	bool distress = lacks && (usage->alloc_stalls != stalls || usage->available < reserve / 2);
	char text[24];

	if (distress == guest->distress)
		return;
	guest->distress = distress;
	snprintf(text, sizeof(text), "%" PRIu64, distress ? lacks : 0);
	sim_write_key(sim, guest->domid, HB_KEY_REPORT_DISTRESS, text);
}

/* It stops where its driver does: at what it cannot do without. */
static void set_floor(struct sim *sim, struct room_guest *guest, uint64_t actual_kib, uint64_t target_kib)
{
	const struct hb_usage *usage = &guest->load.usage;
	struct sim_guest *simulated = sim_guest(sim, guest->domid);
	uint64_t reserve = hb_reserve_of(usage->total, MIB);
	uint64_t spare = usage->available > reserve ? usage->available - reserve : 0;

	simulated->stick_at_kib = guest->stuck ? actual_kib : 0;
	simulated->stick_cause = HB_CAUSE_GUEST_FLOOR;
	if (target_kib < actual_kib && !guest->stuck)
		simulated->stick_at_kib = actual_kib - spare + spare % HB_PAGE_KIB;
}

/* As the driver's autoballoon: what it needs and a margin, if that is less than its target. */
static void spare(struct sim *sim, struct room_guest *guest, uint64_t target_kib)
{
	uint64_t wants = (world_demand(&guest->load) * 9 / 8 + 64 * MIB) / HB_PAGE_KIB * HB_PAGE_KIB;

	if (guest->load.habit == GUEST_FRUGAL)
		sim_guest(sim, guest->domid)->spares_kib = wants < target_kib ? target_kib - wants : 0;
}

static void live(struct room *room, struct room_guest *guest)
{
	struct sim *sim = room->sim;
	uint64_t stalls = guest->load.usage.alloc_stalls, target;

	if (!sim_guest(sim, guest->domid)) {
		guest->domid = 0;
		return;
	}
	target = sim_target_kib(sim, guest->domid);
	guest->load.domain.actual_kib = sim_xen(sim, guest->domid, NULL).tot_pages * HB_PAGE_KIB;
	world_live(&guest->load);
	if (world_speaks(&guest->load, sim->clock_ms))
		write_line(sim, guest->domid, &guest->load.reported);
	if (guest->load.habit == GUEST_HONEST || guest->load.habit == GUEST_FRUGAL)
		call(sim, guest, stalls);
	spare(sim, guest, target);
	set_floor(sim, guest, guest->load.domain.actual_kib, target);
}

static void break_rule(struct room *room, const char *what, uint64_t a, uint64_t b)
{
	if (!*room->broken)
		snprintf(room->broken, sizeof(room->broken), "at %" PRIu64 " ms: %s: %" PRIu64 ", %" PRIu64,
			 room->sim->clock_ms, what, a, b);
}

static uint64_t promised_kib(const struct room *room)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < room->count; i++) {
		uint32_t domid = room->guests[i].domid;
		uint64_t target = domid ? sim_target_kib(room->sim, domid) : 0;
		uint64_t actual = domid ? kib_of(sim_xen(room->sim, domid, NULL).tot_pages) : 0;

		kib += target > actual ? target - actual : 0;
	}
	return kib;
}

/* What no guest, nor the manager's death, may break. */
static void check(struct room *room)
{
	const uint64_t free_kib = room->sim->free_pages * HB_PAGE_KIB;
	const uint64_t reserve = hb_account_reserve_kib(room->sim->total_pages * HB_PAGE_KIB);

	if (free_kib < room->least_free_kib)
		room->least_free_kib = free_kib;
	if (free_kib < reserve)
		break_rule(room, "the host's reserve was given away", free_kib, reserve);
	if (room->asked && free_kib < reserve + room->reserved_kib + promised_kib(room))
		break_rule(room, "more was promised than there is", free_kib,
			   reserve + room->reserved_kib + promised_kib(room));
	for (size_t i = 0; i < room->count; i++) {
		const struct room_guest *guest = &room->guests[i];
		uint64_t target = guest->domid ? sim_target_kib(room->sim, guest->domid) : 0;

		if (guest->domid && (target < guest->load.limits.min.value || target > guest->load.limits.max.value))
			break_rule(room, "a target outside of its limits", target, i);
	}
}

static void tick(struct sim *sim)
{
	struct room *room = room_of_tick;

	if (sim->clock_ms % TICK_MS)
		return;
	for (size_t i = 0; i < room->count; i++) {
		if (room->guests[i].domid)
			live(room, &room->guests[i]);
	}
	check(room);
}

/* -------------------------------------------------------------------- time */

static bool is_readable(const struct room *room)
{
	struct pollfd fd = { .fd = manager_fd(room->manager), .events = POLLIN };

	return fd.fd >= 0 && poll(&fd, 1, 0) == 1;
}

static bool is_killed(const struct room *room)
{
	return room->sim->fault == SIM_FAULT_KILL && room->sim->calls >= room->sim->fault_at;
}

static uint64_t processor_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * 1000000ULL + used.tv_nsec / 1000;
}

static void run_manager(struct room *room)
{
	const uint64_t before = room->sim->clock_ms, cpu_us = processor_us();
	uint64_t took;

	room->next_ms = manager_run(room->manager);
	room->cpu_us += processor_us() - cpu_us;
	room->wakes++;
	took = room->sim->clock_ms - before;
	room->longest_ms = took > room->longest_ms ? took : room->longest_ms;
}

void room_wake(struct room *room)
{
	for (unsigned int i = 0; !room->down && i < 20; i++) {
		if (room->next_ms > room->sim->clock_ms && !is_readable(room))
			return;
		run_manager(room);
		if (is_killed(room))
			room_kill(room);
	}
}

void room_run(struct room *room, uint64_t ms)
{
	for (uint64_t end = room->sim->clock_ms + ms; room->sim->clock_ms < end;) {
		room_wake(room);
		sim_run(room->sim, TICK_MS - room->sim->clock_ms % TICK_MS);
	}
}

void room_start(struct room *room)
{
	static const struct manager_host host = {
		.open = open_sim, .now_ms = now_ms, .time_ms = time_ms, .log = take_log,
	};
	struct manager_host ours = host;

	ours.argument = room;
	ours.history = room->history;
	room->manager = manager_new(&ours, &room->config);
	assert_non_null(room->manager);
	room->down = false;
	room->next_ms = 0;
}

bool room_kill_at(struct room *room, unsigned int call, uint64_t ms)
{
	bool within;

	room->sim->fault = SIM_FAULT_KILL;
	room->sim->fault_at = room->sim->calls + call;
	room_run(room, ms);
	within = room->down;
	room->sim->fault = SIM_FAULT_NONE;
	if (!within)
		room_kill(room);
	return within;
}

void room_kill(struct room *room)
{
	manager_free(room->manager);
	room->manager = NULL;
	room->down = true;
}

/* --------------------------------------------------------------- the room */

void room_open(struct room *room, uint64_t total_kib)
{
	const struct sim_guest dom0 = {
		.domid = 0, .name = "Domain-0", .type = HB_TYPE_PV, .memory_kib = DOM0_KIB,
		.maxmem_kib = DOM0_KIB, .vcpus = 1,
	};

	memset(room, 0, sizeof(*room));
	common_make_state_dir();
	room->sim = sim_open(total_kib);
	room->sim->clock_ms = 1000;
	room->least_free_kib = total_kib;
	sim_add(room->sim, &dom0);
	room->sim->tick = tick;
	room_of_tick = room;
	config_defaults(&room->config);
	room_start(room);
}

void room_close(struct room *room)
{
	manager_free(room->manager);
	sim_close(room->sim);
	free(room->guests);
	common_remove_state_dir();
}

void room_limit(struct room *room, size_t guest, const struct hb_limits_change *change)
{
	struct hb *hb = common_connect(room->sim);
	struct hb_domain domain;
	struct hb_limits limits;
	struct hb_error error;

	assert_int_equal(hb_show(hb, room->guests[guest].domid, &domain, &error), HB_OK);
	assert_int_equal(hb_limits_set(hb, &domain, change, &limits, &error), HB_OK);
	hb_close(hb);
	if (room->manager)
		manager_wake(room->manager);
	room->next_ms = 0;
}

size_t room_add(struct room *room, uint64_t size_kib, uint64_t min_kib, uint64_t max_kib)
{
	static struct world world;
	struct hb_limits_change change = {
		.min = { HB_PRESENT, min_kib }, .max = { HB_PRESENT, max_kib }, .automatic = true,
	};
	struct sim_guest simulated = {
		.domid = ++room->last_domid, .type = HB_TYPE_PVH, .memory_kib = size_kib,
		.maxmem_kib = size_kib, .vcpus = 1, .rate_kib_s = 512 * M, .reports = true,
		.report_max_kib = max_kib,
	};
	/* The simulated host keeps the pointer. */
	static char names[8192][12];
	char *name = names[simulated.domid % 8192];
	struct room_guest *guest;

	if (room->count == room->room) {
		room->room = 2 * room->room + 4;
		room->guests = sim_grow(room->guests, room->room, sizeof(*room->guests));
	}
	guest = &room->guests[room->count];
	/* Only the guest is wanted of it. */
	world_open(&world, NULL, 0);
	*guest = (struct room_guest){ .load = *world_add(&world, size_kib, min_kib, max_kib) };
	guest->domid = simulated.domid;
	snprintf(name, sizeof(names[0]), "g%u", simulated.domid);
	simulated.name = name;
	sim_add(room->sim, &simulated);
	room->count++;
	room_limit(room, room->count - 1, &change);
	live(room, guest);
	return room->count - 1;
}

void room_remove(struct room *room, size_t guest)
{
	sim_destroy(room->sim, room->guests[guest].domid);
	room->guests[guest].domid = 0;
}

struct room_guest *room_guest(struct room *room, size_t guest)
{
	return &room->guests[guest];
}

uint64_t room_target(struct room *room, size_t guest)
{
	return common_number(room->sim, room->guests[guest].domid, HB_KEY_TARGET);
}

uint64_t room_actual(struct room *room, size_t guest)
{
	return sim_xen(room->sim, room->guests[guest].domid, NULL).tot_pages * HB_PAGE_KIB;
}

uint64_t room_writes(const struct room *room)
{
	return manager_look(room->manager).writes;
}

bool room_said(const struct room *room, const char *text)
{
	return strstr(room->log, text);
}

void room_forget(struct room *room)
{
	room->log[0] = '\0';
	room->lines = 0;
}
