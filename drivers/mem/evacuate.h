/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moving what is in use out of a range of pages, beside the worker.
 *
 * The kernel's alloc_contig_range() waits for pages that are read or written at that moment,
 * for their buffers and for locks that I/O holds: as long as the disk takes, which may be for
 * ever, and nothing ends it.  A worker that waits follows no target.  So a thread of its own
 * calls it, one range at a time, and the worker waits for the thread no longer than a disk
 * that works takes.  A range that takes longer is given back when it comes; its thread is
 * left to it, and the worker goes round, with another thread.  Of such there are only so
 * many: then nothing moves until one of them ends, and what is free is still taken.
 *
 * Until the last of them ends the module cannot be unloaded; while a range moves for longer than
 * usual, long before it is left so, neither.
 */
#ifndef HB_MEM_EVACUATE_H
#define HB_MEM_EVACUATE_H

#include <linux/types.h>

/* The first thread.  Return: 0 or a negative errno. */
int hb_evacuate_start(void);
/* Nobody evacuates any more. */
void hb_evacuate_stop(void);

/**
 * hb_evacuate() - take @nr pages from @pfn on; what is in use there moves elsewhere
 *
 * Sleeps; called by one thread at a time.  The pages have one reference each;
 * hb_pages_put_back() undoes it.
 *
 * Return: 0; -EBUSY if something there cannot move or is locked or written now, if the range
 * takes too long, or if too many earlier ones still do; -ENOMEM without memory for that, or
 * another thread; or another errno of alloc_contig_range().
 */
int hb_evacuate(unsigned long pfn, unsigned long nr);

/*
 * Before each pass: does what was gone round still wait?  By hb_evacuate()'s thread, which is the
 * one that removes memory.
 */
void hb_evacuate_look(void);

/* Is anything being moved that takes too long?  It ends whenever the disk, or the lock, lets it. */
bool hb_evacuate_is_late(void);

/*
 * Seconds since the oldest of such ranges was begun, or that a page has been waiting which is not
 * touched for that; 0: nothing does, but for moments.
 */
unsigned long hb_evacuate_stuck_seconds(void);

#endif /* HB_MEM_EVACUATE_H */
