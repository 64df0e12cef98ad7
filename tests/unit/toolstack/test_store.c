/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore's wire protocol against a xenstored that is played: it answers as it should,
 * in pieces, late, never, or nonsense. Its socket is where the environment says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "store.h"

/* What a call may take that nobody answers; any other takes what this machine's load makes of it. */
#define LIMIT_MS 300
#define AMPLE_MS 60000
#define CONNECTIONS_MAX 2

static enum manner {
	ANSWERS,	/* as xenstored does */
	IN_PIECES,	/* the same, byte by byte */
	HANGS,		/* says nothing */
	HANGS_HALFWAY,	/* says half of it */
	LEAVES,		/* closes the connection */
	TOO_LONG,	/* says that more comes than may */
	OTHER_ID,	/* answers what nobody has asked */
} manner;

static char dir[64], path[96];
static int listening;
static pthread_t server;
static unsigned int flood;	/* events of each token, after a watch */
static struct hb_store *store;

/* What it has been asked last: type, transaction and body with a | for each NUL. */
static char asked[512];

/* In place of the C library's: how often the store reads. The server does by recv(). */
static atomic_uint reads;

ssize_t read(int fd, void *buffer, size_t size)
{
	reads++;
	return syscall(SYS_read, fd, buffer, size);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void send_text(int fd, const void *data, size_t size)
{
	const char *at = data;

	for (size_t i = 0; manner == IN_PIECES && i < size; i++) {
		if (send(fd, at + i, 1, MSG_NOSIGNAL) != 1)
			return;
	}
	if (manner == HANGS_HALFWAY)
		size /= 2;
	if (manner != IN_PIECES && send(fd, data, size, MSG_NOSIGNAL) < 0)
		return;
}

static void reply(int fd, const struct xsd_sockmsg *to, uint32_t type, const char *body, size_t length)
{
	struct xsd_sockmsg head = { type, to->req_id, to->tx_id, length };
	char message[sizeof(head) + 256];

	if (manner == OTHER_ID)
		head.req_id += 7;
	if (manner == TOO_LONG)
		head.len = XENSTORE_PAYLOAD_MAX + 1;
	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), body, length);
	send_text(fd, message, sizeof(head) + length);
}

static void fail_with(int fd, const struct xsd_sockmsg *to, const char *word)
{
	reply(fd, to, XS_ERROR, word, strlen(word) + 1);
}

static void send_event(int fd, const char *watched, const char *token)
{
	const struct xsd_sockmsg none = { 0 };
	char body[128];
	int length = snprintf(body, sizeof(body), "%s%c%s", watched, 0, token) + 1;

	reply(fd, &none, XS_WATCH_EVENT, body, length);
}

static void answer(int fd, const struct xsd_sockmsg *head, const char *body)
{
	switch (head->type) {
	case XS_READ:
		if (strstr(body, "missing"))
			fail_with(fd, head, "ENOENT");
		else if (strstr(body, "odd"))
			fail_with(fd, head, "EODD");
		else
			reply(fd, head, XS_READ, "va\0lue", 6);
		break;
	case XS_TRANSACTION_START:
		reply(fd, head, XS_TRANSACTION_START, "4711", 5);
		break;
	case XS_TRANSACTION_END:
		if (*body == 'T')
			fail_with(fd, head, "EAGAIN");
		else
			reply(fd, head, XS_TRANSACTION_END, "OK", 3);
		break;
	case XS_WATCH:
		reply(fd, head, XS_WATCH, "OK", 3);
		for (unsigned int i = 0; i < 1 + flood; i++)
			send_event(fd, body, body + strlen(body) + 1);
		break;
	default:
		reply(fd, head, head->type, "OK", 3);
	}
}

static void note(const struct xsd_sockmsg *head, const char *body)
{
	int used = snprintf(asked, sizeof(asked), "%u %u ", head->type, head->tx_id);

	for (uint32_t i = 0; i < head->len && used < (int)sizeof(asked) - 1; i++)
		asked[used++] = body[i] ? body[i] : '|';
	asked[used] = '\0';
}

/* False: the connection is over. */
static bool serve(int fd)
{
	struct xsd_sockmsg head;
	char body[XENSTORE_PAYLOAD_MAX + 1] = "";

	if (recv(fd, &head, sizeof(head), MSG_WAITALL) != sizeof(head) ||
	    recv(fd, body, head.len, MSG_WAITALL) != (ssize_t)head.len || manner == LEAVES)
		return false;
	note(&head, body);
	if (manner != HANGS)
		answer(fd, &head, body);
	return true;
}

