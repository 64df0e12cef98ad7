// SPDX-License-Identifier: GPL-2.0-only
#include "slotset.h"

unsigned int hb_slotset_longs(unsigned int nr)
{
	return BITS_TO_LONGS(nr) + BITS_TO_LONGS(BITS_TO_LONGS(nr));
}

void hb_slotset_put(unsigned long *set, unsigned int nr, unsigned int slot,
		    bool in)
{
	unsigned long *words = set + BITS_TO_LONGS(nr);
	unsigned int word = slot / BITS_PER_LONG;

	if (in)
		bitmap_set(set, slot, 1);
	else
		bitmap_clear(set, slot, 1);
	if (set[word])
		bitmap_set(words, word, 1);
	else
		bitmap_clear(words, word, 1);
}

unsigned int hb_slotset_first(const unsigned long *set, unsigned int nr,
			      unsigned int from)
{
	const unsigned long *words = set + BITS_TO_LONGS(nr);
	unsigned int word = from / BITS_PER_LONG;
	unsigned long rest;

	if (from >= nr)
		return nr;
	rest = set[word] >> (from % BITS_PER_LONG);
	if (rest)
		return from + __ffs(rest);
	word = find_next_bit(words, BITS_TO_LONGS(nr), word + 1);
	return word < BITS_TO_LONGS(nr) ?
		word * BITS_PER_LONG + __ffs(set[word]) : nr;
}

unsigned int hb_slotset_last(const unsigned long *set, unsigned int nr,
			     unsigned int end)
{
	const unsigned long *words = set + BITS_TO_LONGS(nr);
	unsigned int full = end / BITS_PER_LONG, word;
	unsigned long rest = 0;

	if (end % BITS_PER_LONG)
		rest = set[full] & ((1UL << (end % BITS_PER_LONG)) - 1);
	if (rest)
		return full * BITS_PER_LONG + __fls(rest);
	word = find_last_bit(words, full);
	return word < full ? word * BITS_PER_LONG + __fls(set[word]) : nr;
}

bool hb_slotset_is_sound(const unsigned long *set, unsigned int nr)
{
	const unsigned long *words = set + BITS_TO_LONGS(nr);
	unsigned int word;

	for (word = 0; word < BITS_TO_LONGS(nr); word++)
		if (test_bit(word, words) != !!set[word])
			return false;
	return true;
}
