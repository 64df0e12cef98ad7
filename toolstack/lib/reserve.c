/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reservations, kept in a file: a reservation that is over is taken out when the
 * file is next written, and counts for nothing before. Looking at what the host
 * has to give and writing a reservation, or claiming in Xen, are one thing under
 * the host's lock, so that two cannot both have the last memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "claim.h"
#include "domain.h"
#include "lock.h"
#include "objects.h"
#include "overhead.h"
#include "reservation.h"
#include "reserve.h"
#include "state.h"

#define FILE_NAME HB_STATE_RESERVATIONS
#define HEADER "hotballoon reservations 1"

/* An hour: longer than any domain takes to be created. */
#define TTL_DEFAULT_S 3600

/* As it is kept; others see the first of it. */
struct kept {
	struct hb_reservation reservation;	/* no name: there is none */
	struct hb_moment until;
};

struct hb_raise {
	struct kept before, after;
};

struct store {
	struct hb_clock clock;	/* when it was read */
	struct kept *list;
	size_t count;
	bool failed;		/* out of memory */
};

static void add(struct store *store, const struct kept *kept)
{
	struct kept *grown = realloc(store->list, (store->count + 1) * sizeof(*grown));

	store->failed |= !grown;
	if (!grown)
		return;
	store->list = grown;
	store->list[store->count++] = *kept;
}

/* NULL: there is none. */
static struct kept *find(const struct store *store, const char *name)
{
	for (size_t i = 0; i < store->count; i++) {
		if (!strcmp(store->list[i].reservation.name, name))
			return &store->list[i];
	}
	return NULL;
}

/* As the clock of the wall shows it now. */
static void keep_until(struct kept *kept, const struct hb_moment *until,
		       const struct hb_clock *clock)
{
	kept->until = *until;
	kept->reservation.until_s = clock->wall_s + hb_moment_left_s(until, clock);
}

static bool read_line(const char *line, void *argument)
{
	struct store *store = argument;
	struct hb_moment until;
	struct kept kept;

	if (!hb_reservation_parse(line, &kept.reservation, &until) ||
	    find(store, kept.reservation.name))
		return false;
	keep_until(&kept, &until, &store->clock);
	add(store, &kept);
	return true;
}

/* The domain of that name that a reservation heeds. */
static const struct hb_domain *find_named(const struct hb_domain *domains, size_t count,
					  const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(domains[i].name, name) && hb_reservation_heeds(&domains[i]))
			return &domains[i];
	}
	return NULL;
}

/* Alive or not, does it have a claim that is not its builder's, and can it be named? */
static bool has_claim(const struct hb_domain *domain)
{
	return domain->claimed_kib && domain->name[0] && domain->state != HB_DOMAIN_BUILDING;
}

static const struct hb_domain *find_claim(const struct hb_domain *domains, size_t count,
					  const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(domains[i].name, name) && has_claim(&domains[i]))
			return &domains[i];
	}
	return NULL;
}

/* By name, those of one name in the order of the list. */
static int by_name(const void *a, const void *b)
{
	const struct hb_domain *first = *(const struct hb_domain *const *)a;
	const struct hb_domain *second = *(const struct hb_domain *const *)b;
	int order = strcmp(first->name, second->name);

	return order ? order : (first > second) - (first < second);
}

static int is_named(const void *name, const void *domain)
{
	return strcmp(name, (*(const struct hb_domain *const *)domain)->name);
}

/* Is that the one which becomes NAME when its migration is over? */
static int is_incoming(const void *name, const void *domain)
{
	const char *has = (*(const struct hb_domain *const *)domain)->name;
	size_t length = strlen(name);
	int order = strncmp(name, has, length);

	return order ? order : strcmp(HB_RESERVATION_INCOMING, has + length);
}

