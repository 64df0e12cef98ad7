/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "advice.h"
#include "error.h"
#include "examine.h"
#include "limit.h"
#include "overhead.h"
#include "wait.h"

const char *hb_severity_name(enum hb_severity severity)
{
	static const char *const names[HB_SEVERITY_COUNT] = {
		[HB_NOTE] = "note", [HB_WARNING] = "warning", [HB_FAULT] = "fault",
	};

	return names[severity];
}

static const struct {
	const char *word, *meaning;
} kinds[HB_FINDING_COUNT] = {
#define ROW(name, word, meaning) [HB_FINDING_##name] = { word, meaning },
	HB_FINDINGS(ROW)
#undef ROW
};

const char *hb_finding_name(enum hb_finding_kind kind)
{
	return kinds[kind].word;
}

const char *hb_finding_meaning(enum hb_finding_kind kind)
{
	return kinds[kind].meaning;
}

struct hb_finding *hb_examine_add(struct hb_findings *findings, enum hb_severity severity,
				  enum hb_finding_kind kind, const char *format, ...)
{
	struct hb_finding *finding;
	va_list args;

	/* The last place is written again and again; no domain has that much wrong with it. */
	if (findings->count == HB_FINDINGS_MAX)
		findings->count--;
	finding = &findings->list[findings->count++];
	*finding = (struct hb_finding){ .severity = severity, .kind = kind, .what = hb_finding_name(kind) };
	va_start(args, format);
	vsnprintf(finding->message, sizeof(finding->message), format, args);
	va_end(args);
	hb_text_clean(finding->message);
	return finding;
}

static struct hb_finding *__attribute__((format(printf, 2, 3))) remedy(struct hb_finding *finding,
								       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->remedy, sizeof(finding->remedy), format, args);
	va_end(args);
	return finding;
}

/* A size that the library takes. */
static uint64_t whole_up(uint64_t kib)
{
	return (kib + HB_PAGE_KIB - 1) / HB_PAGE_KIB * HB_PAGE_KIB;
}

/* The size that it shall have, as one that the library takes. */
static uint64_t own_size(const struct hb_domain *domain)
{
	return whole_up(domain->target.value + domain->videoram_kib);
}

/* Does Xen's limit keep it from its size, whatever its driver makes of that? */
static bool is_limited(const struct hb_domain *domain)
{
	return domain->target.presence == HB_PRESENT &&
	       domain->maxmem_kib < domain->target.value + domain->videoram_kib;
}

static bool is_running(const struct hb_domain *domain)
{
	return domain->state == HB_DOMAIN_RUNNING || domain->state == HB_DOMAIN_PAUSED;
}

static void examine_keys(const struct hb_domain *domain, struct hb_findings *findings)
{
	char who[HB_WHO_TEXT], target[HB_SIZE_TEXT], max[HB_SIZE_TEXT];

	hb_who(domain, who);
	if (domain->target.presence == HB_INVALID || domain->static_max.presence == HB_INVALID) {
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_INVALID_KEY,
				      "the target or the maximum of %s in xenstore is no number", who),
		       "set an absolute size");
		return;
	}
	if (domain->target.presence == HB_ABSENT || domain->static_max.presence == HB_ABSENT) {
		if (domain->domid)
			remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_NO_TARGET,
					      "%s has no target or no maximum in xenstore: it was made by a toolstack that does not size it", who),
			       "let libxl or xapi make it: they write what a size is set by");
		return;
	}
	if (domain->headroom.presence == HB_INVALID)
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_INVALID_KEY,
				      "the headroom of %s in xenstore is no number: nothing is granted", who),
		       "grant it again");
	if (domain->static_max.value < domain->target.value)
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_MAX_BELOW_TARGET,
				      "the maximum of %s (static-max, %s) is below its target of %s", who,
				      hb_size_human(domain->static_max.value, max),
				      hb_size_human(domain->target.value, target)),
		       "set the size again")->size_kib = own_size(domain);
}

