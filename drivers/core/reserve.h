/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* What must stay available in a guest: the driver keeps it, and who sizes the guest, too. */
#ifndef HB_CORE_RESERVE_H
#define HB_CORE_RESERVE_H

#include <core/types.h>

/**
 * hb_reserve_of() - what must stay available
 * @managed: all memory that the allocator manages
 * @mib: a MiB in the unit of both
 *
 * 16 MiB and a sixteenth of the guest, at most 256 MiB.  In a 512 MiB guest
 * that is full of its own data this keeps about 40 MiB: room for fifty
 * processes and their page tables.
 */
static inline u64 hb_reserve_of(u64 managed, u64 mib)
{
	u64 reserve = 16 * mib + managed / 16;

	return reserve < 256 * mib ? reserve : 256 * mib;
}

#endif /* HB_CORE_RESERVE_H */