/* Among domains that are sorted by_name(): the first of those that are equal. */
static const struct hb_domain *find_sorted(const struct hb_domain **sorted, size_t count,
					   const char *name,
					   int (*compare)(const void *name, const void *domain))
{
	const struct hb_domain **at = bsearch(name, sorted, count, sizeof(*sorted), compare);

	while (at && at > sorted && !strcmp(at[-1]->name, (*at)->name))
		at--;
	return at ? *at : NULL;
}

/* The domain that a reservation for that name is for; one that has the name itself comes first. */
static const struct hb_domain *find_for(const struct hb_domain **sorted, size_t count,
					const char *name)
{
	const struct hb_domain *named = find_sorted(sorted, count, name, is_named);

	return named ? named : find_sorted(sorted, count, name, is_incoming);
}

/* Those that a reservation heeds, sorted; to be released by free(), NULL: out of memory. */
static const struct hb_domain **sort(const struct hb_domain *domains, size_t count, size_t *sorted)
{
	const struct hb_domain **list = calloc(count + 1, sizeof(*list));

	*sorted = 0;
	for (size_t i = 0; i < count && list; i++) {
		if (hb_reservation_heeds(&domains[i]))
			list[(*sorted)++] = &domains[i];
	}
	if (list)
		qsort(list, *sorted, sizeof(*list), by_name);
	return list;
}

/* Fill left_kib of each, and drop those that are over. Hundreds of both are no matter. */
static enum hb_code judge(struct store *store, const struct hb_domain *domains, size_t count,
			  struct hb_error *error)
{
	const uint64_t now = store->clock.wall_s;
	size_t kept = 0, nr_sorted;
	const struct hb_domain **sorted = sort(domains, count, &nr_sorted);

	if (!sorted)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	for (size_t i = 0; i < store->count; i++) {
		struct hb_reservation *r = &store->list[i].reservation;
		const struct hb_domain *domain = find_for(sorted, nr_sorted, r->name);

		r->left_kib = hb_reservation_left(r, domain, now);
		if (hb_reservation_lasts(r, domain, now))
			store->list[kept++] = store->list[i];
	}
	store->count = kept;
	free(sorted);
	return HB_OK;
}

/*
 * As they are in the file. store->list is to be released by free() whatever is returned.
 * damage: as in hb_state_read().
 */
static enum hb_code read_file(struct hb *hb, struct store *store, struct hb_damage *damage,
			      struct hb_error *error)
{
	enum hb_code code;

	*store = (struct store){ .clock = hb->host->ops->clock(hb->host) };
	code = hb_state_read(hb, FILE_NAME, HEADER, read_line, store, damage, error);
	if (!code && store->failed)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	return code;
}

/* The same, and judged. */
static enum hb_code load(struct hb *hb, struct store *store, struct hb_damage *damage,
			 struct hb_error *error)
{
	enum hb_code code = read_file(hb, store, damage, error);
	struct hb_domain *domains;
	size_t count;

	if (code || !store->count)
		return code;
	code = hb_domain_list(hb, &domains, &count, error);
	if (code)
		return code;
	code = judge(store, domains, count, error);
	free(domains);
	return code;
}

/* What Xen has set aside, as if it were reserved. */
static enum hb_code add_claims(struct hb *hb, struct store *store, struct hb_error *error)
{
	struct hb_domain *domains;
	size_t count;
	enum hb_code code = hb_domain_list(hb, &domains, &count, error);

	if (code)
		return code;
	for (size_t i = 0; i < count; i++) {
		struct kept claim = {
			.reservation.kib = domains[i].actual_kib + domains[i].claimed_kib,
			.reservation.left_kib = domains[i].claimed_kib,
		};

		strcpy(claim.reservation.name, domains[i].name);
		if (has_claim(&domains[i]))
			add(store, &claim);
	}
	free(domains);
	return store->failed ? hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory") : HB_OK;
}

enum hb_code hb_reservations(struct hb *hb, struct hb_reservation ***reservations, size_t *count,
			     struct hb_error *error)
{
	struct hb_damage damage;
	struct store store;
	enum hb_code code = load(hb, &store, &damage, error);

