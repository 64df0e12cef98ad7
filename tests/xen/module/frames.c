// SPDX-License-Identifier: GPL-2.0-only
/*
 * frames: asks Xen about every page of the guest's RAM that is online: has it a frame?
 * Loading it writes a line into the log,
 *	frames: used=N held=N lost=N stray=N
 * with the pages in use that have one, the pages marked offline that have none, and
 * what must not be: pages in use without a frame, and marked ones that have one.
 * The question is that of the kernel's crash dump (arch/x86/xen/mmu_hvm.c), which
 * leaves out what has no frame.  from=ADDRESS to=ADDRESS: of those in between only.
 */
#include <linux/delay.h>
#include <linux/ioport.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <xen/interface/hvm/hvm_op.h>
#include <xen/page.h>
#include <xen/xen.h>

#include <asm/xen/hypercall.h>

static unsigned long long from, to = -1;
module_param(from, ullong, 0444);
module_param(to, ullong, 0444);

static struct {
	unsigned long used, held, lost, stray;
} count;

static bool has_frame(unsigned long pfn)
{
	struct xen_hvm_get_mem_type query = { .domid = DOMID_SELF, .pfn = pfn };

	if (xen_pv_domain())
		return get_phys_to_machine(pfn) != INVALID_P2M_ENTRY;
	return !HYPERVISOR_hvm_op(HVMOP_get_mem_type, &query) &&
	       query.mem_type != HVMMEM_mmio_dm;
}

/* The driver may be at this very page: what stays wrong is wrong. */
static bool settled_frame(unsigned long pfn, struct page *page)
{
	unsigned int tries = 0;
	bool frame = has_frame(pfn);

	while (frame == !!PageOffline(page) && tries++ < 50) {
		msleep(2);
		frame = has_frame(pfn);
	}
	return frame;
}

static int look(struct resource *res, void *unused)
{
	unsigned long pfn, end = PHYS_PFN(res->end + 1);

	for (pfn = PFN_UP(res->start); pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);
		bool frame;

		if (!page)
			continue;
		frame = settled_frame(pfn, page);
		if (PageOffline(page))
			*(frame ? &count.stray : &count.held) += 1;
		else
			*(frame ? &count.used : &count.lost) += 1;
		cond_resched();
	}
	return 0;
}

static int __init frames_init(void)
{
	walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
			    from, to, NULL, look);
	pr_info("frames: used=%lu held=%lu lost=%lu stray=%lu\n",
		count.used, count.held, count.lost, count.stray);
	return 0;
}

static void __exit frames_exit(void)
{
}

module_init(frames_init);
module_exit(frames_exit);

MODULE_DESCRIPTION("Which pages of a Xen guest have frames, for tests of balloon drivers");
MODULE_AUTHOR("The hotballoon authors");
MODULE_LICENSE("GPL");
