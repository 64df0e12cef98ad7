/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision what to write, without any host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "plan.h"
#include "seed.h"

#define M (1ULL << 10)
#define G (1ULL << 20)

static const struct hb_host_memory roomy = { .total_kib = 64 * G, .free_kib = 32 * G };

/* A PVH guest as libxl leaves it: target and maximum as given. */
static struct hb_domain guest(uint64_t target_kib, uint64_t max_kib)
{
	struct hb_domain domain = {
		.domid = 5,
		.name = "guest",
		.type = HB_TYPE_PVH,
		.state = HB_DOMAIN_RUNNING,
		.vcpus = 2,
		.hap = true,
		.actual_kib = target_kib + 64,
		.maxmem_kib = target_kib + M,
		.target = { HB_PRESENT, target_kib },
		.static_max = { HB_PRESENT, max_kib },
		.pool = { HB_PRESENT, 4 * (512 + max_kib / M) },
		.pod = true,
	};

	return domain;
}

static struct hb_size absolute(uint64_t kib)
{
	return (struct hb_size){ HB_SIZE_ABSOLUTE, false, kib };
}

static struct hb_plan plan_of(const struct hb_domain *domain, struct hb_size size)
{
	struct hb_error error = { 0 };
	struct hb_plan plan;

	if (hb_plan_make(domain, &roomy, &size, false, &plan, &error))
		fail_msg("refused: %s", error.message);
	return plan;
}

static void refused(const struct hb_domain *domain, const struct hb_host_memory *host,
		    struct hb_size size, bool force, const char *why)
{
	struct hb_error error = { 0 };
	struct hb_plan plan;

	if (!hb_plan_make(domain, host, &size, force, &plan, &error))
		fail_msg("not refused, although: %s", why);
	if (!strstr(error.message, why))
		fail_msg("refused with \"%s\", expected \"%s\"", error.message, why);
	assert_true(error.code == HB_E_REFUSED || error.code == HB_E_USAGE);
	assert_true(error.remedy[0]);
	assert_int_equal(plan.nr_steps, 0);
}

/* kinds is one letter a step: p pool, m maxmem, d pod, s static-max, t target, v vm, h headroom. */
static void assert_steps(const struct hb_plan *plan, const char *kinds)
{
	static const char letters[] = "pmdstvh";
	char got[HB_STEPS_MAX + 1] = "";

	for (unsigned int i = 0; i < plan->nr_steps; i++) {
		got[i] = letters[plan->steps[i].kind];
		assert_non_null(plan->steps[i].reason);
	}
	assert_string_equal(got, kinds);
}

static uint64_t step_to(const struct hb_plan *plan, enum hb_step_kind kind)
{
	for (unsigned int i = 0; i < plan->nr_steps; i++) {
		if (plan->steps[i].kind == kind)
			return plan->steps[i].to_kib;
	}
	return 0;
}

static void test_raise_within_maximum(void **state)
{
	struct hb_domain domain = guest(G, 2 * G);
	struct hb_plan plan = plan_of(&domain, absolute(1536 * M));

	(void)state;
	/* The numbers of xl mem-set 1536 on such a guest. */
	assert_steps(&plan, "mtv");
	assert_int_equal(step_to(&plan, HB_STEP_MAXMEM), 1573888);
	assert_int_equal(step_to(&plan, HB_STEP_TARGET), 1572864);
	assert_int_equal(step_to(&plan, HB_STEP_VM_MEMORY), 1572864);
}

static void test_raise_beyond_maximum(void **state)
{
	struct hb_domain domain = guest(512 * M, 512 * M);
	struct hb_plan plan = plan_of(&domain, absolute(4 * G));

	(void)state;
	assert_steps(&plan, "pmstv");
	assert_int_equal(step_to(&plan, HB_STEP_POOL), 4 * (256 * 2 + 4096));
	assert_int_equal(step_to(&plan, HB_STEP_MAXMEM), 4 * G + M);
	assert_int_equal(step_to(&plan, HB_STEP_STATIC_MAX), 4 * G);
}

static void test_lower(void **state)
{
	struct hb_domain domain = guest(G, G);
	struct hb_plan plan = plan_of(&domain, absolute(512 * M));
	struct hb_step step;

	(void)state;
	assert_steps(&plan, "tv");
	/* Not there yet: maxmem at what it holds. */
	assert_true(hb_plan_settle(&domain, 512 * M, &step) == false);
	domain.maxmem_kib = 2 * G;
	assert_true(hb_plan_settle(&domain, 512 * M, &step));
	assert_int_equal(step.to_kib, domain.actual_kib + M);
	/* There: as xl has it. */
	domain.actual_kib = 512 * M + 64;
	assert_true(hb_plan_settle(&domain, 512 * M, &step));
	assert_int_equal(step.to_kib, 512 * M + M);
	domain.maxmem_kib = 512 * M + M;
	assert_false(hb_plan_settle(&domain, 512 * M, &step));
}

