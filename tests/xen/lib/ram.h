/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ram.h: where an emulator keeps the memory of its machine.
 */
#ifndef LAB_RAM_H
#define LAB_RAM_H

#include <stdio.h>

struct ram {
	unsigned long start, end;	/* addresses in the emulator's process */
};

/*
 * Find it in a file like /proc/PID/maps: by far the largest mapping.  Returns 0, or
 * -1 if the file cannot be read or nothing in it is that large.
 */
static inline int ram_find(const char *path, struct ram *ram)
{
	FILE *maps = fopen(path, "r");
	char line[512];

	ram->start = ram->end = 0;
	if (!maps)
		return -1;
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx rw", &start, &end) == 2 &&
		    end - start > ram->end - ram->start) {
			ram->start = start;
			ram->end = end;
		}
	}
	fclose(maps);
	return ram->end - ram->start > 512UL << 20 ? 0 : -1;
}

#endif
