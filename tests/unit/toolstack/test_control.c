/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do now: who is left alone and why, in which order, by how much; and what always holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "account.h"
#include "control.h"
#include "overhead.h"
#include "seed.h"

#define M (1ULL << 10)
#define G (1ULL << 20)
#define MOST 12
#define S 1000ULL

struct fixture {
	struct hb_host_memory host;
	struct hb_domain domains[MOST];
	struct hb_limits limits[MOST];
	struct hb_estimate estimates[MOST];
	struct hb_controlled_before before[MOST];
	uint64_t own[MOST];	/* struct hb_controlled's */
	bool frugal[MOST];	/* they size themselves: what they do not hold they have left */
	struct hb_controlled looked[MOST];
	struct hb_portion portions[MOST];
	struct hb_controlled *actions[MOST];
	struct hb_control control;
};

static struct fixture f;

static void open_host(uint64_t total_kib)
{
	f = (struct fixture){ .host.total_kib = total_kib };
	f.control = (struct hb_control){ .now_ms = S, .host = &f.host };
	f.host.reserve_kib = hb_account_reserve_kib(total_kib);
}

/* One that rests at its size and needs must and wants want. */
static size_t add(uint64_t size, uint64_t must, uint64_t want)
{
	size_t i = f.control.count++;

	f.domains[i] = (struct hb_domain){
		.domid = i + 1, .type = HB_TYPE_PVH, .vcpus = 1, .hap = true, .actual_kib = size,
		.maxmem_kib = size + M, .target = { HB_PRESENT, size }, .static_max = { HB_PRESENT, 8 * G },
	};
	f.limits[i] = (struct hb_limits){
		.mode = HB_MODE_AUTO, .weight = HB_WEIGHT_DEFAULT, .min = { HB_PRESENT, 256 * M },
		.max = { HB_PRESENT, 4 * G }, .set = { HB_PRESENT, size },
	};
	hb_estimate_start(&f.estimates[i], size);
	f.estimates[i].known = true;
	f.estimates[i].must_kib = f.estimates[i].base_kib = must;
	f.estimates[i].want_kib = want;
	return i;
}

static void report(size_t i)
{
	struct hb_domain *domain = &f.domains[i];
	uint64_t position = domain->actual_kib - domain->videoram_kib;

	if (!f.frugal[i])
		return;
	domain->driver = HB_DRIVER_HOTBALLOON;
	domain->report.current = (struct hb_number){ HB_PRESENT, position };
	domain->report.goal = domain->target;
	domain->report.spared = (struct hb_number){ HB_PRESENT, domain->target.value > position ?
						    domain->target.value - position : 0 };
}

static void look(void)
{
	uint64_t held = 0, promised = 0;

	for (size_t i = 0; i < f.control.count; i++) {
		f.looked[i] = (struct hb_controlled){
			.domain = &f.domains[i], .limits = &f.limits[i], .estimate = &f.estimates[i],
			.before = &f.before[i], .own_kib = f.own[i],
		};
		report(i);
		held += f.domains[i].actual_kib;
		promised += hb_account_promised_kib(&f.domains[i]);
	}
	f.host.free_kib = f.host.total_kib - held;
	f.host.promised_kib = promised;
	f.control.domains = f.looked;
	f.control.portions = f.portions;
	f.control.actions = f.actions;
	hb_control(&f.control);
}

static void write_size(size_t i, uint64_t size_kib)
{
	f.domains[i].target.value = f.limits[i].set.value = size_kib - f.domains[i].videoram_kib;
}

static void carry_out(void)
{
	for (size_t i = 0; i < f.control.nr_actions; i++)
		write_size(f.actions[i]->domain->domid - 1, f.actions[i]->to_kib);
}

/* All guests do what they were told. */
static void arrive(void)
{
	for (size_t i = 0; i < f.control.count; i++)
		f.domains[i].actual_kib = f.domains[i].target.value;
}

static void settle(void)
{
	for (int round = 0; round < 200; round++) {
		look();
		carry_out();
		arrive();
		f.control.now_ms += S;
	}
}

static void assert_action(size_t i, size_t who, uint64_t to_kib, enum hb_motive reason)
{
	assert_true(i < f.control.nr_actions);
	assert_int_equal(f.actions[i]->domain->domid, who + 1);
	assert_int_equal(f.actions[i]->to_kib, to_kib);
	assert_string_equal(hb_motive_word(f.actions[i]->reason), hb_motive_word(reason));
}

#define DEVICES_KIB 1400

/* As libxl builds an HVM guest with a maximum above its size: it rests so, and after each shrink. */
static void test_hvm_as_built(void **state)
{
	size_t a, b;

	(void)state;
	open_host(4 * G);
	a = add(2 * G, 300 * M, 2 * G);
	f.domains[a].type = HB_TYPE_HVM;
	f.domains[a].actual_kib += DEVICES_KIB;
	b = add(256 * M, 200 * M, 256 * M);
	for (int round = 0; round < 20; round++) {
		look();
		assert_int_equal(f.control.nr_actions, 0);
		assert_string_equal(hb_motive_word(f.looked[a].reason), "settled");
		f.control.now_ms += S;
	}
	f.estimates[b].must_kib = f.estimates[b].want_kib = 3 * G;
	for (int round = 0; round < 60; round++) {
		look();
		assert_int_equal(f.before[a].stuck, 0);
		carry_out();
		arrive();
		f.domains[a].actual_kib += DEVICES_KIB;
		f.control.now_ms += S;
	}
	assert_true(f.domains[a].target.value < G);
	assert_true(f.domains[b].target.value >= 3 * G);
}

