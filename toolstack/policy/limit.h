/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an administrator has said about the size of a domain, as it is kept and
 * as it applies. Pure.
 *
 * Kept by uuid, one line a domain:
 *
 *   UUID mode=WORD min=KIB max=KIB weight=N set=KIB of=DOMID,BOOT next=KIB
 *
 * What a later version has written behind that, NAME=VALUE, is passed over and kept; versions
 * before "of" took a line with a name that they did not know for damaged.
 *
 * min, max, set, of and next are left out if there are none. min and max are whole pages. set
 * is the target that automatic sizing has written last, or any that another tool had
 * written when that began: a domain with another target has been set by a person or
 * another tool since, and is left alone (pinned); so is one without, of which that is
 * written down. of is the domain that had it, and the boot of the host: what has been built
 * anew since has the size of its configuration, and no person has set that; older versions
 * wrote none. next is the target that automatic
 * sizing was about to write, which is set as soon as the domain has it: one write of a
 * file before the sizes of many are changed, and who is killed in between pins none. These three
 * are one domain's record; managers note theirs beside the line (noted.h).
 */
#ifndef HB_LIMIT_H
#define HB_LIMIT_H

#include <hotballoon.h>

/* What is passed over of a line, each with the space before it; longer is damaged. */
#define HB_LIMITS_UNKNOWN 256
#define HB_LIMITS_LINE (256 + HB_LIMITS_UNKNOWN)

/* One line without its newline; false if it is not one. */
bool hb_limits_parse(const char *line, struct hb_limits_entry *entry);
/* The same, for who writes it again: unknown is what is to be kept of it. */
bool hb_limits_parse_all(const char *line, struct hb_limits_entry *entry, char unknown[HB_LIMITS_UNKNOWN]);
/* Whose boot is another one than this of the host, is another domain's. */
void hb_limits_heed_boot(struct hb_limits *limits, const char *boot);
/*
 * Has the domain the target that was about to be set? It is the one that is set then. So is the one
 * that a domain was built with that is not the one which the record is of.
 */
void hb_limits_resolve(struct hb_limits_entry *entry, const struct hb_domain *domain);
/* What is set is this domain's from now on. */
void hb_limits_stamp(struct hb_limits *limits, const struct hb_domain *domain, const char *boot);
/* Is that what is written down? */
bool hb_limits_is_of(const struct hb_limits *limits, const struct hb_domain *domain);
/* What managers have set and are about to: is it the same? */
bool hb_limits_same_record(const struct hb_limits_entry *a, const struct hb_limits_entry *b);
void hb_limits_take_record(struct hb_limits_entry *entry, const struct hb_limits_entry *from);
/* The line with its newline, which hb_limits_parse() reads back. Returns text. */
char *hb_limits_format(const struct hb_limits_entry *entry, const char *unknown, char text[HB_LIMITS_LINE]);

/*
 * The smallest and the largest size that make sense for the domain. What its guest
 * says about its maximum counts only above the size that it has.
 */
void hb_limits_bounds(const struct hb_domain *domain, uint64_t *floor_kib, uint64_t *ceiling_kib);

/* floor <= min <= max <= ceiling. */
bool hb_limits_valid(uint64_t floor_kib, uint64_t min_kib, uint64_t max_kib, uint64_t ceiling_kib);

/* There is one size only that it can have. */
bool hb_limits_fixed(const struct hb_range *range);

/*
 * HB_E_USAGE if min or max are outside of the domain's bounds or in the wrong
 * order; a limit that is not given counts as the bound. HB_E_REFUSED: it serves others.
 */
enum hb_code hb_limits_check(const struct hb_domain *domain, const struct hb_limits *limits,
			     struct hb_error *error);

/* Is the target what managers have set last? */
bool hb_limits_is_set(const struct hb_domain *domain, const struct hb_limits *limits);

/* The whole of its maximum, which is never taken away: min = max = static-max, whole pages. */
void hb_limits_reset(const struct hb_domain *domain, struct hb_limits *limits);

#endif
