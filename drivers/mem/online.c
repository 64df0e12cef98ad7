// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
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
#include "../events.h"
#include "online.h"
#include "pages.h"

static struct vfsmount *sysfs;		/* our own: independent of user space's */
static bool deaf;			/* blocks are somebody else's again */

/* How often a state is written when the kernel is busy with another block. */
#define WRITE_TRIES 20

/* Until it is looked again whether a block is still on its way. */
#define FINISH_PAUSE_MS 5

static const char *const policy_word[] = HB_ZONE_POLICY_WORDS;
static int set_policy(const char *text, const struct kernel_param *param)
{
	int found = sysfs_match_string(policy_word, text);

	if (found < 0) {
		pr_err("online=%s: use auto, movable or kernel\n", text);
		return found;
	}
	WRITE_ONCE(hb.guest.zone_policy, found);
	return 0;
}

static int get_policy(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", policy_word[READ_ONCE(hb.guest.zone_policy)]);
}

static const struct kernel_param_ops policy_ops = {
	.set = set_policy,
	.get = get_policy,
};

module_param_cb(online, &policy_ops, NULL, 0644);
MODULE_PARM_DESC(online, "what hot-added memory is for: auto (movable pages up to movable_ratio), movable, kernel (everything; may not leave again)");
module_param_named(movable_ratio, hb.guest.zone_ratio, uint, 0644);
MODULE_PARM_DESC(movable_ratio, "with online=auto: movable memory at most, in percent of the other (default 301)");

/* Held ones stay with us, the others go on to the allocator. */
static void online_range(unsigned long pfn, unsigned int order)
{
	unsigned long nr = 1UL << order, i;
	unsigned long held = hb_blockmap_held_in(&hb.guest.map, pfn, nr);

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

/* Without the lock: the books of a block on its way online do not change. */
void hb_online_page(struct page *page, unsigned int order)
{
	online_range(page_to_pfn(page), order);
}

/*
 * Held pages are no obstacle to offlining once they have no reference.  One that somebody else
 * has a reference to, for a moment, keeps ours: the kernel refuses to take that block offline,
 * where his would be the last and put a page without a frame to the free ones.
 */
void hb_online_let_go(const struct hb_block *block, bool go)
{
	unsigned long size = block->units * HB_UNIT_PAGES, i;

	hb_compat_count_going_offline(pfn_to_page(block->start_pfn),
				      go ? block->held : -(long)block->held);
	for (i = find_first_bit(block->page_held, size); i < size;
	     i = find_next_bit(block->page_held, size, i + 1)) {
		struct page *page = pfn_to_page(block->start_pfn + i);

		if (go)
			page_ref_freeze(page, 1);
		else if (!page_ref_count(page))
			page_ref_inc(page);
	}
}

/* What has no memory cannot be broken, whatever is said of it. */
bool hb_online_is_poisoned(const struct hb_block *block)
{
	unsigned long size = block->units * HB_UNIT_PAGES, i;

	for_each_clear_bit(i, block->page_held, size) {
		if (!hb_pages_poisoned(block->start_pfn + i, 1))
			continue;
		pr_warn("memory at %#llx is broken: what is behind its block does not go to Xen, nor online again\n",
			(u64)PFN_PHYS(block->start_pfn + i));
		return true;
	}
	return false;
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
		return hb_events_is_worker() ? HB_EVENT_OFFLINE_BY_US :
						HB_EVENT_OFFLINE_BY_OTHER;
	}
	return HB_EVENTS;
}

/* One block of the range that the kernel tells of. */
static bool tell(unsigned long pfn, enum hb_block_event event)
{
	struct page *page = pfn_to_page(pfn);
	struct hb_block *block;

	if (READ_ONCE(hb.guest.closed) && hb_event_may_be_refused(event))
		return false;
	/* If somebody else added it: who knows what is behind it. */
	if (event == HB_EVENT_GOING_ONLINE &&
	    hb_guest_before_online(&hb.guest, pfn)) {
		pr_err_ratelimited("memory at %#llx is not put online: it is in no book of the driver's, and there is no room for it\n",
				   (u64)PFN_PHYS(pfn));
		return false;
	}
	hb_lock();
	block = hb_blockmap_find(&hb.guest.map, pfn);
	hb_unlock();
	/* Only the worker takes blocks away, and not those that the kernel tells of. */
	return !block ||
	       hb_guest_block_event(&hb.guest, block, event,
				    event == HB_EVENT_ONLINE &&
				    page_zonenum(page) == ZONE_MOVABLE);
}

static int memory_event(struct notifier_block *nb, unsigned long kernel_event,
			void *arg)
{
	const struct memory_notify *range = arg;
	unsigned long pfn = range->start_pfn;
	enum hb_block_event event = event_of(kernel_event);
	bool agreed = true;

	if (event == HB_EVENTS || READ_ONCE(deaf))
		return NOTIFY_OK;
	for (; pfn < range->start_pfn + range->nr_pages && agreed;
	     pfn += hb.guest.map.block_pages)
		agreed = tell(pfn, event);
	/* What the worker does itself is no news to it. */
	if (!hb_event_may_be_refused(event) && !hb_events_is_worker())
		hb_events_raise(HB_NEWS_LOOK);
	return agreed ? NOTIFY_OK : NOTIFY_BAD;
}

static struct notifier_block memory_nb = { .notifier_call = memory_event };

static struct file *open_state(unsigned long pfn)
{
	struct path root = {
		.mnt = sysfs,
		.dentry = sysfs->mnt_root,
	};
	char path[64];

	snprintf(path, sizeof(path), "devices/system/memory/memory%lu/state",
		 pfn / hb.guest.map.block_pages);
	return file_open_root(&root, path, O_WRONLY, 0);
}

/*
 * As `echo state > /sys/devices/system/memory/memoryN/state` does.  While another
 * block is on its way the kernel waits a little and wants to be asked again; it says so
 * by a pending signal, which would keep a kernel thread awake for ever.
 */
int hb_online_set(unsigned long pfn, const char *state)
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

/* A write, of what is true already, waits for the block that is on its way; 0: it has. */
static int wait_for_transition(void)
{
	int rc = hb_online_set(page_to_pfn(virt_to_page(sysfs)), "online");

	/* Whatever else it says, it has waited. */
	return rc == -ERESTARTNOINTR || rc == -ENOMEM ? rc : 0;
}

/*
 * A block may be on its way since before the notifier was there; its end would come
 * as a surprise.  Whoever loads the driver may give up.
 */
static int finish_transitions(void)
{
	int rc;

	do
		rc = wait_for_transition();
	while (rc == -ERESTARTNOINTR && !signal_pending(current));
	return rc == -ERESTARTNOINTR ? -EINTR : rc;
}

void hb_online_finish(void)
{
	while (wait_for_transition())
		msleep(FINISH_PAUSE_MS);
}

void hb_online_let_be(void)
{
	WRITE_ONCE(deaf, true);
}

int hb_online_init(void)
{
	struct file_system_type *type = get_fs_type("sysfs");
	int rc;

	if (!type)
		return -ENODEV;
	sysfs = kern_mount(type);
	if (IS_ERR(sysfs))
		return PTR_ERR(sysfs);
	rc = register_memory_notifier(&memory_nb);
	if (rc)
		goto unmount;
	rc = finish_transitions();
	if (!rc)
		return 0;
	unregister_memory_notifier(&memory_nb);
unmount:
	kern_unmount(sysfs);
	return rc;
}

void hb_online_exit(void)
{
	unregister_memory_notifier(&memory_nb);
	kern_unmount(sysfs);
}
