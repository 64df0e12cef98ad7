/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_lock.h"

/* How often the file may vanish under us before something else is wrong. */
#define ATTEMPTS_MAX 100

int hb_file_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	rc = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(fd);
	return rc;
}

/* Is the file that fd has open still the one that path leads to? */
static bool is_current(int fd, const char *path)
{
	struct stat ours, now;

	return !fstat(fd, &ours) && !lstat(path, &now) && ours.st_dev == now.st_dev &&
	       ours.st_ino == now.st_ino;
}

/* -EAGAIN: the file was removed meanwhile. */
static int try_lock(struct hb_path_lock *lock)
{
	int fd = hb_file_lock(lock->path);

	if (fd < 0)
		return fd;
	if (!is_current(fd, lock->path)) {
		close(fd);
		return -EAGAIN;
	}
	lock->held = true;
	lock->fd = fd;
	return 0;
}

int hb_path_lock(struct hb_path_lock *lock)
{
	int rc = -EAGAIN;

	for (int i = 0; i < ATTEMPTS_MAX && rc == -EAGAIN; i++)
		rc = try_lock(lock);
	return rc;
}

void hb_path_unlock(struct hb_path_lock *lock)
{
	if (!lock->held)
		return;
	/* In this order: whoever opens the file afterwards makes a new one. */
	unlink(lock->path);
	close(lock->fd);
	lock->held = false;
}

int hb_path_is_locked(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (flock(fd, LOCK_SH | LOCK_NB))
		rc = errno == EWOULDBLOCK ? 1 : -errno;
	close(fd);
	return rc;
}
