// SPDX-License-Identifier: GPL-2.0-only
/* Load and unload: open the books, take over, run, hand back. */
#include <linux/crash_dump.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <hotballoon/version.h>
#include <xen/features.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

#include "autoballoon.h"
#include "core/ops.h"
#include "debugfs.h"
#include "distress.h"
#include "driver.h"
#include "events.h"
#include "kexec.h"
#include "mem/blocks.h"
#include "mem/commit.h"
#include "mem/counters.h"
#include "mem/evacuate.h"
#include "mem/hotplug.h"
#include "mem/online.h"
#include "mem/pages.h"
#include "mem/reserve.h"
#include "mem/watermarks.h"
#include "stats.h"
#include "suspend.h"
#include "sysfs.h"
#include "ticker.h"
#include "worker.h"
#include "xen/bus.h"
#include "xen/extents.h"
#include "xen/intree.h"

struct hb_driver hb = {
	.lock = __MUTEX_INITIALIZER(hb.lock),
	.guest = {
		.ops = &hb_kernel_ops,
		.zone_policy = HB_ZONE_AUTO,
		.zone_ratio = HB_ZONE_RATIO_DEFAULT,
		.tidy_rate = HB_TIDY_RATE_DEFAULT,
		.swap_policy = HB_PRESS_IDLE,
		.drop_caches = true,
		.swap_by_host = HB_PRESS_POLICIES,
	},
};

static int set_tidy_rate(const char *text, const struct kernel_param *param)
{
	int rc = param_set_uint(text, param);

	/* Nobody else tells a worker that has nothing to do. */
	if (!rc)
		hb_events_raise(HB_NEWS_LOOK);
	return rc;
}

static const struct kernel_param_ops tidy_rate_ops = {
	.set = set_tidy_rate,
	.get = param_get_uint,
};

module_param_cb(tidy_rate, &tidy_rate_ops, &hb.guest.tidy_rate, 0644);
MODULE_PARM_DESC(tidy_rate, "MiB a second, at most, that are moved to improve the layout of memory when the guest is at its target (default 128; 0: none)");

/* Pages a call that are adopted or returned. */
#define ADOPT_BATCH 512

