/* SPDX-License-Identifier: GPL-2.0-only */
/* When the guest looks whether it needs less than it may have: core/autoballoon.h decides. */
#ifndef HB_AUTOBALLOON_H
#define HB_AUTOBALLOON_H

#include <linux/types.h>

/* After the worker was started: the parameter counts from there. */
void hb_autoballoon_start(void);
/* From now on the host's size is followed.  Does no harm when it was not started, or twice. */
void hb_autoballoon_stop(void);

/* About once a second: it is time to look.  From any context but that of hard interrupts. */
void hb_autoballoon_tick(void);

/* Does the guest size itself? */
bool hb_autoballoon_is_on(void);

#endif /* HB_AUTOBALLOON_H */
