/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef HB_MOTIVE_H
#define HB_MOTIVE_H

/*
 * Why a domain gets another size, or why it does not: a row each, the word for programs
 * and logs, which never changes, and a sentence that begins with "it". The words of
 * actions come first.
 */
#define HB_MOTIVES(row) \
	row(DISTRESS, "distress", "it cannot go on without more memory") \
	row(BELOW_MIN, "below-min", "it has less than its minimum") \
	row(NEEDS, "needs", "it needs more to work") \
	row(WANTS, "wants", "it works better with more, and there is some") \
	row(RETURNS, "returns", "it takes back what it had left to others") \
	row(SURPLUS, "surplus", "nobody needs it, and it is shared out") \
	row(ABOVE_MAX, "above-max", "it has more than its maximum") \
	row(HOST_SHORT, "host-short", "the host has promised or set aside more than it has") \
	row(OTHERS_NEED, "others-need", "another guest needs it to work") \
	row(OTHERS_WANT, "others-want", "another guest makes more of it") \
	row(POOL, "pool", "the host keeps some for a guest in distress") \
	row(LENT, "lent", "it sizes itself, and leaves that to others for now") \
	row(RESTS, "rests", "it did not follow: its size is what it holds, until it is tried again") \
	row(SETTLED, "settled", "it has what it shall have") \
	row(HOST_FULL, "host-full", "it would get more, and the host has none to give") \
	row(MOVES, "moves", "it is on its way") \
	row(WAITS, "waits", "it was given another size a moment ago, and nobody needs it to have one again") \
	row(NO_REPORT, "no-report", "it says nothing of what it needs: it keeps its size") \
	row(STUCK, "stuck", "it did not follow its last size, and is tried again later") \
	row(HELD, "held", "it could not be read or sized, and is tried again later") \
	row(FIXED, "fixed", "its limits leave it no other size") \
	row(MANUAL, "manual", "nobody has given it limits") \
	row(OFF, "off", "automatic sizing is off for it") \
	row(LIMITS_DAMAGED, "limits-damaged", "its limits cannot be read") \
	row(PINNED, "pinned", "a person or another tool has set its size: it is pinned") \
	row(OTHER_MANAGER, "other-manager", "xapi's squeezed or the qmemman of Qubes OS sizes it") \
	row(NO_TARGET, "no-target", "it has no target in xenstore, or an invalid one") \
	row(SERVICE, "service", "it works for other domains and is not sized") \
	row(DOMAIN_0, "domain-0", "domain 0 is sized on request only") \
	row(PAUSED, "paused", "it is paused") \
	row(BUILDING, "building", "it is being built") \
	row(SHUT_DOWN, "shut-down", "it is shut down, or has crashed") \
	row(DYING, "dying", "it is being destroyed") \
	row(STILL, "still", "it is being saved or migrated, or told to keep its memory as it is") \
	row(NUMA, "numa", "it has virtual NUMA nodes") \
	row(POPULATING, "populating", "it has memory without frames to give back first (populate-on-demand)") \
	row(CLAIM, "claim", "it has a claim, and older Xens set aside for that what it gives back")

enum hb_motive {
#define HB_MOTIVE_ENUM(name, word, text) HB_MOTIVE_##name,
	HB_MOTIVES(HB_MOTIVE_ENUM)
#undef HB_MOTIVE_ENUM
	HB_MOTIVE_COUNT
};

/* Static. */
const char *hb_motive_word(enum hb_motive reason);
const char *hb_motive_text(enum hb_motive reason);

#endif
