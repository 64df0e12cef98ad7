/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver needs of the kernel and of Xen: drivers/worker.c has it in the kernel,
 * tests/unit/core/guest_ops.c in a simulated guest.
 *
 * One lock guards the books of the guest.  It is held for as long as one extent of 2 MiB
 * takes in Xen, and never while memory is allocated, evacuated, added, onlined, offlined
 * or removed: the kernel calls the driver then, and the driver takes the lock.  Each
 * operation says whether its caller holds it.
 */
#ifndef HB_CORE_OPS_H
#define HB_CORE_OPS_H

#include <core/port.h>
#include <hotballoon/keys.h>
#include "blockmap.h"
#include "floor.h"
#include "report.h"

struct hb_guest;
struct hb_outcome;
struct hb_move;
struct hb_press_look;
struct hb_snapshot;

/* Is there a frame behind a page?  Xen's answer, or that of a PV guest's p2m. */
enum hb_frame {
	HB_FRAME_NONE,		/* no */
	HB_FRAME_THERE,		/* yes, and the kernel can use it */
	HB_FRAME_STRANDED,	/* yes, but the kernel cannot reach it (PV: not mapped) */
	HB_FRAME_UNKNOWN,	/* Xen does not say: what is held stays so, and the rest in use */
};

#define HB_ANY_NODE (-1)

/* What happened since the worker last looked: bits. */
enum hb_news {
	HB_NEWS_LOOK = 1,	/* a target, memory online, anything */
	HB_NEWS_RESUMED = 2,	/* the guest ran nowhere for a while */
	HB_NEWS_MOVED = 4,	/* it is a new domain: restored or migrated */
};

struct hb_ops {
	void (*lock)(struct hb_guest *g);
	void (*unlock)(struct hb_guest *g);
	/*
	 * For who may hold what the lock's owner waits for: gives up after some milliseconds.
	 * Return: whether the lock is held.
	 */
	bool (*trylock)(struct hb_guest *g);

	/* ---- Xen; the lock is held */

	/*
	 * Put frames behind held pages: @nr extents of 2^@order pages, HB_UNIT_PAGES in
	 * all at most.  Return: pages that have frames now, in the order of the list.
	 */
	unsigned long (*populate)(struct hb_guest *g, const unsigned long *pfns,
				  unsigned int nr, unsigned int order);
	/*
	 * Take the frames from behind held pages; the same limits.  Return: whether all
	 * are gone.  If not, frame() tells of each page.
	 */
	bool (*release)(struct hb_guest *g, const unsigned long *pfns,
			unsigned int nr, unsigned int order);
	enum hb_frame (*frame)(struct hb_guest *g, unsigned long pfn);
	/*
	 * Map those of these held pages that have frames and are stranded (HB_UNIT_PAGES at most).
	 * Return: how many of all are there then: they are moved to the front, in order.
	 */
	unsigned int (*reach)(struct hb_guest *g, unsigned long *pfns, unsigned int nr);
	/* Why Xen just refused to populate so many pages.  The lock is held. */
	enum hb_cause (*refusal)(struct hb_guest *g, unsigned long pages);
	/* Why Xen just did not release a page.  The lock is held. */
	enum hb_cause (*kept)(struct hb_guest *g);
	/* Xen's count of the domain's pages.  The lock is held. */
	u64 (*xen_pages)(struct hb_guest *g);
	/*
	 * Would Xen populate @nr pages (HB_UNIT_PAGES at most)?  They have no struct pages
	 * yet.  Without the lock.
	 */
	bool (*probe)(struct hb_guest *g, unsigned long pfn, unsigned int nr);
	/* Has this kind of guest superpages, and can the kernel remove its memory? */
	bool (*superpages)(struct hb_guest *g);
	bool (*removable)(struct hb_guest *g);

	/* ---- struct pages and the allocator */

	/*
	 * Take a page, or with HB_UNIT_ORDER a unit, that is free or easy to get, on
	 * @node.  Its pages are cleared where Xen or the next owner could read them, and
	 * have one reference each.  Without the lock.
	 */
	bool (*alloc)(struct hb_guest *g, unsigned int order, int node,
		      unsigned long *pfn);
	/*
	 * Where the boot memory of @node lies: from *@from on and before *@end, where another node
	 * begins or it has no more memory, hot-added or not; 0 and 0 if it has none at all.
	 * Without the lock.
	 */
	void (*node_range)(struct hb_guest *g, int node, unsigned long *from,
			   unsigned long *end);
	/*
	 * The same for chosen pages; what is in use there moves elsewhere.  @give: they
	 * are for Xen to keep; @node: and must be on this one, or HB_ANY_NODE.  Without the
	 * lock.  Return: 0, -ENOMEM with nowhere to move things to, or another errno if
	 * something cannot move or should not go.
	 */
	int (*isolate)(struct hb_guest *g, unsigned long pfn, unsigned long nr,
		       bool give, int node);
	/*
	 * Is all of the unit at @pfn free?  Its block is online, and the lock is held; the
	 * answer may be old when it is acted upon.  @owner is the guest.
	 */
	bool (*is_free)(const void *owner, unsigned long pfn);
	/* Pages that alloc() or isolate() gave go back as they came. */
	void (*put_back)(struct hb_guest *g, unsigned long pfn, unsigned long nr);
	/*
	 * Around hold(), of as many pages as may be: begin_hold() without the lock, as it waits for
	 * whoever reads memory without asking; end_hold() with or without it.
	 */
	void (*begin_hold)(struct hb_guest *g);
	void (*end_hold)(struct hb_guest *g);
	/* They become held pages.  The lock is held. */
	void (*hold)(struct hb_guest *g, unsigned long pfn, unsigned long nr);
	/* Held pages that have frames go to the allocator.  The lock is held. */
	void (*mark_onlined)(struct hb_guest *g, unsigned long pfn,
			     unsigned long nr);
	/* A held page has a frame that cannot be used: nobody gets it.  The lock is held. */
	void (*strand)(struct hb_guest *g, unsigned long pfn);
	/* Clear held pages that have frames, for Xen.  The lock is held. */
	void (*clear)(struct hb_guest *g, const unsigned long *pfns,
		      unsigned int nr);
	/*
	 * Is it RAM that has a frame by rights, and neither a hole in a memory block nor given up
	 * for others' memory?  The lock is held.
	 */
	bool (*is_ram)(struct hb_guest *g, unsigned long pfn);
	/*
	 * Clear pages that have frames but no struct pages, in address space that is the
	 * driver's.  Without the lock.  Return: whether there was memory to do it.
	 */
	bool (*clear_removed)(struct hb_guest *g, const unsigned long *pfns,
			      unsigned int nr);
	/* Clear pages of a block that is offline, for Xen.  The lock is held. */
	void (*clear_parked)(struct hb_guest *g, unsigned long pfn,
			     unsigned long nr);

