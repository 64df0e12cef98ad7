/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "error.h"
#include "minmax.h"
#include "overhead.h"
#include "plan.h"
#include "refusal.h"

/*
 * The smallest size that a guest without our driver is shrunk to: the kernel's
 * own driver has no floor, and a Linux guest of 512M driven to 90M was measured
 * to panic. Our driver stops at its floor by itself.
 */
#define UNGUARDED_MIN_KIB (128 * 1024)
/* libxl's own limit for domain 0 (LIBXL_MIN_DOM0_MEM), and what xapi gives it at least. */
#define DOMAIN_0_LEAST_KIB (128 * 1024)
#define DOMAIN_0_MIN_KIB (1024 * 1024)
/* What it keeps above what it uses now: a device model, a toolstack and their buffers. */
#define DOMAIN_0_SPARE_KIB (128 * 1024)
/*
 * What few kernels keep more than, of a guest's size: this, what is kept for one that is loaded
 * after a crash included, and a struct page (64 bytes) for each page that the guest may get.
 */
#define KERNEL_KIB (256 * 1024)
#define PAGES_PER_PAGE_OF_STRUCTS 64

const char *hb_step_name(enum hb_step_kind kind)
{
	static const char *const names[HB_STEP_COUNT] = {
		[HB_STEP_POOL] = "paging-pool",
		[HB_STEP_MAXMEM] = "maxmem",
		[HB_STEP_POD] = "pod-target",
		[HB_STEP_STATIC_MAX] = "static-max",
		[HB_STEP_TARGET] = "target",
		[HB_STEP_VM_MEMORY] = "vm-memory",
		[HB_STEP_HEADROOM] = "headroom",
	};

	return names[kind];
}

/* What Xen must let it hold with that size. */
static uint64_t maxmem_for(const struct hb_domain *domain, uint64_t size_kib)
{
	return size_kib + domain->headroom.value + HB_MAXMEM_SLACK_KIB;
}

/* As Xen keeps a limit. Targets of other tools can be anything. */
static uint64_t whole_pages(uint64_t kib)
{
	return kib - kib % HB_PAGE_KIB;
}

static uint64_t current_size(const struct hb_domain *domain)
{
	return domain->target.value + domain->videoram_kib;
}

/* Without a target that is a number, smaller than what it holds. */
static bool is_smaller(const struct hb_domain *domain, uint64_t target_kib)
{
	return domain->target.presence == HB_PRESENT ? target_kib < domain->target.value :
	       target_kib + domain->videoram_kib < domain->actual_kib;
}

/* The size asked for, whole pages; 0 if the change takes everything. */
static uint64_t resolve_size(uint64_t from_kib, const struct hb_size *size)
{
	uint64_t now = whole_pages(from_kib);
	uint64_t change = size->amount;

	if (size->kind == HB_SIZE_ABSOLUTE)
		return size->amount;
	if (size->kind == HB_SIZE_PERCENT) {
		change = now / 100 * size->amount + now % 100 * size->amount / 100;
		change = whole_pages(change);
	}
	if (!size->negative)
		return now + change;
	return change < now ? now - change : 0;
}

static enum hb_code refuse(struct hb_error *error, enum hb_reason reason,
			   const struct hb_domain *domain, const char *what, const char *remedy)
{
	char who[HB_WHO_TEXT];

	hb_fail(error, reason, "%s %s", hb_who(domain, who), what);
	hb_remedy(error, "%s", remedy);
	hb_about(error, domain, 0);
	return error->code;
}

static enum hb_code check_state(const struct hb_domain *domain, struct hb_error *error)
{
	const char *what, *remedy;

	if (domain->service)
		return hb_refuse_service(domain, error);
	if (hb_refusal_of_state(domain->state, &what, &remedy))
		return refuse(error, hb_refusal_reason(domain->state), domain, what, remedy);
	/* A target that is written while it is copied is lost, or ends the migration. */
	if (domain->still == HB_STILL_HELD)
		return hb_refuse_held(domain, error);
	if (domain->vnodes)
		return refuse(error, HB_REASON_VIRTUAL_NUMA, domain, "has virtual NUMA nodes: what "
			      "it gives and takes would come from any of them, and the layout it was promised would be lost",
			      "size it in its configuration and start it again");
	if (domain->target.presence == HB_ABSENT || domain->static_max.presence == HB_ABSENT)
		return refuse(error, HB_REASON_NO_TARGET, domain,
			      "has no target or no static-max in xenstore",
			      "it is being built, or was not made by libxl or xapi");
	return HB_OK;
}

struct hb_domain hb_plan_complete(const struct hb_domain *domain)
{
	struct hb_domain whole = *domain;

