/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hb_free(), hb_reserve() and hb_make_room(): who makes room, a manager that runs or this library.
 *
 * What is set aside is taken from nobody else, and a manager makes it free from guests that
 * need it least: that is how it is asked to. As long as it gets anywhere it is waited for; then
 * guests are asked for what is still lacking (free.h), by their weights alone. Who reserves
 * first is served first: what was set aside earlier has to be there before.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "account.h"
#include "deadline.h"
#include "free.h"
#include "reserve.h"
#include "to_come.h"

#define POLL_MS 100
/* A manager that has brought nothing for so long has done what it can. */
#define STALL_MS 5000
/* For those before, if there is no time limit. */
#define AHEAD_MS 30000
/* What is to be reserved is waited for so long, and kept so long for who is killed meanwhile. */
#define RESERVE_S 60
#define ASIDE_S 120

struct wait {
	struct hb *hb;
	const struct hb_room_request *request;
	const struct hb_free_turn *turn;
	uint64_t start_ms, moved_ms;	/* moved: when it last came nearer */
	uint64_t kept_ms;		/* when the reservation was last renewed */
	uint64_t waited_ms;
	uint64_t need_kib;		/* what is set aside */
	uint64_t lacks_kib;		/* so much more must come free for that and what is before it */
	uint64_t first_kib, least_kib;	/* what was lacking, and the least since */
	uint64_t ahead_kib;		/* what lacks for those before it */
};

static uint64_t now_ms(const struct wait *wait)
{
	return wait->hb->host->ops->now_ms(wait->hb->host);
}

static enum hb_code look(struct wait *wait, struct hb_error *error)
{
	struct hb_host_memory memory;
	struct hb_queue queue;
	uint64_t others_kib;
	enum hb_code code = hb_reserved_queue(wait->hb, wait->request->name, &queue, error);

	if (!code)
		code = hb_to_come_since(wait->hb, &wait->turn->before, &others_kib, error);
	if (!code)
		code = hb_host_memory(wait->hb, &memory, error);
	if (code)
		return code;
	/* Another one may have come between the looks. */
	memory.reserved_kib = queue.ahead_kib + others_kib;
	wait->ahead_kib = hb_account_short_kib(&memory, 0);
	wait->need_kib = queue.own_kib;
	wait->lacks_kib = hb_account_short_kib(&memory, queue.own_kib);
	wait->waited_ms = now_ms(wait) - wait->start_ms;
	return HB_OK;
}

/* A page more or less is no way. */
static void follow(struct wait *wait)
{
	if (wait->lacks_kib + HB_PAGE_KIB >= wait->least_kib)
		return;
	wait->least_kib = wait->lacks_kib;
	wait->moved_ms = now_ms(wait);
}

/*
 * Is there somebody who may still bring it? Those before are left to themselves, but not for
 * ever: they may be reservations that nobody makes room for.
 */
static bool is_awaited(const struct wait *wait)
{
	const struct hb_room_request *request = wait->request;

	if (request->managed && now_ms(wait) - wait->moved_ms < STALL_MS)
		return true;
	return wait->ahead_kib &&
	       wait->waited_ms < (request->timeout_s ? request->timeout_s * 500ULL : AHEAD_MS);
}

static bool report(const struct wait *wait)
{
	static const struct hb_domain host = { .name = "host" };
	struct hb_progress progress = {
		.domain = &host, .goal_kib = wait->first_kib, .elapsed_ms = wait->waited_ms,
		.now_kib = wait->first_kib > wait->lacks_kib ? wait->first_kib - wait->lacks_kib : 0,
	};

	return hb_report_progress(wait->hb, &progress);
}

static enum hb_code fail_timeout(const struct wait *wait, struct hb_error *error)
{
	char lacks[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_TIMEOUT, "there is not enough room after %u s: %s are lacking%s",
		wait->request->timeout_s, hb_size_human(wait->lacks_kib, lacks),
		wait->ahead_kib ? ", and others were set aside before" : "");
	hb_remedy(error, "wait longer, or give limits to more guests");
	return HB_E_TIMEOUT;
}

/*
 * Until there is room, or nothing is left to wait for: then lacks_kib is not 0, and it is the
 * name's turn.
 */
static enum hb_code wait_for_others(struct wait *wait, struct hb_error *error)
{
	const unsigned int timeout_s = wait->request->timeout_s;
	enum hb_code code;

