// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
#include <hotballoon/keys.h>

#include "estimate.h"
#include "reserve.h"

#define KIB_MIB		1024ULL
#define PAGE_KIB	4ULL
/* 4 PiB: no guest is larger, what is above is a lie, and would overflow. */
#define LARGEST_KIB	(4096 * 1024 * KIB_MIB * KIB_MIB)
#define LARGEST_PAGES	(LARGEST_KIB / PAGE_KIB)

/* Beside what is used, for what a guest does next, and for the cache it cannot do without. */
#define MARGIN_PERCENT	20
/* Of a guest that does not say when that was too little: as Qubes OS' qmemman. */
#define BLIND_PERCENT	30
#define MARGIN_MIN_KIB	(64 * KIB_MIB)
#define MARGIN_MAX_KIB	(1024 * KIB_MIB)

/*
 * Of the size, what may come back a minute: two in a thousand are no loss (what Google
 * accepts for memory that is swapped out over the network), ten times that is.
 */
#define QUIET_PART	500
#define LOUD_PART	50

#define WINDOW_MS	1000ULL
/* Ten seconds' worth of what comes back, at least more than a manager's dead band. */
#define RISE_MS		10000ULL
#define RISE_MAX_PART	4
#define RISE_MIN_PART	32
#define RISE_MIN_KIB	(16 * KIB_MIB)

#define QUIET_MS	60000ULL
#define STEP_MS		6000ULL
#define STEP_PART	100
/* A rise so soon after it sank was our doing. */
#define BLAME_MS	120000ULL
#define PATIENCE_MAX	4
#define FORGIVE_MS	1800000ULL

static const struct {
	const char *word, *text;
} needs[HB_NEED_COUNT] = {
#define HB_NEED(NAME, word, text) \
	[HB_NEED_##NAME] = { word, text },
#include "needs.def"
#undef HB_NEED
};

const char *hb_need_word(enum hb_need need)
{
	return needs[need].word;
}

const char *hb_need_text(enum hb_need need)
{
	return needs[need].text;
}

/* What must be there for that to be known. */
static const struct {
	u32 known, words;
} groups[] = {
	{ HB_KNOWS_TOTAL, 1U << HB_STAT_TOTAL },
	{ HB_KNOWS_FREE, 1U << HB_STAT_FREE },
	{ HB_KNOWS_AVAILABLE, 1U << HB_STAT_AVAILABLE },
	{ HB_KNOWS_SWAP, 1U << HB_STAT_SWAP_TOTAL | 1U << HB_STAT_SWAP_FREE },
	{ HB_KNOWS_SWAPPING, 1U << HB_STAT_SWAP_IN | 1U << HB_STAT_SWAP_OUT },
	{ HB_KNOWS_REFAULTS, 1U << HB_STAT_REFAULTS_ANON | 1U << HB_STAT_REFAULTS_FILE },
	{ HB_KNOWS_STALLS, 1U << HB_STAT_ALLOC_STALLS },
	{ HB_KNOWS_OOM_KILLS, 1U << HB_STAT_OOM_KILLS },
};

struct hb_usage hb_usage_from_stats(const u64 *value, u32 known)
{
	struct hb_usage usage = {
		.total = value[HB_STAT_TOTAL],
		.free = value[HB_STAT_FREE],
		.available = value[HB_STAT_AVAILABLE],
		.swap_total = value[HB_STAT_SWAP_TOTAL],
		.swap_free = value[HB_STAT_SWAP_FREE],
		.swap_in = value[HB_STAT_SWAP_IN] / PAGE_KIB,
		.swap_out = value[HB_STAT_SWAP_OUT] / PAGE_KIB,
		.refaults_anon = value[HB_STAT_REFAULTS_ANON] / PAGE_KIB,
		.refaults_file = value[HB_STAT_REFAULTS_FILE] / PAGE_KIB,
		.alloc_stalls = value[HB_STAT_ALLOC_STALLS],
		.oom_kills = value[HB_STAT_OOM_KILLS],
	};
	unsigned int i;

	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		if ((known & groups[i].words) == groups[i].words)
			usage.known |= groups[i].known;
	}
	return usage;
}

static u64 smaller(u64 a, u64 b)
{
	return a < b ? a : b;
}

static u64 larger(u64 a, u64 b)
{
	return a > b ? a : b;
}

static u64 less(u64 from, u64 what)
{
	return from > what ? from - what : 0;
}

static bool knows(const struct hb_usage *usage, u32 what)
{
	return (usage->known & what) == what;
}

/* Numbers that no guest can have would overflow; counters may be any. */
static struct hb_usage clamp_usage(const struct hb_usage *said)
{
	struct hb_usage usage = *said;