static void test_words(void **state)
{
	(void)state;
	for (int a = 0; a < HB_MOTIVE_COUNT; a++) {
		assert_true(strlen(hb_motive_word(a)) > 0 && strlen(hb_motive_text(a)) > 8);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(hb_motive_word(a), hb_motive_word(b));
	}
}

static void test_nothing_to_do(void **state)
{
	(void)state;
	open_host(4 * G);
	add(G, 512 * M, G);
	add(G, 512 * M, G + 20 * M);
	look();
	assert_int_equal(f.control.nr_actions, 0);
	assert_false(f.control.soon);
	assert_false(f.control.host_short);
	/* 2 % of 1 GiB are 20.48 MiB: not worth a write. */
	assert_int_equal(f.looked[1].reason, HB_MOTIVE_SETTLED);
	assert_int_equal(f.looked[1].share_kib, G + 20 * M);
	assert_int_equal(f.control.reclaimable_kib, G);
	assert_int_equal(f.control.pool_kib, 128 * M);
	f.estimates[1].want_kib = G + 21 * M;
	look();
	assert_int_equal(f.control.nr_actions, 1);
	assert_action(0, 1, G + 21 * M, HB_MOTIVE_WANTS);
}

/* What is free and not kept is given at once, the rest when somebody has given it. */
static void test_needs_before_wants(void **state)
{
	(void)state;
	open_host(2 * G + 72 * M + 128 * M + 100 * M);
	add(G, 300 * M, G);
	add(G, 1500 * M, 1600 * M);
	look();
	assert_true(f.control.urgent);
	assert_true(f.control.soon);
	/* The donor first, straight to its share; what is free to the other. */
	assert_int_equal(f.control.nr_actions, 2);
	assert_int_equal(f.looked[0].share_kib + f.looked[1].share_kib, 2 * G + 100 * M);
	assert_action(0, 0, f.looked[0].share_kib, HB_MOTIVE_OTHERS_NEED);
	assert_action(1, 1, G + 100 * M, HB_MOTIVE_NEEDS);
	carry_out();
	/* Half-way: nobody is written to, nothing is given that is not there. */
	f.domains[0].actual_kib = G - 100 * M;
	f.control.now_ms += 100;
	look();
	/* What it is still to give is shared out already. */
	assert_int_equal(f.looked[0].share_kib + f.looked[1].share_kib, 2 * G + 100 * M);
	for (size_t i = 0; i < f.control.nr_actions; i++)
		assert_true(f.actions[i] != &f.looked[0]);
	settle();
	assert_int_equal(f.domains[1].target.value, 1600 * M);
	assert_int_equal(f.control.nr_actions, 0);
}

/* A shrink that nobody waits for: 64 MiB or 5 % a step, and the next one when it is there. */
static void test_steps(void **state)
{
	(void)state;
	open_host(4 * G + 72 * M + 128 * M);
	add(2 * G, 300 * M, G);
	add(2 * G, 300 * M, 2 * G + 512 * M);
	look();
	assert_false(f.control.urgent);
	assert_int_equal(f.control.nr_actions, 1);
	assert_action(0, 0, 2 * G - (2 * G / 20 - 2 * G / 20 % 4), HB_MOTIVE_OTHERS_WANT);
	carry_out();
	f.control.now_ms += S;
	look();
	assert_int_equal(f.control.nr_actions, 0);
	assert_int_equal(f.looked[0].reason, HB_MOTIVE_MOVES);
	assert_true(f.control.soon);
	arrive();
	look();
	assert_int_equal(f.actions[0]->reason, HB_MOTIVE_OTHERS_WANT);
}

static void test_pool_and_reserve(void **state)
{
	(void)state;
	/* The pool is not full: it is filled in steps. */
	open_host(2 * G + 72 * M);
	add(2 * G, 300 * M, 2 * G);
	look();
	assert_true(f.control.host_short);
	assert_action(0, 0, 2 * G - (2 * G / 20 - 2 * G / 20 % 4), HB_MOTIVE_POOL);
	/* Nobody wants more than he has: it is the host that is short. */
	f.estimates[0].want_kib = G;
	look();
	assert_true(f.control.host_short);
	assert_int_equal(f.looked[0].share_kib, G);
	/* 1 % of a large host. */
	assert_int_equal(hb_control_pool_kib(100 * G), G);
	/* The host has reserved more than it has: straight there. */
	open_host(2 * G + 72 * M + 128 * M);
	f.host.reserved_kib = 500 * M;
	add(2 * G, 300 * M, 2 * G);
	look();
	assert_true(f.control.urgent);
	assert_action(0, 0, 2 * G - 500 * M, HB_MOTIVE_HOST_SHORT);
}

/* What was made free for a domain to come nobody else gets, until that is there. */
static void test_to_come(void **state)
{
	const struct hb_arrivals to_come = { { { .kib = 4 * G, .last_domid = 1 } }, 1 };

	(void)state;
	open_host(4 * G);
	add(G, 512 * M, 3 * G);
	f.control.to_come = &to_come;
	look();
	assert_int_equal(f.control.nr_actions, 0);
	assert_int_equal(f.looked[0].share_kib, G);
	/* It is made, without anything that it may take, and then it is there. */
	add(256 * M, 256 * M, 256 * M);
	f.domains[1].state = HB_DOMAIN_BUILDING;
	f.domains[1].target.presence = HB_ABSENT;
	f.domains[1].maxmem_kib = 0;
	look();
	assert_int_equal(f.control.nr_actions, 0);
	f.domains[1].target.presence = HB_PRESENT;
	f.domains[1].state = HB_DOMAIN_RUNNING;
	look();
	assert_int_equal(f.control.nr_actions, 1);
	assert_true(f.looked[0].share_kib > 2 * G);
}

