/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What systemd, and others who speak its protocol (sd_notify(3)), are told: a datagram to
 * $NOTIFY_SOCKET. Without that variable nobody is told, and nothing is needed.
 */
#ifndef HB_DAEMON_NOTIFY_H
#define HB_DAEMON_NOTIFY_H

#include <stdint.h>

/* "READY=1" and the like. */
void notify(const char *state);
/* The same with the clock that RELOADING=1 wants. */
void notify_reloading(void);
/* In so many ms it wants to hear WATCHDOG=1 again and again; 0: it does not. */
uint64_t notify_watchdog_ms(void);

#endif
