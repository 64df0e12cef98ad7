/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * About once a second, while any processor of the guest is awake: those that look at its memory
 * look (statistics, a guest that sizes itself).  An idle guest is not woken for it.
 */
#ifndef HB_TICKER_H
#define HB_TICKER_H

/* Return: 0 or a negative errno. */
int hb_ticker_start(void);

/* Nobody looks any more.  Does no harm when hb_ticker_start() failed, or was not called. */
void hb_ticker_stop(void);

#endif /* HB_TICKER_H */
