/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libxl does with memory/target, memory/static-max and Xen's limit, case by
 * case, and that our command leaves the same behind; where ours refuses or does
 * otherwise on purpose, the row says why.
 *
 * Source: xen-project/xen stable-4.17 9373a593c5a6ef57db1302eb1dca58cc3eb51c07,
 * tools/libs/light/libxl_mem.c.
 */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "overhead.h"
#include "sim_internal.h"

/* KiB, as libxl has them; 0 in an expectation: not looked at. */
static const struct row {
	const char *id;
	uint32_t domid;
	enum hb_type type;
	uint64_t target, static_max, videoram;
	const char *command;		/* ours, without the domid */
	struct {
		bool fails;
		uint64_t target, static_max, maxmem, vm_memory_mib;
	} libxl;
	enum hb_code code;		/* ours */
	const char *why;		/* if ours does otherwise than libxl */
} rows[] = {
	{ "libxl-01", 5, HB_TYPE_PVH, 1048576, 2097152, 0, "set 1572864K",
	  { false, 1572864, 2097152, 1573888, 1536 }, HB_OK, NULL },
	{ "libxl-03", 5, HB_TYPE_PVH, 1048576, 2097152, 0, "max 4194304K",
	  { false, 1048576, 4194304, 4195328, 0 }, HB_OK, NULL },
	{ "libxl-05", 5, HB_TYPE_PVH, 1048576, 2097152, 0, "max 524288K",
	  { true, 1048576, 2097152, 0, 0 }, HB_E_REFUSED, NULL },
	/* Asked for more than static-max, by the video memory. */
	{ "libxl-07", 5, HB_TYPE_HVM, 1032192, 1048576, 16384, "set 1064960K",
	  { false, 1048576, 1048576, 0, 0 }, HB_OK, NULL },
	/* libxl clamps to 0 and writes that. */
	{ "libxl-09", 5, HB_TYPE_PVH, 1048576, 2097152, 0, "set -2000000K",
	  { false, 0, 2097152, 0, 0 }, HB_E_REFUSED, "a guest without memory is none" },
	/* Unwise below 1G, and possible; see test_domain_0(). */
	{ "libxl-11", 0, HB_TYPE_PV, 1048576, 4194304, 0, "set 131072K --force",
	  { false, 131072, 4194304, 0, 0 }, HB_OK, NULL },
};

static struct sim *host_of(const struct row *row)
{
	struct sim *sim = sim_open(16 * G);
	struct sim_guest guest = usual_guest;

	guest.domid = row->domid;
	guest.type = row->type;
	guest.memory_kib = row->target + row->videoram;
	guest.maxmem_kib = row->static_max;
	guest.videoram_kib = row->videoram;
	guest.offset_kib = 0;
	sim_add(sim, &guest);
	return sim;
}

/* The row's command about its domain. */
static int carry_out(const struct row *row)
{
	char verb[8], rest[64], line[96];

	assert_int_equal(sscanf(row->command, "%7s %63[^\n]", verb, rest), 2);
	snprintf(line, sizeof(line), "%s %u %s", verb, row->domid, rest);
	return command_line(line);
}

static uint64_t limit_of(uint32_t domid)
{
	return sim_xen(command_sim, domid, NULL).max_pages * HB_PAGE_KIB;
}

static void check_row(const struct row *row)
{
	uint64_t limit;
	int code;

	print_message("%s\n", row->id);
	command_sim = host_of(row);
	limit = limit_of(row->domid);
	code = carry_out(row);
	assert_int_equal(code, row->code);
	/* Ours fails where libxl fails, and elsewhere only for a reason that is given. */
	assert_true((code != HB_OK) == row->libxl.fails || row->why);
	assert_int_equal(common_number(command_sim, row->domid, HB_KEY_TARGET),
			 row->why ? row->target : row->libxl.target);
	assert_int_equal(common_number(command_sim, row->domid, HB_KEY_STATIC_MAX),
			 row->libxl.static_max);
	if (row->libxl.maxmem)
		assert_int_equal(limit_of(row->domid), row->libxl.maxmem);
	if (row->libxl.vm_memory_mib)
		assert_int_equal(common_vm_memory(command_sim), row->libxl.vm_memory_mib);
	if (code) {
		/* Nothing has changed, and it is said what to do. */
		assert_int_equal(limit_of(row->domid), limit);
		assert_non_null(strstr(command_err, "\n  "));
	}
	command_end_host();
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("rows, row %zu\n", i);
		check_row(&rows[i]);
	}
}

