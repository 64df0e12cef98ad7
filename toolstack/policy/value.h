/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values out of xenstore, parsed strictly: the writer may be a guest. Pure.
 * length is the node's, so that a value with a NUL inside is seen as invalid.
 */
#ifndef HB_VALUE_H
#define HB_VALUE_H

#include <hotballoon.h>

/* Digits only, at most limit. */
struct hb_number hb_value_number(const char *value, size_t length, uint64_t limit);
/* One of count words, exactly. */
struct hb_word hb_value_word(const char *value, size_t length, const char *const *words,
			     size_t count);

extern const char *const hb_state_words[HB_STATE_COUNT];
extern const char *const hb_cause_words[HB_CAUSE_COUNT];

#endif
