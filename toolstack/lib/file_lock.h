/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A lock between processes: flock() on a file. The kernel ends it with its holder. */
#ifndef HB_FILE_LOCK_H
#define HB_FILE_LOCK_H

/*
 * Makes the file if need be, and does not wait. Returns a descriptor, whose
 * close() lets go of the lock, or a negative errno; -EBUSY: somebody else holds it.
 */
int hb_file_lock(const char *path);

#endif
