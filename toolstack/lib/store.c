/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two connections: one for calls, each of which is a request and its reply; the other for
 * watches, of which the thread receives everything, events and replies, as many at once as
 * have come: a guest decides how many. A connection that has failed once has failed.
 */
#define _GNU_SOURCE	/* secure_getenv() */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "store.h"

/* Where xenstored listens, unless libxenstore's variables say otherwise. */
#define RUN_DIR "/var/run/xenstored"
/* The kernel's way to one that runs in another domain. */
#define DEVICE "/dev/xen/xenbus"

#define CONNECT_EVERY_MS 10

struct message {
	struct xsd_sockmsg head;
	char body[XENSTORE_PAYLOAD_MAX + 1];
};

/* What was received at once and is not looked at yet. */
struct incoming {
	char data[16384];
	size_t start, end;
};

struct connection {
	int fd;
	int failed;		/* negative errno */
	uint32_t last_id;
};

struct hb_store {
	unsigned int limit_ms;
	struct connection calls;
	/* What follows is there from the first watch on. */
	bool watches;
	pthread_t thread;
	struct connection events;
	struct incoming incoming;	/* of events: the thread's */
	int stop, ready;	/* descriptors: the thread shall end; there is something to take */
	pthread_mutex_t lock;	/* of the thread's results, below, and events.failed */
	pthread_cond_t replied;
	uint32_t replied_id;
	int reply;
	char (*tokens)[HB_STORE_TOKEN];
	size_t nr_tokens;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ------------------------------------------------------------- connections */

/* Until fd is ready for what; a signal does not end it. */
static int wait_for(int fd, short what, uint64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = what };

