/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libhotballoon needs from a host. Two hosts exist: Xen (xen_host.c and
 * store.c, the only files that include Xen's headers) and a whole host in memory for tests
 * (sim/sim_host.c). An implementation embeds struct hb_host as its first member.
 *
 * Every function returns 0 or a negative errno. -ESRCH: no such domain.
 * -ENOENT: no such node. -EAGAIN from end(): another writer was faster, begin
 * again. -EOPNOTSUPP: this domain or host has no such thing. -ETIMEDOUT: xenstore does
 * not answer, and will not any more; hb_call_limit_ms() says how long a call waits. Pages are Xen's,
 * HB_PAGE_KIB each.
 */
#ifndef HB_HOST_H
#define HB_HOST_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file_lock.h"
#include "moment.h"

struct hb_xen_domain {
	uint32_t domid;
	unsigned int vcpus;
	bool hvm;	/* not PV */
	bool pvh;	/* of those that are not PV: without the devices of a PC */
	bool xenstore;	/* xenstored runs in it */
	bool hap, dying, shutdown, crashed, suspended, paused;
	uint64_t tot_pages, max_pages, outstanding_pages;
	uint64_t cpu_time_ns;
	uint8_t uuid[16];
};

struct hb_xen_memory {
	uint64_t total_pages, free_pages, scrub_pages, outstanding_pages;
};

struct hb_xen_pod {
	uint64_t cache_pages, entry_pages;
};

/* Not inside a transaction. */
#define HB_NO_TRANSACTION 0

struct hb_host;

struct hb_host_ops {
	/* Up to max domains with domid >= first, in order; returns how many. */
	int (*domains)(struct hb_host *host, uint32_t first, struct hb_xen_domain *domains,
		       unsigned int max);
	int (*memory)(struct hb_host *host, struct hb_xen_memory *memory);
	/*
	 * What the kernel of domain 0, where we run, could still give to programs: its own
	 * estimate. -EOPNOTSUPP: it says nothing.
	 */
	int (*available)(struct hb_host *host, uint64_t *kib);
	/* 1 if the qmemman of Qubes OS runs in domain 0, else 0. */
	int (*qmemman)(struct hb_host *host);
	int (*set_maxmem)(struct hb_host *host, uint32_t domid, uint64_t kib);
	int (*get_pool)(struct hb_host *host, uint32_t domid, uint64_t *bytes);
	/* bytes is a multiple of a page. */
	int (*set_pool)(struct hb_host *host, uint32_t domid, uint64_t bytes);
	int (*get_pod)(struct hb_host *host, uint32_t domid, struct hb_xen_pod *pod);
	int (*set_pod)(struct hb_host *host, uint32_t domid, uint64_t target_pages);

	/*
	 * Set pages aside for the domain, those that it has included; 0 ends that.
	 * -EINVAL: not more than it has, more than its limit, or there is a claim
	 * already. -ENOMEM: the host has not that much free and unclaimed.
	 */
	int (*claim)(struct hb_host *host, uint32_t domid, uint64_t pages);
	/* Number of the domain's virtual NUMA nodes, 0 if it has none. */
	int (*get_vnodes)(struct hb_host *host, uint32_t domid, unsigned int *vnodes);

	/*
	 * libxl's lock of one domain, which keeps other toolstacks from changing it
	 * meanwhile; at most one is held. -EBUSY: somebody else holds it. A process
	 * that ends lets go of it.
	 */
	int (*lock)(struct hb_host *host, uint32_t domid, const char *uuid);
	void (*unlock)(struct hb_host *host);
	/*
	 * Our own lock of the whole host, which keeps others who use this library from
	 * giving its memory away and from writing our files. -EBUSY and the end of a
	 * process are as above.
	 */
	int (*lock_host)(struct hb_host *host);
	void (*unlock_host)(struct hb_host *host);
	/*
	 * Our lock of one domain for as long as it is told to keep still, of any number
	 * of domains at a time, and also while waiting. It belongs to the domain's key
	 * HB_KEY_STILL. -EBUSY and the end of a process are as above; a child that has
	 * hold->fd (-1: there is none) goes on holding it.
	 */
	int (*hold)(struct hb_host *host, uint32_t domid, const char *uuid, struct hb_path_lock *hold);
	void (*let_go)(struct hb_host *host, struct hb_path_lock *hold);
	/* 1 if somebody holds it, else 0. */
	int (*is_held)(struct hb_host *host, uint32_t domid, const char *uuid);

	int (*begin)(struct hb_host *host, uint32_t *transaction);
	int (*end)(struct hb_host *host, uint32_t transaction, bool commit);
	/* *value is NUL-terminated beyond its length and to be released by free(). */
	int (*read)(struct hb_host *host, uint32_t transaction, const char *path, char **value,
		    size_t *length);
	int (*write)(struct hb_host *host, uint32_t transaction, const char *path,
		     const char *value);
	int (*remove)(struct hb_host *host, uint32_t transaction, const char *path);

	/*
	 * Watch path and what is below it; token comes back with each event, the
	 * first at once. xenstored's special paths work, too.
	 */
	int (*watch)(struct hb_host *host, const char *path, const char *token);
	int (*unwatch)(struct hb_host *host, const char *path, const char *token);
	/*
	 * The next event's token, cut to size; -EAGAIN: there is none. However often an
	 * event comes before it is taken, its token waits once.
	 */
	int (*next_event)(struct hb_host *host, char *token, size_t size);
	/*
	 * From now on Xen itself running low on memory is an event, too, with that token.
	 * -EOPNOTSUPP: it cannot be heard of here. -EEXIST: another process of domain 0 hears of
	 * it, and one can.
	 */
	int (*watch_low)(struct hb_host *host, const char *token);
	/* In so many ms event_fd() becomes readable without an event, too; -1: it does not. */
	int (*set_timer)(struct hb_host *host, int ms);
	/* A descriptor that is readable while an event waits or the timer is over; or -1. */
	int (*event_fd)(struct hb_host *host);
	/* Waits for it, with that signal mask as ppoll() does. -EINTR: a signal. */
	int (*wait_event)(struct hb_host *host, const sigset_t *mask);

	/* A clock that does not jump, and a sleep that a signal may cut short. */
	uint64_t (*now_ms)(struct hb_host *host);
	/* The time as other processes and later runs see it. */
	struct hb_clock (*clock)(struct hb_host *host);
	void (*sleep_ms)(struct hb_host *host, unsigned int ms);
	void (*close)(struct hb_host *host);
};

struct hb_host {
	const struct hb_host_ops *ops;
	uint64_t deadline_ms;	/* of the clock, see deadline.h; 0: none */
};

/* Connect to Xen and xenstore; *host is to be released by its close(). */
int hb_xen_host_open(struct hb_host **host);

#endif
