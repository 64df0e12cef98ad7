/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Port layer of drivers/core: the few types and bitmap operations that the pure
 * part needs, from the kernel there and from the C library in user space, so
 * that the very same source is compiled into the module and into its tests.
 */
#ifndef HB_CORE_PORT_H
#define HB_CORE_PORT_H

#include <core/types.h>

#ifdef __KERNEL__

#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>

#else /* user space */

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#define READ_ONCE(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)
#define U64_MAX (~(u64)0)
#define S64_MIN (-0x7fffffffffffffffL - 1)
#define BITS_PER_LONG (8 * sizeof(long))
#define BITS_TO_LONGS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return (map[nr / BITS_PER_LONG] >> (nr % BITS_PER_LONG)) & 1;
}

/* The bits of the word that @start is in, from @start on, @nr at most. */
static inline unsigned long bits_of_word(unsigned long start, unsigned long nr)
{
	unsigned long shift = start % BITS_PER_LONG;
	unsigned long ones = nr < BITS_PER_LONG ? (1UL << nr) - 1 : ~0UL;

	return ones << shift;
}

static inline void bitmap_set(unsigned long *map, unsigned int start,
			      unsigned int nr)
{
	unsigned int end = start + nr, next;

	for (; start < end; start = next) {
		next = (start / BITS_PER_LONG + 1) * BITS_PER_LONG;
		map[start / BITS_PER_LONG] |= bits_of_word(start, end - start);
	}
}

static inline void bitmap_clear(unsigned long *map, unsigned int start,
				unsigned int nr)
{
	unsigned int end = start + nr, next;

	for (; start < end; start = next) {
		next = (start / BITS_PER_LONG + 1) * BITS_PER_LONG;
		map[start / BITS_PER_LONG] &= ~bits_of_word(start, end - start);
	}
}

/* The lowest and the highest bit that is one; @word is not 0. */
static inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}

static inline unsigned long __fls(unsigned long word)
{
	return BITS_PER_LONG - 1 - __builtin_clzl(word);
}

/* The first bit from @start on that is one, after @flip was applied. */
static inline unsigned long find_next_flipped(const unsigned long *map,
					      unsigned long size,
					      unsigned long start,
					      unsigned long flip)
{
	while (start < size) {
		unsigned long word = (map[start / BITS_PER_LONG] ^ flip) >>
				     (start % BITS_PER_LONG);

		if (word) {
			start += __ffs(word);
			break;
		}
		start = (start / BITS_PER_LONG + 1) * BITS_PER_LONG;
	}
	return start < size ? start : size;
}

static inline unsigned long find_next_bit(const unsigned long *map,
					  unsigned long size,
					  unsigned long start)
{
	return find_next_flipped(map, size, start, 0);
}

static inline unsigned long find_next_zero_bit(const unsigned long *map,
					       unsigned long size,
					       unsigned long start)
{
	return find_next_flipped(map, size, start, ~0UL);
}

static inline unsigned long find_last_bit(const unsigned long *map,
					  unsigned long size)
{
	unsigned long word = BITS_TO_LONGS(size);

	while (word-- > 0) {
		unsigned long start = word * BITS_PER_LONG;
		unsigned long found = map[word] &
				      bits_of_word(start, size - start);

		if (found)
			return start + __fls(found);
	}
	return size;
}

static inline unsigned int bitmap_weight(const unsigned long *map,
					 unsigned int size)
{
	unsigned int weight = 0, start;

	for (start = 0; start < size; start += BITS_PER_LONG)
		weight += __builtin_popcountl(map[start / BITS_PER_LONG] &
					      bits_of_word(start, size - start));
	return weight;
}

#endif /* __KERNEL__ */

/* Fixed by x86 and by arm64 with 4 KiB pages, the granularity of Xen's ABI. */
#define HB_PAGE_KIB	4UL
/* A sub-block ("unit" in code): 2 MiB, Xen's largest extent for a domU. */
#define HB_UNIT_ORDER	9
#define HB_UNIT_PAGES	512UL
#define HB_MIB_PAGES	(1024UL / HB_PAGE_KIB)

#endif /* HB_CORE_PORT_H */
