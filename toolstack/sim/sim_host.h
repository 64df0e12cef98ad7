/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole host in memory behind lib/host.h: Xen's accounting, a xenstore with
 * transactions that conflict as xenstored's do, and guests that follow their
 * targets at a rate, rest, stick, lie, reboot or vanish. Nothing in it is random
 * and no time passes but by sleep_ms(), so that a run can be repeated exactly.
 *
 * Who changes a domain must hold libxl's lock of that very domain, and who sets memory
 * aside ours of the host: it is an assertion.
 *
 * Every call of the host interface but the clock's is counted from 1, and a
 * fault can be put on the n-th.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <hotballoon.h>

#include "host.h"
#include "sim_store.h"

struct sim_guest {
	uint32_t domid;
	unsigned int generation;	/* part of the uuid: 0, unless the domid is used again */
	uint32_t copy_of;		/* whose uuid its configuration has; 0: it has its own */
	const char *name;
	enum hb_type type;
	uint64_t memory_kib, maxmem_kib;	/* as in the guest's configuration */
	uint64_t videoram_kib;
	unsigned int vcpus;
	uint64_t offset_kib;		/* what Xen counts above the target */
	uint64_t pod_entries_kib;	/* guest memory without frames at the start */
	uint64_t pod_cache_kib;		/* frames set aside for it, part of memory_kib */

	uint64_t rate_kib_s;		/* 0: it never moves */
	uint64_t stick_at_kib;		/* 0, or a target size that it does not pass */
	enum hb_cause stick_cause;
	unsigned int moves_ms, rests_ms;	/* moves and rests in turn; both 0: always moves */
	bool lies;			/* says that it is at its target, wherever it is */
	uint64_t dies_ms;		/* the host's clock when it is destroyed; 0: never */
	uint64_t reboots_ms;		/* the same for a reboot, once */
	bool reports;			/* it runs our driver */
	uint64_t report_max_kib;	/* 0: not reported */
	uint64_t spares_kib;		/* what it does not want of its target: it sizes itself */
	uint64_t needs_kib;		/* what it lacks above its target: our driver takes it from its headroom */
	bool restless;			/* its driver does not know of memory/still */
	unsigned int stills_ms;		/* how long its driver takes to keep still */
	bool paused, never_ran, dying, shutdown, crashed, suspended;
	unsigned int vnodes;		/* virtual NUMA nodes */
	bool driver_domain;		/* made with driver_domain=1 */
};

enum sim_fault_kind {
	SIM_FAULT_NONE,
	SIM_FAULT_ERROR,	/* the call fails without effect */
	SIM_FAULT_CONFLICT,	/* if the call is a commit, another writer was faster */
	SIM_FAULT_DEATH,	/* the domain is destroyed before the call */
	SIM_FAULT_KILL,		/* the caller is killed: no later call has an effect */
	SIM_FAULT_HOOK,		/* sim.hook runs before the call */
};

struct connection;
struct sim_domain;
struct sim_transaction;

struct sim {
	uint64_t total_pages, free_pages;
	uint64_t scrub_pages;		/* of the free ones: still to be cleared */
	uint64_t claimed_pages;		/* by domains that are not simulated */
	/*
	 * Xen from the later releases of 4.19 and 4.20 on: what a domain frees does not come
	 * back to its claim, and one that is dying cannot be asked for one.
	 */
	bool claims_are_spent;
	uint64_t available_kib;		/* what domain 0's kernel could give to programs; 0: unknown */
	bool qmemman;			/* that of Qubes OS runs in domain 0 */
	uint64_t clock_ms;
	int64_t wall_jump_s;		/* what the clock of the wall is off by */
	unsigned int boot;		/* which one of domain 0 it is */
	uint64_t booted_ms;		/* on the clock, when that was */
	uint64_t interrupt_ms;		/* when a signal comes to who waits for events; 0: never */
	unsigned int call_ms;		/* what every call takes */
	unsigned int calls;
	unsigned int events;		/* that xenstored has sent, also of what waits already */

	enum sim_fault_kind fault;
	unsigned int fault_at;
	int fault_errno;		/* of SIM_FAULT_ERROR, positive */
	bool fault_stays;		/* SIM_FAULT_ERROR on every call from fault_at on */
	uint32_t fault_domid;
	unsigned int hangs_at;		/* from that call on xenstore does not answer; 0: it does */
	const char *unreadable;		/* if set, reads of nodes below that path fail */
	const char *unwatchable;	/* the same of watches */
	void (*hook)(struct sim *sim);
	void (*tick)(struct sim *sim);	/* after every sleep, if set */