	usage.total = smaller(usage.total, LARGEST_KIB);
	usage.free = smaller(usage.free, LARGEST_KIB);
	usage.available = smaller(usage.available, LARGEST_KIB);
	usage.used = smaller(usage.used, LARGEST_KIB);
	usage.swap_total = smaller(usage.swap_total, LARGEST_KIB);
	usage.swap_free = smaller(usage.swap_free, usage.swap_total);
	return usage;
}

/* Does it say how much it uses, in one of the two ways? */
static bool says_use(const struct hb_usage *usage)
{
	return knows(usage, HB_KNOWS_USED) ||
	       knows(usage, HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE);
}

/* Is it of a time when the guest was larger?  An agent may speak once a minute. */
static bool is_outdated(const struct hb_usage *usage, u64 size_kib)
{
	return usage->known == (HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE) && usage->total > size_kib;
}

/* In use and not to be dropped, counted as the domain's size is. */
static u64 used_kib(const struct hb_estimate *e, const struct hb_usage *usage)
{
	u64 used;

	if (!knows(usage, HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE))
		return usage->used;
	used = e->overhead_kib + less(usage->total, usage->available);
	if (knows(usage, HB_KNOWS_SWAP))
		used += usage->swap_total - usage->swap_free;
	return used;
}

/* The reserve of a guest that has just what it uses and the reserve. */
static u64 reserve_beside(u64 used)
{
	return hb_reserve_of((used + 16 * KIB_MIB) * 16 / 15, KIB_MIB);
}

static u64 margin_beside(u64 used, bool blind)
{
	u64 margin = used / 100 * (blind ? BLIND_PERCENT : MARGIN_PERCENT);

	return smaller(larger(margin, MARGIN_MIN_KIB), MARGIN_MAX_KIB);
}

/*
 * What the kernel took for itself at boot.  While a guest moves, its size and its total
 * are of different moments: of one that shrinks the size is the newer, and what is seen is
 * the least that it can be.
 */
static void learn_overhead(struct hb_estimate *e, const struct hb_usage *usage,
			   u64 size_kib)
{
	u64 seen = less(size_kib, usage->total);

	if (!knows(usage, HB_KNOWS_TOTAL))
		return;
	if (!e->known || size_kib == e->size_kib ||
	    (size_kib < e->size_kib && seen > e->overhead_kib))
		e->overhead_kib = seen;
}

static void learn_use(struct hb_estimate *e, const struct hb_usage *usage)
{
	bool blind = !knows(usage, HB_KNOWS_REFAULTS);
	u64 used = smaller(used_kib(e, usage), LARGEST_KIB);

	e->must_kib = used + reserve_beside(used);
	e->base_kib = larger(e->must_kib, used + margin_beside(used, blind));
	e->unused_kib = knows(usage, HB_KNOWS_FREE | HB_KNOWS_TOTAL) ?
		less(usage->free, hb_reserve_of(usage->total, KIB_MIB)) : 0;
}

/* A counter that went back is another boot's. */
static u64 since(u64 before, u64 now)
{
	return smaller(less(now, before), LARGEST_PAGES);
}

/* Is what happens to it our doing? */
static bool sank_lately(const struct hb_estimate *e, u64 now_ms)
{
	return e->sank_ms && now_ms - e->sank_ms < BLAME_MS;
}

static void rise(struct hb_estimate *e, u64 want_kib, enum hb_need why, u64 now_ms)
{
	if (sank_lately(e, now_ms) && e->patience < PATIENCE_MAX)
		e->patience++;
	e->sank_ms = 0;
	e->rose_ms = now_ms;
	e->quiet_ms = now_ms;
	e->want_kib = larger(e->want_kib, want_kib);
	e->why = why;
}

static u64 rise_by(u64 came_back_kib, u64 size_kib, u64 ms)
{
	u64 least = larger(RISE_MIN_KIB, size_kib / RISE_MIN_PART);
	u64 most = larger(least, size_kib / RISE_MAX_PART);
	u64 by = came_back_kib * RISE_MS / ms;

	return smaller(larger(by, least), most);
}

/* What came back in the last second or more? */
static void judge_window(struct hb_estimate *e, const struct hb_usage *usage,
			 u64 size_kib, u64 now_ms)
{
	u64 refaults = usage->refaults_anon + usage->refaults_file;
	u64 swapped = usage->swap_in + usage->swap_out;
	u64 ms = now_ms - e->window_ms, kib = 0, swap = 0, minute, by;

	if (e->known && ms < WINDOW_MS)
		return;
	if (e->known && knows(usage, HB_KNOWS_REFAULTS) && knows(&e->last, HB_KNOWS_REFAULTS))
		kib = since(e->window_refaults, refaults) * PAGE_KIB;
	if (e->known && knows(usage, HB_KNOWS_SWAPPING) && knows(&e->last, HB_KNOWS_SWAPPING))
		swap = since(e->window_swapped, swapped) * PAGE_KIB;
	e->window_ms = now_ms;
	e->window_refaults = refaults;
	e->window_swapped = swapped;
	if (!e->known)
		return;
	minute = (kib + swap) * 60000 / ms;
	by = rise_by(kib + swap, size_kib, ms);
	/*
	 * A step that hurts at all is taken back: nobody asked for it.  With as much free it is
	 * not the guest that is too small, but a cgroup's limit.
	 */
	if (by > e->unused_kib &&
	    minute > size_kib / (sank_lately(e, now_ms) ? QUIET_PART : LOUD_PART))
		rise(e, size_kib + by, swap > kib ? HB_NEED_SWAPS : HB_NEED_REFAULTS, now_ms);
	else if (minute > size_kib / QUIET_PART)
		e->quiet_ms = now_ms;
}

