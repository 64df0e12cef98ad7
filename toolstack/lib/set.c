/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing one domain: snapshot, plan and execute under libxl's lock and the
 * host's; then wait without them, and let maxmem follow under libxl's. Ending the
 * wait early leaves a consistent domain: the target stands, and maxmem is where
 * the guest is.
 *
 * The locks keep out libxl and ourselves only. Everything else (libvirt's xs writes, xapi, a
 * person with xenstore-write) is met as before: a plan that has become stale is
 * undone and made anew.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "announce.h"
#include "deadline.h"
#include "domain.h"
#include "execute.h"
#include "lock.h"
#include "manage.h"
#include "memory.h"
#include "refusal.h"
#include "set.h"
#include "wait.h"

/* How often the target may change under a plan before the caller hears of it. */
#define REPLANS_MAX 10
#define POLL_MS 100
/* How often a wait takes Xen's limit to where the target needs it, before others must agree. */
#define MENDS_MAX 3

/* hb_plan_make(), hb_plan_ceiling() and so on. */
typedef enum hb_code planner_fn(const struct hb_domain *domain, const struct hb_host_memory *host,
				const struct hb_size *size, bool force, struct hb_plan *plan,
				struct hb_error *error);

/* What else must be so, as seen under the locks. */
struct terms {
	const uint64_t *expected_kib;	/* what the target must be still; NULL if anything will do */
	bool managed;			/* managers may size it */
	bool recorded;			/* if managers size it, what it is set to is theirs */
	bool pins;			/* it is a person's from then on */
};

static enum hb_code check_expected(const struct hb_domain *domain, const uint64_t *expected_kib,
				   struct hb_error *error)
{
	char who[HB_WHO_TEXT];

	if (!expected_kib ||
	    (domain->target.presence == HB_PRESENT && domain->target.value == *expected_kib))
		return HB_OK;
	hb_fail(error, HB_REASON_TARGET_CHANGED, "somebody else has set another target for %s meanwhile",
		hb_who(domain, who));
	hb_remedy(error, "find out which tool did: xl, libvirt or a memory manager");
	return HB_E_REFUSED;
}

static enum hb_code check_terms(struct hb *hb, const struct hb_domain *domain,
				const struct terms *terms, struct hb_error *error)
{
	enum hb_code code = check_expected(domain, terms->expected_kib, error);
	struct hb_limits limits;

	if (!code && terms->managed)
		code = hb_limits_get(hb, domain, &limits, error);
	if (!code && terms->managed)
		code = hb_refuse_obstacle(domain, hb_may_size(domain, &limits), error);
	return code;
}

/*
 * Before the target is written: from then on it is a manager's, whether we live to see it
 * or not. What is not written after all does not matter, and the next one replaces it. Who
 * only keeps a domain from being lost does so even if that cannot be recorded.
 */
static enum hb_code record(struct hb *hb, const struct hb_domain *domain, const struct terms *terms,
			   uint64_t target_kib, struct hb_error *error)
{
	const struct hb_limits_next next = { domain, target_kib };
	enum hb_code code = terms->recorded ? hb_limits_announce_locked(hb, &next, error) : HB_OK;

	return terms->managed ? code : HB_OK;
}

/*
 * The plan and what it needs of the host. That the host has enough is mostly plain from few
 * questions; only if not is every domain asked.
 */
static enum hb_code plan_on_host(struct hb *hb, planner_fn *planner,
				 const struct hb_set_request *request,
				 const struct hb_domain *before, struct hb_plan *plan,
				 struct hb_error *error)
{
	struct hb_host_memory memory;
	enum hb_code code = hb_memory_at_least(hb, before->domid, &memory, error);

	if (!code)
		code = planner(before, &memory, &request->size, request->force, plan, error);
	if (code != HB_E_REFUSED)
		return code;
	code = hb_host_memory(hb, &memory, error);
	return code ? code : planner(before, &memory, &request->size, request->force, plan, error);
}

/*
 * Under the locks of the domain and of the host: plan and execute until the plan
 * was not stale. What the host has to give is promised to nobody else meanwhile.
 */
static enum hb_code apply_locked(struct hb *hb, uint32_t domid, const struct terms *terms,
				 planner_fn *planner, const struct hb_set_request *request,
				 struct hb_plan *plan, struct hb_domain *before,
				 struct hb_error *error)
{
	enum hb_code code = HB_OK;
	bool stale = true;

