/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of a memory block: states, events, and what follows, in one table.
 *
 * Events come from the kernel's memory notifier (somebody writes to memoryN/state,
 * we or user space) and from the driver itself (it adds and removes blocks).  The
 * table says for each state and event what the state is then, whether the kernel
 * may go on, and what must be done with the block's held pages.
 *
 * An event that cannot happen in a state quarantines the block: it is neither
 * filled nor emptied any more, and neither goes online nor offline.
 */
#ifndef HB_CORE_BLOCKSTATE_H
#define HB_CORE_BLOCKSTATE_H

#include <core/port.h>

enum hb_block_state {
	HB_BLOCK_NEW,		/* in the books; the kernel does not have it yet */
	HB_BLOCK_OFFLINE,	/* no page of it is in use; ours to put online */
	HB_BLOCK_PARKED,	/* the same, but somebody else took it offline */
	HB_BLOCK_GOING_ONLINE,	/* the kernel is onlining it */
	HB_BLOCK_ONLINE,	/* pages that are not held are in use */
	HB_BLOCK_GOING_OFFLINE,	/* the kernel is offlining it */
	HB_BLOCK_REMOVING,	/* the driver is taking it from the kernel */
	HB_BLOCK_GONE,		/* the kernel does not have it any more */
	HB_BLOCK_QUARANTINED,	/* something happened that cannot: hands off */
	HB_BLOCK_STATES,
};

enum hb_block_event {
	HB_EVENT_ADDED,		/* the kernel has it, and has not onlined it */
	HB_EVENT_ADD_FAILED,
	HB_EVENT_FOUND_ONLINE,	/* there, and online, when the driver was loaded */
	HB_EVENT_GOING_ONLINE,
	HB_EVENT_CANCEL_ONLINE,
	HB_EVENT_ONLINE,
	HB_EVENT_GOING_OFFLINE,
	HB_EVENT_CANCEL_OFFLINE,
	HB_EVENT_OFFLINE_BY_US,
	HB_EVENT_OFFLINE_BY_OTHER,
	HB_EVENT_REMOVE,	/* the driver is about to remove it */
	HB_EVENT_REMOVE_FAILED,
	HB_EVENT_REMOVED,
	HB_EVENT_STRANDED,	/* a page of it has a frame that cannot be reached */
	HB_EVENTS,
};

enum hb_block_verdict {
	HB_VERDICT_IMPOSSIBLE,	/* the block is quarantined; refuse if asked */
	HB_VERDICT_ALLOW,
	HB_VERDICT_REFUSE,	/* nothing changes */
};

/* What to do with the block's held pages. */
enum hb_block_act {
	HB_ACT_NONE,
	HB_ACT_LET_GO,		/* drop their references: they may go offline */
	HB_ACT_TAKE_BACK,	/* they did not go: take the references again */
};

struct hb_block_transition {
	enum hb_block_verdict verdict;
	enum hb_block_state next;
	enum hb_block_act act;
	const char *why;
};

/* What follows when @event happens to a block in @state. */
struct hb_block_transition hb_block_transition(enum hb_block_state state,
					       enum hb_block_event event);

/* Words for tables and messages. */
const char *hb_block_state_word(enum hb_block_state state);
const char *hb_block_event_word(enum hb_block_event event);

#endif /* HB_CORE_BLOCKSTATE_H */
