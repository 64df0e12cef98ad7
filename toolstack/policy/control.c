/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "account.h"
#include "control.h"
#include "lend.h"
#include "limit.h"
#include "manage.h"
#include "minmax.h"
#include "overhead.h"
#include "plan.h"

#define MIB_KIB 1024ULL

#define POOL_MIN_KIB (128 * MIB_KIB)
#define POOL_PERCENT 1
/* Of the pool, what one guest in distress may have beyond its share: a liar drains no pool. */
#define RELIEF_PART 4
#define RELIEF_MIN_KIB (8 * MIB_KIB)
/* A guest needs a moment to use what it was given, unless it lacks more than it did. */
#define RELIEF_MS 1000

/* Changes smaller than that are not worth a write. */
#define BAND_MIN_KIB (16 * MIB_KIB)
#define BAND_PART 50
/* When somebody lacks what he needs. */
#define NEED_BAND_MIN_KIB (4 * MIB_KIB)
#define NEED_BAND_PART 200
/* What was taken from a guest it gets back later, unless it needs it, and the other way round. */
#define TURN_MS 10000ULL
/* A shrink that nobody waits for. */
#define STEP_MIN_KIB (64 * MIB_KIB)
#define STEP_PART 20

/*
 * That a guest needs less is doubted if it needed more again so soon after the last time: each
 * time for twice as long, and for half as long whenever that has not happened for a while.
 */
#define AGAIN_MS 60000ULL
#define LATELY_MS 2000ULL
#define DOUBT_MAX 5
#define FORGET_MS 600000ULL

/* A guest that does not follow is tried again after half a minute, up to a quarter of an hour. */
#define RETRY_MS 30000ULL
#define RETRY_DOUBLINGS 5

/* What is known of all domains together. */
struct sums {
	uint64_t held_kib;	/* what those who can be moved hold or are on their way from */
	uint64_t free_kib;	/* what the host can give now, its pool included */
	uint64_t lacks_kib;	/* and what it has set aside and does not have; one of the two is 0 */
	uint64_t pool_kib;
	uint64_t kept_kib;	/* the pool, or what is for a domain to come if that is more */
};

static uint64_t band_of(uint64_t size_kib)
{
	return larger(BAND_MIN_KIB, size_kib / BAND_PART);
}

static uint64_t need_band_of(uint64_t size_kib)
{
	return larger(NEED_BAND_MIN_KIB, size_kib / NEED_BAND_PART);
}

uint64_t hb_control_pool_kib(uint64_t total_kib)
{
	uint64_t part = total_kib / 100 * POOL_PERCENT;

	return larger(POOL_MIN_KIB, part - part % HB_PAGE_KIB);
}

bool hb_control_is_due(const struct hb_estimate *estimate, uint64_t size_kib)
{
	return estimate->known &&
	       (estimate->distress || estimate->must_kib >= size_kib + need_band_of(size_kib));
}

/* ------------------------------------------------------------ who is sized */

/* Why the domain is left alone; HB_MOTIVE_SETTLED: it is not. */
static enum hb_motive why_fixed(const struct hb_control *control, const struct hb_controlled *one)
{
	const struct hb_domain *domain = one->domain;
	enum hb_motive reason = hb_obstacle_motive(hb_may_size(domain, one->limits));

	if (!domain->domid && !control->domain_0)
		return HB_MOTIVE_DOMAIN_0;
	if (reason != HB_MOTIVE_SETTLED)
		return reason;
	if (hb_plan_unsettled_kib(domain))
		return HB_MOTIVE_POPULATING;
	if (hb_limits_fixed(&one->range) && one->range.min_kib == one->from_kib)
		return HB_MOTIVE_FIXED;
	if (!one->estimate->known && hb_preset_by_need(control->preset))
		return HB_MOTIVE_NO_REPORT;
	if (one->held)
		return HB_MOTIVE_HELD;
	return control->now_ms < one->before->retry_ms ? HB_MOTIVE_STUCK : HB_MOTIVE_SETTLED;
}

/* ---------------------------------------------------------- who is on his way */

/*
 * What it holds. Xen counts that; a report is only finer, and one that says more is of a moment
 * before, or a lie: what is not there does not come back.
 */
static uint64_t holds_kib(const struct hb_controlled *one)
{
	return smaller(hb_wait_position(one->domain) + one->domain->videoram_kib, one->domain->actual_kib);
}

