/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xenstore: the target comes from there, reports go there.
 *
 * Reports are written by a work item, at most ten times a second, and only what
 * changed: a xenstored that does not answer stops no memory.
 */
#ifndef HB_XEN_BUS_H
#define HB_XEN_BUS_H

/* Watch memory/target: it is read at once and with every change. */
int hb_bus_start(void);

/*
 * Stop watching, and take the report out of xenstore.  The worker must be gone;
 * does no harm when hb_bus_start() failed.
 */
void hb_bus_stop(void);

/* There is something new to report. */
void hb_bus_report(void);

#endif /* HB_XEN_BUS_H */
