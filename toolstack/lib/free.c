/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In rounds, look at the host, ask those who can give, wait for them.
 * Who does not move is left out of the next round and the others are asked for
 * its part. What they are to be asked for is recorded before, all at once: killed at any
 * moment it leaves guests with a size that managers have given them.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "announce.h"
#include "deadline.h"
#include "domain.h"
#include "free.h"
#include "limits_look.h"
#include "lock.h"
#include "plan.h"
#include "reserve.h"
#include "set.h"
#include "share.h"
#include "to_come.h"
#include "wait.h"

#define POLL_MS 100
/*
 * Each round but the last has lost somebody who was waited for; more of them do
 * not help. A round in which all were lost at once costs no time, and is none.
 */
#define ROUNDS_MAX 5
/* A driver may take that long before it begins; see wait.c. */
#define JUST_ASKED_MS 2000
/* Of the time that is left, what one lock may take. */
#define LOCK_PART 4
/* What was made free is kept for who is to come. */
#define ROOM_S 60
/* While it is made, that is renewed so often; see HB_FREE_KEEP_S. */
#define RENEW_MS 10000

/* One domain that was looked at. */
struct candidate {
	struct hb_domain domain;
	bool gone;		/* there is no such domain any more */
	bool stuck;		/* in an earlier round */
	bool asked;		/* in any round */
	bool rests;		/* above its target, and does not move any more */
	uint64_t keep_kib;	/* the size that it gets for that, or 0 */
	uint64_t kept_kib;	/* by its kernel, see hb_plan_heed_kept() */
	bool dying;		/* it is waited for as one that is being destroyed */
	uint64_t target_kib;	/* asked for */
	struct hb_wait wait;
	bool waiting;
};

struct work {
	struct hb *hb;
	const struct hb_free_request *request;
	const struct hb_free_turn *turn;
	char who[HB_ARRIVAL_WHO];	/* no two have the same */
	struct hb_free_result *result;
	struct candidate *candidates;
	size_t count;
	struct hb_donor *donors;	/* of the candidates, in the same order */
	struct hb_limits *limits;	/* the same */
	struct hb_domain *looked_at;	/* the same; those that are gone as they were */
	struct hb_host_memory memory;
	uint64_t start_ms;
	struct hb_rate rate;	/* at which the host comes nearer to what is asked for */
	unsigned int rounds;	/* in which somebody was waited for */
	bool tried;		/* somebody was asked, or waited for */
	bool made;		/* there is enough, and it is kept for who asked */
	uint64_t kept_ms;	/* when it was last renewed that what is made free is kept */
};

static uint64_t now_ms(struct work *work)
{
	return work->hb->host->ops->now_ms(work->hb->host);
}

static enum hb_code look_at_host(struct work *work, struct hb_error *error)
{
	struct hb_queue queue = { 0 };
	const char *name = work->turn->name;
	uint64_t others_kib = 0;
	enum hb_code code = name ? hb_reserved_queue(work->hb, name, &queue, error) : HB_OK;

	if (!code)
		code = hb_to_come_since(work->hb, &work->turn->before, &others_kib, error);
	if (!code)
		code = hb_host_memory(work->hb, &work->memory, error);
	if (name)
		work->memory.reserved_kib = queue.ahead_kib;
	work->memory.reserved_kib += others_kib;
	work->result->after_kib = hb_host_available_kib(&work->memory);
	work->result->waited_ms = now_ms(work) - work->start_ms;
	return code;
}

static enum hb_code make_candidates(struct work *work, struct hb_error *error)
{
	enum hb_code code = hb_domain_list(work->hb, &work->looked_at, &work->count, error);

	if (code)
		return code;
	work->candidates = calloc(work->count + 1, sizeof(*work->candidates));
	work->donors = calloc(work->count + 1, sizeof(*work->donors));
	work->limits = calloc(work->count + 1, sizeof(*work->limits));
	if (!work->candidates || !work->donors || !work->limits)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	for (size_t i = 0; i < work->count; i++)
		work->candidates[i].domain = work->looked_at[i];
	return HB_OK;
}

/*
 * The domain as wait.h judges it: one that is being destroyed is on its way to
 * nothing, whatever is left of its nodes.
 */