/* What it still holds beyond its size and gives back. */
static uint64_t coming_kib(const struct hb_controlled *one)
{
	/* What it may take again is promised as soon as it has come. */
	uint64_t coming = less(holds_kib(one), one->from_kib + one->domain->headroom.value);

	return coming > hb_wait_tolerance_kib(one->domain) ? coming - coming % HB_PAGE_KIB : 0;
}

/* What of that is counted on: who did not give is left what it holds. */
static uint64_t awaited_kib(const struct hb_controlled *one)
{
	return one->keeps ? 0 : coming_kib(one);
}

static uint64_t whole_way(const struct hb_wait *wait)
{
	return wait->start_kib > wait->goal_kib ? wait->start_kib - wait->goal_kib :
	       wait->goal_kib - wait->start_kib;
}

/*
 * Asked for another size again and again, a guest that does not move would never be seen
 * not to, and one that does is written to more than helps: it gets no other one in the
 * same direction before it has gone most of its way.
 */
static bool may_go_on(const struct hb_controlled *one)
{
	const struct hb_wait *wait = &one->before->wait;

	return !one->before->asked ||
	       hb_wait_gap(one->domain, wait->goal_kib) <= whole_way(wait) / 4;
}

/*
 * The size at which a guest rests that did not follow: what it holds. Not below its
 * minimum: that is what it shall get as soon as it can take it.
 */
static uint64_t resting_size(const struct hb_controlled *one)
{
	const struct hb_domain *domain = one->domain;
	uint64_t position = holds_kib(one), lost;

	position -= position % HB_PAGE_KIB;
	if (hb_would_be_lost(domain, &lost))
		position = larger(position, lost);
	return one->before->shrinks ? larger(position, one->from_kib) :
	       larger(smaller(position, one->from_kib), smaller(one->range.min_kib, one->from_kib));
}

static void give_up(struct hb_control *control, struct hb_controlled *one)
{
	struct hb_controlled_before *before = one->before;
	unsigned int doublings = before->stuck < RETRY_DOUBLINGS ? before->stuck : RETRY_DOUBLINGS;

	before->stuck++;
	before->retry_ms = control->now_ms + (RETRY_MS << doublings);
	before->keeps = before->shrinks;
	one->reason = HB_MOTIVE_STUCK;
	one->movable = one->keeps = false;
	one->to_kib = resting_size(one);
	if (before->keeps && !before->rested_kib)
		before->rested_kib = one->to_kib;
	if (one->to_kib != one->from_kib)
		one->reason = HB_MOTIVE_RESTS;
}

/*
 * What somebody else has asked it for, or we before we were started again: that it comes is
 * counted on, and so it has to.
 */
static void expect(const struct hb_control *control, struct hb_controlled *one)
{
	one->before->asked = one->before->shrinks = true;
	hb_wait_start(&one->before->wait, one->domain, one->domain->target.value, 0, control->now_ms);
}

/* To be told to keep what it holds is no proof that it moves, and to grow none that it gives. */
static bool proves_itself(const struct hb_controlled_before *before)
{
	return whole_way(&before->wait) >= NEED_BAND_MIN_KIB && (before->shrinks || !before->keeps);
}

/* What has become of the last size that it was given? */
static void follow(struct hb_control *control, struct hb_controlled *one)
{
	struct hb_controlled_before *before = one->before;
	enum hb_verdict verdict;

	if (!before->asked && one->movable && awaited_kib(one))
		expect(control, one);
	if (!before->asked)
		return;
	verdict = hb_wait_judge(&before->wait, one->domain, control->now_ms);
	before->asked = verdict == HB_WAIT_ON;
	if (verdict == HB_WAIT_ARRIVED && proves_itself(before)) {
		before->stuck = 0;
		before->rested_kib = before->shrinks ? 0 : before->rested_kib;
	}
	if (verdict == HB_WAIT_STUCK && one->movable)
		give_up(control, one);
}

