/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Distress: the guest lacks memory now, and must not wait until somebody looks.
 *
 * It begins when allocations had to free memory themselves while less is available than the
 * floor's reserve (floor.h), when less than half of the reserve is, or when the kernel was
 * about to kill a process.  It ends after two quiet seconds: neither stall nor kill, and five
 * eighths of the reserve there all the time.  So a guest at its floor, where a little less than
 * the reserve may be left, is not in distress, and one at the edge does not call and take back
 * in turn.
 *
 * What is lacked follows in steps, so that a host that has given it sees whether it was enough.
 * In a guest with several nodes a process may be confined to some (cpuset, memory policy), and is
 * killed while the others have plenty.  The kernel asks for memory before it knows that, and what
 * the guest takes is not on that node for sure: with enough available nothing is short.  A limit
 * of a cgroup is none of it: for that nobody is asked.
 *
 * After a kill it gets no less for a second: the memory of the dead is free then, and what would
 * have saved it is what the host must know.
 */
#ifndef HB_CORE_DISTRESS_H
#define HB_CORE_DISTRESS_H

#include <core/port.h>

/* A look each 100 ms, and 20 of them are quiet before it is over. */
#define HB_DISTRESS_LOOK_MS	100
#define HB_DISTRESS_QUIET	20
/* A kill's is held for as many. */
#define HB_DISTRESS_HOLD	10

/* What is lacked is this or more, and moves in steps of as much; at a kill it is exact. */
#define HB_DISTRESS_STEP	(4 * HB_MIB_PAGES)

/* In pages, and counts since boot. */
struct hb_shortage {
	u64 managed;		/* all that the allocator manages (MemTotal) */
	u64 available;		/* free, or can be had without swapping or writing */
	u64 stalls;		/* allocations that had to free memory themselves */
	u64 ooms;		/* times that a process was to be killed */
	unsigned int nodes;	/* that have memory: more than one can be short alone */
};

struct hb_distress {
	bool seen;		/* the counts of before are known: */
	u64 stalls;
	u64 ooms;
	unsigned int hold;	/* looks until it may get less */
	unsigned int quiet;	/* looks without cause, one after the other */
	u64 lacking;		/* pages; 0: no distress */
	u64 short_now;		/* pages, at the last look; 0: it had no cause */
};

/**
 * hb_distress_look() - one look, a tenth of a second after the one before, or at an OOM
 *
 * @distress->lacking is what the guest lacks then, as the host is told: in steps, and until it
 * is over; @short_now what would end it.
 *
 * Return: whether there is cause to look again.
 */
bool hb_distress_look(struct hb_distress *distress, const struct hb_shortage *need);

#endif /* HB_CORE_DISTRESS_H */
