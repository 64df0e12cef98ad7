/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands for hotballoond where the command asks it: a process that says the same to all. */
#ifndef TESTS_SIM_SPEAKER_H
#define TESTS_SIM_SPEAKER_H

#include <stddef.h>

/* From now on the command asks there; what it has asked is in speaker_heard(). */
void speaker_start(const char *reply, size_t length);
/* The text of the last question; valid until the next call. */
const char *speaker_heard(void);
/* Nobody is there any more; the command is asked to look there nevertheless. */
void speaker_end(void);

#endif
