/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The methods that change something: each does what the library's function of that name does. */
#include <string.h>

#include "method.h"

static enum outcome wrong(struct question *question, const char *name)
{
	question->wrong = name;
	return METHOD_WRONG;
}

/* More than Xen gives any guest, and a week, as of the command. */
#define VCPUS_MAX 512
#define TTL_MAX_S 604800

enum outcome method_reserve(struct question *question)
{
	struct hb_reserve_request request = { 0 };
	struct hb_reservation reservation;
	uint64_t vcpus, ttl_s;
	enum hb_code code;

	if (!method_text(question, "name", &request.name) ||
	    !method_number(question, "size_kib", HB_SIZE_MAX_KIB, &request.size_kib) ||
	    !method_number(question, "maxmem_kib", HB_SIZE_MAX_KIB, &request.maxmem_kib) ||
	    !method_number(question, "vcpus", VCPUS_MAX, &vcpus) ||
	    !method_number(question, "ttl_s", TTL_MAX_S, &ttl_s) || !method_flag(question, "force", &request.force))
		return METHOD_WRONG;
	if (!request.name || !request.size_kib)
		return wrong(question, request.name ? "size_kib" : "name");
	if (request.maxmem_kib && request.maxmem_kib < request.size_kib)
		return wrong(question, "maxmem_kib");
	request.vcpus = vcpus;
	request.ttl_s = ttl_s;
	code = manager_reserve(question->manager, &request, &reservation, &question->error);
	if (code)
		return METHOD_FAILED;
	method_add_number(question->reply, "kib", reservation.kib);
	method_add_number(question->reply, "left_kib", reservation.left_kib);
	/* 0 is a claim of Xen's, which has no end. */
	if (reservation.until_s)
		method_add_number(question->reply, "until_s", reservation.until_s);
	return METHOD_DONE;
}

static bool read_size(struct question *question, const char *name, struct hb_number *size)
{
	size->presence = method_has(question, name) ? HB_PRESENT : HB_ABSENT;
	return method_number(question, name, HB_SIZE_MAX_KIB, &size->value);
}

static void add_size(struct json_object *object, const char *name, const struct hb_number *size)
{
	if (size->presence == HB_PRESENT)
		method_add_number(object, name, size->value);
}

static enum outcome read_change(struct question *question, uint64_t *domid, struct hb_limits_change *change)
{
	uint64_t weight;

	if (!method_number(question, "domid", UINT32_MAX, domid) || !read_size(question, "min_kib", &change->min) ||
	    !read_size(question, "max_kib", &change->max) ||
	    !method_number(question, "weight", HB_WEIGHT_MAX, &weight) ||
	    !method_flag(question, "automatic", &change->automatic) || !method_flag(question, "off", &change->off) ||
	    !method_flag(question, "forget", &change->forget))
		return METHOD_WRONG;
	change->weight = weight;
	if (!method_has(question, "domid"))
		return wrong(question, "domid");
	/* 0 would be as it is. */
	if (method_has(question, "weight") && !weight)
		return wrong(question, "weight");
	if (change->automatic && change->off)
		return wrong(question, "off");
	if (change->forget && (change->automatic || change->off || weight || change->min.presence == HB_PRESENT ||
			       change->max.presence == HB_PRESENT))
		return wrong(question, "forget");
	return METHOD_DONE;
}

enum outcome method_set_limits(struct question *question)
{
	struct hb_limits_change change = { 0 };
	struct hb_domain domain;
	struct hb_limits limits;
	uint64_t domid = 0;
	enum outcome outcome = read_change(question, &domid, &change);

	if (outcome)
		return outcome;
	if (manager_limit(question->manager, domid, &change, &domain, &limits, &question->error))
		return METHOD_FAILED;
	method_add_text(question->reply, "mode", hb_mode_name(limits.mode));
	add_size(question->reply, "min_kib", &limits.min);
	add_size(question->reply, "max_kib", &limits.max);
	method_add_number(question->reply, "weight", limits.weight);
	return METHOD_DONE;
}

static struct json_object *preview(const struct manager_view *view)
{
	const struct hb_control *control = &view->balance->control;
	struct json_object *deeds = json_object_new_array();

	for (size_t i = 0; i < control->nr_actions; i++) {
		const struct hb_controlled *one = control->actions[i];
		const struct hb_deed deed = hb_deed_of(one, view->time_ms);

		json_object_array_add(deeds, method_deed(&deed));
	}
	return deeds;
}

static struct json_object *deeds_since(const struct manager_view *view, uint64_t seen)
{
	struct json_object *deeds = json_object_new_array();
	const struct hb_deed *deed;

	while ((deed = hb_history_since(view->history, &seen)))
		json_object_array_add(deeds, method_deed(deed));
	return deeds;
}

enum outcome method_balance(struct question *question)
{
	struct manager_view view = manager_look(question->manager);
	const uint64_t seen = view.history->added;
	bool dry;
	enum hb_code code;

	if (!method_flag(question, "dry_run", &dry))
		return METHOD_WRONG;
	dry |= view.config->dry_run;
	code = dry ? manager_preview(question->manager, &view, &question->error) :
		     manager_balance(question->manager, &question->error);
	if (code)
		return METHOD_FAILED;
	if (!dry)
		view = manager_look(question->manager);
	method_add_flag(question->reply, "dry_run", dry);
	json_object_object_add(question->reply, "deeds", dry ? preview(&view) : deeds_since(&view, seen));
	return METHOD_DONE;
}
