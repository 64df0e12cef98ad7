/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where and by what names hotballoond can be asked: for it, and for who asks. */
#ifndef HB_DAEMON_INTERFACE_H
#define HB_DAEMON_INTERFACE_H

#include "file_lock.h"

#define HB_DAEMON_SOCKET HB_HOST_LOCK_DIR "/hotballoond.socket"
#define HB_DAEMON_INTERFACE "org.hotballoon.Manager"

#endif