static int check_domain(void)
{
	if (!xen_domain()) {
		pr_err("this is not a Xen guest: nothing to do here\n");
		return -ENODEV;
	}
	if (xen_initial_domain()) {
		pr_err("this is dom0: hotballoon is for guests; set dom0's memory with `xl mem-set 0`\n");
		return -ENODEV;
	}
	if (is_kdump_kernel()) {
		pr_info("leaving the crash kernel's memory alone\n");
		return -ENODEV;
	}
	/*
	 * Free pages have no mapping then, also of blocks that are offline, where the driver clears
	 * what goes to Xen; and what maps them is not exported.
	 */
	if (debug_pagealloc_enabled()) {
		pr_err("this kernel unmaps free pages: boot it with debug_pagealloc=off\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * Make pages that the built-in driver had ballooned held pages of ours.  It has those back
 * that are in no block; what was adopted before stays so for return_all().
 */
static int adopt_batch(struct page **pages, unsigned int nr)
{
	static unsigned long pfns[ADOPT_BATCH];
	unsigned int known, i;

	for (i = 0; i < nr; i++)
		pfns[i] = page_to_pfn(pages[i]);
	page_offline_begin();
	hb_lock();
	known = hb_blockmap_hold_list(&hb.guest.map, pfns, nr);
	for (i = 0; i < known; i++)
		hb_pages_hold(pfns[i], 1, false);
	hb_unlock();
	page_offline_end();
	if (known == nr)
		return 0;
	hb_intree_return(pages + known, nr - known);
	return -ENXIO;
}

static int adopt_all(void)
{
	struct page **pages;
	unsigned int nr;
	int rc = 0;

	pages = kvcalloc(ADOPT_BATCH, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	while (!rc && (nr = hb_intree_adopt(pages, ADOPT_BATCH)))
		rc = adopt_batch(pages, nr);
	kvfree(pages);
	return rc ?: hb_intree_stock() ? -ENOMEM : 0;
}

/* The books forget the next held pages of online blocks, from *@pfn on. */
static unsigned int forget_batch(unsigned long *pfn, struct page **pages)
{
	unsigned int nr = 0, i;
	struct hb_run run;

	hb_lock();
	while (nr < ADOPT_BATCH) {
		run = hb_blockmap_next_held(&hb.guest.map, *pfn,
					    ADOPT_BATCH - nr);
		if (!run.nr)
			break;
		for (i = 0; i < run.nr; i++) {
			pages[nr] = pfn_to_page(run.pfn + i);
			hb_compat_clear_page_offline(pages[nr++]);
		}
		hb_guest_unhold(&hb.guest, run.pfn, run.nr);
		*pfn = run.pfn + run.nr;
	}
	hb_unlock();
	return nr;
}

/* The inverse of adopt_all(), for every held page of an online block. */
static void return_all(void)
{
	static struct page *pages[ADOPT_BATCH];
	unsigned long pfn = 0;
	unsigned int nr;

	while ((nr = forget_batch(&pfn, pages))) {
		hb_intree_return(pages, nr);
		cond_resched();
	}
}

static u64 pages_in(const struct hb_firmware_ram *firmware)
{
	u64 pages = 0;
	unsigned int i;

	for (i = 0; i < firmware->nr; i++)
		pages += firmware->range[i].end_pfn - firmware->range[i].start_pfn;
	return pages;
}

/*
 * Translated guests: RAM is what the builder's memory map says, plus what the
 * built-in driver hot-added; Xen counts more (special pages), or less while
 * populate-on-demand is unsettled.  Xen keeps no map of a guest that was restored or
 * migrated: then RAM is what the kernel has, and each page is asked about before the
 * count is believed.  PV guests: Xen counts exactly the RAM, and there is no
 * populate-on-demand.
 */
static void open_ledger(const struct hb_firmware_ram *firmware,
			const struct hb_blocks_found *found)
{
	struct hb_guest *g = &hb.guest;
	u64 xen_pages = hb_extents_current();

	hb_lock();
	g->ledger = (struct hb_ledger){ 0 };
	if (!xen_feature(XENFEAT_auto_translated_physmap)) {
		g->ledger.capacity = xen_pages + g->map.held;
		g->ledger.settled = true;
	} else {
		g->ledger.capacity = firmware->nr ?
			pages_in(firmware) + found->extra : found->ram;
		g->ledger.capacity -= hb_intree_foreign_pages();
		if (!firmware->nr)
			g->verify = (struct hb_verify){ .wanted = true,
							.moved = true };
	}
	hb_intree_calibrate(hb_guest_populated(g));
	hb_unlock();
}

/*
 * Held pages are here by another driver's doing, which goes page by page; so may
 * populate-on-demand, whose memory Xen counts once it is touched; and a guest that was
 * built anew is mapped page by page.
 */
static void suspect_found_memory(void)
{
	struct hb_guest *g = &hb.guest;
	bool suspicious;

	hb_lock();
	suspicious = g->map.held || g->verify.wanted ||
		     hb_extents_current() < hb_guest_populated(g);
	hb_unlock();
	if (suspicious)
		hb_guest_suspect(g);
}

static void set_closed(bool closed)
{
	hb_lock();
	hb.guest.closed = closed;
	hb_unlock();
}

/* Nothing goes online until the callback is that of whoever gets the blocks. */
static void step_down(void)
{
	hb_intree_give_callback(hb_online_page);
	hb_online_let_be();
	hb_intree_detach();
}

/*
 * The built-in driver's thread ends first: what it adds until then is in nobody's books
 * yet.  From there on nothing is added or onlined before all is known.
 */
static int take_over(const struct hb_firmware_ram *firmware)
{
	struct hb_blocks_found found;
	int rc;

	rc = hb_intree_attach(hb_online_page);
	if (rc)
		return rc;
	rc = hb_blocks_scan(firmware, &found);
	if (!rc && hb_intree_present())
		rc = adopt_all();
	else if (!rc)
		hb_pages_find_left();
	if (rc) {
		pr_err("cannot take over what the kernel's balloon driver has (%d)\n",
		       rc);
		return_all();
		step_down();
		return rc;
	}
	open_ledger(firmware, &found);
	suspect_found_memory();
	set_closed(false);
	return 0;
}

/* From the moment that nothing more goes online; what does already is in the books then. */
static void hand_back(void)
{
	set_closed(true);
	hb_online_finish();
	hb_pages_uncount_held();
	if (hb_intree_present()) {
		hb_intree_settle(hb_guest_populated(&hb.guest));
		return_all();
	} else {
		hb_pages_leave();
	}
	step_down();
}

/* What needs no other part but memory; undone by free_parts(). */
static int make_parts(void)
{
	int rc = hb_extents_init();

	if (rc)
		return rc;
	rc = hb_hotplug_init();
	if (rc)
		goto free_extents;
	hb.guest.window_start = hb_hotplug_start_pfn();
	hb.guest.window_end = hb_hotplug_end_pfn();
	hb.guest.closed = true;
	rc = hb_blocks_init(hb_hotplug_end_pfn());
	if (rc)
		goto free_window;
	rc = hb_online_init();
	if (!rc)
		return 0;
	hb_blocks_free();
free_window:
	hb_hotplug_exit();
free_extents:
	hb_extents_exit();
	return rc;
}

static void free_parts(void)
{
	hb_online_exit();
	hb_blocks_free();
	hb_hotplug_exit();
	hb_extents_exit();
}

static int start(void)
{
	int rc = hb_sysfs_register();

	if (rc)
		return rc;
	hb_debugfs_register();
	rc = hb_suspend_init();
	if (rc)
		goto no_suspend;
	rc = hb_kexec_init();
	if (rc)
		goto no_kexec;
	rc = hb_evacuate_start();
	if (rc)
		goto no_evacuation;
	/* What the worker does cannot be undone: it comes last. */
	rc = hb_bus_start(hb_stats_host_wants, hb_stats_meminfo_made) ?:
	     hb_distress_start() ?: hb_ticker_start() ?: hb_worker_start();
	if (!rc) {
		hb_stats_start();
		hb_autoballoon_start();
		return 0;
	}
	hb_ticker_stop();
	hb_distress_stop();
	hb_bus_stop();
	hb_evacuate_stop();
no_evacuation:
	hb_kexec_exit();
no_kexec:
	hb_suspend_exit();
no_suspend:
	hb_debugfs_unregister();
	hb_sysfs_unregister();
	return rc;
}

static void say_hello(void)
{
	pr_info("%s, %llu MiB of RAM, can grow to %llu GiB\n",
		hb_intree_present() ? "took over from the kernel's balloon driver" :
				      "the kernel's balloon driver is absent",
		hb_guest_populated(&hb.guest) / HB_MIB_PAGES,
		hb_guest_ceiling(&hb.guest) / HB_MIB_PAGES / 1024);
	if (nr_online_nodes > 1)
		pr_info("this guest has %d NUMA nodes: memory is added to node %d only, taken from the node with most to spare, and nothing is asked of the host's nodes\n",
			nr_online_nodes, hb_hotplug_node());
}

static int __init hotballoon_init(void)
{
	struct hb_firmware_ram firmware = { 0 };
	int rc = check_domain();

	if (rc)
		return rc;
	if (hb_extents_firmware_ram(&firmware))
		firmware.nr = 0;
	rc = make_parts();
	if (rc)
		return rc;
	rc = take_over(&firmware);
	if (rc)
		goto free;
	hb_commit_init();
	hb_watermarks_init();
	hb_counters_init();
	rc = start();
	if (rc) {
		hb_reserve_release();
		hand_back();
		goto free;
	}
	say_hello();
	return 0;
free:
	free_parts();
	return rc;
}

/* No hot-added block exists: each holds a reference on the module. */
static void __exit hotballoon_exit(void)
{
	hb_kexec_exit();	/* it stops the worker, too */
	hb_worker_stop();	/* it writes reports */
	hb_evacuate_stop();
	hb_distress_stop();
	hb_ticker_stop();
	hb_autoballoon_stop();
	hb_stats_stop();
	hb_bus_stop();
	hb_suspend_exit();
	hb_debugfs_unregister();
	hb_sysfs_unregister();
	hb_reserve_release();
	hand_back();
	free_parts();
}

module_init(hotballoon_init);
module_exit(hotballoon_exit);

MODULE_DESCRIPTION("Memory balloon and memory hotplug for Xen guests");
MODULE_AUTHOR("The hotballoon authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(HB_VERSION);