	for (int i = 0; i < REPLANS_MAX && stale; i++) {
		stale = false;
		code = hb_show(hb, domid, before, error);
		if (!code)
			code = check_terms(hb, before, terms, error);
		if (!code)
			code = plan_on_host(hb, planner, request, before, plan, error);
		if (!code && plan->nr_steps)
			code = record(hb, before, terms, plan->target_kib, error);
		if (!code)
			code = hb_execute(hb, before, plan, &stale, error);
	}
	return code;
}

static void add_step(struct hb_set_result *result, const struct hb_step *step)
{
	if (result->nr_steps < HB_STEPS_MAX)
		result->steps[result->nr_steps++] = *step;
}

static void add_steps(struct hb_set_result *result, const struct hb_plan *plan)
{
	for (unsigned int i = 0; i < plan->nr_steps; i++)
		add_step(result, &plan->steps[i]);
}

static void add_result_steps(struct hb_set_result *result, const struct hb_set_result *from)
{
	for (unsigned int i = 0; i < from->nr_steps; i++)
		add_step(result, &from->steps[i]);
}

static void __attribute__((format(printf, 2, 3))) note(struct hb_set_result *result,
							const char *format, ...)
{
	va_list args;

	if (result->nr_notes == HB_NOTES_MAX)
		return;
	va_start(args, format);
	vsnprintf(result->notes[result->nr_notes++], sizeof(result->notes[0]), format, args);
	va_end(args);
}

/*
 * A person wins over managers, also with the size that they had given it: from now on they leave
 * it alone. Limits that cannot be read pin nobody.
 */
static void pin(struct hb *hb, struct hb_set_result *result)
{
	const struct hb_domain *before = &result->before;
	struct hb_error error, ignored;
	struct hb_limits limits;
	const char *why;

	if (hb->dry_run || hb_limits_get(hb, before, &limits, &ignored))
		return;
	if (hb_limits_automatic(before, &limits, &why))
		note(result, "it was sized automatically and is pinned to this size now, until somebody says that it may be sized again");
	if (hb_limits_pin_locked(hb, before, &error))
		note(result, "that it is a person's could not be written down, and managers may go on with it: %s",
		     error.message);
}

static void note_done(struct hb *hb, const struct hb_plan *plan, struct hb_set_result *result)
{
	result->size_kib = plan->size_kib;
	result->target_kib = plan->target_kib;
	add_steps(result, plan);
	if (hb->dry_run && plan->has_later)
		add_step(result, &plan->later);
	result->nr_notes = plan->nr_notes;
	memcpy(result->notes, plan->notes, sizeof(plan->notes));
	result->done = true;
}

static enum hb_code apply(struct hb *hb, uint32_t domid, const struct terms *terms,
			  planner_fn *planner, const struct hb_set_request *request,
			  struct hb_set_result *result, struct hb_error *error)
{
	const struct hb_patience patience = { .timeout_s = request->timeout_s };
	struct hb_plan plan;
	enum hb_code code = hb_lock_both(hb, domid, &patience, error);

	if (code)
		return code;
	code = apply_locked(hb, domid, terms, planner, request, &plan, &result->before, error);
	result->after = result->before;
	if (!code)
		note_done(hb, &plan, result);
	if (!code && terms->pins)
		pin(hb, result);
	hb_unlock_both(hb);
	return code;
}

static bool report_progress(struct hb *hb, const struct hb_set_result *result,
			    const struct hb_wait *wait, uint64_t now_ms)
{
	uint64_t videoram = result->before.videoram_kib;
	struct hb_progress progress = {
		.domain = &result->before,
		.from_kib = wait->start_kib + videoram,
		.now_kib = hb_wait_position(&result->after) + videoram,
		.goal_kib = result->size_kib,
		.rate_kib_s = wait->rate.kib_s,
		.elapsed_ms = now_ms - wait->start_ms,
	};

	return hb_report_progress(hb, &progress);
}

