/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random sets on random guests with random faults and other tools in between.
 * Whatever happens: the domain stays consistent, no page is lost, and a set
 * that says it has succeeded has done what was asked. SEED repeats a run.
 */
#include "common.h"

#include <errno.h>

#include "seed.h"

static unsigned int seed;

static struct sim_guest random_guest(void)
{
	struct sim_guest guest = usual_guest;

	guest.type = random() % 3;
	guest.vcpus = random() % 8 + 1;
	guest.memory_kib = (random() % 1024 + 128) * M;
	guest.maxmem_kib = guest.memory_kib + random() % 2 * (random() % 1024) * M;
	guest.videoram_kib = guest.type == HB_TYPE_HVM ? 16 * M : 0;
	guest.offset_kib = random() % 128 * HB_PAGE_KIB;
	guest.pod_entries_kib = guest.type != HB_TYPE_PV && random() % 3 == 0 ? random() % 64 * M : 0;
	guest.pod_cache_kib = guest.pod_entries_kib / 2;
	guest.rate_kib_s = random() % 4 ? (random() % 1024 + 4) * M : 0;
	guest.reports = random() % 2;
	guest.stick_at_kib = random() % 4 ? 0 : (random() % 1024 + 1) * M;
	guest.stick_cause = random() % HB_CAUSE_COUNT;
	guest.report_max_kib = random() % 4 ? 0 : (random() % 2048 + 1) * M;
	return guest;
}

static void another_tool(struct sim *sim)
{
	uint64_t kib = (random() % 1024 + 1) * M;

	if (!sim_guest(sim, GUEST) || kib > common_number(sim, GUEST, HB_KEY_STATIC_MAX))
		return;
	common_other_tool(sim, kib);
}

static void random_fault(struct sim *sim)
{
	static const enum sim_fault_kind kinds[] = {
		SIM_FAULT_NONE, SIM_FAULT_NONE, SIM_FAULT_ERROR, SIM_FAULT_CONFLICT, SIM_FAULT_KILL,
		SIM_FAULT_HOOK,
	};

	sim->fault = kinds[random() % 6];
	sim->fault_at = sim->calls + 1 + random() % 60;
	sim->fault_errno = random() % 2 ? EIO : ENOMEM;
	sim->fault_stays = random() % 4 == 0;
	sim->hook = another_tool;
}

static void random_size(char text[32])
{
	static const char *const signs[] = { "", "", "+", "-" };

	if (random() % 4)
		snprintf(text, 32, "%s%ldM", signs[random() % 4], random() % 2048 + 1);
	else
		snprintf(text, 32, "%s%ld%%", signs[2 + random() % 2], random() % 99 + 1);
}

struct tally {
	unsigned int done, refused, undone;
};

static void one_set(struct sim *sim, struct tally *tally)
{
	struct hb_set_request request = {
		.wait = random() % 2, .force = random() % 4 == 0, .timeout_s = random() % 5,
	};
	struct hb_set_result result;
	struct hb_error error = { 0 };
	char size[32];
	enum hb_code code;
	bool alone;

	random_size(size);
	random_fault(sim);
	alone = sim->fault != SIM_FAULT_HOOK;
	code = common_set(sim, size, &request, &result, &error);
	sim->fault = SIM_FAULT_NONE;
	common_assert_consistent(sim, GUEST);
	assert_true(code == HB_OK ? result.done : error.message[0] != '\0');
	if (code == HB_OK)
		assert_int_equal(result.target_kib % HB_PAGE_KIB, 0);
	/* Another tool may still have come after the guest was there. */
	if (code == HB_OK && alone)
		assert_int_equal(result.after.target.value, result.target_kib);
	tally->done += result.done;
	tally->refused += code == HB_E_REFUSED;
	tally->undone += code == HB_E_HOST && !result.done;
}

static void test_random(void **state)
{
	struct tally tally = { 0 };

	(void)state;
	for (int run = 0; run < 400; run++) {
		struct sim_guest guest;
		struct sim *sim;

		srandom(seed + run);
		guest = random_guest();
		sim = common_host_with(&guest);
		printf("run %d\n", run);
		for (int i = 0; i < 20; i++) {
			one_set(sim, &tally);
			sim_run(sim, random() % 2000);
		}
		sim_close(sim);
	}
	/* All three ways must have been walked, or the test proves nothing. */
	assert_true(tally.done > 500);
	assert_true(tally.refused > 500);
	assert_true(tally.undone > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	seed = choose_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
