/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "limit.h"
#include "plan.h"
#include "core/reserve.h"

/* What the kernel of a guest keeps free, and takes at boot. */
#define WATERMARK_KIB (16 * MIB)
#define BOOT_KIB (32 * MIB)
#define BOOT_PART 64
/* Programs fill memory, disks give it back. */
#define FILL_KIB_S (400 * MIB)
#define SWAP_KIB_S (100 * MIB)
#define JUNK_KIB_S (2 * MIB)
/* Of swapped memory, what is touched a second. */
#define TOUCH_PART 20

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t less(uint64_t from, uint64_t what)
{
	return from > what ? from - what : 0;
}

static uint64_t in_a_tick(uint64_t kib_s)
{
	return kib_s * TICK_MS / 1000;
}

static uint64_t overhead_of(const struct world_guest *guest)
{
	return BOOT_KIB + guest->domain.static_max.value / BOOT_PART;
}

uint64_t world_size(const struct world_guest *guest)
{
	return guest->domain.target.value;
}

uint64_t world_must(const struct world_guest *guest)
{
	return overhead_of(guest) + WATERMARK_KIB + guest->load.anon_kib;
}

uint64_t world_demand(const struct world_guest *guest)
{
	return world_must(guest) + guest->load.files_kib;
}

bool world_is_there(const struct world *world, const struct world_guest *guest)
{
	return guest->starts_ms <= world->now_ms;
}

struct hb_host_memory world_host(const struct world *world)
{
	struct hb_host_memory host = {
		.total_kib = world->total_kib, .free_kib = world->total_kib,
		.reserved_kib = world->reserved_kib,
		.reserve_kib = hb_account_reserve_kib(world->total_kib),
	};

	for (size_t i = 0; i < world->count; i++) {
		const struct hb_domain *domain = &world->guests[i].domain;

		if (!world_is_there(world, &world->guests[i]))
			continue;
		host.free_kib -= domain->actual_kib;
		host.promised_kib += hb_account_promised_kib(domain);
	}
	return host;
}

void world_open(struct world *world, const struct world_policy *policy, uint64_t total_kib)
{
	*world = (struct world){ .policy = policy, .now_ms = 1000, .total_kib = total_kib };
	world->next_ms = world->now_ms;
}

struct world_guest *world_add(struct world *world, uint64_t size_kib, uint64_t min_kib,
			      uint64_t max_kib)
{
	struct world_guest *guest = &world->guests[world->count++];
	struct hb_domain *domain = &guest->domain;

	domain->domid = world->count;
	snprintf(domain->name, sizeof(domain->name), "guest%zu", world->count);
	domain->type = HB_TYPE_PVH;
	domain->vcpus = 1;
	domain->hap = true;
	domain->driver = HB_DRIVER_UNKNOWN;
	domain->actual_kib = size_kib;
	domain->maxmem_kib = max_kib + MIB;
	domain->target = (struct hb_number){ HB_PRESENT, size_kib };
	domain->static_max = (struct hb_number){ HB_PRESENT, max_kib };
	guest->limits = (struct hb_limits){
		.mode = HB_MODE_AUTO, .weight = HB_WEIGHT_DEFAULT,
		.min = { HB_PRESENT, min_kib }, .max = { HB_PRESENT, max_kib },
		.set = { HB_PRESENT, size_kib },
	};
	guest->rate_kib_s = 512 * MIB;
	guest->swap_kib = 2 * GIB;
	guest->load = (struct world_load){ .anon_kib = 100 * MIB, .files_kib = 64 * MIB, .read_kib_s = 20 * MIB };
	guest->anon_kib = guest->load.anon_kib;
	guest->usage.known = HB_KNOWS_TOTAL | HB_KNOWS_FREE | HB_KNOWS_AVAILABLE | HB_KNOWS_SWAP |
			     HB_KNOWS_SWAPPING | HB_KNOWS_REFAULTS | HB_KNOWS_STALLS | HB_KNOWS_OOM_KILLS;
	hb_estimate_start(&guest->estimate, size_kib);
	return guest;
}

