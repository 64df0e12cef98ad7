// SPDX-License-Identifier: GPL-2.0-only
#include <linux/notifier.h>
#include <linux/reboot.h>

#include "autoballoon.h"
#include "core/pass.h"
#include "driver.h"
#include "kexec.h"
#include "worker.h"

/* Passes that restore boot memory before a kexec; each goes as far as it can. */
#define KEXEC_PASSES 8

/* Has boot memory, or what was added before the driver came, a page without a frame? */
static bool has_holes(void)
{
	const struct hb_block *block;
	unsigned long from = 0;
	bool found = false;

	hb_lock();
	while (!found &&
	       (block = hb_blockmap_next_block(&hb.guest.map, from))) {
		found = block->held && block->origin != HB_BLOCK_OURS;
		from = block->start_pfn + hb.guest.map.block_pages;
	}
	hb_unlock();
	return found;
}

/* Pages with frames in the driver's own blocks.  The lock is held. */
static u64 pages_in_own_blocks(void)
{
	const struct hb_block *block;
	unsigned long from = 0;
	u64 pages = 0;

	hb_assert_locked();
	while ((block = hb_blockmap_next_block(&hb.guest.map, from))) {
		if (block->origin == HB_BLOCK_OURS)
			pages += hb.guest.map.block_pages - block->held;
		from = block->start_pfn + hb.guest.map.block_pages;
	}
	return pages;
}

/*
 * All memory but the driver's own blocks; @more: and what is pinned in those, for which Xen
 * must allow the guest to be larger.
 */
static void want_boot_memory(bool more)
{
	struct hb_guest *g = &hb.guest;
	u64 target;

	hb_lock();
	g->still = false;
	target = g->ledger.capacity -
		 (u64)g->added_blocks * g->map.block_pages;
	if (more)
		target += pages_in_own_blocks();
	hb_target_set(&g->target, target);
	hb_unlock();
}

/* The worker has ended: the passes are run here, and what they cannot do is left. */
static void restore_boot_memory(void)
{
	unsigned int pass;

	for (pass = 0; pass < KEXEC_PASSES && has_holes(); pass++) {
		want_boot_memory(pass >= KEXEC_PASSES / 2);
		hb_pass_run(&hb.guest);
	}
}

static int rebooting(struct notifier_block *nb, unsigned long action, void *data)
{
	const char *command = data;

	/* kernel_kexec() of kernel/kexec_core.c says so. */
	if (action != SYS_RESTART || !command || strcmp(command, "kexec reboot"))
		return NOTIFY_OK;
	/*
	 * From here on nothing makes a hole: neither a new target, while devices are shut down,
	 * nor a guest that sizes itself, all of whose programs have just ended.
	 */
	hb_autoballoon_stop();
	hb_worker_stop();
	restore_boot_memory();
	if (!has_holes())
		return NOTIFY_OK;
	/* What this returns would not stop it. */
	pr_emerg("no kexec: the next kernel would use boot memory that Xen has and does not give back; there is a reboot instead (set the guest's boot size before a kexec)\n");
	emergency_restart();
	return NOTIFY_OK;
}

static struct notifier_block reboot_nb = { .notifier_call = rebooting };

int hb_kexec_init(void)
{
	return register_reboot_notifier(&reboot_nb);
}

void hb_kexec_exit(void)
{
	unregister_reboot_notifier(&reboot_nb);
}