static void test_same_size_is_written_again(void **state)
{
	struct hb_domain domain = guest(G, G);
	struct hb_plan plan = plan_of(&domain, absolute(G));

	(void)state;
	assert_steps(&plan, "tv");
}

/* A limit that another tool took below the target is repaired. */
static void test_maxmem_below_target(void **state)
{
	struct hb_domain domain = guest(G, G);
	struct hb_plan plan;

	(void)state;
	domain.maxmem_kib = 600 * M;
	plan = plan_of(&domain, absolute(800 * M));
	assert_steps(&plan, "mtv");
	assert_int_equal(step_to(&plan, HB_STEP_MAXMEM), 801 * M);
}

static void test_pool(void **state)
{
	struct hb_domain domain = guest(512 * M, 512 * M);
	struct hb_plan plan;

	(void)state;
	domain.type = HB_TYPE_PV;
	plan = plan_of(&domain, absolute(G));
	assert_steps(&plan, "mstv");
	domain.type = HB_TYPE_HVM;
	domain.pool = (struct hb_number){ HB_ABSENT, 0 };
	plan = plan_of(&domain, absolute(G));
	assert_steps(&plan, "mstv");
	/* Larger than needed, for example configured so: left alone. */
	domain.pool = (struct hb_number){ HB_PRESENT, G };
	plan = plan_of(&domain, absolute(G));
	assert_steps(&plan, "mstv");
}

/* Grown by others to eight times what its pool is for; Xen needs it on the way down. */
static void test_pool_to_shrink(void **state)
{
	struct hb_domain domain = guest(8 * G, 8 * G);
	struct hb_host_memory full = { .total_kib = 16 * G };
	struct hb_size size = absolute(3 * G);
	struct hb_error error;
	struct hb_plan plan;

	(void)state;
	domain.pool.value = 4 * (512 + 1024);
	plan = plan_of(&domain, size);
	assert_steps(&plan, "ptv");
	assert_int_equal(step_to(&plan, HB_STEP_POOL), 4 * (512 + 8192));
	assert_true(plan.may_lack_pool);
	/* A host with nothing to give gets the guest's memory all the same... */
	assert_int_equal(hb_plan_make(&domain, &full, &size, false, &plan, &error), HB_OK);
	assert_steps(&plan, "tv");
	/* ... and what it keeps for itself is there for this, as far as it goes. */
	full.free_kib = full.scrub_kib = 2 * 1024;
	full.reserve_kib = 72 * M;
	assert_int_equal(hb_plan_make(&domain, &full, &size, false, &plan, &error), HB_OK);
	assert_steps(&plan, "ptv");
	assert_int_equal(step_to(&plan, HB_STEP_POOL), domain.pool.value + 4 * 1024);
}

/* Told to grow and not there yet: a smaller size is no reason to need anything. */
static void test_pool_of_a_smaller_target(void **state)
{
	struct hb_domain domain = guest(6 * G, 6 * G);
	struct hb_host_memory full = { .total_kib = 16 * G };
	struct hb_size size = absolute(4 * G);
	struct hb_error error;
	struct hb_plan plan;

	(void)state;
	domain.actual_kib = 512 * M;
	domain.pool.value = 4 * (512 + 512);
	assert_int_equal(hb_plan_make(&domain, &full, &size, false, &plan, &error), HB_OK);
	assert_steps(&plan, "tv");
	/* A larger target needs its pool, whatever the guest holds. */
	domain.target.value = 2 * G;
	domain.actual_kib = 5 * G;
	plan = plan_of(&domain, size);
	assert_int_equal(step_to(&plan, HB_STEP_POOL), 4 * (512 + 4096));
	assert_false(plan.may_lack_pool);
}

static void test_populate_on_demand(void **state)
{
	struct hb_domain domain = guest(256 * M, G);
	struct hb_plan plan;

	(void)state;
	domain.pod_entries_kib = 700 * M;
	domain.pod_cache_kib = 700 * M;
	plan = plan_of(&domain, absolute(512 * M));
	assert_steps(&plan, "mtv");
	domain.pod_cache_kib = 200 * M;
	plan = plan_of(&domain, absolute(512 * M));
	assert_steps(&plan, "mdtv");
	assert_int_equal(step_to(&plan, HB_STEP_POD) / 4, (512 * M + M) / 4);
	plan = plan_of(&domain, absolute(128 * M));
	assert_steps(&plan, "tv");
}