	wait->start_ms = wait->moved_ms = wait->kept_ms = now_ms(wait);
	code = look(wait, error);
	wait->first_kib = wait->least_kib = wait->lacks_kib;
	while (!code && wait->lacks_kib) {
		follow(wait);
		if (timeout_s && wait->waited_ms >= timeout_s * 1000ULL)
			return fail_timeout(wait, error);
		if (!is_awaited(wait))
			return HB_OK;
		if (!report(wait))
			return hb_fail(error, HB_REASON_INTERRUPTED, "the wait was ended");
		wait->hb->host->ops->sleep_ms(wait->hb->host, POLL_MS);
		hb_free_turn_renew(wait->hb, wait->turn, &wait->kept_ms);
		code = look(wait, error);
	}
	return code;
}

static uint64_t available_kib(struct hb *hb)
{
	struct hb_host_memory memory;
	struct hb_error ignored;

	return hb_host_memory(hb, &memory, &ignored) ? 0 : hb_host_available_kib(&memory);
}

/* What is left of it after so long; 0 stays no limit. */
static unsigned int time_left_s(unsigned int timeout_s, uint64_t waited_ms)
{
	if (!timeout_s)
		return 0;
	return timeout_s > waited_ms / 1000 + 1 ? timeout_s - waited_ms / 1000 : 1;
}

static enum hb_code fail_not_set_aside(const char *name, struct hb_error *error)
{
	hb_fail(error, HB_REASON_NOTHING_RESERVED, "nothing is reserved for \"%s\"", name);
	hb_remedy(error, "set it aside before room is made for it");
	return HB_E_NO_DOMAIN;
}

/* After that wait, what is lacking still; turn->ours: also if it is nothing. */
static enum hb_code make_room(struct hb *hb, const struct hb_room_request *request,
			      const struct hb_free_turn *turn, struct hb_free_result *result,
			      struct hb_error *error)
{
	struct hb_free_request rest = { .need_kib = request->need_kib };
	struct wait wait = { .hb = hb, .request = request, .turn = turn };
	const uint64_t limits = hb_deadline_begin(hb, request->timeout_s);
	const uint64_t before_kib = available_kib(hb);
	enum hb_code code = wait_for_others(&wait, error);

	hb_free_result_clear(result);
	if (!code && !wait.need_kib)
		code = fail_not_set_aside(request->name, error);
	if (!rest.need_kib)
		rest.need_kib = wait.need_kib;
	rest.timeout_s = time_left_s(request->timeout_s, wait.waited_ms);
	if (!code && (turn->ours || wait.lacks_kib))
		code = hb_free_in_turn(hb, &rest, turn, result, error);
	else
		result->after_kib = available_kib(hb);
	hb_deadline_end(hb, limits);
	result->before_kib = before_kib;
	result->waited_ms += wait.waited_ms;
	return code;
}

static enum hb_code preview(struct hb *hb, const struct hb_room_request *request,
			    const struct hb_free_turn *turn, struct hb_free_result *result,
			    struct hb_error *error)
{
	struct hb_free_request free = { .need_kib = request->need_kib, .dry_run = true };
	struct hb_queue queue;
	enum hb_code code;

	if (!free.need_kib) {
		code = hb_reserved_queue(hb, request->name, &queue, error);
		if (code)
			return code;
		if (!queue.own_kib)
			return fail_not_set_aside(request->name, error);
		free.need_kib = queue.own_kib;
	}
	return hb_free_in_turn(hb, &free, turn, result, error);
}

enum hb_code hb_make_room(struct hb *hb, const struct hb_room_request *request,
			  struct hb_free_result *result, struct hb_error *error)
{
	const struct hb_free_turn turn = { .name = request->name, .before = hb_to_come_kept(hb) };

	return request->dry_run || hb->dry_run ? preview(hb, request, &turn, result, error) :
	       make_room(hb, request, &turn, result, error);
}

/* The name that it is set aside for until it is there; no two at once have the same. */
static void name_aside(char *name, size_t size)
{
	static atomic_uint calls;

	snprintf(name, size, "hotballoon-free-%d-%u", (int)getpid(), atomic_fetch_add(&calls, 1));
}

/* Also if who waits has had enough: nobody knows of it but this. */
static void release(struct hb *hb, const char *name)
{
	hb_progress_fn *progress = hb->progress;
	struct hb_error ignored;

	hb->progress = NULL;
	hb_release(hb, name, &ignored);
	hb->progress = progress;
}