	if (domain->domid)
		return whole;
	if (domain->target.presence == HB_ABSENT)
		whole.target = (struct hb_number){ HB_PRESENT, domain->actual_kib };
	if (domain->static_max.presence == HB_ABSENT)
		whole.static_max = (struct hb_number){ HB_PRESENT, domain->maxmem_kib };
	return whole;
}

uint64_t hb_plan_unsettled_kib(const struct hb_domain *domain)
{
	return domain->pod && domain->pod_entries_kib > domain->pod_cache_kib ?
	       domain->pod_entries_kib - domain->pod_cache_kib : 0;
}

/* Was its word said of a larger one than it is now? An agent may speak once a minute. */
static bool is_outdated(const struct hb_domain *domain)
{
	return domain->total.presence == HB_PRESENT &&
	       (domain->total.value > domain->actual_kib ||
		domain->actual_kib - domain->total.value < domain->videoram_kib);
}

/*
 * What the kernel of one whose word is outdated keeps at most: all that the guest can have had
 * beside that, or what few keep more than. Our driver stops at its floor by itself.
 */
static uint64_t may_keep_kib(const struct hb_domain *domain)
{
	uint64_t most_kib = KERNEL_KIB + domain->static_max.value / PAGES_PER_PAGE_OF_STRUCTS;
	uint64_t rest_kib = domain->static_max.value > domain->total.value ?
			    domain->static_max.value - domain->total.value : most_kib;

	if (domain->driver == HB_DRIVER_HOTBALLOON)
		return 0;
	return smaller(rest_kib, most_kib);
}

/* Of its size, what is not in its word of what it uses: what the guest's kernel keeps for itself. */
static uint64_t unseen_kib(const struct hb_domain *domain)
{
	if (!domain->domid)
		return DOMAIN_0_SPARE_KIB;
	if (domain->total.presence != HB_PRESENT)
		return domain->videoram_kib;
	if (is_outdated(domain))
		return domain->videoram_kib + may_keep_kib(domain);
	return domain->actual_kib - domain->total.value;
}

uint64_t hb_plan_used_kib(const struct hb_domain *domain)
{
	return domain->used.presence == HB_PRESENT ? domain->used.value + unseen_kib(domain) : 0;
}

void hb_plan_heed_kept(struct hb_domain *domain, uint64_t *kept_kib)
{
	if (domain->total.presence != HB_PRESENT)
		return;
	if (!is_outdated(domain) && domain->actual_kib - domain->total.value > *kept_kib)
		*kept_kib = domain->actual_kib - domain->total.value;
	if (*kept_kib && *kept_kib < domain->actual_kib &&
	    domain->total.value > domain->actual_kib - *kept_kib)
		domain->total.value = domain->actual_kib - *kept_kib;
}

static enum hb_code refuse_used(const struct hb_domain *domain, uint64_t target_kib,
				struct hb_error *error)
{
	char who[HB_WHO_TEXT], used[HB_SIZE_TEXT], target[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_IN_USE, "%s uses %s now: with %s it may run out of memory, and the whole host with it",
		hb_who(domain, who), hb_size_human(domain->used.value, used),
		hb_size_human(target_kib, target));
	hb_remedy(error, "end what uses its memory, or set at least %s",
		  hb_at_least(hb_plan_used_kib(domain), used));
	return HB_E_REFUSED;
}

/* Domain 0 runs the kernel's driver, and the host does not survive its death. */
static enum hb_code check_domain_0(const struct hb_domain *domain, uint64_t target_kib, bool force,
				   struct hb_error *error)
{
	if (domain->domid)
		return HB_OK;
	if (target_kib > domain->static_max.value)
		return refuse(error, HB_REASON_ABOVE_BOOT, domain,
			      "cannot grow beyond what it was booted with",
			      "boot Xen with a larger dom0_mem=max:");
	if (target_kib < DOMAIN_0_LEAST_KIB)
		return refuse(error, HB_REASON_DOMAIN_0_LEAST, domain,
			      "does not live with less than 128M", "set at least 1G");
	if (!force && target_kib < DOMAIN_0_MIN_KIB && is_smaller(domain, target_kib))
		return refuse(error, HB_REASON_BELOW_LEAST, domain,
			      "may run out of memory with less than 1G, and the whole host with it",
			      "set at least 1G");
	if (!force && target_kib < hb_plan_used_kib(domain) && is_smaller(domain, target_kib))
		return refuse_used(domain, target_kib, error);
	return HB_OK;
}

static enum hb_code check_size(const struct hb_domain *domain, uint64_t size_kib,
			       struct hb_error *error)
{
	char who[HB_WHO_TEXT], now[HB_SIZE_TEXT], top[HB_SIZE_TEXT];

