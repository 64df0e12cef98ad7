// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bug.h>

#include <asm/xen/hypercall.h>
#include <xen/interface/memory.h>
#include <xen/xen.h>

#include "reservation.h"

long hb_reservation(unsigned int op, const unsigned long *frames,
		    unsigned int nr, unsigned int order)
{
	struct xen_memory_reservation reservation = {
		.nr_extents = nr,
		.extent_order = order,
		.domid = DOMID_SELF,
	};
	long done;

	BUILD_BUG_ON(sizeof(xen_pfn_t) != sizeof(*frames));
	set_xen_guest_handle(reservation.extent_start, (xen_pfn_t *)frames);
	done = HYPERVISOR_memory_op(op, &reservation);
	return done < 0 ? 0 : done;
}
