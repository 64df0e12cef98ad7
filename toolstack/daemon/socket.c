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
#define MESSAGE_MAX 65536
/* What was done goes to who reads it. */
#define UNREAD_MAX (4 << 20)
/*
 * One question is answered in a turn of the loop, and of those who are not root one in so long: they
 * can ask for all that they may, and neither keep the loop from guests nor the processor busy. All of
 * 500 domains take 4 ms.
 */
#define TURN_MS 1
#define GUESTS_TURN_MS 20

struct client {
	uv_pipe_t pipe;
	struct socket_server *server;
	bool may_change;
	bool follows;
	bool asks;		/* a whole message of it waits: no more is read from it */
	bool ended;		/* it says no more, and gets what it has asked for */
	uint64_t seen;		/* of a client that follows: so many deeds, see hb_history_since() */
	uint64_t lively;	/* when it last said or got something, by the server's count */
	char heard[MESSAGE_MAX];
	size_t length;
};

struct socket_server {
	uv_pipe_t pipe;
	uv_timer_t turn;	/* when a question is answered next */
	unsigned int handles;	/* that are not closed yet */
	uint64_t turn_ms, guests_turn_ms;	/* not before that */
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

static bool is_written(const struct client *client)
{
	return !uv_stream_get_write_queue_size((const uv_stream_t *)&client->pipe);
}

static void await_turn(struct socket_server *server);

static void on_written(uv_write_t *write, int status)
{
	struct reply *reply = (struct reply *)write;
	struct client *client = reply->write.handle->data;

	free(reply->text);
	free(reply);
	/* The server can be gone by then. */
	if (uv_is_closing((uv_handle_t *)&client->pipe))
		return;
	client->lively = ++client->server->count;
	if (status || (client->ended && is_written(client)))
		drop(client);
	else
		await_turn(client->server);
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

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct client *client = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(client->heard + client->length, MESSAGE_MAX - client->length);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer);

/* More is read of it when it has no whole message that waits; false: it is to be dropped. */
static bool look_for_message(struct client *client)
{
	client->asks = memchr(client->heard, '\0', client->length);
	/* What one says that follows would be answered never: nothing. */
	if (client->asks ? client->follows : client->length == MESSAGE_MAX)
		return false;
	if (client->asks)
		uv_read_stop((uv_stream_t *)&client->pipe);
	else
		uv_read_start((uv_stream_t *)&client->pipe, on_room, on_read);
	return true;
}

static void answer_one(struct client *client)
{
	const struct socket_terms *terms = &client->server->terms;
	const struct answer said = answer(terms->manager, client->may_change, client->heard);
	const size_t length = strlen(client->heard) + 1;

	client->length -= length;
	memmove(client->heard, client->heard + length, client->length);
	client->lively = ++client->server->count;
	client->follows = said.follows;
	client->seen = manager_look(terms->manager).history->added;
	if (!said.good || !look_for_message(client))
		drop(client);
	if (said.text && !uv_is_closing((uv_handle_t *)&client->pipe))
		send_text(client, said.text);
	else
		free(said.text);
	if (said.changed)
		terms->changed(terms->argument);
}

/* Root first; who has waited longest, and has got what it asked for before. NULL: nobody waits. */
static struct client *find_next(const struct socket_server *server)
{
	struct client *next = NULL;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = server->clients[i];

		if (!client || !client->asks || !is_written(client))
			continue;
		if (!next || (client->may_change == next->may_change ? client->lively < next->lively :
			      client->may_change))
			next = client;
	}
	return next;
}

/* In so many ms its turn is. */
static uint64_t turn_of(const struct client *client)
{
	const struct socket_server *server = client->server;
	const uint64_t now = uv_now(server->turn.loop);
	const uint64_t at = client->may_change ? server->turn_ms : server->guests_turn_ms;

	return at > now ? at - now : 0;
}

static void on_turn(uv_timer_t *timer)
{
	struct socket_server *server = timer->data;
	struct client *next = find_next(server);

	if (next && !turn_of(next)) {
		server->turn_ms = uv_now(timer->loop) + TURN_MS;
		if (!next->may_change)
			server->guests_turn_ms = uv_now(timer->loop) + GUESTS_TURN_MS;
		answer_one(next);
	}
	await_turn(server);
}

static void await_turn(struct socket_server *server)
{
	const struct client *next = find_next(server);

	if (next)
		uv_timer_start(&server->turn, on_turn, turn_of(next), 0);
}

static bool reads(const struct client *client)
{
	return !uv_is_closing((const uv_handle_t *)&client->pipe) &&
	       uv_stream_get_write_queue_size((const uv_stream_t *)&client->pipe) < UNREAD_MAX;
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

/* One that says no more gets its last answer, and no deeds. */
static void end_client(struct client *client, ssize_t why)
{
	uv_read_stop((uv_stream_t *)&client->pipe);
	client->ended = true;
	if (why != UV_EOF || client->follows || is_written(client))
		drop(client);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct client *client = stream->data;

	(void)buffer;
	if (n < 0) {
		end_client(client, n);
		return;
	}
	client->length += n;
	client->lively = ++client->server->count;
	if (look_for_message(client))
		await_turn(client->server);
	else
		drop(client);
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
	struct socket_server *server = handle->data;

	if (!--server->handles)
		free(server);
}

static void close_handles(struct socket_server *server)
{
	uv_close((uv_handle_t *)&server->pipe, on_server_closed);
	uv_close((uv_handle_t *)&server->turn, on_server_closed);
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
	close_handles(server);
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
	uv_timer_init(uv, &server->turn);
	server->pipe.data = server->turn.data = server;
	server->handles = 2;
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
	close_handles(server);
	return NULL;
}
