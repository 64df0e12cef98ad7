// SPDX-License-Identifier: GPL-2.0-only
/*
 * nocallback callback=ADDRESS: takes the online-page callback from the kernel's own balloon
 * driver, xen_online_page() in /proc/kallsyms, and gives it back when it is unloaded.
 * In between that driver is as it is built without CONFIG_XEN_BALLOON_MEMORY_HOTPLUG:
 * it has its thread and its watch, and no callback.
 */
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static unsigned long callback;
module_param(callback, ulong, 0444);
MODULE_PARM_DESC(callback, "that of the kernel's balloon driver");

static int __init nocallback_init(void)
{
	return restore_online_page_callback((online_page_callback_t)callback);
}

static void __exit nocallback_exit(void)
{
	if (set_online_page_callback((online_page_callback_t)callback))
		pr_err("nocallback: the kernel's balloon driver cannot have its callback back: somebody else has one\n");
}

module_init(nocallback_init);
module_exit(nocallback_exit);

MODULE_DESCRIPTION("A balloon driver built without memory hotplug, for tests");
MODULE_AUTHOR("The hotballoon authors");
MODULE_LICENSE("GPL");