/* The same of what was raised for that. */
static void lower(struct hb *hb, struct hb_raise *raise, bool keep)
{
	hb_progress_fn *progress = hb->progress;
	struct hb_error ignored;

	hb->progress = NULL;
	hb_raise_end(hb, raise, keep, &ignored);
	hb->progress = progress;
}

/* A manager takes all that it may for what is set aside, and nobody is squeezed for nothing. */
static enum hb_code check_possible(struct hb *hb, const struct hb_free_request *request,
				   const struct hb_free_turn *nobody, struct hb_free_result *result,
				   struct hb_error *error)
{
	struct hb_free_request preview = *request;

	preview.dry_run = true;
	return hb_free_in_turn(hb, &preview, nobody, result, error);
}

static enum hb_code free_managed(struct hb *hb, const struct hb_free_request *request,
				 const struct hb_free_turn *nobody, struct hb_free_result *result,
				 struct hb_error *error)
{
	char name[48];
	const struct hb_free_turn turn = { .name = name, .ours = true, .before = nobody->before };
	const struct hb_room_request room = {
		.name = name, .need_kib = request->need_kib, .timeout_s = request->timeout_s, .managed = true,
	};
	const struct hb_reserve_request aside = {
		.name = name, .size_kib = request->need_kib, .ttl_s = HB_FREE_KEEP_S, .force = true,
	};
	struct hb_reservation reservation;
	struct hb_error ignored;
	enum hb_code code = check_possible(hb, request, nobody, result, error);

	if (code)
		return code;
	name_aside(name, sizeof(name));
	/* What is in the way of that is in the way of nothing else. */
	if (available_kib(hb) >= request->need_kib ||
	    hb_reserve_at_once(hb, &aside, &reservation, &ignored))
		return hb_free_in_turn(hb, request, nobody, result, error);
	code = make_room(hb, &room, &turn, result, error);
	release(hb, name);
	return code;
}

enum hb_code hb_free(struct hb *hb, const struct hb_free_request *request,
		     struct hb_free_result *result, struct hb_error *error)
{
	const struct hb_free_turn nobody = { .before = hb_to_come_kept(hb) };

	if (request->managed && !request->dry_run && !hb->dry_run)
		return free_managed(hb, request, &nobody, result, error);
	return hb_free_in_turn(hb, request, &nobody, result, error);
}

/* It is set aside, though the host has not that much yet, until there is room or no way to it. */
static enum hb_code reserve_and_wait(struct hb *hb, const struct hb_reserve_request *request,
				     struct hb_reservation *reservation, struct hb_error *error)
{
	const struct hb_room_request room = {
		.name = request->name, .timeout_s = RESERVE_S, .managed = true,
	};
	struct hb_reserve_request aside = *request;
	struct hb_free_result freed = { 0 };
	struct hb_raise *raise;
	enum hb_code code;

	aside.ttl_s = ASIDE_S;
	code = hb_raise_begin(hb, &aside, &raise, error);
	if (code)
		return code;
	code = hb_make_room(hb, &room, &freed, error);
	hb_free_result_clear(&freed);
	if (!code)
		code = hb_reserve_at_once(hb, request, reservation, error);
	lower(hb, raise, !code);
	return code;
}

/* If all together can give it: nobody is squeezed for nothing. */
static enum hb_code reserve_managed(struct hb *hb, const struct hb_reserve_request *asked,
				    struct hb_reservation *reservation, struct hb_error *error)
{
	const struct hb_room_request preview = {
		.name = asked->name, .need_kib = reservation->kib, .dry_run = true,
	};
	struct hb_reserve_request request = *asked;
	struct hb_free_result freed = { 0 };
	enum hb_code code = hb_make_room(hb, &preview, &freed, error);

	hb_free_result_clear(&freed);
	request.force = true;
	if (code)
		return code;
	return hb->dry_run ? hb_reserve_at_once(hb, &request, reservation, error) :
	       reserve_and_wait(hb, &request, reservation, error);
}

enum hb_code hb_reserve(struct hb *hb, const struct hb_reserve_request *request,
			struct hb_reservation *reservation, struct hb_error *error)
{
	enum hb_code code = hb_reserve_at_once(hb, request, reservation, error);

	/* Of a domain that runs, guests give what Xen sets aside for it before. */
	if (code != HB_E_REFUSED || error->reason != HB_REASON_HOST_FULL || !reservation->until_s ||
	    !request->managed)
		return code;
	return reserve_managed(hb, request, reservation, error);
}
