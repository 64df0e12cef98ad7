/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop as a process of its own, on the simulated host: signals, files, and who is told. */
#include "common.h"
#include "command.h"
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 20000

static char config_path[100], notify_path[100], socket_path[100];
static int log_fd, notify_fd;
static pid_t child;

/* ---------------------------------------------------------------- the child */

static struct sim *sim;

static enum hb_code open_sim(struct hb **hb, struct hb_error *error, void *argument)
{
	(void)error;
	(void)argument;
	*hb = common_connect(sim);
	return HB_OK;
}

static uint64_t now_ms(void *argument)
{
	(void)argument;
	return sim->clock_ms;
}

static void write_line(enum manager_level level, const char *text, void *argument)
{
	(void)argument;
	dprintf(log_fd, "%d %s\n", level, text);
}

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
	sim_run(sim, 20);
}

static bool could_not_look;

static void note_failure(enum manager_level level, const char *text, void *argument)
{
	(void)level;
	(void)argument;
	could_not_look |= strstr(text, "the host could not be looked at") != NULL;
}

/* All calls to the host fail from that on which the first look begins with: all domains are known. */
static bool fail_looks;

static void fail_from(struct sim *host, unsigned int call)
{
	host->clock_ms = 1000;
	host->fault = SIM_FAULT_ERROR;
	host->fault_errno = 5;
	host->fault_at = call;
	host->fault_stays = true;
}

static unsigned int find_first_look(const struct config *config)
{
	static const struct manager_host host = { .open = open_sim, .now_ms = now_ms, .time_ms = now_ms,
						  .log = note_failure };
	unsigned int call = 0;

	for (bool found = false; !found;) {
		struct manager *manager;

		sim = common_host();
		fail_from(sim, ++call);
		manager = manager_new(&host, config);
		could_not_look = false;
		manager_run(manager);
		found = could_not_look && manager_look(manager).balance->count;
		manager_free(manager);
		sim_close(sim);
	}
	return call;
}

/* So long takes each call to the host. */
static unsigned int call_ms;

static char history_path[100];

static void run_child(void)
{
	const struct manager_host host = { .open = open_sim, .now_ms = now_ms, .time_ms = now_ms,
					   .log = write_line, .history = *history_path ? history_path : NULL };
	struct config config;
	struct loop_terms terms = { .host = &host, .config = &config, .config_path = config_path,
				    .config_must = true, .socket = socket_path, .state_dir = common_state_dir };
	uv_loop_t *uv = uv_default_loop();
	uv_timer_t tick;
	unsigned int first;
	int status;

	/* As a command begins: what the parent ignores is inherited. */
	signal(SIGPIPE, SIG_DFL);
	config_read(&config, config_path, true, NULL, NULL);
	first = fail_looks ? find_first_look(&config) : 0;
	sim = common_host();
	sim->clock_ms = 1000;
	sim->call_ms = call_ms;
	if (first)
		fail_from(sim, first);
	uv_timer_init(uv, &tick);
	uv_timer_start(&tick, on_tick, 0, 20);
	status = loop_run(uv, &terms);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(uv, UV_RUN_DEFAULT);
	/* All that the loop had has been closed. */
	status |= uv_loop_close(uv);
	status |= sim->nr_connections ? 4 : 0;
	status |= strcmp(sim_read_key(sim, GUEST, HB_KEY_TARGET), "524288") ? 8 : 0;
	sim_close(sim);
	fflush(NULL);
	_exit(status);
}

/* --------------------------------------------------------------- the parent */

