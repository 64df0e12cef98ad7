/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HB_SYMBOLS_H
#define HB_SYMBOLS_H

/**
 * hb_symbol() - address of a kernel symbol that is not exported
 *
 * Return: the address, or NULL if the kernel has no such symbol or no way to
 * look it up (CONFIG_KPROBES, CONFIG_KALLSYMS_ALL).
 */
void *hb_symbol(const char *name);

#endif /* HB_SYMBOLS_H */
