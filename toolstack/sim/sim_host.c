/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE	/* ppoll() */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "deadline.h"
#include "file_lock.h"
#include "internal.h"
#include "sim_internal.h"

#define SIM_STEP_MS 10

/* A node as a transaction sees it. */
struct sim_view {
	char *path, *value;	/* value is NULL if the transaction saw no node */
	size_t length;
	uint64_t generation;	/* 0: there was no node */
	bool written;
};

struct sim_transaction {
	uint32_t id;
	const struct connection *owner;
	struct sim_view *views;	/* those that it has read or written */
	size_t nr_views;
};

static struct connection *connection_of(struct hb_host *host)
{
	return (struct connection *)host;
}

static struct sim *sim_of(struct hb_host *host)
{
	return connection_of(host)->sim;
}

/* ---------------------------------------------------------------- xenstore */

static bool has_event(const struct connection *connection)
{
	return connection->nr_events ||
	       (connection->timer && connection->sim->clock_ms >= connection->timer_ms);
}

void sim_show_event(struct connection *connection)
{
	const uint64_t one = 1;
	uint64_t count;

	/* A call to the kernel costs more than all the rest of a step. */
	if (connection->event_fd < 0 || connection->shown == has_event(connection))
		return;
	connection->shown = !connection->shown;
	if (connection->shown)
		assert(write(connection->event_fd, &one, sizeof(one)) == sizeof(one));
	else if (read(connection->event_fd, &count, sizeof(count)) < 0)
		assert(errno == EAGAIN);
}

static void queue_event(struct connection *connection, const char *token)
{
	connection->sim->events++;
	for (size_t i = 0; i < connection->nr_events; i++) {
		if (!strcmp(connection->events[i], token))
			return;
	}
	connection->events = sim_grow(connection->events, connection->nr_events + 1,
				  sizeof(*connection->events));
	strcpy(connection->events[connection->nr_events++], token);
	sim_show_event(connection);
}

/* FNV-1a, a character at a time. */
#define HASH_BEGIN 2166136261U
static uint32_t hash_on(uint32_t hash, char c)
{
	return (hash ^ (unsigned char)c) * 16777619U;
}

static struct sim_watch **bucket_of(struct connection *connection, const char *path)
{
	uint32_t hash = HASH_BEGIN;

	for (; *path; path++)
		hash = hash_on(hash, *path);
	return &connection->watches[hash % SIM_WATCH_BUCKETS];
}

/* Who watches what the first length characters of path are, whose hash that is. */
static void fire_at(struct connection *connection, const char *path, size_t length, uint32_t hash)
{
	for (struct sim_watch *watch = connection->watches[hash % SIM_WATCH_BUCKETS]; watch; watch = watch->next) {
		if (watch->length == length && !memcmp(watch->path, path, length))
			queue_event(connection, watch->token);
	}
}

void sim_fire(struct sim *sim, const char *path)
{
	for (size_t i = 0; i < sim->nr_connections; i++) {
		uint32_t hash = HASH_BEGIN;

		for (size_t length = 0;; length++) {
			if (length && (path[length] == '/' || !path[length]))
				fire_at(sim->connections[i], path, length, hash);
			if (!path[length])
				break;
			hash = hash_on(hash, path[length]);
		}
	}
}

void sim_run_low(struct sim *sim)
{
	for (size_t i = 0; i < sim->nr_connections; i++) {
		if (sim->connections[i]->low_token)
			queue_event(sim->connections[i], sim->connections[i]->low_token);
	}
}

/*
 * check_low_mem_virq() of Xen 4.17: at 64 MiB it says so, then at each half of that, and again
 * when there has been four times as much in between.
 */
void sim_check_low(struct sim *sim)
{
	uint64_t claimed = sim_claimed_pages(sim);
	uint64_t available = sim->free_pages > claimed ? sim->free_pages - claimed : 0;

	if (sim->low_order && available <= 1ULL << sim->low_order) {
		sim->low_order--;
		sim->low_high_pages = 4ULL << sim->low_order;
		sim_run_low(sim);
	} else if (available >= sim->low_high_pages) {
		sim->low_order++;
		sim->low_high_pages = sim->low_order < SIM_LOW_ORDER ? 4ULL << sim->low_order : UINT64_MAX;
	}
}

