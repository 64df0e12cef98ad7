/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * How much memory does a guest need?  Its own numbers in, two sizes and a reason out.
 *
 *   must   what it uses and cannot drop, and a reserve: less makes it swap, or die
 *   want   what it works well with, its cache included
 *
 * "must" is looked up: memory that is not available, and swap in use.  How much of its
 * cache a guest needs cannot be looked up, it can only be tried.  So "want" begins at the
 * size that the guest has, rises at once when pages come back that were dropped before
 * (refaults) or swapped out and there is no room for them, and sinks slowly towards what is
 * used and a margin, while nothing comes back.  It sinks only while the host is short: a
 * guest whose memory nobody else needs is not tried.  A rise soon after it sank was our
 * doing: the next try waits twice as long each time.  Memory that was never used needs no
 * try.
 *
 * The guest may lie.  What it says is clamped, and moves only its own numbers.
 *
 * Used by the toolstack for all guests, and fit for the kernel: no C library, no
 * allocation, time comes from the caller.
 */
#ifndef HB_CORE_ESTIMATE_H
#define HB_CORE_ESTIMATE_H

#include <core/types.h>

/* What of struct hb_usage is known. */
#define HB_KNOWS_TOTAL		0x001U
#define HB_KNOWS_FREE		0x002U
#define HB_KNOWS_AVAILABLE	0x004U
#define HB_KNOWS_USED		0x008U
#define HB_KNOWS_SWAP		0x010U	/* swap_total and swap_free */
#define HB_KNOWS_SWAPPING	0x020U	/* swap_in and swap_out */
#define HB_KNOWS_REFAULTS	0x040U	/* refaults_anon and refaults_file */
#define HB_KNOWS_STALLS		0x080U
#define HB_KNOWS_OOM_KILLS	0x100U

/*
 * What a guest has said.  Our driver knows all but "used", which is Qubes OS'
 * memory/meminfo and includes the swap in use; xapi's agents know total and available
 * (data/meminfo_total, data/meminfo_free).
 */
struct hb_usage {
	u32 known;
	/* KiB */
	u64 total, free, available, used, swap_total, swap_free;
	/* since the guest was booted; pages of 4 KiB */
	u64 swap_in, swap_out, refaults_anon, refaults_file;
	/* since the guest was booted */
	u64 alloc_stalls, oom_kills;
};

/**
 * hb_usage_from_stats() - what the words of data/hotballoon/stats say
 * @value: one a word, HB_STAT_COUNT, in the order of enum hb_stat
 * @known: a bit a word that is there; the values of others are not looked at
 */
struct hb_usage hb_usage_from_stats(const u64 *value, u32 known);

/* Why "want" is what it is. */
enum hb_need {
#define HB_NEED(NAME, word, text) HB_NEED_##NAME,
#include "needs.def"
#undef HB_NEED
	HB_NEED_COUNT,
};

struct hb_estimate {
	/* The outcome.  Sizes are the domain's, as the host counts them, in KiB. */
	bool known;		/* it has reported something that makes sense */
	u64 must_kib, want_kib;
	enum hb_need why;
	bool distress;		/* it cannot go on without more, now */
	u64 lacks_kib;		/* of its reserve */

	/* The rest is the estimate's own. */
	u64 size_kib;		/* at the last report */
	u64 overhead_kib;	/* of the size, what the guest's allocator never sees */
	u64 base_kib;		/* what "want" may sink to */
	u64 unused_kib;		/* free beyond the reserve, at the last report */
	struct hb_usage last;
	/* Refaults and swapping are judged over a second at least. */
	u64 window_ms, window_refaults, window_swapped;
	u64 quiet_ms;		/* nothing has come back since */
	u64 rose_ms, sank_ms;	/* 0: never */
	u64 step_ms;		/* it last sank by a step */
	unsigned int patience;	/* the power of two by which it waits longer */
};

/**
 * hb_estimate_start() - of a guest that has said nothing: it needs what it has
 */
void hb_estimate_start(struct hb_estimate *e, u64 size_kib);

/**
 * hb_estimate_report() - take in what a guest says
 * @size_kib: what it had then
 * @now_ms: any monotonic clock, not 0
 */
void hb_estimate_report(struct hb_estimate *e, const struct hb_usage *usage,
			u64 size_kib, u64 now_ms);

/**
 * hb_estimate_pass() - time passes, also without reports
 * @host_short: somebody on the host lacks memory, or the host itself does
 */
void hb_estimate_pass(struct hb_estimate *e, u64 size_kib, bool host_short,
		      u64 now_ms);

/* The word of a need, and in a sentence; static. */
const char *hb_need_word(enum hb_need need);
const char *hb_need_text(enum hb_need need);

#endif /* HB_CORE_ESTIMATE_H */