static void test_short(void **state)
{
	(void)state;
	/* The pool is full, and there is not what they want. */
	open_host(2 * G + 72 * M + 128 * M + 5 * M);
	add(G, 300 * M, G + 200 * M);
	add(G, 300 * M, G);
	look();
	assert_true(f.control.host_short);
	assert_false(f.control.urgent);
	/* 5 MiB are not worth a write. */
	assert_int_equal(f.looked[0].to_kib, G);
	assert_int_equal(f.looked[0].reason, HB_MOTIVE_HOST_FULL);
	f.estimates[0].want_kib = G + 5 * M;
	look();
	assert_false(f.control.host_short);
	/* Nor are they when there will be more as soon as the other has given it. */
	f.estimates[0].want_kib = G + 200 * M;
	f.estimates[1].want_kib = G - 195 * M;
	look();
	assert_int_equal(f.looked[0].share_kib, G + 200 * M);
	assert_int_equal(f.control.nr_actions, 1);
	assert_action(0, 1, G - 64 * M, HB_MOTIVE_OTHERS_WANT);
	assert_int_equal(f.looked[0].reason, HB_MOTIVE_HOST_FULL);
}

static void test_distress(void **state)
{
	size_t poor;

	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, 900 * M, G);
	poor = add(G, G + 20 * M, G + 20 * M);
	f.estimates[poor].distress = true;
	f.estimates[poor].lacks_kib = 20 * M;
	look();
	/* Out of the pool, before anybody has given anything. */
	assert_action(0, poor, G + 20 * M, HB_MOTIVE_DISTRESS);
	assert_int_equal(f.actions[1]->reason, HB_MOTIVE_OTHERS_NEED);
	carry_out();
	/* 8 MiB at least; again after a second, and no more than a part of the pool. */
	open_host(2 * G + 72 * M + 128 * M);
	add(G, G, G);
	poor = add(G, G, G);
	f.estimates[poor].distress = true;
	look();
	assert_action(0, poor, G + 8 * M, HB_MOTIVE_DISTRESS);
	assert_int_equal(f.looked[poor].share_kib, G);
	carry_out();
	arrive();
	f.control.now_ms += 900;
	look();
	assert_int_equal(f.control.nr_actions, 0);
	for (int round = 0; round < 50; round++) {
		/* It is not taken back while it lasts. */
		for (size_t i = 0; i < f.control.nr_actions; i++)
			assert_true(f.actions[i] != &f.looked[poor] || f.actions[i]->to_kib > f.actions[i]->from_kib);
		carry_out();
		f.domains[poor].actual_kib = f.domains[poor].target.value;
		f.control.now_ms += 500;
		look();
	}
	assert_in_range(f.domains[poor].target.value, G + 16 * M, G + 32 * M);
}

/* It has a second to use what it was given, and lacks more by then: that is another call. */
static void test_distress_grows(void **state)
{
	size_t poor;

	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, G, G);
	poor = add(G, G, G);
	f.estimates[poor].distress = true;
	f.estimates[poor].lacks_kib = 8 * M;
	look();
	assert_action(0, poor, G + 8 * M, HB_MOTIVE_DISTRESS);
	carry_out();
	arrive();
	f.control.now_ms += 100;
	look();
	assert_int_equal(f.control.nr_actions, 0);
	f.estimates[poor].lacks_kib = 12 * M;
	look();
	assert_action(0, poor, G + 20 * M, HB_MOTIVE_DISTRESS);
	carry_out();
	/* Not before it has come to what it was given last. */
	f.control.now_ms += 100;
	f.estimates[poor].lacks_kib = 100 * M;
	look();
	assert_int_equal(f.control.nr_actions, 0);
	/* And of the pool no more than its part. */
	arrive();
	look();
	assert_action(0, poor, G + 32 * M, HB_MOTIVE_DISTRESS);
}

/* Who is in distress and not in turn is not told of each: it keeps for a while what the pool lacks then. */
static void test_distress_on_and_off(void **state)
{
	unsigned int writes = 0;

	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, G, G);
	add(G, G, G);
	for (int second = 0; second < 120; second++) {
		f.estimates[1].distress = second % 3 == 0;
		f.estimates[1].lacks_kib = f.estimates[1].distress ? 40 * M : 0;
		look();
		if (second >= 20)
			writes += f.control.nr_actions;
		carry_out();
		arrive();
		f.control.now_ms += S;
	}
	assert_in_range(writes, 2, 24);
	/* The pool is whole again in the end. */
	settle();
	assert_true(f.domains[1].target.value <= G);
}

static void test_due(void **state)
{
	struct hb_estimate e = { .known = true, .must_kib = G + 5 * M };

	(void)state;
	assert_false(hb_control_is_due(&e, G));
	e.must_kib = G + 6 * M;
	assert_true(hb_control_is_due(&e, G));
	e.must_kib = 0;
	e.distress = true;
	assert_true(hb_control_is_due(&e, G));
	e.known = false;
	assert_false(hb_control_is_due(&e, G));
}