	if (size_kib > HB_SIZE_MAX_KIB) {
		hb_fail(error, HB_REASON_TOO_LARGE, "%s would get more than %s", hb_who(domain, who),
			hb_size_format(HB_SIZE_MAX_KIB, top));
		hb_remedy(error, "its size is %s now", hb_size_human(current_size(domain), now));
		return HB_E_USAGE;
	}
	if (size_kib <= domain->videoram_kib) {
		hb_fail(error, HB_REASON_NOTHING_LEFT, "%s would be left with no memory", hb_who(domain, who));
		hb_remedy(error, "its size is %s now, %s of it video memory",
			  hb_size_human(current_size(domain), now),
			  hb_size_human(domain->videoram_kib, top));
		return HB_E_REFUSED;
	}
	return HB_OK;
}

/* hb_size_parse() gives no other ones; a program can. */
static enum hb_code check_amount(const struct hb_size *size, struct hb_error *error)
{
	bool percent = size->kind == HB_SIZE_PERCENT;
	/* What is too large as a size, check_size() says. */
	uint64_t most = percent ? HB_PERCENT_MAX :
			size->kind == HB_SIZE_DELTA ? HB_SIZE_MAX_KIB : UINT64_MAX;

	if (size->amount <= most && (percent || size->amount % HB_PAGE_KIB == 0))
		return HB_OK;
	hb_fail(error, HB_REASON_BAD_SIZE, "%" PRIu64 "%s is no size", size->amount, percent ? " %" : " KiB");
	hb_remedy(error, "give whole pages of 4 KiB, or up to %d %%", HB_PERCENT_MAX);
	return HB_E_USAGE;
}

static enum hb_code refuse_ceiling(const struct hb_domain *domain, uint64_t ceiling_kib,
				   const char *whose, struct hb_error *error)
{
	char who[HB_WHO_TEXT], top[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_ABOVE_CEILING, "%s cannot be larger than %s: %s", hb_who(domain, who),
		hb_size_human(ceiling_kib, top), whose);
	hb_remedy(error, "set at most %s", hb_at_most(ceiling_kib, top));
	hb_about(error, domain, whole_pages(ceiling_kib));
	return HB_E_REFUSED;
}

static enum hb_code check_ceilings(const struct hb_domain *domain, uint64_t target_kib,
				   struct hb_error *error)
{
	const struct hb_number *driver = &domain->report.max;
	const struct hb_number *admin = &domain->hotplug_max;
	/* What it says below what it has is not believed. */
	uint64_t most = driver->value > domain->target.value ? driver->value : domain->target.value;

	if (target_kib <= domain->target.value)
		return HB_OK;
	if (domain->driver == HB_DRIVER_WINDOWS &&
	    target_kib + domain->videoram_kib > domain->static_max.value)
		return refuse_ceiling(domain, domain->static_max.value,
				      "Windows cannot grow beyond its boot maximum", error);
	if (domain->driver == HB_DRIVER_HOTBALLOON && driver->presence == HB_PRESENT &&
	    target_kib > most)
		return refuse_ceiling(domain, most + domain->videoram_kib,
				      "its driver has no address space for more", error);
	if (admin->presence == HB_PRESENT && target_kib > admin->value)
		return refuse_ceiling(domain, admin->value + domain->videoram_kib,
				      "that is the ceiling in " HB_KEY_HOTPLUG_MAX, error);
	return HB_OK;
}

static enum hb_code check_unguarded(const struct hb_domain *domain, uint64_t target_kib,
				    struct hb_error *error)
{
	char who[HB_WHO_TEXT], least[HB_SIZE_TEXT];

	if (domain->driver == HB_DRIVER_HOTBALLOON || target_kib >= UNGUARDED_MIN_KIB ||
	    !is_smaller(domain, target_kib))
		return HB_OK;
	hb_fail(error, HB_REASON_BELOW_LEAST,
		"%s runs no driver that stops at a floor; below %s it may run out of memory and crash",
		hb_who(domain, who), hb_at_least(hb_plan_least_kib(domain), least));
	hb_remedy(error, "set at least %s, or load our driver in the guest", least);
	return HB_E_REFUSED;
}

uint64_t hb_plan_least_kib(const struct hb_domain *domain)
{
	if (!domain->domid)
		return DOMAIN_0_MIN_KIB;
	if (domain->driver == HB_DRIVER_HOTBALLOON)
		return domain->videoram_kib + HB_PAGE_KIB;
	return domain->videoram_kib + UNGUARDED_MIN_KIB;
}

