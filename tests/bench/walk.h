/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.h: what a four-level x86-64 page table maps, by the size of its mappings.
 */
#ifndef BENCH_WALK_H
#define BENCH_WALK_H

#include <stdint.h>

struct walk_memory {
	const void *start;	/* machine address 0 */
	uint64_t size;
};

struct walk_leaves {
	uint64_t of_1g, of_2m, of_4k;
};

/*
 * Count the mappings below the top table at machine address root (its lowest 12
 * bits are ignored).  Returns 0, or -1 if a table lies outside of the memory or a
 * mapping is of a size that does not exist; what was counted is then incomplete.
 */
int walk_count(const struct walk_memory *memory, uint64_t root, struct walk_leaves *leaves);

#endif