static void test_stuck(void **state)
{
	uint64_t first;

	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, 300 * M, 600 * M);
	add(G, 1500 * M, 1500 * M);
	look();
	assert_int_equal(f.actions[0]->reason, HB_MOTIVE_OTHERS_NEED);
	first = f.actions[0]->to_kib;
	/* It does not move: one write, however often somebody looks, and needs more. */
	for (int second = 0; second < 9; second++) {
		carry_out();
		f.control.now_ms += S;
		f.estimates[1].must_kib += 11 * M;
		f.estimates[1].want_kib = f.estimates[1].must_kib;
		look();
		assert_int_equal(f.domains[0].target.value, first);
		assert_int_equal(f.looked[0].reason, HB_MOTIVE_MOVES);
	}
	f.control.now_ms += S;
	look();
	assert_action(0, 0, G, HB_MOTIVE_RESTS);
	assert_true(f.control.soon);
	carry_out();
	for (int second = 0; second < 29; second++) {
		f.control.now_ms += S;
		look();
		assert_int_equal(f.control.nr_actions, 0);
		assert_int_equal(f.looked[0].reason, HB_MOTIVE_STUCK);
	}
	f.control.now_ms += S;
	look();
	assert_int_equal(f.actions[0]->reason, HB_MOTIVE_OTHERS_NEED);
	/* Again: twice as long. */
	for (int second = 0; second < 10; second++) {
		carry_out();
		f.control.now_ms += S;
		look();
	}
	assert_int_equal(f.actions[0]->reason, HB_MOTIVE_RESTS);
	assert_int_equal(f.before[0].retry_ms, f.control.now_ms + 60 * S);
	/* It moves: all is forgotten. */
	carry_out();
	f.control.now_ms += 60 * S;
	settle();
	assert_int_equal(f.before[0].stuck, 0);
	assert_int_equal(f.domains[1].target.value, (1500 + 9 * 11) * M);
}

/* One that refuses to give, and rests at 1G; the other has what it needs. */
static void open_stuck(void)
{
	open_host(2 * G + 72 * M + 128 * M);
	add(G, 300 * M, 600 * M);
	add(G, 1500 * M, 1500 * M);
	for (int second = 0; second < 11; second++) {
		look();
		carry_out();
		f.control.now_ms += S;
	}
	look();
	assert_int_equal(f.looked[0].reason, HB_MOTIVE_STUCK);
	f.estimates[1].must_kib = f.estimates[1].want_kib = G;
	assert_int_equal(f.domains[0].target.value, G);
}

/* Who could not give is asked for nothing for a while, and gets what it needs all the same. */
static void test_stuck_needs(void **state)
{
	unsigned int again = 1;

	(void)state;
	open_stuck();
	f.host.total_kib += 512 * M;
	f.estimates[0].must_kib = f.estimates[0].want_kib = 1200 * M;
	look();
	assert_action(0, 0, 1200 * M, HB_MOTIVE_NEEDS);
	carry_out();
	arrive();
	/* That it grows is no proof that it can give. */
	f.control.now_ms += S;
	look();
	assert_int_equal(f.looked[0].reason, HB_MOTIVE_STUCK);
	assert_int_equal(f.before[0].stuck, 1);
	f.estimates[0].must_kib = f.estimates[0].want_kib = 300 * M;
	f.estimates[1].must_kib = f.estimates[1].want_kib = 2 * G;
	while (f.control.now_ms < f.before[0].retry_ms) {
		f.domains[1].actual_kib = f.domains[1].target.value;
		look();
		assert_true(f.looked[0].share_kib >= 1200 * M);
		assert_int_equal(f.looked[0].to_kib, 1200 * M);
		carry_out();
		f.control.now_ms += S;
		again++;
	}
	assert_in_range(again, 20, 31);
	look();
	assert_true(f.looked[0].to_kib < 1200 * M);
}

/* In distress, too; what it got so makes no more of the pool its own, however often it refuses. */
static void test_stuck_in_distress(void **state)
{
	(void)state;
	open_stuck();
	f.estimates[0].distress = true;
	f.estimates[0].lacks_kib = 20 * M;
	look();
	assert_action(0, 0, G + 20 * M, HB_MOTIVE_DISTRESS);
	assert_int_equal(f.control.nr_actions, 1);
	for (int second = 0; second < 600; second++) {
		carry_out();
		if (f.domains[0].actual_kib < f.domains[0].target.value)
			f.domains[0].actual_kib = f.domains[0].target.value;
		f.domains[1].actual_kib = f.domains[1].target.value;
		f.control.now_ms += S;
		look();
	}
	assert_in_range(f.domains[0].target.value, G + 20 * M, G + 32 * M);
}

/* One that cannot grow does not keep what is set aside for it. */
static void test_stuck_growing(void **state)
{
	(void)state;
	open_host(4 * G);
	add(G, 2 * G, 2 * G);
	look();
	assert_action(0, 0, 2 * G, HB_MOTIVE_NEEDS);
	for (int second = 0; second < 10; second++) {
		carry_out();
		f.control.now_ms += S;
		look();
	}
	assert_action(0, 0, G, HB_MOTIVE_RESTS);
	carry_out();
	look();
	assert_int_equal(f.host.promised_kib, 0);
}

/* A full host: 0 holds more than its size, 1 can give, and 2 needs what 1 can give. */
static void open_full(uint64_t more_kib)
{
	open_host(2400 * M + 256 * M);
	f.host.reserve_kib = 128 * M;
	add(900 * M - more_kib, 300 * M, 300 * M);
	add(G - 24 * M, 300 * M, G - 24 * M);
	add(500 * M, 900 * M, 900 * M);
	f.limits[0].max.value = f.domains[0].target.value;
	f.domains[0].actual_kib = 900 * M;
}

