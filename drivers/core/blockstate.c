// SPDX-License-Identifier: GPL-2.0-only
#include "blockstate.h"

#define ALLOW(_next, _why) \
	{ HB_VERDICT_ALLOW, HB_BLOCK_##_next, HB_ACT_NONE, _why }
#define ALLOW_AND(_next, _act, _why) \
	{ HB_VERDICT_ALLOW, HB_BLOCK_##_next, HB_ACT_##_act, _why }
#define REFUSE(_stays, _why) \
	{ HB_VERDICT_REFUSE, HB_BLOCK_##_stays, HB_ACT_NONE, _why }

/*
 * When the kernel cancels, it tells everybody, also those who had refused or had not
 * been asked yet: a cancellation out of the blue is nothing special.
 *
 * A pair that is not here is impossible.
 */
static const struct hb_block_transition
table[HB_BLOCK_STATES][HB_EVENTS] = {
	[HB_BLOCK_NEW] = {
		[HB_EVENT_ADDED] = ALLOW(OFFLINE, "added; nobody has onlined it"),
		[HB_EVENT_ADD_FAILED] = ALLOW(GONE, "the kernel would not have it"),
		[HB_EVENT_FOUND_ONLINE] = ALLOW(ONLINE, "in use before the driver came"),
		[HB_EVENT_OFFLINE_BY_OTHER] =
			ALLOW(PARKED, "taken offline before the driver came"),
		[HB_EVENT_GOING_ONLINE] =
			REFUSE(NEW, "the driver puts it online, where it belongs"),
		[HB_EVENT_CANCEL_ONLINE] = ALLOW(NEW, "was not begun"),
		[HB_EVENT_CANCEL_OFFLINE] = ALLOW(NEW, "was not begun"),
	},
	[HB_BLOCK_OFFLINE] = {
		[HB_EVENT_GOING_ONLINE] =
			ALLOW(GOING_ONLINE, "held pages stay with the driver"),
		[HB_EVENT_CANCEL_ONLINE] = ALLOW(OFFLINE, "was not begun"),
		[HB_EVENT_REMOVE] = ALLOW(REMOVING, "empty: its page descriptors come back"),
		[HB_EVENT_STRANDED] = ALLOW(QUARANTINED, "must not be used: hands off"),
	},
	[HB_BLOCK_PARKED] = {
		[HB_EVENT_GOING_ONLINE] =
			ALLOW(GOING_ONLINE, "held pages stay with the driver"),
		[HB_EVENT_CANCEL_ONLINE] = ALLOW(PARKED, "was not begun"),
		[HB_EVENT_REMOVE] = REFUSE(PARKED, "whoever took it offline may want it back"),
		[HB_EVENT_STRANDED] = ALLOW(QUARANTINED, "must not be used: hands off"),
	},
	[HB_BLOCK_GOING_ONLINE] = {
		[HB_EVENT_CANCEL_ONLINE] =
			ALLOW(OFFLINE, "the kernel could not; the driver may try again"),
		[HB_EVENT_ONLINE] = ALLOW(ONLINE, "what has frames is in use now"),
		[HB_EVENT_REMOVE] = REFUSE(GOING_ONLINE, "somebody wants it"),
	},
	[HB_BLOCK_ONLINE] = {
		[HB_EVENT_GOING_OFFLINE] =
			ALLOW_AND(GOING_OFFLINE, LET_GO,
				  "referenced pages would stop it"),
		[HB_EVENT_CANCEL_OFFLINE] = ALLOW(ONLINE, "was not begun"),
		[HB_EVENT_REMOVE] = REFUSE(ONLINE, "somebody put it online again"),
	},
	[HB_BLOCK_GOING_OFFLINE] = {
		[HB_EVENT_CANCEL_OFFLINE] =
			ALLOW_AND(ONLINE, TAKE_BACK, "something in it could not move"),
		[HB_EVENT_OFFLINE_BY_US] = ALLOW(OFFLINE, "ours to use again or to remove"),
		[HB_EVENT_OFFLINE_BY_OTHER] =
			ALLOW(PARKED, "left alone until it is put online again"),
		[HB_EVENT_REMOVE] = REFUSE(GOING_OFFLINE, "not offline yet"),
	},
	[HB_BLOCK_REMOVING] = {
		[HB_EVENT_GOING_ONLINE] = REFUSE(REMOVING, "it is about to vanish"),
		[HB_EVENT_CANCEL_ONLINE] = ALLOW(REMOVING, "the driver refused"),
		[HB_EVENT_REMOVE_FAILED] = ALLOW(OFFLINE, "kept; it will be tried again"),
		[HB_EVENT_REMOVED] = ALLOW(GONE, "page descriptors and page tables are back"),
	},
	[HB_BLOCK_QUARANTINED] = {
		[HB_EVENT_GOING_ONLINE] = REFUSE(QUARANTINED, "hands off"),
		[HB_EVENT_CANCEL_ONLINE] = ALLOW(QUARANTINED, "hands off"),
		[HB_EVENT_ONLINE] = ALLOW(QUARANTINED, "hands off"),
		[HB_EVENT_GOING_OFFLINE] = REFUSE(QUARANTINED, "hands off"),
		[HB_EVENT_CANCEL_OFFLINE] = ALLOW(QUARANTINED, "hands off"),
		[HB_EVENT_OFFLINE_BY_US] = ALLOW(QUARANTINED, "hands off"),
		[HB_EVENT_OFFLINE_BY_OTHER] = ALLOW(QUARANTINED, "hands off"),
		[HB_EVENT_REMOVE] = REFUSE(QUARANTINED, "hands off"),
	},
};

static const char *const state_words[HB_BLOCK_STATES] = {
	[HB_BLOCK_NEW] = "new",
	[HB_BLOCK_OFFLINE] = "offline",
	[HB_BLOCK_PARKED] = "parked",
	[HB_BLOCK_GOING_ONLINE] = "going-online",
	[HB_BLOCK_ONLINE] = "online",
	[HB_BLOCK_GOING_OFFLINE] = "going-offline",
	[HB_BLOCK_REMOVING] = "removing",
	[HB_BLOCK_GONE] = "gone",
	[HB_BLOCK_QUARANTINED] = "quarantined",
};

static const char *const event_words[HB_EVENTS] = {
	[HB_EVENT_ADDED] = "added",
	[HB_EVENT_ADD_FAILED] = "add failed",
	[HB_EVENT_FOUND_ONLINE] = "found online",
	[HB_EVENT_GOING_ONLINE] = "going online",
	[HB_EVENT_CANCEL_ONLINE] = "cancel online",
	[HB_EVENT_ONLINE] = "online",
	[HB_EVENT_GOING_OFFLINE] = "going offline",
	[HB_EVENT_CANCEL_OFFLINE] = "cancel offline",
	[HB_EVENT_OFFLINE_BY_US] = "offline by us",
	[HB_EVENT_OFFLINE_BY_OTHER] = "offline by other",
	[HB_EVENT_REMOVE] = "remove",
	[HB_EVENT_REMOVE_FAILED] = "remove failed",
	[HB_EVENT_REMOVED] = "removed",
	[HB_EVENT_STRANDED] = "stranded",
};

struct hb_block_transition hb_block_transition(enum hb_block_state state,
					       enum hb_block_event event)
{
	struct hb_block_transition found = table[state][event];

	if (found.verdict == HB_VERDICT_IMPOSSIBLE) {
		found.next = HB_BLOCK_QUARANTINED;
		found.why = "cannot happen";
	}
	return found;
}

const char *hb_block_state_word(enum hb_block_state state)
{
	return state_words[state];
}

const char *hb_block_event_word(enum hb_block_event event)
{
	return event_words[event];
}
