/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sim_host.h"

#define PATH_MAX_TEXT 160

struct sim_node {
	char *path, *value;	/* value is NULL in a transaction that saw no node */
	size_t length;
	uint64_t generation;	/* 0: there was no node */
	bool written;
};

struct sim_transaction {
	uint32_t id;
	const struct connection *owner;
	struct sim_node *nodes;	/* those that it has read or written */
	size_t nr_nodes;
};

struct sim_domain {
	struct sim_guest guest;
	struct hb_xen_domain xen;
	uint64_t pool_pages;
	struct hb_xen_pod pod;
};

#define SIM_TOKEN 32
#define SIM_STEP_MS 10

struct sim_watch {
	char path[PATH_MAX_TEXT], token[SIM_TOKEN];
};

/* One process that uses the host. */
struct connection {
	struct hb_host host;
	struct sim *sim;
	bool killed;
	struct sim_watch *watches;
	size_t nr_watches;
	char (*events)[SIM_TOKEN];	/* tokens, the oldest first */
	size_t nr_events;
	bool locks;		/* holds libxl's lock of locked_domid */
	uint32_t locked_domid;
};

static struct connection *connection_of(struct hb_host *host)
{
	return (struct connection *)host;
}

static struct sim *sim_of(struct hb_host *host)
{
	return connection_of(host)->sim;
}

static void *grow(void *array, size_t count, size_t size)
{
	void *grown = realloc(array, count * size);

	assert(grown);
	return grown;
}

/* ---------------------------------------------------------------- xenstore */

static struct sim_node *find_node(struct sim_node *nodes, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	}
	return NULL;
}

static struct sim_node *add_node(struct sim_node **nodes, size_t *count, const char *path)
{
	*nodes = grow(*nodes, *count + 1, sizeof(**nodes));
	(*nodes)[*count] = (struct sim_node){ .path = strdup(path) };
	return &(*nodes)[(*count)++];
}

static void set_value(struct sim_node *node, const char *value, size_t length)
{
	char *copy = malloc(length + 1);

	assert(copy);
	memcpy(copy, value, length);
	copy[length] = '\0';
	/* value may be the node's own. */
	free(node->value);
	node->value = copy;
	node->length = length;
}

static void free_nodes(struct sim_node *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(nodes[i].path);
		free(nodes[i].value);
	}
	free(nodes);
}

static void queue_event(struct connection *connection, const char *token)
{
	connection->events = grow(connection->events, connection->nr_events + 1,
				  sizeof(*connection->events));
	strcpy(connection->events[connection->nr_events++], token);
}

/* Is path watched by a watch on base: the same, or below it? */
static bool is_below(const char *path, const char *base)
{
	size_t length = strlen(base);

	return !strncmp(path, base, length) && (path[length] == '\0' || path[length] == '/');
}

static void fire(struct sim *sim, const char *path)
{
	for (size_t i = 0; i < sim->nr_connections; i++) {
		struct connection *connection = sim->connections[i];

		for (size_t j = 0; j < connection->nr_watches; j++) {
			if (is_below(path, connection->watches[j].path))
				queue_event(connection, connection->watches[j].token);
		}
	}
}

void sim_write(struct sim *sim, const char *path, const char *value)
{
	struct sim_node *node = find_node(sim->nodes, sim->nr_nodes, path);

	if (!node)
		node = add_node(&sim->nodes, &sim->nr_nodes, path);
	set_value(node, value, strlen(value));
	node->generation = ++sim->generation;
	fire(sim, path);
}

const char *sim_read(const struct sim *sim, const char *path)
{
	struct sim_node *node = find_node(sim->nodes, sim->nr_nodes, path);

	return node ? node->value : NULL;
}

static void key_path(char path[PATH_MAX_TEXT], uint32_t domid, const char *key)
{
	snprintf(path, PATH_MAX_TEXT, HB_DIR_DOMAIN "/%s", domid, key);
}

const char *sim_read_key(const struct sim *sim, uint32_t domid, const char *key)
{
	char path[PATH_MAX_TEXT];

	key_path(path, domid, key);
	return sim_read(sim, path);
}

