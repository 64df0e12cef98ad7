/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pressing out what can be swapped.
 *
 * A guest at its floor may hold much that nobody has touched for long: memory of processes is
 * no less in use for that.  Where there is swap, the kernel is made to swap a little at a time
 * (ops->press()), and what becomes free goes to Xen as any free memory does.  Nothing is taken
 * before it is free: the floor's reserve stays.
 *
 * Nobody knows what was idle before it has been: what was pressed out lies in the guest for a
 * while first, and whoever needs it again finds room for it there.  Given away at once, it
 * would be missing then, and cannot be had back.  So it goes in portions, each larger than the
 * one before as long as all of it stays where it is; with "always" the guest's administrator
 * or the host has said that it does not matter.
 *
 * The same drops what the kernel keeps in its caches (pages of files, dentries, inodes), of which
 * the floor takes half for needed, up to the low watermark.  A guest that has been in the way of
 * its target for minutes gives that up, too, with swap or without; it may also be what keeps
 * memory from being moved.
 *
 * That it hurts the refaults tell, of processes' memory and of cache: what was dropped is
 * needed again.  Then it rests, twice as long each time; so it does when pressing makes nothing
 * free, as with data that zram cannot compress.  Refaults have other reasons, too: a group of
 * processes at the limit of its cgroup, or files larger than memory that are read over and over.
 * What there is of them while it rests, and what was pressed out has come back, is not its doing.
 */
#ifndef HB_CORE_PRESS_H
#define HB_CORE_PRESS_H

#include <core/port.h>
#include <hotballoon/keys.h>

struct hb_floor;
struct hb_move;
struct hb_snapshot;

/* What may be pressed out. */
enum hb_press_policy {
	HB_PRESS_IDLE,		/* until it hurts */
	HB_PRESS_NEVER,		/* nothing */
	HB_PRESS_ALWAYS,	/* whatever there is room for in the swap */
	HB_PRESS_POLICIES,	/* nothing is said */
};

#define HB_PRESS_POLICY_WORDS { "idle", "never", "always" }

/* So much at once, and so often at most: 16 MiB a second. */
#define HB_PRESS_PAGES		(8 * HB_MIB_PAGES)
#define HB_PRESS_MS		500

/*
 * A portion is this part of the guest, at first and at last, but no more than that; so long it
 * lies in the guest.  What is used once in a longer while is taken for idle.
 */
#define HB_PRESS_FIRST		64
#define HB_PRESS_LAST		4
#define HB_PRESS_MOST		(256 * HB_MIB_PAGES)
#define HB_PRESS_HOLD_MS	20000

/* Of the swap, so much stays for what the guest itself has to swap. */
#define HB_PRESS_SWAP_LEFT	(16 * HB_MIB_PAGES)

/*
 * Refaults of more than this part of the guest a minute hurt, if they are more than that.  What
 * daemons have in use comes back soon, once, and from a disk eight pages for each.
 */
#define HB_PRESS_HURTS		50
#define HB_PRESS_SOME		HB_MIB_PAGES
/* They are counted anew after so long, and over no less than a second. */
#define HB_PRESS_WINDOW_MS	10000

/* Those of other reasons are counted for so long at least, and for no more than these times it. */
#define HB_PRESS_CALM_MS	5000
#define HB_PRESS_USUAL		8

/* So often kswapd is set to work at most, for 250 ms each: a disk that is slow has two seconds. */
#define HB_PRESS_ROUNDS		8

/* After so many failures in a row nobody wakes kswapd (MAX_RECLAIM_RETRIES of mm/internal.h). */
#define HB_PRESS_HOPELESS	16

/* So many in a row that made less than a quarter of it free were in vain. */
#define HB_PRESS_VAIN		8

/* So long nothing went before caches are dropped. */
#define HB_PRESS_STUCK_MS	120000

/* A rest, doubled up to so often. */
#define HB_PRESS_REST_MS	30000
#define HB_PRESS_DOUBLINGS	5

/* In pages, and counts since boot. */
struct hb_press_look {
	u64 managed;		/* all that the allocator manages (MemTotal) */
	u64 swap_free;
	u64 refaults;		/* of processes' memory and of cache */
};