static void test_videoram(void **state)
{
	struct hb_domain domain = guest(1032192, 1048576);
	struct hb_plan plan;
	struct hb_step step;

	(void)state;
	domain.type = HB_TYPE_HVM;
	domain.videoram_kib = 16384;
	domain.actual_kib = 1048576 + 376;
	domain.maxmem_kib = 1048576 + M;
	/* As xl: the size may exceed static-max by the video memory. */
	plan = plan_of(&domain, absolute(1064960));
	assert_steps(&plan, "pmtv");
	assert_int_equal(plan.target_kib, 1048576);
	assert_int_equal(step_to(&plan, HB_STEP_MAXMEM), 1064960 + M);
	/* Beyond: static-max is the whole size, as libxl writes it when building. */
	plan = plan_of(&domain, absolute(2 * G));
	assert_int_equal(step_to(&plan, HB_STEP_STATIC_MAX), 2 * G);
	assert_int_equal(plan.target_kib, 2 * G - 16384);
	assert_int_equal(hb_plan_settle(&domain, 1048576, &step), false);
	refused(&domain, &roomy, absolute(16384), true, "no memory");
	refused(&domain, &roomy, absolute(8192), true, "no memory");
}

static void test_relative(void **state)
{
	static const struct {
		struct hb_size size;
		uint64_t want_kib;
	} cases[] = {
		{ { HB_SIZE_DELTA, false, 256 * M }, 1280 * M },
		{ { HB_SIZE_DELTA, true, 256 * M }, 768 * M },
		{ { HB_SIZE_PERCENT, false, 10 }, 1153432 },
		{ { HB_SIZE_PERCENT, true, 10 }, 943720 },
		{ { HB_SIZE_PERCENT, false, 100 }, 2 * G },
	};
	struct hb_domain domain = guest(G, G);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("cases, row %zu\n", i);
		assert_int_equal(plan_of(&domain, cases[i].size).size_kib, cases[i].want_kib);
	}
	/* A target that another tool left between two pages. */
	domain.target.value = G + 3;
	assert_int_equal(plan_of(&domain, cases[0].size).size_kib, 1280 * M);
	domain.target.value = G;
	refused(&domain, &roomy, (struct hb_size){ HB_SIZE_DELTA, true, G }, true, "no memory");
	refused(&domain, &roomy, (struct hb_size){ HB_SIZE_DELTA, true, 2 * G }, true, "no memory");
	refused(&domain, &roomy, (struct hb_size){ HB_SIZE_DELTA, false, HB_SIZE_MAX_KIB }, true,
		"more than 4096T");
	domain.target = (struct hb_number){ HB_INVALID, 0 };
	refused(&domain, &roomy, cases[0].size, true, "invalid target");
	/* An absolute size heals it. */
	assert_int_equal(plan_of(&domain, absolute(G)).target_kib, G);
}

static void test_states(void **state)
{
	static const struct {
		enum hb_domain_state state;
		const char *why;
	} cases[] = {
		{ HB_DOMAIN_DYING, "being destroyed" },
		{ HB_DOMAIN_SHUTDOWN, "shut down" },
		{ HB_DOMAIN_CRASHED, "crashed" },
		{ HB_DOMAIN_SAVING, "suspended" },
		{ HB_DOMAIN_MIGRATING, "one end of a migration" },
		{ HB_DOMAIN_BUILDING, "being built" },
	};
	struct hb_domain domain = guest(G, G);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		domain.state = cases[i].state;
		refused(&domain, &roomy, absolute(512 * M), true, cases[i].why);
	}
	domain.state = HB_DOMAIN_PAUSED;
	assert_true(strstr(plan_of(&domain, absolute(512 * M)).notes[0], "paused"));
	domain.state = HB_DOMAIN_RUNNING;
	domain.target.presence = HB_ABSENT;
	refused(&domain, &roomy, absolute(512 * M), true, "no target");
	domain = guest(G, G);
	domain.vnodes = 2;
	refused(&domain, &roomy, absolute(512 * M), true, "virtual NUMA");
}


/* Refused, unless force. */
static void assert_unwise(const struct hb_domain *domain, const struct hb_host_memory *host,
			  struct hb_size size, const char *why)
{
	struct hb_error error;
	struct hb_plan plan;

	refused(domain, host, size, false, why);
	assert_int_equal(hb_plan_make(domain, host, &size, true, &plan, &error), HB_OK);
	assert_true(plan.nr_steps > 0);
}