	if (!code && damage.problem) {
		hb_state_describe(hb, FILE_NAME, HEADER, &damage, error);
		code = error->code;
	}
	if (!code)
		code = add_claims(hb, &store, error);
	*count = store.count;
	*reservations = hb_array_of(store.list, count, sizeof(*store.list), &code, error);
	return code;
}

static uint64_t sum_left(const struct store *store)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < store->count; i++)
		kib += store->list[i].reservation.left_kib;
	return kib;
}

enum hb_code hb_reserved_kib(struct hb *hb, uint64_t *kib, struct hb_error *error)
{
	struct hb_damage ignored;
	struct store store;
	enum hb_code code = load(hb, &store, &ignored, error);

	*kib = code ? 0 : sum_left(&store);
	free(store.list);
	return code;
}

/* The file is in the order in which they were set aside. */
enum hb_code hb_reserved_queue(struct hb *hb, const char *name, struct hb_queue *queue,
			       struct hb_error *error)
{
	struct hb_damage ignored;
	struct store store;
	enum hb_code code = load(hb, &store, &ignored, error);
	bool seen = false;

	*queue = (struct hb_queue){ 0 };
	for (size_t i = 0; i < store.count && !code; i++) {
		const struct hb_reservation *r = &store.list[i].reservation;
		const bool own = !strcmp(r->name, name);

		*(own ? &queue->own_kib : seen ? &queue->behind_kib : &queue->ahead_kib) +=
			r->left_kib;
		seen |= own;
	}
	free(store.list);
	return code;
}

enum hb_code hb_reserved_at_most_kib(struct hb *hb, uint64_t *kib, struct hb_error *error)
{
	struct hb_damage ignored;
	struct store store;
	enum hb_code code = read_file(hb, &store, &ignored, error);

	*kib = 0;
	for (size_t i = 0; i < store.count && !code; i++)
		*kib += hb_reservation_left(&store.list[i].reservation, NULL, store.clock.wall_s);
	free(store.list);
	return code;
}

enum hb_code hb_reserved_among(struct hb *hb, const struct hb_domain *domains, size_t count,
			       uint64_t *kib, struct hb_error *error)
{
	struct hb_damage ignored;
	struct store store;
	enum hb_code code = read_file(hb, &store, &ignored, error);

	if (!code)
		code = judge(&store, domains, count, error);
	*kib = code ? 0 : sum_left(&store);
	free(store.list);
	return code;
}

enum hb_code hb_reserved_and_domains(struct hb *hb, uint64_t *kib, struct hb_domain **domains,
				     size_t *count, struct hb_error *error)
{
	struct hb_damage ignored;
	struct store store;
	enum hb_code code = read_file(hb, &store, &ignored, error);

	*domains = NULL;
	*count = 0;
	if (!code)
		code = hb_domain_list(hb, domains, count, error);
	if (!code)
		code = judge(&store, *domains, *count, error);
	*kib = code ? 0 : sum_left(&store);
	if (code) {
		free(*domains);
		*domains = NULL;
		*count = 0;
	}
	free(store.list);
	return code;
}

enum hb_code hb_reservations_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error)
{
	struct hb_damage found;
	struct store store;
	enum hb_code code = read_file(hb, &store, &found, error);

	free(store.list);
	damage->code = HB_OK;
	if (!code && found.lines)
		hb_state_describe(hb, FILE_NAME, HEADER, &found, damage);
	return code;
}

static char *line_of(const struct kept *kept, char line[HB_RESERVATION_LINE])
{
	return hb_reservation_format(&kept->reservation, &kept->until, line);
}

/*
 * Write all, with as for the one of that name, in its place or behind all others; NULL: without
 * it. Under the lock.
 */
