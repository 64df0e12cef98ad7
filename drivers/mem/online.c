// SPDX-License-Identifier: GPL-2.0-only
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/page_ref.h>

#include "../driver.h"
#include "hotplug.h"
#include "online.h"

static struct {
	struct vfsmount *sysfs;		/* our own: independent of user space's */
	bool closed;			/* protected by hb.lock */
	unsigned long own_offlining;	/* block that we take offline; 0: none */
} online;

void hb_online_close(bool closed)
{
	mutex_lock(&hb.lock);
	online.closed = closed;
	mutex_unlock(&hb.lock);
}

/* Held ones stay with us, the others go on to the allocator. */
static void online_range(unsigned long pfn, unsigned int order)
{
	unsigned long nr = 1UL << order, held = 0, i;

	for (i = 0; i < nr; i++)
		held += hb_blockmap_is_held(&hb.map, pfn + i);
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

	for (i = find_first_bit(block->page_held, size); i < size;
	     i = find_next_bit(block->page_held, size, i + 1)) {
		struct page *page = pfn_to_page(block->start_pfn + i);

		hb_compat_count_going_offline(page, go ? 1 : -1);
		if (go)
			WARN_ON_ONCE(!page_ref_dec_and_test(page));
		else
			page_ref_inc(page);
	}
}

/* What becomes of a block in a notification; caller holds hb.lock. */
static int block_event(struct hb_block *block, unsigned long event)
{
	switch (event) {
	case MEM_GOING_ONLINE:
		if (online.closed || block->state != HB_BLOCK_OFFLINE)
			return NOTIFY_BAD;
		hb_blockmap_set_state(&hb.map, block, HB_BLOCK_GOING_ONLINE);
		break;
	case MEM_CANCEL_ONLINE:
		if (block->state == HB_BLOCK_GOING_ONLINE)
			hb_blockmap_set_state(&hb.map, block, HB_BLOCK_OFFLINE);
		break;
	case MEM_ONLINE:
		hb_blockmap_set_state(&hb.map, block, HB_BLOCK_ONLINE);
		break;
	case MEM_GOING_OFFLINE:
		if (online.closed || block->state != HB_BLOCK_ONLINE)
			return NOTIFY_BAD;
		let_held_pages_go(block, true);
		hb_blockmap_set_state(&hb.map, block, HB_BLOCK_GOING_OFFLINE);
		break;
	case MEM_CANCEL_OFFLINE:
		if (block->state != HB_BLOCK_GOING_OFFLINE)
			break;
		let_held_pages_go(block, false);
		hb_blockmap_set_state(&hb.map, block, HB_BLOCK_ONLINE);
		break;
	case MEM_OFFLINE:
		block->by_user = block->start_pfn != online.own_offlining;
		hb_blockmap_set_state(&hb.map, block, HB_BLOCK_OFFLINE);
		break;
	}
	return NOTIFY_OK;
}

static int memory_event(struct notifier_block *nb, unsigned long event,
			void *arg)
{
	const struct memory_notify *range = arg;
	unsigned long pfn = range->start_pfn;
	int rc = NOTIFY_OK;

	mutex_lock(&hb.lock);
	for (; pfn < range->start_pfn + range->nr_pages && rc == NOTIFY_OK;
	     pfn += hb.map.block_pages) {
		struct hb_block *block = hb_blockmap_find(&hb.map, pfn);

		if (block)
			rc = block_event(block, event);
		else if (online.closed && (event == MEM_GOING_ONLINE ||
					   event == MEM_GOING_OFFLINE))
			rc = NOTIFY_BAD;
	}
	mutex_unlock(&hb.lock);
	if (event == MEM_ONLINE)
		hb_worker_wake();
	return rc;
}

static struct notifier_block memory_nb = { .notifier_call = memory_event };

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
		kern_unmount(online.sysfs);
	return rc;
}

void hb_online_exit(void)
{
	unregister_memory_notifier(&memory_nb);
	kern_unmount(online.sysfs);
}

/* As `echo state > /sys/devices/system/memory/memoryN/state` does. */
static int write_state(unsigned long pfn, const char *state)
{
	struct path root = {
		.mnt = online.sysfs,
		.dentry = online.sysfs->mnt_root,
	};
	struct file *file;
	char path[64];
	loff_t pos = 0;
	ssize_t written;

	snprintf(path, sizeof(path), "devices/system/memory/memory%lu/state",
		 pfn / hb.map.block_pages);
	file = file_open_root(&root, path, O_WRONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	written = kernel_write(file, state, strlen(state), &pos);
	fput(file);
	return written < 0 ? written : 0;
}

static bool is_online(unsigned long pfn)
{
	struct hb_block *block;
	bool is;

	mutex_lock(&hb.lock);
	block = hb_blockmap_find(&hb.map, pfn);
	is = block && block->state == HB_BLOCK_ONLINE;
	mutex_unlock(&hb.lock);
	return is;
}

int hb_online_block(unsigned long pfn)
{
	int rc;

	if (!hb_hotplug_owns(pfn))
		return write_state(pfn, "online_kernel");
	if (is_online(pfn)) {
		if (page_zonenum(pfn_to_page(pfn)) == ZONE_MOVABLE)
			return 0;
		online.own_offlining = pfn;
		rc = write_state(pfn, "offline");
		online.own_offlining = 0;
		if (rc)
			return rc;
	}
	return write_state(pfn, "online_movable");
}
