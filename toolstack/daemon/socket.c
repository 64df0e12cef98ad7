/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE	/* struct ucred */
#include "socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"

/* So many are there of all, of those who are not root, and of one user of those. */
struct quota {
	size_t all, guests, user;
};

/* Who has one of them is heard. */
#define PLACES_MAX 32
static const struct quota places = { PLACES_MAX, PLACES_MAX / 2, PLACES_MAX / 4 };

/* Who has no place yet waits for one, and nothing is read of him meanwhile. */
#define CLIENTS_MAX 512
static const struct quota connections = { CLIENTS_MAX, CLIENTS_MAX / 2, CLIENTS_MAX / 4 };

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
/* So often it is seen whether who waits can have a place. */
#define DOOR_MS GUESTS_TURN_MS
/* Who takes nothing of his answer in so long does not read it. */
#define READS_MS 1000

struct client {
	uv_pipe_t pipe;
	struct socket_server *server;
	uid_t uid;
	bool may_change;
	bool follows;
	bool asks;		/* a whole message of it waits: no more is read from it */
	bool ended;		/* it says no more, and gets what it has asked for */
	uint64_t seen;		/* of a client that follows: so many deeds, see hb_history_since() */
	uint64_t lively;	/* when it last said or got something, by the server's count */
	uint64_t placed_ms;	/* when it got its place: what it has said already is read after that */
	size_t left;		/* of its answer, by the last look */
	uint64_t left_ms;	/* since when that is so */
	char *heard;		/* MESSAGE_MAX; NULL: it waits for a place */
	size_t length;
};

struct socket_server {
	uv_pipe_t pipe;
	uv_timer_t turn;	/* when a question is answered next */
	uv_timer_t door;	/* runs while somebody waits for a place */
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
	struct client *client = handle->data;

	free(client->heard);
	free(client);
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

static uint64_t now_of(const struct client *client)
{
	return uv_now(client->pipe.loop);
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
	client->left_ms = now_of(client);
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
	client->left_ms = now_of(client);
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

static void identify(struct client *client)
{
	struct ucred who;
	socklen_t size = sizeof(who);
	uv_os_fd_t fd;

	client->uid = -1;
	if (uv_fileno((const uv_handle_t *)&client->pipe, &fd) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size))
		return;
	client->uid = who.uid;
	client->may_change = !who.uid || who.uid == geteuid();
}

/* Of those who have a place, or of all. */
static struct quota count(const struct socket_server *server, uid_t uid, bool placed)
{
	struct quota used = { 0 };

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		const struct client *client = server->clients[i];

		if (!client || (placed && !client->heard))
			continue;
		used.all++;
		used.guests += !client->may_change;
		used.user += client->uid == uid;
	}
	return used;
}

static bool fits(const struct client *client, const struct quota *used, const struct quota *most)
{
	return used->all < most->all &&
	       (client->may_change || (used->guests < most->guests && used->user < most->user));
}

/*
 * It does not ask, or does not read its answer, which this takes note of. Who has just got its
 * place has not been heard yet.
 */
static bool is_silent(struct client *client)
{
	const size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&client->pipe);
	const uint64_t now = now_of(client);

	if (left != client->left)
		client->left_ms = now;
	client->left = left;
	return left ? now - client->left_ms >= READS_MS : !client->asks && now > client->placed_ms;
}

/* Root goes before who is not, whatever that does; others only take the place of who is silent. */
static bool gives_way(struct client *client, const struct client *newcomer, bool of_user)
{
	if (newcomer->may_change)
		return !client->may_change || is_silent(client);
	return !client->may_change && (!of_user || client->uid == newcomer->uid) && is_silent(client);
}

/* Who was silent longest, if anybody is. */
static struct client *find_who_gives_way(struct socket_server *server, const struct client *newcomer, bool of_user)
{
	struct client *first = NULL;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = server->clients[i];

		if (!client || !client->heard || !gives_way(client, newcomer, of_user))
			continue;
		if (!first || (is_silent(client) == is_silent(first) ? client->lively < first->lively :
			       is_silent(client)))
			first = client;
	}
	return first;
}

static bool make_room(struct client *newcomer)
{
	const struct quota used = count(newcomer->server, newcomer->uid, true);
	struct client *other;

	if (fits(newcomer, &used, &places))
		return true;
	other = find_who_gives_way(newcomer->server, newcomer, used.user >= places.user);
	if (other)
		drop(other);
	return other;
}

/* False: there is none for it now. */
static bool place(struct client *client)
{
	if (!make_room(client))
		return false;
	client->heard = malloc(MESSAGE_MAX);
	if (!client->heard) {
		drop(client);
		return true;
	}
	client->placed_ms = now_of(client);
	client->lively = ++client->server->count;
	uv_read_start((uv_stream_t *)&client->pipe, on_room, on_read);
	return true;
}

/* The one that has waited longest of those that came after that; NULL: nobody waits. */
static struct client *find_waiting(const struct socket_server *server, bool root, uint64_t after)
{
	struct client *next = NULL;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = server->clients[i];

		if (client && !client->heard && client->may_change == root && client->lively > after &&
		    (!next || client->lively < next->lively))
			next = client;
	}
	return next;
}

/* True: somebody has to wait on. A place of one's own may be free though others find none. */
static bool place_all(struct socket_server *server, bool root)
{
	struct client *client;
	uint64_t after = 0;
	bool left = false;

	while ((client = find_waiting(server, root, after))) {
		after = client->lively;
		left |= !place(client);
	}
	return left;
}

static void on_door(uv_timer_t *timer)
{
	struct socket_server *server = timer->data;
	const bool root = place_all(server, true);

	if (place_all(server, false) || root)
		uv_timer_start(timer, on_door, DOOR_MS, 0);
}

/* False: it is to be dropped. */
static bool let_wait(struct client *client)
{
	struct socket_server *server = client->server;
	const struct quota used = count(server, client->uid, false);
	size_t i = 0;

	if (!fits(client, &used, &connections))
		return false;
	while (server->clients[i])
		i++;
	server->clients[i] = client;
	return true;
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct socket_server *server = stream->data;
	struct client *client = status ? NULL : calloc(1, sizeof(*client));
	bool good = false, first;

	if (!client)
		return;
	client->server = server;
	uv_pipe_init(stream->loop, &client->pipe, 0);
	client->pipe.data = client;
	client->lively = ++client->server->count;
	if (!uv_accept(stream, (uv_stream_t *)&client->pipe)) {
		identify(client);
		good = client->may_change || server->terms.everybody;
	}
	first = !find_waiting(server, client->may_change, 0);
	if (!good || !let_wait(client))
		drop(client);
	else if ((!first || !place(client)) && !uv_is_active((uv_handle_t *)&server->door))
		uv_timer_start(&server->door, on_door, DOOR_MS, 0);
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
	uv_close((uv_handle_t *)&server->door, on_server_closed);
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
	uv_timer_init(uv, &server->door);
	server->pipe.data = server->turn.data = server->door.data = server;
	server->handles = 3;
	/* One that was killed leaves it behind; that there is no other one is known by then. */
	unlink(server->path);
	before = umask(0177);
	*rc = uv_pipe_bind(&server->pipe, server->path);
	umask(before);
	*rc = *rc ? *rc : uv_listen((uv_stream_t *)&server->pipe, PLACES_MAX, on_connection);
	if (!*rc) {
		socket_let_in(server, terms->everybody);
		return server;
	}
	close_handles(server);
	return NULL;
}