static enum hb_code save(struct hb *hb, const struct store *store, const char *name,
			 const struct kept *as, struct hb_error *error)
{
	char line[HB_RESERVATION_LINE];
	struct hb_text body = { 0 };
	bool found = false;
	enum hb_code code;

	for (size_t i = 0; i < store->count; i++) {
		const bool own = !strcmp(store->list[i].reservation.name, name);
		const struct kept *one = own ? as : &store->list[i];

		found |= own;
		if (one)
			hb_text_append(&body, line_of(one, line));
	}
	if (as && !found)
		hb_text_append(&body, line_of(as, line));
	code = hb_state_replace(hb, FILE_NAME, HEADER, &body, error);
	free(body.text);
	return code;
}

static uint64_t left_of(const struct store *store, const char *name)
{
	const struct kept *found = find(store, name);

	return found ? found->reservation.left_kib : 0;
}

/* own_kib is set aside for that name already, and need not come free once more: *missing_kib. */
static enum hb_code fail_room(struct hb_error *error, const struct hb_reservation *wanted,
			      uint64_t own_kib, uint64_t available_kib, uint64_t *missing_kib)
{
	uint64_t more_kib = wanted->kib > own_kib ? wanted->kib - own_kib : HB_PAGE_KIB;
	char need[HB_SIZE_TEXT], give[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_HOST_FULL, "%s needs %s with what it costs beyond its size, and the host has %s to give",
		wanted->name, hb_size_human(wanted->kib, need), hb_size_human(available_kib, give));
	error->size_kib = more_kib;
	*missing_kib = more_kib;
	return HB_E_REFUSED;
}

/* What is to be done about it: a free, if one can help. */
static void advise_free(struct hb *hb, uint64_t missing_kib, struct hb_error *error)
{
	const struct hb_free_request request = { .need_kib = missing_kib, .dry_run = true };
	struct hb_free_result result = { 0 };
	char size[HB_SIZE_TEXT];
	struct hb_error why;

	if (hb_free(hb, &request, &result, &why) == HB_E_REFUSED) {
		hb_remedy(error, "reserve less, or give limits to more guests: %s", why.message);
		error->size_kib = 0;
	} else {
		hb_remedy(error, "make %s free first", hb_size_format(missing_kib, size));
	}
	hb_free_result_clear(&result);
}

/* Does the host have what the reservation needs, its predecessor's share included? */
static enum hb_code check_room(struct hb *hb, const struct store *store,
			       const struct hb_reservation *wanted, uint64_t *missing_kib,
			       struct hb_error *error)
{
	struct hb_host_memory memory;
	enum hb_code code = hb_host_memory(hb, &memory, error);
	uint64_t own = left_of(store, wanted->name), available;

	if (code)
		return code;
	memory.reserved_kib -= own < memory.reserved_kib ? own : memory.reserved_kib;
	available = hb_host_available_kib(&memory);
	return wanted->kib <= available ? HB_OK :
	       fail_room(error, wanted, own, available, missing_kib);
}

/* What is to be kept: no less, and for no shorter time, than least, if that is not NULL. */
static struct kept make_kept(const struct hb_reservation *reservation, unsigned int ttl_s,
				    const struct kept *least, const struct hb_clock *clock)
{
	struct kept kept = { .reservation = *reservation };
	struct hb_moment until = hb_moment_in(clock, ttl_s ? ttl_s : TTL_DEFAULT_S);

	if (least && least->reservation.kib > kept.reservation.kib)
		kept.reservation.kib = least->reservation.kib;
	if (least && hb_moment_left_s(&least->until, clock) > hb_moment_left_s(&until, clock))
		until = least->until;
	keep_until(&kept, &until, clock);
	return kept;
}

static enum hb_code reserve_locked(struct hb *hb, const struct hb_reserve_request *request,
				   struct hb_reservation *reservation, uint64_t *missing_kib,
				   struct hb_error *error)
{
	struct kept kept;
	struct store store;
	enum hb_code code = load(hb, &store, NULL, error);

	kept = make_kept(reservation, request->ttl_s, NULL, &store.clock);
	*reservation = kept.reservation;
	if (!code && !request->force)
		code = check_room(hb, &store, reservation, missing_kib, error);
	if (!code)
		code = save(hb, &store, reservation->name, &kept, error);
	free(store.list);
	return code;
}

