/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "motive.h"

static const struct {
	const char *word, *text;
} reasons[HB_MOTIVE_COUNT] = {
#define HB_MOTIVE_ROW(name, word, text) [HB_MOTIVE_##name] = { word, text },
	HB_MOTIVES(HB_MOTIVE_ROW)
};

const char *hb_motive_word(enum hb_motive reason)
{
	return reasons[reason].word;
}

const char *hb_motive_text(enum hb_motive reason)
{
	return reasons[reason].text;
}
