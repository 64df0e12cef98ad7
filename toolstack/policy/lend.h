/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests that size themselves (the driver's autoballoon=1). One that leaves something of its
 * size says so, and holds nothing back by that: so it is lent to others while somebody lacks
 * something, but for a margin beside what it holds. What it had may have is its own: when
 * it comes near to the size that it has now, it gets back of it what it takes, at once. Pure.
 */
#ifndef HB_LEND_H
#define HB_LEND_H

#include <hotballoon.h>
#include <core/estimate.h>

/* Of one domain, from look to look; all 0 for one that is seen first. */
struct hb_lent {
	uint64_t of_kib;	/* the size that it had when some of it was lent first; 0: nothing is */
};

/*
 * What the estimate says that it wants becomes that, if some of its size can be or is lent. Returns the size
 * that is its own, as in struct hb_controlled: 0 unless something is lent, and more than its size
 * if it is to get some of that back.
 */
uint64_t hb_lend(struct hb_lent *lent, struct hb_estimate *estimate, const struct hb_domain *domain,
		 uint64_t size_kib, bool host_short);

/* Could it go to that size without giving anything back? It has left the rest already. */
bool hb_lend_is_left(const struct hb_domain *domain, uint64_t size_kib);

#endif
