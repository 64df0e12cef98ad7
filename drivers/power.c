// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

#include <xen/xen-ops.h>

#include "core/pass.h"
#include "driver.h"
#include "events.h"
#include "power.h"
#include "worker.h"

/* Passes that restore boot memory before a kexec; each goes as far as it can. */
#define KEXEC_PASSES 8

/* ---- suspend and resume */

static bool save_above_target;
module_param(save_above_target, bool, 0644);
MODULE_PARM_DESC(save_above_target, "let the guest be saved or migrated although it has more memory than its target, with which libxl does not restore it (default N)");

/* What aborts the freezing needs this long to notice. */
#define REFUSAL_MS 10

void hb_power_freeze(struct hb_guest *g)
{
	if (save_above_target || hb_guest_may_be_saved(g)) {
		try_to_freeze();
		return;
	}
	pr_warn_ratelimited("no suspend: this guest has more memory than its target, and would be lost: the host gives a restored guest room for its target only (raise the target to what it has)\n");
	pm_system_wakeup();
	msleep(REFUSAL_MS);
}

static int resumed(struct notifier_block *nb, unsigned long action, void *data)
{
	hb_events_raise(HB_NEWS_RESUMED);
	return NOTIFY_OK;
}

static struct notifier_block resume_nb = { .notifier_call = resumed };

/* ---- hibernation */

static int power_event(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	unsigned long held, blocks;

	if (action != PM_HIBERNATION_PREPARE && action != PM_RESTORE_PREPARE)
		return NOTIFY_OK;
	hb_lock();
	held = hb.guest.map.held;
	blocks = hb.guest.added_blocks;
	hb_unlock();
	if (!held && !blocks)
		return NOTIFY_OK;
	pr_warn("no hibernation: %lu MiB of this guest's memory are with Xen and %lu memory blocks are hot-added; set its boot size first\n",
		held / HB_MIB_PAGES, blocks);
	return NOTIFY_BAD;
}

static struct notifier_block power_nb = { .notifier_call = power_event };

/* ---- kexec */

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

int hb_power_init(void)
{
	int rc = register_pm_notifier(&power_nb);

	if (rc)
		return rc;
	rc = register_reboot_notifier(&reboot_nb);
	if (rc) {
		unregister_pm_notifier(&power_nb);
		return rc;
	}
	xen_resume_notifier_register(&resume_nb);
	return 0;
}

void hb_power_exit(void)
{
	xen_resume_notifier_unregister(&resume_nb);
	unregister_reboot_notifier(&reboot_nb);
	unregister_pm_notifier(&power_nb);
}
