/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asks hotballoond by varlink's rules: an object and a zero byte, and so is the answer. */
#define _GNU_SOURCE	/* secure_getenv() */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "interface.h"

/* Where it is asked, if not at the usual place; for tests. */
#define SOCKET_VARIABLE "HOTBALLOON_SOCKET"

/* As long as for a xenstored that does not answer. */
#define ANSWER_S 10
/* For what a command can do without. */
#define BRIEFLY_S 1
/* Far more than all that it remembers. */
#define ANSWER_MAX (16 << 20)

static const char *socket_path(void)
{
	const char *path = secure_getenv(SOCKET_VARIABLE);

	return path && *path ? path : HB_DAEMON_SOCKET;
}

static enum hb_code refused(struct cli *cli, int error)
{
	if (error == EACCES || error == EPERM)
		return cli_fail(cli, HB_REASON_NOT_ALLOWED, "", "hotballoond answers root only (%s: %s)",
				socket_path(), strerror(error));
	if (error == ENOENT || error == ECONNREFUSED)
		return cli_fail(cli, HB_REASON_NO_DAEMON, "", "hotballoond does not run: nobody answers at %s",
				socket_path());
	return cli_fail(cli, HB_REASON_NO_DAEMON, "look what it does",
			"hotballoond cannot be asked at %s: %s", socket_path(),
			error == EAGAIN ? "it does not answer" : strerror(error));
}

static enum hb_code no_answer(struct cli *cli, const char *what)
{
	return cli_fail(cli, HB_REASON_NO_DAEMON, "start it again", "hotballoond at %s %s", socket_path(), what);
}

static enum hb_code connect_daemon(struct cli *cli, time_t seconds, int *fd)
{
	const struct timeval time = { .tv_sec = seconds };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	enum hb_code code;

	if (strlen(socket_path()) >= sizeof(address.sun_path))
		return refused(cli, ENAMETOOLONG);
	strcpy(address.sun_path, socket_path());
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return refused(cli, errno);
	if (!setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) &&
	    !setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) &&
	    !connect(*fd, (struct sockaddr *)&address, sizeof(address)))
		return HB_OK;
	code = refused(cli, errno);
	close(*fd);
	return code;
}

static enum hb_code send_all(struct cli *cli, int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t n = send(fd, text, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refused(cli, errno);
		text += n;
		length -= n;
	}
	return HB_OK;
}

/* Up to the zero byte; *text is to be released by free() in any case. */
static enum hb_code receive(struct cli *cli, int fd, char **text)
{
	size_t used = 0, room = 0;

	for (*text = NULL; used < ANSWER_MAX;) {
		char *more = room - used ? *text : realloc(*text, room = 2 * room + 65536);
		ssize_t n;

		if (!more)
			return cli_fail(cli, HB_REASON_OUT_OF_MEMORY, "", "out of memory");
		*text = more;
		n = recv(fd, more + used, room - used, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return refused(cli, errno);
		if (!n)
			return no_answer(cli, "has ended in the middle of an answer");
		if (memchr(more + used, '\0', n))
			return HB_OK;
		used += n;
	}
	return no_answer(cli, "says too much");
}

static enum hb_code read_reply(struct cli *cli, const char *text, struct json_object **reply)
{
	struct json_object *object = json_tokener_parse(text), *error = NULL, *parameters = NULL;
	enum hb_code code = HB_OK;

	if (!json_object_is_type(object, json_type_object))
		code = no_answer(cli, "says nothing that can be understood");
	else if (json_object_object_get_ex(object, "error", &error))
		code = cli_fail(cli, HB_REASON_NO_DAEMON, "start it again: it is of another version than this command",
				"hotballoond does not understand the question: %s", json_object_get_string(error));
	else if (!json_object_object_get_ex(object, "parameters", &parameters) ||
		 !json_object_is_type(parameters, json_type_object))
		code = no_answer(cli, "answers without parameters");
	if (!code)
		*reply = json_object_get(parameters);
	json_object_put(object);
	return code;
}

static enum hb_code ask(struct cli *cli, time_t seconds, const char *message,
			struct json_object **reply)
{
	char *text = NULL;
	int fd = -1;
	enum hb_code code = connect_daemon(cli, seconds, &fd);

	if (code)
		return code;
	code = send_all(cli, fd, message, strlen(message) + 1);
	if (!code)
		code = receive(cli, fd, &text);
	if (!code)
		code = read_reply(cli, text, reply);
	free(text);
	close(fd);
	return code;
}

static enum hb_code ask_within(struct cli *cli, time_t seconds, const char *method,
			       struct json_object *parameters, struct json_object **reply)
{
	struct json_object *message = json_object_new_object();
	char name[128];
	enum hb_code code;

	snprintf(name, sizeof(name), HB_DAEMON_INTERFACE ".%s", method);
	json_object_object_add(message, "method", json_object_new_string(name));
	json_object_object_add(message, "parameters", parameters);
	code = ask(cli, seconds, json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN), reply);
	json_object_put(message);
	return code;
}

enum hb_code cli_ask_daemon(struct cli *cli, const char *method, struct json_object *parameters,
			    struct json_object **reply)
{
	return ask_within(cli, ANSWER_S, method, parameters, reply);
}

struct json_object *cli_ask_briefly(struct cli *cli, const char *method)
{
	const struct hb_error before = cli->error;
	struct json_object *reply = NULL;

	if (ask_within(cli, BRIEFLY_S, method, json_object_new_object(), &reply))
		reply = NULL;
	cli->error = before;
	return reply;
}
