// SPDX-License-Identifier: GPL-2.0-only
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mount.h>
#include <linux/page_ref.h>
#include <linux/sched/signal.h>
#include <linux/sysfs.h>

#include "../driver.h"
#include "hotplug.h"
#include "online.h"
#include "reserve.h"
#include "watermarks.h"

static struct {
	struct vfsmount *sysfs;		/* our own: independent of user space's */
	bool closed;			/* protected by hb.lock */
} online;

/* How often a state is written when the kernel is busy with another block. */
#define WRITE_TRIES 20

static const char *const policy_word[] = HB_ZONE_POLICY_WORDS;
static unsigned int policy = HB_ZONE_AUTO;
static unsigned int movable_ratio = HB_ZONE_RATIO_DEFAULT;

static int set_policy(const char *text, const struct kernel_param *param)
{
	int found = sysfs_match_string(policy_word, text);

	if (found < 0) {
		pr_err("online=%s: use auto, movable or kernel\n", text);
		return found;
	}
	WRITE_ONCE(policy, found);
	return 0;
}

static int get_policy(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", policy_word[READ_ONCE(policy)]);
}

static const struct kernel_param_ops policy_ops = {
	.set = set_policy,
	.get = get_policy,
};

module_param_cb(online, &policy_ops, NULL, 0644);
MODULE_PARM_DESC(online, "what hot-added memory is for: auto (movable pages up to movable_ratio), movable, kernel (everything; may not leave again)");
module_param(movable_ratio, uint, 0644);
MODULE_PARM_DESC(movable_ratio, "with online=auto: movable memory at most, in percent of the other (default 301)");

void hb_online_close(bool closed)
{
	mutex_lock(&hb.lock);
	online.closed = closed;
	mutex_unlock(&hb.lock);
}

/* Held ones stay with us, the others go on to the allocator. */
static void online_range(unsigned long pfn, unsigned int order)
{
	unsigned long nr = 1UL << order, i;
	unsigned long held = hb_blockmap_held_in(&hb.map, pfn, nr);

	if (!held) {
		generic_online_page(pfn_to_page(pfn), order);
		return;
	}
	if (held == nr) {
		for (i = 0; i < nr; i++)
			hb_compat_hold_onlining_page(pfn_to_page(pfn + i));
		return;
	}
	online_range(pfn, order - 1);
	online_range(pfn + nr / 2, order - 1);
}

void hb_online_page(struct page *page, unsigned int order)
{
	mutex_lock(&hb.lock);
	online_range(page_to_pfn(page), order);
	mutex_unlock(&hb.lock);
}

/*
 * Held pages are no obstacle to offlining once they have no reference.  If the
 * offlining is cancelled they get it back.  Caller holds hb.lock.
 */
static void let_held_pages_go(const struct hb_block *block, bool go)
{
	unsigned long size = block->units * HB_UNIT_PAGES, i;

	hb_compat_count_going_offline(pfn_to_page(block->start_pfn),
				      go ? block->held : -(long)block->held);
	for (i = find_first_bit(block->page_held, size); i < size;
	     i = find_next_bit(block->page_held, size, i + 1)) {
		struct page *page = pfn_to_page(block->start_pfn + i);

		if (go)
			WARN_ON_ONCE(!page_ref_dec_and_test(page));
		else
			page_ref_inc(page);
	}
}

/* The core's name for the kernel's event; HB_EVENTS for one that is not ours. */
static enum hb_block_event event_of(unsigned long event)
{
	switch (event) {
	case MEM_GOING_ONLINE:
		return HB_EVENT_GOING_ONLINE;
	case MEM_CANCEL_ONLINE:
		return HB_EVENT_CANCEL_ONLINE;
	case MEM_ONLINE:
		return HB_EVENT_ONLINE;
	case MEM_GOING_OFFLINE:
		return HB_EVENT_GOING_OFFLINE;
	case MEM_CANCEL_OFFLINE:
		return HB_EVENT_CANCEL_OFFLINE;
	case MEM_OFFLINE:
		return hb_worker_is_current() ? HB_EVENT_OFFLINE_BY_US :
						HB_EVENT_OFFLINE_BY_OTHER;
	}
	return HB_EVENTS;
}

static bool may_be_refused(enum hb_block_event event)
{
	return event == HB_EVENT_GOING_ONLINE || event == HB_EVENT_GOING_OFFLINE;
}

/*
 * A block that goes offline takes its held pages along: nobody but the driver keeps them
 * out of use when it goes online again, so the driver stays loaded until then.  For
 * blocks of ours it does anyway.  Caller holds hb.lock.
 */
static bool keep_module(struct hb_block *block)
{
	if (block->origin == HB_BLOCK_OURS || !block->held)
		return true;
	block->keeps_module = try_module_get(THIS_MODULE);
	return block->keeps_module;
}

/* Caller holds hb.lock. */
static void let_module_go(struct hb_block *block)
{
	if (block->keeps_module)
		module_put(THIS_MODULE);
	block->keeps_module = false;
}

/* Caller holds hb.lock. */
static int block_event(struct hb_block *block, enum hb_block_event event)
{
	struct hb_block_transition found;

	if (online.closed && may_be_refused(event))
		return NOTIFY_BAD;
	if (event == HB_EVENT_GOING_OFFLINE &&
	    block->state == HB_BLOCK_ONLINE && !keep_module(block))
		return NOTIFY_BAD;
	found = hb_blocks_event(block, event);
	if (block->state == HB_BLOCK_ONLINE)
		let_module_go(block);
	if (found.act != HB_ACT_NONE)
		let_held_pages_go(block, found.act == HB_ACT_LET_GO);
	if (event == HB_EVENT_ONLINE)
		hb_blockmap_set_movable(&hb.map, block,
					page_zonenum(pfn_to_page(block->start_pfn)) ==
					ZONE_MOVABLE);
	return found.verdict != HB_VERDICT_ALLOW && may_be_refused(event) ?
		NOTIFY_BAD : NOTIFY_OK;
}

