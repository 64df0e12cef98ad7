// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * meter.so in an emulator that is made here, with QEMU's plugin interface of version
 * INTERFACE.  Not instrumented: what the sanitizers map would be the largest mapping, which is
 * how the plugin knows the machine's memory.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "meter.h"
#include "qemu.h"

#define MEMORY (768UL << 20)
#define XEN UINT64_C(0xffff82d040000000)
#define KERNEL UINT64_C(0xffffffff81000000)
#define PROGRAM UINT64_C(0x400000)
#define MOST_ADDS 4

/* ---- the emulator: blocks that are told to run */

/* What an instruction or a block adds to which counter. */
struct add {
	char *counter;		/* version 1 */
	struct qemu_plugin_u64 place;	/* later ones */
	uint64_t value;
};

struct qemu_plugin_insn {
	const char *bytes;
	size_t size;
	void *host;
	struct qemu_plugin_tb *block;
};

struct qemu_plugin_tb {
	uint64_t address;
	size_t n;
	struct qemu_plugin_insn insns[8];
	struct add adds[MOST_ADDS];
	size_t n_adds;
	qemu_plugin_mem_callback load;
};

struct qemu_plugin_scoreboard {
	char *element;
};

static char *memory;
static qemu_plugin_tb_callback translate;
static unsigned int processors;

static void add(struct qemu_plugin_tb *tb, struct add what)
{
	assert_true(tb->n_adds < MOST_ADDS);
	tb->adds[tb->n_adds++] = what;
}

#if INTERFACE == 1
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter,
					      uint64_t value)
{
	assert_int_equal(op, QEMU_PLUGIN_INLINE_ADD_U64);
	add(tb, (struct add){ .counter = counter, .value = value });
}

void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int op,
						void *counter, uint64_t value)
{
	qemu_plugin_register_vcpu_tb_exec_inline(insn->block, op, counter, value);
}
#else
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(struct qemu_plugin_tb *tb, int op,
						       struct qemu_plugin_u64 counter,
						       uint64_t value)
{
	assert_int_equal(op, QEMU_PLUGIN_INLINE_ADD_U64);
	add(tb, (struct add){ .place = counter, .value = value });
}

void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct qemu_plugin_insn *insn, int op,
							 struct qemu_plugin_u64 counter,
							 uint64_t value)
{
	qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(insn->block, op, counter, value);
}

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element)
{
	struct qemu_plugin_scoreboard *score = malloc(sizeof(*score));

	assert_non_null(score);
	score->element = calloc(1, element);
	assert_non_null(score->element);
	return score;
}

void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score, unsigned int cpu)
{
	assert_true(cpu < processors);
	return score->element;
}
#endif

#if INTERFACE < 3
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn)
{
	return insn->bytes;
}
#else
size_t qemu_plugin_insn_copy(const struct qemu_plugin_insn *insn, void *to, size_t length)
{
	length = length < insn->size ? length : insn->size;
	memcpy(to, insn->bytes, length);
	return length;
}
#endif

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, qemu_plugin_tb_callback callback)
{
	(void)id;
	translate = callback;
}

void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      qemu_plugin_mem_callback callback, int flags, int access,
				      void *data)
{
	assert_int_equal(flags, QEMU_PLUGIN_CB_NO_REGS);
	assert_int_equal(access, QEMU_PLUGIN_MEM_RW);
	assert_null(data);
	insn->block->load = callback;
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
	return tb->n;
}

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
{
	return tb->address;
}

struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index)
{
	return (struct qemu_plugin_insn *)&tb->insns[index];
}

size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn)
{
	return insn->size;
}

void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn)
{
	return insn->host;
}

/* Addresses are the machine's, here. */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t address)
{
	(void)info;
	return (struct qemu_plugin_hwaddr *)address;
}

uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *address)
{
	return (uint64_t)address;
}

/* ---- what a test does with it */

#define NOP "\x90"
#define VMMCALL "\x0f\x01\xd9"
#define SYSCALL "\x0f\x05"
#define REQUEST "\x48\x8b\x98\x31\x4d\x42\x48"

/* A block of n instructions, of which the last is this one, in the given page. */
static struct qemu_plugin_tb *block(uint64_t address, size_t n, const char *last, size_t page)
{
	static struct qemu_plugin_tb tb;

	tb = (struct qemu_plugin_tb){ .address = address, .n = n };
	for (size_t i = 0; i < n; i++) {
		const char *bytes = i == n - 1 ? last : NOP;

		tb.insns[i] = (struct qemu_plugin_insn){
			bytes, strlen(bytes), memory + page * 4096 + i, &tb
		};
	}
	translate(0, &tb);
	return &tb;
}

static void run(const struct qemu_plugin_tb *tb, unsigned int times)
{
	for (size_t i = 0; i < tb->n_adds; i++) {
		const struct add *what = &tb->adds[i];
		char *counter = what->counter;

		if (what->place.score)
			counter = what->place.score->element + what->place.offset;
		*(uint64_t *)counter += times * what->value;
	}
}