static void examine_maxmem(const struct hb_domain *domain, struct hb_findings *findings)
{
	uint64_t size = domain->target.value + domain->videoram_kib;
	uint64_t max = domain->static_max.value + domain->videoram_kib;
	uint64_t top = (max > size ? max : size) + domain->headroom.value + HB_MAXMEM_SLACK_KIB;
	char who[HB_WHO_TEXT], limit[HB_SIZE_TEXT], text[HB_SIZE_TEXT], room[HB_SIZE_TEXT];

	if (domain->target.presence != HB_PRESENT || domain->static_max.presence != HB_PRESENT)
		return;
	hb_who(domain, who);
	hb_size_human(domain->maxmem_kib, limit);
	if (is_limited(domain))
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_MAXMEM_BELOW_TARGET,
				      "Xen's limit for %s (maxmem, %s) is below its size of %s: it cannot get there",
				      who, limit, hb_size_human(size, text)),
		       "set the size again")->size_kib = own_size(domain);
	else if (domain->headroom.value && domain->maxmem_kib < size + domain->headroom.value)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_MAXMEM_BELOW_TARGET,
				      "Xen's limit for %s (maxmem, %s) leaves no room for its headroom of %s above its size of %s",
				      who, limit, hb_size_human(domain->headroom.value, room),
				      hb_size_human(size, text)),
		       "set the size again")->size_kib = own_size(domain);
	else if (domain->domid && domain->maxmem_kib > top && domain->maxmem_kib > domain->actual_kib)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_MAXMEM_TOO_HIGH,
				      "Xen lets %s take %s, more than its maximum of %s", who, limit,
				      hb_size_human(domain->static_max.value, text)),
		       "set the size again, that takes the limit to its place")->size_kib = own_size(domain);
}

static void examine_pool(const struct hb_domain *domain, struct hb_findings *findings)
{
	uint64_t need = hb_overhead_pool_kib(domain->type, domain->hap, domain->vcpus,
					     domain->static_max.value);
	uint64_t size = domain->target.value + domain->videoram_kib;
	uint64_t max_kib = domain->static_max.value, floor, ceiling;
	char who[HB_WHO_TEXT], has[HB_SIZE_TEXT], wants[HB_SIZE_TEXT], max[HB_SIZE_TEXT];

	if (domain->pool.presence != HB_PRESENT || domain->static_max.presence != HB_PRESENT ||
	    domain->type == HB_TYPE_PV || domain->pool.value >= need)
		return;
	/* A maximum that the command takes: neither beyond what it can be, nor below what it is. */
	hb_limits_bounds(domain, &floor, &ceiling);
	ceiling -= ceiling % HB_PAGE_KIB;
	max_kib = max_kib < ceiling ? max_kib : ceiling;
	max_kib = max_kib > size ? max_kib : size;
	remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_SMALL_POOL,
			      "the paging pool of %s is %s and a guest of up to %s needs %s: Xen may fail to map its memory",
			      hb_who(domain, who), hb_size_human(domain->pool.value, has),
			      hb_size_human(domain->static_max.value, max), hb_size_human(need, wants)),
	       "set its maximum again, that enlarges it")->size_kib = whole_up(max_kib);
}

static void examine_state(const struct hb_domain *domain, struct hb_findings *findings)
{
	char who[HB_WHO_TEXT], held[HB_SIZE_TEXT];

	hb_who(domain, who);
	hb_size_human(domain->actual_kib, held);
	if (domain->state == HB_DOMAIN_DYING)
		remedy(hb_examine_add(findings, HB_NOTE, HB_FINDING_DYING, "%s is being destroyed and still holds %s",
				      who, held),
		       "if that stays so, end what has its memory mapped: a backend, a device model, a debugger");
	else if (domain->state == HB_DOMAIN_CRASHED)
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_CRASHED, "%s has crashed and holds %s", who,
				      held), "destroy it when you have looked at it");
	else if (domain->state == HB_DOMAIN_PAUSED)
		remedy(hb_examine_add(findings, HB_NOTE, HB_FINDING_PAUSED,
				      "%s is paused and cannot follow a target", who),
		       "let it run");
	if (domain->vnodes)
		remedy(hb_examine_add(findings, HB_NOTE, HB_FINDING_VIRTUAL_NUMA,
				      "%s has %u virtual NUMA nodes and keeps its size", who, domain->vnodes),
		       "size it in its configuration");
}

