/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rivals.h"

#include <math.h>

#define MB (1024.0 * 1024)
#define KIB 1024.0

/* ------------------------------------------------------------------ squeezed */

#define SQUEEZED_SLUSH_KIB 73728.0
#define SQUEEZED_HIT_KIB 4.0

static double positive(double value)
{
	return value > 0 ? value : 0;
}

double squeezed_share(struct rival_vm *vms, size_t count, double host_free, double host_free_target)
{
	double surplus = host_free - host_free_target, range = 0, gamma;

	for (size_t i = 0; i < count; i++) {
		surplus += positive(vms[i].actual - vms[i].min - 2 * vms[i].inaccuracy);
		range += positive(vms[i].max - vms[i].min);
	}
	gamma = range > 0 ? positive(surplus) / range : 0;
	gamma = gamma < 1 ? gamma : 1;
	for (size_t i = 0; i < count; i++)
		vms[i].target = vms[i].min + trunc(gamma * positive(vms[i].max - vms[i].min));
	return gamma;
}

/* ------------------------------------------------------------------- qmemman */

#define QMEMMAN_FACTOR 1.3
#define QMEMMAN_DOMAIN_0_BOOST (350 * MB)
#define QMEMMAN_MIN (200 * MB)
#define QMEMMAN_LEFT (50 * MB)
#define QMEMMAN_ROUNDING 0.999
#define QMEMMAN_SPARE_MIN (10 * MB)

double qmemman_preferred(const struct rival_vm *vm)
{
	double preferred = vm->used * QMEMMAN_FACTOR;

	if (vm->is_domain_0)
		return fmin(preferred + QMEMMAN_DOMAIN_0_BOOST, vm->max);
	return fmax(fmin(preferred, vm->max), QMEMMAN_MIN);
}

static bool qmemman_counts(const struct rival_vm *vm)
{
	return vm->used >= 0 && !vm->no_progress;
}

static double qmemman_needs(const struct rival_vm *vm)
{
	return qmemman_preferred(vm) - vm->actual;
}

/* What maxima have left over, to the others in equal parts. */
static void qmemman_spread_rest(struct rival_vm *vms, size_t count, double left, size_t takers)
{
	while (left > 0 && takers > 0) {
		double part = floor(QMEMMAN_ROUNDING * (left / takers)), next = 0;
		size_t next_takers = takers;

		for (size_t i = 0; i < count; i++) {
			if (!qmemman_counts(&vms[i]) || vms[i].target >= vms[i].max)
				continue;
			vms[i].target += part;
			if (vms[i].target < vms[i].max)
				continue;
			next += vms[i].target - vms[i].max;
			vms[i].target = vms[i].max;
			next_takers--;
		}
		if (next >= left)
			break;
		left = next;
		takers = next_takers;
	}
}

static void qmemman_plenty(struct rival_vm *vms, size_t count, double available, double preferred)
{
	double left = 0;
	size_t takers = 0;

	for (size_t i = 0; i < count; i++) {
		struct rival_vm *vm = &vms[i];
		double own = qmemman_preferred(vm);

		if (!qmemman_counts(vm))
			continue;
		vm->target = floor(QMEMMAN_ROUNDING * (own + own / preferred * available));
		if (vm->target > vm->max) {
			left += vm->target - vm->max;
			vm->target = vm->max;
		} else {
			takers++;
		}
	}
	qmemman_spread_rest(vms, count, left, takers);
}

/* Takers get nothing in this pass when there are donors: what these give is subtracted. */
static void qmemman_low(struct rival_vm *vms, size_t count, double xen_free)
{
	double squeezed = xen_free, preferred = 0;

	for (size_t i = 0; i < count; i++) {
		double needs = qmemman_needs(&vms[i]);

		if (!qmemman_counts(&vms[i]))
			continue;
		if (needs > 0)
			preferred += qmemman_preferred(&vms[i]);
		if (-needs < QMEMMAN_SPARE_MIN)
			continue;
		vms[i].target = qmemman_preferred(&vms[i]);
		squeezed -= -needs;
	}
	for (size_t i = 0; i < count; i++) {
		double part = qmemman_preferred(&vms[i]) / preferred * squeezed;

		if (qmemman_counts(&vms[i]) && qmemman_needs(&vms[i]) > 0 && part > 0)
			vms[i].target = floor(QMEMMAN_ROUNDING * fmin(vms[i].actual + part, vms[i].max));
	}
}

