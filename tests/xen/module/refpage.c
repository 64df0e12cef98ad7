// SPDX-License-Identifier: GPL-2.0-only
/*
 * refpage pfn=N,N,...: has a reference to each of these pages until it is unloaded, as whoever walks
 * the page descriptors has for a moment (compaction, /proc/kpageflags, a dump).
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static unsigned long pfn[8];
static unsigned int nr;
module_param_array(pfn, ulong, &nr, 0444);
MODULE_PARM_DESC(pfn, "numbers of pages that somebody has");

static void let_go(unsigned int got)
{
	while (got--)
		put_page(pfn_to_page(pfn[got]));
}

static int __init refpage_init(void)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct page *page = pfn_valid(pfn[i]) ? pfn_to_page(pfn[i]) : NULL;

		if (!page || !get_page_unless_zero(page)) {
			pr_err("refpage: nobody has page %lu\n", pfn[i]);
			let_go(i);
			return -ENOENT;
		}
	}
	return 0;
}

static void __exit refpage_exit(void)
{
	let_go(nr);
}

module_init(refpage_init);
module_exit(refpage_exit);

MODULE_DESCRIPTION("References to pages, for tests of balloon drivers");
MODULE_AUTHOR("The hotballoon authors");
MODULE_LICENSE("GPL");
