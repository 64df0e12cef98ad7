/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "domain.h"
#include "execute.h"

/* Another writer can win that often in a row before something is wrong. */
#define CONFLICTS_MAX 100

static bool is_store_step(const struct hb_step *step)
{
	return step->kind == HB_STEP_STATIC_MAX || step->kind == HB_STEP_TARGET ||
	       step->kind == HB_STEP_VM_MEMORY || step->kind == HB_STEP_HEADROOM;
}

int hb_execute_xen_step(struct hb *hb, uint32_t domid, const struct hb_step *step)
{
	struct hb_host *host = hb->host;

	if (hb->dry_run)
		return 0;
	switch (step->kind) {
	case HB_STEP_POOL:
		return host->ops->set_pool(host, domid, step->to_kib * 1024);
	case HB_STEP_MAXMEM:
		return host->ops->set_maxmem(host, domid, step->to_kib);
	case HB_STEP_POD:
		return host->ops->set_pod(host, domid, step->to_kib / HB_PAGE_KIB);
	default:
		return -EINVAL;
	}
}

/* What Xen has now of what the step has set. */
static int read_back(struct hb *hb, uint32_t domid, const struct hb_step *step, uint64_t *kib)
{
	struct hb_xen_domain xen;
	uint64_t bytes = 0;
	int rc;

	if (step->kind == HB_STEP_POOL) {
		rc = hb->host->ops->get_pool(hb->host, domid, &bytes);
		*kib = bytes / 1024;
		return rc;
	}
	rc = hb->host->ops->domains(hb->host, domid, &xen, 1);
	if (rc < 0)
		return rc;
	if (rc == 0 || xen.domid != domid)
		return -ESRCH;
	*kib = xen.max_pages * HB_PAGE_KIB;
	return 0;
}

/*
 * Put one step back, unless somebody else has set another value meanwhile:
 * theirs is newer. A failed pool step can have grown the pool part of the way.
 * The populate-on-demand cache never shrinks and stays.
 */
static int undo_step(struct hb *hb, uint32_t domid, const struct hb_step *step)
{
	struct hb_step back = { step->kind, step->to_kib, step->from_kib, "undo" };
	uint64_t now;
	bool ours;
	int rc;

	if (step->kind == HB_STEP_POD)
		return 0;
	rc = read_back(hb, domid, step, &now);
	if (rc)
		return rc;
	if (step->kind == HB_STEP_POOL)
		ours = now > step->from_kib && now <= step->to_kib;
	else
		ours = now == step->to_kib;
	if (!ours)
		return 0;
	return hb_execute_xen_step(hb, domid, &back);
}

/* What was put back must not starve a target that was written meanwhile. */
static void repair(struct hb *hb, const struct hb_domain *seen)
{
	struct hb_domain now = *seen;
	struct hb_error ignored;
	struct hb_step step;

	if (!hb_domain_refresh(hb, &now, &ignored) &&
	    (now.target.value != seen->target.value) && hb_plan_repair(&now, &step))
		hb_execute_xen_step(hb, now.domid, &step);
}

/* Undo the first n steps, last first; error then says all that cannot be put back. */
static void undo(struct hb *hb, const struct hb_domain *seen, const struct hb_plan *plan,
		 unsigned int n, struct hb_error *error)
{
	char left[128] = "", text[HB_SIZE_TEXT];
	int why = 0;

	while (n-- > 0) {
		const struct hb_step *step = &plan->steps[n];
		int rc = undo_step(hb, seen->domid, step);
		size_t used = strlen(left);

		/* A domain that is gone has nothing left to put back. */
		if (!rc || rc == -ESRCH)
			continue;
		why = rc;
		snprintf(left + used, sizeof(left) - used, "%s%s to %s", used ? ", " : "",
			 hb_step_name(step->kind), hb_size_format(step->from_kib, text));
	}
	if (why)
		hb_remedy(error, "could not be put back: %s (%s); set the size again when the host answers",
			  left, strerror(-why));
	repair(hb, seen);
}

/* There may be nothing. */
static int remove_key(struct hb *hb, uint32_t transaction, uint32_t domid, const char *key)
{
	char path[HB_PATH_TEXT];
	int rc = hb->host->ops->remove(hb->host, transaction, hb_domain_path(path, domid, key));

	return rc == -ENOENT ? 0 : rc;
}

static int write_step(struct hb *hb, uint32_t transaction, const struct hb_domain *domain,
		      const struct hb_step *step)
{
	char path[HB_PATH_TEXT], value[24];
	uint64_t number = step->to_kib;

	if (step->kind == HB_STEP_HEADROOM && !number)
		return remove_key(hb, transaction, domain->domid, HB_KEY_HEADROOM);
	switch (step->kind) {
	case HB_STEP_HEADROOM:
		hb_domain_path(path, domain->domid, HB_KEY_HEADROOM);
		break;
	case HB_STEP_STATIC_MAX:
		hb_domain_path(path, domain->domid, HB_KEY_STATIC_MAX);
		break;
	case HB_STEP_TARGET:
		hb_domain_path(path, domain->domid, HB_KEY_TARGET);
		break;
	default:
		hb_vm_path(path, domain->uuid, HB_KEY_VM_MEMORY);
		number /= 1024;
		break;
	}
	snprintf(value, sizeof(value), "%" PRIu64, number);
	return hb->host->ops->write(hb->host, transaction, path, value);
}

