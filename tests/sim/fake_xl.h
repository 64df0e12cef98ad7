/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of the test's own with a program in it that stands for xl, and nothing else in PATH. */
#ifndef TESTS_SIM_FAKE_XL_H
#define TESTS_SIM_FAKE_XL_H

void fake_xl_begin(void);
void fake_xl_end(void);
/* That folder; and a file in it, into path. */
extern char fake_xl_dir[64];
void fake_xl_file(char path[128], const char *name);
/* A script of the shell; what it says goes to $out. NULL: there is no xl. */
void fake_xl(const char *script);
/* What it has said since that was last asked; valid until then. */
const char *fake_xl_said(void);

#endif