static uint64_t pool_growth(const struct hb_domain *domain, uint64_t size_kib)
{
	uint64_t need = hb_overhead_pool_kib(domain->type, domain->hap, domain->vcpus, size_kib);

	if (domain->type == HB_TYPE_PV || domain->pool.presence != HB_PRESENT ||
	    need <= domain->pool.value)
		return 0;
	return need - domain->pool.value;
}

/* Above what it holds, and the pool for that. */
static uint64_t need_of(const struct hb_domain *domain, uint64_t size_kib)
{
	uint64_t whole = size_kib + domain->headroom.value;

	return pool_growth(domain, whole) +
	       (whole > domain->actual_kib ? whole - domain->actual_kib : 0);
}

static enum hb_code refuse_full(const struct hb_domain *domain, uint64_t need, uint64_t available,
				struct hb_error *error)
{
	char who[HB_WHO_TEXT], a[HB_SIZE_TEXT], n[HB_SIZE_TEXT], held[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_HOST_FULL, "%s needs %s more (it holds %s) and the host has %s to give",
		hb_who(domain, who), hb_size_human(need, n),
		hb_size_human(domain->actual_kib, held), hb_size_human(available, a));
	hb_remedy(error, "shrink another guest first");
	hb_about(error, domain, whole_pages(need + HB_PAGE_KIB - 1));
	return HB_E_REFUSED;
}

/*
 * What the host has for the headroom beside a larger size, at most what was granted: a part of
 * that may have been taken, and becomes the guest's own. The pool counts as for all of it.
 */
static uint64_t headroom_beside(const struct hb_domain *domain, const struct hb_host_memory *host,
				uint64_t size_kib)
{
	uint64_t available = hb_account_available_for(host, domain);
	uint64_t need = need_of(domain, size_kib), over;

	if (need <= available || size_kib <= current_size(domain))
		return domain->headroom.value;
	over = need - available + HB_PAGE_KIB - 1;
	over -= over % HB_PAGE_KIB;
	return domain->headroom.value > over ? whole_pages(domain->headroom.value - over) : 0;
}

static enum hb_code check_host(const struct hb_domain *domain, const struct hb_host_memory *host,
			       uint64_t size_kib, struct hb_error *error)
{
	uint64_t available = hb_account_available_for(host, domain), need;
	struct hb_domain alone = *domain;

	alone.headroom.value = headroom_beside(domain, host, size_kib);
	need = need_of(&alone, size_kib);
	if (need <= available || size_kib <= current_size(domain))
		return HB_OK;
	return refuse_full(domain, need, available, error);
}

static void add_step(struct hb_plan *plan, enum hb_step_kind kind, uint64_t from_kib,
		     uint64_t to_kib, const char *reason)
{
	plan->steps[plan->nr_steps++] = (struct hb_step){ kind, from_kib, to_kib, reason };
}

/*
 * A domain that is to be larger must have the pool for it. Xen needs a page of it for
 * each 2 MiB that it takes back, too: a guest that others have grown beyond what its
 * pool is for gets stuck on its way down. But no guest is kept large because the host
 * has nothing left for its pool; what the host keeps for itself is there for this.
 */
static void add_pool_step(const struct hb_domain *domain, const struct hb_host_memory *host,
			  bool larger, struct hb_plan *plan)
{
	uint64_t spare = host->free_kib + host->scrub_kib;
	uint64_t held = domain->actual_kib > HB_MAXMEM_SLACK_KIB ?
			domain->actual_kib - HB_MAXMEM_SLACK_KIB : 0;
	uint64_t most = plan->size_kib + domain->headroom.value;
	uint64_t grow = pool_growth(domain, larger || held < most ? most : held);

	plan->may_lack_pool = !larger;
	spare = spare > host->claimed_kib ? spare - host->claimed_kib : 0;
	if (!larger && grow > spare)
		grow = spare;
	if (grow)
		add_step(plan, HB_STEP_POOL, domain->pool.value, domain->pool.value + grow,
			 larger || held < most ? "Xen keeps the page tables of the larger guest there" :
			 "Xen needs page tables there for what it takes back");
}

/* The size goes first: its headroom becomes what the host has beside it. */
static void fit_headroom(struct hb_domain *domain, const struct hb_host_memory *host,
			 struct hb_plan *plan)
{
	uint64_t before = domain->headroom.value;
	char was[HB_SIZE_TEXT], is[HB_SIZE_TEXT];

	domain->headroom.value = headroom_beside(domain, host, plan->size_kib);
	if (domain->headroom.value == before)
		return;
	add_step(plan, HB_STEP_HEADROOM, before, domain->headroom.value,
		 "the host has no more beside the size");
	snprintf(plan->notes[plan->nr_notes++], sizeof(plan->notes[0]),
		 "the host has %s for its headroom beside that, not %s as before",
		 hb_size_human(domain->headroom.value, is), hb_size_human(before, was));
}