void sim_write(struct sim *sim, const char *path, const char *value)
{
	sim_store_write(&sim->store, path, value, strlen(value));
	sim_fire(sim, path);
}

const char *sim_read(const struct sim *sim, const char *path)
{
	struct sim_node *node = sim_store_find(&sim->store, path);

	return node ? node->value : NULL;
}

static void key_path(char path[SIM_PATH], uint32_t domid, const char *key)
{
	snprintf(path, SIM_PATH, HB_DIR_DOMAIN "/%s", domid, key);
}

const char *sim_read_key(const struct sim *sim, uint32_t domid, const char *key)
{
	char path[SIM_PATH];

	key_path(path, domid, key);
	return sim_read(sim, path);
}

void sim_write_key_bytes(struct sim *sim, uint32_t domid, const char *key, const void *value,
			 size_t length)
{
	char path[SIM_PATH];

	key_path(path, domid, key);
	sim_store_write(&sim->store, path, value, length);
	sim_fire(sim, path);
}

void sim_write_key(struct sim *sim, uint32_t domid, const char *key, const char *value)
{
	sim_write_key_bytes(sim, domid, key, value, strlen(value));
}

static void remove_node(struct sim *sim, struct sim_node *node)
{
	sim_fire(sim, node->path);
	sim_store_remove(&sim->store, node);
}

void sim_remove_key(struct sim *sim, uint32_t domid, const char *key)
{
	char path[SIM_PATH];
	struct sim_node *node;

	key_path(path, domid, key);
	node = sim_store_find(&sim->store, path);
	if (node)
		remove_node(sim, node);
}

/* The directories a domain has: its own and that of its uuid. */
struct domain_dirs {
	char own[64], vm[64];
};

static struct domain_dirs dirs_of(uint32_t domid)
{
	struct domain_dirs dirs;
	char uuid[16];

	/* Of any generation. */
	snprintf(uuid, sizeof(uuid), "%08x-", domid);
	snprintf(dirs.own, sizeof(dirs.own), HB_DIR_DOMAIN "/", domid);
	snprintf(dirs.vm, sizeof(dirs.vm), HB_DIR_VM, uuid);
	return dirs;
}

static int belongs_to(const struct sim_node *node, const void *argument)
{
	const struct domain_dirs *dirs = argument;

	return !strncmp(node->path, dirs->own, strlen(dirs->own)) ||
	       !strncmp(node->path, dirs->vm, strlen(dirs->vm));
}

bool sim_has_nodes(const struct sim *sim, uint32_t domid)
{
	struct domain_dirs dirs = dirs_of(domid);

	return sim_store_first(&sim->store, belongs_to, &dirs);
}

void sim_remove_nodes(struct sim *sim, uint32_t domid)
{
	struct domain_dirs dirs = dirs_of(domid);
	struct sim_node *node;

	while ((node = sim_store_first(&sim->store, belongs_to, &dirs)))
		remove_node(sim, node);
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
	for (size_t i = 0; i < transaction->nr_views; i++) {
		free(transaction->views[i].path);
		free(transaction->views[i].value);
	}
	free(transaction->views);
	*transaction = sim->transactions[--sim->nr_transactions];
}

static struct sim_view *find_view(struct sim_transaction *transaction, const char *path)
{
	for (size_t i = 0; i < transaction->nr_views; i++) {
		if (!strcmp(transaction->views[i].path, path))
			return &transaction->views[i];
	}
	return NULL;
}

/* The node as the transaction sees it: as it was when first looked at. */
static struct sim_view *enter_node(struct sim *sim, struct sim_transaction *transaction,
				   const char *path)
{
	struct sim_view *view = find_view(transaction, path);
	const struct sim_node *node = sim_store_find(&sim->store, path);

	if (view)
		return view;
	transaction->views = sim_grow(transaction->views, transaction->nr_views + 1, sizeof(*view));
	view = &transaction->views[transaction->nr_views++];
	*view = (struct sim_view){ .path = sim_copy(path, strlen(path)) };
	if (node) {
		view->value = sim_copy(node->value, node->length);
		view->length = node->length;
		view->generation = node->generation;
	}
	return view;
}

