/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"

#define CLIENTS_MAX 32
#define MESSAGE_MAX 65536
#define UNREAD_MAX (4 << 20)

struct client {
	uv_pipe_t pipe;
	struct socket_server *server;
	char heard[MESSAGE_MAX];
	size_t length;
};

struct socket_server {
	uv_pipe_t pipe;
	struct manager *manager;
	char path[108];
	struct client *clients[CLIENTS_MAX];
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

/* The messages that are whole; false: the client is dropped. */
static bool answer_all(struct client *client)
{
	const struct manager_view view = manager_look(client->server->manager);
	char *end, *start = client->heard;
	bool good = true;

	while (good && (end = memchr(start, '\0', client->length - (start - client->heard)))) {
		char *text = answer(&view, start, &good);

		if (text)
			send_text(client, text);
		start = end + 1;
	}
	client->length -= start - client->heard;
	memmove(client->heard, start, client->length);
	return good && client->length < MESSAGE_MAX && !uv_is_closing((uv_handle_t *)&client->pipe) &&
	       uv_stream_get_write_queue_size((uv_stream_t *)&client->pipe) < UNREAD_MAX;
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

	(void)buffer;
	if (n > 0)
		client->length += n;
	if (n < 0 || !answer_all(client))
		drop(client);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct socket_server *server = stream->data;
	struct client *client = status ? NULL : calloc(1, sizeof(*client));
	size_t i = 0;

	if (!client)
		return;
	client->server = server;
	uv_pipe_init(stream->loop, &client->pipe, 0);
	client->pipe.data = client;
	while (i < CLIENTS_MAX && server->clients[i])
		i++;
	if (uv_accept(stream, (uv_stream_t *)&client->pipe) || i == CLIENTS_MAX) {
		drop(client);
		return;
	}
	server->clients[i] = client;
	uv_read_start((uv_stream_t *)&client->pipe, on_room, on_read);
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

struct socket_server *socket_open(uv_loop_t *uv, const char *path, struct manager *manager, int *rc)
{
	struct socket_server *server = calloc(1, sizeof(*server));
	mode_t before;

	*rc = !server ? UV_ENOMEM : strlen(path) >= sizeof(server->path) ? UV_ENAMETOOLONG : 0;
	if (*rc) {
		free(server);
		return NULL;
	}
	strcpy(server->path, path);
	server->manager = manager;
	uv_pipe_init(uv, &server->pipe, 0);
	server->pipe.data = server;
	/* One that was killed leaves it behind; that there is no other one is known by then. */
	unlink(path);
	before = umask(0177);
	*rc = uv_pipe_bind(&server->pipe, path);
	umask(before);
	*rc = *rc ? *rc : uv_listen((uv_stream_t *)&server->pipe, CLIENTS_MAX, on_connection);
	if (!*rc)
		return server;
	uv_close((uv_handle_t *)&server->pipe, on_server_closed);
	return NULL;
}
