/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fault at every single host call of a raise, of a lower and of a new
 * maximum: the call fails, a commit loses against another writer, the domain
 * dies, the process is killed. Afterwards the domain is as before or as asked for and never between,
 * a dead domain has left nothing behind, and the next set repairs the rest.
 */
#include "common.h"

#include <errno.h>
#include <string.h>

static const struct operation {
	const char *size;
	bool wait;
	bool pod;
	bool max;			/* hb_max() instead of hb_set() */
} operations[] = {
	{ "2G", .wait = false },	/* beyond the boot maximum */
	{ "2G", .wait = true },
	{ "448M", .pod = true },	/* populate-on-demand entries are left */
	{ "256M", .wait = false },
	{ "256M", .wait = true },
	{ "512M", .wait = true },	/* nothing but a new look at the target */
	{ "2G", .max = true },
};

#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

struct outcome {
	uint64_t target, static_max, vm_memory, maxmem, pool;
};

static struct sim *host_for(const struct operation *operation)
{
	struct sim_guest guest = usual_guest;

	guest.rate_kib_s = 4 * G;
	if (operation->pod) {
		guest.memory_kib = 384 * M;
		guest.pod_entries_kib = 128 * M;
		guest.pod_cache_kib = 32 * M;
	}
	return common_host_with(&guest);
}

static struct outcome look(const struct sim *sim)
{
	struct outcome outcome = {
		.target = common_number(sim, GUEST, HB_KEY_TARGET),
		.static_max = common_number(sim, GUEST, HB_KEY_STATIC_MAX),
		.vm_memory = common_vm_memory(sim),
	};

	outcome.maxmem = sim_xen(sim, GUEST, &outcome.pool).max_pages * HB_PAGE_KIB;
	return outcome;
}

static bool same_keys(const struct outcome *a, const struct outcome *b)
{
	return a->target == b->target && a->static_max == b->static_max &&
	       a->vm_memory == b->vm_memory;
}

static enum hb_code run(struct sim *sim, const struct operation *operation,
			struct hb_set_result *result, struct hb_error *error)
{
	struct hb_set_request request = { .wait = operation->wait };
	struct hb_max_request max = { 0 };
	struct hb *hb;
	enum hb_code code;

	if (!operation->max)
		return common_set(sim, operation->size, &request, result, error);
	hb = sim_connect(sim);
	assert_int_equal(hb_size_parse(operation->size, &max.size, error), HB_OK);
	code = hb_max(hb, GUEST, &max, result, error);
	hb_close(hb);
	return code;
}

/* The number of host calls of the operation, and how it ends without a fault. */
static unsigned int count_calls(const struct operation *operation, struct outcome *before,
				struct outcome *after)
{
	struct sim *sim = host_for(operation);
	struct hb_set_result result;
	struct hb_error error;
	unsigned int calls;

	*before = look(sim);
	assert_int_equal(run(sim, operation, &result, &error), HB_OK);
	*after = look(sim);
	common_assert_consistent(sim, GUEST);
	calls = sim->calls;
	sim_close(sim);
	assert_true(calls > 20);
	return calls;
}

static struct sim *faulty(const struct operation *operation, enum sim_fault_kind kind,
			  unsigned int at)
{
	struct sim *sim = host_for(operation);

	sim->fault = kind;
	sim->fault_at = at;
	sim->fault_errno = EIO;
	sim->fault_domid = GUEST;
	return sim;
}

/* A target that its guest is at, and no claim: all that is free can be given away. */
static void assert_nothing_promised(struct sim *sim)
{
	struct hb *hb = sim_connect(sim);
	struct hb_host_memory memory;
	struct hb_error error;

	assert_int_equal(hb_host_memory(hb, &memory, &error), HB_OK);
	assert_int_equal(memory.promised_kib, 0);
	assert_int_equal(memory.claimed_kib, 0);
	assert_int_equal(memory.reserved_kib, 0);
	hb_close(hb);
}

/* After the fault is over, asking again leads to where it would have led at once. */
static void assert_repaired(struct sim *sim, const struct operation *operation,
			    const struct outcome *after)
{
	struct operation again = *operation;
	struct hb_set_result result;
	struct hb_error error;
	struct outcome now;

	sim->fault = SIM_FAULT_NONE;
	again.wait = true;
	assert_int_equal(run(sim, &again, &result, &error), HB_OK);
	now = look(sim);
	assert_true(same_keys(&now, after));
	assert_int_equal(now.maxmem, operation->max ? after->maxmem : after->target + M);
	assert_nothing_promised(sim);
	assert_int_equal(now.pool, after->pool);
	common_assert_consistent(sim, GUEST);
}

