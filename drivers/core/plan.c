// SPDX-License-Identifier: GPL-2.0-only
#include "plan.h"

void hb_pass_begin(struct hb_pass *pass)
{
	pass->spent = 0;
	pass->cause = HB_CAUSE_NONE;
	pass->progress = false;
}

static bool spent(const struct hb_pass *pass, enum hb_step_kind kind)
{
	return pass->spent & (1U << kind);
}

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

static struct hb_step step(enum hb_step_kind kind, u64 pages)
{
	return (struct hb_step){ .kind = kind, .pages = pages };
}

static struct hb_step stop(const struct hb_pass *pass, enum hb_cause otherwise)
{
	return (struct hb_step){
		.kind = HB_STEP_NONE,
		.cause = pass->cause ? pass->cause : otherwise,
	};
}

static u64 whole_units(u64 pages)
{
	return pages / HB_UNIT_PAGES * HB_UNIT_PAGES;
}

static struct hb_step plan_grow(const struct hb_snapshot *now,
				const struct hb_pass *pass)
{
	u64 need = now->target - now->populated;
	u64 units = whole_units(least(need, HB_STEP_PAGES));

	units = least(units, now->usable_empty_units * HB_UNIT_PAGES);
	if (units && !spent(pass, HB_STEP_GROW_UNITS))
		return step(HB_STEP_GROW_UNITS, units);
	if (now->usable_held && !spent(pass, HB_STEP_GROW_PAGES))
		return step(HB_STEP_GROW_PAGES,
			    least(least(need, now->usable_held), HB_STEP_PAGES));
	if (now->usable_held)	/* Xen refused even single pages */
		return stop(pass, HB_CAUSE_HOST_OUT_OF_MEMORY);
	if (now->added_offline)
		return spent(pass, HB_STEP_ONLINE_BLOCK) ?
			stop(pass, HB_CAUSE_OFFLINE_PENDING) :
			step(HB_STEP_ONLINE_BLOCK, 0);
	if (!now->blocks_left)
		return (struct hb_step){ .cause = HB_CAUSE_ABOVE_MAX,
					 .only_event = true };
	if (spent(pass, HB_STEP_ADD_BLOCK))
		return stop(pass, HB_CAUSE_GUEST_BUSY);
	return step(HB_STEP_ADD_BLOCK, least(need, HB_UNIT_PAGES));
}

/*
 * At the floor only whole units are taken: following every small change of
 * what is available would break superpages for nothing.
 */
static u64 limit(u64 excess, u64 take)
{
	return excess <= take ? excess : whole_units(take);
}

static struct hb_step plan_shrink(const struct hb_snapshot *now,
				  const struct hb_pass *pass)
{
	u64 excess = now->populated - now->target;
	u64 added = limit(excess, now->floor.take_added);
	u64 boot = limit(excess, now->floor.take_boot);
	u64 bound = now->unsettled ? HB_UNIT_PAGES : HB_STEP_PAGES;

	added = least(added, now->added_plugged);
	if (added && !spent(pass, HB_STEP_SHRINK_ADDED))
		return step(HB_STEP_SHRINK_ADDED,
			    least(added, HB_STEP_EVACUATE_PAGES));
	if (!boot)
		return (struct hb_step){ .cause = HB_CAUSE_GUEST_FLOOR };
	boot = least(boot, bound);
	if (whole_units(boot) && !spent(pass, HB_STEP_SHRINK_UNITS))
		return step(HB_STEP_SHRINK_UNITS, whole_units(boot));
	if (!spent(pass, HB_STEP_SHRINK_PAGES))
		return step(HB_STEP_SHRINK_PAGES, boot);
	return stop(pass, HB_CAUSE_GUEST_BUSY);
}

struct hb_step hb_plan(const struct hb_snapshot *now,
		       const struct hb_pass *pass)
{
	if (now->populated < now->target)
		return plan_grow(now, pass);
	if (now->populated > now->target)
		return plan_shrink(now, pass);
	return step(HB_STEP_NONE, 0);
}

void hb_pass_note(struct hb_pass *pass, const struct hb_step *step,
		  const struct hb_outcome *outcome)
{
	if (outcome->pages)
		pass->progress = true;
	if (!outcome->cause)
		return;
	pass->spent |= 1U << step->kind;
	pass->cause = outcome->cause;
}