	for (;;) {
		uint64_t now = now_ms();
		int timeout = deadline_ms > now ? (int)(deadline_ms - now) : 0;
		int ready = poll(&poll_fd, 1, timeout);

		if (ready > 0)
			return 0;
		if (ready == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

static int connect_socket(const char *path, uint64_t deadline_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	while (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int rc = -errno;

		/* -EAGAIN: others wait to be let in already. */
		if (rc == -EAGAIN && now_ms() < deadline_ms) {
			poll(NULL, 0, CONNECT_EVERY_MS);
			continue;
		}
		close(fd);
		return rc == -EAGAIN ? -ETIMEDOUT : rc;
	}
	return fd;
}

static int open_path(const char *path, uint64_t deadline_ms)
{
	struct stat stat_of;
	int fd;

	if (stat(path, &stat_of))
		return -errno;
	if (S_ISSOCK(stat_of.st_mode))
		return connect_socket(path, deadline_ms);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Returns a descriptor. */
static int connect_store(uint64_t deadline_ms)
{
	const char *path = secure_getenv("XENSTORED_PATH"), *dir = secure_getenv("XENSTORED_RUNDIR");
	char text[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int fd;

	if (path)
		return open_path(path, deadline_ms);
	snprintf(text, sizeof(text), "%s/socket", dir ? dir : RUN_DIR);
	fd = open_path(text, deadline_ms);
	return fd == -ENOENT || fd == -ECONNREFUSED ? open_path(DEVICE, deadline_ms) : fd;
}

static int send_all(int fd, const char *data, size_t size, uint64_t deadline_ms)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == ENOTSOCK)
			n = write(fd, data, size);
		if (n < 0 && errno == EAGAIN) {
			int rc = wait_for(fd, POLLOUT, deadline_ms);

			if (rc)
				return rc;
			continue;
		}
		if (n < 0 && errno != EINTR)
			return -errno;
		data += n > 0 ? n : 0;
		size -= n > 0 ? n : 0;
	}
	return 0;
}

static int receive_all(int fd, char *data, size_t size, uint64_t deadline_ms)
{
	while (size) {
		int rc = wait_for(fd, POLLIN, deadline_ms);
		ssize_t n = rc ? 0 : read(fd, data, size);

		if (rc)
			return rc;
		if (n == 0)
			return -ECONNRESET;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		data += n > 0 ? n : 0;
		size -= n > 0 ? n : 0;
	}
	return 0;
}

/* False: it ends in the middle of one, or before it. */
static bool take_received(struct incoming *incoming, struct message *message, int *rc)
{
	const size_t there = incoming->end - incoming->start;

	*rc = 0;
	if (there < sizeof(message->head))
		return false;
	memcpy(&message->head, incoming->data + incoming->start, sizeof(message->head));
	if (message->head.len > XENSTORE_PAYLOAD_MAX) {
		*rc = -EPROTO;
		return true;
	}
	if (there < sizeof(message->head) + message->head.len)
		return false;
	memcpy(message->body, incoming->data + incoming->start + sizeof(message->head), message->head.len);
	message->body[message->head.len] = '\0';
	incoming->start += sizeof(message->head) + message->head.len;
	return true;
}

/* All that has come, as far as there is room: more than the rest of one message. */
static int receive_more(int fd, struct incoming *incoming)
{
	ssize_t n;

	memmove(incoming->data, incoming->data + incoming->start, incoming->end - incoming->start);
	incoming->end -= incoming->start;
	incoming->start = 0;
	n = read(fd, incoming->data + incoming->end, sizeof(incoming->data) - incoming->end);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	incoming->end += n;
	return 0;
}

/* The body ends with a NUL that is not part of it. */
static int receive(int fd, struct message *message, uint64_t deadline_ms)
{
	int rc = receive_all(fd, (char *)&message->head, sizeof(message->head), deadline_ms);

	if (!rc && message->head.len > XENSTORE_PAYLOAD_MAX)
		rc = -EPROTO;
	if (!rc)
		rc = receive_all(fd, message->body, message->head.len, deadline_ms);
	if (!rc)
		message->body[message->head.len] = '\0';
	return rc;
}

/* An error is a word. */
static int result(const struct message *reply)
{
	if (reply->head.type != XS_ERROR)
		return 0;
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
		if (!strcmp(reply->body, xsd_errors[i].errstring))
			return xsd_errors[i].errnum == ENOSYS ? -EOPNOTSUPP : -xsd_errors[i].errnum;
	}
	return -EIO;
}

/* ----------------------------------------------------------------- requests */

struct request {
	enum xsd_sockmsg_type type;
	uint32_t transaction;
	const char *first;	/* with its NUL, as xenstore has paths */
	const char *second;	/* NULL: there is none */
	size_t second_size;
};

static int send_request(struct connection *connection, const struct request *request,
			uint64_t deadline_ms)
{
	size_t first = strlen(request->first) + 1;
	struct message message = {
		.head = { request->type, ++connection->last_id, request->transaction,
			  first + request->second_size },
	};

	if (first + request->second_size > XENSTORE_PAYLOAD_MAX)
		return -E2BIG;
	memcpy(message.body, request->first, first);
	if (request->second)
		memcpy(message.body + first, request->second, request->second_size);
	/* One piece: the kernel's device takes it as one. */
	connection->failed = send_all(connection->fd, (const char *)&message,
				      sizeof(message.head) + message.head.len, deadline_ms);
	return connection->failed;
}

static int call(struct hb_store *store, const struct request *request, struct message *reply)
{
	struct connection *connection = &store->calls;
	uint64_t deadline = now_ms() + store->limit_ms;
	int rc = connection->failed ? connection->failed : send_request(connection, request, deadline);

	if (rc)
		return rc;
	connection->failed = receive(connection->fd, reply, deadline);
	if (!connection->failed && reply->head.req_id != connection->last_id)
		connection->failed = -EPROTO;
	return connection->failed ? connection->failed : result(reply);
}

int hb_store_begin(struct hb_store *store, uint32_t *transaction)
{
	const struct request request = { .type = XS_TRANSACTION_START, .first = "" };
	struct message reply;
	int rc = call(store, &request, &reply);

	*transaction = rc ? 0 : strtoul(reply.body, NULL, 10);
	return rc ? rc : *transaction ? 0 : -EPROTO;
}

int hb_store_end(struct hb_store *store, uint32_t transaction, bool commit)
{
	const struct request request = {
		.type = XS_TRANSACTION_END, .transaction = transaction, .first = commit ? "T" : "F",
	};
	struct message reply;

	return call(store, &request, &reply);
}

int hb_store_read(struct hb_store *store, uint32_t transaction, const char *path, char **value,
		  size_t *length)
{
	const struct request request = {
		.type = XS_READ, .transaction = transaction, .first = path,
	};
	struct message reply;
	int rc = call(store, &request, &reply);

	*length = rc ? 0 : reply.head.len;
	*value = rc ? NULL : malloc(reply.head.len + 1);
	if (*value)
		memcpy(*value, reply.body, reply.head.len + 1);
	return rc || *value ? rc : -ENOMEM;
}

int hb_store_write(struct hb_store *store, uint32_t transaction, const char *path,
		   const char *value)
{
	const struct request request = {
		.type = XS_WRITE, .transaction = transaction, .first = path,
		.second = value, .second_size = strlen(value),
	};
	struct message reply;

	return call(store, &request, &reply);
}

int hb_store_remove(struct hb_store *store, uint32_t transaction, const char *path)
{
	const struct request request = {
		.type = XS_RM, .transaction = transaction, .first = path,
	};
	struct message reply;

	return call(store, &request, &reply);
}

/* ------------------------------------------------------------------- events */

static void show_ready(struct hb_store *store)
{
	const uint64_t one = 1;

	/* It cannot overflow: it is written when something begins to wait, and read when all is taken. */
	if (write(store->ready, &one, sizeof(one)) < 0)
		return;
}

static void fail_events(struct hb_store *store, int rc)
{
	store->events.failed = rc;
	pthread_cond_broadcast(&store->replied);
	show_ready(store);
}

static bool is_waiting(const struct hb_store *store, const char *token)
{
	for (size_t i = 0; i < store->nr_tokens; i++) {
		if (!strcmp(store->tokens[i], token))
			return true;
	}
	return false;
}

/* The body is two strings: path and token. */
static int take_event(struct hb_store *store, const struct message *event)
{
	const char *token = event->body + strlen(event->body) + 1;
	char (*grown)[HB_STORE_TOKEN];

	if (token >= event->body + event->head.len || strlen(token) >= HB_STORE_TOKEN)
		return -EPROTO;
	if (is_waiting(store, token))
		return 0;
	grown = realloc(store->tokens, (store->nr_tokens + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	store->tokens = grown;
	strcpy(grown[store->nr_tokens++], token);
	if (store->nr_tokens == 1)
		show_ready(store);
	return 0;
}

static int take_message(struct hb_store *store, const struct message *message)
{
	if (message->head.type == XS_WATCH_EVENT)
		return take_event(store, message);
	store->replied_id = message->head.req_id;
	store->reply = result(message);
	pthread_cond_broadcast(&store->replied);
	return 0;
}

/* Until something comes; true: to end. */
static bool wait_to_stop(const struct hb_store *store)
{
	struct pollfd fds[] = {
		{ .fd = store->events.fd, .events = POLLIN },
		{ .fd = store->stop, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0)
		;
	return fds[1].revents;
}

static void *receive_events(void *argument)
{
	struct hb_store *store = argument;
	struct message message;
	int rc = 0;

	while (!rc && !wait_to_stop(store)) {
		rc = receive_more(store->events.fd, &store->incoming);
		pthread_mutex_lock(&store->lock);
		while (!rc && take_received(&store->incoming, &message, &rc))
			rc = rc ? rc : take_message(store, &message);
		if (rc)
			fail_events(store, rc);
		pthread_mutex_unlock(&store->lock);
	}
	return NULL;
}

static void make_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

static int start_thread(struct hb_store *store)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = -pthread_create(&store->thread, NULL, receive_events, store);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

static int start_events(struct hb_store *store)
{
	int rc;

	if (store->watches)
		return 0;
	store->events = (struct connection){ .fd = connect_store(now_ms() + store->limit_ms) };
	if (store->events.fd < 0)
		return store->events.fd;
	store->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = store->stop < 0 ? -errno : 0;
	if (!rc) {
		pthread_mutex_init(&store->lock, NULL);
		make_condition(&store->replied);
		rc = start_thread(store);
	}
	store->watches = !rc;
	if (rc) {
		close(store->events.fd);
		if (store->stop >= 0)
			close(store->stop);
	}
	return rc;
}

/* The lock is held. */
static int wait_for_reply(struct hb_store *store, uint64_t deadline_ms)
{
	const struct timespec deadline = {
		.tv_sec = deadline_ms / 1000, .tv_nsec = deadline_ms % 1000 * 1000000L,
	};

	while (!store->events.failed && store->replied_id != store->events.last_id) {
		if (pthread_cond_timedwait(&store->replied, &store->lock, &deadline))
			fail_events(store, -ETIMEDOUT);
	}
	return store->events.failed ? store->events.failed : store->reply;
}

static int call_events(struct hb_store *store, const struct request *request)
{
	uint64_t deadline = now_ms() + store->limit_ms;
	int rc;

	pthread_mutex_lock(&store->lock);
	rc = store->events.failed;
	if (!rc)
		rc = send_request(&store->events, request, deadline);
	if (!rc)
		rc = wait_for_reply(store, deadline);
	pthread_mutex_unlock(&store->lock);
	return rc;
}

static int change_watch(struct hb_store *store, enum xsd_sockmsg_type type, const char *path,
			const char *token)
{
	const struct request request = {
		.type = type, .first = path, .second = token, .second_size = strlen(token) + 1,
	};
	int rc = start_events(store);

	return rc ? rc : call_events(store, &request);
}

int hb_store_watch(struct hb_store *store, const char *path, const char *token)
{
	if (strlen(token) >= HB_STORE_TOKEN)
		return -EINVAL;
	return change_watch(store, XS_WATCH, path, token);
}

int hb_store_unwatch(struct hb_store *store, const char *path, const char *token)
{
	return change_watch(store, XS_UNWATCH, path, token);
}

int hb_store_next_event(struct hb_store *store, char *token, size_t size)
{
	uint64_t count;
	int rc;

	if (!store->watches)
		return -EAGAIN;
	pthread_mutex_lock(&store->lock);
	rc = store->nr_tokens ? 0 : store->events.failed ? store->events.failed : -EAGAIN;
	if (!rc) {
		snprintf(token, size, "%s", store->tokens[0]);
		memmove(store->tokens, store->tokens + 1, --store->nr_tokens * sizeof(*store->tokens));
	}
	/* One that has failed stays readable. */
	if (!store->nr_tokens && !store->events.failed && read(store->ready, &count, sizeof(count)) < 0)
		rc = errno == EAGAIN ? rc : -errno;
	pthread_mutex_unlock(&store->lock);
	return rc;
}

int hb_store_event_fd(const struct hb_store *store)
{
	return store->ready;
}

/* -------------------------------------------------------------- the object */

void hb_store_limit(struct hb_store *store, unsigned int limit_ms)
{
	store->limit_ms = limit_ms;
}

int hb_store_open(struct hb_store **store, unsigned int limit_ms)
{
	int fd = connect_store(now_ms() + limit_ms), ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct hb_store *s = calloc(1, sizeof(*s));

	if (fd >= 0 && ready >= 0 && s) {
		*s = (struct hb_store){ .limit_ms = limit_ms, .calls.fd = fd, .ready = ready };
		*store = s;
		return 0;
	}
	free(s);
	if (fd >= 0)
		close(fd);
	if (ready >= 0)
		close(ready);
	return fd < 0 ? fd : -ENOMEM;
}

static void stop_events(struct hb_store *store)
{
	const uint64_t one = 1;

	if (write(store->stop, &one, sizeof(one)) < 0)
		return;
	pthread_join(store->thread, NULL);
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->replied);
	close(store->events.fd);
	close(store->stop);
	free(store->tokens);
}

void hb_store_close(struct hb_store *store)
{
	if (!store)
		return;
	if (store->watches)
		stop_events(store);
	close(store->calls.fd);
	close(store->ready);
	free(store);
}