void world_write(struct world *world, struct world_guest *guest, uint64_t size_kib)
{
	bool up = size_kib > guest->domain.target.value;

	if (guest->domain.target.value == size_kib)
		return;
	if (guest->written_ms && up != guest->written_up && world->now_ms - guest->written_ms < TURN_MS)
		guest->turns++;
	guest->written_ms = world->now_ms;
	guest->written_up = up;
	guest->domain.target.value = guest->limits.set.value = size_kib;
	guest->writes++;
	world->writes++;
}

/* ------------------------------------------------------------------ a guest */

static uint64_t room_of(const struct world_guest *guest)
{
	return less(guest->domain.actual_kib, overhead_of(guest) + WATERMARK_KIB);
}

static void use_anon(struct world_guest *guest)
{
	uint64_t room = room_of(guest), swapped = guest->swapped_kib, fits;

	guest->anon_kib = smaller(guest->load.anon_kib, guest->anon_kib + in_a_tick(FILL_KIB_S));
	/* What fits neither in memory nor in swap dies, and starts again. */
	if (guest->anon_kib > room + guest->swap_kib) {
		guest->usage.alloc_stalls++;
		guest->usage.oom_kills++;
		guest->oom_kills++;
		guest->anon_kib /= 2;
	}
	guest->swapped_kib = smaller(guest->swapped_kib, guest->anon_kib);
	fits = less(guest->anon_kib, room);
	if (guest->swapped_kib < fits) {
		guest->usage.swap_out += (fits - guest->swapped_kib) / HB_PAGE_KIB;
		guest->usage.alloc_stalls++;
		guest->swapped_kib = fits;
	}
	/* What is touched comes back; something else goes if there is no room. */
	swapped = smaller(in_a_tick(SWAP_KIB_S), guest->swapped_kib / TOUCH_PART);
	guest->usage.swap_in += swapped / HB_PAGE_KIB;
	guest->usage.refaults_anon += swapped / HB_PAGE_KIB;
	guest->refaults_kib += swapped;
	if (guest->swapped_kib - swapped >= fits)
		guest->swapped_kib -= swapped;
	else
		guest->swapped_kib = fits;
}

static void use_files(struct world_guest *guest)
{
	uint64_t room = less(room_of(guest), guest->anon_kib - guest->swapped_kib);
	uint64_t files = guest->load.files_kib, missing, read, again;

	guest->cached_kib = smaller(guest->cached_kib, smaller(room, files));
	guest->seen_kib = smaller(guest->seen_kib, files);
	missing = files - guest->cached_kib;
	if (missing) {
		read = (double)in_a_tick(guest->load.read_kib_s) * missing / files;
		again = (double)read * (guest->seen_kib - guest->cached_kib) / missing;
		guest->usage.refaults_file += again / HB_PAGE_KIB;
		guest->refaults_kib += again;
		/* Read once, it is known, whether it stays in the cache or not. */
		guest->seen_kib += read - again;
		guest->cached_kib = smaller(guest->cached_kib + read, smaller(room, files));
	}
	guest->junk_kib = smaller(guest->junk_kib + in_a_tick(JUNK_KIB_S), room - guest->cached_kib);
}

static void tell(struct world_guest *guest)
{
	struct hb_usage *usage = &guest->usage;
	uint64_t room = room_of(guest), resident = guest->anon_kib - guest->swapped_kib;

	usage->total = less(guest->domain.actual_kib, overhead_of(guest));
	usage->available = less(room, resident);
	usage->free = less(usage->available, guest->cached_kib + guest->junk_kib);
	usage->swap_total = guest->swap_kib;
	usage->swap_free = guest->swap_kib - guest->swapped_kib;
}

