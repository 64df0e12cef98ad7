/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * The version of everything in this tree.  Makefiles and debian/rules read this line;
 * debian/changelog has to agree with it, or no package is built.
 */
#ifndef HOTBALLOON_VERSION_H
#define HOTBALLOON_VERSION_H

#define HB_VERSION "0.1.0"

#endif
