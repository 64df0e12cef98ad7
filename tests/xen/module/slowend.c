// SPDX-License-Identifier: GPL-2.0-only
/*
 * slowend seconds=N: between the moment at which the kernel says that it is about to be
 * replaced or hibernated and the moment at which it does so lie N seconds, as where devices
 * are slow to shut down and files to be written.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

static unsigned int seconds = 5;
module_param(seconds, uint, 0444);

static int ends(struct notifier_block *nb, unsigned long action, void *data)
{
	ssleep(seconds);
	return NOTIFY_OK;
}

static int hibernates(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action == PM_HIBERNATION_PREPARE)
		ssleep(seconds);
	return NOTIFY_OK;
}

/* After everybody else. */
static struct notifier_block reboot_nb = { .notifier_call = ends, .priority = -1 };
static struct notifier_block power_nb = { .notifier_call = hibernates, .priority = -1 };

static int __init slowend_init(void)
{
	int rc = register_reboot_notifier(&reboot_nb);

	if (rc)
		return rc;
	rc = register_pm_notifier(&power_nb);
	if (rc)
		unregister_reboot_notifier(&reboot_nb);
	return rc;
}

static void __exit slowend_exit(void)
{
	unregister_pm_notifier(&power_nb);
	unregister_reboot_notifier(&reboot_nb);
}

module_init(slowend_init);
module_exit(slowend_exit);

MODULE_DESCRIPTION("A kernel that takes its time to end, for tests of balloon drivers");
MODULE_AUTHOR("The hotballoon authors");
MODULE_LICENSE("GPL");
