/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "domain.h"
#include "lock.h"

/*
 * libxl holds its lock for the time of some hypercalls, and for seconds while it
 * adds a device. Longer than this, and its process hangs.
 */
#define LOCK_TIMEOUT_MS 30000
#define LOCK_POLL_MS 20

static int lock_waiting(struct hb *hb, uint32_t domid, const char *uuid)
{
	struct hb_host *host = hb->host;
	uint64_t start = host->ops->now_ms(host);
	int rc;

	while ((rc = host->ops->lock(host, domid, uuid)) == -EBUSY &&
	       host->ops->now_ms(host) - start < LOCK_TIMEOUT_MS)
		host->ops->sleep_ms(host, LOCK_POLL_MS);
	return rc;
}

enum hb_code hb_lock_domain(struct hb *hb, uint32_t domid, struct hb_error *error)
{
	char uuid[HB_UUID_TEXT], again[HB_UUID_TEXT];
	int rc = hb_domain_uuid(hb, domid, uuid);

	while (!rc) {
		rc = lock_waiting(hb, domid, uuid);
		if (rc)
			break;
		/* While we waited, the domid may have been given to another domain. */
		rc = hb_domain_uuid(hb, domid, again);
		if (!rc && !strcmp(uuid, again))
			return HB_OK;
		hb_unlock_domain(hb);
		memcpy(uuid, again, sizeof(uuid));
	}
	if (rc == -EBUSY) {
		hb_fail(error, HB_E_HOST, "another tool has held domain %u locked for %u s", domid,
			LOCK_TIMEOUT_MS / 1000);
		hb_remedy(error, "look for an xl or libvirt that hangs");
		return HB_E_HOST;
	}
	return hb_domain_fail(error, rc, domid);
}

void hb_unlock_domain(struct hb *hb)
{
	hb->host->ops->unlock(hb->host);
}