/* Is it at its end: now, and not only slower than it could be? */
static void judge_distress(struct hb_estimate *e, const struct hb_usage *usage,
			   u64 size_kib, u64 now_ms)
{
	u64 reserve = hb_reserve_of(usage->total, KIB_MIB);
	bool stalled = e->known && knows(usage, HB_KNOWS_STALLS) &&
		       knows(&e->last, HB_KNOWS_STALLS) &&
		       since(e->last.alloc_stalls, usage->alloc_stalls);
	/* For a limit of a cgroup no allocation of others waits: more memory does not help. */
	bool killed = e->known && knows(usage, HB_KNOWS_OOM_KILLS) &&
		      knows(&e->last, HB_KNOWS_OOM_KILLS) &&
		      (stalled || !knows(usage, HB_KNOWS_STALLS)) &&
		      since(e->last.oom_kills, usage->oom_kills);

	e->distress = killed;
	e->lacks_kib = 0;
	if (knows(usage, HB_KNOWS_TOTAL | HB_KNOWS_AVAILABLE)) {
		e->lacks_kib = less(reserve, usage->available);
		e->distress |= usage->available < reserve / 2 ||
			       (stalled && e->lacks_kib);
	}
	if (killed)
		rise(e, size_kib + size_kib / RISE_MAX_PART, HB_NEED_OOM, now_ms);
}

void hb_estimate_start(struct hb_estimate *e, u64 size_kib)
{
	*e = (struct hb_estimate){
		.must_kib = size_kib,
		.want_kib = size_kib,
		.base_kib = size_kib,
		.why = HB_NEED_NO_REPORT,
	};
}

void hb_estimate_report(struct hb_estimate *e, const struct hb_usage *said,
			u64 size_kib, u64 now_ms)
{
	const struct hb_usage usage = clamp_usage(said);

	size_kib = smaller(size_kib, LARGEST_KIB);
	/* Later ones are judged by what was learned from the first. */
	if (!says_use(&usage) || (!e->known && is_outdated(&usage, size_kib)))
		return;
	if (!e->known) {
		e->why = HB_NEED_STEADY;
		e->quiet_ms = now_ms;
		e->step_ms = now_ms;
	}
	learn_overhead(e, &usage, size_kib);
	learn_use(e, &usage);
	judge_window(e, &usage, size_kib, now_ms);
	judge_distress(e, &usage, size_kib, now_ms);
	if (e->base_kib > e->want_kib) {
		e->want_kib = e->base_kib;
		e->why = HB_NEED_USES;
	}
	e->size_kib = size_kib;
	e->last = usage;
	e->known = true;
}

/*
 * What was never used is given without a try; not while what was just given fills.
 */
static u64 without_unused(const struct hb_estimate *e, u64 now_ms)
{
	if (!e->unused_kib || (e->rose_ms && now_ms - e->rose_ms < QUIET_MS))
		return e->want_kib;
	return less(e->size_kib, e->unused_kib);
}

static void sink(struct hb_estimate *e, u64 want_kib, u64 now_ms)
{
	want_kib = larger(want_kib, e->base_kib);
	if (want_kib >= e->want_kib)
		return;
	e->want_kib = want_kib;
	e->why = HB_NEED_IDLE;
	e->sank_ms = now_ms;
}

void hb_estimate_pass(struct hb_estimate *e, u64 size_kib, bool host_short,
		      u64 now_ms)
{
	size_kib = smaller(size_kib, LARGEST_KIB);
	if (!e->known) {
		hb_estimate_start(e, size_kib);
		return;
	}
	if (e->rose_ms && now_ms - e->rose_ms >= FORGIVE_MS)
		e->patience = 0;
	if (!host_short) {
		/* Nobody else needs it. */
		e->step_ms = now_ms;
		if (size_kib >= e->want_kib) {
			e->want_kib = size_kib;
			e->why = HB_NEED_STEADY;
		}
		return;
	}
	sink(e, without_unused(e, now_ms), now_ms);
	if (now_ms - e->quiet_ms < QUIET_MS << e->patience || now_ms - e->step_ms < STEP_MS)
		return;
	e->step_ms = now_ms;
	sink(e, e->want_kib - e->want_kib / STEP_PART, now_ms);
}