static void look_at(struct hb_control *control, struct hb_controlled *one)
{
	one->from_kib = one->domain->target.presence == HB_PRESENT ?
		one->domain->target.value + one->domain->videoram_kib : one->domain->actual_kib;
	one->to_kib = one->share_kib = one->from_kib;
	one->range = hb_limits_range(one->domain, one->limits);
	one->reason = why_fixed(control, one);
	one->keeps = one->reason == HB_MOTIVE_STUCK && one->before->keeps;
	one->movable = one->reason == HB_MOTIVE_SETTLED || one->keeps;
	follow(control, one);
}

/* ------------------------------------------------------------ what each gets */

/* The most that it must have had in the window that its doubt is worth. */
static uint64_t most_lately(struct hb_needed *needed, uint64_t must_kib, uint64_t now_ms)
{
	uint64_t half_ms = needed->doubt ? LATELY_MS << needed->doubt >> 1 : 0;

	if (now_ms - needed->since_ms >= 2 * half_ms)
		needed->most_kib[0] = 0;
	if (now_ms - needed->since_ms >= half_ms) {
		needed->most_kib[1] = needed->most_kib[0];
		needed->most_kib[0] = must_kib;
		needed->since_ms = now_ms;
	}
	if (!half_ms)
		needed->most_kib[1] = 0;
	needed->most_kib[0] = larger(needed->most_kib[0], must_kib);
	return larger(needed->most_kib[0], needed->most_kib[1]);
}

/*
 * What it must have, and must have had lately. That it needs less is believed at once; but who
 * needs more again within a minute is believed later each time. So one that needs much and little
 * in turn, or says so, is not written to each time, nor are those who would give and take it.
 */
static uint64_t needed_lately(const struct hb_control *control, const struct hb_controlled *one)
{
	struct hb_needed *needed = &one->before->needed;
	uint64_t must = one->estimate->must_kib, was = needed->kib, now = control->now_ms;

	if (needed->doubt && now - needed->again_ms >= FORGET_MS) {
		needed->doubt--;
		needed->again_ms = now;
	}
	needed->kib = most_lately(needed, must, now);
	if (needed->kib + band_of(was) < was) {
		needed->fell_ms = now;
	} else if (needed->fell_ms && needed->kib > was + band_of(was)) {
		if (now - needed->fell_ms < AGAIN_MS) {
			needed->doubt += needed->doubt < DOUBT_MAX;
			needed->again_ms = now;
		}
		needed->fell_ms = 0;
	}
	/* Nobody grows because of what it needed once. */
	return smaller(needed->kib, one->from_kib);
}

/*
 * What is free and not for those who are there. It is there or comes by itself: nobody is asked
 * for it here.
 */
static uint64_t to_come_of(const struct hb_control *control, uint64_t free_kib)
{
	struct hb_arrivals left = { 0 };

	if (control->to_come)
		left = *control->to_come;
	for (size_t i = 0; i < control->count; i++) {
		const struct hb_controlled *one = &control->domains[i];

		if (hb_arrival_is_there(one->domain))
			hb_arrivals_arrive(&left, one->domain->domid);
		if (one->movable)
			free_kib += awaited_kib(one);
	}
	return smaller(hb_arrivals_kib(&left), free_kib);
}

static struct sums add_up(const struct hb_control *control)
{
	const struct hb_host_memory *host = control->host;
	struct sums sums = {
		.free_kib = hb_host_available_kib(host),
		.lacks_kib = hb_account_short_kib(host, 0),
		.pool_kib = control->pool.presence == HB_PRESENT ? control->pool.value :
			    hb_control_pool_kib(host->total_kib),
	};

	for (size_t i = 0; i < control->count; i++) {
		const struct hb_controlled *one = &control->domains[i];

		if (one->movable)
			sums.held_kib += one->from_kib + awaited_kib(one);
	}
	sums.kept_kib = larger(sums.pool_kib, to_come_of(control, sums.free_kib));
	return sums;
}

/* Who keeps what it has is allotted that. */
static struct hb_range range_now(const struct hb_controlled *one)
{
	struct hb_range range = one->range;

	if (one->keeps) {
		range.min_kib = larger(range.min_kib, one->from_kib);
		range.max_kib = larger(range.max_kib, range.min_kib);
	}
	return range;
}

