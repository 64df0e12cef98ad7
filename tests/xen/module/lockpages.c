// SPDX-License-Identifier: GPL-2.0-only
/*
 * lockpages path=FILE every=N: each Nth page of a file of a tmpfs stays locked until this is
 * unloaded, as pages are that somebody reads, or whose file system waits for a disk.
 * lockpages path=FILE mapping=1: the pages are not; but the file's mappings are, which nobody
 * can see of a page that is in one.
 * Either cannot be moved until then, and whoever wants to waits.
 */
#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pagemap.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

static char *path;
module_param(path, charp, 0444);
MODULE_PARM_DESC(path, "a file of a tmpfs");

static unsigned int every = 256;
module_param(every, uint, 0444);
MODULE_PARM_DESC(every, "pages from one that is locked to the next");

static bool mapping;
module_param(mapping, bool, 0444);
MODULE_PARM_DESC(mapping, "lock the file's mappings, no page");

static struct page **locked;
static unsigned long nr_locked;
static struct file *file;
static struct task_struct *thread;
static DECLARE_COMPLETION(thread_holds);

/* A locked page stays in the file: it needs no reference, which would keep it in its place. */
static int lock_one(pgoff_t index)
{
	struct page *page = shmem_read_mapping_page(file->f_mapping, index);

	if (IS_ERR(page))
		return PTR_ERR(page);
	lock_page(page);
	put_page(page);
	locked[nr_locked++] = page;
	return 0;
}

/* Whoever takes such a lock gives it back: no process that loads a module may keep it. */
static int hold_mappings(void *unused)
{
	i_mmap_lock_write(file->f_mapping);
	complete(&thread_holds);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ);
	i_mmap_unlock_write(file->f_mapping);
	return 0;
}

static int lock_mappings(void)
{
	struct task_struct *task = kthread_run(hold_mappings, NULL, "lockpages");

	if (IS_ERR(task))
		return PTR_ERR(task);
	thread = task;
	wait_for_completion(&thread_holds);
	return 0;
}

static int lock_pages(void)
{
	unsigned long pages = i_size_read(file_inode(file)) >> PAGE_SHIFT, index;
	int rc = 0;

	locked = kvcalloc(pages / every + 1, sizeof(*locked), GFP_KERNEL);
	if (!locked)
		return -ENOMEM;
	for (index = 0; !rc && index < pages; index += every)
		rc = lock_one(index);
	return rc;
}

static void unlock_all(void)
{
	if (thread)
		kthread_stop(thread);
	while (nr_locked)
		unlock_page(locked[--nr_locked]);
	kvfree(locked);
	filp_close(file, NULL);
}

static int __init lockpages_init(void)
{
	int rc;

	if (!path || !every)
		return -EINVAL;
	file = filp_open(path, O_RDWR, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	rc = mapping ? lock_mappings() : lock_pages();
	if (rc)
		unlock_all();
	return rc;
}

module_init(lockpages_init);
module_exit(unlock_all);

MODULE_DESCRIPTION("Pages that stay locked, for tests of balloon drivers");
MODULE_AUTHOR("The hotballoon authors");
MODULE_LICENSE("GPL");