/* What must be there before the domain may be as large as the plan's size. */
static void add_room_steps(const struct hb_domain *domain, const struct hb_host_memory *host,
			   bool larger, const char *why, struct hb_plan *plan)
{
	uint64_t maxmem = whole_pages(maxmem_for(domain, plan->size_kib));

	add_pool_step(domain, host, larger, plan);
	if (maxmem > domain->maxmem_kib)
		add_step(plan, HB_STEP_MAXMEM, domain->maxmem_kib, maxmem,
			 domain->headroom.value ? "Xen's limit: the size, the headroom and 1M" : why);
}

static void add_xen_steps(const struct hb_domain *domain, const struct hb_host_memory *host,
			  struct hb_plan *plan)
{
	add_room_steps(domain, host, plan->size_kib > current_size(domain),
		       "Xen's limit: the size and 1M", plan);
	/*
	 * Xen acts on this only while there are more entries without frames than
	 * the cache has frames for: early in the life of a guest that was booted
	 * with less than its maximum. The cache must then follow before the guest
	 * may use more, or it dies when the cache is empty. For all others, and
	 * for a guest that has grown past its boot size, it is a no-op and left out.
	 */
	if (hb_plan_unsettled_kib(domain) &&
	    plan->target_kib > domain->target.value)
		add_step(plan, HB_STEP_POD, 0, plan->target_kib + HB_MAXMEM_SLACK_KIB,
			 "the guest still has populate-on-demand memory without frames");
}

/* Xen's limit, and where it has none what the host has: no tool shall take "unlimited" for a size. */
static uint64_t whole_maximum(const struct hb_domain *domain, const struct hb_host_memory *host)
{
	return domain->static_max.value < HB_SIZE_MAX_KIB ? domain->static_max.value :
	       whole_pages(host->total_kib);
}

static void add_store_steps(const struct hb_domain *seen, const struct hb_domain *domain,
			    const struct hb_host_memory *host, struct hb_plan *plan)
{
	if (domain->static_max.presence != HB_PRESENT ||
	    plan->target_kib > domain->static_max.value)
		add_step(plan, HB_STEP_STATIC_MAX, domain->static_max.value, plan->size_kib,
			 "the size exceeds the maximum so far");
	else if (seen->static_max.presence == HB_ABSENT)
		add_step(plan, HB_STEP_STATIC_MAX, 0, whole_maximum(domain, host),
			 "nobody has written it so far");
	/* Written even if equal: a target that is written again makes drivers try again. */
	add_step(plan, HB_STEP_TARGET, domain->target.value, plan->target_kib,
		 "the guest's driver follows it");
	add_step(plan, HB_STEP_VM_MEMORY, 0, plan->target_kib,
		 "kept in step as xl does");
}

static void add_still(const struct hb_domain *domain, struct hb_plan *plan)
{
	if (domain->still != HB_STILL_LEFT)
		return;
	plan->clear_still = true;
	snprintf(plan->notes[plan->nr_notes++], sizeof(plan->notes[0]),
		 "it was told to keep its memory as it is, by a process that has ended: taken back");
}

/* Another manager undoes what is set here, with its next look at the domain. */
static void add_manager(const struct hb_domain *domain, struct hb_plan *plan)
{
	const size_t room = sizeof(plan->notes[0]);

	if (domain->squeezed)
		snprintf(plan->notes[plan->nr_notes++], room,
			 "xapi's squeezed sizes it and will change this back: set its range through xapi");
	if (domain->qmemman)
		snprintf(plan->notes[plan->nr_notes++], room,
			 "the qmemman of Qubes OS sizes it and will change this back: exclude it there first");
}

/* What has no frames yet is given back first, and nobody gets anything by that. */
static void add_unsettled(const struct hb_domain *domain, struct hb_plan *plan)
{
	char text[HB_SIZE_TEXT];

	if (hb_plan_unsettled_kib(domain) && is_smaller(domain, plan->target_kib))
		snprintf(plan->notes[plan->nr_notes++], sizeof(plan->notes[0]),
			 "populate-on-demand has not settled: the guest has to give back %s without frames first, and the host gets nothing of that",
			 hb_size_human(hb_plan_unsettled_kib(domain), text));
}

