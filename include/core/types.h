/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * The port layer's types alone, for what libhotballoon is compiled from, too: it has
 * constants of the same names as the rest of port.h.
 */
#ifndef HB_CORE_TYPES_H
#define HB_CORE_TYPES_H

#ifdef __KERNEL__

#include <linux/types.h>

#else /* user space */

#include <stdbool.h>

typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;
typedef __INT64_TYPE__ s64;

#endif /* __KERNEL__ */

#endif /* HB_CORE_TYPES_H */
