/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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
	int fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int rc = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB))
		rc = errno == EWOULDBLOCK ? -EBUSY : -errno;
	else if (!is_current(fd, lock->path))
		rc = -EAGAIN;
	if (rc)
		close(fd);
	lock->held = !rc;
	lock->fd = fd;
	return rc;
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
