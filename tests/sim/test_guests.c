/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests of every kind on the simulated host, and what a set makes of each: it
 * arrives, or says what keeps it from arriving; afterwards Xen's limit is where
 * the guest is, and the books of the host agree. All of it is the same each time.
 */
#include "common.h"

#include <stdio.h>
#include <string.h>

static const struct behaviour {
	const char *name;
	struct sim_guest guest;	/* what differs from the usual one */
	const char *size;
	enum hb_code code;
	const char *says;	/* part of the error; NULL if there is none */
	uint64_t at_kib;	/* where the guest is then; 0: it is gone */
} behaviours[] = {
	{ "ideal", { .rate_kib_s = 64 * G }, "2G", HB_OK, NULL, 2 * G },
	{ "slow", { .rate_kib_s = 2 * M }, "480M", HB_OK, NULL, 480 * M },
	{ "too slow", { .rate_kib_s = M / 2 }, "256M", HB_E_STUCK, "stopped at", 507 * M },
	{ "does not move", { .rate_kib_s = 0 }, "256M", HB_E_STUCK, "stopped at 512M", 512 * M },
	{ "sticky", { .rate_kib_s = 256 * M, .stick_at_kib = 300 * M,
		      .stick_cause = HB_CAUSE_GUEST_FLOOR }, "256M", HB_E_STUCK, "guest-floor", 300 * M },
	{ "sticky, names no cause", { .rate_kib_s = 256 * M, .stick_at_kib = 300 * M }, "256M",
	  HB_E_STUCK, "stopped at 300M", 300 * M },
	{ "rests in between", { .rate_kib_s = 64 * M, .moves_ms = 200, .rests_ms = 1500 }, "256M",
	  HB_OK, NULL, 256 * M },
	{ "rests too long", { .rate_kib_s = 64 * M, .moves_ms = 200, .rests_ms = 20000 }, "256M",
	  HB_E_STUCK, "stopped at", 506 * M },
	{ "lies", { .rate_kib_s = 0, .lies = true }, "256M", HB_E_STUCK,
	  "something else than Xen counts", 512 * M },
	/*
	 * A report that is less than 64 MiB off is believed after a second; Xen's limit is
	 * where the guest is.
	 */
	{ "lies a little", { .rate_kib_s = 200 * M, .lies = true }, "256M", HB_OK, NULL, 312 * M },
	{ "tells it too soon", { .rate_kib_s = 256 * M, .lies = true }, "256M", HB_OK, NULL, 256 * M },
	{ "dies", { .rate_kib_s = 64 * M, .dies_ms = 1500 }, "256M", HB_E_NO_DOMAIN, "went away", 0 },
	{ "reboots", { .rate_kib_s = 64 * M, .reboots_ms = 1500 }, "1G", HB_OK, NULL, G },
	{ "reboots on its way down", { .rate_kib_s = 64 * M, .reboots_ms = 1500 }, "256M", HB_OK, NULL,
	  256 * M },
};

static struct sim_guest make(const struct behaviour *behaviour)
{
	struct sim_guest guest = behaviour->guest;

	guest.domid = usual_guest.domid;
	guest.name = usual_guest.name;
	guest.type = usual_guest.type;
	guest.memory_kib = usual_guest.memory_kib;
	guest.maxmem_kib = usual_guest.maxmem_kib;
	guest.vcpus = usual_guest.vcpus;
	guest.offset_kib = usual_guest.offset_kib;
	guest.reports = true;
	return guest;
}

static void check_end(const struct behaviour *behaviour, const struct sim *sim)
{
	struct hb_xen_domain xen = sim_xen(sim, GUEST, NULL);
	uint64_t held = xen.tot_pages * HB_PAGE_KIB - usual_guest.offset_kib;
	uint64_t target = common_number(sim, GUEST, HB_KEY_TARGET);

	if (held + M < behaviour->at_kib || held > behaviour->at_kib + M)
		fail_msg("%s: at %llu KiB", behaviour->name, (unsigned long long)held);
	common_assert_consistent(sim, GUEST);
	/* Never more than the size and what Xen always allows, or what is held now. */
	assert_true(xen.max_pages * HB_PAGE_KIB <=
		    (target > held ? target : held + usual_guest.offset_kib) + M);
}

/* Everything that there is to see of one run, as text. */
static void run(const struct behaviour *behaviour, char trace[768])
{
	struct hb_set_request request = { .wait = true, .timeout_s = 600, .force = true };
	struct sim_guest guest = make(behaviour);
	struct sim *sim = common_host_with(&guest);
	struct hb_set_result result;
	struct hb_error error = { 0 };
	enum hb_code code = common_set(sim, behaviour->size, &request, &result, &error);

	snprintf(trace, 768, "%d %s %llu ms, %u calls, %llu KiB", code, error.message,
		 (unsigned long long)result.waited_ms, sim->calls,
		 (unsigned long long)result.after.actual_kib);
	if (code != behaviour->code || (behaviour->says && !strstr(error.message, behaviour->says)))
		fail_msg("%s: %s", behaviour->name, trace);
	if (behaviour->at_kib)
		check_end(behaviour, sim);
	else
		assert_false(sim_has_nodes(sim, GUEST));
	sim_close(sim);
}

static void test_behaviours(void **state)
{
	char first[768], second[768];

	(void)state;
	for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
		print_message("behaviours, row %zu\n", i);
		run(&behaviours[i], first);
		run(&behaviours[i], second);
		assert_string_equal(first, second);
	}
}

/* Asked for 2G, rebooted, asked for nothing: it has what it was given, on any type. */
static void test_reboot_after_growth(void **state)
{
	static const enum hb_type types[] = { HB_TYPE_PV, HB_TYPE_PVH, HB_TYPE_HVM };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct sim_guest guest = usual_guest;
		struct hb_set_request request = { .wait = true };
		struct hb_set_result result;
		struct hb_error error;
		struct sim *sim;

		print_message("types, row %zu\n", i);
		guest.type = types[i];
		guest.videoram_kib = types[i] == HB_TYPE_HVM ? 16 * M : 0;
		sim = common_host_with(&guest);
		assert_int_equal(common_set(sim, "2G", &request, &result, &error), HB_OK);
		sim_reboot(sim, GUEST);
		sim_run(sim, 1000);
		assert_int_equal(common_number(sim, GUEST, HB_KEY_TARGET) + guest.videoram_kib, 2 * G);
		assert_int_equal(sim_xen(sim, GUEST, NULL).tot_pages * HB_PAGE_KIB, 2 * G + guest.offset_kib);
		common_assert_consistent(sim, GUEST);
		/* And it goes on from there. */
		assert_int_equal(common_set(sim, "1G", &request, &result, &error), HB_OK);
		sim_close(sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_behaviours),
		cmocka_unit_test(test_reboot_after_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