static bool conflicts(struct sim *sim, const struct sim_transaction *transaction)
{
	for (size_t i = 0; i < transaction->nr_views; i++) {
		const struct sim_view *view = &transaction->views[i];
		const struct sim_node *node = sim_store_find(&sim->store, view->path);

		if ((node ? node->generation : 0) != view->generation)
			return true;
	}
	return false;
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

/* enter() for what xenstore is asked, which may hang: the caller waits as long as it may, once. */
static int enter_watch(struct hb_host *host, bool is_commit)
{
	struct connection *connection = connection_of(host);
	struct sim *sim = connection->sim;
	int rc = enter(host, is_commit);

	if (rc || !sim->hangs_at || sim->calls < sim->hangs_at)
		return rc;
	if (!connection->hung)
		sim_run(sim, hb_call_limit_ms(host));
	connection->hung = true;
	return -ETIMEDOUT;
}

/* The same for all but watches, which have a connection of their own: one that has failed once has failed. */
static int enter_store(struct hb_host *host, bool is_commit)
{
	struct connection *connection = connection_of(host);
	int rc = enter_watch(host, is_commit);

	connection->calls_failed |= connection->hung && rc == -ETIMEDOUT;
	return !rc && connection->calls_failed ? -ETIMEDOUT : rc;
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
	for (size_t i = sim_place(sim, first); i < sim->nr_domains && count < max; i++)
		domains[count++] = describe(&sim->domains[i]);
	return count;
}

static int sim_memory(struct hb_host *host, struct hb_xen_memory *memory)
{
	struct sim *sim = sim_of(host);
	int rc = enter(host, false);
	/* Xen clears what it gives away first. */
	uint64_t scrub = sim->scrub_pages < sim->free_pages ? sim->scrub_pages : sim->free_pages;

	*memory = (struct hb_xen_memory){
		.total_pages = sim->total_pages,
		.free_pages = sim->free_pages - scrub,
		.scrub_pages = scrub,
		.outstanding_pages = sim_claimed_pages(sim),
	};
	return rc;
}

static int sim_qmemman(struct hb_host *host)
{
	int rc = enter(host, false);

	return rc ? rc : sim_of(host)->qmemman;
}

static int sim_available(struct hb_host *host, uint64_t *kib)
{
	int rc = enter(host, false);

	*kib = sim_of(host)->available_kib;
	return !rc && !*kib ? -EOPNOTSUPP : rc;
}

/* enter() for a call about one domain; it is looked up after a fault has had its way. */
static int enter_domain(struct hb_host *host, uint32_t domid, struct sim_domain **domain)
{
	int rc = enter(host, false);

	*domain = sim_domain(sim_of(host), domid);
	if (rc)
		return rc;
	return *domain ? 0 : -ESRCH;
}

/* That connection has libxl's lock of the domain that has the domid now. */
static bool holds_lock(struct hb_host *host, const struct sim_domain *domain)
{
	const struct connection *connection = connection_of(host);
	char uuid[SIM_UUID];

	sim_uuid(&domain->guest, uuid);
	return connection->sim->no_lock ||
	       (connection->locks && connection->locked_domid == domain->xen.domid &&
		!strcmp(connection->locked_uuid, uuid));
}

/* enter_domain() for one that changes it. */
static int change_domain(struct hb_host *host, uint32_t domid, struct sim_domain **domain)
{
	int rc = enter_domain(host, domid, domain);

	assert(rc || holds_lock(host, *domain));
	return rc;
}

static int sim_set_maxmem(struct hb_host *host, uint32_t domid, uint64_t kib)
{
	struct sim_domain *domain;
	int rc = change_domain(host, domid, &domain);

	if (!rc && kib / HB_PAGE_KIB < domain->xen.max_pages)
		rc = -sim_of(host)->lower_errno;
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
	assert(holds_lock(host, domain));
	if (pages <= domain->pool_pages) {
		sim->free_pages += domain->pool_pages - pages;
		domain->pool_pages = pages;
		return 0;
	}
	more = pages - domain->pool_pages;
	if (more > sim->free_pages)
		more = sim->free_pages;
	sim->free_pages -= more;
	sim_check_low(sim);
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
	int rc = change_domain(host, domid, &domain);
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
	more = sim_populate(sim_of(host), domain, cache - domain->pod.cache_pages);
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
	assert(sim->no_lock || connection_of(host)->locks_host);
	if (sim->claims_are_spent && domain->guest.dying)
		return -EINVAL;
	if (!pages) {
		domain->xen.outstanding_pages = 0;
		return 0;
	}
	if (domain->xen.outstanding_pages || pages <= domain->xen.tot_pages ||
	    pages > domain->xen.max_pages)
		return -EINVAL;
	if (pages - domain->xen.tot_pages + sim_claimed_pages(sim) > sim->free_pages)
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
	snprintf(connection->locked_uuid, sizeof(connection->locked_uuid), "%s", uuid);
	sim->locks++;
	return 0;
}

static void sim_unlock(struct hb_host *host)
{
	connection_of(host)->locks = false;
}

static int sim_lock_host(struct hb_host *host)
{
	struct connection *connection = connection_of(host);
	struct sim *sim = connection->sim;
	int rc = enter(host, false);

	assert(!connection->locks_host);
	if (rc || sim->no_lock)
		return rc;
	for (size_t i = 0; i < sim->nr_connections; i++) {
		if (sim->connections[i]->locks_host)
			return -EBUSY;
	}
	if (sim->host_lock) {
		connection->host_lock = hb_file_lock(sim->host_lock);
		if (connection->host_lock < 0)
			return connection->host_lock;
	}
	connection->locks_host = true;
	return 0;
}

static void sim_unlock_host(struct hb_host *host)
{
	struct connection *connection = connection_of(host);

	if (connection->locks_host && connection->sim->host_lock)
		close(connection->host_lock);
	connection->locks_host = false;
}

static int find_hold(const struct connection *connection, uint32_t domid, const char *uuid)
{
	for (size_t i = 0; i < connection->nr_holds; i++) {
		if (connection->holds[i].domid == domid && !strcmp(connection->holds[i].uuid, uuid))
			return i;
	}
	return -1;
}

static bool held_by_any(const struct sim *sim, uint32_t domid, const char *uuid)
{
	for (size_t i = 0; i < sim->nr_connections; i++) {
		if (find_hold(sim->connections[i], domid, uuid) >= 0)
			return true;
	}
	return false;
}

static void still_path(const struct sim *sim, char *path, size_t size, uint32_t domid,
		       const char *uuid)
{
	snprintf(path, size, "%s/still.%u.%s", sim->still_dir, domid, uuid);
}

static int sim_hold(struct hb_host *host, uint32_t domid, const char *uuid,
		    struct hb_path_lock *hold)
{
	struct connection *connection = connection_of(host);
	struct sim *sim = connection->sim;
	int rc = enter(host, false);

	hold->fd = -1;
	if (!rc && held_by_any(sim, domid, uuid))
		rc = -EBUSY;
	if (!rc && sim->still_dir) {
		still_path(sim, hold->path, sizeof(hold->path), domid, uuid);
		rc = hb_path_lock(hold);
	}
	if (rc)
		return rc;
	hold->held = true;
	connection->holds = sim_grow(connection->holds, connection->nr_holds + 1,
				 sizeof(*connection->holds));
	connection->holds[connection->nr_holds].domid = domid;
	strcpy(connection->holds[connection->nr_holds++].uuid, uuid);
	if (!sim->still_dir)
		snprintf(hold->path, sizeof(hold->path), "%u.%s", domid, uuid);
	return 0;
}

/* The path ends with domid and uuid, wherever it is. */
static void sim_let_go(struct hb_host *host, struct hb_path_lock *hold)
{
	struct connection *connection = connection_of(host);
	char end[SIM_PATH];

	for (size_t i = connection->nr_holds; i-- > 0;) {
		snprintf(end, sizeof(end), "%u.%s", connection->holds[i].domid, connection->holds[i].uuid);
		if (hold->held && strstr(hold->path, end))
			connection->holds[i] = connection->holds[--connection->nr_holds];
	}
	if (connection->sim->still_dir)
		hb_path_unlock(hold);
	hold->held = false;
}

static int sim_is_held(struct hb_host *host, uint32_t domid, const char *uuid)
{
	struct sim *sim = sim_of(host);
	char path[256];
	int rc = enter(host, false);

	if (rc)
		return rc;
	if (!sim->still_dir)
		return held_by_any(sim, domid, uuid);
	still_path(sim, path, sizeof(path), domid, uuid);
	return hb_path_is_locked(path);
}

static int sim_begin(struct hb_host *host, uint32_t *transaction)
{
	struct sim *sim = sim_of(host);
	int rc = enter_store(host, false);

	if (rc)
		return rc;
	sim->transactions = sim_grow(sim->transactions, sim->nr_transactions + 1,
				 sizeof(*sim->transactions));
	*transaction = ++sim->last_transaction;
	sim->transactions[sim->nr_transactions++] = (struct sim_transaction){
		.id = *transaction, .owner = connection_of(host),
	};
	return 0;
}

/* The key that tells a domain to keep still belongs to who holds it. */
static bool may_write_still(const struct connection *connection, const char *path)
{
	char still[SIM_PATH];

	for (size_t i = 0; i < connection->nr_holds; i++) {
		key_path(still, connection->holds[i].domid, HB_KEY_STILL);
		if (!strcmp(path, still))
			return true;
	}
	return false;
}

/* What is written belongs to the domain that the connection has locked. */
static bool may_write(struct hb_host *host, const char *path)
{
	const struct connection *connection = connection_of(host);
	struct sim_domain *domain = sim_domain(connection->sim, connection->locked_domid);
	char own[SIM_PATH], vm[SIM_PATH];

	if (connection->sim->no_lock || may_write_still(connection, path))
		return true;
	snprintf(own, sizeof(own), HB_DIR_DOMAIN "/", connection->locked_domid);
	snprintf(vm, sizeof(vm), HB_DIR_VM "/", connection->locked_uuid);
	return domain && holds_lock(host, domain) &&
	       (!strncmp(path, own, strlen(own)) || !strncmp(path, vm, strlen(vm)));
}

static void write_view(struct hb_host *host, const struct sim_view *view)
{
	struct sim *sim = sim_of(host);
	struct sim_node *node = sim_store_find(&sim->store, view->path);

	assert(may_write(host, view->path));
	if (view->value)
		sim_write(sim, view->path, view->value);
	else if (node)
		remove_node(sim, node);
}

static int sim_end(struct hb_host *host, uint32_t id, bool commit)
{
	struct sim *sim = sim_of(host);
	int rc = enter_store(host, commit);
	struct sim_transaction *transaction = find_transaction(sim, id);

	assert(transaction);
	if (connection_of(host)->killed)
		return rc;
	if (!rc && commit && conflicts(sim, transaction))
		rc = -EAGAIN;
	for (size_t i = 0; i < transaction->nr_views && commit && !rc; i++) {
		if (transaction->views[i].written)
			write_view(host, &transaction->views[i]);
	}
	drop_transaction(sim, transaction);
	return rc;
}

static int sim_read_node(struct hb_host *host, uint32_t id, const char *path, char **value,
			 size_t *length)
{
	struct sim *sim = sim_of(host);
	const struct sim_node *node;
	const struct sim_view *view;
	int rc = enter_store(host, false);

	*value = NULL;
	if (!rc && sim->unreadable && !strncmp(path, sim->unreadable, strlen(sim->unreadable)))
		rc = -EIO;
	if (rc)
		return rc;
	if (id == HB_NO_TRANSACTION) {
		node = sim_store_find(&sim->store, path);
		*length = node ? node->length : 0;
		*value = node ? sim_copy(node->value, node->length) : NULL;
	} else {
		view = enter_node(sim, find_transaction(sim, id), path);
		*length = view->length;
		*value = view->value ? sim_copy(view->value, view->length) : NULL;
	}
	return *value ? 0 : -ENOENT;
}

static int sim_write_node(struct hb_host *host, uint32_t id, const char *path, const char *value)
{
	struct sim *sim = sim_of(host);
	int rc = enter_store(host, false);
	struct sim_view *view;

	if (rc)
		return rc;
	if (id == HB_NO_TRANSACTION) {
		sim_write(sim, path, value);
		return 0;
	}
	view = enter_node(sim, find_transaction(sim, id), path);
	free(view->value);
	view->length = strlen(value);
	view->value = sim_copy(value, view->length);
	view->written = true;
	return 0;
}

static int sim_remove_node(struct hb_host *host, uint32_t id, const char *path)
{
	struct sim *sim = sim_of(host);
	int rc = enter_store(host, false);
	struct sim_view *view;

	if (rc)
		return rc;
	assert(id != HB_NO_TRANSACTION);
	view = enter_node(sim, find_transaction(sim, id), path);
	if (!view->value)
		return -ENOENT;
	free(view->value);
	view->value = NULL;
	view->written = true;
	return 0;
}

static int sim_watch(struct hb_host *host, const char *path, const char *token)
{
	struct connection *connection = connection_of(host);
	const char *none = sim_of(host)->unwatchable;
	int rc = enter_watch(host, false);
	struct sim_watch *watch, **link;

	if (!rc && none && !strncmp(path, none, strlen(none)))
		rc = -EIO;
	if (rc)
		return rc;
	watch = sim_grow(NULL, 1, sizeof(*watch));
	*watch = (struct sim_watch){ .length = strlen(path) };
	strcpy(watch->path, path);
	strcpy(watch->token, token);
	for (link = bucket_of(connection, path); *link;)
		link = &(*link)->next;
	*link = watch;
	connection->nr_watches++;
	queue_event(connection, token);
	return 0;
}

static int sim_unwatch(struct hb_host *host, const char *path, const char *token)
{
	struct connection *connection = connection_of(host);
	int rc = enter_watch(host, false);

	for (struct sim_watch **link = bucket_of(connection, path); *link && !rc; link = &(*link)->next) {
		struct sim_watch *watch = *link;

		if (!strcmp(watch->path, path) && !strcmp(watch->token, token)) {
			*link = watch->next;
			free(watch);
			connection->nr_watches--;
			return 0;
		}
	}
	return rc ? rc : -ENOENT;
}

/* Real signals come here, and not to a world whose time stands still. */
static bool real_signal(const sigset_t *mask)
{
	const struct timespec now = { 0 };

	return ppoll(NULL, 0, &now, mask) < 0;
}

static int sim_next_event(struct hb_host *host, char *token, size_t size)
{
	struct connection *connection = connection_of(host);

	if (!connection->nr_events)
		return -EAGAIN;
	snprintf(token, size, "%s", connection->events[0]);
	memmove(connection->events, connection->events + 1,
		--connection->nr_events * sizeof(*connection->events));
	sim_show_event(connection);
	return 0;
}

static int sim_watch_low(struct hb_host *host, const char *token)
{
	if (sim_of(host)->no_low)
		return -EOPNOTSUPP;
	/* Xen has it for one only. */
	for (size_t i = 0; i < sim_of(host)->nr_connections; i++) {
		if (sim_of(host)->connections[i]->low_token)
			return -EEXIST;
	}
	connection_of(host)->low_token = token;
	return 0;
}

static int sim_set_timer(struct hb_host *host, int ms)
{
	struct connection *connection = connection_of(host);

	connection->timer = ms >= 0;
	connection->timer_ms = connection->sim->clock_ms + (ms >= 0 ? ms : 0);
	sim_show_event(connection);
	return 0;
}

static int sim_event_fd(struct hb_host *host)
{
	struct connection *connection = connection_of(host);

	if (connection->event_fd < 0) {
		connection->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		sim_show_event(connection);
	}
	return connection->event_fd;
}

/* The world goes on in steps while there is nothing to tell. */
static int sim_wait_event(struct hb_host *host, const sigset_t *mask)
{
	struct connection *connection = connection_of(host);
	struct sim *sim = sim_of(host);

	while (!has_event(connection)) {
		if ((sim->interrupt_ms && sim->clock_ms >= sim->interrupt_ms) || real_signal(mask))
			return -EINTR;
		sim_run(sim, SIM_STEP_MS);
	}
	return 0;
}

static uint64_t sim_now_ms(struct hb_host *host)
{
	return sim_of(host)->clock_ms;
}

/* The simulated world begins on some day of 2020. */
static struct hb_clock sim_clock(struct hb_host *host)
{
	const struct sim *sim = sim_of(host);
	struct hb_clock clock = {
		.wall_s = 1600000000 + sim->clock_ms / 1000 + sim->wall_jump_s,
		.boot_s = (sim->clock_ms - sim->booted_ms) / 1000,
	};

	snprintf(clock.boot, sizeof(clock.boot), "%08x-0000-4000-8000-000000000000", sim->boot);
	return clock;
}

static void sim_sleep_ms(struct hb_host *host, unsigned int ms)
{
	/* Nobody may keep others from a domain while it waits. */
	assert(!connection_of(host)->locks && !connection_of(host)->locks_host);
	sim_run(sim_of(host), ms);
}

static void free_watches(struct connection *connection)
{
	for (size_t i = 0; i < SIM_WATCH_BUCKETS; i++) {
		for (struct sim_watch *watch = connection->watches[i], *next; watch; watch = next) {
			next = watch->next;
			free(watch);
		}
	}
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
	if (connection_of(host)->event_fd >= 0)
		close(connection_of(host)->event_fd);
	free(connection_of(host)->holds);
	free_watches(connection_of(host));
	free(connection_of(host)->events);
	free(connection_of(host));
}

static const struct hb_host_ops sim_ops = {
	.domains = sim_domains,
	.memory = sim_memory,
	.available = sim_available,
	.qmemman = sim_qmemman,
	.set_maxmem = sim_set_maxmem,
	.get_pool = sim_get_pool,
	.set_pool = sim_set_pool,
	.get_pod = sim_get_pod,
	.set_pod = sim_set_pod,
	.claim = sim_claim,
	.get_vnodes = sim_get_vnodes,
	.lock = sim_lock,
	.unlock = sim_unlock,
	.lock_host = sim_lock_host,
	.unlock_host = sim_unlock_host,
	.hold = sim_hold,
	.let_go = sim_let_go,
	.is_held = sim_is_held,
	.begin = sim_begin,
	.end = sim_end,
	.read = sim_read_node,
	.write = sim_write_node,
	.remove = sim_remove_node,
	.watch = sim_watch,
	.unwatch = sim_unwatch,
	.next_event = sim_next_event,
	.watch_low = sim_watch_low,
	.set_timer = sim_set_timer,
	.event_fd = sim_event_fd,
	.wait_event = sim_wait_event,
	.now_ms = sim_now_ms,
	.clock = sim_clock,
	.sleep_ms = sim_sleep_ms,
	.close = sim_disconnect,
};

struct sim *sim_open(uint64_t total_kib)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	assert(sim);
	sim->total_pages = sim->free_pages = total_kib / HB_PAGE_KIB;
	sim->low_order = SIM_LOW_ORDER;
	sim->low_high_pages = UINT64_MAX;
	return sim;
}

void sim_close(struct sim *sim)
{
	assert(!sim->nr_transactions);
	assert(!sim->nr_connections);
	free(sim->connections);
	free(sim->transactions);
	sim_store_clear(&sim->store);
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
	connection->event_fd = -1;
	sim->connections = sim_grow(sim->connections, sim->nr_connections + 1,
				sizeof(*sim->connections));
	sim->connections[sim->nr_connections++] = connection;
	hb = hb_open_host(&connection->host);
	assert(hb);
	/* Nothing of the machine that this runs on. */
	assert(!hb_set_state_dir(hb, SIM_STATE_DIR, &error));
	return hb;
}
