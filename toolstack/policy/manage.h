/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* May a manager size a domain now? Pure; hb_may_size() is in hotballoon.h. */
#ifndef HB_MANAGE_H
#define HB_MANAGE_H

#include <hotballoon.h>

#include "motive.h"

/* Why hb_control() leaves it alone then; HB_MOTIVE_SETTLED: there is no obstacle. */
enum hb_motive hb_obstacle_motive(enum hb_obstacle obstacle);

/* HB_E_REFUSED if it may not. */
enum hb_code hb_refuse_obstacle(const struct hb_domain *domain, enum hb_obstacle obstacle,
				struct hb_error *error);

/*
 * Is something to be written down of it, as it is seen with these limits: that a person has set its
 * size, or that it has been built anew with the one that it has?
 */
bool hb_limits_is_to_note(const struct hb_domain *domain, const struct hb_limits *limits);

#endif