static struct hb_domain as_judged(const struct candidate *candidate)
{
	if (!candidate->dying)
		return candidate->domain;
	return (struct hb_domain){
		.state = HB_DOMAIN_RUNNING,
		.target = { HB_PRESENT, 0 },
		.actual_kib = candidate->domain.actual_kib,
	};
}

static void start_wait(struct work *work, struct candidate *candidate, uint64_t target_kib)
{
	struct hb_domain domain;

	candidate->dying = candidate->domain.state == HB_DOMAIN_DYING;
	candidate->waiting = true;
	domain = as_judged(candidate);
	hb_wait_start(&candidate->wait, &domain, candidate->dying ? 0 : target_kib, 0, now_ms(work));
}

/* A guest that is destroyed is another way of coming back: it is judged anew. */
static enum hb_verdict judge(struct work *work, struct candidate *candidate)
{
	struct hb_domain domain;

	if (candidate->domain.state == HB_DOMAIN_DYING && !candidate->dying)
		start_wait(work, candidate, 0);
	domain = as_judged(candidate);
	return hb_wait_judge(&candidate->wait, &domain, now_ms(work));
}

/* What the domain gives back without being asked, as long as it is worth a wait. */
static uint64_t expect(struct work *work, struct candidate *candidate)
{
	uint64_t coming_kib = hb_share_coming(&candidate->domain);

	if (!coming_kib)
		return 0;
	start_wait(work, candidate, candidate->domain.target.value);
	candidate->waiting = judge(work, candidate) == HB_WAIT_ON;
	return candidate->waiting ? coming_kib : 0;
}

/* All candidates and their limits as they are now. */
static enum hb_code look_at_candidates(struct work *work, struct hb_error *error)
{
	for (size_t i = 0; i < work->count; i++) {
		struct candidate *candidate = &work->candidates[i];
		enum hb_code code = hb_domain_refresh(work->hb, &candidate->domain, error);

		candidate->gone = code == HB_E_NO_DOMAIN;
		if (code && !candidate->gone)
			return code;
		work->looked_at[i] = candidate->domain;
	}
	return hb_limits_all(work->hb, work->looked_at, work->count, work->limits, error);
}

/* What it said before it shrank in an earlier round is no reason that it gives no more. */
static uint64_t can_give(struct candidate *candidate, const struct hb_limits *limits)
{
	struct hb_domain domain = candidate->domain;
	const char *why;

	hb_plan_heed_kept(&domain, &candidate->kept_kib);
	return hb_share_can_give(&domain, limits, &why);
}

/* What each can give now. *coming_kib is on its way without being asked, and waited for. */
static enum hb_code make_donors(struct work *work, uint64_t *coming_kib, struct hb_error *error)
{
	enum hb_code code = look_at_candidates(work, error);

	*coming_kib = 0;
	for (size_t i = 0; i < work->count && !code; i++) {
		struct candidate *candidate = &work->candidates[i];

		work->donors[i] = (struct hb_donor){ .weight = HB_WEIGHT_DEFAULT };
		if (candidate->gone)
			continue;
		/* What has stopped the guest does not stop its end. */
		if (candidate->domain.state == HB_DOMAIN_DYING && !candidate->dying)
			candidate->stuck = false;
		if (candidate->stuck)
			continue;
		work->donors[i].weight = work->limits[i].weight;
		work->donors[i].can_kib = can_give(candidate, &work->limits[i]);
		*coming_kib += expect(work, candidate);
	}
	return code;
}

/* lacking_kib is what nobody can give; it can be more than is asked for. */
static enum hb_code fail_short(struct work *work, uint64_t lacking_kib, struct hb_error *error)
{
	uint64_t need_kib = work->request->need_kib;
	uint64_t possible_kib = need_kib > lacking_kib ? need_kib - lacking_kib : 0;
	char need[HB_SIZE_TEXT], most[HB_SIZE_TEXT];

