/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: varlink's framing, which is a zero byte behind each message. Only root
 * can connect. A client that says too much at once, or does not read, is dropped.
 */
#ifndef HB_DAEMON_SOCKET_H
#define HB_DAEMON_SOCKET_H

#include <uv.h>

#include "manager.h"

struct socket_server;

/* Listens at path, whoever left something there; NULL with *rc, libuv's, if it cannot. */
struct socket_server *socket_open(uv_loop_t *uv, const char *path, struct manager *manager, int *rc);
/* Its handles are closed when the loop has run once more; NULL is nothing to do. */
void socket_close(struct socket_server *server);

#endif
