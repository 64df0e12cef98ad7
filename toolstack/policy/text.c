/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <hotballoon.h>

/* Length of the UTF-8 sequence that begins with this byte; 0 if none does. */
static size_t sequence(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Longer than need be, a surrogate, or beyond Unicode; the first byte is right. */
static bool is_wrong_second(unsigned char first, unsigned char second)
{
	return (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
	       (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
}

/* The bytes of one printable character at text, 0 if there is none. */
static size_t printable(const unsigned char *text)
{
	size_t length = sequence(text[0]);

	if (length <= 1)
		return text[0] >= 0x20 && text[0] != 0x7f ? length : 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	/* C1 controls are controls, too. */
	return is_wrong_second(text[0], text[1]) || (text[0] == 0xc2 && text[1] < 0xa0) ? 0 : length;
}

char *hb_text_clean(char *text)
{
	size_t length;

	for (char *c = text; *c; c += length) {
		length = printable((const unsigned char *)c);
		if (!length) {
			*c = '?';
			length = 1;
		}
	}
	return text;
}
