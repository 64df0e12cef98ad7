/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's cry for memory: core/distress.h says when, data/hotballoon/distress how much.
 *
 * A guest that needs none does nothing here.  The kernel's looking for memory (a shrinker that
 * has none) begins looks, a tenth of a second apart, for as long as there is cause; before a
 * process is killed (the OOM notifier) there is one at once.
 *
 * On neither way is anything allocated, or a lock taken that could wait for memory: counters
 * are read, a spinlock is taken that nobody holds while he allocates, and a timer or a work item
 * is started, which exist.  The work item's queue has a thread of its own to run on when none
 * can be made, and what xenstore's client allocates there may use the kernel's last reserves and
 * does not look for more.
 */
#ifndef HB_DISTRESS_H
#define HB_DISTRESS_H

int hb_distress_start(void);

/* Does no harm when hb_distress_start() failed, or was not called. */
void hb_distress_stop(void);

#endif /* HB_DISTRESS_H */
