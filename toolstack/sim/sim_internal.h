/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the simulated host share: sim_store.c is its xenstore,
 * sim_guests.c its domains and how they behave, sim_host.c what one process
 * sees of both.
 */
#ifndef SIM_INTERNAL_H
#define SIM_INTERNAL_H

#include "sim_host.h"

#define SIM_PATH 160
#define SIM_TOKEN 32
#define SIM_UUID 40

/* What a guest's driver has said last; it writes what is another value. */
#define SIM_REPORT_NUMBER uint64_t	/* 0: not said */
#define SIM_REPORT_FLAG int		/* negative: not said */
#define SIM_REPORT_STATE int
#define SIM_REPORT_CAUSE int
#define SIM_REPORT_MEMBER(NAME, field, kind, json) SIM_REPORT_##kind field;
struct sim_report {
	bool said;
	HB_REPORT_ROWS(SIM_REPORT_MEMBER)
};
#undef SIM_REPORT_MEMBER

struct sim_domain {
	struct sim_guest guest;
	struct hb_xen_domain xen;
	bool introduced;		/* xenstored knows of it, and tells when it has ended */
	uint64_t pool_pages;
	struct hb_xen_pod pod;
	struct sim_report report;
	/* Its nodes, or NULL, as of that shape of the store. */
	const struct sim_node *target, *told_still;
	uint64_t shape;
	uint64_t followed_kib;		/* the target that its driver acts on */
	uint64_t taken_kib;		/* what it has above that, taken in need */
	uint64_t told_still_ms;		/* when it was told to keep still; 0: it is not */
	bool still;			/* and does */
};

struct sim_watch {
	struct sim_watch *next;	/* in its bucket */
	size_t length;		/* of path */
	char path[SIM_PATH], token[SIM_TOKEN];
};

#define SIM_WATCH_BUCKETS 1024

/* A domain that a process keeps still. */
struct sim_hold {
	uint32_t domid;
	char uuid[SIM_UUID];
};

/* One process that uses the host. */
struct connection {
	struct hb_host host;
	struct sim *sim;
	bool killed;
	bool hung;		/* xenstore has not answered it in time */
	bool calls_failed;	/* and will not, whatever it does: but for watches */
	struct sim_watch *watches[SIM_WATCH_BUCKETS];	/* by path, the oldest first */
	size_t nr_watches;
	char (*events)[SIM_TOKEN];	/* tokens, the oldest first, each once */
	size_t nr_events;
	bool timer;		/* is set, to timer_ms of the clock */
	uint64_t timer_ms;
	int event_fd;		/* -1: nobody has asked for it */
	bool shown;		/* it is readable */
	bool locks;		/* holds libxl's lock of the domain that had this domid and uuid */
	uint32_t locked_domid;
	char locked_uuid[SIM_UUID];
	bool locks_host;	/* holds our lock of the host */
	int host_lock;		/* by that descriptor, if it is a file */
	struct sim_hold *holds;
	size_t nr_holds;
	const char *low_token;		/* Xen running low is heard of by that; NULL: it is not */
};

/* The connection's descriptor is as readable as there is something to tell. */
void sim_show_event(struct connection *connection);
/* Tell everybody who watches path, or what it is below. */
void sim_fire(struct sim *sim, const char *path);
/* All nodes of a domain go, and are told. */
void sim_remove_nodes(struct sim *sim, uint32_t domid);

/* As text. */
void sim_uuid(const struct sim_guest *guest, char text[SIM_UUID]);
/* Where the first domain with that domid or a larger one is. */
size_t sim_place(const struct sim *sim, uint32_t domid);
/* NULL if there is none. */
struct sim_domain *sim_domain(const struct sim *sim, uint32_t domid);
/* The domain's own pages and claims aside: pages claimed for domains. */
uint64_t sim_claimed_pages(const struct sim *sim);
/* Something was taken of what is free: Xen looks whether it runs low, first at 64 MiB. */
#define SIM_LOW_ORDER 14
void sim_check_low(struct sim *sim);
/* Gives the domain up to pages, as far as Xen gives any; returns how many. */
uint64_t sim_populate(struct sim *sim, struct sim_domain *domain, uint64_t pages);

#endif
