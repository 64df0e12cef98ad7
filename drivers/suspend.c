// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/suspend.h>

#include "autoballoon.h"
#include "core/rescue.h"
#include "driver.h"
#include "events.h"
#include "mem/evacuate.h"
#include "suspend.h"
#include "xen/bus.h"

/* ---- suspend and resume */

static bool save_above_target;
module_param(save_above_target, bool, 0644);
MODULE_PARM_DESC(save_above_target, "let the guest be saved or migrated although it has more memory than its target, with which libxl does not restore it (default N)");

/* The guest itself goes to sleep, and keeps its domain: Xen's suspend says nothing before. */
static bool sleeps;

/* What aborts the freezing needs this long to notice. */
#define REFUSAL_MS 10

void hb_suspend_freeze(struct hb_guest *g)
{
	if (hb_rescue_close(g, save_above_target || READ_ONCE(sleeps))) {
		try_to_freeze();
		return;
	}
	pr_warn_ratelimited("no suspend: this guest has more memory than its target, and would be lost: the host gives a restored guest room for its target only (raise the target to what it has; if drift_kb is not 0, see the manual)\n");
	pm_system_wakeup();
	msleep(REFUSAL_MS);
}

/*
 * Xen's suspend resumes devices like a hibernation does, before it lets the worker run: thaw
 * if it came to nothing, restore if the guest has been elsewhere.  A device without hardware
 * is the one way to be told that all kernels have.
 */
static int resumed(struct device *dev)
{
	hb_events_raise(HB_NEWS_RESUMED);
	return 0;
}

static int restored(struct device *dev)
{
	hb_bus_moved();
	return resumed(dev);
}

static const struct dev_pm_ops pm_ops = {
	.thaw = resumed,
	.restore = restored,
};

static int probe(struct platform_device *device)
{
	return 0;
}

static struct platform_driver driver = {
	.probe = probe,
	.driver = {
		.name = "xen-hotballoon",
		.pm = &pm_ops,
	},
};

static struct platform_device *device;

/* ---- hibernation */

static void keep_still(bool still)
{
	hb_lock();
	hb.guest.hibernates = still;
	hb_unlock();
	hb_events_raise(HB_NEWS_LOOK);
}

/* As it is, from here on.  A fatal signal ends the wait for the worker's step. */
static bool may_hibernate(void)
{
	unsigned long held, blocks;

	if (hb_events_settle())
		return false;
	if (hb_evacuate_is_late()) {
		pr_warn("no hibernation: memory that waits for a disk or a lock is being moved, and would change under the image\n");
		return false;
	}
	hb_lock();
	held = hb.guest.map.held;
	blocks = hb.guest.added_blocks;
	hb_unlock();
	if (!held && !blocks)
		return true;
	pr_warn("no hibernation: %lu MiB of this guest's memory are with Xen and %lu memory blocks are hot-added; %sset its boot size first\n",
		held / HB_MIB_PAGES, blocks,
		hb_autoballoon_is_on() ? "write 0 to the parameter autoballoon, and " : "");
	return false;
}

/* Between the question and the image lies the writing of all files: tens of seconds. */
static int power_event(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	switch (action) {
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		keep_still(true);
		if (!may_hibernate()) {
			keep_still(false);	/* who refuses is not told of the end */
			return NOTIFY_BAD;
		}
		fallthrough;
	case PM_SUSPEND_PREPARE:
		WRITE_ONCE(sleeps, true);
		break;
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		keep_still(false);
		fallthrough;
	case PM_POST_SUSPEND:
		WRITE_ONCE(sleeps, false);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block power_nb = { .notifier_call = power_event };

int hb_suspend_init(void)
{
	int rc = register_pm_notifier(&power_nb);

	if (rc)
		return rc;
	rc = platform_driver_register(&driver);
	if (rc)
		goto no_driver;
	device = platform_device_register_simple(driver.driver.name,
						 PLATFORM_DEVID_NONE, NULL, 0);
	if (!IS_ERR(device))
		return 0;
	rc = PTR_ERR(device);
	platform_driver_unregister(&driver);
no_driver:
	unregister_pm_notifier(&power_nb);
	return rc;
}

void hb_suspend_exit(void)
{
	platform_device_unregister(device);
	platform_driver_unregister(&driver);
	unregister_pm_notifier(&power_nb);
}
