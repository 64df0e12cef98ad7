// SPDX-License-Identifier: GPL-2.0-only
#include "pass.h"
#include "rescue.h"
#include "steps.h"

const struct hb_step_row hb_steps[HB_STEP_COUNT] = {
	[HB_STEP_NONE] = { NULL, HB_STATE_IDLE, "none" },
#define HB_STEP(NAME, name, state, word, meaning) \
	[HB_STEP_##NAME] = { hb_step_##name, HB_STATE_##state, word },
#include "steps.def"
#undef HB_STEP
};

static u64 now_ms(struct hb_guest *g)
{
	return g->ops->now_us(g) / 1000;
}

/* Does the driver know where it stands?  Else the counts cannot be compared. */
static enum hb_ledger_verdict compare(struct hb_guest *g, u64 populated)
{
	if (g->verify.wanted)
		return HB_LEDGER_UNSETTLED;
	return hb_ledger_compare(&g->ledger, populated, g->ops->xen_pages(g),
				 g->target.valid &&
				 populated <= hb_guest_goal(g));
}

/* Compare with Xen, keep the kernel's statistics true.  Return: is there a new target? */
static bool account(struct hb_guest *g)
{
	enum hb_ledger_verdict verdict;
	u64 populated, target;
	bool written;
	s64 drift;

	g->ops->lock(g);
	populated = hb_guest_populated(g);
	target = hb_guest_target(g);
	verdict = compare(g, populated);
	drift = g->ledger.drift;
	/* Are there frames where none should be?  Once a pass: the count may go on changing. */
	if (verdict == HB_LEDGER_DRIFTED && drift > 0 && !g->verified)
		g->verify = (struct hb_verify){ .wanted = true };
	written = g->ops->sync(g, populated, &target);
	if (written)
		hb_target_set(&g->target, target);
	g->ops->unlock(g);
	if (verdict == HB_LEDGER_DRIFTED)
		g->ops->drifted(g, drift);
	return written;
}

/* What is pressed out goes in between, and it moves while it waits for more. */
static enum hb_cause cause_of(const struct hb_guest *g, const struct hb_move *step,
			      const struct hb_snapshot *now)
{
	if (!step->cause && g->press.on && g->press.swaps && now->populated > now->target)
		return HB_CAUSE_SWAPPING;
	return step->cause;
}

/* Who only asks is idle at the target; else it is on its way, as it goes on then. */
static enum hb_state state_of(const struct hb_move *step, const struct hb_snapshot *now)
{
	enum hb_state state = hb_steps[step->kind].state;

	if (step->cause == HB_CAUSE_SWAPPING)
		return HB_STATE_SHRINKING;
	if (step->cause)
		return HB_STATE_WAITING;
	if (state != HB_STATE_IDLE || now->populated == now->target)
		return state;
	return now->populated > now->target ? HB_STATE_SHRINKING : HB_STATE_GROWING;
}

static void report(struct hb_guest *g, const struct hb_move *step,
		   const struct hb_snapshot *now)
{
	struct hb_status fresh = { .state = state_of(step, now),
				   .cause = cause_of(g, step, now),
				   .still = now->still };
	u64 take = now->floor.take_boot;

	if (take > now->populated)
		take = now->populated;
	g->ops->lock(g);
	if (g->target.bad[0])
		fresh.cause = HB_CAUSE_BAD_TARGET;
	fresh.max_kib = hb_guest_ceiling(g) * HB_PAGE_KIB;
	g->ops->unlock(g);
	fresh.current_kib = now->populated * HB_PAGE_KIB;
	fresh.goal_kib = (now->target - now->rescued + now->spared) * HB_PAGE_KIB;
	fresh.rescued_kib = now->rescued * HB_PAGE_KIB;
	fresh.spared_kib = now->spared * HB_PAGE_KIB;
	if (step->cause == HB_CAUSE_GUEST_FLOOR)
		fresh.floor_kib = (now->populated - take) * HB_PAGE_KIB;
	g->ops->publish(g, &fresh);
}

/*
 * The guest is where no driver knew what was copied when.  It was also built page by page
 * there, unless Xen is newer than 4.20.
 */
static void take_moved(struct hb_guest *g)
{
	if (!g->ops->superpages(g))
		return;
	hb_guest_suspect(g);
	g->grown = true;
}

/* Whatever failed before may work now. */
static void begin_anew(struct hb_guest *g)
{
	hb_backoff_reset(&g->backoff);
	hb_pass_begin(&g->pass);
	hb_guest_forget_busy(g);
	g->block_due = 0;
}

static void take_news(struct hb_guest *g)
{
	unsigned int news = g->ops->take_news(g);

	if (!news)
		return;
	begin_anew(g);
	if (news & HB_NEWS_MOVED)
		take_moved(g);
	if (!(news & (HB_NEWS_MOVED | HB_NEWS_RESUMED)))
		return;
	/* The time for tidying up may have passed while it was away. */
	g->moved = true;
	g->fresh = true;
	g->ops->lock(g);
	g->verify = (struct hb_verify){
		.wanted = true,
		/* PV guests have nothing beside RAM, wherever they are: the gap stays. */
		.moved = g->verify.moved || (news & HB_NEWS_MOVED &&
					     g->ops->superpages(g)),
	};
	g->ops->unlock(g);
}

/* Whatever happened while it was frozen is known: what was moved is to be verified. */
static void awake(struct hb_guest *g)
{
	if (g->rescue.closed)
		hb_rescue_open(g);
}

static bool differ(const struct hb_snapshot *a, const struct hb_snapshot *b)
{
	return a->populated != b->populated || a->target != b->target ||
	       a->mendable_units != b->mendable_units ||
	       a->retirable != b->retirable ||
	       a->added_offline != b->added_offline ||
	       a->blocks_left != b->blocks_left ||
	       a->usable_held != b->usable_held;
}

/*
 * Are the books other than before?  To look takes the guest a tenth of what it does to grow
 * by 2 MiB: that pages moved says the count.
 */
static bool changed(struct hb_guest *g, const struct hb_snapshot *before)
{
	struct hb_snapshot after;
	u64 populated;

	g->ops->lock(g);
	populated = hb_guest_populated(g);
	g->ops->unlock(g);
	if (populated != before->populated)
		return true;
	hb_guest_look(g, &after);
	return differ(before, &after);
}

static struct hb_outcome carry_out(struct hb_guest *g,
				   const struct hb_move *step)
{
	u64 begun = g->ops->now_us(g);
	struct hb_outcome outcome = hb_steps[step->kind].carry_out(g, step);

	g->ops->stepped(g, step, &outcome, g->ops->now_us(g) - begun);
	return outcome;
}

static void note(struct hb_guest *g, const struct hb_move *step,
		 const struct hb_outcome *outcome, bool books_changed)
{
	/* Asking is progress of its own. */
	hb_pass_note(&g->pass, step, outcome,
		     books_changed || step->kind == HB_STEP_VERIFY);
	g->verified |= step->kind == HB_STEP_VERIFY;
	g->moved |= books_changed;
	g->grown |= g->pass.grown;
}

/* Where nothing more can be given something may be pressed out. */
static struct hb_move plan(struct hb_guest *g, const struct hb_snapshot *now)
{
	struct hb_press_rules rules = {
		.policy = hb_press_policy(g->swap_policy, g->swap_by_host),
		.caches = g->drop_caches,
	};
	struct hb_move step = hb_plan(now, &g->pass);
	u64 lacking = hb_press_lacking(now);
	struct hb_press_look look;

	if (!lacking)
		hb_press_end(&g->press);
	else if (g->pass.progress && !g->press.on)
		g->press.stuck_ms = 0;
	if (!lacking || step.kind != HB_STEP_NONE ||
	    (step.cause != HB_CAUSE_GUEST_FLOOR && step.cause != HB_CAUSE_GUEST_BUSY))
		return step;
	g->ops->swap_room(g, &look);
	return hb_press_plan(&g->press, now, &look, &rules, step.cause, now_ms(g));
}

/* What it may take in need is more or less than before: empty blocks may be in nobody's use now. */
static void note_grant(struct hb_guest *g, const struct hb_snapshot *now)
{
	g->fresh |= now->may_take != g->may_take;
	g->moved |= now->may_take != g->may_take;
	g->may_take = now->may_take;
}

/* Steps until the plan has no more; returns the one that ended it. */
static struct hb_move follow(struct hb_guest *g, struct hb_snapshot *now)
{
	struct hb_outcome outcome;
	struct hb_move step;

	if (g->pass.exhausted)
		hb_guest_forget_busy(g);
	hb_pass_begin(&g->pass);
	g->pass.block_later = now_ms(g) < g->block_due;
	g->verified = false;
	for (;;) {
		/* The guest may be another one afterwards: nothing is planned before. */
		bool stop = g->ops->breathe(g);

		take_news(g);
		awake(g);
		if (account(g))
			begin_anew(g);
		hb_guest_look(g, now);
		g->fresh |= now->target != g->tidied;
		note_grant(g, now);
		step = plan(g, now);
		report(g, &step, now);
		if (stop || step.kind == HB_STEP_NONE)
			return step;
		outcome = carry_out(g, &step);
		note(g, &step, &outcome, changed(g, now));
	}
}

/* One batch, if it is due.  Return: milliseconds until the next. */
static u64 tidy(struct hb_guest *g)
{
	struct hb_tidy *state = &g->tidy;
	struct hb_snapshot now;
	struct hb_move step;
	u64 due = hb_tidy_due(state, now_ms(g));

	if (due || !g->tidy_rate)
		return due ? due : HB_REST_FOREVER;
	hb_tidy_begin_batch(state);
	for (;;) {
		bool stop = g->ops->breathe(g) || g->ops->has_news(g);
		struct hb_outcome outcome;

		if (!g->ops->has_news(g))
			awake(g);
		hb_guest_look(g, &now);
		step = hb_tidy_plan(state, &now, now_ms(g));
		if (step.kind == HB_STEP_NONE || stop)
			break;
		outcome = carry_out(g, &step);
		hb_tidy_note(state, &step, &outcome, now_ms(g));
	}
	/* All that is left was tried, and is tried again with the next batch. */
	if (step.kind == HB_STEP_NONE && state->steps < HB_TIDY_BATCH)
		hb_guest_forget_busy(g);
	hb_tidy_end_batch(state, &now, now_ms(g), g->tidy_rate);
	/* What an exchange could not take back is for the next pass to get. */
	return now.populated == now.target ? hb_tidy_due(state, now_ms(g)) : 0;
}

/* In need it takes memory beside all steps: that has moved, too. */
static void take_stock(struct hb_guest *g, const struct hb_snapshot *now)
{
	if (g->moved || !g->tidied || now->populated == g->tidied)
		return;
	g->moved = true;
	g->grown = now->populated > g->tidied;
}

/* Milliseconds until a block for what it may take in need is tried again. */
static u64 until_block(struct hb_guest *g, const struct hb_snapshot *now)
{
	u64 at = now_ms(g);

	if (!hb_grant_lacking(now)) {
		hb_backoff_reset(&g->backoff);
		g->block_due = 0;
		return HB_REST_FOREVER;
	}
	if (at >= g->block_due)
		g->block_due = at + hb_backoff_next(&g->backoff, HB_CAUSE_NONE, g->pass.progress,
						    g->ops->random(g));
	return g->block_due - at;
}

/* At the target, or as near as it gets for now. */
static u64 rest(struct hb_guest *g, const struct hb_move *last,
		const struct hb_snapshot *now)
{
	u64 ms, block;

	if (last->only_event)
		return HB_REST_FOREVER;
	if (last->cause) {
		g->block_due = 0;
		ms = hb_backoff_next(&g->backoff, last->cause, g->pass.progress,
				     g->ops->random(g));
		return ms == HB_BACKOFF_NEVER ? HB_REST_FOREVER : ms;
	}
	g->ops->refill_reserve(g, now->floor.take_boot);
	take_stock(g, now);
	/*
	 * Not again for a target that it had been at: an exchange would have no end.  Nor
	 * without any: what Xen then does not give back nobody would ask for.
	 */
	if (g->moved && g->fresh && g->target.valid)
		hb_tidy_begin(&g->tidy, now_ms(g), g->grown);
	g->tidied = now->target;
	g->fresh = false;
	g->moved = false;
	g->grown = false;
	ms = tidy(g);
	block = until_block(g, now);
	return ms < block ? ms : block;
}

u64 hb_pass_run(struct hb_guest *g)
{
	struct hb_snapshot now;
	struct hb_move last;
	u64 ms;

	hb_guest_forget_vanished(g);
	last = follow(g, &now);
	ms = rest(g, &last, &now);
	if (now.may_vanish && ms > HB_VANISH_MS)
		ms = HB_VANISH_MS;
	g->ops->rested(g, &last, &now, ms);
	return ms;
}
