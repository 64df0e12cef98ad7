/* SPDX-License-Identifier: GPL-2.0-only */
/* The hypercall that changes the domain's memory reservation. */
#ifndef HB_XEN_RESERVATION_H
#define HB_XEN_RESERVATION_H

#include <linux/types.h>

/**
 * hb_reservation() - XENMEM_populate_physmap or XENMEM_decrease_reservation
 * @frames: page frame numbers, or machine frames of a PV guest that gives some; @nr of
 *	them, each for 2^@order pages
 *
 * XENMEM_populate_physmap overwrites @frames with machine frames on PV.
 *
 * Return: extents done, in the order of the list.
 */
long hb_reservation(unsigned int op, const unsigned long *frames,
		    unsigned int nr, unsigned int order);

#endif /* HB_XEN_RESERVATION_H */
