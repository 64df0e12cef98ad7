/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hotballoond answers to a client, by varlink's rules: a message is an object with a
 * method and parameters, so is the answer. Text in, text out; who is connected, and what he may,
 * is in socket.c. What only looks is here, what changes something in request.c.
 */
#ifndef HB_DAEMON_ANSWER_H
#define HB_DAEMON_ANSWER_H

#include "manager.h"

struct answer {
	char *text;	/* without the zero byte behind it, to be released by free(); NULL: none is wanted */
	bool good;	/* false: that is no message at all, and the connection is to be closed */
	bool changed;	/* the manager has something to do: manager_run() */
	bool follows;	/* what is done from now on goes to who has asked: answer_deed() */
};

/* may_change: the client may have more than read. */
struct answer answer(struct manager *manager, bool may_change, const char *message);
/* One of a stream, which goes on; to be released by free(). */
char *answer_deed(const struct hb_deed *deed);

#endif
