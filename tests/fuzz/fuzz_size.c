/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes: what is accepted is within bounds, what is refused is explained. */
#include <hotballoon.h>

#include "fuzz.h"

static void check_accepted(const struct hb_size *size)
{
	char text[HB_SIZE_TEXT];
	struct hb_size again;
	struct hb_error error;

	if (size->kind == HB_SIZE_PERCENT) {
		MUST(size->amount >= 1 && size->amount <= (size->negative ? 99 : 10000));
		return;
	}
	MUST(size->amount && size->amount <= HB_SIZE_MAX_KIB && size->amount % HB_PAGE_KIB == 0);
	MUST(!size->negative || size->kind == HB_SIZE_DELTA);
	MUST(hb_size_parse(hb_size_format(size->amount, text), &again, &error) == HB_OK);
	MUST(again.amount == size->amount);
	hb_size_human(size->amount, text);
}

/* A form that the remedy names is accepted. */
static void check_refused(const struct hb_error *error)
{
	struct hb_size size;
	struct hb_error again;
	char form[64];

	MUST(error->code == HB_E_USAGE && error->message[0] && error->remedy[0]);
	if (sscanf(error->remedy, "write %63[^ ,(]", form) == 1 && strpbrk(form, "0123456789"))
		MUST(hb_size_parse(form, &size, &again) == HB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	char text[256];
	struct hb_size size;
	struct hb_error error;

	if (hb_size_parse(fuzz_text(text, sizeof(text), data, length), &size, &error))
		check_refused(&error);
	else
		check_accepted(&size);
	return 0;
}
