/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A domain that is kept still, to be saved or migrated. In this order:
 *
 *   1. our lock of it, held until the end: who finds the key without it knows that nobody
 *      is behind the key any more
 *   2. the key, in a transaction, under libxl's lock: a size that is being set now is set
 *      before, and seen below
 *   3. the driver's answer, waited for without libxl's lock
 *   4. the size: what does not move any more is looked at, and is given what it holds if it
 *      would be lost
 *
 * A process that is killed in between leaves the key, and at most a size that the guest
 * can keep.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "domain.h"
#include "file_lock.h"
#include "lock.h"
#include "refusal.h"
#include "set.h"
#include "still.h"
#include "wait.h"

#define POLL_MS 100
#define ANSWER_TIMEOUT_MS 5000
/* For the answer of last time to go, which is a matter of milliseconds. */
#define GO_TIMEOUT_MS 2000
/* Who only looks whether somebody holds the lock has it for a moment. */
#define HOLD_ATTEMPTS 50
#define HOLD_POLL_MS 20
/* Another writer can win that often in a row before something is wrong. */
#define CONFLICTS_MAX 100

struct hb_still {
	uint32_t domid;
	char uuid[HB_UUID_TEXT];
	char who[HB_WHO_TEXT];
	struct hb_path_lock hold;
};

static enum hb_code take_hold(struct hb *hb, const struct hb_domain *domain, struct hb_still *still,
			      struct hb_error *error)
{
	struct hb_host *host = hb->host;
	int rc = -EBUSY;

	for (int i = 0; i < HOLD_ATTEMPTS && rc == -EBUSY; i++) {
		if (i)
			host->ops->sleep_ms(host, HOLD_POLL_MS);
		rc = host->ops->hold(host, still->domid, still->uuid, &still->hold);
	}
	if (rc == -EBUSY)
		return hb_refuse_held(domain, error);
	if (!rc)
		return HB_OK;
	hb_fail_host(error, rc, "cannot lock %s to keep it still", still->who);
	hb_refine(error, HB_REASON_FILE_FAILED);
	hb_remedy(error, "the lock is a file in %s: is that file system full or read-only?",
		  HB_HOST_LOCK_DIR);
	return error->code;
}

/* One attempt to write the key, or to remove it; -ESRCH: the domain is gone. */
static int try_tell(struct hb *hb, const struct hb_still *still, bool tell)
{
	const struct hb_host_ops *ops = hb->host->ops;
	struct hb_number domid;
	char path[HB_PATH_TEXT];
	uint32_t transaction;
	int rc = ops->begin(hb->host, &transaction);

	if (rc)
		return rc;
	rc = hb_read_number(hb->host, transaction, hb_domain_path(path, still->domid, HB_KEY_DOMID),
			    UINT32_MAX, &domid);
	if (!rc && (domid.presence != HB_PRESENT || domid.value != still->domid))
		rc = -ESRCH;
	hb_domain_path(path, still->domid, HB_KEY_STILL);
	if (!rc)
		rc = tell ? ops->write(hb->host, transaction, path, "1") :
		     ops->remove(hb->host, transaction, path);
	if (!rc)
		return ops->end(hb->host, transaction, true);
	ops->end(hb->host, transaction, false);
	return !tell && rc == -ENOENT ? 0 : rc;
}

static int tell(struct hb *hb, const struct hb_still *still, bool tell)
{
	int rc = -EAGAIN;

	for (int i = 0; i < CONFLICTS_MAX && rc == -EAGAIN; i++)
		rc = try_tell(hb, still, tell);
	return rc;
}

/* Under libxl's lock: the domain as it is once nobody sets its size any more. */
static enum hb_code tell_locked(struct hb *hb, const struct hb_still *still,
				struct hb_still_result *result, struct hb_error *error)
{
	enum hb_code code = hb_domain_refresh(hb, &result->domain, error);
	int rc;

	if (!code && strcmp(result->domain.uuid, still->uuid))
		return hb_domain_fail(error, -ESRCH, still->domid);
	if (!code)
		code = hb_still_check(&result->domain, error);
	if (code)
		return code;
	result->from_kib = result->domain.target.value + result->domain.videoram_kib;
	rc = tell(hb, still, true);
	if (rc == -ESRCH)
		return hb_domain_fail(error, rc, still->domid);
	return rc ? hb_fail_host(error, rc, "cannot tell %s to keep still", still->who) : HB_OK;
}

static enum hb_code wait_a_while(struct hb *hb, const struct hb_still_result *result,
				 struct hb_error *error)
{
	uint64_t size_kib = hb_wait_position(&result->domain) + result->domain.videoram_kib;
	const struct hb_progress progress = {
		.domain = &result->domain, .from_kib = size_kib, .now_kib = size_kib, .goal_kib = size_kib,
		.elapsed_ms = result->waited_ms,
	};

	if (!hb_report_progress(hb, &progress)) {
		hb_fail(error, HB_REASON_INTERRUPTED, "the wait was ended");
		hb_remedy(error, "nothing was saved or migrated");
		return HB_E_INTERRUPTED;
	}
	hb->host->ops->sleep_ms(hb->host, POLL_MS);
	return HB_OK;
}

