/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE	/* SOCK_CLOEXEC */
#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* A path, or with @ for its first byte, which is zero, a name that is no file. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	const size_t length = strlen(name);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof(address->sun_path))
		return 0;
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	/* Of a name the length counts, of a path its end. */
	return offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/');
}

bool notify(const char *text)
{
	const char *name = secure_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t length = name ? address_of(name, &address) : 0;
	bool full;
	int fd;

	if (!length)
		return true;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	full = sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address, length) < 0 &&
	       (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM);
	close(fd);
	return !full;
}

/* Both belong together. */
bool notify_reloading(void)
{
	struct timespec now;
	char text[80];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 now.tv_sec * UINT64_C(1000000) + now.tv_nsec / 1000);
	return notify(text);
}

/* Digits only. */
static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	char *end = NULL;
	uint64_t number = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;

	return end && !*end ? number : 0;
}

uint64_t notify_watchdog_us(void)
{
	/* Of a process that has started us, it is not for us. */
	if (getenv("WATCHDOG_PID") && number_of("WATCHDOG_PID") != (uint64_t)getpid())
		return 0;
	return number_of("WATCHDOG_USEC");
}
