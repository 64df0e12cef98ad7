/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manager: takes note of what guests say and do, carries out what is decided of
 * that (policy/balance.h) when it is time for it (pace.h, reopen.h), and says so. It has a
 * host and clocks from its caller, and no loop: who has one calls manager_run() when
 * manager_fd() is readable and when the time has come that it said. So the same code runs
 * in hotballoond and on a simulated host, where a day takes seconds.
 *
 *   hear    whenever something is heard: nothing is asked of the host but of who has spoken
 *   round   at most ten a second, and none while nothing happens: what Xen counts, what
 *           is kept in our files, a decision, its actions
 *   lost    a host that does not answer: everything is closed and opened again later
 *
 * It never waits for a lock that somebody else holds: who is locked is tried again in the
 * next round, with others going on. Killed at any point it leaves targets that are a
 * manager's, and all that it knows is read again.
 */
#ifndef HB_DAEMON_MANAGER_H
#define HB_DAEMON_MANAGER_H

#include <hotballoon.h>

#include "balance.h"
#include "config.h"
#include "history.h"

enum manager_level {
	MANAGER_ERROR,	/* it cannot do its work, or a part of it */
	MANAGER_WARNING,	/* somebody should look at something */
	MANAGER_INFO,	/* what it has done */
	MANAGER_DEBUG,	/* why it has done nothing */
};

struct manager_host {
	enum hb_code (*open)(struct hb **hb, struct hb_error *error, void *argument);
	uint64_t (*now_ms)(void *argument);	/* a clock that does not jump, never 0 */
	uint64_t (*time_ms)(void *argument);	/* since 1970: for people */
	void (*log)(enum manager_level level, const char *text, void *argument);
	void *argument;
	const char *history;	/* the file with what was done, see history_file.h; NULL: none */
};

struct manager;

/* NULL if there is no memory. */
struct manager *manager_new(const struct manager_host *host, const struct config *config);
void manager_free(struct manager *manager);

/* From now on it goes by that, from the next round on, which is due. */
void manager_configure(struct manager *manager, const struct config *config);
/* Look now. */
void manager_wake(struct manager *manager);
/* Something has changed that it is not told of by the host, such as limits: look, as soon as a round may be. */
void manager_notice(struct manager *manager);

/* Do what is due; returns by when, on the clock, it must be called again at the latest. */
uint64_t manager_run(struct manager *manager);
/* Readable when manager_run() should be called; another one after each; -1: none now. */
int manager_fd(const struct manager *manager);

/* For who shows it. Valid until the next manager_run(). */
struct manager_view {
	bool connected;
	bool behind;		/* there are domains that it has not got to yet: it goes on at once */
	uint64_t now_ms, time_ms;
	const struct config *config;
	const struct hb_balance *balance;	/* of the last round: control's count is 0 before it */
	const struct hb_host_memory *host;
	const struct hb_history *history;
	uint64_t rounds;			/* that came to their end */
	uint64_t writes, refused, locked, reopened;
};

struct manager_view manager_look(const struct manager *manager);

/*
 * What a client asks for: what the functions of the library of that name do, on the manager's
 * handle and under the same locks. Nothing waits for a lock that somebody else holds:
 * HB_REASON_LOCKED. The manager is woken: who has the loop calls manager_run() next.
 */
enum hb_code manager_reserve(struct manager *manager, const struct hb_reserve_request *request,
			     struct hb_reservation *reservation, struct hb_error *error);
/* domain: as it was before; limits: the outcome. */
enum hb_code manager_limit(struct manager *manager, uint32_t domid, const struct hb_limits_change *change,
			   struct hb_domain *domain, struct hb_limits *limits, struct hb_error *error);
/* A round now. */
enum hb_code manager_balance(struct manager *manager, struct hb_error *error);
/*
 * What a round would do now, in a view of its own: nothing of it is done or said, and what
 * manager_look() shows stays what it was.
 */
enum hb_code manager_preview(struct manager *manager, struct manager_view *view, struct hb_error *error);

#endif
