/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "speaker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

#define HEARD_MAX 4096

static char path[100];
static pid_t child;
static char *heard;

/* Up to its zero byte. */
static void hear(int fd)
{
	size_t used = 0;
	ssize_t n;

	while (used < HEARD_MAX - 1 && (n = read(fd, heard + used, HEARD_MAX - 1 - used)) > 0) {
		used += n;
		if (!heard[used - 1])
			return;
	}
	heard[used] = '\0';
}

static void say(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t n = write(fd, text, length);

		if (n <= 0)
			return;
		text += n;
		length -= n;
	}
}

static void serve(int listener, const char *reply, size_t length)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		hear(fd);
		say(fd, reply, length);
		close(fd);
	}
}

void speaker_start(const char *reply, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	speaker_end();
	if (!heard)
		heard = mmap(NULL, HEARD_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(heard != MAP_FAILED);
	heard[0] = '\0';
	snprintf(path, sizeof(path), "%s.daemon", common_state_dir);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	setenv("HOTBALLOON_SOCKET", path, 1);
	child = fork();
	assert_true(child >= 0);
	if (!child)
		serve(listener, reply, length);
	close(listener);
}

const char *speaker_heard(void)
{
	return heard;
}

void speaker_end(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		unlink(path);
	}
	child = 0;
}