static void run_without_first(unsigned int seconds)
{
	for (unsigned int i = 0; i < seconds * 10; i++) {
		look();
		carry_out();
		for (size_t guest = 1; guest < f.control.count; guest++) {
			struct hb_domain *domain = &f.domains[guest];
			uint64_t free = f.host.free_kib > f.host.reserve_kib ? f.host.free_kib - f.host.reserve_kib : 0;

			if (domain->actual_kib >= domain->target.value || domain->target.value - domain->actual_kib <= free)
				domain->actual_kib = domain->target.value;
		}
		f.control.now_ms += 100;
	}
}

/* One that was stuck before anybody looked, as after a restart, is not waited for, for ever. */
static void test_stuck_before(void **state)
{
	(void)state;
	open_full(300 * M);
	f.limits[0].max.value = 4 * G;
	f.estimates[0].must_kib = f.estimates[0].base_kib = f.estimates[0].want_kib = 600 * M;
	run_without_first(60);
	assert_true(f.domains[2].actual_kib >= 900 * M);
}

/* Nor is what it only says that it holds: Xen counts what there is to come. */
static void test_says_it_holds(void **state)
{
	(void)state;
	open_full(0);
	f.estimates[0].must_kib = f.estimates[0].base_kib = f.estimates[0].want_kib = 900 * M;
	f.domains[0].driver = HB_DRIVER_HOTBALLOON;
	f.domains[0].report.current = (struct hb_number){ HB_PRESENT, 960 * M };
	run_without_first(60);
	assert_true(f.domains[2].actual_kib >= 900 * M);
	assert_int_equal(f.domains[0].target.value, 900 * M);
}

static void assert_left_alone(enum hb_motive reason)
{
	look();
	assert_string_equal(hb_motive_word(f.looked[0].reason), hb_motive_word(reason));
	assert_int_equal(f.looked[0].from_kib, f.looked[0].to_kib);
	assert_int_equal(f.control.nr_actions, 0);
}

static void open_one(void)
{
	open_host(8 * G);
	add(G, 2 * G, 2 * G);
}

