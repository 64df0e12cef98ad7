// SPDX-License-Identifier: GPL-2.0-only
#include "next.h"

void hb_pass_begin(struct hb_pass *pass)
{
	*pass = (struct hb_pass){ 0 };
}

static bool spent(const struct hb_pass *pass, enum hb_move_kind kind)
{
	return pass->spent & (1U << kind);
}

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

static struct hb_move step(enum hb_move_kind kind, u64 pages)
{
	return (struct hb_move){ .kind = kind, .pages = pages };
}

static struct hb_move stop(const struct hb_pass *pass, enum hb_cause otherwise)
{
	return (struct hb_move){
		.kind = HB_STEP_NONE,
		.cause = pass->cause ? pass->cause : otherwise,
	};
}

static u64 whole_units(u64 pages)
{
	return pages / HB_UNIT_PAGES * HB_UNIT_PAGES;
}

/*
 * What it left of its target is taken in need first, and then what is granted.  However much is
 * said: for no more than what the guest has, of which it costs a 60th.
 */
u64 hb_grant_lacking(const struct hb_snapshot *now)
{
	u64 wanted = least(now->may_take, now->populated);

	if (now->still || !now->granted || (!now->added_offline && !now->blocks_left))
		return 0;
	return wanted > now->usable_held ? wanted - now->usable_held : 0;
}

/*
 * At its target: what it is granted above is of use only if there are blocks that can be filled.
 * One that cannot be made now is for a later pass (pass.c).
 */
static struct hb_move plan_headroom(const struct hb_snapshot *now,
				    const struct hb_pass *pass)
{
	struct hb_move nothing = { 0 };

	if (!hb_grant_lacking(now) || pass->block_later || now->hotplug_busy ||
	    now->floor.take_boot < HB_UNIT_PAGES)
		return nothing;
	if (now->added_offline)
		return spent(pass, HB_STEP_ONLINE_BLOCK) ? nothing :
			step(HB_STEP_ONLINE_BLOCK, 0);
	return spent(pass, HB_STEP_ADD_BLOCK) ? nothing : step(HB_STEP_ADD_BLOCK, HB_UNIT_PAGES);
}

