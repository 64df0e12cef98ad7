// SPDX-License-Identifier: GPL-2.0-only
#include "tidy.h"

void hb_tidy_begin(struct hb_tidy *tidy, u64 now_ms, bool mend)
{
	tidy->active = true;
	tidy->mend |= mend;
	tidy->since = now_ms;
	tidy->next = now_ms + HB_TIDY_DELAY_MS;
	tidy->ends = now_ms + HB_TIDY_PATIENCE_MS;
}

u64 hb_tidy_due(const struct hb_tidy *tidy, u64 now_ms)
{
	if (!tidy->active)
		return HB_TIDY_NEVER;
	return tidy->next > now_ms ? tidy->next - now_ms : 0;
}

void hb_tidy_begin_batch(struct hb_tidy *tidy)
{
	tidy->spent = 0;
	tidy->steps = 0;
	tidy->moved = 0;
}

static bool spent(const struct hb_tidy *tidy, enum hb_move_kind kind)
{
	return tidy->spent & (1U << kind);
}

/*
 * Hot-added memory that is used although boot memory has room for it: as much of it as is
 * exchanged at a time.  A unit, even for single pages here and there, which make more units
 * whole; or the rest of one, so that a block does not stay for less than that.
 */
static u64 displaced_pages(const struct hb_snapshot *now)
{
	u64 rest = now->added_plugged % HB_UNIT_PAGES;
	u64 pages = HB_UNIT_PAGES;

	if (now->boot_held < HB_UNIT_PAGES)
		pages = rest <= now->boot_held ? rest : 0;
	if (!now->added_plugged || now->floor.take_added < pages)
		return 0;
	return pages;
}

/*
 * An exchange begins with taking: Xen's limit leaves no room for the other order.
 * One unit at a time, so that a host that runs out of memory meanwhile costs no more.
 */
static struct hb_move exchange(const struct hb_snapshot *now)
{
	struct hb_move take = hb_plan_take_added(now, displaced_pages(now));

	take.kind = take.pages ? HB_STEP_EXCHANGE : HB_STEP_NONE;
	take.whole = now->added_plugged;
	return take;
}

static bool may_mend(const struct hb_tidy *tidy, const struct hb_snapshot *now)
{
	return tidy->mend && now->mendable_units && !now->unsettled &&
	       now->floor.take_boot >= HB_UNIT_PAGES;
}

struct hb_move hb_tidy_plan(const struct hb_tidy *tidy,
			    const struct hb_snapshot *now, u64 now_ms)
{
	struct hb_move none = { .kind = HB_STEP_NONE }, step;

	if (now->still || now->populated != now->target ||
	    tidy->steps >= HB_TIDY_BATCH)
		return none;
	if (now->retirable && !now->hotplug_busy &&
	    now_ms >= tidy->since + HB_TIDY_RETIRE_MS &&
	    !spent(tidy, HB_STEP_RETIRE_BLOCK))
		return (struct hb_move){ .kind = HB_STEP_RETIRE_BLOCK };
	step = exchange(now);
	if (step.kind && !spent(tidy, HB_STEP_EXCHANGE))
		return step;
	if (may_mend(tidy, now) && !spent(tidy, HB_STEP_MEND_UNIT))
		return (struct hb_move){ .kind = HB_STEP_MEND_UNIT,
					 .pages = HB_UNIT_PAGES };
	return none;
}

void hb_tidy_note(struct hb_tidy *tidy, const struct hb_move *step,
		  const struct hb_outcome *outcome, u64 now_ms)
{
	tidy->steps++;
	if (outcome->pages)
		tidy->ends = now_ms + HB_TIDY_PATIENCE_MS;
	if (step->kind != HB_STEP_RETIRE_BLOCK)
		tidy->moved += outcome->pages;
	/* It may have come back in single pages. */
	if (step->kind == HB_STEP_EXCHANGE && outcome->pages)
		tidy->mend = true;
	if (outcome->cause)
		tidy->spent |= 1U << step->kind;
}

static bool is_done(const struct hb_tidy *tidy, const struct hb_snapshot *now)
{
	return !now->retirable && !exchange(now).kind &&
	       !(tidy->mend && now->mendable_units);
}

static u64 pause_ms(const struct hb_tidy *tidy, unsigned int rate)
{
	u64 ms;

	if (tidy->spent || !tidy->steps)
		return HB_TIDY_RETRY_MS;
	ms = tidy->moved * 1000 / ((u64)rate * HB_MIB_PAGES);
	return ms > HB_TIDY_PAUSE_MS ? ms : HB_TIDY_PAUSE_MS;
}

void hb_tidy_end_batch(struct hb_tidy *tidy, const struct hb_snapshot *now,
		       u64 now_ms, unsigned int rate)
{
	if (!now->mendable_units)
		tidy->mend = false;
	if (!rate || is_done(tidy, now) || now_ms >= tidy->ends) {
		tidy->active = false;
		return;
	}
	tidy->next = now_ms + pause_ms(tidy, rate);
}