/* A report that is not what the contract says: the guest's driver is broken, or lies. */
static void examine_report(const struct hb_domain *domain, struct hb_findings *findings)
{
	const struct hb_report *report = &domain->report;
	bool invalid = false;
	char who[HB_WHO_TEXT], says[HB_SIZE_TEXT], has[HB_SIZE_TEXT];

	hb_who(domain, who);
#define JUDGE(NAME, field, kind, json) invalid |= report->field.presence == HB_INVALID;
	HB_REPORT_ROWS(JUDGE)
#undef JUDGE
	if (report->version.value != HB_REPORT_VERSION)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_VERSION_SKEW,
				      "the driver of %s reports by version %" PRIu64
				      " of the contract, this tool knows %d", who, report->version.value,
				      HB_REPORT_VERSION),
		       "update the older of the two; what both know works");
	if (invalid)
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_INVALID_REPORT,
				      "the driver of %s reports something that is not in the contract", who),
		       "look at the guest; its report counts for nothing there");
	else if (report->current.presence == HB_PRESENT && !hb_wait_believes(domain))
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_WRONG_REPORT,
				      "the driver of %s says that it holds %s and Xen counts %s", who,
				      hb_size_human(report->current.value, says),
				      hb_size_human(domain->actual_kib, has)),
		       "look at the guest; Xen's number is the one that counts");
}

/* Does it wait, and say for what? */
static bool says_why(const struct hb_report *report)
{
	return report->state.presence == HB_PRESENT && report->state.value == HB_STATE_WAITING &&
	       report->cause.presence == HB_PRESENT;
}

/* To its driver a limit of Xen's below the target is a host that has no memory. */
static void examine_cause(const struct hb_domain *domain, struct hb_findings *findings)
{
	enum hb_cause cause = domain->report.cause.value;
	bool limit = (cause == HB_CAUSE_HOST_OUT_OF_MEMORY || cause == HB_CAUSE_ABOVE_MAX) &&
		     is_limited(domain);
	struct hb_finding *finding;
	char who[HB_WHO_TEXT];

	finding = hb_examine_add(findings, HB_WARNING, HB_FINDING_STUCK, "%s has not reached its target: %s (%s)",
				 hb_who(domain, who), hb_advice_what(cause),
				 hb_report_cause_name(&domain->report.cause));
	remedy(finding, "%s", limit ? "set the size again, which raises Xen's limit" :
	       hb_advice_remedy(cause));
	finding->size_kib = limit ? own_size(domain) : 0;
}

static void examine_driver(const struct hb_domain *domain, struct hb_findings *findings)
{
	const struct hb_report *report = &domain->report;
	char who[HB_WHO_TEXT];

	hb_who(domain, who);
	if (domain->driver == HB_DRIVER_UNKNOWN)
		remedy(hb_examine_add(findings, HB_NOTE, HB_FINDING_NO_REPORT,
				      "%s reports nothing: it runs the kernel's balloon driver, or none", who),
		       "load xen-hotballoon in it to know why it is short, and to grow it safely");
	if (domain->driver != HB_DRIVER_HOTBALLOON)
		return;
	examine_report(domain, findings);
	if (says_why(report))
		examine_cause(domain, findings);
}

static void examine_distress(const struct hb_domain *domain, struct hb_findings *findings)
{
	uint64_t lacking = domain->report.distress.value;
	uint64_t has = domain->target.value + domain->videoram_kib + hb_rescued_kib(domain);
	char who[HB_WHO_TEXT], size[HB_SIZE_TEXT];

	if (!lacking)
		return;
	remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_DISTRESS,
			      "%s lacks %s now: its kernel may kill processes for want of it",
			      hb_who(domain, who), hb_size_human(lacking, size)),
	       "let it have more")->size_kib = whole_up(has + lacking);
}

/* No harm, and no lasting state: its target is too small for it. */
static void examine_rescued(const struct hb_domain *domain, struct hb_findings *findings)
{
	uint64_t rescued = hb_rescued_kib(domain);
	char who[HB_WHO_TEXT], size[HB_SIZE_TEXT], room[HB_SIZE_TEXT];

	if (!rescued)
		return;
	remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_RESCUED,
			      rescued > domain->headroom.value ?
			      "%s says that it has taken %s above its target in need, and may take %s" :
			      "%s has taken %s above its target in need; its headroom is %s",
			      hb_who(domain, who), hb_size_human(rescued, size),
			      hb_size_human(domain->headroom.value, room)),
	       "set a larger size, or it gives that back when the need is over")->size_kib =
		whole_up(domain->target.value + domain->videoram_kib + rescued);
}

