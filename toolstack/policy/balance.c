/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "balance.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "follow.h"
#include "plan.h"
#include "usage.h"

/* Somebody moves; somebody is tried, or waits. */
#define SOON_MS 100
#define SHORT_MS 1000

/* Another tool has a domain locked for moments; after so many tries it is left for a while. */
#define LOCKED_MAX 10

/* That part of the host its pool is at most. */
#define POOL_PART 2

/* Xen's limit that could not follow is tried again. */
#define SETTLE_MS 30000

#define HOLD_MS 1000ULL
#define HOLD_DOUBLINGS 9

void hb_balance_clear(struct hb_balance *balance)
{
	free(balance->all);
	free(balance->domains);
	free(balance->portions);
	free(balance->actions);
	memset(balance, 0, sizeof(*balance));
}

/* ------------------------------------------------------------------ hearing */

static bool is_of(const struct hb_balanced *one, const struct hb_domain *domain)
{
	return one->domid == domain->domid && !strcmp(one->uuid, domain->uuid);
}

static struct hb_balanced new_one(const struct hb_domain *domain, uint64_t since_ms)
{
	struct hb_balanced one = { .domid = domain->domid, .since_ms = since_ms, .said = HB_MOTIVE_COUNT };

	memcpy(one.uuid, domain->uuid, sizeof(one.uuid));
	hb_estimate_start(&one.estimate, domain->actual_kib);
	return one;
}

/* As many of each as there are looks, all 0; false: no memory, and nothing is there. */
static bool make_room(struct hb_balance *balance, size_t count)
{
	balance->all = calloc(count + 1, sizeof(*balance->all));
	balance->domains = calloc(count + 1, sizeof(*balance->domains));
	balance->portions = calloc(count + 1, sizeof(*balance->portions));
	balance->actions = calloc(count + 1, sizeof(*balance->actions));
	if (balance->all && balance->domains && balance->portions && balance->actions)
		return true;
	hb_balance_clear(balance);
	return false;
}

bool hb_balance_copy(struct hb_balance *to, const struct hb_balance *from)
{
	struct hb_balance next = *from;

	hb_balance_clear(to);
	if (!make_room(&next, from->count))
		return false;
	if (from->count)
		memcpy(next.all, from->all, from->count * sizeof(*next.all));
	next.control = (struct hb_control){ 0 };
	*to = next;
	return true;
}

static void move_to(struct hb_balance *balance, const struct hb_balance *next, size_t count)
{
	struct hb_control *control = &balance->control;

	free(balance->all);
	free(balance->domains);
	free(balance->portions);
	free(balance->actions);
	balance->all = next->all;
	balance->count = count;
	control->domains = balance->domains = next->domains;
	control->portions = balance->portions = next->portions;
	control->actions = balance->actions = next->actions;
	/* What was to be done was of domains that need not be there any more. */
	control->nr_actions = 0;
	control->count = control->count ? count : 0;
	balance->undecided = true;
}

/*
 * Make all[] one of the looks: those that went are forgotten, new ones are known. What was
 * decided last of those that stay holds until the next decision.
 */
static bool join(struct hb_balance *balance, const struct hb_look *looks, size_t count, uint64_t now_ms)
{
	const uint64_t since_ms = balance->all ? now_ms : 0;
	struct hb_balance next = { 0 };
	size_t old = 0;

	if (!make_room(&next, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct hb_domain *domain = looks[i].domain;
		bool known;

		while (old < balance->count && balance->all[old].domid < domain->domid)
			old++;
		known = old < balance->count && is_of(&balance->all[old], domain);
		next.all[i] = known ? balance->all[old] : new_one(domain, since_ms);
		if (known && balance->control.count)
			next.domains[i] = balance->domains[old];
	}
	move_to(balance, &next, count);
	return true;
}

/* What was decided points to what is here now. */
static void point_to(struct hb_balance *balance, size_t i, const struct hb_look *look)
{
	struct hb_controlled *one = &balance->domains[i];
	struct hb_balanced *kept = &balance->all[i];

	one->domain = look->domain;
	one->limits = &kept->limits;
	one->estimate = &kept->shown;
	one->before = &kept->before;
}

static bool is_joined(const struct hb_balance *balance, const struct hb_look *looks, size_t count)
{
	if (!balance->all || balance->count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_of(&balance->all[i], looks[i].domain))
			return false;
	}
	return true;
}

static uint64_t size_of(const struct hb_domain *domain)
{
	return domain->target.presence == HB_PRESENT ?
	       domain->target.value + domain->videoram_kib : domain->actual_kib;
}

/* Its numbers stand behind each other, and what lies before them need not be zero. */
static bool is_news(const struct hb_usage *usage, const struct hb_usage *before)
{
	const size_t start = offsetof(struct hb_usage, total);

	return usage->known != before->known ||
	       memcmp((const char *)usage + start, (const char *)before + start, sizeof(*usage) - start);
}

