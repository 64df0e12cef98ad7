/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_lock.h"
#include "libxl_lock.h"

/* How often the file may vanish under us before something else is wrong. */
#define ATTEMPTS_MAX 100

/* Is the file that fd has open still the one that path leads to? */
static bool is_current(int fd, const char *path)
{
	struct stat ours, now;

	return !fstat(fd, &ours) && !stat(path, &now) && ours.st_dev == now.st_dev &&
	       ours.st_ino == now.st_ino;
}

/* -EAGAIN: the file was removed meanwhile. */
static int try_lock(struct hb_libxl_lock *lock)
{
	int fd = hb_file_lock(lock->path);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (!is_current(fd, lock->path)) {
		close(fd);
		return -EAGAIN;
	}
	lock->held = true;
	lock->fd = fd;
	return 0;
}

int hb_libxl_lock(struct hb_libxl_lock *lock, const char *dir, uint32_t domid, const char *uuid)
{
	int rc = -EAGAIN;

	snprintf(lock->path, sizeof(lock->path), "%s/userdata-l.%u.%s.domain-userdata-lock", dir,
		 domid, uuid);
	for (int i = 0; i < ATTEMPTS_MAX && rc == -EAGAIN; i++)
		rc = try_lock(lock);
	return rc;
}

void hb_libxl_unlock(struct hb_libxl_lock *lock)
{
	if (!lock->held)
		return;
	/* In this order: whoever opens the file afterwards makes a new one. */
	unlink(lock->path);
	close(lock->fd);
	lock->held = false;
}
