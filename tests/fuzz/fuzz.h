/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzzed programs share: one entry each, which libFuzzer calls. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

/* The input as a string, cut to size; a NUL in it ends it. Returns text. */
static inline char *fuzz_text(char *text, size_t room, const uint8_t *data, size_t size)
{
	size_t length = size < room - 1 ? size : room - 1;

	memcpy(text, data, length);
	text[length] = '\0';
	return text;
}

#endif