static void test_host_memory(void **state)
{
	struct hb_domain domain = guest(G, 4 * G);
	struct hb_host_memory host = { .total_kib = 8 * G, .free_kib = 2 * G };

	(void)state;
	assert_unwise(&domain, &host, absolute(3 * G + 4 * M), "the host has 2G to give");
	domain.actual_kib = G;
	assert_int_equal(hb_plan_make(&domain, &host, &(struct hb_size){ 0, 0, 3 * G }, false,
				      &(struct hb_plan){ 0 }, &(struct hb_error){ 0 }), HB_OK);
	assert_unwise(&domain, &host, absolute(3 * G + 4), "the host has 2G to give");
	/* What the paging pool must grow by counts, too. */
	domain.vcpus = 16;
	assert_unwise(&domain, &host, absolute(3 * G), "the host has 2G to give");
	domain = guest(G, 4 * G);
	domain.actual_kib = G;
	/* The host's claims are not free, the domain's own claim is its own. */
	host.claimed_kib = G;
	assert_unwise(&domain, &host, absolute(2 * G + 512 * M), "the host has 1G to give");
	domain.claimed_kib = G;
	assert_int_equal(hb_plan_make(&domain, &host, &(struct hb_size){ 0, 0, 3 * G }, false,
				      &(struct hb_plan){ 0 }, &(struct hb_error){ 0 }), HB_OK);
	/* Lowering never needs the host's memory. */
	host.free_kib = 0;
	assert_int_equal(hb_plan_make(&domain, &host, &(struct hb_size){ 0, 0, 512 * M }, false,
				      &(struct hb_plan){ 0 }, &(struct hb_error){ 0 }), HB_OK);
	assert_int_equal(hb_host_available_kib(&host), 0);
}

static void test_ceilings(void **state)
{
	struct hb_domain domain = guest(G, G);

	(void)state;
	domain.driver = HB_DRIVER_HOTBALLOON;
	domain.report.max = (struct hb_number){ HB_PRESENT, 2 * G };
	assert_int_equal(plan_of(&domain, absolute(2 * G)).size_kib, 2 * G);
	assert_unwise(&domain, &roomy, absolute(2 * G + 4), "address space");
	/* A guest cannot prevent that it is made smaller. */
	domain.report.max.value = 4;
	assert_int_equal(plan_of(&domain, absolute(512 * M)).size_kib, 512 * M);
	/* Nor is it advised because of what the guest says: it has more already. */
	assert_unwise(&domain, &roomy, absolute(2 * G), "cannot be larger than 1G");
	domain.report.max = (struct hb_number){ HB_INVALID, 0 };
	assert_int_equal(plan_of(&domain, absolute(2 * G)).size_kib, 2 * G);
	domain.hotplug_max = (struct hb_number){ HB_PRESENT, 1536 * M };
	assert_unwise(&domain, &roomy, absolute(2 * G), HB_KEY_HOTPLUG_MAX);
}

static void test_unguarded_minimum(void **state)
{
	struct hb_domain domain = guest(512 * M, 512 * M);

	(void)state;
	assert_unwise(&domain, &roomy, absolute(64 * M), "below 128M");
	assert_int_equal(plan_of(&domain, absolute(128 * M)).size_kib, 128 * M);
	domain.driver = HB_DRIVER_HOTBALLOON;
	assert_int_equal(plan_of(&domain, absolute(64 * M)).size_kib, 64 * M);
	/* A guest that is smaller anyway may grow. */
	domain = guest(32 * M, 512 * M);
	assert_int_equal(plan_of(&domain, absolute(64 * M)).size_kib, 64 * M);
}

static void test_notes(void **state)
{
	struct hb_domain domain = guest(512 * M, 512 * M);
	struct hb_plan plan = plan_of(&domain, absolute(G));

	(void)state;
	assert_int_equal(plan.nr_notes, 1);
	assert_non_null(strstr(plan.notes[0], "announces no driver"));
	domain.driver = HB_DRIVER_ANNOUNCED;
	plan = plan_of(&domain, absolute(G));
	assert_non_null(strstr(plan.notes[0], "not ours"));
	domain.driver = HB_DRIVER_HOTBALLOON;
	assert_int_equal(plan_of(&domain, absolute(G)).nr_notes, 0);
	domain.report.cause = (struct hb_word){ HB_PRESENT, HB_CAUSE_GUEST_FLOOR };
	domain.report.floor = (struct hb_number){ HB_PRESENT, 200 * M };
	plan = plan_of(&domain, absolute(150 * M));
	assert_non_null(strstr(plan.notes[0], "below 200M"));
	assert_int_equal(plan_of(&domain, absolute(250 * M)).nr_notes, 0);
}

static unsigned int seed;

static uint64_t some_kib(void)
{
	return (random() % 8192 + 1) * (random() % 2 ? M : HB_PAGE_KIB);
}

static struct hb_domain some_domain(void)
{
	struct hb_domain domain = guest(some_kib(), some_kib());