void sim_write_key(struct sim *sim, uint32_t domid, const char *key, const char *value)
{
	char path[PATH_MAX_TEXT];

	key_path(path, domid, key);
	sim_write(sim, path, value);
}

static void remove_node(struct sim *sim, struct sim_node *node)
{
	fire(sim, node->path);
	free(node->path);
	free(node->value);
	*node = sim->nodes[--sim->nr_nodes];
}

void sim_remove_key(struct sim *sim, uint32_t domid, const char *key)
{
	char path[PATH_MAX_TEXT];
	struct sim_node *node;

	key_path(path, domid, key);
	node = find_node(sim->nodes, sim->nr_nodes, path);
	if (node)
		remove_node(sim, node);
}

static void write_number(struct sim *sim, uint32_t domid, const char *key, uint64_t number)
{
	char value[24];

	snprintf(value, sizeof(value), "%" PRIu64, number);
	sim_write_key(sim, domid, key, value);
}

#define UUID_TEXT 37

static void uuid_text(char text[UUID_TEXT], uint32_t domid, unsigned int generation)
{
	snprintf(text, UUID_TEXT, "%08x-%04x-0000-0000-000000000000", domid, generation);
}

/* The directories a domain has: its own, libxl's and that of its uuid. */
static bool belongs_to(const char *path, uint32_t domid)
{
	char own[64], libxl[64], uuid[16], vm[64];

	/* Of any generation. */
	snprintf(uuid, sizeof(uuid), "%08x-", domid);
	snprintf(own, sizeof(own), HB_DIR_DOMAIN "/", domid);
	snprintf(libxl, sizeof(libxl), HB_DIR_LIBXL "/", domid);
	snprintf(vm, sizeof(vm), HB_DIR_VM, uuid);
	return !strncmp(path, own, strlen(own)) || !strncmp(path, libxl, strlen(libxl)) ||
	       !strncmp(path, vm, strlen(vm));
}

size_t sim_count_nodes(const struct sim *sim, uint32_t domid)
{
	size_t count = 0;

	for (size_t i = 0; i < sim->nr_nodes; i++)
		count += belongs_to(sim->nodes[i].path, domid);
	return count;
}

static struct sim_transaction *find_transaction(struct sim *sim, uint32_t id)
{
	for (size_t i = 0; i < sim->nr_transactions; i++) {
		if (sim->transactions[i].id == id)
			return &sim->transactions[i];
	}
	return NULL;
}

static void drop_transaction(struct sim *sim, struct sim_transaction *transaction)
{
	free_nodes(transaction->nodes, transaction->nr_nodes);
	*transaction = sim->transactions[--sim->nr_transactions];
}

/* The node as the transaction sees it: as it was when first looked at. */
static struct sim_node *enter_node(struct sim *sim, struct sim_transaction *transaction,
				   const char *path)
{
	struct sim_node *node = find_node(transaction->nodes, transaction->nr_nodes, path);
	const struct sim_node *base = find_node(sim->nodes, sim->nr_nodes, path);

	if (node)
		return node;
	node = add_node(&transaction->nodes, &transaction->nr_nodes, path);
	if (base) {
		set_value(node, base->value, base->length);
		node->generation = base->generation;
	}
	return node;
}

