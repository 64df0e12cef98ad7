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

/* False if who asked wants to wait no longer. */
static bool report_waiting(const struct hb_set_request *request, uint32_t domid, uint64_t waited_ms)
{
	const struct hb_domain domain = { .domid = domid };
	struct hb_progress progress = { .domain = &domain, .locked = true, .elapsed_ms = waited_ms };

	return !request || !request->progress || request->progress(&progress, request->argument);
}

static int lock_waiting(struct hb *hb, uint32_t domid, const char *uuid,
			const struct hb_set_request *request)
{
	struct hb_host *host = hb->host;
	uint64_t start = host->ops->now_ms(host), waited;
	int rc;

	while ((rc = host->ops->lock(host, domid, uuid)) == -EBUSY) {
		waited = host->ops->now_ms(host) - start;
		if (waited >= LOCK_TIMEOUT_MS)
			break;
		if (!report_waiting(request, domid, waited))
			return -EINTR;
		host->ops->sleep_ms(host, LOCK_POLL_MS);
	}
	return rc;
}

static enum hb_code fail_lock(struct hb_error *error, int rc, uint32_t domid)
{
	if (rc == -EINTR) {
		hb_fail(error, HB_E_INTERRUPTED, "the wait for another tool, which has domain %u locked, was ended",
			domid);
		hb_remedy(error, "nothing was changed; ask again when xl or libvirt is done");
		return HB_E_INTERRUPTED;
	}
	if (rc != -EBUSY)
		return hb_domain_fail(error, rc, domid);
	hb_fail(error, HB_E_HOST, "another tool has held domain %u locked for %u s", domid,
		LOCK_TIMEOUT_MS / 1000);
	hb_remedy(error, "look for an xl or libvirt that hangs");
	return HB_E_HOST;
}

enum hb_code hb_lock_domain(struct hb *hb, uint32_t domid, const struct hb_set_request *request,
			    struct hb_error *error)
{
	char uuid[HB_UUID_TEXT], again[HB_UUID_TEXT];
	int rc = hb_domain_uuid(hb, domid, uuid);

	while (!rc) {
		rc = lock_waiting(hb, domid, uuid, request);
		if (rc)
			break;
		/* While we waited, the domid may have been given to another domain. */
		rc = hb_domain_uuid(hb, domid, again);
		if (!rc && !strcmp(uuid, again))
			return HB_OK;
		hb_unlock_domain(hb);
		memcpy(uuid, again, sizeof(uuid));
	}
	return fail_lock(error, rc, domid);
}

void hb_unlock_domain(struct hb *hb)
{
	hb->host->ops->unlock(hb->host);
}
