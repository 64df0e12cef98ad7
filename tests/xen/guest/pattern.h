/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pattern.h: contents of memory that can be checked.
 *
 * Every 64-bit word depends on the seed, the page's number and the place in the page,
 * and none is zero: a page that was lost, zeroed, swapped with another or taken over
 * by someone else does not verify.  Within a page words are an arithmetic sequence
 * from a hashed start, which costs two instructions a word in emulation.
 */
#ifndef LAB_PATTERN_H
#define LAB_PATTERN_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PATTERN_PAGE 4096u
#define PATTERN_WORDS (PATTERN_PAGE / 8)
#define PATTERN_STEP 0x9e3779b97f4a7c15u

/* What memory is called makes it another's: two of the same size are not alike. */
static inline uint64_t pattern_seed(uint64_t seed, const char *id)
{
	for (; *id; id++)
		seed = seed * 31 + (unsigned char)*id;
	return seed;
}

static inline uint64_t pattern_page(uint64_t seed, size_t page)
{
	uint64_t z = seed + (page + 1) * PATTERN_STEP;	/* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline void pattern_fill(uint64_t *mem, size_t pages, uint64_t seed)
{
	for (size_t page = 0; page < pages; page++) {
		uint64_t *p = mem + page * PATTERN_WORDS, v = pattern_page(seed, page);

		for (size_t i = 0; i < PATTERN_WORDS; i++, v += PATTERN_STEP)
			p[i] = v | 1;
	}
}

/* False if a word of that page differs: then text says which. */
static inline bool pattern_verify_page(const uint64_t *p, size_t page, uint64_t seed,
				       char *text, size_t size)
{
	uint64_t v = pattern_page(seed, page);

	for (size_t i = 0; i < PATTERN_WORDS; i++, v += PATTERN_STEP)
		if (p[i] != (v | 1)) {
			snprintf(text, size, "page %zu, word %zu: %016" PRIx64 " instead of %016" PRIx64,
				 page, i, p[i], v | 1);
			return false;
		}
	return true;
}

static inline bool pattern_verify(const uint64_t *mem, size_t pages, uint64_t seed,
				  char *text, size_t size)
{
	for (size_t page = 0; page < pages; page++)
		if (!pattern_verify_page(mem + page * PATTERN_WORDS, page, seed, text, size))
			return false;
	return true;
}

#endif
