/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * meter.h: how dom0 (probe.c) talks to the emulator's plugin (meter.c).
 *
 * Model: dom0 fills in a request and executes one instruction that nobody else
 * uses, a load from the request with METER_DISPLACEMENT in its address.  The plugin
 * notices it, between two instructions of the emulated processor, and writes the
 * answer into the request.  No time passes meanwhile; without the plugin the
 * instruction is a load and the request stays unanswered.
 */
#ifndef BENCH_METER_H
#define BENCH_METER_H

#include <stdint.h>

#define METER_DISPLACEMENT 0x48424d31
#define METER_MAGIC UINT64_C(0x31726574656d4248)

enum meter_command {
	METER_READ,		/* the counters as they are */
	METER_DOM0,		/* argument: how many of pages[] are dom0's machine pages */
	METER_WALK,		/* argument: where a nested page table begins */
	METER_PROFILE_BEGIN,	/* count by address from now on */
	METER_PROFILE_END,	/* write what was counted since to the profile's file */
};

enum meter_owner { OWNER_XEN, OWNER_DOM0, OWNER_GUEST, OWNERS };

enum meter_status { METER_UNANSWERED, METER_DONE, METER_FAILED };

#define METER_PAGES 400

/* Lies within one page. */
struct meter_request {
	uint64_t magic, command, argument;
	uint64_t pages[METER_PAGES];	/* of METER_DOM0 */
	/* The answer. */
	uint64_t status;
	uint64_t instructions[OWNERS];	/* executed since the machine started */
	uint64_t hypercalls[OWNERS];	/* hypercall instructions executed */
	uint64_t leaves_1g, leaves_2m, leaves_4k;	/* of METER_WALK */
} __attribute__((aligned(4096)));

/* Returns 0 if the plugin answered. */
static inline int meter_ask(volatile struct meter_request *request, enum meter_command command,
			    uint64_t argument)
{
	uint64_t value;

	request->magic = METER_MAGIC;
	request->command = command;
	request->argument = argument;
	request->status = METER_UNANSWERED;
	/* rax and rbx by name: the plugin looks for these very bytes */
	__asm__ volatile("movq %c2(%%rax), %%rbx"
			 : "=&b"(value)
			 : "a"((uintptr_t)request - METER_DISPLACEMENT), "i"(METER_DISPLACEMENT)
			 : "memory");
	return request->status == METER_DONE ? 0 : -1;
}

#endif
