// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * meter: a QEMU plugin that counts what the emulated processor executes.
 *
 * Model: QEMU translates code in blocks and asks us about each; we have it add the
 * block's instructions to one of three counters, whenever it runs:
 *   Xen      by address: Xen's half of the address space is no guest's
 *   dom0     by page: dom0 tells us its machine pages (METER_DOM0) before it creates
 *            a guest; until then everything but Xen is dom0
 *   guests   everything else
 * So dom0 may look at a guest while it is being measured.
 *
 * Hypercalls are counted as the instruction that makes them, vmmcall, or syscall in
 * a PV kernel; Xen has it executed again when it continues a preempted hypercall.
 *
 * One emulated processor only: the counters are not atomic.
 *
 * Arguments: profile=FILE allows METER_PROFILE_*; each profile is appended to FILE
 * as "profile N" and lines "OWNER ADDRESS INSTRUCTIONS" (0 Xen, 1 dom0, 2 guests).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../xen/lib/ram.h"
#include "meter.h"
#include "qemu.h"
#include "walk.h"

#define PAGE 4096UL
/* What no kernel maps for itself: reserved for hypervisors. */
#define XEN_START UINT64_C(0xffff800000000000)
#define XEN_END UINT64_C(0xffff880000000000)

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

static struct {
	struct ram ram;
	unsigned char *dom0_pages;	/* a byte for each page of RAM; NULL: not told yet */
	uint64_t instructions[OWNERS], hypercalls[OWNERS];
	const char *profile;		/* file, or NULL */
	unsigned int profiles;
} meter;

/* ---- the profile: a counter for each block's address and owner */

#define SLOTS (1UL << 20)

struct slot {
	uint64_t address, owner, now, begin;
};

static struct slot *slots;

static uint64_t *profile_counter(uint64_t address, enum meter_owner owner)
{
	unsigned long at = (address ^ address >> 17) * 0x9e3779b97f4a7c15UL >> 44;
	unsigned long tries;

	for (tries = 0; tries < SLOTS; tries++, at = (at + 1) % SLOTS) {
		struct slot *slot = &slots[at];

		if (!slot->address) {
			slot->address = address;
			slot->owner = owner;
		}
		if (slot->address == address && slot->owner == owner)
			return &slot->now;
	}
	return NULL;
}

static void profile_begin(void)
{
	for (unsigned long i = 0; i < SLOTS; i++)
		slots[i].begin = slots[i].now;
}

static bool profile_end(void)
{
	FILE *file = fopen(meter.profile, "a");

	if (!file)
		return false;
	fprintf(file, "profile %u\n", meter.profiles++);
	for (unsigned long i = 0; i < SLOTS; i++)
		if (slots[i].now != slots[i].begin)
			fprintf(file, "%lu %lx %lu\n", slots[i].owner, slots[i].address,
				slots[i].now - slots[i].begin);
	return !fclose(file);
}

/* ---- requests */

static bool take_dom0_pages(const struct meter_request *request)
{
	uint64_t i, all = (meter.ram.end - meter.ram.start) / PAGE;

	if (!meter.dom0_pages)
		meter.dom0_pages = calloc(1, all);
	if (!meter.dom0_pages || request->argument > METER_PAGES)
		return false;
	for (i = 0; i < request->argument; i++) {
		if (request->pages[i] >= all)
			return false;
		meter.dom0_pages[request->pages[i]] = 1;
	}
	return true;
}

static bool walk(struct meter_request *request)
{
	struct walk_memory memory = {
		(const void *)meter.ram.start,
		meter.ram.end - meter.ram.start,
	};
	struct walk_leaves leaves;

	if (walk_count(&memory, request->argument, &leaves))
		return false;
	request->leaves_1g = leaves.of_1g;
	request->leaves_2m = leaves.of_2m;
	request->leaves_4k = leaves.of_4k;
	return true;
}