/* Nothing that is online can take more. */
static struct hb_move plan_more_blocks(const struct hb_snapshot *now,
				       const struct hb_pass *pass, u64 need)
{
	if (!now->added_offline && !now->blocks_left)
		return (struct hb_move){
			.cause = now->added_refused ? HB_CAUSE_OFFLINE_PENDING :
						      HB_CAUSE_ABOVE_MAX,
			.only_event = true,
		};
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

static struct hb_move plan_grow(const struct hb_snapshot *now,
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

struct hb_move hb_plan_take_added(const struct hb_snapshot *now, u64 pages)
{
	bool movable_only = pages > now->floor.take_added_kernel &&
			    now->added_movable;
	u64 most = least(pages, HB_STEP_EVACUATE_PAGES);

	if (movable_only)
		most = least(most, now->added_movable);
	else
		most = limit(most, now->floor.take_added_kernel);
	return (struct hb_move){
		.kind = HB_STEP_SHRINK_ADDED,
		.pages = least(most, now->added_plugged),
		.whole = pages,
		.movable_only = movable_only,
	};
}

/*
 * Nothing more can be taken, for @otherwise if nothing graver was in the way.  Empty
 * blocks still cost the guest their page descriptors.
 */
static struct hb_move plan_last_resort(const struct hb_snapshot *now,
				       const struct hb_pass *pass,
				       enum hb_cause otherwise)
{
	/* Frames that nobody knows of would be lost with their block. */
	if (now->retirable && !now->hotplug_busy && !now->doubtful &&
	    !spent(pass, HB_STEP_RETIRE_BLOCK))
		return step(HB_STEP_RETIRE_BLOCK, 0);
	/* That something is busy is what being at the floor looks like. */
	if (pass->cause == HB_CAUSE_GUEST_BUSY ||
	    pass->cause == HB_CAUSE_OFFLINE_PENDING)
		return (struct hb_move){ .cause = otherwise };
	return stop(pass, otherwise);
}

/* A step that takes boot memory. */
static struct hb_move take_boot(const struct hb_snapshot *now,
				enum hb_move_kind kind, u64 pages)
{
	return (struct hb_move){ .kind = kind, .pages = pages,
				 .node = now->floor.node };
}

static struct hb_move plan_shrink_boot(const struct hb_snapshot *now,
				       const struct hb_pass *pass, u64 boot)
{
	u64 bound = now->unsettled ? HB_UNIT_PAGES : HB_STEP_PAGES;

	if (!boot)
		return plan_last_resort(now, pass, HB_CAUSE_GUEST_FLOOR);
	boot = least(boot, bound);
	if (whole_units(boot) && !spent(pass, HB_STEP_SHRINK_UNITS))
		return take_boot(now, HB_STEP_SHRINK_UNITS, whole_units(boot));
	if (whole_units(boot) && !spent(pass, HB_STEP_SHRINK_BOOT))
		return take_boot(now, HB_STEP_SHRINK_BOOT,
				 whole_units(least(boot,
						   HB_STEP_EVACUATE_PAGES)));
	if (!spent(pass, HB_STEP_SHRINK_PAGES))
		return take_boot(now, HB_STEP_SHRINK_PAGES, boot);
	return plan_last_resort(now, pass, HB_CAUSE_GUEST_BUSY);
}

static struct hb_move plan_shrink(const struct hb_snapshot *now,
				  const struct hb_pass *pass)
{
	u64 excess = now->populated - now->target;
	u64 added = limit(excess, now->floor.take_added);
	u64 parked = least(least(excess, now->parked_plugged), HB_STEP_PAGES);
	struct hb_move take;

	if (parked && !spent(pass, HB_STEP_SHRINK_PARKED))
		return step(HB_STEP_SHRINK_PARKED, parked);
	take = hb_plan_take_added(now, added);
	if (take.pages && !spent(pass, HB_STEP_SHRINK_ADDED))
		return take;
	return plan_shrink_boot(now, pass, limit(excess, now->floor.take_boot));
}

struct hb_move hb_plan(const struct hb_snapshot *now,
		       const struct hb_pass *pass)
{
	bool there = now->populated == now->target;

	if (now->still)
		return (struct hb_move){
			.cause = there ? HB_CAUSE_NONE : HB_CAUSE_STILL,
			.only_event = true,
		};
	if (now->doubtful && !spent(pass, HB_STEP_VERIFY))
		return step(HB_STEP_VERIFY, HB_STEP_PAGES);
	/* What is not known to be empty is not filled; what is full can go. */
	if (now->doubtful && now->populated <= now->target)
		return stop(pass, HB_CAUSE_GUEST_BUSY);
	if (pass->idle_steps >= HB_PASS_IDLE_STEPS && !there)
		return stop(pass, HB_CAUSE_GUEST_BUSY);
	if (now->populated < now->target)
		return plan_grow(now, pass);
	if (now->populated > now->target)
		return plan_shrink(now, pass);
	return plan_headroom(now, pass);
}

static bool is_growth(enum hb_move_kind kind)
{
	return kind == HB_STEP_GROW_UNITS || kind == HB_STEP_GROW_PAGES;
}

/* One that refused is not asked again: that is not nothing. */
static void note_refusals(struct hb_pass *pass,
			  const struct hb_outcome *outcome)
{
	u64 paid = outcome->pages / HB_UNIT_PAGES * HB_STEP_REFUSALS_PAID;

	if (outcome->refused) {
		pass->refusals++;
		pass->idle_steps = 0;
	}
	if (paid >= (u64)(pass->refusals + HB_STEP_REFUSALS))
		pass->refusals = -HB_STEP_REFUSALS;
	else
		pass->refusals -= paid;
}

void hb_pass_note(struct hb_pass *pass, const struct hb_move *step,
		  const struct hb_outcome *outcome, bool changed)
{
	pass->idle_steps = changed ? 0 : pass->idle_steps + 1;
	note_refusals(pass, outcome);
	pass->exhausted |= outcome->exhausted;
	if (outcome->pages)
		pass->progress = true;
	if (outcome->pages && is_growth(step->kind))
		pass->grown = true;
	if (outcome->cause) {
		pass->spent |= 1U << step->kind;
		pass->cause = outcome->cause;
	} else if (pass->refusals >= HB_STEP_REFUSALS) {
		pass->spent |= 1U << step->kind;
		pass->cause = HB_CAUSE_GUEST_BUSY;
		pass->refusals = 0;
	}
}
