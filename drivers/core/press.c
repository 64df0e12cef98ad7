// SPDX-License-Identifier: GPL-2.0-only
#include "next.h"
#include "press.h"
#include "snapshot.h"

#define MINUTE_MS 60000

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

enum hb_press_policy hb_press_policy(unsigned int guest, unsigned int host)
{
	if (guest == HB_PRESS_NEVER)
		return HB_PRESS_NEVER;
	if (host < HB_PRESS_POLICIES)
		return host;
	return guest < HB_PRESS_POLICIES ? guest : HB_PRESS_IDLE;
}

unsigned int hb_press_policy_of(const char *word)
{
	static const char *const words[] = HB_PRESS_POLICY_WORDS;
	unsigned int i;

	for (i = 0; i < HB_PRESS_POLICIES; i++)
		if (!strcmp(word, words[i]))
			break;
	return i;
}

static void rest(struct hb_press *press, u64 now_ms)
{
	unsigned int doublings = least(press->rests, HB_PRESS_DOUBLINGS);

	press->rests++;
	press->on = false;
	press->vain = 0;
	press->portions = 0;
	press->window_ms = 0;
	press->next_ms = now_ms + ((u64)HB_PRESS_REST_MS << doublings);
	/* What is not needed again by then is not needed. */
	press->held_ms = now_ms + HB_PRESS_HOLD_MS;
}

/* Refaults a minute that hurt, when there are no others. */
static u64 limit(const struct hb_press_look *look)
{
	return look->managed / HB_PRESS_HURTS;
}

static u64 a_minute(u64 refaults, u64 ms)
{
	return refaults * MINUTE_MS / (ms > 1000 ? ms : 1000);
}

/* While it rests; what was pressed out comes back at first. */
static void watch_calm(struct hb_press *press, const struct hb_press_look *look, u64 now_ms)
{
	bool other = press->calm_ms && look->refaults >= press->calm_refaults;

	if (press->on || other || now_ms < press->held_ms)
		return;
	press->calm_ms = now_ms;
	press->calm_refaults = look->refaults;
}

/* It begins: what there is of refaults now has other reasons. */
static void begin(struct hb_press *press, const struct hb_press_look *look, u64 now_ms)
{
	u64 ms = now_ms - press->calm_ms;

	press->on = true;
	press->usual = 0;
	if (press->calm_ms && ms >= HB_PRESS_CALM_MS)
		press->usual = least(a_minute(look->refaults - press->calm_refaults, ms),
				     HB_PRESS_USUAL * limit(look));
	press->calm_ms = 0;
}

/* Refaults since the window was opened; a new one is opened when it is over. */
static bool hurts(struct hb_press *press, const struct hb_press_look *look, u64 now_ms)
{
	u64 since = look->refaults - press->refaults;
	u64 ms = now_ms - press->window_ms;
	bool fresh = !press->window_ms || !press->on || look->refaults < press->refaults;

	if (!fresh && since > HB_PRESS_SOME &&
	    a_minute(since, ms) > limit(look) + press->usual)
		return true;
	if (!fresh && ms < HB_PRESS_WINDOW_MS)
		return false;
	press->window_ms = now_ms;
	press->refaults = look->refaults;
	return false;
}

static u64 portion(const struct hb_press *press, const struct hb_press_look *look)
{
	u64 pages = look->managed / HB_PRESS_FIRST << least(press->portions, 8);

	pages = least(pages, look->managed / HB_PRESS_LAST);
	pages = least(pages, HB_PRESS_MOST);
	return pages > HB_UNIT_PAGES ? pages : HB_UNIT_PAGES;
}

/* It has lain for long enough: it may be taken.  True if there was something. */
static bool let_go(struct hb_press *press, u64 now_ms)
{
	if (!press->held || now_ms < press->held_ms)
		return false;
	press->held = 0;
	if (press->on) {
		press->portions++;
		press->rests = 0;
	}
	return true;
}

void hb_press_hold(const struct hb_press *press, struct hb_floor *floor)
{
	floor->take_added -= least(press->held, floor->take_added);
	floor->take_added_kernel -= least(press->held, floor->take_added_kernel);
	floor->take_boot -= least(press->held, floor->take_boot);
}

static u64 above(u64 pages, u64 less)
{
	return pages > less ? pages - less : 0;
}

