// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "walk.h"

#define ENTRIES 512
#define TABLE_BYTES 4096
#define PRESENT UINT64_C(1)
#define LARGE (UINT64_C(1) << 7)
#define ADDRESS UINT64_C(0x000ffffffffff000)
#define TOP_LEVEL 4

static int count_leaf(struct walk_leaves *leaves, int level)
{
	switch (level) {
	case 1:
		leaves->of_4k++;
		return 0;
	case 2:
		leaves->of_2m++;
		return 0;
	case 3:
		leaves->of_1g++;
		return 0;
	}
	return -1;
}

static int walk_table(const struct walk_memory *memory, uint64_t table, int level,
		      struct walk_leaves *leaves)
{
	uint64_t entries[ENTRIES];
	int i, rc = 0;

	if (memory->size < TABLE_BYTES || table > memory->size - TABLE_BYTES)
		return -1;
	memcpy(entries, (const char *)memory->start + table, sizeof(entries));
	for (i = 0; i < ENTRIES && !rc; i++) {
		if (!(entries[i] & PRESENT))
			continue;
		if (level == 1 || entries[i] & LARGE)
			rc = count_leaf(leaves, level);
		else
			rc = walk_table(memory, entries[i] & ADDRESS, level - 1, leaves);
	}
	return rc;
}

int walk_count(const struct walk_memory *memory, uint64_t root, struct walk_leaves *leaves)
{
	memset(leaves, 0, sizeof(*leaves));
	return walk_table(memory, root & ADDRESS, TOP_LEVEL, leaves);
}
