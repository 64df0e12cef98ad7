/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "domain.h"
#include "lock.h"
#include "state.h"
#include "to_come.h"

#define FILE_NAME HB_STATE_TO_COME
#define HEADER "hotballoon to-come 3"
/* Domains that are asked for at once. */
#define BATCH 64

struct reading {
	struct hb_clock clock;
	struct hb_arrivals kept;
};

static bool read_line(const char *line, void *argument)
{
	struct reading *reading = argument;
	struct hb_arrival arrival;

	if (!hb_arrival_parse(line, &arrival))
		return false;
	if (hb_arrival_lasts(&arrival, &reading->clock))
		hb_arrivals_put(&reading->kept, &arrival);
	return true;
}

static struct reading read_kept(struct hb *hb)
{
	struct reading reading = { .clock = hb->host->ops->clock(hb->host) };
	struct hb_damage ignored;
	struct hb_error none;

	hb_state_read(hb, FILE_NAME, HEADER, read_line, &reading, &ignored, &none);
	return reading;
}

struct hb_arrivals hb_to_come_kept(struct hb *hb)
{
	return read_kept(hb).kept;
}

static enum hb_code write_kept(struct hb *hb, const struct hb_arrivals *kept,
			       struct hb_error *error)
{
	struct hb_text body = { 0 };
	char line[HB_ARRIVAL_LINE];
	enum hb_code code;

	for (size_t i = 0; i < kept->count; i++)
		hb_text_append(&body, hb_arrival_format(&kept->list[i], line));
	code = hb_state_note(hb, FILE_NAME, HEADER, &body, error);
	free(body.text);
	return code;
}

enum hb_code hb_to_come_keep_locked(struct hb *hb, const struct hb_arrival *arrival,
				    unsigned int seconds, struct hb_error *error)
{
	struct hb_arrival own = *arrival;
	struct reading reading = read_kept(hb);

	own.until = hb_moment_in(&reading.clock, seconds);
	if (seconds)
		hb_arrivals_put(&reading.kept, &own);
	else
		hb_arrivals_remove(&reading.kept, own.who);
	return write_kept(hb, &reading.kept, error);
}

enum hb_code hb_to_come_keep(struct hb *hb, const struct hb_arrival *arrival, unsigned int seconds,
			     struct hb_error *error)
{
	const struct hb_patience patience = { 0 };
	enum hb_code code = hb_lock_host(hb, &patience, error);

	if (code)
		return code;
	code = hb_to_come_keep_locked(hb, arrival, seconds, error);
	hb_unlock_host(hb);
	return code;
}

static int arrive(struct hb *hb, struct hb_arrivals *arrivals)
{
	struct hb_xen_domain batch[BATCH];
	uint32_t first = 0;
	int n;

	while ((n = hb->host->ops->domains(hb->host, first, batch, BATCH)) > 0) {
		for (int i = 0; i < n; i++) {
			struct hb_domain domain;

			hb_domain_identify(&domain, &batch[i]);
			if (hb_arrival_is_there(&domain))
				hb_arrivals_arrive(arrivals, domain.domid);
		}
		first = batch[n - 1].domid + 1;
	}
	return n;
}

enum hb_code hb_to_come_since(struct hb *hb, const struct hb_arrivals *before, uint64_t *kib,
			      struct hb_error *error)
{
	struct hb_arrivals kept = hb_to_come_kept(hb);
	int rc = hb_arrivals_since(&kept, before) ? arrive(hb, &kept) : 0;

	*kib = rc ? 0 : hb_arrivals_since(&kept, before);
	return rc ? hb_fail_host(error, rc, "cannot look at the domains") : HB_OK;
}