static void write_config(const char *text)
{
	FILE *file = fopen(config_path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void listen_to_notes(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	notify_fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", notify_path);
	assert_int_equal(bind(notify_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", notify_path, 1);
	setenv("WATCHDOG_USEC", "2000000", 1);
}

/* So much waits to be read by who is told that nothing else is taken. */
static bool nobody_reads;

static void fill_notes(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", notify_path);
	while (sendto(fd, "FILL=1", 6, 0, (struct sockaddr *)&address, sizeof(address)) == 6)
		;
	assert_int_equal(errno, EAGAIN);
	close(fd);
}

/* What was read and not looked at yet: of the log; a note is a datagram. */
static char heard[8192];

static int setup(void **state)
{
	int fds[2];

	(void)state;
	heard[0] = '\0';
	common_make_state_dir();
	/* As on a host where nobody has set limits yet. */
	rmdir(common_state_dir);
	snprintf(config_path, sizeof(config_path), "%s.conf", common_state_dir);
	snprintf(notify_path, sizeof(notify_path), "%s.notify", common_state_dir);
	snprintf(socket_path, sizeof(socket_path), "%s.socket", common_state_dir);
	write_config("[balance]\nlook = 3600\n[log]\nverbose = yes\n");
	listen_to_notes();
	if (nobody_reads)
		fill_notes();
	assert_int_equal(pipe(fds), 0);
	log_fd = fds[1];
	child = fork();
	if (!child)
		run_child();
	close(fds[1]);
	log_fd = fds[0];
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (child > 0)
		kill(child, SIGKILL);
	close(log_fd);
	close(notify_fd);
	unlink(config_path);
	unlink(notify_path);
	if (*history_path)
		unlink(history_path);
	history_path[0] = '\0';
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	common_remove_state_dir();
	return 0;
}

/* Until that was said; what was said before is passed over. */
static void expect(int fd, const char *what)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	char note[512] = "", *text = fd == log_fd ? heard : note;
	size_t room = fd == log_fd ? sizeof(heard) : sizeof(note);
	char *found;

	while (!(found = strstr(text, what))) {
		size_t used = fd == log_fd ? strlen(text) : 0;
		ssize_t n = 0;

		if (poll(&pollfd, 1, WAIT_MS) == 1)
			n = read(fd, text + used, room - 1 - used);
		if (n <= 0)
			fail_msg("\"%s\" was not said, but: %s", what, text);
		text[used + n] = '\0';
	}
	memmove(text, found + strlen(what), strlen(found + strlen(what)) + 1);
}

static int end_by(int signal)
{
	int status;

	kill(child, signal);
	assert_int_equal(waitpid(child, &status, 0), child);
	child = 0;
	return status;
}

static void test_life(void **state)
{
	(void)state;
	expect(notify_fd, "READY=1");
	expect(notify_fd, "WATCHDOG=1");
	expect(log_fd, "guest1 (5) keeps 512M: nobody has given it limits");
	/* A wrong file is named, and changes nothing. */
	write_config("[balance]\nlook = 3600\n\n[log]\nverbose = perhaps\n");
	kill(child, SIGHUP);
	expect(log_fd, ".conf:5: verbose cannot be \"perhaps\": it is yes or no");
	expect(log_fd, "the configuration stays as it was");
	expect(notify_fd, "RELOADING=1\nMONOTONIC_USEC=");
	expect(notify_fd, "READY=1");
	write_config("[balance]\nlook = 3600\n");
	kill(child, SIGHUP);
	expect(log_fd, "the configuration was read again");
	/* Limits count at once, though the next look is in an hour, and the first ones, too. */
	mkdir(common_state_dir, 0755);
	common_write_state_file("limits", "nonsense\n");
	expect(log_fd, "no guest is sized: ");
	kill(child, SIGTERM);
	expect(log_fd, "ends: all guests keep the sizes that they have");
	expect(notify_fd, "STOPPING=1");
	assert_int_equal(end_by(0), 0);
}

static int call(const char *message, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(write(fd, message, length), length);
	return fd;
}

/* Each message with its zero byte gets an answer, with one, in that order. */
static void test_asked(void **state)
{
	static const char two[] = "{\"method\":\"org.varlink.service.GetInfo\"}\0"
				  "{\"method\":\"org.hotballoon.Manager.GetDomains\",\"parameters\":{}}";
	char text[8192], *second, nonsense[] = "what?";
	size_t used = 0, zeros = 0;
	struct stat stats;
	int fd;

	(void)state;
	expect(notify_fd, "READY=1");
	assert_int_equal(stat(socket_path, &stats), 0);
	assert_int_equal(stats.st_mode & 0777, 0600);
	fd = call(two, sizeof(two));
	while (zeros < 2) {
		ssize_t n = read(fd, text + used, sizeof(text) - used);

		assert_true(n > 0);
		for (ssize_t i = 0; i < n; i++)
			zeros += !text[used + i];
		used += n;
	}
	close(fd);
	second = text + strlen(text) + 1;
	assert_non_null(strstr(text, "\"product\":\"hotballoond\""));
	assert_non_null(strstr(second, "\"name\":\"guest1\""));
	assert_non_null(strstr(second, "\"reason\":\"manual\",\"reason_text\":\"nobody has given it limits\""));
	/* Who does not speak JSON, or says too much, is dropped; others go on. */
	fd = call(nonsense, sizeof(nonsense));
	assert_int_equal(read(fd, text, sizeof(text)), 0);
	close(fd);
	fd = call(two, sizeof(two));
	assert_true(read(fd, text, sizeof(text)) > 0);
	/* One that is connected is no reason not to end. */
	assert_int_equal(end_by(SIGTERM), 0);
	close(fd);
	assert_int_equal(stat(socket_path, &stats), -1);
}

#define MANAGER "org.hotballoon.Manager"

static int connect_to(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

/* The next message, without its zero byte, into answer; false: the connection has ended. */
static char answer[65536];

static bool next_answer(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	for (size_t used = 0; used < sizeof(answer); used++) {
		if (poll(&pollfd, 1, WAIT_MS) != 1)
			fail_msg("no answer, but: %.*s", (int)used, answer);
		if (read(fd, answer + used, 1) != 1)
			return false;
		if (!answer[used])
			return true;
	}
	fail_msg("too long");
	return false;
}

static void expect_answer(int fd, const char *what)
{
	assert_true(next_answer(fd));
	if (!strstr(answer, what))
		fail_msg("\"%s\" is not in: %s", what, answer);
}

static void reload(const char *text)
{
	write_config(text);
	kill(child, SIGHUP);
	expect(log_fd, "the configuration was read again");
}

#define SAY(method, parameters) "{\"method\":\"" MANAGER "." method "\",\"parameters\":{" parameters "}}"

/* What one changes the daemon does at once, though the next look is in an hour, and tells who follows. */
static void test_changed(void **state)
{
	static const char follow[] = "{\"method\":\"" MANAGER ".Subscribe\",\"more\":true}";
	static const char limit[] = SAY("SetLimits", "\"domid\":5,\"min_kib\":262144,\"max_kib\":458752");
	static const char reserve[] = SAY("Reserve", "\"name\":\"web\",\"size_kib\":65536");
	int follower, fd;

	(void)state;
	expect(notify_fd, "READY=1");
	/* By that preset also who says nothing of what he needs is sized. */
	reload("[balance]\nlook = 3600\npreset = shares\n");
	follower = call(follow, sizeof(follow));
	fd = call(limit, sizeof(limit));
	expect_answer(fd, "\"mode\":\"auto\",\"min_kib\":262144,\"max_kib\":458752");
	expect(log_fd, "guest1 (5): 512M -> 448M: it has more than its maximum");
	expect_answer(follower, "\"from_kib\":524288,\"to_kib\":458752,\"reason\":\"above-max\"");
	assert_non_null(strstr(answer, "\"continues\":true"));
	assert_int_equal(write(fd, reserve, sizeof(reserve)), sizeof(reserve));
	expect_answer(fd, "\"left_kib\":");
	/* A stream has no other answer in it. */
	assert_int_equal(write(follower, reserve, sizeof(reserve)), sizeof(reserve));
	assert_false(next_answer(follower));
	close(follower);
	close(fd);
	/* The guest is not where the child looks for it. */
	assert_int_equal(WEXITSTATUS(end_by(SIGTERM)), 8);
}

static unsigned long rounds(void)
{
	static const char status[] = SAY("GetStatus", "");
	int fd = call(status, sizeof(status));
	const char *at;

	expect_answer(fd, "\"rounds\":");
	close(fd);
	at = strstr(answer, "\"rounds\":");
	return strtoul(at + strlen("\"rounds\":"), NULL, 10);
}

/* By this machine's clock, as the loop's timers go. */
static uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* However often a file there is written, by itself, too: ten rounds a second, and the last is not left out. */
static void test_written_often(void **state)
{
	unsigned long before;
	uint64_t begin_ms, done;

	(void)state;
	expect(notify_fd, "READY=1");
	mkdir(common_state_dir, 0755);
	begin_ms = clock_ms();
	before = rounds();
	for (int i = 0; i < 100; i++) {
		common_write_state_file("limits", i < 99 ? "hotballoon limits 1\n" : "nonsense\n");
		usleep(1000);
	}
	expect(log_fd, "no guest is sized: ");
	done = rounds() - before;
	/* One at once, and one that was on its way. */
	assert_in_range(done, 1, (clock_ms() - begin_ms) / 100 + 2);
	assert_int_equal(end_by(SIGTERM), 0);
}

/*
 * A new file that does not fit on a full disk is made and taken away at each try, which is no cause of
 * the next; and what was done is no news.
 */
static void test_written_in_vain(void **state)
{
	static const char *const names[] = { ".limits.a1B2c3", "history", "history.old" };
	unsigned long before;

	(void)state;
	expect(notify_fd, "READY=1");
	before = rounds();
	for (unsigned int i = 0; i < 300; i++) {
		char path[sizeof(common_state_dir) + 20];

		snprintf(path, sizeof(path), "%s/%s", common_state_dir, names[i % 3]);
		common_write_state_file(names[i % 3], "hotballoon");
		unlink(path);
		usleep(1000);
	}
	assert_int_equal(rounds(), before);
	common_write_state_file("limits", "nonsense\n");
	expect(log_fd, "no guest is sized: ");
	assert_int_equal(end_by(SIGTERM), 0);
}

/* systemd's own client. */
static const char *program;

/* What it prints, with what it complains of; its exit status. */
static int varlinkctl(const char *arguments)
{
	char line[600];
	size_t used = 0, n;
	FILE *out;

	/* It would tell our socket, which is full of what nobody reads meanwhile. */
	snprintf(line, sizeof(line), "env -u NOTIFY_SOCKET %s %s 2>&1", program, arguments);
	out = popen(line, "r");
	assert_non_null(out);
	while (used < sizeof(answer) - 1 && (n = fread(answer + used, 1, sizeof(answer) - 1 - used, out)) > 0)
		used += n;
	answer[used] = '\0';
	return WEXITSTATUS(pclose(out));
}

static void expect_varlinkctl(const char *format, const char *what)
{
	char arguments[400];

	snprintf(arguments, sizeof(arguments), format, socket_path);
	if (varlinkctl(arguments) || !strstr(answer, what))
		fail_msg("varlinkctl %s: \"%s\" is not in: %s", arguments, what, answer);
}

/* It judges the description, too. */
static void test_varlinkctl(void **state)
{
	char arguments[400];

	(void)state;
	expect(notify_fd, "READY=1");
	expect_varlinkctl("info %s", "hotballoond");
	expect_varlinkctl("introspect %s org.hotballoon.Manager", "method SetLimits");
	expect_varlinkctl("introspect %s org.varlink.service", "method GetInfo");
	expect_varlinkctl("-j call %s org.hotballoon.Manager.GetStatus '{}'", "\"connected\":true");
	expect_varlinkctl("-j call %s org.hotballoon.Manager.GetDomains '{}'", "\"name\":\"guest1\"");
	expect_varlinkctl("-j call %s org.hotballoon.Manager.SetLimits '{\"domid\":5,\"min_kib\":262144}'", "\"mode\":\"auto\"");
	expect_varlinkctl("-j call %s org.hotballoon.Manager.Reserve '{\"name\":\"web\",\"size_kib\":4096}'", "\"left_kib\":");
	expect_varlinkctl("-j call %s org.hotballoon.Manager.Balance '{\"dry_run\":true}'", "\"deeds\":[]");
	snprintf(arguments, sizeof(arguments), "call %s org.hotballoon.Manager.SetLimits '{\"domid\":9,\"off\":true}'", socket_path);
	assert_int_not_equal(varlinkctl(arguments), 0);
	assert_non_null(strstr(answer, "org.hotballoon.Manager.Failed"));
	assert_int_equal(end_by(SIGTERM), 0);
}

/* Until the connection ends or, with only_one, a message has; so many bytes, zero bytes included. */
static size_t read_all(int fd, bool only_one)
{
	static char some[65536];
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	size_t all = 0;
	ssize_t n;

	do {
		assert_int_equal(poll(&pollfd, 1, WAIT_MS), 1);
		n = read(fd, some, sizeof(some));
		assert_true(n >= 0);
		all += n;
	} while (n && !(only_one && !some[n - 1]));
	return all;
}

/* Answers that no buffer of a socket holds: all of each comes, though he asks no more, and more than is ever queued. */
static void test_long_answers(void **state)
{
	static const char history[] = SAY("History", "");
	size_t length;
	int fd;

	(void)state;
	expect(notify_fd, "READY=1");
	fd = call(history, sizeof(history));
	length = read_all(fd, true);
	assert_true(length > 512 << 10);
	for (int i = 0; i < 8; i++)
		assert_int_equal(write(fd, history, sizeof(history)), sizeof(history));
	shutdown(fd, SHUT_WR);
	/* It has heard that when the first of them is read. */
	usleep(200000);
	assert_int_equal(read_all(fd, false), 8 * length);
	close(fd);
	assert_int_equal(end_by(SIGTERM), 0);
}

#define PLACES 32

/* Who reads his answer, however slowly, keeps his place; who does not, gives way when others come. */
static void test_slow_readers(void **state)
{
	static const char history[] = SAY("History", ""), status[] = SAY("GetStatus", "");
	int slow, fd, fds[PLACES + 8];
	size_t length;
	ssize_t some;

	(void)state;
	expect(notify_fd, "READY=1");
	fd = call(history, sizeof(history));
	length = read_all(fd, true);
	close(fd);
	slow = call(history, sizeof(history));
	some = read(slow, answer, sizeof(answer));
	assert_true(some > 0);
	for (int i = 0; i < PLACES + 8; i++)
		fds[i] = connect_to();
	/* The last one has got the place of another one. */
	assert_int_equal(write(fds[PLACES + 7], status, sizeof(status)), sizeof(status));
	expect_answer(fds[PLACES + 7], "\"connected\":true");
	assert_int_equal(read_all(slow, true), length - some);
	close(slow);
	for (int i = 0; i < PLACES + 8; i++) {
		close(fds[i]);
		fds[i] = call(history, sizeof(history));
	}
	fd = call(status, sizeof(status));
	expect_answer(fd, "\"connected\":true");
	close(fd);
	for (int i = 0; i < PLACES + 8; i++)
		close(fds[i]);
	assert_int_equal(end_by(SIGTERM), 0);
}

#define NOBODY 65534
#define ANOTHER 65533

/* In a process of its own: as somebody who is nobody here. */
static int as_user(uid_t uid, int (*run)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(setgid(uid) || setuid(uid) ? 99 : run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static int may_connect(void)
{
	return connect_to() >= 0;
}

static const char denied[] = "{\"parameters\":{},\"error\":\"org.varlink.service.PermissionDenied\"}";

static int may_only_read(void)
{
	static const char two[] = SAY("GetDomains", "") "\0" SAY("SetLimits", "\"domid\":5,\"off\":true");
	int fd = call(two, sizeof(two));

	return next_answer(fd) && strstr(answer, "guest1") && next_answer(fd) && !strcmp(answer, denied);
}

/* All places that it can have, and more. */
static int takes_all(void)
{
	char half = '{';

	for (int i = 0; i < 100; i++) {
		int fd = connect_to();

		if (fd < 0 || write(fd, &half, 1) != 1)
			return 0;
	}
	return may_only_read();
}

static void test_who_may(void **state)
{
	static const char status[] = SAY("GetStatus", "");
	int fd;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(chmod(common_state_dir, 0755) && errno != ENOENT, 0);
	expect(notify_fd, "READY=1");
	assert_int_equal(as_user(NOBODY, may_connect), 0);
	reload("[balance]\nlook = 3600\n[socket]\neverybody = yes\n");
	fd = call(status, sizeof(status));
	expect_answer(fd, "\"connected\":true");
	assert_int_equal(as_user(NOBODY, may_only_read), 1);
	/* Who is not root takes no place from root. */
	assert_int_equal(as_user(NOBODY, takes_all), 1);
	assert_int_equal(write(fd, status, sizeof(status)), sizeof(status));
	expect_answer(fd, "\"connected\":true");
	reload("[balance]\nlook = 3600\n");
	assert_int_equal(as_user(NOBODY, may_connect), 0);
	assert_int_equal(write(fd, status, sizeof(status)), sizeof(status));
	expect_answer(fd, "\"connected\":true");
	close(fd);
	assert_int_equal(end_by(SIGTERM), 0);
}

#define NOBODIES 16
#define AHEAD 16

/* Each answer is one zero byte. */
static unsigned int zeros_of(int fd)
{
	static char some[1 << 16];
	unsigned int zeros = 0;
	ssize_t n;

	while ((n = recv(fd, some, sizeof(some), MSG_DONTWAIT)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			zeros += !some[i];
	}
	return zeros;
}

static int crowd[2];

/* They ask; when they are told so, they count what was answered; and they wait for the rest. */
static int asks_much(void)
{
	static const char domains[] = SAY("GetDomains", "");
	unsigned int answered = 0;
	int fds[NOBODIES];
	char go = 0;

	for (int i = 0; i < NOBODIES; i++) {
		fds[i] = connect_to();
		for (int j = 0; j < AHEAD; j++)
			answered += write(fds[i], domains, sizeof(domains)) != sizeof(domains);
	}
	if (answered || write(crowd[1], &go, 1) != 1 || read(crowd[1], &go, 1) != 1)
		return 1;
	for (int i = 0; i < NOBODIES; i++)
		answered += zeros_of(fds[i]);
	/* Of all that they have asked: few before root, who came last. */
	if (answered > NOBODIES * AHEAD / 2)
		return 2;
	if (write(crowd[1], &go, 1) != 1)
		return 3;
	for (int ms = 0; answered < NOBODIES * AHEAD && ms < WAIT_MS; ms += 20) {
		usleep(20000);
		for (int i = 0; i < NOBODIES; i++)
			answered += zeros_of(fds[i]);
	}
	return answered == NOBODIES * AHEAD ? 0 : 4;
}

static int asks_once(void)
{
	static const char status[] = SAY("GetStatus", "");
	int fd = call(status, sizeof(status));

	return next_answer(fd) && strstr(answer, "\"connected\":true");
}

static void let_everybody_in(void)
{
	assert_int_equal(chmod(common_state_dir, 0755) && errno != ENOENT, 0);
	expect(notify_fd, "READY=1");
	reload("[balance]\nlook = 3600\n[socket]\neverybody = yes\n");
}

/* He asks when the crowd has, and is answered while most of that waits. */
static void ask_among_crowd(uid_t uid)
{
	int rc, status_of_crowd;
	pid_t pid;
	char go = 0;

	let_everybody_in();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, crowd), 0);
	kill(child, SIGSTOP);
	pid = fork();
	if (!pid)
		_exit(setgid(NOBODY) || setuid(NOBODY) || close(crowd[0]) ? 99 : asks_much());
	close(crowd[1]);
	assert_int_equal(read(crowd[0], &go, 1), 1);
	kill(child, SIGCONT);
	rc = as_user(uid, asks_once);
	kill(child, SIGSTOP);
	assert_int_equal(rc, 1);
	assert_int_equal(write(crowd[0], &go, 1), 1);
	rc = read(crowd[0], &go, 1);
	kill(child, SIGCONT);
	assert_int_equal(waitpid(pid, &status_of_crowd, 0), pid);
	assert_int_equal(WEXITSTATUS(status_of_crowd), 0);
	assert_int_equal(rc, 1);
	close(crowd[0]);
	assert_int_equal(end_by(SIGTERM), 0);
}

/* However much they ask, root is answered first, and the loop does other things between. */
static void test_crowd(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	ask_among_crowd(0);
}

/* Nor does one user keep another one from being answered. */
static void test_another_user(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	ask_among_crowd(ANOTHER);
}

#define MANY 60

static int many_ask(void)
{
	static const char status[] = SAY("GetStatus", "");
	int fds[MANY], answered = 0;

	for (int i = 0; i < MANY; i++)
		fds[i] = call(status, sizeof(status));
	for (int i = 0; i < MANY; i++)
		answered += next_answer(fds[i]) && strstr(answer, "\"connected\":true");
	return answered;
}

/* More than there are places, all at once: who waits for his answer makes no room for others. */
static void test_many_ask(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	let_everybody_in();
	assert_int_equal(as_user(NOBODY, many_ask), MANY);
	assert_int_equal(end_by(SIGTERM), 0);
}

/* Who asks and does not read, asks too much at once, or says half a message, harms nobody. */
static void test_rude_clients(void **state)
{
	static const char status[] = SAY("GetStatus", "");
	static char long_one[1 << 17];
	int silent[40], greedy, talker, half, fd;
	ssize_t n;

	(void)state;
	expect(notify_fd, "READY=1");
	half = call(status, 20);
	/* Nothing of it is read: in the end no more of it is heard. */
	signal(SIGPIPE, SIG_IGN);
	greedy = call(status, sizeof(status));
	for (unsigned int full = 0; full < 20;) {
		n = send(greedy, status, sizeof(status), MSG_NOSIGNAL | MSG_DONTWAIT);
		assert_true(n > 0 || errno == EAGAIN);
		full = n > 0 ? 0 : full + 1;
		if (full)
			usleep(10000);
	}
	/* No zero byte in all of it. */
	memset(long_one, ' ', sizeof(long_one));
	talker = connect_to();
	send(talker, long_one, sizeof(long_one), MSG_NOSIGNAL);
	assert_false(next_answer(talker));
	close(talker);
	/* The other half is answered still. */
	assert_int_equal(write(half, status + 20, sizeof(status) - 20), sizeof(status) - 20);
	expect_answer(half, "\"connected\":true");
	/* More than there are places: who was silent longest makes room. */
	for (int i = 0; i < 40; i++) {
		silent[i] = connect_to();
		assert_true(silent[i] >= 0);
	}
	fd = call(status, sizeof(status));
	expect_answer(fd, "\"connected\":true");
	assert_int_equal(read(silent[0], answer, 1), 0);
	close(greedy);
	for (int i = 0; i < 40; i++)
		close(silent[i]);
	close(half);
	close(fd);
	assert_int_equal(end_by(SIGTERM), 0);
}

/* Who asks and does not wait, and who read the log and has gone: nothing ends because of them. */
static void test_gone_clients(void **state)
{
	static const char status[] = SAY("GetStatus", "");
	int fd;

	(void)state;
	expect(notify_fd, "READY=1");
	for (int i = 0; i < 100; i++)
		close(call(status, sizeof(status)));
	fd = call(status, sizeof(status));
	expect_answer(fd, "\"connected\":true");
	close(log_fd);
	log_fd = -1;
	kill(child, SIGHUP);
	expect(notify_fd, "RELOADING=1");
	expect(notify_fd, "READY=1");
	assert_int_equal(write(fd, status, sizeof(status)), sizeof(status));
	expect_answer(fd, "\"connected\":true");
	close(fd);
	assert_int_equal(end_by(SIGTERM), 0);
}

/* The command as it is, where the loop listens. */
static void test_command(void **state)
{
	(void)state;
	expect(notify_fd, "READY=1");
	setenv("HOTBALLOON_SOCKET", socket_path, 1);
	assert_int_equal(command_line_with(command_open_nothing, "history guest1 --last 1h"), 0);
	assert_string_equal(command_out, "hotballoond has set no size of guest1 in the last 1h.\n");
	assert_int_equal(end_by(SIGTERM), 0);
	assert_int_equal(command_line_with(command_open_nothing, "history"), HB_E_HOST);
	unsetenv("HOTBALLOON_SOCKET");
}

/* Kept as the configuration says, and nobody finds what nobody keeps. */
static void test_metrics(void **state)
{
	char text[300], path[120];
	unsigned int tries = 0;

	(void)state;
	expect(notify_fd, "READY=1");
	snprintf(path, sizeof(path), "%s/h.prom", common_state_dir);
	snprintf(text, sizeof(text), "[metrics]\ntextfile = /nonexistent/h.prom\n");
	write_config(text);
	kill(child, SIGHUP);
	expect(log_fd, "the metrics cannot be written to /nonexistent/h.prom, and it is tried again: No such file or directory");
	snprintf(text, sizeof(text), "[metrics]\ntextfile = %s\n", path);
	write_config(text);
	kill(child, SIGHUP);
	while (access(path, F_OK) && ++tries < WAIT_MS / 20)
		usleep(20000);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(end_by(SIGTERM), 0);
	assert_int_equal(access(path, F_OK), -1);
}

/* Guests are sized when a round has come to its end, and not before, whatever is read again. */
static void test_not_ready(void **state)
{
	struct pollfd pollfd = { .fd = notify_fd, .events = POLLIN };
	unsigned int reloads = 0;

	(void)state;
	expect(log_fd, "the host could not be looked at");
	write_config("[balance]\nlook = perhaps\n");
	kill(child, SIGHUP);
	expect(log_fd, "the configuration stays as it was");
	write_config("[balance]\nlook = 30\n");
	kill(child, SIGHUP);
	expect(log_fd, "the configuration was read again");
	while (poll(&pollfd, 1, reloads < 2 ? WAIT_MS : 300) == 1) {
		char note[512] = "";

		assert_true(read(notify_fd, note, sizeof(note) - 1) > 0);
		assert_null(strstr(note, "READY=1"));
		reloads += strstr(note, "RELOADING=1") != NULL;
	}
	assert_int_equal(reloads, 2);
}

static int setup_failing(void **state)
{
	int rc;

	fail_looks = true;
	rc = setup(state);
	fail_looks = false;
	return rc;
}

/* That it is ready is said once, so it is said until it is heard; the same of a reload. */
static void test_not_heard(void **state)
{
	unsigned int watchdogs = 0;
	bool ready = false;

	(void)state;
	expect(log_fd, "guest1 (5) keeps 512M: nobody has given it limits");
	write_config("[balance]\nlook = 3600\n");
	while (!ready && watchdogs < 5) {
		struct pollfd pollfd = { .fd = notify_fd, .events = POLLIN };
		char note[512] = "";

		assert_int_equal(poll(&pollfd, 1, WAIT_MS), 1);
		assert_true(read(notify_fd, note, sizeof(note) - 1) > 0);
		ready = strstr(note, "READY=1");
		watchdogs += strstr(note, "WATCHDOG=1") != NULL;
	}
	assert_true(ready);
	fill_notes();
	kill(child, SIGHUP);
	expect(log_fd, "the configuration was read again");
	expect(notify_fd, "RELOADING=1\nMONOTONIC_USEC=");
	expect(notify_fd, "READY=1");
	assert_int_equal(end_by(SIGTERM), 0);
}

static int setup_not_heard(void **state)
{
	int rc;

	nobody_reads = true;
	rc = setup(state);
	nobody_reads = false;
	return rc;
}

/* A first look that takes long, and gets on, is given its time. */
static void test_slow(void **state)
{
	(void)state;
	expect(notify_fd, "EXTEND_TIMEOUT_USEC=30000000");
	expect(notify_fd, "READY=1");
	assert_int_equal(end_by(SIGTERM), 0);
}

static int setup_slow(void **state)
{
	int rc;

	call_ms = 10;
	rc = setup(state);
	call_ms = 0;
	return rc;
}

/* It has done as much as it remembers, to guests with long names. */
static int setup_history(void **state)
{
	FILE *file;

	snprintf(history_path, sizeof(history_path), "/tmp/hotballoon-history-%d", (int)getpid());
	file = fopen(history_path, "w");
	for (unsigned int i = 0; i < HB_HISTORY_DEEDS; i++) {
		fprintf(file, "%u 5 - 524288 262144 others-need ", 1000 + i);
		/* Two bytes each when they are quoted. */
		for (unsigned int j = 0; j < 250; j++)
			putc('"', file);
		putc('\n', file);
	}
	fclose(file);
	return setup(state);
}

static char complaint[1024];

static void take_complaint(enum manager_level level, const char *text, void *argument)
{
	(void)argument;
	assert_int_equal(level, MANAGER_ERROR);
	snprintf(complaint, sizeof(complaint), "%s", text);
}

/* What it ends with, if that is what each call to Xen says; 0: it goes on. */
static int try_with(int error)
{
	const struct manager_host host = { .open = open_sim, .now_ms = now_ms, .time_ms = now_ms,
					   .log = take_complaint };
	int status;

	complaint[0] = '\0';
	common_make_state_dir();
	sim = common_host();
	sim->fault = error ? SIM_FAULT_ERROR : SIM_FAULT_NONE;
	sim->fault_errno = error;
	sim->fault_at = 1;
	sim->fault_stays = true;
	status = loop_try(&host);
	assert_int_equal(sim->nr_connections, 0);
	sim_close(sim);
	common_remove_state_dir();
	return status;
}

/* A Xen of another version than we were built for: no other try mends that, and it is said. */
static void test_other_xen(void **state)
{
	(void)state;
	assert_int_equal(try_with(EACCES), HB_E_PERMISSION);
	assert_string_equal(complaint, "cannot ask Xen for its domains: Permission denied; run it as root in domain 0; "
			    "root there is refused by a Xen of another version than the libxenctrl of this program "
			    "is for: boot that Xen, or install what was built for the one that runs");
	assert_int_equal(try_with(EIO), 0);
	assert_string_equal(complaint, "");
	assert_int_equal(try_with(0), 0);
	assert_string_equal(complaint, "");
}

static void test_killed(void **state)
{
	(void)state;
	expect(notify_fd, "READY=1");
	assert_true(WIFSIGNALED(end_by(SIGKILL)));
}

static void test_interrupted(void **state)
{
	(void)state;
	expect(notify_fd, "READY=1");
	assert_int_equal(end_by(SIGINT), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* With an argument, that is varlinkctl, and is what is tested: see check-varlinkctl. */
int main(int argc, char **argv)
{
	const struct CMUnitTest with_program[] = { TEST(test_varlinkctl) };
	const struct CMUnitTest tests[] = { TEST(test_life), TEST(test_asked), TEST(test_changed), TEST(test_written_often), TEST(test_written_in_vain), TEST(test_who_may), TEST(test_crowd), TEST(test_another_user), TEST(test_many_ask), TEST(test_rude_clients), TEST(test_gone_clients), TEST(test_command), TEST(test_metrics),
					    cmocka_unit_test_setup_teardown(test_not_ready, setup_failing, teardown),
					    cmocka_unit_test_setup_teardown(test_long_answers, setup_history, teardown),
					    cmocka_unit_test_setup_teardown(test_slow_readers, setup_history, teardown),
					    cmocka_unit_test_setup_teardown(test_not_heard, setup_not_heard, teardown),
					    cmocka_unit_test_setup_teardown(test_slow, setup_slow, teardown),
					    cmocka_unit_test(test_other_xen), TEST(test_killed), TEST(test_interrupted) };

	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	program = argv[1];
	return cmocka_run_group_tests(with_program, NULL, NULL);
}
