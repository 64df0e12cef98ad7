/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host and guests under load, simulated in steps of 100 ms, for closing the loop around
 * a policy: what guests report is what the policy sees, what it writes is what they follow.
 *
 * A guest has anonymous memory, which swaps when it does not fit, and files that it reads
 * again and again, which are refaults when their cache does not fit; memory that is left
 * over fills with cache that nobody reads twice. Its balloon driver moves at a rate, takes
 * what the host has free, and keeps the reserve that ours keeps. It is a model: it shows
 * whether a policy settles, starves or oscillates, and gives no time of a real guest.
 */
#ifndef TESTS_BALANCE_WORLD_H
#define TESTS_BALANCE_WORLD_H

#include "control.h"

#define MIB 1024ULL
#define GIB (1024 * MIB)
#define TICK_MS 100
#define GUESTS_MAX 64
#define TURN_MS 10000
#define SECONDS 1000ULL
#define MINUTES (60 * SECONDS)

enum world_habit {
	GUEST_HONEST,
	GUEST_LIAR,	/* says that it uses everything, and swaps */
	GUEST_FLOODER,	/* says something else whenever it is asked */
	GUEST_STUCK,	/* does not give memory back */
	GUEST_SILENT,	/* says nothing */
	GUEST_FRUGAL,	/* sizes itself below its target; of tests/daemon/room.h only */
};

/* What a guest does, until it is told to do something else. */
struct world_load {
	uint64_t anon_kib;	/* its programs' memory */
	uint64_t files_kib;	/* files that it reads again and again */
	uint64_t read_kib_s;	/* so fast */
};

struct world_guest {
	struct hb_domain domain;
	struct hb_limits limits;
	enum world_habit habit;
	struct world_load load;
	uint64_t rate_kib_s, swap_kib;
	uint64_t starts_ms;	/* not there before */

	/* Inside. */
	uint64_t anon_kib, swapped_kib, cached_kib, seen_kib, junk_kib;
	struct hb_usage usage, reported;
	uint64_t reported_ms;
	bool distress;

	/* Ours, and the rivals' own. */
	struct hb_estimate estimate;
	struct hb_controlled_before before;
	double smoothed_kib;
	uint64_t asked_ms;
	bool no_progress;

	/* Measured. */
	uint64_t unmet_since_ms;	/* 0: it has what it needs */
	uint64_t worst_wait_ms;
	uint64_t refaults_kib, oom_kills, writes;
	uint64_t turns;		/* writes that took back, within TURN_MS, what the last one had done */
	uint64_t written_ms;
	bool written_up;
	double unmet_mib_s;
	uint64_t moved_kib;
};

struct world;

/* One way to size guests. */
struct world_policy {
	const char *name;
	uint64_t period_ms;
	void (*decide)(struct world *world);
};

struct world {
	const struct world_policy *policy;
	uint64_t now_ms, total_kib, reserved_kib;
	struct world_guest guests[GUESTS_MAX];
	size_t count;
	uint64_t next_ms;	/* when the policy looks again */
	bool host_short;
	enum hb_preset preset;
	uint64_t writes, worst_short_kib;
	/* Of the last look. */
	struct hb_control control;
	struct hb_controlled looked[GUESTS_MAX];
};

extern const struct world_policy hotballoon_policy;

/* A host without guests. */
void world_open(struct world *world, const struct world_policy *policy, uint64_t total_kib);
/* A guest that rests at its size; change what is to be another. */
struct world_guest *world_add(struct world *world, uint64_t size_kib, uint64_t min_kib,
			      uint64_t max_kib);
void world_run(struct world *world, uint64_t ms);

/* A guest alone, for who has another host for it: a tick of its load, at its size now; */
void world_live(struct world_guest *guest);
/* and does it say something then? guest->reported is what. */
bool world_speaks(struct world_guest *guest, uint64_t now_ms);

bool world_is_there(const struct world *world, const struct world_guest *guest);
/* What it needs so that it does not swap, and so that it reads nothing twice; as sizes. */
uint64_t world_must(const struct world_guest *guest);
uint64_t world_demand(const struct world_guest *guest);
uint64_t world_size(const struct world_guest *guest);
struct hb_host_memory world_host(const struct world *world);
/* Another target; counted. */
void world_write(struct world *world, struct world_guest *guest, uint64_t size_kib);
/* Forget what was measured so far. */
void world_measure(struct world *world);

#endif
