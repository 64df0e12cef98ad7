/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metrics.h"

#include <inttypes.h>

#include "account.h"
#include "minmax.h"

#define BYTES(kib) ((kib) * 1024)

static void print_head(const char *name, const char *type, const char *help, FILE *out)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_one(const char *name, const char *type, uint64_t value, const char *help, FILE *out)
{
	print_head(name, type, help, out);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* ----------------------------------------------------------------- the host */

static void print_host(const struct hb_control *control, FILE *out)
{
	const struct hb_host_memory *host = control->host;
	const struct {
		const char *name;
		uint64_t kib;
		const char *help;
	} rows[] = {
		{ "memory", host->total_kib, "Memory that Xen has." },
		{ "free", host->free_kib + host->scrub_kib, "Free memory, also what Xen still clears." },
		{ "available", hb_host_available_kib(host),
		  "Free memory to give: without what is claimed, reserved, promised or kept." },
		{ "reclaimable", control->reclaimable_kib,
		  "Memory that could be had back from guests that managers may size and that do not need it." },
		{ "claimed", host->claimed_kib, "Memory set aside in Xen for domains that exist." },
		{ "reserved", host->reserved_kib, "Memory set aside for domains that do not exist yet." },
		{ "promised", host->promised_kib, "Memory that targets are above what domains hold." },
		{ "kept", host->reserve_kib, "Memory that the host keeps for itself." },
		{ "short", hb_account_short_kib(host, 0),
		  "So much more than is free is claimed, reserved, promised or kept." },
		{ "minima_short", control->short_kib,
		  "So much more than there is for them are the minima of guests that managers may size." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[64];

		snprintf(name, sizeof(name), "hotballoon_host_%s_bytes", rows[i].name);
		print_one(name, "gauge", BYTES(rows[i].kib), rows[i].help, out);
	}
}

/* -------------------------------------------------------------- the domains */

struct domain {
	const struct hb_controlled *controlled;
	const struct hb_balanced *balanced;
};

static struct hb_number known(uint64_t value)
{
	return (struct hb_number){ HB_PRESENT, value };
}

/* A guest can say anything; of what no guest can have nothing is said. */
static struct hb_number bytes_of(const struct hb_number *kib)
{
	if (kib->value > HB_SIZE_MAX_KIB)
		return (struct hb_number){ HB_INVALID, 0 };
	return (struct hb_number){ kib->presence, BYTES(kib->value) };
}

static struct hb_number actual(const struct domain *one)
{
	return known(BYTES(one->controlled->domain->actual_kib));
}

static struct hb_number target(const struct domain *one)
{
	const struct hb_domain *domain = one->controlled->domain;

	return (struct hb_number){ domain->target.presence, BYTES(domain->target.value + domain->videoram_kib) };
}

static struct hb_number min(const struct domain *one)
{
	return known(BYTES(one->controlled->range.min_kib));
}

static struct hb_number max(const struct domain *one)
{
	return known(BYTES(one->controlled->range.max_kib));
}

/* A driver may leave the sum out, and say what it is of. */
static struct hb_number demand(const struct domain *one)
{
	const struct hb_usage *usage = &one->balanced->heard;
	const uint32_t enough = HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE;
	struct hb_number used = one->controlled->domain->used;

	if (used.presence != HB_PRESENT && (usage->known & enough) == enough)
		used = known(less(usage->total, usage->available) + less(usage->swap_total, usage->swap_free));
	return bytes_of(&used);
}

/* Who speaks of what it has, and does not say that it lacks anything, lacks nothing. */
static struct hb_number distress_now(const struct domain *one)
{
	const struct hb_domain *domain = one->controlled->domain;

	if (domain->report.distress.presence == HB_ABSENT && domain->driver == HB_DRIVER_HOTBALLOON)
		return known(0);
	return bytes_of(&domain->report.distress);
}

static struct hb_number oom_kills(const struct domain *one)
{
	return one->controlled->domain->report.stats[HB_STAT_OOM_KILLS];
}

static struct hb_number stalls(const struct domain *one)
{
	return one->controlled->domain->report.stats[HB_STAT_ALLOC_STALLS];
}

static struct hb_number automatic(const struct domain *one)
{
	const char *why;

	return known(hb_limits_automatic(one->controlled->domain, one->controlled->limits, &why));
}

static struct hb_number distresses(const struct domain *one)
{
	return known(one->balanced->distresses);
}

static struct hb_number yes(const struct domain *one)
{
	(void)one;
	return known(1);
}

/* Always one, so that an alert can join it: also of who cannot say any. */
static const char *cause(const struct domain *one)
{
	const struct hb_domain *domain = one->controlled->domain;

	if (domain->driver != HB_DRIVER_HOTBALLOON)
		return "no-report";
	return domain->report.cause.presence == HB_ABSENT ? "none" : hb_report_cause_name(&domain->report.cause);
}

static const char *reason(const struct domain *one)
{
	return hb_motive_word(one->controlled->reason);
}

static const struct family {
	const char *name, *type;
	struct hb_number (*value)(const struct domain *one);	/* absent or invalid: no line */
	const char *label;			/* NULL: no more than those of the domain */
	const char *(*word)(const struct domain *one);
	bool of_manager;			/* nobody else knows */
	const char *help;
} families[] = {
	{ "actual_bytes", "gauge", actual, NULL, NULL, false, "Memory that the domain has." },
	{ "target_bytes", "gauge", target, NULL, NULL, false,
	  "Memory that it shall have, video memory included." },
	{ "min_bytes", "gauge", min, NULL, NULL, false, "Managers never make it smaller." },
	{ "max_bytes", "gauge", max, NULL, NULL, false, "Managers never make it larger." },
	{ "demand_bytes", "gauge", demand, NULL, NULL, false, "Memory that it says it uses, its swap included." },
	{ "distress_bytes", "gauge", distress_now, NULL, NULL, false,
	  "Memory that it says it lacks now to go on without killing processes." },
	{ "distress_total", "counter", distresses, NULL, NULL, true, "So often it was in distress." },
	{ "oom_kills_total", "counter", oom_kills, NULL, NULL, false,
	  "Processes that its kernel killed for want of memory, since it was booted." },
	{ "alloc_stalls_total", "counter", stalls, NULL, NULL, false,
	  "Allocations that had to free memory themselves, since it was booted." },
	{ "automatic", "gauge", automatic, NULL, NULL, false, "1: managers may size it." },
	{ "cause", "gauge", yes, "cause", cause, false,
	  "Why it is not at its target, as its driver says: 1 for the one that it is." },
	{ "reason", "gauge", yes, "reason", reason, true,
	  "Why hotballoond has given it its size, or none: 1 for the one that it is." },
};

/* As the format has it. Names are anybody's. */
static void print_escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			putc(*text, out);
	}
}