	/* ---- memory blocks; without the lock unless it says otherwise */

	/* Zeroed memory for the books of a block. */
	void *(*alloc_books)(struct hb_guest *g, size_t bytes);
	void (*free_books)(struct hb_guest *g, void *books);
	/* The driver must stay while something of it is left; with or without the lock. */
	bool (*keep_driver)(struct hb_guest *g);
	void (*let_driver_go)(struct hb_guest *g);
	/* Does the kernel have the block at @pfn?  The lock is held. */
	bool (*present)(struct hb_guest *g, unsigned long pfn);
	/*
	 * Have the kernel make a block that is in the books already.  Return: 0 or a
	 * negative errno with nothing left behind, -ENOMEM without memory for the page
	 * descriptors.
	 */
	int (*add)(struct hb_guest *g, unsigned long pfn);
	int (*remove)(struct hb_guest *g, unsigned long pfn);
	/* 0, or a negative errno: it is not online, or not offline, then. */
	int (*set_online)(struct hb_guest *g, unsigned long pfn, bool movable);
	int (*set_offline)(struct hb_guest *g, unsigned long pfn);
	/* Keep what the next block costs, or as much of it as the guest can spare. */
	void (*refill_reserve)(struct hb_guest *g, u64 spare);
	/* Pages that adding one block takes. */
	unsigned long (*block_cost)(struct hb_guest *g);
	/*
	 * A block's held pages lose their references, so that it can go offline, or get
	 * them back.  The block is on its way offline; without the lock.
	 */
	void (*let_go)(struct hb_guest *g, const struct hb_block *block, bool go);
	/*
	 * Has the kernel found any of a block's memory broken (PG_hwpoison)?  The block is on its
	 * way offline: afterwards nobody knows.  Without the lock.
	 */
	bool (*poisoned)(struct hb_guest *g, const struct hb_block *block);
	/* A block was told what cannot be.  The lock is held. */
	void (*quarantined)(struct hb_guest *g, const struct hb_block *block,
			    enum hb_block_state before, enum hb_block_event event);

	/* ---- surroundings; without the lock unless it says otherwise */

	void (*pressure)(struct hb_guest *g, struct hb_pressure *pressure);
	/* What press.h looks at. */
	void (*swap_room)(struct hb_guest *g, struct hb_press_look *look);
	/*
	 * Have the kernel swap, and drop caches, until so many pages more are free, for a
	 * quarter of a second at most.  What is easiest to reclaim goes first, as the kernel
	 * sees fit.
	 */
	void (*press)(struct hb_guest *g, u64 pages);
	u64 (*now_us)(struct hb_guest *g);
	u32 (*random)(struct hb_guest *g);
	/* What happened since the last call: bits of enum hb_news. */
	unsigned int (*take_news)(struct hb_guest *g);
	bool (*has_news)(struct hb_guest *g);
	/* Between two steps.  Return: whether the worker shall end. */
	bool (*breathe)(struct hb_guest *g);
	/*
	 * The kernel's own statistics follow.  Return: whether somebody set a target
	 * there, in *@target.  The lock is held.
	 */
	bool (*sync)(struct hb_guest *g, u64 populated, u64 *target);
	void (*publish)(struct hb_guest *g, const struct hb_status *report);

	/* ---- for people who look for faults */

	/* The books contradict what is done: a fault of the driver.  The lock is held. */
	void (*wrong)(struct hb_guest *g, const char *what);

	void (*stepped)(struct hb_guest *g, const struct hb_move *step,
			const struct hb_outcome *outcome, u64 us);
	/*
	 * A pass is over: why it went no further towards the target, what was there then, and how
	 * long it rests; HB_REST_FOREVER: until something happens.
	 */
	void (*rested)(struct hb_guest *g, const struct hb_move *last,
		       const struct hb_snapshot *now, u64 ms);
	/* Xen counts @pages more than the books, for the first time. */
	void (*drifted)(struct hb_guest *g, s64 pages);
	/* Verified: so many held pages had frames, so many others had lost theirs. */
	void (*verified)(struct hb_guest *g, u64 surplus, u64 missing);
};

#endif /* HB_CORE_OPS_H */