void qmemman_balance(struct rival_vm *vms, size_t count, double xen_free)
{
	double available = xen_free, preferred = 0;

	for (size_t i = 0; i < count; i++) {
		vms[i].target = vms[i].actual;
		if (!qmemman_counts(&vms[i]))
			continue;
		available -= qmemman_needs(&vms[i]);
		preferred += qmemman_preferred(&vms[i]);
	}
	if (available > 0)
		qmemman_plenty(vms, count, available, preferred);
	else
		qmemman_low(vms, count, xen_free);
}

bool qmemman_is_significant(const struct rival_vm *vms, size_t count, double xen_free)
{
	double transfer = fabs(xen_free - QMEMMAN_LEFT);

	if (xen_free < 0.7 * QMEMMAN_LEFT)
		return true;
	for (size_t i = 0; i < count; i++) {
		double change = vms[i].target - vms[i].actual;

		transfer += fabs(change);
		if (change > 15 * MB && vms[i].actual < qmemman_preferred(&vms[i]))
			return true;
	}
	return transfer > 150 * MB;
}

/* ------------------------------------------------------------------- Proxmox */

#define PROXMOX_IGNORED (10 * MB)

struct proxmox_round {
	double goal, max_change, rest;
	bool repeat, progress;
	bool done[RIVAL_VMS];
};

static double proxmox_towards(const struct rival_vm *vm, double desired, const struct proxmox_round *round)
{
	if (round->goal > 0 && desired > vm->actual)
		return fmin(desired, vm->actual + round->max_change);
	return fmax(desired, vm->actual - round->max_change);
}

static void proxmox_change(struct rival_vm *vm, double part, struct proxmox_round *round, bool *done,
			   double *changes)
{
	double desired = vm->min + trunc(part * vm->weight), before = vm->target;

	if (desired > vm->max || desired < vm->min)
		round->repeat = true;
	desired = fmax(vm->min, fmin(desired, vm->max));
	if (desired == vm->actual || (round->goal < 0 && desired > vm->actual)) {
		*done = true;
		return;
	}
	vm->target = proxmox_towards(vm, desired, round);
	*changes += vm->target - before;
	if (vm->target != before)
		round->progress = round->repeat = true;
}

/* Towards equal parts by shares of what is above the minima; returns what is left to do. */
static double proxmox_rounds(struct rival_vm *vms, const bool *in, size_t count, double goal,
			     double max_change)
{
	struct proxmox_round round = { goal, max_change, goal, true, true, { false } };

	while (round.rest && round.repeat && round.progress) {
		double above = round.rest, shares = 0, changes = 0;

		round.repeat = round.progress = false;
		for (size_t i = 0; i < count; i++) {
			if (!in[i] || round.done[i])
				continue;
			above += vms[i].target - vms[i].min;
			shares += vms[i].weight;
		}
		for (size_t i = 0; i < count && shares; i++) {
			if (in[i] && !round.done[i])
				proxmox_change(&vms[i], above / shares, &round, &round.done[i], &changes);
		}
		round.rest -= changes;
	}
	return round.rest;
}

void proxmox_share(struct rival_vm *vms, size_t count, double goal, double max_change)
{
	bool first[RIVAL_VMS], all[RIVAL_VMS];
	double rest;

	for (size_t i = 0; i < count; i++) {
		bool idle = vms[i].free > vms[i].min * 0.25 && vms[i].actual >= vms[i].min;

		vms[i].target = vms[i].actual;
		all[i] = vms[i].weight > 0;
		/* Those under pressure grow first, those with memory to spare shrink first. */
		first[i] = all[i] && idle == (goal < 0);
	}
	if (fabs(goal) <= PROXMOX_IGNORED)
		return;
	rest = proxmox_rounds(vms, first, count, goal, max_change);
	if (fabs(rest) >= fabs(goal))
		proxmox_rounds(vms, all, count, rest, max_change);
}

/* -------------------------------------------------------------- on the host */

