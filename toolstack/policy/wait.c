/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "overhead.h"
#include "plan.h"
#include "wait.h"

/*
 * Xen counts some pages more than the target does, by a constant of each boot
 * that is below libxl's allowance of 1M (measured: 64K on PVH, 0 on PV, 44K or
 * 376K on HVM, with and without a graphics card). Without a report nothing finer can be said.
 */
#define TOLERANCE_KIB 1024
/*
 * libxl's target of an HVM guest with a maximum above its size is 1M below what it was built with
 * (XSA-153), and its devices' pages come to that: nothing that is given back. One that takes what
 * the target was with off every target that follows keeps that distance.
 */
#define HVM_TOLERANCE_KIB (2 * HB_MAXMEM_SLACK_KIB)
/*
 * How far a report may be from what Xen counts before it is not believed: the
 * constant is larger for an HVM guest's devices and a PV shim.
 */
#define REPORT_SLACK_KIB (64 * 1024)
/*
 * A guest slower than 1 MiB/s over ten seconds is stuck. The kernel's own
 * driver pauses up to 1.5 s when it adds memory, and moves more than 100 MiB/s
 * even in emulation otherwise.
 */
#define STUCK_WINDOW_MS 10000
#define STUCK_GAIN_KIB (10 * 1024)
/* A guest that says what holds it up gets less time to prove itself wrong. */
#define CAUSE_WINDOW_MS 2000
/*
 * What our driver swaps out lies in the guest for 20 s (drivers/core/press.h) before it is
 * given, after it took up to 16 s to get there.
 */
#define SWAP_WINDOW_MS 60000
/* A domain that is being destroyed, saved or migrated is paused for a moment first. */
#define PAUSE_WINDOW_MS 2000
#define RATE_WINDOW_MS 1000
/* A driver writes its report some ms after it has moved; a constant stays longer. */
#define LAG_WINDOW_MS 1000

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

uint64_t hb_wait_tolerance_kib(const struct hb_domain *domain)
{
	return domain->type == HB_TYPE_HVM && !hb_wait_believes(domain) ? HVM_TOLERANCE_KIB : TOLERANCE_KIB;
}

static uint64_t counted_by_xen(const struct hb_domain *domain)
{
	return domain->actual_kib > domain->videoram_kib ?
	       domain->actual_kib - domain->videoram_kib : 0;
}

bool hb_wait_believes(const struct hb_domain *domain)
{
	const struct hb_number *current = &domain->report.current;

	return current->presence == HB_PRESENT &&
	       distance(current->value, counted_by_xen(domain)) <= REPORT_SLACK_KIB;
}

uint64_t hb_wait_position(const struct hb_domain *domain)
{
	return hb_wait_believes(domain) ? domain->report.current.value : counted_by_xen(domain);
}

/* Does the report speak of this goal, and say that the driver waits? */
static bool held_up(const struct hb_domain *domain, uint64_t goal_kib)
{
	const struct hb_report *report = &domain->report;

	if (report->cause.presence != HB_PRESENT || report->cause.value == HB_CAUSE_NONE)
		return false;
	if (report->cause.value == HB_CAUSE_BAD_TARGET)
		return true;
	return report->goal.presence == HB_PRESENT && report->goal.value == goal_kib;
}

/*
 * Linux's own driver in an HVM guest takes what static-max is above the memory that it
 * found off every target, and libxl counts the video memory into static-max: the guest
 * ends up below its size by that (measured: kernel 6.1). Windows' driver does not.
 */
static bool arrived_silently(const struct hb_domain *domain, uint64_t goal_kib)
{
	if (distance(counted_by_xen(domain), goal_kib) <= hb_wait_tolerance_kib(domain))
		return true;
	return domain->type == HB_TYPE_HVM && domain->driver != HB_DRIVER_WINDOWS &&
	       distance(domain->actual_kib, goal_kib) <= TOLERANCE_KIB;
}

/* What a guest says of its distance from the target, if Xen counts as much. */
static uint64_t said(const struct hb_domain *domain, const struct hb_number *what, uint64_t from,
		     uint64_t to)
{
	uint64_t off = to > from ? to - from : 0;

	if (domain->driver != HB_DRIVER_HOTBALLOON || domain->target.presence != HB_PRESENT ||
	    !hb_wait_believes(domain))
		return 0;
	return what->value < off ? what->value : off;
}

uint64_t hb_rescued_kib(const struct hb_domain *domain)
{
	return said(domain, &domain->report.rescued, domain->target.value, hb_wait_position(domain));
}

uint64_t hb_spared_kib(const struct hb_domain *domain)
{
	return said(domain, &domain->report.spared, hb_wait_position(domain), domain->target.value);
}

/*
 * It was at its target, and has taken what it was granted since. What a report of before
 * this target says is of another place; and more than was granted is no excuse.
 */
static bool arrived_and_rescued(const struct hb_domain *domain, uint64_t goal_kib)
{
	uint64_t rescued = domain->report.rescued.value, position = hb_wait_position(domain);

	return rescued && rescued <= domain->headroom.value && hb_wait_believes(domain) &&
	       domain->report.goal.value == goal_kib && position > goal_kib &&
	       distance(position - goal_kib, rescued) <= TOLERANCE_KIB;
}

/* It may have that much, and does not want all of it. */
static bool arrived_and_sparing(const struct hb_domain *domain, uint64_t goal_kib)
{
	uint64_t spared = domain->report.spared.value, position = hb_wait_position(domain);

	return spared && domain->report.goal.value == goal_kib && position < goal_kib &&
	       distance(goal_kib - position, spared) <= TOLERANCE_KIB;
}