static bool differs(const struct hb_number *a, const struct hb_number *b)
{
	return a->presence != b->presence || a->value != b->value;
}

/*
 * Does the domain still exist and say what the plan was made from? Reading
 * domid inside the transaction makes the commit fail if the domain goes away.
 */
static int check_unchanged(struct hb *hb, uint32_t transaction, const struct hb_domain *seen,
			   bool *stale)
{
	struct hb_number domid, target, static_max, headroom;
	char path[HB_PATH_TEXT];
	bool told;
	int rc;

	rc = hb_read_number(hb->host, transaction, hb_domain_path(path, seen->domid, HB_KEY_DOMID),
			    UINT32_MAX, &domid);
	if (rc)
		return rc;
	if (domid.presence != HB_PRESENT || domid.value != seen->domid)
		return -ESRCH;
	rc = hb_read_target(hb->host, transaction, seen->domid, &target);
	if (!rc)
		rc = hb_read_static_max(hb->host, transaction, seen->domid, &static_max);
	if (!rc)
		rc = hb_read_headroom(hb->host, transaction, seen->domid, &headroom);
	if (!rc)
		rc = hb_read_told_still(hb->host, transaction, seen->domid, &told);
	*stale = !rc && (differs(&target, &seen->target) || differs(&static_max, &seen->static_max) ||
			 differs(&headroom, &seen->headroom) || told != (seen->still != HB_STILL_NO));
	return rc;
}

/* One attempt at the transaction; -EAGAIN if another writer was faster. */
static int try_store_steps(struct hb *hb, const struct hb_domain *seen, const struct hb_plan *plan,
			   bool *stale)
{
	uint32_t transaction;
	int rc = hb->host->ops->begin(hb->host, &transaction);

	if (rc)
		return rc;
	rc = check_unchanged(hb, transaction, seen, stale);
	for (unsigned int i = 0; i < plan->nr_steps && !rc && !*stale; i++) {
		if (is_store_step(&plan->steps[i]))
			rc = write_step(hb, transaction, seen, &plan->steps[i]);
	}
	if (!rc && !*stale && plan->clear_still)
		rc = remove_key(hb, transaction, seen->domid, HB_KEY_STILL);
	if (rc || *stale) {
		hb->host->ops->end(hb->host, transaction, false);
		return rc;
	}
	return hb->host->ops->end(hb->host, transaction, true);
}

static int store_steps(struct hb *hb, const struct hb_domain *seen, const struct hb_plan *plan,
		       bool *stale)
{
	int rc = -EAGAIN;

	for (int i = 0; i < CONFLICTS_MAX && rc == -EAGAIN; i++)
		rc = try_store_steps(hb, seen, plan, stale);
	return rc;
}

static enum hb_code fail_step(const struct hb_domain *domain, const struct hb_step *step, int rc,
			      struct hb_error *error)
{
	char who[HB_WHO_TEXT], from[HB_SIZE_TEXT], to[HB_SIZE_TEXT];

	hb_fail_host(error, rc, "%s: cannot take %s from %s to %s", hb_who(domain, who),
		     hb_step_name(step->kind), hb_size_format(step->from_kib, from),
		     hb_size_format(step->to_kib, to));
	if (rc == -ENOMEM)
		hb_refine(error, HB_REASON_XEN_FULL);
	return error->code;
}

static void drop_step(struct hb_plan *plan, unsigned int i)
{
	plan->nr_steps--;
	memmove(&plan->steps[i], &plan->steps[i + 1],
		(plan->nr_steps - i) * sizeof(plan->steps[0]));
}

static bool can_do_without(const struct hb_plan *plan, unsigned int i, int rc)
{
	return rc == -ENOMEM && plan->may_lack_pool && plan->steps[i].kind == HB_STEP_POOL;
}

enum hb_code hb_execute(struct hb *hb, const struct hb_domain *seen, struct hb_plan *plan,
			bool *stale, struct hb_error *error)
{
	char who[HB_WHO_TEXT];
	unsigned int done = 0;
	int rc;

	*stale = false;
	if (hb->dry_run)
		return HB_OK;
	while (done < plan->nr_steps && !is_store_step(&plan->steps[done])) {
		rc = hb_execute_xen_step(hb, seen->domid, &plan->steps[done]);
		if (can_do_without(plan, done, rc)) {
			drop_step(plan, done);
			continue;
		}
		if (rc) {
			fail_step(seen, &plan->steps[done], rc, error);
			undo(hb, seen, plan, done + 1, error);
			return error->code;
		}
		done++;
	}
	rc = store_steps(hb, seen, plan, stale);
	if (!rc && !*stale)
		return HB_OK;
	/* If only the plan is stale there is no error to report, but one to fill. */
	hb_fail_host(error, rc ? rc : -EAGAIN, "%s: cannot write the new target",
		     hb_who(seen, who));
	if (!rc || rc == -EAGAIN) {
		hb_refine(error, HB_REASON_OVERTAKEN);
		hb_remedy(error, "another tool was faster each time: find out which, and set the size again");
	}
	undo(hb, seen, plan, done, error);
	return error->code;
}
