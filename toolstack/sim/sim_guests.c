/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated domains: how libxl leaves them, how guests behave, how time passes. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_internal.h"

size_t sim_place(const struct sim *sim, uint32_t domid)
{
	size_t low = 0, high = sim->nr_domains;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sim->domains[middle].xen.domid < domid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct sim_domain *sim_domain(const struct sim *sim, uint32_t domid)
{
	size_t i = sim_place(sim, domid);

	return i < sim->nr_domains && sim->domains[i].xen.domid == domid ? &sim->domains[i] : NULL;
}

struct sim_guest *sim_guest(struct sim *sim, uint32_t domid)
{
	struct sim_domain *domain = sim_domain(sim, domid);

	return domain ? &domain->guest : NULL;
}

struct hb_xen_domain sim_xen(const struct sim *sim, uint32_t domid, uint64_t *pool_kib)
{
	struct sim_domain *domain = sim_domain(sim, domid);

	assert(domain);
	if (pool_kib)
		*pool_kib = domain->pool_pages * HB_PAGE_KIB;
	return domain->xen;
}

void sim_set_limit(struct sim *sim, uint32_t domid, uint64_t kib)
{
	sim_domain(sim, domid)->xen.max_pages = kib / HB_PAGE_KIB;
}

uint64_t sim_pages(const struct sim *sim)
{
	uint64_t pages = sim->free_pages;

	for (size_t i = 0; i < sim->nr_domains; i++)
		pages += sim->domains[i].xen.tot_pages + sim->domains[i].pool_pages;
	return pages;
}

static void write_number(struct sim *sim, uint32_t domid, const char *key, uint64_t number)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, number);
	sim_write_key(sim, domid, key, value);
}

static uint32_t uuid_domid(const struct sim_guest *guest)
{
	return guest->copy_of ? guest->copy_of : guest->domid;
}

/* As in the records that fill_xen() makes. */
void sim_uuid(const struct sim_guest *guest, char text[SIM_UUID])
{
	snprintf(text, SIM_UUID, "%08x-%04x-0000-0000-000000000000", uuid_domid(guest), guest->generation);
}

static void vm_path(char path[SIM_PATH], const struct sim_guest *guest)
{
	char uuid[SIM_UUID];

	sim_uuid(guest, uuid);
	snprintf(path, SIM_PATH, HB_DIR_VM "/%s", uuid, HB_KEY_VM_MEMORY);
}

/*
 * libxl__get_targetmem_fudge(): by how much memory/target is below the size in the
 * configuration. 1 MiB for an HVM guest that boots with less than its maximum (XSA-153).
 */
static uint64_t fudge_of(const struct sim_guest *guest)
{
	bool less = guest->type == HB_TYPE_HVM && guest->maxmem_kib > guest->memory_kib;

	return guest->videoram_kib + (less ? 1024 : 0);
}

static bool is_device_model(const struct sim_guest *guest)
{
	size_t length = strlen(guest->name);

	return guest->type != HB_TYPE_HVM && length > 3 && !strcmp(guest->name + length - 3, "-dm");
}

static void build_service(struct sim *sim, const struct sim_guest *guest)
{
	if (is_device_model(guest))
		write_number(sim, guest->domid, HB_KEY_STUB_TARGET, guest->domid - 1);
	if (guest->driver_domain)
		sim_write_key(sim, guest->domid, HB_KEY_DRIVER_DOMAIN, "");
}

static void build_store(struct sim *sim, const struct sim_guest *guest)
{
	uint64_t target = guest->memory_kib - fudge_of(guest);
	char path[SIM_PATH], value[24];

	write_number(sim, guest->domid, HB_KEY_DOMID, guest->domid);
	sim_write_key(sim, guest->domid, HB_KEY_NAME, guest->name);
	write_number(sim, guest->domid, HB_KEY_TARGET, target);
	write_number(sim, guest->domid, HB_KEY_STATIC_MAX, guest->maxmem_kib);
	write_number(sim, guest->domid, HB_KEY_VIDEORAM, guest->videoram_kib);
	vm_path(path, guest);
	snprintf(value, sizeof(value), "%" PRIu64, target / 1024);
	sim_write(sim, path, value);
	build_service(sim, guest);
}

static uint64_t read_number(const struct sim *sim, uint32_t domid, const char *key)
{
	const char *value = sim_read_key(sim, domid, key);

	return value ? strtoull(value, NULL, 10) : 0;
}

