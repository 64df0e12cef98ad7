// SPDX-License-Identifier: GPL-2.0-only
/*
 * addblock start=ADDRESS: a memory block that no balloon driver was told of, with
 * no frames behind it, as another hotplug driver or firmware may add one.  It is
 * not onlined here; the kernel may do it, if that is its policy.  Unloading removes
 * the block, if it is offline.
 */
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static unsigned long long start;
module_param(start, ullong, 0444);
MODULE_PARM_DESC(start, "where, a multiple of the size of memory blocks");

static int __init addblock_init(void)
{
	return add_memory(0, start, memory_block_size_bytes(), MHP_NONE);
}

static void __exit addblock_exit(void)
{
	int rc = remove_memory(start, memory_block_size_bytes());

	if (rc)
		pr_err("addblock: the block at %#llx stays (%d): take it offline first\n",
		       start, rc);
}

module_init(addblock_init);
module_exit(addblock_exit);

MODULE_DESCRIPTION("A memory block without frames, for tests of balloon drivers");
MODULE_AUTHOR("The hotballoon authors");
MODULE_LICENSE("GPL");
