// SPDX-License-Identifier: GPL-2.0-only
/*
 * kallsyms_lookup_name() is not exported.  A kprobe on it resolves its address,
 * which is all that the kprobe is for.
 */
#include <linux/kallsyms.h>
#include <linux/kprobes.h>

#include "symbols.h"

#ifdef CONFIG_X86_KERNEL_IBT
#include <asm/ibt.h>
#endif

#ifdef CONFIG_KPROBES
typedef unsigned long (*lookup_fn)(const char *name);

/*
 * With indirect branch tracking the kprobe sits behind the landing pad that an
 * indirect call needs: step back to it.
 */
static unsigned long function_entry(unsigned long address)
{
#ifdef CONFIG_X86_KERNEL_IBT
	if (hb_compat_is_endbr(*(u32 *)(address - 4)))
		return address - 4;
#endif
	return address;
}

static lookup_fn find_lookup(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long entry;

	if (register_kprobe(&probe))
		return NULL;
	entry = function_entry((unsigned long)probe.addr);
	unregister_kprobe(&probe);
	return (lookup_fn)entry;
}

void *hb_symbol(const char *name)
{
	lookup_fn lookup = find_lookup();

	return lookup ? (void *)lookup(name) : NULL;
}
#else
void *hb_symbol(const char *name)
{
	return NULL;
}
#endif