static void allocate(struct hb_control *control, const struct sums *sums)
{
	uint64_t have = less(sums->held_kib + sums->free_kib, sums->lacks_kib + sums->kept_kib);
	size_t n = 0;

	for (size_t i = 0; i < control->count; i++) {
		struct hb_controlled *one = &control->domains[i];
		const struct hb_wish wish = {
			.key = one->domain->domid, .range = range_now(one), .weight = one->limits->weight,
			.must_kib = one->estimate->must_kib, .want_kib = one->estimate->want_kib,
			.own_kib = larger(needed_lately(control, one), one->own_kib),
		};
		struct hb_portion *portion = &control->portions[n];

		if (!one->movable)
			continue;
		n++;
		*portion = hb_portion_of(control->preset, control->surplus, &wish);
		/* What it has lent it gets back as what it needs: at once. */
		one->needs_kib = portion->upto_kib[one->own_kib ? HB_TIER_OWN : HB_TIER_MUST];
		one->wants_kib = larger(portion->wants_kib, one->needs_kib);
	}
	control->short_kib = hb_allocate(control->portions, n, have).short_kib;
	n = 0;
	for (size_t i = 0; i < control->count; i++) {
		if (control->domains[i].movable)
			control->domains[i].share_kib = control->portions[n++].give_kib;
	}
}

/* What the domain needs of its share: to have less than that does not wait. */
static uint64_t needs_of_share(const struct hb_controlled *one)
{
	return smaller(one->share_kib, one->needs_kib);
}

static bool lacks_needs(const struct hb_controlled *one)
{
	return one->from_kib + need_band_of(one->from_kib) <= needs_of_share(one) ||
	       (one->estimate->distress && one->share_kib > one->from_kib);
}

static void assess(struct hb_control *control, const struct sums *sums)
{
	control->pool_kib = smaller(sums->pool_kib, sums->free_kib);
	control->host_short = sums->free_kib < sums->pool_kib;
	control->urgent = sums->lacks_kib > 0;
	control->reclaimable_kib = 0;
	for (size_t i = 0; i < control->count; i++) {
		struct hb_controlled *one = &control->domains[i];

		if (!one->movable)
			continue;
		if (one->share_kib < one->wants_kib) {
			control->host_short = true;
			one->reason = one->keeps ? HB_MOTIVE_STUCK : HB_MOTIVE_HOST_FULL;
		}
		if (one->before->asked)
			one->reason = HB_MOTIVE_MOVES;
		control->urgent |= lacks_needs(one);
		control->reclaimable_kib += less(one->from_kib,
						 larger(range_now(one).min_kib, one->estimate->base_kib));
	}
}

/* ---------------------------------------------------------------- what is done */

static void act(struct hb_control *control, struct hb_controlled *one, uint64_t to_kib,
		enum hb_motive reason)
{
	struct hb_controlled_before *before = one->before;

	one->to_kib = to_kib;
	one->reason = reason;
	control->actions[control->nr_actions++] = one;
	before->asked = one->movable;
	*(to_kib < one->from_kib ? &before->shrunk_ms : &before->grown_ms) = control->now_ms;
	/* One that still holds more has to give, though it be less than it was to. */
	before->shrinks = to_kib < one->from_kib + coming_kib(one);
	hb_wait_start(&before->wait, one->domain, to_kib - one->domain->videoram_kib, 0, control->now_ms);
}

static enum hb_motive why_shrink(const struct hb_control *control, const struct sums *sums,
				 const struct hb_controlled *one)
{
	if (one->from_kib > one->range.max_kib)
		return HB_MOTIVE_ABOVE_MAX;
	if (hb_lend_is_left(one->domain, one->share_kib))
		return HB_MOTIVE_LENT;
	if (sums->lacks_kib)
		return HB_MOTIVE_HOST_SHORT;
	if (control->urgent)
		return HB_MOTIVE_OTHERS_NEED;
	return sums->free_kib < sums->pool_kib ? HB_MOTIVE_POOL : HB_MOTIVE_OTHERS_WANT;
}

static bool is_lately(const struct hb_control *control, uint64_t ms)
{
	return ms && control->now_ms - ms < TURN_MS;
}

static void put_off(struct hb_control *control, struct hb_controlled *one)
{
	control->waits = true;
	one->reason = HB_MOTIVE_WAITS;
}

/*
 * What its part of the pool comes on top of. What one that does not give was relieved by makes its
 * share larger, but this not: a liar would go on like that.
 */
static uint64_t relief_base(const struct hb_controlled *one)
{
	return one->keeps && one->share_kib == one->from_kib ?
	       smaller(one->share_kib, one->before->rested_kib) : one->share_kib;
}

