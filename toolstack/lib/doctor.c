/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at one domain or all of them, to say why and what is wrong. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "examine.h"
#include "explain.h"

enum hb_code hb_explain(struct hb *hb, uint32_t domid, struct hb_explanation *explanation,
			struct hb_error *error)
{
	enum hb_code code;

	memset(explanation, 0, sizeof(*explanation));
	code = hb_show(hb, domid, &explanation->domain, error);
	if (!code)
		code = hb_host_memory(hb, &explanation->host, error);
	if (!code)
		code = hb_limits_get(hb, &explanation->domain, &explanation->limits, error);
	if (!code)
		hb_explain_domain(explanation);
	return code;
}

/* Domains that go away meanwhile are left out; the others move up, with their limits. */
static enum hb_code add_details(struct hb *hb, struct hb_domain *list, size_t *count,
				struct hb_error *error)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		int rc = hb_domain_details(hb, &list[i]);

		if (rc && rc != -ESRCH)
			return hb_domain_fail(error, rc, list[i].domid);
		if (!rc && kept != i)
			list[kept] = list[i];
		kept += !rc;
	}
	*count = kept;
	return HB_OK;
}

/* NULL if there is no memory. */
static struct hb_examination *examine_all(const struct hb_domain *list,
					  const struct hb_limits *limits, size_t count)
{
	struct hb_examination *all = calloc(count + 1, sizeof(*all));

	for (size_t i = 0; i < count && all; i++) {
		all[i].domain = list[i];
		hb_examine_domain(&list[i], &limits[i], &all[i].findings);
	}
	return all;
}

enum hb_code hb_doctor(struct hb *hb, struct hb_findings *host, struct hb_examination **domains,
		       size_t *count, struct hb_error *error)
{
	struct hb_limits *limits = NULL;
	struct hb_host_memory memory;
	struct hb_domain *list;
	enum hb_code code = hb_snapshot(hb, &memory, &list, count, error);

	*domains = NULL;
	memset(host, 0, sizeof(*host));
	if (!code)
		code = add_details(hb, list, count, error);
	if (!code)
		limits = calloc(*count + 1, sizeof(*limits));
	if (!code && limits)
		code = hb_limits_all(hb, list, *count, limits, error);
	if (!code && limits)
		*domains = examine_all(list, limits, *count);
	if (!code && !*domains)
		code = hb_fail(error, HB_E_INTERNAL, "out of memory");
	if (!code)
		hb_examine_host(&memory, *domains, *count, host);
	else
		*count = 0;
	free(limits);
	free(list);
	return code;
}
