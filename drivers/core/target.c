// SPDX-License-Identifier: GPL-2.0-only
#include "target.h"
#include "text.h"

static enum hb_target_verdict reject(struct hb_target *target, const char *text)
{
	char quoted[HB_TARGET_TEXT];

	hb_text_quote(*text ? text : "(empty)", quoted, sizeof(quoted));
	if (!strcmp(quoted, target->bad))
		return HB_TARGET_BAD_AGAIN;
	memcpy(target->bad, quoted, sizeof(quoted));
	return HB_TARGET_BAD;
}

enum hb_target_verdict hb_target_set(struct hb_target *target, u64 pages)
{
	bool same = target->valid && target->pages == pages;
	bool was_bad = target->bad[0];

	if (!same)
		target->kept = 0;
	target->valid = true;
	target->pages = pages;
	target->bad[0] = '\0';
	if (!same)
		return HB_TARGET_NEW;
	return was_bad ? HB_TARGET_SAME_AFTER_BAD : HB_TARGET_SAME;
}

enum hb_target_verdict hb_target_update(struct hb_target *target,
					const char *text)
{
	u64 kib;

	if (hb_text_to_u64(text, &kib))
		return reject(target, text);
	target->by_host = true;
	target->host = kib / HB_PAGE_KIB;
	return hb_target_set(target, target->host);
}