/* May a guest in distress keep what it was given beyond its share? */
static bool is_relieved(const struct hb_controlled *one, const struct sums *sums)
{
	return one->estimate->distress &&
	       one->from_kib <= one->share_kib + sums->pool_kib / RELIEF_PART;
}

/*
 * It has grown lately, and nothing lacks what it is to give. By what it was relieved the pool is short,
 * which has time, too: one that is in distress and not in turn would be told of each.
 */
static bool may_keep_for_now(const struct hb_control *control, const struct sums *sums,
			     const struct hb_controlled *one)
{
	return (is_lately(control, one->before->relief_ms) && !sums->lacks_kib) ||
	       (is_lately(control, one->before->grown_ms) && sums->free_kib >= sums->pool_kib);
}

static void shrink(struct hb_control *control, const struct sums *sums, struct hb_controlled *one)
{
	uint64_t size = one->from_kib, step = larger(STEP_MIN_KIB, size / STEP_PART);
	bool above = size > one->range.max_kib, waited_for = control->urgent || above;
	bool left = hb_lend_is_left(one->domain, one->share_kib);
	uint64_t band = control->urgent ? need_band_of(size) : band_of(size);

	if (!above && (size - one->share_kib < band || is_relieved(one, sums)))
		return;
	if (!waited_for && may_keep_for_now(control, sums, one)) {
		put_off(control, one);
		return;
	}
	if (waited_for ? !may_go_on(one) : one->before->asked) {
		one->reason = HB_MOTIVE_MOVES;
		return;
	}
	step -= step % HB_PAGE_KIB;
	act(control, one, waited_for || left ? one->share_kib : larger(one->share_kib, less(size, step)),
	    why_shrink(control, sums, one));
}

/*
 * Of what can be given, what the domain itself gets: its paging pool, which is made for its
 * maximum, grows with it beyond that, and takes from the same.
 */
static uint64_t without_pool(const struct hb_controlled *one, uint64_t give_kib)
{
	const struct hb_domain *domain = one->domain;
	uint64_t made_for = larger(domain->static_max.value, one->from_kib);
	uint64_t size = one->from_kib + give_kib;

	if (domain->type == HB_TYPE_PV || size <= made_for)
		return give_kib;
	return less(give_kib, hb_overhead_pool_kib(domain->type, domain->hap, domain->vcpus, size) -
			      hb_overhead_pool_kib(domain->type, domain->hap, domain->vcpus, made_for));
}

/* It has not had the time to use what it got for that. */
static bool was_just_relieved(const struct hb_control *control, const struct hb_controlled *one)
{
	const struct hb_controlled_before *before = one->before;

	return before->relief_ms && control->now_ms - before->relief_ms < RELIEF_MS &&
	       one->estimate->lacks_kib <= before->relieved_kib;
}

/*
 * Returns what is given. What it was to give and still holds it keeps, and that takes nothing
 * from the others: less than that is no relief.
 */
static uint64_t relieve(struct hb_control *control, const struct sums *sums,
			struct hb_controlled *one, uint64_t left_kib)
{
	uint64_t size = one->from_kib, holds = size + coming_kib(one);
	uint64_t most = smaller(one->range.max_kib, relief_base(one) + sums->pool_kib / RELIEF_PART);
	uint64_t give = larger(larger(RELIEF_MIN_KIB, one->estimate->lacks_kib),
			       smaller(less(one->share_kib, holds), less(left_kib, sums->pool_kib)));
	uint64_t pool, more;

	give = smaller(give, smaller(less(most, holds), left_kib));
	give -= give % HB_PAGE_KIB;
	more = less(smaller(holds, most), size);
	more -= more % HB_PAGE_KIB;
	if (!one->estimate->distress || more + give < NEED_BAND_MIN_KIB ||
	    was_just_relieved(control, one) || (!one->before->shrinks && !may_go_on(one)))
		return 0;
	one->before->relief_ms = control->now_ms;
	one->before->relieved_kib = one->estimate->lacks_kib;
	pool = give - without_pool(one, give);
	if (give + pool > left_kib)
		give -= pool;
	act(control, one, size + more + give, HB_MOTIVE_DISTRESS);
	return give + pool;
}