	hb_size_human(need_kib, need);
	hb_size_human(possible_kib, most);
	if (work->tried) {
		hb_fail(error, HB_REASON_DONORS_STUCK, "%s cannot be made free: guests have stopped on their way, and %s is what there is",
			need, hb_size_human(work->result->after_kib, most));
		return HB_E_STUCK;
	}
	hb_fail(error, HB_REASON_GUESTS_GIVE_LESS, "%s cannot be made free: all guests that may be asked give %s together with what is free",
		need, most);
	return HB_E_REFUSED;
}

/* Note a candidate for the caller. Until it is asked, it is asked for nothing. */
static struct hb_free_entry *entry_of(struct work *work, const struct candidate *candidate)
{
	uint64_t size_kib = candidate->domain.target.value + candidate->domain.videoram_kib;
	struct hb_free_result *result = work->result;

	for (size_t i = 0; i < result->count; i++) {
		if (result->entries[i].domain.domid == candidate->domain.domid)
			return &result->entries[i];
	}
	result->entries[result->count] = (struct hb_free_entry){
		.domain = candidate->domain,
		.from_kib = size_kib, .to_kib = size_kib,
	};
	return &result->entries[result->count++];
}

/* It is left out from now on. One that is being destroyed is no guest any more. */
static void mark_stuck(struct work *work, struct candidate *candidate)
{
	candidate->stuck = true;
	if (!candidate->dying)
		entry_of(work, candidate)->stuck = true;
}

/* Whole pages, though another tool has written a target that is not. */
static uint64_t size_without(const struct hb_domain *domain, uint64_t give_kib)
{
	uint64_t size_kib = domain->target.value + domain->videoram_kib - give_kib;

	return size_kib - size_kib % HB_PAGE_KIB;
}

/* What all would be asked for. */
static void note_shares(struct work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		const struct candidate *candidate = &work->candidates[i];

		if (work->donors[i].give_kib)
			entry_of(work, candidate)->to_kib =
				size_without(&candidate->domain, work->donors[i].give_kib);
	}
}

/* A manager gives it that target, and no person. */
static void announce(struct hb_limits_next *list, size_t *count, const struct candidate *candidate,
		     uint64_t size_kib)
{
	list[(*count)++] = (struct hb_limits_next){
		&candidate->domain, size_kib - candidate->domain.videoram_kib,
	};
}

static enum hb_code announce_shares(struct work *work, struct hb_error *error)
{
	struct hb_limits_next *list = calloc(work->count + 1, sizeof(*list));
	enum hb_code code;
	size_t count = 0;

	if (!list)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	for (size_t i = 0; i < work->count; i++) {
		const struct candidate *candidate = &work->candidates[i];

		if (work->donors[i].give_kib)
			announce(list, &count, candidate,
				 size_without(&candidate->domain, work->donors[i].give_kib));
	}
	code = hb_limits_announce(work->hb, list, count, error);
	free(list);
	return code;
}

/*
 * One that cannot be set, be it refused or held locked for ever, is as good as one
 * that does not move; one that is gone has given all it had.
 */
static enum hb_code leave_out(struct work *work, struct candidate *candidate, enum hb_code code)
{
	if (code == HB_E_NO_DOMAIN)
		candidate->stuck = true;
	else if (code == HB_E_REFUSED || code == HB_E_HOST)
		mark_stuck(work, candidate);
	else
		return code;
	return HB_OK;
}

/* For one lock, so that there is time left to ask others instead; 0 if there is no limit. */
static unsigned int lock_s(struct work *work)
{
	uint64_t gone_s = (now_ms(work) - work->start_ms) / 1000, part;

	if (!work->request->timeout_s)
		return 0;
	part = work->request->timeout_s > gone_s ? (work->request->timeout_s - gone_s) / LOCK_PART : 0;
	return part ? part : 1;
}

static struct hb_arrival arrival_of(const struct work *work)
{
	struct hb_arrival arrival = { .kib = work->request->need_kib, .made = work->made };

	for (size_t i = 0; i < work->count; i++) {
		if (work->looked_at[i].domid > arrival.last_domid)
			arrival.last_domid = work->looked_at[i].domid;
	}
	strcpy(arrival.who, work->who);
	return arrival;
}

