/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor: an event marks its domain, a marked domain is read again when it is
 * due, and what differs is told. A domain is due READ_EVERY_MS after it was read. One
 * that writes on and on is due more seldom (pace.h) and not watched in between, so that
 * it costs no more than one that writes seldom; what it wrote meanwhile is not told. Xen's
 * list is due after READ_EVERY_MS, too. One that says that it is in distress is due at once, once in
 * CRY_EVERY_MS, and watched for that, too: what it was read for a moment before is no reason to let it
 * wait. One that cannot be read keeps what it said last and is due later. Nothing marked: no
 * timer, and no call to the host. Who has other things to do gives it a time (struct turn);
 * what it does not get to stays due, and who was read last comes last then.
 *
 * What an event costs depends on how many are marked, not on how many domains there are.
 *
 * An entry is there for each domain that Xen lists, in order of domid. Who is told of
 * a domain when it starts must have been able to hear of its changes since: it is
 * watched first and read afterwards. Xen lists one that has ended for as long as
 * others have mapped its memory; its entry is "gone" then, so that it is not read again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "change.h"
#include "deadline.h"
#include "domain.h"
#include "memory.h"
#include "monitor.h"
#include "pace.h"
#include "plan.h"
#include "set.h"
#include "value.h"

#define READ_EVERY_MS 100
#define CRY_EVERY_MS 1000
/* What could not be read is tried again after that, whether there is an event or not. */
#define RETRY_MS 1000
#define NEVER UINT64_MAX
#define XEN_BATCH 128U

/* The token of events of a domain is its domid in digits, of its distress with this behind it, */
#define CRY "!"
/* and of domains as such this one. */
#define TOKEN_DOMAINS "domains"
/* Xen itself runs low on memory. */
#define TOKEN_LOW "low"
#define TOKEN_TEXT 16

enum entry_state {
	ENTRY_NEW,	/* has not been read yet: nobody has been told */
	ENTRY_KNOWN,
	ENTRY_GONE,	/* has ended, and Xen still lists it */
};

struct entry {
	struct hb_domain domain;	/* of a new one, only what Xen says */
	enum entry_state state;
	bool watched;
	bool seen;			/* by the last look at Xen's list */
	bool marked;			/* to be read when it is due */
	bool listed;			/* among the marked, or it was: see sweep_marked() */
	bool stale;			/* could not be read when it was tried last */
	uint64_t due_ms, paid_ms;
	uint64_t cry_ms;		/* from then on it is heard at once if it is in distress */
};

struct hb_monitor {
	struct hb *hb;
	hb_change_fn *change;
	void *argument;
	bool one;			/* only one domain is looked at, this */
	uint32_t domid;
	struct entry **entries;
	size_t count;
	struct entry **marked;		/* all entries that are, none of them twice; room for all */
	size_t nr_marked;
	struct entry **known;		/* the same */
	size_t nr_known;
	bool others_known;		/* than are in known */
	size_t next_marked;		/* who comes first of those that are due */
	bool list_marked;
	uint64_t list_due_ms;
	struct hb_heard heard;		/* since somebody asked */
	bool low;			/* Xen has run low, and nobody has asked since */
};

/* One dispatch: what is due now is done until then, and something in any case. */
struct turn {
	uint64_t now_ms, until_ms;
	bool began;
};

/*
 * What changes in a domain without telling xenstore is not heard of. The directory of the
 * guest's words is wider than that of our driver: an agent's are there, too.
 */
#define GUEST_DIR "data"

static const struct {
	const char *key, *suffix;
} domain_watches[] = {
	{ HB_KEY_MEMORY_DIR, "" }, { GUEST_DIR, "" }, { HB_KEY_NAME, "" }, { HB_KEY_REPORT_DISTRESS, CRY },
};

/* xenstored tells of domains as such by these. */
static const char *const list_paths[] = { "@introduceDomain", "@releaseDomain" };

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t now_ms(const struct hb_monitor *monitor)
{
	return monitor->hb->host->ops->now_ms(monitor->hb->host);
}