void world_live(struct world_guest *guest)
{
	use_anon(guest);
	use_files(guest);
	tell(guest);
}

static void follow_target(struct world *world, struct world_guest *guest)
{
	struct hb_domain *domain = &guest->domain;
	uint64_t target = domain->target.value, step = in_a_tick(guest->rate_kib_s);
	uint64_t total = less(domain->actual_kib, overhead_of(guest)), can;

	step -= step % HB_PAGE_KIB;
	if (domain->state != HB_DOMAIN_RUNNING)
		return;
	if (target > domain->actual_kib) {
		can = smaller(target - domain->actual_kib, world_host(world).free_kib);
		can = smaller(step, can);
		domain->actual_kib += can;
	} else {
		can = less(guest->usage.available, hb_reserve_of(total, MIB));
		can = guest->habit == GUEST_STUCK ? 0 : smaller(step, can - can % HB_PAGE_KIB);
		can = smaller(can, domain->actual_kib - target);
		domain->actual_kib -= can;
	}
	guest->moved_kib += can;
}

static void measure(struct world *world, struct world_guest *guest)
{
	uint64_t unmet = less(world_demand(guest), guest->domain.actual_kib), ms;

	guest->unmet_mib_s += unmet / (double)MIB * TICK_MS / 1000;
	if (!less(world_must(guest), guest->domain.actual_kib)) {
		guest->unmet_since_ms = 0;
		return;
	}
	if (!guest->unmet_since_ms)
		guest->unmet_since_ms = world->now_ms;
	ms = world->now_ms + TICK_MS - guest->unmet_since_ms;
	if (ms > guest->worst_wait_ms)
		guest->worst_wait_ms = ms;
}

void world_measure(struct world *world)
{
	world->writes = world->worst_short_kib = 0;
	for (size_t i = 0; i < world->count; i++) {
		struct world_guest *guest = &world->guests[i];

		guest->unmet_since_ms = guest->worst_wait_ms = 0;
		guest->refaults_kib = guest->oom_kills = guest->writes = guest->turns = guest->moved_kib = 0;
		guest->unmet_mib_s = 0;
	}
}

/* ------------------------------------------------------------ what is reported */

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool is_worth_telling(const struct hb_usage *was, const struct hb_usage *now)
{
	uint64_t least = now->total / 100 < 4 * MIB ? now->total / 100 : 4 * MIB;

	return !was->known || distance(was->total, now->total) >= least ||
	       distance(was->available, now->available) >= least ||
	       distance(was->free, now->free) >= least || was->oom_kills != now->oom_kills ||
	       distance(was->swap_free, now->swap_free) >= least ||
	       distance(was->refaults_file, now->refaults_file) >= least / HB_PAGE_KIB ||
	       distance(was->refaults_anon, now->refaults_anon) >= least / HB_PAGE_KIB;
}

static struct hb_usage as_told(const struct world_guest *guest)
{
	struct hb_usage usage = guest->usage;

	if (guest->habit == GUEST_LIAR) {
		usage.available = usage.free = 0;
		usage.swap_in += guest->reported.swap_in + random() % 100000;
		usage.alloc_stalls += guest->reported.alloc_stalls + 1;
	}
	if (guest->habit == GUEST_FLOODER) {
		usage.available = random() % (usage.total + 1);
		usage.free = random() % (usage.available + 1);
		usage.refaults_file = random();
		usage.alloc_stalls = random();
	}
	return usage;
}

bool world_speaks(struct world_guest *guest, uint64_t now_ms)
{
	struct hb_usage usage = as_told(guest);
	bool stalled = usage.alloc_stalls != guest->reported.alloc_stalls &&
		       usage.available < hb_reserve_of(usage.total, MIB);

	if (guest->habit == GUEST_SILENT)
		return false;
	/* Distress is told at once; it is read ten times a second at most. */
	if (now_ms - guest->reported_ms < 1000 && (!stalled || guest->habit == GUEST_FLOODER))
		return false;
	if (!stalled && !is_worth_telling(&guest->reported, &usage))
		return false;
	guest->reported = usage;
	guest->reported_ms = now_ms;
	return true;
}