/* Managers keep off what is made free; if they cannot be told, it may be theirs soon. */
static void keep_room(struct work *work, unsigned int seconds)
{
	const struct hb_arrival arrival = arrival_of(work);
	struct hb_error ignored;

	if (!work->request->dry_run)
		hb_to_come_keep(work->hb, &arrival, seconds, &ignored);
}

/* Looked at and kept as one thing, so that nobody beside this is told of the same memory. */
static enum hb_code take_locked(struct work *work, struct hb_error *error)
{
	struct hb_arrival arrival;
	struct hb_error ignored;
	enum hb_code code = look_at_host(work, error);

	if (code || work->result->after_kib < work->request->need_kib)
		return code;
	work->made = true;
	arrival = arrival_of(work);
	hb_to_come_keep_locked(work->hb, &arrival, ROOM_S, &ignored);
	return HB_OK;
}

/* *enough if there is: what is set aside for a name is nobody else's already. */
static enum hb_code take_if_enough(struct work *work, bool *enough, struct hb_error *error)
{
	const struct hb_patience patience = { .timeout_s = lock_s(work) };
	enum hb_code code = look_at_host(work, error);

	*enough = !code && work->result->after_kib >= work->request->need_kib;
	if (!*enough || work->request->dry_run || work->turn->name)
		return code;
	code = hb_lock_host(work->hb, &patience, error);
	if (code)
		return code;
	code = take_locked(work, error);
	hb_unlock_host(work->hb);
	*enough = work->made;
	return code;
}

static bool is_time(struct hb *hb, uint64_t *kept_ms)
{
	const uint64_t now = hb->host->ops->now_ms(hb->host);

	if (now - *kept_ms < RENEW_MS)
		return false;
	*kept_ms = now;
	return true;
}

void hb_free_turn_renew(struct hb *hb, const struct hb_free_turn *turn, uint64_t *kept_ms)
{
	struct hb_error ignored;

	if (turn->ours && is_time(hb, kept_ms))
		hb_reservation_renew(hb, turn->name, HB_FREE_KEEP_S, &ignored);
}

/* Of what is set aside they keep off anyway. */
static void keep_on(struct work *work)
{
	if (work->turn->name)
		hb_free_turn_renew(work->hb, work->turn, &work->kept_ms);
	else if (is_time(work->hb, &work->kept_ms))
		keep_room(work, HB_FREE_KEEP_S);
}

static enum hb_code ask(struct work *work, struct candidate *candidate, uint64_t give_kib,
			struct hb_error *error)
{
	struct hb_set_request request = {
		.size = { HB_SIZE_ABSOLUTE, false, size_without(&candidate->domain, give_kib) },
		.timeout_s = lock_s(work),
	};
	struct hb_set_result set;
	enum hb_code code;

	/* A person wins: the size is worked out from this target, which must be a manager's still. */
	code = hb_set_announced(work->hb, candidate->domain.domid, candidate->domain.target.value,
				&request, &set, error);
	/* The target stands, whatever became of maxmem: it follows at the end, too. */
	if (!set.done)
		return leave_out(work, candidate, code);
	entry_of(work, candidate)->to_kib = request.size.amount;
	candidate->domain = set.after;
	candidate->target_kib = set.target_kib;
	candidate->asked = true;
	start_wait(work, candidate, set.target_kib);
	return code == HB_E_INTERRUPTED ? code : HB_OK;
}

static enum hb_code ask_all(struct work *work, struct hb_error *error)
{
	enum hb_code code = announce_shares(work, error);

	for (size_t i = 0; i < work->count && !code; i++) {
		keep_on(work);
		if (work->donors[i].give_kib)
			code = ask(work, &work->candidates[i], work->donors[i].give_kib, error);
	}
	return code;
}

static bool report_progress(struct work *work)
{
	static const struct hb_domain host = { .name = "host" };
	struct hb_progress progress = {
		.domain = &host,
		.from_kib = work->result->before_kib,
		.now_kib = work->result->after_kib,
		.goal_kib = work->request->need_kib,
		.elapsed_ms = work->result->waited_ms,
	};

	hb_rate_follow(&work->rate, hb_account_short_kib(&work->memory, progress.goal_kib), now_ms(work));
	progress.rate_kib_s = work->rate.kib_s;
	return hb_report_progress(work->hb, &progress);
}