static bool carry_out(struct meter_request *request)
{
	switch (request->command) {
	case METER_READ:
		memcpy(request->instructions, meter.instructions, sizeof(meter.instructions));
		memcpy(request->hypercalls, meter.hypercalls, sizeof(meter.hypercalls));
		return true;
	case METER_DOM0:
		return take_dom0_pages(request);
	case METER_WALK:
		return walk(request);
	case METER_PROFILE_BEGIN:
		if (slots)
			profile_begin();
		return slots;
	case METER_PROFILE_END:
		return slots && profile_end();
	}
	return false;
}

/* The machine's memory is one piece as long as all of it lies below 4 GiB. */
static void request_made(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
	uint64_t machine = qemu_plugin_hwaddr_phys_addr(qemu_plugin_get_hwaddr(info, address));
	struct meter_request *request;

	(void)cpu;
	(void)data;
	if (machine % PAGE || machine >= meter.ram.end - meter.ram.start)
		return;
	request = (struct meter_request *)(meter.ram.start + machine);
	if (request->magic == METER_MAGIC)
		request->status = carry_out(request) ? METER_DONE : METER_FAILED;
}

/* ---- translation */

static enum meter_owner owner_of(uint64_t address, const void *host)
{
	unsigned long place = (unsigned long)host;

	if (address >= XEN_START && address < XEN_END)
		return OWNER_XEN;
	if (!meter.dom0_pages)
		return OWNER_DOM0;
	if (place < meter.ram.start || place >= meter.ram.end)
		return OWNER_GUEST;
	return meter.dom0_pages[(place - meter.ram.start) / PAGE] ? OWNER_DOM0 : OWNER_GUEST;
}

static bool is(const struct qemu_plugin_insn *insn, const void *bytes, size_t length)
{
	return qemu_plugin_insn_size(insn) == length &&
	       !memcmp(qemu_plugin_insn_data(insn), bytes, length);
}

static bool is_hypercall(const struct qemu_plugin_insn *insn, uint64_t address)
{
	static const unsigned char vmmcall[] = { 0x0f, 0x01, 0xd9 };
	static const unsigned char syscall[] = { 0x0f, 0x05 };

	return is(insn, vmmcall, sizeof(vmmcall)) ||
	       (address >> 63 && is(insn, syscall, sizeof(syscall)));
}

/* movq METER_DISPLACEMENT(%rax), %rbx */
static bool is_request(const struct qemu_plugin_insn *insn)
{
	unsigned char bytes[7] = { 0x48, 0x8b, 0x98 };
	const uint32_t displacement = METER_DISPLACEMENT;

	memcpy(bytes + 3, &displacement, sizeof(displacement));
	return is(insn, bytes, sizeof(bytes));
}

static void look_at(struct qemu_plugin_insn *insn, uint64_t address, enum meter_owner owner)
{
	if (owner == OWNER_XEN)
		return;
	if (is_hypercall(insn, address))
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							   &meter.hypercalls[owner], 1);
	/* Loads only would be enough, but QEMU 7.2 takes loads for stores here. */
	if (is_request(insn))
		qemu_plugin_register_vcpu_mem_cb(insn, request_made, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb), *counter;
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	enum meter_owner owner;

	(void)id;
	/* The memory is not there yet when plugins are loaded. */
	if (!n || (!meter.ram.end && ram_find("/proc/self/maps", &meter.ram)))
		return;
	owner = owner_of(address, qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0)));
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &meter.instructions[owner], n);
	if (slots && (counter = profile_counter(address, owner)))
		qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, counter, n);
	for (i = 0; i < n; i++)
		look_at(qemu_plugin_tb_get_insn(tb, i), address, owner);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	static const char profile[] = "profile=";

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], profile, strlen(profile))) {
			fprintf(stderr, "meter: unknown argument %s\n", argv[i]);
			return -1;
		}
		meter.profile = argv[i] + strlen(profile);
		slots = calloc(SLOTS, sizeof(*slots));
		if (!slots)
			return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
