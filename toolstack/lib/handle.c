/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handle: a connection to a host. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct hb *hb_open_host(struct hb_host *host)
{
	struct hb *hb = calloc(1, sizeof(*hb));

	if (hb)
		hb->state_dir = strdup(HB_STATE_DIR);
	if (hb && hb->state_dir) {
		hb->host = host;
		return hb;
	}
	free(hb);
	host->ops->close(host);
	return NULL;
}

enum hb_code hb_set_state_dir(struct hb *hb, const char *dir, struct hb_error *error)
{
	/* Room for the names of the files in it. */
	const size_t longest = PATH_MAX - 32;
	char *copy;

	if (dir[0] != '/' || strlen(dir) > longest) {
		hb_fail(error, HB_REASON_BAD_DIRECTORY, "the state directory \"%.200s\" is no absolute path", dir);
		hb_remedy(error, "the usual one is %s", HB_STATE_DIR);
		return HB_E_USAGE;
	}
	copy = strdup(dir);
	if (!copy)
		return hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
	free(hb->state_dir);
	hb->state_dir = copy;
	return HB_OK;
}

void hb_set_progress(struct hb *hb, hb_progress_fn *progress, void *argument)
{
	hb->progress = progress;
	hb->progress_argument = argument;
}

void hb_set_dry_run(struct hb *hb)
{
	hb->dry_run = true;
}

bool hb_report_progress(struct hb *hb, const struct hb_progress *progress)
{
	return !hb->progress || hb->progress(progress, hb->progress_argument);
}

/* What a program from a later version expects nobody knows. */
static enum hb_code check_api(unsigned int api_version, struct hb_error *error)
{
	if (api_version && api_version <= HB_API_VERSION)
		return HB_OK;
	hb_fail(error, HB_REASON_API_VERSION, "the program was built with version %u of the library's interface, and libhotballoon " HB_VERSION " has version %u",
		api_version, HB_API_VERSION);
	hb_remedy(error, "install the libhotballoon that belongs to the program, or a later one");
	return HB_E_USAGE;
}

enum hb_code hb_open_api(unsigned int api_version, struct hb **hb, struct hb_error *error)
{
	struct hb_host *host;
	enum hb_code code = check_api(api_version, error);
	int rc;

	*hb = NULL;
	if (code)
		return code;
	rc = hb_xen_host_open(&host);
	if (rc == -ENOENT) {
		hb_fail(error, HB_REASON_NOT_DOMAIN_0, "this is not domain 0 of a running Xen host");
		hb_remedy(error, "run it in domain 0, with xenstored running");
		return HB_E_PERMISSION;
	}
	if (rc)
		return hb_fail_host(error, rc, "cannot connect to Xen and xenstore");
	*hb = hb_open_host(host);
	return *hb ? HB_OK : hb_fail(error, HB_REASON_OUT_OF_MEMORY, "out of memory");
}

void hb_close(struct hb *hb)
{
	if (!hb)
		return;
	hb->host->ops->close(hb->host);
	free(hb->state_dir);
	free(hb);
}
