/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver's report: the worker publishes it, xenstore and sysfs show it. */
#ifndef HB_REPORT_H
#define HB_REPORT_H

#include "core/report.h"

/* Called by the worker only.  Tells the subscriber if anything is new. */
void hb_report_publish(const struct hb_status *report);

void hb_report_get(struct hb_status *report);

/* @changed is called in the worker's context; NULL ends it. */
void hb_report_subscribe(void (*changed)(void));

#endif /* HB_REPORT_H */