	/* libxl's lock: the domain that another tool holds until then. */
	uint32_t locked_domid;
	uint64_t locked_until_ms;
	unsigned int locks;		/* how often it was taken through the interface */
	const char *host_lock;		/* if set, our lock of the host is that file, not in memory */
	const char *still_dir;		/* if set, who keeps a domain still locks a file there */
	bool no_lock;			/* nobody locks anything */
	int lower_errno;		/* with which Xen's limit for a domain cannot be lowered; 0: it can */
	bool no_pool;			/* a Xen without the paging pool calls */
	bool no_low;			/* a Xen that cannot be heard of when it runs low */
	/* It says so next at 2^low_order free pages, and at twice that once low_high_pages were free. */
	unsigned int low_order;
	uint64_t low_high_pages;
	struct sim_domain *domains;	/* in order of domid */
	size_t nr_domains;
	struct sim_store store;
	uint32_t last_transaction;
	struct sim_transaction *transactions;
	size_t nr_transactions;
	struct connection **connections;	/* the processes that have it open */
	size_t nr_connections;
};

/* A host of that size without domains. Released by sim_close(). */
struct sim *sim_open(uint64_t total_kib);
void sim_close(struct sim *sim);
/*
 * A handle on the host, as one process has it. hb_close() leaves the host alone
 * but drops the transactions that this process has open.
 */
struct hb *sim_connect(struct sim *sim);
/* Where a handle keeps its state unless it is told otherwise: there is nothing. */
#define SIM_STATE_DIR "/nonexistent/hotballoon"
/* Xen itself runs low on memory, and says so to who hears of it. */
void sim_run_low(struct sim *sim);
/* Let time pass: guests move. */
void sim_run(struct sim *sim, unsigned int ms);

/*
 * The guest as libxl leaves it after building. One that is named "Xenstore" is the domain of
 * xenstored, and one that is not HVM and named NAME-dm the device model of NAME.
 */
void sim_add(struct sim *sim, const struct sim_guest *guest);
/* The same, before libxl introduces it to xenstored, which then tells of it, and of its end. */
void sim_add_quietly(struct sim *sim, const struct sim_guest *guest);
void sim_destroy(struct sim *sim, uint32_t domid);
/*
 * libxl begins to destroy it: paused, its nodes gone, and Xen has not taken anything yet.
 * Who tests that takes its pages away and calls sim_destroy() in the end.
 */
void sim_begin_destroy(struct sim *sim, uint32_t domid);
/* The guest reboots: libxl builds it anew, with target and static-max as they are. */
void sim_reboot(struct sim *sim, uint32_t domid);
/* The guest, to change how it behaves; NULL if it is gone. */
struct sim_guest *sim_guest(struct sim *sim, uint32_t domid);
/* Its target, as its driver reads it; 0 if there is none. */
uint64_t sim_target_kib(const struct sim *sim, uint32_t domid);
/* Xen's record of it; *pool_kib may be NULL. Must exist. */
struct hb_xen_domain sim_xen(const struct sim *sim, uint32_t domid, uint64_t *pool_kib);
/* Xen's limit for it, as another tool sets it. */
void sim_set_limit(struct sim *sim, uint32_t domid, uint64_t kib);

/* xenstore as seen by others: NULL if there is no such node. Valid until it changes. */
const char *sim_read(const struct sim *sim, const char *path);
void sim_write(struct sim *sim, const char *path, const char *value);
/* The same for a key of keys.h of a domain. */
const char *sim_read_key(const struct sim *sim, uint32_t domid, const char *key);
void sim_write_key(struct sim *sim, uint32_t domid, const char *key, const char *value);
/* With any bytes in it. */
void sim_write_key_bytes(struct sim *sim, uint32_t domid, const char *key, const void *value,
			 size_t length);
void sim_remove_key(struct sim *sim, uint32_t domid, const char *key);
/* Has the domain nodes anywhere, dead or alive? */
bool sim_has_nodes(const struct sim *sim, uint32_t domid);

/* Free pages plus all pages handed out: constant unless the accounting is wrong. */
uint64_t sim_pages(const struct sim *sim);

#endif
