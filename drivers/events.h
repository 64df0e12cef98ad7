/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What wakes the worker, and what gets it out of kernel calls that take long.
 *
 * Used from everywhere; uses nothing of the driver.
 */
#ifndef HB_EVENTS_H
#define HB_EVENTS_H

#include <linux/sched.h>
#include <linux/types.h>

/* The thread that events are for; NULL: there is none. */
void hb_events_set_worker(struct task_struct *task);

/* Is this the worker?  What happens now then happens by our hand. */
bool hb_events_is_worker(void);

/* Something happened: bits of enum hb_news (core/ops.h).  From any context. */
void hb_events_raise(unsigned int news);

/* What happened since the last call. */
unsigned int hb_events_take(void);
bool hb_events_pending(void);

/* The worker sleeps: @ms milliseconds, or for ever with U64_MAX, unless something happens. */
void hb_events_sleep(u64 ms);

/*
 * Returns when what the worker does is over, and it sleeps: soon, if the guest is to keep still.
 * It may wake at once; then it finds what was set before with the driver's lock held.
 * Return: 0, or -ERESTARTSYS after a fatal signal.
 */
int hb_events_settle(void);

/*
 * The worker, around a kernel call that may take long and that returns early when
 * a signal is pending: an event and a time limit send one.
 */
void hb_events_begin_long_call(void);
void hb_events_end_long_call(void);

#endif /* HB_EVENTS_H */