/* Until the driver answers so, cannot answer, or the time is over. */
static enum hb_code wait_for_answer(struct hb *hb, enum hb_still_answer wanted, uint64_t timeout_ms,
				    struct hb_still_result *result, struct hb_error *error)
{
	uint64_t start = hb->host->ops->now_ms(hb->host);
	enum hb_code code;

	do {
		code = hb_domain_refresh(hb, &result->domain, error);
		result->answer = hb_still_answer(&result->domain);
		result->waited_ms = hb->host->ops->now_ms(hb->host) - start;
		if (code || result->answer == wanted || !hb_still_can_answer(&result->domain) ||
		    result->waited_ms >= timeout_ms)
			return code;
		code = wait_a_while(hb, result, error);
	} while (!code);
	return code;
}

static enum hb_code make_keepable(struct hb *hb, struct hb_still_result *result,
				  struct hb_error *error)
{
	struct hb_set_result kept;
	enum hb_code code;

	if (!hb_would_be_lost(&result->domain, NULL))
		return HB_OK;
	code = hb_keep(hb, result->domain.domid, NULL, true, 0, &kept, error);
	if (code || !kept.nr_steps)
		return code;
	result->kept_kib = kept.size_kib;
	return hb_domain_refresh(hb, &result->domain, error);
}

static enum hb_code begin(struct hb *hb, const struct hb_still_request *request,
			  struct hb_still *still, struct hb_still_result *result,
			  struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	uint64_t timeout_ms = request->timeout_s ? request->timeout_s * 1000ULL : ANSWER_TIMEOUT_MS;
	enum hb_code code = HB_OK;

	if (!result->taken_over)
		code = wait_for_answer(hb, HB_STILL_SILENT, GO_TIMEOUT_MS, result, error);
	if (!code)
		code = hb_lock_domain(hb, still->domid, &patience, error);
	if (code)
		return code;
	code = tell_locked(hb, still, result, error);
	hb_unlock_domain(hb);
	if (!code)
		code = wait_for_answer(hb, HB_STILL_ANSWERED, timeout_ms, result, error);
	return code ? code : make_keepable(hb, result, error);
}

/* What was begun is taken back; if that fails, too, it is the worse news. */
static enum hb_code give_up(struct hb *hb, struct hb_still *still, enum hb_code code,
			    struct hb_error *error)
{
	struct hb_error later;

	if (!hb_still_end(hb, still, &later))
		return code;
	*error = later;
	return error->code;
}

/* What would be done, and nothing of it. The answer is not known, and not asked for. */
static enum hb_code preview(struct hb *hb, struct hb_still_result *result, struct hb_error *error)
{
	const struct hb_domain *domain = &result->domain;

	if (domain->still == HB_STILL_HELD)
		return hb_refuse_held(domain, error);
	result->taken_over = domain->still == HB_STILL_LEFT;
	result->answer = hb_still_answer(domain);
	result->from_kib = domain->target.value + domain->videoram_kib;
	return make_keepable(hb, result, error);
}

enum hb_code hb_still_begin(struct hb *hb, uint32_t domid, const struct hb_still_request *request,
			    struct hb_still **still, struct hb_still_result *result,
			    struct hb_error *error)
{
	struct hb_domain *domain = &result->domain;
	struct hb_still *made;
	enum hb_code code;

	*still = NULL;
	*result = (struct hb_still_result){ .fd = -1 };
	code = hb_show(hb, domid, domain, error);
	if (!code)
		code = hb_still_check(domain, error);
	if (!code && hb->dry_run)
		code = preview(hb, result, error);
	if (code || hb->dry_run)
		return code;
	made = calloc(1, sizeof(*made));
	if (!made)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	made->domid = domid;
	memcpy(made->uuid, domain->uuid, sizeof(made->uuid));
	hb_who(domain, made->who);
	code = take_hold(hb, domain, made, error);
	if (code) {
		free(made);
		return code;
	}
	result->taken_over = domain->still == HB_STILL_LEFT;
	code = begin(hb, request, made, result, error);
	if (code)
		return give_up(hb, made, code, error);
	result->fd = made->hold.fd;
	*still = made;
	return HB_OK;
}

/* The domid can have been given to another domain since. */
static bool is_gone(struct hb *hb, const struct hb_still *still)
{
	char uuid[HB_UUID_TEXT];
	int rc = hb_domain_uuid(hb, still->domid, uuid);

	return rc == -ESRCH || (!rc && strcmp(uuid, still->uuid));
}

/* The key is ours alone: no other lock is needed, and none can keep us from it. */
enum hb_code hb_still_end(struct hb *hb, struct hb_still *still, struct hb_error *error)
{
	enum hb_code code = HB_OK;
	int rc = 0;

	if (!still)
		return HB_OK;
	if (!is_gone(hb, still))
		rc = tell(hb, still, false);
	if (rc && rc != -ESRCH) {
		code = hb_fail_host(error, rc, "%s is still told to keep its memory as it is", still->who);
		hb_refine(error, HB_REASON_STILL_LEFT);
		hb_remedy(error, "set its size again when the host answers: that takes it back");
	}
	hb->host->ops->let_go(hb->host, &still->hold);
	free(still);
	return code;
}
