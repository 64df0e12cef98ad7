/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>

#include "libxl_lock.h"

int hb_libxl_lock(struct hb_path_lock *lock, const char *dir, uint32_t domid, const char *uuid)
{
	int rc;

	snprintf(lock->path, sizeof(lock->path), "%s/userdata-l.%u.%s.domain-userdata-lock", dir,
		 domid, uuid);
	rc = hb_path_lock(lock);
	return rc == -ENOENT ? 0 : rc;
}