static enum hb_code fail_too_large(struct hb_error *error, const char *name)
{
	char max[HB_SIZE_TEXT];

	hb_fail(error, HB_REASON_TOO_LARGE, "%s would need more than %s with what it costs beyond its size",
		name, hb_size_human(HB_SIZE_MAX_KIB, max));
	hb_remedy(error, "give a smaller size; no host has that much");
	return HB_E_USAGE;
}

/*
 * What a domain that does not exist yet will take, by xapi's rule where xapi
 * manages domains. Never more than the file may hold, also by force.
 */
static enum hb_code need_of(struct hb *hb, const struct hb_reserve_request *request, uint64_t *kib,
			    struct hb_error *error)
{
	struct hb_build build = {
		.type = HB_TYPE_PVH, .hap = true, .size_kib = request->size_kib,
		.vcpus = request->vcpus ? request->vcpus : 1,
		.maxmem_kib = request->maxmem_kib ? request->maxmem_kib : request->size_kib,
	};
	bool xapi;
	int rc;

	/* Sums of larger ones might not fit. */
	if (build.size_kib > HB_SIZE_MAX_KIB || build.maxmem_kib > HB_SIZE_MAX_KIB)
		return fail_too_large(error, request->name);
	rc = hb_domain_any_squeezed(hb, &xapi);
	if (rc)
		return hb_fail_host(error, rc, "cannot look at the domains");
	build.builder = xapi ? HB_BUILDER_XAPI : HB_BUILDER_LIBXL;
	*kib = hb_overhead(&build).need_kib;
	return *kib > HB_SIZE_MAX_KIB ? fail_too_large(error, request->name) : HB_OK;
}

static enum hb_code reserve_new(struct hb *hb, const struct hb_reserve_request *request,
				struct hb_reservation *reservation, struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	uint64_t missing_kib = 0;
	enum hb_code code = need_of(hb, request, &reservation->kib, error);

	if (!code)
		code = hb_lock_host(hb, &patience, error);
	if (code)
		return code;
	code = reserve_locked(hb, request, reservation, &missing_kib, error);
	hb_unlock_host(hb);
	if (missing_kib)
		advise_free(hb, missing_kib, error);
	reservation->left_kib = reservation->kib;
	return code;
}

static enum hb_code raise_locked(struct hb *hb, const struct hb_reserve_request *request,
				 const struct hb_reservation *reservation, struct hb_raise *raise,
				 struct hb_error *error)
{
	const struct kept *found;
	struct store store;
	enum hb_code code = load(hb, &store, NULL, error);

	if (!code) {
		found = find(&store, reservation->name);
		raise->after = make_kept(reservation, request->ttl_s, found, &store.clock);
		if (found)
			raise->before = *found;
		code = save(hb, &store, reservation->name, &raise->after, error);
	}
	free(store.list);
	return code;
}

static enum hb_code raise_it(struct hb *hb, const struct hb_reserve_request *request,
			     struct hb_raise *raise, struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	struct hb_reservation reservation = { 0 };
	enum hb_code code = hb_reservation_check_name(request->name, error);

	if (!code)
		code = need_of(hb, request, &reservation.kib, error);
	if (!code)
		code = hb_lock_host(hb, &patience, error);
	if (code)
		return code;
	strcpy(reservation.name, request->name);
	code = raise_locked(hb, request, &reservation, raise, error);
	hb_unlock_host(hb);
	return code;
}

enum hb_code hb_raise_begin(struct hb *hb, const struct hb_reserve_request *request,
			    struct hb_raise **raise, struct hb_error *error)
{
	enum hb_code code;

	*raise = calloc(1, sizeof(**raise));
	if (!*raise)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	code = raise_it(hb, request, *raise, error);
	if (code) {
		free(*raise);
		*raise = NULL;
	}
	return code;
}