/* Away from its target, and nobody has said yet why. */
static void examine_follow(const struct hb_domain *domain, const struct hb_follow *follow,
			   struct hb_findings *findings)
{
	const struct hb_report *report = &domain->report;
	bool reports = domain->driver == HB_DRIVER_HOTBALLOON && report->state.presence == HB_PRESENT;
	char who[HB_WHO_TEXT], held[HB_SIZE_TEXT], off[HB_SIZE_TEXT], size[HB_SIZE_TEXT];
	char goal[HB_SIZE_TEXT];

	if (follow->kind != HB_FOLLOW_STALE && (follow->kind != HB_FOLLOW_RESTS || says_why(report)))
		return;
	hb_who(domain, who);
	hb_size_human(domain->actual_kib, held);
	hb_size_human(follow->gap_kib, off);
	hb_size_human(domain->target.value + domain->videoram_kib, size);
	if (follow->kind == HB_FOLLOW_STALE)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_STALE_REPORT,
				      "%s holds %s, %s %s its size of %s, and does not move: its driver acts on another target, %s",
				      who, held, off, follow->above ? "above" : "short of", size,
				      hb_size_human(report->goal.value, goal)),
		       "%s", hb_advice_stale_report());
	else
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_NOT_FOLLOWING,
				      "%s holds %s, %s %s its size of %s, and does not move%s%s", who, held,
				      off, follow->above ? "above" : "short of", size,
				      reports ? "; its driver says that it is " : "",
				      reports ? hb_report_state_name(&report->state) : ""),
		       "%s", reports ? "look at the guest's kernel log: does it, or its driver, hang?" :
		       hb_advice_no_report());
}

/* What a save or a migration has done to it, and would do. */
static void examine_still(const struct hb_domain *domain, struct hb_findings *findings)
{
	const struct hb_word *state = &domain->report.state;
	bool moves = state->presence == HB_PRESENT && state->value == HB_STATE_SHRINKING;
	char who[HB_WHO_TEXT], held[HB_SIZE_TEXT], target[HB_SIZE_TEXT];
	uint64_t size_kib;

	hb_who(domain, who);
	if (domain->still == HB_STILL_HELD)
		remedy(hb_examine_add(findings, HB_NOTE, HB_FINDING_KEPT_STILL,
				      "%s is kept still, to be saved or migrated", who),
		       "wait until that has ended; it gets no other size before");
	else if (domain->still == HB_STILL_LEFT)
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_LEFT_STILL,
				      "%s is told to keep its memory as it is, by a process that has ended without taking that back", who),
		       "set its size again, that takes it back")->size_kib =
			own_size(domain);
	if (hb_would_be_lost(domain, &size_kib))
		remedy(hb_examine_add(findings, moves ? HB_NOTE : HB_WARNING, HB_FINDING_WOULD_BE_LOST,
				      "%s holds %s and its target is %s: a save or a migration now would lose it, as the new domain gets room for its target only",
				      who, hb_size_human(domain->actual_kib, held),
				      hb_size_human(domain->target.value, target)),
		       "wait if it still comes down; if not, set the size that it holds")->size_kib =
			size_kib;
}

/* Why managers leave it alone: a twin's size is a person's only because of that. */
static void examine_automatic(const struct hb_domain *domain, const struct hb_limits *limits,
			      const struct hb_domain *twin, struct hb_findings *findings)
{
	char who[HB_WHO_TEXT], other[HB_WHO_TEXT];
	const char *why;

	hb_who(domain, who);
	if (twin)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_SAME_UUID,
				      "%s (domain %u) and %s (domain %u) have the same uuid, %s, and with it the same limits: neither is sized",
				      who, domain->domid, hb_who(twin, other), twin->domid, domain->uuid),
		       "%s", hb_advice_same_uuid());
	else if (!hb_limits_automatic(domain, limits, &why))
		remedy(hb_examine_add(findings, HB_NOTE, HB_FINDING_PINNED, "%s is not sized automatically: %s",
				      who, why),
		       "say that it may be sized again");
}

