// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * agent: runs dom0's commands inside a guest, over the guest's console.
 *
 * Model: one command at a time, in a process group of its own; output is kept
 * whole and sent when the command ends, as checked lines (lib/wire.h), so that
 * kernel messages on the same console cannot spoil it.  The last reply is kept
 * and said again on request.  A background child that still holds the pipe does
 * not delay the reply: the end is the end of the command itself.
 *
 * The agent is locked in memory and exempt from the OOM killer, its commands are
 * not: a test can starve a guest and still ask it what happened.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../lib/wire.h"

#define OUTPUT_MAX (4u << 20)

static int tty;
static char line[1 << 20];		/* a request being received */
static size_t line_len;
static char decoded[sizeof(line) / 4 * 3 + 4];
static char *output;			/* the reply: all that the command wrote */
static size_t output_len;
static char id[9];			/* of the command running, or of the last one */
static pid_t running;
static int pipe_fd = -1, status;

static void put(const char *text, size_t n)
{
	while (n) {
		ssize_t done = write(tty, text, n);

		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (done > 0) {
			text += done;
			n -= (size_t)done;
		}
	}
}

static void reply(void)
{
	char text[128], code[WIRE_CHUNK / 3 * 4 + 1], end[64];
	size_t lines = 0;
	int n;

	put("\n", 1);
	for (size_t at = 0; at < output_len; at += WIRE_CHUNK, lines++) {
		size_t len = output_len - at < WIRE_CHUNK ? output_len - at : WIRE_CHUNK;

		wire_encode(code, output + at, len);
		n = snprintf(text, sizeof(text), "@R %s %zu %08x %s\n", id, lines,
			     wire_crc(output + at, len), code);
		put(text, (size_t)n);
	}
	n = snprintf(end, sizeof(end), "%s %zu %d", id, lines, status);
	n = snprintf(text, sizeof(text), "@E %s %08x\n", end, wire_crc(end, (size_t)n));
	put(text, (size_t)n);
}

static void start(const char *command)
{
	int p[2];

	output_len = 0;
	if (pipe2(p, O_CLOEXEC) || fcntl(p[0], F_SETFL, O_NONBLOCK)) {
		status = 126;
		reply();
		return;
	}
	running = fork();
	if (running < 0) {
		static const char text[] = "agent: cannot fork: out of memory?\n";

		memcpy(output, text, output_len = sizeof(text) - 1);
		close(p[0]);
		close(p[1]);
		running = 0;
		status = 126;
		reply();
		return;
	}
	if (!running) {
		int null = open("/dev/null", O_RDONLY), adj;

		setsid();
		adj = open("/proc/self/oom_score_adj", O_WRONLY);
		if (adj >= 0 && write(adj, "0", 1) == 1)
			close(adj);
		signal(SIGPIPE, SIG_DFL);
		dup2(null, 0);
		dup2(p[1], 1);
		dup2(p[1], 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	pipe_fd = p[0];
}

static void drain(void)
{
	char waste[4096];
	ssize_t n;

	for (;;) {
		size_t room = OUTPUT_MAX - output_len;

		n = room ? read(pipe_fd, output + output_len, room)
			 : read(pipe_fd, waste, sizeof(waste));
		if (n <= 0)
			break;
		if (room)
			output_len += (size_t)n;
	}
}

/* Has the command ended?  Then reply. */
static void reap(void)
{
	int st;
	pid_t pid;

	while ((pid = waitpid(-1, &st, WNOHANG)) > 0) {
		if (pid != running)
			continue;
		drain();
		close(pipe_fd);
		pipe_fd = -1;
		running = 0;
		status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
		reply();
	}
}

static void request(char *text)
{
	char *at, *code;
	uint32_t crc;
	size_t n;

	at = strstr(text, "@");
	if (!at || strlen(at) < 11 || at[2] != ' ')
		return;
	if (at[1] == 'A' && !strncmp(at + 3, id, 8) && !running) {
		reply();
	} else if (at[1] == 'K' && !strncmp(at + 3, id, 8) && running) {
		kill(-running, SIGKILL);
	} else if (at[1] == 'Q' && strlen(at) > 21 && strncmp(at + 3, id, 8)) {
		crc = (uint32_t)strtoul(at + 12, &code, 16);
		if (*code != ' ')
			return;
		n = wire_decode(decoded, code + 1);
		if (wire_crc(decoded, n) != crc)
			return;
		if (running) {		/* dom0 gave that one up */
			kill(-running, SIGKILL);
			waitpid(running, NULL, 0);
			close(pipe_fd);
			running = 0;
		}
		memcpy(id, at + 3, 8);
		decoded[n] = 0;
		start(decoded);
	}
}

static void receive(void)
{
	char buf[4096];
	ssize_t n = read(tty, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] != '\n' && buf[i] != '\r') {
			if (line_len < sizeof(line) - 1)
				line[line_len++] = buf[i];
			continue;
		}
		line[line_len] = 0;
		line_len = 0;
		request(line);
	}
}

static void on_child(int sig)
{
	(void)sig;			/* only to end poll() */
}

int main(void)
{
	struct sigaction child = { .sa_handler = on_child };
	struct termios t;

	tty = open("/dev/hvc0", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0) {
		perror("agent: /dev/hvc0");
		return 1;
	}
	if (!tcgetattr(tty, &t)) {
		cfmakeraw(&t);
		tcsetattr(tty, TCSANOW, &t);
	}
	output = malloc(OUTPUT_MAX);
	if (!output)
		return 1;
	/* Not MCL_FUTURE: children and the untouched part of the buffer stay free. */
	mlockall(MCL_CURRENT | MCL_ONFAULT);
	sigaction(SIGCHLD, &child, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 3; i++)
		put("\n@READY\n", 8);
	for (;;) {
		struct pollfd p[2] = {
			{ .fd = tty, .events = POLLIN },
			{ .fd = pipe_fd, .events = POLLIN },
		};

		/* The time limit is for a SIGCHLD between reap() and poll(). */
		poll(p, 2, running ? 100 : 1000);
		if (p[1].revents)
			drain();
		if (p[0].revents)
			receive();
		reap();
	}
}