/*
 * What it calls for is known before it reports again, a second later.  It holds its word for a
 * while: what it has got since then is no more that it lacks.
 */
static void show(const struct hb_balance *balance, struct hb_balanced *one, const struct hb_domain *domain)
{
	const struct hb_number *lacks = &domain->report.distress;
	uint64_t calls = lacks->presence == HB_PRESENT ? lacks->value : 0;
	const bool before = one->shown.distress;

	if (calls != one->called_kib)
		one->called_at_kib = domain->actual_kib;
	/* It calls for more than could not be given, or than it was given something for. */
	one->unserved &= calls <= one->called_kib;
	one->called_kib = calls;
	one->shown = one->estimate;
	hb_usage_call(&one->shown, domain, one->called_at_kib);
	one->own_kib = hb_lend(&one->lent, &one->shown, domain, size_of(domain), balance->host_short);
	one->distresses += one->shown.distress && !before;
}

static bool hear(const struct hb_balance *balance, struct hb_balanced *one,
		 const struct hb_domain *domain, uint64_t now_ms)
{
	const struct hb_usage usage = hb_usage_of(domain);
	bool news = is_news(&usage, &one->heard);

	if (news)
		one->heard = usage;
	/* Who has stopped saying it is one that says nothing: what it needed then is no need of now. */
	if (news && usage.known)
		hb_estimate_report(&one->estimate, &usage, domain->actual_kib, now_ms);
	else if (news)
		hb_estimate_start(&one->estimate, domain->actual_kib);
	show(balance, one, domain);
	return news;
}

static bool is_due(const struct hb_balanced *one, const struct hb_domain *domain)
{
	return hb_control_is_due(&one->shown, size_of(domain)) || one->own_kib > size_of(domain);
}

/*
 * Does it need something that it could be given now? One that is stuck, at its maximum or nobody's
 * to size calls in vain, for as long as it likes: it waits for its turn, which is SHORT_MS.
 */
static bool waits_for_us(struct hb_balanced *one, const struct hb_domain *domain)
{
	const bool due = is_due(one, domain);

	one->unserved &= due;
	return due && !one->unserved;
}

bool hb_balance_hear_one(struct hb_balance *balance, size_t i, const struct hb_look *look, uint64_t now_ms)
{
	if (balance->domains[i].domain)
		point_to(balance, i, look);
	if (look->stale)
		return false;
	balance->news |= hear(balance, &balance->all[i], look->domain, now_ms);
	return waits_for_us(&balance->all[i], look->domain);
}

bool hb_balance_hear(struct hb_balance *balance, const struct hb_look *looks, size_t count,
		     uint64_t now_ms, bool *memory)
{
	bool due = false;

	*memory = true;
	if (!is_joined(balance, looks, count)) {
		*memory = join(balance, looks, count, now_ms);
		balance->news = true;
	}
	for (size_t i = 0; i < count && *memory; i++)
		due |= hb_balance_hear_one(balance, i, &looks[i], now_ms);
	return *memory && (due || balance->undecided);
}

/* ----------------------------------------------------------------- deciding */

static bool is_held(const struct hb_balanced *one, uint64_t now_ms)
{
	return now_ms < one->held_ms && !(one->shown.distress && now_ms - one->failed_ms >= HOLD_MS);
}

static void look_at(struct hb_balance *balance, size_t i, const struct hb_look *look, uint64_t now_ms)
{
	struct hb_balanced *one = &balance->all[i];

	hb_estimate_pass(&one->estimate, size_of(look->domain), balance->host_short, now_ms);
	show(balance, one, look->domain);
	one->was = one->before;
	one->limits = look->limits;
	balance->domains[i] = (struct hb_controlled){
		.own_kib = one->own_kib, .held = look->stale || is_held(one, now_ms),
	};
	point_to(balance, i, look);
}

/* Who moves, or is about to, is looked at soon in any case. */
static void note_unserved(struct hb_balance *balance)
{
	for (size_t i = 0; i < balance->count; i++) {
		const struct hb_controlled *one = &balance->domains[i];

		balance->all[i].unserved = one->to_kib == one->from_kib && !one->before->asked &&
					   is_due(&balance->all[i], one->domain);
	}
}

/* A larger part of the host is one that nobody means: all would be brought to their minima for it. */
static struct hb_number pool_within(const struct hb_number *pool, uint64_t total_kib)
{
	const bool sane = pool->presence == HB_PRESENT && pool->value <= total_kib / POOL_PART;

	return sane ? *pool : (struct hb_number){ HB_ABSENT, 0 };
}

