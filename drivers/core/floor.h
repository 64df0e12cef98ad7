/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much may be taken without taking the guest's life.
 *
 * A guest dies of a shortage that the balloon made in three ways: everything is
 * in use (the OOM killer); what is left is in a zone that the kernel cannot use for
 * itself; or the kernel was told never to promise more than it has
 * (vm.overcommit_memory=2), and refuses every process.  So all are looked at, and a
 * reserve stays in each that lets the guest go on forking and allocating.
 *
 * Memory policies tie programs to nodes: what is free on another node does not help
 * them.  So each node has a floor of its own, and one step takes boot memory from one
 * node, that with the most to give.  Hot-added memory all belongs to one node.
 */
#ifndef HB_CORE_FLOOR_H
#define HB_CORE_FLOOR_H

#include <core/port.h>

/* All in pages. */
struct hb_floor_input {
	u64 managed;		/* all that the allocator manages (MemTotal) */
	u64 available;		/* free and reclaimable */
	u64 available_kernel;	/* the same, of zones the kernel can use itself */
};

/*
 * What processes were promised, in pages, and what may be promised at all.  The limit is a
 * share of all memory, and swap; or it does not depend on the memory (overcommit_kbytes).
 */
struct hb_commit {
	bool strict;		/* vm.overcommit_memory=2: what follows holds */
	u64 limit;		/* CommitLimit */
	u64 committed;		/* Committed_AS */
	unsigned int percent;	/* of a page that goes, so much goes off the limit */
};

/* What is to be written first, of a node or of all, in pages. */
struct hb_writes {
	u64 dirty;	/* of files, */
	u64 writing;	/* on its way to a disk: of files, or to swap, */
	u64 swapcache;	/* in swap as well: what goes there is until it has been written */
};

/* Nodes beyond are left alone. */
#define HB_FLOOR_NODES 16

struct hb_pressure {
	unsigned int nr;
	/* Index of the node that hot-added memory belongs to; HB_FLOOR_NODES: none of these. */
	unsigned int added;
	struct hb_commit commit;
	struct {
		int node;	/* the kernel's number */
		struct hb_floor_input in;
	} of[HB_FLOOR_NODES];
};

struct hb_floor {
	u64 take_added;		/* may be taken from hot-added (movable) memory */
	u64 take_added_kernel;	/* the same of such that the kernel can use itself */
	u64 take_boot;		/* may be taken from boot memory, */
	int node;		/* of this node */
	u64 commit_room;	/* what is promised lets so much go; see hb_floor_commit_room() */
};

/**
 * hb_floor_reserve() - pages that must stay available; see reserve.h
 * @managed: all pages that the allocator manages
 */
u64 hb_floor_reserve(u64 managed);

/**
 * hb_floor_watermarks_stale() - is it time for the zones' watermarks to follow?
 * @managed: what the allocator manages now
 * @before: what it managed when they were last computed
 *
 * True once the guest's size moved by more than a sixteenth.
 */
bool hb_floor_watermarks_stale(u64 managed, u64 before);

/* What si_mem_available() counts of @files pages of cache, with @low pages below the watermark. */
u64 hb_floor_cache(u64 files, u64 low);

/**
 * hb_floor_unwritten() - what of the cache must be written first, which is up to a disk
 * @writes: of the node
 * @pending: pages of it, or of one of its zones, that are to be written or being written, whatever
 * they are
 * @cache: so much was counted as available there
 *
 * What goes to swap was not counted, and is free soon.  The kernel does not tell it from what goes
 * to files: it is taken for as much as can be, and for the same part in each zone.  So memory that
 * lies in swap as well may hide what is on its way to a disk that hangs, but nothing that is dirty.
 */
u64 hb_floor_unwritten(const struct hb_writes *writes, u64 pending, u64 cache);

/**
 * hb_floor_commit_room() - pages that may go before too little can be promised
 * @commit: what was promised
 * @reserve: pages that must stay to be promised
 *
 * U64_MAX where memory that goes does not change what may be promised.
 */
u64 hb_floor_commit_room(const struct hb_commit *commit, u64 reserve);

struct hb_floor hb_floor_compute(const struct hb_pressure *pressure);

/*
 * By so many pages the guest is above its floor, or below it if that is negative: the node that
 * has most to give, and what is promised left aside.
 */
s64 hb_floor_margin(const struct hb_pressure *pressure);

/* What the kernel can use for itself, on all nodes. */
u64 hb_floor_available_kernel(const struct hb_pressure *pressure);

#endif /* HB_CORE_FLOOR_H */
