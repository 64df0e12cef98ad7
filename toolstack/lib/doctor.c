/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at one domain or all of them, to say why and what is wrong. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "examine.h"
#include "explain.h"
#include "host_reserve.h"
#include "limits_look.h"
#include "memory.h"
#include "noted.h"
#include "objects.h"
#include "reserve.h"
#include "twin.h"

/* hb_limits_damage(), hb_noted_damage() and so on. */
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
	struct hb_error damage;
	enum hb_code code;

	memset(explanation, 0, sizeof(*explanation));
	code = look_twice(hb, domid, &explanation->domain, &follow, error);
	if (!code)
		code = hb_host_memory(hb, &explanation->host, error);
	if (code)
		return code;
	code = hb_limits_get(hb, &explanation->domain, &explanation->limits, &damage);
	if (code && code != HB_E_HOST) {
		*error = damage;
		return code;
	}
	hb_explain_domain(explanation, &follow);
	if (code)
		hb_examine_file(&damage, &explanation->findings);
	return HB_OK;
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

static enum hb_code examine_files(struct hb *hb, struct hb_findings *findings,
				  struct hb_error *error)
{
	enum hb_code code = examine_file(hb, hb_limits_damage, findings, error);

	if (!code)
		code = examine_file(hb, hb_noted_damage, findings, error);
	if (!code)
		code = examine_file(hb, hb_reservations_damage, findings, error);
	return code ? code : examine_file(hb, hb_host_reserve_damage, findings, error);
}

/* Domains that go away meanwhile are left out; the others move up. */
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

/* Is there one that must be looked at again, to see whether it moves? */
static bool anybody_away(const struct hb_domain *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!hb_follow_is_there(&list[i]))
			return true;
	}
	return false;
}

/* The second look at those that are away, each as it was after elapsed_ms; who is gone is left out. */
static enum hb_code look_again(struct hb *hb, struct hb_domain *list, size_t *count,
			       uint64_t elapsed_ms, struct hb_follow *follows,
			       struct hb_error *error)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		struct hb_domain now = list[i];
		bool there = hb_follow_is_there(&now);
		enum hb_code code = there ? HB_OK : hb_domain_refresh(hb, &now, error);

		if (code && code != HB_E_NO_DOMAIN)
			return code;
		if (code)
			continue;
		if (!there)
			follows[kept] = hb_follow_judge(&list[i], &now, elapsed_ms);
		list[kept++] = now;
	}
	*count = kept;
	return HB_OK;
}

/* How all follow their targets: usually nobody must be waited for. */
static enum hb_code follow_all(struct hb *hb, struct hb_domain *list, size_t *count,
			       struct hb_follow *follows, struct hb_host_memory *memory,
			       struct hb_error *error)
{
	enum hb_code code;

	for (size_t i = 0; i < *count; i++)
		follows[i] = (struct hb_follow){ .kind = HB_FOLLOW_THERE };
	if (!anybody_away(list, *count))
		return HB_OK;
	code = look_again(hb, list, count, rest(hb), follows, error);
	return code ? code : hb_memory_among(hb, list, *count, memory, error);
}

/* What of each domain is needed besides itself, for count of them; NULL members: no memory. */
struct notes {
	struct hb_limits *limits;
	struct hb_follow *follows;
	struct hb_look *looks, **order;	/* see twin.h */
};

static bool make_notes(struct notes *notes, size_t count)
{
	notes->limits = calloc(count + 1, sizeof(*notes->limits));
	notes->follows = calloc(count + 1, sizeof(*notes->follows));
	notes->looks = calloc(count + 1, sizeof(*notes->looks));
	notes->order = calloc(count + 1, sizeof(*notes->order));
	return notes->limits && notes->follows && notes->looks && notes->order;
}

static void clear_notes(struct notes *notes)
{
	free(notes->limits);
	free(notes->follows);
	free(notes->looks);
	free(notes->order);
}

static void find_twins(const struct notes *notes, const struct hb_domain *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		notes->looks[i] = (struct hb_look){ .domain = &list[i], .limits = notes->limits[i] };
	hb_twins_find(notes->looks, count, notes->order);
}

/* Of limits what cannot be read is off, and a finding of its own. */
static enum hb_code take_notes(struct hb *hb, struct hb_domain *list, size_t *count,
			       struct notes *notes, struct hb_host_memory *memory,
			       struct hb_error *error)
{
	enum hb_code code;

	if (!make_notes(notes, *count))
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	code = follow_all(hb, list, count, notes->follows, memory, error);
	if (code)
		return code;
	code = hb_limits_all(hb, list, *count, notes->limits, error);
	find_twins(notes, list, *count);
	return code == HB_E_HOST ? HB_OK : code;
}

/* NULL if there is no memory. */
static struct hb_examination *examine_all(const struct hb_domain *list, const struct notes *notes,
					  size_t count)
{
	struct hb_examination *all = calloc(count + 1, sizeof(*all));

	for (size_t i = 0; i < count && all; i++) {
		all[i].domain = list[i];
		hb_examine_domain(&list[i], &notes->limits[i], notes->looks[i].twin, &notes->follows[i],
				  &all[i].findings);
	}
	return all;
}

enum hb_code hb_doctor(struct hb *hb, struct hb_findings *host, struct hb_examination ***domains,
		       size_t *count, struct hb_error *error)
{
	struct hb_host_memory memory;
	struct notes notes = { 0 };
	struct hb_examination *all = NULL;
	struct hb_domain *list;
	enum hb_code code = hb_memory_snapshot(hb, &memory, &list, count, error);

	memset(host, 0, sizeof(*host));
	if (!code)
		code = add_details(hb, list, count, error);
	if (!code)
		code = take_notes(hb, list, count, &notes, &memory, error);
	if (!code)
		code = examine_files(hb, host, error);
	if (!code)
		all = examine_all(list, &notes, *count);
	if (!code && !all)
		code = hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	if (!code)
		hb_examine_host(&memory, all, *count, host);
	*domains = hb_array_of(all, count, sizeof(*all), &code, error);
	clear_notes(&notes);
	free(list);
	return code;
}