static enum hb_code fail_wait(enum hb_verdict verdict, bool moves,
			      const struct hb_set_result *result, struct hb_error *error)
{
	const struct hb_domain *domain = &result->after;
	uint64_t position = hb_wait_position(domain);
	char who[HB_WHO_TEXT], at[HB_SIZE_TEXT], goal[HB_SIZE_TEXT];
	const char *what, *remedy;

	hb_who(&result->before, who);
	hb_size_human(position + domain->videoram_kib, at);
	hb_size_human(result->size_kib, goal);
	switch (verdict) {
	case HB_WAIT_GONE:
		hb_fail(error, HB_REASON_WENT_AWAY, "%s went away on its way to %s", who, goal);
		hb_remedy(error, "one that reboots gets another domid");
		return HB_E_NO_DOMAIN;
	case HB_WAIT_PAUSED:
		hb_fail(error, HB_REASON_PAUSED, "%s is %s and cannot move from %s to %s", who,
			hb_domain_state_name(domain->state), at, goal);
		hb_remedy(error, "%s", hb_refusal_of_state(domain->state, &what, &remedy) ? remedy :
			  "let it run; the target stands");
		hb_advise_lost(domain, error);
		return HB_E_STUCK;
	case HB_WAIT_SUPERSEDED:
		hb_fail(error, HB_REASON_SUPERSEDED, "somebody else has set another target for %s", who);
		hb_remedy(error, "find out which tool did: xl, libvirt or a memory manager");
		return HB_E_SUPERSEDED;
	case HB_WAIT_TIMEOUT:
		hb_fail(error, moves ? HB_REASON_TIMEOUT : HB_REASON_RESTS,
			"%s is at %s on its way to %s after %u s", who, at, goal,
			(unsigned int)(result->waited_ms / 1000));
		if (moves)
			hb_remedy(error, "wait longer: it still moves, and goes on by itself");
		else
			hb_remedy(error, "it does not move now");
		hb_about(error, domain, 0);
		hb_advise_lost(domain, error);
		return HB_E_TIMEOUT;
	default:
		return hb_advise_stuck(domain, position, result->target_kib, error);
	}
}

/*
 * Does Xen's limit keep it from its target? Another tool has written the one without the
 * other then, and it is mended. What cannot be mended is judged as it is: false.
 */
static bool mend(struct hb *hb, unsigned int timeout_s, unsigned int *attempts,
		 struct hb_set_result *result)
{
	const struct hb_set_request request = { .timeout_s = timeout_s };
	const struct terms terms = { .expected_kib = &result->target_kib };
	struct hb_set_result mended = { 0 };
	struct hb_error ignored;
	struct hb_step step;

	if (!hb_plan_repair(&result->after, &step) || (*attempts)++ >= MENDS_MAX)
		return false;
	if (apply(hb, result->after.domid, &terms, hb_plan_mend, &request, &mended,
		  &ignored))
		return false;
	add_result_steps(result, &mended);
	return mended.nr_steps;
}

static enum hb_code wait_for_guest(struct hb *hb, unsigned int timeout_s,
				   struct hb_set_result *result, struct hb_error *error)
{
	struct hb_host *host = hb->host;
	unsigned int mends = 0;
	enum hb_verdict verdict;
	struct hb_wait wait;
	enum hb_code code;
	uint64_t now;

	hb_wait_start(&wait, &result->before, result->target_kib, timeout_s * 1000ULL,
		      host->ops->now_ms(host));
	wait.patient = true;
	for (;;) {
		code = hb_domain_refresh(hb, &result->after, error);
		if (code == HB_E_NO_DOMAIN)
			return fail_wait(HB_WAIT_GONE, false, result, error);
		if (code)
			return code;
		now = host->ops->now_ms(host);
		result->waited_ms = now - wait.start_ms;
		verdict = hb_wait_judge(&wait, &result->after, now);
		if (verdict == HB_WAIT_ARRIVED)
			return HB_OK;
		if ((verdict == HB_WAIT_ON || verdict == HB_WAIT_STUCK) &&
		    mend(hb, timeout_s, &mends, result)) {
			hb_wait_again(&wait, &result->after, host->ops->now_ms(host));
			continue;
		}
		if (verdict != HB_WAIT_ON)
			return fail_wait(verdict, hb_wait_moves(&wait, now), result, error);
		if (!report_progress(hb, result, &wait, now)) {
			hb_fail(error, HB_REASON_INTERRUPTED, "the wait was ended");
			hb_remedy(error, "the target stands and the guest goes on by itself");
			hb_advise_lost(&result->after, error);
			return HB_E_INTERRUPTED;
		}
		host->ops->sleep_ms(host, POLL_MS);
	}
}