	domain.type = random() % 3;
	domain.state = random() % 8;
	domain.maxmem_kib = some_kib();
	domain.actual_kib = some_kib();
	domain.videoram_kib = random() % 3 ? 0 : 16384;
	domain.target.presence = random() % 8 ? HB_PRESENT : random() % 2;
	domain.static_max.presence = random() % 8 ? HB_PRESENT : random() % 2;
	if (domain.target.presence != HB_PRESENT)
		domain.target.value = 0;
	if (domain.static_max.presence != HB_PRESENT)
		domain.static_max.value = 0;
	domain.pool = (struct hb_number){ random() % 2 ? HB_PRESENT : HB_ABSENT, random() % 65536 };
	domain.headroom = (struct hb_number){ HB_PRESENT, random() % 3 ? 0 : some_kib() };
	domain.pod_entries_kib = random() % 3 ? 0 : some_kib();
	domain.pod_cache_kib = random() % 3 ? 0 : some_kib();
	domain.driver = random() % 4;
	domain.report.max = (struct hb_number){ random() % 3, some_kib() };
	return domain;
}

/*
 * Whatever the domain looks like: what grows is written before the target, what
 * the plan leaves is enough for the target, and settling never starves it.
 */
static void check_plan(const struct hb_domain *domain, const struct hb_plan *plan)
{
	uint64_t maxmem = domain->maxmem_kib, static_max = domain->static_max.value;
	struct hb_domain then = *domain;
	bool target_seen = false;
	uint64_t need;
	struct hb_step step;

	for (unsigned int i = 0; i < plan->nr_steps; i++) {
		const struct hb_step *s = &plan->steps[i];

		if (s->kind <= HB_STEP_POD)
			assert_false(target_seen);
		if (s->kind == HB_STEP_POOL || s->kind == HB_STEP_MAXMEM)
			assert_true(s->to_kib > s->from_kib);
		if (s->kind == HB_STEP_MAXMEM)
			maxmem = s->to_kib;
		if (s->kind == HB_STEP_STATIC_MAX)
			static_max = s->to_kib;
		/* Less of it, and never more. */
		if (s->kind == HB_STEP_HEADROOM) {
			assert_true(s->to_kib < domain->headroom.value);
			then.headroom.value = s->to_kib;
		}
		target_seen |= s->kind == HB_STEP_TARGET;
		if (s->kind != HB_STEP_POOL)
			assert_int_equal(s->to_kib % HB_PAGE_KIB, 0);
	}
	need = plan->size_kib + then.headroom.value + M;
	assert_true(target_seen);
	assert_int_equal(plan->target_kib + domain->videoram_kib, plan->size_kib);
	assert_true(maxmem >= need);
	assert_true(static_max >= plan->target_kib);
	if (hb_plan_settle(&then, plan->size_kib, &step)) {
		assert_true(step.to_kib >= need);
		assert_true(step.to_kib >= domain->actual_kib);
		assert_true(step.to_kib < domain->maxmem_kib);
	}
}

/* The plan says what comes after the guest has moved, too: Xen's limit comes down. */
static void test_later(void **state)
{
	struct hb_domain domain = guest(G, G);
	struct hb_size small = absolute(512 * M), large = absolute(2 * G);
	struct hb_error error = { 0 };
	struct hb_plan plan;

	(void)state;
	domain.maxmem_kib = G + M;
	assert_int_equal(hb_plan_make(&domain, &roomy, &small, false, &plan, &error), HB_OK);
	assert_true(plan.has_later);
	assert_int_equal(plan.later.kind, HB_STEP_MAXMEM);
	assert_int_equal(plan.later.from_kib, G + M);
	assert_int_equal(plan.later.to_kib, 513 * M);
	assert_true(plan.later.reason[0]);
	assert_int_equal(hb_plan_make(&domain, &roomy, &large, false, &plan, &error), HB_OK);
	assert_false(plan.has_later);
	/* Another maximum moves no guest: down to what that needs. */
	domain.maxmem_kib = 4 * G;
	assert_int_equal(hb_plan_ceiling(&domain, &roomy, &large, false, &plan, &error), HB_OK);
	assert_true(plan.has_later);
	assert_int_equal(plan.later.to_kib, 2 * G + M);
}

static void test_any_plan(void **state)
{
	unsigned int made = 0;

	(void)state;
	srandom(seed);
	for (int i = 0; i < 200000; i++) {
		struct hb_domain domain = some_domain();
		struct hb_host_memory host = {
			.total_kib = 16 * G, .free_kib = some_kib(),
			.claimed_kib = random() % 2 ? some_kib() : 0,
		};
		struct hb_size size = absolute(some_kib());
		struct hb_error error = { 0 };
		struct hb_plan plan;

		if (random() % 4 == 0)
			size = (struct hb_size){ HB_SIZE_DELTA, random() % 2, some_kib() };
		else if (random() % 4 == 0)
			size = (struct hb_size){ HB_SIZE_PERCENT, random() % 2, random() % 99 + 1 };
		if (hb_plan_make(&domain, &host, &size, random() % 2, &plan, &error)) {
			assert_true(error.message[0] && error.remedy[0]);
			continue;
		}
		made++;
		check_plan(&domain, &plan);
	}
	/* The property is worth something only if plans were made. */
	assert_true(made > 10000);
}

