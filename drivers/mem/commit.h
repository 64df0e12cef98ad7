/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel promised to processes, where it was told to promise no more than it has
 * (vm.overcommit_memory=2).
 *
 * What it may promise is a share of the memory that the allocator manages, without huge
 * pages that are set aside, and all swap: it follows the guest's size.  The rule is
 * vm_commit_limit() of mm/util.c, which is not exported, nor is what it reads, but for what
 * was promised.  A kernel in which one of these cannot be found is taken for one that
 * promises whatever is asked for, and the log says so.
 */
#ifndef HB_MEM_COMMIT_H
#define HB_MEM_COMMIT_H

#include "../core/floor.h"

void hb_commit_init(void);

/* Reads a handful of words; takes no lock. */
struct hb_commit hb_commit_look(void);

#endif /* HB_MEM_COMMIT_H */
