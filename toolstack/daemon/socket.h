/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: varlink's framing, which is a zero byte behind each message. Root, and the
 * user who runs it, may have everything; if everybody may ask, others may read, by the
 * credentials that the kernel has of who connected. A client can be slow, say nothing, half a
 * message or nonsense: it has one answer at a time, however long, and the next when it has read
 * that. It is dropped when its message is too long or none, when it follows and does not read, or
 * when a newcomer needs its place and it was silent longest: not when it asks, or reads its answer.
 * Who finds no place waits for one. Users who are not root have half of the places at most, one
 * of them half of those, and take none from root; they are answered after root, and share fifty
 * answers a second.
 */
#ifndef HB_DAEMON_SOCKET_H
#define HB_DAEMON_SOCKET_H

#include <uv.h>

#include "manager.h"

struct socket_server;

struct socket_terms {
	const char *path;
	struct manager *manager;
	bool everybody;
	/* A client has changed something: manager_run() is due. */
	void (*changed)(void *argument);
	void *argument;
};

/* Listens at path, whoever left something there; NULL with *rc, libuv's, if it cannot. */
struct socket_server *socket_open(uv_loop_t *uv, const struct socket_terms *terms, int *rc);
/* From now on. Who may not be there any more is dropped; NULL is nothing to do. */
void socket_let_in(struct socket_server *server, bool everybody);
/* What was done since goes to those who have asked for it; NULL is nothing to do. */
void socket_tell(struct socket_server *server);
/* Its handles are closed when the loop has run once more; NULL is nothing to do. */
void socket_close(struct socket_server *server);

#endif
