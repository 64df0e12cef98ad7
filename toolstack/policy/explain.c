/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "account.h"
#include "advice.h"
#include "examine.h"
#include "explain.h"
#include "limit.h"
#include "plan.h"
#include "refusal.h"
#include "wait.h"

static void __attribute__((format(printf, 2, 3))) say(struct hb_explanation *explanation,
						       const char *format, ...)
{
	va_list args;

	if (explanation->nr_reasons == HB_REASONS_MAX)
		return;
	va_start(args, format);
	vsnprintf(explanation->reasons[explanation->nr_reasons++], sizeof(explanation->reasons[0]),
		  format, args);
	va_end(args);
}

/* A domain that cannot move, whatever its target is. */
static void say_state(struct hb_explanation *explanation)
{
	const struct hb_domain *domain = &explanation->domain;
	const char *what, *remedy;

	if (hb_refusal_of_state(domain->state, &what, &remedy))
		say(explanation, "it %s; %s", what, remedy);
	else if (domain->state == HB_DOMAIN_PAUSED)
		say(explanation, "it is paused: it can be set, and moves when it is unpaused");
	if (domain->service)
		say(explanation, "%s", hb_refusal_why_service(domain->service));
	if (domain->vnodes)
		say(explanation, "it has virtual NUMA nodes and keeps the size that it was started with");
}

static void say_position(struct hb_explanation *explanation, const struct hb_follow *follow)
{
	const struct hb_domain *domain = &explanation->domain;
	uint64_t goal = domain->target.value + domain->videoram_kib;
	char held[HB_SIZE_TEXT], size[HB_SIZE_TEXT], off[HB_SIZE_TEXT];

	hb_size_human(domain->actual_kib, held);
	if (domain->target.presence != HB_PRESENT) {
		say(explanation, "it holds %s by Xen's count, and xenstore says no size for it", held);
		return;
	}
	say(explanation, "it holds %s by Xen's count, and its size is set to %s", held,
	    hb_size_human(goal, size));
	if (domain->service)
		return;
	if (hb_follow_is_there(domain) && hb_rescued_kib(domain)) {
		say(explanation, "it has taken %s above that in need, and gives it back when the need is over",
		    hb_size_human(hb_rescued_kib(domain), off));
		return;
	}
	if (hb_follow_is_there(domain) && hb_spared_kib(domain)) {
		say(explanation, "it sizes itself: it leaves %s of that, and takes it when it needs it",
		    hb_size_human(hb_spared_kib(domain), off));
		return;
	}
	if (hb_wait_is_there(domain, domain->target.value)) {
		say(explanation, "it is where it shall be");
		return;
	}
	hb_size_human(hb_wait_gap(domain, domain->target.value), off);
	say(explanation, "it is %s %s%s", off, hb_wait_position(domain) > domain->target.value ?
	    "above that: it has to give memory back" : "short of that",
	    follow->kind == HB_FOLLOW_MOVES ? ", and moves" :
	    follow->kind != HB_FOLLOW_THERE ? ", and does not move" : "");
}

/* Its driver names no cause. That nothing is in its way is so only of one that has what it needs. */
static void say_no_cause(struct hb_explanation *explanation)
{
	const struct hb_domain *domain = &explanation->domain;
	const char *state = hb_report_state_name(&domain->report.state);
	char lacks[HB_SIZE_TEXT];

	if (domain->report.distress.value)
		say(explanation, "its driver is %s, and says that the guest lacks %s", state,
		    hb_size_human(domain->report.distress.value, lacks));
	else
		say(explanation, "its driver is %s, and %s", state,
		    hb_wait_is_there(domain, domain->target.value) ? "nothing is in its way" :
		    "names nothing that is in its way");
}

