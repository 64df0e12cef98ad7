/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Domains to come, for which memory was made free that managers give to nobody meanwhile. Pure.
 * Kept as one line for each who asked:
 *
 *   KIB UNTIL DOMID WHO STATE
 *
 * UNTIL as of moment.h, and a line of another boot is nothing; DOMID the largest that there was;
 * WHO asked; STATE is "making" or "made".
 */
#ifndef HB_ARRIVAL_H
#define HB_ARRIVAL_H

#include <hotballoon.h>

#include "moment.h"

#define HB_ARRIVAL_WHO 32
#define HB_ARRIVAL_LINE 192
/* More at a time are of no use: the first is left out. */
#define HB_ARRIVALS_MAX 16

struct hb_arrival {
	char who[HB_ARRIVAL_WHO];	/* digits and dashes */
	uint64_t kib;
	uint32_t last_domid;
	struct hb_moment until;
	bool made;			/* it is there, and promised; else it comes free still */
};

/* In the order in which they asked first; all zero is none. */
struct hb_arrivals {
	struct hb_arrival list[HB_ARRIVALS_MAX];
	size_t count;
};

/* One line without its newline; false if it is not one. */
bool hb_arrival_parse(const char *line, struct hb_arrival *arrival);
char *hb_arrival_format(const struct hb_arrival *arrival, char text[HB_ARRIVAL_LINE]);
bool hb_arrival_lasts(const struct hb_arrival *arrival, const struct hb_clock *clock);

/* In the place of the one that the same has asked for, if there is one. */
void hb_arrivals_put(struct hb_arrivals *arrivals, const struct hb_arrival *arrival);
void hb_arrivals_remove(struct hb_arrivals *arrivals, const char *who);
/*
 * Is it one that has arrived? Before Xen has a limit for it nothing says what it will take, which a
 * boot loader that asks a person can put off for long: what was made free stays kept. From then on it
 * is promised that (account.h), has a claim, and has pages.
 */
bool hb_arrival_is_there(const struct hb_domain *domain);
/* A domain is there: it is the first that it can be, of those for whom there is room before. */
void hb_arrivals_arrive(struct hb_arrivals *arrivals, uint32_t domid);
/* What is kept for all of them. */
uint64_t hb_arrivals_kib(const struct hb_arrivals *arrivals);
/* What of that has been made free since. */
uint64_t hb_arrivals_since(const struct hb_arrivals *arrivals, const struct hb_arrivals *before);

#endif
