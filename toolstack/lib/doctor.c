/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at one domain or all of them, to say why and what is wrong. */
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "examine.h"
#include "explain.h"
#include "internal.h"
#include "limits_look.h"
#include "reserve.h"

/* hb_limits_damage() or hb_reservations_damage(). */
typedef enum hb_code damage_fn(struct hb *hb, struct hb_error *damage, struct hb_error *error);

/* Until the time between two looks is over; a signal may cut a sleep short. */
static uint64_t rest(struct hb *hb)
{
	struct hb_host *host = hb->host;
	uint64_t start = host->ops->now_ms(host), gone = 0;

	while (gone < HB_FOLLOW_MS) {
		host->ops->sleep_ms(host, HB_FOLLOW_MS - gone);
		gone = host->ops->now_ms(host) - start;
	}
	return gone;
}

/* The domain as it is now, and how it follows its target: the second look at it, if it takes one. */
static enum hb_code look_twice(struct hb *hb, uint32_t domid, struct hb_domain *domain,
			       struct hb_follow *follow, struct hb_error *error)
{
	enum hb_code code = hb_show(hb, domid, domain, error);
	struct hb_domain first;
	uint64_t elapsed;

	*follow = (struct hb_follow){ .kind = HB_FOLLOW_THERE };
	if (code || hb_follow_is_there(domain))
		return code;
	first = *domain;
	elapsed = rest(hb);
	code = hb_domain_refresh(hb, domain, error);
	if (!code)
		*follow = hb_follow_judge(&first, domain, elapsed);
	return code;
}

enum hb_code hb_explain(struct hb *hb, uint32_t domid, struct hb_explanation *explanation,
			struct hb_error *error)
{
	struct hb_follow follow;
	enum hb_code code;

	memset(explanation, 0, sizeof(*explanation));
	code = look_twice(hb, domid, &explanation->domain, &follow, error);
	if (!code)
		code = hb_host_memory(hb, &explanation->host, error);
	if (!code)
		code = hb_limits_look(hb, &explanation->domain, &explanation->limits, error);
	if (!code)
		hb_explain_domain(explanation, &follow);
	return code;
}

static enum hb_code examine(struct hb *hb, const struct hb_domain *first, uint64_t elapsed_ms,
			    struct hb_examination *examination, struct hb_error *error)
{
	struct hb_follow follow = { .kind = HB_FOLLOW_THERE };
	struct hb_limits limits;
	enum hb_code code = hb_show(hb, first->domid, &examination->domain, error);

	if (!code)
		code = hb_limits_look(hb, &examination->domain, &limits, error);
	if (code)
		return code;
	if (elapsed_ms)
		follow = hb_follow_judge(first, &examination->domain, elapsed_ms);
	hb_examine_domain(&examination->domain, &limits, &follow, &examination->findings);
	return HB_OK;
}

/*
 * Is there one that must be looked at again, to see whether it moves? Of those, what
 * hb_list() does not read is needed, too. One that goes away is noticed later.
 */
static bool anybody_away(struct hb *hb, struct hb_domain *list, size_t count)
{
	struct hb_error ignored;
	bool away = false;

	for (size_t i = 0; i < count; i++) {
		if (!hb_follow_is_there(&list[i]) && !hb_domain_refresh(hb, &list[i], &ignored))
			away |= !hb_follow_is_there(&list[i]);
	}
	return away;
}

/* A finding of what of our files counts for nothing. */
static enum hb_code examine_file(struct hb *hb, damage_fn *look, struct hb_findings *findings,
				 struct hb_error *error)
{
	struct hb_error damage;
	enum hb_code code = look(hb, &damage, error);

	if (!code && damage.code)
		hb_examine_file(&damage, findings);
	return code;
}

/* Domains that go away meanwhile are left out. */
static enum hb_code examine_all(struct hb *hb, struct hb_domain *list, size_t listed,
				struct hb_examination *domains, size_t *count,
				struct hb_error *error)
{
	uint64_t elapsed_ms = anybody_away(hb, list, listed) ? rest(hb) : 0;

	for (size_t i = 0; i < listed; i++) {
		enum hb_code code = examine(hb, &list[i], elapsed_ms, &domains[*count], error);

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
	if (!code)
		code = examine_file(hb, hb_limits_damage, host, error);
	if (!code)
		code = examine_file(hb, hb_reservations_damage, host, error);
	if (!code) {
		hb_examine_host(&memory, *domains, *count, host);
		return HB_OK;
	}
	free(*domains);
	*domains = NULL;
	*count = 0;
	return code;
}