static void add_notes(const struct hb_domain *domain, struct hb_plan *plan)
{
	const struct hb_report *report = &domain->report;
	const size_t room = sizeof(plan->notes[0]);
	char text[HB_SIZE_TEXT];

	add_still(domain, plan);
	add_manager(domain, plan);
	add_unsettled(domain, plan);
	if (domain->state == HB_DOMAIN_PAUSED)
		snprintf(plan->notes[plan->nr_notes++], room,
			 "the guest is paused: nothing moves until it runs");
	if (plan->target_kib > domain->static_max.value && domain->driver != HB_DRIVER_HOTBALLOON)
		snprintf(plan->notes[plan->nr_notes++], room,
			 "beyond the maximum of %s the guest must add memory at run time; %s",
			 hb_size_human(domain->static_max.value, text),
			 domain->driver == HB_DRIVER_ANNOUNCED ?
			 "it announces a balloon driver that is not ours" :
			 "it announces no driver: the kernel's own needs an onlining rule, others cannot");
	if (plan->target_kib < domain->target.value && report->floor.presence == HB_PRESENT &&
	    report->cause.presence == HB_PRESENT && report->cause.value == HB_CAUSE_GUEST_FLOOR &&
	    plan->target_kib < report->floor.value)
		snprintf(plan->notes[plan->nr_notes++], room,
			 "the guest says that it cannot go below %s now",
			 hb_size_human(report->floor.value + domain->videoram_kib, text));
}

/* What is not done because it would be unwise. */
static enum hb_code check_wise(const struct hb_domain *domain, const struct hb_host_memory *host,
			       const struct hb_plan *plan, struct hb_error *error)
{
	enum hb_code code = check_ceilings(domain, plan->target_kib, error);

	if (!code)
		code = check_unguarded(domain, plan->target_kib, error);
	return code ? code : check_host(domain, host, plan->size_kib, error);
}

/* What comes when the steps are done and the domain holds actual_kib. */
static void foresee(const struct hb_domain *domain, uint64_t actual_kib, struct hb_plan *plan)
{
	struct hb_domain then = *domain;

	for (unsigned int i = 0; i < plan->nr_steps; i++) {
		if (plan->steps[i].kind == HB_STEP_MAXMEM)
			then.maxmem_kib = plan->steps[i].to_kib;
	}
	then.actual_kib = actual_kib;
	plan->has_later = hb_plan_settle(&then, plan->size_kib, &plan->later);
}

enum hb_code hb_plan_make(const struct hb_domain *seen, const struct hb_host_memory *host,
			  const struct hb_size *size, bool force, struct hb_plan *plan,
			  struct hb_error *error)
{
	struct hb_domain domain = hb_plan_complete(seen);
	enum hb_code code = check_amount(size, error);

	memset(plan, 0, sizeof(*plan));
	if (!code)
		code = check_state(&domain, error);
	if (code)
		return code;
	if (size->kind != HB_SIZE_ABSOLUTE && domain.target.presence == HB_INVALID)
		return refuse(error, HB_REASON_INVALID_KEY, &domain,
				      "has an invalid target, nothing to count from",
			      "set an absolute size");
	plan->size_kib = resolve_size(current_size(&domain), size);
	code = check_size(&domain, plan->size_kib, error);
	if (code)
		return code;
	/* memory/target excludes the video memory, as xl mem-set has it. */
	plan->target_kib = plan->size_kib - domain.videoram_kib;
	code = check_domain_0(&domain, plan->target_kib, force, error);
	if (!code && !force)
		code = check_wise(&domain, host, plan, error);
	if (code)
		return code;
	fit_headroom(&domain, host, plan);
	add_xen_steps(&domain, host, plan);
	add_store_steps(seen, &domain, host, plan);
	foresee(&domain, plan->size_kib, plan);
	add_notes(&domain, plan);
	return HB_OK;
}

enum hb_code hb_plan_keep(const struct hb_domain *domain, const struct hb_host_memory *host,
			  const struct hb_size *size, bool force, struct hb_plan *plan,
			  struct hb_error *error)
{
	enum hb_code code = check_state(domain, error);
	struct hb_domain then = *domain;

	(void)size;
	(void)force;
	memset(plan, 0, sizeof(*plan));
	plan->size_kib = current_size(domain);
	plan->target_kib = domain->target.value;
	if (code || !hb_would_be_lost(domain, NULL))
		return code;
	hb_would_be_lost(domain, &plan->size_kib);
	plan->target_kib = plan->size_kib - domain->videoram_kib;
	add_still(domain, plan);
	fit_headroom(&then, host, plan);
	/* What it holds has its page tables: no pool is enlarged for more than that. */
	add_room_steps(&then, host, false, "Xen's limit: the size and 1M", plan);
	add_store_steps(domain, &then, host, plan);
	return HB_OK;
}

enum hb_code hb_plan_mend(const struct hb_domain *domain, const struct hb_host_memory *host,
			  const struct hb_size *size, bool force, struct hb_plan *plan,
			  struct hb_error *error)
{
	enum hb_code code = check_state(domain, error);
	struct hb_step step;

