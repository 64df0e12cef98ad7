/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hb_watch(): an event marks its domain, a marked domain is read again and what
 * differs is told. A domain is read at most once in READ_EVERY_MS, so that a
 * guest that writes all the time costs no more than one that writes seldom; what
 * it wrote in between is not told. Without marked domains there is no timer.
 *
 * Who asked is asked before every wait whether to end. Signals are blocked from
 * there on and let in by the wait itself, so that none falls in between.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "value.h"

#define READ_EVERY_MS 100

/* The token of events of a domain is its domid in digits, of domains as such this one. */
#define TOKEN_DOMAINS "domains"
#define TOKEN_TEXT 16

struct watched {
	struct hb_domain domain;
	bool seen;		/* by the last look at the list */
	bool marked;
	uint64_t read_ms;
};

struct watcher {
	struct hb *hb;
	const struct hb_watch_request *request;
	struct watched *list;
	size_t count;
	bool domains_marked;
	bool ended;		/* who asked wants no more */
};

static const char *const domain_dirs[] = { HB_KEY_MEMORY_DIR, HB_KEY_REPORT_DIR };

#define NR_DIRS (sizeof(domain_dirs) / sizeof(domain_dirs[0]))

static void tell(struct watcher *watcher, const struct hb_change *change)
{
	if (!watcher->ended)
		watcher->ended = !watcher->request->change(change, watcher->request->argument);
}

static int watch_dirs(struct watcher *watcher, uint32_t domid)
{
	struct hb_host *host = watcher->hb->host;
	char path[HB_PATH_TEXT], token[TOKEN_TEXT];
	int rc = 0;

	snprintf(token, sizeof(token), "%u", domid);
	for (size_t i = 0; i < NR_DIRS && !rc; i++)
		rc = host->ops->watch(host, hb_domain_path(path, domid, domain_dirs[i]), token);
	return rc;
}

/* All of them, though one fails: xenstored may have dropped it with the directory. */
static void unwatch_dirs(struct watcher *watcher, uint32_t domid)
{
	struct hb_host *host = watcher->hb->host;
	char path[HB_PATH_TEXT], token[TOKEN_TEXT];

	snprintf(token, sizeof(token), "%u", domid);
	for (size_t i = 0; i < NR_DIRS; i++)
		host->ops->unwatch(host, hb_domain_path(path, domid, domain_dirs[i]), token);
}

static int add_domain(struct watcher *watcher, const struct hb_domain *domain)
{
	struct watched *grown = realloc(watcher->list, (watcher->count + 1) * sizeof(*grown));
	struct hb_change change = { .kind = HB_CHANGE_STARTED, .domain = domain };

	if (!grown)
		return -ENOMEM;
	watcher->list = grown;
	watcher->list[watcher->count++] = (struct watched){ .domain = *domain, .seen = true };
	tell(watcher, &change);
	return watch_dirs(watcher, domain->domid);
}

/* The list keeps its order: changes are told by domid. */
static void remove_domain(struct watcher *watcher, size_t i)
{
	struct hb_change change = { .kind = HB_CHANGE_ENDED, .domain = &watcher->list[i].domain };

	unwatch_dirs(watcher, watcher->list[i].domain.domid);
	tell(watcher, &change);
	memmove(&watcher->list[i], &watcher->list[i + 1],
		(--watcher->count - i) * sizeof(watcher->list[0]));
	if (!watcher->request->all)
		watcher->ended = true;
}

static struct watched *find(struct watcher *watcher, uint32_t domid)
{
	for (size_t i = 0; i < watcher->count; i++) {
		if (watcher->list[i].domain.domid == domid)
			return &watcher->list[i];
	}
	return NULL;
}

/* A domid can have been given to another domain since: it is another uuid then. */
static int merge(struct watcher *watcher, const struct hb_domain *domain)
{
	struct watched *known = find(watcher, domain->domid);

	/* Ended, though Xen may list it for long; nothing tells when that is over. */
	if (domain->state == HB_DOMAIN_DYING)
		return 0;
	if (!watcher->request->all && domain->domid != watcher->request->domid)
		return 0;
	if (known && !strcmp(known->domain.uuid, domain->uuid)) {
		known->seen = true;
		return 0;
	}
	if (known)
		remove_domain(watcher, known - watcher->list);
	return watcher->ended ? 0 : add_domain(watcher, domain);
}

