/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that limits are kept in; policy/limit.h says what a line is. */
#ifndef HB_LIMITS_FILE_H
#define HB_LIMITS_FILE_H

#define HB_LIMITS_FILE "limits"
#define HB_LIMITS_HEADER "hotballoon limits 1"

#endif
