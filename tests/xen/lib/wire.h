/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h: how dom0 (labtool) and a guest's agent talk over the guest's console.
 *
 * Model: one text line a message.  The console is shared with the guest kernel,
 * whose messages may appear anywhere, even inside a line.  So every line carries
 * a checksum, a receiver searches for the tag anywhere in a line and ignores what
 * does not check, and dom0 asks again for a reply that it could not complete.
 *
 *   dom0 -> guest   @Q ID CRC BASE64     run this command (BASE64 of its text)
 *                   @A ID                say the reply again
 *                   @K ID                kill the command, then reply
 *   guest -> dom0   @R ID SEQ CRC BASE64 54 bytes of output at most
 *                   @E ID LINES STATUS CRC
 *                                        end; CRC is of the text "ID LINES STATUS"
 *                   @READY               the agent listens (said three times)
 *
 * ID is 8 hexadecimal digits, as is CRC (CRC-32 of the bytes before encoding).
 */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WIRE_CHUNK 54			/* bytes of output in a line: 72 characters */

static inline uint32_t wire_crc(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint32_t crc = ~0u;

	while (n--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/* Writes 4 * ceil(n / 3) characters and a NUL; returns their number without the NUL. */
static inline size_t wire_encode(char *out, const void *data, size_t n)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	char *o = out;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)p[i] << 16;

		if (i + 1 < n)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		*o++ = digit[v >> 18];
		*o++ = digit[v >> 12 & 63];
		*o++ = i + 1 < n ? digit[v >> 6 & 63] : '=';
		*o++ = i + 2 < n ? digit[v & 63] : '=';
	}
	*o = 0;
	return (size_t)(o - out);
}

static inline int wire_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * Decodes up to the first character that is no base64 digit; out must hold
 * 3 bytes for every 4 characters of text.  Returns the number of bytes.
 */
static inline size_t wire_decode(void *out, const char *text)
{
	unsigned char *o = out;
	uint32_t v = 0;
	int bits = 0, d;

	for (; (d = wire_digit(*text)) >= 0; text++) {
		v = v << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*o++ = (unsigned char)(v >> bits);
		}
	}
	return (size_t)(o - (unsigned char *)out);
}

#endif
