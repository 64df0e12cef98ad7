/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A lock between processes: flock() on a file. The kernel ends it with its holder. */
#ifndef HB_FILE_LOCK_H
#define HB_FILE_LOCK_H

/* Where that of the host is, wherever its users keep their state; as fleeting as Xen's own. */
#define HB_HOST_LOCK_DIR "/run"

/*
 * Makes the file if need be, and does not wait. Returns a descriptor, whose
 * close() lets go of the lock, or a negative errno; -EBUSY: somebody else holds it.
 */
int hb_file_lock(const char *path);

#endif