static struct hb_plan grant(const struct hb_domain *domain, uint64_t kib)
{
	struct hb_size size = absolute(kib);
	struct hb_error error = { 0 };
	struct hb_plan plan;

	if (hb_plan_headroom(domain, &roomy, &size, false, &plan, &error))
		fail_msg("refused: %s", error.message);
	return plan;
}

/* As a size: with what its kernel keeps for itself, as far as that is known. */
static void test_used(void **state)
{
	struct hb_domain domain = guest(G, 2 * G);

	(void)state;
	assert_int_equal(hb_plan_used_kib(&domain), 0);
	domain.videoram_kib = 16 * M;
	domain.used = (struct hb_number){ HB_PRESENT, 200 * M };
	assert_int_equal(hb_plan_used_kib(&domain), 216 * M);
	domain.actual_kib = G;
	domain.total = (struct hb_number){ HB_PRESENT, 900 * M };
	assert_int_equal(hb_plan_used_kib(&domain), 324 * M);
	domain.total.value = G - 16 * M;
	assert_int_equal(hb_plan_used_kib(&domain), 216 * M);
	/* Of a larger one than it is: at most what few kernels keep more than, or all that it can have had. */
	domain.total.value = G - 16 * M + 4;
	assert_int_equal(hb_plan_used_kib(&domain), 216 * M + 256 * M + 32 * M);
	domain.total.value = 2 * G - 100 * M;
	assert_int_equal(hb_plan_used_kib(&domain), 316 * M);
	domain.total.value = 3 * G;
	assert_int_equal(hb_plan_used_kib(&domain), 216 * M + 256 * M + 32 * M);
	domain.total.value = UINT64_MAX;
	assert_int_equal(hb_plan_used_kib(&domain), 216 * M + 256 * M + 32 * M);
	domain.driver = HB_DRIVER_HOTBALLOON;
	assert_int_equal(hb_plan_used_kib(&domain), 216 * M);
}

/* What was seen of that while its word was of now is so still when it has shrunk. */
static void test_heed_kept(void **state)
{
	struct hb_domain domain = guest(G, 2 * G);
	uint64_t kept = 0;

	(void)state;
	domain.used = (struct hb_number){ HB_PRESENT, 200 * M };
	hb_plan_heed_kept(&domain, &kept);
	assert_int_equal(kept, 0);
	domain.actual_kib = G;
	domain.total = (struct hb_number){ HB_PRESENT, G + 4 };
	hb_plan_heed_kept(&domain, &kept);
	assert_true(!kept && domain.total.value == G + 4);
	domain.total.value = G - 160 * M;
	hb_plan_heed_kept(&domain, &kept);
	assert_true(kept == 160 * M && domain.total.value == G - 160 * M);
	/* So while the size has come down by less than that. */
	domain.actual_kib = G - 100 * M;
	hb_plan_heed_kept(&domain, &kept);
	assert_true(kept == 160 * M && domain.total.value == G - 260 * M);
	domain.total.value = G - 160 * M;
	domain.actual_kib = G - 500 * M;
	hb_plan_heed_kept(&domain, &kept);
	assert_int_equal(hb_plan_used_kib(&domain), 360 * M);
	domain.total.value = G - 700 * M;
	hb_plan_heed_kept(&domain, &kept);
	assert_int_equal(kept, 200 * M);
	/* One that has less than that is not known any better. */
	domain.actual_kib = 200 * M;
	hb_plan_heed_kept(&domain, &kept);
	assert_int_equal(domain.total.value, G - 700 * M);
}

/* What may be taken is there before it may be, and its room goes after it. */
static void test_headroom(void **state)
{
	struct hb_domain domain = guest(G, G);
	struct hb_plan plan = grant(&domain, 512 * M);
	struct hb_step step;

	(void)state;
	assert_steps(&plan, "pmh");
	assert_int_equal(step_to(&plan, HB_STEP_MAXMEM), G + 512 * M + M);
	assert_int_equal(step_to(&plan, HB_STEP_HEADROOM), 512 * M);
	assert_int_equal(plan.nr_notes, 1);
	domain.driver = HB_DRIVER_HOTBALLOON;
	assert_int_equal(grant(&domain, 512 * M).nr_notes, 0);
	/* What it cannot undo it is told of. */
	domain.type = HB_TYPE_PV;
	plan = grant(&domain, 512 * M);
	assert_int_equal(plan.nr_notes, 1);
	assert_non_null(strstr(plan.notes[0], "until it reboots"));
	domain.headroom = (struct hb_number){ HB_PRESENT, 512 * M };
	assert_int_equal(grant(&domain, 256 * M).nr_notes, 0);
	domain.type = HB_TYPE_PVH;

	domain.headroom = (struct hb_number){ HB_PRESENT, 512 * M };
	domain.maxmem_kib = G + M;
	assert_true(hb_plan_repair(&domain, &step));
	assert_int_equal(step.to_kib, G + 512 * M + M);
	domain.maxmem_kib = step.to_kib;
	assert_false(hb_plan_repair(&domain, &step));
	plan = grant(&domain, 0);
	assert_steps(&plan, "h");
	assert_true(plan.has_later);
	assert_int_equal(plan.later.to_kib, G + M);
	/* There is none, and none is taken back. */
	domain.headroom = (struct hb_number){ 0 };
	domain.maxmem_kib = G + M;
	plan = grant(&domain, 0);
	assert_steps(&plan, "");
	assert_false(plan.has_later);
}