/* Looked at in every step: they are kept at hand while no node comes or goes. */
static void find_nodes(const struct sim *sim, struct sim_domain *domain)
{
	char path[SIM_PATH];

	if (domain->shape == sim->store.shape)
		return;
	snprintf(path, sizeof(path), HB_DIR_DOMAIN "/%s", domain->xen.domid, HB_KEY_TARGET);
	domain->target = sim_store_find(&sim->store, path);
	snprintf(path, sizeof(path), HB_DIR_DOMAIN "/%s", domain->xen.domid, HB_KEY_STILL);
	domain->told_still = sim_store_find(&sim->store, path);
	domain->shape = sim->store.shape;
}

static uint64_t read_target(const struct sim *sim, struct sim_domain *domain)
{
	find_nodes(sim, domain);
	return domain->target ? strtoull(domain->target->value, NULL, 10) : 0;
}

uint64_t sim_target_kib(const struct sim *sim, uint32_t domid)
{
	struct sim_domain *domain = sim_domain(sim, domid);

	return domain ? read_target(sim, domain) : 0;
}

/* The target size that the domain is at, counted as the target counts. */
static uint64_t position(const struct sim_domain *domain)
{
	const struct sim_guest *guest = &domain->guest;

	return domain->xen.tot_pages * HB_PAGE_KIB - guest->videoram_kib - guest->offset_kib;
}

/* What its driver follows: less than the host's size, or more in need. */
static uint64_t wanted(const struct sim_domain *domain, uint64_t target)
{
	uint64_t spared = domain->guest.reports ? domain->guest.spares_kib : 0;

	return target - (spared < target ? spared : 0) + domain->taken_kib;
}

static struct sim_report report_of(struct sim_domain *domain, uint64_t target, enum hb_cause cause)
{
	uint64_t now = domain->guest.lies ? target : position(domain);
	struct sim_report report = {
		.said = true, .still = domain->guest.restless ? -1 : domain->still, .state = HB_STATE_IDLE,
		.cause = domain->guest.lies ? HB_CAUSE_NONE : cause,
		.current = now, .goal = target, .max = domain->guest.report_max_kib,
		.rescued = domain->taken_kib,
		.spared = target + domain->taken_kib - wanted(domain, target),
		.floor = cause == HB_CAUSE_GUEST_FLOOR ? domain->guest.stick_at_kib : domain->report.floor,
	};

	if (now != target && now != wanted(domain, target))
		report.state = cause ? HB_STATE_WAITING : now < target ? HB_STATE_GROWING : HB_STATE_SHRINKING;
	return report;
}

static void say_number(struct sim *sim, const struct sim_domain *domain, const char *key,
		       uint64_t was, uint64_t now)
{
	if (!domain->report.said || was != now)
		write_number(sim, domain->xen.domid, key, now);
}

static void say_word(struct sim *sim, const struct sim_domain *domain, const char *key, int was,
		     int now, const char *const *words)
{
	if (!domain->report.said || was != now)
		sim_write_key(sim, domain->xen.domid, key, words[now]);
}

/* By the kind of a row of HB_REPORT_ROWS(). */
#define SAY_NUMBER(key, was, now) do { if (now || was) say_number(sim, domain, key, was, now); } while (0)
#define SAY_FLAG(key, was, now) do { if (now >= 0) say_number(sim, domain, key, was, now); } while (0)
#define SAY_STATE(key, was, now) say_word(sim, domain, key, was, now, states)
#define SAY_CAUSE(key, was, now) say_word(sim, domain, key, was, now, causes)

/* The version comes last, when the report is complete. */
static void publish(struct sim *sim, struct sim_domain *domain, uint64_t target, enum hb_cause cause)
{
	static const char *const states[] = HB_STATE_WORDS;
	static const char *const causes[] = HB_CAUSE_WORDS;
	const struct sim_report *was = &domain->report;
	struct sim_report now;

	if (!domain->guest.reports)
		return;
	now = report_of(domain, target, cause);
#define SAY(NAME, field, kind, json) SAY_##kind(HB_KEY_REPORT_##NAME, was->field, now.field);
	HB_REPORT_ROWS(SAY)
#undef SAY
	if (!was->said)
		write_number(sim, domain->xen.domid, HB_KEY_REPORT_VERSION, HB_REPORT_VERSION);
	domain->report = now;
}

uint64_t sim_claimed_pages(const struct sim *sim)
{
	uint64_t pages = sim->claimed_pages;

	for (size_t i = 0; i < sim->nr_domains; i++)
		pages += sim->domains[i].xen.outstanding_pages;
	return pages;
}

