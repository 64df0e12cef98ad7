/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Having the kernel swap: what core/press.h decides.
 *
 * No function that reclaims is there for modules, and an allocation reclaims only when next to
 * nothing is free: the floor's reserve would be gone by then.  But kswapd works until so much
 * is free as a zone's high watermark says.  That is raised for a moment, and lowered as soon
 * as enough is free, or on its way to a disk: kswapd then ends the pass it is in, the longest of
 * which is about as much as all before it.  The lowest watermark stays: nobody's allocation has to
 * wait.  Where kswapd finds nothing it is let go, and its failures are taken back: it would not be
 * woken any more when others need it.
 *
 * What the kernel computes meanwhile (a block that comes or goes, sysctl) stands.
 */
#ifndef HB_MEM_PRESS_H
#define HB_MEM_PRESS_H

/*
 * Until @pages more are free, or news comes, or a quarter of a second is over; two seconds as
 * long as something is on its way to a disk, and free when it is there.  For the worker.
 */
void hb_press_out(unsigned long pages);

#endif /* HB_MEM_PRESS_H */