/*
 * libxl-11 beyond the row: libxl's own least size for domain 0 is ours, too, but below
 * 1G, where domain 0 may run out of memory and the host with it, ours asks twice.
 */
static void test_domain_0(void **state)
{
	const struct row domain_0 = { .domid = 0, .type = HB_TYPE_PV, .target = 1048576,
				      .static_max = 4194304 };

	(void)state;
	command_sim = host_of(&domain_0);
	assert_int_equal(command_line("set 0 131072K"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "or --force"));
	assert_int_equal(command_line("set 0 131068K --force"), HB_E_REFUSED);
	assert_non_null(strstr(command_err, "does not live with less than 128M"));
	assert_int_equal(common_number(command_sim, 0, HB_KEY_TARGET), 1048576);
}

/*
 * libxl-01, its populate-on-demand target: 393472 pages, the size and 1 MiB. Ours
 * asks Xen for it only while frames are missing, when alone Xen acts on it.
 */
static void test_pod_target(void **state)
{
	struct sim_guest guest = usual_guest;
	struct json_object *object;

	(void)state;
	guest.memory_kib = 1048576;
	guest.maxmem_kib = 2097152;
	guest.offset_kib = 0;
	guest.pod_entries_kib = 1024 * M;
	guest.pod_cache_kib = 256 * M;
	command_sim = common_host_with(&guest);
	assert_int_equal(command_line("set 5 1572864K --json"), 0);
	object = command_json();
	assert_json_text(object, "steps.1.what", "pod-target");
	assert_json_number(object, "steps.1.to_kib", 393472 * HB_PAGE_KIB);
	/* Xen had 768 MiB in use and has taken the cache to the rest of it. */
	assert_json_number(object, "after.pod_cache_kib", 393472 * HB_PAGE_KIB - 768 * M);
	json_object_put(object);
	command_end_host();

	guest.pod_entries_kib = guest.pod_cache_kib = 0;
	command_sim = common_host_with(&guest);
	assert_int_equal(command_line("set 5 1572864K --json"), 0);
	assert_null(strstr(command_out, "pod-target"));
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 1572864);
}

/* libxl-13: a domain without keys is an error, and none is made for it. */
static void test_no_target(void **state)
{
	static const char *const keys[] = {
		HB_KEY_TARGET, HB_KEY_STATIC_MAX, HB_KEY_VIDEORAM,
	};
	uint64_t limit;

	(void)state;
	command_sim = common_host();
	limit = limit_of(GUEST);
	/* One after the other, in the end there is none. */
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		print_message("%s\n", keys[i] ? keys[i] : "-");
		sim_remove_key(command_sim, GUEST, keys[i]);
		assert_int_equal(command_line("set 5 2097152K"), HB_E_REFUSED);
		assert_non_null(strstr(command_err, "has no target"));
		for (size_t j = 0; j <= i; j++)
			assert_null(sim_read_key(command_sim, GUEST, keys[j]));
		assert_int_equal(limit_of(GUEST), limit);
		assert_int_equal(common_vm_memory(command_sim), 512);
	}
	/* Nor is a domain that Xen alone knows written to. */
	sim_remove_nodes(command_sim, GUEST);
	assert_int_equal(command_line("set 5 2097152K"), HB_E_REFUSED);
	assert_false(sim_has_nodes(command_sim, GUEST));
	assert_int_equal(limit_of(GUEST), limit);
}

/*
 * libxl-15: "-1" as video memory, from init-dom0less. libxl writes 1048577 for a
 * size of 1048576; ours counts it as none: a size is what was asked for.
 */
