// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/vmstat.h>

#include "../symbols.h"
#include "commit.h"
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

static s64 zone_files(struct zone *zone)
{
	return zone_page_state(zone, NR_ZONE_ACTIVE_FILE) +
	       zone_page_state(zone, NR_ZONE_INACTIVE_FILE);
}

/*
 * Cache that must be written first, which is up to a disk.  What is on its way to swap is counted
 * with it, and is no cache.
 */
static s64 zone_unwritten(struct zone *zone)
{
	s64 pages = zone_page_state(zone, NR_ZONE_WRITE_PENDING);

	return min(pages, zone_files(zone));
}

/* Page cache that is written. */
static s64 zone_cache(struct zone *zone)
{
	return zone_files(zone) - zone_unwritten(zone);
}

u64 hb_watermarks_available(void)
{
	s64 pages = si_mem_available();
	struct zone *zone;
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			zone = &NODE_DATA(nid)->node_zones[i];
			if (managed_zone(zone))
				pages += percpu_free(zone) - zone_unwritten(zone);
		}
	}
	return max_t(s64, pages, 0);
}

/* Free pages and half the page cache that is written, above the zone's watermark. */
static s64 zone_available(struct zone *zone)
{
	s64 free = zone_page_state(zone, NR_FREE_PAGES) + percpu_free(zone);

	return free + zone_cache(zone) / 2 - high_wmark_pages(zone);
}

/*
 * What of that is set aside for devices (CMA), where the kernel has nothing of its own.  Nobody
 * counts the cache there: as much as can be is taken for it, so that what is left is the kernel's.
 */
static s64 zone_available_cma(struct zone *zone)
{
	s64 free = zone_page_state(zone, NR_FREE_CMA_PAGES);
	s64 used = max_t(s64, (s64)zone_cma_pages(zone) - free, 0);

	return free + min(used, zone_cache(zone)) / 2;
}

/* One node: all, and what the kernel itself can use, which is not movable memory. */
static struct hb_floor_input look_at_node(int nid)
{
	s64 all = 0, kernel = 0, slab;
	struct hb_floor_input in = { 0 };
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &NODE_DATA(nid)->node_zones[i];

		if (!managed_zone(zone))
			continue;
		in.managed += zone_managed_pages(zone);
		all += zone_available(zone);
		/* Nor is what is set aside for devices; and that is never given to Xen. */
		if (i < ZONE_MOVABLE)
			kernel += zone_available(zone) - zone_available_cma(zone);
	}
	/* Dentries, inodes: half of it, as si_mem_available() has it. */
	slab = atomic_long_read(&NODE_DATA(nid)->vm_stat[NR_SLAB_RECLAIMABLE_B]);
	all += slab / 2;
	kernel += slab / 2;
	in.available = max_t(s64, all, 0);
	in.available_kernel = max_t(s64, kernel, 0);
	return in;
}

void hb_watermarks_pressure(struct hb_pressure *pressure, int added)
{
	int nid;

	pressure->commit = hb_commit_look();
	pressure->nr = 0;
	pressure->added = 0;
	for_each_online_node(nid) {
		if (pressure->nr == HB_FLOOR_NODES)
			break;
		if (nid == added)
			pressure->added = pressure->nr;
		pressure->of[pressure->nr].node = nid;
		pressure->of[pressure->nr].in = look_at_node(nid);
		pressure->nr++;
	}
	/* Of a guest with one node the kernel itself knows better. */
	if (pressure->nr == 1) {
		pressure->of[0].in.managed = totalram_pages();
		pressure->of[0].in.available = hb_watermarks_available();
	}
}
