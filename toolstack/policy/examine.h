/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with a domain or a host, from one look at it. Pure. */
#ifndef HB_EXAMINE_H
#define HB_EXAMINE_H

#include "follow.h"

/* domain as hb_show() reads it; twin as in struct hb_look, NULL: none, or nobody has looked. */
void hb_examine_domain(const struct hb_domain *domain, const struct hb_limits *limits,
		       const struct hb_domain *twin, const struct hb_follow *follow,
		       struct hb_findings *findings);

/* domains as hb_show() reads them. */
void hb_examine_host(const struct hb_host_memory *host, const struct hb_examination *domains,
		     size_t count, struct hb_findings *findings);

/* damage names the file and what of it counts for nothing. */
void hb_examine_file(const struct hb_error *damage, struct hb_findings *findings);

/* Add one; what is beyond HB_FINDINGS_MAX is dropped. Returns it, to add a remedy. */
struct hb_finding *hb_examine_add(struct hb_findings *findings, enum hb_severity severity,
				  enum hb_finding_kind kind, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