/* What its driver says, as far as that is about the target that it has. */
static void say_cause(struct hb_explanation *explanation, const struct hb_follow *follow)
{
	const struct hb_domain *domain = &explanation->domain;
	const struct hb_report *report = &domain->report;
	char goal[HB_SIZE_TEXT];

	if (domain->driver == HB_DRIVER_UNKNOWN && domain->domid && !domain->service)
		say(explanation, "it reports nothing, so nobody outside of it knows why it is short or whether it moves");
	if (domain->driver != HB_DRIVER_HOTBALLOON || report->state.presence != HB_PRESENT)
		return;
	if (follow->kind == HB_FOLLOW_STALE)
		say(explanation, "its driver acts on another target, %s: it has not seen this one, or hangs",
		    hb_size_human(report->goal.value, goal));
	else if (report->cause.presence == HB_PRESENT && report->cause.value != HB_CAUSE_NONE)
		say(explanation, "its driver is %s: %s (%s)", hb_report_state_name(&report->state),
		    hb_advice_what(report->cause.value), hb_report_cause_name(&report->cause));
	else
		say_no_cause(explanation);
}

static void say_who_decides(struct hb_explanation *explanation)
{
	const struct hb_limits *limits = &explanation->limits;
	struct hb_range range = hb_limits_range(&explanation->domain, limits);
	char min[HB_SIZE_TEXT], max[HB_SIZE_TEXT];
	const char *why;

	if (explanation->domain.service)
		return;
	if (limits->damaged)
		say(explanation, "managers leave it alone: %s", hb_obstacle_text(HB_OBSTACLE_DAMAGED));
	else if (hb_limits_automatic(&explanation->domain, limits, &why) && hb_limits_fixed(&range))
		say(explanation, "managers keep it at %s: its limits leave it no other size",
		    hb_size_human(range.min_kib, min));
	else if (!why)
		say(explanation, "managers may size it between %s and %s, with weight %u",
		    hb_size_human(range.min_kib, min), hb_size_human(range.max_kib, max), limits->weight);
	else
		say(explanation, "a person decides its size: %s", why);
}

static void say_maxima(struct hb_explanation *explanation)
{
	const struct hb_domain *domain = &explanation->domain;
	char text[HB_SIZE_TEXT];

	if (domain->maxmem_kib < HB_SIZE_MAX_KIB)
		say(explanation, "Xen lets it hold up to %s", hb_size_human(domain->maxmem_kib, text));
	else
		say(explanation, "Xen has no limit for what it holds");
	if (domain->static_max.presence == HB_PRESENT && domain->static_max.value < HB_SIZE_MAX_KIB)
		say(explanation, "tools may set up to %s without raising its maximum",
		    hb_size_human(domain->static_max.value, text));
}

static void say_room(struct hb_explanation *explanation)
{
	const struct hb_domain *domain = &explanation->domain;
	uint64_t give = hb_account_available_for(&explanation->host, domain);
	uint64_t floor, ceiling;
	char a[HB_SIZE_TEXT];

	say_maxima(explanation);
	if (domain->headroom.value)
		say(explanation, "it may take %s above its size by itself, in need",
		    hb_size_human(domain->headroom.value, a));
	hb_limits_bounds(domain, &floor, &ceiling);
	if (ceiling < HB_SIZE_MAX_KIB)
		say(explanation, "it can never be larger than %s", hb_size_human(ceiling, a));
	say(explanation, "the host has %s to give", hb_size_human(give, a));
}

/* It follows no target any more, or not now: what its driver said last is past. */
static bool is_out_of_reach(const struct hb_domain *domain)
{
	const char *what, *remedy;

	return hb_refusal_of_state(domain->state, &what, &remedy);
}

void hb_explain_domain(struct hb_explanation *explanation, const struct hb_follow *follow)
{
	const struct hb_domain *domain = &explanation->domain;
	char held[HB_SIZE_TEXT];

	say_state(explanation);
	if (is_out_of_reach(domain)) {
		say(explanation, "it holds %s by Xen's count", hb_size_human(domain->actual_kib, held));
	} else {
		say_position(explanation, follow);
		say_cause(explanation, follow);
		say_who_decides(explanation);
		say_room(explanation);
	}
	hb_examine_domain(domain, &explanation->limits, NULL, follow, &explanation->findings);
}
