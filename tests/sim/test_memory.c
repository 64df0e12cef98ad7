/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the host has to give while others take of it: guests and libxl wait for no lock
 * of ours, and can come in before any of the calls that it is counted with. What one of
 * them takes then may count twice for a moment, and never not at all. And what of it Xen
 * still clears.
 */
#include "common.h"

#include "command.h"
#include "sim_internal.h"

#define WEB 9U

static struct hb_error error;

/* libxl makes the domain, and Xen sets aside what it is to get. */
static void claim_web(struct sim *of)
{
	struct sim_guest guest = usual_guest;

	guest.domid = WEB;
	guest.name = "web";
	guest.never_ran = true;
	guest.reports = false;
	guest.memory_kib = 4;
	guest.maxmem_kib = 4 * G;
	sim_add(of, &guest);
	sim_domain(of, WEB)->xen.outstanding_pages = (4 * G - 4) / HB_PAGE_KIB;
}

static void build_web(struct sim *of)
{
	struct sim_domain *web = sim_domain(of, WEB);

	sim_populate(of, web, 1 * G / HB_PAGE_KIB);
	sim_write_key(of, WEB, HB_KEY_TARGET, "4194304");
}

static void grow_guest(struct sim *of)
{
	sim_run(of, 1000);
}

/* That happens before call number at, of all that there are. */
static void counted_while(void (*happens)(struct sim *), void (*prepare)(void))
{
	unsigned int calls = 1, at;

	for (at = 1; at <= calls; at++) {
		uint64_t before, during, after;

		command_setup(NULL);
		prepare();
		command_sim->calls = 0;
		before = common_available(command_sim);
		calls = command_sim->calls;
		command_sim->calls = 0;
		command_sim->hook = happens;
		command_sim->fault = SIM_FAULT_HOOK;
		command_sim->fault_at = at;
		during = common_available(command_sim);
		command_sim->fault = SIM_FAULT_NONE;
		after = common_available(command_sim);
		/* Nobody has promised or given back anything: it cannot have become more. */
		if (during > before || during > after)
			fail_msg("call %u of %u: %ju KiB to give, between %ju and %ju", at, calls,
				 (uintmax_t)during, (uintmax_t)before, (uintmax_t)after);
		command_teardown(NULL);
	}
	assert_true(at > 4);
}

static void promise(void)
{
	struct hb_set_result result;
	const struct hb_set_request how = { .force = false };

	assert_int_equal(common_set(command_sim, "2G", &how, &result, &error), HB_OK);
}

static void reserve(void)
{
	const struct hb_reserve_request request = { .name = "web", .size_kib = 4 * G };
	struct hb_reservation reservation;
	struct hb *hb = common_connect(command_sim);

	assert_int_equal(hb_reserve(hb, &request, &reservation, &error), HB_OK);
	hb_close(hb);
}

static void reserve_and_claim(void)
{
	reserve();
	claim_web(command_sim);
}

static void test_a_guest_takes_what_is_promised(void **state)
{
	(void)state;
	counted_while(grow_guest, promise);
}

static void test_libxl_claims_what_is_reserved(void **state)
{
	(void)state;
	counted_while(claim_web, reserve);
}

static void test_libxl_builds_from_its_claim(void **state)
{
	(void)state;
	counted_while(build_web, reserve_and_claim);
}

/* Memory that Xen still clears is as good as any: all that there is can be given. */
static void scrubbed(void)
{
	command_setup(NULL);
	command_sim->scrub_pages = command_sim->free_pages;
}

static void test_scrubbed_is_set(void **state)
{
	uint64_t all;
	struct hb_set_result result;
	struct hb_error ignored;
	char size[HB_SIZE_TEXT];

	(void)state;
	command_setup(NULL);
	all = common_available(command_sim);
	command_teardown(NULL);
	scrubbed();
	assert_int_equal(common_available(command_sim), all);
	/* What its paging pool grows by is part of it. */
	hb_size_format((512 * M + all - all / 200) / M * M, size);
	if (common_set(command_sim, size, NULL, &result, &ignored))
		fail_msg("%s: %s", size, ignored.message);
	command_teardown(NULL);
}

static void test_scrubbed_is_free(void **state)
{
	struct hb_free_request request = { 0 };
	struct hb_free_result result = { 0 };
	struct hb_host_memory memory;
	struct hb *hb;

	(void)state;
	scrubbed();
	hb = common_connect(command_sim);
	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	assert_int_equal(memory.free_kib, 0);
	assert_int_equal(memory.scrub_kib, command_sim->free_pages * HB_PAGE_KIB);
	request.need_kib = common_available(command_sim);
	assert_int_equal(hb_free(hb, &request, &result, &error), HB_OK);
	assert_int_equal(result.count, 0);
	hb_free_result_clear(&result);
	hb_close(hb);
	command_teardown(NULL);
}

/* Before the guest exists, and as a claim of one that runs. */
static void test_scrubbed_is_reserved(void **state)
{
	struct hb_max_request larger = { .size = { HB_SIZE_ABSOLUTE, false, 6 * G } };
	struct hb_reserve_request request = { .name = "guest1", .size_kib = 5 * G };
	struct hb_reservation reservation;
	struct hb_set_result result;
	struct hb *hb;

	(void)state;
	scrubbed();
	reserve();
	command_teardown(NULL);
	scrubbed();
	hb = common_connect(command_sim);
	assert_int_equal(hb_max(hb, GUEST, &larger, &result, &error), HB_OK);
	if (hb_reserve(hb, &request, &reservation, &error))
		fail_msg("%s", error.message);
	assert_int_equal(sim_xen(command_sim, GUEST, NULL).outstanding_pages * HB_PAGE_KIB, reservation.left_kib);
	hb_close(hb);
	command_teardown(NULL);
}

/* The size counts the video memory, the target does not: the promise is of the size. */
static void test_video_memory_is_promised(void **state)
{
	struct sim_guest guest = usual_guest;
	struct hb_set_result result;
	struct hb_host_memory memory;
	struct hb *hb;

	(void)state;
	common_make_state_dir();
	guest.type = HB_TYPE_HVM;
	guest.videoram_kib = 16 * M;
	guest.offset_kib = 0;
	guest.rate_kib_s = 0;
	command_sim = common_host_with(&guest);
	hb = common_connect(command_sim);
	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	assert_int_equal(memory.promised_kib, 0);
	assert_int_equal(common_set(command_sim, "1G", NULL, &result, &error), HB_OK);
	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	assert_int_equal(memory.promised_kib, 512 * M);
	hb_close(hb);
	command_teardown(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_guest_takes_what_is_promised),
		cmocka_unit_test(test_libxl_claims_what_is_reserved),
		cmocka_unit_test(test_libxl_builds_from_its_claim),
		cmocka_unit_test(test_scrubbed_is_set),
		cmocka_unit_test(test_scrubbed_is_free),
		cmocka_unit_test(test_scrubbed_is_reserved),
		cmocka_unit_test(test_video_memory_is_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