/* Has a manager given it another size meanwhile? It knows what is to become free. */
static bool is_managed(struct work *work, const struct candidate *candidate)
{
	struct hb_limits limits;
	struct hb_error ignored;

	return !hb_limits_all(work->hb, &candidate->domain, 1, &limits, &ignored) &&
	       !hb_may_size(&candidate->domain, &limits);
}

/* It goes on to that, and what becomes of it is the manager's. */
static void go_on(struct work *work, struct candidate *candidate)
{
	const struct hb_domain *domain = &candidate->domain;

	candidate->asked = false;
	entry_of(work, candidate)->to_kib = domain->target.value + domain->videoram_kib;
	start_wait(work, candidate, domain->target.value);
}

/* Judge everybody who is on the way; *moving is false if nobody is any more. */
static enum hb_code judge_all(struct work *work, bool *moving, struct hb_error *error)
{
	*moving = false;
	for (size_t i = 0; i < work->count; i++) {
		struct candidate *candidate = &work->candidates[i];
		enum hb_verdict verdict = HB_WAIT_GONE;
		enum hb_code code;

		if (!candidate->waiting)
			continue;
		code = hb_domain_refresh(work->hb, &candidate->domain, error);
		if (code && code != HB_E_NO_DOMAIN)
			return code;
		if (!code)
			verdict = judge(work, candidate);
		if (verdict == HB_WAIT_SUPERSEDED && is_managed(work, candidate)) {
			go_on(work, candidate);
			verdict = HB_WAIT_ON;
		}
		candidate->waiting = verdict == HB_WAIT_ON;
		*moving |= candidate->waiting;
		candidate->rests |= verdict == HB_WAIT_STUCK || verdict == HB_WAIT_PAUSED;
		if (verdict == HB_WAIT_STUCK || verdict == HB_WAIT_PAUSED ||
		    verdict == HB_WAIT_SUPERSEDED)
			mark_stuck(work, candidate);
	}
	return HB_OK;
}

/* Of those who are waited for: has it come nearer in the last moments, or only just been asked? */
static bool is_moving(struct work *work, const struct candidate *candidate)
{
	uint64_t now = now_ms(work);

	return candidate->waiting && (now - candidate->wait.start_ms < JUST_ASKED_MS ||
				      hb_wait_moves(&candidate->wait, now));
}

static bool anybody_moving(struct work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		if (is_moving(work, &work->candidates[i]))
			return true;
	}
	return false;
}

static bool anybody_moved(struct work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		if (work->candidates[i].waiting && hb_wait_moves(&work->candidates[i].wait, now_ms(work)))
			return true;
	}
	return false;
}

static enum hb_code fail_timeout(struct work *work, struct hb_error *error)
{
	hb_fail(error, anybody_moving(work) ? HB_REASON_TIMEOUT : HB_REASON_RESTS,
		"not enough is free after %u s", work->request->timeout_s);
	hb_remedy(error, "%s", anybody_moved(work) ?
		  "wait longer: the guests that were asked go on by themselves" :
		  anybody_moving(work) ? "wait longer: the guests that were asked have not moved yet" :
		  "nobody moves, and who was asked and gave nothing keeps its size");
	return HB_E_TIMEOUT;
}

/* Until there is enough, or nobody moves any more. */
static enum hb_code wait_for_all(struct work *work, bool *enough, struct hb_error *error)
{
	enum hb_code code = take_if_enough(work, enough, error);
	bool moving;

	while (!code && !*enough) {
		code = judge_all(work, &moving, error);
		if (code)
			return code;
		/* Who has come to rest has done so after the look that was too little. */
		if (!moving)
			return take_if_enough(work, enough, error);
		if (!report_progress(work))
			return hb_fail(error, HB_REASON_INTERRUPTED, "the wait was ended");
		if (work->request->timeout_s && work->result->waited_ms >= work->request->timeout_s * 1000ULL) {
			return fail_timeout(work, error);
		}
		work->hb->host->ops->sleep_ms(work->hb->host, POLL_MS);
		keep_on(work);
		code = take_if_enough(work, enough, error);
	}
	return code;
}

