/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HB_CORE_TEXT_H
#define HB_CORE_TEXT_H

#include <core/port.h>

/**
 * hb_text_to_u64() - strict parser of a xenstore number
 * @text: NUL-terminated, untrusted
 * @value: set on success only
 *
 * Accepts one to twenty decimal digits and nothing else: no sign, no blank, no
 * base prefix, no exponent, no trailing byte.
 *
 * Return: 0, -EINVAL for anything else, -ERANGE for more than 2^64 - 1.
 */
int hb_text_to_u64(const char *text, u64 *value);

/**
 * hb_text_quote() - make an untrusted value fit for a log line
 * @text: NUL-terminated, untrusted, any length
 * @out: receives at most @size bytes with the NUL
 *
 * Bytes outside printable ASCII become '?', a longer text ends in "...".
 */
void hb_text_quote(const char *text, char *out, size_t size);

#endif /* HB_CORE_TEXT_H */
