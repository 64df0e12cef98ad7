/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Locks between processes: flock() on a file. The kernel ends them with their holder. */
#ifndef HB_FILE_LOCK_H
#define HB_FILE_LOCK_H

#include <stdbool.h>

/* Where those that are ours are, wherever its users keep their state; as fleeting as Xen's own. */
#define HB_HOST_LOCK_DIR "/run"

/*
 * Makes the file if need be, and does not wait. Returns a descriptor, whose
 * close() lets go of the lock, or a negative errno; -EBUSY: somebody else holds it.
 */
int hb_file_lock(const char *path);

/*
 * The same with a file that is there only while somebody holds it. Who lets go
 * removes the file first. So a process that was about to lock it may get the lock of a
 * file that is gone, and must look whether the path still leads to what it has locked.
 * All zero: nothing is held.
 */
struct hb_path_lock {
	bool held;
	int fd;
	char path[256];
};

/* Locks lock->path. Returns a negative errno; -EBUSY as above. */
int hb_path_lock(struct hb_path_lock *lock);
/* Nothing happens if it is not held. */
void hb_path_unlock(struct hb_path_lock *lock);
/* Does somebody hold it? 1, 0 or a negative errno. For that moment who wants it gets -EBUSY. */
int hb_path_is_locked(const char *path);

#endif