static void print_labels(const struct hb_domain *domain, FILE *out)
{
	fprintf(out, "domid=\"%u\",name=\"", domain->domid);
	print_escaped(domain->name, out);
	fputs("\",uuid=\"", out);
	print_escaped(domain->uuid, out);
	putc('"', out);
}

static void print_family(const struct hb_balance *balance, const struct family *family, FILE *out)
{
	char name[64];

	snprintf(name, sizeof(name), "hotballoon_domain_%s", family->name);
	print_head(name, family->type, family->help, out);
	for (size_t i = 0; i < balance->control.count; i++) {
		const struct domain one = { &balance->control.domains[i], &balance->all[i] };
		struct hb_number value;

		/* Nothing is decided of it yet. */
		if (!one.controlled->domain)
			continue;
		value = family->value(&one);
		if (value.presence != HB_PRESENT)
			continue;
		fprintf(out, "%s{", name);
		print_labels(one.controlled->domain, out);
		if (family->label)
			fprintf(out, ",%s=\"%s\"", family->label, family->word(&one));
		fprintf(out, "} %" PRIu64 "\n", value.value);
	}
}

static void print_manager(const struct hb_metrics_manager *manager, FILE *out)
{
	print_one("hotballoon_manager_connected", "gauge", manager->connected,
		  "1: Xen and xenstore answer hotballoond.", out);
	print_one("hotballoon_manager_writes_total", "counter", manager->writes,
		  "Sizes that hotballoond has set.", out);
	print_one("hotballoon_manager_refused_total", "counter", manager->refused,
		  "Sizes that it could not set.", out);
}

void hb_metrics_print(const struct hb_balance *balance, const struct hb_metrics_manager *manager,
		      FILE *out)
{
	if (manager)
		print_manager(manager, out);
	if (!balance->control.host || (manager && !manager->connected))
		return;
	print_host(&balance->control, out);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (manager || !families[i].of_manager)
			print_family(balance, &families[i], out);
	}
}
