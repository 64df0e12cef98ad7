/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lock that libxl takes while it changes a domain: flock() on a file of its
 * own, one for each domain, as struct hb_path_lock is. libxl's private convention
 * (4.5 to 4.21), therefore spelt here and nowhere else:
 *
 *   DIR/userdata-l.DOMID.UUID.domain-userdata-lock
 */
#ifndef HB_LIBXL_LOCK_H
#define HB_LIBXL_LOCK_H

#include <stdint.h>

#include "file_lock.h"

#define HB_LIBXL_DIR "/var/lib/xen"

/*
 * Does not wait: -EBUSY if somebody else holds it. A host without the directory
 * has no libxl to lock out, and nothing is held then. Returns a negative errno.
 * hb_path_unlock() lets go of it.
 */
int hb_libxl_lock(struct hb_path_lock *lock, const char *dir, uint32_t domid, const char *uuid);

#endif
