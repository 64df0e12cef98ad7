// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/vmstat.h>

#include "../symbols.h"
#include "watermarks.h"

/* init_per_zone_wmark_min() of mm/page_alloc.c; NULL: they stay as they are. */
static int (*recompute)(void);

/*
 * pcp_batch_high_lock there, which recompute() takes.  Whoever takes a block offline has
 * it for as long as that takes, which may be for ever.
 */
static struct mutex *recompute_lock;

static u64 managed_before;

void hb_watermarks_init(void)
{
	recompute_lock = hb_symbol("pcp_batch_high_lock");
	if (recompute_lock)
		recompute = hb_symbol("init_per_zone_wmark_min");
	if (!recompute)
		pr_info("watermarks cannot follow the guest's size: it will not shrink as far as it could\n");
	managed_before = totalram_pages();
}

void hb_watermarks_follow(void)
{
	u64 managed = totalram_pages();

	if (!recompute || !hb_floor_watermarks_stale(managed, managed_before))
		return;
	if (mutex_is_locked(recompute_lock))
		return;
	managed_before = managed;
	recompute();
}

/* Free pages that wait in per-CPU lists; MemFree does not have them. */
static s64 percpu_free(struct zone *zone)
{
	s64 pages = 0;
	int cpu;

	for_each_online_cpu(cpu)
		pages += READ_ONCE(per_cpu_ptr(zone->per_cpu_pageset, cpu)->count);
	return pages;
}

/* Free pages and half the page cache, above the zone's watermark. */
static s64 zone_available(struct zone *zone)
{
	s64 cache = zone_page_state(zone, NR_ZONE_ACTIVE_FILE) +
		    zone_page_state(zone, NR_ZONE_INACTIVE_FILE);
	s64 free = zone_page_state(zone, NR_FREE_PAGES) + percpu_free(zone);

	return free + cache / 2 - high_wmark_pages(zone);
}

void hb_watermarks_pressure(struct hb_floor_input *in)
{
	s64 percpu = 0, kernel = 0;
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			struct zone *zone = &NODE_DATA(nid)->node_zones[i];

			if (!managed_zone(zone))
				continue;
			percpu += percpu_free(zone);
			/* The kernel itself cannot use movable memory. */
			if (i < ZONE_MOVABLE)
				kernel += zone_available(zone);
		}
	}
	in->managed = totalram_pages();
	in->available = max_t(s64, si_mem_available() + percpu, 0);
	in->available_kernel = max_t(s64, kernel, 0);
}
