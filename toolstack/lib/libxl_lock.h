/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock that libxl takes while it changes a domain: flock() on a file of its
 * own, one for each domain. libxl's private convention (4.5 to 4.21), therefore
 * spelt here and nowhere else:
 *
 *   DIR/userdata-l.DOMID.UUID.domain-userdata-lock
 *
 * Who lets go removes the file first. So a process that waited for it may get
 * the lock of a file that is gone, and must look whether the path still leads to
 * what it has locked.
 */
#ifndef HB_LIBXL_LOCK_H
#define HB_LIBXL_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#define HB_LIBXL_DIR "/var/lib/xen"

/* All zero: nothing is held. */
struct hb_libxl_lock {
	bool held;
	int fd;
	char path[256];
};

/*
 * Does not wait: -EBUSY if somebody else holds it. A host without the directory
 * has no libxl to lock out, and nothing is held then. Returns a negative errno.
 */
int hb_libxl_lock(struct hb_libxl_lock *lock, const char *dir, uint32_t domid, const char *uuid);
/* Nothing happens if it is not held. */
void hb_libxl_unlock(struct hb_libxl_lock *lock);

#endif