static bool anybody_waiting(const struct work *work)
{
	for (size_t i = 0; i < work->count; i++) {
		if (work->candidates[i].waiting)
			return true;
	}
	return false;
}

/*
 * One round; *enough if there is nothing left to do. Ends with somebody waited
 * for, or somebody stuck or gone: rounds come to an end.
 */
static enum hb_code one_round(struct work *work, bool *enough, struct hb_error *error)
{
	uint64_t coming, short_kib, given;
	enum hb_code code = take_if_enough(work, enough, error);

	if (code || *enough)
		return code;
	code = make_donors(work, &coming, error);
	if (code)
		return code;
	short_kib = hb_account_short_kib(&work->memory, work->request->need_kib);
	short_kib = short_kib > coming ? short_kib - coming : 0;
	given = hb_share(work->donors, work->count, short_kib);
	if (!work->tried)
		work->result->coming_kib = coming;
	if (given < short_kib)
		return fail_short(work, short_kib - given, error);
	if (work->request->dry_run) {
		note_shares(work);
		*enough = true;
		return HB_OK;
	}
	work->tried = true;
	code = ask_all(work, error);
	if (code || !anybody_waiting(work))
		return code;
	work->rounds++;
	return wait_for_all(work, enough, error);
}

/*
 * One that rests above what it was asked for gets the size that it had, if it gave nothing,
 * or the one that it can keep. Who still moves goes on: 0.
 */
static uint64_t size_to_keep(struct work *work, const struct candidate *candidate)
{
	uint64_t from_kib, size_kib;

	if (!candidate->asked || (!candidate->rests && (!candidate->waiting || is_moving(work, candidate))))
		return 0;
	from_kib = entry_of(work, candidate)->from_kib / HB_PAGE_KIB * HB_PAGE_KIB;
	if (hb_wait_position(&candidate->domain) + candidate->domain.videoram_kib >= from_kib)
		return from_kib;
	return hb_would_be_lost(&candidate->domain, &size_kib) ? size_kib : 0;
}

/* What is not given is not asked for any longer, if the target is ours still. */
static bool take_back(struct work *work, struct candidate *candidate, struct hb_set_result *set)
{
	struct hb_set_request request = {
		.size = { HB_SIZE_ABSOLUTE, false, candidate->keep_kib },
		.timeout_s = lock_s(work),
	};
	struct hb_error ignored;

	if (candidate->keep_kib != entry_of(work, candidate)->from_kib / HB_PAGE_KIB * HB_PAGE_KIB)
		return false;
	hb_set_expected(work->hb, candidate->domain.domid, candidate->target_kib, &request, set,
			&ignored);
	return set->done;
}

/* It gets the size that was announced, unless it has moved since: false. */
static bool keep(struct work *work, struct candidate *candidate)
{
	struct hb_set_result kept = { 0 };
	struct hb_error ignored;

	if (!take_back(work, candidate, &kept) &&
	    (!hb_would_be_lost(&candidate->domain, NULL) ||
	     hb_keep(work->hb, candidate->domain.domid, &candidate->target_kib, false, lock_s(work),
		     &kept, &ignored) || !kept.nr_steps))
		return false;
	candidate->domain.target.value = candidate->target_kib = kept.target_kib;
	entry_of(work, candidate)->to_kib = kept.size_kib;
	entry_of(work, candidate)->stuck = true;
	return true;
}

/* What was announced of who did not get it is over: a person may give it that size. */
static void keep_announced(struct work *work)
{
	struct hb_limits_next *over = calloc(work->count + 1, sizeof(*over));
	struct hb_error ignored;
	size_t count = 0;

	for (size_t i = 0; i < work->count; i++) {
		struct candidate *candidate = &work->candidates[i];

		keep_on(work);
		if (candidate->keep_kib && !keep(work, candidate) && over)
			over[count++] = (struct hb_limits_next){ &candidate->domain, 0 };
	}
	hb_limits_announce(work->hb, over, count, &ignored);
	free(over);
}

