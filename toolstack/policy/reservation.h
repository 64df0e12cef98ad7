/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory set aside for a domain that does not exist yet. Pure. Kept as one line
 * a name:
 *
 *   KIB UNTIL NAME
 *
 * UNTIL in seconds since 1970. A reservation ends when its time is over, when it
 * is released, and when the domain of that name runs; while that is being built, or comes
 * in by a migration of xl's as NAME--incoming, what it has or was promised counts off. A domain that runs no more is as if it
 * were not there: a create that fails leaves one behind until its memory is freed,
 * and what was set aside is there for the next attempt.
 */
#ifndef HB_RESERVATION_H
#define HB_RESERVATION_H

#include <hotballoon.h>

#define HB_RESERVATION_LINE 320

/* One line without its newline; false if it is not one. */
bool hb_reservation_parse(const char *line, struct hb_reservation *reservation);
char *hb_reservation_format(const struct hb_reservation *reservation,
			    char text[HB_RESERVATION_LINE]);

/* HB_E_USAGE for a name that no domain can have. */
enum hb_code hb_reservation_check_name(const char *name, struct hb_error *error);

/* False: it is being destroyed, has crashed or is shut down. */
bool hb_reservation_heeds(const struct hb_domain *domain);

/* Is it the domain of that name, or the one that becomes it when its migration has succeeded? */
bool hb_reservation_is_for(const char *name, const struct hb_domain *domain);

/* Is it to be kept? It can be that nothing of it is left, while its domain is filled. */
bool hb_reservation_lasts(const struct hb_reservation *reservation, const struct hb_domain *domain,
			  uint64_t now_s);

/* What of it still has to be set aside now; domain is that of its name, or NULL. */
uint64_t hb_reservation_left(const struct hb_reservation *reservation,
			     const struct hb_domain *domain, uint64_t now_s);

#endif