/* What may be pressed out. */
struct hb_press_rules {
	enum hb_press_policy policy;	/* of what can be swapped */
	bool caches;			/* and what is cached, after minutes */
};

struct hb_press {
	bool on;		/* it goes on: more is to come */
	bool swaps;		/* and it is for the swap, not for caches only */
	u64 stuck_ms;		/* nothing goes since then, but what was pressed out; 0: it does */
	u64 next_ms;		/* nothing before */
	u64 window_ms;		/* refaults are counted from here; 0: not yet */
	u64 refaults;		/* as they were then */
	u64 calm_ms;		/* nothing is pressed out since then, or comes back; 0: never */
	u64 calm_refaults;	/* as they were then */
	u64 usual;		/* refaults a minute when pressing began */
	unsigned int vain;	/* in a row */
	unsigned int rests;	/* in a row */
	unsigned int portions;	/* in a row that stayed where they were */
	bool careful;		/* what is pressed out lies there for a while */
	u64 held;		/* so much does, and is not given away before */
	u64 held_ms;		/* then */
};

/**
 * hb_press_policy() - what counts of what was said
 * @guest: by the guest's administrator, or HB_PRESS_POLICIES
 * @host: by the host, or HB_PRESS_POLICIES
 *
 * Either may forbid it; else it is the host's word, if there is one.
 */
enum hb_press_policy hb_press_policy(unsigned int guest, unsigned int host);

/* What a word says: enum hb_press_policy, HB_PRESS_POLICIES for another. */
unsigned int hb_press_policy_of(const char *word);

/**
 * hb_press_lacking() - pages that the guest has above what the host lets it have
 *
 * For less than that, which a guest may want that sizes itself, nothing is pressed out: it
 * gives what it does not need.
 */
u64 hb_press_lacking(const struct hb_snapshot *now);

/**
 * hb_press_plan() - what to do when nothing more can be given
 * @now: the guest, which is lacking something
 * @rules: what may be done
 * @cause: HB_CAUSE_GUEST_FLOOR, or HB_CAUSE_GUEST_BUSY, which nothing is swapped for
 *
 * Return: HB_STEP_PRESS, with HB_CAUSE_SWAPPING, or with @cause if it is for caches; or nothing,
 * because of HB_CAUSE_SWAPPING, and more goes soon; or because of @cause.
 */
struct hb_move hb_press_plan(struct hb_press *press, const struct hb_snapshot *now,
			     const struct hb_press_look *look,
			     const struct hb_press_rules *rules, enum hb_cause cause,
			     u64 now_ms);

/**
 * hb_press_missing() - pages that kswapd is still to be set to work for
 * @freed: more are free than when it began
 * @swapped: so many were swapped out since then,
 * @writing: and so many of all are on their way to a disk
 *
 * What goes to a disk is free later; kswapd does not count it, and would go on with all there is.
 */
u64 hb_press_missing(u64 asked, s64 freed, u64 swapped, u64 writing);

/**
 * hb_press_gave_up() - has kswapd gone through all there is for nothing?
 * @before: its failures in a row before it was set to work, and @failures: now
 *
 * It begins anew at once as long as it has not got what it works for, and after sixteen of them
 * nobody wakes it any more, which takes it some milliseconds.  These are not its own: without
 * them the guest would wait until an allocation has to free memory itself.  Where nobody wakes it
 * from the start there is no failure to come.
 */
bool hb_press_gave_up(int before, int failures);

/**
 * hb_press_again() - whether kswapd is to be set to work once more
 * @rounds: so often it was
 * @writing: pages that are on their way to a disk
 *
 * What goes to a disk is free when it has been written, which kswapd does not wait for: it
 * gives up.  Somebody else may write, too: then it is tried a few times for nothing.
 */
bool hb_press_again(unsigned int rounds, u64 writing);

/* Nothing is pressed out any more: the guest is where it should be. */
void hb_press_end(struct hb_press *press);

/* What may be taken, less what lies in the guest for a while. */
void hb_press_hold(const struct hb_press *press, struct hb_floor *floor);

/* So many pages were asked for, and so much more can be given now than before. */
void hb_press_note(struct hb_press *press, u64 asked, s64 gained, u64 now_ms);

#endif /* HB_CORE_PRESS_H */
