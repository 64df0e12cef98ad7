/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manager on the simulated host, with guests under load: the host is sim/sim_host.h's,
 * with its xenstore, locks and faults, and what a guest does with its memory is
 * tests/balance/world.h's. The guests say it in the words of our driver.
 */
#ifndef TESTS_DAEMON_ROOM_H
#define TESTS_DAEMON_ROOM_H

#include "common.h"
#include "manager.h"
#include "../balance/world.h"

/* What the time was, since 1970, when the simulated clock began. */
#define ROOM_BEGIN_MS 1800000000000ULL

struct room_guest {
	struct world_guest load;
	uint32_t domid;		/* 0: it is not there */
	bool distress;		/* it has called */
	bool stuck;		/* it does not move */
};

struct room {
	struct sim *sim;
	struct manager *manager;
	struct config config;
	struct room_guest *guests;
	size_t count, room;
	uint32_t last_domid;
	uint64_t next_ms;	/* when the manager wants to be called */
	bool down;		/* hotballoond does not run */
	const char *history;	/* where it keeps that when it is started again; NULL: nowhere */
	unsigned int wakes;
	uint64_t longest_ms;	/* that the manager took at once */
	uint64_t cpu_us;	/* that it took of the processor, with what the simulated host does for it */
	char log[1 << 16];	/* what it has said, a line each; the last of it */
	unsigned int lines;
	/* What must hold and did not: the first. */
	char broken[256];
	uint64_t least_free_kib;
	/*
	 * Nobody takes memory without asking the host for it: what is promised and set aside is free
	 * at every moment, and so much is set aside.
	 */
	bool asked;
	uint64_t reserved_kib;
};

/* So often something waited for the disk. */
extern unsigned int room_syncs;
/* The errno with which that fails; 0: it does not. */
extern int room_sync_errno;

/* A host of that size, with domain 0 of 1G. */
void room_open(struct room *room, uint64_t total_kib);
void room_close(struct room *room);
/* A guest with limits, which is automatic; by its place. Add them before it runs, or between. */
size_t room_add(struct room *room, uint64_t size_kib, uint64_t min_kib, uint64_t max_kib);
void room_remove(struct room *room, size_t guest);
struct room_guest *room_guest(struct room *room, size_t guest);
uint64_t room_target(struct room *room, size_t guest);
uint64_t room_actual(struct room *room, size_t guest);
/* Let time pass, in ticks of 100 ms. */
void room_run(struct room *room, uint64_t ms);
/* What is due now is done, as an event loop does. */
void room_wake(struct room *room);
/* The daemon is killed, or started again. */
void room_kill(struct room *room);
/*
 * It is killed at so many calls to the host from now, in the middle of what it does, or at the
 * end of that time: then false.
 */
bool room_kill_at(struct room *room, unsigned int call, uint64_t ms);
void room_start(struct room *room);
uint64_t room_writes(const struct room *room);
/* What a person says. */
void room_limit(struct room *room, size_t guest, const struct hb_limits_change *change);
bool room_said(const struct room *room, const char *text);
void room_forget(struct room *room);

#endif