uint64_t sim_populate(struct sim *sim, struct sim_domain *domain, uint64_t pages)
{
	uint64_t room = domain->xen.max_pages > domain->xen.tot_pages ?
			domain->xen.max_pages - domain->xen.tot_pages : 0;
	uint64_t others, unclaimed;

	if (!pages)
		return 0;
	others = sim_claimed_pages(sim) - domain->xen.outstanding_pages;
	unclaimed = sim->free_pages > others ? sim->free_pages - others : 0;
	if (pages > room)
		pages = room;
	if (pages > unclaimed)
		pages = unclaimed;
	domain->xen.tot_pages += pages;
	sim->free_pages -= pages;
	domain->xen.outstanding_pages -= pages < domain->xen.outstanding_pages ?
					 pages : domain->xen.outstanding_pages;
	if (pages)
		sim_check_low(sim);
	return pages;
}

/* domain_adjust_tot_pages() of Xen 4.17: a domain with a claim gives what it frees to that. */
static void release(struct sim *sim, struct sim_domain *domain, uint64_t pages)
{
	/* p2m_pod_decrease_reservation(): entries without frames go first, and free nothing. */
	uint64_t bare = domain->pod.entry_pages > domain->pod.cache_pages ?
			domain->pod.entry_pages - domain->pod.cache_pages : 0;

	if (bare > pages)
		bare = pages;
	domain->pod.entry_pages -= bare;
	pages -= bare;
	domain->xen.tot_pages -= pages;
	sim->free_pages += pages;
	if (domain->xen.outstanding_pages && !sim->claims_are_spent)
		domain->xen.outstanding_pages += pages;
}

/* Neither stopped by somebody nor having one of its rests. */
static bool is_awake(const struct sim *sim, const struct sim_guest *guest)
{
	unsigned int turn = guest->moves_ms + guest->rests_ms;

	if (guest->paused || guest->never_ran || guest->dying || guest->shutdown || guest->crashed ||
	    guest->suspended)
		return false;
	return !turn || sim->clock_ms % turn < guest->moves_ms;
}

/* One step of at most so many pages; says what it is held up by. */
static enum hb_cause step(struct sim *sim, struct sim_domain *domain, uint64_t goal, uint64_t most)
{
	uint64_t now = position(domain), stop = domain->guest.stick_at_kib, pages;
	enum hb_cause cause = HB_CAUSE_NONE;

	if (stop && ((now >= stop && goal < stop) || (now <= stop && goal > stop))) {
		goal = stop;
		cause = domain->guest.stick_cause;
	}
	pages = (goal > now ? goal - now : now - goal) / HB_PAGE_KIB;
	if (pages > most)
		pages = most;
	if (goal < now) {
		release(sim, domain, pages);
	} else if (sim_populate(sim, domain, pages) < pages) {
		return HB_CAUSE_HOST_OUT_OF_MEMORY;
	}
	return position(domain) == goal ? cause : HB_CAUSE_NONE;
}

/* Our driver keeps still while it is told to, after the time that it takes to end a step. */
static void heed_still(struct sim *sim, struct sim_domain *domain)
{
	find_nodes(sim, domain);
	if (!domain->guest.reports || domain->guest.restless || !domain->told_still ||
	    strcmp(domain->told_still->value, "1")) {
		domain->still = false;
		domain->told_still_ms = 0;
	} else if (!domain->told_still_ms) {
		domain->told_still_ms = sim->clock_ms;
	}
	if (domain->told_still_ms)
		domain->still = sim->clock_ms >= domain->told_still_ms + domain->guest.stills_ms;
}

/* core/rescue.c: before it kills a process it takes what is granted, until the need or the target ends. */
static void rescue(struct sim *sim, struct sim_domain *domain, uint64_t target)
{
	uint64_t needs = domain->guest.reports ? domain->guest.needs_kib : 0, granted;

	if (target != domain->followed_kib || !needs)
		domain->taken_kib = 0;
	domain->followed_kib = target;
	if (needs <= domain->taken_kib || position(domain) != wanted(domain, target))
		return;
	granted = read_number(sim, domain->xen.domid, HB_KEY_HEADROOM);
	if (needs > granted)
		needs = granted;
	if (needs > domain->taken_kib)
		domain->taken_kib += HB_PAGE_KIB *
			sim_populate(sim, domain, (needs - domain->taken_kib) / HB_PAGE_KIB);
}

static void move_guest(struct sim *sim, struct sim_domain *domain, unsigned int ms)
{
	uint64_t target;

	if (!is_awake(sim, &domain->guest))
		return;
	heed_still(sim, domain);
	target = read_target(sim, domain);
	if (domain->still) {
		publish(sim, domain, target, position(domain) == wanted(domain, target) ?
			HB_CAUSE_NONE : HB_CAUSE_STILL);
		return;
	}
	rescue(sim, domain, target);
	publish(sim, domain, target,
		step(sim, domain, wanted(domain, target), domain->guest.rate_kib_s * ms / 1000 / HB_PAGE_KIB));
}