/* Set maxmem and look at the domain again. */
static enum hb_code set_maxmem(struct hb *hb, const struct hb_step *step,
			       struct hb_set_result *result, struct hb_error *error)
{
	struct hb_domain *domain = &result->after;
	int rc = hb_execute_xen_step(hb, domain->domid, step);
	char who[HB_WHO_TEXT], now[HB_SIZE_TEXT];

	if (rc) {
		hb_fail_host(error, rc, "%s has its new target, but maxmem stays at %s",
			     hb_who(domain, who), hb_size_human(domain->maxmem_kib, now));
		hb_refine(error, HB_REASON_MAXMEM_LEFT);
		hb_remedy(error, "set the size again to correct it");
		return error->code;
	}
	add_step(result, step);
	return hb_domain_refresh(hb, domain, error);
}

/*
 * Let maxmem follow to size_kib, once: the guest moves on while we look. Another
 * tool can have written a target between our look and our deed, so look again
 * after it.
 */
static enum hb_code settle_locked(struct hb *hb, uint64_t target_kib, uint64_t size_kib,
				  struct hb_set_result *result, struct hb_error *error)
{
	struct hb_domain *domain = &result->after;
	enum hb_code code = hb_domain_refresh(hb, domain, error);
	struct hb_step step;

	if (!code && domain->target.presence == HB_PRESENT &&
	    domain->target.value == target_kib && hb_plan_settle(domain, size_kib, &step))
		code = set_maxmem(hb, &step, result, error);
	while (!code && result->nr_steps < HB_STEPS_MAX && hb_plan_repair(domain, &step))
		code = set_maxmem(hb, &step, result, error);
	return code;
}

static enum hb_code settle(struct hb *hb, uint64_t target_kib, uint64_t size_kib,
			   unsigned int timeout_s, struct hb_set_result *result,
			   struct hb_error *error)
{
	const struct hb_patience patience = { .timeout_s = timeout_s };
	enum hb_code code = hb_lock_domain(hb, result->after.domid, &patience, error);

	if (code == HB_E_INTERRUPTED)
		hb_remedy(error, "what was set stands; set the size again to take maxmem to its place");
	if (code)
		return code;
	code = settle_locked(hb, target_kib, size_kib, result, error);
	hb_unlock_domain(hb);
	return code;
}

enum hb_code hb_settle(struct hb *hb, uint32_t domid, uint64_t target_kib, unsigned int timeout_s,
		       struct hb_error *error)
{
	struct hb_set_result result = { 0 };
	enum hb_code code = hb_show(hb, domid, &result.after, error);

	return code ? code : settle(hb, target_kib, target_kib + result.after.videoram_kib, timeout_s,
				    &result, error);
}

/* hb_plan_keep() of a domain that we keep still ourselves. */
static enum hb_code plan_keep_ours(const struct hb_domain *seen, const struct hb_host_memory *host,
				   const struct hb_size *size, bool force, struct hb_plan *plan,
				   struct hb_error *error)
{
	struct hb_domain domain = *seen;

	domain.still = HB_STILL_NO;
	return hb_plan_keep(&domain, host, size, force, plan, error);
}

enum hb_code hb_keep(struct hb *hb, uint32_t domid, const uint64_t *expected_kib, bool ours,
		     unsigned int timeout_s, struct hb_set_result *result, struct hb_error *error)
{
	const struct hb_set_request request = { .timeout_s = timeout_s };
	const struct terms terms = { .expected_kib = expected_kib, .recorded = true };

	memset(result, 0, sizeof(*result));
	return apply(hb, domid, &terms, ours ? plan_keep_ours : hb_plan_keep, &request, result,
		     error);
}

/*
 * It got stuck: with what it holds as its size, nothing that is done to it loses it. If
 * that cannot be had, the error goes on saying what is to be done. A size of somebody
 * else's stands.
 */
static void keep(struct hb *hb, unsigned int timeout_s, struct hb_set_result *result,
		 struct hb_error *error)
{
	struct hb_set_result kept;
	struct hb_error ignored;

	if (hb_keep(hb, result->after.domid, &result->target_kib, false, timeout_s, &kept, &ignored) ||
	    !kept.nr_steps)
		return;
	add_result_steps(result, &kept);
	result->kept_kib = kept.size_kib;
	hb_advise_kept(&result->after, kept.size_kib, error);
}