static void test_left_alone(void **state)
{
	static const struct {
		enum hb_domain_state state;
		enum hb_motive reason;
	} states[] = {
		{ HB_DOMAIN_PAUSED, HB_MOTIVE_PAUSED }, { HB_DOMAIN_BUILDING, HB_MOTIVE_BUILDING },
		{ HB_DOMAIN_SHUTDOWN, HB_MOTIVE_SHUT_DOWN }, { HB_DOMAIN_CRASHED, HB_MOTIVE_SHUT_DOWN },
		{ HB_DOMAIN_DYING, HB_MOTIVE_DYING }, { HB_DOMAIN_SAVING, HB_MOTIVE_STILL },
		{ HB_DOMAIN_MIGRATING, HB_MOTIVE_STILL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		open_one();
		f.domains[0].state = states[i].state;
		assert_left_alone(states[i].reason);
	}
	open_one();
	f.domains[0].still = HB_STILL_HELD;
	assert_left_alone(HB_MOTIVE_STILL);
	open_one();
	f.domains[0].vnodes = 2;
	assert_left_alone(HB_MOTIVE_NUMA);
	open_one();
	f.domains[0].pod = true;
	f.domains[0].pod_entries_kib = 4;
	assert_left_alone(HB_MOTIVE_POPULATING);
	open_one();
	f.domains[0].claimed_kib = 4;
	assert_left_alone(HB_MOTIVE_CLAIM);
	open_one();
	f.domains[0].service = HB_SERVICE_DRIVER;
	assert_left_alone(HB_MOTIVE_SERVICE);
	open_one();
	f.limits[0].mode = HB_MODE_MANUAL;
	assert_left_alone(HB_MOTIVE_MANUAL);
	open_one();
	f.limits[0].mode = HB_MODE_OFF;
	assert_left_alone(HB_MOTIVE_OFF);
	open_one();
	f.limits[0].set.value = G - 4;
	assert_left_alone(HB_MOTIVE_PINNED);
	open_one();
	f.domains[0].target = (struct hb_number){ HB_INVALID, 0 };
	assert_left_alone(HB_MOTIVE_NO_TARGET);
	open_one();
	f.estimates[0].known = false;
	assert_left_alone(HB_MOTIVE_NO_REPORT);
	/* The other presets ask nobody what he needs. */
	f.control.preset = HB_PRESET_SHARES;
	look();
	assert_int_equal(f.control.nr_actions, 1);
	open_one();
	f.limits[0].min.value = f.limits[0].max.value = G;
	assert_left_alone(HB_MOTIVE_FIXED);
}

static void test_domain_0(void **state)
{
	(void)state;
	open_host(8 * G);
	add(2 * G, 3 * G, 3 * G);
	f.domains[0].domid = 0;
	assert_left_alone(HB_MOTIVE_DOMAIN_0);
	f.control.domain_0 = true;
	look();
	assert_int_equal(f.control.nr_actions, 1);
	assert_int_equal(f.actions[0]->reason, HB_MOTIVE_NEEDS);
}

static void test_limits(void **state)
{
	(void)state;
	open_host(8 * G);
	add(G, 300 * M, G);
	add(G, 300 * M, G);
	f.limits[0].min.value = G + 4;
	f.limits[1].max.value = G - 4;
	look();
	/* However little. */
	assert_int_equal(f.control.nr_actions, 2);
	assert_action(0, 1, G - 4, HB_MOTIVE_ABOVE_MAX);
	assert_action(1, 0, G + 4, HB_MOTIVE_BELOW_MIN);
	/* More is promised as minimum than there is: said, and nobody goes below. */
	open_host(2 * G + 72 * M + 128 * M);
	add(G, 300 * M, G);
	add(G, 300 * M, G);
	f.limits[0].min.value = f.limits[1].min.value = G + 100 * M;
	look();
	assert_int_equal(f.control.short_kib, 200 * M);
	assert_int_equal(f.control.nr_actions, 0);
}

static void test_videoram(void **state)
{
	(void)state;
	open_host(8 * G);
	add(G, 2 * G, 2 * G);
	f.domains[0].videoram_kib = 16 * M;
	f.domains[0].target.value = f.limits[0].set.value = G - 16 * M;
	look();
	assert_action(0, 0, 2 * G, HB_MOTIVE_NEEDS);
	assert_int_equal(f.actions[0]->from_kib, G);
	carry_out();
	f.domains[0].actual_kib = 2 * G;
	f.control.now_ms += S;
	look();
	assert_false(f.before[0].asked);
}

/* Who grows beyond what its paging pool was made for needs a larger one, of the same memory. */
static void test_paging_pool(void **state)
{
	uint64_t give, pool;

	(void)state;
	open_host(4 * G);
	add(2 * G, 4 * G, 4 * G);
	f.domains[0].static_max.value = 2 * G;
	f.control.pool = (struct hb_number){ HB_PRESENT, 0 };
	look();
	assert_int_equal(f.control.nr_actions, 1);
	give = f.actions[0]->to_kib - 2 * G;
	pool = hb_overhead_pool_kib(HB_TYPE_PVH, true, 1, 2 * G + give) -
	       hb_overhead_pool_kib(HB_TYPE_PVH, true, 1, 2 * G);
	assert_true(pool > 0);
	assert_true(give + pool <= 2 * G - f.host.reserve_kib);
	assert_true(give + 2 * pool > 2 * G - f.host.reserve_kib);
	/* In distress it gets what it lacks, if there is that much beside. */
	open_host(4 * G);
	add(2 * G, G, 2 * G);
	f.domains[0].static_max.value = 2 * G;
	f.estimates[0].distress = true;
	f.estimates[0].lacks_kib = 20 * M;
	look();
	assert_action(0, 0, 2 * G + 20 * M, HB_MOTIVE_DISTRESS);
}

/*
 * On its way down it comes to its end: what it still holds it keeps, and gets what it lacks.
 * Less would be a size that it cannot go to, and it would count as stuck.
 */
static void test_distress_on_its_way(void **state)
{
	(void)state;
	open_host(900 * M + 72 * M + 128 * M);
	add(G, G, G);
	write_size(0, 600 * M);
	f.domains[0].actual_kib = 900 * M;
	f.estimates[0].distress = true;
	f.estimates[0].lacks_kib = 20 * M;
	look();
	assert_int_equal(f.control.nr_actions, 1);
	assert_int_equal(f.actions[0]->reason, HB_MOTIVE_DISTRESS);
	assert_true(f.actions[0]->to_kib >= 920 * M);
	assert_false(f.before[0].shrinks);
	/* Its share is not more: it is told how far to go, which is down. */
	open_host(4 * G);
	add(G, 256 * M, 256 * M);
	write_size(0, 256 * M);
	f.domains[0].actual_kib = G;
	f.estimates[0].distress = true;
	look();
	assert_int_equal(f.control.nr_actions, 1);
	assert_true(f.actions[0]->to_kib <= 256 * M + hb_control_pool_kib(4 * G) / 4);
	assert_true(f.before[0].shrinks);
}

/*
 * Who needs much and little in turn keeps what it has, for longer each time, while the other
 * only wants that; what the other needs it gets.
 */
static void test_turns(void **state)
{
	unsigned int writes = 0;

	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, 300 * M, G);
	add(G, 300 * M, 1800 * M);
	for (int second = 0; second < 600; second++) {
		f.estimates[0].must_kib = f.estimates[0].want_kib = second % 2 ? 300 * M : G;
		look();
		if (second >= 120)
			writes += f.control.nr_actions;
		carry_out();
		arrive();
		f.control.now_ms += S;
	}
	assert_int_equal(writes, 0);
	assert_int_equal(f.domains[0].target.value, G);
	assert_int_equal(f.before[0].needed.doubt, 1);
	f.estimates[0].must_kib = 300 * M;
	f.estimates[1].must_kib = 1500 * M;
	settle();
	assert_true(f.domains[1].target.value >= 1500 * M);
	/* It has been so for a while: it is believed at once again. */
	f.control.now_ms += 600 * S;
	look();
	assert_int_equal(f.before[0].needed.doubt, 0);
}

/* Each time that it needs more again, a longer time is waited for; to an end. */
static void test_doubt(void **state)
{
	static const unsigned int believed_s[] = { 0, 2, 4, 8, 16, 32, 32 };

	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, G, G);
	add(G, 300 * M, 1800 * M);
	look();
	for (unsigned int i = 0; i < 7; i++) {
		unsigned int seconds = 0;

		assert_int_equal(f.before[0].needed.doubt, i < 5 ? i : 5);
		f.estimates[0].must_kib = 300 * M;
		do {
			f.control.now_ms += S;
			look();
		} while (f.before[0].needed.kib == G && seconds++ < 100);
		assert_in_range(seconds, believed_s[i] / 2, believed_s[i] * 2);
		f.control.now_ms += 10 * S;
		f.estimates[0].must_kib = G;
		look();
	}
	f.estimates[0].must_kib = 300 * M;
	f.control.now_ms += 600 * S - 1;
	look();
	assert_int_equal(f.before[0].needed.doubt, 5);
	f.control.now_ms++;
	for (unsigned int i = 5; i-- > 0;) {
		look();
		assert_int_equal(f.before[0].needed.doubt, i);
		f.control.now_ms += 600 * S;
	}
}

