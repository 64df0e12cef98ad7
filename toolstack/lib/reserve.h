/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reservations as the rest of the library sees them. */
#ifndef HB_RESERVE_H
#define HB_RESERVE_H

#include "internal.h"

/* hb_reserve() of what the host has to give; request->managed is of no account. */
enum hb_code hb_reserve_at_once(struct hb *hb, const struct hb_reserve_request *request,
				struct hb_reservation *reservation, struct hb_error *error);

/* What all reservations set aside now. */
enum hb_code hb_reserved_kib(struct hb *hb, uint64_t *kib, struct hb_error *error);

/* Of what is set aside now, what is for one name, and what was set aside before and after that. */
struct hb_queue {
	uint64_t ahead_kib, own_kib, behind_kib;
};

enum hb_code hb_reserved_queue(struct hb *hb, const char *name, struct hb_queue *queue,
			       struct hb_error *error);

/* What is set aside for that name, if there is something, ends so long from now, in its place. */
enum hb_code hb_reservation_renew(struct hb *hb, const char *name, unsigned int seconds,
				  struct hb_error *error);

/* What of the file counts for nothing: *damage has the code HB_OK if all of it counts. */
enum hb_code hb_reservations_damage(struct hb *hb, struct hb_error *damage, struct hb_error *error);

/* No less than that, without a look at any domain. */
enum hb_code hb_reserved_at_most_kib(struct hb *hb, uint64_t *kib, struct hb_error *error);
/* The same, judged by domains that have been read. */
enum hb_code hb_reserved_among(struct hb *hb, const struct hb_domain *domains, size_t count,
			       uint64_t *kib, struct hb_error *error);
/* The same, and the domains, which are read after the reservations: as of hb_list(). */
enum hb_code hb_reserved_and_domains(struct hb *hb, uint64_t *kib, struct hb_domain **domains,
				     size_t *count, struct hb_error *error);

#endif
