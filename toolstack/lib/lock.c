/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "deadline.h"
#include "domain.h"
#include "file_lock.h"
#include "libxl_lock.h"
#include "lock.h"

/*
 * libxl holds its lock for the time of some hypercalls, and for seconds while it
 * adds a device; we hold ours for some calls. Longer than this, and a process hangs.
 */
#define LOCK_TIMEOUT_S 30
#define LOCK_POLL_MS 20

/* What is to be locked; each wait is one of these. */
struct wanted {
	bool domain, host;
	uint32_t domid;
	char uuid[HB_UUID_TEXT];
	bool domain_failed, host_failed;	/* which lock the last attempt did not get */
	uint64_t waited_ms;		/* until it was given up */
};

/* What has been begun is ended, also after the time limit of the whole. */
static uint64_t limit_ms(struct hb *hb, const struct hb_patience *patience)
{
	bool sooner = patience->timeout_s && patience->timeout_s < LOCK_TIMEOUT_S;
	uint64_t most_ms = (sooner ? patience->timeout_s : LOCK_TIMEOUT_S) * 1000ULL;

	return patience->firm ? most_ms : hb_wait_limit_ms(hb->host, most_ms);
}

static int try_domain(struct hb *hb, struct wanted *wanted)
{
	int rc = wanted->domain ? hb->host->ops->lock(hb->host, wanted->domid, wanted->uuid) : 0;

	wanted->domain_failed = rc;
	return rc;
}

static int try_host(struct hb *hb, struct wanted *wanted)
{
	int rc = wanted->host ? hb->host->ops->lock_host(hb->host) : 0;

	wanted->host_failed = rc;
	return rc;
}

/*
 * One attempt at all that is wanted: nothing is held if it fails. The one that was had by
 * somebody else is tried first again: as long as it is, libxl's, which is a file that is
 * there only while it is held, is not made and removed all the time. Nobody waits with one
 * of them in hand, so that the order is no matter.
 */
static int try_lock(struct hb *hb, struct wanted *wanted)
{
	const struct hb_host_ops *ops = hb->host->ops;
	bool host_first = wanted->host_failed;
	int rc = host_first ? try_host(hb, wanted) : try_domain(hb, wanted);

	if (rc)
		return rc;
	rc = host_first ? try_domain(hb, wanted) : try_host(hb, wanted);
	if (rc && host_first)
		ops->unlock_host(hb->host);
	else if (rc && wanted->domain)
		ops->unlock(hb->host);
	return rc;
}

static void unlock(struct hb *hb, const struct wanted *wanted)
{
	if (wanted->host)
		hb_unlock_host(hb);
	if (wanted->domain)
		hb_unlock_domain(hb);
}

/* False if who asked wants to wait no longer. */
static bool report_waiting(struct hb *hb, const struct wanted *wanted, uint64_t waited_ms)
{
	const struct hb_domain host = { .name = "host" }, domain = { .domid = wanted->domid };
	struct hb_progress progress = {
		.domain = wanted->host_failed ? &host : &domain,
		.locked = true, .elapsed_ms = waited_ms,
	};

	return hb_report_progress(hb, &progress);
}

static int lock_waiting(struct hb *hb, struct wanted *wanted, const struct hb_patience *patience)
{
	struct hb_host *host = hb->host;
	uint64_t start = host->ops->now_ms(host), limit = limit_ms(hb, patience);
	int rc;

	while ((rc = try_lock(hb, wanted)) == -EBUSY) {
		wanted->waited_ms = host->ops->now_ms(host) - start;
		if (wanted->waited_ms >= limit)
			break;
		if (!patience->firm && !report_waiting(hb, wanted, wanted->waited_ms))
			return -EINTR;
		host->ops->sleep_ms(host, LOCK_POLL_MS);
	}
	return rc;
}

