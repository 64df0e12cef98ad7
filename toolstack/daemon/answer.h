/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hotballoond answers to who asks how it is, by varlink's rules: a message is an object
 * with a method and parameters, so is the answer. Text in, text out, from a view of the
 * manager; who connects is in socket.c. Nothing can be changed by a message.
 */
#ifndef HB_DAEMON_ANSWER_H
#define HB_DAEMON_ANSWER_H

#include "manager.h"

/*
 * To one message, without the zero byte behind it; to be released by free(). NULL: none is
 * wanted (oneway). *good is false if that is no message at all: the connection is to be closed.
 */
char *answer(const struct manager_view *view, const char *message, bool *good);

#endif