static enum hb_code look_at_domains(struct watcher *watcher, struct hb_error *error)
{
	struct hb_domain *domains;
	size_t count;
	int rc = 0;
	enum hb_code code = hb_list(watcher->hb, &domains, &count, error);

	if (code)
		return code;
	watcher->domains_marked = false;
	for (size_t i = 0; i < watcher->count; i++)
		watcher->list[i].seen = false;
	for (size_t i = 0; i < count && !rc; i++)
		rc = merge(watcher, &domains[i]);
	for (size_t i = watcher->count; i-- > 0;) {
		if (!watcher->list[i].seen)
			remove_domain(watcher, i);
	}
	free(domains);
	return rc ? hb_fail_host(error, rc, "cannot watch the domains") : HB_OK;
}

static void number_text(char text[32], const struct hb_number *number)
{
	if (number->presence == HB_PRESENT)
		snprintf(text, 32, "%" PRIu64, number->value);
	else
		strcpy(text, number->presence == HB_ABSENT ? "-" : "invalid");
}

static void compare_number(struct watcher *watcher, const struct hb_domain *now, const char *what,
			   const struct hb_number *a, const struct hb_number *b)
{
	struct hb_change change = {
		.kind = HB_CHANGE_VALUE, .domain = now, .what = what, .is_size = true,
	};

	number_text(change.from, a);
	number_text(change.to, b);
	if (strcmp(change.from, change.to))
		tell(watcher, &change);
}

static void compare_word(struct watcher *watcher, const struct hb_domain *now, const char *what,
			 const char *a, const char *b)
{
	struct hb_change change = { .kind = HB_CHANGE_VALUE, .domain = now, .what = what };

	snprintf(change.from, sizeof(change.from), "%s", a);
	snprintf(change.to, sizeof(change.to), "%s", b);
	if (strcmp(a, b))
		tell(watcher, &change);
}

static const char *answer_text(const struct hb_number *still)
{
	if (still->presence != HB_PRESENT)
		return still->presence == HB_ABSENT ? "-" : "invalid";
	return still->value ? "yes" : "no";
}

static void compare(struct watcher *watcher, const struct hb_domain *was, const struct hb_domain *now)
{
	const struct hb_report *a = &was->report, *b = &now->report;

	compare_number(watcher, now, "target", &was->target, &now->target);
	compare_number(watcher, now, "static-max", &was->static_max, &now->static_max);
	compare_number(watcher, now, "hotplug-max", &was->hotplug_max, &now->hotplug_max);
	compare_word(watcher, now, "driver", hb_driver_name(was->driver), hb_driver_name(now->driver));
	compare_word(watcher, now, "state", hb_report_state_name(&a->state),
		     hb_report_state_name(&b->state));
	compare_word(watcher, now, "cause", hb_report_cause_name(&a->cause),
		     hb_report_cause_name(&b->cause));
	compare_number(watcher, now, "current", &a->current, &b->current);
	compare_number(watcher, now, "goal", &a->goal, &b->goal);
	compare_number(watcher, now, "floor", &a->floor, &b->floor);
	compare_number(watcher, now, "max", &a->max, &b->max);
	compare_word(watcher, now, "still", hb_stillness_name(was->still), hb_stillness_name(now->still));
	compare_word(watcher, now, "keeps-still", answer_text(&a->still), answer_text(&b->still));
}

static enum hb_code read_domain(struct watcher *watcher, struct watched *watched, uint64_t now_ms,
				struct hb_error *error)
{
	struct hb_domain now;
	enum hb_code code = hb_show(watcher->hb, watched->domain.domid, &now, error);

	watched->marked = false;
	watched->read_ms = now_ms;
	/* Gone, dying or replaced: the list says so, its own event may come later. */
	if (code == HB_E_NO_DOMAIN || (!code && now.state == HB_DOMAIN_DYING) ||
	    (!code && strcmp(now.uuid, watched->domain.uuid))) {
		watcher->domains_marked = true;
		return HB_OK;
	}
	if (code)
		return code;
	compare(watcher, &watched->domain, &now);
	watched->domain = now;
	return HB_OK;
}