static void check_error(const struct operation *operation, unsigned int at,
			const struct outcome *before, const struct outcome *after)
{
	struct sim *sim = faulty(operation, SIM_FAULT_ERROR, at);
	struct hb_set_result result;
	struct hb_error error = { 0 };
	enum hb_code code = run(sim, operation, &result, &error);
	struct outcome now = look(sim);

	common_assert_consistent(sim, GUEST);
	if (result.done) {
		assert_true(same_keys(&now, after));
	} else {
		/* Nothing has happened, neither in xenstore nor in Xen. */
		assert_int_equal(code, HB_E_HOST);
		assert_memory_equal(&now, before, sizeof(now));
	}
	if (code)
		assert_true(error.message[0]);
	assert_repaired(sim, operation, after);
	sim_close(sim);
}

static void check_conflict(const struct operation *operation, unsigned int at,
			   const struct outcome *before, const struct outcome *after)
{
	struct sim *sim = faulty(operation, SIM_FAULT_CONFLICT, at);
	struct hb_set_result result;
	struct hb_error error;
	struct outcome now;

	(void)before;
	/* The other writer is met with another attempt and nobody notices. */
	assert_int_equal(run(sim, operation, &result, &error), HB_OK);
	now = look(sim);
	assert_memory_equal(&now, after, sizeof(now));
	sim_close(sim);
}

static void check_death(const struct operation *operation, unsigned int at,
			const struct outcome *before, const struct outcome *after)
{
	struct sim *sim = faulty(operation, SIM_FAULT_DEATH, at);
	struct hb_set_result result;
	struct hb_error error = { 0 };
	enum hb_code code = run(sim, operation, &result, &error);

	(void)before;
	(void)after;
	/* Not a node is left, and none came back. */
	assert_false(sim_has_nodes(sim, GUEST));
	assert_null(sim_guest(sim, GUEST));
	assert_int_equal(sim_pages(sim), sim->total_pages);
	if (code != HB_E_NO_DOMAIN && code != HB_E_REFUSED && !result.done)
		fail_msg("%s, death at call %u: code %d, %s", operation->size, at, code,
			 error.message);
	sim_close(sim);
}

static void check_kill(const struct operation *operation, unsigned int at,
		       const struct outcome *before, const struct outcome *after)
{
	struct sim *sim = faulty(operation, SIM_FAULT_KILL, at);
	struct hb_set_result result;
	struct hb_error error;
	struct outcome now;

	run(sim, operation, &result, &error);
	now = look(sim);
	/* Half-done is only what is too large in Xen; the keys change all at once. */
	common_assert_consistent(sim, GUEST);
	assert_true(same_keys(&now, before) || same_keys(&now, after));
	assert_true(now.pool == before->pool || now.pool == after->pool);
	assert_repaired(sim, operation, after);
	sim_close(sim);
}

/* The other direction after a kill: back to where it was. */
static void check_kill_and_back(const struct operation *operation, unsigned int at,
				const struct outcome *before, const struct outcome *after)
{
	struct sim *sim = faulty(operation, SIM_FAULT_KILL, at);
	struct hb_set_request request = { .wait = true };
	struct hb_set_result result;
	struct hb_error error;
	char size[HB_SIZE_TEXT];

	(void)after;
	run(sim, operation, &result, &error);
	sim->fault = SIM_FAULT_NONE;
	hb_size_format(before->target, size);
	assert_int_equal(common_set(sim, size, &request, &result, &error), HB_OK);
	assert_int_equal(look(sim).target, before->target);
	assert_int_equal(look(sim).maxmem, before->target + M);
	assert_nothing_promised(sim);
	common_assert_consistent(sim, GUEST);
	sim_close(sim);
}

typedef void check_fn(const struct operation *operation, unsigned int at,
		      const struct outcome *before, const struct outcome *after);

static void at_every_call(check_fn *check)
{
	for (size_t i = 0; i < NR_OPERATIONS; i++) {
		struct outcome before, after;
		unsigned int calls = count_calls(&operations[i], &before, &after);

		for (unsigned int at = 1; at <= calls; at++)
			check(&operations[i], at, &before, &after);
	}
}

static void test_error(void **state)
{
	(void)state;
	at_every_call(check_error);
}

static void test_conflict(void **state)
{
	(void)state;
	at_every_call(check_conflict);
}