static int memory_event(struct notifier_block *nb, unsigned long kernel_event,
			void *arg)
{
	const struct memory_notify *range = arg;
	unsigned long pfn = range->start_pfn;
	enum hb_block_event event = event_of(kernel_event);
	int rc = NOTIFY_OK;

	if (event == HB_EVENTS)
		return NOTIFY_OK;
	mutex_lock(&hb.lock);
	for (; pfn < range->start_pfn + range->nr_pages && rc == NOTIFY_OK;
	     pfn += hb.map.block_pages) {
		struct hb_block *block = hb_blockmap_find(&hb.map, pfn);

		if (block)
			rc = block_event(block, event);
		else if (online.closed && may_be_refused(event))
			rc = NOTIFY_BAD;
	}
	mutex_unlock(&hb.lock);
	/* What the worker does itself is no news to it. */
	if (!may_be_refused(event) && !hb_worker_is_current())
		hb_worker_wake();
	return rc;
}

static struct notifier_block memory_nb = { .notifier_call = memory_event };

static struct file *open_state(unsigned long pfn)
{
	struct path root = {
		.mnt = online.sysfs,
		.dentry = online.sysfs->mnt_root,
	};
	char path[64];

	snprintf(path, sizeof(path), "devices/system/memory/memory%lu/state",
		 pfn / hb.map.block_pages);
	return file_open_root(&root, path, O_WRONLY, 0);
}

/*
 * As `echo state > /sys/devices/system/memory/memoryN/state` does.  While another
 * block is on its way the kernel waits a little and wants to be asked again; it says so
 * by a pending signal, which would keep a kernel thread awake for ever.
 */
static int write_state(unsigned long pfn, const char *state)
{
	struct file *file = open_state(pfn);
	ssize_t written = 0;
	int tries;

	if (IS_ERR(file))
		return PTR_ERR(file);
	for (tries = 0; tries < WRITE_TRIES; tries++) {
		loff_t pos = 0;

		written = kernel_write(file, state, strlen(state), &pos);
		if (written != -ERESTARTNOINTR)
			break;
		recalc_sigpending();
		if (signal_pending(current))
			break;
	}
	fput(file);
	return written < 0 ? written : 0;
}

/*
 * A block may be on its way since before the notifier was there; its end would come
 * as a surprise.  A write, of what is true already, waits for it, unless whoever loads
 * the driver gives up.
 */
static int finish_transitions(void)
{
	unsigned long pfn = page_to_pfn(virt_to_page(online.sysfs));
	int rc;

	do
		rc = write_state(pfn, "online");
	while (rc == -ERESTARTNOINTR && !signal_pending(current));
	return rc == -ERESTARTNOINTR ? -EINTR : 0;
}

int hb_online_init(void)
{
	struct file_system_type *type = get_fs_type("sysfs");
	int rc;

	if (!type)
		return -ENODEV;
	online.closed = true;
	online.sysfs = kern_mount(type);
	if (IS_ERR(online.sysfs))
		return PTR_ERR(online.sysfs);
	rc = register_memory_notifier(&memory_nb);
	if (rc)
		goto unmount;
	rc = finish_transitions();
	if (!rc)
		return 0;
	unregister_memory_notifier(&memory_nb);
unmount:
	kern_unmount(online.sysfs);
	return rc;
}

void hb_online_exit(void)
{
	unregister_memory_notifier(&memory_nb);
	kern_unmount(online.sysfs);
}

static enum hb_block_state state_of(unsigned long pfn)
{
	struct hb_block *block;
	enum hb_block_state state;

	mutex_lock(&hb.lock);
	block = hb_blockmap_find(&hb.map, pfn);
	state = block ? block->state : HB_BLOCK_GONE;
	mutex_unlock(&hb.lock);
	return state;
}

int hb_online_take_offline(unsigned long pfn)
{
	int rc;

	if (state_of(pfn) == HB_BLOCK_OFFLINE)
		return 0;
	hb_worker_begin_long_call();
	rc = write_state(pfn, "offline");
	hb_worker_end_long_call();
	return rc;
}

static bool wants_movable(void)
{
	struct hb_zone_input in = {
		.block = hb.map.block_pages,
		.cost = hb_reserve_cost(),
		.ratio = READ_ONCE(movable_ratio),
		.policy = READ_ONCE(policy),
	};
	struct hb_floor_input pressure;

	hb_watermarks_pressure(&pressure);
	in.spare = pressure.available_kernel;
	mutex_lock(&hb.lock);
	in.kernel = hb_ledger_populated(&hb.ledger) - hb.map.movable_plugged -
		    hb.map.parked_plugged;
	in.movable = (u64)hb.map.movable_blocks * hb.map.block_pages;
	mutex_unlock(&hb.lock);
	return hb_zone_is_movable(&in);
}

int hb_online_block(unsigned long pfn)
{
	if (state_of(pfn) == HB_BLOCK_ONLINE)
		return 0;	/* user space was faster */
	if (!hb_hotplug_owns(pfn) || !wants_movable())
		return write_state(pfn, "online_kernel");
	return write_state(pfn, "online_movable");
}
