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

#endif
