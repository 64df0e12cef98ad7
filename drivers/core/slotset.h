/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of slots, of which the first and the last one are found at once.
 *
 * One bit a slot, followed by one bit a word of those: the word has any.  A search reads
 * one word in 4096 slots and then one that has what it looks for.
 */
#ifndef HB_CORE_SLOTSET_H
#define HB_CORE_SLOTSET_H

#include <core/port.h>

/* Memory for a set of @nr slots, zeroed when it is empty. */
unsigned int hb_slotset_longs(unsigned int nr);

void hb_slotset_put(unsigned long *set, unsigned int nr, unsigned int slot,
		    bool in);

/* The first slot from @from on, and the last one below @end; @nr if there is none. */
unsigned int hb_slotset_first(const unsigned long *set, unsigned int nr,
			      unsigned int from);
unsigned int hb_slotset_last(const unsigned long *set, unsigned int nr,
			     unsigned int end);

/* Do the bits of the words say what the words are? */
bool hb_slotset_is_sound(const unsigned long *set, unsigned int nr);

#endif /* HB_CORE_SLOTSET_H */