/* Once is nothing: what it needs no more others get. */
static void test_needs_less(void **state)
{
	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, G, G);
	add(G, 300 * M, 1800 * M);
	look();
	assert_int_equal(f.looked[0].share_kib, G);
	f.control.now_ms += S;
	f.estimates[0].must_kib = f.estimates[0].want_kib = 300 * M;
	look();
	assert_int_equal(f.looked[0].share_kib, 300 * M);
	/* It needs more again after two minutes: that is another time. */
	f.control.now_ms += 120 * S;
	f.estimates[0].must_kib = f.estimates[0].want_kib = G;
	look();
	assert_int_equal(f.before[0].needed.doubt, 0);
	f.control.now_ms += S;
	f.estimates[0].must_kib = f.estimates[0].want_kib = 300 * M;
	look();
	assert_int_equal(f.looked[0].share_kib, 300 * M);
	/* And once more at once: two seconds. */
	f.control.now_ms += S;
	f.estimates[0].must_kib = f.estimates[0].want_kib = G;
	look();
	assert_int_equal(f.before[0].needed.doubt, 1);
	f.control.now_ms += S;
	f.estimates[0].must_kib = f.estimates[0].want_kib = 300 * M;
	look();
	assert_int_equal(f.looked[0].share_kib, G);
	f.control.now_ms += 4 * S;
	look();
	assert_int_equal(f.looked[0].share_kib, 300 * M);
	/* What it needed once makes it no larger. */
	write_size(0, 512 * M);
	arrive();
	f.before[0].needed.most_kib[0] = G;
	look();
	assert_true(f.looked[0].share_kib <= 512 * M);
}

/* What was taken from a guest it gets back later if it only wants it, and the other way round. */
static void test_back_and_forth(void **state)
{
	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, 300 * M, G);
	add(G, 300 * M, G + 64 * M);
	f.estimates[0].want_kib = G - 64 * M;
	look();
	assert_int_equal(f.control.nr_actions, 1);
	assert_action(0, 0, G - 64 * M, HB_MOTIVE_OTHERS_WANT);
	carry_out();
	arrive();
	f.estimates[0].want_kib = G;
	f.estimates[1].want_kib = G;
	f.control.now_ms += 10 * S - 1;
	look();
	assert_int_equal(f.control.nr_actions, 0);
	assert_int_equal(f.looked[0].reason, HB_MOTIVE_WAITS);
	assert_true(f.control.waits);
	/* What it needs does not wait. */
	f.estimates[0].must_kib = G;
	look();
	assert_action(0, 0, G, HB_MOTIVE_NEEDS);
	f.before[0].asked = false;
	f.estimates[0].must_kib = 300 * M;
	f.control.now_ms++;
	look();
	assert_action(0, 0, G, HB_MOTIVE_WANTS);
	carry_out();
	arrive();
	assert_true(f.control.now_ms == f.before[0].grown_ms);
	/* The other wants it again. */
	f.estimates[0].want_kib = G - 64 * M;
	f.estimates[1].want_kib = G + 64 * M;
	f.control.now_ms += 10 * S - 1;
	look();
	assert_int_equal(f.control.nr_actions, 0);
	assert_int_equal(f.looked[0].reason, HB_MOTIVE_WAITS);
	/* The host's pool does not wait. */
	f.control.pool = (struct hb_number){ HB_PRESENT, 129 * M };
	look();
	assert_int_equal(f.actions[0]->reason, HB_MOTIVE_POOL);
	f.control.pool.presence = HB_ABSENT;
	f.before[0].asked = false;
	f.control.now_ms++;
	look();
	assert_action(0, 0, G - 64 * M, HB_MOTIVE_OTHERS_WANT);
	assert_false(f.control.waits);
}

/* What one that sizes itself has left is lent in one step, and is its own again at once. */
static void test_lent(void **state)
{
	(void)state;
	open_host(2 * G + 72 * M + 128 * M);
	add(G, 300 * M, 480 * M);
	add(G, 300 * M, G + 300 * M);
	f.frugal[0] = true;
	f.domains[0].actual_kib = 400 * M;
	look();
	assert_action(0, 0, 480 * M, HB_MOTIVE_LENT);
	carry_out();
	f.own[0] = 480 * M;
	f.control.now_ms += 100;
	look();
	assert_action(0, 1, G + 300 * M, HB_MOTIVE_WANTS);
	carry_out();
	f.domains[1].actual_kib = G + 300 * M;
	f.estimates[1].want_kib = 2 * G;
	f.control.now_ms += 20 * S;
	settle();
	assert_int_equal(f.domains[0].target.value, 480 * M);
	/* It has taken all of it, and wants it back: straight, before what the other wants. */
	f.domains[0].actual_kib = 480 * M;
	f.own[0] = G;
	look();
	assert_true(f.control.urgent);
	assert_int_equal(f.looked[0].share_kib, G);
	assert_action(0, 1, G, HB_MOTIVE_OTHERS_NEED);
	carry_out();
	f.domains[1].actual_kib = G;
	f.control.now_ms += 100;
	look();
	assert_action(0, 0, G, HB_MOTIVE_RETURNS);
	/* What others need comes first. */
	f.before[0].asked = false;
	f.estimates[1].must_kib = 1500 * M;
	look();
	assert_true(f.looked[1].share_kib >= 1500 * M);
}

static uint64_t random_size(uint64_t from, uint64_t to)
{
	return from + random() % ((to - from) / HB_PAGE_KIB + 1) * HB_PAGE_KIB;
}