	(void)size;
	(void)force;
	memset(plan, 0, sizeof(*plan));
	plan->size_kib = current_size(domain);
	plan->target_kib = domain->target.value;
	if (code || !hb_plan_repair(domain, &step))
		return code;
	add_room_steps(domain, host, false, "Xen's limit was below the size: the size and 1M", plan);
	add_store_steps(domain, domain, host, plan);
	return HB_OK;
}

/* Everything but the target: what the domain may grow to. */
static void add_ceiling_steps(const struct hb_domain *domain, const struct hb_host_memory *host,
			      struct hb_plan *plan)
{
	add_still(domain, plan);
	add_room_steps(domain, host, true, "Xen's limit: the maximum and 1M", plan);
	add_step(plan, HB_STEP_STATIC_MAX, domain->static_max.value, plan->size_kib,
		 "toolstacks set sizes up to this");
}

static enum hb_code check_pool(const struct hb_domain *domain, const struct hb_host_memory *host,
			       uint64_t size_kib, struct hb_error *error)
{
	uint64_t available = hb_account_available_for(host, domain);
	uint64_t need = pool_growth(domain, size_kib);
	char who[HB_WHO_TEXT], a[HB_SIZE_TEXT], n[HB_SIZE_TEXT];

	if (need <= available)
		return HB_OK;
	hb_fail(error, HB_REASON_HOST_FULL, "the paging pool of %s needs %s more and the host has %s to give",
		hb_who(domain, who), hb_size_human(need, n), hb_size_human(available, a));
	hb_remedy(error, "shrink another guest first");
	hb_about(error, domain, whole_pages(need + HB_PAGE_KIB - 1));
	return HB_E_REFUSED;
}

/* Is it known what the size is, and what a change counts from? */
static enum hb_code check_ceiling_keys(const struct hb_domain *domain, const struct hb_size *size,
				       struct hb_error *error)
{
	if (domain->target.presence == HB_INVALID)
		return refuse(error, HB_REASON_INVALID_KEY, domain,
			      "has an invalid target: what its maximum must be is not known",
			      "set an absolute size first");
	if (size->kind != HB_SIZE_ABSOLUTE && domain->static_max.presence == HB_INVALID)
		return refuse(error, HB_REASON_INVALID_KEY, domain,
			      "has an invalid static-max, nothing to count from", "set an absolute maximum");
	return HB_OK;
}

enum hb_code hb_plan_ceiling(const struct hb_domain *domain, const struct hb_host_memory *host,
			     const struct hb_size *size, bool force, struct hb_plan *plan,
			     struct hb_error *error)
{
	enum hb_code code = domain->domid ? check_state(domain, error) :
			    refuse(error, HB_REASON_DOMAIN_0, domain, "is domain 0: what it can grow to is set at boot",
				   "boot Xen with dom0_mem=max:");
	char who[HB_WHO_TEXT], least[HB_SIZE_TEXT];

	memset(plan, 0, sizeof(*plan));
	if (!code)
		code = check_amount(size, error);
	if (!code)
		code = check_ceiling_keys(domain, size, error);
	if (code)
		return code;
	plan->size_kib = resolve_size(domain->static_max.value, size);
	plan->target_kib = domain->target.value;
	code = check_size(domain, plan->size_kib, error);
	if (code)
		return code;
	if (plan->size_kib < current_size(domain)) {
		hb_fail(error, HB_REASON_BELOW_SIZE, "the maximum of %s cannot be below its size of %s",
			hb_who(domain, who), hb_size_human(current_size(domain), least));
		hb_remedy(error, "set a smaller size first, or a maximum of at least %s",
			  hb_at_least(current_size(domain), least));
		return HB_E_REFUSED;
	}
	if (!force)
		code = check_ceilings(domain, plan->size_kib - domain->videoram_kib, error);
	if (!code && !force)
		code = check_pool(domain, host, plan->size_kib, error);
	if (code)
		return code;
	add_ceiling_steps(domain, host, plan);
	foresee(domain, domain->actual_kib, plan);
	return HB_OK;
}

/* Domain 0 runs the kernel's driver, which takes none. */
static enum hb_code check_grant(const struct hb_domain *domain, const struct hb_size *headroom,
				struct hb_error *error)
{
	enum hb_code code = domain->domid ? check_state(domain, error) :
			    refuse(error, HB_REASON_DOMAIN_0, domain, "is domain 0: it takes no headroom",
				   "name a guest");

	if (code)
		return code;
	if (domain->target.presence != HB_PRESENT)
		return refuse(error, HB_REASON_INVALID_KEY, domain,
			      "has an invalid target, nothing to have headroom above", "set an absolute size first");
	return check_amount(headroom, error);
}

