/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest in memory, for the driver's pure part to be tried on: Xen with its limit and
 * its other guests, the kernel's allocator and memory blocks, programs, and a user
 * space that puts blocks on- and offline.
 *
 * guest_sim.c knows what is true: which page has a frame, which the allocator has,
 * which are in use.  guest_ops.c has the operations by which the driver's pure part, the
 * same that the kernel runs, deals with it.  guest_check.c compares the books with what is
 * true after each step.
 *
 * All that is random comes from guest.seed: the same seed is the same history.  All
 * sizes are in pages unless they say otherwise.
 */
#ifndef HB_TEST_GUEST_SIM_H
#define HB_TEST_GUEST_SIM_H

#include "core/guest.h"
#include "core/pass.h"

#include "random.h"

struct sim_shape {
	unsigned int block_units;
	unsigned int boot_blocks;
	unsigned int slots;		/* boot memory and the address window */
};

/* One unit of 2 MiB, as the kernel and Xen see it. */
struct sim_unit {
	u16 owned;		/* pages that the allocator has */
	u16 data;		/* of those, in use and can be moved */
	u16 kernel;		/* of those, in use and cannot */
	bool extent;		/* Xen maps it as one */
	bool unsure;		/* Xen did not take it: the books believe it whole */
	u64 pinned_until;	/* ms; nothing in it can be moved before */
	bool refused;		/* could not be evacuated at some time */
};

enum sim_presence { SIM_ABSENT, SIM_OFFLINE, SIM_ONLINE };

struct sim_slot {
	enum sim_presence presence;
	bool unknown;		/* of others, never online: in no book */
	bool leaving;		/* on its way offline: isolated */
	bool movable;
	bool referenced;	/* the driver has references to its held pages */
	bool parked;		/* offline by somebody else's hand */
};

/* Somebody's way on- or offline; the kernel goes one at a time. */
struct sim_way {
	bool active;
	bool online;		/* where to */
	bool movable;
	bool by_us;
	unsigned int slot;
};

struct guest {
	/* the driver's own; first, so that its operations find the rest */
	struct hb_guest core;
	struct hb_block **slots;
	u64 reserve;			/* pages kept for a block's descriptors */
	unsigned int news;		/* why the worker has been woken */
	bool locked;
	bool holding;			/* between begin_hold() and end_hold() */
	bool watch_books;		/* never more than Xen counts, at any moment */
	int references;			/* that keep the driver loaded */
	bool settled;			/* the gap is measured */
	struct hb_status report;	/* as last published */
	bool written;			/* somebody set a target in the kernel's statistics, */
	u64 written_target;		/* this one */
	u64 surplus, missing;		/* as verified */
	u64 cleared;			/* pages, of what was surplus */
	bool leave_next;		/* somebody takes the next block offline that is used */
	bool move_next;			/* the next time that the worker can be frozen */
	u64 broken;			/* a page that is so; 0: none */
	bool counts_broken;		/* the kernel puts no block with it online (6.2) */
	u64 no_ram, no_ram_end;		/* a hole in a block */

	/* the kernel and its programs */
	struct sim_shape shape;
	unsigned int first_added;	/* slot where the address window begins */
	u64 second_node;		/* boot memory from this pfn on is of node 1; 0: none is */
	struct sim_slot *kernel;
	struct sim_unit *units;
	unsigned long *owned;		/* one bit a page */
	struct sim_way way;
	bool auto_online;		/* the kernel onlines what is added */
	u64 swap_free, swapped;		/* room there, and what is there */
	u64 refaults;
	struct hb_commit commit;	/* but for a limit that is a share of its memory */
	u64 caches;			/* of the data, what the kernel would drop */
	bool xen_is_mute;		/* it does not say what has a frame */
	u64 pressed_ms;			/* the last time that it was made to swap */

	/* Xen */
	unsigned long *frames;		/* one bit a page */
	unsigned long *unmapped;	/* one bit a page: has a frame that PV cannot reach */
	u64 gap;			/* what Xen counts beside RAM */
	bool translated;		/* PVH; else PV */
	u64 xen_pages;
	u64 xen_limit;
	u64 host_free;
	bool host_extents;		/* it has whole units */
	u64 pod_outstanding;		/* populate-on-demand: pages without frames */
	/* As many of them when the gap was measured: fewer than it, so it seemed less. */
	u64 blurred;

	/* the trial */
	uint64_t first_seed, seed;
	unsigned int fault_percent;
	u64 now;			/* ms */
	unsigned int steps;
	unsigned int rests;		/* passes that have ended; the last: */
	enum hb_cause rest_cause;
	u64 rest_ms;
	unsigned int wakes_left;	/* for nothing new, at the end */
	void (*happen)(struct guest *g);	/* before each step is planned, */
	void (*before_step)(struct guest *g);	/* when it is, */
	void (*meanwhile)(struct guest *g);	/* and in the midst of it, by another thread */
	bool stepping, interrupted;
	u64 rescued;			/* pages that the guest took by itself in this step */
	unsigned int pass_steps;	/* since the pass began, or since news came */
	struct hb_snapshot before;	/* the step at hand */
	u64 kernel_taken;		/* in this step, of what the kernel can use */
	u64 taken;			/* in this step, of what is in use or free */
	u64 managed;			/* before it: all that the allocator had */
	u64 free;			/* and what was free of that */
	u64 kernel_free;		/* and where the kernel can use it */
	bool grew;			/* in any step so far, or since it was cleared */
};