static bool is_over(const struct hb_monitor *monitor, const struct turn *turn)
{
	return turn->began && now_ms(monitor) >= turn->until_ms;
}

static void tell(struct hb_monitor *monitor, enum hb_change_kind kind, const struct entry *entry)
{
	const struct hb_change change = { .kind = kind, .domain = &entry->domain };

	if (monitor->change)
		monitor->change(&change, monitor->argument);
}

/* ----------------------------------------------------------------- watches */

typedef int watch_fn(struct hb_host *host, const char *path, const char *token);

static int call_watch(const struct hb_monitor *monitor, const struct entry *entry, size_t i, watch_fn *call)
{
	char path[HB_PATH_TEXT], token[TOKEN_TEXT];

	snprintf(token, sizeof(token), "%u%s", entry->domain.domid, domain_watches[i].suffix);
	return call(monitor->hb->host, hb_domain_path(path, entry->domain.domid, domain_watches[i].key), token);
}

/* All of them, though one fails: xenstored may have dropped it with the directory. */
static void unwatch(struct hb_monitor *monitor, struct entry *entry)
{
	for (size_t i = 0; i < NR(domain_watches) && entry->watched; i++)
		call_watch(monitor, entry, i, monitor->hb->host->ops->unwatch);
	entry->watched = false;
}

/* That there is such an event at once is no cry. */
static int watch(struct hb_monitor *monitor, struct entry *entry)
{
	int rc = 0;

	entry->watched = true;
	entry->cry_ms = now_ms(monitor) + CRY_EVERY_MS;
	for (size_t i = 0; i < NR(domain_watches) && !rc; i++)
		rc = call_watch(monitor, entry, i, monitor->hb->host->ops->watch);
	if (rc)
		unwatch(monitor, entry);
	return rc;
}

static int watch_list(struct hb_host *host)
{
	int rc = 0;

	for (size_t i = 0; i < NR(list_paths) && !rc; i++)
		rc = host->ops->watch(host, list_paths[i], TOKEN_DOMAINS);
	return rc;
}

static void unwatch_list(struct hb_host *host)
{
	for (size_t i = 0; i < NR(list_paths); i++)
		host->ops->unwatch(host, list_paths[i], TOKEN_DOMAINS);
}

/* --------------------------------------------------------------- the list */

