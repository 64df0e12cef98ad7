/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libxl does with memory/target, memory/static-max and Xen's limit, case by
 * case, and that ours leaves the same behind; where ours refuses or does
 * otherwise on purpose, the row says why. libxl-19, what a domain needs, is in
 * tests/unit/toolstack/test_scenarios.c.
 *
 * Source: xen-project/xen stable-4.17 9373a593c5a6ef57db1302eb1dca58cc3eb51c07,
 * tools/libs/light/libxl_mem.c.
 */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum command { MEM_SET, MEM_MAX, RELATIVE };

/* KiB, as libxl has them; 0 in an expectation: not looked at. */
static const struct row {
	const char *id;
	uint32_t domid;
	enum hb_type type;
	uint64_t target, static_max, videoram;
	enum command command;
	const char *value;
	struct {
		bool fails;
		uint64_t target, static_max, maxmem, vm_memory_mib;
	} libxl;
	enum hb_code code;		/* ours */
	const char *why;		/* if ours does otherwise than libxl */
} rows[] = {
	{ "libxl-01", 5, HB_TYPE_PVH, 1048576, 2097152, 0, MEM_SET, "1572864K",
	  { false, 1572864, 2097152, 1573888, 1536 }, HB_OK, NULL },
	{ "libxl-03", 5, HB_TYPE_PVH, 1048576, 2097152, 0, MEM_MAX, "4194304K",
	  { false, 1048576, 4194304, 4195328, 0 }, HB_OK, NULL },
	{ "libxl-05", 5, HB_TYPE_PVH, 1048576, 2097152, 0, MEM_MAX, "524288K",
	  { true, 1048576, 2097152, 0, 0 }, HB_E_REFUSED, NULL },
	/* Asked for more than static-max, by the video memory. */
	{ "libxl-07", 5, HB_TYPE_HVM, 1032192, 1048576, 16384, MEM_SET, "1064960K",
	  { false, 1048576, 1048576, 0, 0 }, HB_OK, NULL },
	{ "libxl-09", 5, HB_TYPE_PVH, 1048576, 2097152, 0, RELATIVE, "-2000000K",
	  { false, 0, 2097152, 0, 0 }, HB_E_REFUSED, "a guest without memory is none" },
	{ "libxl-11", 0, HB_TYPE_PV, 1048576, 4194304, 0, MEM_SET, "131072K",
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

static enum hb_code carry_out(struct sim *sim, const struct row *row, struct hb_error *error)
{
	/* Domain 0 below 1G is unwise, and possible. */
	struct hb_set_request request = { .force = row->domid == 0 };
	struct hb_set_result result;
	struct hb *hb = sim_connect(sim);
	enum hb_code code;

	assert_int_equal(hb_size_parse(row->value, &request.size, error), HB_OK);
	assert_int_equal(request.size.kind, row->command == RELATIVE ? HB_SIZE_DELTA : HB_SIZE_ABSOLUTE);
	if (row->command == MEM_MAX)
		code = hb_max(hb, row->domid, &request, &result, error);
	else
		code = hb_set(hb, row->domid, &request, &result, error);
	hb_close(hb);
	return code;
}

static void check_row(const struct row *row)
{
	struct sim *sim = host_of(row);
	struct hb_error error = { 0 };
	enum hb_code code = carry_out(sim, row, &error);
	uint64_t target = common_number(sim, row->domid, HB_KEY_TARGET);

	print_message("%s\n", row->id);
	assert_int_equal(code, row->code);
	/* Ours fails where libxl fails, and elsewhere only for a reason that is given. */
	assert_true((code != HB_OK) == row->libxl.fails || row->why);
	assert_int_equal(target, row->why ? row->target : row->libxl.target);
	assert_int_equal(common_number(sim, row->domid, HB_KEY_STATIC_MAX), row->libxl.static_max);
	if (row->libxl.maxmem)
		assert_int_equal(sim_xen(sim, row->domid, NULL).max_pages * HB_PAGE_KIB, row->libxl.maxmem);
	if (row->libxl.vm_memory_mib)
		assert_int_equal(common_vm_memory(sim), row->libxl.vm_memory_mib);
	if (code)
		assert_true(error.message[0] && error.remedy[0]);
	sim_close(sim);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
}

/*
 * libxl-01, its populate-on-demand target: 393472 pages, the size and 1 MiB. Ours
 * asks Xen for it only while frames are missing, when alone Xen acts on it.
 */
static void test_pod_target(void **state)
{
	struct sim_guest guest = usual_guest;
	struct hb_set_result result;
	struct hb_error error;
	unsigned int found = 0;
	struct sim *sim;

	(void)state;
	guest.memory_kib = 1048576;
	guest.maxmem_kib = 2097152;
	guest.pod_entries_kib = 1024 * M;
	guest.pod_cache_kib = 256 * M;
	sim = common_host_with(&guest);
	assert_int_equal(common_set(sim, "1572864K", NULL, &result, &error), HB_OK);
	for (unsigned int i = 0; i < result.nr_steps; i++) {
		if (result.steps[i].kind == HB_STEP_POD) {
			assert_int_equal(result.steps[i].to_kib / HB_PAGE_KIB, 393472);
			found++;
		}
	}
	assert_int_equal(found, 1);
	sim_close(sim);
}

/* libxl-13: a domain without a target is an error, and none is made for it. */
static void test_no_target(void **state)
{
	struct sim *sim = common_host();
	struct hb_set_result result;
	struct hb_error error;

	(void)state;
	sim_remove_key(sim, GUEST, HB_KEY_TARGET);
	assert_int_equal(common_set(sim, "2097152K", NULL, &result, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "has no target"));
	assert_null(sim_read_key(sim, GUEST, HB_KEY_TARGET));
	sim_close(sim);
}

/*
 * libxl-15: "-1" as video memory, from init-dom0less. libxl writes 1048577 for a
 * size of 1048576; ours counts it as none.
 */
static void test_negative_videoram(void **state)
{
	struct sim_guest guest = usual_guest;
	struct hb_set_result result;
	struct hb_error error;
	struct sim *sim;

	(void)state;
	guest.memory_kib = 1048576;
	guest.maxmem_kib = 2097152;
	sim = common_host_with(&guest);
	sim_write_key(sim, GUEST, HB_KEY_VIDEORAM, "-1");
	assert_int_equal(common_set(sim, "1048576K", NULL, &result, &error), HB_OK);
	assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 1048576);
	assert_int_equal(sim_xen(sim, GUEST, NULL).max_pages * HB_PAGE_KIB, 1049600);
	sim_close(sim);
}

/*
 * libxl-17: an HVM guest built with maxmem above memory has a target that is
 * lower than its configuration by the video memory and 1 MiB (XSA-153). Setting
 * the size that it shows changes neither key nor limit, however often.
 */
static void test_hvm_boot_target(void **state)
{
	struct sim_guest guest = usual_guest;
	struct hb_set_result result;
	struct hb_error error;
	struct sim *sim;
	char size[HB_SIZE_TEXT];

	(void)state;
	guest.type = HB_TYPE_HVM;
	guest.memory_kib = 1048576;
	guest.maxmem_kib = 2097152;
	guest.videoram_kib = 16384;
	guest.offset_kib = 0;
	sim = common_host_with(&guest);
	sim_write_key(sim, GUEST, HB_KEY_TARGET, "1031168");
	assert_int_equal(sim_xen(sim, GUEST, NULL).max_pages * HB_PAGE_KIB, 1049600);
	for (int i = 0; i < 3; i++) {
		hb_size_format(common_number(sim, GUEST, HB_KEY_TARGET) + 16384, size);
		assert_int_equal(common_set(sim, size, NULL, &result, &error), HB_OK);
		sim_run(sim, 1000);
		assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET), 1031168);
		assert_int_equal(common_number(sim, GUEST, HB_KEY_STATIC_MAX), 2097152);
	}
	/* The limit is the size and 1 MiB, the one of the boot within that. */
	assert_int_equal(sim_xen(sim, GUEST, NULL).max_pages * HB_PAGE_KIB, 1031168 + 16384 + 1024);
	sim_close(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_pod_target),
		cmocka_unit_test(test_no_target),
		cmocka_unit_test(test_negative_videoram),
		cmocka_unit_test(test_hvm_boot_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