static enum hb_motive why_grow(const struct hb_controlled *one)
{
	if (one->from_kib < one->range.min_kib)
		return HB_MOTIVE_BELOW_MIN;
	if (one->from_kib < one->needs_kib)
		return one->from_kib < one->estimate->must_kib ? HB_MOTIVE_NEEDS : HB_MOTIVE_RETURNS;
	return one->from_kib < one->wants_kib ? HB_MOTIVE_WANTS : HB_MOTIVE_SURPLUS;
}

/* Is it worth a write to take it towards its share? */
static bool is_to_grow(struct hb_control *control, struct hb_controlled *one)
{
	uint64_t size = one->from_kib;

	if (!one->movable || one->to_kib != size || one->share_kib <= size)
		return false;
	if (lacks_needs(one) || size < one->range.min_kib)
		return true;
	if (one->share_kib - size < band_of(size))
		return false;
	if (!is_lately(control, one->before->shrunk_ms))
		return true;
	put_off(control, one);
	return false;
}

/*
 * What there is among those who shall have more, in the same tiers. One that was to give
 * and still holds it takes nothing from the others by keeping that.
 */
static void grow_all(struct hb_control *control, uint64_t left_kib)
{
	uint64_t have = left_kib;
	size_t n = 0;

	for (size_t i = 0; i < control->count; i++) {
		struct hb_controlled *one = &control->domains[i];
		struct hb_portion *portion = &control->portions[n];
		uint64_t held = smaller(one->from_kib + coming_kib(one), one->share_kib);

		if (!is_to_grow(control, one))
			continue;
		n++;
		have += held;
		*portion = (struct hb_portion){ .key = one->domain->domid, .weight = one->limits->weight };
		portion->upto_kib[HB_TIER_MIN] = held;
		portion->upto_kib[HB_TIER_MUST] = larger(held, needs_of_share(one));
		portion->upto_kib[HB_TIER_OWN] = portion->upto_kib[HB_TIER_MUST];
		portion->upto_kib[HB_TIER_WANT] = portion->upto_kib[HB_TIER_MAX] = one->share_kib;
	}
	hb_allocate(control->portions, n, have);
}

static void grow(struct hb_control *control, struct hb_controlled *one, uint64_t to_kib)
{
	uint64_t size = one->from_kib, needs = needs_of_share(one);
	bool worth = to_kib - size >= band_of(size) ||
		     (to_kib > size && (to_kib == one->share_kib || (size < needs && to_kib >= needs)));

	/* One that still holds what it was to give needs only be told to keep it. */
	if (!one->before->shrinks && !may_go_on(one))
		one->reason = HB_MOTIVE_MOVES;
	else if (worth)
		act(control, one, size + without_pool(one, to_kib - size), why_grow(one));
	else if (!one->keeps)
		one->reason = HB_MOTIVE_HOST_FULL;
}

static void act_on_all(struct hb_control *control, const struct sums *sums)
{
	uint64_t left = sums->free_kib;
	size_t n = 0;

	for (size_t i = 0; i < control->count; i++) {
		struct hb_controlled *one = &control->domains[i];

		if (one->reason == HB_MOTIVE_RESTS)
			act(control, one, one->to_kib, HB_MOTIVE_RESTS);
		else if (one->movable)
			left -= relieve(control, sums, one, left);
	}
	for (size_t i = 0; i < control->count; i++) {
		struct hb_controlled *one = &control->domains[i];

		if (one->movable && !one->keeps && one->to_kib == one->from_kib && one->share_kib < one->from_kib)
			shrink(control, sums, one);
	}
	grow_all(control, less(left, sums->kept_kib));
	for (size_t i = 0; i < control->count; i++) {
		struct hb_controlled *one = &control->domains[i];

		if (is_to_grow(control, one))
			grow(control, one, control->portions[n++].give_kib);
	}
}

void hb_control(struct hb_control *control)
{
	struct sums sums;

	control->nr_actions = 0;
	control->waits = false;
	for (size_t i = 0; i < control->count; i++)
		look_at(control, &control->domains[i]);
	sums = add_up(control);
	allocate(control, &sums);
	assess(control, &sums);
	act_on_all(control, &sums);
	control->soon = control->nr_actions;
	for (size_t i = 0; i < control->count; i++)
		control->soon |= control->domains[i].before->asked;
}