/* Read what is due; *timeout_ms is when the next will be, -1 if nothing is marked. */
static enum hb_code read_marked(struct watcher *watcher, int *timeout_ms, struct hb_error *error)
{
	uint64_t now = watcher->hb->host->ops->now_ms(watcher->hb->host);
	enum hb_code code = HB_OK;

	*timeout_ms = -1;
	for (size_t i = 0; i < watcher->count && !code && !watcher->ended; i++) {
		struct watched *watched = &watcher->list[i];
		uint64_t due = watched->read_ms + READ_EVERY_MS;

		if (watched->marked && now >= due)
			code = read_domain(watcher, watched, now, error);
		else if (watched->marked && (*timeout_ms < 0 || due - now < (uint64_t)*timeout_ms))
			*timeout_ms = due - now;
	}
	if (!code && watcher->domains_marked)
		code = look_at_domains(watcher, error);
	return code;
}

static void mark(struct watcher *watcher, const char *token)
{
	struct hb_number domid = hb_value_number(token, strlen(token), UINT32_MAX);
	struct watched *watched = domid.presence == HB_PRESENT ? find(watcher, domid.value) : NULL;

	if (watched)
		watched->marked = true;
	else if (domid.presence != HB_PRESENT)
		watcher->domains_marked = true;
}

/* -EINTR: it is to end; -EAGAIN: there is no event yet. */
static int wait_event(struct watcher *watcher, int timeout_ms, char token[TOKEN_TEXT])
{
	const struct hb_watch_request *request = watcher->request;
	struct hb_host *host = watcher->hb->host;
	sigset_t all, old;
	int rc = -EINTR;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	if (!request->interrupted(request->argument)) {
		rc = host->ops->next_event(host, timeout_ms, &old, token, TOKEN_TEXT);
		/* The signal may mean something else: it is asked again. */
		if (rc == -EINTR)
			rc = -EAGAIN;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static enum hb_code next(struct watcher *watcher, int timeout_ms, struct hb_error *error)
{
	char token[TOKEN_TEXT];
	int rc = wait_event(watcher, timeout_ms, token);

	if (rc == -EINTR)
		return hb_fail(error, HB_E_INTERRUPTED, "the watch was ended");
	if (rc == -EAGAIN)
		return HB_OK;
	if (rc)
		return hb_fail_host(error, rc, "cannot hear of changes in xenstore");
	mark(watcher, token);
	return HB_OK;
}

static enum hb_code watch_loop(struct watcher *watcher, struct hb_error *error)
{
	enum hb_code code = look_at_domains(watcher, error);
	int timeout_ms;

	/* Gone since it was looked up: no event would tell. */
	if (!code && !watcher->request->all && !watcher->count && !watcher->ended)
		return hb_domain_fail(error, -ESRCH, watcher->request->domid);
	while (!code && !watcher->ended) {
		code = read_marked(watcher, &timeout_ms, error);
		if (!code && !watcher->ended)
			code = next(watcher, timeout_ms, error);
	}
	return code;
}

/* xenstored tells of domains as such by these. */
static const char *const list_paths[] = { "@introduceDomain", "@releaseDomain" };

#define NR_LISTS (sizeof(list_paths) / sizeof(list_paths[0]))

static int watch_lists(struct hb_host *host)
{
	int rc = 0;

	for (size_t i = 0; i < NR_LISTS && !rc; i++)
		rc = host->ops->watch(host, list_paths[i], TOKEN_DOMAINS);
	return rc;
}

static void unwatch_lists(struct hb_host *host)
{
	for (size_t i = 0; i < NR_LISTS; i++)
		host->ops->unwatch(host, list_paths[i], TOKEN_DOMAINS);
}

enum hb_code hb_watch(struct hb *hb, const struct hb_watch_request *request, struct hb_error *error)
{
	struct watcher watcher = { .hb = hb, .request = request };
	int rc = watch_lists(hb->host);
	enum hb_code code = rc ? hb_fail_host(error, rc, "cannot watch xenstore") :
			    watch_loop(&watcher, error);

	unwatch_lists(hb->host);
	for (size_t i = 0; i < watcher.count; i++)
		unwatch_dirs(&watcher, watcher.list[i].domain.domid);
	free(watcher.list);
	return code;
}
