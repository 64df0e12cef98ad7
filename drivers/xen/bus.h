/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenstore: the target comes from there, reports go there.
 *
 * Reports are written by a work item, at most ten times a second, and only what
 * changed: a xenstored that does not answer stops no memory.
 */
#ifndef HB_XEN_BUS_H
#define HB_XEN_BUS_H

#include <linux/types.h>

/**
 * hb_bus_start() - what the host says is read, and again with every change
 * @wants_stats: told whether the host wants statistics, the first time before this returns;
 *	then from the thread of xenbus or from a work item
 * @made_meminfo: told the same way when there is an empty memory/meminfo
 */
int hb_bus_start(void (*wants_stats)(bool wanted), void (*made_meminfo)(void));

/*
 * Stop watching, and take the report out of xenstore.  The worker must be gone;
 * does no harm when hb_bus_start() failed.
 */
void hb_bus_stop(void);

/* There is something new to report. */
void hb_bus_report(void);

/* The guest is a new domain, restored or migrated: nothing of the report is there. */
void hb_bus_moved(void);

/* Counts the domains that this guest has been. */
int hb_bus_domain(void);

/*
 * Counts how often all that was told is gone: with each new domain, and when somebody removed
 * the report.  What is told belongs to one (core/told.h).
 */
int hb_bus_epoch(void);

/* Write a key beside the report, and take it back.  May sleep.  Return: 0 or a negative errno. */
int hb_bus_tell(const char *key, const char *text);
int hb_bus_tell_number(const char *key, u64 number);
void hb_bus_untell(const char *key);

#endif /* HB_XEN_BUS_H */
