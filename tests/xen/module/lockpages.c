// SPDX-License-Identifier: GPL-2.0-only
/*
 * lockpages path=FILE every=N: each Nth page of a file of a tmpfs stays locked until this is
 * unloaded, as pages are that somebody reads, or whose file system waits for a disk.  They
 * cannot be moved until then, and whoever wants to waits.
 */
#include <linux/file.h>
#include <linux/fs.h>
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

static struct page **locked;
static unsigned long nr_locked;
static struct file *file;

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

static void unlock_all(void)
{
	while (nr_locked)
		unlock_page(locked[--nr_locked]);
	kvfree(locked);
	filp_close(file, NULL);
}

static int __init lockpages_init(void)
{
	unsigned long pages, index;
	int rc = 0;

	if (!path || !every)
		return -EINVAL;
	file = filp_open(path, O_RDWR, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	pages = i_size_read(file_inode(file)) >> PAGE_SHIFT;
	locked = kvcalloc(pages / every + 1, sizeof(*locked), GFP_KERNEL);
	if (!locked)
		rc = -ENOMEM;
	for (index = 0; !rc && index < pages; index += every)
		rc = lock_one(index);
	if (rc)
		unlock_all();
	return rc;
}

module_init(lockpages_init);
module_exit(unlock_all);

MODULE_DESCRIPTION("Pages that stay locked, for tests of balloon drivers");
MODULE_AUTHOR("The hotballoon authors");
MODULE_LICENSE("GPL");
