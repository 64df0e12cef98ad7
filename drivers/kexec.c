// SPDX-License-Identifier: GPL-2.0-only
#include <linux/notifier.h>
#include <linux/reboot.h>

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

/*
 * Follow a target that is all memory but the driver's own blocks.  The worker has
 * ended: the passes are run here, and what they cannot do is left.
 */
static void restore_boot_memory(void)
{
	unsigned int pass;

	hb_worker_stop();
	hb_lock();
	hb.guest.still = false;
	hb_target_set(&hb.guest.target, hb.guest.ledger.capacity -
		      (u64)hb.guest.added_blocks * hb.guest.map.block_pages);
	hb_unlock();
	for (pass = 0; pass < KEXEC_PASSES && has_holes(); pass++)
		hb_pass_run(&hb.guest);
}

static int rebooting(struct notifier_block *nb, unsigned long action, void *data)
{
	const char *command = data;

	/* kernel_kexec() of kernel/kexec_core.c says so. */
	if (action != SYS_RESTART || !command || strcmp(command, "kexec reboot"))
		return NOTIFY_OK;
	if (!has_holes())
		return NOTIFY_OK;
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
