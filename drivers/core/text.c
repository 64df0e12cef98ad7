// SPDX-License-Identifier: GPL-2.0-only
#include "text.h"

/* 2^64 - 1 has twenty digits. */
#define MAX_DIGITS 20

int hb_text_to_u64(const char *text, u64 *value)
{
	u64 result = 0;
	size_t i;

	for (i = 0; text[i]; i++) {
		unsigned int digit = (unsigned char)text[i] - '0';

		if (digit > 9)
			return -EINVAL;
		if (i >= MAX_DIGITS || result > (U64_MAX - digit) / 10)
			return -ERANGE;
		result = result * 10 + digit;
	}
	if (!i)
		return -EINVAL;
	*value = result;
	return 0;
}

void hb_text_quote(const char *text, char *out, size_t size)
{
	size_t i;

	if (!size)
		return;
	for (i = 0; text[i] && i + 1 < size; i++)
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	out[i] = '\0';
	if (text[i] && size > 4)
		memcpy(out + size - 4, "...", 4);
}