static bool is_same(const struct kept *a, const struct kept *b)
{
	return a->reservation.kib == b->reservation.kib && a->until.wall_s == b->until.wall_s &&
	       a->until.boot_s == b->until.boot_s && !strcmp(a->until.boot, b->until.boot);
}

/* Also if the domain is there by now: what was set aside can count again when that has gone. */
static enum hb_code lower_locked(struct hb *hb, const struct hb_raise *raise,
				 struct hb_error *error)
{
	const struct kept *before = &raise->before;
	const char *name = raise->after.reservation.name;
	const struct kept *found;
	struct store store;
	enum hb_code code = read_file(hb, &store, NULL, error);

	found = code ? NULL : find(&store, name);
	if (found && is_same(found, &raise->after))
		code = save(hb, &store, name, *before->reservation.name ? before : NULL, error);
	free(store.list);
	return code;
}

static enum hb_code lower(struct hb *hb, const struct hb_raise *raise, struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	enum hb_code code = hb_lock_host(hb, &patience, error);

	if (code)
		return code;
	code = lower_locked(hb, raise, error);
	hb_unlock_host(hb);
	return code;
}

enum hb_code hb_raise_end(struct hb *hb, struct hb_raise *raise, bool keep, struct hb_error *error)
{
	enum hb_code code = raise && !keep ? lower(hb, raise, error) : HB_OK;

	free(raise);
	return code;
}

static enum hb_code renew_locked(struct hb *hb, const char *name, unsigned int seconds,
				 struct hb_error *error)
{
	struct store store;
	enum hb_code code = load(hb, &store, NULL, error);
	struct kept *found = code ? NULL : find(&store, name);

	if (found) {
		found->until = hb_moment_in(&store.clock, seconds);
		code = save(hb, &store, name, found, error);
	}
	free(store.list);
	return code;
}

enum hb_code hb_reservation_renew(struct hb *hb, const char *name, unsigned int seconds,
				  struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	enum hb_code code = hb_lock_host(hb, &patience, error);

	if (code)
		return code;
	code = renew_locked(hb, name, seconds, error);
	hb_unlock_host(hb);
	return code;
}

/* What we looked at has changed since, or is not all that Xen looks at. */
static enum hb_code fail_claim(struct hb_error *error, int rc, const char *who)
{
	hb_fail_host(error, rc, "Xen refuses to set memory aside for %s", who);
	hb_refine(error, rc == -ENOMEM ? HB_REASON_XEN_FULL : HB_REASON_CLAIM_REFUSED);
	if (rc == -EINVAL)
		hb_remedy(error, "look at it: it has that much or a claim by now, its maxmem is less, or it is being destroyed");
	else if (rc == -ENOMEM)
		hb_remedy(error, "somebody else has taken the memory; make some free and ask again");
	else if (rc == -EOPNOTSUPP)
		hb_remedy(error, "this Xen cannot, by its build or its cache colouring; set the size now");
	return error->code;
}

/* Under libxl's lock of the domain and the host's. *left_kib is what Xen has set aside. */
static enum hb_code claim_locked(struct hb *hb, uint32_t domid,
				 const struct hb_reserve_request *request, uint64_t *left_kib,
				 struct hb_error *error)
{
	struct hb_host_memory memory;
	struct hb_domain domain;
	enum hb_code code = hb_show(hb, domid, &domain, error);
	char who[HB_WHO_TEXT];
	int rc;

	if (!code)
		code = hb_host_memory(hb, &memory, error);
	if (!code)
		code = hb_claim_check(&domain, &memory, request->size_kib, request->force, error);
	if (code)
		return code;
	rc = hb->dry_run ? 0 : hb->host->ops->claim(hb->host, domid, request->size_kib / HB_PAGE_KIB);
	if (rc)
		return fail_claim(error, rc, hb_who(&domain, who));
	*left_kib = request->size_kib - domain.actual_kib;
	return HB_OK;
}

