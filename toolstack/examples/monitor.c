/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor: print every change of the host's domains, until it is interrupted.
 *
 *   cc -o monitor monitor.c $(pkg-config --cflags --libs libhotballoon)
 */
#include <poll.h>
#include <stdio.h>

#include <hotballoon.h>

static void show(const struct hb_change *change, void *out)
{
	fprintf(out, "%u %s ", change->domain->domid, change->domain->name);
	if (change->kind == HB_CHANGE_VALUE)
		fprintf(out, "%s: %s -> %s\n", change->what, change->from, change->to);
	else
		fprintf(out, "%s\n", change->kind == HB_CHANGE_STARTED ? "is there" : "has ended");
	fflush(out);
}

int main(void)
{
	struct hb_monitor *monitor = NULL;
	struct hb_error *error = hb_error_new();
	struct hb *hb = NULL;
	enum hb_code code = error ? hb_open(&hb, error) : HB_E_INTERNAL;

	if (!code)
		code = hb_monitor_open(hb, show, stdout, &monitor, error);
	while (!code) {
		struct pollfd fd = { .fd = hb_monitor_fd(monitor), .events = POLLIN };

		if (poll(&fd, 1, -1) < 0)
			break;
		code = hb_monitor_dispatch(monitor, error);
	}
	if (code && error)
		fprintf(stderr, "monitor: %s\n  %s\n", error->message, error->remedy);
	hb_monitor_close(monitor);
	hb_close(hb);
	hb_error_free(error);
	return code;
}