/* Fails the test, and says how to repeat this schedule alone. */
void sim_fail(const struct guest *g, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#define sim_require(g, condition) \
	do { \
		if (!(condition)) \
			sim_fail(g, "%s:%d: %s", __FILE__, __LINE__, #condition); \
	} while (0)

/* Does something go wrong here? */
bool sim_fault(struct guest *g);
bool sim_one_in(struct guest *g, unsigned int n);

/**
 * sim_boot() - a guest that has just been started, its driver loaded
 * @populate_on_demand: started with less than its boot memory
 */
struct guest *sim_boot(uint64_t seed, const struct sim_shape *shape,
		       bool populate_on_demand);
/* PVH, or PV, with nothing strange about it. */
struct guest *sim_boot_plain(const struct sim_shape *shape, bool translated);
void sim_halt(struct guest *g);

u64 sim_populated(const struct guest *g);
u64 sim_block_pages(const struct guest *g);
unsigned int sim_nr_units(const struct guest *g);

/* Where it is, and what a node, or SIM_ALL_NODES, has: of hot-added memory, too. */
#define SIM_ALL_NODES (-1)
int sim_node_of(const struct guest *g, u64 pfn);
/* Free pages of units that are online; @kernel_only: that the kernel can use. */
u64 sim_node_free(const struct guest *g, int node, bool kernel_only);
u64 sim_node_managed(const struct guest *g, int node);
u64 sim_free_pages(const struct guest *g, bool kernel_only);
/* Pages that the allocator has in all. */
u64 sim_managed(const struct guest *g);
/* What is promised, with the limit as it is now. */
struct hb_commit sim_commit(const struct guest *g);

/* ---- Xen */

/*
 * Put frames behind @nr pages that lie together, with one hypercall.  Return: how many
 * there are now, from the first on.
 */
u64 sim_xen_populate(struct guest *g, u64 pfn, u64 nr);
/* Take them; the same. */
u64 sim_xen_release(struct guest *g, u64 pfn, u64 nr);
/* Why Xen would not give one more page. */
enum hb_cause sim_xen_refusal(const struct guest *g);

/* ---- the allocator */

void sim_free(struct guest *g, u64 pfn, u64 nr);
/* alloc_pages() of one page or a unit, from where the kernel allocates, on this node. */
bool sim_alloc(struct guest *g, u64 size, int node, u64 *pfn);
/* alloc_contig_range(): 0, -EBUSY or -ENOMEM. */
int sim_alloc_range(struct guest *g, u64 pfn, u64 nr);
bool sim_unit_is_free(const struct guest *g, unsigned int unit);

/* Programs, and the kernel's own needs.  Return: how much it was. */
u64 sim_use_data(struct guest *g, u64 pages, bool scattered);
u64 sim_drop_data(struct guest *g, u64 pages);
/* Data goes to the swap, and comes back from there.  Return: how much it was. */
u64 sim_swap_out(struct guest *g, u64 pages);
u64 sim_swap_in(struct guest *g, u64 pages);
bool sim_use_kernel(struct guest *g, u64 pages);
void sim_drop_kernel(struct guest *g, u64 pages);
void sim_pin(struct guest *g, unsigned int unit, u64 ms);

/* ---- memory blocks: 0 or a negative errno, as a write to memoryN/state */

int sim_way_begin(struct guest *g, unsigned int slot, bool online,
		  bool movable, bool by_us);
int sim_way_end(struct guest *g, bool works);
/* Begin and end; the same. */
int sim_write_state(struct guest *g, unsigned int slot, bool online,
		    bool movable, bool by_us);

/* The host writes memory/target; what is news wakes the worker, as in drivers/xen/bus.c. */
void sim_set_target(struct guest *g, u64 pages);

/*
 * The guest is saved and restored, or migrated: a new domain, mapped page by page, with
 * another gap.  What it gave away while it was copied has frames there.  @lossy: and some
 * pages lack theirs.  PV: all the same, but for those frames.
 */
void sim_move(struct guest *g, bool lossy);

/* ---- the driver's operations (guest_ops.c) */

extern const struct hb_ops sim_ops;

/* The notifier: does the driver agree? */
bool worker_told(struct guest *g, unsigned int slot, enum hb_block_event event);
void worker_wake(struct guest *g);

/**
 * worker_pass() - hb_pass_run(), checked
 * @happen: called before each step, and may do anything to the guest; or NULL
 *
 * Return: milliseconds until it wants to run again, or HB_REST_FOREVER.
 */
u64 worker_pass(struct guest *g, void (*happen)(struct guest *g));

/* Passes until nothing is left to do; returns how long that took, in ms. */
u64 worker_settle(struct guest *g);

/* Will the worker do nothing more for having waited so long? */
bool worker_rests(struct guest *g, u64 ms);

/* ---- guest_check.c */

/* All that must be true at any time. */
void check_guest(struct guest *g);
/* What must be true of a step that went from @before to now. */
void check_step(struct guest *g, const struct hb_snapshot *before,
		const struct hb_move *step, const struct hb_outcome *outcome);
/* What must be true when the pass has ended. */
void check_end(struct guest *g, u64 rest_ms);
/* At the target, and content. */
void check_content(struct guest *g);

#endif