/* What is granted is promised: the host must have it to give. Less than before it always has. */
static enum hb_code check_promise(const struct hb_domain *domain, const struct hb_domain *then,
				  const struct hb_host_memory *host, struct hb_error *error)
{
	uint64_t available = hb_account_available_for(host, domain);
	uint64_t need = need_of(then, current_size(then));
	char who[HB_WHO_TEXT], a[HB_SIZE_TEXT], n[HB_SIZE_TEXT], whole[HB_SIZE_TEXT];

	if (then->headroom.value <= domain->headroom.value || need <= available)
		return HB_OK;
	hb_fail(error, HB_REASON_HOST_FULL, "%s could take %s more with a headroom of %s, and the host has %s to give",
		hb_who(domain, who), hb_size_human(need, n), hb_size_human(then->headroom.value, whole),
		hb_size_human(available, a));
	hb_remedy(error, "shrink another guest first, or grant less");
	hb_about(error, domain, whole_pages(need + HB_PAGE_KIB - 1));
	return HB_E_REFUSED;
}

/* more: than was granted before. */
static void add_grant_notes(const struct hb_domain *domain, bool more, struct hb_plan *plan)
{
	add_still(domain, plan);
	if (domain->driver != HB_DRIVER_HOTBALLOON)
		snprintf(plan->notes[plan->nr_notes++], sizeof(plan->notes[0]),
			 "no driver of ours reports in it, and others take no headroom: the host sets it aside all the same");
	else if (more && domain->type == HB_TYPE_PV)
		snprintf(plan->notes[plan->nr_notes++], sizeof(plan->notes[0]),
			 "memory blocks that a PV guest makes for it stay until it reboots, whatever is granted then: 2M for 128M");
}

enum hb_code hb_plan_headroom(const struct hb_domain *domain, const struct hb_host_memory *host,
			      const struct hb_size *headroom, bool force, struct hb_plan *plan,
			      struct hb_error *error)
{
	const bool more = headroom->amount > domain->headroom.value;
	struct hb_domain then = *domain;
	enum hb_code code = check_grant(domain, headroom, error);

	(void)force;
	memset(plan, 0, sizeof(*plan));
	plan->size_kib = current_size(domain);
	plan->target_kib = domain->target.value;
	if (!code && headroom->amount > HB_SIZE_MAX_KIB - plan->size_kib)
		code = check_size(domain, HB_SIZE_MAX_KIB + 1, error);
	if (code)
		return code;
	then.headroom = (struct hb_number){ headroom->amount ? HB_PRESENT : HB_ABSENT, headroom->amount };
	code = check_promise(domain, &then, host, error);
	if (code)
		return code;
	if (headroom->amount)
		add_room_steps(&then, host, more, "Xen's limit: the size and 1M", plan);
	if (domain->headroom.presence != HB_ABSENT || headroom->amount)
		add_step(plan, HB_STEP_HEADROOM, domain->headroom.value, headroom->amount,
			 "what the guest may take by itself, in need");
	if (plan->nr_steps)
		add_grant_notes(&then, more, plan);
	foresee(&then, domain->actual_kib, plan);
	return HB_OK;
}

bool hb_plan_settle(const struct hb_domain *domain, uint64_t size_kib, struct hb_step *step)
{
	uint64_t maxmem = whole_pages(maxmem_for(domain, size_kib));
	const char *reason = domain->headroom.value ?
		"Xen's limit follows the size: the size, the headroom and 1M" :
		"Xen's limit follows the size: the size and 1M";
	const char *what, *remedy;

	/* Who builds, saves or receives it still needs the limit that it has set. */
	if (domain->vnodes || domain->service || domain->still == HB_STILL_HELD ||
	    hb_refusal_of_state(domain->state, &what, &remedy))
		return false;
	if (domain->actual_kib > maxmem) {
		maxmem = domain->actual_kib + HB_MAXMEM_SLACK_KIB;
		reason = "Xen's limit follows as far as the guest has come";
	}
	*step = (struct hb_step){ HB_STEP_MAXMEM, domain->maxmem_kib, maxmem, reason };
	return maxmem < domain->maxmem_kib;
}

bool hb_plan_repair(const struct hb_domain *domain, struct hb_step *step)
{
	uint64_t maxmem = whole_pages(maxmem_for(domain, current_size(domain)));

	*step = (struct hb_step){ HB_STEP_MAXMEM, domain->maxmem_kib, maxmem,
				  "another tool has set another size meanwhile" };
	return domain->target.presence == HB_PRESENT && !domain->service &&
	       maxmem > domain->maxmem_kib;
}