static void *play(void *argument)
{
	struct pollfd fds[1 + CONNECTIONS_MAX] = { { .fd = listening, .events = POLLIN } };
	nfds_t count = 1;

	(void)argument;
	/* Until it listens no more. */
	while (poll(fds, count, -1) > 0 && !(fds[0].revents & ~POLLIN)) {
		if (fds[0].revents && count < 1 + CONNECTIONS_MAX) {
			fds[count].fd = accept(listening, NULL, NULL);
			if (fds[count].fd < 0)
				break;
			fds[count].revents = 0;
			fds[count++].events = POLLIN;
		}
		for (nfds_t i = 1; i < count; i++) {
			if (!fds[i].revents || serve(fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i].fd = -1;
		}
	}
	for (nfds_t i = 1; i < count; i++) {
		if (fds[i].fd >= 0)
			close(fds[i].fd);
	}
	return NULL;
}

static int setup(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	manner = ANSWERS;
	flood = 0;
	strcpy(dir, "/tmp/hotballoon-store.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	setenv("XENSTORED_RUNDIR", dir, 1);
	listening = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(address.sun_path, path);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(pthread_create(&server, NULL, play, NULL), 0);
	assert_int_equal(hb_store_open(&store, AMPLE_MS), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	hb_store_close(store);
	shutdown(listening, SHUT_RDWR);
	pthread_join(server, NULL);
	close(listening);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	return 0;
}

static int read_path(const char *what)
{
	char *value;
	size_t length;
	int rc = hb_store_read(store, 5, what, &value, &length);

	if (!rc) {
		assert_int_equal(length, 6);
		assert_memory_equal(value, "va\0lue", 7);
	} else {
		assert_null(value);
	}
	free(value);
	return rc;
}

static void check_calls(void)
{
	uint32_t transaction;

	assert_int_equal(read_path("/local/x"), 0);
	assert_string_equal(asked, "2 5 /local/x|");
	assert_int_equal(read_path("/missing"), -ENOENT);
	assert_int_equal(read_path("/odd"), -EIO);
	assert_int_equal(hb_store_begin(store, &transaction), 0);
	assert_int_equal(transaction, 4711);
	assert_string_equal(asked, "6 0 |");
	assert_int_equal(hb_store_write(store, 4711, "/local/y", "12"), 0);
	assert_string_equal(asked, "11 4711 /local/y|12");
	assert_int_equal(hb_store_remove(store, 4711, "/local/y"), 0);
	assert_string_equal(asked, "13 4711 /local/y|");
	assert_int_equal(hb_store_end(store, 4711, true), -EAGAIN);
	assert_string_equal(asked, "7 4711 T|");
	assert_int_equal(hb_store_end(store, 4711, false), 0);
}

static void test_calls(void **state)
{
	(void)state;
	check_calls();
}

static void test_calls_in_pieces(void **state)
{
	(void)state;
	manner = IN_PIECES;
	check_calls();
}

/* What is too long to be asked is not, and the next question is. */
static void test_too_long(void **state)
{
	char value[XENSTORE_PAYLOAD_MAX + 1];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	assert_int_equal(hb_store_write(store, 0, "/a", value), -E2BIG);
	assert_int_equal(read_path("/local/x"), 0);
}

/* A call ends at its limit, and those that follow at once. */
static void check_hung(void)
{
	uint64_t start = now_ms();

	hb_store_limit(store, LIMIT_MS);
	assert_int_equal(read_path("/local/x"), -ETIMEDOUT);
	assert_in_range(now_ms() - start, LIMIT_MS, LIMIT_MS + 5000);
	start = now_ms();
	assert_int_equal(hb_store_write(store, 0, "/local/y", "12"), -ETIMEDOUT);
	assert_int_equal(read_path("/local/x"), -ETIMEDOUT);
	/* Not even one more wait. */
	assert_in_range(now_ms() - start, 0, LIMIT_MS - 1);
}

static void test_hung(void **state)
{
	(void)state;
	manner = HANGS;
	check_hung();
}

static void test_hung_halfway(void **state)
{
	(void)state;
	manner = HANGS_HALFWAY;
	check_hung();
}

static void on_signal(int number)
{
	(void)number;
}

/* As libxenstore never ends because of them. */
static void test_hung_with_signals(void **state)
{
	const struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_signal }, old;

	(void)state;
	manner = HANGS;
	sigaction(SIGALRM, &action, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	check_hung();
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
}

/* Others wait to be let in, which nobody is. */
static void test_hung_before_connect(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0), others[8], n = 0;
	struct hb_store *late;
	char other[sizeof(address.sun_path)];
	uint64_t start;

	(void)state;
	snprintf(other, sizeof(other), "%s/full", dir);
	strcpy(address.sun_path, other);
	assert_int_equal(bind(socket_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(socket_fd, 1), 0);
	do
		others[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (!connect(others[n++], (struct sockaddr *)&address, sizeof(address)) && n < 8);
	assert_int_equal(errno, EAGAIN);
	setenv("XENSTORED_PATH", other, 1);
	start = now_ms();
	assert_int_equal(hb_store_open(&late, LIMIT_MS), -ETIMEDOUT);
	assert_in_range(now_ms() - start, LIMIT_MS, LIMIT_MS + 5000);
	unsetenv("XENSTORED_PATH");
	while (n--)
		close(others[n]);
	close(socket_fd);
	unlink(other);
}

static void test_broken(void **state)
{
	static const struct {
		enum manner manner;
		int rc;
	} rows[] = {
		{ LEAVES, -ECONNRESET }, { TOO_LONG, -EPROTO }, { OTHER_ID, -EPROTO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("rows, row %zu\n", i);
		manner = rows[i].manner;
		assert_int_equal(read_path("/local/x"), rows[i].rc);
		/* What comes after it is not believed. */
		manner = ANSWERS;
		assert_int_equal(read_path("/local/x"), rows[i].rc);
		teardown(state);
		setup(state);
	}
}

static void test_nobody_listens(void **state)
{
	struct hb_store *none;

	(void)state;
	setenv("XENSTORED_PATH", "/nonexistent/socket", 1);
	assert_int_equal(hb_store_open(&none, LIMIT_MS), -ENOENT);
	unsetenv("XENSTORED_PATH");
}

static bool is_readable(int ms)
{
	struct pollfd fd = { .fd = hb_store_event_fd(store), .events = POLLIN };

	return poll(&fd, 1, ms) == 1;
}

static void test_events(void **state)
{
	char token[HB_STORE_TOKEN];

	(void)state;
	assert_int_equal(hb_store_next_event(store, token, sizeof(token)), -EAGAIN);
	assert_false(is_readable(0));
	assert_int_equal(hb_store_watch(store, "/local/5", "5"), 0);
	assert_string_equal(asked, "4 0 /local/5|5|");
	assert_true(is_readable(5000));
	assert_int_equal(hb_store_next_event(store, token, sizeof(token)), 0);
	assert_string_equal(token, "5");
	assert_int_equal(hb_store_next_event(store, token, sizeof(token)), -EAGAIN);
	assert_false(is_readable(0));
	assert_int_equal(hb_store_unwatch(store, "/local/5", "5"), 0);
	assert_string_equal(asked, "5 0 /local/5|5|");
	/* Calls go on meanwhile. */
	assert_int_equal(read_path("/local/x"), 0);
	assert_int_equal(hb_store_watch(store, "/local/5", "a token of sixteen"), -EINVAL);
}

/* A message can come in any pieces, and one that nobody can send ends it. */
static void test_events_in_pieces(void **state)
{
	char token[HB_STORE_TOKEN];

	(void)state;
	manner = IN_PIECES;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(hb_store_watch(store, "/local/5", "5"), 0);
		assert_true(is_readable(5000));
		assert_int_equal(hb_store_next_event(store, token, sizeof(token)), 0);
		assert_string_equal(token, "5");
	}
	manner = TOO_LONG;
	assert_int_equal(hb_store_unwatch(store, "/local/5", "5"), -EPROTO);
	assert_true(is_readable(0));
	/* What had come before is taken first. */
	while (!hb_store_next_event(store, token, sizeof(token)))
		;
	assert_int_equal(hb_store_next_event(store, token, sizeof(token)), -EPROTO);
}

/* Nobody takes any: what waits is a token a watch. */
static void test_flood(void **state)
{
	static const char *const tokens[] = { "5", "6", "domains" };
	char token[HB_STORE_TOKEN];
	unsigned int taken = 0;

	(void)state;
	flood = 30000;
	reads = 0;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(hb_store_watch(store, "/local", tokens[i]), 0);
	/* All of them have come when this is answered. */
	assert_int_equal(hb_store_unwatch(store, "/local", "5"), 0);
	while (!hb_store_next_event(store, token, sizeof(token)))
		assert_string_equal(token, tokens[taken++]);
	assert_int_equal(taken, 3);
	/* At most one for each message, and fewer if they come faster. */
	print_message("%u reads for %u events\n", reads, 3 * flood);
	assert_true(reads < 3 * flood + 100);
}

static void test_hung_watch(void **state)
{
	char token[HB_STORE_TOKEN];
	uint64_t start = now_ms();

	(void)state;
	manner = HANGS;
	hb_store_limit(store, LIMIT_MS);
	assert_int_equal(hb_store_watch(store, "/local/5", "5"), -ETIMEDOUT);
	assert_in_range(now_ms() - start, LIMIT_MS, LIMIT_MS + 5000);
	assert_true(is_readable(0));
	assert_int_equal(hb_store_next_event(store, token, sizeof(token)), -ETIMEDOUT);
	assert_true(is_readable(0));
}

/* Who waits for events hears of it. */
static void test_events_end(void **state)
{
	char token[HB_STORE_TOKEN];

	(void)state;
	assert_int_equal(hb_store_watch(store, "/local/5", "5"), 0);
	assert_true(is_readable(5000));
	assert_int_equal(hb_store_next_event(store, token, sizeof(token)), 0);
	manner = LEAVES;
	assert_int_equal(hb_store_unwatch(store, "/local/5", "5"), -ECONNRESET);
	assert_true(is_readable(5000));
	assert_int_equal(hb_store_next_event(store, token, sizeof(token)), -ECONNRESET);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls),
		TEST(test_calls_in_pieces),
		TEST(test_too_long),
		TEST(test_hung),
		TEST(test_hung_halfway),
		TEST(test_hung_with_signals),
		TEST(test_hung_before_connect),
		TEST(test_broken),
		TEST(test_nobody_listens),
		TEST(test_events),
		TEST(test_events_in_pieces),
		TEST(test_flood),
		TEST(test_hung_watch),
		TEST(test_events_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
