/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory/target as the guest's driver reads it: a number of KiB, or what is said of it. */
#include "core/target.h"
#include "core/text.h"
#include "fuzz.h"

static bool is_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && !text[digits];
}

static void check_number(const char *text)
{
	unsigned long long want;
	u64 value = 7;
	int rc = hb_text_to_u64(text, &value);

	errno = 0;
	want = strtoull(text, NULL, 10);
	if (!is_number(text))
		MUST(rc && value == 7);
	else if (errno || strlen(text) > 20)
		MUST(rc == -ERANGE && value == 7);
	else
		MUST(!rc && value == want);
}

/* What cannot be read changes nothing, is kept in printable form, and is said once. */
static void check_target(const char *text)
{
	struct hb_target target = { .valid = true, .pages = 1 };
	enum hb_target_verdict verdict = hb_target_update(&target, text);
	u64 kib;

	if (!hb_text_to_u64(text, &kib)) {
		MUST(target.pages == kib / HB_PAGE_KIB);
		MUST(verdict == (kib / HB_PAGE_KIB == 1 ? HB_TARGET_SAME : HB_TARGET_NEW));
		return;
	}
	MUST(verdict == HB_TARGET_BAD && target.pages == 1);
	MUST(hb_target_update(&target, text) == HB_TARGET_BAD_AGAIN);
	MUST(strlen(target.bad) < sizeof(target.bad));
	for (const char *c = target.bad; *c; c++)
		MUST(*c >= ' ' && *c <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512];

	fuzz_text(text, sizeof(text), data, size);
	check_number(text);
	check_target(text);
	return 0;
}