/* What the guests' own reporters say, in bytes but for squeezed. */
static size_t look(struct world *world, struct rival_vm *vms, struct world_guest **guests, double unit)
{
	size_t count = 0;

	for (size_t i = 0; i < world->count; i++) {
		struct world_guest *guest = &world->guests[i];
		uint64_t size = world_size(guest), actual = guest->domain.actual_kib;

		if (!world_is_there(world, guest))
			continue;
		guests[count] = guest;
		vms[count++] = (struct rival_vm){
			.min = guest->limits.min.value * unit, .max = guest->limits.max.value * unit,
			.actual = actual * unit, .target = size * unit, .weight = guest->limits.weight,
			.used = (actual - guest->usage.available) * unit +
				(guest->usage.swap_total - guest->usage.swap_free) * unit,
			.free = guest->usage.free * unit,
		};
	}
	return count;
}

static void write_target(struct world *world, struct world_guest *guest, double kib)
{
	uint64_t size = kib > 0 ? (uint64_t)kib / HB_PAGE_KIB * HB_PAGE_KIB : 0;

	if (size < guest->limits.min.value)
		size = guest->limits.min.value;
	if (size > guest->limits.max.value)
		size = guest->limits.max.value;
	world_write(world, guest, size);
}

static void squeezed_decide(struct world *world)
{
	struct rival_vm vms[RIVAL_VMS];
	struct world_guest *guests[RIVAL_VMS];
	const struct hb_host_memory host = world_host(world);
	size_t count = look(world, vms, guests, 1);
	bool freeing = false, moving = false;

	squeezed_share(vms, count, (double)host.free_kib - host.reserved_kib, SQUEEZED_SLUSH_KIB);
	for (size_t i = 0; i < count; i++)
		freeing |= vms[i].target < vms[i].actual - SQUEEZED_HIT_KIB;
	/* Who is to give first, alone. */
	for (size_t i = 0; i < count; i++) {
		bool gives = vms[i].target < vms[i].actual - SQUEEZED_HIT_KIB;

		if (gives == freeing && fabs(vms[i].target - world_size(guests[i])) > SQUEEZED_HIT_KIB) {
			write_target(world, guests[i], vms[i].target);
			moving = true;
		}
	}
	world->next_ms = world->now_ms + (freeing || moving ? 1000 : 10000);
}

static void qmemman_decide(struct world *world)
{
	struct rival_vm vms[RIVAL_VMS];
	struct world_guest *guests[RIVAL_VMS];
	const struct hb_host_memory host = world_host(world);
	size_t count = look(world, vms, guests, KIB);
	double left = ((double)host.free_kib - host.reserved_kib) * KIB / 1.00781;

	for (size_t i = 0; i < count; i++) {
		left -= positive(vms[i].target - vms[i].actual);
		vms[i].actual = fmax(vms[i].actual, vms[i].target);
	}
	qmemman_balance(vms, count, left - QMEMMAN_LEFT);
	if (!qmemman_is_significant(vms, count, left))
		return;
	for (size_t i = 0; i < count; i++) {
		if (vms[i].target < vms[i].actual)
			write_target(world, guests[i], vms[i].target / KIB);
	}
	/* Takers get what is free by then; in half a second they are asked again. */
	left -= QMEMMAN_LEFT;
	for (size_t i = 0; i < count; i++) {
		double more = fmin(vms[i].target - vms[i].actual, positive(left));

		if (more <= 0)
			continue;
		left -= more;
		write_target(world, guests[i], (vms[i].actual + more) / KIB);
	}
	world->next_ms = world->now_ms + 500;
}

static void proxmox_decide(struct world *world)
{
	struct rival_vm vms[RIVAL_VMS];
	struct world_guest *guests[RIVAL_VMS];
	const struct hb_host_memory host = world_host(world);
	size_t count = look(world, vms, guests, KIB);
	double total = host.total_kib * KIB, used = total - host.free_kib * KIB + host.reserved_kib * KIB;

	proxmox_share(vms, count, total * 0.8 - used, 100 * MB);
	for (size_t i = 0; i < count; i++) {
		if (vms[i].target != vms[i].actual)
			write_target(world, guests[i], vms[i].target / KIB);
	}
}

const struct world_policy squeezed_policy = { "squeezed", 10000, squeezed_decide };
const struct world_policy qmemman_policy = { "qmemman", 100, qmemman_decide };
const struct world_policy proxmox_policy = { "Proxmox VE", 10000, proxmox_decide };