static void examine_limits(const struct hb_domain *domain, const struct hb_limits *limits,
			   const struct hb_domain *twin, struct hb_findings *findings)
{
	uint64_t size = domain->target.value + domain->videoram_kib;
	struct hb_range range;
	char who[HB_WHO_TEXT], now[HB_SIZE_TEXT], min[HB_SIZE_TEXT], max[HB_SIZE_TEXT];

	if (limits->mode != HB_MODE_AUTO || domain->target.presence != HB_PRESENT)
		return;
	hb_who(domain, who);
	range = hb_limits_range(domain, limits);
	if (size < range.min_kib || size > range.max_kib)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_OUTSIDE_LIMITS,
				      "the size of %s, %s, is outside of its limits of %s to %s", who,
				      hb_size_human(size, now), hb_size_human(range.min_kib, min),
				      hb_size_human(range.max_kib, max)),
		       "set a size between them, or change them");
	examine_automatic(domain, limits, twin, findings);
}

static void examine_all(const struct hb_domain *domain, const struct hb_limits *limits,
			const struct hb_domain *twin, const struct hb_follow *follow, struct hb_findings *findings)
{
	examine_state(domain, findings);
	if (!is_running(domain) || domain->service)
		return;
	examine_keys(domain, findings);
	examine_maxmem(domain, findings);
	/* Xen sizes the pool of domain 0, and the kernel there has no driver of ours. */
	if (domain->domid) {
		examine_pool(domain, findings);
		examine_driver(domain, findings);
		examine_distress(domain, findings);
		examine_rescued(domain, findings);
		examine_follow(domain, follow, findings);
		examine_still(domain, findings);
	}
	examine_limits(domain, limits, twin, findings);
}

void hb_examine_domain(const struct hb_domain *domain, const struct hb_limits *limits,
		       const struct hb_domain *twin, const struct hb_follow *follow,
		       struct hb_findings *findings)
{
	examine_all(domain, limits, twin, follow, findings);
	for (unsigned int i = 0; i < findings->count; i++) {
		findings->list[i].of_domain = true;
		findings->list[i].domid = domain->domid;
	}
}

void hb_examine_file(const struct hb_error *damage, struct hb_findings *findings)
{
	remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_DAMAGED_FILE, "%s", damage->message), "%s",
	       damage->remedy);
}

/* Two that size the same domains undo each other's work for ever. */
static void examine_managers(const struct hb_examination *domains, size_t count,
			     struct hb_findings *findings)
{
	unsigned int squeezed = 0, qmemman = 0;

	for (size_t i = 0; i < count; i++) {
		squeezed += domains[i].domain.squeezed;
		qmemman += domains[i].domain.qmemman;
	}
	if (squeezed)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_SECOND_MANAGER,
				      "xapi's squeezed manages %u of the domains", squeezed),
		       "set sizes through xapi, or they are changed back");
	if (qmemman)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_SECOND_MANAGER,
				      "the qmemman of Qubes OS manages %u of the domains", qmemman),
		       "exclude a domain from qmemman before you size it");
}

void hb_examine_host(const struct hb_host_memory *host, const struct hb_examination *domains,
		     size_t count, struct hb_findings *findings)
{
	uint64_t free_kib = host->free_kib + host->scrub_kib;
	uint64_t taken = host->claimed_kib + host->reserved_kib + host->promised_kib;
	char a[HB_SIZE_TEXT], b[HB_SIZE_TEXT];

	if (taken > free_kib)
		remedy(hb_examine_add(findings, HB_FAULT, HB_FINDING_PROMISED_TOO_MUCH,
				      "%s are claimed, reserved or promised and %s are free",
				      hb_size_human(taken, a), hb_size_human(free_kib, b)),
		       "shrink a guest, or release a reservation: some will not get what they were told");
	else if (taken + host->reserve_kib > free_kib)
		remedy(hb_examine_add(findings, HB_WARNING, HB_FINDING_LOW_RESERVE,
				      "%s are left for the host itself, less than %s",
				      hb_size_human(free_kib - taken, a),
				      hb_size_human(host->reserve_kib, b)),
		       "shrink a guest");
	examine_managers(domains, count, findings);
}