static void keep_all(struct work *work)
{
	struct hb_limits_next *list = calloc(work->count + 1, sizeof(*list));
	struct hb_error ignored;
	size_t count = 0;

	if (!list)
		return;
	for (size_t i = 0; i < work->count; i++) {
		work->candidates[i].keep_kib = size_to_keep(work, &work->candidates[i]);
		if (work->candidates[i].keep_kib)
			announce(list, &count, &work->candidates[i], work->candidates[i].keep_kib);
	}
	hb_limits_announce(work->hb, list, count, &ignored);
	free(list);
	keep_announced(work);
}

/*
 * Xen's limit of everybody who was asked follows. A failure here costs no memory, and the
 * size that a guest could not keep is found by hb_doctor().
 */
static void settle_all(struct work *work)
{
	struct hb_error ignored;

	keep_all(work);
	for (size_t i = 0; i < work->count; i++) {
		keep_on(work);
		if (work->candidates[i].asked)
			hb_settle(work->hb, work->candidates[i].domain.domid,
					 work->candidates[i].target_kib, lock_s(work), &ignored);
	}
}

/* Whatever was waited for: it is said what has become of the guests. */
static void advise_interrupted(struct work *work, struct hb_error *error)
{
	bool asked = false;

	for (size_t i = 0; i < work->count; i++)
		asked |= work->candidates[i].asked;
	hb_remedy(error, "%s", anybody_moving(work) ?
		  "the guests that were asked keep their smaller size and go on by themselves" :
		  asked ? "the guests that were asked keep what they have given, and nobody moves any more" :
		  "nothing was changed");
}

static enum hb_code free_in_rounds(struct work *work, struct hb_error *error)
{
	bool enough = false;
	/* What guests are asked for must be recorded, or they would be pinned. */
	enum hb_code code = hb_limits_check_file(work->hb, error);

	if (!code)
		code = make_candidates(work, error);

	if (code)
		return code;
	work->result->entries = calloc(work->count + 1, sizeof(*work->result->entries));
	if (!work->result->entries)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	code = look_at_host(work, error);
	work->result->before_kib = work->result->after_kib;
	work->kept_ms = work->start_ms;
	if (!work->turn->name)
		keep_room(work, HB_FREE_KEEP_S);
	hb_rate_start(&work->rate, hb_account_short_kib(&work->memory, work->request->need_kib),
		      now_ms(work));
	while (work->rounds < ROUNDS_MAX && !code && !enough)
		code = one_round(work, &enough, error);
	if (!code && !enough)
		code = fail_short(work, 0, error);
	if (code == HB_E_INTERRUPTED)
		advise_interrupted(work, error);
	if (!work->request->dry_run)
		settle_all(work);
	work->made = !code;
	if (!work->turn->name || work->turn->ours)
		keep_room(work, code ? 0 : ROOM_S);
	return code;
}

static enum hb_code fail_too_large(struct hb_error *error)
{
	char max[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_TOO_LARGE, "more than %s cannot be made free",
		hb_size_human(HB_SIZE_MAX_KIB, max));
	hb_remedy(error, "give a smaller size; no host has that much");
	return HB_E_USAGE;
}

static void name_work(struct work *work)
{
	static atomic_uint calls;

	snprintf(work->who, sizeof(work->who), "%d-%u", (int)getpid(), atomic_fetch_add(&calls, 1));
}

enum hb_code hb_free_in_turn(struct hb *hb, const struct hb_free_request *request,
			     const struct hb_free_turn *turn, struct hb_free_result *result,
			     struct hb_error *error)
{
	struct hb_free_request asked = *request;
	struct work work = { .hb = hb, .request = &asked, .turn = turn, .result = result };
	enum hb_code code;
	uint64_t before;

	hb_free_result_clear(result);
	name_work(&work);
	asked.dry_run |= hb->dry_run;
	/* Sums of larger ones might not fit. */
	if (request->need_kib > HB_SIZE_MAX_KIB)
		return fail_too_large(error);
	work.start_ms = now_ms(&work);
	before = hb_deadline_begin(hb, request->timeout_s);
	code = free_in_rounds(&work, error);
	hb_deadline_end(hb, before);
	free(work.candidates);
	free(work.donors);
	free(work.limits);
	free(work.looked_at);
	return code;
}
