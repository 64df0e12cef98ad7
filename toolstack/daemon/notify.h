/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What systemd, or who else has started us so, wants to be told: sd_notify(3), as a datagram to
 * the socket that the environment names. Without it nobody is told anything, and nothing fails.
 */
#ifndef HB_DAEMON_NOTIFY_H
#define HB_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Lines of NAME=VALUE. False: it cannot be said now, as when who is told does not read, and nobody waits. */
bool notify(const char *text);
/* The same: the configuration is being read again; notify("READY=1") says that this is over. */
bool notify_reloading(void);
/* How long we may be silent between two WATCHDOG=1; 0: for ever. */
uint64_t notify_watchdog_us(void);

#endif
