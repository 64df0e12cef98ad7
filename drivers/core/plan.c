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

/* Nothing that is online can take more. */
static struct hb_step plan_more_blocks(const struct hb_snapshot *now,
				       const struct hb_pass *pass, u64 need)
{
	if (!now->added_offline && !now->blocks_left)
		return (struct hb_step){ .cause = HB_CAUSE_ABOVE_MAX,
					 .only_event = true };
	if (now->hotplug_busy)
		return stop(pass, HB_CAUSE_OFFLINE_PENDING);
	if (now->added_offline)
		return spent(pass, HB_STEP_ONLINE_BLOCK) ?
			stop(pass, HB_CAUSE_OFFLINE_PENDING) :
			step(HB_STEP_ONLINE_BLOCK, 0);
	if (spent(pass, HB_STEP_ADD_BLOCK))
		return stop(pass, HB_CAUSE_GUEST_BUSY);
	return step(HB_STEP_ADD_BLOCK, least(need, HB_UNIT_PAGES));
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
	return plan_more_blocks(now, pass, need);
}

/*
 * At the floor only whole units are taken: following every small change of
 * what is available would break superpages for nothing.
 */
static u64 limit(u64 excess, u64 take)
{
	return excess <= take ? excess : whole_units(take);
}

/* Of @pages, as many as the floor allows; .pages is 0 if that is none. */
static struct hb_step shrink_added(const struct hb_snapshot *now, u64 pages,
				   u64 whole)
{
	bool movable_only = pages > now->floor.take_boot &&
			    now->added_movable;
	u64 most = least(pages, HB_STEP_EVACUATE_PAGES);

	if (movable_only)
		most = least(most, now->added_movable);
	else
		most = limit(most, now->floor.take_boot);
	return (struct hb_step){
		.kind = HB_STEP_SHRINK_ADDED,
		.pages = least(most, now->added_plugged),
		.whole = whole,
		.movable_only = movable_only,
	};
}

static bool may_retire(const struct hb_snapshot *now,
		       const struct hb_pass *pass)
{
	return now->retirable && !now->hotplug_busy &&
	       !spent(pass, HB_STEP_RETIRE_BLOCK);
}

static struct hb_step plan_shrink_boot(const struct hb_snapshot *now,
				       const struct hb_pass *pass, u64 boot)
{
	u64 bound = now->unsettled ? HB_UNIT_PAGES : HB_STEP_PAGES;

	if (!boot)
		return (struct hb_step){ .cause = HB_CAUSE_GUEST_FLOOR };
	boot = least(boot, bound);
	if (whole_units(boot) && !spent(pass, HB_STEP_SHRINK_UNITS))
		return step(HB_STEP_SHRINK_UNITS, whole_units(boot));
	if (whole_units(boot) && !spent(pass, HB_STEP_SHRINK_BOOT))
		return step(HB_STEP_SHRINK_BOOT,
			    whole_units(least(boot, HB_STEP_EVACUATE_PAGES)));
	if (!spent(pass, HB_STEP_SHRINK_PAGES))
		return step(HB_STEP_SHRINK_PAGES, boot);
	return stop(pass, HB_CAUSE_GUEST_BUSY);
}

static struct hb_step plan_shrink(const struct hb_snapshot *now,
				  const struct hb_pass *pass)
{
	u64 excess = now->populated - now->target;
	u64 added = limit(excess, now->floor.take_added);
	u64 parked = least(least(excess, now->parked_plugged), HB_STEP_PAGES);
	struct hb_step take;

	if (parked && !spent(pass, HB_STEP_SHRINK_PARKED))
		return step(HB_STEP_SHRINK_PARKED, parked);
	if (may_retire(now, pass))
		return step(HB_STEP_RETIRE_BLOCK, 0);
	take = shrink_added(now, added, added);
	if (take.pages && !spent(pass, HB_STEP_SHRINK_ADDED))
		return take;
	return plan_shrink_boot(now, pass, limit(excess, now->floor.take_boot));
}

/*
 * Hot-added memory that is used although boot memory has room for it: as much of it as is
 * exchanged at a time.  Without whole units in boot memory only the rest of one, so that
 * a block does not stay for less than a unit; whole ones would come back to where they
 * were.
 */
static u64 displaced_pages(const struct hb_snapshot *now)
{
	u64 rest = now->added_plugged % HB_UNIT_PAGES;
	u64 pages = HB_UNIT_PAGES;

	if (!now->boot_empty_units)
		pages = rest <= now->boot_held ? rest : 0;
	if (!now->patient || !now->added_plugged ||
	    now->floor.take_added < pages)
		return 0;
	return pages;
}

/*
 * An exchange begins with taking: Xen's limit leaves no room for the other order.
 * One unit at a time, so that a host that runs out of memory meanwhile costs no more.
 */
static struct hb_step plan_tidy(const struct hb_snapshot *now,
				const struct hb_pass *pass)
{
	bool room = now->floor.take_boot >= HB_UNIT_PAGES && !now->unsettled;
	u64 displaced = displaced_pages(now);
	struct hb_step take = shrink_added(now, displaced, now->added_plugged);

	if (may_retire(now, pass))
		return step(HB_STEP_RETIRE_BLOCK, 0);
	if (take.pages && !spent(pass, HB_STEP_SHRINK_ADDED) &&
	    !spent(pass, HB_STEP_GROW_UNITS) &&
	    !spent(pass, HB_STEP_GROW_PAGES))
		return take;
	if (pass->grown && now->mendable_units && room &&
	    !spent(pass, HB_STEP_MEND_UNIT))
		return step(HB_STEP_MEND_UNIT, HB_UNIT_PAGES);
	return (struct hb_step){
		.tidy_later = displaced || (now->patient && now->retirable),
	};
}

struct hb_step hb_plan(const struct hb_snapshot *now,
		       const struct hb_pass *pass)
{
	if (now->populated < now->target)
		return plan_grow(now, pass);
	if (now->populated > now->target)
		return plan_shrink(now, pass);
	return plan_tidy(now, pass);
}

static bool is_growth(enum hb_step_kind kind)
{
	return kind == HB_STEP_GROW_UNITS || kind == HB_STEP_GROW_PAGES;
}

void hb_pass_note(struct hb_pass *pass, const struct hb_step *step,
		  const struct hb_outcome *outcome)
{
	if (outcome->pages)
		pass->progress = true;
	if (outcome->pages && is_growth(step->kind))
		pass->grown = true;
	if (!outcome->cause)
		return;
	if (step->kind == HB_STEP_MEND_UNIT)
		pass->grown = false;
	pass->spent |= 1U << step->kind;
	pass->cause = outcome->cause;
}
