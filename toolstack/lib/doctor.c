/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at one domain or all of them, to say why and what is wrong. */
#include <stdlib.h>
#include <string.h>

#include "examine.h"
#include "explain.h"
#include "internal.h"

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

static enum hb_code examine(struct hb *hb, uint32_t domid, struct hb_examination *examination,
			    struct hb_error *error)
{
	struct hb_limits limits;
	enum hb_code code = hb_show(hb, domid, &examination->domain, error);

	if (!code)
		code = hb_limits_get(hb, &examination->domain, &limits, error);
	if (!code)
		hb_examine_domain(&examination->domain, &limits, &examination->findings);
	return code;
}

/* Domains that go away meanwhile are left out. */
static enum hb_code examine_all(struct hb *hb, const struct hb_domain *list, size_t listed,
				struct hb_examination *domains, size_t *count,
				struct hb_error *error)
{
	for (size_t i = 0; i < listed; i++) {
		enum hb_code code = examine(hb, list[i].domid, &domains[*count], error);

		if (code && code != HB_E_NO_DOMAIN)
			return code;
		*count += !code;
	}
	return HB_OK;
}

enum hb_code hb_doctor(struct hb *hb, struct hb_findings *host, struct hb_examination **domains,
		       size_t *count, struct hb_error *error)
{
	struct hb_host_memory memory;
	struct hb_domain *list;
	size_t listed;
	enum hb_code code = hb_list(hb, &list, &listed, error);

	*domains = NULL;
	*count = 0;
	memset(host, 0, sizeof(*host));
	if (code)
		return code;
	*domains = calloc(listed + 1, sizeof(**domains));
	if (!*domains)
		code = hb_fail(error, HB_E_INTERNAL, "out of memory");
	if (!code)
		code = examine_all(hb, list, listed, *domains, count, error);
	free(list);
	if (!code)
		code = hb_host_memory(hb, &memory, error);
	if (!code) {
		hb_examine_host(&memory, *domains, *count, host);
		return HB_OK;
	}
	free(*domains);
	*domains = NULL;
	*count = 0;
	return code;
}
