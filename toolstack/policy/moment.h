/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When something ends that is kept in a file for other processes. Pure. Kept as
 *
 *   UNTIL,SECONDS,BOOT
 *
 * UNTIL in seconds since 1970, SECONDS since the boot BOOT of domain 0: the clock of the wall can
 * jump, by a day when it is first set after a boot, and that of a boot does not. After another
 * boot the one of the wall is all there is; so it is for UNTIL alone, as older versions wrote it.
 */
#ifndef HB_MOMENT_H
#define HB_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A uuid. */
#define HB_BOOT_TEXT 37
#define HB_MOMENT_TEXT 88
/* What is kept over a boot ends so long after it at the latest, whatever the wall clock says. */
#define HB_MOMENT_MOST_S 604800

struct hb_clock {
	uint64_t wall_s;		/* since 1970 */
	uint64_t boot_s;		/* since the boot, without a jump */
	char boot[HB_BOOT_TEXT];	/* its id; empty: unknown */
};

struct hb_moment {
	uint64_t wall_s, boot_s;
	char boot[HB_BOOT_TEXT];	/* empty: boot_s is unknown */
};

bool hb_moment_is_boot(const char *text, size_t length);
/* Of length characters; false if it is not one. */
bool hb_moment_parse(const char *text, size_t length, struct hb_moment *moment);
char *hb_moment_format(const struct hb_moment *moment, char text[HB_MOMENT_TEXT]);

/* In so many seconds from now. */
struct hb_moment hb_moment_in(const struct hb_clock *clock, uint64_t seconds);
/* So many seconds are left; 0: it is over. */
uint64_t hb_moment_left_s(const struct hb_moment *moment, const struct hb_clock *clock);
bool hb_moment_of_this_boot(const struct hb_moment *moment, const struct hb_clock *clock);

#endif