/* dom0's answer, for a request that lies in its page 1. */
static struct meter_request *ask(enum meter_command command, uint64_t argument)
{
	struct meter_request *request = (struct meter_request *)(memory + 4096);
	struct qemu_plugin_tb *tb = block(KERNEL, 1, REQUEST, 1);

	request->magic = METER_MAGIC;
	request->command = command;
	request->argument = argument;
	request->status = METER_UNANSWERED;
	assert_non_null(tb->load);
	tb->load(0, 0, 4096, NULL);
	return request;
}

static void assert_counted(uint64_t xen, uint64_t dom0, uint64_t guests, const uint64_t *were,
			   const uint64_t *are)
{
	assert_int_equal(are[OWNER_XEN] - were[OWNER_XEN], xen);
	assert_int_equal(are[OWNER_DOM0] - were[OWNER_DOM0], dom0);
	assert_int_equal(are[OWNER_GUEST] - were[OWNER_GUEST], guests);
}

static char profile[] = "/tmp/test_meter-XXXXXX";

static int load(void **state)
{
	struct qemu_plugin_info info = { "x86_64", { 0, INTERFACE } };
	int (*install)(uint64_t, const struct qemu_plugin_info *, int, char **);
	static char argument[64];	/* QEMU keeps them */
	char *arguments[] = { argument };
	void *plugin = dlopen(METER, RTLD_NOW | RTLD_LOCAL);

	if (!plugin)
		fail_msg("%s", dlerror());
	*state = dlsym(plugin, "qemu_plugin_version");
	install = (__typeof__(install))dlsym(plugin, "qemu_plugin_install");
	assert_non_null(install);
	close(mkstemp(profile));
	snprintf(argument, sizeof(argument), "profile=%s", profile);
	assert_int_equal(install(1, &info, 1, arguments), 0);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	processors = 1;
	return 0;
}

static int unload(void **state)
{
	(void)state;
	return unlink(profile);
}

/* ---- tests */

static void test_wants_an_interface_that_the_emulator_has(void **state)
{
	assert_int_equal(*(int *)*state, INTERFACE == 1 ? 1 : 2);
}

static void test_counts_instructions_by_owner(void **state)
{
	struct meter_request was = *ask(METER_READ, 0), *is;

	(void)state;
	run(block(XEN, 5, NOP, 3), 4);
	run(block(PROGRAM, 2, NOP, 3), 1);
	is = ask(METER_READ, 0);
	assert_int_equal(is->status, METER_DONE);
	assert_counted(20, 2, 0, was.instructions, is->instructions);
	is->pages[0] = 1;
	assert_int_equal(ask(METER_DOM0, 1)->status, METER_DONE);
	run(block(KERNEL, 3, NOP, 1), 1);
	run(block(KERNEL, 7, NOP, 3), 1);
	assert_counted(20, 5, 7, was.instructions, ask(METER_READ, 0)->instructions);
}

static void test_counts_hypercalls(void **state)
{
	struct meter_request was = *ask(METER_READ, 0);

	(void)state;
	run(block(XEN, 2, VMMCALL, 3), 1);
	run(block(KERNEL, 2, VMMCALL, 3), 2);
	run(block(KERNEL, 2, SYSCALL, 3), 3);
	run(block(PROGRAM, 2, SYSCALL, 3), 1);
	assert_counted(0, 0, 5, was.hypercalls, ask(METER_READ, 0)->hypercalls);
}

static void test_answers_nobody_else(void **state)
{
	struct meter_request *request = ask(METER_READ, 0);

	(void)state;
	assert_null(block(KERNEL, 1, NOP, 1)->load);
	assert_null(block(XEN, 1, REQUEST, 1)->load);
	request->magic++;
	request->status = METER_UNANSWERED;
	block(KERNEL, 1, REQUEST, 1)->load(0, 0, 4096, NULL);
	assert_int_equal(request->status, METER_UNANSWERED);
}

static void test_writes_a_profile(void **state)
{
	char text[256] = "", wanted[256];
	FILE *file;

	(void)state;
	run(block(XEN + 64, 2, NOP, 3), 1);
	assert_int_equal(ask(METER_PROFILE_BEGIN, 0)->status, METER_DONE);
	run(block(XEN + 64, 2, NOP, 3), 3);
	assert_int_equal(ask(METER_PROFILE_END, 0)->status, METER_DONE);
	file = fopen(profile, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	snprintf(wanted, sizeof(wanted), "profile 0\n0 %lx 6\n", XEN + 64);
	assert_string_equal(text, wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wants_an_interface_that_the_emulator_has),
		cmocka_unit_test(test_counts_instructions_by_owner),
		cmocka_unit_test(test_counts_hypercalls),
		cmocka_unit_test(test_answers_nobody_else),
		cmocka_unit_test(test_writes_a_profile),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