/* A larger size goes first, and its headroom becomes what the host has beside it. */
static void test_headroom_gives_way(void **state)
{
	struct hb_domain domain = guest(G, G);
	/* Of what it could take it has taken a half, and the host has the other. */
	struct hb_host_memory host = { .total_kib = 8 * G, .free_kib = 256 * M, .promised_kib = 256 * M };
	struct hb_size size = absolute(G + 128 * M);
	struct hb_error error = { 0 };
	struct hb_plan plan;

	(void)state;
	domain.type = HB_TYPE_PV;
	domain.driver = HB_DRIVER_HOTBALLOON;
	domain.headroom = (struct hb_number){ HB_PRESENT, 512 * M };
	domain.actual_kib = G + 256 * M;
	domain.maxmem_kib = G + 512 * M + M;
	assert_int_equal(hb_plan_make(&domain, &host, &size, false, &plan, &error), HB_OK);
	assert_int_equal(step_to(&plan, HB_STEP_HEADROOM), 384 * M);
	assert_int_equal(plan.nr_notes, 1);
	/* The host has it for both. */
	host.free_kib = G;
	assert_int_equal(hb_plan_make(&domain, &host, &size, false, &plan, &error), HB_OK);
	assert_steps(&plan, "mstv");
	assert_int_equal(step_to(&plan, HB_STEP_MAXMEM), G + 640 * M + M);
	/* It has not even for the size. */
	host.free_kib = 256 * M;
	size = absolute(2 * G);
	assert_int_equal(hb_plan_make(&domain, &host, &size, false, &plan, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.message, "needs 768M more"));
}

static void assert_no_grant(const struct hb_domain *domain, uint64_t kib, enum hb_reason reason)
{
	const struct hb_host_memory host = { .total_kib = 8 * G, .free_kib = 2 * G,
					     .promised_kib = domain->headroom.value };
	struct hb_size size = absolute(kib);
	struct hb_error error = { 0 };
	struct hb_plan plan;

	assert_int_equal(hb_plan_headroom(domain, &host, &size, true, &plan, &error), hb_reason_code(reason));
	if (reason != HB_REASON_NONE)
		assert_int_equal(error.reason, reason);
	if (reason != HB_REASON_NONE)
		assert_int_equal(plan.nr_steps, 0);
}

static void test_headroom_refused(void **state)
{
	struct hb_domain domain = guest(G, G);

	(void)state;
	assert_no_grant(&domain, 3 * G, HB_REASON_HOST_FULL);
	assert_no_grant(&domain, M + 1, HB_REASON_BAD_SIZE);
	assert_no_grant(&domain, HB_SIZE_MAX_KIB, HB_REASON_TOO_LARGE);
	/* Less than before is no promise. */
	domain.headroom = (struct hb_number){ HB_PRESENT, 4 * G };
	assert_no_grant(&domain, 3 * G, HB_REASON_NONE);
	domain.still = HB_STILL_HELD;
	assert_no_grant(&domain, M, HB_REASON_KEPT_STILL);
	domain.still = HB_STILL_NO;
	domain.target = (struct hb_number){ HB_INVALID, 0 };
	assert_no_grant(&domain, M, HB_REASON_INVALID_KEY);
	domain = guest(G, G);
	domain.domid = 0;
	assert_no_grant(&domain, M, HB_REASON_DOMAIN_0);
}

/* Xen counts whole pages: what other tools' targets need beyond them it does not keep. */
static void test_limit_of_odd_target(void **state)
{
	struct hb_domain domain = guest(G, 2 * G);
	struct hb_step step;

	(void)state;
	domain.target.value = G + 1;
	domain.actual_kib = 512 * M;
	domain.maxmem_kib = G + M;
	assert_false(hb_plan_repair(&domain, &step));
	domain.maxmem_kib = G + M - 4;
	assert_true(hb_plan_repair(&domain, &step));
	assert_int_equal(step.to_kib, G + M);
	domain.maxmem_kib = 2 * G;
	assert_true(hb_plan_settle(&domain, domain.target.value, &step));
	assert_int_equal(step.to_kib, G + M);
}

