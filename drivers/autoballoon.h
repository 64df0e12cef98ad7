/* SPDX-License-Identifier: GPL-2.0-only */
/* When the guest looks whether it needs less than it may have: core/autoballoon.h decides. */
#ifndef HB_AUTOBALLOON_H
#define HB_AUTOBALLOON_H

/* After the worker was started, and before it is stopped: the parameter counts in between. */
void hb_autoballoon_start(void);
void hb_autoballoon_stop(void);

#endif /* HB_AUTOBALLOON_H */
