/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What agents of other toolstacks write, written by the driver where the guest may and no
 * agent does: graphs of xapi and the balancing of Qubes OS then work without one.
 *
 * Whose a key is, is looked at before each write: an agent may start at any time, and is left
 * alone from then on.
 */
#ifndef HB_XEN_AGENT_H
#define HB_XEN_AGENT_H

#include "../core/stats.h"

/* @domain, everywhere: of the domains that the guest has been, that which it is. */

/* data/meminfo_total, data/meminfo_free and data/updated.  Return: 0 or a negative errno. */
int hb_agent_tell_xapi(const struct hb_stats *stats, int domain);

/* memory/meminfo.  Return: 0 or a negative errno. */
int hb_agent_tell_qubes(const struct hb_stats *stats, int domain);

/* Take back what both wrote: memory/meminfo is empty again, as domain 0 made it. */
void hb_agent_untell(int domain);

/* control/feature-balloon; and take it back. */
void hb_agent_announce(int domain);
void hb_agent_unannounce(int domain);

#endif /* HB_XEN_AGENT_H */
