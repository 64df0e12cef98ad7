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

/* @stat: a node's, or that of all. */
static u64 counted(const atomic_long_t *stat, enum node_stat_item item)
{
	/* Below 0 for a moment: each processor adds its part later. */
	return max(atomic_long_read(&stat[item]), 0L);
}

static struct hb_writes look_at_writes(const atomic_long_t *stat)
{
	return (struct hb_writes){
		.dirty = counted(stat, NR_FILE_DIRTY),
		.writing = counted(stat, NR_WRITEBACK),
#ifdef CONFIG_SWAP
		.swapcache = counted(stat, NR_SWAPCACHE),
#endif
	};
}

/* Page cache that is written. */
static s64 zone_cache(struct zone *zone, const struct hb_writes *writes)
{
	s64 files = zone_files(zone);

	return files - (s64)hb_floor_unwritten(writes, zone_page_state(zone, NR_ZONE_WRITE_PENDING),
					       files);
}

/* What si_mem_available() takes for available, and must be written first. */
static s64 unwritten(u64 low)
{
	const struct hb_writes writes = look_at_writes(vm_node_stat);
	u64 files = counted(vm_node_stat, NR_ACTIVE_FILE) +
		    counted(vm_node_stat, NR_INACTIVE_FILE);

	return hb_floor_unwritten(&writes, global_zone_page_state(NR_ZONE_WRITE_PENDING),
				  hb_floor_cache(files, low));
}

u64 hb_watermarks_available(void)
{
	s64 pages = si_mem_available();
	struct zone *zone;
	u64 low = 0;
	int nid, i;

	for_each_online_node(nid) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			zone = &NODE_DATA(nid)->node_zones[i];
			if (!managed_zone(zone))
				continue;
			pages += percpu_free(zone);
			low += low_wmark_pages(zone);
		}
	}
	return max_t(s64, pages - unwritten(low), 0);
}

/* Free pages and half the page cache that is written, above the zone's watermark. */
static s64 zone_available(struct zone *zone, const struct hb_writes *writes)
{
	s64 free = zone_page_state(zone, NR_FREE_PAGES) + percpu_free(zone);

	return free + zone_cache(zone, writes) / 2 - high_wmark_pages(zone);
}

/*
 * What of that is set aside for devices (CMA), where the kernel has nothing of its own.  Nobody
 * counts the cache there: as much as can be is taken for it, so that what is left is the kernel's.
 */
static s64 zone_available_cma(struct zone *zone, const struct hb_writes *writes)
{
	s64 free = zone_page_state(zone, NR_FREE_CMA_PAGES);
	s64 used = max_t(s64, (s64)zone_cma_pages(zone) - free, 0);

	return free + min(used, zone_cache(zone, writes)) / 2;
}

/* One node: all, and what the kernel itself can use, which is not movable memory. */
static struct hb_floor_input look_at_node(int nid)
{
	const atomic_long_t *stat = NODE_DATA(nid)->vm_stat;
	const struct hb_writes writes = look_at_writes(stat);
	s64 all = 0, kernel = 0, slab;
	struct hb_floor_input in = { 0 };
	int i;

	for (i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &NODE_DATA(nid)->node_zones[i];

		if (!managed_zone(zone))
			continue;
		in.managed += zone_managed_pages(zone);
		all += zone_available(zone, &writes);
		/* Nor is what is set aside for devices; and that is never given to Xen. */
		if (i < ZONE_MOVABLE)
			kernel += zone_available(zone, &writes) -
				  zone_available_cma(zone, &writes);
	}
	/* Dentries, inodes: half of it, as si_mem_available() has it. */
	slab = counted(stat, NR_SLAB_RECLAIMABLE_B);
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
	/* A node that is left alone gives nothing. */
	pressure->added = HB_FLOOR_NODES;
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