/* Where the domain is, or would be. */
static size_t position(const struct hb_monitor *monitor, uint32_t domid)
{
	size_t low = 0, high = monitor->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (monitor->entries[middle]->domain.domid < domid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct entry *find(const struct hb_monitor *monitor, uint32_t domid)
{
	size_t i = position(monitor, domid);

	return i < monitor->count && monitor->entries[i]->domain.domid == domid ?
	       monitor->entries[i] : NULL;
}

static bool grow(struct entry ***list, size_t count)
{
	struct entry **grown = realloc(*list, count * sizeof(*grown));

	if (grown)
		*list = grown;
	return grown;
}

static void mark_entry(struct hb_monitor *monitor, struct entry *entry)
{
	if (!entry->listed)
		monitor->marked[monitor->nr_marked++] = entry;
	entry->listed = entry->marked = true;
}

/* Those that are not marked any more leave the list, which keeps its order. */
static void sweep_marked(struct hb_monitor *monitor)
{
	size_t kept = 0, next = 0;

	for (size_t i = 0; i < monitor->nr_marked; i++) {
		struct entry *entry = monitor->marked[i];

		next += i < monitor->next_marked && entry->marked;
		entry->listed = entry->marked;
		if (entry->listed)
			monitor->marked[kept++] = entry;
	}
	monitor->nr_marked = kept;
	monitor->next_marked = next;
}

static int add_entry(struct hb_monitor *monitor, const struct hb_domain *domain)
{
	size_t i = position(monitor, domain->domid);
	struct entry *entry;

	if (!grow(&monitor->entries, monitor->count + 1) || !grow(&monitor->marked, monitor->count + 1) ||
	    !grow(&monitor->known, monitor->count + 1))
		return -ENOMEM;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->domain = *domain;
	entry->seen = true;
	mark_entry(monitor, entry);
	memmove(&monitor->entries[i + 1], &monitor->entries[i],
		(monitor->count++ - i) * sizeof(*monitor->entries));
	monitor->entries[i] = entry;
	return 0;
}

static void end_entry(struct hb_monitor *monitor, struct entry *entry)
{
	bool told = entry->state == ENTRY_KNOWN;

	unwatch(monitor, entry);
	entry->state = ENTRY_GONE;
	entry->marked = false;
	monitor->others_known |= told;
	monitor->heard.all |= told;
	if (told)
		tell(monitor, HB_CHANGE_ENDED, entry);
}

static void remove_entry(struct hb_monitor *monitor, size_t i)
{
	struct entry *entry = monitor->entries[i];

	end_entry(monitor, entry);
	sweep_marked(monitor);
	memmove(&monitor->entries[i], &monitor->entries[i + 1],
		(--monitor->count - i) * sizeof(*monitor->entries));
	free(entry);
}

/* A domid can have been given to another domain since: it is another uuid then. */
static int merge(struct hb_monitor *monitor, const struct hb_xen_domain *xen)
{
	struct entry *known = find(monitor, xen->domid);
	struct hb_domain domain;

	/* It has ended, though Xen may list it for long; nothing tells when that is over. */
	if (xen->dying || (monitor->one && xen->domid != monitor->domid))
		return 0;
	hb_domain_identify(&domain, xen);
	if (known && !strcmp(known->domain.uuid, domain.uuid)) {
		known->seen = true;
		return 0;
	}
	if (known)
		remove_entry(monitor, position(monitor, xen->domid));
	return add_entry(monitor, &domain);
}

/*
 * Calls visit for each domain that Xen lists until that returns something else than 0; it says whose
 * entry is seen.
 */
static int look_at_xen(struct hb_monitor *monitor,
		       int (*visit)(struct hb_monitor *monitor, const struct hb_xen_domain *xen))
{
	struct hb_host *host = monitor->hb->host;
	struct hb_xen_domain batch[XEN_BATCH];
	uint32_t first = monitor->one ? monitor->domid : 0;
	unsigned int most = monitor->one ? 1 : XEN_BATCH;
	int n, rc = 0;

	for (size_t i = 0; i < monitor->count; i++)
		monitor->entries[i]->seen = false;
	while ((n = host->ops->domains(host, first, batch, most)) > 0) {
		for (int i = 0; i < n && !rc; i++)
			rc = visit(monitor, &batch[i]);
		if (rc || monitor->one)
			return rc;
		first = batch[n - 1].domid + 1;
	}
	return n;
}

/* Each has its watches: of many that have ended at once some are left for the next look, which comes at once. */
static void remove_unseen(struct hb_monitor *monitor, struct turn *turn)
{
	for (size_t i = monitor->count; i-- > 0;) {
		if (monitor->entries[i]->seen)
			continue;
		if (is_over(monitor, turn)) {
			monitor->list_marked = true;
			monitor->list_due_ms = turn->now_ms;
			return;
		}
		remove_entry(monitor, i);
		turn->began = true;
	}
}

static int look_at_list(struct hb_monitor *monitor, struct turn *turn)
{
	int rc = look_at_xen(monitor, merge);

	monitor->list_marked = rc;
	monitor->list_due_ms = turn->now_ms + (rc ? RETRY_MS : READ_EVERY_MS);
	/* What was not looked at has not ended. */
	if (!rc)
		remove_unseen(monitor, turn);
	return rc;
}

/* ----------------------------------------------------------------- events */

/* Who writes on and on is left alone for a while: that it has written is known. */
static void hear_of(struct hb_monitor *monitor, struct entry *entry)
{
	const uint64_t now = now_ms(monitor);

	if (!entry->marked && entry->watched && hb_pace_floods(entry->paid_ms, now)) {
		unwatch(monitor, entry);
		entry->due_ms = hb_pace_read_ms(&entry->paid_ms, now, READ_EVERY_MS);
	}
	mark_entry(monitor, entry);
}

/* Not of one that writes on and on: it is not watched by now. */
static void hear_cry(struct hb_monitor *monitor, struct entry *entry)
{
	const uint64_t now = now_ms(monitor);

	if (!entry->watched || entry->stale || now < entry->cry_ms)
		return;
	entry->cry_ms = now + CRY_EVERY_MS;
	entry->due_ms = now;
}

static void mark(struct hb_monitor *monitor, const char *token)
{
	const size_t digits = strcspn(token, CRY);
	struct hb_number domid = hb_value_number(token, digits, UINT32_MAX);
	struct entry *entry = domid.presence == HB_PRESENT ? find(monitor, domid.value) : NULL;

	if (!strcmp(token, TOKEN_LOW)) {
		monitor->low = true;
	} else if (entry && entry->state != ENTRY_GONE) {
		hear_of(monitor, entry);
		if (token[digits])
			hear_cry(monitor, entry);
	} else if (domid.presence != HB_PRESENT) {
		monitor->list_marked = true;
	}
}

static int take_events(struct hb_monitor *monitor)
{
	struct hb_host *host = monitor->hb->host;
	char token[TOKEN_TEXT];
	int rc;

	while (!(rc = host->ops->next_event(host, token, sizeof(token))))
		mark(monitor, token);
	return rc == -EAGAIN ? 0 : rc;
}

/* ---------------------------------------------------------------- reading */

static void note_heard(struct hb_heard *heard, uint32_t domid)
{
	heard->all |= heard->count == HB_HEARD_MAX;
	if (!heard->all)
		heard->domids[heard->count++] = domid;
}

static void take(struct hb_monitor *monitor, struct entry *entry, const struct hb_domain *now)
{
	struct hb_domain was = entry->domain;

	entry->domain = *now;
	entry->stale = false;
	note_heard(&monitor->heard, now->domid);
	if (entry->state == ENTRY_KNOWN && monitor->change) {
		hb_change_compare(&was, &entry->domain, monitor->change, monitor->argument);
	} else if (entry->state != ENTRY_KNOWN) {
		entry->state = ENTRY_KNOWN;
		monitor->others_known = monitor->heard.all = true;
		tell(monitor, HB_CHANGE_STARTED, entry);
	}
}

/* What a watch says at once is no news: it is set before the domain is read. */
static int watch_again(struct hb_monitor *monitor, struct entry *entry)
{
	int rc = watch(monitor, entry);

	return rc ? rc : take_events(monitor);
}

/* It could not be read, or not even watched. */
static void put_off(struct entry *entry, uint64_t now)
{
	entry->stale = entry->marked = true;
	entry->due_ms = now + RETRY_MS;
}

static void read_entry(struct hb_monitor *monitor, struct entry *entry, uint64_t now)
{
	const bool heard = entry->watched;
	struct hb_domain domain;
	int rc = heard ? 0 : watch_again(monitor, entry);

	if (!rc)
		rc = hb_domain_read(monitor->hb, entry->domain.domid, &domain);
	if (!rc)
		rc = hb_domain_details(monitor->hb, &domain);
	entry->marked = false;
	/* It has paid for that when it was heard of. */
	entry->due_ms = heard ? hb_pace_read_ms(&entry->paid_ms, now, READ_EVERY_MS) : now + READ_EVERY_MS;
	/* Gone, or another domain's domid by now: its own event may come later. */
	if (rc == -ESRCH || (!rc && strcmp(domain.uuid, entry->domain.uuid))) {
		end_entry(monitor, entry);
		monitor->list_marked = true;
	} else if (rc) {
		put_off(entry, now);
	} else if (domain.state == HB_DOMAIN_DYING) {
		end_entry(monitor, entry);
	} else {
		take(monitor, entry, &domain);
	}
}

static bool is_due(const struct entry *entry, const struct turn *turn)
{
	return entry->marked && turn->now_ms >= entry->due_ms;
}

/* Nothing is known of it. One that could not be read waits its turn with those that are known. */
static bool is_untried(const struct entry *entry)
{
	return entry->state == ENTRY_NEW && !entry->stale;
}

/* Those that nobody has tried to read yet, or the others. Who is heard of meanwhile comes after them, or in his place. */
static void read_due(struct hb_monitor *monitor, bool untried, struct turn *turn)
{
	const size_t first = monitor->next_marked, count = monitor->nr_marked;

	for (size_t i = 0; i < count; i++) {
		const size_t at = (first + i) % count;
		struct entry *entry = monitor->marked[at];

		if (is_untried(entry) != untried || !is_due(entry, turn))
			continue;
		if (is_over(monitor, turn))
			break;
		read_entry(monitor, entry, turn->now_ms);
		monitor->next_marked = at + 1;
		turn->began = true;
	}
	sweep_marked(monitor);
}

static uint64_t next_due(const struct hb_monitor *monitor)
{
	uint64_t due = monitor->list_marked ? monitor->list_due_ms : NEVER;

	for (size_t i = 0; i < monitor->nr_marked; i++) {
		const struct entry *entry = monitor->marked[i];

		if (entry->marked && entry->due_ms < due)
			due = entry->due_ms;
	}
	return due;
}

/* --------------------------------------------------------------- following */

/*
 * Watched before anything is read, all is read once; until then it is marked. Who cannot be watched
 * is once more before it is read.
 */
static int watch_new(struct hb_monitor *monitor, struct turn *turn)
{
	bool any = false;

	for (size_t i = 0; i < monitor->nr_marked && !is_over(monitor, turn); i++) {
		struct entry *entry = monitor->marked[i];

		if (!is_untried(entry) || entry->watched)
			continue;
		if (watch(monitor, entry))
			put_off(entry, turn->now_ms);
		else
			any = true;
		turn->began = true;
	}
	return any ? take_events(monitor) : 0;
}

/* Cannot fail: of who has ended nothing is left, whatever else went wrong. */
static void note_known(struct hb_monitor *monitor)
{
	if (!monitor->others_known)
		return;
	monitor->others_known = false;
	monitor->nr_known = 0;
	for (size_t i = 0; i < monitor->count; i++) {
		if (monitor->entries[i]->state == ENTRY_KNOWN)
			monitor->known[monitor->nr_known++] = monitor->entries[i];
	}
}

static int set_timer(struct hb_monitor *monitor, uint64_t due)
{
	struct hb_host *host = monitor->hb->host;
	uint64_t now = now_ms(monitor);

	return host->ops->set_timer(host, due == NEVER ? -1 : due > now ? (int)(due - now) : 0);
}

/* What is read is not due again at once, so that this ends. */
static int follow(struct hb_monitor *monitor, struct turn *turn)
{
	int rc = take_events(monitor);

	while (!rc && next_due(monitor) <= turn->now_ms && !is_over(monitor, turn)) {
		if (monitor->list_marked && monitor->list_due_ms <= turn->now_ms)
			rc = look_at_list(monitor, turn);
		if (!rc)
			rc = watch_new(monitor, turn);
		if (!rc)
			read_due(monitor, true, turn);
		if (!rc)
			read_due(monitor, false, turn);
	}
	return rc;
}

/*
 * Who writes on and on is always due: that some of those that are known were not read says nothing,
 * nor that some could not be.
 */
static bool is_behind(const struct hb_monitor *monitor, const struct turn *turn)
{
	if (monitor->list_marked && monitor->list_due_ms <= turn->now_ms)
		return true;
	for (size_t i = 0; i < monitor->nr_marked; i++) {
		if (is_untried(monitor->marked[i]) && is_due(monitor->marked[i], turn))
			return true;
	}
	return false;
}

enum hb_code hb_monitor_dispatch_until(struct hb_monitor *monitor, uint64_t until_ms, bool *behind,
				       struct hb_error *error)
{
	struct turn turn = { .now_ms = now_ms(monitor), .until_ms = until_ms };
	int rc = follow(monitor, &turn);
	/* What has failed is tried again. */
	int timer = set_timer(monitor, next_due(monitor));

	note_known(monitor);
	*behind = is_behind(monitor, &turn);
	rc = rc ? rc : timer;
	return rc ? hb_fail_host(error, rc, "cannot follow the domains") : HB_OK;
}

enum hb_code hb_monitor_dispatch(struct hb_monitor *monitor, struct hb_error *error)
{
	bool behind;

	return hb_monitor_dispatch_until(monitor, NEVER, &behind, error);
}

/* ------------------------------------------------------------- the object */

int hb_monitor_fd(const struct hb_monitor *monitor)
{
	return monitor->hb->host->ops->event_fd(monitor->hb->host);
}

int hb_monitor_wait(struct hb_monitor *monitor, const sigset_t *mask)
{
	return monitor->hb->host->ops->wait_event(monitor->hb->host, mask);
}

size_t hb_monitor_count(const struct hb_monitor *monitor)
{
	return monitor->nr_known;
}

const struct hb_domain *hb_monitor_domain(const struct hb_monitor *monitor, size_t i)
{
	return i < monitor->nr_known ? &monitor->known[i]->domain : NULL;
}

bool hb_monitor_is_stale(const struct hb_monitor *monitor, size_t i)
{
	return i < monitor->nr_known && monitor->known[i]->stale;
}

int hb_monitor_hear_low(struct hb_monitor *monitor)
{
	return monitor->hb->host->ops->watch_low(monitor->hb->host, TOKEN_LOW);
}

struct hb_heard hb_monitor_take_heard(struct hb_monitor *monitor)
{
	const struct hb_heard heard = monitor->heard;

	monitor->heard = (struct hb_heard){ 0 };
	return heard;
}

bool hb_monitor_take_low(struct hb_monitor *monitor)
{
	bool low = monitor->low;

	monitor->low = false;
	return low;
}

void hb_monitor_note_set(struct hb_monitor *monitor, const struct hb_set_result *result)
{
	struct entry *entry = find(monitor, result->before.domid);

	if (!entry || entry->state != ENTRY_KNOWN || strcmp(entry->domain.uuid, result->before.uuid))
		return;
	for (unsigned int i = 0; i < result->nr_steps; i++)
		hb_take_step(&entry->domain, &result->steps[i]);
}

bool hb_monitor_find_unread(const struct hb_monitor *monitor, uint32_t *domid)
{
	for (size_t i = position(monitor, *domid); i < monitor->count; i++) {
		*domid = monitor->entries[i]->domain.domid;
		if (monitor->entries[i]->state == ENTRY_NEW)
			return true;
	}
	return false;
}

bool hb_monitor_has_untried(const struct hb_monitor *monitor)
{
	for (size_t i = 0; i < monitor->nr_marked; i++) {
		if (is_untried(monitor->marked[i]))
			return true;
	}
	return false;
}

bool hb_monitor_is_empty(const struct hb_monitor *monitor)
{
	for (size_t i = 0; i < monitor->count; i++) {
		if (monitor->entries[i]->state != ENTRY_GONE)
			return false;
	}
	return true;
}

/*
 * xenstored tells of a domain when that is built. It takes its memory before, and one that others
 * cannot see yet is owed it all the same.
 */
static int measure(struct hb_monitor *monitor, const struct hb_xen_domain *xen)
{
	struct entry *entry = find(monitor, xen->domid);

	if (!entry)
		return merge(monitor, xen);
	entry->seen = true;
	/* That all of it has frames by now nobody tells. */
	if (entry->state != ENTRY_GONE &&
	    (hb_domain_measure(monitor->hb, &entry->domain, xen) || hb_plan_unsettled_kib(&entry->domain)))
		mark_entry(monitor, entry);
	return 0;
}

/* xenstored tells nobody of the end of one that it never knew of: of a domain that was built in vain. */
static bool misses_any(const struct hb_monitor *monitor)
{
	for (size_t i = 0; i < monitor->count; i++) {
		if (!monitor->entries[i]->seen && monitor->entries[i]->state != ENTRY_GONE)
			return true;
	}
	return false;
}

enum hb_code hb_monitor_measure(struct hb_monitor *monitor, struct hb_error *error)
{
	int rc = look_at_xen(monitor, measure);

	monitor->list_marked |= !rc && misses_any(monitor);
	if (!rc)
		rc = set_timer(monitor, next_due(monitor));
	return rc ? hb_fail_host(error, rc, "cannot list the domains") : HB_OK;
}

/* Of those that have not been read nobody knows the target: at most what Xen lets them take. */
static uint64_t unread_kib(const struct hb_monitor *monitor)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < monitor->count; i++) {
		if (monitor->entries[i]->state == ENTRY_NEW)
			kib += hb_account_limit_kib(&monitor->entries[i]->domain);
	}
	return kib;
}