/* After the keys are written, and what was asked for was waited for: maxmem follows. */
static enum hb_code finish(struct hb *hb, enum hb_code code, unsigned int timeout_s,
			   struct hb_set_result *result, struct hb_error *error)
{
	uint64_t size_kib = result->kept_kib ? result->kept_kib : result->size_kib;
	struct hb_error later;
	enum hb_code settled;

	if (code == HB_E_NO_DOMAIN)
		return code;
	settled = settle(hb, size_kib - result->before.videoram_kib, size_kib, timeout_s, result,
			 &later);
	if (code || !settled)
		return code;
	*error = later;
	return settled;
}

void hb_take_step(struct hb_domain *domain, const struct hb_step *step)
{
	const struct hb_number value = { HB_PRESENT, step->to_kib };

	if (step->kind == HB_STEP_MAXMEM)
		domain->maxmem_kib = step->to_kib;
	else if (step->kind == HB_STEP_POOL)
		domain->pool = value;
	else if (step->kind == HB_STEP_STATIC_MAX)
		domain->static_max = value;
	else if (step->kind == HB_STEP_TARGET)
		domain->target = value;
	else if (step->kind == HB_STEP_HEADROOM)
		domain->headroom = step->to_kib ? value : (struct hb_number){ HB_ABSENT, 0 };
}

/* A dry run: how the domain would be with all steps done and actual_kib of memory. */
static void preview(struct hb_set_result *result, uint64_t actual_kib)
{
	for (unsigned int i = 0; i < result->nr_steps; i++)
		hb_take_step(&result->after, &result->steps[i]);
	result->after.actual_kib = actual_kib;
}

/* Nobody waits until it has come down: what is to be done if that does not happen. */
static void note_lost(struct hb_set_result *result)
{
	char size[HB_SIZE_TEXT];
	uint64_t size_kib;

	if (hb_would_be_lost(&result->after, &size_kib))
		note(result, "until it has come down, a save or a migration would lose it: if it does not, %s is a size that it can keep",
		     hb_size_format(size_kib, size));
}

/* The size stands, and the guest is there, but for what it may take or leave by itself. */
static void note_own_part(struct hb_set_result *result)
{
	uint64_t rescued = hb_rescued_kib(&result->after), spared = hb_spared_kib(&result->after);
	char size[HB_SIZE_TEXT];

	if (rescued)
		note(result, "it has taken %s above that in need, as it may, and gives it back when the need is over or it gets another size",
		     hb_size_human(rescued, size));
	if (spared)
		note(result, "it sizes itself: it leaves %s of that, and takes it when it needs it",
		     hb_size_human(spared, size));
}

static enum hb_code set_in_time(struct hb *hb, uint32_t domid, const struct terms *terms,
				const struct hb_set_request *request,
				struct hb_set_result *result, struct hb_error *error)
{
	enum hb_code code;

	memset(result, 0, sizeof(*result));
	code = apply(hb, domid, terms, hb_plan_make, request, result, error);
	if (!code && hb->dry_run)
		preview(result, result->size_kib);
	if (code || hb->dry_run)
		return code;
	if (request->wait)
		code = wait_for_guest(hb, request->timeout_s, result, error);
	if (code == HB_E_STUCK && !request->keep_target && result->after.state == HB_DOMAIN_RUNNING &&
	    hb_would_be_lost(&result->after, NULL))
		keep(hb, request->timeout_s, result, error);
	code = finish(hb, code, request->timeout_s, result, error);
	if (!request->wait)
		note_lost(result);
	else if (!code)
		note_own_part(result);
	return code;
}

static enum hb_code set(struct hb *hb, uint32_t domid, const struct terms *terms,
			const struct hb_set_request *request, struct hb_set_result *result,
			struct hb_error *error)
{
	uint64_t before = hb_deadline_begin(hb, request->timeout_s);
	enum hb_code code = set_in_time(hb, domid, terms, request, result, error);

	hb_deadline_end(hb, before);
	return code;
}

enum hb_code hb_set(struct hb *hb, uint32_t domid, const struct hb_set_request *request,
		    struct hb_set_result *result, struct hb_error *error)
{
	const struct terms terms = { .pins = true };

	return set(hb, domid, &terms, request, result, error);
}

enum hb_code hb_set_expected(struct hb *hb, uint32_t domid, uint64_t expected_kib,
			     const struct hb_set_request *request, struct hb_set_result *result,
			     struct hb_error *error)
{
	const struct terms terms = { .expected_kib = &expected_kib };