static enum hb_code claim(struct hb *hb, uint32_t domid, const struct hb_reserve_request *request,
			  uint64_t *left_kib, struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	enum hb_code code = hb_lock_both(hb, domid, &patience, error);

	if (code)
		return code;
	code = claim_locked(hb, domid, request, left_kib, error);
	hb_unlock_both(hb);
	return code;
}

/* The domain runs: what it can count on is set aside in Xen itself. */
static enum hb_code reserve_running(struct hb *hb, const struct hb_domain *domain,
				    const struct hb_reserve_request *request,
				    struct hb_reservation *reservation, struct hb_error *error)
{
	char who[HB_WHO_TEXT];

	if (domain->state == HB_DOMAIN_BUILDING) {
		hb_fail(error, HB_REASON_BUILDING, "%s is being built: its builder sets its memory aside",
			hb_who(domain, who));
		hb_remedy(error, "reserve before the domain is created, or when it runs");
		return HB_E_REFUSED;
	}
	if (request->ttl_s || request->vcpus || request->maxmem_kib) {
		hb_fail(error, HB_REASON_NOT_OF_A_CLAIM, "%s exists, and Xen sets memory aside for its size, without a time",
			hb_who(domain, who));
		return HB_E_USAGE;
	}
	reservation->kib = request->size_kib;
	return claim(hb, domain->domid, request, &reservation->left_kib, error);
}

enum hb_code hb_reserve_at_once(struct hb *hb, const struct hb_reserve_request *request,
				struct hb_reservation *reservation, struct hb_error *error)
{
	const struct hb_domain *named;
	struct hb_domain *domains;
	size_t count;
	enum hb_code code = hb_reservation_check_name(request->name, error);

	memset(reservation, 0, sizeof(*reservation));
	if (!code)
		code = hb_domain_list(hb, &domains, &count, error);
	if (code)
		return code;
	strcpy(reservation->name, request->name);
	named = find_named(domains, count, request->name);
	if (named)
		code = reserve_running(hb, named, request, reservation, error);
	else
		code = reserve_new(hb, request, reservation, error);
	free(domains);
	return code;
}

/* Ends the claim of the domain of that name; *found if there was one. */
static enum hb_code release_claim(struct hb *hb, const char *name, bool *found,
				  struct hb_error *error)
{
	const struct hb_domain *named;
	struct hb_domain *domains;
	size_t count;
	int rc = 0;
	enum hb_code code = hb_domain_list(hb, &domains, &count, error);

	*found = false;
	if (code)
		return code;
	named = find_claim(domains, count, name);
	if (named) {
		rc = hb->dry_run ? 0 : hb->host->ops->claim(hb->host, named->domid, 0);
		/* From 4.19 on Xen has ended it with the domain. */
		if (rc == -EINVAL && named->state == HB_DOMAIN_DYING)
			rc = 0;
		*found = true;
	}
	free(domains);
	return rc ? hb_fail_host(error, rc, "cannot end the claim of %s", name) : HB_OK;
}

static enum hb_code release_kept(struct hb *hb, const char *name, bool *found,
				 struct hb_error *error)
{
	struct store store;
	enum hb_code code = load(hb, &store, NULL, error);

	*found = !code && find(&store, name);
	if (*found)
		code = save(hb, &store, name, NULL, error);
	free(store.list);
	return code;
}

enum hb_code hb_release(struct hb *hb, const char *name, struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	enum hb_code code = hb_reservation_check_name(name, error);
	bool claim, kept = false;

	if (!code)
		code = hb_lock_host(hb, &patience, error);
	if (code)
		return code;
	code = release_claim(hb, name, &claim, error);
	if (!code)
		code = release_kept(hb, name, &kept, error);
	hb_unlock_host(hb);
	if (code || claim || kept)
		return code;
	hb_fail(error, HB_REASON_NOTHING_RESERVED, "nothing is reserved for \"%s\"", name);
	return HB_E_NO_DOMAIN;
}