static void report(struct world *world, struct world_guest *guest)
{
	if (world_speaks(guest, world->now_ms))
		hb_estimate_report(&guest->estimate, &guest->reported, guest->domain.actual_kib, world->now_ms);
}

/* ------------------------------------------------------------------ our policy */

static void look_at_guests(struct world *world)
{
	struct hb_control *control = &world->control;

	control->count = 0;
	for (size_t i = 0; i < world->count; i++) {
		struct world_guest *guest = &world->guests[i];

		if (!world_is_there(world, guest))
			continue;
		hb_estimate_pass(&guest->estimate, world_size(guest), world->host_short, world->now_ms);
		world->looked[control->count++] = (struct hb_controlled){
			.domain = &guest->domain, .limits = &guest->limits,
			.estimate = &guest->estimate, .before = &guest->before,
		};
	}
}

/* What must hold in every round, whatever guests say or do. */
static void check_round(const struct world *world, const struct hb_host_memory *before)
{
	const struct hb_control *control = &world->control;
	const struct hb_host_memory after = world_host(world);

	/* Nothing is given that is not there. */
	if (hb_account_short_kib(&after, 0) > hb_account_short_kib(before, 0))
		abort();
	for (size_t i = 0; i < control->nr_actions; i++) {
		const struct hb_controlled *one = control->actions[i];

		if (one->to_kib == one->from_kib || one->to_kib % HB_PAGE_KIB)
			abort();
		if (one->reason != HB_MOTIVE_RESTS &&
		    (one->to_kib < smaller(one->range.min_kib, one->from_kib) || one->to_kib > one->range.max_kib))
			abort();
	}
}

static void decide(struct world *world)
{
	static struct hb_portion portions[GUESTS_MAX];
	static struct hb_controlled *actions[GUESTS_MAX];
	const struct hb_host_memory host = world_host(world);
	struct hb_control *control = &world->control;

	*control = (struct hb_control){
		.preset = world->preset, .host = &host, .now_ms = world->now_ms,
		.domains = world->looked, .portions = portions, .actions = actions,
	};
	look_at_guests(world);
	hb_control(control);
	for (size_t i = 0; i < control->nr_actions; i++) {
		size_t guest = control->actions[i]->domain->domid - 1;

		world_write(world, &world->guests[guest], control->actions[i]->to_kib);
	}
	check_round(world, &host);
	world->host_short = control->host_short;
	world->next_ms = world->now_ms + (control->soon ? TICK_MS : 1000);
	control->host = NULL;
}

const struct world_policy hotballoon_policy = { "hotballoon", 1000, decide };

/* --------------------------------------------------------------------- time */

static void tick(struct world *world)
{
	struct hb_host_memory host;
	uint64_t lacks;

	for (size_t i = 0; i < world->count; i++) {
		struct world_guest *guest = &world->guests[i];

		if (!world_is_there(world, guest))
			continue;
		world_live(guest);
		follow_target(world, guest);
		tell(guest);
		report(world, guest);
		measure(world, guest);
		if (world->policy == &hotballoon_policy && hb_control_is_due(&guest->estimate, world_size(guest)))
			world->next_ms = world->now_ms;
	}
	if (world->now_ms >= world->next_ms) {
		world->next_ms = world->now_ms + world->policy->period_ms;
		world->policy->decide(world);
	}
	host = world_host(world);
	lacks = less(host.reserve_kib, host.free_kib);
	if (lacks > world->worst_short_kib)
		world->worst_short_kib = lacks;
	world->now_ms += TICK_MS;
}

void world_run(struct world *world, uint64_t ms)
{
	for (uint64_t end = world->now_ms + ms; world->now_ms < end;)
		tick(world);
}
