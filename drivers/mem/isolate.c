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

/* What is hot-added lies behind all boot memory, whosever it is. */
void hb_isolate_range(int node, unsigned long *from, unsigned long *end)
{
	int other;

	*from = node_start_pfn(node);
	*end = node_end_pfn(node);
	for_each_online_node(other)
		if (node_start_pfn(other) > *from)
			*end = min(*end, node_start_pfn(other));
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