u64 hb_press_lacking(const struct hb_snapshot *now)
{
	return above(now->populated, now->target + now->spared);
}

/* What would help of what is to go: nothing if promises stand in the way. */
static u64 wanted(const struct hb_snapshot *now)
{
	u64 pages = least(hb_press_lacking(now), now->floor.commit_room);

	return pages ? pages + HB_UNIT_PAGES : 0;
}

static u64 swap_room(const struct hb_press_look *look, enum hb_press_policy policy)
{
	if (policy == HB_PRESS_NEVER || look->swap_free < HB_PRESS_SWAP_LEFT)
		return 0;
	return look->swap_free - HB_PRESS_SWAP_LEFT;
}

/* The kernel swaps as it sees fit: where that is forbidden, caches have to stay, too. */
static bool may_drop(const struct hb_press *press, const struct hb_press_look *look,
		     const struct hb_press_rules *rules, u64 now_ms)
{
	return rules->caches && press->stuck_ms &&
	       now_ms >= press->stuck_ms + HB_PRESS_STUCK_MS &&
	       (rules->policy != HB_PRESS_NEVER || !look->swap_free);
}

u64 hb_press_missing(u64 asked, s64 freed, u64 swapped, u64 writing)
{
	u64 going = least(swapped, writing);

	return above(asked, freed > 0 ? freed + going : going);
}

bool hb_press_gave_up(int before, int failures)
{
	return failures > before || failures >= HB_PRESS_HOPELESS;
}

bool hb_press_again(unsigned int rounds, u64 writing)
{
	return writing && rounds < HB_PRESS_ROUNDS;
}

void hb_press_end(struct hb_press *press)
{
	press->on = false;
	press->swaps = false;
	press->stuck_ms = 0;
	press->calm_ms = 0;
	press->portions = 0;
	press->held = 0;
}

/* How much of what is lacking at once: none once there is a portion of it, or all. */
static u64 amount(const struct hb_press *press, const struct hb_press_look *look, u64 lacking)
{
	return least(above(least(lacking, portion(press, look)), press->held), HB_PRESS_PAGES);
}

struct hb_move hb_press_plan(struct hb_press *press, const struct hb_snapshot *now,
			     const struct hb_press_look *look,
			     const struct hb_press_rules *rules, enum hb_cause cause,
			     u64 now_ms)
{
	struct hb_move nothing = { .cause = cause };
	struct hb_move step = { .kind = HB_STEP_PRESS, .cause = cause };
	u64 swap = cause == HB_CAUSE_GUEST_FLOOR ? swap_room(look, rules->policy) : 0;
	bool gone = let_go(press, now_ms);
	u64 lacking = wanted(now);

	if (!press->stuck_ms)
		press->stuck_ms = now_ms;
	press->swaps = lacking && swap >= HB_UNIT_PAGES;
	if (!lacking || !(press->swaps || may_drop(press, look, rules, now_ms))) {
		press->on = false;
		return nothing;
	}
	watch_calm(press, look, now_ms);
	press->careful = !press->swaps || rules->policy != HB_PRESS_ALWAYS;
	if (!press->careful)
		press->held = 0;
	if (press->on && press->swaps)
		nothing.cause = HB_CAUSE_SWAPPING;
	if (gone || now_ms < press->next_ms)
		return nothing;
	if (press->careful && hurts(press, look, now_ms)) {
		rest(press, now_ms);
		nothing.cause = cause;
		return nothing;
	}
	if (!press->on)
		begin(press, look, now_ms);
	if (press->swaps)
		step.cause = HB_CAUSE_SWAPPING;
	nothing.cause = step.cause;
	step.pages = press->careful ? amount(press, look, lacking) : least(lacking, HB_PRESS_PAGES);
	if (press->swaps)
		step.pages = least(step.pages, swap);
	return step.pages ? step : nothing;
}

void hb_press_note(struct hb_press *press, u64 asked, s64 gained, u64 now_ms)
{
	if (press->careful && gained > 0) {
		press->held += gained;
		press->held_ms = now_ms + HB_PRESS_HOLD_MS;
	}
	press->vain = gained >= (s64)(asked / 4) ? 0 : press->vain + 1;
	if (press->vain < HB_PRESS_VAIN) {
		press->next_ms = now_ms + HB_PRESS_MS;
		return;
	}
	rest(press, now_ms);
}