void hb_balance_decide(struct hb_balance *balance, const struct hb_look *looks,
		       const struct hb_host_memory *host, uint64_t now_ms)
{
	for (size_t i = 0; i < balance->count; i++)
		look_at(balance, i, &looks[i], now_ms);
	balance->control = (struct hb_control){
		.preset = balance->preset, .surplus = balance->surplus, .domain_0 = balance->domain_0,
		.pool = pool_within(&balance->pool, host->total_kib), .to_come = balance->to_come,
		.host = host, .now_ms = now_ms, .domains = balance->domains,
		.count = balance->count, .portions = balance->portions, .actions = balance->actions,
	};
	hb_control(&balance->control);
	note_unserved(balance);
	balance->host_short = balance->control.host_short;
	balance->news = false;
	balance->undecided = false;
	balance->decided_ms = now_ms;
}

struct hb_balanced *hb_balance_of(struct hb_balance *balance, const struct hb_controlled *one)
{
	return &balance->all[one - balance->domains];
}

void hb_balance_undo(struct hb_balance *balance, const struct hb_controlled *one, bool hold)
{
	struct hb_balanced *kept = hb_balance_of(balance, one);

	kept->before = kept->was;
	balance->domains[one - balance->domains].to_kib = one->from_kib;
	if (!hold)
		return;
	kept->failed_ms = balance->decided_ms;
	/* It was in distress: it is held no longer for that. */
	if (balance->decided_ms < kept->held_ms)
		return;
	kept->held_ms = balance->decided_ms + (HOLD_MS << kept->held);
	kept->held += kept->held < HOLD_DOUBLINGS;
}

enum hb_undone hb_balance_failed(struct hb_balance *balance, const struct hb_controlled *one,
				 enum hb_code code, enum hb_reason reason)
{
	struct hb_balanced *kept = hb_balance_of(balance, one);
	const bool gone = code == HB_E_NO_DOMAIN || reason == HB_REASON_TARGET_CHANGED;

	if (code != HB_E_INTERRUPTED) {
		hb_balance_undo(balance, one, !gone);
		return gone ? HB_UNDONE_GONE : HB_UNDONE_REFUSED;
	}
	hb_balance_undo(balance, one, ++kept->locked > LOCKED_MAX);
	return kept->locked == LOCKED_MAX ? HB_UNDONE_LOCKED_LONG : HB_UNDONE_LOCKED;
}

void hb_balance_done(struct hb_balance *balance, const struct hb_controlled *one)
{
	struct hb_balanced *kept = hb_balance_of(balance, one);

	kept->held = 0;
	kept->held_ms = 0;
	kept->locked = 0;
	kept->settled_kib = 0;
	kept->settle_ms = 0;
	/* Who carried it out has noted that size as a manager's. */
	kept->limits.set = one->domain->target;
}

/* When is one tried again that is left alone now? */
static uint64_t again_ms(const struct hb_balanced *one, uint64_t now_ms)
{
	uint64_t again = UINT64_MAX;

	if (one->unserved)
		again = now_ms + SHORT_MS;
	if (one->held_ms > now_ms && one->held_ms < again)
		again = one->held_ms;
	if (one->settle_ms > now_ms && one->settle_ms < again)
		again = one->settle_ms;
	if (one->before.retry_ms > now_ms && one->before.retry_ms < again)
		again = one->before.retry_ms;
	return again;
}

/* It says nothing by itself: what it needs is seen when it is looked at. */
static bool sizes_domain_0(const struct hb_balance *balance)
{
	const struct hb_controlled *first = balance->domains;

	return balance->control.count && first->domain && !first->domain->domid && first->movable;
}

uint64_t hb_balance_next_ms(const struct hb_balance *balance)
{
	uint64_t now = balance->decided_ms, next = UINT64_MAX, again;

	if (balance->control.soon)
		return now + SOON_MS;
	if (balance->host_short || balance->control.waits || sizes_domain_0(balance))
		return now + SHORT_MS;
	for (size_t i = 0; i < balance->count; i++) {
		again = again_ms(&balance->all[i], now);
		next = again < next ? again : next;
	}
	return next;
}

bool hb_balance_is_to_settle(struct hb_balance *balance, const struct hb_controlled *one)
{
	const struct hb_balanced *kept = hb_balance_of(balance, one);
	struct hb_step step;

	return kept->settled_kib != one->domain->target.value && balance->decided_ms >= kept->settle_ms && one->movable &&
	       !one->before->asked && one->to_kib == one->from_kib &&
	       hb_follow_is_there(one->domain) && hb_plan_settle(one->domain, one->from_kib, &step);
}

void hb_balance_settled(struct hb_balance *balance, const struct hb_controlled *one, enum hb_code code)
{
	struct hb_balanced *kept = hb_balance_of(balance, one);

	if (!code)
		kept->settled_kib = one->domain->target.value;
	else if (code != HB_E_INTERRUPTED)
		kept->settle_ms = balance->decided_ms + SETTLE_MS;
}
