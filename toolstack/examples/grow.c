/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * grow DOM SIZE: give a guest another size, show the way there, and say what it
 * has afterwards.
 *
 *   cc -o grow grow.c $(pkg-config --cflags --libs libhotballoon)
 *   ./grow web1 +256M
 */
#include <inttypes.h>
#include <stdio.h>

#include <hotballoon.h>

/* Called about ten times a second; false would end the wait, and not the change. */
static bool show(const struct hb_progress *progress, void *argument)
{
	(void)argument;
	if (!progress->locked)
		printf("%" PRIu64 " of %" PRIu64 " KiB\n", progress->now_kib, progress->goal_kib);
	return true;
}

static enum hb_code grow(struct hb *hb, const char *dom, const char *size, struct hb_error *error)
{
	struct hb_set_request request = { .wait = true, .timeout_s = 60 };
	struct hb_set_result result;
	enum hb_code code = hb_size_parse(size, &request.size, error);
	uint32_t domid;

	if (!code)
		code = hb_find(hb, dom, &domid, error);
	if (code)
		return code;
	hb_set_progress(hb, show, NULL);
	code = hb_set(hb, domid, &request, &result, error);
	/* Even if the guest did not get there, its target stands. */
	if (result.done)
		printf("%s: the target is %" PRIu64 " KiB, it holds %" PRIu64 " KiB\n",
		       result.after.name, result.target_kib, result.after.actual_kib);
	return code;
}

int main(int argc, char **argv)
{
	struct hb_error error;
	struct hb *hb;
	enum hb_code code;

	if (argc != 3) {
		fprintf(stderr, "usage: grow DOM SIZE\n");
		return HB_E_USAGE;
	}
	code = hb_open(&hb, &error);
	if (!code)
		code = grow(hb, argv[1], argv[2], &error);
	if (code)
		fprintf(stderr, "grow: %s\n  %s\n", error.message, error.remedy);
	hb_close(hb);
	return code;
}
