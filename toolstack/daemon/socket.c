/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE	/* struct ucred */
#include "socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"

#define CLIENTS_MAX 32
/* Of them, who is not root. */
#define GUESTS_MAX (CLIENTS_MAX / 2)
/* Questions at once, before any is answered. */
#define AHEAD_MAX 16
#define MESSAGE_MAX 65536
#define UNREAD_MAX (4 << 20)

struct client {
	uv_pipe_t pipe;
	struct socket_server *server;
	bool may_change;
	bool follows;
	uint64_t seen;		/* of a client that follows: so many deeds, see hb_history_since() */
	uint64_t lively;	/* when it last said something, or got a deed, by the server's count */
	char heard[MESSAGE_MAX];
	size_t length;
};

struct socket_server {
	uv_pipe_t pipe;
	struct socket_terms terms;
	char path[108];
	struct client *clients[CLIENTS_MAX];
	uint64_t count;
};

struct reply {
	uv_write_t write;
	char *text;
};

static void on_client_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void drop(struct client *client)
{
	for (size_t i = 0; i < CLIENTS_MAX && client->server; i++) {
		if (client->server->clients[i] == client)
			client->server->clients[i] = NULL;
	}
	if (!uv_is_closing((uv_handle_t *)&client->pipe))
		uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static void on_written(uv_write_t *write, int status)
{
	struct reply *reply = (struct reply *)write;

	(void)status;
	free(reply->text);
	free(reply);
}

static void send_text(struct client *client, char *text)
{
	struct reply *reply = malloc(sizeof(*reply));
	uv_buf_t buffer = uv_buf_init(text, strlen(text) + 1);

	if (!reply) {
		free(text);
		drop(client);
		return;
	}
	reply->text = text;
	if (uv_write(&reply->write, (uv_stream_t *)&client->pipe, &buffer, 1, on_written)) {
		free(text);
		free(reply);
		drop(client);
	}
}

static bool reads(const struct client *client)
{
	return !uv_is_closing((const uv_handle_t *)&client->pipe) &&
	       uv_stream_get_write_queue_size((const uv_stream_t *)&client->pipe) < UNREAD_MAX;
}

static bool answer_one(struct client *client, const char *message, bool *changed)
{
	struct manager *manager = client->server->terms.manager;
	const struct answer said = answer(manager, client->may_change, message);

	if (said.text)
		send_text(client, said.text);
	*changed |= said.changed;
	client->follows = said.follows;
	client->seen = manager_look(manager).history->added;
	return said.good && reads(client);
}

/*
 * The messages that are whole; false: the client is to be dropped. What one says that follows
 * would be answered never: nothing.
 */
static bool answer_all(struct client *client, bool *changed)
{
	char *end, *start = client->heard;
	unsigned int ahead = 0;
	bool good = true;

	while (good && (end = memchr(start, '\0', client->length - (start - client->heard)))) {
		good = !client->follows && ++ahead <= AHEAD_MAX && answer_one(client, start, changed);
		start = end + 1;
	}
	client->length -= start - client->heard;
	memmove(client->heard, start, client->length);
	return good && client->length < MESSAGE_MAX;
}

static void tell(struct client *client)
{
	const struct manager_view view = manager_look(client->server->terms.manager);
	const struct hb_deed *deed;

	while (reads(client) && (deed = hb_history_since(view.history, &client->seen))) {
		char *text = answer_deed(deed);

		client->lively = ++client->server->count;
		if (text)
			send_text(client, text);
	}
	if (!reads(client))
		drop(client);
}

void socket_tell(struct socket_server *server)
{
	for (size_t i = 0; server && i < CLIENTS_MAX; i++) {
		if (server->clients[i] && server->clients[i]->follows)
			tell(server->clients[i]);
	}
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct client *client = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(client->heard + client->length, MESSAGE_MAX - client->length);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct client *client = stream->data;
	const struct socket_terms *terms = &client->server->terms;
	bool changed = false;

	(void)buffer;
	if (n > 0)
		client->length += n;
	client->lively = ++client->server->count;
	if (n < 0 || !answer_all(client, &changed))
		drop(client);
	if (changed)
		terms->changed(terms->argument);
}

/* ------------------------------------------------------------------- places */

static bool is_ours(const struct client *client)
{
	struct ucred who;
	socklen_t size = sizeof(who);
	uv_os_fd_t fd;

	return !uv_fileno((const uv_handle_t *)&client->pipe, &fd) &&
	       !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) && (!who.uid || who.uid == geteuid());
}

/*
 * Where it can be: where nobody is, or where the one is that was silent longest, of those that
 * it may take the place of.
 */
static struct client **find_place(struct socket_server *server, const struct client *newcomer)
{
	struct client **silent = NULL, **empty = NULL;
	size_t others = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client **place = &server->clients[i];

		if (!*place)
			empty = place;
		else if (newcomer->may_change || !(*place)->may_change) {
			others++;
			silent = silent && (*silent)->lively < (*place)->lively ? silent : place;
		}
	}
	if (empty && (newcomer->may_change || others < GUESTS_MAX))
		return empty;
	if (silent)
		drop(*silent);
	return silent;
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct socket_server *server = stream->data;
	struct client *client = status ? NULL : calloc(1, sizeof(*client)), **place = NULL;

	if (!client)
		return;
	client->server = server;
	uv_pipe_init(stream->loop, &client->pipe, 0);
	client->pipe.data = client;
	client->lively = ++client->server->count;
	if (!uv_accept(stream, (uv_stream_t *)&client->pipe)) {
		client->may_change = is_ours(client);
		if (client->may_change || server->terms.everybody)
			place = find_place(server, client);
	}
	if (!place) {
		drop(client);
		return;
	}
	*place = client;
	uv_read_start((uv_stream_t *)&client->pipe, on_room, on_read);
}

void socket_let_in(struct socket_server *server, bool everybody)
{
	if (!server)
		return;
	server->terms.everybody = everybody;
	chmod(server->path, everybody ? 0666 : 0600);
	for (size_t i = 0; i < CLIENTS_MAX && !everybody; i++) {
		if (server->clients[i] && !server->clients[i]->may_change)
			drop(server->clients[i]);
	}
}

static void on_server_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void socket_close(struct socket_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (server->clients[i])
			drop(server->clients[i]);
	}
	unlink(server->path);
	uv_close((uv_handle_t *)&server->pipe, on_server_closed);
}

struct socket_server *socket_open(uv_loop_t *uv, const struct socket_terms *terms, int *rc)
{
	struct socket_server *server = calloc(1, sizeof(*server));
	mode_t before;

	*rc = !server ? UV_ENOMEM : strlen(terms->path) >= sizeof(server->path) ? UV_ENAMETOOLONG : 0;
	if (*rc) {
		free(server);
		return NULL;
	}
	strcpy(server->path, terms->path);
	server->terms = *terms;
	uv_pipe_init(uv, &server->pipe, 0);
	server->pipe.data = server;
	/* One that was killed leaves it behind; that there is no other one is known by then. */
	unlink(server->path);
	before = umask(0177);
	*rc = uv_pipe_bind(&server->pipe, server->path);
	umask(before);
	*rc = *rc ? *rc : uv_listen((uv_stream_t *)&server->pipe, CLIENTS_MAX, on_connection);
	if (!*rc) {
		socket_let_in(server, terms->everybody);
		return server;
	}
	uv_close((uv_handle_t *)&server->pipe, on_server_closed);
	return NULL;
}