static bool arrived(const struct hb_domain *domain, uint64_t goal_kib)
{
	uint64_t gap = distance(hb_wait_position(domain), goal_kib);
	const struct hb_word *state = &domain->report.state;

	if (!hb_wait_believes(domain))
		return arrived_silently(domain, goal_kib);
	if (gap <= HB_PAGE_KIB || arrived_and_rescued(domain, goal_kib) ||
	    arrived_and_sparing(domain, goal_kib))
		return true;
	/* A driver that has finished within the tolerance will come no nearer. */
	return gap <= TOLERANCE_KIB && state->presence == HB_PRESENT &&
	       state->value == HB_STATE_IDLE && domain->report.goal.value == goal_kib;
}

/*
 * Is the report perhaps one of before the guest moved, to another target and with the
 * same one to go to again? What it says is not what Xen counts then, for a moment.
 */
static bool may_lag(const struct hb_wait *wait, const struct hb_domain *domain, uint64_t now_ms)
{
	return hb_wait_believes(domain) && now_ms - wait->start_ms < LAG_WINDOW_MS &&
	       distance(domain->report.current.value, counted_by_xen(domain)) > TOLERANCE_KIB;
}

bool hb_wait_is_there(const struct hb_domain *domain, uint64_t goal_kib)
{
	return arrived(domain, goal_kib);
}

/* What has no frames yet goes first, and Xen counts none of it. */
uint64_t hb_wait_gap(const struct hb_domain *domain, uint64_t goal_kib)
{
	uint64_t position = hb_wait_position(domain);

	return distance(position, goal_kib) + (goal_kib < position ? hb_plan_unsettled_kib(domain) : 0);
}

void hb_rate_start(struct hb_rate *rate, uint64_t gap_kib, uint64_t now_ms)
{
	*rate = (struct hb_rate){ .since_ms = now_ms, .gap_kib = gap_kib };
}

void hb_rate_follow(struct hb_rate *rate, uint64_t gap_kib, uint64_t now_ms)
{
	uint64_t closed = gap_kib < rate->gap_kib ? rate->gap_kib - gap_kib : 0;
	uint64_t ms = now_ms - rate->since_ms;

	if (ms < RATE_WINDOW_MS)
		return;
	hb_rate_start(rate, gap_kib, now_ms);
	rate->kib_s = closed * 1000 / ms;
}

void hb_wait_again(struct hb_wait *wait, const struct hb_domain *domain, uint64_t now_ms)
{
	uint64_t gap = hb_wait_gap(domain, wait->goal_kib);

	wait->mark_ms = wait->moved_ms = wait->running_ms = now_ms;
	wait->mark_gap_kib = wait->moved_gap_kib = gap;
	hb_rate_start(&wait->rate, gap, now_ms);
}

void hb_wait_start(struct hb_wait *wait, const struct hb_domain *domain, uint64_t goal_kib,
		   uint64_t timeout_ms, uint64_t now_ms)
{
	*wait = (struct hb_wait){
		.goal_kib = goal_kib,
		.timeout_ms = timeout_ms,
		.start_ms = now_ms,
		.start_kib = hb_wait_position(domain),
	};
	hb_wait_again(wait, domain, now_ms);
}

static void follow(struct hb_wait *wait, uint64_t gap, uint64_t now_ms)
{
	if (gap + STUCK_GAIN_KIB <= wait->mark_gap_kib) {
		wait->mark_gap_kib = gap;
		wait->mark_ms = now_ms;
	}
	if (gap < wait->moved_gap_kib) {
		wait->moved_gap_kib = gap;
		wait->moved_ms = now_ms;
		wait->moved = true;
	}
	hb_rate_follow(&wait->rate, gap, now_ms);
}

/* It says that it does not move, or does not move enough. */
static bool is_stuck(const struct hb_wait *wait, const struct hb_domain *domain, uint64_t now_ms)
{
	const bool held = held_up(domain, wait->goal_kib);
	const uint64_t rested_ms = now_ms - wait->moved_ms;

	if (held && wait->patient && domain->report.cause.value == HB_CAUSE_SWAPPING)
		return rested_ms >= SWAP_WINDOW_MS;
	return (held && rested_ms >= CAUSE_WINDOW_MS) || now_ms - wait->mark_ms >= STUCK_WINDOW_MS;
}

bool hb_wait_moves(const struct hb_wait *wait, uint64_t now_ms)
{
	return wait->moved && now_ms - wait->moved_ms < CAUSE_WINDOW_MS;
}

enum hb_verdict hb_wait_judge(struct hb_wait *wait, const struct hb_domain *domain,
			      uint64_t now_ms)
{
	if (domain->state == HB_DOMAIN_DYING || domain->target.presence == HB_ABSENT)
		return HB_WAIT_GONE;
	if (domain->target.presence != HB_PRESENT || domain->target.value != wait->goal_kib)
		return HB_WAIT_SUPERSEDED;
	if (arrived(domain, wait->goal_kib) && !may_lag(wait, domain, now_ms))
		return HB_WAIT_ARRIVED;
	if (domain->state != HB_DOMAIN_RUNNING)
		return now_ms - wait->running_ms >= PAUSE_WINDOW_MS ? HB_WAIT_PAUSED : HB_WAIT_ON;
	wait->running_ms = now_ms;
	follow(wait, hb_wait_gap(domain, wait->goal_kib), now_ms);
	if (is_stuck(wait, domain, now_ms))
		return HB_WAIT_STUCK;
	if (wait->timeout_ms && now_ms - wait->start_ms >= wait->timeout_ms)
		return HB_WAIT_TIMEOUT;
	return HB_WAIT_ON;
}