static void any_need(size_t i)
{
	struct hb_estimate *e = &f.estimates[i];

	e->must_kib = random_size(0, 2 * G) + random() % 4;
	e->base_kib = e->must_kib + random_size(0, 256 * M);
	e->want_kib = e->base_kib + random_size(0, G);
	e->distress = random() % 8 == 0;
	e->lacks_kib = e->distress ? random_size(0, 100 * M) : 0;
	e->known = random() % 8;
	f.own[i] = random() % 4 ? 0 : random_size(0, 2 * G);
}

static void any_host(void)
{
	size_t count = random() % MOST + 1;
	uint64_t held = 0;

	open_host(0);
	for (size_t i = 0; i < count; i++) {
		uint64_t size = random_size(256 * M, 2 * G);

		add(size, 0, 0);
		any_need(i);
		f.limits[i].min.value = random_size(16 * M, random() % 8 ? size : 2 * G);
		f.limits[i].max.value = random_size(random() % 4 && size > f.limits[i].min.value ? size :
						    f.limits[i].min.value, 4 * G);
		f.frugal[i] = random() % 4 == 0;
		f.limits[i].weight = random() % 3 ? HB_WEIGHT_DEFAULT : random() % 5000 + 1;
		if (random() % 8 == 0)
			f.domains[i].state = random() % (HB_DOMAIN_MIGRATING + 1);
		held += size;
	}
	f.host.total_kib = held + random_size(0, 2 * G);
	f.host.reserve_kib = random_size(0, 128 * M);
	f.control.preset = random() % HB_PRESET_COUNT;
	f.control.surplus = random() % 2;
}

/* What is given is there, and sizes are in their limits. */
static void check_actions(void)
{
	uint64_t before = hb_account_short_kib(&f.host, 0), given = 0, left = hb_host_available_kib(&f.host);
	bool grown = false;

	for (size_t i = 0; i < f.control.nr_actions; i++) {
		const struct hb_controlled *one = f.actions[i];
		uint64_t held = one->domain->actual_kib > one->from_kib ? one->domain->actual_kib : one->from_kib;

		assert_int_not_equal(one->to_kib, one->from_kib);
		assert_int_equal(one->to_kib % HB_PAGE_KIB, 0);
		assert_int_equal(one->domain->state, HB_DOMAIN_RUNNING);
		if (one->reason == HB_MOTIVE_RESTS)
			continue;
		assert_true(one->to_kib <= one->range.max_kib);
		assert_true(one->to_kib >= one->range.min_kib || one->to_kib > one->from_kib);
		/* Donors before takers; distress before all. */
		if (one->to_kib < one->from_kib)
			assert_false(grown);
		else if (one->reason != HB_MOTIVE_DISTRESS)
			grown = true;
		if (one->to_kib > held)
			given += one->to_kib - held;
	}
	if (given)
		assert_int_equal(before, 0);
	assert_true(given <= left);
}

/* Guests move somewhat towards their targets, or not; say something else, or not. */
static void time_passes(void)
{
	f.control.now_ms += random() % 4 ? 100 : random() % 20000;
	for (size_t i = 0; i < f.control.count; i++) {
		struct hb_domain *domain = &f.domains[i];
		uint64_t to = domain->target.value, step = random_size(0, 200 * M);

		if (random() % 4 == 0)
			any_need(i);
		if (domain->state != HB_DOMAIN_RUNNING || i % 4 == 3)
			continue;
		if (domain->actual_kib < to)
			domain->actual_kib += to - domain->actual_kib < step ? to - domain->actual_kib : step;
		else
			domain->actual_kib -= domain->actual_kib - to < step ? domain->actual_kib - to : step;
	}
}

static void test_any_host(void **state)
{
	unsigned int seen[HB_MOTIVE_COUNT] = { 0 };

	(void)state;
	srandom(choose_seed());
	for (int run = 0; run < 1000; run++) {
		any_host();
		for (int round = 0; round < 60; round++) {
			look();
			check_actions();
			for (size_t i = 0; i < f.control.count; i++)
				seen[f.looked[i].reason]++;
			carry_out();
			time_passes();
		}
	}
	/* The test has walked through all actions. */
	for (int reason = 0; reason <= HB_MOTIVE_RESTS; reason++)
		assert_true(seen[reason] > 0);
}

/* When nothing changes, nothing is written, whatever it was before. */
static void test_any_rest(void **state)
{
	(void)state;
	srandom(choose_seed());
	for (int run = 0; run < 500; run++) {
		any_host();
		for (size_t i = 0; i < f.control.count; i++)
			f.estimates[i].distress = false;
		settle();
		for (int round = 0; round < 20; round++) {
			look();
			assert_int_equal(f.control.nr_actions, 0);
			f.control.now_ms += S;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hvm_as_built),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_needs_before_wants),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_pool_and_reserve),
		cmocka_unit_test(test_to_come),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_distress), cmocka_unit_test(test_distress_grows),
		cmocka_unit_test(test_distress_on_and_off),
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_stuck_needs),
		cmocka_unit_test(test_stuck_in_distress),
		cmocka_unit_test(test_stuck_growing),
		cmocka_unit_test(test_stuck_before),
		cmocka_unit_test(test_says_it_holds),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_domain_0),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_videoram),
		cmocka_unit_test(test_paging_pool),
		cmocka_unit_test(test_distress_on_its_way),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_needs_less),
		cmocka_unit_test(test_back_and_forth),
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_any_host),
		cmocka_unit_test(test_any_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
