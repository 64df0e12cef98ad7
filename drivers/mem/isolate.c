// SPDX-License-Identifier: GPL-2.0-only
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>

#include "../driver.h"
#include "evacuate.h"
#include "isolate.h"
#include "pages.h"

/* Some memory is not for giving away: it is little, and all that old devices can use. */
static bool is_precious(unsigned long pfn)
{
	return page_zonenum(pfn_to_page(pfn)) < ZONE_DMA32;
}

/* What the kernel uses of a node: others' memory that is mapped there has a zone, too. */
static void node_span(int node, unsigned long *from, unsigned long *end)
{
	struct zone *zone = NODE_DATA(node)->node_zones;
	unsigned int i;

	*from = ULONG_MAX;
	*end = 0;
	for (i = 0; i < MAX_NR_ZONES; i++, zone++) {
		if (!managed_zone(zone))
			continue;
		*from = min(*from, zone->zone_start_pfn);
		*end = max(*end, zone_end_pfn(zone));
	}
}

void hb_isolate_range(int node, unsigned long *from, unsigned long *end)
{
	unsigned long begins, ends;
	int other;

	node_span(node, from, end);
	for_each_online_node(other) {
		node_span(other, &begins, &ends);
		if (begins > *from)
			*end = min(*end, begins);
	}
	if (!*end)
		*from = 0;
}

/*
 * What is in movable memory may go anywhere, what is elsewhere does not go into movable
 * memory: the kernel chooses so.
 */
int hb_isolate(unsigned long pfn, unsigned long nr, bool give)
{
	int rc = give && is_precious(pfn) ? -EBUSY : hb_evacuate(pfn, nr);

	if (!rc && !hb_pages_are_good(pfn, nr))
		rc = -EBUSY;
	if (!rc)
		hb_pages_clear(pfn, nr);
	return rc;
}
