// SPDX-License-Identifier: GPL-2.0-only
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "../symbols.h"
#include "commit.h"

/* Of mm/util.c and mm/swapfile.c, by their names there; all NULL: not known. */
static struct {
	const int *policy;
	const int *ratio;	/* 0 if the limit is a number (overcommit_kbytes) */
	const unsigned long *kbytes;
	const long *swap;
} kernel;

#ifdef CONFIG_HUGETLB_PAGE
/* Of mm/hugetlb.c: the sizes of huge pages, and how many sizes there are. */
static const struct hstate *huge_sizes;
static const int *nr_huge_sizes;

static void find_huge_pages(void)
{
	nr_huge_sizes = hb_symbol("hugetlb_max_hstate");
	huge_sizes = nr_huge_sizes ? hb_symbol("hstates") : NULL;
}

static u64 huge_pages(void)
{
	u64 pages = 0;
	int i;

	for (i = 0; huge_sizes && i < *nr_huge_sizes; i++)
		pages += (u64)READ_ONCE(huge_sizes[i].nr_huge_pages) <<
			 huge_sizes[i].order;
	return pages;
}
#else
static void find_huge_pages(void) {}
static u64 huge_pages(void) { return 0; }
#endif

void hb_commit_init(void)
{
	find_huge_pages();
	kernel.ratio = hb_symbol("sysctl_overcommit_ratio");
	kernel.kbytes = hb_symbol("sysctl_overcommit_kbytes");
	kernel.swap = hb_symbol("total_swap_pages");
	if (kernel.ratio && kernel.kbytes && kernel.swap)
		kernel.policy = hb_symbol("sysctl_overcommit_memory");
	if (!kernel.policy)
		pr_info("cannot see vm.overcommit_memory: with 2, do not shrink this guest below what it has promised\n");
}

struct hb_commit hb_commit_look(void)
{
	u64 pages = totalram_pages();
	struct hb_commit commit = {
		.strict = kernel.policy &&
			  READ_ONCE(*kernel.policy) == OVERCOMMIT_NEVER,
	};

	if (!commit.strict)
		return commit;
	commit.committed = vm_memory_committed();
	commit.limit = READ_ONCE(*kernel.kbytes) >> (PAGE_SHIFT - 10);
	if (!commit.limit) {
		commit.percent = READ_ONCE(*kernel.ratio);
		pages -= min(pages, huge_pages());
		commit.limit = pages * commit.percent / 100;
	}
	commit.limit += READ_ONCE(*kernel.swap);
	return commit;
}
