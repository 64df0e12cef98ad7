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

/* Even if the guest did not get there, its target stands. */
static void print(const struct hb_set_result *result)
{
	const struct hb_domain *after = hb_set_result_after(result);

	if (hb_set_result_is_done(result))
		printf("%s: the target is %" PRIu64 " KiB, it holds %" PRIu64 " KiB\n",
		       after->name, hb_set_result_target_kib(result), after->actual_kib);
}

static enum hb_code grow(struct hb *hb, const char *dom, const struct hb_set_request *request,
			 struct hb_error *error)
{
	struct hb_set_result *result = hb_set_result_new();
	uint32_t domid;
	enum hb_code code = result ? hb_find(hb, dom, &domid, error) : HB_E_INTERNAL;

	hb_set_progress(hb, show, NULL);
	if (!code) {
		code = hb_set(hb, domid, request, result, error);
		print(result);
	}
	hb_set_result_free(result);
	return code;
}

int main(int argc, char **argv)
{
	struct hb_set_request *request = hb_set_request_new();
	struct hb_error *error = hb_error_new();
	struct hb *hb = NULL;
	enum hb_code code;

	if (argc != 3 || !request || !error) {
		fprintf(stderr, "usage: grow DOM SIZE\n");
		return HB_E_USAGE;
	}
	request->wait = true;
	request->timeout_s = 60;
	code = hb_size_parse(argv[2], &request->size, error);
	if (!code)
		code = hb_open(&hb, error);
	if (!code)
		code = grow(hb, argv[1], request, error);
	if (code)
		fprintf(stderr, "grow: %s\n  %s\n", error->message, error->remedy);
	hb_close(hb);
	hb_set_request_free(request);
	hb_error_free(error);
	return code;
}
