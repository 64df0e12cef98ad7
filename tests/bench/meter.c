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
 * All counters are in one structure, and known by their place in it: QEMU has such a
 * structure for each processor from 9.0 on, before that there is ours.  One emulated
 * processor only: the counters are not atomic, and those of the first are read.
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

/* The interface that the plugin wants: the oldest with what it uses of this emulator. */
QEMU_PLUGIN_EXPORT int qemu_plugin_version;

struct counters {
	uint64_t instructions[OWNERS], hypercalls[OWNERS];
	uint64_t profile[];		/* SLOTS, or none */
};

static struct {
	struct ram ram;
	unsigned char *dom0_pages;	/* a byte for each page of RAM; NULL: not told yet */
	struct qemu_plugin_scoreboard *scoreboard;	/* QEMU's counters, or */
	struct counters *own;				/* ours */
	bool insn_copied;		/* QEMU copies an instruction's bytes */
	const char *profile;		/* file, or NULL */
	unsigned int profiles;
} meter;

/* ---- the counters */

/* QEMU reads the version when this has run. */
__attribute__((constructor)) static void choose_version(void)
{
	qemu_plugin_version = qemu_plugin_scoreboard_new ? 2 : 1;
}

static bool make_counters(size_t size)
{
	if (qemu_plugin_scoreboard_new)
		meter.scoreboard = qemu_plugin_scoreboard_new(size);
	else
		meter.own = calloc(1, size);
	return meter.scoreboard || meter.own;
}

/* As they are now; only once there is a processor. */
static struct counters *counters(void)
{
	return meter.scoreboard ? qemu_plugin_scoreboard_find(meter.scoreboard, 0) : meter.own;
}

static void count_block(struct qemu_plugin_tb *tb, size_t place, uint64_t n)
{
	struct qemu_plugin_u64 counter = { meter.scoreboard, place };

	if (meter.scoreboard)
		qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, QEMU_PLUGIN_INLINE_ADD_U64,
								  counter, n);
	else
		qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							 (char *)meter.own + place, n);
}

static void count_insn(struct qemu_plugin_insn *insn, size_t place)
{
	struct qemu_plugin_u64 counter = { meter.scoreboard, place };

	if (meter.scoreboard)
		qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
			insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
	else
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							   (char *)meter.own + place, 1);
}

/* ---- the profile: a counter for each block's address and owner */

#define SLOTS (1UL << 20)

struct slot {
	uint64_t address, owner, begin;
};

static struct slot *slots;

/* Returns the counter's place; 0 if all are taken. */
static size_t profile_counter(uint64_t address, enum meter_owner owner)
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
			return offsetof(struct counters, profile) + at * sizeof(uint64_t);
	}
	return 0;
}

static void profile_begin(void)
{
	const uint64_t *now = counters()->profile;

	for (unsigned long i = 0; i < SLOTS; i++)
		slots[i].begin = now[i];
}

static bool profile_end(void)
{
	const uint64_t *now = counters()->profile;
	FILE *file = fopen(meter.profile, "a");

	if (!file)
		return false;
	fprintf(file, "profile %u\n", meter.profiles++);
	for (unsigned long i = 0; i < SLOTS; i++)
		if (now[i] != slots[i].begin)
			fprintf(file, "%lu %lx %lu\n", slots[i].owner, slots[i].address,
				now[i] - slots[i].begin);
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

static bool read_counters(struct meter_request *request)
{
	const struct counters *now = counters();

	memcpy(request->instructions, now->instructions, sizeof(now->instructions));
	memcpy(request->hypercalls, now->hypercalls, sizeof(now->hypercalls));
	return true;
}

static bool carry_out(struct meter_request *request)
{
	switch (request->command) {
	case METER_READ:
		return read_counters(request);
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

#define LONGEST_INSN 15

static bool is(const struct qemu_plugin_insn *insn, const void *bytes, size_t length)
{
	unsigned char copy[LONGEST_INSN];

	if (qemu_plugin_insn_size(insn) != length)
		return false;
	if (!meter.insn_copied)
		return !memcmp(qemu_plugin_insn_data(insn), bytes, length);
	return qemu_plugin_insn_copy(insn, copy, sizeof(copy)) == length &&
	       !memcmp(copy, bytes, length);
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
		count_insn(insn, offsetof(struct counters, hypercalls[owner]));
	/* Loads only would be enough, but QEMU 7.2 takes loads for stores here. */
	if (is_request(insn))
		qemu_plugin_register_vcpu_mem_cb(insn, request_made, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, NULL);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	size_t i, counter, n = qemu_plugin_tb_n_insns(tb);
	enum meter_owner owner;

	(void)id;
	/* The memory is not there yet when plugins are loaded. */
	if (!n || (!meter.ram.end && ram_find("/proc/self/maps", &meter.ram)))
		return;
	owner = owner_of(address, qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, 0)));
	count_block(tb, offsetof(struct counters, instructions[owner]), n);
	if (slots && (counter = profile_counter(address, owner)))
		count_block(tb, counter, n);
	for (i = 0; i < n; i++)
		look_at(qemu_plugin_tb_get_insn(tb, i), address, owner);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_plugin_info *info,
					   int argc, char **argv)
{
	static const char profile[] = "profile=";
	size_t size = sizeof(struct counters);

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], profile, strlen(profile))) {
			fprintf(stderr, "meter: unknown argument %s\n", argv[i]);
			return -1;
		}
		meter.profile = argv[i] + strlen(profile);
		slots = calloc(SLOTS, sizeof(*slots));
		if (!slots)
			return -1;
		size = offsetof(struct counters, profile[SLOTS]);
	}
	if (!make_counters(size))
		return -1;
	meter.insn_copied = info->version.cur >= 3;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
