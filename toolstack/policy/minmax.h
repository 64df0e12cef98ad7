/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of two sizes; there is none below 0. */
#ifndef HB_MINMAX_H
#define HB_MINMAX_H

#include <stdint.h>

static inline uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static inline uint64_t less(uint64_t from, uint64_t what)
{
	return from > what ? from - what : 0;
}

#endif