static bool conflicts(struct sim *sim, const struct sim_transaction *transaction)
{
	for (size_t i = 0; i < transaction->nr_nodes; i++) {
		const struct sim_node *node = &transaction->nodes[i];
		const struct sim_node *base = find_node(sim->nodes, sim->nr_nodes, node->path);

		if ((base ? base->generation : 0) != node->generation)
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------ guests */

static struct sim_domain *find_domain(const struct sim *sim, uint32_t domid)
{
	for (size_t i = 0; i < sim->nr_domains; i++) {
		if (sim->domains[i].xen.domid == domid)
			return &sim->domains[i];
	}
	return NULL;
}

struct sim_guest *sim_guest(struct sim *sim, uint32_t domid)
{
	struct sim_domain *domain = find_domain(sim, domid);

	return domain ? &domain->guest : NULL;
}

struct hb_xen_domain sim_xen(const struct sim *sim, uint32_t domid, uint64_t *pool_kib)
{
	struct sim_domain *domain = find_domain(sim, domid);

	assert(domain);
	if (pool_kib)
		*pool_kib = domain->pool_pages * HB_PAGE_KIB;
	return domain->xen;
}

void sim_set_limit(struct sim *sim, uint32_t domid, uint64_t kib)
{
	find_domain(sim, domid)->xen.max_pages = kib / HB_PAGE_KIB;
}

uint64_t sim_pages(const struct sim *sim)
{
	uint64_t pages = sim->free_pages;

	for (size_t i = 0; i < sim->nr_domains; i++)
		pages += sim->domains[i].xen.tot_pages + sim->domains[i].pool_pages;
	return pages;
}

static void build_store(struct sim *sim, const struct sim_domain *domain)
{
	const struct sim_guest *guest = &domain->guest;
	static const char *const types[] = { "pv", "pvh", "hvm" };
	char path[PATH_MAX_TEXT], value[24], uuid[UUID_TEXT];

	write_number(sim, guest->domid, HB_KEY_DOMID, guest->domid);
	sim_write_key(sim, guest->domid, HB_KEY_NAME, guest->name);
	write_number(sim, guest->domid, HB_KEY_TARGET, guest->memory_kib - guest->videoram_kib);
	write_number(sim, guest->domid, HB_KEY_STATIC_MAX, guest->maxmem_kib);
	write_number(sim, guest->domid, HB_KEY_VIDEORAM, guest->videoram_kib);
	snprintf(path, sizeof(path), HB_DIR_LIBXL "/%s", guest->domid, HB_KEY_LIBXL_TYPE);
	sim_write(sim, path, types[guest->type]);
	uuid_text(uuid, guest->domid, guest->generation);
	snprintf(path, sizeof(path), HB_DIR_VM "/%s", uuid, HB_KEY_VM_MEMORY);
	snprintf(value, sizeof(value), "%" PRIu64,
		 (guest->memory_kib - guest->videoram_kib) / 1024);
	sim_write(sim, path, value);
}

static uint64_t parse(const char *text)
{
	return text ? strtoull(text, NULL, 10) : 0;
}

static uint64_t read_target(const struct sim *sim, const struct sim_domain *domain)
{
	return parse(sim_read_key(sim, domain->xen.domid, HB_KEY_TARGET));
}

/* The target size that the domain is at, counted as the target counts. */
static uint64_t position(const struct sim_domain *domain)
{
	const struct sim_guest *guest = &domain->guest;

	return domain->xen.tot_pages * HB_PAGE_KIB - guest->videoram_kib - guest->offset_kib;
}

static void publish(struct sim *sim, const struct sim_domain *domain, enum hb_cause cause)
{
	static const char *const states[] = HB_STATE_WORDS;
	static const char *const causes[] = HB_CAUSE_WORDS;
	uint32_t domid = domain->xen.domid;
	uint64_t now = position(domain), target = read_target(sim, domain);
	enum hb_state state = HB_STATE_IDLE;

	if (!domain->guest.reports)
		return;
	if (now != target)
		state = cause ? HB_STATE_WAITING : now < target ? HB_STATE_GROWING : HB_STATE_SHRINKING;
	sim_write_key(sim, domid, HB_KEY_REPORT_STATE, states[state]);
	sim_write_key(sim, domid, HB_KEY_REPORT_CAUSE, causes[cause]);
	write_number(sim, domid, HB_KEY_REPORT_CURRENT, now);
	write_number(sim, domid, HB_KEY_REPORT_GOAL, target);
	if (cause == HB_CAUSE_GUEST_FLOOR)
		write_number(sim, domid, HB_KEY_REPORT_FLOOR, domain->guest.stick_at_kib);
	if (domain->guest.report_max_kib)
		write_number(sim, domid, HB_KEY_REPORT_MAX, domain->guest.report_max_kib);
	write_number(sim, domid, HB_KEY_REPORT_VERSION, HB_REPORT_VERSION);
}

static uint64_t claimed_pages(const struct sim *sim)
{
	uint64_t pages = sim->claimed_pages;

	for (size_t i = 0; i < sim->nr_domains; i++)
		pages += sim->domains[i].xen.outstanding_pages;
	return pages;
}

/* Takes up to pages, as far as Xen gives any; returns how many. */
static uint64_t populate(struct sim *sim, struct sim_domain *domain, uint64_t pages)
{
	uint64_t room = domain->xen.max_pages > domain->xen.tot_pages ?
			domain->xen.max_pages - domain->xen.tot_pages : 0;
	uint64_t others = claimed_pages(sim) - domain->xen.outstanding_pages;
	uint64_t unclaimed = sim->free_pages > others ? sim->free_pages - others : 0;

	if (pages > room)
		pages = room;
	if (pages > unclaimed)
		pages = unclaimed;
	domain->xen.tot_pages += pages;
	sim->free_pages -= pages;
	domain->xen.outstanding_pages -= pages < domain->xen.outstanding_pages ?
					 pages : domain->xen.outstanding_pages;
	return pages;
}

static void move_guest(struct sim *sim, struct sim_domain *domain, unsigned int ms)
{
	const struct sim_guest *guest = &domain->guest;
	uint64_t step = guest->rate_kib_s * ms / 1000 / HB_PAGE_KIB;
	uint64_t goal = read_target(sim, domain), now = position(domain);
	uint64_t stop = guest->stick_at_kib;
	enum hb_cause cause = HB_CAUSE_NONE;
	uint64_t pages;

	if (guest->paused || guest->dying || guest->shutdown || guest->crashed || guest->suspended)
		return;
	if (stop && ((now >= stop && goal < stop) || (now <= stop && goal > stop))) {
		goal = stop;
		cause = guest->stick_cause;
	}
	pages = (goal > now ? goal - now : now - goal) / HB_PAGE_KIB;
	if (pages > step)
		pages = step;
	if (goal < now) {
		domain->xen.tot_pages -= pages;
		sim->free_pages += pages;
	} else if (populate(sim, domain, pages) < pages) {
		cause = HB_CAUSE_HOST_OUT_OF_MEMORY;
	}
	publish(sim, domain, position(domain) == goal || cause == HB_CAUSE_HOST_OUT_OF_MEMORY ?
		cause : HB_CAUSE_NONE);
}

void sim_add(struct sim *sim, const struct sim_guest *guest)
{
	struct sim_domain *domain;
	uint64_t mib = (guest->maxmem_kib + 1023) / 1024;

	sim->domains = grow(sim->domains, sim->nr_domains + 1, sizeof(*sim->domains));
	domain = &sim->domains[sim->nr_domains++];
	*domain = (struct sim_domain){ .guest = *guest };
	domain->xen = (struct hb_xen_domain){
		.domid = guest->domid,
		.vcpus = guest->vcpus,
		.hvm = guest->type != HB_TYPE_PV,
		.hap = guest->type != HB_TYPE_PV,
		.max_pages = (guest->memory_kib + 1024) / HB_PAGE_KIB,
		.tot_pages = (guest->memory_kib + guest->offset_kib) / HB_PAGE_KIB,
		.uuid = { guest->domid >> 24, guest->domid >> 16, guest->domid >> 8, guest->domid,
			  guest->generation >> 8, guest->generation },
	};
	domain->pod.entry_pages = guest->pod_entries_kib / HB_PAGE_KIB;
	domain->pod.cache_pages = guest->pod_cache_kib / HB_PAGE_KIB;
	if (guest->type != HB_TYPE_PV)
		domain->pool_pages = 256ULL * guest->vcpus + mib;
	assert(sim->free_pages >= domain->xen.tot_pages + domain->pool_pages);
	sim->free_pages -= domain->xen.tot_pages + domain->pool_pages;
	build_store(sim, domain);
	publish(sim, domain, HB_CAUSE_NONE);
	fire(sim, "@introduceDomain");
}

void sim_destroy(struct sim *sim, uint32_t domid)
{
	struct sim_domain *domain = find_domain(sim, domid);

	if (!domain)
		return;
	sim->free_pages += domain->xen.tot_pages + domain->pool_pages;
	*domain = sim->domains[--sim->nr_domains];
	for (size_t i = sim->nr_nodes; i-- > 0;) {
		if (belongs_to(sim->nodes[i].path, domid))
			remove_node(sim, &sim->nodes[i]);
	}
	fire(sim, "@releaseDomain");
}

void sim_reboot(struct sim *sim, uint32_t domid)
{
	struct sim_guest guest = *sim_guest(sim, domid);

	guest.memory_kib = parse(sim_read_key(sim, domid, HB_KEY_TARGET)) + guest.videoram_kib;
	guest.maxmem_kib = parse(sim_read_key(sim, domid, HB_KEY_STATIC_MAX));
	sim_destroy(sim, domid);
	sim_add(sim, &guest);
}

/* ---------------------------------------------------------- host interface */

/* Counts the call and lets a fault happen; not 0: the call returns that. */
static int enter(struct hb_host *host, bool is_commit)
{
	struct connection *connection = connection_of(host);
	struct sim *sim = connection->sim;
	bool now = ++sim->calls == sim->fault_at;

	if (sim->call_ms)
		sim_run(sim, sim->call_ms);
	if (connection->killed)
		return -EIO;
	if (sim->fault == SIM_FAULT_ERROR && (now || (sim->fault_stays && sim->calls > sim->fault_at)))
		return -sim->fault_errno;
	if (!now)
		return 0;
	switch (sim->fault) {
	case SIM_FAULT_CONFLICT:
		return is_commit ? -EAGAIN : 0;
	case SIM_FAULT_DEATH:
		sim_destroy(sim, sim->fault_domid);
		return 0;
	case SIM_FAULT_KILL:
		connection->killed = true;
		return -EIO;
	case SIM_FAULT_HOOK:
		sim->hook(sim);
		return 0;
	default:
		return 0;
	}
}

static struct hb_xen_domain describe(const struct sim_domain *domain)
{
	const struct sim_guest *guest = &domain->guest;
	struct hb_xen_domain xen = domain->xen;

	xen.paused = guest->paused || guest->never_ran;
	xen.cpu_time_ns = guest->never_ran ? 0 : 1;
	xen.dying = guest->dying;
	xen.shutdown = guest->shutdown || guest->crashed || guest->suspended;
	xen.crashed = guest->crashed;
	xen.suspended = guest->suspended;
	return xen;
}

static int sim_domains(struct hb_host *host, uint32_t first, struct hb_xen_domain *domains,
		       unsigned int max)
{
	struct sim *sim = sim_of(host);
	unsigned int count = 0;
	int rc = enter(host, false);

	if (rc)
		return rc;
	while (count < max) {
		const struct sim_domain *next = NULL;

		for (size_t i = 0; i < sim->nr_domains; i++) {
			const struct sim_domain *domain = &sim->domains[i];

			if (domain->xen.domid >= first &&
			    (!next || domain->xen.domid < next->xen.domid))
				next = domain;
		}
		if (!next)
			break;
		domains[count++] = describe(next);
		first = next->xen.domid + 1;
	}
	return count;
}

static int sim_memory(struct hb_host *host, struct hb_xen_memory *memory)
{
	struct sim *sim = sim_of(host);
	int rc = enter(host, false);

	*memory = (struct hb_xen_memory){
		.total_pages = sim->total_pages,
		.free_pages = sim->free_pages,
		.outstanding_pages = claimed_pages(sim),
	};
	return rc;
}

/* enter() for a call about one domain; it is looked up after a fault has had its way. */
static int enter_domain(struct hb_host *host, uint32_t domid, struct sim_domain **domain)
{
	int rc = enter(host, false);

	*domain = find_domain(sim_of(host), domid);
	if (rc)
		return rc;
	return *domain ? 0 : -ESRCH;
}

static int sim_set_maxmem(struct hb_host *host, uint32_t domid, uint64_t kib)
{
	struct sim_domain *domain;
	int rc = enter_domain(host, domid, &domain);

	if (!rc)
		domain->xen.max_pages = kib / HB_PAGE_KIB;
	return rc;
}

static int pool_domain(struct hb_host *host, uint32_t domid, struct sim_domain **domain)
{
	int rc = enter_domain(host, domid, domain);

	if (rc)
		return rc;
	return (*domain)->xen.hvm && !sim_of(host)->no_pool ? 0 : -EOPNOTSUPP;
}

static int sim_get_pool(struct hb_host *host, uint32_t domid, uint64_t *bytes)
{
	struct sim_domain *domain;
	int rc = pool_domain(host, domid, &domain);

	if (!rc)
		*bytes = domain->pool_pages * 4096;
	return rc;
}

/* Like Xen: takes what there is before it fails. */
static int sim_set_pool(struct hb_host *host, uint32_t domid, uint64_t bytes)
{
	struct sim *sim = sim_of(host);
	struct sim_domain *domain;
	int rc = pool_domain(host, domid, &domain);
	uint64_t pages = bytes / 4096, more;

	if (rc)
		return rc;
	if (pages <= domain->pool_pages) {
		sim->free_pages += domain->pool_pages - pages;
		domain->pool_pages = pages;
		return 0;
	}
	more = pages - domain->pool_pages;
	if (more > sim->free_pages)
		more = sim->free_pages;
	sim->free_pages -= more;
	domain->pool_pages += more;
	return domain->pool_pages == pages ? 0 : -ENOMEM;
}

static int sim_get_pod(struct hb_host *host, uint32_t domid, struct hb_xen_pod *pod)
{
	struct sim_domain *domain;
	int rc = enter_domain(host, domid, &domain);

	if (!rc)
		*pod = domain->pod;
	return rc;
}

/* p2m_pod_set_mem_target(): a no-op without entries or below what is held. */
static int sim_set_pod(struct hb_host *host, uint32_t domid, uint64_t target_pages)
{
	struct sim_domain *domain;
	int rc = enter_domain(host, domid, &domain);
	uint64_t populated, cache, more;

	if (rc)
		return rc;
	if (!domain->pod.entry_pages || target_pages < domain->xen.tot_pages)
		return 0;
	populated = domain->xen.tot_pages - domain->pod.cache_pages;
	cache = target_pages - populated;
	if (cache > domain->pod.entry_pages)
		cache = domain->pod.entry_pages;
	if (cache <= domain->pod.cache_pages)
		return 0;
	more = populate(sim_of(host), domain, cache - domain->pod.cache_pages);
	domain->pod.cache_pages += more;
	return domain->pod.cache_pages == cache ? 0 : -ENOMEM;
}

/* domain_set_outstanding_pages() of Xen. */
static int sim_claim(struct hb_host *host, uint32_t domid, uint64_t pages)
{
	struct sim *sim = sim_of(host);
	struct sim_domain *domain;
	int rc = enter_domain(host, domid, &domain);

	if (rc)
		return rc;
	if (!pages) {
		domain->xen.outstanding_pages = 0;
		return 0;
	}
	if (domain->xen.outstanding_pages || pages <= domain->xen.tot_pages ||
	    pages > domain->xen.max_pages)
		return -EINVAL;
	if (pages - domain->xen.tot_pages + claimed_pages(sim) > sim->free_pages)
		return -ENOMEM;
	domain->xen.outstanding_pages = pages - domain->xen.tot_pages;
	return 0;
}

static int sim_get_vnodes(struct hb_host *host, uint32_t domid, unsigned int *vnodes)
{
	struct sim_domain *domain;
	int rc = enter_domain(host, domid, &domain);

	if (!rc)
		*vnodes = domain->guest.vnodes;
	return rc;
}

static int sim_lock(struct hb_host *host, uint32_t domid, const char *uuid)
{
	struct connection *connection = connection_of(host);
	struct sim *sim = connection->sim;
	int rc = enter(host, false);

	(void)uuid;
	assert(!connection->locks);
	if (rc || sim->no_lock)
		return rc;
	for (size_t i = 0; i < sim->nr_connections; i++) {
		if (sim->connections[i]->locks && sim->connections[i]->locked_domid == domid)
			return -EBUSY;
	}
	if (sim->locked_domid == domid && sim->clock_ms < sim->locked_until_ms)
		return -EBUSY;
	connection->locks = true;
	connection->locked_domid = domid;
	sim->locks++;
	return 0;
}

static void sim_unlock(struct hb_host *host)
{
	connection_of(host)->locks = false;
}

static int sim_begin(struct hb_host *host, uint32_t *transaction)
{
	struct sim *sim = sim_of(host);
	int rc = enter(host, false);

	if (rc)
		return rc;
	sim->transactions = grow(sim->transactions, sim->nr_transactions + 1,
				 sizeof(*sim->transactions));
	*transaction = ++sim->generation;
	sim->transactions[sim->nr_transactions++] = (struct sim_transaction){
		.id = *transaction, .owner = connection_of(host),
	};
	return 0;
}

static int sim_end(struct hb_host *host, uint32_t id, bool commit)
{
	struct sim *sim = sim_of(host);
	int rc = enter(host, commit);
	struct sim_transaction *transaction = find_transaction(sim, id);

	assert(transaction);
	if (connection_of(host)->killed)
		return rc;
	if (!rc && commit && conflicts(sim, transaction))
		rc = -EAGAIN;
	for (size_t i = 0; i < transaction->nr_nodes && commit && !rc; i++) {
		if (transaction->nodes[i].written)
			sim_write(sim, transaction->nodes[i].path, transaction->nodes[i].value);
	}
	drop_transaction(sim, transaction);
	return rc;
}

static int sim_read_node(struct hb_host *host, uint32_t id, const char *path, char **value,
			 size_t *length)
{
	struct sim *sim = sim_of(host);
	struct sim_node *node;
	int rc = enter(host, false);

	if (rc)
		return rc;
	if (id == HB_NO_TRANSACTION)
		node = find_node(sim->nodes, sim->nr_nodes, path);
	else
		node = enter_node(sim, find_transaction(sim, id), path);
	if (!node || !node->value)
		return -ENOENT;
	*value = malloc(node->length + 1);
	assert(*value);
	memcpy(*value, node->value, node->length + 1);
	*length = node->length;
	return 0;
}

static int sim_write_node(struct hb_host *host, uint32_t id, const char *path, const char *value)
{
	struct sim *sim = sim_of(host);
	int rc = enter(host, false);
	struct sim_node *node;

	if (rc)
		return rc;
	if (id == HB_NO_TRANSACTION) {
		sim_write(sim, path, value);
		return 0;
	}
	node = enter_node(sim, find_transaction(sim, id), path);
	set_value(node, value, strlen(value));
	node->written = true;
	return 0;
}

static int sim_watch(struct hb_host *host, const char *path, const char *token)
{
	struct connection *connection = connection_of(host);
	int rc = enter(host, false);

	if (rc)
		return rc;
	connection->watches = grow(connection->watches, connection->nr_watches + 1,
				   sizeof(*connection->watches));
	strcpy(connection->watches[connection->nr_watches].path, path);
	strcpy(connection->watches[connection->nr_watches++].token, token);
	queue_event(connection, token);
	return 0;
}

static int sim_unwatch(struct hb_host *host, const char *path, const char *token)
{
	struct connection *connection = connection_of(host);
	int rc = enter(host, false);

	for (size_t i = 0; i < connection->nr_watches && !rc; i++) {
		struct sim_watch *watch = &connection->watches[i];

		if (!strcmp(watch->path, path) && !strcmp(watch->token, token)) {
			*watch = connection->watches[--connection->nr_watches];
			return 0;
		}
	}
	return rc ? rc : -ENOENT;
}

/* The world goes on in steps while there is nothing to tell. */
static int sim_next_event(struct hb_host *host, int timeout_ms, char *token, size_t size)
{
	struct connection *connection = connection_of(host);
	struct sim *sim = sim_of(host);
	uint64_t start = sim->clock_ms;

	while (!connection->nr_events) {
		if (sim->interrupt_ms && sim->clock_ms >= sim->interrupt_ms)
			return -EINTR;
		if (timeout_ms >= 0 && sim->clock_ms >= start + timeout_ms)
			return -EAGAIN;
		sim_run(sim, SIM_STEP_MS);
	}
	snprintf(token, size, "%s", connection->events[0]);
	memmove(connection->events, connection->events + 1,
		--connection->nr_events * sizeof(*connection->events));
	return 0;
}

static uint64_t sim_now_ms(struct hb_host *host)
{
	return sim_of(host)->clock_ms;
}

void sim_run(struct sim *sim, unsigned int ms)
{
	sim->clock_ms += ms;
	for (size_t i = 0; i < sim->nr_domains; i++)
		move_guest(sim, &sim->domains[i], ms);
	if (sim->tick)
		sim->tick(sim);
}

/* The simulated world begins on some day of 2020. */
static uint64_t sim_wall_s(struct hb_host *host)
{
	return 1600000000 + sim_of(host)->clock_ms / 1000;
}

static void sim_sleep_ms(struct hb_host *host, unsigned int ms)
{
	/* Nobody may keep others from a domain while it waits. */
	assert(!connection_of(host)->locks);
	sim_run(sim_of(host), ms);
}

/* A process lets go of the host: xenstored drops its open transactions. */
static void sim_disconnect(struct hb_host *host)
{
	struct sim *sim = sim_of(host);

	for (size_t i = sim->nr_transactions; i-- > 0;) {
		if (sim->transactions[i].owner == connection_of(host))
			drop_transaction(sim, &sim->transactions[i]);
	}
	for (size_t i = 0; i < sim->nr_connections; i++) {
		if (sim->connections[i] == connection_of(host)) {
			sim->connections[i] = sim->connections[--sim->nr_connections];
			break;
		}
	}
	free(connection_of(host)->watches);
	free(connection_of(host)->events);
	free(connection_of(host));
}

static const struct hb_host_ops sim_ops = {
	.domains = sim_domains,
	.memory = sim_memory,
	.set_maxmem = sim_set_maxmem,
	.get_pool = sim_get_pool,
	.set_pool = sim_set_pool,
	.get_pod = sim_get_pod,
	.set_pod = sim_set_pod,
	.claim = sim_claim,
	.get_vnodes = sim_get_vnodes,
	.lock = sim_lock,
	.unlock = sim_unlock,
	.begin = sim_begin,
	.end = sim_end,
	.read = sim_read_node,
	.write = sim_write_node,
	.watch = sim_watch,
	.unwatch = sim_unwatch,
	.next_event = sim_next_event,
	.now_ms = sim_now_ms,
	.wall_s = sim_wall_s,
	.sleep_ms = sim_sleep_ms,
	.close = sim_disconnect,
};

struct sim *sim_open(uint64_t total_kib)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	assert(sim);
	sim->total_pages = sim->free_pages = total_kib / HB_PAGE_KIB;
	return sim;
}

void sim_close(struct sim *sim)
{
	assert(!sim->nr_transactions);
	assert(!sim->nr_connections);
	free(sim->connections);
	free(sim->transactions);
	free_nodes(sim->nodes, sim->nr_nodes);
	free(sim->domains);
	free(sim);
}

struct hb *sim_connect(struct sim *sim)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct hb_error error;
	struct hb *hb;

	assert(connection);
	connection->host.ops = &sim_ops;
	connection->sim = sim;
	sim->connections = grow(sim->connections, sim->nr_connections + 1,
				sizeof(*sim->connections));
	sim->connections[sim->nr_connections++] = connection;
	hb = hb_open_host(&connection->host);
	assert(hb);
	/* Nothing of the machine that this runs on. */
	assert(!hb_set_state_dir(hb, SIM_STATE_DIR, &error));
	return hb;
}