/* Sizes that a message tells to set are accepted: whole pages, on the right side. */
static void test_advised_sizes(void **state)
{
	struct hb_size small = absolute(512 * M), large = absolute(2 * G);
	struct hb_domain domain = guest(G, 2 * G);
	struct hb_error error = { 0 };
	struct hb_plan plan;

	(void)state;
	domain.target.value = G + 1;
	assert_int_equal(hb_plan_ceiling(&domain, &roomy, &small, false, &plan, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.remedy, "at least 1048580K"));
	domain.hotplug_max = (struct hb_number){ HB_PRESENT, 1536 * M + 3 };
	assert_int_equal(hb_plan_make(&domain, &roomy, &large, false, &plan, &error), HB_E_REFUSED);
	assert_non_null(strstr(error.remedy, "at most 1536M"));
	/* Video memory is part of a size. */
	domain = guest(512 * M, G);
	domain.videoram_kib = 16 * M;
	refused(&domain, &roomy, absolute(144 * M - 4), false, "below 144M");
	plan_of(&domain, absolute(144 * M));
}

static void ceiling_refused(const struct hb_domain *domain, struct hb_size size, const char *why)
{
	struct hb_error error = { 0 };
	struct hb_plan plan;

	assert_int_equal(hb_plan_ceiling(domain, &roomy, &size, false, &plan, &error), HB_E_REFUSED);
	if (!strstr(error.message, why))
		fail_msg("refused with \"%s\", expected \"%s\"", error.message, why);
	assert_true(error.remedy[0]);
	assert_int_equal(plan.nr_steps, 0);
}

/* Keys that are no numbers are nothing to count from, and open no way around a refusal. */
static void test_invalid_keys(void **state)
{
	const struct hb_size more = { HB_SIZE_DELTA, false, G };
	struct hb_domain domain = guest(512 * M, G);

	(void)state;
	domain.target = (struct hb_number){ HB_INVALID, 0 };
	refused(&domain, &roomy, more, true, "invalid target");
	/* The size is not known, but that it would be smaller is. */
	refused(&domain, &roomy, absolute(64 * M), false, "stops at a floor");
	plan_of(&domain, absolute(128 * M));
	ceiling_refused(&domain, absolute(G), "invalid target");
	domain.domid = 0;
	domain.static_max.value = 4 * G;
	domain.actual_kib = 2 * G;
	refused(&domain, &roomy, absolute(256 * M), false, "run out of memory");
	domain = guest(512 * M, G);
	domain.static_max = (struct hb_number){ HB_INVALID, 0 };
	ceiling_refused(&domain, more, "invalid static-max");
	plan_of(&domain, more);
}

/* Of a program that has not parsed a size: neither half a page nor once around. */
static void test_amounts(void **state)
{
	static const struct hb_size sizes[] = {
		{ HB_SIZE_ABSOLUTE, false, 256 * M + 1 },
		{ HB_SIZE_DELTA, false, 2 },
		{ HB_SIZE_DELTA, true, 2 },
		{ HB_SIZE_DELTA, false, -(256 * M) },
		{ HB_SIZE_DELTA, false, HB_SIZE_MAX_KIB + HB_PAGE_KIB },
		{ HB_SIZE_PERCENT, false, HB_PERCENT_MAX + 1 },
		{ HB_SIZE_PERCENT, false, UINT64_MAX },
	};
	struct hb_domain domain = guest(512 * M, 512 * M);
	struct hb_error error;
	struct hb_plan plan;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		print_message("sizes, row %zu\n", i);
		refused(&domain, &roomy, sizes[i], true, "is no size");
		assert_int_equal(hb_plan_ceiling(&domain, &roomy, &sizes[i], true, &plan, &error), HB_E_USAGE);
		assert_non_null(strstr(error.message, "is no size"));
		assert_int_equal(plan.nr_steps, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raise_within_maximum),
		cmocka_unit_test(test_raise_beyond_maximum),
		cmocka_unit_test(test_lower),
		cmocka_unit_test(test_same_size_is_written_again),
		cmocka_unit_test(test_maxmem_below_target),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_heed_kept),
		cmocka_unit_test(test_headroom),
		cmocka_unit_test(test_headroom_refused),
		cmocka_unit_test(test_headroom_gives_way),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_pool_to_shrink),
		cmocka_unit_test(test_pool_of_a_smaller_target),
		cmocka_unit_test(test_populate_on_demand),
		cmocka_unit_test(test_videoram),
		cmocka_unit_test(test_relative),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_host_memory),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_unguarded_minimum),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_any_plan),
		cmocka_unit_test(test_limit_of_odd_target),
		cmocka_unit_test(test_advised_sizes),
		cmocka_unit_test(test_invalid_keys),
		cmocka_unit_test(test_amounts),
	};

	seed = choose_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