static void test_negative_videoram(void **state)
{
	struct sim_guest guest = usual_guest;

	(void)state;
	guest.memory_kib = 1048576;
	guest.maxmem_kib = 2097152;
	command_sim = common_host_with(&guest);
	sim_write_key(command_sim, GUEST, HB_KEY_VIDEORAM, "-1");
	assert_int_equal(command_line("set 5 1048576K"), 0);
	assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 1048576);
	assert_int_equal(limit_of(GUEST), 1049600);
	assert_int_equal(command_line("show 5"), 0);
	assert_non_null(strstr(command_out, "video memory       0K\n"));
}

/*
 * libxl-17: an HVM guest created with maxmem above memory has a target that is lower
 * than its configuration by the video memory and 1 MiB (XSA-153). That is libxl's
 * deed, and the simulated builder's; ours shows it as it is, setting the size that
 * it shows changes neither key nor limit, however often, and libxl reads from what
 * ours has written the configuration that it was.
 */
static void test_hvm_boot_target(void **state)
{
	struct sim_guest guest = usual_guest;
	struct json_object *object;
	char line[64];

	(void)state;
	guest.type = HB_TYPE_HVM;
	guest.memory_kib = 1048576;
	guest.maxmem_kib = 2097152;
	guest.videoram_kib = 16384;
	guest.offset_kib = 0;
	command_sim = common_host_with(&guest);
	assert_int_equal(command_line("show 5 --json"), 0);
	object = command_json();
	assert_json_number(object, "target_kib", 1031168);
	assert_json_number(object, "static_max_kib", 2097152);
	assert_json_number(object, "maxmem_kib", 1049600);
	assert_json_number(object, "videoram_kib", 16384);
	json_object_put(object);
	for (int i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "set 5 %uK --wait", 1031168 + 16384);
		assert_int_equal(command_line(line), 0);
		assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 1031168);
		assert_int_equal(common_number(command_sim, GUEST, HB_KEY_STATIC_MAX), 2097152);
		/* The limit is the size and 1 MiB, the one of the boot within that. */
		assert_int_equal(limit_of(GUEST), 1031168 + 16384 + 1024);
	}
	for (int i = 0; i < 3; i++) {
		sim_reboot(command_sim, GUEST);
		assert_int_equal(common_number(command_sim, GUEST, HB_KEY_TARGET), 1031168);
		assert_int_equal(common_number(command_sim, GUEST, HB_KEY_STATIC_MAX), 2097152);
		assert_int_equal(limit_of(GUEST), 1049600);
	}
}

/* libxl-19: libxl_domain_need_memory() of a PVH guest of 1 GiB with two processors. */
static void test_need_memory(void **state)
{
	struct hb_build build = {
		.builder = HB_BUILDER_LIBXL, .type = HB_TYPE_PVH, .hap = true, .vcpus = 2,
		.size_kib = 1048576, .maxmem_kib = 1048576,
	};
	struct json_object *object;

	(void)state;
	assert_int_equal(hb_overhead(&build).pool_kib, 6144);
	assert_int_equal(hb_overhead(&build).need_kib, 1056768);
	/* Set aside before it exists. */
	command_sim = common_host();
	assert_int_equal(command_line("reserve 1048576K --for=web --vcpus=2 --json"), 0);
	object = command_json();
	assert_json_number(object, "kib", 1056768);
	json_object_put(object);
	/* And the pool that a guest of that size gets from ours. */
	assert_int_equal(command_line("set guest1 1048576K --json"), 0);
	object = command_json();
	assert_json_text(object, "steps.0.what", "paging-pool");
	assert_json_number(object, "steps.0.to_kib", 6144);
	assert_json_number(object, "after.paging_pool_kib", 6144);
	json_object_put(object);
	/* Rounded up to 2 MiB, and PV takes 1 MiB less. */
	build.vcpus = 1;
	assert_int_equal(hb_overhead(&build).need_kib, 1056768);
	build.type = HB_TYPE_PV;
	assert_int_equal(hb_overhead(&build).need_kib, 1048576 + 2048);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, command_setup_nothing, command_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows),
		TEST(test_domain_0),
		TEST(test_pod_target),
		TEST(test_no_target),
		TEST(test_negative_videoram),
		TEST(test_hvm_boot_target),
		TEST(test_need_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
