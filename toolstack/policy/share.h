/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who gives how much when memory must be made free. Pure.
 *
 * Everybody gives in inverse proportion to their weight, nobody more than they
 * can: those who cannot give their share give all they can, and the others share
 * what is left.
 */
#ifndef HB_SHARE_H
#define HB_SHARE_H

#include <hotballoon.h>

struct hb_donor {
	uint64_t can_kib;	/* a multiple of a page */
	unsigned int weight;
	uint64_t give_kib;	/* the outcome: a multiple of a page, at most can_kib */
};

/* Returns what all give together: need_kib or little more, or all that they can. */
uint64_t hb_share(struct hb_donor *donors, size_t count, uint64_t need_kib);

/*
 * What the domain can be asked for by a manager, a multiple of a page; 0 with the
 * reason in *why (static text) if nothing.
 */
uint64_t hb_share_can_give(const struct hb_domain *domain, const struct hb_limits *limits,
			   const char **why);

/*
 * What the domain gives back without being asked: it is above its size, or is being
 * destroyed. Whether it still moves is for wait.h to say.
 */
uint64_t hb_share_coming(const struct hb_domain *domain);

#endif
