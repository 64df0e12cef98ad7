// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "../symbols.h"
#include "counters.h"
#include "watermarks.h"

/* total_swap_pages, which is not exported; NULL: how much swap is in use is not known. */
static long *swap_pages;

void hb_counters_init(void)
{
	swap_pages = hb_symbol("total_swap_pages");
}

#ifdef CONFIG_VM_EVENT_COUNTERS
/* Not all_vm_events(): that waits for whoever adds or removes a processor. */
static u64 events(unsigned int first, unsigned int nr)
{
	u64 sum = 0;
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < nr; i++)
			sum += READ_ONCE(per_cpu(vm_event_states, cpu).event[first + i]);
	return sum;
}

static u64 stalls(void)
{
	/* One a zone, in their order; devices' memory has one in some kernels only. */
	return events(ALLOCSTALL_NORMAL - ZONE_NORMAL, ZONE_MOVABLE + 1);
}

u64 hb_counters_swapped_out(void)
{
	return events(PSWPOUT, 1);
}

static void read_events(struct hb_stats *stats)
{
	hb_stats_put(stats, HB_STAT_SWAP_IN, events(PSWPIN, 1) * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_SWAP_OUT, hb_counters_swapped_out() * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_MAJOR_FAULTS, events(PGMAJFAULT, 1));
	hb_stats_put(stats, HB_STAT_OOM_KILLS, events(OOM_KILL, 1));
	hb_stats_put(stats, HB_STAT_ALLOC_STALLS, stalls());
}
#else
static u64 stalls(void)
{
	return 0;
}

u64 hb_counters_swapped_out(void)
{
	return 0;
}

static void read_events(struct hb_stats *stats)
{
}
#endif

static u64 free_swap(void)
{
	/* Below 0 for a moment while somebody ends its use. */
	return max(get_nr_swap_pages(), 0L);
}

static void read_swap(struct hb_stats *stats)
{
	hb_stats_put(stats, HB_STAT_SWAP_FREE, free_swap() * HB_PAGE_KIB);
	if (swap_pages)
		hb_stats_put(stats, HB_STAT_SWAP_TOTAL, READ_ONCE(*swap_pages) * HB_PAGE_KIB);
}

void hb_counters_read(struct hb_stats *stats)
{
	hb_stats_put(stats, HB_STAT_TOTAL, totalram_pages() * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_FREE, global_zone_page_state(NR_FREE_PAGES) * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_AVAILABLE, max(si_mem_available(), 0L) * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_CACHE, global_node_page_state(NR_FILE_PAGES) * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_REFAULTS_ANON,
		     global_node_page_state(WORKINGSET_REFAULT_ANON) * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_REFAULTS_FILE,
		     global_node_page_state(WORKINGSET_REFAULT_FILE) * HB_PAGE_KIB);
	hb_stats_put(stats, HB_STAT_COMMITTED, vm_memory_committed() * HB_PAGE_KIB);
	read_swap(stats);
	read_events(stats);
}

void hb_counters_need(struct hb_shortage *need)
{
	need->managed = totalram_pages();
	/* As the floor has it, which this is measured by. */
	need->available = hb_watermarks_available();
	need->stalls = stalls();
	need->nodes = num_node_state(N_MEMORY);
}

void hb_counters_swap(struct hb_press_look *look)
{
	look->managed = totalram_pages();
	look->swap_free = free_swap();
	look->refaults = global_node_page_state(WORKINGSET_REFAULT_ANON) +
			 global_node_page_state(WORKINGSET_REFAULT_FILE);
}
