/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory blocks going online and offline, by our hand or anybody's.
 *
 * The online callback keeps held pages from the allocator; the memory notifier tells
 * core/guest.c what happens, which keeps the books' block states true.  Blocks are put
 * online and taken offline by the interface that user space has, their state file: no
 * policy of the system is changed.
 *
 * While hb.guest.closed is set no block may change its state: the callback changes hands.
 */
#ifndef HB_MEM_ONLINE_H
#define HB_MEM_ONLINE_H

#include <linux/mm_types.h>
#include <linux/types.h>

struct hb_block;

/* hb.guest.closed is set before. */
int hb_online_init(void);
void hb_online_exit(void);

/* hb.guest.closed is set: no block is on its way online, or goes there, when this returns. */
void hb_online_finish(void);

/* From here on whoever had the callback before has it again: nothing is refused any more. */
void hb_online_let_be(void);

/* The online callback; the kernel holds its hotplug locks. */
void hb_online_page(struct page *page, unsigned int order);

/**
 * hb_online_set() - write @state to the state file of the block at @pfn
 *
 * Caller holds no lock.
 *
 * Return: 0, or a negative errno; -EINTR when the worker was wanted for something else.
 */
int hb_online_set(unsigned long pfn, const char *state);

/* Held pages of a block on its way offline lose their reference (@go), or have it again. */
void hb_online_let_go(const struct hb_block *block, bool go);

/* Is any memory of a block broken?  It is on its way offline; says so in the log. */
bool hb_online_is_poisoned(const struct hb_block *block);

#endif /* HB_MEM_ONLINE_H */