enum hb_code hb_monitor_memory(struct hb_monitor *monitor, struct hb_host_memory *memory,
			       struct hb_error *error)
{
	struct hb_domain *domains = calloc(monitor->nr_known + 1, sizeof(*domains));
	enum hb_code code;

	if (!domains)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	for (size_t i = 0; i < monitor->nr_known; i++)
		domains[i] = monitor->known[i]->domain;
	code = hb_memory_among(monitor->hb, domains, monitor->nr_known, memory, error);
	if (!code)
		memory->promised_kib += unread_kib(monitor);
	free(domains);
	return code;
}

enum hb_code hb_monitor_open_for(struct hb *hb, const uint32_t *only, hb_change_fn *change,
				 void *argument, struct hb_monitor **monitor, struct hb_error *error)
{
	struct hb_monitor *m;
	int rc;

	*monitor = NULL;
	if (hb->monitored) {
		hb_fail(error, HB_REASON_SECOND_MONITOR, "this handle has a monitor already");
		hb_remedy(error, "open another handle for another monitor");
		return HB_E_USAGE;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	*m = (struct hb_monitor){
		.hb = hb, .change = change, .argument = argument,
		.one = only, .domid = only ? *only : 0, .list_marked = true,
	};
	hb->monitored = true;
	rc = watch_list(hb->host);
	if (!rc)
		rc = hb->host->ops->event_fd(hb->host) < 0 ? -EMFILE : 0;
	if (!rc)
		rc = set_timer(m, 0);
	if (rc) {
		hb_monitor_close(m);
		return hb_fail_host(error, rc, "cannot watch xenstore");
	}
	*monitor = m;
	return HB_OK;
}

enum hb_code hb_monitor_open(struct hb *hb, hb_change_fn *change, void *argument,
			     struct hb_monitor **monitor, struct hb_error *error)
{
	return hb_monitor_open_for(hb, NULL, change, argument, monitor, error);
}

/* Nobody is told: a monitor that is closed has seen no end of a domain. */
void hb_monitor_close(struct hb_monitor *monitor)
{
	char token[TOKEN_TEXT];
	struct hb_host *host;
	uint64_t before;

	if (!monitor)
		return;
	host = monitor->hb->host;
	before = hb_deadline_now(monitor->hb);
	unwatch_list(host);
	for (size_t i = 0; i < monitor->count; i++) {
		unwatch(monitor, monitor->entries[i]);
		free(monitor->entries[i]);
	}
	/* The next one shall not hear of what this one was to be told. */
	while (!host->ops->next_event(host, token, sizeof(token)))
		;
	host->ops->set_timer(host, -1);
	hb_deadline_end(monitor->hb, before);
	monitor->hb->monitored = false;
	free(monitor->entries);
	free(monitor->marked);
	free(monitor->known);
	free(monitor);
}