static struct hb_xen_domain fill_xen(const struct sim_guest *guest)
{
	const uint32_t domid = uuid_domid(guest);

	return (struct hb_xen_domain){
		.domid = guest->domid,
		.vcpus = guest->vcpus,
		.hvm = guest->type != HB_TYPE_PV,
		.pvh = guest->type == HB_TYPE_PVH,
		.xenstore = !strcmp(guest->name, "Xenstore"),
		.hap = guest->type != HB_TYPE_PV,
		.max_pages = (guest->memory_kib + 1024) / HB_PAGE_KIB,
		.tot_pages = (guest->memory_kib + guest->offset_kib) / HB_PAGE_KIB,
		.uuid = { domid >> 24, domid >> 16, domid >> 8, domid,
			  guest->generation >> 8, guest->generation },
	};
}

static struct sim_domain *insert(struct sim *sim, uint32_t domid)
{
	size_t i = sim_place(sim, domid);

	assert(!sim_domain(sim, domid));
	sim->domains = sim_grow(sim->domains, sim->nr_domains + 1, sizeof(*sim->domains));
	memmove(&sim->domains[i + 1], &sim->domains[i],
		(sim->nr_domains++ - i) * sizeof(*sim->domains));
	return &sim->domains[i];
}

void sim_add_quietly(struct sim *sim, const struct sim_guest *guest)
{
	struct sim_domain *domain = insert(sim, guest->domid);
	uint64_t mib = (guest->maxmem_kib + 1023) / 1024;

	*domain = (struct sim_domain){ .guest = *guest, .xen = fill_xen(guest) };
	domain->pod.entry_pages = guest->pod_entries_kib / HB_PAGE_KIB;
	domain->pod.cache_pages = guest->pod_cache_kib / HB_PAGE_KIB;
	if (guest->type != HB_TYPE_PV)
		domain->pool_pages = 256ULL * guest->vcpus + mib;
	assert(sim->free_pages >= domain->xen.tot_pages + domain->pool_pages);
	sim->free_pages -= domain->xen.tot_pages + domain->pool_pages;
	sim_check_low(sim);
	build_store(sim, guest);
	publish(sim, domain, read_target(sim, domain), HB_CAUSE_NONE);
}

void sim_add(struct sim *sim, const struct sim_guest *guest)
{
	sim_add_quietly(sim, guest);
	sim_domain(sim, guest->domid)->introduced = true;
	sim_fire(sim, "@introduceDomain");
}

void sim_destroy(struct sim *sim, uint32_t domid)
{
	struct sim_domain *domain = sim_domain(sim, domid);
	bool introduced;

	if (!domain)
		return;
	introduced = domain->introduced;
	sim_remove_nodes(sim, domid);
	sim->free_pages += domain->xen.tot_pages + domain->pool_pages;
	memmove(domain, domain + 1,
		(--sim->nr_domains - (domain - sim->domains)) * sizeof(*domain));
	if (introduced)
		sim_fire(sim, "@releaseDomain");
}

void sim_begin_destroy(struct sim *sim, uint32_t domid)
{
	sim_guest(sim, domid)->paused = true;
	sim_remove_nodes(sim, domid);
}

void sim_reboot(struct sim *sim, uint32_t domid)
{
	struct sim_guest guest = *sim_guest(sim, domid);

	/* libxl counts by the configuration that the domain was built from. */
	guest.memory_kib = read_number(sim, domid, HB_KEY_TARGET) + fudge_of(&guest);
	guest.maxmem_kib = read_number(sim, domid, HB_KEY_STATIC_MAX);
	guest.reboots_ms = 0;
	sim_destroy(sim, domid);
	sim_add(sim, &guest);
}

/* Backwards, so that one that goes moves none that is still to come. */
static void end_guests(struct sim *sim)
{
	for (size_t i = sim->nr_domains; i-- > 0;) {
		const struct sim_guest *guest = &sim->domains[i].guest;

		if (guest->dies_ms && sim->clock_ms >= guest->dies_ms)
			sim_destroy(sim, guest->domid);
		else if (guest->reboots_ms && sim->clock_ms >= guest->reboots_ms)
			sim_reboot(sim, guest->domid);
	}
}

void sim_run(struct sim *sim, unsigned int ms)
{
	sim->clock_ms += ms;
	end_guests(sim);
	for (size_t i = 0; i < sim->nr_domains; i++)
		move_guest(sim, &sim->domains[i], ms);
	if (sim->tick)
		sim->tick(sim);
	for (size_t i = 0; i < sim->nr_connections; i++)
		sim_show_event(sim->connections[i]);
}
