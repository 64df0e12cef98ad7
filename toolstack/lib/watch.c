/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hb_watch(): a monitor and a wait. Who asked is asked before every wait whether to
 * end. Signals are blocked from there on and let in by the wait itself, so that none
 * falls in between.
 */
#include <errno.h>
#include <signal.h>

#include "domain.h"
#include "monitor.h"

struct watcher {
	const struct hb_watch_request *request;
	bool ended;		/* who asked wants no more, or it was the only domain */
};

static void on_change(const struct hb_change *change, void *argument)
{
	struct watcher *watcher = argument;
	const struct hb_watch_request *request = watcher->request;

	if (watcher->ended)
		return;
	watcher->ended = !request->change(change, request->argument);
	if (!request->all && change->kind == HB_CHANGE_ENDED)
		watcher->ended = true;
}

static enum hb_code wait_event(const struct watcher *watcher, struct hb_monitor *monitor,
			       struct hb_error *error)
{
	const struct hb_watch_request *request = watcher->request;
	sigset_t all, old;
	int rc = 0;
	bool go_on;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	go_on = !request->interrupted(request->argument);
	if (go_on)
		rc = hb_monitor_wait(monitor, &old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!go_on)
		return hb_fail(error, HB_REASON_INTERRUPTED, "the watch was ended");
	/* A signal may mean something else: it is asked again. */
	return rc && rc != -EINTR ? hb_fail_host(error, rc, "cannot hear of changes in xenstore") : HB_OK;
}

static enum hb_code watch_loop(struct watcher *watcher, struct hb_monitor *monitor,
			       struct hb_error *error)
{
	enum hb_code code = hb_monitor_dispatch(monitor, error);

	/* Gone since it was looked up: no event would tell. */
	if (!code && !watcher->request->all && !watcher->ended && hb_monitor_is_empty(monitor))
		return hb_domain_fail(error, -ESRCH, watcher->request->domid);
	while (!code && !watcher->ended) {
		code = wait_event(watcher, monitor, error);
		if (!code)
			code = hb_monitor_dispatch(monitor, error);
	}
	return code;
}

enum hb_code hb_watch(struct hb *hb, const struct hb_watch_request *request, struct hb_error *error)
{
	struct watcher watcher = { .request = request };
	struct hb_monitor *monitor;
	enum hb_code code = hb_monitor_open_for(hb, request->all ? NULL : &request->domid, on_change,
						&watcher, &monitor, error);

	if (!code)
		code = watch_loop(&watcher, monitor, error);
	hb_monitor_close(monitor);
	return code;
}
