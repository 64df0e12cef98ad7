/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Room for a domain to come that has a reservation, though the host has not that much yet
 * (force). What is set aside is taken from nobody else, and a manager that runs makes it free
 * from guests that need it least: that is how it is asked to. Who reserves first is served
 * first: what was set aside earlier has to be there before.
 */
#ifndef HB_ROOM_H
#define HB_ROOM_H

#include "internal.h"

struct hb_room {
	const char *name;
	bool managed;		/* a manager sizes guests: it is waited for, as long as it gets anywhere */
	unsigned int timeout_s;	/* 0: none */
	/* The outcome. */
	uint64_t kib;		/* what is set aside for it */
	uint64_t lacks_kib;	/* so much more must come free for that and what is before it */
	uint64_t waited_ms;
};

/*
 * Wait until there is room, or until nothing is left to wait for: then lacks_kib is not 0, it is
 * the name's turn, and hb_free_for() may help. HB_E_TIMEOUT; HB_E_INTERRUPTED.
 */
enum hb_code hb_room_wait(struct hb *hb, struct hb_room *room, struct hb_error *error);

#endif
