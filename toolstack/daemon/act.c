/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act.h"

#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "limits_look.h"
#include "manage.h"
#include "monitor.h"
#include "results.h"
#include "twin.h"

/* So many are noted at once: who calls meanwhile does not wait for all. */
#define NOTES_MAX 128

static bool make_room(struct sight *sight, size_t count)
{
	const size_t room = count + count / 2 + 1;
	struct hb_look *looks, **order;

	if (count <= sight->room && sight->looks)
		return true;
	looks = realloc(sight->looks, room * sizeof(*looks));
	if (looks)
		sight->looks = looks;
	order = realloc(sight->order, room * sizeof(struct hb_look *));
	if (order)
		sight->order = order;
	if (looks && order)
		sight->room = room;
	return looks && order;
}

static enum hb_code no_memory(struct hb_error *error)
{
	*error = (struct hb_error){ .code = HB_E_INTERNAL, .reason = HB_REASON_OUT_OF_MEMORY };
	strcpy(error->message, "out of memory");
	return HB_E_INTERNAL;
}

enum hb_code sight_domains(struct sight *sight, const struct hb_monitor *monitor, struct hb_error *error)
{
	size_t count = hb_monitor_count(monitor);

	if (!make_room(sight, count))
		return no_memory(error);
	sight->count = count;
	for (size_t i = 0; i < count; i++)
		sight->looks[i] = (struct hb_look){
			.domain = hb_monitor_domain(monitor, i), .stale = hb_monitor_is_stale(monitor, i),
		};
	return HB_OK;
}

static int compare_domid(const void *domid, const void *look)
{
	const uint32_t one = *(const uint32_t *)domid, other = ((const struct hb_look *)look)->domain->domid;

	return (one > other) - (one < other);
}

struct hb_look *sight_heard(struct sight *sight, uint32_t domid)
{
	struct hb_look *look = sight->count ?
		bsearch(&domid, sight->looks, sight->count, sizeof(*look), compare_domid) : NULL;

	if (look)
		look->stale = false;
	return look;
}

/* Nobody is sized whose limits are not known. */
static void find_limits(struct sight *sight, struct hb *hb)
{
	struct hb_limits_entry **list = NULL;
	size_t kept = 0;
	enum hb_code code = hb_limits_list(hb, &list, &kept, &sight->damage, &sight->limits_error);

	sight->limits_error.code = code;
	for (size_t i = 0; i < sight->count; i++) {
		struct hb_look *look = &sight->looks[i];

		hb_limits_find(list, kept, look->domain, &look->limits);
		if (code)
			hb_limits_lose(&look->limits);
	}
	hb_limits_list_free(list);
}

enum hb_code sight_look(struct sight *sight, struct hb *hb, struct hb_monitor *monitor,
			bool *behind, struct hb_error *error)
{
	enum hb_code code = hb_monitor_measure(monitor, error);

	*behind = !code && hb_monitor_has_untried(monitor);
	if (*behind)
		return HB_OK;
	if (!code)
		code = sight_domains(sight, monitor, error);
	if (!code)
		code = hb_monitor_memory(monitor, &sight->host, error);
	if (code)
		return code;
	find_limits(sight, hb);
	hb_twins_find(sight->looks, sight->count, sight->order);
	sight->to_come = hb_to_come_kept(hb);
	return HB_OK;
}

void sight_clear(struct sight *sight)
{
	free(sight->looks);
	free(sight->order);
	*sight = (struct sight){ 0 };
}

/* ------------------------------------------------------------------- deeds */

static bool no_wait(const struct hb_progress *progress, void *argument)
{
	(void)progress;
	(void)argument;
	return false;
}

void act_never_wait(struct hb *hb)
{
	hb_set_progress(hb, no_wait, NULL);
}

/* A lock that is held and a host that is lost are not the file's fault. */
static enum act_note outcome_of(enum hb_code code, const struct hb_error *error)
{
	if (!code)
		return ACT_NOTE_DONE;
	return code == HB_E_INTERRUPTED || error->reason == HB_REASON_NO_ANSWER ? ACT_NOTE_LATER : ACT_NOTE_FAILED;
}

enum act_note act_note(struct hb *hb, const struct sight *sight, struct act_notes *notes, struct hb_error *error)
{
	const struct hb_domain *domains[NOTES_MAX];
	size_t count = 0;

	*notes = (struct act_notes){ 0 };
	for (size_t i = 0; i < sight->count && !notes->more; i++) {
		const struct hb_look *look = &sight->looks[i];

		if (look->stale || !hb_limits_is_to_note(look->domain, &look->limits))
			continue;
		if (!count)
			notes->foreign = hb_may_size(look->domain, &look->limits) == HB_OBSTACLE_PINNED;
		notes->more = count == NOTES_MAX;
		if (!notes->more)
			domains[count++] = look->domain;
	}
	if (!count)
		return ACT_NOTE_NONE;
	notes->first = domains[0];
	return outcome_of(hb_limits_note(hb, domains, count, error), error);
}

void act_announce(struct hb *hb, struct hb_controlled *const *actions, size_t count)
{
	struct hb_limits_next *list = count > 1 ? calloc(count, sizeof(*list)) : NULL;
	struct hb_error ignored;

	for (size_t i = 0; i < count && list; i++) {
		const struct hb_domain *domain = actions[i]->domain;

		list[i] = (struct hb_limits_next){ domain, actions[i]->to_kib - domain->videoram_kib };
	}
	if (list)
		hb_limits_announce(hb, list, count, &ignored);
	free(list);
}

enum hb_code act_set(struct hb *hb, struct hb_monitor *monitor, const struct hb_controlled *one,
		     bool *done, struct hb_error *error)
{
	const struct hb_set_request request = { .size = { HB_SIZE_ABSOLUTE, false, one->to_kib } };
	struct hb_set_result result = { 0 };
	enum hb_code code = hb_set_managed(hb, one->domain->domid, one->domain->target.value, &request,
					   &result, error);

	/* Also if it failed after that: what was written stands. */
	*done = result.done;
	if (result.done)
		hb_monitor_note_set(monitor, &result);
	return code;
}

enum hb_code act_try(struct hb *hb, struct hb_error *error)
{
	struct hb_xen_domain first;
	int n = hb->host->ops->domains(hb->host, 0, &first, 1);

	return n < 0 ? hb_fail_host(error, n, "cannot ask Xen for its domains") : HB_OK;
}

enum hb_code act_probe(struct hb *hb, uint32_t domid, struct hb_error *error)
{
	struct hb_domain now;

	return hb_show(hb, domid, &now, error);
}

enum hb_code act_settle(struct hb *hb, const struct hb_domain *domain, struct hb_error *error)
{
	return hb_settle(hb, domain->domid, domain->target.value, 0, error);
}