static void test_death(void **state)
{
	(void)state;
	at_every_call(check_death);
}

static void test_kill(void **state)
{
	(void)state;
	at_every_call(check_kill);
}

static void test_kill_and_back(void **state)
{
	(void)state;
	at_every_call(check_kill_and_back);
}

/*
 * The host fails and stays failed, so that nothing can be undone: the error
 * says what was left behind, and when the host is back the next set repairs it.
 */
static void test_host_fails_for_good(void **state)
{
	struct outcome before, after, now;
	unsigned int calls = count_calls(&operations[0], &before, &after), left_behind = 0, both = 0;

	(void)state;
	for (unsigned int at = 1; at <= calls; at++) {
		struct sim *sim = faulty(&operations[0], SIM_FAULT_ERROR, at);
		struct hb_set_result result;
		struct hb_error error = { 0 };

		sim->fault_stays = true;
		assert_int_equal(run(sim, &operations[0], &result, &error), HB_E_HOST);
		now = look(sim);
		common_assert_consistent(sim, GUEST);
		if (!result.done && memcmp(&now, &before, sizeof(now))) {
			assert_true(same_keys(&now, &before));
			assert_non_null(strstr(error.remedy, "could not be put back: "));
			assert_true(now.maxmem == before.maxmem || strstr(error.remedy, "maxmem to 513M"));
			assert_true(now.pool == before.pool || strstr(error.remedy, "paging-pool to 4M"));
			both += !!strstr(error.remedy, ": maxmem to 513M, paging-pool to 4M (");
			left_behind++;
		}
		assert_repaired(sim, &operations[0], &after);
		sim_close(sim);
	}
	assert_true(left_behind > 0);
	assert_true(both > 0);
}

/* A writer that is always faster: given up and undone after a while. */
static void always_faster(struct sim *sim)
{
	sim_write_key(sim, GUEST, HB_KEY_TARGET, sim_read_key(sim, GUEST, HB_KEY_TARGET));
	sim->fault_at = sim->calls + 1;
}

static void test_endless_conflict(void **state)
{
	struct sim *sim = faulty(&operations[0], SIM_FAULT_HOOK, 1);
	struct outcome before = look(sim), now;
	struct hb_set_result result;
	struct hb_error error;

	(void)state;
	sim->hook = always_faster;
	assert_int_equal(run(sim, &operations[0], &result, &error), HB_E_HOST);
	assert_non_null(strstr(error.remedy, "another tool"));
	sim->fault = SIM_FAULT_NONE;
	now = look(sim);
	assert_memory_equal(&now, &before, sizeof(now));
	assert_repaired(sim, &operations[0], &(struct outcome){ 2 * G, 2 * G, 2048, 2 * G + M,
								 4 * (512 + 2048) });
	sim_close(sim);
}

/* Set by the test below for the hook, which is called without an argument. */
static unsigned int error_at;
static bool our_limit_stood;

static void other_tool_then_error(struct sim *sim)
{
	our_limit_stood = look(sim).maxmem == 2 * G + M;
	common_other_tool(sim, 400 * M);
	sim->fault = SIM_FAULT_ERROR;
	sim->fault_at = error_at;
}

/*
 * Another tool at one call and a failure at a later one: what is put back must
 * neither starve the other tool's target nor replace its limit.
 */
static void test_other_tool_and_error(void **state)
{
	struct outcome before, after, now;
	unsigned int calls = count_calls(&operations[0], &before, &after), undone = 0;

	(void)state;
	for (unsigned int at = 1; at <= calls; at++) {
		for (error_at = at + 1; error_at <= calls + 20; error_at++) {
			struct sim *sim = faulty(&operations[0], SIM_FAULT_HOOK, at);
			struct hb_set_result result;
			struct hb_error error = { 0 };

			sim->hook = other_tool_then_error;
			our_limit_stood = false;
			run(sim, &operations[0], &result, &error);
			now = look(sim);
			assert_true(now.maxmem >= now.target + M);
			if (!result.done && our_limit_stood) {
				undone++;
				assert_int_equal(now.target, 400 * M);
				assert_int_equal(now.maxmem, 401 * M);
			}
			sim_close(sim);
		}
	}
	assert_true(undone > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_conflict),
		cmocka_unit_test(test_death),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_kill_and_back),
		cmocka_unit_test(test_host_fails_for_good),
		cmocka_unit_test(test_endless_conflict),
		cmocka_unit_test(test_other_tool_and_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
