/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statistics: what the guest says of its memory, and when.
 *
 * Somebody looks often and cheaply; what was seen is told only if it differs enough from what
 * was told last, and not more often than the reader wants.  Each reader (the line of ours, the
 * keys of others) has an audience of its own here, so that none misses what another was told.
 */
#ifndef HB_CORE_STATS_H
#define HB_CORE_STATS_H

#include <core/port.h>
#include <hotballoon/keys.h>

#include "told.h"

struct hb_stats {
	u64 value[HB_STAT_COUNT];	/* KiB, or a count: HB_STAT_IS_KIB */
	u32 known;			/* bits of enum hb_stat: kernels differ */
};

#define HB_STATS_BIT(stat) (1U << (stat))

/* One who is told, and what he was told last. */
struct hb_audience {
	u32 words;		/* bits of enum hb_stat that he reads */
	u64 interval_ms;	/* at least so long between two */
	u64 step_kib;		/* a size moved if it moved by as much; */
	bool percent;		/* or by 1 % of the guest's memory, if that is less */
	struct hb_told told;
	u64 tried_ms;		/* when he was told something, or could not be, the last time */
	struct hb_stats last;	/* what he was told */
};

/* A size has moved by 4 MiB, or 1 % of the guest; see hb_audience_wait(). */
#define HB_STATS_STEP_KIB (4 * 1024)

/* At most once a second, and all words. */
#define HB_STATS_INTERVAL_MS 1000
#define HB_STATS_ALL (HB_STATS_BIT(HB_STAT_COUNT) - 1)

static inline void hb_stats_put(struct hb_stats *stats, enum hb_stat stat, u64 value)
{
	stats->value[stat] = value;
	stats->known |= HB_STATS_BIT(stat);
}

static inline bool hb_stats_has(const struct hb_stats *stats, enum hb_stat stat)
{
	return stats->known & HB_STATS_BIT(stat);
}

/*
 * Add what follows from the rest: total less available, and the swap in use.  Nothing follows
 * without the former two.
 */
void hb_stats_derive(struct hb_stats *stats);

/* Nothing to tell him. */
#define HB_AUDIENCE_HAS_ALL U64_MAX

/**
 * hb_audience_wait() - when is it time to tell this one?
 * @epoch: told.h
 * @now_ms: a clock that never goes back
 *
 * At once if nobody tried to in this epoch.  If he knows nothing, or one of his words moved, when
 * his interval is over, or the wait after a try that failed.  A size has moved by @step_kib (or
 * 1 % of the guest's memory), a count by one and by 1 %, or it came or went.
 *
 * Return: milliseconds, or HB_AUDIENCE_HAS_ALL.
 */
u64 hb_audience_wait(const struct hb_audience *audience, const struct hb_stats *now, int epoch,
		     u64 now_ms);

/* He has been told @now, or could not be: who reads several keys may have a part of it. */
void hb_audience_told(struct hb_audience *audience, const struct hb_stats *now, int epoch,
		      u64 now_ms);
void hb_audience_failed(struct hb_audience *audience, int epoch, u64 now_ms);

/* The longest line has as many bytes, with its NUL: 2^64 - 1 has 20 digits. */
#define HB_STATS_LINE (HB_STAT_COUNT * (16 + 1 + 20 + 1) + 1)

/**
 * hb_stats_format() - the line of data/hotballoon/stats
 *
 * word=decimal of all that is known, in the order of the enum, one blank in between.
 *
 * Return: its length.
 */
size_t hb_stats_format(const struct hb_stats *stats, char line[HB_STATS_LINE]);

#endif /* HB_CORE_STATS_H */
