/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory set aside for a domain that does not exist yet. Pure. Kept as one line
 * a name:
 *
 *   KIB UNTIL NAME
 *
 * UNTIL as of moment.h. A reservation ends when its time is over, when it
 * is released, and when the domain of that name runs; while that is being built, or comes
 * in by a migration of xl's as NAME--incoming, what it has or was promised counts off. A domain that runs no more is as if it
 * were not there: a create that fails leaves one behind until its memory is freed,
 * and what was set aside is there for the next attempt.
 */
#ifndef HB_RESERVATION_H
#define HB_RESERVATION_H

#include <hotballoon.h>

#include "moment.h"

#define HB_RESERVATION_LINE 400

/* One line without its newline, but until_s, which is not kept; false if it is not one. */
bool hb_reservation_parse(const char *line, struct hb_reservation *reservation,
			  struct hb_moment *until);
char *hb_reservation_format(const struct hb_reservation *reservation, const struct hb_moment *until,
			    char text[HB_RESERVATION_LINE]);

/* HB_E_USAGE for a name that no domain can have. */
enum hb_code hb_reservation_check_name(const char *name, struct hb_error *error);

/* False: it is being destroyed, has crashed or is shut down. */
bool hb_reservation_heeds(const struct hb_domain *domain);

/* Behind the name of a domain: it becomes the one of that name when its migration has succeeded. */
#define HB_RESERVATION_INCOMING "--incoming"

/* Is it to be kept? It can be that nothing of it is left, while its domain is filled. */
bool hb_reservation_lasts(const struct hb_reservation *reservation, const struct hb_domain *domain,
			  uint64_t now_s);

/* What of it still has to be set aside now; domain is that of its name, or NULL. */
uint64_t hb_reservation_left(const struct hb_reservation *reservation,
			     const struct hb_domain *domain, uint64_t now_s);

#endif
