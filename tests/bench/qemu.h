/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qemu.h: what meter.c uses of QEMU's plugin interface.
 * Debian packages the emulator with that interface, but not its header.
 *
 * Model: version 1 (QEMU 4.2 to 8.2) adds to a counter wherever that is; from version 2 on
 * (QEMU 9.0) each processor has its own, in an element of a scoreboard.  What only one of
 * them has is weak: NULL in an emulator that does not have it.
 */
#ifndef BENCH_QEMU_H
#define BENCH_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))
#define QEMU_PLUGIN_WEAK __attribute__((weak))

enum { QEMU_PLUGIN_INLINE_ADD_U64 };
enum { QEMU_PLUGIN_CB_NO_REGS };
enum { QEMU_PLUGIN_MEM_RW = 3 };

struct qemu_plugin_tb;		/* a translated block: instructions in a row */
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_scoreboard;

/* How every version of it begins. */
struct qemu_plugin_info {
	const char *target;
	struct {
		int min, cur;
	} version;
};

/* A counter: where it lies in each element. */
struct qemu_plugin_u64 {
	struct qemu_plugin_scoreboard *score;
	size_t offset;
};

typedef void (*qemu_plugin_tb_callback)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_mem_callback)(unsigned int cpu, uint32_t info, uint64_t address,
					 void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_plugin_tb_callback callback);
/* Version 1. */
QEMU_PLUGIN_WEAK
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter,
					      uint64_t value);
QEMU_PLUGIN_WEAK
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
						void *counter, uint64_t value);
/* From version 2 on. */
QEMU_PLUGIN_WEAK
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb, int op,
						       struct qemu_plugin_u64 counter,
						       uint64_t value);
QEMU_PLUGIN_WEAK
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn, int op,
							 struct qemu_plugin_u64 counter,
							 uint64_t value);
QEMU_PLUGIN_WEAK
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element);
QEMU_PLUGIN_WEAK
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned int cpu);

void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      qemu_plugin_mem_callback callback, int flags, int access,
				      void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
/* One name, with another meaning from version 3 on (QEMU 9.1). */
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_copy(const struct qemu_plugin_insn *insn, void *to, size_t length)
	__asm__("qemu_plugin_insn_data");
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t address);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address);

#endif
