/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host and its domains as text for Prometheus (its exposition format 0.0.4), from one
 * look at them: a decision of balance.h, of which nothing need be carried out. Pure.
 *
 * What is not known has no line, and no line is there twice: domids differ, whatever names
 * and uuids are.
 */
#ifndef HB_METRICS_H
#define HB_METRICS_H

#include <stdio.h>

#include "balance.h"

/* What only one knows that goes on looking. */
struct hb_metrics_manager {
	bool connected;			/* the host answers it: if not, there is nothing else to say */
	uint64_t writes, refused;	/* since it was started */
};

/* Of the last decision. manager is NULL for one that has looked once. */
void hb_metrics_print(const struct hb_balance *balance, const struct hb_metrics_manager *manager,
		      FILE *out);

#endif
