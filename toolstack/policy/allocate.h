/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who gets how much of the memory that a host can give. Pure.
 *
 * Weighted water-filling, tier by tier: everybody gets the minimum; then all are taken
 * to the end of the next tier together, each in proportion to its weight, until the
 * memory is out. Who has reached the end of the tier leaves the rest to the others.
 *
 * Exact to the page: the pages of a tier are given out one after the other, the next one
 * to whom (pages that it would have then) / weight is smallest for, which is the divisor
 * method of d'Hondt. So one page more for the host is one page more for one domain and
 * no page less for any other; more weight never gives less; and a domain gets no less
 * than its weight entitles it to, as far as it asks for that, whatever others ask for.
 * That it is computed in O(n log n), and not page by page, does not show.
 *
 * A preset is a choice of weights and of tiers, and no code of its own.
 */
#ifndef HB_ALLOCATE_H
#define HB_ALLOCATE_H

#include <hotballoon.h>

enum hb_tier {
	HB_TIER_MIN,	/* never less */
	HB_TIER_MUST,	/* what it needs to work */
	HB_TIER_OWN,	/* what it needed a moment ago, or has lent: it is likely to need that again */
	HB_TIER_WANT,	/* what makes it work well: its cache, too */
	HB_TIER_MAX,	/* what nobody needs */
	HB_TIER_COUNT,
};

enum hb_preset {
	HB_PRESET_DEMAND,	/* by need; what nobody needs stays with the host */
	HB_PRESET_PROPORTIONAL,	/* all memory, in proportion to max - min: as xapi's squeezed */
	HB_PRESET_SHARES,	/* all memory above the minima by weight: as Proxmox VE and ESX */
	HB_PRESET_COUNT,
};

/* "demand", "proportional" or "shares"; static. */
const char *hb_preset_name(enum hb_preset preset);
/* Does it share out by what the domains say that they need? */
bool hb_preset_by_need(enum hb_preset preset);

/* A domain, as far as memory is shared out to it. */
struct hb_portion {
	uint64_t key;		/* no two have the same: their order does not matter */
	uint64_t weight;	/* 1 ... HB_SIZE_MAX_KIB */
	uint64_t upto_kib[HB_TIER_COUNT];	/* ascending multiples of a page, at most HB_SIZE_MAX_KIB */
	uint64_t wants_kib;	/* what it asks for, but for what is only its own */
	uint64_t give_kib;	/* the outcome */

	/* Of hb_allocate(), in pages. */
	uint64_t room, pages, turn;
	struct hb_portion *left, *right;
	unsigned int rank;
};

/* What a domain can be given and asks for. */
struct hb_wish {
	uint64_t key;
	struct hb_range range;
	/* Any; what the range does not allow does not count. */
	uint64_t must_kib, own_kib, want_kib;
	unsigned int weight;
};

/* surplus: also what nobody needs is given, by weight. The other presets always do. */
struct hb_portion hb_portion_of(enum hb_preset preset, bool surplus, const struct hb_wish *wish);

struct hb_allocation {
	uint64_t short_kib;	/* so much more than there is are the minima, which all get; 0 */
	uint64_t left_kib;	/* so much nobody asks for */
	enum hb_tier ends_in;	/* the tier in which the memory was out; HB_TIER_COUNT: it was enough */
};

struct hb_allocation hb_allocate(struct hb_portion *portions, size_t count, uint64_t have_kib);

#endif