/* The same, of the domain that has the domid when the lock is had. */
static int lock_domain_waiting(struct hb *hb, struct wanted *wanted,
			       const struct hb_patience *patience)
{
	char again[HB_UUID_TEXT];
	int rc = hb_domain_uuid(hb, wanted->domid, wanted->uuid);

	while (!rc) {
		rc = lock_waiting(hb, wanted, patience);
		if (rc)
			break;
		/* While we waited, the domid may have been given to another domain. */
		rc = hb_domain_uuid(hb, wanted->domid, again);
		if (!rc && !strcmp(wanted->uuid, again))
			return 0;
		unlock(hb, wanted);
		memcpy(wanted->uuid, again, sizeof(again));
	}
	return rc;
}

static enum hb_code fail_busy(struct hb_error *error, const struct wanted *wanted)
{
	unsigned int s = wanted->waited_ms / 1000;

	if (wanted->host_failed) {
		hb_fail(error, HB_REASON_LOCKED, "another hotballoon has held the host locked for %u s", s);
		hb_remedy(error, "look for one that hangs or is stopped");
	} else {
		hb_fail(error, HB_REASON_LOCKED, "another tool has held domain %u locked for %u s",
			wanted->domid, s);
		hb_remedy(error, "look for a tool that hangs: xl, libvirt");
	}
	return HB_E_HOST;
}

static enum hb_code fail_interrupted(struct hb_error *error, const struct wanted *wanted)
{
	if (wanted->host_failed) {
		hb_fail(error, HB_REASON_INTERRUPTED, "the wait for another hotballoon, which has the host locked, was ended");
		hb_remedy(error, "nothing was changed; ask again when it is done");
	} else {
		hb_fail(error, HB_REASON_INTERRUPTED, "the wait for another tool, which has domain %u locked, was ended",
			wanted->domid);
		hb_remedy(error, "nothing was changed; ask again when xl or libvirt is done");
	}
	return HB_E_INTERRUPTED;
}

/* There is no such domain, or no room for the file that a lock is. */
static enum hb_code fail_lock(struct hb_error *error, int rc, const struct wanted *wanted)
{
	if (!wanted->domain_failed && !wanted->host_failed)
		return hb_domain_fail(error, rc, wanted->domid);
	if (wanted->host_failed)
		hb_fail_host(error, rc, "cannot lock the host");
	else
		hb_fail_host(error, rc, "cannot lock domain %u", wanted->domid);
	if (error->reason == HB_REASON_HOST_FAILED) {
		hb_refine(error, HB_REASON_FILE_FAILED);
		hb_remedy(error, "the lock is a file in %s: is that file system full or read-only?",
			  wanted->host_failed ? HB_HOST_LOCK_DIR : HB_LIBXL_DIR);
	}
	return error->code;
}

static enum hb_code lock(struct hb *hb, struct wanted *wanted, const struct hb_patience *patience,
			 struct hb_error *error)
{
	int rc;

	if (hb->dry_run)
		return HB_OK;
	rc = wanted->domain ? lock_domain_waiting(hb, wanted, patience) :
	     lock_waiting(hb, wanted, patience);
	if (!rc)
		return HB_OK;
	if (rc == -EINTR)
		return fail_interrupted(error, wanted);
	if (rc == -EBUSY)
		return fail_busy(error, wanted);
	return fail_lock(error, rc, wanted);
}

enum hb_code hb_lock_domain(struct hb *hb, uint32_t domid, const struct hb_patience *patience,
			    struct hb_error *error)
{
	return lock(hb, &(struct wanted){ .domain = true, .domid = domid }, patience, error);
}

void hb_unlock_domain(struct hb *hb)
{
	if (!hb->dry_run)
		hb->host->ops->unlock(hb->host);
}

enum hb_code hb_lock_host(struct hb *hb, const struct hb_patience *patience,
			  struct hb_error *error)
{
	return lock(hb, &(struct wanted){ .host = true }, patience, error);
}

void hb_unlock_host(struct hb *hb)
{
	if (!hb->dry_run)
		hb->host->ops->unlock_host(hb->host);
}

enum hb_code hb_lock_both(struct hb *hb, uint32_t domid, const struct hb_patience *patience,
			  struct hb_error *error)
{
	return lock(hb, &(struct wanted){ .domain = true, .host = true, .domid = domid }, patience,
		    error);
}

void hb_unlock_both(struct hb *hb)
{
	hb_unlock_host(hb);
	hb_unlock_domain(hb);
}