	return set(hb, domid, &terms, request, result, error);
}

enum hb_code hb_set_managed(struct hb *hb, uint32_t domid, uint64_t expected_kib,
			    const struct hb_set_request *request, struct hb_set_result *result,
			    struct hb_error *error)
{
	const struct terms terms = { .expected_kib = &expected_kib, .managed = true, .recorded = true };

	return set(hb, domid, &terms, request, result, error);
}

enum hb_code hb_set_announced(struct hb *hb, uint32_t domid, uint64_t expected_kib,
			      const struct hb_set_request *request, struct hb_set_result *result,
			      struct hb_error *error)
{
	const struct terms terms = { .expected_kib = &expected_kib, .managed = true };

	return set(hb, domid, &terms, request, result, error);
}

enum hb_code hb_max(struct hb *hb, uint32_t domid, const struct hb_max_request *request,
		    struct hb_set_result *result, struct hb_error *error)
{
	const struct hb_set_request asked = {
		.size = request->size, .force = request->force, .timeout_s = request->timeout_s,
	};
	const struct terms terms = { .managed = false };
	enum hb_code code;

	memset(result, 0, sizeof(*result));
	code = apply(hb, domid, &terms, hb_plan_ceiling, &asked, result, error);
	if (!code && hb->dry_run)
		preview(result, result->before.actual_kib);
	if (code || hb->dry_run)
		return code;
	return settle(hb, result->target_kib, result->size_kib, request->timeout_s, result, error);
}

enum hb_code hb_headroom_set(struct hb *hb, uint32_t domid, uint64_t headroom_kib,
			     unsigned int timeout_s, struct hb_set_result *result,
			     struct hb_error *error)
{
	const struct hb_set_request asked = {
		.size = { HB_SIZE_ABSOLUTE, false, headroom_kib }, .timeout_s = timeout_s,
	};
	const struct terms terms = { .managed = false };
	enum hb_code code;

	memset(result, 0, sizeof(*result));
	code = apply(hb, domid, &terms, hb_plan_headroom, &asked, result, error);
	if (!code && hb->dry_run)
		preview(result, result->before.actual_kib);
	if (code || hb->dry_run)
		return code;
	return settle(hb, result->target_kib, result->size_kib, timeout_s, result, error);
}

/* Nothing to wait for: a guest that is being destroyed, or has no target. */
static enum hb_code check_waitable(const struct hb_domain *domain, struct hb_error *error)
{
	const char *what, *remedy;
	char who[HB_WHO_TEXT];

	if (domain->state == HB_DOMAIN_DYING &&
	    hb_refusal_of_state(domain->state, &what, &remedy)) {
		hb_fail(error, hb_refusal_reason(domain->state), "%s %s", hb_who(domain, who), what);
		hb_remedy(error, "%s", remedy);
		return HB_E_REFUSED;
	}
	/* What it takes and gives is its own affair. */
	if (domain->service && !hb_wait_is_there(domain, domain->target.value))
		return hb_refuse_service(domain, error);
	if (domain->target.presence == HB_PRESENT)
		return HB_OK;
	hb_fail(error, HB_REASON_NO_TARGET, "%s has no target that it could reach", hb_who(domain, who));
	hb_remedy(error, "set a size");
	return HB_E_REFUSED;
}

static enum hb_code wait_in_time(struct hb *hb, uint32_t domid, unsigned int timeout_s,
				 struct hb_set_result *result, struct hb_error *error)
{
	struct hb_domain *before = &result->before;
	enum hb_code code;

	memset(result, 0, sizeof(*result));
	code = hb_show(hb, domid, before, error);
	if (!code)
		code = check_waitable(before, error);
	if (code)
		return code;
	result->after = *before;
	result->target_kib = before->target.value;
	result->size_kib = before->target.value + before->videoram_kib;
	result->done = true;
	code = wait_for_guest(hb, timeout_s, result, error);
	return finish(hb, code, timeout_s, result, error);
}

enum hb_code hb_wait(struct hb *hb, uint32_t domid, const struct hb_wait_request *request,
		     struct hb_set_result *result, struct hb_error *error)
{
	uint64_t before = hb_deadline_begin(hb, request->timeout_s);
	enum hb_code code = wait_in_time(hb, domid, request->timeout_s, result, error);

	hb_deadline_end(hb, before);
	return code;
}
